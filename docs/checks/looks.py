"""What each page looks like, measured: on a phone in light, on a desktop in dark, and what the keyboard reaches.

looks.js says what is measured. A link within a sentence may be small; what scrolls sideways needs a shadow; a
table may scroll, a page may not. The sizes are those of WCAG 2.2: 24 px for what is hit (2.5.8), 4.5 for contrast (1.4.3).
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

LOOK = Path(__file__).with_suffix(".js").read_text("utf-8")
SIZES = {"phone": (390, 844, "light"), "desktop": (1280, 900, "dark")}
OWN = {"debugger.html"}
"""Pages without the theme, whose headings are no places to link to."""
WALKED = ("index.html", "questions.html", "notebooks/01-officernd.html", "marketplace.html", "debugger.html")
"""Pages with every kind of control: links, tables and code that scroll, notes that open, buttons, fields."""
TABS = 40
STILL = """() => {
    const sheet = new CSSStyleSheet(); // which a page's policy allows
    sheet.replaceSync("*, ::before, ::after { transition: none !important; animation: none !important; }");
    document.adoptedStyleSheets = [sheet];
}"""
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
"""What waits until a page is drawn anew, after its size or scheme has changed."""
FOCUSED = """() => {
    const el = document.activeElement;
    const seen = el.matches(".md-option") ? el.form.querySelector("label:not([hidden])") : el;
    const {left, right, top, bottom, width, height} = seen.getBoundingClientRect();
    if (el === document.body || seen.closest(".md-search")) return "";
    const name = `${seen.tagName.toLowerCase()} ${JSON.stringify(seen.textContent.trim().slice(0, 30) || seen.title)}`;
    const style = getComputedStyle(seen);
    if (!width || !height || right <= 0 || left >= innerWidth || bottom <= 0 || top >= innerHeight) return `${name} has the focus, and is out of sight`;
    const at = document.elementFromPoint((Math.max(left, 0) + Math.min(right, innerWidth)) / 2, (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2);
    if (at?.closest(".md-header") && !seen.closest(".md-header") && !seen.matches(".md-skip")) return `${name} has the focus below the header`;
    return style.outlineStyle === "none" || style.outlineWidth === "0px" ? `${name} shows no focus` : "";
}"""


def measured(page: Page, path: str, device: str) -> list[str]:
    """Measure a page that is loaded, and walk through some by keyboard. Returns what is wrong."""
    page.evaluate(STILL)
    found: list[str] = page.evaluate(LOOK)
    if path in OWN:
        found = [line for line in found if not line.startswith("a heading has no address")]
    if path in WALKED:
        found += tabbed(page)
    return found + drawer(page) if (path, device) == ("index.html", "phone") else found


def drawer(page: Page) -> list[str]:
    """Open and shut the navigation of a phone with Enter and with the space bar. Returns what is wrong."""
    button, links = page.get_by_role("button", name="Navigation"), page.locator(".md-sidebar--primary")
    shown = [links.is_visible()]
    for key in ("Enter", "Space", "Space", "Enter"):
        button.press(key)
        page.wait_for_timeout(20)
        shown.append(links.is_visible())
    return (
        []
        if shown == [False, True, False, True, False]
        else [f"the navigation is not opened by keyboard: {shown}"]
    )


def tabbed(page: Page) -> list[str]:
    """Press Tab some times. Returns where the focus was not to be seen."""
    wrong = []
    for _ in range(TABS):
        page.keyboard.press("Tab")
        page.wait_for_timeout(20)  # a frame, in which what was scrolled to is drawn
        if said := page.evaluate(FOCUSED):
            wrong.append(said)
    return wrong[:3]
