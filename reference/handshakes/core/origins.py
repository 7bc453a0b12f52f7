"""Origins: scheme, host and port of a URL, read strictly, and allow-lists of them.

A URL that came with a request or an API answer is contacted only when its origin is on a list that
the operator configured. An entry is one exact origin, or `https://*.example.com` for every host
one label below a domain, as in a certificate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .printing import printable
from .refusals import Refused

_ORIGIN = re.compile(r"(https?)://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::([0-9]{1,5}))?/*", re.ASCII)


def allowed_origin(url: str, allowed: Iterable[str], clause: str) -> str:
    """Return the origin of a URL that names nothing but an allowed origin (slashes at the end are dropped).

    Raises `Refused`: `malformed` for user info, a path, a query, a fragment or anything else that
    two readers may read differently, `not-allowed` for an origin that no entry covers.

    >>> allowed_origin("https://eu.officernd.com/", ["https://*.officernd.com"], "officernd:organization.region")
    'https://eu.officernd.com'
    """
    match = _ORIGIN.fullmatch(url.lower()) if url.isascii() else None
    if match is None or ".." in match[2]:
        raise Refused("malformed", clause, {"url": printable(url)})
    scheme, host, port = match.groups()
    origin = f"{scheme}://{host}" + (f":{port}" if port else "")
    if not any(_covers(entry, origin) for entry in allowed):
        raise Refused("not-allowed", clause, {"origin": printable(origin)})
    return origin


def _covers(entry: str, origin: str) -> bool:
    scheme, star, domain = entry.partition("://*.")
    if not star:
        return origin == entry
    label, dot, parent = origin.removeprefix(f"{scheme}://").partition(".")
    return origin.startswith(f"{scheme}://") and bool(label and dot) and parent == domain
