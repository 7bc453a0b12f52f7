"""The search: readings and slips, combined, until one reproduces the value that was received.

It goes through the states of `levels` by what they cost. It only compares; what it finds explains a request and never
accepts one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from ..core.cases import Case, Mac
from . import digests, keys, macs
from .budget import Budget, Spent
from .levels import BROKEN, Levels, Part, Path, State, parts_of, size_of

Form = tuple[str | Part, ...]
MANY_ROUNDS = 1_000
"""From how many rounds on a key derivation is put off."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One explanation: the slips and readings, in the order of the stages, and the state that they make."""

    path: Path
    state: Hashable
    key: bytes = b""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search found, how many combinations it tried, and whether the budget ended it."""

    hits: tuple[Hit, ...]
    tried: int
    complete: bool
    cost: int = 0
    """How many slips the explanations have."""


def search(
    case: Case,
    *,
    secret: str,
    others: tuple[str, ...] = (),
    budget: Budget,
    depth: int = 2,
    wanted: Callable[[State], bool] | None = None,
    received: str | None = None,
) -> Outcome:
    """Return every explanation with the fewest slips, at most `depth` deep.

    With `wanted`, a message is looked for instead of a MAC: keys and MACs are left out. With `received`, that
    digest is to be reproduced instead of the one in the request.
    """
    before = budget.tried
    found = _Search(case, secret, others, budget, wanted, received)
    for cost in range(depth + 1):
        try:
            hits = tuple(found.at(cost))
        except Spent:
            return found.outcome(tuple(found.hits), cost, before, False)
        if hits:
            return found.outcome(hits, cost, before, True)
    if wanted is None and depth == 2:
        with contextlib.suppress(Spent):
            budget.go_on()
            tuple(found.rare())
            if case.three and not found.hits:
                tuple(found.at(3, 2))
        return found.outcome(tuple(found.hits), 3, before, budget.complete)
    return found.outcome((), depth, before, budget.complete)


class _Search:
    def __init__(
        self,
        case: Case,
        secret: str,
        others: tuple[str, ...],
        budget: Budget,
        wanted: Callable[[State], bool] | None,
        received: str | None,
    ) -> None:
        self.case, self.budget, self.wanted, self.received = case, budget, wanted, received
        self.levels = Levels(case, budget)
        self.hits: list[Hit] = []
        self.keys = _keys(case, secret, others)
        self.macs = _macs(case)
        self.forms: dict[Any, Callable[[Any], Form | None]] = {}
        self.later: list[tuple[State, list[Path], Hashable, Path, bytes, Mac]] = []
        self.weak: list[Hit] = []
        self.weak_cost = 0

    def outcome(self, hits: tuple[Hit, ...], cost: int, before: int, complete: bool) -> Outcome:
        """Return the hits; where there are none, those that explain a part."""
        if not hits and self.weak:
            hits, cost = tuple(self.weak), self.weak_cost
        return Outcome(hits, self.budget.tried - before, complete, cost)

    def at(self, cost: int, least: int = 0) -> Iterator[Hit]:
        """Yield the explanations that cost exactly so much, `least` of it before key and MAC.

        Derivations of many rounds come last.
        """
        self.levels.build(cost)
        for spent in range(least, cost + 1):
            for identity, (state, paths) in self.levels.last(spent):
                if self.wanted is not None:
                    if spent == cost:
                        self.budget.spend(len(identity) if isinstance(identity, bytes) else 0)
                        if self.wanted(state):
                            yield from self._kept(paths, (), identity)
                    continue
                yield from self._tried(state, paths, cost - spent, identity)
        while self.later:
            yield from self._one(*self.later.pop(0))

    def rare(self) -> Iterator[Hit]:
        """Yield the explanations of one slip that is very rare, and of two of which one is rare.

        A rare one within the stages goes with a usual one of key or MAC, and the other way round.
        """
        usual, rare = (self.levels.last(cost) for cost in (1, 2))
        for identity, (state, paths) in self.levels.last(0):
            for key_cost in (0, 1, 2, 3):
                yield from self._pairs(state, paths, identity, key_cost, 3 - key_cost)
        for identity, (state, paths) in usual:
            for key_cost in (0, 2):
                yield from self._pairs(state, paths, identity, key_cost, 2 - key_cost)
        for identity, (state, paths) in rare:
            alone: list[Path] = [path for path in paths if len(path) == 1]
            if alone:
                for key_cost in (0, 1):
                    yield from self._pairs(state, alone, identity, key_cost, 1 - key_cost)
        while self.later:
            yield from self._one(*self.later.pop(0))

    def _pairs(
        self, state: State, paths: list[Path], identity: Hashable, key_cost: int, mac_cost: int
    ) -> Iterator[Hit]:
        keys, macs = self.keys.get(key_cost), self.macs.get(mac_cost)
        if not keys or not macs:
            return
        message, received = state[0], state[1] if self.received is None else self.received
        size, spend, fits = size_of(message), self.budget.spend, self._fitting(received)
        for parts, key in keys:  # the loop that all the time goes into: no more calls than it needs
            for mac in macs:
                if mac.rounds is not None:
                    if (rounds := mac.rounds(key, message)) > MANY_ROUNDS:
                        self.later.append((state, paths, identity, parts, key, mac))
                        continue
                    if not self.budget.derive(rounds):
                        continue
                spend(size, mac.weight)
                try:
                    made = mac.make(key, message)
                except BROKEN:
                    continue
                if (slips := fits(made)) is not None:
                    yield from self._named(slips, paths, identity, parts, key, mac)

    def _tried(self, state: State, paths: list[Path], left: int, identity: Hashable) -> Iterator[Hit]:
        for key_cost in range(left + 1):
            yield from self._pairs(state, paths, identity, key_cost, left - key_cost)

    def _one(
        self, state: State, paths: list[Path], identity: Hashable, parts: Path, key: bytes, mac: Mac
    ) -> Iterator[Hit]:
        """Try one that was put off."""
        message, received = state
        if mac.rounds is not None and not self.budget.derive(mac.rounds(key, message)):
            return
        self.budget.spend(size_of(message), mac.weight)
        try:
            made = mac.make(key, message)
        except BROKEN:
            return
        slips = self._fitting(received if self.received is None else self.received)(made)
        if slips is not None:
            yield from self._named(slips, paths, identity, parts, key, mac)

    def _named(
        self, slips: Form, paths: list[Path], identity: Hashable, parts: Path, key: bytes, mac: Mac
    ) -> Iterator[Hit]:
        forms: dict[Any, str] = {**self.case.forms}
        for form in dict.fromkeys((slips, tuple(forms.get(slip, slip) for slip in slips))):
            own = zip_longest(mac.ids, mac.changes, fillvalue="")
            yield from self._kept(paths, (*parts, *own, *map(_part, form)), identity, key)

    def _kept(self, paths: list[Path], more: Path, identity: Hashable, key: bytes = b"") -> Iterator[Hit]:
        for path in paths:
            hit = Hit((*path, *more), identity, key)
            if self.case.weak and any(id in self.case.weak for id, _ in hit.path):
                self._keep_weak(hit)
                continue
            self.hits.append(hit)
            yield hit

    def _keep_weak(self, hit: Hit) -> None:
        if self.weak and len(hit.path) < self.weak_cost:
            self.weak.clear()
        if not self.weak or len(hit.path) == self.weak_cost:
            self.weak_cost = len(hit.path)
            self.weak.append(hit)

    def _fitting(self, received: Any) -> Callable[[Any], Form | None]:
        """Return what compares a value that was made with one that was received."""
        if received not in self.forms:
            if (fits := self.case.fits) is not None:
                self.forms[received] = lambda made: fits(made, received)
            else:
                self.forms[received] = digests.comparing(received)
        return self.forms[received]


def _part(slip: str | Part) -> Part:
    return (slip, "") if isinstance(slip, str) else slip


def _keys(case: Case, secret: str, others: tuple[str, ...]) -> dict[int, list[tuple[Path, bytes]]]:
    """Return the keys by what they cost. One that a reading and a general slip give stands for both."""
    found: dict[int, list[tuple[Path, bytes]]] = {0: [], 1: [], 2: [], 3: []}
    adopted = None
    with contextlib.suppress(*BROKEN):
        adopted = case.key(secret, case.clause)
        found[0].append(((), adopted))
    for id, make in case.keys.items():
        with contextlib.suppress(*BROKEN):
            found[1].append((((id, ""),), make(secret, case.clause)))
    if case.general:
        for id, key, change, cost in keys.keys(secret, others):
            if key != adopted:
                found[cost].append((parts_of(id, change), key))
    return found


def _macs(case: Case) -> dict[int, list[Mac]]:
    found: dict[int, list[Mac]] = {}
    for mac in case.macs:
        found.setdefault(mac.cost or len(mac.ids), []).append(mac)
    if case.general and (case.fits is None or case.digest):
        for mac, cost in macs.MACS:
            found.setdefault(cost, []).append(mac)
    return found
