"""The linter of recipes: whether they name every operation, and only clauses, reasons, stages and vectors that there are.

That taking a step out of the code changes what its vectors answer is a test's work (`tests/spec/test_recipes.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..core.refusals import REASONS
from .code import Data
from .recipe import SCHEMA, Line, Operation, Recipe, lines, shared
from .register import Register
from .register_linting import twice
from .vectors import rows


def lint(recipe: Recipe, register: Register, document: Data, operations: Iterable[str]) -> tuple[str, ...]:
    """Check the recipes of a platform. Returns one line for each fault, which begins with what it is about.

    >>> from handshakes.platforms import PLATFORMS
    >>> from handshakes.spec import recipe, register, vectors
    >>> code = PLATFORMS["officernd"].code()
    >>> lint(recipe.load("officernd"), register.load("officernd"), vectors.load("officernd"), code.operations)
    ()
    """
    return tuple(_lint(recipe, register, document, set(operations)))


def _lint(recipe: Recipe, register: Register, document: Data, operations: set[str]) -> Iterator[str]:
    yield from (*shared().problems, *recipe.problems)
    if recipe.schema not in (0, SCHEMA):
        yield f"recipe: unknown schema {recipe.schema}"
    if recipe.platform != register.platform:
        yield f"recipe: is of {recipe.platform!r}, not of {register.platform!r}"
    named = [operation.id for operation in recipe.operations]
    yield from twice(named, "recipe twice")
    yield from (f"{id}: has no recipe" for id in sorted(operations - set(named)))
    yield from (f"{id}: unknown operation" for id in named if id not in operations)
    yield from twice(
        [one.id for one in (*shared().procedures, *recipe.procedures)], "procedure twice, or also shared"
    )
    shown: dict[str, bool] = {}
    for operation in recipe.operations:
        yield from _operation(operation, recipe, register, document)
        for line in lines(recipe, operation.id):
            if line.reason:
                key = _step_key(line, operation)
                shown[key] = shown.get(key, False) or bool(line.vectors)
    yield from (f"{key}: no vector shows that it refuses" for key, found in shown.items() if not found)


def _step_key(line: Line, operation: Operation) -> str:
    """Return what a step that refuses is called once: by the procedure, clause and reason, or by the operation."""
    inner = line.path.rpartition("/")
    own = f"{operation.id} {line.path}"
    return f"step {inner[0].rpartition('/')[2]}/{inner[2]} for {line.clause}" if inner[1] else own


def _operation(operation: Operation, recipe: Recipe, register: Register, document: Data) -> Iterator[str]:
    id = operation.id
    asked = [(group, vector) for group, vector in rows(document) if group["operation"] == id]
    by_id = {vector["id"]: vector for _, vector in asked}
    known = {clause.id for clause in register.clauses}
    steps = lines(recipe, id)
    yield from twice([f"{id} {line.path}" for line in steps], "step twice")
    for line in steps:
        yield from (f"{id} {line.path}: {problem}" for problem in _step(line, by_id, known))
    yield from _uses(operation, recipe)
    worked = by_id.get(operation.worked)
    if worked is None or worked["expect"]["verdict"] != "accepted":
        yield f"{id}: {operation.worked!r} is no accepted vector of it"
    names = {name for group, vector in asked for name in (*group["given"], *vector["input"])}
    yield from _differ(id, "takes", names, {entry.name for entry in operation.takes})
    answers = [vector["expect"]["returns"] for vector in by_id.values() if "returns" in vector["expect"]]
    yield from _differ(
        id, "returns", {n for one in answers for n in one}, {entry.name for entry in operation.returns}
    )


def _step(line: Line, by_id: Data, clauses: set[str]) -> Iterator[str]:
    if line.reason and line.reason not in REASONS:
        yield f"unknown reason {line.reason!r}"
    if line.reason and not line.clause:
        yield "refuses without a clause"
    if line.clause and line.clause not in clauses:
        yield f"unknown clause {line.clause!r}"
    if bool(line.limit) != bool(line.constant):
        yield "a limit and its constant go together"
    if "{limit}" in line.text:
        yield "the text has a limit that the step has not"
    if line.limit and f"{line.limit:,}" not in line.text:
        yield "the text does not say the limit"
    for vector in line.vectors:
        if vector not in by_id:
            yield f"unknown vector {vector!r}"
        elif (found := by_id[vector]["expect"].get("reason", "accepted")) != line.reason:
            yield f"{vector} is {found}, not {line.reason or 'accepted'}"


def _uses(operation: Operation, recipe: Recipe) -> Iterator[str]:
    known = recipe.known()
    steps = [
        *operation.steps,
        *(step for procedure in recipe.procedures for step in procedure.steps),
    ]
    for step in steps:
        if step.uses and step.uses not in known:
            yield f"{operation.id} {step.step}: unknown procedure {step.uses!r}"
        if step.uses and step.reason and step.reason not in REASONS:
            yield f"{operation.id} {step.step}: unknown reason {step.reason!r}"
    paths = {line.path for line in lines(recipe, operation.id)}
    for step in operation.steps:
        for vector in step.vectors if step.uses else ():
            inner = vector.partition(":")[0]
            if f"{step.step}/{inner}" not in paths:
                yield f"{operation.id} {step.step}: {vector!r} names no step of {step.uses}"


def _differ(id: str, what: str, wanted: set[str], found: set[str]) -> Iterator[str]:
    yield from (f"{id}: {what} does not name {name!r}" for name in sorted(wanted - found))
    yield from (f"{id}: {what} names {name!r}, which no vector has" for name in sorted(found - wanted))
