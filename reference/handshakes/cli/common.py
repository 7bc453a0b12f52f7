"""What the commands share: how they print, how they fail, how they find a platform and a store."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from ..core.printing import printable
from ..platforms import PLATFORMS, Platform

if TYPE_CHECKING:
    from ..runtime.sql_store import SqlStore

out = Console(highlight=False, soft_wrap=True, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def fail(message: str, code: int = 2) -> NoReturn:
    """Say what is wrong and what to do, and end with an exit code."""
    err.print(f"[red]handshakes:[/] {escape(printable(message, 800))}")
    raise typer.Exit(code)


def platform_named(name: str) -> Platform:
    """Return the platform with this name, or end with exit code 2 and the nearest name."""
    if name in PLATFORMS:
        return PLATFORMS[name]
    near = nearest(name)
    meant = f" Did you mean {near}?" if near else ""
    fail(f"Unknown platform {name!r}.{meant} Choose one of: {', '.join(PLATFORMS)}")


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


def unknown(kind: str, name: str, known: Iterable[str], listing: str) -> NoReturn:
    """Say that a name is unknown, which known one is nearest, and which command lists them; end with exit code 2."""
    near = get_close_matches(name[:200], known, n=1, cutoff=0.75)
    meant = f" Did you mean {near[0]}?" if near else ""
    fail(f"Unknown {kind} {name!r}.{meant} `handshakes {listing}` lists them")


def unknown_reading(reading: str, platforms: Iterable[str]) -> NoReturn:
    """Say that the code of these platforms cannot run a reading; end with exit code 2."""
    known = [id for name in platforms for id, stages in PLATFORMS[name].code().readings.items() if stages]
    unknown("reading", reading, known, "clauses show CLAUSE")


@contextmanager
def opened_store(directory: Path | None) -> Iterator[SqlStore]:
    """Open the store in a directory, or in a temporary one that is deleted at the end."""
    from ..runtime.sql_store import open_store
    from ..runtime.store import StoreError

    with tempfile.TemporaryDirectory(prefix="handshakes-") as temporary:
        try:
            store = open_store(directory or Path(temporary))
        except StoreError as error:
            fail(str(error))
        try:
            yield store
        finally:
            store.close()
