"""A webhook in what a program printed: the signature's header somewhere, the body somewhere else."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ..core.messages import Headers
from .exports import from_base64

_RAW = ("rawbody", "bodyraw", "raw", "content", "text", "payload", "data", "body")
"""Names under which tools keep a raw body, the surest first."""
_PARSED = ("body", "parsedbody", "payload", "json", "content", "data")
"""Names under which they keep a parsed one."""
_VALUE = re.compile(r"(?<![?&=\w%])t=\d{1,20},\s?\w{1,20}=[\w+/=-]{16,200}", re.ASCII)
"""A signature as such headers carry it, where its header's name is missing."""
_LITERAL = re.compile(r"'\{(?:[^'\\\r\n]|\\.)*\}'|\"\{(?:[^\"\\\r\n]|\\.)*\}\"")
"""A JSON object as a program's text has it, escaped."""
_MOST = 2_000
"""How many values of JSON are looked at."""


class Webhook(NamedTuple):
    """The headers and the body that were found, and what was done to the body."""

    headers: Headers
    body: bytes
    undone: str = ""


def of_value(value: Any, names: Sequence[str]) -> Webhook | None:
    """Return the webhook in a JSON value, such as a request that a tool recorded.

    >>> of_value({"headers": {"X-Sig": ["t=1"]}, "rawBody": "{}"}, ["x-sig"])
    Webhook(headers=(('x-sig', 't=1'),), body=b'{}', undone='')
    """
    pairs = [*_pairs(value)]
    header = next((one for one in map(_header, pairs) if one and one[0] in names), None)
    if header is None:
        return None
    bodies = [(name.lower().replace("_", "").replace("-", ""), inner) for name, inner in pairs]
    for wanted in _RAW:
        for name, inner in bodies:
            if name == wanted and isinstance(inner, str) and inner.lstrip()[:1] in ("{", "["):
                return Webhook((header,), inner.encode("utf-8", "surrogatepass"))
    for name, inner in bodies:
        held = isinstance(inner, str) and len(inner) > 40 and ("body" in name or name in _RAW)
        coded = from_base64(inner) if held else ""
        if coded.lstrip()[:1] in ("{", "["):
            return Webhook((header,), coded.encode(), "the body was in base64")
    for wanted in _PARSED:
        for name, inner in bodies:
            if name == wanted and isinstance(inner, (dict, list)) and header[1] not in json.dumps(inner):
                written = json.dumps(inner, ensure_ascii=False, separators=(",", ":"))
                return Webhook(
                    (header,),
                    written.encode("utf-8", "surrogatepass"),
                    "the body was given as parsed JSON, and was written again",
                )
    return None


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the names of all members with their values, in order; a row of name and value counts as one too."""
    ahead, left = [value], _MOST
    while ahead and left:
        one = ahead.pop()
        left -= 1
        if isinstance(one, dict):
            name = one.get("name", one.get("key"))
            if isinstance(name, str) and "value" in one:
                yield name, one["value"]
            yield from one.items()
            ahead += [inner for inner in reversed(one.values()) if isinstance(inner, (dict, list))]
        elif isinstance(one, list):
            ahead += [inner for inner in reversed(one) if isinstance(inner, (dict, list))]


def _header(pair: tuple[str, Any]) -> tuple[str, str] | None:
    name, value = pair
    value = value[0] if isinstance(value, list) and value else value
    plain = name.lower().replace("_", "-").removeprefix("http-")
    return (plain, value.strip()) if isinstance(value, str) else None


def of_text(text: str, names: Sequence[str]) -> Webhook | None:
    """Return the webhook in a text that has the header's name, or its value, and a JSON object.

    >>> of_text("[HTTP_X_SIG] => t=1\\n[body] => {}", ["x-sig"])
    Webhook(headers=(('x-sig', 't=1'),), body=b'{}', undone='')
    """
    spelt = "|".join(re.escape(name).replace("\\-", "[-_]") for name in names)
    named = re.search(
        rf"(?:{spelt})[\"'\]]{{0,2}}\s{{0,9}}(?:=>|:|=)\s{{0,9}}\[?[\"']?([^\"'\r\n\]]{{1,400}})", text, re.I
    )
    value = named[1].strip() if named else (found[0] if (found := _VALUE.search(text)) else "")
    if bare := _VALUE.search(f" {value}"):
        value = bare[0]
    if not value:
        return None
    decoder = json.JSONDecoder()
    for begin in [*re.finditer(r"\{(?=\s{0,99}[\"}])", text)][:20]:
        try:
            _, end = decoder.raw_decode(text, begin.start())
        except (ValueError, RecursionError):
            continue
        if value not in text[begin.start() : end]:
            return Webhook(((names[0], value),), text[begin.start() : end].encode())
    for found in [*_LITERAL.finditer(text)][:20]:
        try:
            inner = ast.literal_eval(found[0]) if found[0][0] == "'" else json.loads(found[0])
            json.loads(inner)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return Webhook(
            ((names[0], value),), inner.encode("utf-8", "surrogatepass"), "the body was a text of a program"
        )
    return None
