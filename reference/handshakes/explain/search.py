"""The search: readings and slips, combined, until one reproduces the value that was received.

It builds each stage once, level by level: level 0 is what the adopted rules make, level 1 what one slip makes,
and so on. It only compares; what it finds explains a request and never accepts one.
"""

from __future__ import annotations

import binascii
import contextlib
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from ..core.cases import Case, Layer, Mac, Made
from ..core.refusals import Refused
from . import damage, digests, keys, macs, parameters, texts, writers
from .budget import Budget, Spent

Part = tuple[str, str]
"""The id of a slip or reading, and what it changed."""
Path = tuple[Part, ...]
Form = tuple[str | Part, ...]
State = tuple[Any, ...]
Level = dict[Hashable, tuple[State, list[Path]]]

BROKEN = (Refused, ValueError, TypeError, KeyError, IndexError, OverflowError, RuntimeError, binascii.Error)
"""What a stage raises for a state that it cannot read: then nothing is made of it."""
MANY_ROUNDS = 1_000
"""From how many rounds on a key derivation is put off."""
MOST_PATHS = 12
"""How many ways to one and the same state are kept."""

_WITH_NAMES: dict[str, Callable[[Any, tuple[str, ...]], Iterable[writers.Way]]] = {
    "added": parameters.added,
    "changed": parameters.changed,
    "order": parameters.reordered,
}
_PLAIN: dict[str, Callable[[Any], Iterable[writers.Way]]] = {
    "query": parameters.queries,
    "json": writers.written_pairs,
    "text": texts.texts,
    "damage": damage.undamaged,
    "rewritten": damage.rewritten,
}


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
        self.tables: list[list[Level]] = [[] for _ in range(len(case.layers) + 1)]
        self.hits: list[Hit] = []
        self.ways: list[dict[Hashable, list[Made]]] = [{} for _ in case.layers]
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
        self._build(cost)
        for spent in range(least, cost + 1):
            for identity, (state, paths) in self.tables[-1][spent].items():
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
        usual, rare = (self.tables[-1][cost].items() for cost in (1, 2))
        for identity, (state, paths) in self.tables[-1][0].items():
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
        size, spend, fits = _size(message), self.budget.spend, self._fitting(received)
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
        self.budget.spend(_size(message), mac.weight)
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

    def _build(self, cost: int) -> None:
        first = self.tables[0]
        while len(first) <= cost:
            first.append({} if first else {self.case.start: (self.case.start, [()])})
        for place, layer in enumerate(self.case.layers):
            known = {identity for level in self.tables[place + 1] for identity in level}
            made: Level = {}
            for state, paths in self.tables[place][cost].values():
                self._add(made, known, _made(layer, state), paths)
            for less in range(cost):
                for identity, (state, paths) in self.tables[place][less].items():
                    for way in self._ways(place, layer, identity, state):
                        if way.cost == cost - less:
                            parts = _parts(way.id, way.change)
                            longer = [(*path, *parts) for path in paths]
                            self._add(made, known, way.state, longer)
            self.tables[place + 1].append(made)

    def _add(self, made: Level, known: set[Hashable], state: State | None, paths: list[Path]) -> None:
        if state is None or state in known:
            return
        if state in made:
            there = made[state][1]
            there += [path for path in paths if path not in there][: MOST_PATHS - len(there)]
            return
        self.budget.build(_size(state[0]))
        made[state] = (state, paths[:MOST_PATHS])

    def _ways(self, place: int, layer: Layer, identity: Hashable, state: State) -> list[Made]:
        ways = self.ways[place]
        if identity not in ways:
            ways[identity] = []
            with contextlib.suppress(*BROKEN):
                ways[identity] += _alternatives(layer, state, self.case.names)
        return ways[identity]


def _made(layer: Layer, state: State) -> State | None:
    try:
        return layer.make(state)
    except BROKEN:
        return None


def _alternatives(layer: Layer, state: State, names: tuple[str, ...]) -> Iterator[Made]:
    if layer.ways is not None:
        yield from _unbroken(iter(layer.ways(state)))
    for kind, part in layer.kinds:
        if kind == "joined":
            text, time, received, *_ = state
            found: Iterable[writers.Way] = parameters.joined((text, time))
            yield from (Made(id, (made, received), change, cost) for id, made, change, cost in found)
            continue
        found = _WITH_NAMES[kind](state[part], names) if kind in _WITH_NAMES else _PLAIN[kind](state[part])
        for id, made, change, cost in _unbroken(iter(found)):
            if kind == "json":
                made = made.encode("utf-8", "surrogatepass")
            yield Made(id, (*state[:part], made, *state[part + 1 :]), change, cost)


def _unbroken(found: Iterator[Any]) -> Iterator[Any]:
    """Yield what a generator makes until it breaks."""
    try:
        yield from found
    except BROKEN:
        return


def _parts(id: str, change: str) -> Path:
    """Return the slips of an alternative that is two at once; its changes stand in the same order.

    >>> _parts("key-other + key-blank", "number 2 of those given")
    (('key-other', 'number 2 of those given'), ('key-blank', ''))
    """
    if " + " not in id:
        return ((id, change),)
    return tuple(zip_longest(id.split(" + "), change.split(" + ") if change else (), fillvalue=""))


def _part(slip: str | Part) -> Part:
    return (slip, "") if isinstance(slip, str) else slip


def _size(value: Any) -> int:
    if isinstance(value, (str, bytes)):
        return len(value)
    if not isinstance(value, tuple):
        return 8
    size = 0
    for part in value:
        kind = type(part)
        size += len(part) if kind is str or kind is bytes else _size(part)
    return size


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
                found[cost].append((_parts(id, change), key))
    return found


def _macs(case: Case) -> dict[int, list[Mac]]:
    found: dict[int, list[Mac]] = {}
    for mac in case.macs:
        found.setdefault(mac.cost or len(mac.ids), []).append(mac)
    if case.general and (case.fits is None or case.digest):
        for mac, cost in macs.MACS:
            found.setdefault(cost, []).append(mac)
    return found
