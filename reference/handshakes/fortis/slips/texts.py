"""What a decryption gave: which padding and which text it is, if any.

A decryption counts only if there is a padding by a known rule and the text is one JSON object: strictly, or after
one of the changes listed here, each of which is undone completely. Random bytes practically never pass.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Any

from ...core.refusals import Refused
from .. import readings as other_readings
from ..rules import Rules
from ..rules.encrypted import BLOCK, ENCRYPTED, NAMES, required
from .forms import BEGINNINGS, FORMS, MEMBERS, UNPRINTABLE, respelled

Parts = tuple[str | tuple[str, str], ...]
"""The ids of slips and readings, each alone or with what it changed."""

_ID = re.compile(rb"11e[0-9a-f]{21}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
"""An id of Fortis, or a UUID. Any 24 hex digits are not enough: CFB8 makes one byte again and again of zeros."""
ENOUGH = 16
"""From how many bytes on a JSON object of unknown members is no accident."""
_LAST_WINS = ENCRYPTED + "duplicate-keys=last-wins"
_UNREADABLE = (Refused, ValueError, TypeError, KeyError, IndexError, SyntaxError, RecursionError, MemoryError, zlib.error)  # fmt: skip
_ENDS = frozenset(b"\0\x80 }]\"'\n")
"""What a text ends with that has no PKCS#7 padding."""


def unpadded(padded: bytes) -> Iterator[tuple[Parts, bytes]]:
    """Yield the texts that a padded one may stand for, PKCS#7 first, each with the slip or reading.

    >>> [parts for parts, _ in unpadded(b'{"user_id":"7"}' + bytes(17))]
    [('fortis-padding-zero',)]
    """
    size = padded[-1]
    if BLOCK < size < 2 * BLOCK and padded.endswith(bytes([size]) * size):
        yield ("fortis-padding-long",), padded[:-size]
    elif 1 <= size <= BLOCK:
        if padded.endswith(bytes([size]) * size):
            inner = padded[:-size]
            yield (), inner
            if inner and 1 <= inner[-1] <= BLOCK and inner.endswith(bytes([inner[-1]]) * inner[-1]):
                yield ("fortis-padding-twice",), inner[: -inner[-1]]
        elif size > 1 and padded[-size:-1] == bytes(size - 1):
            yield ("fortis-padding-x923",), padded[:-size]
        else:
            yield (ENCRYPTED + "padding=last-byte",), padded[:-size]
    elif size == 0x80 or (size == 0 and padded.rstrip(b"\0")[-1:] == b"\x80"):
        yield ("fortis-padding-iso-7816",), padded.rstrip(b"\0")[:-1]
    elif size == 0:
        yield ("fortis-padding-zero",), padded.rstrip(b"\0")
    elif size == 0x20:
        yield ("fortis-padding-space",), padded.rstrip(b" ")
    elif size in _ENDS:
        yield ("fortis-padding-none",), padded


def plausible(padded: bytes) -> bool:
    """Return whether what was decrypted can be a text of any kind, as far as its middle and its last byte say.

    Of random bytes, one of a hundred gets through, so that most are looked at only once.

    >>> plausible(b'{"user_id":"1234567","contact_id":"1"}' + bytes([10]) * 10), plausible(bytes(range(48)))
    (True, False)
    """
    size = padded[-1]
    if 1 <= size < 2 * BLOCK and padded.endswith(bytes([size]) * size):
        return True
    return (size <= BLOCK or size in _ENDS) and UNPRINTABLE.search(padded, BLOCK, len(padded) - BLOCK) is None


def printable(text: bytes) -> bool:
    """Return whether the first bytes are those of a text, or of one that was compressed."""
    return text[:2] == b"\x1f\x8b" or UNPRINTABLE.search(text, 0, max(BLOCK, len(text) - BLOCK)) is None


def begins(text: bytes) -> bool:
    """Return whether a text may begin so: with a byte of text, or with the first one of what was compressed."""
    return text == b"\x1f" or printable(text)


