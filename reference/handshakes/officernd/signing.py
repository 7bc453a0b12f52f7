"""OfficeRnD's two signatures, pure: text and bytes in, a verified view out.

What is signed, on the one example of the page (Listing a partner integration, Step 4):

    {"slug":"test-slug","locations":""}.1648190384

that is, the query parameters without `signature`, decoded, in the order received, as compact
JSON; a dot; the Unix time in seconds. The signature is the HMAC-SHA256 of this text, keyed with
the integration secret's UTF-8 bytes, in lower-case hex, and travels as `t=…,signature=…`:

>>> sign_query([("slug", "test-slug"), ("locations", "")], secret="example-integration-secret",
...            timestamp=1648190384)
't=1648190384,signature=7fab70b2b7b8363a66720a3afd7fba6b16aff21e27a878f90014a593495312b4'

A webhook is signed over its raw body instead, in the header `officernd-signature`, with the same
field syntax. Checks come in the order syntax, authenticity, time: a stale request with a wrong
signature is wrong, not stale. What the page leaves open is one field of `Rules` each;
`readings.py` holds the other ways to read it.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..keys import key_bytes
from ..refusals import Refused
from ..stages import Stage
from ..strict import Pairs, no_duplicates, of_type, printable, query_pairs
from ..timestamps import Tolerance, check_time, seconds_text

Readings = Mapping[str, Callable[..., Any]]

SIGNATURE = "officernd:signature."
WEBHOOK = "officernd:webhook."
_FIELD = re.compile(r"([A-Za-z0-9_-]+)=([^=,]*)")
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class SignedQuery:
    """A verified request: names of parameters in `covered` are signed, those in `not_covered` are not.

    Path, host and method are never covered. `timestamp` is in Unix seconds.
    """

    parameters: Pairs
    timestamp: int
    covered: tuple[str, ...]
    not_covered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignedWebhook:
    """A verified webhook: the raw body, byte for byte as it was signed."""

    body: bytes
    timestamp: int
    parameters: Pairs = ()
    covered: tuple[str, ...] = ("body",)
    not_covered: tuple[str, ...] = ()


# --- the adopted rules, a function a stage ----------------------------------------------------


def split_signature(value: str) -> tuple[str, str]:
    """officernd:signature.syntax. Return `t` and `signature`, as text, from `t=…,signature=…`.

    Fields are found by name, in any order; unknown ones are ignored. `t` is 1 to 12 ASCII digits,
    `signature` 64 lower-case hex digits. Raises `Refused`: `malformed`, `missing-parameter`,
    `duplicate-parameter`, `timestamp-in-milliseconds`. Source: page, Step 4; S6.

    >>> split_signature("t=1648190384,signature=" + "0f" * 32)[0]
    '1648190384'
    """
    fields: dict[str, str] = {}
    for piece in value.split(","):
        match = _FIELD.fullmatch(piece)
        if match is None:
            raise Refused("malformed", SIGNATURE + "syntax", {"field": printable(piece)}, stage="fields")
        if match[1] in fields:
            raise Refused("duplicate-parameter", SIGNATURE + "syntax", {"field": match[1]}, stage="fields")
        fields[match[1]] = match[2]
    for name in ("t", "signature"):
        if name not in fields:
            raise Refused("missing-parameter", SIGNATURE + "syntax", {"field": name}, stage="fields")
    timestamp, digest = fields["t"], fields["signature"]
    digits = timestamp.isascii() and timestamp.isdigit()
    if digits and len(timestamp) == 13:
        evidence = {"t": timestamp}
        raise Refused("timestamp-in-milliseconds", SIGNATURE + "timestamp", evidence, stage="fields")
    if not digits or len(timestamp) > 12:
        raise Refused("malformed", SIGNATURE + "syntax", {"t": printable(timestamp)}, stage="fields")
    if len(digest) != 64 or digest.strip("0123456789abcdef"):
        case = len(digest) == 64 and not digest.strip("0123456789abcdefABCDEF")
        found = "upper-case hex digits" if case else f"not 64 hex digits ({len(digest)} characters)"
        raise Refused("malformed", SIGNATURE + "digest", {"signature": found}, stage="fields")
    return timestamp, digest


def split_query(query: str) -> tuple[Pairs, str]:
    """officernd:signature.parameters. Return every decoded pair but `signature`, as received, and its value.

    Raises `Refused`: `malformed`, `too-large`, `duplicate-parameter`, `missing-parameter`,
    `empty-parameter`. Source: official example, signatures.service.ts; S1, S2, S12, S16.

    >>> split_query("slug=a&locations=&signature=t%3D1%2Csignature%3D00")
    ((('slug', 'a'), ('locations', '')), 't=1,signature=00')
    """
    pairs = query_pairs(query, SIGNATURE + "escapes")
    value = no_duplicates(pairs, SIGNATURE + "repeated").get("signature")
    if not value:
        reason = "missing-parameter" if value is None else "empty-parameter"
        raise Refused(reason, SIGNATURE + "missing", {"name": "signature"}, stage="parameters")
    return tuple([pair for pair in pairs if pair[0] != "signature"]), value


def forms(pairs: Pairs) -> Iterator[Pairs]:
    """officernd:signature.empty-member. Yield the pairs as received, then the forms that may be signed instead.

    The platform may write `memberId=` without signing it (S13), and quotes around `organizationId`
    that it did not sign (S14). An empty value says nothing and quotes are no part of an id, so
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
    return _compact(dict(pairs))


