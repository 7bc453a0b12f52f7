"""The decisions describe the layout as it is: every module is named where its package is described."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import handshakes

ROOT = Path(handshakes.__file__).parent
DECISIONS = Path(__file__).parents[2] / "docs" / "decisions"
PLATFORMS = ("officernd", "retailcrm", "onoffice", "fortis")
INSIDE = ("faults", "slips")
"""Packages of tables, one for each kind, which are named as a whole."""


def modules(folder: str) -> set[str]:
    """Return the modules and packages of a folder, by name."""
    found = {path.stem for path in (ROOT / folder).rglob("*.py") if not set(INSIDE) & {*path.parent.parts}}
    return found - {"__init__"} | {name for name in INSIDE if any((ROOT / folder).rglob(name))}


def named_in(decision: str) -> set[str]:
    """Return the words that a decision writes as code."""
    text = next(DECISIONS.glob(f"{decision}-*.md")).read_text("utf-8")
    return {name.rstrip("/") for name in re.findall(r"`([\w/]+)`", text)}


@pytest.mark.parametrize(
    ("folder", "decision"),
    [
        ("core", "0002"),
        ("runtime", "0002"),
        ("spec", "0004"),
        ("web/app", "0008"),
        *((name, "0003") for name in PLATFORMS),
    ],
)
def test_every_module_is_named_in_the_decision_on_its_package(folder, decision):
    assert modules(folder) - named_in(decision) == set()


def test_the_decision_on_platforms_names_no_module_that_is_gone():
    tables = next(DECISIONS.glob("0003-*.md")).read_text("utf-8")
    rows = [row.split("|")[1] for row in tables.splitlines() if row.startswith("|")]
    named = {name.rstrip("/") for row in rows for name in re.findall(r"`([\w/]+)`", row)}
    there = {name for platform in PLATFORMS for name in modules(platform)} | {"partner", "simulator"}
    assert named - there == set()


def test_every_module_of_the_marketplace_is_named_in_its_decision():
    assert modules("web") - modules("web/app") - {"app"} - named_in("0011") == set()
