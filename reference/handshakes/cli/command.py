"""The `handshakes` command.

It exits with status 0 when every check passed and 1 when something failed or was refused; with 2 for wrong usage,
3 when what it was to ask could not be reached, 4 when nothing could be judged, 5 for a defect of its own, and 130
when Ctrl-C ended it.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperGroup

from .. import __version__
from .common import HELP_NAMES, err, out

COMMANDS = {
    "tour": "tour",
    "serve": "serve",
    "verify": "verify",
    "explain": "explain_id",
    "probe": "probe_requests",
    "judge": "judge",
    "clauses": "app",
    "vectors": "app",
}
"""The commands, each with what its module of the same name defines: a function, or a group of further commands."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class Commands(TyperGroup):
    """The commands, each loaded when it is asked for: what `serve` imports must not delay `verify`."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]  # the names, for a hint at a typing error

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command with this name, or None."""
        if cmd_name in COMMANDS and self.commands[cmd_name] is None:
            found = getattr(import_module(f"{__package__}.{cmd_name}"), COMMANDS[cmd_name])
            if not isinstance(found, typer.Typer):
                function, found = found, typer.Typer(add_completion=False, rich_markup_mode="markdown")
                found.command(cmd_name, context_settings=HELP_NAMES)(function)
            self.commands[cmd_name] = typer.main.get_command(found)
            self.commands[cmd_name].name = cmd_name  # a group has none, and the help would name none
        return super().get_command(ctx, cmd_name)


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings=HELP_NAMES,
    help="Four marketplace handshakes (OfficeRnD, RetailCRM, onOffice, Fortis), both sides: run them, serve them, "
    "verify a request and say why it was refused.",
    epilog="Exit status: 0 all held, 1 something failed or was refused, 2 wrong usage, 3 the other side could not be "
    "reached, 4 nothing was judged, 5 a defect of this tool, 130 stopped by Ctrl-C.",
)


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
