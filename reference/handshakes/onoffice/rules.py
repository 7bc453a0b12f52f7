"""The adopted rules of onOffice's signed URLs, one function a stage, in the order in which they apply.

Each is one answer to a question that the pages leave open; `readings.py` holds the other answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from ..core.keys import key_bytes
from ..core.printing import printable
from ..core.readings import replaced
from ..core.refusals import Refused
from ..core.strict import MAX_DEPTH, Pairs, hex_digest, no_duplicates, query_pairs
from ..core.timestamps import Tolerance
from .php import is_numeric

Readings = Mapping[str, Callable[..., Any]]

URL = "onoffice:url."
API = "onoffice:api."
HIGHEST_PORT = 65_535
MOST_DIGITS, MILLISECONDS = 12, 13
"""How many digits a time has at most, and how many it has in milliseconds."""
TOLERANCE: Tolerance = (300, 120)
"""Seconds back and ahead, both inclusive; no page names a number (A16)."""
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]*))?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]").search
_UNESCAPED = re.compile(r"[A-Za-z0-9_.-]*", re.ASCII).fullmatch
_FORM = {byte: chr(byte) if _UNESCAPED(chr(byte)) else f"%{byte:02X}" for byte in range(256)} | {
    ord(" "): "+"
}
"""What each byte of a name or value is written as."""


def base(url: str) -> tuple[str, str]:
    """onoffice:url.base. Return scheme, host and raw path as one text, and the raw query.

    Port, user info and fragment are dropped; the host's case and the path stay as they are. Raises
    `Refused` with `malformed`. Source: official verifier, CheckSignature; A2, A3, A35, A44.

    >>> base("http://127.0.0.1:8080/activate?b=2&a=1#top")
    ('http://127.0.0.1/activate', 'b=2&a=1')
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        evidence = {"found": "a character that no request line holds"}
        raise Refused("malformed", "onoffice:url.base", evidence, stage="base")
    head, _, query = url.partition("#")[0].partition("?")
    scheme, _, rest = head.partition("://")
    authority, slash, path = rest.partition("/")
    host = _HOST.fullmatch(authority.rpartition("@")[2])
    if host is None or scheme.lower() not in ("http", "https"):
        raise Refused("malformed", "onoffice:url.base", {"found": "no http(s)://host in front"}, stage="base")
    if (port := host[2]) and (len(port) > 5 or int(port) > HIGHEST_PORT):
        number = {"port": port[:40], "highest": HIGHEST_PORT}
        raise Refused("malformed", "onoffice:url.port", number, stage="base")
    if not slash:
        raise Refused("malformed", "onoffice:url.path", {"found": "a URL without a path"}, stage="base")
    return f"{scheme}://{host[1]}/{path}", query


def parameters(query: str) -> Pairs:
    """onoffice:url.escapes. Return every decoded pair, in the order received, `signature` among them.

    A name without `=` has an empty value. Raises `Refused`: `too-large`, `malformed` for an incomplete
    escape and for bytes that are not UTF-8. Source: PHP's manual, parse_str; E3, A12.

    >>> parameters("plan=gold+edition&flag")
    (('plan', 'gold edition'), ('flag', ''))
    """
    return query_pairs(query, "onoffice:url.escapes")


def names(pairs: Pairs) -> Pairs:
    """onoffice:url.names. Return the pairs, unless PHP would rename, drop or nest a name: then `malformed`; A6, A11.

    >>> names((("ids[]", "5"),))
    Traceback (most recent call last):
    handshakes.core.refusals.Refused: malformed (onoffice:url.names): name ids[], found array syntax
    """
    if "".join([name or "." for name, _ in pairs]).isidentifier():  # as nearly always: PHP changes none
        return pairs
    for name, _ in pairs:
        found = ""
        if not name:
            found = "an empty name, which PHP drops"
        elif "[" in name:
            found = "array syntax"
        elif "." in name or " " in name:
            found = "a dot or a space, which PHP turns into _"
        elif _CONTROL(name):
            found = "a control character"
        if found:
            evidence = {"name": printable(name), "found": found}
            raise Refused("malformed", "onoffice:url.names", evidence, stage="parameters")
    return pairs


