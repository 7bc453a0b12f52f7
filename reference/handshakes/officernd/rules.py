"""The adopted rules of OfficeRnD's signatures, one function a stage, in the order in which they apply.

Each is one answer to a question that the page leaves open; `readings.py` holds the other answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple

from ..core.keys import key_bytes
from ..core.readings import replaced
from ..core.refusals import Refused, absent
from ..core.strict import Pairs, hex_digest, no_duplicates, query_pairs
from ..core.timestamps import Tolerance

Readings = Mapping[str, Callable[..., Any]]

SIGNATURE = "officernd:signature."
WEBHOOK = "officernd:webhook."
MOST_DIGITS, MILLISECONDS = 12, 13
"""How many digits `t` has at most, and how many it has in milliseconds."""
TOLERANCE: Tolerance = (300, 60)
"""Seconds back and ahead, both inclusive; no page names a number (S8)."""
_FIELD = re.compile(r"([A-Za-z0-9_-]+)=([^=,]*)")
_AS_USUAL = re.compile(r"t=([0-9]{1,12}),signature=([0-9a-f]{64})").fullmatch
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def split_signature(value: str) -> tuple[str, str]:
    """officernd:signature.syntax. Return `t` and `signature`, as text, from `t=…,signature=…`.

    Fields are found by name, in any order; unknown ones are ignored. `t` is 1 to 12 ASCII digits,
    `signature` 64 lower-case hex digits. Raises `Refused`: `malformed`, `missing-parameter`,
    `duplicate-parameter`, `timestamp-in-milliseconds`. Source: page, Step 4; S6.

    >>> split_signature("t=1648190384,signature=" + "0f" * 32)[0]
    '1648190384'
    """
    if usual := _AS_USUAL(value):
        return usual[1], usual[2]
    fields: dict[str, str] = {}
    for piece in value.split(","):
        match = _FIELD.fullmatch(piece)
        if match is None:
            told = {"name": "signature", "piece": f"{len(piece)} characters without name=value"}
            evidence = absent("", fields) | told
            raise Refused("malformed", "officernd:signature.syntax", evidence, stage="fields")
        if match[1] in fields:
            evidence = {"field": match[1]}
            raise Refused("duplicate-parameter", "officernd:signature.syntax", evidence, stage="fields")
        fields[match[1]] = match[2]
    for name in ("t", "signature"):
        if name not in fields:
            raise Refused("missing-parameter", SIGNATURE + "syntax", absent(name, fields), stage="fields")
    timestamp, digest = fields["t"], fields["signature"]
    digits = timestamp.isascii() and timestamp.isdigit()
    if digits and len(timestamp) == MILLISECONDS:
        evidence = {"t": timestamp}
        raise Refused("timestamp-in-milliseconds", "officernd:signature.timestamp", evidence, stage="fields")
    if not digits or len(timestamp) > MOST_DIGITS:
        # what is no number may be a secret that was sent in the wrong place: only its length is told
        evidence = {"t": timestamp[:40] if digits else f"{len(timestamp)} characters, not digits"}
        raise Refused("malformed", "officernd:signature.syntax", evidence, stage="fields")
    hex_digest(digest, "officernd:signature.digest", "signature", "fields")
    return timestamp, digest


def split_query(query: str, component: Callable[[str, str], str] | None = None) -> tuple[Pairs, str]:
    """officernd:signature.parameters. Return every decoded pair but `signature`, as received, and its value.

    Raises `Refused`: `malformed`, `too-large`, `duplicate-parameter`, `missing-parameter`,
    `empty-parameter`. Source: official example, signatures.service.ts; S1, S2, S12, S16.

    >>> split_query("slug=a&locations=&signature=t%3D1%2Csignature%3D00")
    ((('slug', 'a'), ('locations', '')), 't=1,signature=00')
    """
    pairs = query_pairs(query, "officernd:signature.escapes", component)
    values = no_duplicates(pairs, "officernd:signature.repeated")
    value = values.pop("signature", None)
    if not value:
        reason = "missing-parameter" if value is None else "empty-parameter"
        raise Refused(reason, SIGNATURE + "missing", absent("signature", dict(pairs)), stage="parameters")
    return tuple(values.items()), value


def forms(pairs: Pairs) -> Iterator[Pairs]:
    """officernd:signature.empty-member. Yield the pairs as received, then the forms that may be signed instead.

    The platform may write `memberId=` without signing it (S13), and quotes around `organizationId`
    that it did not sign (S14). An empty value says nothing and quotes are not part of an id, so
    nothing is believed that was not signed. Source: official example; rnd-copilot.

    >>> list(forms((("slug", "a"), ("memberId", ""))))
    [(('slug', 'a'), ('memberId', '')), (('slug', 'a'),)]
    """
    yield pairs
    without = tuple([pair for pair in pairs if pair != ("memberId", "")])
    if without != pairs:
        yield without
    for form in (pairs, without) if without != pairs else (pairs,):
        if (unquoted := unquote_organization(form)) != form:
            yield unquoted


def compact_json(pairs: Sequence[tuple[str, Any]]) -> str:
    """officernd:signature.json. Return the pairs as one JSON object, in order, as JavaScript writes it.

    No spaces; nothing outside ASCII is escaped. Source: official example; measured equal to
    `JSON.stringify` for all valid Unicode; S3.

    >>> compact_json([("slug", "café"), ("locations", "a, b")])
    '{"slug":"café","locations":"a, b"}'
    """
    try:
        return "{" + ",".join([f"{quoted(name)}:{quoted(value)}" for name, value in pairs]) + "}"
    except TypeError:  # a reading's value may be a list
        return _compact(dict(pairs))


def payload_dot_timestamp(payload: bytes, timestamp: str) -> bytes:
    """officernd:signature.message. Return payload, dot, timestamp: the reverse of Stripe's order; S4.

    >>> payload_dot_timestamp(b"{}", "1648190384")
    b'{}.1648190384'
    """
    return payload + b"." + timestamp.encode()


def unquote_organization(pairs: Pairs) -> Pairs:
    """officernd:signature.quoted-organization. Return the pairs, `organizationId` without surrounding quotes; S14.

    >>> unquote_organization((("organizationId", '"5b5b"'),))
    (('organizationId', '5b5b'),)
    """
    for name, text in pairs:
        if name == "organizationId" and text[:1] == '"' == text[-1:] and len(text) > 2:
            return tuple([(key, text[1:-1]) if key == name else (key, value) for key, value in pairs])
    return pairs


class Rules(NamedTuple):
    """The stages that a reading may replace, with the adopted rules as defaults."""

    fields: Callable[[str], tuple[str, str]] = split_signature
    parameters: Callable[[str], tuple[Pairs, str]] = split_query
    forms: Callable[[Pairs], Iterator[Pairs]] = forms
    signed: Callable[[Pairs], Sequence[tuple[str, Any]]] = tuple
    json: Callable[[Sequence[tuple[str, Any]]], str] = compact_json
    message: Callable[[bytes, str], bytes] = payload_dot_timestamp
    key: Callable[[str, str], bytes] = key_bytes
    seconds: Callable[[str], int] = int
    tolerance: Callable[[], Tolerance] = lambda: TOLERANCE


ADOPTED = Rules()


def rules(readings: Readings | None) -> Rules:
    """Return the adopted rules with some stages replaced; raises `Refused` with `unknown-reading`."""
    return replaced(ADOPTED, readings, "officernd:signature.every-request") if readings else ADOPTED
