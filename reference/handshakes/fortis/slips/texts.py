"""What a decryption gave: which padding and which text it is, if any.

A decryption counts only if there is a padding by a known rule and the text is one JSON object: strictly, or after
one of the changes listed here, each of which is undone completely. Random bytes practically never pass.
"""

from __future__ import annotations

import ast
import base64
import json
import re
import zlib
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, unquote

from ...core.refusals import Refused
from .. import readings as other_readings
from ..rules import Rules
from ..rules.encrypted import BLOCK, ENCRYPTED, NAMES, required

Undo = Callable[[bytes], bytes | dict[str, Any]]
Parts = tuple[str | tuple[str, str], ...]
"""The ids of slips and readings, each alone or with what it changed."""

_UNPRINTABLE = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ID = re.compile(rb"11e[0-9a-f]{21}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
"""An id of Fortis, or a UUID. Any 24 hex digits are not enough: CFB8 makes one byte again and again of zeros."""
ENOUGH = 16
"""From how many bytes on a JSON object of unknown members is no accident."""
_MEMBERS = frozenset(re.sub("[-_]", "", name) for name in NAMES)
_LAST_WINS = ENCRYPTED + "duplicate-keys=last-wins"
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
    return (size <= BLOCK or size in _ENDS) and _UNPRINTABLE.search(
        padded, BLOCK, len(padded) - BLOCK
    ) is None


def printable(text: bytes) -> bool:
    """Return whether the first bytes are those of a text, or of one that was compressed."""
    return text[:2] == b"\x1f\x8b" or _UNPRINTABLE.search(text, 0, max(BLOCK, len(text) - BLOCK)) is None


def begins(text: bytes) -> bool:
    """Return whether a text may begin so: with a byte of text, or with the first one of what was compressed."""
    return text == b"\x1f" or printable(text)


def read(text: bytes, rule: Rules) -> Parts | None:
    """Return how a text differs from the documented one: nothing, slips, readings; None where it is no such object."""
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
    for id, change, begins, undo in _FORMS:
        if begins.match(text) is None:
            continue
        try:
            found = undo(text)
            value = found if isinstance(found, dict) else rule.parse(found)
        except (
            Refused,
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            SyntaxError,
            RecursionError,
            MemoryError,
        ):
            continue
        except zlib.error:
            continue
        if value and _is_evidence(text, value):
            return ((id, change), *_accepted(value, rule))
    return None


def _is_evidence(text: bytes, values: dict[str, Any]) -> bool:
    """Return whether an object shows that the key was right: a member of a launch does, or so many bytes of JSON.

    >>> _is_evidence(b"{}", {}), _is_evidence(b'{"user_id":7}', {"user_id": 7})
    (False, True)
    """
    return len(text) >= ENOUGH or any(_respelled(str(name)) in _MEMBERS for name in values)


def _accepted(values: dict[str, Any], rule: Rules) -> Parts:
    """Return the reading or slip under which an object is a launch; none where none helps: the refusal says why."""
    if _is_launch(values, rule):
        return ()
    for stage in ("names", "present", "texts", "location"):
        for id, replaced in other_readings.READINGS.items():
            if [*replaced] == [stage] and _is_launch(values, rule._replace(**replaced)):
                return (id,)
    if any(name not in NAMES and _respelled(name) in _MEMBERS for name in values):
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


def _respelled(name: str) -> str:
    return re.sub("[-_ ]", "", name).lower()


def _named(pairs: dict[str, Any]) -> dict[str, Any]:
    """Return pairs of which one at least is a member of a launch; raises `ValueError` for any others."""
    if not any(isinstance(name, str) and _respelled(name) in _MEMBERS for name in pairs):
        raise ValueError("no launch")
    return pairs


def _query(text: bytes) -> dict[str, Any]:
    if _UNPRINTABLE.search(text):
        raise ValueError("no query")
    return _named(dict(parse_qsl(text.decode(), keep_blank_values=True, strict_parsing=True)))


_PRINTED_NAME = re.compile(r"\s*[:\"']?([\w-]+)[\"']?\s*(?:=>|=|:)", re.A)


def read_printed(text: bytes) -> dict[str, Any]:
    """Read Ruby's `{"a"=>"b"}`, newer Ruby's `{a: "b"}`, Java's `{a=b, c=d}` and JavaScript's `{ a: 'b' }`; else `ValueError`.

    >>> read_printed(b"{location_id=1, user_id=7}")
    {'location_id': '1', 'user_id': '7'}
    """
    if text[:1] != b"{" or text[-1:] != b"}":
        raise ValueError("no map")
    pairs = []
    for piece in text[1:-1].decode().split(","):  # each once, so that the work is linear
        named = _PRINTED_NAME.match(piece)
        value = piece[named.end() :].strip().strip("\"'") if named else ""
        if named and not re.search("[\"'}]", value):
            pairs.append((named[1], value))
    return _named(dict(pairs))


def _python(text: bytes) -> dict[str, Any]:
    if text[:2] not in (b"{'", b"b'", b"[("):
        raise ValueError("no dict")
    value = ast.literal_eval(text.decode())
    return _named(dict(json.loads(value) if isinstance(value, bytes) else value))


def _php(text: bytes) -> dict[str, Any]:
    """Read PHP's serialisation of an array or object of texts, numbers and nulls, or of a text that is JSON."""
    if found := re.fullmatch(rb's:(\d{1,5}):"(.*)";', text, re.S):
        value = json.loads(found[2]) if len(found[2]) == int(found[1]) else None
        return _named(value if isinstance(value, dict) else {})
    found = re.fullmatch(rb'(?:a|O:\d{1,3}:"\w+"):(\d{1,3}):\{(.*)\}', text, re.S)
    if not found:
        raise ValueError("no serialisation")
    rest, values = found[2], list[Any]()
    while rest:
        one = re.match(rb's:(\d{1,5}):"|[idb]:(-?[\d.]{1,20});|N;', rest)
        if one is None:
            raise ValueError("no serialisation")
        end = one.end() + int(one[1] or 0)
        values.append(rest[one.end() : end].decode() if one[1] else one[2] and one[2].decode())
        rest = rest[end:].removeprefix(b'";') if one[1] else rest[end:]
    if len(values) != 2 * int(found[1]):
        raise ValueError("no serialisation")
    return _named(dict(zip(values[::2], values[1::2], strict=True)))


def _inflated(text: bytes, bits: int) -> bytes:
    engine = zlib.decompressobj(bits)
    made = engine.decompress(text, 65_536)
    if not engine.eof or engine.unused_data:
        raise ValueError("not whole")
    return made


def _text_in_json(text: bytes) -> bytes:
    value = json.loads(text)
    if not isinstance(value, str):
        raise ValueError("no text")
    return value.encode()


def _only(text: bytes) -> dict[str, Any]:
    (value,) = json.loads(text)
    return _named(value)


def _base64(text: bytes) -> bytes:
    return base64.b64decode(text, altchars=b"-_" if re.search(rb"[-_]", text) else None, validate=True)


_FORMS: tuple[tuple[str, str, re.Pattern[bytes], Undo], ...] = tuple(
    (id, change, re.compile(begins), undo)
    for id, change, begins, undo in (
        ("fortis-text-bom", "", rb"\xef\xbb\xbf\{", lambda t: t[3:]),
        ("fortis-text-nul", "", rb"(?s)\{[^\0]*\0+\Z", lambda t: t.rstrip(b"\0")),
        ("fortis-text-latin-1", "", rb"\{", lambda t: t.decode("cp1252").encode()),
        ("fortis-text-utf-16", "little-endian", rb"(?:\xff\xfe)?\{\0", lambda t: t.removeprefix(b"\xff\xfe").decode("utf-16-le").encode()),
        ("fortis-text-utf-16", "big-endian", rb"(?:\xfe\xff)?\0\{", lambda t: t.removeprefix(b"\xfe\xff").decode("utf-16-be").encode()),
        ("fortis-text-compressed", "gzip", rb"\x1f\x8b", lambda t: _inflated(t, 31)),
        ("fortis-text-compressed", "zlib", rb"x[\x01\x5e\x9c\xda]", lambda t: _inflated(t, 15)),
        ("fortis-text-compressed", "deflate", rb"\xab", lambda t: _inflated(t, -15)),
        ("fortis-text-twice", "", rb'"\{', _text_in_json),
        ("fortis-text-array", "an array of one", rb"\[\s*\{", _only),
        ("fortis-text-python", "", rb"\{'|b'|\[\('", _python),
        ("fortis-text-php", "", rb"[aOs]:\d", _php),
        ("fortis-text-encoded", "percent-encoded", rb"%7[Bb]", lambda t: unquote(t.decode()).encode()),
        ("fortis-text-encoded", "base64", rb"e[wy]", _base64),
        ("fortis-text-encoded", "hex", rb"7[Bb]", lambda t: bytes.fromhex(t.decode())),
        ("fortis-text-encoded", "escaped for HTML", rb"\{\s*&", lambda t: unescape(t.decode()).encode()),
        ("fortis-text-encoded", "with backslashes", rb"\{\s*\\", lambda t: t.replace(b'\\"', b'"')),
        ("fortis-text-query", "", rb"[\w.-]+=", _query),
        ("fortis-text-printed", "", rb"\{", read_printed),
    )
)  # fmt: skip
"""What else may have been encrypted, and how it is undone; most are told by their first bytes."""

_ROW = re.compile(rb"[ -~]{32}")
_BEGINNING = re.compile(r'\{\s*"[\w-]{1,40}"\s*:', re.A)


def is_partly_text(padded: bytes) -> bool:
    """Return whether 32 bytes of ASCII stand in a row; of random ones, one row of 10^13 does.

    One block twice is no evidence: ciphertext that repeats itself decrypts to it.
    """
    row = _ROW.search(padded)
    return row is not None and row[0][:BLOCK] != row[0][BLOCK:]


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
    if _UNPRINTABLE.search(block):
        return False
    whole = block.lstrip(bytes(range(0x80, 0xC0)))
    return len(block) - len(whole) < 4 and "\ufffd" not in whole.decode("utf-8", "replace")[:-1]
