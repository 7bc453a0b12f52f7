"""The search: what it puts first, asked in Node of the very script that the site's readers run."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
from docs.checks import searches

from docs import searching
from handshakes.platforms import PLATFORMS
from tests.oracles import tool

HERE = Path(__file__).parent
SEPARATOR = re.search(r"separator: '(.*)'\n", (HERE.parents[1] / "mkdocs.yml").read_text("utf-8"))[1]
PAGES = {
    "clauses/officernd.html": ("Clauses of OfficeRnD", ""),
    "clauses/officernd.html#signature": ("signature", ""),
    "clauses/officernd.html#signature.syntax": (
        "officernd:signature.syntax",
        "Split the value at commas. Fields with other names are ignored: an unknown field.",
    ),
    "clauses/retailcrm.html": ("Clauses of RetailCRM", ""),
    "clauses/retailcrm.html#edit.client-id": ("retailcrm:edit.client-id", "The module chooses clientId."),
    "clauses/retailcrm.html#transition.unknown": (
        "retailcrm:transition.unknown",
        "An unknown clientId is refused; no field is shown, and no signature.",
    ),
    "mistakes/general.html": ("Mistakes", ""),
    "mistakes/general.html#key-quoted": (
        "key-quoted",
        "The secret was quoted. Known from .env files. Take the quotes out.",
    ),
    "mistakes/general.html#plus-as-blank": ("plus-as-blank", "A plus sign arrived as a blank."),
    "mistakes/general.html#blank-as-plus": ("blank-as-plus", "Blanks were signed as plus signs."),
    "clauses/onoffice.html": ("Clauses of onOffice", ""),
    "clauses/onoffice.html#api.envelopes": (
        "onoffice:api.envelopes",
        "The secret is not in it, nor in quotes.",
    ),
    "judge.html": ("Judge a partner", "It plays the platform."),
    "judge.html#what-comes-out": ("What comes out", "Exit status, or exit code: 4 is said of what was not tested."),
    "clauses/officernd.html#healthcheck.failure": ("officernd:healthcheck.failure", "Answer an error status."),
    "clauses/fortis.html": ("Clauses of Fortis", ""),
    "clauses/fortis.html#blank": ("fortis:blank", "A blank is a blank."),
    "troubleshooting.html": ("Troubleshooting", ""),
    "troubleshooting.html#frame": ("The popup is blank, or the browser refuses the frame", "Look at the headers of it."),
    "faults/onoffice.html": ("Faults", ""),
    "faults/onoffice.html#api-error-42": ("api-error-42", "The API answers 42."),
    "long.html": ("Long", f"{'straw ' * 300} a needle in a haystack {'hay ' * 300} a needle {'straw ' * 300}"),
    "frameworks.html": ("Frameworks", "nginx decodes /a/b paths."),
}  # fmt: skip


@cache
def found(*queries: str) -> list[list[tuple[str, list[str], str]]]:
    """Return what each query finds, best first, with the words that are missing there and what is shown."""
    material = pytest.importorskip("material", reason="the theme is installed where the site is built")
    (theme,) = (Path(material.__file__).parent / "templates/assets/javascripts/workers").glob("search.*.js")
    docs = [
        {"location": place, "title": title, "text": text, "boost": searching.boost(place, title)}
        for place, (title, text) in PAGES.items()
    ]
    config = {"lang": ["en"], "separator": SEPARATOR.replace("''", "'"), "pipeline": ["trimmer"]}
    config["fields"] = {"title": {"boost": 1000.0}, "text": {"boost": 1.0}}
    asked = {
        "script": searching.worker(theme.read_text("utf-8")),
        "index": {"config": config, "docs": docs, "options": {"suggest": False}},
        "queries": queries,
    }
    command = [tool("node"), HERE / "searching.mjs"]
    done = subprocess.run(command, input=json.dumps(asked).encode(), capture_output=True, check=True)
    return [[tuple(one) for one in each] for each in json.loads(done.stdout)]


FIRST = {
    "secret in quotes .env": "mistakes/general.html#key-quoted",
    "exit status 4": "judge.html#what-comes-out",
    "exit code": "judge.html#what-comes-out",
    "officernd unknown field in signature": "clauses/officernd.html#signature.syntax",
    "OfficeRnD signature": "clauses/officernd.html#signature.syntax",
    "Simla unknown field": "clauses/retailcrm.html#transition.unknown",
    "plus signs arrive as blanks": "mistakes/general.html#plus-as-blank",
    "blank-as-plus": "mistakes/general.html#blank-as-plus",
    "client id": "clauses/retailcrm.html#edit.client-id",
    "clientId": "clauses/retailcrm.html#edit.client-id",
    "onoffice nginx": "frameworks.html",
    "how is a/b decoded?": "frameworks.html",
    "failing health check": "clauses/officernd.html#healthcheck.failure",
    "popup blank": "troubleshooting.html#frame",
    "enve": "clauses/onoffice.html#api.envelopes",
}


@pytest.mark.parametrize("query", FIRST)
def test_what_has_the_words_of_a_search_comes_first(query):
    (place, *_), *_ = found(*FIRST)[list(FIRST).index(query)]
    assert place == FIRST[query]


def test_whole_words_come_before_beginnings_of_words_and_bare_headings_behind():
    places = [place for place, *_ in found("env secret", "signature")[0]]
    assert places.index("mistakes/general.html#key-quoted") < places.index(
        "clauses/onoffice.html#api.envelopes"
    )
    places = [place for place, *_ in found("env secret", "signature")[1]]
    assert places.index("clauses/officernd.html#signature.syntax") < places.index(
        "clauses/officernd.html#signature"
    )


def test_a_platform_that_is_named_comes_before_the_others_and_is_not_called_missing_there():
    rows = found("retailcrm unknown field signature")[0]
    places = [place for place, *_ in rows]
    assert places.index("clauses/retailcrm.html#transition.unknown") < places.index(
        "clauses/officernd.html#signature.syntax"
    )
    missing = {place: words for place, words, _ in rows}
    assert missing["clauses/retailcrm.html#transition.unknown"] == []
    assert missing["clauses/officernd.html#signature.syntax"] == ["retailcrm"]


def test_a_phrase_finds_what_its_words_find_without_the_and_of():
    phrase, words, ids, *_ = found("what is the sign, of the plus?", "sign plus", "plus-as-blank", "the")
    assert phrase == words
    assert ids[0][0] == "mistakes/general.html#plus-as-blank"
    assert found("the")[0]  # alone it is a word like any other


def test_a_missing_word_is_named_as_it_was_typed():
    missing = {place: words for place, words, _ in found("quotes arriving")[0]}
    assert missing["mistakes/general.html#key-quoted"] == ["arriving"]


def test_a_letter_and_a_number_are_no_beginnings_of_other_words():
    rows = found("api 4", "r secret")
    missing = {place: words for place, words, _ in rows[0]}
    assert missing["faults/onoffice.html#api-error-42"] == ["4"]
    assert missing["judge.html#what-comes-out"] == ["api"]
    assert {"r"} <= {word for _, words, _ in rows[1] for word in words}


def test_a_short_form_is_left_out_like_the_words_that_it_stands_for():
    short, plain, end, bare = found("secret doesn't quotes", "secret quotes", "what's plus", "plus")
    assert short == plain
    assert end == bare


def test_a_word_finds_what_is_said_with_another_of_the_same_meaning():
    blank, answer = (
        {place: words for place, words, _ in rows} for rows in found("plus space", "reply status")
    )
    assert blank["mistakes/general.html#plus-as-blank"] == []
    assert answer["clauses/officernd.html#healthcheck.failure"] == []


def test_a_word_has_its_like_in_one_group():
    words = [word for group in searching.ALIKE.split(", ") for word in group.split()]
    assert len(words) == len(set(words))
    assert not set(words) & set(searching.FUNCTION_WORDS.split())


def test_two_words_find_what_is_written_as_one():
    missing = {place: words for place, words, _ in found("health check failing")[0]}
    assert missing["clauses/officernd.html#healthcheck.failure"] == ["failing"]


def test_of_a_long_section_the_part_is_shown_that_has_the_words():
    (place, _, text), *_ = found("needle haystack")[0]
    assert place == "long.html"
    assert len(re.sub("<[^>]*>", "", text)) < 300
    assert re.sub("<[^>]*>", "", text).count("needle in a haystack") == 1
    assert text.startswith("… ")
    assert text.endswith(" …")


def test_what_has_less_than_half_of_the_words_is_left_out_beside_what_has_them_all():
    places = [place for place, *_ in found("plus sign arrived blank")[0]]
    assert "mistakes/general.html#plus-as-blank" in places
    assert "clauses/retailcrm.html#transition.unknown" not in places
    assert [
        place for place, *_ in found("arrived unheard")[0]
    ]  # where nothing has all, the best is still there


@pytest.mark.parametrize(
    "query", ["", "?", '"', "the", "+-*", "a" * 5000, "[(", "-secret", '"unknown field"']
)
def test_any_text_may_be_typed(query):
    assert isinstance(found(query)[0], list)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_ten_questions_of_each_platforms_readers_are_asked_and_name_it(platform):
    rows = searches.questions()[platform]
    assert len(rows) >= 10
    named = re.findall(r"\w+", PLATFORMS[platform].title.lower())
    assert all(any(word in ask.lower() for word in named) and places for ask, places in rows.items())