def read(text: bytes, rule: Rules) -> Parts | None:
    """Return how a text differs from the documented one: nothing, slips, readings; None where it is no such object."""
    if text[:1] not in BEGINNINGS:
        return None
    if text.startswith(b"{"):
        try:
            value = rule.parse(text)
            return _accepted(value, rule) if _is_evidence(text, value) else None
        except Refused as refused:
            if refused.reason == "duplicate-parameter":
                try:
                    value = other_readings.READINGS[_LAST_WINS]["parse"](text)
                    return (_LAST_WINS, *_accepted(value, rule)) if _is_evidence(text, value) else None
                except Refused:
                    return None
    if text == b"[object Object]":
        return ("fortis-text-object",)
    if _ID.fullmatch(text):
        return ("fortis-text-alone",)
    for id, change, begins, undo in FORMS:
        if begins.match(text) is None:
            continue
        try:
            found = undo(text)
            value = found if isinstance(found, dict) else rule.parse(found)
        except _UNREADABLE:
            continue
        if value and _is_evidence(text, value):
            return ((id, change), *_accepted(value, rule))
    return None


def _is_evidence(text: bytes, values: dict[str, Any]) -> bool:
    """Return whether an object shows that the key was right: a member of a launch does, or so many bytes of JSON.

    >>> _is_evidence(b"{}", {}), _is_evidence(b'{"user_id":7}', {"user_id": 7})
    (False, True)
    """
    return len(text) >= ENOUGH or any(respelled(str(name)) in MEMBERS for name in values)


def _accepted(values: dict[str, Any], rule: Rules) -> Parts:
    """Return the reading or slip under which an object is a launch; none where none helps: the refusal says why."""
    if _is_launch(values, rule):
        return ()
    for stage in ("names", "present", "texts", "location"):
        for id, replaced in other_readings.READINGS.items():
            if [*replaced] == [stage] and _is_launch(values, rule._replace(**replaced)):
                return (id,)
    if any(name not in NAMES and respelled(name) in MEMBERS for name in values):
        return ("fortis-member-names",)
    inner = next((one for one in values.values() if isinstance(one, dict) and "location_id" in one), None)
    return (("fortis-text-array", "inside another object"),) if inner else ()


def _is_launch(values: dict[str, Any], rule: Rules) -> bool:
    try:
        found = rule.texts(rule.present(rule.names(values)))
        required(found)
        rule.location(found["location_id"])
    except Refused:
        return False
    return True


_ROW, _HALF = re.compile(rb"[ -~]{32}"), re.compile(rb"[ -~]{16}")
_BEGINNING = re.compile(r'\{\s*"[\w-]{1,40}"\s*:', re.A)


def is_partly_text(padded: bytes) -> bool:
    """Return whether 32 bytes of ASCII stand in a row; of random ones, one row of 10^13 does.

    One block twice is no evidence: ciphertext that repeats itself decrypts to it.
    """
    row = _ROW.search(padded)
    return row is not None and row[0][:BLOCK] != row[0][BLOCK:]


def may_go_on(padded: bytes) -> bool:
    """Return whether the second half of 32 bytes of ASCII stands behind the first block, whatever that becomes."""
    return _HALF.search(padded, BLOCK) is not None


def partial(padded: bytes) -> Parts | None:
    """Return what is wrong with a text of which only a part is readable: at least 32 bytes of ASCII in a row.

    >>> partial(b'{"location_id":"11ea858313aabde4')
    ('fortis-data-cut',)
    """
    if not is_partly_text(padded):
        return None
    rest = next((text for parts, text in unpadded(padded) if not parts), None)
    text = padded if rest is None else rest
    bad = [at for at in range(0, len(text), BLOCK) if not _is_text(text[at : at + BLOCK])]
    if not bad:
        cut = rest is None and _BEGINNING.match(padded.decode("utf-8", "replace"))
        return ("fortis-data-cut",) if cut else None
    if bad == [0] and rest is not None and text.rstrip().endswith(b"}"):
        return ("fortis-iv-unknown",)
    of = -(-len(padded) // BLOCK)
    return (("fortis-data-changed", f"part {bad[0] // BLOCK + 1} of {of}, of 16 bytes each, is unreadable"),)


def _is_text(block: bytes) -> bool:
    """Return whether a part is text; a character may be cut at its ends."""
    if UNPRINTABLE.search(block):
        return False
    whole = block.lstrip(bytes(range(0x80, 0xC0)))
    return len(block) - len(whole) < 4 and "\ufffd" not in whole.decode("utf-8", "replace")[:-1]
