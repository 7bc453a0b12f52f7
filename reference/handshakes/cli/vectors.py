"""`handshakes vectors`: list, show, check and write the vectors, and send them to any implementation."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.progress import Progress

from ..core.printing import printable
from ..core.stages import Stage
from ..platforms import PLATFORMS
from ..spec import linting, vector_ids
from ..spec.adapters import Adapter, Broken
from ..spec.code import Data
from ..spec.exchanges import (
    FAILED,
    OTHER_REASON,
    PASSED,
    UNSUPPORTED,
    canonical,
    canonical_questions,
    judged,
    questions,
)
from ..spec.register import load as register_of
from ..spec.vectors import BadFile, file_of, load, raw, read, rows, written
from .common import err, fail, out, platform_named, unknown

app = typer.Typer(
    no_args_is_help=True, help="List, show, check and write vectors; send them to an implementation."
)
MOST_SHOWN = 20

OnePlatform = Annotated[str, typer.Argument(help="One platform; all unless given.")]


def _names(platform: str) -> list[str]:
    return [platform_named(platform).name] if platform else list(PLATFORMS)


def _unknown_reading(reading: str, names: list[str]) -> NoReturn:
    known = [id for name in names for id, runs in PLATFORMS[name].code().readings.items() if runs]
    unknown("reading", reading, known, "clauses show CLAUSE")


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
    reading: Annotated[str, typer.Option(help="Only vectors that this reading answers otherwise.")] = "",
) -> None:
    """List vectors: id, what is expected, and what another reading answers where one is asked for."""
    found = 0
    if reading and not any(reading in PLATFORMS[name].code().readings for name in _names(platform)):
        _unknown_reading(reading, _names(platform))
    for _, vector in chain.from_iterable(rows(_loaded(name)) for name in _names(platform)):
        if clause and clause not in vector["clauses"]:
            continue
        if reason and reason != vector["expect"].get("reason"):
            continue
        if reading and reading not in vector["by_reading"]:
            continue
        found += 1
        by = f"  by the reading: {_expected(vector['by_reading'][reading])}" if reading else ""
        out.print(f"{vector['id']:<64} {_expected(vector['expect'])}{by}", markup=False)
    if not found:
        fail("No vector matches. `handshakes vectors list` lists all of them", 1)


@app.command("show")
def show(id: Annotated[str, typer.Argument(help="The id of a vector.")]) -> None:
    """Show one vector: what is given, the input, the stages, the answer, and what other readings answer."""
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
    lines.append(f"  expected: {_expected(vector['expect'])}")
    lines += [f"    {key}: {_json(value)}" for key, value in vector["expect"].get("returns", {}).items()]
    lines += [f"  by {reading}: {_expected(expect)}" for reading, expect in vector["by_reading"].items()]
    if source := vector.get("derived_from"):
        lines.append(f"  derived from {source['id']}: {source['change']}")
    out.print("\n".join(lines), markup=False)


@app.command("lint")
def check(
    what: Annotated[
        str, typer.Argument(help="A platform, or a file of vectors; all platforms unless given.")
    ] = "",
) -> None:
    """Check vectors: their form, ids, stages, answers, changes, and that nothing is left without one.

    Every problem is one line; exit code 1 when there is one. A problem of a file names file, place and reason.
    """
    given = Path(what) if what and what not in PLATFORMS and ("/" in what or Path(what).is_file()) else None
    files = [given] if given else [file_of(name) for name in _names(what)]
    counted = problems = 0
    for file in files:
        for problem in _problems(file, ours=given is None):
            out.print(problem, markup=False)
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
        if ours and (changed := _unformatted(file, document)):
            yield f"{changed}: is not what `handshakes vectors format` writes"
    except BadFile as bad:
        yield str(bad)


@app.command("format")
def format_files(
    platform: OnePlatform = "",
    check_only: Annotated[
        bool, typer.Option("--check", help="Write nothing; say what would change.")
    ] = False,
) -> None:
    """Write vectors in their one form, the sets without cryptography that follow from them, and new ids to the lists."""
    changed = []
    for file in map(file_of, _names(platform)):
        document = _loaded(file.parent.name)
        for path, text in _files(file, document).items():
            if not path.is_file() or path.read_text("ascii") != text:
                changed.append(path)
                if not check_only:
                    path.write_text(text, "ascii")
    for path in changed:
        out.print(f"{'would write' if check_only else 'written'}: {path}", markup=False)
    if not changed:
        out.print("nothing to write")
    elif check_only:
        raise typer.Exit(1)


def _files(file: Path, document: Data) -> dict[Path, str]:
    return {
        file: written(document),
        file.with_name("canonical.json"): written(
            canonical(document, PLATFORMS[document["platform"]].code().operations)
        ),
        file.with_name(vector_ids.FILE): vector_ids.with_new(
            document, vector_ids.beside(file) or vector_ids.NONE_YET
        ),
    }


def _unformatted(file: Path, document: Data) -> str:
    texts = _files(file, document)
    wrong = [
        path.name for path, text in texts.items() if not path.is_file() or path.read_text("ascii") != text
    ]
    return ", ".join(f"{file.parent.name}/{name}" for name in wrong)


@app.command("run")
def run(
    platform: OnePlatform = "",
    command: Annotated[str, typer.Option(help="The program that answers, as one would type it.")] = "",
    canonical_only: Annotated[
        bool, typer.Option("--canonical", help="Only the bytes before the key: no cryptography is needed.")
    ] = False,
    reading: Annotated[str, typer.Option(help="Expect what this reading answers.")] = "",
    timeout: Annotated[float, typer.Option(help="Seconds for one answer.", min=0.01, max=86_400)] = 10.0,
    repeat: Annotated[int, typer.Option(help="How often the whole set is asked.", min=1)] = 1,
) -> None:
    """Put the vectors to an implementation in any language, and say what passed.

    Exit code 1 when something failed or was refused for the wrong reason, 3 when the program did not
    keep to the exchange, 4 when it supports none of what was asked.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        fail(f"--command cannot be read: {error}")
    if not words:
        fail("give the program that answers: --command 'node adapter.mjs'")
    names = _names(platform)
    if reading and not any(reading in PLATFORMS[name].code().readings for name in names):
        _unknown_reading(reading, names)
    asked = [
        pair
        for name in names
        for pair in (
            canonical_questions(name, PLATFORMS[name].code().operations)
            if canonical_only
            else questions(name, reading=reading)
        )
    ]
    tally: Counter[str] = Counter()
    said: list[str] = []
    broken: Broken | None = None
    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("asking", total=len(asked) * repeat)
        try:
            with Adapter(words, timeout=timeout) as adapter:
                for _ in range(repeat):
                    for question, expect in asked:
                        worth, why = judged(adapter.ask(question), expect)
                        tally[worth] += 1
                        if why and len(said) < MOST_SHOWN:
                            said.append(f"{worth}: {question['id']}: {why}")
                    progress.update(task, advance=len(asked))
                adapter.finish()
        except Broken as caught:
            broken = caught
    for line in said:
        out.print(printable(line, 800), markup=False)
    wrong = tally[FAILED] + tally[OTHER_REASON]
    if wrong > len(said):
        out.print(f"… and {wrong - len(said)} more")
    kinds = (PASSED, FAILED, OTHER_REASON, UNSUPPORTED)
    out.print(f"{sum(tally.values())} asked: " + ", ".join(f"{tally[kind]} {kind}" for kind in kinds))
    if broken:
        fail(f"the program did not keep to the exchange ({broken.kind}): {broken}", 3)
    if wrong:
        raise typer.Exit(1)
    if not tally[PASSED]:
        fail("nothing was judged: the program supports none of what was asked", 4)


def _expected(expect: Data) -> str:
    return "accepted" if expect["verdict"] == "accepted" else f"refused as {expect['reason']}"


def _json(value: object) -> str:
    return printable(json.dumps(value, ensure_ascii=False), 2_000)
