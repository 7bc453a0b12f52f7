"""The glossary: each platform's words are in the clauses that it names, and the guide's own in the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs import glossary_page
from handshakes.core.refusals import REASONS
from handshakes.explain.entries import slips
from handshakes.platforms import PLATFORMS
from handshakes.spec import register
from handshakes.spec.register_linting import CHOICES

PAGE = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text("utf-8")
WORDS = [
    (platform, word, id) for platform, words in glossary_page.WORDS.items() for word, (_, id) in words.items()
]


def has(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


@pytest.mark.parametrize(("platform", "word", "id"), WORDS)
def test_a_platforms_word_is_in_its_clause(platform, word, id):
    assert has(register.load(platform).clause(f"{platform}:{id}").text, word)


def test_a_word_that_is_not_in_its_clause_would_be_seen():
    assert not has(register.load("fortis").clause("fortis:launch.mode").text, "modes")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_platforms_word_for_the_partner_is_the_one_of_the_code(platform):
    section = glossary_page.sections().partition(f"{{ #{platform} }}")[2].partition("\n### ")[0]
    assert f"*{PLATFORMS[platform].partner}*" in section


def test_the_guides_words_are_in_order_and_their_examples_exist():
    own = PAGE.partition("## Words of this guide")[2].partition("\n## ")[0]
    words = re.findall(r"^- \*\*(\w+)\*\*:", own, re.MULTILINE)
    assert words == sorted(words)
    assert "(must, should, may)" in own and CHOICES["level"] == ("must", "should", "may")
    spec = register.load("officernd")
    for id in re.findall(r"`officernd:([^`]+)`", own):
        known = {one.id for one in (*spec.clauses, *spec.ambiguities, *spec.readings())}
        assert f"officernd:{id}" in known
    assert {"json-python"} <= set(slips()) and "stale" in REASONS
    assert "`json-python`" in own and "`stale`" in own
