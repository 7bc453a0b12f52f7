"""Requests that are spread over named values: JSON of a log or a gateway, dumps of a server's variables, fields of a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

Values = dict[str, str]
Fits = Callable[[str], bool]

_LINE = re.compile(
    r"^[ \t]*(?:\[([\w.-]+)\][ \t]*=>|[\"']?([A-Za-z_][\w.-]*)[\"']?[ \t]*(?:=>|=|:(?!//)))[ \t]*(?:string\(\d+\)[ \t]*)?"
    r"[\"']?(.*?)[\"']?,?[ \t]*$",
    re.M | re.A,
)
_PAIR = re.compile(r"b?(['\"])([\w.:-]+)\1\s*(?::|=>|,)\s*b?(['\"])((?:(?!\3).)*)\3", re.A)
_HOSTS = (":authority", "x-forwarded-host", "http_x_forwarded_host", "host", "http_host", "requesthost", "hostname", "server_name")  # fmt: skip
_SCHEMES = ("x-forwarded-proto", "http_x_forwarded_proto", ":scheme", "scheme", "request_scheme", "requestscheme", "wsgi.url_scheme")  # fmt: skip
_PATHS = ("rawpath", "raw_path", "path", "path_info", "filename", "pathname", "requestpath", "request_path", "uri", "script_name")  # fmt: skip
_QUERIES = ("query_string", "rawquerystring", "querystring", "query", "search")
_PARAMETERS = ("query", "querystringparameters", "params", "args", "query_params")
_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]{1,5})?|localhost(?::[0-9]{1,5})?", re.A)
_ADDRESS = re.compile(r"[0-9.:]+", re.A)


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


def of_json(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text in JSON with its name in small letters; parameters that stand as an object, as a query too.

    >>> [*of_json({"Request": {"uri": "/p", "query": {"a": "b c"}}})]
    [('uri', '/p'), ('query', 'a=b+c'), ('a', 'b c')]
    """
    if isinstance(value, dict):
        if {"name", "value"} <= value.keys():
            yield str(value["name"]).lower(), str(value["value"])
        if name in _PARAMETERS and value:
            yield name, urlencode([(key, one) for key, one in value.items() if isinstance(one, str)])
        for key, inner in value.items():
            yield from of_json(inner, str(key).lower())
    elif isinstance(value, list):
        for inner in value:
            yield from of_json(inner, name)
    elif isinstance(value, str):
        yield name, value


def in_text(text: str) -> Iterator[tuple[str, str]]:
    """Yield the named values of a dump: lines NAME=value or [NAME] => value, and 'name': 'value' of a literal.

    >>> dict(in_text("REQUEST_URI=/p?a=b\\nHTTP_HOST=x.example"))
    {'request_uri': '/p?a=b', 'http_host': 'x.example'}
    """
    for found in _PAIR.finditer(text):
        yield found[2].lower(), found[4]
    for found in _LINE.finditer(text):
        yield (found[1] or found[2]).lower(), found[3]


def spread(pairs: list[tuple[str, str]], fits: Fits) -> Spread | None:
    """Return the request of named values, if a signed URL, target or query is among them."""
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
    for name in (*_QUERIES, *_PARAMETERS):
        query = values.get(name, "").removeprefix("?")
        if fits(f"?{query}"):
            path = next((values[one] for one in _PATHS if values.get(one, "").startswith("/")), "/")
            built = "path and query stood apart"
            if "%" in path or not path.isascii():
                path = quote(path, safe="/%~!$&'()*+,;=:@")
            return Spread(f"{path}?{query}", host, scheme, built)
    return None


def of_line(line: str, fits: Fits) -> Spread | None:
    """Return the request of a log line whose fields hold path and query apart, as those of IIS and CloudFront do.

    >>> of_line("10.0.0.1 GET /p signature=00 443 -", lambda url: "?signature=" in url).url
    '/p?signature=00'
    """
    fields = line.split()
    queries = [
        at for at, one in enumerate(fields) if "://" not in one and one[:1] not in "/?\"'" and fits(f"?{one}")
    ]
    for at in queries:
        before = [place for place in range(at) if fields[place].startswith("/")]
        if before:
            host = fields[before[-1] - 1] if before[-1] else ""
            known = _HOST.fullmatch(host) and not _ADDRESS.fullmatch(host)
            return Spread(
                f"{fields[before[-1]]}?{fields[at]}", host if known else "", "", "path and query stood apart"
            )
    return None


def host_of(line: str) -> str:
    """Return the host that a log line names: `host: "…"`, or its first field before an address.

    >>> host_of('client: 1.2.3.4, request: "GET / HTTP/1.1", host: "a.example"'), host_of("a.example 1.2.3.4 - -")
    ('a.example', 'a.example')
    """
    if named := re.search(
        r"\b(?:host|vhost|server_name|authority)[\"']?[:=]\s?[\"']?([\w.:-]+)", line, re.I | re.A
    ):
        return named[1]
    first, _, rest = line.partition(" ")
    if _HOST.fullmatch(first) and not _ADDRESS.fullmatch(first) and re.match(r"[0-9a-f.:]+ ", rest):
        return first
    return ""
