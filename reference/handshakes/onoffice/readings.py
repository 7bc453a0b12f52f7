"""The other ways to read onOffice's pages, as replacements for the rules of `rules.py`.

Each function is one reading of `spec.toml`, under its id. `of` turns ids into the mapping that
`readings=` takes.

>>> from handshakes.onoffice import string_to_sign
>>> string_to_sign("http://127.0.0.1:8080/activate?b=2&a=1", readings=of("onoffice:url.port=signed"))
'http://127.0.0.1:8080/activate?a=1&b=2'
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from urllib.parse import quote, quote_plus, unquote_plus

from ..refusals import Refused
from ..strict import Pairs
from ..timestamps import Tolerance
from . import php, rules
from .rules import URL, Readings

DOCUMENTED = frozenset(
    {
        "apiToken",
        "apiClaim",
        "customerName",
        "customerWebId",
        "userId",
        "parameterCacheId",
        "timestamp",
        "groupId",
    }
)


def _with_port(url: str) -> tuple[str, str]:
    """The port is part of the complete URL."""
    base, query = rules.base(url)
    authority = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    _, colon, port = authority.rpartition("]")[2].rpartition(":")
    scheme, _, rest = base.partition("://")
    host, _, path = rest.partition("/")
    return f"{scheme}://{host}{colon}{port}/{path}", query


def _query_only(base: str, form: str) -> str:
    return form


def _without_scheme(base: str, form: str) -> str:
    return f"{base.partition('://')[2]}?{form}"


def _any_case(pairs: Pairs) -> Pairs:
    return tuple(sorted(pairs, key=lambda pair: pair[0].lower()))


def _as_received(pairs: Pairs) -> Pairs:
    return pairs


def _documented_only(pairs: Pairs) -> Pairs:
    return tuple(pair for pair in sorted(pairs) if pair[0] in DOCUMENTED)


def _form(escape: Callable[[str], str]) -> Callable[[Pairs, str], str]:
    return lambda pairs, query: "&".join(f"{escape(name)}={escape(value)}" for name, value in pairs)


def _rfc_3986(text: str) -> str:
    return quote(text, safe="")


def _encode_uri_component(text: str) -> str:
    return quote(text, safe="!'()*")


def _url_search_params(text: str) -> str:
    return quote_plus(text, safe="*").replace("~", "%7E")


def _python_urlencode(text: str) -> str:
    return quote_plus(text)


def _php(text: str) -> str:
    return quote_plus(text, safe="", errors="surrogateescape").replace("~", "%7E")


def _raw(pairs: Pairs, query: str) -> str:
    """Every piece as it was received, in the order of the sorted names."""
    pieces = {unquote_plus(piece.partition("=")[0]): piece for piece in query.split("&")}
    return "&".join(pieces[name] for name, _ in pairs)


def _any_digest_case(signature: str) -> bytes:
    return rules.digest(signature.lower() if signature.isascii() else signature)


def _base64_digest(signature: str) -> bytes:
    try:
        value = base64.b64decode(signature, validate=True)
    except (ValueError, binascii.Error):
        value = b""
    return value if len(value) == 32 else rules.digest(signature)


def _milliseconds(timestamp: str) -> int:
    if timestamp.isascii() and timestamp.isdigit() and len(timestamp) == 13:
        return int(timestamp) // 1000
    raise Refused("malformed", URL + "timestamp", {"expected": "thirteen digits"}, stage="time")


def _window(tolerance: Tolerance) -> Callable[[], Tolerance]:
    return lambda: tolerance


_CENTURY = 100 * 366 * 86_400

READINGS: dict[str, Readings] = {
    URL + "base=scheme-host-path": {},
    URL + "base=without-scheme": {"message": _without_scheme},
    URL + "base=query-only": {"message": _query_only},
    URL + "port=dropped": {},
    URL + "port=signed": {"base": _with_port},
    URL + "encoding=php-form": {},
    URL + "encoding=rfc-3986": {"form": _form(_rfc_3986)},
    URL + "encoding=encode-uri-component": {"form": _form(_encode_uri_component)},
    URL + "encoding=url-search-params": {"form": _form(_url_search_params)},
    URL + "encoding=python-urlencode": {"form": _form(_python_urlencode)},
    URL + "encoding=decoded": {"form": _form(str)},
    URL + "encoding=as-received": {"form": _raw},
    URL + "names=strict": {},
    URL + "names=php-compatible": {
        "base": php.parse_url,
        "parameters": php.parse_str,
        "signed": php.ksort,
        "form": _form(_php),
    },
    URL + "sort=bytes": {},
    URL + "sort=case-insensitive": {"signed": _any_case},
    URL + "sort=as-received": {"signed": _as_received},
    URL + "own-parameters=signed": {},
    URL + "own-parameters=left-out": {"signed": _documented_only},
    URL + "digest=lower-case": {},
    URL + "digest=any-case": {"digest": _any_digest_case},
    URL + "digest=base64": {"digest": _base64_digest},
    URL + "timestamp=seconds": {},
    URL + "timestamp=milliseconds": {"seconds": _milliseconds},
    URL + "tolerance=300-back-120-ahead": {},
    URL + "tolerance=120-both-ways": {"tolerance": _window((120, 120))},
    URL + "tolerance=none": {"tolerance": _window((_CENTURY, _CENTURY))},
}
"""Every reading that `signing` can run, by id; an empty mapping is an adopted one."""


def of(*ids: str) -> Readings:
    """Return the stages that the readings with these ids replace, as `readings=` takes them.

    Raises `Refused` with `unknown-reading` for an id that `READINGS` does not hold, and for two that
    replace the same stage.

    >>> of("onoffice:url.sort=bytes")
    {}
    """
    stages: dict[str, Callable[..., object]] = {}
    for reading in ids:
        if reading not in READINGS:
            raise Refused("unknown-reading", URL + "verify", {"reading": reading})
        for stage, replacement in READINGS[reading].items():
            if stage in stages:
                raise Refused("unknown-reading", URL + "verify", {"twice replaced": stage})
            stages[stage] = replacement
    return stages
