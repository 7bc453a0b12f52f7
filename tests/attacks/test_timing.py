"""The statistic of attack A6 sees a comparison that leaks, and none in the four verifiers. The clock counts instructions."""

from __future__ import annotations

import hmac
import random
import sys
from statistics import NormalDist

import pytest

from handshakes.platforms import PLATFORMS
from tests.benchmarks.ranks import auc

from .timing import LIMIT, genuine, leaky, told_apart


class Instructions:
    """A clock that counts the instructions of Python that ran: the same on every machine, whatever else it does."""

    def __init__(self):
        self.count = 0

    def __call__(self):
        return self.count

    def __enter__(self):
        self._before = sys.gettrace()
        # 3.12 looks only when tracing begins whether anybody wants opcodes
        sys._getframe().f_trace_opcodes = True
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_):
        sys.settrace(self._before)

    def _trace(self, frame, event, _):
        frame.f_trace_opcodes = True
        self.count += event == "opcode"
        return self._trace


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_statistic_sees_a_comparison_that_leaks_in_each_verifier_and_none_without_it(
    platform, monkeypatch
):
    asked = genuine(platform)
    verifiers = {"officernd": ["query", "webhook"], "retailcrm": ["registration"], "onoffice": ["url"], "fortis": ["launch"]}  # fmt: skip
    assert sorted(asked) == [f"{platform}.verify_{name}" for name in verifiers[platform]]
    for question, digest in asked.values():
        with Instructions() as clock:
            assert told_apart(question, digest, 10, 1, clock) <= LIMIT
            with monkeypatch.context() as patched:
                patched.setattr(hmac, "compare_digest", leaky)
                assert told_apart(question, digest, 10, 1, clock) == 1


def test_the_statistic_is_that_of_two_normal_distributions():
    numbers = random.Random(1)
    one, other = ([numbers.gauss(mean) for _ in range(4_000)] for mean in (0, 0.5))
    assert auc(one, other) == auc(other, one) == pytest.approx(NormalDist().cdf(0.5 / 2**0.5), abs=0.02)
    assert auc([1, 2, 2], [2, 1, 2]) == 0.5
