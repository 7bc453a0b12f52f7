"""The form of the HMAC of a call: hex or base64, and what was done to it."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import unquote


def fits(version: int, made: Any, received: str) -> tuple[str, ...] | None:
    """Return the slips by which a received HMAC differs from the documented form, or None where it is another one."""
    return _forms(version, received).get(made)


@lru_cache(maxsize=16)
def _forms(version: int, received: str) -> dict[bytes, tuple[str, ...]]:
    """Return what a received HMAC may stand for, each with its slips: it is compared thousands of times."""
    return {value: slips for slips, value in reversed([*_read(version, received)])}


def _read(version: int, received: str) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """Yield what a received HMAC may stand for, with the slips of its form."""
    text, slips = received, list[str]()
    for name, after in (("percent", unquote(text)), ("blank", re.sub(r"\s", "", unquote(text)))):
        if after != text:
            slips.append(f"onoffice-api-{name}")
            text = after
    if re.fullmatch(r"(?:[0-9A-Fa-f]{2}){16,64}", text):
        upper = () if text == text.lower() else ("onoffice-api-upper-case",)
        hexed = ("onoffice-api-hex",) if version == 2 else ()
        yield (*slips, *hexed, *upper), bytes.fromhex(text)
    plain = text.replace("-", "+").replace("_", "/")
    try:
        value = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (ValueError, binascii.Error):
        return
    named = () if version == 2 else ("onoffice-api-base64",)
    url_safe = ("onoffice-api-base64url",) if plain != text else ()
    unpadded = ("onoffice-api-unpadded",) if len(plain) % 4 else ()
    yield (*slips, *named, *url_safe, *unpadded), value
    if re.fullmatch(rb"(?:[0-9A-Fa-f]{2}){16,64}", value):
        yield (*slips, "onoffice-api-base64-of-hex"), bytes.fromhex(value.decode())
    with contextlib.suppress(ValueError, binascii.Error):
        yield (*slips, "onoffice-api-base64-twice"), base64.b64decode(value, validate=True)
