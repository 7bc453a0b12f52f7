"""What the judge needs of RetailCRM: which customers a partner is examined with, and what signs."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.messages import Step
from ..runtime.story import Operator, Sides
from ..runtime.verdicts import Finding
from .demo import SECRET
from .simulator.examination import examine
from .simulator.faults import FAULTS
from .simulator.platform import RetailCRM

__all__ = ["FAULTS", "NEEDS", "absent", "examined", "keys"]

NEEDS = {
    "retailcrm:activity.effect": "needs operator.work",
    "retailcrm:connection.failure": "needs operator.work",
    "retailcrm:scopes.replaced": "needs operator.work and operator.rescope",
    "retailcrm:activity.flags": "needs operator.work",
    "retailcrm:system-url.technical": "the simulator has one address for each account",
    "retailcrm:system-url.scheme": "the simulator would need an address with TLS, and one without",
}
"""The clauses that a judgement does not see by itself, and what is missing for it."""


def keys(sides: Sides) -> list[str]:
    """Return the secret that registrations are signed with."""
    return [SECRET]


def examined(sides: Sides, operator: Operator) -> Step[list[Finding]]:
    """Examine the module with the first two accounts, or with one where there is no other address."""
    platform = sides.platform
    assert isinstance(platform, RetailCRM)  # noqa: S101
    first, second = (*platform.accounts, "")[:2]
    code = next(iter(platform.cards))
    return examine(platform, code, first, second, work=operator.work, rescope=operator.rescope)


def absent(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the patterns of clauses that do not apply with these settings, and why."""
    return {}
