"""What the trial's reader judged as named stays named; `two_hundred_data/README.md` says how the trial was made."""

from __future__ import annotations

import json

import pytest

from tests.trials.two_hundred import FOLDER, answered

INPUTS = {
    row["id"]: row for row in map(json.loads, (FOLDER / "inputs.jsonl").read_text("utf-8").splitlines())
}
JUDGED = [line.split("\t") for line in (FOLDER / "judged.tsv").read_text("utf-8").splitlines()[1:]]


def test_there_are_two_hundred_of_which_the_reader_found_most_named():
    assert len(INPUTS) == len(JUDGED) == 200
    assert [sum(row[at] == "named" for row in JUDGED) for at in (1, 2)] == [163, 187]


@pytest.mark.parametrize(("id", "by"), [(row[0], row[3]) for row in JUDGED if row[2] == "named"])
def test_a_cause_that_was_named_is_named(id, by):
    answer = answered(INPUTS[id])
    if by == "verified":
        assert (answer["verdict"], answer["first_group"]) == ("verified", [])
    elif by == "nothing fits":
        assert (answer["verdict"], answer["first_group"]) == ("refused", [])
    elif by.startswith("undone: "):
        assert by.removeprefix("undone: ") in answer["undone"]
    elif by.startswith("mine: "):
        assert answer["mine"].startswith(by.removeprefix("mine: "))
    else:
        assert by in [one.partition(" (")[0] for one in answer["first_group"]]
