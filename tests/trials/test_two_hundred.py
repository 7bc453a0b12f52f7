"""What the trial's reader judged as named stays named; `two_hundred_data/README.md` says how the trial was made."""

from __future__ import annotations

import re

import pytest

from tests.trials.two_hundred import answered, beside, rows_of

SETS = (1, 2, 3)
INPUTS = {number: {row["id"]: row for row in rows_of(number)} for number in SETS}
JUDGED = {
    number: [line.split("\t") for line in beside("judged.tsv", number).read_text("utf-8").splitlines()[1:]]
    for number in SETS
}
NAMED = [(number, row[0], row[3]) for number in SETS for row in JUDGED[number] if row[2] == "named"]


@pytest.mark.parametrize(("number", "blind", "now"), [(1, 163, 187), (2, 164, 198), (3, 190, 199)])
def test_there_are_two_hundred_of_which_the_reader_found_most_named(number, blind, now):
    assert len(INPUTS[number]) == len(JUDGED[number]) == 200
    assert [sum(row[at] == "named" for row in JUDGED[number]) for at in (1, 2)] == [blind, now]


@pytest.mark.parametrize(("number", "id", "by"), NAMED)
def test_a_cause_that_was_named_is_named(number, id, by):
    answer = answered(INPUTS[number][id])
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


def with_another_digit(row):
    """Return the input with the first digit of its digest changed, or None where no digest of 64 digits is in it."""
    pasted = str(row.get("pasted", ""))
    found = re.search(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", pasted)
    if found is None or pasted.count(found[0]) > 1 or "base64=" in pasted:  # there it stands twice
        return None
    other = "0" if found[0][0] != "0" else "1"
    changed = pasted[: found.start()] + other + pasted[found.start() + 1 :]
    return {**row, "pasted": changed, "mine": None, "mine_digest": ""}


CHANGED = [
    (number, id, row)
    for number in SETS
    for id, one in INPUTS[number].items()
    if (row := with_another_digit(one)) is not None
]
THIRD = CHANGED[::3]
"""What is asked each time: all of them take half a minute, and fail alike. On 30 November 2026 all 296 were asked."""


@pytest.mark.parametrize(("number", "id", "row"), THIRD, ids=[f"{one[0]}-{one[1]}" for one in THIRD])
def test_no_cause_is_named_for_a_digest_of_which_one_digit_is_changed(number, id, row):
    answer = answered(row)
    assert (answer["verdict"], answer["first_group"]) in (("refused", []), ("unrecognised", []))


def test_enough_inputs_have_a_digest_to_change():
    assert [sum(one[0] == number for one in CHANGED) > 80 for number in SETS] == [True, True, True]
