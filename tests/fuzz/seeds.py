"""The seeds: harmless inputs that together reach what fuzzing has reached, a line of Python bytes each, a file a reader."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent / "seeds"
MOST_BYTES, MOST_EACH = 200, 30
"""How long a seed may be, and how many a reader has."""


def of(target: str) -> list[bytes]:
    """Return the seeds of a reader."""
    file = FOLDER / f"{target}.txt"
    return [literal_eval(line) for line in file.read_text("ascii").splitlines()] if file.exists() else []


def keep(target: str, found: Iterable[bytes]) -> None:
    """Add short inputs of every length that was found to the seeds of a reader, up to `MOST_EACH`."""
    known = of(target)
    short = sorted(
        (one for one in set(found) - set(known) if len(one) <= MOST_BYTES), key=lambda one: (len(one), one)
    )
    room = MOST_EACH - len(known)
    chosen = short[:: -(-len(short) // room)] if short and room > 0 else []
    lines = [f"{one!r}\n" for one in [*known, *chosen]]
    (FOLDER / f"{target}.txt").write_text("".join(lines), "ascii")
