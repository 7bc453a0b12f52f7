"""Origins: scheme, host and port of a URL, read strictly, and allow-lists of them.

A URL that came with a request or an API answer is contacted only when its origin is on a list that
the operator configured. An entry is one exact origin, or `https://*.example.com` for every host
one label below a domain, as in a certificate, by https and without a port.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from .printing import printable
from .refusals import Refused

_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_ORIGIN = re.compile(rf"(https?)://({_LABEL}(?:\.{_LABEL})*)(:[0-9]+)?/*", re.ASCII)


def allowed_origin(url: str, allowed: Iterable[str], clause: str, form: str = "") -> str:
    """Return the origin of a URL that names nothing but an allowed origin (slashes at the end are dropped).

    Raises `Refused`: `malformed` for what no list could hold, such as user info, a path, a query, a
    fragment or anything else that two readers may read differently (by the clause `form`, if there is
    one); `not-allowed` for an origin that no entry covers.

    >>> allowed_origin("https://eu.officernd.com/", ["https://*.officernd.com"], "officernd:organization.region")
    'https://eu.officernd.com'
    """
    match = _ORIGIN.fullmatch(url.lower()) if url.isascii() else None
    if match is None:
        raise Refused("malformed", form or clause, {"url": told(url), "expected": "scheme and host alone"})
    scheme, host, port = match[1], match[2], match[3] or ""
    origin = f"{scheme}://{host}{port}"
    _, dot, domain = host.partition(".")
    below = f"https://*.{domain}" if dot and (scheme, port) == ("https", "") else origin
    if not any(entry in (origin, below) for entry in allowed):
        raise Refused("not-allowed", clause, {"origin": printable(origin)})
    return origin


def told(url: str) -> str:
    """Return what may be shown of a URL that nothing proved, with … for user info and a query, which may hold secrets; of no URL, its length.

    >>> told("https://user:pass@a.example/b?token=c"), told("3pPzNQstYfXDCE5x")
    ('https://…@a.example/b?…', '16 characters that are no URL')
    """
    scheme, found, rest = url.partition("://")
    if not found or scheme.lower() not in ("http", "https"):
        return f"{len(url)} characters that are no URL"
    shown, *more = re.split("([?#;])", rest, maxsplit=1)
    if "@" in "".join(more):  # what is user info and what is query, two readers may read differently
        return f"{scheme}://…"
    _, user, host = shown.rpartition("@")
    return f"{scheme}://{user and '…@'}{printable(host)}{more[0] + '…' if more else ''}"


def is_url(text: str) -> bool:
    """Return whether a text is an absolute http(s) URL with a host and a port that exists, without a fragment.

    >>> [is_url(text) for text in ("https://a.example/b", "a.example", "http://a:99999", "http://[", "http://a/#b")]
    [True, False, False, False, False]
    """
    try:
        parts = urlsplit(text)
        port = parts.port  # raises ValueError for one that does not exist
    except ValueError:
        return False
    whole = parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0
    return whole and not parts.fragment
