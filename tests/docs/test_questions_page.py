"""Questions of the first week: each answer says no number and no word in code letters that its sources do not have."""

from __future__ import annotations

import doctest
import re
from functools import cache
from pathlib import Path

import pytest

from docs import questions_page
from handshakes.core.refusals import REASONS
from handshakes.onoffice.script import SCRIPT
from handshakes.platforms import PLATFORMS
from handshakes.spec import recipe, register

DOCS = Path(__file__).parents[2] / "docs"
QUESTIONS = {one.id: one for rows in questions_page.questions().values() for one in rows}
ALGORITHMS = {"256"}
"""Of SHA-256 and AES-256."""


@cache
def texts(platform: str) -> dict[str, str]:
    """Return everything that a register says of each clause, ambiguity and measure."""
    spec = register.load(platform)
    found = {one.id: f"{one.text} {one.violation}" for one in spec.clauses}
    found |= {one.id: f"{one.text} {one.why}" for one in spec.advice}
    for one in spec.ambiguities:
        found[one.id] = f"{one.question} {one.reason} {spec.reading(one.adopted).rule}"
    return found


@cache
def steps(platform: str) -> str:
    """Return everything that a recipe says, its limits filled in; each step is held to vectors by tests/spec/test_recipe.py."""
    found = recipe.load(platform)
    texts = [found.before]
    for operation in found.operations:
        texts += [one.text for one in (operation, *operation.takes, *operation.returns)]
        for line in recipe.lines(found, operation.id):
            texts += [line.text, line.reason or ""]
    return " ".join(texts)


def unfounded(question: questions_page.Question) -> list[str]:
    """Return the numbers and the words in code letters of an answer that nothing it rests on has."""
    said = " ".join(texts(id.partition(":")[0])[id] for id in question.see)
    if question.page.endswith("#the-message"):
        said += SCRIPT
    if question.page.startswith("recipes/"):
        said += steps(question.page.removeprefix("recipes/").partition(".md#")[0])
    if question.page == "sources.md":
        said += " ".join(one.title for name in PLATFORMS for one in register.load(name).sources)
    codes = re.findall(r"`([^`]+)`", question.answer)
    plain = re.sub(r"`[^`]+`", "", question.answer)
    found = [code for code in codes if not re.search(rf"(?<!\w){re.escape(code)}(?!\w)", said)]
    return found + [
        number
        for number in re.findall(r"(?<![A-Za-z\d])\d+", plain)
        if number not in ALGORITHMS and not re.search(rf"\b{number}(?:\b|xx)", said)
    ]


@pytest.mark.parametrize("id", QUESTIONS)
def test_an_answer_has_no_number_and_no_code_that_its_sources_do_not_have(id):
    one = QUESTIONS[id]
    assert unfounded(one) == []
    assert one.see or one.page


def test_a_wrong_number_and_a_wrong_name_would_be_seen():
    other = questions_page.Question("x", "", "Wait 31 s for `adit`.", ("retailcrm:register.timeout",))
    assert unfounded(other) == ["adit", "31"]
    other = questions_page.Question("x", "", "8,193, `stale`.", (), "recipes/officernd.md#verify_query")
    assert unfounded(other) == ["193"]


def test_what_an_answer_rests_on_is_linked_with_how_it_is_known():
    page = questions_page.sections()
    for one in QUESTIONS.values():
        section = page.partition(f"{{ #{one.id} }}")[2].partition("\n### ")[0]
        for id in one.see:
            platform, _, short = id.partition(":")
            assert f"(clauses/{platform}.md#{short}) {questions_page.how_known(id)}" in section
        named = any(f"`{code}`" in one.answer for code in REASONS)
        assert (f"[what to send back](#{questions_page.SENT_BACK})" in section) == named
        assert not one.page or (DOCS / one.page.partition("#")[0]).exists() or "/" in one.page
    assert doctest.testmod(questions_page) == (0, 1)


def test_an_answer_that_rests_on_conclusions_alone_is_told_from_one_that_is_documented():
    assert questions_page.how_known("fortis:postback.key") == "inferred"
    assert questions_page.how_known("onoffice:secret.set") == "documented"
    with pytest.raises(KeyError):
        questions_page.how_known("onoffice:secret.sat")


def test_the_page_begins_with_a_way_to_each_platform():
    first = (DOCS / questions_page.PAGE).read_text("utf-8")
    sections = re.findall(r"^## .* \{ #(\w+) \}$", questions_page.sections(), re.MULTILINE)
    assert re.findall(r"\(#(\w+)\)", first) == sections == [*PLATFORMS, "any"]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_ten_and_more_are_asked_of_each_platform(platform):
    rows = questions_page.questions()[platform]
    assert len(rows) >= 10 and len({one.ask for one in rows}) == len(rows)
