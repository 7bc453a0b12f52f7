"""One message of the wire in full: request and answer as they travelled, who checked what, and why it was refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..core.messages import Headers, Request, Response
from ..core.refusals import REASONS, Refused
from ..runtime.verdicts import Refuses, Survives
from ..runtime.watching import RefusedRequest
from ..spec.register import load
from .advice import UNTOLD, advice, facts
from .answers import Call, answered, call_of
from .cures import cures
from .places import Place
from .reasons import CHANGED, NOT_THE_SIGNATURE, Case, beside, ruled
from .remarks import clause, like, met, note, probes, rejected, rule, sources
from .resending import COPY, parts
from .sides import by_side, named
from .views import expected, sender, verdict, what
from .wire import Exchange, Wire

Json = dict[str, Any]
REFUSED_BY_ANSWER = {
    "reason": "refused by its answer",
    "hint": "Sender: look at the answer; it says what was refused.",
}
TITLES = {"verified": "Verified by {}", "decrypted": "Decrypted by {}"}


def details(place: Place, one: Exchange) -> Json:
    """Return what the page shows of a chosen message; every text is masked already."""
    wire = place.wire
    seen = verdict(place, one)
    request = one.arrived or one.request
    refused, fault = one.refused[-1][1] if one.refused else None, met(place, one)
    untold = refused is not None and refused.reason in UNTOLD
    found = why(place, one) if refused and not untold else {}  # a search of seconds, for what “Why?” is asked
    after = str(found.get("after", ""))
    looks = bool(one.carries) and (untold or bool(found.get("explanations")))
    sides = between(place, one)
    meant = fault if fault and isinstance(fault.expected, Refuses) else None
    known = cures(place.name).get(meant.name) if meant else None

    asked = wire.get(found_in[-1]["asked"]) if (found_in := sources(place, one)) else None
    call = (asked.request, asked.response) if asked and refused and answered(refused) else None

    def hint(each: Refused) -> str:
        if known and each is refused:
            return known.hint
        return after if after.startswith(CHANGED) else advice(each, looks, request, call)

    answer: Json = {
        "n": one.number, "answer": one.answer, "from": sender(one), "to": one.receiver, "sender": place.called(sender(one)), "receiver": place.called(one.receiver), "now": one.now,
        "request": _request(wire, request), "exact": one.arrived is not None, "verdict": seen, "carries": one.carries,
        "title": TITLES.get(seen, "").format(place.called(one.receiver)),
        "refusals": [_refusal(endpoint, each, named(hint(each), *sides), request, call) for endpoint, each in one.refused], "wrong": known.wrong + account(place, refused) if known else "",
        "findings": [{"clause": each.clause, "state": each.state, "detail": each.detail} for each in one.findings],
        "rule": rule(place, one), "sources": found_in, "who": who(place, one, call), "like": like(place, one) if seen == "refused" and not found_in else 0, "rejected": rejected(place, one), "note": note(place, one), "probe": probes(one),
        "clause": None if refused or not one.findings else clause(place.name, one.findings[-1].clause),
        "parts": parts(wire, one.request), "served": one.receiver in place.served,
        "resendable": one.request.origin in place.own(), "origin": one.request.origin,
        "why": untold or _has_more(found, bool(known)) if one.refused else bool(one.carries),
        "fault": what(meant) if meant else "",
        "survived": what(fault) if fault and isinstance(fault.expected, Survives) else "", "expected": expected(place, one),
        "readings": [{"id": each.id, "rule": each.rule} for each in load(place.name).readings("signing")],
    }  # fmt: skip
    if one.response is not None:
        answer["response"] = _response(wire, one.response)
    elif one.answered is not None:
        answer["failure"] = one.answered.text
    return answer


def _headers(wire: Wire, headers: Headers) -> list[list[str]]:
    with wire._lock:
        return [[name, wire._cut(wire._header(name, value), 2_000)] for name, value in headers[:100]]


def _request(wire: Wire, request: Request) -> Json:
    with wire._lock:
        url = wire._url(request.url)
        body = wire._body(request.header("content-type").lower(), request.body)
    target = url.removeprefix(request.origin) or "/"
    path, mark, query = target.partition("?")
    pieces = [[f"{request.method} {path}{mark}", ""]]
    for number, piece in enumerate(query.split("&") if query else ()):
        pieces += [["&", ""]] if number else []
        pieces.append([piece, f"query-{number}"])
    return {
        "line": f"{request.method} {target} HTTP/1.1", "pieces": [*pieces, [" HTTP/1.1", ""]],
        "headers": _headers(wire, request.headers), "body": body, "bytes": len(request.body),
    }  # fmt: skip


def _response(wire: Wire, response: Response) -> Json:
    with wire._lock:
        body = wire._body(response.header("content-type").lower(), response.body)
    head = {"line": f"HTTP/1.1 {response.status}", "headers": _headers(wire, response.headers)}
    return {**head, "body": body, "bytes": len(response.body)}


def who(place: Place, one: Exchange, call: Call | None) -> str:
    """Return who refused what, in a sentence; nothing where nobody was seen to."""
    if not one.refused:
        return ""
    receiver = re.sub("^the ", "The ", place.called(one.receiver))
    asked = call_of(one.refused[-1][1], call) if call else ""
    what = (
        f"not this request, but the answer to {asked}, which it sent because of it"
        if asked
        else "this request"
    )
    return f"{receiver} refused {what}."


def _refusal(endpoint: str, refused: Refused, hint: str, request: Request, call: Call | None) -> Json:
    return {
        "endpoint": endpoint, "reason": refused.reason, "clause": refused.clause, "evidence": [*map(list, facts(refused, request, call).items())],
        "says": REASONS[refused.reason].meaning, "hint": hint, "stage": refused.stage,
    }  # fmt: skip


def why(place: Place, one: Exchange, readings: Sequence[str] = ()) -> Json:
    """Return why a request was refused, or what its signature covers; nothing of it shows a secret.

    What the operator was told is the answer. `explain` is asked with the secrets that the receiver tries, and
    answers where it refuses for the same reason, or under a reading that a person chose.
    """
    refused = one.refused[-1][1] if one.refused else None
    sides = between(place, one)
    secrets = place.tools.secrets(place.sides, one.request)
    case = Case(place.name, one.arrived or one.request, one.now, secrets, place.ciphers, sides)
    known = {each.id for each in load(place.name).readings("signing")}
    found = case.found([each for each in readings if each in known])
    bad = verdict(place, one) == "refused"
    after = beside(refused, found) if bad and not readings else ""
    if bad and probes(one):
        after = one.request.note
    if after:
        told = {"reason": refused.reason, "hint": refused.hint()} if refused else REFUSED_BY_ANSWER
        return {"verdict": "refused", "after": after, **told, "hint": named(told["hint"], *sides)}
    if found is None:
        says = "No secret is known here for this request: nothing can be compared."
        return {"verdict": "unknown", "says": says}
    found = ruled(refused, found)
    parts = [part for group in found.explanations[:1] for each in group for part in each.parts]
    broken = next((part.clause for part in parts if part.kind != "reading" and part.clause), "")
    fault = met(place, one) if bad and not parts else None
    rule = clause(place.name, broken) if bad else None
    copied = one.request.note if bad and one.request.note.startswith(COPY) else ""
    return {**case.told(found), "rule": rule, "known": what(fault) if fault else copied.rstrip(".")}


def beside_operator(place: Place, one: RefusedRequest) -> Json:
    """Return what the operator's page may say of a refused request beside what the app knows: its message, and the fault."""
    with place.wire._all:
        kept = [*reversed(place.wire.exchanges.values())]
    for found in kept:
        mine = any(refused is one.refused for _, refused in found.refused) if one.refused else False
        if mine or (one.refused is None and one.request in (found.arrived, found.request)):
            fault = met(place, found)
            known = cures(place.name).get(fault.name) if fault else None
            wrong = known.wrong if known else found.request.note if probes(found) else ""
            lines = by_side(named(known.hint, place.sides.platform.name, "your app")) if known else []
            told = {
                "fault": what(fault) if fault and known else "",
                "wrong": wrong + account(place, one.refused),
            }
            return {"todo": lines, "n": found.number, **told}
    return {}


def account(place: Place, refused: Refused | None) -> str:
    """Return the account's own address in a sentence, where a refusal is about another one."""
    foreign = refused is not None and {"origin", "url"} & set(refused.evidence)
    return f" The account of this page is at {place.addresses['platform']}." if foreign else ""


def between(place: Place, one: Exchange) -> tuple[str, str]:
    """Return who made a request and who received it: what a browser carries to the partner, the platform made."""
    platform, partner = place.sides.platform.name, place.sides.partner.name
    return (platform, partner) if one.receiver == partner else (partner, platform)


def _has_more(found: Json, known: bool) -> bool:
    """Return whether Why? has more to say than the refusal itself: a cause, or what the bytes say where the fault is not `known`."""
    return bool(found.get("explanations")) or (
        not known and found.get("after", "") not in ("", NOT_THE_SIGNATURE)
    )
