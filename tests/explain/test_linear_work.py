"""Work of `explain` is linear: each of the worst inputs at n and at 4n, CPU time at most eightfold."""

from __future__ import annotations

import pytest

from tests.trials.worst import HEADERS, INPUTS, growth


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("platform", ["officernd", "retailcrm"])
def test_work_is_linear(platform, name):
    small, large = growth(platform, INPUTS[name], 5_000, HEADERS.get(platform, ""))
    assert large <= 8 * max(small, 0.004), (small, large)
