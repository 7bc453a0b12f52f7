"""The form of the lessons: short, small cells, links that lead somewhere, and cells that name what they show."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from docs import recipe_pages
from handshakes.spec import register

LESSONS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
LONGEST = 15
"""Lines of a code cell."""
MINUTES = 20


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
