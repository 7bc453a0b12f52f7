"""Text in which different bytes look different, and a name for the first difference of two texts."""

from __future__ import annotations

import hashlib
import unicodedata

LOOK_ALIKES = frozenset("аеорсухіјѕԁһԛԝАВЕКМНОРСТХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορ՝‐‑‒–—−’‘‚“”„″′⁄∕∶։ꞌ")
"""Characters outside ASCII that are taken for others in ASCII."""

LETTERS = {
    "Cyrillic letters": dict(zip("aceopxyijsBAEKMHOPCTXyIJS", "асеорхуіјѕВАЕКМНОРСТХуІЈЅ", strict=True)),
    "Greek letters": dict(zip("ABEZHIKMNOPTYXov", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧον", strict=True)),
    "another of O and 0, l, I and 1": {"O": "0", "0": "O", "l": "1", "I": "l", "1": "l"},
    "another of l and I": {"l": "I", "I": "1", "1": "I"},
}
"""Letters that are typed or read for others."""


def visible(value: bytes, most: int = 2_000) -> str:
    """Return bytes as text in which no two inputs look alike.

    What is not printable, a blank other than the plain one, a mark that joins the letter before it, a letter that
    looks like one of ASCII, and the bracket that is used for this stand as ‹U+…›; what is not UTF-8 as ‹byte …›.

    >>> visible("a\\u2028b".encode()), visible(b"a\\\\u2028b")
    ('a‹U+2028›b', 'a\\\\u2028b')
    >>> visible(b"line\\n\\xff"), visible("e\\u0301".encode())
    ('line‹LF›‹byte FF›', 'e‹U+0301›')
    """
    text = value[: most * 4].decode("utf-8", "surrogateescape")
    shown = "".join(map(_character, text[:most]))
    return shown if len(text) <= most and len(value) <= most * 4 else shown + "…"


_NAMED = {"\n": "LF", "\r": "CR", "\t": "TAB", "\0": "NUL", "\ufeff": "BOM", "\xa0": "NBSP"}


def _character(c: str) -> str:
    if " " <= c <= "~":
        return c
    if "\udc80" <= c <= "\udcff":
        return f"‹byte {ord(c) - 0xDC00:02X}›"
    if c in _NAMED:
        return f"‹{_NAMED[c]}›"
    if not c.isprintable() or c in "‹›…" or c in LOOK_ALIKES or unicodedata.category(c)[0] in "MZ":
        return f"‹U+{ord(c):04X}›"
    if unicodedata.normalize("NFKC", c) != c:
        return f"‹U+{ord(c):04X}›"
    return c


def masked(value: bytes) -> str:
    """Return what may be said of a secret: its length and the first digits of its SHA-256.

    >>> masked(b"a private thing")
    '‹15 bytes, sha256 c3b3f6…›'
    """
    return f"‹{len(value)} bytes, sha256 {hashlib.sha256(value).hexdigest()[:6]}…›"
