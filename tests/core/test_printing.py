"""How durations are shown: as a person says them, with the seconds behind."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from handshakes.core.printing import duration, signed_when
from handshakes.core.refusals import Refused
from handshakes.core.timestamps import check_time


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
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
