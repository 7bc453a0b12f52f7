"""What the commands share: how they print, how they fail, how they find a platform and a store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from ..core.printing import printable
from ..platforms import PLATFORMS, Platform

out = Console(highlight=False, soft_wrap=True, emoji=False)
PLATFORM_HELP = f"One of: {', '.join(PLATFORMS)}."
ONE_OR_ALL = f"One of: {', '.join(PLATFORMS)}; all of them unless given."
HELP_NAMES = {"help_option_names": ["--help", "-h"]}
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def group(help: str) -> typer.Typer:
    """Return a command that has commands of its own."""
    return typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode="markdown", help=help)


def say(*lines: str) -> None:
    """Print lines as they are: square brackets in them are not markup."""
    out.print("\n".join(lines), markup=False)


def fail(message: str, code: int = 2) -> NoReturn:
    """Say what is wrong and what to do, and end with an exit code."""
    short = re.sub(r"(\S{60})\S{120,}(\S{20})", r"\1…\2", message)  # what was given must not hide the rest
    err.print(f"[red]handshakes:[/] {escape(printable(short, 800))}")
    raise typer.Exit(code)


def warn_of_foreign_urllib3() -> None:
    """Say that another package has replaced urllib3, if one has: messages may then be sent and read otherwise."""
    from ..runtime.client import foreign_urllib3

    if found := foreign_urllib3():
        err.print(
            f"handshakes: a foreign urllib3 is loaded ({found}): another package, as niquests does, wrote its own into "
            "that folder, and all HTTP goes through it. A virtual environment for this tool alone has the usual one.",
            markup=False,
        )


def platform_named(name: str) -> Platform:
    """Return the platform with this name, or end with exit code 2 and the nearest name."""
    if name in PLATFORMS:
        return PLATFORMS[name]
    not_a_request(name)
    near = nearest(name)
    meant = f" Did you mean {near}?" if near else ""
    fail(f"Unknown platform {name[:200]!r}.{meant} Choose one of: {', '.join(PLATFORMS)}")


def not_a_request(text: str) -> None:
    """End with exit code 2 and the command to use, where a request is given in place of a name."""
    if re.search(r"://|[?&{%]|^/|^\w+=|^https?:?$|^curl |\b(GET|POST) /", text):
        fail(f"This looks like a request. For one: `handshakes verify PLATFORM`, with {', '.join(PLATFORMS)}")


def named_platforms(name: str) -> list[str]:
    """Return the one platform that was named, or all of them."""
    return [platform_named(name).name] if name else list(PLATFORMS)


def nearest(name: str) -> str:
    """Return the platform that a misspelt name, a title or an old name most likely means, or nothing.

    >>> [nearest(name) for name in ("OfficeRnD", "simla", "officrnd", "Zeamster", "shopify")]
    ['officernd', 'retailcrm', 'officernd', 'fortis', '']
    """
    words = {word.strip("()").lower(): one.name for one in PLATFORMS.values() for word in one.title.split()}
    words = {word: platform for word, platform in words.items() if len(word) > 4} | {
        key: key for key in PLATFORMS
    }
    found = get_close_matches(name.lower()[:40], words, n=1, cutoff=0.75)
    return words[found[0]] if found else ""


def file_given(what: str) -> Path | None:
    """Return the file that an argument names, or nothing where it names a platform or is empty.

    It ends with exit code 2 for a file that is missing or is not a regular file: a pipe or a device may never end.
    """
    if not what or what in PLATFORMS:
        return None
    path, name = Path(what), printable(what, 200)
    try:
        if path.is_file():
            return path
        if path.exists():
            fail(f"{name}: is not a regular file")
    except OSError as error:
        fail(f"{name}: cannot be read: {error.strerror}")
    if "/" in what or path.suffix:
        fail(f"{name}: there is no such file in {Path.cwd()}")
    platform_named(what)
    return None


def answer_shown(expect: Mapping[str, Any]) -> str:
    """Return the answer that a vector expects, in words."""
    return "accepted" if expect["verdict"] == "accepted" else f"refused as {expect['reason']}"


def without_platform(id: str, meant: Iterable[str], example: str) -> NoReturn:
    """Say that an id does not begin with its platform, and which ones could be meant; end with exit code 2."""
    told = f"Did you mean {' or '.join(meant)}?" if meant else f"An example is {example}"
    fail(f"An id starts with its platform, and {id[:200]!r} has none. {told}")


def unknown(
    kind: str, name: str, known: Iterable[str], listing: str, where: str = "", what: str = "them"
) -> NoReturn:
    """Say that a name is unknown, which known one is nearest, and which command lists them; end with exit code 2.

    What all ids of a platform begin with says nothing about which one is meant, so the rest alone is compared.
    """
    start = re.match("[a-z]+[:/]|", name)
    front = start[0] if start else ""
    rests = [one.removeprefix(front) for one in known if one.startswith(front)]
    near = get_close_matches(name.removeprefix(front)[:200], rests, n=1, cutoff=0.7)
    meant = f" Did you mean {front}{near[0]}?" if near else ""
    fail(f"Unknown {kind} {name[:200]!r}{where}.{meant} `handshakes {listing}` lists {what}")


def unknown_reading(reading: str, platforms: Iterable[str]) -> NoReturn:
    """Say that the code of these platforms cannot run a reading; end with exit code 2."""
    known = [id for name in platforms for id, stages in PLATFORMS[name].code().readings.items() if stages]
    unknown("reading", reading, known, "clauses show CLAUSE")
