"""A reader runs a lesson where it is read, changes a cell, stops it: in Chromium, on the page as the site makes it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import markdown
import pytest
from docs.checks import serving
from docs.engine import build

from docs import notebook_pages, sequences
from tests.browser.test_officernd import chromium  # noqa: F401  (a fixture)
from tests.oracles import tool

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "01-officernd.ipynb"
LIMIT = 300_000
"""Milliseconds; a busy machine takes long, and no test fails on time."""
EXTENSIONS = [
    "attr_list",
    "md_in_html",
    "tables",
    "admonition",
    "pymdownx.details",
    "pymdownx.highlight",
    "pymdownx.superfences",
]
FENCE = {"name": "mermaid", "class": "sequence", "format": sequences.fenced}
DONE = "28 cells ran here, and all outputs are as stored."


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """One lesson with its notebook, the script, the style and the engine."""
    tool("npm")
    folder = tmp_path_factory.mktemp("site")
    (folder / "notebooks").mkdir()
    shutil.copytree(ROOT / "docs" / "assets", folder / "assets")
    shutil.copy(NOTEBOOK, folder / "notebooks")
    made = markdown.markdown(
        notebook_pages.page(NOTEBOOK, runs=True),
        extensions=EXTENSIONS,
        extension_configs={"pymdownx.superfences": {"custom_fences": [FENCE]}},
    )
    head = (
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="../assets/site.css">'
    )
    (folder / "notebooks" / "lesson.html").write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Lesson</title>{head}<link rel="icon" href="data:,">'
        f'<body class="md-typeset"><article>{made}</article>',
        "utf-8",
    )
    build.put(folder)
    return folder


@pytest.fixture(scope="module")
def site(folder) -> Iterator[str]:
    """The lesson on loopback."""
    with serving.served(folder) as base:
        yield base


@pytest.fixture
def lesson(chromium, site) -> Iterator[Any]:  # noqa: F811
    """The page, with what it asked for as `asked` and what went wrong as `wrong`."""
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.set_default_timeout(LIMIT)
    page.asked, page.wrong = [], []
    context.on("request", lambda request: page.asked.append(request.url.removeprefix(site)))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("console", lambda said: said.type == "error" and page.wrong.append(said.text))
    page.goto(f"{site}notebooks/lesson.html")
    yield page
    context.close()


def said(page: Any, text: str) -> None:
    """Wait until the line above the lesson says something."""
    page.locator(".runs [role=status]", has_text=text).wait_for()


def test_nothing_of_the_engine_is_loaded_before_the_button_is_pressed(lesson):
    said(lesson, "Runs the 28 cells in this page")
    assert lesson.asked == ["notebooks/lesson.html", "assets/site.css", "assets/lesson.js"]
    assert lesson.locator(".ran").evaluate_all("all => all.every(one => one.hidden)")


def test_a_lesson_that_is_opened_as_a_file_says_why_it_does_not_run(chromium, folder):  # noqa: F811
    page = chromium.new_page()
    page.goto((folder / "notebooks" / "lesson.html").as_uri())
    said(page, "Opened as a file, it may not load Python.")
    assert page.get_by_role("button").count() == 0
    page.close()


def test_a_reader_runs_all_cells_changes_one_undoes_it_and_stops_one_that_never_ends(lesson):
    """One test, since each part needs Python in the page."""
    run_all_by_keyboard(lesson)
    change_a_cell_and_undo_it(lesson)
    stop_a_cell_and_run_it_again(lesson)
    assert {url.partition("/")[0] for url in lesson.asked} == {"notebooks", "assets", "engine"}
    assert lesson.wrong == []


def run_all_by_keyboard(lesson):
    lesson.get_by_role("button", name="Run this lesson here").focus()
    lesson.keyboard.press("Enter")
    said(lesson, DONE)
    assert lesson.locator(".ran .same").count() == 28 and lesson.locator(".ran .other").count() == 0


def change_a_cell_and_undo_it(lesson):
    lesson.get_by_role("button", name="Change cell 3", exact=True).click()
    editor = lesson.get_by_role("textbox", name="Code of cell 3")
    assert editor.evaluate("one => one === document.activeElement")
    editor.press("Control+End")
    lesson.keyboard.insert_text("\nprint('<img src=x>', configuration.client_id)")
    editor.press("Control+Enter")
    said(lesson, "1 of 28 cells gave another output than stored: cell 3")
    assert lesson.locator("#ran-3 pre").inner_text().startswith("<img src=x> ")
    assert lesson.locator("#ran-3 img").count() == 0
    below = "all => all.map(one => one.getBoundingClientRect().top - one.previousElementSibling.getBoundingClientRect().bottom)"
    assert min(lesson.locator(".ran:not([hidden]) + .facts").evaluate_all(below)) >= 2
    ends = "all => all.map(one => one.getBoundingClientRect().right)"
    assert max(lesson.locator(".runs, .ran, .editor").evaluate_all(ends)) <= 390
    lesson.get_by_role("button", name="Undo changes to cell 3").click()
    said(lesson, DONE)
    assert lesson.locator(".editor").count() == lesson.locator("#ran-3 pre").count() == 0


def stop_a_cell_and_run_it_again(lesson):
    lesson.get_by_role("button", name="Change cell 2", exact=True).click()
    editor = lesson.get_by_role("textbox", name="Code of cell 2")
    editor.fill("while True: pass")
    editor.press("Control+Enter")
    said(lesson, "Running cell 2…")
    lesson.get_by_role("button", name="Stop").click()
    said(lesson, "Stopped. The next run loads Python again.")
    assert lesson.inner_text("#ran-2") == "Did not run to its end here."
    lesson.get_by_role("button", name="Undo changes to cell 2").click()
    assert lesson.locator("#ran-2 span").inner_text() == "As stored again, and not run since."
    assert lesson.inner_text(".runs [role=status]").startswith("Stopped."), "nothing runs unasked"
    lesson.get_by_role("button", name="Change cell 2", exact=True).click()
    editor.fill("1 / 0")
    lesson.get_by_role("button", name="Run cell 2").click()
    said(lesson, "1 of 2 cells gave another output than stored: cell 2")
    assert lesson.locator("#ran-2 pre").inner_text().endswith("ZeroDivisionError: division by zero\n")
