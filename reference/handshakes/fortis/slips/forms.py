"""What else may have been encrypted than JSON: other notations, encodings and character sets, each with what undoes it."""

from __future__ import annotations

import ast
import base64
import json
import re
import zlib
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, unquote

from ..rules.encrypted import NAMES

Undo = Callable[[bytes], bytes | dict[str, Any]]
UNPRINTABLE = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
MEMBERS = frozenset(re.sub("[-_]", "", name) for name in NAMES)


def respelled(name: str) -> str:
    """Return a name as `MEMBERS` has it."""
    return re.sub("[-_ ]", "", name).lower()


def _named(pairs: dict[str, Any]) -> dict[str, Any]:
    """Return pairs of which one at least is a member of a launch; raises `ValueError` for any others."""
    if not any(isinstance(name, str) and respelled(name) in MEMBERS for name in pairs):
        raise ValueError("no launch")
    return pairs


def _query(text: bytes) -> dict[str, Any]:
    if UNPRINTABLE.search(text):
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


FORMS: tuple[tuple[str, str, re.Pattern[bytes], Undo], ...] = tuple(
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
        ("fortis-text-printed", "The text is JSON but for something that JSON does not allow: the facts name it.", rb'\{\s*"[\w.-]+"\s*:', read_printed),
        ("fortis-text-printed", "", rb'\{(?!\s*"[\w.-]+"\s*:)', read_printed),
    )
)  # fmt: skip
"""What else may have been encrypted, and how it is undone; most are told by their first bytes."""
BEGINNINGS = frozenset(
    bytes([at]) for at in range(256) if re.match(rb"[\w.%\"\[{\0\x1f\xab\xef\xfe\xff-]", bytes([at]))
)
"""The first bytes of all of them, by which most wrong decryptions are known at once."""
