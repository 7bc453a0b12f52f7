"""Linting: whether registers and vectors agree with the code, and the files with themselves.

`register_linting` looks at a register alone. Here it is held against the readings that the code can run,
and vectors against the register, the package's own answers, and the list of ids that were ever given out.
Each problem is one line that begins with the id it is about.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any

from ..core.readings import Stages
from ..core.refusals import REASONS, Refused
from . import vector_ids
from .code import Code, Data, Operation
from .register import Register
from .register_linting import twice
from .vectors import outcome, raw, rows

CORE = "handshakes.core."
IN_NO_JSON = {"wrong-type", "unknown-reading"}
"""Reasons that a call from Python can meet, and a vector need not: a wrong type, a reading that is none."""


def against_code(register: Register, readings: Mapping[str, Stages]) -> Iterator[str]:
    """Say where a register and the readings of the code differ, and where the adopted reading is not the default."""
    declared = {reading.id for reading in register.readings(runs="signing")}
    only_declared, only_run = sorted(declared - set(readings)), sorted(set(readings) - declared)
    yield from (f"{id}: runs in signing, but readings.py does not hold it" for id in only_declared)
    yield from (f"{id}: readings.py holds it, but no entry lets it run in signing" for id in only_run)
    for ambiguity in register.ambiguities:
        for reading in ambiguity.readings:
            if reading.id not in readings or reading.id not in declared:
                continue
            replaces = sorted(readings[reading.id])
            if reading.id == ambiguity.adopted and replaces:
                yield f"{reading.id}: adopted, but the code has to replace {', '.join(replaces)} for it"
            if reading.id != ambiguity.adopted and not replaces:
                yield f"{reading.id}: is what the code does, but {ambiguity.adopted!r} is adopted"


def settings_in_code(register: Register, defaults: Mapping[str, object]) -> Iterator[str]:
    """Say which readings name a setting that the code does not have, or one whose default is not the adopted reading."""
    for ambiguity in register.ambiguities:
        for reading in ambiguity.readings:
            if not reading.setting:
                continue
            name, _, text = reading.setting.partition(" = ")
            try:
                value = ast.literal_eval(text)
            except (ValueError, SyntaxError):
                yield f"{reading.id}: {reading.setting!r} gives no value"
                continue
            if name not in defaults:
                yield f"{reading.id}: unknown setting {name}"
            elif (reading.id == ambiguity.adopted) != (value == defaults[name]):
                yield f"{reading.id}: {name} is {defaults[name]!r} by default, and {ambiguity.adopted!r} is adopted"


def vectors(document: Data, register: Register, code: Code, ids: str | None = None) -> Iterator[str]:
    """Say what is wrong with a platform's vectors; `ids` is the text of the list of ids, if it is to be held to."""
    every = list(rows(document))
    yield from twice((vector["id"] for _, vector in every), "vector id twice")
    yield from twice((group["id"] for group in document["groups"]), "group id twice")
    by_id = {vector["id"]: (group, vector) for group, vector in every}
    remembered = _remembering(code.readings)
    for group, vector in every:
        yield from _one(group, vector, register, code, remembered)
        yield from _derived(group, vector, by_id)
    yield from _left_out(document["platform"], every, register, code)
    yield from _without_example(every)
    if ids is not None:
        yield from vector_ids.differences(by_id, ids)


def _one(
    group: Data, vector: Data, register: Register, code: Code, remembered: Mapping[str, Stages]
) -> Iterator[str]:
    id, name = vector["id"], group["operation"]
    if id.rpartition("/")[0].replace("/", ".") != name:
        yield f"{id}: is not named after its operation {name}"
    asked = code.operations.get(name)
    if asked is None:
        yield f"{id}: unknown operation {name}"
        return
    known = {clause.id for clause in register.clauses}
    yield from (f"{id}: unknown clause {clause!r}" for clause in vector["clauses"] if clause not in known)
    for expect in (vector["expect"], *vector["by_reading"].values()):
        if expect.get("reason", next(iter(REASONS))) not in REASONS:
            yield f"{id}: unknown reason {expect['reason']!r}"
    try:
        found = outcome(asked, group, vector)
    except KeyError as lacking:
        yield f"{id}: {name} needs {lacking.args[0]!r}, which neither given nor input holds"
        return
    if not _alike(found, vector["expect"]):
        yield f"{id}: expects {_short(vector['expect'])}, the package answers {_short(found)}"
    yield from _stages(asked, group, vector)
    readings = code.readings if asked.has_readings else {}
    for reading, expect in vector["by_reading"].items():
        if not readings.get(reading):
            yield f"{id}: {reading!r} is not another reading that the code can run"
        elif expect == vector["expect"]:
            yield f"{id}: by {reading!r} nothing changes"
        elif not _alike(found := outcome(asked, group, vector, remembered[reading]), expect):
            yield f"{id}: by {reading!r} expects {_short(expect)}, the package answers {_short(found)}"


def _remembering(readings: Mapping[str, Stages]) -> Mapping[str, Stages]:
    """Return the readings with a memory for what they compute: one derives keys slowly, and vectors share salts."""
    return {
        reading: {stage: _remembers(replacement) for stage, replacement in stages.items()}
        for reading, stages in readings.items()
    }


