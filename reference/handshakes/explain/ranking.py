"""Explanations in groups: those that cannot be told apart together, the likeliest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from ..core.cases import Case, Slip, Slips
from ..core.printing import printable
from ..spec.register import load
from .departures import Difference
from .levels import Part
from .search import Hit
from .slips import CARRIERS, GENERAL

MOST_MEMBERS = 12
"""How many members of a group are kept."""


@dataclass(frozen=True, slots=True)
class OnePart:
    """One slip or reading of an explanation: what it says, what was changed, the cure, who makes it, the clause."""

    id: str
    kind: str
    says: str
    change: str
    cure: str
    source: str
    clause: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One slip, one reading, or several together that reproduce the received value; `parts` has them one by one.

    `difference` says where what they sign first differs from the message; none where they sign the same.
    """

    id: str
    kind: str
    says: str
    change: str
    parts: tuple[OnePart, ...]
    difference: Difference | None = None


def grouped(
    hits: Iterable[Hit],
    platform: str,
    slips: Slips,
    cases: Sequence[Case],
    differs: Callable[[Hit], Difference | None] = lambda hit: None,
) -> tuple[tuple[Explanation, ...], ...]:
    """Return the hits in groups. Hits of one group make the same bytes under the same key."""
    known = {slip.id: slip for slip in (*GENERAL, *slips.SLIPS)}
    read = [one.id for ambiguity in load(platform).ambiguities for one in ambiguity.readings]
    order = {id: place for place, id in enumerate([*read, *known])}
    clauses = {key: clause for case in cases for key, clause in case.clauses.items()}
    groups: dict[object, dict[frozenset[str], tuple[tuple[object, ...], Explanation]]] = {}
    for hit in hits:
        group = groups.setdefault((hit.state, hit.key), {})
        rank = _rank(hit.path, known, order, platform)
        ids = frozenset(id for id, _ in hit.path)
        if ids not in group or rank < group[ids][0]:
            group[ids] = (rank, _explanation(hit.path, known, clauses, platform, differs(hit)))
    ranked = []
    for group in groups.values():
        members = sorted(group.values(), key=lambda one: one[0])
        ranked.append((members[0][0], tuple(explanation for _, explanation in members[:MOST_MEMBERS])))
    ranked.sort(key=lambda one: one[0])
    return tuple(explanations for _, explanations in ranked)


def _rank(
    path: tuple[Part, ...], known: dict[str, Slip], order: dict[str, int], platform: str
) -> tuple[object, ...]:
    """Fewest parts; carriers and secrets before the sender; observed readings before others; then the tables' order."""
    senders = sum(1 for id, _ in path if id not in known or known[id].stage not in CARRIERS)
    readings = [id for id, _ in path if id not in known]
    unseen = sum(1 for id in readings if id not in _observed(platform))
    return (len(path), senders, unseen, tuple(order[id] for id, _ in path), path)


@cache
def _observed(platform: str) -> frozenset[str]:
    """Return the readings for which the register has evidence: something observed, or a program that was measured."""
    register = load(platform)
    return frozenset(
        reading.id
        for ambiguity in register.ambiguities
        for reading in ambiguity.readings
        if ambiguity.status == "observed" or "measured" in reading.for_
    )


def _explanation(
    path: tuple[Part, ...],
    known: dict[str, Slip],
    clauses: dict[str, str],
    platform: str,
    difference: Difference | None,
) -> Explanation:
    parts = tuple(_part(id, change, known, clauses, platform) for id, change in path)
    kinds = {part.kind for part in parts}
    return Explanation(
        " + ".join(part.id for part in parts),
        kinds.pop() if len(kinds) == 1 else "slip and reading",
        " ".join(part.says for part in parts),
        "; ".join(part.change for part in parts if part.change),
        parts,
        difference,
    )


def _part(id: str, change: str, known: dict[str, Slip], clauses: dict[str, str], platform: str) -> OnePart:
    change = printable(change, 120)
    if id in known:
        slip = known[id]
        # a sentence of its own, since the slip's would not be true of it
        if change[:1].isupper() and change.endswith("."):
            slip, change = slip._replace(says=change), ""
        clause = clauses.get(id) or clauses.get(slip.stage, "")
        return OnePart(id, "slip", slip.says, change, slip.cure, slip.source, clause)
    says, cure = _of_reading(id, platform)
    return OnePart(id, "reading", says, change, cure, "", id.partition("=")[0])


def _of_reading(id: str, platform: str) -> tuple[str, str]:
    """Return what a reading says by the register, and what to do about it."""
    register = load(platform)
    for ambiguity in register.ambiguities:
        for reading in ambiguity.readings:
            if reading.id == id:
                question = ambiguity.id
                return (
                    f"It fits under the reading {id}: {reading.rule}",
                    "A reading is one way to understand what the platform documents. "
                    f"Verify with this one if the platform does so, and report it to this project ({question}); "
                    "change the sender if it is yours.",
                )
    return f"It fits under the reading {id}.", "Look the reading up in the register."
