"""The search: which combinations of slips are tried, in which order, and how what is found is named."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from handshakes.core.cases import Case, Layer, Mac, Made
from handshakes.explain.budget import Budget
from handshakes.explain.search import FIRST, REST, _Keys, search

STATES = {"0": b"0", "1": b"1", "2": b"2", "3": b"3", "1+1": b"1+", "2+1": b"2+"}
"""A message for each cost of a state; of one slip, or of two."""
KEYS = {"0": b"abc", "1": b"abc\n", "1, a later one": b"abc\t", "2": b"undefined", "3": b"NULL"}
"""A key of the secret abc for each cost."""
MACS = ("0", "1", "2", "3")
ONE = {("0", "0", "0"), ("1", "0", "0"), ("0", "1", "0"), ("0", "0", "1"), ("2", "0", "0"), ("0", "2", "0"), ("0", "0", "2"), ("0", "3", "0"), ("0", "0", "3")}  # fmt: skip
"""Nothing, and one slip: the rarest ones of key and MAC too."""
TWO = {("1+1", "0", "0"), ("1", "1", "0"), ("1", "0", "1"), ("0", "1", "1"), ("0", "2", "1"), ("0", "1", "2"), ("1", "2", "0"), ("1", "0", "2"), ("2", "1", "0"), ("2", "0", "1")}  # fmt: skip
"""Two slips of which one at most is rare."""
THREE_FEW = {("1+1", "1", "0"), ("1+1", "0", "1"), ("3", "0", "0"), ("2+1", "0", "0")}
"""Three where two of them lie before key and MAC."""
THREE = {*THREE_FEW, ("1", "1", "1")}


def case(**options: Any) -> Case:
    """Return a case whose messages are those of `STATES`; a received value is all the (message, key, MAC) that fit it."""

    def before(state: tuple[Any, ...]) -> list[Made]:
        return [Made(f"s{cost}", (b"%d" % cost, state[1]), "", cost) for cost in (1, 2, 3)]

    def behind(state: tuple[Any, ...]) -> list[Made]:
        return [Made("plus", (state[0] + b"+", state[1]))]

    return Case(
        (b"0", options.pop("received", frozenset())),
        (Layer("before", ways=before), Layer("behind", ways=behind)),
        lambda secret, clause: secret.encode(),
        "toy:key",
        macs=tuple(
            Mac(
                (f"m{mac}",) if mac != "0" else (), lambda key, text, mac=mac: (text, key, mac), cost=int(mac)
            )
            for mac in MACS
        ),
        fits=lambda made, received: () if made in received else None,
        **options,
    )


def found(*values: tuple[str, str, str], depth: int, **options: Any) -> list[tuple[str, ...]]:
    """Return the ids of each explanation of what was made with these costs of state, key and MAC."""
    received = frozenset((STATES[state], KEYS[key], mac) for state, key, mac in values)
    budget = Budget(digests=10**6, size=10**9)
    outcome = search(case(received=received, **options), secret="abc", budget=budget, depth=depth)
    assert outcome.complete
    return [tuple(id for id, _ in hit.path) for hit in outcome.hits]


@pytest.mark.parametrize(
    ("depth", "three", "reached"),
    [
        (2, False, ONE | TWO),
        (2, True, ONE | TWO | THREE_FEW),
        (3, False, ONE | TWO | THREE),
        (3, True, ONE | TWO | THREE),
    ],
)
def test_two_slips_are_found_if_one_at_most_is_rare_and_three_usual_ones_by_the_long_search(
    depth, three, reached
):
    wrong = []
    for state, key, mac in product(STATES, KEYS, MACS):
        wanted = (state, key[0], mac) in reached
        if bool(found((state, key, mac), depth=depth, three=three)) is not wanted:
            wrong.append((state, key, mac))
    assert wrong == []


@pytest.mark.parametrize(
    ("fewer", "more"),
    [
        (("1", "0", "0"), ("0", "0", "2")),  # a usual slip before a rare one
        (("0", "3", "0"), ("1", "0", "1")),  # a rare one before two usual ones
        (("2", "0", "0"), ("1+1", "0", "0")),  # and before two of the message
        (("1", "0", "0"), ("0", "2", "0")),
        (("0", "0", "1"), ("0", "3", "0")),
        (("0", "1", "0"), ("2", "0", "0")),
        (("0", "1", "1"), ("2", "0", "1")),  # two usual ones before a rare and a usual one
    ],
)
def test_a_round_that_explains_is_the_last(fewer, more):
    assert len(found(fewer, more, depth=3)) == 1
    assert found(fewer, more, depth=3) == found(fewer, depth=3)
    assert found(more, depth=3)


def test_slips_of_one_round_are_all_found():
    assert [*map(len, found(("1", "0", "0"), ("0", "1", "0"), ("0", "0", "1"), depth=2))] == [1, 1, 1]


def test_what_is_found_in_a_part_says_in_which():
    """The change names the part; one that says something already says it in front."""
    made = [Made("said", (b"s", "r"), "at the end")]
    layer = Layer("text", ways=lambda state: made)
    for id, message, change in (("said", b"s", "at the end, in call 2"), ("mac", b"m", "in call 2")):
        one = Case(
            (b"m", "r"),
            (layer,),
            lambda secret, clause: b"k",
            "toy:key",
            macs=(Mac((), lambda key, text: (text, 1)), Mac(("mac",), lambda key, text: (text, 2))),
            general=False,
            fits=lambda made, received, message=message: (
                () if made == (message, 1 if message == b"s" else 2) else None
            ),
            part="call 2",
        )
        outcome = search(one, secret="k", budget=Budget(), depth=2)
        assert [hit.path for hit in outcome.hits] == [((id, change),)]


def test_a_mac_of_two_slips_says_what_the_first_changes_and_of_the_second_nothing():
    mac = Mac(("one", "two"), lambda key, text: b"\1" * 32, changes=("of one",))
    one = Case((b"m", "01" * 32), (), lambda secret, clause: b"k", "toy:key", macs=(mac,), general=False)
    outcome = search(one, secret="k", budget=Budget(), depth=2)
    assert [hit.path for hit in outcome.hits] == [(("one", "of one"), ("two", ""))]


def test_a_message_is_looked_for_up_to_the_depth_and_each_counts():
    def texts(depth: int, wanted: bytes, digests: int = 100) -> tuple[int, int, bool]:
        budget = Budget(digests=digests)
        outcome = search(
            case(), secret="abc", budget=budget, depth=depth, wanted=lambda state: state[0] == wanted
        )
        return len(outcome.hits), outcome.tried, outcome.complete

    assert texts(2, b"none") == (0, 5, True)  # 0, then 1 and 0+, then 2 and 1+
    assert texts(3, b"none") == (0, 7, True)  # and 3 and 2+
    assert texts(2, b"1+") == (1, 5, True)
    assert texts(2, b"2+") == (0, 5, True)
    assert texts(2, b"none", digests=4) == (0, 4, False)


def test_a_reading_of_the_key_says_nothing_of_what_was_changed():
    received = frozenset({(b"0", b"key", "0")})
    made = case(received=received, keys={"toy:key=fixed": lambda secret, clause: b"key"})
    outcome = search(made, secret="abc", budget=Budget(digests=10**6, size=10**9), depth=1)
    assert [hit.path for hit in outcome.hits] == [(("toy:key=fixed", ""),)]


def test_the_usual_keys_are_all_tried_six_of_them_early():
    """Six is our own choice, written here a second time: they are tried beside one slip before other things are."""
    made = _Keys(case(), "abc", ())
    assert len(made.of(FIRST)) == 6 and len(made.of(REST)) > 6
    assert [*made.of(FIRST), *made.of(REST)] == made.of(1)
