"""What refuses a request all the same once its digests are right: its time, or the partner's policy."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from ..core.cases import Case, Found, Proof
from ..core.refusals import Refused
from .digests import comparing
from .levels import BROKEN


def refused_then(
    found: Found, cases: Iterable[Case], secret: str, verify: Callable[[Found], Proof], first: str
) -> str:
    """Return the reason that remains with right digests in place of the received ones; "" if none does.

    `first` is the reason for which the request is refused as it is, which is not said twice.
    """
    url, headers, body = found.url, found.headers, found.body.decode("latin-1")
    for case in cases:
        received, right = _right(case, secret)
        if right:
            put = partial(re.compile("".join(map(_written, received)), re.I).sub, right, count=1)
            url, body = put(url), put(body)
            headers = tuple((name, put(value)) for name, value in headers)
    try:
        return verify(replace(found, url=url, headers=headers, body=body.encode("latin-1"))).then
    except Refused as refused:
        return "" if refused.reason in (first, "signature-mismatch", "malformed") else refused.reason


def _right(case: Case, secret: str) -> tuple[str, str]:
    """Return the digest of a case as it was received and as it had to be; ("", "") where none can be made."""
    state = case.start
    try:
        for layer in case.layers:
            state = layer.make(state)
        message, received, *_ = state
        made = next(mac for mac in case.macs if not mac.ids).make(case.key(secret, case.clause), message)
        compare = case.fits or (lambda made, text: comparing(text)(made))
        right = next(
            (text for text in (made.hex(), b64encode(made).decode()) if compare(made, text) == ()), ""
        )
    except (*BROKEN, AttributeError, StopIteration):  # nothing signs it, or no key can be made of this secret
        return "", ""
    return (received, right) if 16 <= len(received) <= 300 and received.isascii() else ("", "")


def _written(character: str) -> str:
    """Return the pattern of a character of a digest, as it is in a URL, in JSON, or percent-encoded once or twice."""
    if character.isalnum():
        return character
    slash = r"(?:\\|%5C)?" if character == "/" else ""
    return f"{slash}(?:{re.escape(character)}|%(?:25)?{ord(character):02X})"
