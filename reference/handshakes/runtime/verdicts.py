"""Verdicts: how a fault has to end, and what a platform's checks say about a partner, clause by clause."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias, TypeVar

from ..core.messages import Response

PROBE = "Has to be refused: "
"""How the note of a request begins that a simulator sends beside a step, to see that it is refused."""

NO_ADDRESS = "not offered, there is no such address"
"""Why a fault is not tried that names an address which this simulator does not have."""


@dataclass(frozen=True, slots=True)
class Refuses:
    """The partner must refuse, and its operator must see this reason, or the other one where two are right."""

    reason: str
    other: str = ""


@dataclass(frozen=True, slots=True)
class Survives:
    """The partner must carry on and end in this state."""

    state: str


Expected: TypeAlias = Refuses | Survives


@dataclass(frozen=True, slots=True)
class Fault:
    """What every kind of fault has: its name, the clause that it tries, how it has to end, and what it does.

    It changes one thing only: a test shows that the same step without it is accepted.
    `waits` says that it keeps the partner waiting for seconds. One that is `exact` is at the limit of a tolerance,
    and is what it says for one second only.
    """

    name: str
    clause: str
    expected: Expected
    what: str
    waits: bool = field(default=False, kw_only=True)
    exact: bool = field(default=False, kw_only=True)

    def unseen(self, why: str) -> Finding:
        """Return the finding that this fault showed nothing, and why."""
        return Finding(self.clause, None, f"{self.name}: {why}")


F = TypeVar("F", bound=Fault)


def fault_of(name: str, among: Iterable[F], offers: Callable[[F], bool] = lambda fault: True) -> F | None:
    """Return the fault with this name, or None for no name; raises `ValueError` for what a step does not take, or the platform not offer."""
    if not name:
        return None
    chosen = next((fault for fault in among if fault.name == name), None)
    if chosen is None:
        raise ValueError(f"{name} is not a fault of this step")
    if not offers(chosen):
        raise ValueError(f"{name} is not offered: this simulator has no such address of its own")
    return chosen


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


class Findings(list[Finding]):
    """What a platform found, in order: the last `MOST` of it, as `serve` may run for weeks.

    What was found since a moment is asked with the number that there had been in all.

    >>> findings = Findings()
    >>> findings += [Finding("shop:sum", False, str(number)) for number in range(Findings.MOST + 5)]
    >>> len(findings) == Findings.MOST, findings.seen - Findings.MOST, findings.violations - Findings.MOST
    (True, 5, 5)
    >>> [finding.detail for finding in findings.since(Findings.MOST + 3)]
    ['5003', '5004']
    """

    MOST = 5_000

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        """How many there were, those included that are no longer kept."""
        self.violations = 0
        """How many of them were violations."""
        self.heard: Callable[[Finding], object] = lambda finding: None
        """Who else is told of each, at once."""
        self._lock = threading.Lock()

    def append(self, finding: Finding) -> None:
        """Add a finding; the oldest go when there are too many, some at a time."""
        with self._lock:
            super().append(finding)
            self.seen += 1
            self.violations += finding.violated
            del self[: -self.MOST]
        self.heard(finding)

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add several findings."""
        for finding in findings:
            self.append(finding)

    def __iadd__(self, findings: Iterable[Finding]) -> Self:  # type: ignore[override, misc]
        """Add several findings."""
        self.extend(findings)
        return self

    def since(self, seen: int) -> list[Finding]:
        """Return those after the first `seen` ones that are still kept."""
        with self._lock:
            return self[max(0, len(self) - (self.seen - seen)) :]

    def numbered(self) -> list[tuple[int, Finding]]:
        """Return those that are kept, each with its number."""
        with self._lock:
            return list(enumerate(self, self.seen - len(self)))

    def forget(self, *gone: Finding) -> None:
        """Take findings out again, these very ones, as if they had never been."""
        with self._lock:
            for one in gone:
                place = next((place for place, kept in enumerate(self) if kept is one), None)
                if place is not None:
                    del self[place]
                    self.seen -= 1
                    self.violations -= one.violated


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