def payload_dot_timestamp(payload: bytes, timestamp: str) -> bytes:
    """officernd:signature.message. Return payload, dot, timestamp: the reverse of Stripe's order; S4.

    >>> payload_dot_timestamp(b"{}", "1648190384")
    b'{}.1648190384'
    """
    return payload + b"." + timestamp.encode()


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
    tolerance: Callable[[], Tolerance] = lambda: (300, 60)


ADOPTED = Rules()


def rules(readings: Readings | None) -> Rules:
    """Return the adopted rules with some stages replaced; raises `Refused` with `unknown-reading`."""
    try:
        return ADOPTED._replace(**readings) if readings else ADOPTED
    except (TypeError, ValueError):
        raise Refused(
            "unknown-reading", SIGNATURE + "every-request", {"readings": printable(str(readings))}
        ) from None


# --- what others rely on ----------------------------------------------------------------------


def sign_query(
    pairs: Sequence[tuple[str, str]], *, secret: str, timestamp: int, readings: Readings | None = None
) -> str:
    """officernd:signature.value. Return the value of `signature` for decoded pairs, not percent-encoded.

    `timestamp` is in Unix seconds. Raises `Refused`: `empty-secret`, `wrong-type`,
    `duplicate-parameter`. Source: page, Step 4.

    >>> sign_query([("slug", "test-slug")], secret="example-integration-secret", timestamp=1648190384)[-6:]
    '9fa91e'
    """
    rule = rules(readings)
    no_duplicates(tuple(pairs), SIGNATURE + "repeated")
    time = seconds_text(timestamp, SIGNATURE + "timestamp")
    message = rule.message(rule.json(rule.signed(tuple(pairs))).encode(), time)
    return f"t={time},signature={hmac.digest(rule.key(secret, SIGNATURE + 'key'), message, 'sha256').hex()}"


def verify_query(
    target: str,
    *,
    secret: str,
    now: int,
    tolerance: Tolerance | None = None,
    readings: Readings | None = None,
) -> SignedQuery:
    """officernd:signature.every-request. Return what the signature of a raw target (or URL) covers.

    `now` is in Unix seconds; `tolerance` is (seconds back, seconds ahead), both inclusive, 300 and
    60 unless given (S8: the page names no number). Raises `Refused`: the reasons of syntax, then
    `signature-mismatch`, then `stale` or `from-the-future`. Source: page, Step 4; official example.

    >>> verify_query(
    ...     "/healthcheck?slug=test-slug&locations=&signature=t%3D1648190384%2Csignature%3D"
    ...     "7fab70b2b7b8363a66720a3afd7fba6b16aff21e27a878f90014a593495312b4",
    ...     secret="example-integration-secret", now=1648190384).covered
    ('slug', 'locations')
    """
    rule = rules(readings)
    of_type(target, str, SIGNATURE + "carrier", "target")
    key = rule.key(secret, SIGNATURE + "key")
    pairs, value = rule.parameters(target.partition("?")[2].partition("#")[0])
    timestamp, digest = rule.fields(value)
    received = bytes.fromhex(digest)
    for form in rule.forms(pairs):
        signed = rule.signed(form)
        message = rule.message(rule.json(signed).encode(), timestamp)
        if hmac.compare_digest(hmac.digest(key, message, "sha256"), received):
            break
    else:
        stages = query_stages(target, readings=readings)
        raise Refused("signature-mismatch", SIGNATURE + "digest", stage="message", stages=stages)
    seconds = rule.seconds(timestamp)
    check_time(seconds, now, tolerance or rule.tolerance(), SIGNATURE + "tolerance")
    covered = tuple([name for name, _ in signed])
    left = () if len(signed) == len(pairs) else tuple([name for name, _ in pairs if name not in covered])
    return SignedQuery(unquote_organization(pairs), seconds, covered, left)


