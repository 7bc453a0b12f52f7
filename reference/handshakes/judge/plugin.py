"""The pytest plugin: a fixture for each platform, a simulator of it on a port of 127.0.0.1.

pytest finds it by the entry point of the distribution. Nothing of a simulator is imported before a test asks for
one: what every run of pytest imports is this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from ..platforms import PLATFORMS

if TYPE_CHECKING:
    from .marketplace import Marketplace

_USED = pytest.StashKey[list[Any]]()
_FAILED = pytest.StashKey[bool]()


class HandshakesWarning(UserWarning):
    """A partner breaks a rule that is no "must", or one whose meaning is not settled."""


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker."""
    config.addinivalue_line(
        "markers",
        "handshakes(platform, *, faults=[], allow=[], secret='', now=None, seed=None, **settings): "
        "how the simulator of this test begins; allow names clauses that may be violated",
    )


@pytest.fixture(scope="session")
def handshakes_marketplaces() -> Iterator[Callable[[str], Marketplace]]:
    """Return a function from a platform's name to its simulator, which keeps its URL for the whole session."""
    from .marketplace import Marketplace

    started: dict[str, Marketplace] = {}

    def marketplace(platform: str) -> Marketplace:
        if platform not in started:
            started[platform] = Marketplace(platform).start()
        return started[platform]

    yield marketplace
    for one in started.values():
        one.close()


def _fixture(name: str, title: str) -> Any:
    def platform(
        request: pytest.FixtureRequest, handshakes_marketplaces: Callable[[str], Marketplace]
    ) -> Iterator[Marketplace]:
        item = request.node
        market = handshakes_marketplaces(name)
        options = _options(item, name)
        faults, allow = options.pop("faults", ()), frozenset(options.pop("allow", ()))
        try:
            market.reset(**options)
            for fault in faults:
                market.fault(fault)
        except (ValueError, TypeError) as error:
            reason = f"@pytest.mark.handshakes({name!r}, …): {error}"
            raise pytest.fail.Exception(reason, pytrace=False) from None  # `pytest.fail` says both errors
        item.stash.setdefault(_USED, []).append(market)
        item.stash[_FAILED] = False  # a test may be run again
        yield market
        item.stash[_USED].remove(market)
        trouble = [] if item.stash[_FAILED] else _trouble(market, item, allow)
        market.reset()
        if trouble:
            pytest.fail("\n\n".join(trouble), pytrace=False)

    platform.__doc__ = f"A simulator of {title} on a port of 127.0.0.1, new for each test."
    return pytest.fixture(name=f"{name}_platform")(platform)


for _one in PLATFORMS.values():
    globals()[f"{_one.name}_platform"] = _fixture(_one.name, _one.title)


def _options(item: pytest.Item, name: str) -> dict[str, Any]:
    """Return what the markers of a test say of a platform; the closest one counts."""
    found: dict[str, Any] = {}
    for marker in item.iter_markers("handshakes"):
        if marker.args == (name,):
            found = {**marker.kwargs, **found}
    return found


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a marker that would do nothing."""
    for marker in item.iter_markers("handshakes"):
        if len(marker.args) != 1 or marker.args[0] not in PLATFORMS:
            names = ", ".join(map(repr, PLATFORMS))
            pytest.fail(f"@pytest.mark.handshakes names one platform first: {names}", pytrace=False)
        fixture = f"{marker.args[0]}_platform"
        if fixture not in getattr(item, "fixturenames", ()):
            pytest.fail(f"@pytest.mark.handshakes is here, and {fixture} is not used", pytrace=False)


def _trouble(market: Marketplace, item: pytest.Item, allow: frozenset[str]) -> list[str]:
    """Return why a test that passed must not pass, and warn of what does not fail it."""
    from .failures import trouble

    reasons, notes = trouble(market, item.nodeid, allow)
    for note in notes:
        item.warn(HandshakesWarning(note))
    return reasons


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Iterator[None]:
    """Add to a failing test what each simulator found, and what was said."""
    outcome: Any = yield
    report = outcome.get_result()
    if not report.failed or _USED not in item.stash:
        return
    item.stash[_FAILED] = True
    from .failures import sections

    for market in item.stash[_USED]:
        report.sections += sections(market, item.nodeid)
