"""The form of the lessons: short, small cells, links that lead somewhere, and cells that name what they show."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from docs import lesson_ids, notebook_pages, recipe_pages
from handshakes.spec import register

LESSONS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
LONGEST = 15
"""Lines of a code cell."""
MINUTES = 20
PLATFORM = f"(?:{'|'.join(register.platforms())})"


def cells(lesson: Path, kind: str) -> list[str]:
    found = json.loads(lesson.read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in found if cell["cell_type"] == kind]


def clauses(lesson: Path) -> list[str]:
    found = json.loads(lesson.read_text("utf-8"))["cells"]
    return [clause for cell in found for clause in cell["metadata"].get("clauses", ())]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_a_lesson_has_at_most_sixty_cells(lesson):
    assert len(json.loads(lesson.read_text("utf-8"))["cells"]) <= 60


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_a_lesson_takes_at_most_twenty_minutes(lesson):
    """At 200 words of text a minute, and two seconds for a line of code."""
    words = sum(len(text.split()) for text in cells(lesson, "markdown"))
    lines = sum(len(text.splitlines()) for text in cells(lesson, "code"))
    assert words / 200 + lines * 2 / 60 <= MINUTES


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_a_code_cell_has_at_most_fifteen_lines(lesson):
    assert [text for text in cells(lesson, "code") if len(text.splitlines()) > LONGEST] == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_every_lesson_that_a_lesson_links_exists(lesson):
    linked = re.findall(r"\]\(([\w.-]+\.ipynb)", "\n".join(cells(lesson, "markdown")))
    assert [name for name in linked if not (lesson.parent / name).is_file()] == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_a_section_that_a_lesson_names_is_in_it(lesson):
    text = "\n".join(cells(lesson, "markdown"))
    known = set(re.findall(r"^## (\d+) ", text, re.MULTILINE))
    assert set(re.findall(r"sections? (\d+)", re.sub(r"\s+", " ", text))) <= known


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_the_sections_of_a_lesson_are_numbered_in_order(lesson):
    numbers = re.findall(r"^## (\d+) ", "\n".join(cells(lesson, "markdown")), re.MULTILINE)
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("lesson", LESSONS[1:], ids=lambda lesson: lesson.stem)
def test_the_cells_of_a_lesson_name_the_clauses_that_they_show(lesson):
    known = {clause.id for platform in register.platforms() for clause in register.load(platform).clauses}
    assert len(clauses(lesson)) > 4
    assert set(clauses(lesson)) <= known


def test_every_lesson_but_the_first_and_the_attacks_belongs_to_a_platform():
    listed = [stem for stems in recipe_pages.LESSONS.values() for stem in stems.values()]
    rest = [lesson.stem for lesson in LESSONS if lesson.stem not in listed]
    assert rest == ["00-start-here", "05-attacks", "05b-attacks-on-the-others"]
    assert listed == sorted(listed)


def test_the_first_lesson_links_every_other():
    text = "\n".join(cells(LESSONS[0], "markdown"))
    assert [lesson.name for lesson in LESSONS[1:] if f"({lesson.name})" not in text] == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_a_paragraph_of_a_lesson_names_at_most_one_id(lesson):
    """A clause or an entry; further ones are in the small print below, as `See C2, S1.`"""
    known = lesson_ids.known("onoffice") if lesson.stem.startswith("03") else frozenset()
    examples = ["S1"] if lesson.stem.startswith("05b") else []
    for text in cells(lesson, "markdown"):
        for paragraph in re.split(r"\n\s*\n|\n(?=[-*] |\d+\. )", text):
            if paragraph.startswith(("|", "<small>See ")):
                continue
            spans = re.findall(r"`([^`]*)`", paragraph)
            named = [span for span in spans if span in known or re.match(rf"{PLATFORM}:[a-z]", span)]
            rest = re.sub(r"`[^`]*`|\[[^\]]*\]\([^)]*\)", "", paragraph)
            named += [one for one in re.findall(r"\b[A-Z]\d{1,2}\b", rest) if one not in examples]
            assert len(named) <= 1, paragraph


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_every_clause_in_the_text_of_a_lesson_is_a_link_on_its_page(lesson):
    page = re.sub(r"^(`{3,}).*?^\1$", "", notebook_pages.page(lesson), flags=re.MULTILINE | re.DOTALL)
    assert re.findall(rf"`{PLATFORM}:[a-z][\w.=-]+`", page) == []
    named = re.findall(rf"`{PLATFORM}:[a-z][\w.=-]+`", "\n".join(cells(lesson, "markdown")))
    assert page.count("](../clauses/") >= len(named)


def test_an_id_that_no_register_has_and_one_in_code_or_in_a_link_stay_as_they_are():
    for text in (
        "`fortis:no.such`",
        "`a S01 b`",
        "[A25](x.md)",
        "```console\n$ A25\n```",
        "`hmac.new`",
        "HA25",
    ):
        assert lesson_ids.linked(text, "fortis") == text
    assert lesson_ids.linked("A25") == "A25"
    assert lesson_ids.linked("S07", "fortis") == "[S07](../clauses/fortis.md#advice.little-is-signed)"
    assert (
        lesson_ids.linked("`unlock.call`", "onoffice") == "[unlock.call](../clauses/onoffice.md#unlock.call)"
    )


def test_a_cell_that_shows_clauses_says_so_below_its_output():
    lesson = next(one for one in LESSONS if one.stem == "04-fortis")
    page = notebook_pages.page(lesson)
    assert page.count("\nShows [") == sum(
        bool(cell["metadata"].get("clauses")) for cell in notebook_pages.cells(lesson)
    )


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_every_entry_in_the_text_of_a_lesson_is_a_link_on_its_page(lesson):
    examples = ["S1"] if lesson.stem.startswith("05b") else []
    page = re.sub(r"^(`{3,}).*?^\1$", "", notebook_pages.page(lesson), flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r"\[[^\]]*\]\([^)]*\)|<svg.*?</svg>|`[^`]*`", "", page, flags=re.DOTALL)
    assert set(re.findall(r"\b[A-Z]\d{1,2}\b", prose)) <= set(examples)
