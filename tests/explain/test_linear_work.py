"""Work of `explain` is linear: each of the worst inputs at n and at 4n, CPU time at most eightfold."""

from __future__ import annotations

import pytest

from tests.trials.worst import HEADERS, INPUTS, growth

ASKED = [("officernd", ""), ("officernd", HEADERS["officernd"]), ("retailcrm", ""), ("fortis", "")]


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize(("platform", "header"), ASKED, ids=["URL", "webhook", "registration", "launch"])
def test_work_is_linear(platform, header, name):
    small, large = growth(platform, INPUTS[name], 4_000, header)
    assert large <= 8 * max(small, 0.004), (small, large)
