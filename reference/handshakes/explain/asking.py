"""A question as a person puts it, on a command line or on a page: its options are read here, the same for both."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.cases import Ciphers
from ..core.origins import is_url
from ..core.printing import printable
from ..core.refusals import Refused
from ..platforms import PLATFORMS
from .answer import Answer, explain

MOST_PASTED = 1_048_576
"""How many bytes are read of a request, or of what a person signed."""
TEXTS = ("secret", "header", "tolerance", "mine_digest", "mine")
LISTS = ("others", "reading", "origin")
SWITCHES = ("deep", "show_secrets")


class Misgiven(ValueError):
    """An option that cannot be taken, and why."""

    def __init__(self, option: str, says: str) -> None:
        super().__init__(f"{option} {says}")
        self.option, self.says = option, says


def ask(
    platform: str, pasted: bytes | str, given: Mapping[str, Any], *, ciphers: Ciphers | None = None
) -> Answer:
    """Return the answer to a question whose options have the names of those of `handshakes verify`.

    `secret` and `now` are needed; `others` are further secrets. `mine` may be text or bytes. Raises `Misgiven`.

    >>> ask("officernd", "/h?slug=s", {"secret": "s", "now": 0}).reason
    'missing-parameter'
    >>> ask("officernd", "/h?slug=s", {"secret": "s", "now": 0, "tolerance": "five"})
    Traceback (most recent call last):
    handshakes.explain.asking.Misgiven: tolerance is two numbers of seconds, as 300,60, not five
    """
    if platform not in PLATFORMS:
        raise Misgiven("platform", f"is one of: {', '.join(PLATFORMS)}")
    options = {name: value for name, value in given.items() if value is not None}
    _check_kinds(options)
    content = pasted.encode("utf-8", "surrogatepass") if isinstance(pasted, str) else pasted
    if len(content) > MOST_PASTED:
        raise Misgiven("pasted", f"is over {MOST_PASTED} bytes")
    if not options.get("secret") or "" in options.get("others", ()):
        raise Misgiven("secret", "is empty")
    if "now" not in options:
        raise Misgiven("now", "is needed: the time to verify at, in Unix seconds")
    try:
        return explain(
            platform,
            content,
            secret=options["secret"],
            now=options["now"],
            others=options.get("others", ()),
            header=options.get("header", ""),
            deep=options.get("deep", False),
            show_secrets=options.get("show_secrets", False),
            ciphers=ciphers,
            **read(
                tolerance=options.get("tolerance", ""),
                reading=options.get("reading", ()),
                origin=options.get("origin", ()),
                mine=options.get("mine"),
                mine_digest=options.get("mine_digest"),
            ),
        )
    except Refused as refused:
        raise Misgiven("reading", f"is unknown: {refused.evidence.get('reading', '')}") from None


def read(
    *,
    tolerance: str = "",
    reading: Sequence[str] = (),
    origin: Sequence[str] = (),
    mine: str | bytes | None = None,
    mine_digest: str | None = None,
) -> dict[str, Any]:
    """Return options as `explain` takes them. Raises `Misgiven`.

    >>> read(tolerance="300,60", mine="a")
    {'tolerance': (300, 60), 'readings': [], 'origins': [], 'mine': b'a', 'mine_digest': ''}
    """
    if mine in ("", b""):
        raise Misgiven("mine", "is empty: give the text that you signed")
    if mine_digest is not None and not re.search(r"[\w+/-]{16,}", mine_digest, re.ASCII):
        raise Misgiven("mine_digest", f"is a digest in hex or base64, not {printable(mine_digest)!r}")
    for one in origin:
        if not is_url(one):
            raise Misgiven("origin", f"is a whole address, as https://example.com, not {printable(one)!r}")
    own = mine.encode("utf-8", "surrogatepass") if isinstance(mine, str) else mine
    if own is not None and len(own) > MOST_PASTED:
        raise Misgiven("mine", f"is over {MOST_PASTED} bytes")
    return {
        "tolerance": _tolerance(tolerance),
        "readings": [*reading],
        "origins": [*origin],
        "mine": own,
        "mine_digest": mine_digest or "",
    }


def _check_kinds(options: Mapping[str, Any]) -> None:
    for name, value in options.items():
        if name in TEXTS:
            right, kind = isinstance(value, str) or (name == "mine" and isinstance(value, bytes)), "text"
        elif name in LISTS:
            right, kind = (
                isinstance(value, list) and all(isinstance(one, str) for one in value),
                "a list of texts",
            )
        elif name in SWITCHES:
            right, kind = isinstance(value, bool), "true or false"
        elif name == "now":
            right, kind = type(value) is int and value >= 0, "whole Unix seconds"
        else:
            raise Misgiven(printable(name, 40), "is no option of a question")
        if not right:
            raise Misgiven(name, f"is {kind}")


def _tolerance(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    back, comma, ahead = text.partition(",")
    if not (comma and back.isdecimal() and ahead.isdecimal() and text.isascii() and len(text) < 20):
        raise Misgiven("tolerance", f"is two numbers of seconds, as 300,60, not {printable(text)}")
    return int(back), int(ahead)
