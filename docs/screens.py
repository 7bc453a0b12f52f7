"""Take the guide's pictures of the marketplace page: `python docs/screens.py` writes them to docs/assets/screens."""

from __future__ import annotations

import base64
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import Page, sync_playwright

from docs.checks.marketplace import served, states

FOLDER = Path(__file__).parent / "assets" / "screens"
PICTURES = {"connected": "light", "faults": "dark", "refused": "light"}
"""The states that the guide shows, and in which scheme."""


def taken(page: Page, name: str) -> None:
    """Take a picture of what is seen, as WebP, which takes a quarter of the bytes."""
    shot = page.context.new_cdp_session(page).send(
        "Page.captureScreenshot", {"format": "webp", "quality": 68}
    )
    (FOLDER / f"marketplace-{name}.webp").write_bytes(base64.b64decode(shot["data"]))


def main() -> None:
    """Go through the states of the page, and take a picture of some."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with served() as url, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        for state in states(page, url):
            if scheme := PICTURES.get(state):
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                page.evaluate("() => document.activeElement?.blur()")
                taken(page, state)
            if state == "refused":
                page.set_viewport_size({"width": 390, "height": 800})
                taken(page, "phone")
                page.set_viewport_size({"width": 1280, "height": 800})
        browser.close()


if __name__ == "__main__":
    main()
