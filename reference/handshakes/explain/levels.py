"""The states that slips and readings make of a request, stage by stage and level by level, each built once.

Level 0 is what the adopted rules make, level 1 what one slip makes, and so on.
"""

from __future__ import annotations

import binascii
import contextlib
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import zip_longest
from typing import Any

from ..core.cases import Case, Layer, Made
from ..core.refusals import Refused
from . import damage, parameters, texts, writers
from .budget import Budget

Part = tuple[str, str]
"""The id of a slip or reading, and what it changed."""
Path = tuple[Part, ...]
State = tuple[Any, ...]
Level = dict[Hashable, tuple[State, list[Path]]]


BROKEN = (Refused, ValueError, TypeError, KeyError, IndexError, OverflowError, RuntimeError, binascii.Error)
"""What a stage raises for a state that it cannot read: then nothing is made of it."""
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


class Levels:
    """The tables of one search: for each stage a level for each cost, of states and the ways to them."""

    def __init__(self, case: Case, budget: Budget) -> None:
        self.case, self.budget = case, budget
        self.tables: list[list[Level]] = [[] for _ in range(len(case.layers) + 1)]
        self.ways: list[dict[Hashable, list[Made]]] = [{} for _ in case.layers]

    def last(self, cost: int) -> Iterable[tuple[Hashable, tuple[State, list[Path]]]]:
        """Return the states behind the last stage that cost so much, with the ways to them."""
        while len(self.tables[-1]) <= cost:
            self._build(len(self.tables[-1]))
        return self.tables[-1][cost].items()

    def _build(self, cost: int) -> None:
        """Build the states that cost so much, at every stage."""
        self.tables[0].append({} if cost else {self.case.start: (self.case.start, [()])})
        for place, layer in enumerate(self.case.layers):
            known = {identity for level in self.tables[place + 1] for identity in level}
            made: Level = {}
            for state, paths in self.tables[place][cost].values():
                self._add(made, known, _made(layer, state), paths)
            for less in range(cost):
                for identity, (state, paths) in self.tables[place][less].items():
                    for way in self._ways(place, layer, identity, state):
                        if way.cost == cost - less:
                            parts = parts_of(way.id, way.change)
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
        self.budget.build(size_of(state[0]))
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


def parts_of(id: str, change: str) -> Path:
    """Return the slips of an alternative that is two at once; its changes stand in the same order.

    >>> parts_of("key-other + key-blank", "number 2 of those given")
    (('key-other', 'number 2 of those given'), ('key-blank', ''))
    """
    if " + " not in id:
        return ((id, change),)
    return tuple(zip_longest(id.split(" + "), change.split(" + ") if change else (), fillvalue=""))


def size_of(value: Any) -> int:
    """Return about how many bytes a state or a message holds."""
    if isinstance(value, (str, bytes)):
        return len(value)
    if not isinstance(value, tuple):
        return 8
    size = 0
    for part in value:
        kind = type(part)
        size += len(part) if kind is str or kind is bytes else size_of(part)
    return size
