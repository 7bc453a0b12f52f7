"""What the judge needs of Fortis: which customers a partner is examined with, and what signs."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.messages import Step
from ..runtime.story import Operator, Sides
from ..runtime.verdicts import Finding
from .demo import LOCATION, SECRET, SHORT_USER, TITLE, USER
from .simulator.examination import examine
from .simulator.faults import FAULTS
from .simulator.platform import Fortis

__all__ = ["FAULTS", "NEEDS", "absent", "examined", "keys"]

NEEDS = {
    "fortis:oauth.endpoints": "needs operator.offers_oauth",
    "fortis:oauth.state": "needs operator.offers_oauth",
    "fortis:oauth.redirects": "needs operator.offers_oauth",
}
"""The clauses that a judgement does not see by itself, and what is missing for it."""


def keys(sides: Sides) -> list[str]:
    """Return the app's secret."""
    return [SECRET]


def examined(sides: Sides, operator: Operator) -> Step[list[Finding]]:
    """Examine the app with one location and two users."""
    platform = sides.platform
    assert isinstance(platform, Fortis)  # noqa: S101
    return examine(
        platform, TITLE, LOCATION, USER, SHORT_USER,
        signed_in=operator.signed_in, offers_oauth=operator.offers_oauth,
    )  # fmt: skip


def absent(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the patterns of clauses that do not apply with these settings, and why."""
    other = "encrypted" if settings.get("mode") == "plain" else "plain"
    return {f"fortis:{other}.*": "the app is opened in the other mode"}
