"""The statistic by which two kinds of times are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby


def auc(one: Sequence[float], other: Sequence[float]) -> float:
    """Return how often a time of one kind is above one of the other, or below, whichever is more: 0.5 where nobody can tell."""
    ranks, above = 0, 0.0
    marked = sorted([(value, 1) for value in one] + [(value, 0) for value in other])
    for _, equal in groupby(marked, key=lambda pair: pair[0]):
        marks = [mark for _, mark in equal]
        above += sum(marks) * (ranks + (len(marks) + 1) / 2)
        ranks += len(marks)
    share = (above - len(one) * (len(one) + 1) / 2) / (len(one) * len(other))
    return max(share, 1 - share)
