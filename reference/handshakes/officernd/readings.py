"""The other ways to read OfficeRnD's page, as replacements for the rules of `rules.py`.

Each function is one reading of `spec.toml`, under its id. `of` turns ids into the mapping that
`readings=` takes; two readings of the stage `signed` are applied one after the other.

>>> from handshakes.officernd import sign_query
>>> sign_query([("slug", "test-slug"), ("locations", "a")], secret="example-integration-secret",
...            timestamp=1648190384, readings=of("officernd:signature.json=spaced"))[-6:]
'8f182e'
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import unquote_plus

from ..core.keys import hex_key_bytes
from ..core.readings import composed
from ..core.refusals import Refused, absent
from ..core.strict import Pairs, decoded, query_pairs
from ..core.timestamps import Tolerance
from . import rules
from .rules import SIGNATURE, Readings


def _slug_and_locations(pairs: Pairs) -> Pairs:
    return tuple(pair for pair in pairs if pair[0] in ("slug", "locations"))


def _slug_first(pairs: Pairs) -> Pairs:
    fixed = {"slug": 0, "locations": 1}
    return tuple(sorted(pairs, key=lambda pair: fixed.get(pair[0], 2)))


def _sorted(pairs: Pairs) -> Pairs:
    return tuple(sorted(pairs, key=lambda pair: pair[0]))


def _integers_first(pairs: Pairs) -> Pairs:
    """JavaScript lists array-index keys first, ascending, then the others as inserted."""

    def place(pair: tuple[str, str]) -> tuple[int, int]:
        index = re.fullmatch("0|[1-9][0-9]{0,9}", pair[0])
        return (0, int(pair[0])) if index and int(pair[0]) < 2**32 - 1 else (1, 0)

    return tuple(sorted(pairs, key=place))


def _empty_locations_added(pairs: Pairs) -> Pairs:
    if any(name == "locations" for name, _ in pairs):
        return pairs
    at = 1 + next((i for i, (name, _) in enumerate(pairs) if name == "slug"), -1)
    return (*pairs[:at], ("locations", ""), *pairs[at:])


def _empty_dropped(pairs: Pairs) -> Pairs:
    """What a parser that drops empty values leaves."""
    return tuple(pair for pair in pairs if pair[1] != "")


def _spaced(pairs: Sequence[tuple[str, Any]]) -> str:
    return json.dumps(dict(pairs), ensure_ascii=False)


def _ascii_escaped(pairs: Sequence[tuple[str, Any]]) -> str:
    return json.dumps(dict(pairs), separators=(",", ":"))


def _timestamp_first(payload: bytes, timestamp: str) -> bytes:
    return timestamp.encode() + b"." + payload


def _positional(value: str) -> tuple[str, str]:
    """The official example: names are ignored, the first two values count."""
    values = [piece.split("=")[-1].strip() for piece in value.split(",")]
    if len(values) < 2:
        raise Refused("malformed", SIGNATURE + "syntax", {"fields": len(values)}, stage="fields")
    return rules.split_signature(f"t={values[0]},signature={values[1]}")


def _spaced_fields(value: str) -> tuple[str, str]:
    return rules.split_signature(",".join(piece.strip(" ") for piece in value.split(",")))


def _milliseconds_fields(value: str) -> tuple[str, str]:
    """Thirteen digits are as good as ten when the unit is milliseconds."""
    match = re.search(r"(?:^|,)t=([0-9]{13})(?=,|$)", value)
    if match is None:
        return rules.split_signature(value)
    _, digest = rules.split_signature(value.replace(f"t={match[1]}", "t=0", 1))
    return match[1], digest


def _milliseconds(timestamp: str) -> int:
    return int(timestamp) // 1000


def _repeated_as_array(query: str) -> tuple[Pairs, str]:
    """The JavaScript parser of the example: a repeated or bracketed name becomes an array."""
    values: dict[str, list[str]] = {}
    arrays = set()
    for name, value in query_pairs(query, SIGNATURE + "escapes"):
        plain = name.removesuffix("[]")
        if plain != name or plain in values:
            arrays.add(plain)
        values.setdefault(plain, []).append(value)
    found = values.get("signature", [])
    if "signature" in arrays:
        raise Refused("duplicate-parameter", SIGNATURE + "repeated", {"name": "signature"})
    signature = "".join(found)
    if not signature:
        reason = "empty-parameter" if found else "missing-parameter"
        raise Refused(reason, SIGNATURE + "missing", absent("signature", values), stage="parameters")
    del values["signature"]
    pairs: Any = tuple((name, texts if name in arrays else texts[0]) for name, texts in values.items())
    return pairs, signature


def _lenient_query(component: Callable[[str, str], str]) -> Callable[[str], tuple[Pairs, str]]:
    return lambda query: rules.split_query(query, component)


def _replaced_component(text: str, clause: str) -> str:
    return unquote_plus(text)


def _kept_component(text: str, clause: str) -> str:
    """JavaScript keeps a component with an invalid escape or invalid UTF-8 undecoded as a whole."""
    try:
        return decoded(text, clause)
    except Refused:
        return text.replace("+", " ")


def _member_as_received(pairs: Pairs) -> Iterator[Pairs]:
    yield pairs
    yield rules.unquote_organization(pairs)


def _member_dropped(pairs: Pairs) -> Iterator[Pairs]:
    without = tuple(pair for pair in pairs if pair != ("memberId", ""))
    yield without
    yield rules.unquote_organization(without)


def _quotes_as_received(pairs: Pairs) -> Iterator[Pairs]:
    yield pairs
    yield tuple(pair for pair in pairs if pair != ("memberId", ""))


def _quotes_dropped(pairs: Pairs) -> Iterator[Pairs]:
    yield from _quotes_as_received(rules.unquote_organization(pairs))


def _window(tolerance: Tolerance) -> Callable[[], Tolerance]:
    return lambda: tolerance


READINGS: dict[str, Readings] = {
    SIGNATURE + "parameters=all-but-signature": {},
    SIGNATURE + "parameters=slug-and-locations": {"signed": _slug_and_locations},
    SIGNATURE + "order=as-received": {},
    SIGNATURE + "order=slug-first": {"signed": _slug_first},
    SIGNATURE + "order=sorted": {"signed": _sorted},
    SIGNATURE + "json=compact": {},
    SIGNATURE + "json=spaced": {"json": _spaced},
    SIGNATURE + "json=ascii-escaped": {"json": _ascii_escaped},
    SIGNATURE + "message=payload-timestamp": {},
    SIGNATURE + "message=timestamp-payload": {"message": _timestamp_first},
    SIGNATURE + "syntax=named-fields": {},
    SIGNATURE + "syntax=positional": {"fields": _positional},
    SIGNATURE + "syntax=spaced-fields": {"fields": _spaced_fields},
    SIGNATURE + "timestamp=seconds": {},
    SIGNATURE + "timestamp=milliseconds": {"fields": _milliseconds_fields, "seconds": _milliseconds},
    SIGNATURE + "tolerance=300-back-60-ahead": {},
    SIGNATURE + "tolerance=60-back-0-ahead": {"tolerance": _window((60, 0))},
    SIGNATURE + "tolerance=300-back-0-ahead": {"tolerance": _window((300, 0))},
    SIGNATURE + "tolerance=300-both-ways": {"tolerance": _window((300, 300))},
    SIGNATURE + "absent-locations=as-in-the-url": {},
    SIGNATURE + "absent-locations=added-as-empty": {"signed": _empty_locations_added},
    SIGNATURE + "absent-locations=empty-dropped": {"signed": _empty_dropped},
    SIGNATURE + "repeated=refused": {},
    SIGNATURE + "repeated=array": {"parameters": _repeated_as_array},
    SIGNATURE + "empty-member=either": {},
    SIGNATURE + "empty-member=as-received": {"forms": _member_as_received},
    SIGNATURE + "empty-member=dropped": {"forms": _member_dropped},
    SIGNATURE + "quoted-organization=either": {},
    SIGNATURE + "quoted-organization=as-received": {"forms": _quotes_as_received},
    SIGNATURE + "quoted-organization=unquoted": {"forms": _quotes_dropped},
    SIGNATURE + "escapes=refused": {},
    SIGNATURE + "escapes=replaced": {"parameters": _lenient_query(_replaced_component)},
    SIGNATURE + "escapes=kept": {"parameters": _lenient_query(_kept_component)},
    SIGNATURE + "integer-names=as-received": {},
    SIGNATURE + "integer-names=integers-first": {"signed": _integers_first},
    SIGNATURE + "key=text": {},
    SIGNATURE + "key=hex-decoded": {"key": hex_key_bytes},
}
"""Every reading that `signing` can run, by id; an empty mapping is an adopted one."""


def of(*ids: str) -> Readings:
    """Return the stages that the readings with these ids replace, as `readings=` takes them.

    Raises `Refused` with `unknown-reading` for an id that `READINGS` does not hold.

    >>> of("officernd:signature.order=as-received")
    {}
    """
    return composed(READINGS, ids, SIGNATURE + "every-request")
