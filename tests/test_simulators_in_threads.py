"""What a simulator keeps may change between any two lines of it: a server and a test, the judge or a person use it at once.

Here every line is such a moment. Before each line of a simulator, a twin is put into each dict that it keeps, or taken out
again, as another thread might do with a customer, a code or a token.
"""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager, suppress
from hashlib import shake_256
from itertools import count
from types import FrameType
from typing import Any

import pytest

from handshakes.core.messages import Unreachable
from handshakes.core.refusals import Refused
from handshakes.platforms import PLATFORMS
from handshakes.runtime.bounded import Bounded
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from handshakes.runtime.verdicts import Finding, Findings

HALTED = ("/simulator/", "/customer.py", "/shop.py", "/bounded.py")


class Meddler:
    """Another thread, which changes what a simulator keeps whenever a line of it begins."""

    def __init__(self, platform: Any) -> None:
        self.kept = [value for value in vars(platform).values() if isinstance(value, dict)]
        self.twins: list[tuple[dict[Any, Any], Any]] = []
        self.lines = 0

    def meddle(self) -> None:
        self.lines += 1
        if self.twins:
            for kept, twin in self.twins:
                dict.pop(kept, twin, None)
            self.twins = []
            return
        for kept in filter(None, self.kept):
            last = next(reversed(kept))
            twin = (f"{last[0]}~", *last[1:]) if isinstance(last, tuple) else f"{last}~"
            dict.__setitem__(kept, twin, kept[last])
            self.twins.append((kept, twin))

    def traced(self, frame: FrameType, event: str, argument: object) -> Any:
        if not any(name in frame.f_code.co_filename for name in HALTED):
            return None
        self.meddle()
        return self.line

    def line(self, frame: FrameType, event: str, argument: object) -> Any:
        if event == "line":
            self.meddle()
        return self.line


@contextmanager
def meddling(platform: Any):
    other, before = Meddler(platform), sys.gettrace()
    sys.settrace(other.traced)
    try:
        yield other
    finally:
        sys.settrace(before)


def both(name: str):
    numbers = count()
    world = World(
        Clock(1_700_000_000), lambda n: shake_256(str(next(numbers)).encode()).digest(n), MemoryStore()
    )
    sides = PLATFORMS[name].tools().sides(world)
    return sides, InProcess(sides.platform, sides.partner, clock=world.clock)


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_whole_story_can_be_told_while_what_is_kept_changes_between_any_two_lines(name):
    sides, network = both(name)
    chapters = PLATFORMS[name].tools().story(sides, Browser())
    with meddling(sides.platform) as other:
        checks = [check for one in chapters for check in network.run(one.step, one.sender)]
    assert len(checks) > 3 and other.lines > 500


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_step_can_be_taken_with_every_fault_while_what_is_kept_changes(name):
    sides, network = both(name)
    customer = PLATFORMS[name].tools().customer(sides.platform, {})
    for step in customer.handshake:
        network.run(customer.take(step))
    with meddling(sides.platform):
        for step, faults in customer.steps.items():
            for fault in ("", *(fault.name for fault in [*faults][::3])):
                with suppress(Unreachable, Refused):
                    network.run(customer.take(step, fault))
            assert customer.installation and PLATFORMS[name].tools().shop(sides).presses


class Slow:
    """A finding during whose booking another thread books one too, as soon as it may."""

    clause, held, detail = "shop:sum", False, "while another comes"

    def __init__(self, findings: Findings) -> None:
        self.findings, self.other = findings, None

    @property
    def violated(self) -> bool:
        if self.other is None:
            self.other = threading.Thread(
                target=self.findings.append, args=(Finding("shop:sum", False, "other"),)
            )
            self.other.start()
            self.other.join(0.2)
        return True


def test_of_two_findings_at_once_both_are_counted():
    findings = Findings()
    findings.append(slow := Slow(findings))
    slow.other.join()
    assert (len(findings), findings.seen, findings.violations) == (2, 2, 2)
    assert [number for number, _ in findings.numbered()] == [0, 1]


def test_what_is_remembered_may_go_while_it_is_looked_through():
    """Whose an entry is says a function, in which another thread takes one out."""
    kept = Bounded[int, int](3, owner=lambda value: kept.pop(value, None) and None)
    for number in range(9):
        kept[number] = number
    assert len(kept) <= 3
