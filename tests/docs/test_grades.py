"""How a rule is known is said alike by the lessons, the short answers and the register."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest

from docs import questions_page
from handshakes.platforms import PLATFORMS
from handshakes.spec import register

LESSONS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
MEANS = {
    "page": "documented",
    "other page": "documented",
    "official code": "official-code",
    "example": "official-code",
    **dict.fromkeys(("observed", "measured", "inferred", "assumed")),
}
"""What a lesson writes, and the grade in the register where that is another word."""
SAID = re.compile(rf"\*({'|'.join(MEANS)})\*|\b(page),")
ID = re.compile(r"`(?:[a-z]+:)?([a-z]+\.[\w.-]+)`|\b([A-Z]{1,2}\d{1,2})\b")


@cache
def spec(platform: str) -> register.Register:
    return register.load(platform)


def disagreeing(platform: str, text: str) -> list[str]:
    """Return the words for evidence that no clause beside them has, nor the evidence of an ambiguity beside them."""
    known = {one.id.partition(":")[2]: one for one in (*spec(platform).clauses, *spec(platform).advice)}
    questions = {one.id.partition(":")[2]: one for one in spec(platform).ambiguities}
    found = []
    for inner in re.findall(r"\(([^()]*)\)", text):
        ids = [one or other for one, other in ID.findall(inner)]
        clauses = [known[id] for id in ids if id in known]
        asked = [questions[id] for id in ids if id in questions]
        for word in {one or other for one, other in SAID.findall(inner)} if clauses or asked else ():
            grade = MEANS[word] or word
            if not clauses:
                fits = word == "page" or any(_of_question(platform, one, word, grade) for one in asked)
            else:  # a conclusion may begin with a sentence of the vendor's page
                on_page = word == "page" and any(one.source.startswith("seed") for one in clauses)
                fits = on_page or any(one.grade == grade for one in clauses)
            if not fits:
                found.append(f"{word}: {inner}")
    return found


def _of_question(platform: str, asked: register.Ambiguity, word: str, grade: str) -> bool:
    grades = {one.grade for one in spec(platform).clauses if one.id in asked.clauses}
    against = (one.against for one in asked.readings)
    evidence = " ".join([asked.reason, spec(platform).reading(asked.adopted).for_, *against])
    return (
        grades == {grade}
        or asked.status == word
        or {"other page": "page"}.get(word, word) in evidence.lower()
    )


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_a_lesson_says_of_a_rule_what_its_register_says(lesson):
    platform = next((name for name in PLATFORMS if name in lesson.stem), None)
    cells = json.loads(lesson.read_text("utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    if platform:
        assert [one for text in texts for one in disagreeing(platform, text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "keeps its data (A30; *official code*)",
        "keeps its data (`retailcrm:activity.data-kept`; *official code*)",
        "posts it (page, Module connection request; `retailcrm:register.key-issued`)",
    ],
)
def test_another_grade_than_the_registers_would_be_seen(text):
    assert len(disagreeing("retailcrm", text)) == 1
    assert disagreeing("retailcrm", "keeps its data (`retailcrm:activity.data-kept`; *inferred*)") == []


@pytest.mark.parametrize("id", [one.id for rows in questions_page.questions().values() for one in rows])
def test_a_short_answer_says_inferred_or_assumed_only_of_what_is(id):
    (one,) = [one for rows in questions_page.questions().values() for one in rows if one.id == id]
    texts = {each.id: each.text for name in PLATFORMS for each in spec(name).clauses}
    known = " ".join(f"{questions_page.how_known(each)} {texts.get(each, '')}" for each in one.see)
    assert [word for word in ("inferred", "assumed") if f"({word})" in one.answer and word not in known] == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_question_is_settled_by_an_assumption(platform):
    grades = {one.id: one.grade for one in spec(platform).clauses}
    settled = [one for one in spec(platform).ambiguities if one.status == "settled"]
    assert settled
    assert [one.id for one in settled if grades.get(one.adopted.partition("=")[0]) == "assumed"] == []
