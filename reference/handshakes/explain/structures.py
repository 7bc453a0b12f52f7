"""Requests that are spread over named values: JSON of a log or a gateway, dumps of a server's variables, fields of a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from .recorded import parsed

Values = dict[str, str]
Fits = Callable[[str], bool]

_LINE = re.compile(
    r"^[ \t]*(?:\[([\w.-]+)\][ \t]*=>|[\"']?([A-Za-z_][\w.-]*)[\"']?[ \t]*(?:=>|=|:(?!//)))[ \t]*(?:string\(\d+\)[ \t]*)?"
    r"[\"']?(.*?)[\"']?,?[ \t]*$",
    re.M | re.A,
)
_PAIR = re.compile(r"b?(['\"])([\w.:-]+)\1\s*(?::|=>|,)\s*b?(['\"])((?:(?!\3).)*)\3", re.A)
_HOSTS = (":authority", "x-forwarded-host", "http_x_forwarded_host", "host", "http_host", "requesthost", "clientrequesthost", "domain", "hostname", "server_name")  # fmt: skip
_SCHEMES = ("x-forwarded-proto", "http_x_forwarded_proto", ":scheme", "scheme", "request_scheme", "requestscheme", "wsgi.url_scheme")  # fmt: skip
_PATHS = ("rawpath", "raw_path", "path", "path_info", "filename", "pathname", "requestpath", "request_path", "uri", "uri_path", "requesturi", "script_name")  # fmt: skip
_QUERIES = ("query_string", "rawquerystring", "querystring", "requestquery", "rawquery", "uri_query", "cs-uri-query", "search")  # fmt: skip
_PARAMETERS = ("query", "querystringparameters", "params", "args", "query_params")
_NAMED = re.compile(r"(?<![\w.-])([A-Za-z_][\w.-]*)[=:]\s?\"([^\"\r\n]*)\"", re.ASCII)
HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]{1,5})?|localhost(?::[0-9]{1,5})?", re.A)
ADDRESS = re.compile(r"[0-9.:]+", re.A)


class Spread(NamedTuple):
    """A URL or target that was put together, and what is known of host and scheme."""

    url: str
    host: str = ""
    scheme: str = ""
    undone: str = ""

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Return host and scheme as headers."""
        scheme = (("x-forwarded-proto", self.scheme),) if self.scheme else ()
        return (("host", self.host), *scheme) if self.host else ()


def of_json(value: Any, name: str = "", depth: int = 3) -> Iterator[tuple[str, str]]:
    """Yield every text in JSON with its name in small letters; parameters that stand as an object, as a query too.

    >>> [*of_json({"Request": {"uri": "/p", "query": {"a": "b c"}}})]
    [('uri', '/p'), ('query', 'a=b+c'), ('a', 'b c')]
    """
    if isinstance(value, dict):
        if {"name", "value"} <= value.keys():
            yield str(value["name"]).lower(), str(value["value"])
        if name in _PARAMETERS and value:
            yield (
                name,
                urlencode(
                    [(key, one) for key, one in value.items() if isinstance(one, str)], errors="surrogatepass"
                ),
            )
        for key, inner in value.items():
            yield from of_json(inner, str(key).lower(), depth)
    elif isinstance(value, list):
        for inner in value:
            yield from of_json(inner, name, depth)
    elif isinstance(value, str):
        yield name, value
        if value[:1] == "{" and depth and (inner := parsed(value)) is not None:
            yield from of_json(inner, name, depth - 1)


def in_text(text: str) -> Iterator[tuple[str, str]]:
    """Yield the named values of a dump: lines NAME=value or [NAME] => value, and 'name': 'value' of a literal.

    >>> dict(in_text("REQUEST_URI=/p?a=b\\nHTTP_HOST=x.example"))
    {'request_uri': '/p?a=b', 'http_host': 'x.example'}
    """
    for found in _PAIR.finditer(text):
        yield found[2].lower(), found[4]
    for found in _LINE.finditer(text):
        yield (found[1] or found[2]).lower(), found[3]
    for found in _NAMED.finditer(text):
        if "://" in found[2]:
            continue  # a URL is found in any text
        yield found[1].lower(), unescape(found[2]) if "&amp;" in found[2] else found[2]


def spread(
    pairs: list[tuple[str, str]], fits: Fits, apart: list[tuple[str, str]] | None = None
) -> Spread | None:
    """Return the request of named values, if a signed URL, target or query is among them.

    `apart` are parameters that stand one by one.
    """
    values = dict(reversed(pairs))
    host = next((values[name] for name in _HOSTS if values.get(name)), "")
    scheme = next((values[name] for name in _SCHEMES if values.get(name)), "")
    if not scheme and values.get("https", "").lower() in ("on", "1", "true"):
        scheme = "https"
    texts = [
        re.split(r"(?<!\s)\s+(?=[\w.-]+[=:])", text)[0] for _, text in pairs if fits(text)
    ]  # as in logfmt
    for text in texts:
        if re.match(r"https?://", text, re.I):
            return Spread(text)
    for text in texts:
        if text.startswith("/"):
            return Spread(text, host, scheme)
    path = next((values[one] for one in _PATHS if values.get(one, "").startswith("/")), "/")
    for name in (*_QUERIES, *_PARAMETERS):
        query = values.get(name, "").removeprefix("?")
        if fits(f"?{query}"):
            built = "path and query stood apart"
            if "%" in path or not path.isascii():
                path = quote(path, safe="/%~!$&'()*+,;=:@", errors="surrogatepass")
            return Spread(f"{path}?{query}", host, scheme, built)
    if apart:
        whole = [text for _, text in pairs if re.fullmatch(r"https?://[^\s?#]+", text, re.I)]
        where = whole[0] if len(whole) == 1 else path
        return Spread(
            f"{where}?{urlencode(apart, errors='surrogatepass')}",
            host,
            scheme,
            "the parameters stood one by one",
        )
    return None