def sign_webhook(body: bytes, *, secret: str, timestamp: int) -> str:
    """officernd:webhook.signature. Return the value of the header `officernd-signature` for raw bytes.

    Raises `Refused`: `empty-secret`, `wrong-type`. Source: webhooks-demo; W1.

    >>> sign_webhook(b"{}", secret="example-webhook-secret", timestamp=1648190384)[:23]
    't=1648190384,signature='
    """
    of_type(body, bytes, WEBHOOK + "body", "body")
    time = seconds_text(timestamp, WEBHOOK + "signature")
    key = key_bytes(secret, WEBHOOK + "key")
    return f"t={time},signature={hmac.digest(key, payload_dot_timestamp(body, time), 'sha256').hex()}"


def verify_webhook(
    body: bytes,
    header: str,
    *,
    secret: str,
    now: int,
    tolerance: Tolerance | None = None,
    readings: Readings | None = None,
) -> SignedWebhook:
    """officernd:webhook.signature. Return the raw body that a webhook's header signs.

    The bytes are verified as they came: a body that is parsed and written again is another body
    (W1). `now`, `tolerance` and the refusals are those of `verify_query`. Source: webhooks-demo.

    >>> header = sign_webhook(b"{}", secret="example-webhook-secret", timestamp=1648190384)
    >>> verify_webhook(b"{}", header, secret="example-webhook-secret", now=1648190400).covered
    ('body',)
    """
    rule = rules(readings)
    of_type(body, bytes, WEBHOOK + "body", "body")
    of_type(header, str, WEBHOOK + "signature", "header")
    key = rule.key(secret, WEBHOOK + "key")
    if not header:
        raise Refused("missing-parameter", WEBHOOK + "signature", {"header": "officernd-signature"})
    timestamp, digest = rule.fields(header)
    message = rule.message(body, timestamp)
    if not hmac.compare_digest(hmac.digest(key, message, "sha256"), bytes.fromhex(digest)):
        stages = (Stage("body", body), Stage("message", message))
        raise Refused("signature-mismatch", WEBHOOK + "signature", stage="message", stages=stages)
    seconds = rule.seconds(timestamp)
    check_time(seconds, now, tolerance or rule.tolerance(), WEBHOOK + "tolerance")
    return SignedWebhook(body, seconds)


def query_stages(target: str, *, readings: Readings | None = None) -> tuple[Stage, ...]:
    """Return the stages of a signed target: query, fields, parameters, json, message; S1 to S4.

    >>> query_stages("/?slug=a&signature=t%3D1648190384%2Csignature%3D" + "00" * 32)[-1]
    <Stage message: {"slug":"a"}.1648190384 (23 bytes)>
    """
    rule = rules(readings)
    query = target.partition("?")[2].partition("#")[0]
    pairs, value = rule.parameters(query)
    signed = rule.signed(pairs)
    payload = rule.json(signed).encode()
    return (
        Stage("query", query.encode()),
        Stage("fields", value.encode()),
        Stage("parameters", " ".join(f"{name}={text}" for name, text in signed).encode()),
        Stage("json", payload),
        Stage("message", rule.message(payload, rule.fields(value)[0])),
    )


def unquote_organization(pairs: Pairs) -> Pairs:
    """officernd:signature.quoted-organization. Return the pairs, `organizationId` without surrounding quotes; S14.

    >>> unquote_organization((("organizationId", '"5b5b"'),))
    (('organizationId', '5b5b'),)
    """
    for i, (name, text) in enumerate(pairs):
        if name == "organizationId" and len(text) > 2 and text[0] == text[-1] == '"':
            return (*pairs[:i], (name, text[1:-1]), *pairs[i + 1 :])
    return pairs
