"""The form of a digest: what a received text may stand for, and digests that lost something when they were written."""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote


def loose(text: str) -> bytes:
    """Return the bytes of base64 in either alphabet, with or without padding; raises `ValueError`.

    >>> loose("_-8")
    b'\xff\xef'
    """
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def lossy(made: bytes, received: str) -> tuple[str, ...] | None:
    """Return the slip by which a digest lost bytes when it was written, or None; such a form cannot be read back.

    >>> lossy(bytes.fromhex("0aff"), "aff"), lossy(bytes.fromhex("41ff"), "41efbfbd")
    (('form-without-zeros',), ('form-as-text',))
    >>> lossy(bytes.fromhex("0aff"), "affffffff"), lossy(bytes.fromhex("ff00"), "-100")
    (('form-sign-extended',), ('form-number',))
    """
    small = received.lower()
    if len(small) < 2 * len(made):
        if small.startswith(f"{made[0]:x}") and "".join(f"{byte:x}" for byte in made) == small:
            return ("form-without-zeros",)
        if made.hex().lstrip("0") == small:
            return ("form-without-zeros",)
    if (small[:1] == "-" or small.isdecimal()) and len(made) <= LONGEST:
        signed, plain = int.from_bytes(made, signed=True), int.from_bytes(made)
        return ("form-number",) if small in (f"{signed:x}", str(signed), str(plain)) else None
    if "ffffff" in small:
        for form in ("x", "02x"):
            for width in (2**32, 2**64):
                if (
                    "".join(format(byte - 256 + width if byte > 127 else byte, form) for byte in made)
                    == small
                ):
                    return ("form-sign-extended",)
    if "efbfbd" in small or _HEX(small) is None:
        text = made.decode("utf-8", "replace").encode()
        if text != made and (text.hex() == small or base64.b64encode(text).decode() == received):
            return ("form-as-text",)
    return None


LONGEST = 64
"""How many bytes the longest digest has; what is longer holds more than a digest, and is not cut."""
SIZES = frozenset({16, 20, 28, 32, 48, 64})
"""How many bytes a digest may have."""


def sizes(received: str) -> frozenset[int]:
    """Return how many bytes the digests have that a received one may stand for; none where it has lost some.

    >>> sizes("0f" * 32), sizes("0f" * 22)
    (frozenset({32}), frozenset())
    """
    if _odd(received.lower()):
        return frozenset()
    hexed = [one for one in read_digest(received) if "form-base64" not in str(one[0])]
    sizes = (len(digest) for slips, digest in hexed if "form-cut" not in slips)
    return frozenset(size for size in sizes if size in SIZES)


def _odd(small: str) -> bool:
    """Return whether a digest may have lost bytes when it was written, by its characters."""
    return small.isdecimal() or "ffffff" in small or "efbfbd" in small or _HEX(small) is None


_HEX = re.compile(r"[0-9A-Fa-f]+", re.ASCII).fullmatch
_NUMBERS = re.compile(r"[\[({]?\s*-?[0-9]{1,3}(?:[\s,]+-?[0-9]{1,3}){15,63}\s*[\])}]?", re.ASCII).fullmatch


def comparing(received: str) -> Callable[[Any], tuple[str, ...] | None]:
    """Return what compares a digest that was made with the received one: the slips of its form, or None.

    >>> fits = comparing("0F" * 32)
    >>> fits(bytes([15] * 32)), fits(bytes([15] * 20))
    (('form-upper-case',), None)
    """
    read = read_digest(received)
    whole = {digest: slips for slips, digest in reversed(read) if "form-cut" not in slips}
    parts = [(slips, digest, len(digest)) for slips, digest in read if "form-cut" in slips]
    parts += [
        ((*slips, "form-cut"), digest, len(digest))  # a longer digest, cut to the usual length
        for slips, digest in read
        if "form-cut" not in slips
    ]
    small, length = received.lower(), len(received)
    odd = _odd(small)

    def fits(made: Any) -> tuple[str, ...] | None:
        if made is None:
            return None
        if made in whole:
            return whole[made]
        size = len(made)
        for slips, digest, least in parts:
            if not least < size <= LONGEST:
                continue
            if made.startswith(digest) or (least < 32 and made.endswith(digest)):
                return slips
        if odd or length < 2 * size:
            return lossy(made, received)
        return None

    return fits


