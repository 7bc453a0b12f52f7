"""What is said of the strangers is what their stored answers say."""

from __future__ import annotations

import csv
import re
import tomllib
from pathlib import Path

import pytest

from handshakes.platforms import PLATFORMS
from handshakes.spec import vectors
from tests.oracles import tool
from tests.trials.readers.ask import Adapter, judged, questions

FOLDER = Path(__file__).parent / "readers"
LEDGER = Path(__file__).parents[2] / "docs" / "strangers.toml"
LANGUAGES = {"Ruby 3.1": "ruby", "Node 20": "node", "PHP 8.2": "php", "Go 1.19": "go"}


def answers(name: str) -> list[dict[str, str]]:
    with (FOLDER / "answers" / f"{name}.tsv").open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def figures(rows: list[dict[str, str]]) -> tuple[int, ...]:
    right = [row for row in rows if (row["verdict"] == "accepted") == (row["expected"] == "accepted")]
    wrong = [row for row in rows if row not in right]
    return (
        len(rows),
        len(right),
        sum(row["worth"] == "passed" for row in rows),
        sum(row["verdict"] == "accepted" for row in wrong),
        sum(row["verdict"] == "refused" for row in wrong),
    )


@pytest.mark.parametrize(("title", "name"), LANGUAGES.items())
def test_the_table_of_the_trial_is_what_the_answers_say(title, name):
    line = next(
        row for row in (FOLDER / "README.md").read_text("utf-8").splitlines() if row.startswith(f"| {title} ")
    )
    told = tuple(int(cell.replace(",", "")) for cell in re.findall(r"\| ([\d,]+) (?=\|)", line)[1:])
    assert told == figures(answers(name))


def test_the_ledger_has_the_figures_of_the_trial():
    rows = {row["name"]: row for row in tomllib.loads(LEDGER.read_text("utf-8"))["stranger"]}
    for title, name in LANGUAGES.items():
        row = rows[f"a program in {title.split()[0]} from the recipes alone"]
        told = (
            row["asked"],
            *(int(row[key]) for key in ("verdict", "reason", "false_accepts", "false_refusals")),
        )
        assert told == figures(answers(name))


@pytest.mark.parametrize("name", LANGUAGES.values())
def test_an_answer_that_is_stored_is_about_a_vector_that_there_was(name):
    ids = {
        id
        for platform in PLATFORMS
        for id in (vectors.file_of(platform).parent / "vector-ids.txt").read_text().split()
    }
    assert {row["id"] for row in answers(name)} <= ids
    assert len({row["id"] for row in answers(name)}) == len(answers(name))


@pytest.mark.parametrize(("name", "program"), [("node", "verifier.mjs"), ("php", "verifier.php")])
def test_a_program_that_was_handed_in_still_answers_as_it_did(name, program):
    """Vectors that came later are not asked; one whose answer was changed since has another id."""
    stored = {row["id"]: row for row in answers(name)}
    with Adapter([tool(name), str(FOLDER / "programs" / name / program)], timeout=20) as adapter:
        for question, expect in questions("officernd"):
            if question["id"] in stored:
                answer = adapter.ask(question)
                assert (answer["verdict"], judged(answer, expect)[0]) == (
                    stored[question["id"]]["verdict"],
                    stored[question["id"]]["worth"],
                )
        adapter.finish()
