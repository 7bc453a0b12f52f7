"""The page on judging says what the command does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from handshakes.judge.judgement import levels
from handshakes.judge.profile import parse
from handshakes.judge.report import ORDER
from handshakes.officernd.simulator.faults import FAULTS
from handshakes.spec.register import load
from tests.cli.test_cli import run  # noqa: F401

PAGE = (Path(__file__).parents[2] / "docs" / "judge.md").read_text("utf-8")


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", PAGE, re.S))
def test_a_profile_of_the_page_is_one(text):
    assert parse(text) != parse("")


def test_every_judgement_is_explained_but_one_that_the_table_of_statuses_explains():
    rows = set(re.findall(r"^\| ([a-z ]+) \|", PAGE, re.M)) - {"judgement", "exit status"}
    assert rows == set(ORDER) - {"passes again"}
    assert re.findall(r"^\| ([0-9]) \|", PAGE, re.M) == ["0", "1", "2", "3", "4"]


def test_the_failure_that_is_shown_names_a_clause_and_a_case_that_exist():
    block = re.search(r"```text\n(FAIL .*?)```", PAGE, re.S)[1]
    clause, case = re.search(r"FAIL +(\S+)", block)[1], re.search(r"--only (\S+)", block)[1]
    assert levels(load("officernd"))[clause] == "must"
    assert FAULTS[case].clause == clause
    assert load("officernd").clause(clause).text in block


def test_the_options_of_the_page_exist(run):  # noqa: F811
    help_ = run("judge", "--help").text
    named = set(re.findall(r"`?(--[a-z][a-z-]+)", PAGE)) - {"--depth"}
    assert {name for name in named if name not in help_} == set()
