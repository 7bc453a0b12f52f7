"""Click through the marketplace page as a person would, break it, and print what the screen says: `drive.py ADDRESS COUNT SEED`.

It knows the page's address and nothing of the package: all four are connected, COUNT faults of each are drawn by the
seed from all that the picker offers, and the step, the message that opens by itself and Why? are printed as they stand.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Any

from playwright.sync_api import Error, sync_playwright

CONNECT = {
    "officernd": ("connect",), "retailcrm": ("popup", "connect"), "onoffice": ("open",), "fortis": ("location", "user"),
}  # fmt: skip


def said(page: Any, selector: str) -> str:
    texts = (one.strip().replace("\n", " / ") for one in page.locator(selector).all_inner_texts())
    return " | ".join(filter(None, texts))


def number(page: Any, step: str) -> str:
    return str(page.locator(f"[data-step={step}]").get_attribute("data-try"))


def activated(popup: Any) -> None:
    """Agree, choose the right, and paste the key where the provider shows its form."""
    popup.check("input[name=terms]")
    popup.check("input[name=data_processing]")
    popup.click("#confirm button")
    frame = popup.frame_locator("#provider")
    frame.locator("h1").first.wait_for()
    if frame.locator("#secret").count():
        popup.check("input[value=all]")
        popup.wait_for_timeout(1_000)
        frame.locator("#secret").fill(popup.input_value("#api-key"))
        frame.locator("#privacy").check()
        frame.locator("#unlockButton").click()
        popup.wait_for_timeout(2_000)


def taken(page: Any, platform: str, step: str) -> None:
    """Press a step, do what its window asks for, wait until it has ended, and close the window."""
    before, known = number(page, step), len(page.context.pages)
    page.locator(f"[data-press={step}]").click()
    page.wait_for_timeout(2_000)
    popup = page.context.pages[-1] if len(page.context.pages) > known else None
    if popup and (platform, step) == ("onoffice", "open"):
        try:
            activated(popup)
        except Error as error:
            print("window:", str(error).partition("\n")[0])
    ended = f"[data-step={step}]:not([data-try='{before}']):not(.running):not(.waiting)"
    end = time.monotonic() + 20
    while not page.locator(ended).count() and time.monotonic() < end:
        page.wait_for_timeout(100)
    page.wait_for_timeout(600)
    if popup:
        popup.close(run_before_unload=True)


def offered(page: Any) -> list[tuple[str, str]]:
    """Return the faults of every step that can be taken now."""
    found = []
    for button in page.locator("[data-fault]:enabled").all():
        button.click()
        page.locator("#choices input").first.wait_for()
        names = [one.get_attribute("value") for one in page.locator("#choices input").all()]
        found += [(str(button.get_attribute("data-fault")), str(name)) for name in names]
        page.keyboard.press("Escape")
        page.locator("#faults").wait_for(state="hidden")
    return found


def broken(page: Any, platform: str, step: str, fault: str) -> None:
    """Take a step with a fault, and print what the screen says."""
    page.locator(f"[data-fault={step}]").click()
    page.fill("#find", fault)
    page.locator(f"#choices input[value='{fault}']").check()
    ends = said(page, f"#choices label:has(input[value='{fault}']) .st")
    page.click("button[value=use]")
    taken(page, platform, step)
    print(f"\n{platform}, {step}, {fault}: has to be {ends}")
    print(f"state: {said(page, f'[data-step={step}] .st')}\nsaid: {said(page, f'#said-{step}')}")
    if page.locator("#message .verdict.bad").count():
        if page.locator("[data-act=why]").count():
            page.locator("[data-act=why]").first.click()
            page.locator("#why h3").first.wait_for()
            page.wait_for_timeout(500)
        print(f"message: {said(page, '#message h2')}\nverdict: {said(page, '#message .verdict')}")
        print(f"why: {said(page, '#why > *:not(.rows):not(section):not(:has(select))')}", flush=True)
    if page.locator(f"[data-fault={step}]:enabled").count():
        page.locator(f"[data-fault={step}]").click()
        page.click("button[value=none]")


def main(address: str, count: int, seed: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        for platform, steps in CONNECT.items():
            page = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB").new_page()
            page.goto(address + platform)
            page.locator(".step").first.wait_for()
            every = offered(page) if platform == "onoffice" else []
            for step in steps:
                taken(page, platform, step)
            print(f"\n## {platform}: {said(page, f'[data-tile={platform}] [data-state]')}")
            every += offered(page)
            for step, fault in random.Random(seed + platform).sample(every, count):
                if not page.locator(f"[data-press={step}]:enabled").count():
                    for again in ("block",) if (platform, step) == ("onoffice", "open") else steps:
                        taken(page, platform, again)
                broken(page, platform, step, fault)
            page.context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
