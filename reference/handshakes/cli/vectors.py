"""`handshakes vectors`: list, show, check and write the vectors, and send them to any implementation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from ..core.printing import printable
from ..core.refusals import REASONS
from ..core.stages import Stage
from ..platforms import PLATFORMS
from ..spec import linting, vector_ids
from ..spec.code import Data
from ..spec.exchanges import canonical
from ..spec.register import load as register_of
from ..spec.vectors import BadFile, file_of, load, raw, read, rows, written
from .common import (
    ONE_OR_ALL,
    answer_shown,
    fail,
    file_given,
    group,
    named_platforms,
    out,
    platform_named,
    say,
    unknown,
    unknown_reading,
)
from .vectors_answer import answer_lines
from .vectors_run import run

app = group(
    "List, show, check and write vectors (an input with the expected answer); send them to an implementation."
)
app.command("run")(run)
app.command("answer")(answer_lines)

OnePlatform = Annotated[str, typer.Argument(metavar="PLATFORM", help=ONE_OR_ALL)]


def _loaded(platform: str) -> Data:
    try:
        return load(platform)
    except BadFile as bad:
        fail(str(bad), 1)


@app.command("list")
def list_vectors(
    platform: OnePlatform = "",
    clause: Annotated[str, typer.Option(help="Only vectors about this clause.")] = "",
    reason: Annotated[str, typer.Option(help="Only vectors that are refused for this reason.")] = "",
    reading: Annotated[
        str, typer.Option(help="Only vectors whose answer this alternative reading changes.")
    ] = "",
) -> None:
    """List vectors: the id, the expected answer, and with --reading also the answer under that reading."""
    found = 0
    names = named_platforms(platform)
    if reading and not any(reading in PLATFORMS[name].code().readings for name in names):
        unknown_reading(reading, names)
    clauses = {one.id for name in PLATFORMS for one in register_of(name).clauses}
    if clause and clause not in clauses:
        unknown("clause", clause, clauses, "clauses list")
    if reason and reason not in REASONS:
        unknown("reason", reason, REASONS, "explain")
    for _, vector in chain.from_iterable(rows(_loaded(name)) for name in names):
        if clause and clause not in vector["clauses"]:
            continue
        if reason and reason != vector["expect"].get("reason"):
            continue
        if reading and reading not in vector["by_reading"]:
            continue
        found += 1
        by = f"  by the reading: {answer_shown(vector['by_reading'][reading])}" if reading else ""
        say(f"{vector['id']:<64} {answer_shown(vector['expect'])}{by}")
    if not found and any(one.adopted == reading for name in names for one in register_of(name).ambiguities):
        fail(f"{reading} is the adopted reading: its answers are the expected ones of all vectors", 1)
    if not found:
        fail("No vector matches. `handshakes vectors list` lists all of them", 1)


@app.command("show")
def show(
    id: Annotated[str, typer.Argument(metavar="ID", help="The id of a vector, as `vectors list` shows it.")],
) -> None:
    """Show one vector: what is given, the input, each step to the signature, and the answer under each reading."""
    name = id.partition("/")[0]
    every = list(rows(_loaded(platform_named(name).name)))
    found = [row for row in every if row[1]["id"] == id]
    if not found:
        unknown("vector", id, [vector["id"] for _, vector in every], f"vectors list {name}")
    ((group, vector),) = found
    lines = [f"{id}  ({group['operation']})", f"  clauses: {' '.join(vector['clauses'])}"]
    lines += [f"  given {key}: {_json(value)}" for key, value in group["given"].items()]
    lines += [f"  input {key}: {_json(value)}" for key, value in vector["input"].items()]
    lines += [
        f"  stage {stage['name']}: {Stage(stage['name'], raw(stage)).show()}" for stage in vector["stages"]
    ]
    lines.append(f"  expected: {answer_shown(vector['expect'])}")
    lines += [f"    {key}: {_json(value)}" for key, value in vector["expect"].get("returns", {}).items()]
    lines += [f"  by {reading}: {answer_shown(expect)}" for reading, expect in vector["by_reading"].items()]
    if source := vector.get("derived_from"):
        lines.append(f"  derived from {source['id']}: {source['change']}")
    say(*lines)


@app.command("lint")
def check(
    what: Annotated[
        str,
        typer.Argument(metavar="WHAT", help="A platform, or a file of vectors; all platforms unless given."),
    ] = "",
) -> None:
    """Check vectors: their form, ids, stages, answers and changes, and that every rule that needs one has one.

    Each problem is one line, with file, place and reason where it is about a file, and the exit status is then 1.
    """
    given = file_given(what)
    files = [given] if given else [file_of(name) for name in named_platforms(what)]
    counted = problems = 0
    for file in files:
        for problem in _problems(file, ours=given is None):
            say(problem)
            problems += 1
        counted += 0 if problems else sum(1 for _ in rows(read(file)))
    if problems:
        raise typer.Exit(1)
    out.print(f"{counted} vectors, no problem")


def _problems(file: Path, ours: bool) -> Iterator[str]:
    try:
        document = read(file)
        if document["platform"] not in PLATFORMS:
            raise BadFile(str(file), "platform", f"{document['platform']!r} is not built")
        register = register_of(document["platform"])
        yield from linting.vectors(
            document, register, PLATFORMS[document["platform"]].code(), vector_ids.beside(file)
        )
        if ours and (changed := _changed(file, document)):
            names = ", ".join(f"{path.parent.name}/{path.name}" for path in changed)
            yield f"{names}: is not what `handshakes vectors format` writes"
    except BadFile as bad:
        yield str(bad)


@app.command("format")
def format_files(
    platform: OnePlatform = "",
    check_only: Annotated[
        bool, typer.Option("--check", help="Write nothing; say what would change.")
    ] = False,
) -> None:
    """Rewrite the files of vectors in their standard form, with the sets without cryptography and the lists of ids."""
    changed: dict[Path, str] = {}
    for file in map(file_of, named_platforms(platform)):
        changed |= _changed(file, _loaded(file.parent.name))
    for path, text in changed.items():
        if not check_only:
            path.write_text(text, "ascii")
        say(f"{'would write' if check_only else 'written'}: {path}")
    if not changed:
        out.print("nothing to write")
    elif check_only:
        raise typer.Exit(1)


def _changed(file: Path, document: Data) -> dict[Path, str]:
    """Return the files that `format` would write, with their texts."""
    ids = vector_ids.beside(file) or vector_ids.NONE_YET
    wanted = {
        file: written(document),
        file.with_name("canonical.json"): written(
            canonical(document, PLATFORMS[document["platform"]].code().operations)
        ),
        file.with_name(vector_ids.FILE): vector_ids.with_new(document, ids),
    }
    return {
        path: text for path, text in wanted.items() if not path.is_file() or path.read_text("ascii") != text
    }


def _json(value: object) -> str:
    return printable(json.dumps(value, ensure_ascii=False), 2_000)
