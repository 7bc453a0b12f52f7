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

from ..core.keys import base64_key_bytes, hex_key_bytes
from ..core.readings import composed
from ..core.strict import Pairs
from ..core.timestamps import Tolerance
from . import php, rules
from .rules import URL, Readings

LISTED = frozenset(
    {
        *("apiToken", "apiClaim", "customerName", "customerWebId", "userId", "parameterCacheId", "timestamp"),
        *("groupId", "imageIds", "language", "UserLanguage", "estateId", "addressId"),
    }
)
"""Names that a document of the platform lists."""


def _with_port(url: str) -> tuple[str, str]:
    base, query = rules.base(url)
    authority = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    _, colon, port = authority.rpartition("]")[2].partition(":")
    scheme, _, rest = base.partition("://")
    host, _, path = rest.partition("/")
    return f"{scheme}://{host}{colon}{port}/{path}", query


def _host_lowered(url: str) -> tuple[str, str]:
    base, query = rules.base(url)
    scheme, _, rest = base.partition("://")
    host, _, path = rest.partition("/")
    return f"{scheme}://{host.lower()}/{path}", query


def _slash_dropped(url: str) -> tuple[str, str]:
    base, query = rules.base(url)
    return base.removesuffix("/"), query


def _query_only(base: str, form: str) -> str:
    return form


def _path_and_query(base: str, form: str) -> str:
    return f"/{base.partition('://')[2].partition('/')[2]}?{form}"


def _first_wins(pairs: Pairs) -> Pairs:
    first: dict[str, str] = {}
    for name, value in pairs:
        first.setdefault(name, value)
    return tuple(first.items())


def _listed_only(pairs: Pairs) -> Pairs:
    return tuple(pair for pair in pairs if pair[0] in LISTED)


def _without_empty(pairs: Pairs) -> Pairs:
    return tuple(pair for pair in pairs if pair[1])


def _any_case(pairs: Pairs) -> Pairs:
    return tuple(sorted(pairs, key=lambda pair: pair[0].lower()))


def _unchanged(pairs: Pairs) -> Pairs:
    return pairs


def _form(escape: Callable[[str], str]) -> Callable[[Pairs, str], str]:
    return lambda pairs, query: "&".join(f"{escape(name)}={escape(value)}" for name, value in pairs)


def _rfc_3986(text: str) -> str:
    return quote(text, safe="")


def _encode_uri_component(text: str) -> str:
    return quote(text, safe="!'()*")


def _url_search_params(text: str) -> str:
    return quote_plus(text, safe="*").replace("~", "%7E")


def _raw(pairs: Pairs, query: str) -> str:
    """Each piece as it was received, in the order of the sorted names."""
    pieces = {unquote_plus(piece.partition("=")[0]): piece for piece in query.split("&")}
    return "&".join(pieces.get(name, f"{name}={value}") for name, value in pairs)


def _any_digest_case(signature: str) -> bytes:
    return rules.digest(signature.lower() if signature.isascii() else signature)


def _base64_digest(signature: str) -> bytes:
    try:
        value = base64.b64decode(signature, validate=True)
    except (ValueError, binascii.Error):
        value = b""
    return value if len(value) == 32 else rules.digest(signature)


def _milliseconds(timestamp: str) -> int:
    """Thirteen digits are milliseconds, fewer are seconds."""
    if timestamp.isascii() and timestamp.isdigit() and len(timestamp) == 13:
        return int(timestamp) // 1000
    return rules.seconds(timestamp)


def _window(tolerance: Tolerance) -> Callable[[], Tolerance]:
    return lambda: tolerance


READINGS: dict[str, Readings] = {
    URL + "base=scheme-host-path": {},
    URL + "base=query-only": {"message": _query_only},
    URL + "base=path-and-query": {"message": _path_and_query},
    URL + "port=dropped": {},
    URL + "port=signed": {"base": _with_port},
    URL + "host=as-written": {},
    URL + "host=lower-case": {"base": _host_lowered},
    URL + "path=as-written": {},
    URL + "path=slash-dropped": {"base": _slash_dropped},
    URL + "names=refused": {},
    URL + "names=php-compatible": {"names": php.parse_str, "integers": _unchanged, "order": php.ksort},
    URL + "names=php-before-8-2": {
        "names": php.parse_str,
        "integers": _unchanged,
        "order": php.ksort_before_8_2,
    },
    URL + "integer-names=refused": {},
    URL + "integer-names=as-text": {"integers": _unchanged},
    URL + "repeated=refused": {},
    URL + "repeated=php-compatible": {"once": php.last_wins},
    URL + "repeated=first-wins": {"once": _first_wins},
    URL + "own-parameters=signed": {},
    URL + "own-parameters=left-out": {"signed": _listed_only},
    URL + "empty=kept": {},
    URL + "empty=dropped": {"signed": _without_empty},
    URL + "order=bytes": {},
    URL + "order=case-insensitive": {"order": _any_case},
    URL + "order=as-received": {"order": _unchanged},
    URL + "encoding=php": {},
    URL + "encoding=rfc3986": {"form": _form(_rfc_3986)},
    URL + "encoding=python": {"form": _form(quote_plus)},
    URL + "encoding=url-search-params": {"form": _form(_url_search_params)},
    URL + "encoding=encode-uri-component": {"form": _form(_encode_uri_component)},
    URL + "encoding=raw": {"form": _raw},
    URL + "encoding=decoded": {"form": _form(str)},
    URL + "key=text": {},
    URL + "key=hex-decoded": {"key": hex_key_bytes},
    URL + "key=base64-decoded": {"key": base64_key_bytes},
    URL + "digest=lower-case": {},
    URL + "digest=any-case": {"digest": _any_digest_case},
    URL + "digest=base64": {"digest": _base64_digest},
    URL + "timestamp-unit=seconds": {},
    URL + "timestamp-unit=milliseconds": {"seconds": _milliseconds},
    URL + "tolerance=300-back-120-ahead": {},
    URL + "tolerance=120-both-ways": {"tolerance": _window((120, 120))},
    URL + "tolerance=unchecked": {"tolerance": _window((10**12, 10**12))},
}
"""Every reading that `signing` can run, by id; an empty mapping is an adopted one."""


def of(*ids: str) -> Readings:
    """Return the stages that the readings with these ids replace, as `readings=` takes them.

    Raises `Refused` with `unknown-reading` for an id that `READINGS` does not hold, and for two that
    replace the same stage.

    >>> of("onoffice:url.order=bytes")
    {}
    """
    return composed(READINGS, ids, URL + "verify")
