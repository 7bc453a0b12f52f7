"""The page on dependencies: every package has its reason, its pin and a licence."""

from __future__ import annotations

import tomllib

import pytest

from docs import dependencies_page as page

WHY = tomllib.loads(page.WHY.read_text("utf-8"))["what"]


def test_every_package_that_is_asked_for_has_a_reason_and_no_reason_is_left_over():
    assert sorted(WHY) == sorted(page.named())


HERE = [name for name, extras in page.named().items() if {"", "notebooks", "tests", "postgres"} & set(extras)]
"""What the tests are installed with; the rest is there when the site is built."""


@pytest.mark.parametrize("name", page.named())
def test_a_package_is_pinned(name):
    assert page.pins()[name]


@pytest.mark.parametrize("name", HERE)
def test_a_package_states_a_licence(name):
    assert page.licence(name) not in ("", "not stated", "not installed here")


def test_a_package_that_is_not_there_is_said_not_to_be():
    assert page.licence("no-such-package-anywhere") == "not installed here"


def test_both_tables_stand_in_the_page():
    filled = page.filled((page.ROOT / "docs" / "dependencies.md").read_text("utf-8"))
    assert "| psycopg | " in filled and "LGPL-3.0-only" in filled
    assert "| pyodide | " in filled and "MPL-2.0" in filled
    assert "<!--" not in filled
