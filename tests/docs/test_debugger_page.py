"""What the debugger's page is made of: its examples name their mistakes, and each id has an address in the guide."""

from __future__ import annotations

import json
import re

import pytest

from docs import debugger_examples, debugger_page, recipe_pages, slips_pages
from handshakes.core.keys import PUBLIC_TEST_KEYS
from handshakes.explain import explain
from handshakes.explain.asking import ask
from handshakes.platforms import PLATFORMS
from handshakes.runtime.ciphers import AesCiphers

EXAMPLES = debugger_examples.examples()
CIPHERS = AesCiphers()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_an_example_is_explained_by_its_mistake_and_uses_a_public_key(example):
    found = explain(
        example.platform,
        example.pasted,
        secret=example.secret,
        now=debugger_examples.TIMES[example.platform],
        header=example.header,
        mine=example.mine.encode() or None,
        ciphers=CIPHERS,
    )
    assert example.secret in PUBLIC_TEST_KEYS
    if example.slip:
        first = found.explanations[0][0].id
        assert (found.verdict, first) == ("refused", example.slip), "its headline is its title"
    else:
        assert found.verdict == "verified"
        assert found.mine is not None and found.mine.explanations, "the person's own text is explained"


def test_each_platform_has_examples_and_each_has_an_address_of_its_own():
    assert {example.platform for example in EXAMPLES} == {*PLATFORMS}
    assert len({example.id for example in EXAMPLES}) == len(EXAMPLES)
    assert all(re.fullmatch(r"[a-z0-9-]+", example.id) for example in EXAMPLES)


def test_each_slip_and_each_step_of_a_recipe_is_found_on_the_page_that_is_named():
    found = json.loads(debugger_page.data())
    pages = {name: slips_pages.page("" if name == "general" else name) for name in ("general", *PLATFORMS)}
    for id, page in found["slips"].items():
        assert f"{{ #{id} }}" in pages[page], (id, page)
    recipes = {name: recipe_pages.page(name) for name in PLATFORMS}
    for clause, step in found["steps"].items():
        line = next(line for line in recipes[step["page"]].splitlines() if f'id="{step["step"]}"' in line)
        assert f"**{step['number']}**" in line, clause
    assert found["steps"]["officernd:signature.message"]["operation"] == "verify_query"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_the_platform_of_an_example_is_recognised(example):
    given = {"secret": example.secret, "now": debugger_examples.TIMES[example.platform]}
    assert ask("", example.pasted, given, ciphers=CIPHERS).platform == example.platform
