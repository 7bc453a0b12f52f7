"""Whether everybody can use the debugger: axe looks at its page in each state, in both schemes and at three widths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page

from docs.checks import serving
from docs.checks.access import RUN, SCHEMES, said

PAGE = "debugger.html"
EXAMPLES = ("officernd-json-python", "officernd-genuine", "onoffice-scheme")
"""Answers with the bytes of a sender, with a person's own text, and with masked bytes."""
WIDTHS = (320, 390, 1280)
DONE = "#answer[aria-busy=false]"
LONGEST = 180_000
"""How long is waited for an answer, in milliseconds: the engine is loaded in it."""


def check(browser: Browser, base: str, site: Path, script: Path) -> list[str]:
    """Go through the states, and let axe look at each. Returns all that it finds, and where the page scrolls sideways."""
    if not (site / "engine" / "worker.mjs").is_file():
        return [f"{PAGE}: the site has no engine, so the page cannot answer"]
    page = serving.context(browser).new_page()
    page.goto(base + PAGE, wait_until="load")
    page.locator("#go:enabled").wait_for()
    page.evaluate(script.read_text("utf-8"))
    wrong, looks = [], 0
    for state in states(page):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong.append(f"{PAGE}, {state}: scrolls sideways at {width} px")
        for scheme in SCHEMES:
            for width in WIDTHS[1:]:
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": 900})
                found = page.evaluate(RUN[scheme])
                wrong += [f"{PAGE}, {state} ({scheme}, {width} px): {said(one)}" for one in found]
                looks += 1
    page.context.close()
    print(f"debugger: axe looked {looks} times")
    return wrong


def states(page: Page) -> Iterator[str]:
    """Bring the page into one state after the other, and yield what it is."""
    yield "empty"
    for id in EXAMPLES:
        page.evaluate("id => { location.hash = id }", id)
        page.locator(f"#lists a[aria-current][href='#{id}']").wait_for(state="attached")
        page.keyboard.press("Control+Enter")
        page.locator(DONE).wait_for(timeout=LONGEST)
        page.locator("#answer details").evaluate_all("all => all.forEach(one => { one.open = true })")
        yield id
    page.fill("#secret", "wrong-secret")
    page.keyboard.press("Control+Enter")
    page.locator(DONE).wait_for(timeout=LONGEST)
    yield "nothing fits"
    page.fill("#secret", "")
    page.keyboard.press("Control+Enter")
    page.locator("#secret-wrong").wait_for()
    yield "no secret"
    page.fill("#paste", "hello")
    page.fill("#secret", "secret")
    page.keyboard.press("Control+Enter")
    page.locator(f"{DONE} .verdict.none").wait_for(timeout=LONGEST)
    yield "not recognised"
