"""What the findings come to, clause by clause: one table, and nothing else decides.

1. A clause is violated where one finding says so, else held where one says so, else not seen.
2. A refusal counts only at an address where a genuine request was accepted, and an acceptance does not count at one
   where everything was accepted that had to be refused.
3. What is seen in part without a partner's operator is not seen.
4. What is violated under an open question is undetermined, if a reading of it does what the partner did.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ..spec.register import Register
from .served import Observed

TABLE = {
    ("held", "must"): "pass", ("held", "should"): "pass", ("held", "advice"): "pass",
    ("violated", "must"): "fail", ("violated", "should"): "warn", ("violated", "advice"): "warn",
}  # fmt: skip
NOT_SEEN = "no step of this run shows it"
NO_CONTROL = "at this address everything was refused, or everything accepted, which proves nothing"


@dataclass(frozen=True, slots=True)
class Judged:
    """A clause, its level, what was observed, what that comes to and why, and the observations that speak against it."""

    clause: str
    level: str
    observed: str
    judgement: str
    why: str = ""
    reading: str = ""
    checks: int = 0
    against: tuple[Observed, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of a run: patterns of clauses that do not apply, what was left out, and what is known to fail."""

    not_applicable: Mapping[str, str] = field(default_factory=dict)
    """Patterns of clauses, each with the reason."""
    needs: Mapping[str, str] = field(default_factory=dict)
    """What a clause needs to be seen, where the run has not got it."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Clauses whose faults were not tried, each with the option that tries them."""
    known: Collection[str] = ()
    only: str = ""


def levels(register: Register) -> dict[str, str]:
    """Return the level of every clause that a partner answers for, advice included; a "may" weighs as advice.

    >>> from ..spec.register import load
    >>> found = levels(load("officernd"))
    >>> found["officernd:signature.order"], found["officernd:advice.no-crash"]
    ('must', 'advice')
    """
    stated = {
        one.id: "advice" if one.level == "may" else one.level
        for one in register.clauses
        if one.actor == "partner"
    }
    return stated | {one.id: "advice" for one in register.advice}


def judged(
    register: Register, observed: Sequence[Observed], readings: Mapping[int, str], asked: Asked
) -> list[Judged]:
    """Return the judgement on every clause; `readings` are those that excuse an observation, by its place."""
    accepted = {path for one in observed if one.finding.held and not one.refuses for path in one.paths}
    took, refused = (
        {one.paths[-1] for one in observed if one.refuses and one.paths and one.finding.held is state}
        for state in (False, True)
    )
    deaf = took - refused
    numbered = [*enumerate(observed)]
    if (
        asked.only
    ):  # the rest were controls, which are told where one of them kept the case from being reached
        about = [
            (place, one) for place, one in numbered
            if asked.only in (one.case and one.case.name, one.finding.clause)
        ]  # fmt: skip
        numbered = about or [(place, one) for place, one in numbered if one.finding.violated]
    found: dict[str, list[tuple[int, Observed]]] = {}
    for place, one in numbered:
        found.setdefault(one.finding.clause, []).append((place, one))
    untestable = {one.clause: one.reason for one in register.untestable}
    known_levels = levels(register)
    clauses = [] if asked.only else [id for id in known_levels if id not in untestable]
    others = {one.id: "advice" if one.level == "may" else one.level for one in register.clauses}
    judgements = []
    for clause in dict.fromkeys([*clauses, *found]):
        places = found.get(clause, [])
        level = known_levels.get(clause) or others.get(clause, "must")
        against = [(place, one) for place, one in places if one.finding.violated]
        held = [one for _, one in places if one.finding.held]
        counting = [
            one for one in held
            if (accepted.intersection(one.paths[-1:]) if one.refuses else not deaf.intersection(one.paths))
        ]  # fmt: skip
        partly = "operator." in asked.needs.get(clause, "")
        state = "violated" if against else "held" if counting and not partly else "not seen"
        reading = ""
        if against and all(place in readings for place, _ in against):
            reading = readings[against[0][0]]
        what, why = _judgement(clause, level, state, reading, asked)
        if state == "not seen" and not why:
            why = (
                NO_CONTROL
                if held and not counting
                else next((one.finding.detail for _, one in places), NOT_SEEN)
            )
        rows = tuple(one for _, one in against)
        judgements.append(Judged(clause, level, state, what, why, reading, len(places), rows))
    return judgements


def _judgement(clause: str, level: str, state: str, reading: str, asked: Asked) -> tuple[str, str]:
    """Return what a clause comes to by the table, and why where that is not plain."""
    if state == "not seen":
        for pattern, why in asked.not_applicable.items():
            if fnmatchcase(clause, pattern):
                return "not applicable", why
        if option := asked.left_out.get(clause):
            return "left out", f"needs {option}"
        return "not testable", asked.needs.get(clause, "")
    if clause in asked.known:
        return (
            ("passes again", "the baseline lists it, so write the baseline anew")
            if state == "held"
            else ("known", "the baseline lists it")
        )
    if reading:
        return "undetermined", f"right by another reading, {reading}"
    return TABLE[state, level], ""


def exit_code(judgements: Sequence[Judged], *, answered: bool, complete: bool) -> int:
    """Return the exit code: 1 for a red, 3 for a partner that did not answer, 4 for a promise that was not tested.

    >>> exit_code([Judged("shop:sum", "must", "held", "pass")], answered=True, complete=True)
    0
    >>> exit_code([Judged("shop:sum", "must", "not seen", "not testable")], answered=True, complete=True)
    4
    """
    if not answered:
        return 3
    if any(one.judgement in ("fail", "passes again") for one in judgements):
        return 1
    if not complete:
        return 3
    judged_at_all = any(one.observed != "not seen" for one in judgements)
    missing = any(one.judgement == "not testable" and one.level == "must" for one in judgements)
    return 4 if missing or not judged_at_all else 0
