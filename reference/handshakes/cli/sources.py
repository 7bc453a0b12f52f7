"""`handshakes clauses sources`: what the clauses come from, when it was last checked, and whether it has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..core.printing import printable
from ..platforms import PLATFORMS
from ..spec.register import Source, load
from ..spec.sources import CHANGED, LINE_ENDS, SAME, compared, digest
from .common import ONE_OR_ALL, fail, named_platforms, platform_named, say, unknown, without_platform

MOST_BYTES = 20_000_000
SAID = {
    SAME: "the same text as the register was written from",
    LINE_ENDS: "the same text but for its line ends or a byte order mark",
    CHANGED: "changed: read it again, and look at the clauses that cite it",
}


def list_sources(
    platform: Annotated[str, typer.Argument(metavar="PLATFORM", help=ONE_OR_ALL)] = "",
    against: Annotated[
        tuple[str, Path] | None,
        typer.Option(
            metavar="ID FILE", help="A source, as officernd:seed, and a file with the text as it is now."
        ),
    ] = None,
) -> None:
    """List what the clauses come from: the day of the last check, the digest or revision, and the title.

    With --against it says whether a text still has the digest that is kept, and which clauses cite it. Exit status:
    0 it is the same text, 1 it has changed, 2 wrong usage.
    """
    if against:
        raise typer.Exit(_compared(*against, platform))
    for name in named_platforms(platform):
        for source in load(name).sources:
            kept = f"sha256 {source.sha256}" if source.sha256 else f"revision {source.revision or '-'}"
            say(f"{name}:{source.id:<20} checked {source.checked or '-':<10}  {kept}  {source.title}")


def _compared(id: str, path: Path, platform: str) -> int:
    """Say how the text in a file compares with a source. Returns the exit code."""
    source, name = _source(id, platform)
    if not source.sha256:
        kept = f"its revision is {source.revision}" if source.revision else "only its title was kept"
        fail(f"No digest of {name}:{source.id} is kept, so no text can be compared with it: {kept}")
    found = compared(_text(path), source.sha256)
    say(f"{name}:{source.id}, checked {source.checked}: {SAID[found]}")
    if found != CHANGED:
        return 0
    say(f"  kept  {source.sha256}\n  new   {digest(_text(path))}")
    cite = [clause.id for clause in load(name).clauses if clause.source == source.id]
    say(f"  clauses that cite it: {', '.join(cite) or 'none'}")
    return 1


def _source(id: str, platform: str) -> tuple[Source, str]:
    """Return the source with this id, which begins with its platform unless one is named, and the platform."""
    before, colon, short = id.rpartition(":")
    name = platform_named(before if colon else platform).name if colon or platform else ""
    if platform and name != platform_named(platform).name:
        fail(f"{id} is a source of {name}, and {platform} was named before it")
    if not name:
        meant = [f"{one}:{id}" for one in PLATFORMS if id in {source.id for source in load(one).sources}]
        without_platform(id, meant, "officernd:seed")
    known = {source.id: source for source in load(name).sources}
    if short not in known:
        unknown("source", f"{name}:{short}", [f"{name}:{one}" for one in known], f"clauses sources {name}")
    return known[short], name


def _text(path: Path) -> bytes:
    """Return the bytes of a regular file that is not empty and not too long, or end with exit code 2."""
    shown = printable(str(path), 200)
    try:
        if not path.exists():
            fail(f"{shown}: there is no such file in {Path.cwd()}")
        if not path.is_file():
            fail(f"{shown}: is not a regular file")
        if path.stat().st_size > MOST_BYTES:
            fail(f"{shown}: longer than {MOST_BYTES} bytes")
        text = path.read_bytes()
    except (OSError, ValueError) as error:
        fail(f"{shown}: cannot be read: {getattr(error, 'strerror', None) or error}")
    return text or fail(f"{shown}: is empty, and no source is")
