"""Check the built site: whole, drawn, light, found, and without asking anything of the network.

    python docs/check_site.py SITE [--screenshots FOLDER] [--axe axe.min.js]

First the files are read: no script, style, picture, font or frame may come from elsewhere, and every link leads
somewhere, also when the pages are opened as files. Then every page is loaded in headless Chromium from a server on
loopback, one half on a phone in light and the other on a desktop in dark, each is measured on both, and every request is logged. A page fails when it or anything it asks for is not there,
when something outside is asked for, when the console shows an error, when a diagram is not drawn, or by what looks.py
measures of how it looks. Then weights are counted, the search is asked for all it has to find first, axe looks at a page of each kind, and at the
debugger in each of its states.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, Request, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from docs.checks import access, app, debugger, files, lessons, looks, marketplace, searches, serving, weights

Part = Callable[[Browser, str], list[str]]
"""What is looked at in one go, with a browser, below an address. Returns what is wrong."""
OF_AXE = ("access, light", "access, dark", "debugger", "marketplace", "app")
BESIDE = (os.cpu_count() or 1) + 1
"""How many parts are looked at side by side: one that waits for its browser leaves its core to another."""


def watched(page: Page, base: str, wrong: list[str], asked: list[str]) -> None:
    """Note every request, every failure and every error of a browser's page."""

    def note(request: Request) -> None:
        asked.append(request.url)
        if not request.url.startswith((base, "data:", "blob:")):
            wrong.append(f"asked outside: {request.url}")

    def failed(request: Request) -> None:
        # What was still loading when the next page was opened was cut off by us.
        if not (request.url.startswith(base) and request.failure == "net::ERR_ABORTED"):
            wrong.append(f"failed: {request.url} {request.failure}")

    page.on("request", note)
    page.on("response", lambda answer: answer.status < 400 or wrong.append(f"{answer.status} {answer.url}"))
    page.on("requestfailed", failed)
    page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
    page.on("console", lambda said: said.type == "error" and wrong.append(f"console: {said.text}"))


def look(browser: Browser, base: str, pages: dict[str, int], first: str, shots: Path | None) -> list[str]:
    """Load pages on one device, watch what they do, and measure what they look like there and on the other one. Returns what is wrong."""
    wrong: list[str] = []
    asked: list[str] = []
    devices = sorted(looks.SIZES, key=lambda device: device != first)
    width, height, scheme = looks.SIZES[first]
    context = serving.context(browser, color_scheme=scheme, viewport={"width": width, "height": height})
    page = context.new_page()
    found: list[str] = []
    watched(page, base, found, asked)
    for path, diagrams in pages.items():
        for device in devices:
            width, height, scheme = looks.SIZES[device]
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": height})
            if device == first:
                page.goto(base + path, wait_until="load")
            else:
                page.evaluate(looks.DRAWN)
            if diagrams:
                drawn = page.locator(".sequence > svg").evaluate_all(
                    "all => all.filter(one => one.clientHeight > 60).length"
                )
                if drawn != diagrams:
                    found.append(f"only {drawn} of its {diagrams} diagrams were drawn")
            if shots:
                shots.mkdir(parents=True, exist_ok=True)
                name = path.removesuffix(".html").replace("/", "-")
                page.screenshot(path=shots / f"{name}-{device}-{scheme}.png")
            found += looks.measured(page, path, device)
            wrong += [f"{path} ({device}, {scheme}): {line}" for line in found]
            found.clear()
    width, height, scheme = looks.SIZES[first]
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": height})
    page.goto(base + "?q=signature")
    found += results(page, "an address with ?q=signature")
    page.goto(base + "index.html")
    page.keyboard.press("/")
    page.keyboard.type(
        "Simla", delay=20
    )  # the theme listens for keys, so that filling in the field would find nothing
    found += results(page, "typing /Simla")
    wrong += [f"search ({first}, {scheme}): {line}" for line in found]
    context.close()
    print(f"{len(pages)} pages, first on a {first}, and a search: {len(asked)} requests, all logged")
    return wrong


def results(page: Page, how: str) -> list[str]:
    """Wait until a search shows something. Returns what is wrong."""
    try:
        page.locator(".md-search-result__item").first.wait_for(state="attached")
    except Error:
        return [f"{how} finds nothing"]
    return []


def work(site: Path, left: Iterator[tuple[str, Part]]) -> list[str]:
    """Take one part after the other, with a server and a browser of its own. Returns what is wrong."""
    wrong: list[str] = []
    # The browser resolves no name at all, so nothing that asks outside gets an answer.
    chromium = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is missing, so the site was not checked")
    with serving.served(site) as base, sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=chromium,
            args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"],
        )
        for name, part in left:
            began = time.monotonic()
            wrong += part(browser, base)
            print(f"{name}: {time.monotonic() - began:.1f} s", flush=True)
        browser.close()
    return wrong


def main() -> int:
    """Check a site. Returns 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description="Check the built site.")
    parser.add_argument("site", type=Path)
    parser.add_argument("--screenshots", type=Path)
    parser.add_argument("--axe", type=Path, help="axe.min.js; without it nothing is said about access")
    options = parser.parse_args()
    site = options.site.resolve()
    read = files.pages(site)
    if not read:
        sys.exit(f"no pages in {options.site}")
    wrong = files.loaded(site, read) + files.links(site, read)
    pages = {path.relative_to(site).as_posix(): each.diagrams for path, each in read.items()}
    pages.pop("404.html", None)
    shots, axe = options.screenshots, options.axe
    parts: dict[str, Part] = {  # the longest first
        "desktop": lambda browser, base: look(browser, base, dict([*pages.items()][::2]), "desktop", shots),
        "phone": lambda browser, base: look(browser, base, dict([*pages.items()][1::2]), "phone", shots),
        "access, light": lambda browser, base: access.looked(browser, base, site, axe, "light"),
        "access, dark": lambda browser, base: access.looked(browser, base, site, axe, "dark"),
        "marketplace": lambda browser, base: marketplace.check(browser, axe),
        "debugger": lambda browser, base: debugger.check(browser, base, site, axe),
        "weights": lambda browser, base: weights.check(browser, base, site),
        "lesson": lambda browser, base: lessons.check(browser, base, site, axe),
        "app": lambda browser, base: app.check(browser, axe),
        "search": lambda browser, base: searches.check(browser, base),
        "printed": lambda browser, base: access.printed(browser, base, site),
        "no script": lambda browser, base: access.without_script(browser, base, site),
    }
    if not axe:
        parts = {name: part for name, part in parts.items() if name not in OF_AXE}
    left = iter(list(parts.items()))  # both take from it
    with ThreadPoolExecutor(BESIDE) as workers:
        for found in workers.map(lambda _: work(site, left), range(BESIDE)):
            wrong += found
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"site: {len(pages)} pages, {sum(pages.values())} diagrams, {len(wrong)} things wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
