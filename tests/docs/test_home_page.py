"""The home page: what its pictures show is in a run, what it says of each platform is in the register, it is small."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from docs import home_page
from handshakes.cli.command import COMMANDS
from handshakes.platforms import PLATFORMS
from handshakes.spec import register

ROOT = Path(__file__).parents[2]
WRITTEN = (ROOT / "docs" / "index.md").read_text("utf-8")


@cache
def page() -> str:
    return home_page.filled(WRITTEN)


MOST = 15
"""Characters of a label between two lanes that stand side by side; more would cover the arrow's head."""


def test_the_first_sentence_names_the_four_platforms_with_their_other_names():
    first = page().partition("\n# ")[2].split("\n\n")[1].partition(". ")[0]
    assert [first.find(one.title.replace(" Marketplace", "")) >= 0 for one in PLATFORMS.values()] == [
        True
    ] * 4
    assert "(Simla)" in first and "(Zeamster)" in first


def test_nothing_is_left_to_be_generated():
    assert "<!--" not in page()
    assert WRITTEN.count("<!--") == 3


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_arrow_is_a_message_of_the_run(platform):
    lanes, found = home_page.arrows(platform)
    picks = home_page.PICTURES[platform].picks
    assert [one.label for one in found] == [pick.label for pick in picks]
    assert len(set(lanes)) == 3
    assert all(len(one.label) <= MOST for one in found if abs(one.sender - one.receiver) == 1)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_message_that_the_run_does_not_have_is_not_drawn(platform, monkeypatch):
    whole = home_page.PICTURES[platform]
    for picks in (
        (home_page.Pick("request", "GET /never-asked", "GET"), *whole.picks),
        (whole.picks[-1], *whole.picks),  # the order is that of the run
    ):
        monkeypatch.setitem(home_page.PICTURES, platform, replace(whole, picks=picks))
        with pytest.raises(home_page.NotShown):
            home_page.arrows(platform)


@pytest.mark.parametrize(
    ("platform", "covered"),
    [
        ("officernd", {"GET healthcheck": "signed"}),
        ("retailcrm", {"POST register": "signed"}),
        ("onoffice", {"GET activate?…": "signed", "unlockProvider": "signed"}),
        ("fortis", {"GET launch?data=…": "encrypted"}),
    ],
)
def test_blue_is_what_the_pages_say_is_signed_or_encrypted(platform, covered):
    _, found = home_page.arrows(platform)
    assert {one.label: one.style for one in found if one.style in ("signed", "encrypted")} == covered


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_is_said_of_a_platform_has_a_clause_and_says_when_it_is_ours(platform):
    spec = register.load(platform)
    section = page().partition(f"### {PLATFORMS[platform].title}\n")[2].partition("### ")[0]
    for name, _, clauses in home_page.PICTURES[platform].facts:
        (line,) = [line for line in section.splitlines() if line.startswith(f"- **{name}:**")]
        for id in clauses:
            grade = spec.clause(f"{platform}:{id}").grade
            assert f"clauses/{platform}.md#{id})" in line
            assert (f", {grade}" in line) == (grade in ("inferred", "assumed"))


@pytest.mark.parametrize(
    ("platform", "said"), [("officernd", "300 s back and 60 s"), ("onoffice", "300 s back and 120 s")]
)
def test_the_windows_are_those_of_the_clauses(platform, said):
    assert page().count(said) == 1
    times = home_page.tolerance(platform)
    if platform == "onoffice":
        text = register.load(platform).clause("onoffice:url.tolerance").text
        assert re.findall(r"\d+ seconds", text) == [f"{one} seconds" for one in times]
    assert said == f"{times[0]} s back and {times[1]} s"


def test_every_command_is_named_and_those_in_the_text_run():
    for name in COMMANDS:
        assert f"\n- `handshakes {name}`: " in page()
    (counted,) = re.findall(r"has its source\.\*\* ([\d,]+) \[clauses\]", page())
    assert int(counted.replace(",", "")) == sum(len(register.load(name).clauses) for name in PLATFORMS)
    python = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    assert f"Python {python.removeprefix('>=')} or newer" in page()
    request = (
        "https://partner.example/healthcheck?slug=test-slug&locations=&signature=t%3D1648190384%2Csignature"
        "%3D7fab70b2b7b8363a66720a3afd7fba6b16aff21e27a878f90014a593495312b4"
    )
    assert "\nhandshakes verify officernd\n" in page()
    ran = subprocess.run(
        [Path(sys.executable).parent / "handshakes", "verify", "officernd", "-", "--now", "1648190394"],
        input=request, capture_output=True, text=True, env=os.environ | {"HANDSHAKES_SECRET": "example-integration-secret"},
    )  # fmt: skip
    assert ran.stdout.startswith("Verified. ")


def test_the_pictures_are_said_in_words_and_take_little_room():
    pictures = re.findall(r"<svg .*?</svg>", page())
    assert len(pictures) == 4
    for picture in pictures:
        said = re.search(r'aria-label="([^"]*)"', picture)[1]
        assert len(re.findall(r"<g class=", picture)) == said.count(";") + 1
    assert len(gzip.compress("".join(pictures).encode())) < 6_000
