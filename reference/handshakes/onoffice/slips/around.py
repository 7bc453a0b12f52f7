"""A call of the API in whatever is around it: a log line, code, HTML, another JSON text."""

from __future__ import annotations

import ast
import base64
import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import unquote

MOST_TRIES = 40
_UNDO: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("", lambda text: text),
    (" in a JSON text", lambda text: re.sub(r'\\(["\\/])', r"\1", text)),
    (", escaped for HTML", unescape),
    (", percent-encoded", unquote),
    (", in base64", lambda text: base64.b64decode(re.sub(r"\s", "", text), validate=True).decode()),
)


def call_in(text: str) -> tuple[bytes, str] | None:
    """Return the JSON of the first call of the API in a text, and what it was found in.

    >>> call_in('debug: {"hmac": "a", "actionid": "b"} []')
    (b'{"hmac": "a", "actionid": "b"}', 'a call of the API in a text')
    >>> call_in("hello") is None
    True
    """
    for said, undo in _UNDO:
        try:
            undone = undo(text)
        except ValueError:
            continue
        if not re.search(r"""\\?["']hmac\\?["']|base64|"raw"|"body""", undone):
            continue
        for found in _objects(undone):
            if (call := _call(found)) is not None:
                alone = call is found and undone.strip().startswith("{") and undone.strip().endswith("}")
                around = said or ("" if alone else " in a text")
                return _written(call, undone), f"a call of the API{around}"
    return None


def _written(call: dict[str, Any], text: str) -> bytes:
    """Return the call as it is in the text where it is there as JSON, else written anew."""
    for start, value in _scanned(text):
        if value == call:
            return text[start : json.JSONDecoder().raw_decode(text, start)[1]].encode(
                "utf-8", "surrogatepass"
            )
    return json.dumps(call, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _scanned(text: str) -> Iterator[tuple[int, Any]]:
    decoder = json.JSONDecoder()
    for found in [*re.finditer(r"\{", text)][:MOST_TRIES]:
        try:
            yield found.start(), decoder.raw_decode(text, found.start())[0]
        except (ValueError, RecursionError):
            continue


def _objects(text: str) -> Iterator[Any]:
    """Yield the JSON objects of a text, then the literal of Python from its first brace to its last."""
    yield from (value for _, value in _scanned(text))
    start, end = text.find("{"), text.rfind("}") + 1
    if 0 <= start < end < start + 20_000:
        try:
            yield ast.literal_eval(text[start:end])
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            return


def _call(value: Any, depth: int = 0) -> dict[str, Any] | None:
    """Return the call that JSON is or holds, in a text too."""
    if depth > 6:
        return None
    if isinstance(value, str) and len(value) > 100 and re.fullmatch(r"[\w+/]+={0,2}", value, re.ASCII):
        try:
            value = base64.b64decode(value, validate=True).decode()
        except ValueError:
            return None
    if isinstance(value, str) and '"hmac"' in value:
        return next((call for _, one in _scanned(value) if (call := _call(one, depth + 1))), None)
    if isinstance(value, list):
        return next((call for one in value if (call := _call(one, depth + 1))), None)
    if not isinstance(value, dict):
        return None
    request = value.get("request")
    if (isinstance(request, dict) and "actions" in request) or {"hmac", "actionid"} <= value.keys():
        return value
    return next((call for one in value.values() if (call := _call(one, depth + 1))), None)
