"""Verdicts: how a fault has to end, and what a platform's checks say about a partner, clause by clause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from ..core.messages import Response


@dataclass(frozen=True, slots=True)
class Refuses:
    """The partner must refuse, and its operator must see this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Survives:
    """The partner must carry on and end in this state."""

    state: str


Expected: TypeAlias = Refuses | Survives


class NamedFault(Protocol):
    """What every fault of every simulator has, for records that carry one and know no more of it."""

    @property
    def name(self) -> str:
        """The fault's name."""

    @property
    def clause(self) -> str:
        """The id of the clause that it tries."""

    @property
    def expected(self) -> Expected:
        """How it has to end."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check of the platform says about one clause: held, violated, or (`held` is None) not seen.

    >>> Finding("shop:sum", None, "no answer came").state
    'not seen'
    """

    clause: str
    held: bool | None
    detail: str

    @property
    def violated(self) -> bool:
        """Whether the partner was seen to break the clause."""
        return self.held is False

    @property
    def state(self) -> str:
        """The finding in words: `held`, `violated` or `not seen`."""
        return {True: "held", False: "violated", None: "not seen"}[self.held]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The partner's response to a step of the platform (None when none came), and the findings."""

    response: Response | None
    findings: tuple[Finding, ...]

    @property
    def held(self) -> bool:
        """Whether no finding is a violation."""
        return not any(finding.violated for finding in self.findings)


def object_in(response: Response | None) -> dict[str, Any]:
    """Return the JSON object of an answer; an empty one for anything else.

    >>> object_in(Response(200, (), b"[1]"))
    {}
    """
    try:
        value = response.json() if response is not None else {}
    except (ValueError, RecursionError):
        value = {}
    return value if isinstance(value, dict) else {}
