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
signature is wrong, not stale. What the page leaves open is a rule of its own in
`rules.py`; `readings.py` holds the other ways to read it.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import NamedTuple

from ..core.keys import key_bytes
from ..core.refusals import Refused
from ..core.stages import Stage
from ..core.strict import Pairs, no_duplicates, of_type
from ..core.timestamps import Tolerance, check_time, seconds_text
from .rules import Readings, payload_dot_timestamp, rules, unquote_organization


class SignedQuery(NamedTuple):
    """A verified request: names of parameters in `covered` are signed, those in `not_covered` are not.

    Path, host and method are never covered. `timestamp` is in Unix seconds.
    """

    parameters: Pairs
    timestamp: int
    covered: tuple[str, ...]
    not_covered: tuple[str, ...]


class SignedWebhook(NamedTuple):
    """A verified webhook: the raw body, byte for byte as it was signed."""

    body: bytes
    timestamp: int
    parameters: Pairs = ()
    covered: tuple[str, ...] = ("body",)
    not_covered: tuple[str, ...] = ()


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
    key = rule.key(secret, "officernd:signature.key")
    try:
        pairs = tuple((name, value) for name, value in pairs)
    except (TypeError, ValueError):
        raise Refused("wrong-type", "officernd:signature.parameters", {"expected": "pairs of str"}) from None
    for text in (text for pair in pairs for text in pair):
        of_type(text, str, "officernd:signature.parameters", "pairs")
    no_duplicates(pairs, "officernd:signature.repeated")
    time = seconds_text(timestamp, "officernd:signature.timestamp")
    payload = rule.json(rule.signed(next(rule.forms(pairs))))
    try:
        message = rule.message(payload.encode(), time)
    except UnicodeEncodeError:
        raise Refused("malformed", "officernd:signature.json", {"found": "a lone surrogate"}) from None
    return f"t={time},signature={hmac.digest(key, message, 'sha256').hex()}"


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
    of_type(target, str, "officernd:signature.carrier", "target")
    key = rule.key(secret, "officernd:signature.key")
    pairs, value = rule.parameters(target.partition("#")[0].partition("?")[2])
    timestamp, digest = rule.fields(value)
    received = bytes.fromhex(digest)
    for form in rule.forms(pairs):
        signed = rule.signed(form)
        message = rule.message(rule.json(signed).encode(), timestamp)
        if hmac.compare_digest(hmac.digest(key, message, "sha256"), received):
            break
    else:
        stages = query_stages(target, readings=readings)
        raise Refused("signature-mismatch", "officernd:signature.digest", stage="message", stages=stages)
    seconds = rule.seconds(timestamp)
    within = rule.tolerance() if tolerance is None else tolerance
    check_time(seconds, now, within, "officernd:signature.tolerance")
    covered, left = tuple([name for name, _ in pairs]), tuple[str, ...]()
    if signed is not pairs:  # not signed as received: a name may have been left out, or added
        names = {name for name, _ in signed}
        left = tuple([name for name in covered if name not in names])
        covered = tuple([name for name in covered if name in names])
    return SignedQuery(unquote_organization(pairs), seconds, covered, left)


def sign_webhook(body: bytes, *, secret: str, timestamp: int) -> str:
    """officernd:webhook.signature. Return the value of the header `officernd-signature` for raw bytes.

    Raises `Refused`: `empty-secret`, `wrong-type`. Source: webhooks-demo; W1.

    >>> sign_webhook(b"{}", secret="example-webhook-secret", timestamp=1648190384)[:23]
    't=1648190384,signature='
    """
    of_type(body, bytes, "officernd:webhook.body", "body")
    key = key_bytes(secret, "officernd:webhook.key")
    time = seconds_text(timestamp, "officernd:webhook.signature")
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
    of_type(body, bytes, "officernd:webhook.body", "body")
    of_type(header, str, "officernd:webhook.signature", "header")
    key = rule.key(secret, "officernd:webhook.key")
    if not header:
        raise Refused("missing-parameter", "officernd:webhook.signature", {"header": "officernd-signature"})
    timestamp, digest = rule.fields(header)
    message = rule.message(body, timestamp)
    if not hmac.compare_digest(hmac.digest(key, message, "sha256"), bytes.fromhex(digest)):
        stages = (Stage("body", body), Stage("message", message))
        raise Refused("signature-mismatch", "officernd:webhook.signature", stage="message", stages=stages)
    seconds = rule.seconds(timestamp)
    within = rule.tolerance() if tolerance is None else tolerance
    check_time(seconds, now, within, "officernd:webhook.tolerance")
    return SignedWebhook(body, seconds)


def query_stages(target: str, *, readings: Readings | None = None) -> tuple[Stage, ...]:
    """Return the stages of a signed target: query, fields, parameters, json, message; S1 to S4.

    >>> query_stages("/?slug=a&signature=t%3D1648190384%2Csignature%3D" + "00" * 32)[-1]
    <Stage message: {"slug":"a"}.1648190384 (23 bytes)>
    """
    rule = rules(readings)
    query = target.partition("#")[0].partition("?")[2]
    pairs, value = rule.parameters(query)
    signed = rule.signed(next(rule.forms(pairs)))
    payload = rule.json(signed).encode()
    return (
        Stage("query", query.encode()),
        Stage("fields", value.encode()),
        Stage("parameters", " ".join(f"{name}={text}" for name, text in signed).encode()),
        Stage("json", payload),
        Stage("message", rule.message(payload, rule.fields(value)[0])),
    )
