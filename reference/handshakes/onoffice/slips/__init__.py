"""onOffice's requests as cases: a signed URL and a call of the API, and what only here goes wrong.

For the person who debugs: `handshakes.explain` combines these alternatives. A verifier never tries any of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.cases import Case, Ciphers, Found, Proof
from ...core.refusals import Refused
from ...core.stages import Stage
from ...core.timestamps import Tolerance
from .. import readings as other_readings
from ..rules import API, URL
from ..signing import CREDENTIALS, url_stages, verify_url
from . import api, calls, url
from .around import call_in
from .table import SLIPS

__all__ = ["SLIPS"]

QUERY = ("signature",)
OWN_NAMES = ("apiToken", "apiClaim", "customerName", "customerWebId", "parameterCacheId", "userId", "hmac_version")  # fmt: skip
HEADERS: tuple[str, ...] = ()
BODY = "json"
CLAUSES = {
    "base": URL + "base",
    "query": URL + "encoding",
    "names": URL + "order",
    "timestamp": API + "timestamp",
    "token": API + "token",
    "resourcetype": API + "action",
    "actionid": API + "action",
    "parameters": API + "hmac-v1",
    "inner": API + "hmac-v1",
    "message": URL + "base",
}
_HELD = re.compile(rb"api[_-]?(?:token|claim)[^\w\s]|[A-Za-z0-9+/_-]{20,}", re.I)
"""A token or claim, or what may be one: a query whose parameters were damaged holds it under any name."""


def bare(text: str) -> tuple[str, bytes, str] | None:
    """Return the JSON of a call of the API, wherever it is in a text.

    >>> bare('log: {"hmac":"","actionid":""}'), bare("hello")
    (('', b'{"hmac":"","actionid":""}', 'a call of the API in a text'), None)
    """
    found = call_in(text)
    return ("", *found) if found else None


_NETWORK = r"(?:10|127|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3}"
_INSIDE = re.compile(
    rf"(?ai)https?://([\w-]{{1,63}}|{_NETWORK}|[\w.-]{{1,90}}\.(?:internal|local))(?::\d+)?[/?#]"
)
"""A host that is known inside a network alone."""


def doubt(secret: str, found: Found) -> str:
    """Return why the address cannot be the signed one, or what else of onOffice a secret may be, or nothing: an API key is right where it signs a call.

    >>> doubt("0123456789abcdef" * 2, Found())
    'The secret given here may be an API token: it has 32 hex digits. If it is, look for the provider secret.'
    """
    if not found.origins and (one := _INSIDE.match(found.url)):
        return f"The address is signed, and onOffice cannot have called {one[1]}: give the public one (--origin)."
    right = "API key" if _is_call(found) else "provider secret"
    for form, kind, has in (
        (r"[0-9a-f]{32}", "an API token", "has 32 hex digits"),
        (
            r"[0-9A-Za-z]{64}",
            "an API key, which signs calls of the API and no URLs",
            "has 64 letters and digits",
        ),
        (r"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", "a parameterCacheId", "is a UUID"),
    ):
        if re.fullmatch(form, secret) and not (_is_call(found) and "API key" in kind):
            return f"The secret given here may be {kind}: it {has}. If it is, look for the {right}."
    return ""


def _is_call(found: Found) -> bool:
    """Return whether the body is what is verified, and not the URL."""
    return bool(found.body) and "signature=" not in found.url


def verify(found: Found, *, secret: str, now: int, tolerance: Tolerance | None, readings: list[str]) -> Proof:
    """Return what a URL or a call proves; raises `Refused`."""
    replaced = other_readings.of(*readings)
    if _is_call(found):
        return api.verify(found.body, secret=secret, now=now, tolerance=tolerance)
    if found.url[:1] in ("/", "?"):
        needed = "the host is signed too: give the whole URL, or the public address of your app beside it (--origin)"
        raise Refused("malformed", URL + "base", {"found": "a path without a host", "needed": needed})
    signed = verify_url(found.url, secret=secret, now=now, tolerance=tolerance, readings=replaced)
    return Proof(
        "",
        signed.parameters,
        ("scheme, host and path", *signed.covered),
        (*signed.not_covered, "port, user info, fragment and method"),
        signed.timestamp,
        CREDENTIALS | {"parameterCacheId"},
    )


def stages(found: Found, *, secret: str, readings: list[str]) -> tuple[Stage, ...]:
    """Return the stages of a URL or of a call; raises `Refused`."""
    replaced = other_readings.of(*readings)
    if _is_call(found):
        return api.stages(found.body, secret)
    return tuple(
        Stage(one.name, one.value, one.credential or _holds(one.value))
        for one in url_stages(found.url, readings=replaced)
    )


def _holds(value: bytes) -> bool:
    """Return whether a query, or what is behind the base, may hold a credential; so may a path that was a query."""
    if b"?" not in value and value.startswith(b"http"):
        return re.search(rb"://[^/]*/.*([&=]|[A-Za-z0-9_-]{24,})", value) is not None
    query = value.partition(b"?")[2] or value
    return _HELD.search(re.sub(rb"signature=[0-9a-f]{64}(?![0-9a-f])", b"", query)) is not None


def cases(found: Found, *, readings: list[str], ciphers: Ciphers | None) -> Iterator[Case]:
    """Return the one case that a URL is, or the cases of a call's actions."""
    if _is_call(found):
        yield from calls.cases(found)
    else:
        yield url.case(found, readings)
