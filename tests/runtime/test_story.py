"""What the partner's operator is told is bounded: a served partner may be refused anything, for weeks."""

from __future__ import annotations

import gc
import weakref

import pytest

from handshakes.core.messages import Request
from handshakes.core.refusals import Refused
from handshakes.platforms import PLATFORMS
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import Reports, World

REFUSED_BY = {
    "officernd": ("GET", "/officernd/healthcheck?slug=x"),
    "retailcrm": ("POST", "/retailcrm/register"),
    "onoffice": ("POST", "/onoffice/unlock"),
    "fortis": ("GET", "/fortis/launch?data=x"),
}


def refusals() -> int:
    """Count the refusals that are alive."""
    gc.collect()
    return sum(isinstance(thing, Refused) for thing in gc.get_objects())


@pytest.mark.parametrize("name", PLATFORMS)
def test_refusals_are_not_kept_for_ever(name):
    before = refusals()
    sides = PLATFORMS[name].tools().sides(World(Clock(1_700_000_000), lambda n: b"x" * n, MemoryStore()))
    network = InProcess(sides.platform, sides.partner)
    method, path = REFUSED_BY[name]
    headers = (("content-type", "application/x-www-form-urlencoded"),)
    request = Request(method, sides.partner.origins[0], path, headers, b"a=" + b"x" * 60_000)
    for _ in range(300):
        network.run(one_step(request))
    assert sides.reports.told == 300, "each was reported"
    assert len(sides.reports) == 100
    assert refusals() - before <= 200


def one_step(request: Request):
    yield request


def test_a_refusal_that_was_reported_holds_nothing_of_the_request_but_its_evidence():
    """A frame that keeps the refusal it raises is a circle: without the collector, its request would stay."""

    class Body(bytearray):
        pass

    def refusing(body):
        try:
            raise Refused("malformed", "toy:inner")
        except Refused as inner:
            kept = inner
            raise Refused("stale", "toy:outer") from kept

    reports, body = Reports(), Body(b"x")
    gone = weakref.ref(body)
    gc.disable()
    try:
        try:
            refusing(body)
        except Refused as refused:
            reports.append(("setup", refused))
        del body
        assert gone() is None
    finally:
        gc.enable()
    assert reports[0][1].reason == "stale"
