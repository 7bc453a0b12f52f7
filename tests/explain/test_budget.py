"""The budget of a search: what it counts, and that it ends before more is spent."""

from __future__ import annotations

import pytest

from handshakes.core.cases import Case, Layer, Mac, Made
from handshakes.explain.budget import Budget, Spent
from handshakes.explain.search import search


def test_digests_and_bytes_are_counted_and_never_exceeded():
    budget = Budget(digests=3, size=10)
    budget.spend(4)
    budget.spend(6)
    with pytest.raises(Spent):
        budget.spend(1)
    assert (budget.tried, budget.digests, budget.size) == (2, 1, 0)
    budget.spend(0)
    with pytest.raises(Spent):
        budget.spend(0)


def test_a_derivation_of_many_rounds_counts_as_many_digests():
    budget = Budget(digests=1_000, size=100)
    with pytest.raises(Spent):
        budget.spend(1, weight=1_001)
    budget.spend(1, weight=1_000)
    assert (budget.tried, budget.digests) == (1, 0)


def test_what_is_built_on_the_way_is_bounded_too():
    budget = Budget(size=100)
    budget.build(800)
    with pytest.raises(Spent):
        budget.build(1)


def test_a_longer_search_has_so_many_times_as_much():
    longer = Budget(digests=10, size=20).times(40)
    assert (longer.digests, longer.size, longer.built) == (400, 800, 6_400)


def case(many: int) -> Case:
    """Return a case whose one layer has many alternatives, none of which fits."""
    ways = [Made("slip", (b"%d" % number, "0" * 64)) for number in range(many)]
    return Case(
        ("start",),
        (Layer("layer", lambda state: (b"adopted", "0" * 64), ways=lambda state: ways),),
        lambda secret, clause: secret.encode(),
        "officernd:signature.key",
        macs=(Mac((), lambda key, message: b"\1" * 32),),
        general=False,
    )


def test_a_search_within_its_budget_is_complete():
    outcome = search(case(20), depth=2, secret="s", budget=Budget(digests=21, size=1_000))
    assert (outcome.hits, outcome.tried, outcome.complete) == ((), 21, True)


def test_a_search_that_the_budget_ended_says_so():
    outcome = search(case(20), depth=2, secret="s", budget=Budget(digests=20, size=1_000))
    assert (outcome.hits, outcome.tried, outcome.complete) == ((), 20, False)


def test_a_budget_that_nobody_sets_is_what_a_question_may_cost():
    """Our own limits, written here a second time; what is built may have eight times the bytes."""
    budget = Budget()
    assert (budget.digests, budget.size, budget.built) == (3_300, 2_000_000, 16_000_000)
    assert (budget.rounds, budget.tried, budget.complete) == (24_000, 0, True)
