"""A simulator's steps pressed before anything is connected, twice, and after the end: nothing unseen is held against a partner."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from handshakes.core.messages import Response
from handshakes.platforms import PLATFORMS
from handshakes.runtime.browser import Browser, Form, Page
from handshakes.runtime.flow import InProcess
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import Press, World
from handshakes.runtime.verdicts import Finding

ENDS = {"officernd": "remove", "retailcrm": "off", "onoffice": "block", "fortis": "location-gone"}
TIMES = ("before", "twice", "after")
TRIED = 4
"""How many faults of each step are tried, drawn by a seed; `python -m tests.test_pressed_out_of_turn` tries all."""


class Pressed:
    """Both sides of a platform in one process, whose buttons are pressed by posting the page's forms."""

    def __init__(self, name: str, time: str) -> None:
        self.name, self.tools = name, PLATFORMS[name].tools()
        self.sides: Any = self.tools.sides(World(lambda: 1_700_000_000, os.urandom, MemoryStore()))
        self.flow = InProcess(self.sides.platform, self.sides.partner)
        if time != "before":
            customer = self.tools.customer(self.sides.platform, {})
            for step in customer.handshake:
                self.flow.run(customer.take(step))
            assert self.tools.shop(self.sides).connected
        if time == "after":
            self.press(next(one for one in self.presses() if one.id == ENDS[name]))
            assert not self.tools.shop(self.sides).connected

    def presses(self) -> tuple[Press, ...]:
        return self.tools.shop(self.sides).presses

    def origin(self) -> str:
        platform = self.sides.platform
        if self.name == "retailcrm":
            return str(next(iter(platform.accounts)))
        settings = {"officernd": "app_origin", "onoffice": "portal_origin", "fortis": "ui_origin"}
        return str(getattr(platform.settings, settings[self.name]))

    def press(self, press: Press, fault: str = "") -> tuple[int, list[Finding]]:
        """Post the form of a press, ready or not; return the status of the page and the findings."""
        findings = self.sides.platform.findings
        seen, fields = findings.seen, {**press.fields, **({"fault": fault} if fault else {})}
        form = Form(f"/simulator/{press.step}", "POST", fields)
        page = self.flow.run(Browser().submit(Page(self.origin() + "/simulator", Response(200)), form))
        return page.response.status, findings.since(seen)


def wrong(name: str, time: str, most: int) -> list[str]:
    """Press every step out of turn, without a fault and with some, and return what was booked or broke."""
    found = []
    for index in range(len(Pressed(name, "before").presses())):
        world = Pressed(name, time)
        press = world.presses()[index]
        faults = [one.name for one in press.faults]
        some = random.Random(f"{name} {press.id}").sample(faults, min(most, len(faults)))
        for fault in ("", "", *some):
            status, findings = world.press(press, fault)
            bad = [one for one in findings if one.violated]
            if status >= 500 or bad:
                found.append(f"{time}, {press.id}, {fault or 'no fault'}: {status} {bad}")
    return found


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("name", PLATFORMS)
def test_a_step_out_of_turn_holds_nothing_against_a_partner(name, time):
    assert wrong(name, time, TRIED) == []


@pytest.mark.parametrize("time", ["before", "after"])
def test_a_partner_of_officernd_that_is_not_connected_shows_nothing_whatever_it_refuses(time):
    world = Pressed("officernd", time)
    for press in world.presses():
        if press.id in ("healthcheck", "sync", "configure"):
            for fault in ("", "wrong-secret", "raw-signature"):
                _, findings = world.press(press, fault)
                assert {one.state for one in findings} <= {"not seen"}, (press.id, fault)
    assert world.tools.shop(world.sides).state == {"before": "not connected", "after": "removed"}[time]


if __name__ == "__main__":
    for each in PLATFORMS:
        for moment in TIMES:
            print(each, moment, *wrong(each, moment, 1_000), sep="\n  ")