def integers(pairs: Pairs) -> Pairs:
    """onoffice:url.integer-names. Return the pairs, unless a name is a number, which PHP sorts by value: then `malformed`.

    `-3`, `01` and `1e1` are numbers too. Source: measured; PHP 8.2 and later put an integer before the
    other names, earlier ones after them; A7, E1.

    >>> integers((("a1", ""), ("-", "")))
    (('a1', ''), ('-', ''))
    """
    for name, _ in pairs:
        if name[:1] < "A" and is_numeric(name):  # a number begins with a blank, a sign, a dot or a digit
            evidence = {"name": printable(name), "found": "a number"}
            raise Refused("malformed", "onoffice:url.integer-names", evidence, stage="parameters")
    return pairs


def once(pairs: Pairs) -> Pairs:
    """onoffice:url.repeated. Return the pairs, unless a name occurs twice: then `duplicate-parameter`; A6.

    >>> once((("customerWebId", "4712"), ("customerWebId", "4711")))
    Traceback (most recent call last):
    handshakes.core.refusals.Refused: duplicate-parameter (onoffice:url.repeated): name customerWebId
    """
    no_duplicates(pairs, "onoffice:url.repeated")
    return pairs


def signed(pairs: Pairs) -> Pairs:
    """onoffice:url.signed-parameters. Return the pairs that are signed, of all but `signature`: every one; A9, A12."""
    return pairs


def order(pairs: Pairs) -> Pairs:
    """onoffice:url.order. Return the pairs sorted by name, byte by byte: capitals, then `_`, then small letters; A7.

    >>> order((("plan", "g"), ("_x", "1"), ("Zone", "eu")))
    (('Zone', 'eu'), ('_x', '1'), ('plan', 'g'))
    """
    return tuple(sorted(pairs, key=itemgetter(0)))  # UTF-8 sorts as code points do


def form(pairs: Pairs, query: str) -> str:
    """onoffice:url.encoding. Return the pairs as PHP writes a form: `+` for a space, and only `A-Za-z0-9-_.` unescaped.

    `query` is the raw one, which this rule does not look at. Source: official verifier; A4, A10, A12.

    >>> form((("customerName", "Müller & Söhne"), ("x", "~*")), "")
    'customerName=M%C3%BCller+%26+S%C3%B6hne&x=%7E%2A'
    """
    pieces = [
        f"{n}={v}" if _UNESCAPED(n + v) else f"{n if _UNESCAPED(n) else escaped(n)}={escaped(v)}"
        for n, v in pairs
    ]
    return "&".join(pieces)


def escaped(text: str) -> str:
    """Return one name or value as `urlencode` of PHP writes it."""
    return text.encode().decode("latin-1").translate(_FORM)


def message(base: str, form: str) -> str:
    """onoffice:url.base. Return what is signed: the base, a question mark (without parameters too), the form; A2.

    >>> message("https://provider.example/p", "")
    'https://provider.example/p?'
    """
    return f"{base}?{form}"


def digest(signature: str) -> bytes:
    """onoffice:url.digest. Return the 32 bytes that 64 lower-case hex digits stand for.

    Raises `Refused` with `malformed`. Source: both pages, Signature (PHP's `hash_hmac`); A1, A45.

    >>> digest("0f" * 32)[:2]
    b'\\x0f\\x0f'
    """
    return hex_digest(signature, "onoffice:url.digest", "signature", "signature")