def _remembers(replacement: Callable[..., Any]) -> Callable[..., Any]:
    remembered = cache(replacement)

    def answer(*values: Any) -> Any:
        plain = all(isinstance(value, str | bytes) for value in values)
        return remembered(*values) if plain else replacement(*values)

    return answer


def _stages(asked: Operation, group: Data, vector: Data) -> Iterator[str]:
    """Recompute the stages: every stage of the file is one that the package sees, with the same bytes."""
    if not vector["stages"]:
        return
    try:
        seen = {stage.name: stage.value for stage in asked.stages(group["given"], vector["input"])}
    except Refused as refused:
        yield f"{vector['id']}: has stages, the package sees none: {refused.reason}"
        return
    for stage in vector["stages"]:
        if seen.get(stage["name"]) != raw(stage):
            yield f"{vector['id']}: the package sees another stage {stage['name']!r}"
        if not _alike(stage["length"], len(raw(stage))):
            yield f"{vector['id']}: stage {stage['name']!r} is {len(raw(stage))} bytes long, not {stage['length']}"


def _derived(group: Data, vector: Data, by_id: Mapping[str, tuple[Data, Data]]) -> Iterator[str]:
    """A refused vector differs from its parent in the one field that the change names, or in those it lists."""
    id, source = vector["id"], vector.get("derived_from")
    if source is None:
        if vector["expect"]["verdict"] == "refused":
            yield f"{id}: is refused, and derived from none"
        return
    if source["id"] not in by_id or source["id"] == id:
        yield f"{id}: is derived from {source['id']!r}, which is not another vector"
        return
    of_group, of = by_id[source["id"]]
    if vector["expect"]["verdict"] == "refused" and of["expect"]["verdict"] != "accepted":
        yield f"{id}: is derived from {source['id']}, which is refused itself"
    differ = changed(
        {"given": of_group["given"], "input": of["input"]},
        {"given": group["given"], "input": vector["input"]},
    )
    named = source.get("fields", differ if len(differ) == 1 else [])
    if sorted(named) != differ:
        yield f"{id}: one change names {named}, but {', '.join(differ) or 'nothing'} differ from {source['id']}"


def _without_example(every: list[tuple[Data, Data]]) -> Iterator[str]:
    """Every clause that vectors cite is cited by one that is accepted: refusals alone do not show how to keep it."""
    cited = {clause: "" for _, vector in every for clause in vector["clauses"]}
    for _, vector in every:
        if vector["expect"]["verdict"] == "accepted":
            cited |= dict.fromkeys(vector["clauses"], vector["id"])
    yield from (f"{clause}: only refused vectors cite it" for clause, example in cited.items() if not example)


def changed(one: Data, other: Data) -> list[str]:
    """Return the fields in which two vectors differ.

    >>> changed({"given": {"secret": "a"}, "input": {"url": "x"}}, {"given": {"secret": "a"}, "input": {"url": "y"}})
    ['input.url']
    """
    missing = object()
    return sorted(
        f"{part}.{name}"
        for part in ("given", "input")
        for name in {*one[part], *other[part]}
        if one[part].get(name, missing) != other[part].get(name, missing)
    )


def _left_out(platform: str, every: list[tuple[Data, Data]], register: Register, code: Code) -> Iterator[str]:
    """Every reason and clause of the pure modules has a vector."""
    reasons, clauses = of_pure_modules(code.pure)
    used = {vector["expect"].get("reason") for _, vector in every}
    left = sorted(reasons - used - IN_NO_JSON)
    yield from (f"{platform}: no vector is refused as {reason!r}" for reason in left)
    named = {clause for _, vector in every for clause in vector["clauses"]}
    known = {clause.id for clause in register.clauses}
    unnamed = sorted(clauses & known - named)
    yield from (f"{clause}: a pure operation names it, and no vector does" for clause in unnamed)


def of_pure_modules(modules: Iterable[ModuleType]) -> tuple[set[str], set[str]]:
    """Return the reasons and the ids that modules and what they import from `core` can name.

    >>> from handshakes.retailcrm import signing
    >>> "signature-mismatch" in of_pure_modules([signing])[0]
    True
    """
    reasons, ids = set(), set()
    for module in modules:
        sources = [inspect.getsource(module)]
        for value in vars(module).values():
            leaf = inspect.isfunction(value) and value.__module__.startswith(CORE)
            sources += [inspect.getsource(value)] if leaf else []
        for node in (node for source in sources for node in ast.walk(ast.parse(source))):
            if isinstance(node, ast.Constant) and node.value in REASONS:
                reasons.add(node.value)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and ":" in node.value:
                ids.add(node.value)
            elif isinstance(node, ast.BinOp) and isinstance(node.left, ast.Name):
                text = getattr(node.right, "value", None)  # such as SIGNATURE + "order"
                ids.add(f"{getattr(module, node.left.id, '')}{text}" if isinstance(text, str) else "")
    return reasons, ids


def _alike(one: Any, other: Any) -> bool:
    """Compare as JSON writes it: to Python, 1, 1.0 and true are equal."""
    return one == other and json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _short(expect: Data) -> str:
    if expect["verdict"] == "refused":
        return " at ".join(filter(None, (f"refused as {expect['reason']}", expect.get("stage"))))
    return "accepted"
