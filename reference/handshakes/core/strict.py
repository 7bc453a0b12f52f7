"""Strict reading of what the web is usually lenient about: percent escapes, forms, JSON.

Two readers that disagree about the same bytes are how signatures get bypassed, so here each
input has one meaning or is refused: every escape is complete and its bytes are UTF-8, no name
occurs twice, no JSON key occurs twice, numbers are JSON numbers. The limits are ours, not the
platforms': 8,192 characters for a query, 65,536 for a form that says so, 200 parameters, JSON 100 deep.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from string import hexdigits
from typing import Any, NoReturn

from .printing import printable
from .refusals import Refused

MAX_QUERY = 8_192
MAX_FORM = 65_536
URLENCODED = "application/x-www-form-urlencoded"
MAX_PARAMETERS = 200

Pairs = tuple[tuple[str, str], ...]

_BYTES = {first + second: chr(int(first + second, 16)) for first in hexdigits for second in hexdigits}
"""What two hex digits of an escape stand for: one byte, as the character with its number."""
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def decoded(text: str, clause: str) -> str:
    """Return one percent-encoded name or value as text; `+` is a space.

    Raises `Refused` with `malformed` for an incomplete escape, for bytes that are not UTF-8 and for
    characters outside ASCII, which a request line cannot hold.

    >>> decoded("a%2C+b", "officernd:signature.escapes")
    'a, b'
    """
    if not text.isascii():
        raise Refused("malformed", clause, {"found": "a character outside ASCII that is not percent-encoded"})
    if "%" not in text:
        return text.replace("+", " ")
    first, *rest = text.replace("+", " ").split("%")
    try:
        found = first + "".join([_BYTES[piece[:2]] + piece[2:] for piece in rest])
    except KeyError:
        start = next(_BROKEN_ESCAPE.finditer(text)).start()
        raise Refused("malformed", clause, {"found": f"an incomplete percent escape at {start}"}) from None
    if found.isascii():
        return found
    try:
        return found.encode("latin-1").decode()
    except UnicodeDecodeError as error:
        evidence = {"found": f"bytes that are not UTF-8 (decoded byte {error.start})"}
        raise Refused("malformed", clause, evidence) from None


def query_pairs(query: str, clause: str, component: Callable[[str, str], str] | None = None) -> Pairs:
    """Return a query as decoded pairs, in the order received.

    An absent `=` counts as an empty value, an empty piece (`a=1&&b=2`) is skipped. Raises `Refused`
    with `too-large` or `malformed`; duplicates are left to `no_duplicates`.

    >>> query_pairs("slug=a&locations=", "officernd:signature.parameters")
    (('slug', 'a'), ('locations', ''))
    """
    if len(query) > MAX_QUERY:
        raise Refused("too-large", clause, {"characters": len(query), "limit": MAX_QUERY})
    if not query.isascii():
        raise Refused("malformed", clause, {"found": "a character outside ASCII that is not percent-encoded"})
    return _pairs(query, clause, component)


def _pairs(query: str, clause: str, component: Callable[[str, str], str] | None = None) -> Pairs:
    """Return a query or form in ASCII, of any length, as decoded pairs."""
    pieces = query.split("&")
    if len(pieces) > MAX_PARAMETERS and (many := sum(map(bool, pieces))) > MAX_PARAMETERS:
        raise Refused("too-large", clause, {"parameters": many, "limit": MAX_PARAMETERS})
    component = component or decoded
    pairs = []
    for piece in pieces:
        if piece:
            name, _, value = piece.partition("=")
            if "%" in piece or "+" in piece:  # most pieces of a genuine request have nothing to decode
                name, value = component(name, clause), component(value, clause)
            pairs.append((name, value))
    return tuple(pairs)


def no_duplicates(pairs: Pairs, clause: str) -> dict[str, str]:
    """Return the pairs as a mapping; raises `Refused` with `duplicate-parameter`.

    >>> no_duplicates((("a", "1"), ("b", "2")), "officernd:signature.repeated")
    {'a': '1', 'b': '2'}
    """
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise Refused("duplicate-parameter", clause, {"name": printable(_twice(pairs))})
    return mapping


def form_pairs(body: bytes, content_type: str, clause: str) -> Pairs:
    """Return the fields of a form, urlencoded or multipart, in the order received; files are not fields.

    Raises `Refused`: `wrong-content-type`, `too-large`, `malformed`; duplicates are left to
    `no_duplicates`.

    >>> form_pairs(b"clientId=a%2Cb", "application/x-www-form-urlencoded", "retailcrm:account.form")
    (('clientId', 'a,b'),)
    """
    if len(body) > MAX_FORM:
        raise Refused("too-large", clause, {"bytes": len(body), "limit": MAX_FORM})
    kind = content_type if content_type == URLENCODED else content_type.partition(";")[0].strip(" \t").lower()
    if kind == URLENCODED:
        try:
            text = body.decode("ascii")
        except UnicodeDecodeError:
            found = "a character outside ASCII that is not percent-encoded"
            raise Refused("malformed", clause, {"found": found}) from None
        return _pairs(text, clause)
    pieces = [piece.strip(" \t") for piece in content_type.split(";")[1:]]
    named = [piece[9:] for piece in pieces if piece[:9].lower() == "boundary="]
    boundary = _BOUNDARY.fullmatch(named[0]) if len(named) == 1 else None
    if kind != "multipart/form-data" or boundary is None:
        evidence = {"content type": printable(content_type) or "none", "expected": "a form"}
        raise Refused("wrong-content-type", clause, evidence)
    return _multipart(body, boundary[2].encode(), clause)


MAX_BOUNDARY = 70  # RFC 2046
_BOUNDARY = re.compile(rf'("?)([!#-+\--~]{{1,{MAX_BOUNDARY}}})\1', re.ASCII)
_DISPOSITION = re.compile(rb'form-data; name="([^"\\\r\n]*)"', re.I)


def _multipart(body: bytes, boundary: bytes, clause: str) -> Pairs:
    """Return the fields of `multipart/form-data` (RFC 7578) without files, nested parts or a preamble."""

    def broken(found: str) -> Refused:
        return Refused("malformed", clause, {"found": f"multipart with {found}"})

    first, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if first or len(parts) < 2 or parts.pop() not in (b"--", b"--\r\n"):
        raise broken("something before its first or after its last boundary, or without one")
    if len(parts) > MAX_PARAMETERS:
        raise Refused("too-large", clause, {"parameters": len(parts), "limit": MAX_PARAMETERS})
    pairs = []
    for part in parts:
        head, found, value = part.partition(b"\r\n\r\n")
        headers = [line.partition(b":")[::2] for line in head.split(b"\r\n")]
        named = [value.strip(b" \t") for name, value in headers if name.lower() == b"content-disposition"]
        disposition = _DISPOSITION.fullmatch(named[0]) if len(named) == 1 else None
        if not part.startswith(b"\r\n") or not found or disposition is None:
            raise broken("a part that is not a plain field")
        try:
            pairs.append((disposition[1].decode(), value.decode()))
        except UnicodeDecodeError:
            raise broken("bytes that are not UTF-8") from None
    return tuple(pairs)


def _twice(pairs: Sequence[tuple[str, Any]]) -> str:
    """Return the first name that occurs more than once, in linear time: it is a stranger who chooses how many there are."""
    times = Counter(name for name, _ in pairs)
    return next(name for name, _ in pairs if times[name] > 1)


class _Broken(Exception):
    """What the decoder found that is not JSON, in a few words."""


class _Doubled(Exception):
    """The key that the decoder found twice in one object."""


MAX_DEPTH = 100


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _Doubled(_twice(pairs))
    return value


def _constant(name: str) -> NoReturn:
    raise _Broken(f"{name}, which is not JSON")


def _finite(digits: str) -> float:
    if math.isinf(number := float(digits)):
        raise _Broken("a number too large")
    return number


def _whole(digits: str) -> int:
    if len(digits) > 300:  # at most 309 digits fit into a double
        _finite(digits)
    return int(digits)


_NUMBERS: dict[str, Any] = {"parse_constant": _constant, "parse_float": _finite, "parse_int": _whole}
_decoder = json.JSONDecoder(object_pairs_hook=_members, **_NUMBERS)
_every_pair = json.JSONDecoder(object_pairs_hook=list, **_NUMBERS)
_scan: Callable[[str, int], tuple[Any, int]] = _decoder.scan_once  # type: ignore[attr-defined]
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_BRACKET = re.compile(r"[\[{\]}]")


def _decode(text: str) -> Any:
    """Read a whole JSON text; one without blanks around it, as programs write it, without looking for them."""
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _not_deep(text)
    try:
        value, end = _scan(text, 0)
    except StopIteration:  # begins with a blank, or with no JSON at all
        value, end = None, -1
    if end != len(text):
        value = _decoder.decode(text)
    if "\\" in text and "\\u" in text:  # only an escape makes a lone surrogate; one character is found faster
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _not_deep(text: str) -> None:
    """Refuse brackets that are open inside each other, `MAX_DEPTH` at most, before the decoder counts its own calls."""
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > MAX_DEPTH:
            raise _Broken(f"more than {MAX_DEPTH} arrays and objects inside each other")


def json_value(body: bytes, clause: str) -> Any:
    """Return a JSON text as a value; UTF-8, no duplicate keys, no `NaN`, at most 100 deep.

    Raises `Refused` with `malformed` for all that is no such text, then with `duplicate-parameter`.

    >>> json_value(b'{"a": [1, null]}', "officernd:webhook.envelope")
    {'a': [1, None]}
    """
    try:
        text = body.decode()
        try:
            return _decode(text)
        except _Doubled as doubled:
            name = str(doubled)
        json.dumps(_every_pair.decode(text), ensure_ascii=False).encode()  # what is no JSON has no keys
    except _Broken as found:
        raise Refused("malformed", clause, {"found": str(found)}) from None
    except UnicodeDecodeError as error:
        raise Refused("malformed", clause, {"found": f"byte {error.start} is not UTF-8"}) from None
    except UnicodeEncodeError:
        raise Refused("malformed", clause, {"found": "a lone surrogate in the JSON"}) from None
    except json.JSONDecodeError as error:
        where = f"text that is not JSON (at character {error.pos})"
        raise Refused("malformed", clause, {"found": where}) from None
    raise Refused("duplicate-parameter", clause, {"JSON key": printable(name)})


def json_object(body: bytes, clause: str) -> dict[str, Any]:
    """Return a JSON text as an object; see `json_value`. Raises also `wrong-type`."""
    value = json_value(body, clause)
    if not isinstance(value, dict):
        raise Refused("wrong-type", clause, {"JSON": type(value).__name__, "expected": "an object"})
    return value


def of_type(value: Any, kind: type, clause: str, name: str) -> None:
    """Raise `Refused` with `wrong-type` unless `value` is of the type that the contract names.

    >>> of_type(b"{}", bytes, "officernd:webhook.body", "body")
    """
    if not isinstance(value, kind):
        raise Refused("wrong-type", clause, {name: type(value).__name__, "expected": kind.__name__})


def hex_digest(value: str, clause: str, name: str, stage: str) -> bytes:
    """Return the 32 bytes that 64 lower-case hex digits stand for; nothing is trimmed. Else refuse with `malformed`.

    >>> hex_digest("0f" * 32, "shop:sum.digest", "sum", "sum")[:2]
    b'\\x0f\\x0f'
    """
    if not _is_digest(value):
        other = f"not 64 hex digits ({len(value)} characters)"
        found = "upper-case hex digits" if _is_digest(value.lower()) else other
        raise Refused("malformed", clause, {name: found}, stage=stage)
    return bytes.fromhex(value)


def _is_digest(value: str) -> bool:
    try:  # twice as fast as a pattern; `fromhex` alone reads blanks and upper case too
        return len(value) == 64 and bytes.fromhex(value).hex() == value
    except ValueError:
        return False
