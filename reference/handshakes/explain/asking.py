"""A question as a person puts it, on a command line or on a page: its options are read here, the same for both."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..core.cases import Ciphers
from ..core.origins import is_url
from ..core.printing import printable
from ..core.refusals import Refused
from ..platforms import PLATFORMS
from .answer import Answer
from .explaining import explain
from .recognising import own_names, recognised

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

    `secret` and `now` are needed; `others` are further secrets. `mine` may be text or bytes. Without a platform, it is
    recognised; where several are possible, it is the first for which something fits. Raises `Misgiven`.

    >>> ask("officernd", "/h?slug=s", {"secret": "s", "now": 0}).reason
    'missing-parameter'
    >>> ask("officernd", "/h?slug=s", {"secret": "s", "now": 0, "tolerance": "five"})
    Traceback (most recent call last):
    handshakes.explain.asking.Misgiven: tolerance is two numbers of seconds, as 300,60, not five
    """
    if platform and platform not in PLATFORMS:
        raise Misgiven("platform", f"is one of: {', '.join(PLATFORMS)}")
    options = {name: value for name, value in given.items() if value is not None}
    _check_kinds(options)
    if options.get("reading") and not platform:
        raise Misgiven("platform", "is needed beside a reading")
    content = pasted.encode("utf-8", "surrogatepass") if isinstance(pasted, str) else pasted
    if len(content) > MOST_PASTED:
        raise Misgiven("pasted", f"is over {MOST_PASTED} bytes")
    if not options.get("secret") or "" in options.get("others", ()):
        raise Misgiven("secret", "is empty")
    if "now" not in options:
        raise Misgiven("now", "is needed: the time to verify at, in Unix seconds")
    apart = ("tolerance", "reading", "origin", "mine", "mine_digest")
    taken = {"others": (), "header": "", **{name: one for name, one in options.items() if name not in apart}}
    taken |= read(**{name: options[name] for name in apart if name in options})
    try:
        return _answered(platform, content, taken, ciphers)
    except Refused as refused:
        if stage := refused.evidence.get("twice replaced"):
            raise Misgiven("reading", f"is given twice for the stage {stage}: choose one") from None
        raise Misgiven("reading", f"is unknown: {refused.evidence['reading']}") from None


def _answered(platform: str, content: bytes, taken: dict[str, Any], ciphers: Ciphers | None) -> Answer:
    """Return the answer of a platform, or of the first of those whose request it can be for which something fits."""
    if platform:
        return explain(platform, content, ciphers=ciphers, **taken)
    answers = []
    for name in recognised(content, **{one: taken[one] for one in ("secret", "now", "header", "origins")}):
        answers.append(explain(name, content, ciphers=ciphers, **taken))
        if answers[-1].signature_fits or answers[-1].explanations:
            return answers[-1]
    if answers:
        return answers[0]
    if name := own_names(content):
        return explain(name, content, ciphers=ciphers, **taken)
    none = explain(next(reversed(PLATFORMS)), content, **taken)
    if none.verdict == "unrecognised" and "this platform" not in none.says:
        return replace(none, platform="")
    says = "It has no parameter by which a request of one of the platforms is known. If it is one, choose the platform."
    return Answer("", "", (), "unrecognised", says=says, doubts=none.doubts)


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
            right, kind = isinstance(value, list) and all(type(v) is str for v in value), "a list of texts"
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