def seconds(timestamp: str, clause: str = "onoffice:url.timestamp-unit") -> int:
    """onoffice:url.timestamp-unit. Return Unix seconds from ASCII digits, twelve at most.

    Raises `Refused`: `timestamp-in-milliseconds`, `malformed`. Source: integration page; A15. The API's
    time has the same form, under a clause of its own.

    >>> seconds("1700000000")
    1700000000
    """
    digits = timestamp.isascii() and timestamp.isdigit()
    if digits and len(timestamp) == MILLISECONDS:
        evidence = {"timestamp": timestamp}
        raise Refused("timestamp-in-milliseconds", clause, evidence, stage="time")
    if not digits or len(timestamp) > MOST_DIGITS:
        evidence = {"timestamp": timestamp[:40] if digits else f"{len(timestamp)} characters, not digits"}
        raise Refused("malformed", clause, evidence, stage="time")
    return int(timestamp)


def encoded(text: str, clause: str) -> bytes:
    """Return a text in UTF-8; raises `Refused` with `malformed` for half of a surrogate pair, which is no character."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Refused("malformed", clause, {"found": "a lone surrogate"}) from None


def php_json(value: Any) -> str:
    """onoffice:api.hmac-v1. Return JSON as PHP writes it: no spaces, `\\/`, `\\uXXXX`, `[]` for what is empty.

    An object with the names 0, 1, 2 in this order, which PHP turns into a list, and what is more than 100
    deep is refused with `malformed`. Only then a float and a whole number of more than 64 bits are refused
    with `wrong-type`: they have to be sent as text (error 243). Source: measured with PHP 8.2.

    >>> php_json({"url": "https://x/ü", "filter": {}})
    '{"url":"https:\\\\/\\\\/x\\\\/\\\\u00fc","filter":[]}'
    """

    clause = "onoffice:api.hmac-v1"

    def named(part: Any, depth: int = 1) -> Any:
        if isinstance(part, str):
            encoded(part, clause)
        if not isinstance(part, (Mapping, list, tuple)):
            return part
        if depth > MAX_DEPTH:
            found = f"more than {MAX_DEPTH} arrays and objects inside each other"
            raise Refused("malformed", clause, {"found": found})
        if not isinstance(part, Mapping):
            return [named(inner, depth + 1) for inner in part]
        if part and [*part] == [str(place) for place in range(len(part))]:
            raise Refused("malformed", clause, {"found": "the names 0, 1, …, which PHP makes a list"})
        return {named(str(name)): named(inner, depth + 1) for name, inner in part.items()} or []

    def exact(part: Any) -> None:
        if isinstance(part, float) or (isinstance(part, int) and not -(2**63) <= part < 2**63):
            found = "a float" if isinstance(part, float) else "a whole number of more than 64 bits"
            raise Refused("wrong-type", clause, {"found": found, "expected": "a text with its digits"})
        if isinstance(part, (dict, list)):
            for inner in part.values() if isinstance(part, dict) else part:
                exact(inner)

    parts = named(value)
    exact(parts)
    try:
        text = json.dumps(parts, separators=(",", ":")).replace("/", "\\/")
    except TypeError:
        raise Refused("wrong-type", clause, {"expected": "what JSON can hold"}) from None
    return re.sub(r"(?<!\\)((?:\\\\)*)\\u007f", "\\1\x7f", text)  # the one character that PHP leaves


class Rules(NamedTuple):
    """The stages that a reading may replace, with the adopted rules as defaults."""

    base: Callable[[str], tuple[str, str]] = base
    parameters: Callable[[str], Pairs] = parameters
    names: Callable[[Pairs], Pairs] = names
    integers: Callable[[Pairs], Pairs] = integers
    once: Callable[[Pairs], Pairs] = once
    signed: Callable[[Pairs], Pairs] = signed
    order: Callable[[Pairs], Pairs] = order
    form: Callable[[Pairs, str], str] = form
    message: Callable[[str, str], str] = message
    digest: Callable[[str], bytes] = digest
    key: Callable[[str, str], bytes] = key_bytes
    seconds: Callable[[str], int] = seconds
    tolerance: Callable[[], Tolerance] = lambda: TOLERANCE


ADOPTED = Rules()


def rules(readings: Readings | None) -> Rules:
    """Return the adopted rules with some stages replaced; raises `Refused` with `unknown-reading`."""
    return replaced(ADOPTED, readings, "onoffice:url.verify") if readings else ADOPTED
