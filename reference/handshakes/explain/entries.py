"""What a reason or a slip means, in prose, with the vectors that show it."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.cases import Slip
from ..core.refusals import REASONS
from ..platforms import PLATFORMS
from ..spec.vectors import load as vectors_of
from ..spec.vectors import rows
from .slips import GENERAL

MOST_VECTORS = 8
"""How many vectors of a platform are listed."""
STAGES = {
    "carrier": "between the sender and you, or when it was pasted",
    "key": "when the secret was stored, read or copied",
    "parameters": "where the parameters are read or chosen",
    "json": "where the JSON is written",
    "text": "where the text to sign is made",
    "message": "where text and time are joined",
    "mac": "where the digest is computed",
    "form": "where the digest is written",
}
"""Where a slip happens, by its stage."""


def slips() -> dict[str, Slip]:
    """Return every slip by its id, the general ones first.

    >>> slips()["form-base64"].cure
    'Write it in hex.'
    """
    own = (slip for platform in PLATFORMS.values() for slip in platform.slips().SLIPS)
    return {slip.id: slip for slip in (*GENERAL, *own)}


def described(id: str) -> Iterator[str]:
    """Yield the lines on a reason or a slip; none for an id that is neither.

    >>> print(*described("form-upper-case"), sep="\\n")
    form-upper-case, a slip: The digest is in capital hex digits.
      It happens where the digest is written, at the side that made the signature; a check that does the same refuses genuine requests.
      What to do: Write it in small letters.
      Known from: .NET Convert.ToHexString, Delphi.
      A slip explains a refused request; nothing is ever accepted because of it.
    """
    if id in REASONS:
        reason = REASONS[id]
        yield f"{id}, a reason: {reason.meaning}"
        yield f"  {reason.hint}"
        for platform in PLATFORMS:
            found = [
                vector["id"]
                for _, vector in rows(vectors_of(platform))
                if vector["expect"].get("reason") == id
            ]
            if found:
                yield f"  Vectors of {PLATFORMS[platform].title} that are refused so: {len(found)}"
                yield from (f"    {one}" for one in found[:MOST_VECTORS])
        return
    slip = slips().get(id)
    if slip is not None:
        yield f"{id}, a slip: {slip.says}"
        where = STAGES.get(slip.stage, f"in the stage {slip.stage}")
        same = ", at the side that made the signature; a check that does the same refuses genuine requests."
        yield f"  It happens {where}" + (same if slip.stage != "carrier" else ".")
        yield f"  What to do: {slip.cure}"
        yield f"  Known from: {slip.source}."
        yield "  A slip explains a refused request; nothing is ever accepted because of it."
