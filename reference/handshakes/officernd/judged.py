"""What the judge needs of OfficeRnD: which customers a partner is examined with, and what signs."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.messages import Step
from ..runtime.story import Operator, Sides
from ..runtime.verdicts import Finding
from .simulator.examination import examine
from .simulator.faults import FAULTS
from .simulator.platform import OfficeRnD

__all__ = ["FAULTS", "NEEDS", "absent", "examined", "keys"]

NEEDS = {
    "officernd:secret.kept": "needs operator.restart",
}
"""The clauses that a judgement does not see by itself, and what is missing for it."""


def keys(sides: Sides) -> list[str]:
    """Return the secrets of the integrations, and those of the webhooks."""
    platform = sides.platform
    assert isinstance(platform, OfficeRnD)  # noqa: S101
    return [one.secret for kept in (platform.integrations, platform.webhooks) for one in kept.values()]


def examined(sides: Sides, operator: Operator) -> Step[list[Finding]]:
    """Examine the partner with the first two integrations."""
    platform = sides.platform
    assert isinstance(platform, OfficeRnD)  # noqa: S101
    first, second = list(platform.integrations)[:2]
    return examine(platform, first, second, restart=operator.restart)


def absent(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the patterns of clauses that do not apply with these settings, and why."""
    return {"officernd:sync.*": "the profile has no sync URL"} if settings.get("sync_url") == "" else {}
