"""What either side remembers of what it was asked does not grow for as long as it is served."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from hashlib import shake_256
from itertools import count

import pytest

from handshakes.core.messages import Request, Unreachable
from handshakes.core.refusals import Refused
from handshakes.fortis import demo as fortis
from handshakes.onoffice import demo as onoffice
from handshakes.platforms import PLATFORMS
from handshakes.retailcrm import demo as retailcrm
from handshakes.runtime.bounded import Bounded
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from handshakes.runtime.transcript import Transcript
from handshakes.runtime.verdicts import Finding, Findings

FEW, MANY = 24, 48
"""How often everything is asked; what a simulator keeps of an owner's is 10 at most here, and 500 when it is served."""


def remembered(*things: object) -> int:
    """Return how many values are reached from objects, whatever holds them; classes, functions and modules are no values."""
    seen: set[int] = set()
    ahead: list[object] = [*things]
    while ahead:
        one = ahead.pop()
        if id(one) in seen or isinstance(one, type | str | bytes | int | float | None) or callable(one):
            continue
        seen.add(id(one))
        if isinstance(one, dict):
            ahead += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            ahead += one
        ahead += vars(one).values() if hasattr(one, "__dict__") else ()
        slots = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
        ahead += [getattr(one, name, None) for name in slots if not name.startswith("__")]
    return len(seen) + sum(isinstance(one, str | bytes) for one in _leaves(things))


def _leaves(things) -> list[object]:
    """Return the entries of every container that is an attribute: texts are no objects of their own above."""
    found: list[object] = []
    for thing in things:
        for value in vars(thing).values():
            if isinstance(value, dict | list | set):
                found += [*value]
    return found


def connected(platform):
    """Return the step of a connect that an administrator starts."""
    return Browser().open(platform.connect_url("5e0000000000000000000001"))


def opened(platform):
    """Give out the steps of registrations, a launch and a consent; one is made when the last has been taken."""
    for user in ("", fortis.USER):
        yield platform.register(fortis.TITLE, fortis.LOCATION, user)
    yield platform.launch(fortis.TITLE, fortis.LOCATION, fortis.USER)
    yield platform.consent(fortis.TITLE, fortis.LOCATION, fortis.USER)


STEPS = {
    "officernd": lambda platform: [connected(platform)],
    "retailcrm": lambda platform: [
        platform.open_popup(retailcrm.DEMO, retailcrm.CODE),
        platform.connect(retailcrm.DEMO, retailcrm.CODE),
        platform.activity(retailcrm.DEMO, retailcrm.CODE),
        platform.connect(retailcrm.DEMO, retailcrm.CODE, "wrong-token"),
    ],
    "onoffice": lambda platform: [
        platform.activate(onoffice.FIRST, onoffice.ADMINISTRATOR),
        platform.serve(onoffice.FIRST, onoffice.ADMINISTRATOR, onoffice.PLANS),
        platform.activate(onoffice.FIRST, onoffice.ADMINISTRATOR, "wrong-key"),
    ],
    "fortis": opened,
}
"""What is repeated on each platform: whole handshakes, and one that is refused."""


def made(name: str):
    numbers, clock = count(), Clock(1_700_000_000)
    world = World(clock, lambda n: shake_256(str(next(numbers)).encode()).digest(n), MemoryStore())
    tools = PLATFORMS[name].tools()
    sides = tools.sides(world)
    network = InProcess(sides.platform, sides.partner, clock=clock)
    network.transcript = Transcript(keep=50)
    return tools, sides, network, clock


def strangers(sides) -> list[Request]:
    """Return requests of somebody who knows the addresses and nothing else, for either side."""
    found = []
    for role in (sides.platform, sides.partner):
        paths = ["/", "/oauth/token", "/v2/token", "/v2/users/me", "/api/stable/api.php", "/api/credentials"]
        paths += list(role.endpoints()) if hasattr(role, "endpoints") else []
        for path in paths:
            found += [
                Request(method, origin, f"{path}?x=1", (("content-type", "application/json"),), b"{}")
                for origin in role.origins[:3]
                for method in ("GET", "POST")
            ]
    return found


@pytest.mark.parametrize("name", PLATFORMS)
def test_what_is_remembered_after_many_handshakes_and_strangers_is_what_was_after_some(name, monkeypatch):
    monkeypatch.setattr(Findings, "MOST", 100)
    monkeypatch.setattr(Bounded.__init__, "__defaults__", (10,))
    tools, sides, network, clock = made(name)
    asked = strangers(sides)
    sizes: dict[int, int] = {}
    for turn in range(1, MANY + 1):
        for step in STEPS[name](sides.platform):
            outcome = network.run(step, "browser")
            assert outcome.response.status in (200, 204), "what is repeated goes on to work"
        with suppress(LookupError):  # a later run of a story finds another state than the first did
            for chapter in tools.story(sides, Browser()):
                with suppress(Refused):
                    network.run(chapter.step, chapter.sender)
        for request in asked:
            with suppress(Exception):
                network.exchange("stranger", request)
        clock.advance(700)
        if turn in (FEW, MANY):
            sizes[turn] = remembered(sides.platform, sides.partner, sides.reports)
    assert sizes[FEW] > 100
    assert sizes[MANY] <= sizes[FEW] * 1.05, sizes


@pytest.mark.parametrize("name", PLATFORMS)
def test_of_what_a_stranger_writes_a_finding_holds_the_beginning_only(name):
    _, sides, network, _ = made(name)
    long = "x" * 15_000
    for request in strangers(sides):
        for path, body in (
            (f"{request.path}/{long}", b"{}"),
            (request.target, b'{"' + long.encode() + b'": 1}'),
        ):
            kinds = ("application/json", "application/x-www-form-urlencoded")
            for kind in kinds:
                sent = replace(
                    request, target=path, body=body, headers=(("content-type", kind), ("x-api-key", long))
                )
                with suppress(Unreachable):
                    network.exchange("stranger", sent)
    assert all(len(one.detail) <= 300 for one in sides.platform.findings)
    assert all(len(str(refused)) < 2_000 for _, refused in sides.reports)


def test_findings_that_are_gone_are_still_counted(monkeypatch):
    monkeypatch.setattr(Findings, "MOST", 3)
    findings = Findings()
    for number in range(10):
        findings.append(Finding("a:b", number != 4, str(number)))
    assert ([one.detail for one in findings], findings.seen, findings.violations) == (["7", "8", "9"], 10, 1)
    assert [one.detail for one in findings.since(8)] == ["8", "9"]
    assert [one.detail for one in findings.since(2)] == ["7", "8", "9"]
    findings.forget(findings[1])
    assert ([one.detail for one in findings], findings.seen) == (["7", "9"], 9)
    assert [one.detail for one in findings.since(8)] == ["9"]


def test_a_finding_that_is_forgotten_is_that_very_one():
    findings, one = Findings(), Finding("a:b", False, "x")
    findings += [Finding("a:b", False, "x"), one]
    findings.forget(one, Finding("a:b", False, "x"))
    assert (len(findings), findings.seen, findings.violations) == (1, 1, 1)
