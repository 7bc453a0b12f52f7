"""`handshakes vectors run`: the vectors, sent to an implementation in any language, and what its answers are worth."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from ..core.printing import printable
from ..platforms import PLATFORMS
from ..spec.adapters import Adapter, Broken
from ..spec.code import Data
from ..spec.exchanges import FAILED, OTHER_REASON, PASSED, UNSUPPORTED, canonical_questions, judged, questions
from ..spec.fresh import questions as made_anew
from ..spec.vectors import BadFile
from .common import ONE_OR_ALL, err, fail, named_platforms, out, say, unknown_reading

MOST_SHOWN = 20


def run(
    platform: Annotated[str, typer.Argument(metavar="PLATFORM", help=ONE_OR_ALL)] = "",
    command: Annotated[str, typer.Option(help="The program that answers, as one would type it.")] = "",
    operations: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,…",
            help="What the program supports: only this is asked, and all of it has to be answered.",
        ),
    ] = None,
    canonical_only: Annotated[
        bool,
        typer.Option(
            "--canonical", help="Ask only for the bytes that are signed: no cryptography is needed."
        ),
    ] = False,
    fresh: Annotated[
        int | None,
        typer.Option(
            metavar="SEED",
            min=0,
            help="Ask vectors that are made anew, with other values and ids; needs a checkout of the project.",
        ),
    ] = None,
    reading: Annotated[str, typer.Option(help="Expect the answers under this alternative reading.")] = "",
    timeout: Annotated[float, typer.Option(help="Seconds for one answer.", min=0.01, max=86_400)] = 10.0,
    repeat: Annotated[int, typer.Option(help="How many times the whole set is sent.", min=1)] = 1,
) -> None:
    """Send the vectors to an implementation in any language, and say what passed.

    Exit status: 0 all passed, 1 something failed or was refused for the wrong reason, 2 wrong usage, 3 the program did
    not keep to the exchange, 4 something was not judged because the program does not support it.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        fail(f"--command cannot be read: {error}")
    if timeout != timeout:  # a range of Click does not refuse what is no number
        fail("--timeout is not a number of seconds")
    if not words:
        fail("give the program that answers: --command 'node adapter.mjs'")
    asked = _asked(named_platforms(platform), operations or [], canonical_only, reading, fresh)
    tally: Counter[str] = Counter()
    unsupported: Counter[str] = Counter()
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
                        unsupported[question["operation"]] += worth == UNSUPPORTED
                        if why and len(said) < MOST_SHOWN:
                            said.append(f"{worth}: {question['id']}: {why}")
                    progress.update(task, advance=len(asked))
                adapter.finish()
        except Broken as caught:
            broken = caught
    for line in said:
        say(printable(line, 800))
    wrong = tally[FAILED] + tally[OTHER_REASON]
    if wrong > len(said):
        out.print(f"… and {wrong - len(said)} more")
    kinds = (PASSED, FAILED, OTHER_REASON, UNSUPPORTED)
    if tally:
        out.print(f"{sum(tally.values())} asked: " + ", ".join(f"{tally[kind]} {kind}" for kind in kinds))
    if broken:
        _fail_as_broken(broken, words, answered=bool(tally))
    if tally[UNSUPPORTED]:
        _print_unsupported(+unsupported, {question["operation"] for question, _ in asked})
    if wrong:
        raise typer.Exit(1)
    if not tally[PASSED]:
        fail("nothing was judged: the program supports none of what was asked", 4)
    if tally[UNSUPPORTED]:
        fail(f"only {tally[PASSED]} of {sum(tally.values())} vectors were judged", 4)


def _asked(
    names: list[str], operations: list[str], canonical_only: bool, reading: str, fresh: int | None
) -> list[tuple[Data, Data]]:
    """Return the questions of these platforms, of the operations that were named or of all, with what is expected."""
    if reading and canonical_only:
        fail("--canonical has the vectors of the adopted readings alone; leave --reading out")
    if reading and not any(reading in PLATFORMS[name].code().readings for name in names):
        unknown_reading(reading, names)
    if fresh is not None and (reading or canonical_only):
        fail("--fresh makes the vectors of the adopted readings anew; leave --reading and --canonical out")
    every = [pair for name in names for pair in _questions(name, canonical_only, reading, fresh)]
    wanted = {name for text in operations for name in text.replace(",", " ").split()}
    if operations and not wanted:
        fail("--operations names no operation; leave it out to ask for all")
    known = dict.fromkeys(question["operation"] for question, _ in every)
    if strange := sorted(wanted - set(known)):
        fail(f"Unknown operation {strange[0]!r}. Choose from: {', '.join(known)}")
    return [pair for pair in every if not wanted or pair[0]["operation"] in wanted]


def _questions(
    name: str, canonical_only: bool, reading: str, fresh: int | None
) -> Iterator[tuple[Data, Data]]:
    if canonical_only:
        return canonical_questions(name, PLATFORMS[name].code().operations)
    if fresh is None:
        return questions(name, reading=reading)
    try:
        return iter([*made_anew(name, fresh)])
    except BadFile as error:
        fail(f"no vectors could be made anew: {error}")


def _fail_as_broken(broken: Broken, words: list[str], answered: bool) -> None:
    """Say how the exchange broke; when nothing was answered, also which file of the command is not there."""
    message = f"the program did not keep to the exchange ({broken.kind}): {broken}"
    if not answered and broken.kind in ("died", "not-started"):
        absent = [word for word in words if _names_a_file(word) and not Path(word).exists()]
        message = f"the program gave no answer: {broken}"
        if absent:
            message += f". There is no file {absent[0]!r} in {Path.cwd()}, the folder in which it was started"
    fail(message, 3)


def _names_a_file(word: str) -> bool:
    """Return whether a word of a command looks like a path: `node docs/adapter.mjs --fast` has one."""
    return not word.startswith("-") and ("/" in word or Path(word).suffix != "") and "://" not in word


def _print_unsupported(unsupported: Counter[str], operations: set[str]) -> None:
    """Say what the program does not support, and how to ask for the rest alone."""
    out.print(
        "not supported: " + ", ".join(f"{name} ({count})" for name, count in sorted(unsupported.items()))
    )
    if rest := sorted(operations - set(unsupported)):
        say(f"to ask for the rest alone: --operations {','.join(rest)}")
