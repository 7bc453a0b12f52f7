"""Every fault that a served portal offers ends in a finding on it: held, violated or not seen; on all platforms.

Both sides are served over real sockets, as `handshakes serve` has it, and a browser presses each button with each
fault that the page offers. The correct partner is found to break nothing.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pytest

from handshakes.core.messages import Step
from handshakes.fortis import demo as fortis
from handshakes.fortis.simulator.faults import FAULTS as FORTIS_FAULTS
from handshakes.officernd import demo as officernd
from handshakes.officernd.simulator.faults import FAULTS as OFFICERND_FAULTS
from handshakes.onoffice import demo as onoffice
from handshakes.onoffice.script import UNLOCK
from handshakes.onoffice.script import press as unlock
from handshakes.onoffice.simulator import portal as popup_script
from handshakes.onoffice.simulator.faults import FAULTS as ONOFFICE_FAULTS
from handshakes.retailcrm import demo as retailcrm
from handshakes.retailcrm.simulator.faults import FAULTS as RETAILCRM_FAULTS
from handshakes.runtime import server
from handshakes.runtime.browser import Browser, Page
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from handshakes.runtime.verdicts import Finding

FIRST = "5e0000000000000000000001"


@dataclass
class Served:
    """Both sides of a platform at sockets, and a browser in front of the simulator."""

    platform: Any
    network: Loopback
    home: str
    browser: Browser = field(default_factory=Browser)

    def run(self, step: Step[Any]) -> Any:
        return self.network.run(step)

    def index(self) -> Page:
        return self.run(self.browser.open(f"{self.home}/simulator"))

    def press(self, page: Page, form: str, **fields: str) -> Page:
        return self.run(self.browser.submit(page, page.form(form), fields))

    def offered(self, page: Page, form: str) -> list[str]:
        """Return the faults that a form of a page offers, as its HTML has them."""
        text = page.response.body.decode()
        inner = re.search(rf'id="{form}"[^>]*>(.*?)</form>', text, re.S)[1]
        found = re.search(r'<select name="fault">(.*?)</select>', inner, re.S)
        return [unescape(one) for one in re.findall(r'<option value="([^"]+)"', found[1])] if found else []


def served(tools: Any, **settings: str) -> Iterator[Served]:
    sockets, traps = [listen(), listen()], [listen(), listen()]
    origins = tuple(map(origin_of, sockets))
    began = time.time() - time.monotonic()  # a machine whose clock is set back would break rules of time
    clock = lambda: int(began + time.monotonic())  # noqa: E731
    world = World(clock, os.urandom, MemoryStore(), settings, *origins, tuple(map(origin_of, traps)))
    sides = tools.sides(world)
    names = sides.platform.name, sides.partner.name
    places = dict(zip(names, sockets, strict=True))
    with Loopback(sides.platform, sides.partner, sockets=places, traps={names[0]: traps}) as network:
        yield Served(sides.platform, network, origins[0])


@pytest.fixture(autouse=True)
def late_answers_are_there_at_once(monkeypatch):
    """Only that a late fault ends in a finding is asked here; that it is a right one, the tests in process say."""

    async def at_once(seconds: float) -> None:
        await sleep(min(seconds, 0.01))

    sleep = server.asyncio.sleep
    monkeypatch.setattr(server.asyncio, "sleep", at_once)


LATE = re.compile("slow|late|silent")


def check(faults: dict[str, Any], name: str, found: list[Finding]) -> None:
    """Look at what one press has left: a finding about the fault, and none against the correct partner."""
    about = [one for one in found if one.clause == faults[name].clause or name in one.detail]
    assert about, f"{name}: {found}"
    assert not [one for one in found if one.violated and not LATE.search(name)], name


# --- the platforms ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["encrypted", "plain"])
def test_every_fault_of_fortis_portal_ends_in_a_finding(mode):
    user = fortis.USER
    for world in served(fortis, mode=mode):
        page, tried = world.index(), 0
        for form in ("register-location", f"register-{user}", f"open-{user}", f"consent-{user}"):
            for name in world.offered(page, form):
                for needed in ("register-location", f"register-{user}"):
                    world.press(page, needed)
                seen = world.platform.findings.seen
                shown = world.press(page, form, fault=name)
                check(FORTIS_FAULTS, name, world.platform.findings.since(seen))
                assert name in shown.response.body.decode(), "the page shows it"
                if shown.frames:
                    world.run(world.browser.load_frame(shown))
                    check(FORTIS_FAULTS, name, world.platform.findings.since(seen))
                tried += 1
        assert tried > 60


def test_every_fault_of_retailcrms_portal_ends_in_a_finding():
    code = retailcrm.CODE
    for world in served(retailcrm):
        page, tried = world.index(), 0

        def connected(world: Served = world, page: Page = page) -> Page:
            return world.press(world.press(page, f"popup-{code}"), "connect")

        for form in (f"popup-{code}", "connect", f"on-{code}", f"visit-{code}"):
            connected()
            page = world.index()
            popup = world.press(page, f"popup-{code}")
            for name in world.offered(popup if form == "connect" else page, form):
                connected()
                popup = world.press(page, f"popup-{code}")
                seen = world.platform.findings.seen
                world.press(popup if form == "connect" else page, form, fault=name)
                check(RETAILCRM_FAULTS, name, world.platform.findings.since(seen))
                tried += 1
        assert tried > 50


def test_every_fault_of_officernds_portal_ends_in_a_finding():
    for world in served(officernd):
        page, tried = world.index(), 0
        for step in ("connect", "healthcheck", "configure", "sync", "remove"):
            for name in world.offered(page, f"{step}-{FIRST}"):
                world.press(page, f"connect-{FIRST}")
                seen = world.platform.findings.seen
                world.press(page, f"{step}-{FIRST}", fault=name)
                check(OFFICERND_FAULTS, name, world.platform.findings.since(seen))
                tried += 1
        assert tried > 60


def activated(world: Served, fault: str = "") -> None:
    """Go through onOffice's popup as a person does."""
    web_id, user = onoffice.FIRST, onoffice.ADMINISTRATOR
    mask = world.press(world.index(), f"open-{web_id}-{user}", fault=fault)
    popup = world.press(mask, "confirm", terms="yes", data_processing="yes")
    frame = world.run(world.browser.load_frame(popup))
    key = world.run(popup_script.choose(popup, "all"))
    if any(form.id == UNLOCK for form in frame.forms):
        text = world.run(unlock(world.browser, frame, popup, key))
        world.run(popup_script.receive(popup, frame, text))


def test_every_fault_of_onoffices_portal_ends_in_a_finding():
    web_id, user = onoffice.FIRST, onoffice.ADMINISTRATOR
    for world in served(onoffice):
        names = world.offered(world.index(), f"open-{web_id}-{user}")
        assert len(names) > 60
        for name in names:
            seen = world.platform.findings.seen
            activated(world, name)
            check(ONOFFICE_FAULTS, name, world.platform.findings.since(seen))
            if world.platform.customers[web_id].status == "active":
                world.press(world.index(), f"block-{web_id}")
        activated(world)
        page = world.index()
        for service in (onoffice.PLANS, onoffice.EXPORT):
            form = f"{service}-{web_id}-{user}"
            for name in world.offered(page, form):
                seen = world.platform.findings.seen
                shown = world.press(page, form, fault=name)
                check(ONOFFICE_FAULTS, name, world.platform.findings.since(seen))
                assert name in shown.response.body.decode(), "the page shows it"
