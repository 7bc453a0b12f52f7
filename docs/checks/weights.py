"""What a visit costs: bytes transferred, compressed, with nothing cached, counted in Chromium, and the size of the whole."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from urllib.parse import unquote

from playwright.sync_api import Browser

from docs.checks import serving

KILO = 1000
VISITED = 2
"""So many pages of each kind are visited: those whose own files are the largest."""
PICTURE = re.compile(r'<img [^>]*?src="([^":?#]+)"')
MOST = {
    "index.html": 250 * KILO,
    "notebooks/*.html": 300 * KILO,
    "recipes/*.html": 300 * KILO,
    "clauses/*.html": 350 * KILO,
}
"""The most that a first visit to a page may transfer; the search index is loaded once somebody searches."""
MOST_INDEX = 180 * KILO
MOST_SITE = 9_000 * KILO
"""The most that all pages and what they show may take; the engine, which is loaded on demand, is counted apart."""
MOST_ENGINE = 7_000 * KILO
"""The most that the engine may take compressed, as a host sends it: 7 MB."""
ENGINE = "engine"
TRANSFERRED = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .reduce((sum, each) => sum + each.transferSize, 0)"""
QUIET = """() => document.readyState === "complete" && performance.getEntriesByType("resource")
    .every(each => performance.now() - each.responseEnd > 500)"""
"""Asked of the page itself: Playwright's own state `networkidle` was never reached by 2 of 500 pages that were done."""


def check(browser: Browser, base: str, site: Path) -> list[str]:
    """Count, and print what was counted. Returns what is over its limit."""
    counted = []
    found = {
        pattern: [
            path.relative_to(site).as_posix() for path in sorted(site.glob(pattern), key=own_files)[-VISITED:]
        ]
        for pattern in MOST
    }
    each = visits(browser, base, [name for names in found.values() for name in names])
    for pattern, names in found.items():
        if names:
            name = max(names, key=lambda name: each[name])
            counted.append((f"first visit, {pattern}", each[name], MOST[pattern], f"the heaviest is {name}"))
    index = site / "search" / "search_index.json"
    counted.append(("search index", len(gzip.compress(index.read_bytes(), 6)), MOST_INDEX, "compressed"))
    engine = [path for path in (site / ENGINE).rglob("*") if path.is_file()]
    packed = sum(len(gzip.compress(path.read_bytes(), 6)) for path in engine)
    counted.append(("engine", packed, MOST_ENGINE, f"compressed, {len(engine)} files"))
    files = [path for path in site.rglob("*") if path.is_file() and path not in engine]
    counted.append(
        ("whole site", sum(path.stat().st_size for path in files), MOST_SITE, f"{len(files)} files")
    )
    for what, size, most, note in counted:
        print(f"weight: {what:30} {size / KILO:8.1f} kB of at most {most / KILO:6.0f} kB ({note})")
    return [
        f"{what} is {size / KILO:.1f} kB, over {most / KILO:.0f} kB"
        for what, size, most, _ in counted
        if size > most
    ]


def own_files(page: Path) -> int:
    """Return the bytes of a page, compressed, and of its pictures: all pages have the rest alike."""
    pictures = {page.parent / unquote(each) for each in PICTURE.findall(page.read_text("utf-8"))}
    return len(gzip.compress(page.read_bytes(), 6)) + sum(each.stat().st_size for each in pictures)


def visits(browser: Browser, base: str, names: list[str]) -> dict[str, int]:
    """Load each page as somebody who was never here. Returns the bytes transferred, headers included.

    A page is done when it has loaded and nothing has come for half a second, so all are waited for at once.
    """
    transferred = {}
    pages = {name: serving.context(browser).new_page() for name in names}
    for name, page in pages.items():
        page.goto(base + name, wait_until="commit")
    for name, page in pages.items():
        page.wait_for_function(QUIET, polling=50)
        transferred[name] = page.evaluate(TRANSFERRED)
        page.context.close()
    return transferred
