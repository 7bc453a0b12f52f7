"""`handshakes clauses`: the rules, their evidence, their ambiguities and readings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from ..core.printing import printable
from ..platforms import PLATFORMS
from ..spec import recipe, recipe_linting
from ..spec.code import Data
from ..spec.evidence import FILE, KINDS, NOT_RUN, read
from ..spec.linting import against_code, settings_in_code
from ..spec.register import Register, load, parse
from ..spec.register_linting import lint
from ..spec.vectors import MOST_BYTES, rows
from ..spec.vectors import load as vectors_of
from .common import (
    ONE_OR_ALL,
    answer_shown,
    err,
    fail,
    file_given,
    group,
    named_platforms,
    out,
    platform_named,
    say,
    unknown,
    without_platform,
)
from .sources import list_sources

MOST_NAMES = 8
app = group(
    "List, show and check the clauses: the rules of each platform, with their sources and open questions."
)
app.command("sources")(list_sources)


@app.command("list")
def list_clauses(
    platform: Annotated[str, typer.Argument(metavar="PLATFORM", help=ONE_OR_ALL)] = "",
    matrix: Annotated[
        Path | None, typer.Option(help=f"What the last run of the tests wrote; {FILE} unless given.")
    ] = None,
) -> None:
    """List every clause: its level (must, should, may), whom it binds, its id and text, and what the tests last showed."""
    found = read(matrix or FILE)
    if matrix and found is NOT_RUN:
        fail(f"{matrix}: is not what a run of the tests writes")
    for register in map(load, named_platforms(platform)):
        untestable = {entry.clause: entry.reason for entry in register.untestable}
        for clause in register.clauses:
            proof = (
                f"untestable: {untestable[clause.id]}" if clause.id in untestable else found.shown(clause.id)
            )
            say(f"{clause.level:<6} {clause.actor:<8} {clause.id}  {clause.text}  [{proof}]")
    if not found.complete:
        err.print(f"{matrix or FILE} is not of a full run: run the tests to see all evidence", markup=False)


@app.command("show")
def show(
    id: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="A clause (officernd:signature.order), an ambiguity (officernd:S2), or a reading (officernd:signature.order=sorted).",
        ),
    ],
) -> None:
    """Show a clause, an ambiguity, or a reading.

    An ambiguity is a question that a document leaves open. A reading is one answer to it; with a reading come the
    vectors whose expected answer it changes.
    """
    register = _register_of(id)
    if "=" in id:
        _show_reading(register, id)
        return
    clause = next((one for one in register.clauses if one.id == id), None)
    found = [one for one in register.ambiguities if one.id == id or id in one.clauses]
    if clause is None and not found:
        unknown("clause or ambiguity", id, _ids(register), f"clauses list {register.platform}")
    matrix = read()
    if clause:
        lines = [f"{clause.id}  ({clause.actor}, {clause.level}, {clause.grade})", f"  {clause.text}"]
        lines += [f"  source: {clause.source}, {clause.heading}", f"  if violated: {clause.violation}"]
        lines.append(f"  shown by the last run of the tests: {matrix.shown(id)}")
        lines += [f"    {name}" for kind in KINDS for name in matrix.names(id, kind)[:MOST_NAMES]]
        say(*lines)
    for one in found:
        lines = [f"{one.id}  ({one.status})  {one.question}", f"  adopted because: {one.reason}"]
        for reading in one.readings:
            mark = "*" if reading.id == one.adopted else "-"
            lines.append(f"  {mark} {reading.id}: {reading.rule}")
            lines += [f"      for: {reading.for_}", f"      against: {reading.against}"]
        lines += [f"  if you guess wrong: {one.consequence}", f"  to settle it: {one.settle}"]
        say(*lines)


def _register_of(id: str) -> Register:
    """Return the register that an id belongs to; without a platform in front, say which ids could be meant."""
    platform, colon, _ = id.partition(":")
    if colon:
        return load(platform_named(platform).name)
    meant = [f"{name}:{id}" for name in PLATFORMS if f"{name}:{id}" in _ids(load(name))]
    without_platform(id, meant, "officernd:signature.order")


def _ids(register: Register) -> set[str]:
    return {
        *(clause.id for clause in register.clauses),
        *(ambiguity.id for ambiguity in register.ambiguities),
        *(reading.id for reading in register.readings()),
    }


def _show_reading(register: Register, id: str) -> None:
    """Show a reading, and every vector whose expected answer it changes."""
    reading = next((one for one in register.readings() if one.id == id), None)
    if reading is None:
        known, of = [one.id for one in register.readings()], id.partition("=")[0]
        listing = f"show {of}" if of in _ids(register) else f"list {register.platform}"
        unknown("reading", id, known, f"clauses {listing}")
    asked = next(one for one in register.ambiguities if reading in one.readings)
    mark = "adopted" if asked.adopted == id else f"not adopted; that is {asked.adopted}"
    lines = [f"{id}  ({mark})", f"  {reading.rule}"]
    lines += [f"  for: {reading.for_}", f"  against: {reading.against}"]
    lines += [f"  question: {asked.question} ({asked.id})", f"  if you guess wrong: {asked.consequence}"]
    changed = [
        (v["id"], v["expect"], v["by_reading"][id])
        for _, v in rows(vectors_of(register.platform))
        if id in v["by_reading"]
    ]
    lines.append(f"  vectors whose answer it changes: {len(changed)}")
    lines += [
        f"    {name}: {answer_shown(expect)}, and by this reading {_other_answer(expect, other)}"
        for name, expect, other in changed
    ]
    say(*lines)


def _other_answer(expect: Data, other: Data) -> str:
    """Return an answer that differs; of two that are accepted it is the result that does."""
    both = expect["verdict"] == other["verdict"] == "accepted"
    return "accepted with another result" if both else answer_shown(other)


@app.command("lint")
def check(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT", help="A platform, or a file like spec.toml; all platforms unless given."
        ),
    ] = "",
) -> None:
    """Check the clauses, alone and against the code, and the recipes. Each problem is one line, and the exit status is then 1."""
    if path := file_given(what):
        registers = [_of_file(path)]
        built = registers[0].platform in PLATFORMS
        said = _problems(registers[0]) if built else lint(registers[0])
        problems = [f"{what}: {problem}" for problem in said]
    else:
        registers = [load(name) for name in named_platforms(what)]
        problems = [problem for register in registers for problem in _problems(register)]
    for problem in problems:
        say(printable(problem, 800))
    if problems:
        raise typer.Exit(1)
    out.print(f"{sum(len(register.clauses) for register in registers)} clauses, no problem")


def _problems(register: Register) -> Iterator[str]:
    yield from lint(register)
    code = PLATFORMS[register.platform].code()
    yield from against_code(register, code.readings)
    yield from settings_in_code(register, code.settings)
    document = vectors_of(register.platform)
    yield from recipe_linting.lint(recipe.load(register.platform), register, document, code.operations)


def _of_file(path: Path) -> Register:
    try:
        if path.stat().st_size > MOST_BYTES:
            fail(f"{path}: longer than {MOST_BYTES} bytes", 1)
        return parse(path.read_bytes().decode("utf-8"))
    except OSError as error:
        fail(f"{path}: cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        fail(f"{path}: byte {error.start}: not UTF-8", 1)
