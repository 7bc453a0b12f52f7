"""Whether everybody can use the partner's app: axe looks at its pages and at its operator's, in both schemes and at three widths."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Frame, Page

from docs.checks.access import RUN, SCHEMES, said
from docs.checks.marketplace import LONGEST, WIDTHS
from handshakes.platforms import PLATFORMS
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from handshakes.runtime.watching import Kept, Watched
from handshakes.web.app import PartnerApp
from handshakes.web.app.operator import Operator

REFUSED = {
    "officernd": "/officernd/configure?slug=x", "retailcrm": "/retailcrm/account",
    "onoffice": "/onoffice/activate?x=1", "fortis": "/fortis/launch?data=x",
}  # fmt: skip


class Served(NamedTuple):
    """Where a platform's pages are."""

    portal: str
    app: str
    operator: str


@contextmanager
def served(name: str) -> Iterator[Served]:
    """Serve both sides of a platform and the operator's page, the app on another site."""
    tools, sockets = PLATFORMS[name].tools(), [listen(), listen(), listen()]
    portal, app, operator = map(origin_of, sockets)
    at = Served(portal, app.replace("127.0.0.1", "localhost"), operator)
    world = World(lambda: int(time.time()), os.urandom, MemoryStore(), {}, at.portal, at.app)
    sides, kept = tools.sides(world), Kept(world.clock)
    watched = Watched(sides.partner, kept)
    sides.reports.heard = watched.heard
    secrets = partial(tools.secrets, sides)
    asked = Operator(name, kept, secrets, operator, reports=sides.reports, store=world.store)
    roles = (sides.platform, PartnerApp({name: watched}), asked)
    with Loopback(*roles, sockets={role.name: sock for role, sock in zip(roles, sockets, strict=True)}):
        yield at


def states(name: str, page: Page, at: Served) -> Iterator[tuple[str, Page | Frame]]:
    """Open one page after the other, as a person comes to it; yield what it is, and where it is shown."""
    page.goto(at.app + REFUSED[name])
    yield "refused", page
    if name == "officernd":  # all have the same
        page.goto(at.app)
        yield "front page", page
    page.goto(at.portal + "/simulator")
    if name == "officernd":
        with page.expect_popup() as opening:
            page.locator("[id^=connect-] button").first.click()
        opening.value.locator("#back").wait_for(timeout=LONGEST)
        opening.value.close()
        page.locator("[id^=configure-] button").first.click()
        page.locator("#settings button").click()
        page.locator("#saved").wait_for()
        yield "settings", page
        page.goto(at.app + "/officernd/result")
        yield "result", page
    if name == "retailcrm":
        page.locator("[id^=popup-] button").first.click()
        page.locator("#connect button").click()
        page.locator("#state").wait_for()
        yield "account", page
    if name == "onoffice":
        page.locator("[id^=open-] button").first.click()
        page.check("input[name=terms]")
        page.check("input[name=data_processing]")
        page.locator("#confirm button").click()
        page.frame_locator("#provider").locator("h1").wait_for()
        yield "activation", page.frames[1]
    if name == "fortis":
        for form in ("#register-location", "[id^=register-1]"):
            page.locator(f"{form} button").first.click()
            page.goto(at.portal + "/simulator")
        page.locator("[id^=open-] button").first.click()
        page.frame_locator("#app").locator("h1").wait_for()
        yield "app", page.frames[1]
    page.goto(at.operator)
    yield "operator", page


def check(browser: Browser, script: Path) -> list[str]:
    """Look at all pages. Returns all that axe finds, and what scrolls sideways."""
    wrong, looks, source = [], 0, script.read_text("utf-8")
    for name in PLATFORMS:
        context = browser.new_context(reduced_motion="reduce")
        context.set_default_timeout(LONGEST)
        page = context.new_page()
        with served(name) as at:
            for what, shown in states(name, page, at):
                shown.evaluate(source)
                for width in WIDTHS:
                    page.set_viewport_size({"width": width, "height": 900})
                    if shown.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
                        wrong.append(f"app of {name}, {what}: scrolls sideways at {width} px")
                for scheme in SCHEMES:
                    page.emulate_media(color_scheme=scheme)
                    wrong += [
                        f"app of {name}, {what} ({scheme}): {said(one)}"
                        for one in shown.evaluate(RUN[scheme])
                    ]
                    looks += 1
        context.close()
    print(f"app: axe looked {looks} times")
    return wrong
