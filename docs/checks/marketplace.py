"""Whether everybody can use the marketplace page: axe looks at it in each state, in both schemes and at three widths.

`docs/screens.py` takes the guide's pictures in the same states.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from docs.checks.access import RUN, SCHEMES, said

WIDTHS = (320, 390, 1280)
VIEWS = ("steps", "wire", "message", "proven")
LONGEST = 120_000
SERVE = "import sys; sys.argv = ['handshakes', 'serve']; from handshakes.cli.command import main; main()"


@contextmanager
def served() -> Iterator[str]:
    """Run `handshakes serve` on free ports; yield the address of its page."""
    process = subprocess.Popen([sys.executable, "-u", "-c", SERVE], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        line = next(line for line in process.stdout if line.startswith("Marketplace page"))
        next(rest for rest in process.stdout if "Ctrl-C" in rest)  # then it prints little enough for a pipe
        yield line.split()[-1].rstrip("/")
    finally:
        process.terminate()
        process.communicate(timeout=60)


def states(page: Page, url: str) -> Iterator[str]:
    """Bring the page into one state after the other, and yield what it is."""
    page.set_default_timeout(LONGEST)
    page.goto(f"{url}/officernd")
    page.locator(".step").first.wait_for()
    yield "empty"
    with page.expect_popup() as opening:
        page.locator("[data-press=connect]").click()
    opening.value.locator("#back").wait_for(timeout=LONGEST)
    opening.value.close()
    page.locator("[data-step=connect].held").wait_for()
    page.locator("[data-press=healthcheck]").click()
    page.locator("[data-step=healthcheck].held").wait_for()
    page.locator(".msg.carries").last.click()
    page.locator("#covered .rows").wait_for()
    yield "connected"
    page.locator("[data-go=steps]").evaluate("button => button.click()")  # hidden beside wider pages
    page.locator("[data-fault=healthcheck]").click()
    page.locator("#choices input").first.wait_for()
    yield "faults"
    page.fill("#find", "parameter-changed")
    page.locator("#choices input").first.check()
    page.locator("button[value=use]").click()
    page.locator("[data-press=healthcheck]").click()
    page.locator("[data-step=healthcheck].refused").wait_for()
    page.locator("#message .verdict.bad").wait_for()
    page.locator("[data-go=message]").evaluate("button => button.click()")
    page.locator("[data-act=why]").click()
    page.locator("#why .rows").wait_for()
    yield "refused"
    page.locator("[data-act=why]").click()
    page.locator("[data-act=tamper]").click()
    yield "tamper"
    page.locator("[data-go=steps]").evaluate("button => button.click()")
    page.locator("[data-press=remove]").click()
    page.locator("[data-step=remove].held").wait_for()
    page.locator("#ended li", has_text=re.compile(r"held\s+Remove")).wait_for(state="attached")
    page.locator("[data-go=proven]").evaluate("button => button.click()")
    yield "finished"


def windows(page: Page, url: str) -> Iterator[str]:
    """Show the simulators' own pages, and onOffice's popup step by step; yield what each is."""
    for platform in ("officernd", "retailcrm", "fortis", "onoffice"):
        page.goto(f"{url}/{platform}")
        origin = page.locator("#steps .hint code").first.inner_text()
        page.goto(f"{origin}/simulator")
        page.locator("table").wait_for()
        yield f"{platform} simulator"
    page.locator("form[id^=open-] button").first.click()
    page.locator("#confirm button").click()
    page.locator("#said").wait_for()
    yield "onoffice popup, no box ticked"
    page.check("input[name=terms]")
    page.check("input[name=data_processing]")
    page.locator("#confirm button").click()
    page.frame_locator("#provider").locator("#secret").wait_for()
    yield "onoffice popup, the provider's frame"


def check(browser: Browser, script: Path) -> list[str]:
    """Go through the states. Returns all that axe finds, and where the page scrolls sideways."""
    wrong, looks, source = [], 0, script.read_text("utf-8")
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    with served() as url:
        for state in states(page, url):
            page.evaluate(source)
            for width in WIDTHS:
                for view in VIEWS if width < 761 and state != "faults" else ("",):
                    page.set_viewport_size({"width": width, "height": 900})
                    if view:
                        button = page.locator(f"[data-go={view}]")
                        button.wait_for()
                        button.evaluate(
                            "button => button.click()"
                        )  # a busy machine may draw no frames to wait for
                    if page.evaluate("document.documentElement.scrollWidth") > width:
                        wrong.append(f"marketplace, {state} {view}: scrolls sideways at {width} px")
                    for scheme in SCHEMES if width > 320 else ():
                        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                        found = page.evaluate(RUN[scheme])
                        where = f"marketplace, {state} {view} ({scheme}, {width} px)"
                        wrong += [f"{where}: {said(one)}" for one in found]
                        looks += 1
        page.context.close()
        for scheme in SCHEMES:  # scripts of these pages are as their policy says, so axe comes by the browser
            context = browser.new_context(reduced_motion="reduce", color_scheme=scheme, bypass_csp=True)
            page = context.new_page()
            page.set_default_timeout(LONGEST)
            for state in windows(page, url):
                page.evaluate(source)
                for width in WIDTHS:
                    page.set_viewport_size({"width": width, "height": 900})
                    if page.evaluate("document.documentElement.scrollWidth") > width:
                        wrong.append(f"{state}: scrolls sideways at {width} px")
                wrong += [f"{state} ({scheme}): {said(one)}" for one in page.evaluate(RUN[scheme])]
                looks += 1
            context.close()
    print(f"marketplace: axe looked {looks} times")
    return [re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1", one) for one in wrong]
