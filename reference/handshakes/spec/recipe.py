"""Recipes: each operation as a numbered list of steps that suffices to write it in any language, from `recipe.toml`.

The steps of an operation are done in order, and the first that refuses decides. A step may use a procedure: a list
of steps that several operations share, of the platform (`[[procedure]]` in its file) or of all (`procedures.toml`).
Parsing never fails: what is wrong with a file is a line of `recipe_linting`.

>>> [line.number + " " + line.path for line in lines(load("officernd"), "officernd.sign_webhook")][:3]
['1 key', '1.1 key/empty', '1.2 key/bytes']
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from .tables import read

SCHEMA = 1
FILE = "recipe.toml"
SHARED = "procedures.toml"
MOST_DEEP = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what to do, or what to refuse with which `reason`; `{limit}` in the text stands for the number.

    `constant` is where the code has the number. `vectors` name refused vectors that this step refuses, by the last
    part of their ids; a step that uses a procedure says for which step of it, as `escape: lone-percent`. `stage`
    is the stage that the step makes. The steps of a procedure have the clause of the step that uses it, unless
    they have their own; if that step has a reason, it is the reason of every refusal in the procedure.
    """

    step: str
    text: str
    reason: str = ""
    clause: str = ""
    limit: int = 0
    constant: str = ""
    stage: str = ""
    uses: str = ""
    vectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Procedure:
    """Steps that several operations share, by a name that `uses` of a step gives."""

    id: str
    text: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Takes:
    """One thing that an operation is given, and its exact form."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Returns:
    """One field of an accepted answer, and its exact form, for every kind of value."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: what it is given, its steps, what it returns, and one worked vector."""

    id: str
    text: str
    worked: str
    takes: tuple[Takes, ...]
    steps: tuple[Step, ...]
    returns: tuple[Returns, ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The recipes of one platform; `before` is what holds for all of its operations."""

    schema: int
    platform: str
    before: str
    operations: tuple[Operation, ...]
    procedures: tuple[Procedure, ...] = ()
    problems: tuple[str, ...] = ()

    def operation(self, id: str) -> Operation:
        """Find an operation by its full name. Returns it, or raises `KeyError`."""
        return {operation.id: operation for operation in self.operations}[id]

    def known(self) -> Mapping[str, Procedure]:
        """List the procedures that a step can use. Returns those of the platform and of all, by name."""
        return {one.id: one for one in (*shared().procedures, *self.procedures)}


@dataclass(frozen=True, slots=True)
class Shared:
    """The procedures that all platforms share."""

    schema: int
    procedures: tuple[Procedure, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A step where it stands in an operation: its number, its path, its text with the limit, and full vector ids."""

    number: str
    path: str
    text: str
    reason: str
    clause: str
    limit: int
    constant: str
    stage: str
    vectors: tuple[str, ...]


@cache
def load(platform: str) -> Recipe:
    """Read the recipes of a platform, once. Returns them; `FileNotFoundError` if there are none."""
    return parse(resources.files("handshakes").joinpath(platform, FILE).read_text("utf-8"))


@cache
def shared() -> Shared:
    """Read the procedures that all platforms share, once. Returns them."""
    problems: list[str] = []
    table = tomllib.loads(resources.files("handshakes.spec").joinpath(SHARED).read_text("utf-8"))
    return Shared(**read(Shared, table, "procedures", problems), problems=tuple(problems))


def parse(text: str) -> Recipe:
    """Read the text of a recipe file. Returns recipes, whose `problems` say what could not be read.

    >>> parse('colour = "red"').problems[-1]
    "recipe: unknown key 'colour'"
    """
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Recipe(SCHEMA, "", "", (), problems=(f"recipe: not TOML: {error}",))
    problems: list[str] = []
    return Recipe(**read(Recipe, table, "recipe", problems), problems=tuple(problems))


def lines(recipe: Recipe, operation: str) -> tuple[Line, ...]:
    """List the steps of an operation, those of procedures under the step that uses them. Returns numbered lines."""
    found = recipe.operation(operation)
    return tuple(_lines(recipe.known(), found.steps, operation.replace(".", "/")))


def _lines(
    known: Mapping[str, Procedure],
    steps: tuple[Step, ...],
    folder: str,
    number: str = "",
    path: str = "",
    clause: str = "",
    reason: str = "",
    given: tuple[str, ...] = (),
) -> Iterator[Line]:
    for place, step in enumerate(steps, 1):
        here, name, of = f"{number}{place}", f"{path}{step.step}", step.clause or clause
        own = _of(given, step.step, ":") if path else step.vectors if not step.uses else ()
        text = step.text.replace("{limit}", f"{step.limit:,}" if step.limit else "{limit}")
        vectors = tuple(f"{folder}/{vector}" for vector in own)
        why = "" if step.uses else step.reason and (reason or step.reason)
        yield Line(here, name, text, why, of, step.limit, step.constant, step.stage, vectors)
        if step.uses in known and number.count(".") < MOST_DEEP:
            passed = _of(given, step.step, "/") if path else step.vectors
            inner = known[step.uses].steps
            yield from _lines(known, inner, folder, f"{here}.", f"{name}/", of, reason or step.reason, passed)


def _of(given: tuple[str, ...], step: str, mark: str) -> tuple[str, ...]:
    """Return what the given vectors say for a step, or for those below it."""
    start = step + mark
    return tuple(text.removeprefix(start).strip() for text in given if text.startswith(start))
