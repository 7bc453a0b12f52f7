"""Stages: the byte strings that lie between a request and its signature, each with a name.

When a signature does not match, the question is always the same: which bytes did the other side
sign, and which did I? Stages are those bytes, one after the other. They are built when somebody
asks or when something was refused, never while a good request is accepted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from .keys import PUBLIC_TEST_KEYS
from .printing import printable

MOST_SHOWN = 2_000


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: its name and its bytes. `credential` says that the bytes hold a secret.

    >>> Stage("message", b'{"slug":"test-slug"}.1648190384')
    <Stage message: {"slug":"test-slug"}.1648190384 (31 bytes)>
    """

    name: str
    value: bytes
    credential: bool = False

    def show(self) -> str:
        """Return the bytes as text, as hex when they are not UTF-8, or masked when they are secret."""
        length = f"({len(self.value)} bytes)"
        try:
            text = self.value.decode()
            shown = printable(text, MOST_SHOWN)
        except UnicodeDecodeError:
            text = shown = printable("hex " + self.value.hex(" "), MOST_SHOWN)
        if self.credential and text not in PUBLIC_TEST_KEYS:
            return f"‹sha256 {hashlib.sha256(self.value).hexdigest()[:6]}…› {length}"
        return f"{shown} {length}"

    def __repr__(self) -> str:
        return f"<Stage {self.name}: {self.show()}>"


def listed(stages: Iterable[Stage]) -> str:
    """Return the stages as text, a line each.

    >>> print(listed([Stage("json", b"{}"), Stage("message", b"{}.1648190384")]))
    json        {} (2 bytes)
    message     {}.1648190384 (13 bytes)
    """
    return "\n".join(f"{stage.name:<11} {stage.show()}" for stage in stages)


def first_difference(one: bytes, other: bytes) -> int | None:
    """Return the index of the first byte that differs, or None when both are equal.

    >>> first_difference(b"location-id1, location-id2", b"location-id1,location-id2")
    13
    """
    if one == other:
        return None
    shorter = min(len(one), len(other))
    return next((i for i in range(shorter) if one[i] != other[i]), shorter)
