"""OfficeRnD's requests as cases: which stages a signed URL and a webhook have, and what only here goes wrong.

For the person who debugs: `handshakes.explain` combines these alternatives. A verifier never tries any of them.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..core.cases import Case, Ciphers, Found, Layer, Mac, Made, Proof, Slip, replacing
from ..core.refusals import Refused
from ..core.stages import Stage
from ..core.strict import Pairs, query_pairs
from ..core.timestamps import Tolerance
from . import readings as other_readings
from .rules import SIGNATURE, WEBHOOK, Rules, rules
from .signing import query_stages, verify_query, verify_webhook

HEADER = "officernd-signature"
QUERY = ("signature",)
OWN_NAMES = ("slug", "locations", "memberId", "eventType", "officernd-signature")
HEADERS = (HEADER,)
BODY = True
NAMES = ("locations", "memberId", "organizationId", "slug")
SLIPS = (
    Slip(
        "officernd-signature-left-in",
        "parameters",
        "The parameter signature was left in what was signed.",
        "Take it out before the JSON is written.",
        "frameworks' parameter maps",
    ),
    Slip(
        "officernd-url-signed",
        "json",
        "The URL or its path was signed where the JSON of the parameters is needed.",
        "Sign the JSON of the decoded parameters; path and host are not signed.",
        "habits of other platforms",
    ),
    Slip(
        "officernd-body-lost",
        "carrier",
        "The body was lost on the way: the signature is that of an empty body.",
        "Read the raw body before anything else reads the stream.",
        "body parsers, proxies",
    ),
    Slip(
        "officernd-headers-joined",
        "carrier",
        "Two signature headers were joined into one: it fits with one of them.",
        "Find what sends the second one.",
        "Apache and http-proxy, which write `a, b`",
    ),
)
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
                Layer("body", kinds=(("damage", 0),), ways=_lost),
                Layer("json", kinds=(("rewritten", 0),)),
                _fields(rule),
                Layer("text", kinds=(("text", 0),)),
                _message(rule),
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
            Layer("parameters", _parameters, ways=_parameter_ways),
            _fields(rule),
            Layer("added", kinds=(("added", 0),)),
            Layer("changed", kinds=(("changed", 0),)),
            Layer("order", lambda state: (rule.signed(state[0]), *state[1:]), (("order", 0),), _order_ways),
            Layer(
                "json",
                _json(rule),
                (("json", 0),),
                _json_ways,
            ),
            Layer("text", kinds=(("text", 0),)),
            _message(rule),
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


def _lost(state: tuple[Any, ...]) -> Iterator[Made]:
    if state[0]:
        yield Made("officernd-body-lost", (b"", *state[1:]), "with an empty body", 2)


def _parameters(state: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the pairs, the signature's value, and the target without it."""
    query, path = state
    pairs = query_pairs(query, SIGNATURE + "escapes")
    value = next((text for name, text in pairs if name == "signature"), None)
    if value is None:
        raise ValueError("no signature")
    rest = "&".join(piece for piece in query.split("&") if not piece.startswith("signature="))
    return tuple(pair for pair in pairs if pair[0] != "signature"), value, (path, rest)


def _parameter_ways(state: tuple[Any, ...]) -> Iterator[Made]:
    query, path = state
    raw = tuple(piece.partition("=")[::2] for piece in query.split("&") if piece)
    try:
        pairs, value, rest = _parameters(state)
        every = query_pairs(query, SIGNATURE + "escapes")
        empty = tuple((name, "" if name == "signature" else text) for name, text in every)
        for signed, change in ((empty, "empty"), (every, "with its value")):
            yield Made("officernd-signature-left-in", (signed, value, rest), change)
        left = tuple(pair for pair in raw if pair[0] != "signature")
        yield Made("values-encoded", (left, value, rest), "as in the URL")
        plus = tuple((n, t) for n, t in query_pairs(query.replace("+", "%2B"), "") if n != "signature")
        yield Made("blank-as-plus", (plus, value, rest))
    except (Refused, ValueError):
        rest = (path, query)
    for id, read in replacing(other_readings.READINGS, "parameters"):
        try:
            pairs, value = read(query)
        except Refused:
            continue
        yield Made(id, (_hashable(pairs), value, rest))


def _hashable(pairs: Iterable[tuple[str, Any]]) -> tuple[tuple[str, Any], ...]:
    return tuple((name, tuple(text) if isinstance(text, list) else text) for name, text in pairs)


def _fields(rule: Rules) -> Layer:
    """Read time and digest: strictly by a reading, else as far as they can be found."""

    def loosely(state: tuple[Any, ...]) -> tuple[Any, ...]:
        signed, value, *rest = state
        try:
            timestamp, digest = rule.fields(value)
        except Refused:
            fields = dict(reversed(re.findall(r"(?:^|,)(t|signature)=([^,]*)", value)))
            timestamp, digest = fields.get("t", ""), fields["signature"]
        return (signed, timestamp.encode(), digest, *rest)

    def ways(state: tuple[Any, ...]) -> Iterator[Made]:
        signed, value, *rest = state
        found = replacing(other_readings.READINGS, "fields")
        stages = other_readings.READINGS[SIGNATURE + "timestamp=milliseconds"]
        for id, read in (*found, (SIGNATURE + "timestamp=milliseconds", stages["fields"])):
            try:
                timestamp, digest = read(value)
            except Refused:
                continue
            yield Made(id, (signed, timestamp.encode(), digest, *rest))
        for one in re.split(r"(?<=[^,]),\s*(?=t=)", value)[:10] if ",t=" in value.replace(" ", "") else ():
            yield Made("officernd-headers-joined", loosely((signed, one, *rest)))

    return Layer("fields", loosely, ways=ways)


def _order_ways(state: tuple[Any, ...]) -> Iterator[Made]:
    pairs, *rest = state
    for id, choose in replacing(other_readings.READINGS, "signed"):
        yield Made(id, (_hashable(choose(pairs)), *rest))
    for id, forms in replacing(other_readings.READINGS, "forms"):
        for form in forms(pairs):
            yield Made(id, (form, *rest))


def _json(rule: Rules) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    def made(state: tuple[Any, ...]) -> tuple[Any, ...]:
        pairs, *rest = state
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a name twice")
        return (rule.json(pairs).encode(), *rest)

    return made


def _json_ways(state: tuple[Any, ...]) -> Iterator[Made]:
    pairs: Pairs
    pairs, time, received, (path, query) = state
    rest = (time, received, (path, query))
    for id, write in replacing(other_readings.READINGS, "json"):
        yield Made(id, (write(pairs).encode(), *rest))
    yield Made("query-for-json", (query.encode(), *rest), "as in the URL")
    whole = f"{path}?{query}"
    local = "/" + whole.partition("://")[2].partition("/")[2] if "://" in whole else whole
    for text, change in ((whole, "the URL"), (local, "path and query"), (path, "without the query")):
        if text:
            yield Made("officernd-url-signed", (text.encode(), *rest), change)


def _message(rule: Rules) -> Layer:
    def made(state: tuple[Any, ...]) -> tuple[Any, ...]:
        text, time, received, *_ = state
        return rule.message(text, time.decode()), received

    def ways(state: tuple[Any, ...]) -> Iterator[Made]:
        text, time, received, *_ = state
        for id, put in replacing(other_readings.READINGS, "message"):
            yield Made(id, (put(text, time.decode()), received))

    return Layer("message", made, (("joined", 0),), ways)
