"""`handshakes verify`: one pasted request, verified or explained."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from ..core.printing import printable
from ..core.refusals import Refused
from ..runtime.story import Pasted
from .common import fail, out, platform_named

MOST_PASTED = 1_048_576
SECRET_VARIABLE = "HANDSHAKES_SECRET"


def verify(
    platform: Annotated[str, typer.Argument(help="Whose request it is.")],
    request: Annotated[
        str, typer.Argument(help="The URL or raw target, or a registration; - reads it from standard input.")
    ] = "",
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
    tolerance: Annotated[str, typer.Option(help="Seconds back and ahead, as 300,60.")] = "",
    reading: Annotated[list[str] | None, typer.Option(help="The id of a reading to use instead.")] = None,
) -> None:
    """Verify one pasted request, and say what its signature covers, or why it was refused.

    The secret comes from --secret-file, from an environment variable, or from a prompt.
    """
    tools = platform_named(platform).tools()
    if bool(request) == bool(body):
        fail("give a URL, or a raw body with --body, and --header where there is one")
    if request and header:
        fail("--header belongs to a --body; a URL carries its signature itself")
    pasted = Pasted(_read_text(request), _read_file(body) if body else b"", header)
    if not pasted.url and not body:
        fail("nothing was pasted: standard input was empty")
    secret = _secret(secret_file, secret_env)
    at = int(time.time()) if now is None else now
    try:
        text = tools.verify(
            pasted, secret=secret, now=at, tolerance=_tolerance(tolerance), readings=reading or []
        )
    except Refused as refused:
        out.print(refused.explain(), markup=False)
        raise typer.Exit(2 if refused.reason == "unknown-reading" else 1) from None
    out.print(text, markup=False)


def _read_text(request: str) -> str:
    if request != "-":
        return request.strip()
    return sys.stdin.buffer.read(MOST_PASTED + 1)[:MOST_PASTED].decode("utf-8", "replace").strip()


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
