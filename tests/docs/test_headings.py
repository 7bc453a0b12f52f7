"""Headings go down one level at a time, and what a page is about comes before what it rests on."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from docs import clauses_pages, faults_pages, platform_pages, slips_pages
from handshakes.platforms import PLATFORMS
from handshakes.spec import register

DOCS = Path(__file__).parents[2] / "docs"
FENCES = re.compile(r"^ *(`{3,}).*?^ *\1 *$", re.MULTILINE | re.DOTALL)


def levels(markdown: str) -> list[int]:
    """Return the levels of a page's headings, in order; what looks like one in a block of code is none."""
    return [len(marks) for marks in re.findall(r"^(#{1,6}) \S", FENCES.sub("", markdown), re.MULTILINE)]


def jumps(markdown: str) -> list[tuple[int, int]]:
    """Return where a heading stands more than one level below the one before it."""
    found = levels(markdown)
    return [pair for pair in pairwise(found) if pair[1] > pair[0] + 1]


@cache
def pages() -> dict[str, str]:
    """Return every page, generated or written, as it is written; those of the code are made by a plugin."""
    hooks = pytest.importorskip(
        "docs.hooks", exc_type=ImportError, reason="MkDocs is installed where the site is built"
    )
    generated = {name: text for name, text in hooks.pages(False) if not name.startswith("api/")}
    written = {path.relative_to(DOCS).as_posix(): path.read_text("utf-8") for path in DOCS.glob("**/*.md")}
    filled = {name: made() for name, (_, made) in hooks.FILLED.items() if name != "api.md"}
    return generated | written | {f"what is filled into {name}": text for name, text in filled.items()}


def test_no_heading_of_any_page_skips_a_level():
    assert len(pages()) > 80
    assert {name: found for name, text in pages().items() if (found := jumps(text))} == {}


def test_a_skipped_level_would_be_seen_and_a_comment_in_code_is_no_heading():
    assert jumps("# a\n\n## b\n\n#### c\n\n## d\n") == [(2, 4)]
    assert jumps("# a\n\n``` sh\n### no heading\n```\n\n## b\n") == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_first_clause_stands_near_the_top_and_the_sources_at_the_end(platform):
    page = clauses_pages.page(register.load(platform), Path("none"))
    headings = re.findall(r"^## (.+?)(?: \{.*)?$", page, re.MULTILINE)
    assert (headings[0], headings[-1]) == ("Clauses", "Sources")
    assert len(page.partition("\n#### ")[0]) < 500
    assert "[sources](#sources)" in page.partition("\n## ")[0]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_answer_that_no_source_says_is_not_called_settled_by_one(platform):
    known = register.load(platform)
    page = clauses_pages.page(known, Path("none"))
    grades = {one.id: one.grade for one in known.clauses}
    for entry in known.ambiguities:
        section = page.partition(f"{{ #{entry.id.partition(':')[2]} }}")[2].partition("\n###")[0]
        assert section, entry.id
        concluded = entry.status == "settled" and grades.get(entry.adopted.partition("=")[0]) == "inferred"
        assert ("settled by conclusion" in section) == concluded, entry.id


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_topic_of_a_page_of_a_platform_begins_twice(platform):
    """Two headings of one name cannot be told apart in the table of contents."""
    made = [
        clauses_pages.page(register.load(platform), Path("none")),
        platform_pages.checklist(platform),
        slips_pages.page(platform),
        faults_pages.page(platform),
    ]
    for page in made:
        found = re.findall(r"^#{2,3} ([^{\n]+?)(?: \{.*)?$", page, re.MULTILINE)
        assert sorted(found) == sorted(set(found))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_table_of_contents_shows_no_part_of_a_heading_that_is_hidden(platform):
    page = clauses_pages.page(register.load(platform), Path("none"))
    hidden = re.findall(r"^### <span hidden>.*$", page, re.MULTILINE)
    assert len(hidden) == len(register.load(platform).advice)
    assert all(re.search(r" data-toc-label=advice\.\S+ \}$", line) for line in hidden)
