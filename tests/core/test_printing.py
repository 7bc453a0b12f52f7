"""How durations are shown: as a person says them, with the seconds behind."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import handshakes
from handshakes.core.printing import duration
from handshakes.core.refusals import Refused
from handshakes.core.timestamps import check_time
from handshakes.explain.telling import signed_when


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.25, "0.25 s"),
        (90.5, "1 minute 30 seconds (90 s)"),
        (1, "1 s"),
        (59, "59 s"),
        (60, "1 minute (60 s)"),
        (61, "1 minute 1 second (61 s)"),
        (12 * 60, "12 minutes (720 s)"),
        (3_599, "59 minutes 59 seconds (3599 s)"),
        (3_600, "1 hour (3600 s)"),
        (3_600 + 59, "1 hour (3659 s)"),
        (26 * 3_600, "1 day 2 hours (93600 s)"),
        (7 * 86_400, "7 days (604800 s)"),
        (31_557_600 // 12, "1 month (2629800 s)"),
        (int(365.25 * 86_400), "1 year (31557600 s)"),
        (147_723_438, "4 years 8 months (147723438 s)"),
        (10**12, "31688 years 1 month (1000000000000 s)"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units_with_the_seconds_behind(seconds, said):
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("end", "said"),
    [((2022, 9, 3), "8 months"), ((2024, 1, 3), "2 years"), ((2026, 9, 3), "4 years 8 months")],
)
def test_years_and_months_are_those_of_the_calendar(end, said):
    """The other side is `datetime`, from New Year 2022 on."""
    apart = datetime(*end, tzinfo=UTC) - datetime(2022, 1, 1, tzinfo=UTC)
    assert duration(int(apart.total_seconds())).startswith(said)


def test_a_stale_timestamp_says_its_age_and_the_limit_in_words():
    with pytest.raises(Refused) as refused:
        check_time(1_000, 1_000 + 147_723_438, (720, 60), "officernd:signature.tolerance")
    assert refused.value.evidence == {
        "age": "4 years 8 months (147723438 s)",
        "allowed": "12 minutes (720 s)",
    }


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (1_090, "1 minute 30 seconds (90 s) before 1090"),
        (1_000, "0 s before 1000"),
        (880, "2 minutes (120 s) after 880"),
    ],
)
def test_a_time_of_signing_is_said_on_the_right_side_of_now(now, said):
    assert signed_when(1_000, now) == f"Signed at 1000, {said}."


def of_its_own(text: str) -> Iterator[int]:
    """Return the lines on which an f-string puts a unit of time behind a number."""
    for node in ast.walk(ast.parse(text)):
        for value, after in (
            zip(*(node.values[i:] for i in (0, 1)), strict=False) if isinstance(node, ast.JoinedStr) else ()
        ):
            unit = re.match(r" ?(s|sec|seconds?|minutes?|hours?|days?)\b", str(getattr(after, "value", "")))
            if isinstance(value, ast.FormattedValue) and isinstance(after, ast.Constant) and unit:
                yield node.lineno


HAVE_ONE_UNIT = {"printing.py", "pictures.py"}
"""Where durations are said, and where an axis has one unit for all its marks."""


def test_no_message_writes_a_duration_of_its_own():
    package = Path(handshakes.__file__).parent
    found = {
        str(path.relative_to(package)): lines
        for path in package.rglob("*.py")
        if path.name not in HAVE_ONE_UNIT and (lines := list(of_its_own(path.read_text("utf-8"))))
    }
    assert found == {}
    assert list(of_its_own('a = f"{age} s old"\nb = f"{n} seconds"\nc = f"{n} steps"')) == [1, 2]
