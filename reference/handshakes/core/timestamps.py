"""Timestamps: Unix seconds as whole numbers, and the window in which one is accepted.

Nothing here reads a clock. A tolerance is a pair, seconds back and seconds ahead, and both ends of the
window belong to it: with 300 back, the 300th second still counts.
"""

from __future__ import annotations

from .printing import duration
from .refusals import Refused

Tolerance = tuple[int, int]


def check_time(timestamp: int, now: int, tolerance: Tolerance, clause: str) -> None:
    """Raise `Refused` with `stale` or `from-the-future` when `timestamp` lies outside the window.

    >>> check_time(1000, 1300, (300, 60), "officernd:signature.tolerance")
    >>> check_time(1000, 1301, (300, 60), "officernd:signature.tolerance")
    Traceback (most recent call last):
    handshakes.core.refusals.Refused: stale (officernd:signature.tolerance): age 5 minutes 1 second (301 s), allowed 5 minutes (300 s)
    """
    if type(now) is not int:
        raise Refused("wrong-type", clause, {"now": type(now).__name__, "expected": "whole seconds"})
    try:
        back, ahead = tolerance
    except (TypeError, ValueError):
        back = ahead = None  # type: ignore[assignment]
    if type(back) is not int or type(ahead) is not int:
        evidence = {"tolerance": type(tolerance).__name__, "expected": "two whole numbers"}
        raise Refused("wrong-type", clause, evidence)
    age = now - timestamp
    if age > back:
        raise Refused("stale", clause, {"age": duration(age), "allowed": duration(back)}, stage="time")
    if -age > ahead:
        evidence = {"ahead": duration(-age), "allowed": duration(ahead)}
        raise Refused("from-the-future", clause, evidence, stage="time")


def seconds_text(timestamp: int, clause: str) -> str:
    """Return whole seconds as text; raises `Refused` with `wrong-type` for anything else.

    >>> seconds_text(1648190384, "officernd:signature.timestamp")
    '1648190384'
    """
    if not isinstance(timestamp, int) or isinstance(timestamp, bool) or timestamp < 0:
        evidence = {"timestamp": type(timestamp).__name__, "expected": "whole seconds"}
        raise Refused("wrong-type", clause, evidence)
    return str(timestamp)
