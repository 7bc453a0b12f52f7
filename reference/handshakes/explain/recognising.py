"""Whose request it is: each platform looks at what was pasted, and those that see most in it are named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from urllib.parse import unquote

from ..core.cases import Found, Slips
from ..core.refusals import Refused
from ..platforms import PLATFORMS
from .pasted import read
from .recorded import Unreadable

_SEEN = {
    "stale": 0,
    "from-the-future": 0,
    "signature-mismatch": 1,
    "decryption-failed": 1,
    "missing-parameter": 3,
    "too-large": 4,
}
"""How little a platform sees in what it refuses with a reason; 2 for every other reason, 0 where it verifies."""


def recognised(
    pasted: bytes, *, secret: str, now: int, header: str = "", origins: Sequence[str] = ()
) -> list[str]:
    """Return the platforms whose request it can be, the one that sees most in it first; none that can read nothing.

    Where one sees a signature, those that see none are left out. Where none does, the names decide that are a
    platform's own; without any it is no platform's request.

    >>> recognised(b"/h?slug=s&signature=t%3D1%2Csignature%3D" + b"0" * 64, secret="s", now=1)
    ['officernd']
    >>> recognised(b"hello", secret="s", now=1)
    []
    >>> recognised(b"/h?apiToken=a&userId=1", secret="s", now=1)
    ['onoffice']
    """
    seen: dict[str, int] = {}
    named: dict[str, int] = {}
    for name, platform in PLATFORMS.items():
        slips = platform.slips()
        try:
            found = read(pasted, slips, header, origins)
            named[name] = _named(found, slips)
            slips.verify(found, secret=secret, now=now, tolerance=None, readings=[])
            seen[name] = 0
        except Unreadable:
            continue
        except Refused as refused:
            seen[name] = _SEEN.get(refused.reason, 2)
    least = min(seen.values(), default=0)
    if least <= 1:
        return [name for name in seen if seen[name] == least]
    return sorted((name for name in seen if named[name]), key=lambda name: (-named[name], seen[name]))


def own_names(pasted: bytes) -> str:
    """Return the platform whose own names stand most in what no platform could read as a request, or nothing."""
    found = Found(body=pasted)
    most = {name: _named(found, platform.slips()) for name, platform in PLATFORMS.items()}
    return max((name for name in most if most[name]), key=most.__getitem__, default="")


def another(platform: str, found: Found) -> str:
    """Return a note on a request that has names of another platform's own and none of this one's, or nothing.

    >>> another("fortis", Found("/?apiToken=a&apiClaim=b&signature=c", "", (), b"", ""))
    'It looks like a request of onOffice enterprise: handshakes verify onoffice.'
    """
    if (own := _named(found, PLATFORMS[platform].slips())) > 1:
        return ""  # the others are not even loaded
    most = {name: _named(found, known.slips()) for name, known in PLATFORMS.items()}
    best = max(most, key=most.__getitem__)
    said = f"It looks like a request of {PLATFORMS[best].title}: handshakes verify {best}."
    return said if most[best] > own + 1 else ""


def _named(found: Found, platform: Slips) -> int:
    """Return how much of a request has the platform's own names; a name that others have too counts least."""
    text = "\n".join((found.url, *(f"{name}:" for name, _ in found.headers), found.body.decode("latin-1")))
    plain = unescape(unquote(unquote(unquote(text))))
    own = sum(
        re.search(rf"(?<![a-z_-]){name}\s*[=:\"'\\\]]", plain, re.I) is not None
        for name in platform.OWN_NAMES
    )
    query = found.url.partition("?")[2]
    return 2 * own + (re.search(rf"(?:^|[&;])(?:{'|'.join(platform.QUERY)})=", query, re.I) is not None)
