"""Check the built site: whole, drawn, quiet, and without asking anything of the network.

    python docs/check_site.py SITE [--screenshots FOLDER]

First the files are read: no script, style, picture, font or frame may come from elsewhere. Then
every page is loaded in headless Chromium from a server on loopback, those with diagrams in dark
too, and every request is logged. A page fails when it or anything it asks for is not there, when something
outside is asked for, when the console shows an error, or when a diagram is not drawn.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO

from playwright.sync_api import Browser, Error, Page, Request, sync_playwright

ASKING = {("link", "href"), ("object", "data"), ("image", "href"), ("use", "href")}


class Asked(HTMLParser):
    """Collects the addresses that a page would load, as opposed to those that it links to."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.diagrams = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag."""
        self.diagrams += ("class", "sequence") in attrs
        for name, value in attrs:
            asks = name in ("src", "srcset", "poster") or (tag, name) in ASKING or name == "style"
            if asks and dict(attrs).get("rel") != "canonical" and re.search(r"(https?:)?//", value or ""):
                self.outside.append(f"<{tag} {name}={value}>")


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing, not even when the browser leaves before the end."""

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output for findings."""

    def copyfile(self, source: IO[bytes], outputfile: IO[bytes]) -> None:
        """Send a file."""
        with suppress(ConnectionError):
            super().copyfile(source, outputfile)


def read(site: Path, page: Path) -> tuple[int, list[str]]:
    """Read one page's source. Returns how many diagrams it has, and what is wrong."""
    parser = Asked()
    parser.feed(page.read_text("utf-8"))
    return parser.diagrams, [f"{page.relative_to(site)}: {found}" for found in parser.outside]


def styles(site: Path) -> list[str]:
    """Read the style sheets. Returns what they would load from outside."""
    outside = re.compile(r"""(?:url\(|@import)\s*["']?(?:https?:)?//[^"')]*""")
    return [
        f"{path.relative_to(site)}: {found[0]}"
        for path in site.rglob("*.css")
        for found in outside.finditer(path.read_text("utf-8"))
    ]


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve the site on a free loopback port. Yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


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


def look(browser: Browser, base: str, pages: dict[str, int], scheme: str, shots: Path | None) -> list[str]:
    """Load every page in one colour scheme. Returns what is wrong."""
    wrong: list[str] = []
    asked: list[str] = []
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    found: list[str] = []
    watched(page, base, found, asked)
    for path, diagrams in pages.items():
        page.goto(base + path, wait_until="load")
        if diagrams:
            drawn = page.locator(".sequence > svg").evaluate_all(
                "all => all.filter(one => one.clientHeight > 60).length"
            )
            if drawn != diagrams:
                found.append(f"only {drawn} of its {diagrams} diagrams were drawn")
        if shots:
            shots.mkdir(parents=True, exist_ok=True)
            name = path.removesuffix(".html").replace("/", "-")
            page.screenshot(path=shots / f"{name}-{scheme}.png")
        wrong += [f"{path} ({scheme}): {line}" for line in found]
        found.clear()
    page.goto(base + "?q=signature")
    try:
        page.locator(".md-search-result__item").first.wait_for(state="attached", timeout=10_000)
    except Error:
        found.append("a search for 'signature' finds nothing")
    wrong += [f"search ({scheme}): {line}" for line in found]
    context.close()
    print(f"{scheme}: {len(pages)} pages and a search, {len(asked)} requests, all logged")
    return wrong


def main() -> int:
    """Check a site. Returns 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description="Check the built site.")
    parser.add_argument("site", type=Path)
    parser.add_argument("--screenshots", type=Path)
    options = parser.parse_args()
    site = options.site.resolve()
    pages: dict[str, int] = {}
    wrong = styles(site)
    for path in sorted(site.rglob("*.html")):
        diagrams, outside = read(site, path)
        wrong += outside
        if path.name != "404.html":
            pages[path.relative_to(site).as_posix()] = diagrams
    if not pages:
        sys.exit(f"no pages in {options.site}")
    # The browser resolves no name at all, so nothing that asks outside gets an answer.
    chromium = shutil.which("chromium") or sys.exit("chromium is missing, so the site was not checked")
    with served(site) as base, sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=chromium, args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        )
        wrong += look(browser, base, pages, "light", options.screenshots)
        some = {path: diagrams for path, diagrams in pages.items() if diagrams or "/" not in path}
        wrong += look(browser, base, some, "dark", options.screenshots)
        browser.close()
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"site: {len(pages)} pages, {sum(pages.values())} diagrams, {len(wrong)} things wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
