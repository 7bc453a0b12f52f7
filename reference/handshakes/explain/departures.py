"""Where the text that a mistake signs departs from the signed message, without showing what is masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.stages import Stage, first_difference
from .visible import visible

AROUND = 24
"""How many bytes are shown before a difference, and of a person's own text also behind it."""
BEHIND = 64
"""How many bytes of what a mistake signs are shown behind a difference: enough to see equal bytes again."""
MOST_STRANGE = 6
"""How many bytes that are not in the message a mistake may add and still be shown beside masked stages."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where what a mistake signs first differs from the signed message: the index, and what stands around it on each side.

    Both texts are empty where they would show a credential.
    """

    at: int
    ours: str = ""
    theirs: str = ""


def signed_instead(
    stages: Sequence[Stage], theirs: bytes, *, hidden: bool = False, masked: bool = False
) -> Difference | None:
    """Compare what a mistake signs with the last stage; none where that is the same, or no message is known.

    With `hidden`, no byte of either is shown. With `masked`, some stage is a credential: then only what is made of
    the message's own pieces is shown.

    >>> message = Stage("message", b"11ea8583.1700")
    >>> signed_instead([message], b"1700.11ea8583", masked=True)
    Difference(at=1, ours='11ea8583.1700', theirs='1700.11ea8583')
    >>> signed_instead([message], b"11ea8583.1700 token-0815", masked=True)
    Difference(at=13, ours='', theirs='')
    """
    if not stages or stages[-1].name != "message":
        return None
    ours = stages[-1].value
    at = first_difference(ours, theirs)
    if at is None:
        return None
    if hidden or (masked and _strange(ours, theirs) > MOST_STRANGE):
        return Difference(at)
    start = max(0, at - AROUND)
    return Difference(at, visible(ours[start : at + BEHIND]), visible(theirs[start : at + BEHIND]))


def _strange(ours: bytes, theirs: bytes) -> int:
    """Return how many bytes of a text are in no piece of four that the other has too, counted no further than needed."""
    place = strange = 0
    while place < len(theirs) and strange <= MOST_STRANGE:
        if theirs[place : place + 4] in ours and place + 4 <= len(theirs):
            place += 4
        else:
            place, strange = place + 1, strange + 1
    return strange
