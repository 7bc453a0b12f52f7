"""The table of entries: every entry of the sheets of facts is found again in a register."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from handshakes.spec import register

ROOT = Path(__file__).parents[2]
# How many entries of each letter the sheets have.
SHEETS = {
    "officernd": {"S": 24, "C": 16, "H": 9, "W": 8},
    "retailcrm": {"A": 33, "S": 11},
    "onoffice": {"A": 45},
    "fortis": {"A": 44, "S": 22},
}


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_entries", ROOT / "docs" / "make_entries.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_what_the_registers_say(maker):
    assert maker.FILE.read_text("utf-8") == maker.page(), "run python docs/make_entries.py"


@pytest.mark.parametrize("platform", register.platforms())
def test_every_entry_of_the_sheet_is_in_the_table(platform, maker):
    found = {id[0] + str(int(id[1:])) for id, *_ in maker.entries(register.load(platform))}
    expected = {f"{letter}{n}" for letter, last in SHEETS[platform].items() for n in range(1, last + 1)}
    assert expected - found == set()


def test_every_platform_has_a_sheet():
    assert sorted(SHEETS) == list(register.platforms())
