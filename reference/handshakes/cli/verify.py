"""`handshakes verify`: one pasted request, verified or explained."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from ..core.printing import printable
from ..core.refusals import Refused
from ..platforms import PLATFORMS
from ..runtime.story import Pasted
from .common import PLATFORM_HELP, fail, out, platform_named, unknown_reading

MOST_PASTED = 1_048_576
MOST_TYPED = 4_095
"""How many bytes of one line a terminal hands on; it drops the rest in silence."""
SECRET_VARIABLE = "HANDSHAKES_SECRET"


def verify(
    platform: Annotated[
        str, typer.Argument(metavar="PLATFORM", help=f"Whose request it is. {PLATFORM_HELP}")
    ],
    request: Annotated[
        str,
        typer.Argument(
            metavar="REQUEST",
            help="The URL or request target as it was received, or the body of a registration. "
            "- reads it from standard input; without it, you are asked for it.",
        ),
    ] = "",
    file: Annotated[Path | None, typer.Option("--file", help="A file with the request.")] = None,
    body: Annotated[
        Path | None, typer.Option(help="A file with the raw body of a webhook or registration.")
    ] = None,
    header: Annotated[
        str, typer.Option(help="The webhook's signature header, or the content type of a registration.")
    ] = "",
    secret_file: Annotated[Path | None, typer.Option(help="A file with the secret.")] = None,
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
) -> None:
    """Verify one pasted request, and say what its signature covers, or why it was refused.

    A request can carry a token, and an argument stays in the shell's history. To leave no trace there, paste
    the request when you are asked for it, pipe it to -, or name a file with --file.

    The secret is never an argument. It is taken from --secret-file, else from the environment variable, else
    you are asked for it.

    Exit status: 0 verified, 1 refused, 2 wrong usage, 4 the input is no request.
    """
    tools = platform_named(platform).tools()
    pasted = _pasted(request, file, body, header)
    if not body and not _like_a_request(pasted.url):
        fail(
            f"the input looks like no request of {PLATFORMS[platform].title}. "
            "Paste a URL or request target with all its parameters, or a body with --body",
            4,
        )
    secret = _secret(secret_file, secret_env)
    at = int(time.time()) if now is None else now
    try:
        text = tools.verify(
            pasted, secret=secret, now=at, tolerance=_tolerance(tolerance), readings=reading or []
        )
    except Refused as refused:
        if refused.reason == "unknown-reading":
            unknown_reading(refused.evidence.get("reading", ""), [platform])
        out.print(refused.explain(), markup=False)
        raise typer.Exit(1) from None
    out.print(text, markup=False)


def _pasted(request: str, file: Path | None, body: Path | None, header: str) -> Pasted:
    """Return what was given in one of the four ways, or ask for it; a file may end with a line end."""
    if (bool(request) + bool(file) + bool(body)) > 1:
        fail("give one request: as an argument, with --file, or a raw body with --body")
    if header and not body:
        fail("--header belongs to a --body; a URL carries its signature itself")
    if body:
        return Pasted("", _read_file(body), header)
    if file:
        text = _read_file(file).decode("utf-8", "replace")
    elif request == "-":
        text = sys.stdin.buffer.read(MOST_PASTED + 1)[:MOST_PASTED].decode("utf-8", "replace")
    elif not request and sys.stdin.isatty():
        text = typer.prompt("Request (the URL or target)", err=True)
        if len(text.encode("utf-8", "replace")) >= MOST_TYPED:
            fail(f"a terminal hands on {MOST_TYPED} bytes of a line and drops the rest: use --file")
    else:
        text = request
    if not text.strip():
        empty = f"{file} is empty. " if file else "standard input was empty. " if request == "-" else ""
        fail(f"{empty}Give the request: a URL as an argument, piped to -, with --file, or a body with --body")
    return Pasted(text.strip())


def _like_a_request(text: str) -> bool:
    """Return whether a text has parameters, is JSON or a form of several parts, or is one long word as a payload is.

    >>> [_like_a_request(text) for text in ("/x?a=1", '{"a": 1}', "U2FsdGVkX18AAAAAAAAAAA", "hello world", "hello")]
    [True, True, True, False, False]
    """
    return bool(
        re.search(r"[?=]|://\w", text) or text[0] in "{[-" or re.fullmatch(r"[\w+/%-]{16,}", text, re.ASCII)
    )


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_PASTED + 1)
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}")
    if len(content) > MOST_PASTED:
        fail(f"{path} is over {MOST_PASTED} bytes")
    return content


def _secret(file: Path | None, variable: str) -> str:
    if file:
        try:
            secret = _read_file(file).decode().rstrip("\r\n")
        except UnicodeDecodeError:
            fail(f"{file} is not UTF-8 text")
    elif not re.fullmatch(r"[A-Za-z_]\w*", variable, re.ASCII):
        fail(f"--secret-env needs the name of an environment variable, not {variable!r}")
    elif variable in os.environ:
        secret = os.environ[variable]
    elif sys.stdin.isatty():
        secret = typer.prompt("Secret", hide_input=True, err=True)
    else:
        fail(f"no secret: use --secret-file, set {variable}, or run it in a terminal to be asked")
    if not secret:
        fail("the secret is empty")
    return secret


def _tolerance(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    back, comma, ahead = text.partition(",")
    if not (comma and back.isdecimal() and ahead.isdecimal() and text.isascii() and len(text) < 20):
        fail(f"--tolerance is two numbers of seconds, as 300,60, not {printable(text)}")
    return int(back), int(ahead)
