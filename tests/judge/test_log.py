"""What a partner's log says counts for the case in which it was written, and for no other."""

from __future__ import annotations

import pytest

from handshakes.judge.operating import Log
from handshakes.runtime.verdicts import Fault, Refuses

STALE = Fault("stale", "shop:time", Refuses("stale"), "an old request")
EITHER = Fault("in-query", "shop:form", Refuses("malformed", "missing-parameter"), "a form in the query")


@pytest.fixture
def log(tmp_path):
    return Log(tmp_path / "log", "refused: ([a-z-]+)", {})


def wrote(log, reason):
    with log.path.open("a") as file:
        file.write(f"refused: {reason}\n")


def test_a_line_of_the_case_before_says_nothing_of_this_one(log):
    log.begin(EITHER)
    wrote(log, "malformed")
    assert log.finding(EITHER).held is True
    log.begin(STALE)
    assert log.finding(STALE).held is None, "nothing was written since"


def test_a_line_counts_also_where_the_case_has_more_requests_after_it(log):
    log.begin(STALE)
    wrote(log, "stale")
    log.begin(STALE)
    wrote(log, "signature-mismatch")
    assert log.finding(STALE).held is True


@pytest.mark.parametrize(
    ("reason", "held"), [("malformed", True), ("missing-parameter", True), ("stale", False)]
)
def test_either_of_two_right_reasons_is_taken(log, reason, held):
    wrote(log, reason)
    assert log.finding(EITHER).held is held
