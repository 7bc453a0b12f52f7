"""Both sides of Fortis for the tests: a clock that stands still, the same random bytes each time, reports kept."""

from __future__ import annotations

from typing import Any, NamedTuple

from handshakes.core.messages import Response
from handshakes.core.refusals import Refused
from handshakes.fortis import demo
from handshakes.fortis.partner import App
from handshakes.fortis.partner.configuration import Configuration
from handshakes.fortis.partner.connecting import PLATFORM
from handshakes.fortis.simulator import Fortis
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import Installation, Store
from handshakes.runtime.verdicts import Outcome
from tests.sides import made

NOW = 1_700_000_000
TITLE, LOCATION, USER = demo.TITLE, demo.LOCATION, demo.USER
OTHER_LOCATION, OTHER_USER, SHORT_USER = demo.OTHER_LOCATION, demo.OTHER_USER, demo.SHORT_USER
MODES = ("encrypted", "plain")


class Both(NamedTuple):
    """The two roles and what surrounds them."""

    platform: Fortis
    partner: App
    clock: Clock
    store: Store
    reports: list[tuple[str, Refused]]
    network: InProcess

    def register(self, location: str = LOCATION, user: str = "", fault: str = "") -> Outcome:
        return self.network.run(self.platform.register(TITLE, location, user, fault), "Fortis")

    def unheard(self, *users: str, location: str = LOCATION) -> Both:
        """Register a location and users (all, where none is named) at the platform; every postback of it is lost."""
        for user in ("", *(users or self.platform.users)):
            self.register(location, user, "postback-lost")
        return self

    def unregister(self, location: str = LOCATION, user: str = "") -> Outcome:
        return self.network.run(self.platform.unregister(TITLE, location, user), "Fortis")

    def launch(self, user: str = USER, fault: str = "", location: str = LOCATION, **more: str) -> Outcome:
        """Open the app; a second goes by first, since two equal plain launches of one second are one."""
        self.clock.advance(1)
        return self.network.run(self.platform.launch(TITLE, location, user, fault=fault, **more), "browser")

    def consent(self, user: str = USER, fault: str = "") -> Outcome:
        self.clock.advance(1)
        return self.network.run(self.platform.consent(TITLE, LOCATION, user, fault), "browser")

    def revisit(self, user: str = USER, location: str = LOCATION) -> Response | None:
        return self.network.run(self.platform.revisit(location, user), "browser")

    def kept(self, location: str = LOCATION, user: str = "") -> Installation | None:
        return self.store.get(PLATFORM, self.partner.identity(location, user))

    def everything(self) -> dict[str, Installation]:
        """All that the app keeps of locations and users: what no failure may change."""
        found = [self.store.find(PLATFORM, "locationId", location) for location in self.platform.locations]
        return {one.identity: one for some in found for one in some}

    def reasons(self) -> list[str]:
        return [refused.reason for _, refused in self.reports]


def sides(store: Store | None = None, *, kind: type[App] | None = None, **changes: Any) -> Both:
    """Return both sides in one process.

    `kind` may be a broken app. A change is a name of `demo.SETTINGS`, or else a field of the app's
    `Configuration` or of the platform's `Settings`: `sides(mode="plain", previous_secret="…")`.
    """
    return Both(*made(demo, Configuration, NOW, store, kind, changes))


def opened(store: Store | None = None, **changes: Any) -> Both:
    """Return both sides after location and users were registered and one user opened the app."""
    both = sides(store, **changes)
    assert both.register().held
    for user in both.platform.users:
        assert both.register(user=user).held
    outcome = both.launch()
    assert outcome.held, outcome.findings
    assert outcome.response.status == 200
    assert both.reports == []
    return both
