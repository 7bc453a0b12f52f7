"""The search: readings and slips, combined, until one reproduces the value that was received.

It goes through the states of `levels` by what they cost. It only compares; what it finds explains a request and never
accepts one.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from typing import Any

from ..core.cases import Case, Mac
from . import digests, keys, macs
from .budget import Budget, Spent
from .levels import BROKEN, Levels, Part, Path, State, parts_of, size_of

Form = tuple[str | Part, ...]
Block = tuple[int, int, int]
"""Combinations that are tried together: what their states, their keys and their MACs cost."""
PAIRS = -2
"""States of two slips; those of cost two are of one."""
FIRST, REST = -1, -2
"""The first keys of one usual slip, which are the likeliest, and the others."""
ROUNDS: tuple[tuple[Block, ...], ...] = (
    ((0, 0, 0),),
    ((0, 0, 1), (0, 1, 0), (1, 0, 0)),
    ((0, 0, 2), (0, 2, 0), (2, 0, 0), (0, 3, 0), (0, 0, 3)),
    ((1, 0, 1), (1, FIRST, 0), (PAIRS, 0, 0), (1, REST, 0), (0, 1, 1)),
)
"""Nothing, one usual slip, one slip that is rare, and two that are usual; a round that explains is the last."""
RARE: tuple[Block, ...] = ((0, 2, 1), (0, 1, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0), (1, 0, 2))
"""Two slips of which one is rare."""
DEEP: tuple[Block, ...] = (*RARE, (PAIRS, 0, 1), (PAIRS, 1, 0), (1, 1, 1), (3, 0, 0))
"""And three, for the long search."""
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


def search(
    *cases: Case,
    secret: str,
    others: tuple[str, ...] = (),
    budget: Budget,
    depth: int,
    wanted: Callable[[State], bool] | None = None,
    received: str | None = None,
) -> Outcome:
    """Return every explanation with the fewest slips, at most `depth` deep; the cases go on together.

    With `wanted`, a message is looked for instead of a MAC: keys and MACs are left out. With `received`, that
    digest is to be reproduced instead of the one in the request.
    """
    going = [_Search(case, secret, others, budget, wanted, received) for case in cases]
    before, complete, done = budget.tried, True, set[str]()
    rounds = (*ROUNDS, RARE if depth == 2 else DEEP)
    if wanted:
        rounds = tuple(((spent, 0, 0),) for spent in range(depth + 1))
    try:
        for blocks in rounds:
            for one in going:
                if one.case.part not in done:
                    one.tries(blocks)
            right = {one.case.part for one in going if one.right}
            going = [one for one in going if one.case.part not in right]
            done = {one.case.part for one in going if one.hits}
            if done and done.issuperset(one.case.part for one in going):
                break
        else:
            for one in going:
                if one.case.three and depth == 2 and not wanted:
                    one.tries(((PAIRS, 0, 1), (PAIRS, 1, 0), (3, 0, 0)))
    except Spent:
        complete = False
    hits = tuple(hit for one in going if not one.right for hit in one.hits)
    hits = hits or tuple(hit for one in going for hit in one.weak)
    return Outcome(hits, budget.tried - before, complete and budget.complete)


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
        self.keys, self.macs = _Keys(case, secret, others), _macs(case)
        self.digests = case.fits is None or case.digest
        self.forms: dict[Any, tuple[Callable[[Any], Form | None], dict[int, list[Mac]]]] = {}
        self.later: list[Callable[[], None]] = []
        self.weak: list[Hit] = []

    @property
    def right(self) -> bool:
        """Whether this is a part of a request, and right: then it explains nothing."""
        return bool(self.case.part) and any(not hit.path for hit in self.hits)

    def tries(self, blocks: Iterable[Block]) -> None:
        """Try combinations, block by block; derivations of many rounds come last."""
        for spent, key_cost, mac_cost in blocks:
            for identity, (state, paths) in [*self._states(spent)]:
                if self.wanted is None:
                    self._pairs(state, paths, identity, key_cost, mac_cost)
                    continue
                self.budget.spend(size_of(state[0]))
                if self.wanted(state):
                    self._keep(paths, (), identity)
        while self.later:
            self.later.pop(0)()

    def _states(self, spent: int) -> Iterator[tuple[Hashable, tuple[State, list[Path]]]]:
        """Return the states that cost so much; those of cost two are of one slip, or of two."""
        if self.wanted is not None or spent not in (2, PAIRS):
            yield from self.levels.last(spent)
            return
        for identity, (state, paths) in self.levels.last(2):
            alone: list[Path] = [path for path in paths if len(path) == 1]
            if bool(alone) is (spent == 2):
                yield identity, (state, alone or paths)

    def _pairs(
        self, state: State, paths: list[Path], identity: Hashable, key_cost: int, mac_cost: int
    ) -> None:
        received = state[1] if self.received is None else self.received
        if not self.macs:
            return
        fits, usable = self._fitting(received)
        keys, macs = self.keys.of(key_cost), usable.get(mac_cost)
        if keys and macs:
            self._tried(state, paths, identity, keys, macs, fits, MANY_ROUNDS)

    def _tried(
        self,
        state: State,
        paths: list[Path],
        identity: Hashable,
        keys: list[tuple[Path, bytes]],
        macs: list[Mac],
        fits: Callable[[Any], Form | None],
        most: float,
    ) -> None:
        message, size, spend = state[0], size_of(state[0]), self.budget.spend
        for parts, key in keys:  # the loop that all the time goes into: no more calls than it needs
            for mac in macs:
                if mac.rounds is not None:
                    if (rounds := mac.rounds(key, message)) > most:
                        one = [(parts, key)], [mac]
                        self.later.append(partial(self._tried, state, paths, identity, *one, fits, math.inf))
                        continue
                    if not self.budget.derive(rounds):
                        continue
                spend(size, mac.weight)
                try:
                    made = mac.make(key, message)
                except BROKEN:
                    continue
                if (slips := fits(made)) is not None:
                    self._named(slips, paths, identity, parts, key, mac)

    def _named(
        self, slips: Form, paths: list[Path], identity: Hashable, parts: Path, key: bytes, mac: Mac
    ) -> None:
        forms: dict[Any, str] = {**self.case.forms}
        for form in dict.fromkeys((slips, tuple(forms.get(slip, slip) for slip in slips))):
            own = zip_longest(mac.ids, mac.changes, fillvalue="")
            self._keep(paths, (*parts, *own, *map(_part, form)), identity, key)

    def _keep(self, paths: list[Path], more: Path, identity: Hashable, key: bytes = b"") -> None:
        for path in paths:
            whole = (*path, *more)
            if whole and self.case.part:
                id, change = whole[-1]
                whole = (*whole[:-1], (id, f"{change}{', ' if change else ''}in {self.case.part}"))
            hit = Hit(whole, identity, key)
            if not any(id in self.case.weak for id, _ in hit.path):
                self.hits.append(hit)
            elif not self.weak or len(hit.path) <= len(self.weak[0].path):
                self.weak = [one for one in self.weak if len(one.path) == len(hit.path)] + [hit]

    def _fitting(self, received: Any) -> tuple[Callable[[Any], Form | None], dict[int, list[Mac]]]:
        """Return what compares a value that was made with one that was received, and by cost the MACs that can fit it.

        A digest of another length cannot; a longer one that was cut costs one slip more.
        """
        if received not in self.forms:
            fits = self.case.fits
            sizes = digests.sizes(received) if self.digests and isinstance(received, str) else frozenset()
            usable: dict[int, list[Mac]] = {}
            for mac, cost in self.macs:
                if not mac.size or not sizes or mac.size in sizes:
                    usable.setdefault(cost, []).append(mac)
                elif mac.size > min(sizes):
                    usable.setdefault(cost + 1, []).append(mac)
            compare = (lambda made: fits(made, received)) if fits else digests.comparing(received)
            self.forms[received] = compare, usable
        return self.forms[received]


def _part(slip: str | Part) -> Part:
    return (slip, "") if isinstance(slip, str) else slip


class _Keys:
    """The keys of a case by what they cost. One that a reading and a general slip give stands for both."""

    def __init__(self, case: Case, secret: str, others: tuple[str, ...]) -> None:
        self.case, self.secret, self.others = case, secret, others
        self.made: dict[int, list[tuple[Path, bytes]]] = {}

    def of(self, cost: int) -> list[tuple[Path, bytes]]:
        """Return those that cost so much."""
        if cost < 0:
            return self.of(1)[:6] if cost == FIRST else self.of(1)[6:]
        if cost not in self.made:
            self.made[cost] = [*self._make(cost)]
        return self.made[cost]

    def _make(self, cost: int) -> Iterator[tuple[Path, bytes]]:
        case, adopted = self.case, None
        with contextlib.suppress(*BROKEN):
            adopted = case.key(self.secret, case.clause)
            if cost == 0:
                yield (), adopted
        if cost == 1:
            for id, make in case.keys.items():
                with contextlib.suppress(*BROKEN):
                    yield ((id, ""),), make(self.secret, case.clause)
        if cost and case.general:
            for id, key, change in keys.keys(self.secret, self.others, cost):
                if key != adopted:
                    yield parts_of(id, change), key


def _macs(case: Case) -> list[tuple[Mac, int]]:
    own = [(mac, mac.cost or len(mac.ids)) for mac in case.macs]
    return [*own, *macs.MACS] if case.general and (case.fits is None or case.digest) else own
