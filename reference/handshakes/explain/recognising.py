"""Whose request it is: each platform looks at what was pasted, and those that see most in it are named."""

from __future__ import annotations

from collections.abc import Sequence

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

    Where one sees a signature, those that see none are left out; so are those for which it is too long.

    >>> recognised(b"/h?slug=s&signature=t%3D1%2Csignature%3D" + b"0" * 64, secret="s", now=1)
    ['officernd']
    >>> recognised(b"hello", secret="s", now=1)
    []
    """
    seen: dict[str, int] = {}
    for name, platform in PLATFORMS.items():
        slips = platform.slips()
        try:
            found = read(pasted, slips, header, origins)
            slips.verify(found, secret=secret, now=now, tolerance=None, readings=[])
            seen[name] = 0
        except Unreadable:
            continue
        except Refused as refused:
            seen[name] = _SEEN.get(refused.reason, 2)
    least = min(seen.values(), default=0)
    most = least if least in (0, 1, 4) else 3
    return sorted((name for name in seen if seen[name] <= most), key=seen.__getitem__)
