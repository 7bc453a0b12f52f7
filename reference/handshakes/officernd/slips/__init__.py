"""OfficeRnD's requests as cases: which stages a signed URL and a webhook have, and what only here goes wrong.

For the person who debugs: `handshakes.explain` combines these alternatives. A verifier never tries any of them.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator

from ...core.cases import Case, Ciphers, Found, Layer, Mac, Proof, replacing
from ...core.refusals import Refused
from ...core.stages import Stage
from ...core.timestamps import Tolerance
from .. import readings as other_readings
from ..rules import SIGNATURE, WEBHOOK, Rules, rules
from ..signing import query_stages, verify_query, verify_webhook
from . import ways
from .table import SLIPS

__all__ = ["SLIPS"]

HEADER = "officernd-signature"
QUERY = ("signature",)
OWN_NAMES = ("slug", "locations", "memberId", "eventType", "officernd-signature")
HEADERS = (HEADER,)
BODY = True
NAMES = ("locations", "memberId", "organizationId", "slug")
CLAUSES = {
    "query": SIGNATURE + "escapes",
    "fields": SIGNATURE + "value",
    "parameters": SIGNATURE + "parameters",
    "json": SIGNATURE + "json",
    "message": SIGNATURE + "message",
    "body": WEBHOOK + "body",
}
_MAC = Mac((), lambda key, message: hmac.digest(key, message, "sha256"), size=32)


def bare(text: str) -> tuple[str, bytes, str] | None:
    """Return None: a bare text is a query or a body."""
    return None


def doubt(secret: str, found: Found) -> str:
    """Return what else of OfficeRnD a secret may be, or nothing."""
    if re.fullmatch(r"[0-9a-f]{24}", secret):
        return "The secret given here may be an id of OfficeRnD: it has 24 hex digits. If it is, look for the secret."
    return ""


def is_webhook(found: Found) -> bool:
    """Return whether a header carries the signature; else the URL does."""
    return bool(found.header(HEADER)) or (bool(found.body) and "signature=" not in found.url)


def verify(found: Found, *, secret: str, now: int, tolerance: Tolerance | None, readings: list[str]) -> Proof:
    """Return what a URL or a webhook proves; raises `Refused`."""
    stages = other_readings.of(*readings)
    if is_webhook(found):
        header = found.header(HEADER)
        try:
            hook = verify_webhook(
                found.body, header, secret=secret, now=now, tolerance=tolerance, readings=stages
            )
        except Refused as refused:
            if found.body:
                raise
            evidence = {
                **refused.evidence,
                "body": "is empty: something read it before, or it was lost on the way",
            }
            raise Refused(
                refused.reason, refused.clause, evidence, stage=refused.stage, stages=refused.stages
            ) from None
        return Proof("", (), hook.covered, ("method, host and path",), hook.timestamp)
    query = verify_query(found.url, secret=secret, now=now, tolerance=tolerance, readings=stages)
    left = (*query.not_covered, "method, host and path")
    return Proof("", query.parameters, query.covered, left, query.timestamp)


def stages(found: Found, *, secret: str, readings: list[str]) -> tuple[Stage, ...]:
    """Return the stages of a URL or of a webhook; raises `Refused`."""
    replaced = other_readings.of(*readings)
    if not is_webhook(found):
        return _genuine_form(query_stages(found.url, readings=replaced), found, secret, rules(replaced))
    rule = rules(replaced)
    timestamp, _ = rule.fields(found.header(HEADER))
    return (Stage("body", found.body), Stage("message", rule.message(found.body, timestamp)))


def _genuine_form(built: tuple[Stage, ...], found: Found, secret: str, rule: Rules) -> tuple[Stage, ...]:
    """Return the stages of the form that the signature is of, where several forms are tried; else those given."""
    pairs, value = rule.parameters(found.url.partition("#")[0].partition("?")[2])
    timestamp, digest = rule.fields(value)
    key = rule.key(secret, SIGNATURE + "key")
    for form in rule.forms(pairs):
        signed = rule.signed(form)
        message = rule.message(rule.json(signed).encode(), timestamp)
        if hmac.compare_digest(hmac.digest(key, message, "sha256").hex(), digest.lower()):
            shown = " ".join(f"{name}={text}" for name, text in signed).encode()
            return (
                *built[:2],
                Stage("parameters", shown),
                Stage("json", rule.json(signed).encode()),
                Stage("message", message),
            )
    return built


def cases(found: Found, *, readings: list[str], ciphers: Ciphers | None) -> Iterator[Case]:
    """Return the one case that a URL or a webhook is."""
    rule = rules(other_readings.of(*readings))
    keys = dict(replacing(other_readings.READINGS, "key"))
    if is_webhook(found):
        yield Case(
            (found.body, found.header(HEADER)),
            (
                Layer("body", kinds=(("damage", 0),), ways=ways.lost),
                Layer("json", kinds=(("rewritten", 0),)),
                ways.fields(rule),
                Layer("text", kinds=(("text", 0),)),
                ways.message(rule),
            ),
            rule.key,
            WEBHOOK + "key",
            keys,
            (_MAC,),
            clauses={
                **dict.fromkeys(("carrier", "json", "text"), WEBHOOK + "body"),
                "key": WEBHOOK + "key",
                "message": WEBHOOK + "signature",
            },
        )
        return
    path, _, query = found.url.partition("#")[0].partition("?")
    yield Case(
        (query, path),
        (
            Layer("query", kinds=(("query", 0),)),
            Layer("parameters", ways.parameters, ways=ways.parameter_ways),
            ways.fields(rule),
            Layer("added", kinds=(("added", 0),)),
            Layer("changed", kinds=(("changed", 0),)),
            Layer(
                "order", lambda state: (rule.signed(state[0]), *state[1:]), (("order", 0),), ways.order_ways
            ),
            Layer("json", ways.json(rule), (("json", 0),), ways.json_ways),
            Layer("text", kinds=(("text", 0),)),
            ways.message(rule),
        ),
        rule.key,
        SIGNATURE + "key",
        keys,
        (_MAC,),
        names=NAMES,
        beside="time-in-milliseconds"
        if re.search(r"[?&]signature=t(?:=|%3D)[0-9]{13}(?:,|%2C)", found.url, re.I)
        else "",
        clauses={
            "carrier": SIGNATURE + "parameters",
            "parameters": SIGNATURE + "parameters",
            "json": SIGNATURE + "json",
            "text": SIGNATURE + "message",
            "message": SIGNATURE + "message",
            "key": SIGNATURE + "key",
            "mac": SIGNATURE + "digest",
            "form": SIGNATURE + "digest",
        },
    )
