"""Lines of logs: the request in an access log, in an error log, and in logs whose fields hold path and query apart."""

from __future__ import annotations

import re

from .structures import ADDRESS, HOST, Fits, Spread

METHODS = "GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS"
_LOGGED = re.compile(rf"[\"'](?:{METHODS}) (\S+?)(?: HTTP/[0-9.]+)?[\"']", re.ASCII)
_LOGGED_BARE = re.compile(rf"\b(?:{METHODS})[\]:]?\s+[\"']?((?:https?:/)?/\S+?)[\"']?(?=[\s,]|$)", re.ASCII)
_LOGGED_PATH = re.compile(r"\b(?:path|uri|request_uri|url|target)=[\"']?((?:https?:/)?/[^\"'\s]+)", re.ASCII)


def logged(text: str, fits: Fits) -> tuple[str, Spread] | None:
    """Return the first signed request of a log and what its line is, or None.

    >>> logged('1.2.3.4 - - "GET /p?a=b HTTP/1.1" 200', lambda url: "?a=" in url)
    ('an access-log line', Spread(url='/p?a=b', host='', scheme='', undone=''))
    """
    rows = text.splitlines()
    for pattern, took in (
        (_LOGGED, "an access-log line"),
        (_LOGGED_BARE, "a log line"),
        (_LOGGED_PATH, "a log line"),
    ):
        for row in rows:
            if (found := pattern.search(row)) and fits(found[1].replace("&amp;", "&")):
                return took, Spread(found[1], host_of(row))
    for row in rows:
        if (one := of_line(row, fits)) is not None:
            return "a log line", one
    return None


def of_line(line: str, fits: Fits) -> Spread | None:
    """Return the request of a log line whose fields hold path and query apart, as those of IIS and CloudFront do.

    >>> of_line("10.0.0.1 GET /p signature=00 443 -", lambda url: "?signature=" in url).url
    '/p?signature=00'
    """
    fields = line.split()
    queries = [
        at
        for at, one in enumerate(fields)
        if "://" not in one and one[:1] not in "/?\"'" and one[-1:] not in "},)]" and fits(f"?{one}")
    ]
    for at in queries:
        before = [place for place in range(at) if re.fullmatch(r"/[^?]*", fields[place])]
        if before:
            host = fields[before[-1] - 1] if before[-1] else ""
            known = HOST.fullmatch(host) and not ADDRESS.fullmatch(host)
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
    if HOST.fullmatch(first) and not ADDRESS.fullmatch(first) and re.match(r"[0-9a-f.:]+ ", rest):
        return first
    return ""
