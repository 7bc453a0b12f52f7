"""Replay and tamper: a request of the wire once more, as it was or with some of its parts changed.

A part is a piece of the query, a field of a form, a header that signs, or the body as a whole. Only what is changed
is written anew; every other byte stays as it was, so that a changed value and a wrong signature are the only news.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from ..core.messages import Request
from .wire import Wire

Json = dict[str, Any]
MOST_VALUE = 4_096
COPY = "A copy of message "
"""How the note of a message begins that this page sent again."""
MOST_PARTS = 60
_SIGNING = ("officernd-signature", "x-api-key", "authorization")


def parts(wire: Wire, request: Request) -> list[Json]:
    """Return what can be changed of a request, with its value where that is no secret."""
    found: list[Json] = []
    with wire._lock:
        for place, text in (("query", request.query), ("form", _form(request))):
            for number, piece in enumerate(text.split("&") if text else ()):
                name, _, value = piece.partition("=")
                shown = wire._pairs(piece).partition("=")[2]
                plain = unquote_plus(value)
                found.append(_part(f"{place}-{number}", unquote_plus(name), plain, shown == value))
        for name, value in request.headers:
            if name in _SIGNING:
                found.append(_part(f"header-{name}", name, value, wire._header(name, value) == value))
        if request.body and not _form(request):
            text = wire._body(request.header("content-type").lower(), request.body)
            plain = request.body.decode("utf-8", "replace")
            found.append(_part("body", "body", plain, text == plain))
    return found[:MOST_PARTS]


def _part(id: str, name: str, value: str, open_: bool) -> Json:
    fits = open_ and len(value) <= MOST_VALUE
    return {"id": id, "name": name[:200], "value": value if fits else "", "masked": not fits}


def _form(request: Request) -> str:
    if "urlencoded" not in request.header("content-type"):
        return ""
    return request.body.decode("latin-1")


def changed(request: Request, changes: Mapping[str, str]) -> Request:
    """Return a request with parts changed, by their ids; raises `ValueError` for one that it has not.

    >>> changed(Request("GET", "http://a", "/p?x=%2c&y=2"), {"query-1": "a b"}).target
    '/p?x=%2c&y=a+b'
    """
    for id, value in changes.items():
        place, _, which = id.partition("-")
        if len(value) > MOST_VALUE:
            raise ValueError(f"the value is over {MOST_VALUE} characters")
        if place == "query":
            request = replace(request, target=request.path + "?" + _with(request.query, which, value))
        elif place == "form":
            request = replace(request, body=_with(_form(request), which, value).encode("latin-1"))
        elif place == "header" and which in _SIGNING and request.header_values(which) and _writable(value):
            request = replace(
                request, headers=tuple((n, value if n == which else v) for n, v in request.headers)
            )
        elif id == "body" and request.body:
            request = replace(request, body=value.encode("utf-8", "replace"))
        else:
            raise ValueError("there is no such part")
    own = ("content-length", "host", "connection", "transfer-encoding")
    headers = tuple((name, value) for name, value in request.headers if name not in own)
    return replace(request, headers=headers, note="")


def _writable(value: str) -> bool:
    return value.isprintable() and value.isascii()


def _with(text: str, which: str, value: str) -> str:
    pieces = text.split("&")
    if not which.isdecimal() or len(which) > 4 or int(which) >= len(pieces):
        raise ValueError("there is no such part")
    name = pieces[int(which)].partition("=")[0]
    pieces[int(which)] = f"{name}={quote_plus(value)}"
    return "&".join(pieces)
