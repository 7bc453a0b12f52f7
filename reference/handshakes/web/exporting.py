"""Messages of the wire in other tools' forms: a HAR file, a test for pytest. Secrets are masked in both."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from .. import __version__
from ..core.messages import Headers, Request
from .details import _headers
from .places import Place
from .views import verdict
from .wire import Exchange, Wire

Json = dict[str, Any]
WRITTEN = ("content-length", "connection", "transfer-encoding")
"""Headers that whoever sends a message again writes anew."""

MASKED = '    raise AssertionError("Fill in what is masked or cut above, then remove this line.")\n'
TEST = """# {comment}
# A signed message is stale after some minutes: sent again then, it is refused.
import http.client

TARGET = {target}
HEADERS = {headers}
BODY = {body}.encode()


def test_the_answer_is_{expected}():
{masked}    connection = http.client.{kind}({host!r}, {port}, timeout=60)
    connection.putrequest({method!r}, TARGET, skip_host=True, skip_accept_encoding=True)
    for name, value in [*HEADERS, *([("content-length", str(len(BODY)))] if BODY else [])]:
        connection.putheader(name, value)
    connection.endheaders(BODY)
    assert connection.getresponse().status == {expected}
"""


def har_of(place: Place, exchanges: Iterable[Exchange]) -> str:
    """Return exchanges as a HAR file, version 1.2."""
    log = {
        "version": "1.2", "creator": {"name": "handshakes", "version": __version__},
        "entries": [_entry(place, one) for one in exchanges],
    }  # fmt: skip
    return json.dumps({"log": log}, ensure_ascii=False, indent=1)


def _entry(place: Place, one: Exchange) -> Json:
    wire, request, response = place.wire, one.arrived or one.request, one.response
    url, sent = _url(wire, request), _body(wire, request)
    pairs = [piece.partition("=")[::2] for piece in urlsplit(url).query.split("&") if piece]
    asked: Json = {
        "method": request.method, "url": url, "httpVersion": "HTTP/1.1", "cookies": [],
        "headers": _named(wire, request.headers), "headersSize": -1, "bodySize": len(sent.encode()),
        "queryString": [{"name": unquote_plus(name), "value": unquote_plus(value)} for name, value in pairs],
    }  # fmt: skip
    if sent:
        asked["postData"] = {"mimeType": request.header("content-type"), "text": sent}
    came = _body(wire, response) if response else ""
    kind = response.header("content-type") if response else ""
    failure = "" if response or one.answered is None else one.answered.text
    step = place.wire.chapters.get(one.chapter)
    said = [f"{one.sender} to {one.receiver}", step.title if step else "", verdict(place, one), failure]
    return {
        "startedDateTime": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(one.now)), "time": 0, "request": asked,
        "response": {
            "status": response.status if response else 0, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [],
            "headers": _named(wire, response.headers if response else ()), "redirectURL": _location(wire, response.headers) if response else "",
            "content": {"size": len(came.encode()), "mimeType": kind, "text": came}, "headersSize": -1, "bodySize": len(came.encode()),
        },
        "cache": {}, "timings": {"send": 0, "wait": 0, "receive": 0}, "comment": ", ".join(filter(None, said)),
    }  # fmt: skip


def pytest_of(place: Place, one: Exchange) -> str:
    """Return a test that sends a request again, byte for byte, and expects the status that it was answered with."""
    wire, request = place.wire, one.arrived or one.request
    target, body = _url(wire, request).removeprefix(request.origin) or "/", _body(wire, request)
    headers = [(each["name"], each["value"]) for each in _named(wire, request.headers)]
    sent = [(name, value) for name, value in request.headers if name not in WRITTEN]
    exact = (target, headers, body.encode()) == (request.target, sent, request.body)
    parts = urlsplit(request.origin)
    note = (
        f"Message {one.number}, {one.sender} to {one.receiver}: {request.method} {target.partition('?')[0]}"
    )
    return TEST.format(
        comment=ascii(note)[1:-1], target=ascii(target), headers=ascii(headers), body=ascii(body),
        masked="" if exact else MASKED, kind="HTTPSConnection" if parts.scheme == "https" else "HTTPConnection",
        host=parts.hostname, port=parts.port, method=request.method, expected=one.response.status if one.response else 0,
    )  # fmt: skip


def _url(wire: Wire, request: Request) -> str:
    with wire._lock:
        return wire._url(request.url)


def _body(wire: Wire, message: Any) -> str:
    with wire._lock:
        return wire._body(message.header("content-type").lower(), message.body)


def _named(wire: Wire, headers: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in _headers(wire, headers) if name not in WRITTEN]


def _location(wire: Wire, headers: Headers) -> str:
    return next((value for name, value in _headers(wire, headers) if name == "location"), "")
