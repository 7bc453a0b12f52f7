"""`handshakes probe`: which readings of a page captured genuine requests follow."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from .. import __version__
from ..core.printing import printable
from ..explain.probe import Probe, probe
from ..explain.recorded import Unreadable
from .common import PLATFORM_HELP, fail, out, platform_named, say
from .verify import SECRET_VARIABLE, read_file, secrets_given

MOST_FILES = 1_000


def probe_requests(
    platform: Annotated[
        str, typer.Argument(metavar="PLATFORM", help=f"Whose requests they are. {PLATFORM_HELP}")
    ],
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE", help="One captured genuine request each, in any form that verify reads."
        ),
    ],
    header: Annotated[
        list[str] | None,
        typer.Option(help="The webhook's signature header, once for each file, in the same order."),
    ] = None,
    secret_file: Annotated[Path | None, typer.Option(help="A file with the secret.")] = None,
    secret_env: Annotated[
        str, typer.Option(help="The environment variable with the secret.")
    ] = SECRET_VARIABLE,
    record: Annotated[
        Path | None, typer.Option(help="Write ids of readings and counts to this file, for the register.")
    ] = None,
    format: Annotated[Literal["text", "json"], typer.Option(help="How to answer.")] = "text",
) -> None:
    """Say which readings reproduce captured genuine requests, which are ruled out, and what to capture next.

    Exit status: 0 one set of readings reproduces all of them, 1 none does, 2 wrong usage, 4 a file holds no request.
    """
    chosen = platform_named(platform)
    headers = header or []
    if headers and len(headers) != len(files):
        fail(f"{len(files)} files need as many --header, or none; {len(headers)} were given")
    if len(files) > MOST_FILES:
        fail(f"at most {MOST_FILES} files")
    captured = [(read_file(file), headers[at] if headers else "") for at, file in enumerate(files)]
    secret = secrets_given([secret_file] if secret_file else [], secret_env)[0]
    for at, (content, one) in enumerate(captured):
        try:
            probe(chosen.name, [(content, one)], secret=secret, now=0)
        except Unreadable as unreadable:
            fail(f"{files[at]}: {unreadable}", 4)
    found = probe(chosen.name, captured, secret=secret, now=int(time.time()))
    today = datetime.now(tz=UTC).date().isoformat()
    kept = json.dumps(found.record(date=today, version=__version__), indent=2) + "\n"
    if record:
        try:
            record.write_text(kept, "utf-8")
        except OSError as error:
            fail(f"{record} cannot be written: {error.strerror}")
    if format == "json":
        out.print(kept, markup=False, end="")
    else:
        _tell(found)
    raise typer.Exit(0 if found.coherent else 1)


def _tell(found: Probe) -> None:
    for number, reason in found.unexplained:
        say(f"Request {number}: no declared reading reproduces it ({reason}).")
    if not found.coherent:
        if not found.unexplained:
            out.print("Each request has its reading, but no one set of readings reproduces all of them.")
        out.print(
            "Ask `handshakes verify` about each; if it is genuine, a reading is missing: please tell us."
        )
        return
    sets = [", ".join(one) or "the adopted readings" for one in found.sets]
    many = "request is" if found.requests == 1 else "requests are"
    say(f"{found.requests} {many} reproduced by: {'; or by: '.join(sets)}.")
    for title, rows in (
        ("Ruled out", [id for one in found.ambiguities for id in one.ruled_out]),
        ("Shown", [one.reproduce[0] for one in found.ambiguities if len(one.reproduce) == 1 and one.ruled_out]),
    ):  # fmt: skip
        if rows:
            say(f"{title}:", *(f"  {id}" for id in rows))
    unsettled = [one for one in found.ambiguities if len(one.reproduce) > 1]
    if unsettled:
        say("Not told apart by these requests:")
    for one in unsettled:
        say(f"  {one.ambiguity}  {printable(one.question, 100)}", *(f"      {id}" for id in one.reproduce))
    if found.next:
        out.print(
            f"Capture next a request like the vector {found.next} (handshakes vectors show {found.next}): "
            f"it would rule out {found.settles} readings.",
            markup=False,
        )
