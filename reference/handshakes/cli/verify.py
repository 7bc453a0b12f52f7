"""`handshakes verify`: one pasted request, verified or explained."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Annotated, Literal

import typer

from ..core.cases import Ciphers
from ..core.refusals import Refused
from ..explain import explain
from ..explain.asking import MOST_PASTED, Misgiven, read
from ..explain.telling import told
from .common import PLATFORM_HELP, fail, platform_named, say, unknown_reading

MOST_TYPED = 4_095
"""How many bytes of one line a terminal hands on; it drops the rest in silence."""
SECRET_VARIABLE = "HANDSHAKES_SECRET"
EXITS = {"verified": 0, "refused": 1, "unrecognised": 4}


def verify(
    platform: Annotated[
        str, typer.Argument(metavar="PLATFORM", help=f"Whose request it is. {PLATFORM_HELP}")
    ],
    request: Annotated[
        str,
        typer.Argument(
            metavar="REQUEST",
            help="Whatever you have: a URL, a curl command, a log line, a HAR file, a raw request, a body. "
            "- reads it from standard input; without it, you are asked for it.",
        ),
    ] = "",
    file: Annotated[
        Path | None, typer.Option("--file", "--body", help="A file that holds it, text or binary.")
    ] = None,
    header: Annotated[
        str, typer.Option(help="The webhook's signature header, or the content type of a registration.")
    ] = "",
    secret_file: Annotated[
        list[Path] | None,
        typer.Option(help="A file with the secret. Give it again for other secrets that may have been used."),
    ] = None,
    secret_env: Annotated[
        str, typer.Option(help="The environment variable with the secret.")
    ] = SECRET_VARIABLE,
    now: Annotated[
        int | None, typer.Option(help="Unix seconds to verify at; the real time unless given.", min=0)
    ] = None,
    tolerance: Annotated[
        str, typer.Option(help="How old and how far ahead a timestamp may be, in seconds, as 300,60.")
    ] = "",
    reading: Annotated[
        list[str] | None,
        typer.Option(help="An alternative reading to verify by, as officernd:signature.order=sorted."),
    ] = None,
    origin: Annotated[
        list[str] | None, typer.Option(help="An address, as https://example.com, that a proxy hides.")
    ] = None,
    mine: Annotated[
        str | None, typer.Option(help="The text that you signed: where it differs, and why.")
    ] = None,
    mine_file: Annotated[Path | None, typer.Option(help="A file with the text that you signed.")] = None,
    mine_digest: Annotated[
        str | None, typer.Option(help="The digest that you got, in hex or base64: what makes it.")
    ] = None,
    deep: Annotated[bool, typer.Option(help="Search longer: more combinations, more rounds.")] = False,
    show_secrets: Annotated[
        bool, typer.Option(help="Show what is masked. For your own terminal only.")
    ] = False,
    format: Annotated[Literal["text", "json"], typer.Option(help="How to answer.")] = "text",
) -> None:
    """Verify one pasted request: what its signature covers, or why it was refused and what the cause is.

    A request can carry a token, and an argument stays in the shell's history. To leave no trace there, paste
    the request when you are asked for it, pipe it to -, or name a file with --file.

    The secret is never an argument. It is taken from --secret-file, else from the environment variable, else
    you are asked for it.

    Exit status: 0 verified, 1 refused, 2 wrong usage, 4 the input is not a request.
    """
    chosen = platform_named(platform)
    if mine is not None and mine_file:
        fail("give --mine or --mine-file, not both")
    try:
        options = read(
            tolerance=tolerance, reading=reading or [], origin=origin or [], mine_digest=mine_digest,
            mine=read_file(mine_file) if mine_file else os.fsencode(mine) if mine is not None else None,
        )  # fmt: skip
    except Misgiven as wrong:
        fail(f"--{wrong.option.replace('_', '-')} {wrong.says}")
    pasted = _pasted(request, file, header)
    secret, *others = secrets_given(secret_file or [], secret_env)
    at = int(time.time()) if now is None else now
    try:
        answer = explain(
            chosen.name, pasted, secret=secret, now=at, header=header, others=others, deep=deep,
            show_secrets=show_secrets, ciphers=ciphers_for(chosen.name), **options,
        )  # fmt: skip
    except Refused as refused:
        if stage := refused.evidence.get("twice replaced"):
            fail(f"--reading was given twice for the stage {stage}: choose one")
        unknown_reading(refused.evidence["reading"], [platform])
    if format == "json":
        say(json.dumps(answer.as_json(), ensure_ascii=False, indent=2))
    else:
        say(*told(answer, at))
    raise typer.Exit(EXITS[answer.verdict])


def _pasted(request: str, file: Path | None, header: str) -> bytes:
    """Return what was given in one of the three ways, or ask for it."""
    if request and file:
        fail("give one request: as an argument, or with --file")
    if file:
        content = read_file(file)
    elif request == "-":
        content = sys.stdin.buffer.read(MOST_PASTED + 1)
        if len(content) > MOST_PASTED:
            fail(f"standard input is over {MOST_PASTED} bytes")
    elif not request and sys.stdin.isatty():
        content = _typed("Request (the URL or target)").encode("utf-8", "surrogateescape")
        if len(content) >= MOST_TYPED:
            fail(f"a terminal hands on {MOST_TYPED} bytes of a line and drops the rest: use --file")
    else:
        content = os.fsencode(request)
    if not content.strip() and not header:
        empty = f"{file} is empty. " if file else "standard input was empty. " if request == "-" else ""
        fail(f"{empty}Give the request: a URL as an argument, piped to -, or with --file")
    return content


def _typed(what: str, *, hidden: bool = False) -> str:
    """Return what is typed in a terminal, nothing at its end (Ctrl-D); Ctrl-C ends the command as it does elsewhere."""
    try:
        return str(typer.prompt(what, hide_input=hidden, err=True))
    except typer.Abort as ended:
        if isinstance(ended.__context__, KeyboardInterrupt):
            raise typer.Exit(130) from None
        return ""


def ciphers_for(platform: str) -> Ciphers | None:
    """Return what a platform that encrypts is searched with; the others need not wait for its import."""
    if platform != "fortis":
        return None
    from ..runtime.ciphers import AesCiphers

    return AesCiphers()


def read_file(path: Path) -> bytes:
    """Return the content of a file that a person names, or end with exit code 2."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_PASTED + 1)
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}")
    if len(content) > MOST_PASTED:
        fail(f"{path} is over {MOST_PASTED} bytes")
    return content


def secrets_given(files: list[Path], variable: str) -> list[str]:
    """Return the secrets from files, else from an environment variable, else from a prompt."""
    secrets = [_secret_in(file) for file in files]
    if not secrets:
        if not re.fullmatch(r"[A-Za-z_]\w*", variable, re.ASCII):
            fail(f"--secret-env needs the name of an environment variable, not {variable!r}")
        if variable in os.environ:
            secrets = [os.environ[variable]]
        elif sys.stdin.isatty():
            secrets = [_typed("Secret", hidden=True)]
        else:
            fail(f"no secret: use --secret-file, set {variable}, or run it in a terminal to be asked")
    if "" in secrets:
        fail("the secret is empty")
    return secrets


def _secret_in(file: Path) -> str:
    try:
        return read_file(file).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        fail(f"{file} is not UTF-8 text")
