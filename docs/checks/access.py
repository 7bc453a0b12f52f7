"""Whether everybody can read the site: axe on a page of each kind, and reading without a script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from docs.checks import serving

KINDS = (
    "index.html", "notebooks/*.html", "recipes/*.html", "clauses/*.html", "reasons.html", "mistakes/*.html",
    "faults/*.html", "vectors/*.html", "platforms/*.html", "api/*.html", "decisions/*.html", "frameworks.html", "404.html",
)  # fmt: skip
SCHEMES = ("light", "dark")
WIDTHS = {"phone": 390, "desktop": 1280}
SERIOUS = ("serious", "critical")
RUN = {
    "light": "async () => (await axe.run(document, {resultTypes: ['violations']})).violations",
    "dark": "async () => (await axe.run(document, {resultTypes: ['violations'], runOnly: ['color-contrast', 'link-in-text-block']})).violations",
}
"""What axe looks at: in light all of it; in dark, where the same elements stand at the same places, what has to do with colours."""


def templates(site: Path) -> list[str]:
    """Return one page of each kind, the first by name; of lessons the second, since the first has no diagram."""
    found = []
    for pattern in KINDS:
        pages = sorted(path.relative_to(site).as_posix() for path in site.glob(pattern))
        found += pages[1:2] if pattern.startswith("notebooks") else pages[:1]
    return found


def looked(browser: Browser, base: str, site: Path, script: Path, scheme: str) -> list[str]:
    """Let axe look at a page of each kind, in one scheme and loaded at both widths. Returns its serious findings."""
    wrong: list[str] = []
    source, pages = script.read_text("utf-8"), templates(site)
    for device, width in WIDTHS.items():
        viewport = {"width": width, "height": 900}
        page = serving.context(browser, color_scheme=scheme, viewport=viewport).new_page()
        for path in pages:
            page.goto(base + path, wait_until="load")
            page.evaluate(source)
            found = [one for one in page.evaluate(RUN[scheme]) if one["impact"] in SERIOUS]
            wrong += [f"{path} ({scheme}, {device}): {said(one)}" for one in found]
        page.context.close()
    print(f"axe: {len(pages)} pages, {scheme}, {' and '.join(WIDTHS)}")
    return wrong


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


def printed(browser: Browser, base: str, site: Path) -> list[str]:
    """Look at a page of each kind as it is printed: no navigation, and folded notes open. Returns what is wrong."""
    page = serving.context(browser).new_page()
    page.emulate_media(
        media="print"
    )  # before a page is loaded, since a change of media takes time to be drawn
    wrong = []
    for path in templates(site):
        page.goto(base + path, wait_until="load")
        shown = page.locator(".md-header, .md-tabs, .md-sidebar, .md-footer").evaluate_all(
            "all => all.filter(one => one.checkVisibility()).map(one => one.className)"
        )
        folded = page.locator("article details > :not(summary)").evaluate_all(
            "all => all.filter(one => !one.checkVisibility()).length"
        )
        wrong += [f"{path}: {name} is printed" for name in shown]
        wrong += [f"{path}: {folded} parts of folded notes are not printed"] if folded else []
    page.context.close()
    return wrong
