"""A lesson runs on its page, in Chromium: every output is the stored one, nothing is asked of anybody else, axe finds nothing."""

from __future__ import annotations

import time
from pathlib import Path

from playwright.sync_api import Browser, Error

from docs.checks.access import RUN, SERIOUS, said

LESSON = "notebooks/01-officernd.html"
MOST = 300_000
"""Milliseconds until it is given up; how long it takes is printed, and fails nothing."""


def check(browser: Browser, base: str, site: Path, axe: Path | None) -> list[str]:
    """Press the button of a lesson, change a cell, and look at what is there then. Returns what is wrong."""
    if not (site / "engine").is_dir():
        return []
    wrong: list[str] = []
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.set_default_timeout(MOST)
    context.on(
        "request",
        lambda sent: sent.url.startswith(base) or wrong.append(f"{LESSON} asks outside: {sent.url}"),
    )
    page.goto(base + LESSON)
    began = time.monotonic()
    try:
        page.get_by_role("button", name="Run this lesson here").click()
        page.locator(".ran:not([hidden])").first.wait_for()
        first = time.monotonic() - began
        page.locator(".runs [role=status]", has_text="all outputs are as stored").wait_for()
        print(f"lesson: first output after {first:.1f} s, all after {time.monotonic() - began:.1f} s")
        page.get_by_role("button", name="Change cell 3", exact=True).click()
        page.get_by_role("textbox", name="Code of cell 3").fill("1 / 0")
        page.get_by_role("button", name="Run cell 3").click()
        page.locator("#ran-3 pre").wait_for()
    except Error:
        wrong.append(f"{LESSON}: it does not run: {page.locator('.runs').inner_text()}")
    wide = page.evaluate("document.documentElement.scrollWidth")
    wrong += [f"{LESSON}: the page scrolls sideways, it is {wide} px wide"] if wide > 390 else []
    if axe:
        page.evaluate(axe.read_text("utf-8"))
        found = [one for one in page.evaluate(RUN["light"]) if one["impact"] in SERIOUS]
        wrong += [f"{LESSON}, run: {said(one)}" for one in found]
    context.close()
    return wrong
