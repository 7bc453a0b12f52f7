"""Whether everybody can read the site: axe on a page of each kind, and reading without a script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from docs.checks import serving

KINDS = (
    "index.html", "notebooks/*.html", "recipes/*.html", "clauses/*.html", "reasons.html", "mistakes/*.html",
    "faults/*.html", "vectors/*.html", "platforms/*.html", "api/*.html", "decisions/*.html", "frameworks.html", "404.html",
)  # fmt: skip
SCHEMES = ("light", "dark")
WIDTHS = {"phone": 390, "desktop": 1280}
SERIOUS = ("serious", "critical")
RUN = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"


def templates(site: Path) -> list[str]:
    """Return one page of each kind, the first by name; of lessons the second, since the first has no diagram."""
    found = []
    for pattern in KINDS:
        pages = sorted(path.relative_to(site).as_posix() for path in site.glob(pattern))
        found += pages[1:2] if pattern.startswith("notebooks") else pages[:1]
    return found


def looked(browser: Browser, base: str, site: Path, script: Path | None, scheme: str) -> list[str]:
    """Look at a page of each kind as it is printed, and let axe look at it at both widths, in one scheme."""
    wrong: list[str] = []
    source, pages = script.read_text("utf-8") if script else "", templates(site)
    page = serving.context(browser, color_scheme=scheme).new_page()
    for path in pages:
        page.set_viewport_size({"width": WIDTHS["desktop"], "height": 900})
        page.goto(base + path, wait_until="load")
        wrong += [f"{path} ({scheme}): {each}" for each in printed(page)]
        if source:
            page.evaluate(source)
            wrong += [f"{path} ({scheme}, {each}" for each in axe(page, WIDTHS)]
    page.context.close()
    print(f"printed{' and axe' if source else ''}: {len(pages)} pages, {scheme}, {' and '.join(WIDTHS)}")
    return wrong


def axe(page: Page, widths: dict[str, int]) -> Iterator[str]:
    """Let axe look at a page at each width. Yields its serious findings."""
    for device, width in widths.items():
        page.set_viewport_size({"width": width, "height": 900})
        yield from (f"{device}): {said(one)}" for one in page.evaluate(RUN) if one["impact"] in SERIOUS)


def said(violation: dict[str, Any]) -> str:
    """Say what axe found: the rule, how often, and the first place."""
    nodes = violation["nodes"]
    return (
        f"axe {violation['id']} ({violation['impact']}), {len(nodes)} times, first {nodes[0]['html'][:160]!r}"
    )


def without_script(browser: Browser, base: str, site: Path) -> list[str]:
    """Read a page of each kind with scripts switched off: text, diagrams, and notes that open. Returns what is wrong."""
    context = serving.context(browser, java_script_enabled=False)
    page = context.new_page()
    wrong = []
    for path in templates(site):
        page.goto(base + path, wait_until="load")
        if len(page.locator("article").inner_text()) < 100:
            wrong.append(f"{path}: nearly nothing to read without a script")
        note = page.locator("article details > summary").first
        if note.count():
            note.click()
            if not page.locator("article details").first.get_attribute("open") is not None:
                wrong.append(f"{path}: a note does not open without a script")
    context.close()
    return wrong


def printed(page: Page) -> list[str]:
    """Look at a page as it is printed: no navigation, and folded notes open. Returns what is wrong."""
    page.emulate_media(media="print")
    shown = page.locator(".md-header, .md-tabs, .md-sidebar, .md-footer").evaluate_all(
        "all => all.filter(one => one.checkVisibility()).map(one => one.className)"
    )
    folded = page.locator("article details > :not(summary)").evaluate_all(
        "all => all.filter(one => !one.checkVisibility()).length"
    )
    page.emulate_media(media="screen")
    wrong = [f"{name} is printed" for name in shown]
    return wrong + ([f"{folded} parts of folded notes are not printed"] if folded else [])
