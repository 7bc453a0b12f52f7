"""A fault at the very limit of a tolerance is what it says for one second: a later answer is judged by nobody.

A served simulator has the machine's clock. When its second ends between the signing and the partner's check, a
request "61 seconds ahead" is 60 seconds ahead, and a correct partner takes it.
"""

from __future__ import annotations

import pytest

from handshakes.fortis.partner import App
from handshakes.fortis.simulator.faults import FAULTS as FORTIS
from handshakes.onoffice.partner import Provider
from handshakes.onoffice.simulator.faults import FAULTS as ONOFFICE
from tests.fortis import sides as fortis
from tests.onoffice import sides as onoffice

EXACT = {
    "onoffice": sorted(name for name, fault in ONOFFICE.items() if fault.exact),
    "fortis": sorted(name for name, fault in FORTIS.items() if fault.exact),
}


def slow(partner: type, times: int):
    """Return a partner to whom the next `times` signed URLs come a second late; others of `clock` are not moved."""

    class Slow(partner):
        late = 0

        def handle(self, request):
            signed = "signature=" in request.target or "hmac=" in request.target
            if signed and Slow.late < times and Slow.armed:
                Slow.late += 1
                Slow.clock.advance(1)
            return (yield from partner.handle(self, request))

    Slow.armed = False
    return Slow


def taken(platform: str, name: str, times: int, place: str = ""):
    if platform == "fortis":
        kind = slow(App, times)
        both = fortis.opened(mode="plain", kind=kind)
        take = both.launch
    else:
        kind = slow(Provider, times)
        both = onoffice.activated(kind=kind)
        take = {"activate": both.activate, "service": both.serve}[place]
    kind.clock, kind.armed = both.clock, True
    outcome = take(fault=name)
    clause = (FORTIS if platform == "fortis" else ONOFFICE)[name].clause
    assert kind.late == times
    return [one.state for one in outcome.findings if one.clause == clause], both.platform


def test_the_faults_at_a_limit_are_the_four_that_a_second_changes():
    assert EXACT == {"onoffice": ["from-the-future", "just-in-time"], "fortis": ["future", "slow-clock"]}


CASES = [
    *(("fortis", name, "") for name in EXACT["fortis"]),
    *(("onoffice", name, place) for name in EXACT["onoffice"] for place in ("activate", "service")),
]


@pytest.mark.parametrize(("platform", "name", "place"), CASES)
def test_in_its_second_the_fault_is_judged(platform, name, place):
    assert taken(platform, name, 0, place)[0] == ["held"]


@pytest.mark.parametrize(("platform", "name", "place"), CASES)
def test_where_its_second_ended_the_fault_is_played_again(platform, name, place):
    states, simulator = taken(platform, name, 2, place)
    assert states == ["held"]
    assert not [one for one in simulator.findings if one.violated]


@pytest.mark.parametrize(("platform", "name", "place"), CASES)
def test_where_its_second_always_ends_nothing_is_seen(platform, name, place):
    states, simulator = taken(platform, name, 3, place)
    assert states == ["not seen"]
    assert not [one for one in simulator.findings if one.violated]