def read_digest(text: str) -> list[tuple[tuple[str, ...], bytes]]:
    """Return what a received digest may stand for, each with the slips of its form; none for lower-case hex.

    >>> read_digest("0F" * 32)[0][0]
    ('form-upper-case',)
    >>> read_digest('"sha256=' + "0f" * 32 + '"')[0][0]
    ('form-quoted', 'form-named')
    """
    slips: list[str] = []
    for slip, changed in (
        ("form-percent", unquote),
        ("form-blank", str.strip),
        ("form-tool", lambda t: re.sub(r"^(?:[\w-]*\(stdin\)=|stdin:) ?| +\*?-$", "", t)),
        ("form-literal", lambda t: t[2:-1] if t[:2] in ("b'", 'b"') and t[-1:] == t[1] else t),
        ("form-quoted", lambda t: t.strip("\"'")),
        ("form-named", lambda t: re.sub(r"^(?:hmac[-_ ]?)?(?:sha-?256|sha-?1|md5|sha-?512|v[0-9]|0x|hex|base64|signature|hmac|digest)?[=:]? ?", "", t, flags=re.I) if "=" in t[:15] or t[:2] == "0x" or ":" in t[:15] else t),
        ("form-separated", lambda t: re.sub(r"[:\- ]", "", t) if re.fullmatch(r"(?:[0-9A-Fa-f]{2}[:\- ]){7,}[0-9A-Fa-f]{2}", t) else t),
    ):  # fmt: skip
        if (after := changed(text)) != text:
            slips.append(slip)
            text = after
    found: list[tuple[tuple[str, ...], bytes]] = []

    def add(*more: str, value: bytes) -> None:
        if len(value) in SIZES or value[32:]:
            found.append(((*slips, *more), value))
        if len(value) in (20, 32, 64):
            found.append(((*slips, *more, "form-reversed"), value[::-1]))
            words = b"".join(value[at : at + 4][::-1] for at in range(0, len(value), 4))
            found.append(((*slips, *more, "form-reversed"), words))
        if 8 <= len(value) < 32:
            found.append(((*slips, *dict.fromkeys((*more, "form-cut"))), value))

    numbers = _bytes(text)
    if numbers is not None:
        add("form-bytes", value=numbers)
        return found
    if _HEX(text):
        case = () if text == text.lower() else ("form-upper-case",)
        if len(text) % 2:
            add(*case, "form-cut", value=bytes.fromhex(text[:-1]))
        else:
            add(*case, value=bytes.fromhex(text))
            for id, value in _inside(bytes.fromhex(text)):
                add(*case, f"form-{id}-hex" if id == "hex-of" else "form-hex-of-base64", value=value)
    blanks = " " in text
    plain = text.replace(" ", "+") if blanks else text
    try:
        value = loose(plain)
    except ValueError:
        return found
    url_safe = "-" in plain or "_" in plain
    forms = ["form-base64url" if url_safe else "form-base64"]
    if blanks:
        forms.append("plus-as-blank")
    if len(plain) % 4:
        forms.append("form-unpadded")
    if _HEX(text) is None or len(text) % 4 == 0:
        add(*forms, value=value)
    for id, inside in _inside(value):
        add("form-base64-of-hex" if id == "hex-of" else "form-base64-twice", value=inside)
    return found


def _inside(value: bytes) -> list[tuple[str, bytes]]:
    """Return the digest that stands as hex or as base64 in decoded bytes."""
    if inner := re.fullmatch(rb"([0-9a-fA-F]{32,128})\s{0,2}", value):
        return [("hex-of", bytes.fromhex(inner[1].decode()[: len(inner[1]) // 2 * 2]))]
    if inner := re.fullmatch(rb"([\w+/-]{22,90}={0,2})\s{0,2}", value):
        with contextlib.suppress(ValueError):
            return [("base64-of", loose(inner[1].decode()))]
    return []


def _bytes(text: str) -> bytes | None:
    """Return the digest that stands as a list of numbers, one for each byte, signed or not; None for anything else.

    >>> _bytes(str([200] * 16)) == _bytes(" ".join(["-56"] * 16)) == bytes([200] * 16)
    True
    """
    if text.startswith("{"):
        try:
            value = json.loads(text)
            text = str(value["data"] if isinstance(value.get("data"), list) else [*value.values()])
        except (ValueError, KeyError, AttributeError, RecursionError):
            return None
    if _NUMBERS(text) is None:
        return None
    numbers = [*map(int, re.findall("-?[0-9]+", text))]
    return bytes(one % 256 for one in numbers) if all(-129 < one < 256 for one in numbers) else None
