"""Requests that a program recorded as JSON: HAR files of browsers, events of API Gateway, structured logs."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlencode

from ..core.messages import Headers

Signed = Callable[[str, Headers, str], int]
"""Whether a URL, headers or a body carry a signature of the platform; the greater, the surer."""


class Unreadable(Exception):
    """What was pasted holds no request of the platform; the text says what is missing."""


class Recorded(NamedTuple):
    """One recorded request."""

    took: str
    url: str
    method: str
    headers: Headers
    body: bytes
    undone: tuple[str, ...] = ()


def parsed(text: str) -> Any:
    """Return a JSON object or array, or None for anything else.

    >>> parsed('{"a": 1}'), parsed("a=1")
    ({'a': 1}, None)
    """
    if text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def recorded(value: Any, signed: Signed) -> Recorded | None:
    """Return the first signed request of a HAR file, of one entry, or of an event; None if it is something else.

    >>> recorded({"url": "/?a=b", "headers": [], "method": "GET"}, lambda url, headers, body: True).took
    'a request of a HAR file'
    """
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("log"), dict):
        entries = value["log"].get("entries")
        found = [entry.get("request") for entry in _list(entries) if isinstance(entry, dict)]
        return _first([one for one in found if isinstance(one, dict)], "a HAR file", signed)
    request = value.get("request")
    held = isinstance(request, dict) and request.keys() & {
        "header",
        "rawBody",
        "raw",
        "body_base64",
        "content",
    }
    if isinstance(request, dict) and "url" in request and not held:  # Postman writes header
        try:
            return _first([request], "an entry of a HAR file", signed)
        except Unreadable:
            return None  # a gateway's log may have its query apart
    if "rawQueryString" in value or ("isBase64Encoded" in value and "body" in value):
        return _event(value)
    elsewhere = value.keys() & {"content", "body", "rawBody", "bodyRaw"}
    if isinstance(value.get("url"), str) and "headers" in value and not elsewhere:
        return _first([value], "a request of a HAR file", signed)
    return None


def _first(requests: list[dict[str, Any]], took: str, signed: Signed) -> Recorded:
    if not requests:
        raise Unreadable(f"This is {took} without requests.")
    found = [
        (signed(_url(one), _headers(one), _posted(one.get("postData"))), number, one)
        for number, one in enumerate(requests, 1)
    ]
    surest = max(sure for sure, _, _ in found)
    matching = [(number, one) for sure, number, one in found if sure and sure == surest]
    if not matching:
        counted = (
            "1 request, which does not carry"
            if len(requests) == 1
            else f"{len(requests)} requests, none of which carries"
        )
        raise Unreadable(f"This is {took} with {counted} a signature.")
    number, request = matching[0]
    if len(requests) > 1:
        took += f" (request {number} of {len(requests)}, the first of {len(matching)} with a signature)"
    data = request.get("postData")
    undone: tuple[str, ...] = ()
    body = _posted(data).encode("utf-8", "surrogatepass")
    if isinstance(data, dict) and data.get("encoding") == "base64":
        body, undone = _from_base64(body)
    return Recorded(took, _url(request), str(request.get("method", "")), _headers(request), body, undone)


def _url(request: dict[str, Any]) -> str:
    """Return the URL; in a collection of Postman it is an object, in Sentry and in curlconverter's HAR its query is apart."""
    url = request.get("url", "")
    url = str(url.get("raw", "")) if isinstance(url, dict) else str(url)
    query = request.get("query_string") or request.get("queryString")
    if not query or "?" in url:
        return url
    if isinstance(query, list):
        query = _pairs(query)
    made = urlencode(query, errors="surrogatepass") if isinstance(query, (list, dict)) else str(query)
    return f"{url}?{made.removeprefix('?')}"


def _pairs(rows: list[Any]) -> list[tuple[str, str]]:
    """Return the pairs of a list: objects with a name and a value (HAR), or lists of two (Sentry)."""
    two = [[one.get("name", ""), one.get("value", "")] if isinstance(one, dict) else one for one in rows]
    return [(str(one[0]), str(one[1])) for one in two if isinstance(one, list) and len(one) == 2]


def _event(event: dict[str, Any]) -> Recorded:
    """Return the request of an event of API Gateway, in either of its two versions."""
    undone: tuple[str, ...] = ()
    body = str(event.get("body") or "").encode("utf-8", "surrogatepass")
    if event.get("isBase64Encoded") is True:
        body, undone = _from_base64(body)
    path = str(event.get("rawPath") or event.get("path") or "/")
    query = event.get("rawQueryString")
    parameters = event.get("multiValueQueryStringParameters") or event.get("queryStringParameters")
    if query is None and isinstance(parameters, dict):
        every = [
            (str(n), str(v))
            for n, many in parameters.items()
            for v in (many if isinstance(many, list) else [many])
        ]
        if "elb" in str(event.get("requestContext")):  # a load balancer leaves them encoded
            query = "&".join(f"{name}={value}" for name, value in every)
        else:
            query = urlencode(every, errors="surrogatepass")
        undone = (*undone, "the query was built anew from its parameters") if query else undone
    method = str(event.get("httpMethod") or "")
    return Recorded(
        "an event of API Gateway", f"{path}?{query}" if query else path, method, _headers(event), body, undone
    )


def _from_base64(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    try:
        content = base64.b64decode(re.sub(rb"\s", b"", body), validate=True)
    except ValueError:
        raise Unreadable("The body is said to be in base64, but it is not base64.") from None
    return content, ("the body was in base64",)


def _posted(data: Any) -> str:
    """Return the body of a HAR request; a form may be there as its fields alone, encoded (Chromium) or not (Firefox)."""
    if not isinstance(data, dict):
        return ""
    fields = data.get("params")
    if not data.get("text") and isinstance(fields, list):
        pairs = _pairs(fields)
        encoded = all(re.fullmatch(r"[\w.~%+*!'()-]*", text, re.ASCII) for pair in pairs for text in pair)
        return "&".join(map("=".join, pairs)) if encoded else urlencode(pairs, errors="surrogatepass")
    return str(data.get("text", ""))


def _headers(request: dict[str, Any]) -> Headers:
    headers = request.get("headers") or request.get("multiValueHeaders")
    if isinstance(headers, dict):
        single = (
            (name, value[0] if isinstance(value, list) and value else value)
            for name, value in headers.items()
        )
        return tuple((str(name).lower(), str(value)) for name, value in single)
    rows = [one for one in _list(headers) if isinstance(one, dict)]
    return tuple((str(one.get("name", "")).lower(), str(one.get("value", ""))) for one in rows)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
