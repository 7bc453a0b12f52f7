"""What a handshake has proven: who checked what, and what to try next."""

from __future__ import annotations

from typing import Any

from ..runtime.verdicts import Refuses
from ..spec.register import load
from .places import Place
from .remarks import probes
from .views import group, states, verdict

Json = dict[str, Any]
MOST_TRIES = 3


def proven(place: Place) -> Json:
    """Return the clauses that were held, violated and not seen, what the partner verified, and what to try next."""
    findings = list(place.sides.platform.findings)  # type: ignore[attr-defined]
    found, known = states(findings), load(place.name)
    texts = {one.id: one.text for one in known.clauses} | {one.id: one.text for one in known.advice}
    detail = {one.clause: one.detail for one in findings}
    hidden = [{"clause": one.clause, "reason": one.reason} for one in known.untestable]
    seen_of = {clause: state for clause, state in found.items() if state != "not seen"}
    rest = [one.id for one in known.clauses if one.actor == "partner" and one.id not in seen_of]
    checked = [
        {"clause": clause, "state": state, "text": texts.get(clause, ""), "detail": detail.get(clause, "")}
        for clause, state in sorted(seen_of.items(), key=lambda pair: pair[1] != "violated")
    ]
    with place.wire._all:
        exchanges = list(place.wire.exchanges.values())
    seen = [(one, verdict(place, one)) for one in exchanges]
    verified = [one for one, how in seen if how in ("verified", "decrypted")]
    refused = [one for one, how in seen if how == "refused"]
    offered = [one for press in place.shop().presses for one in press.faults]
    meant = [one for one in refused if one.refused and not probes(one)]
    told = [{"n": one.number, "reason": one.refused[-1][1].reason} for one in meant]
    untested = {one["clause"] for one in hidden}
    return {
        "checked": checked,
        "verified": {"count": len(verified), "refused": told[-20:]},
        "unseen": [{"clause": id, "text": texts.get(id, "")} for id in rest if id not in untested],
        "untestable": hidden,
        "next": tries(place),
        "timed": "stale" in [getattr(one.expected, "reason", "") for one in offered],
        "messages": sum(1 + bool(one.answer) for one in exchanges) + len(place.wire.messages),
    }


def tries(place: Place) -> list[Json]:
    """Return faults that were not tried yet, of steps that can be taken now: one of each part of the register."""
    with place.wire._all:
        tried = {one.fault.name for one in place.wire.chapters.values() if one.fault}
    found: list[Json] = []
    for press in place.shop().presses:
        groups = {one["group"] for one in found if one["press"] == press.id}
        for fault in press.faults if press.ready else ():
            if fault.name not in tried and isinstance(fault.expected, Refuses) and group(fault) not in groups:
                one = {"press": press.id, "step": press.title, "fault": fault.name, "what": fault.what}
                found.append({**one, "reason": fault.expected.reason, "group": group(fault)})
                break
    return found[:MOST_TRIES]
