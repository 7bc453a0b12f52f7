"""The `handshakes` command.

It exits with status 0 when every check passed and 1 when something failed or was refused; with 2 for wrong usage,
3 when what it was to ask could not be reached, 4 when nothing could be judged, 5 for a defect of its own.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from .. import __version__
from . import clauses, vectors
from .common import HELP_NAMES, err, out
from .explain import explain_id
from .probe import probe_requests
from .serve import serve
from .tour import tour
from .verify import verify

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings=HELP_NAMES,
    help="Four marketplace handshakes (OfficeRnD, RetailCRM, onOffice, Fortis), both sides: run them, serve them, "
    "verify a request and say why it was refused.",
    epilog="Exit status: 0 all held, 1 something failed or was refused, 2 wrong usage, 3 the other side could not be "
    "reached, 4 nothing was judged, 5 a defect of this tool.",
)
app.command()(tour)
app.command()(serve)
app.command()(verify)
app.command("explain")(explain_id)
app.command("probe")(probe_requests)
app.add_typer(clauses.app, name="clauses")
app.add_typer(vectors.app, name="vectors")


def show_version(wanted: bool) -> None:
    """Show the version and end, when it is wanted."""
    if wanted:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and end.", is_eager=True, callback=show_version),
    ] = False,
) -> None:
    """Take the options before a command."""


def main() -> None:
    """Run the command; a defect of this tool ends with exit code 5 and a plain sentence."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # it was closed before the start, as with `>&-`
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show an arrow shows a question mark
    try:
        app()
    except Exception as error:
        if os.environ.get("HANDSHAKES_DEBUG"):
            raise
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  else the end of the program would try to write again
            err.print(f"[red]handshakes:[/] the output cannot be written: {error.strerror}")
            sys.exit(1)
        err.print(f"[red]handshakes:[/] this is a defect of the tool: {escape(type(error).__name__)}")
        err.print("Set HANDSHAKES_DEBUG=1 to see where, and please report it.")
        sys.exit(5)
