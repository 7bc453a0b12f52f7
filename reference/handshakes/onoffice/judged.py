"""What the judge needs of onOffice: which customers a partner is examined with, and what signs."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.messages import Step
from ..runtime.story import Operator, Sides
from ..runtime.verdicts import Finding
from .demo import ADMINISTRATOR, BROKER, FIRST, SECOND, SECRET
from .simulator.examination import examine
from .simulator.faults import FAULTS
from .simulator.platform import OnOffice

__all__ = ["FAULTS", "NEEDS", "absent", "examined", "keys"]

NEEDS = {
    "onoffice:credentials.user": "needs operator.work",
    "onoffice:unlock.later": "needs ten minutes between the page and the button",
    "onoffice:url.host": "needs an address with letters, as http://localhost:3000",
}
"""The clauses that a judgement does not see by itself, and what is missing for it."""


def keys(sides: Sides) -> list[str]:
    """Return the provider secret."""
    return [SECRET]


def examined(sides: Sides, operator: Operator) -> Step[list[Finding]]:
    """Examine the provider with both customers."""
    platform = sides.platform
    assert isinstance(platform, OnOffice)  # noqa: S101
    first, second = ((web_id, ADMINISTRATOR, BROKER) for web_id in (FIRST, SECOND))
    return examine(platform, first, second, work=operator.work, later=operator.later)


def absent(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the patterns of clauses that do not apply with these settings, and why."""
    return {}
