"""What the page says beside a message: why it travelled, which rule it breaks, where the evidence came from."""

from __future__ import annotations

from typing import Any

from ..runtime.browser import PLAYED
from ..runtime.verdicts import PROBE, Refuses
from ..spec.register import load
from .places import Place
from .reasons import UNTOLD
from .wire import Exchange

Json = dict[str, Any]
SHORTEST = 8
"""How long a value has to be before it is looked for in other messages."""


def chapter_of(place: Place, one: Exchange) -> list[Exchange]:
    """Return the exchanges of the same step, in order."""
    with place.wire._all:
        return [other for other in place.wire.exchanges.values() if other.chapter == one.chapter]


def probes(one: Exchange) -> bool:
    """Return whether a simulator sent this beside a step, to see that it is refused."""
    return one.request.note.startswith(PROBE)


def note(place: Place, one: Exchange) -> str:
    """Return why a message travelled, where the step alone does not say so."""
    if one.request.note:
        return one.request.note
    if one.sender not in ("browser", place.sides.platform.name):
        return ""
    before = [each.request for each in chapter_of(place, one) if each.number < one.number]
    if one.sender == "browser":
        looked = any(each.note == PLAYED and each.path == one.request.path for each in before)
        return (
            "The simulator looked at this answer first, and checked it there; now the window shows the same address."
            if looked
            else ""
        )
    sent = one.request.target, one.request.body
    return "The same once more." if sent in [(each.target, each.body) for each in before] else ""


def rule(place: Place, one: Exchange) -> Json | None:
    """Return the clause that a refused message breaks, and how that is known: `by` the `fault`, or by the `check`.

    A fault that was pressed says it. Without one the check that refused says it, but for a wrong signature, which may
    have any cause: then `by` is `nobody` and there is no clause. What a simulator sent on purpose breaks none.
    """
    refused = one.refused[-1][1] if one.refused else None
    chapter = place.wire.chapters.get(one.chapter)
    expected = chapter.fault.expected if chapter and chapter.fault else None
    if refused is None or probes(one):
        return None
    asked = isinstance(expected, Refuses) and refused.reason in (expected.reason, expected.other)
    if asked and chapter and chapter.fault:
        return {"by": "fault", **(clause(place.name, chapter.fault.clause) or {})}
    if refused.reason in UNTOLD:
        return {"by": "nobody"}
    return {"by": "check", **(clause(place.name, refused.clause) or {})}


def sources(place: Place, one: Exchange) -> list[Json]:
    """Return the messages of the same step that the evidence of a refusal came from, and where they went.

    `other` is the address of the account on this page, where the request went to another one.
    """
    refused = one.refused[-1][1] if one.refused else None
    if refused is None:
        return []
    facts = set(refused.evidence.values())
    known = one.request.target + one.request.body.decode("utf-8", "replace")
    words = {word for fact in facts for word in fact.split() if len(word) >= SHORTEST and word not in known}
    home, found = place.addresses["platform"], []
    if refused.reason == "replayed" and (first := _taken(place, one)):
        return [{"n": first, "taken": True, "to": "", "other": ""}]
    for each in chapter_of(place, one):
        if each.sender != one.receiver or each.response is None or each.number <= one.number:
            continue
        body = each.response.body.decode("utf-8", "replace")
        asked = f"{each.request.method} {each.request.path}" in facts
        if asked or any(word in body for word in words):
            other = home if each.request.origin != home else ""
            found.append({"n": each.number, "taken": False, "to": each.request.origin, "other": other})
    return found[-3:]


def _taken(place: Place, one: Exchange) -> int:
    """Return the number of the message that was accepted with the same bytes, 0 where none is kept."""
    sent = (one.request.method, one.request.target, one.request.body)
    with place.wire._all:
        for each in place.wire.exchanges.values():
            same = (each.request.method, each.request.target, each.request.body) == sent
            if same and each.number < one.number and not each.refused:
                return each.number
    return 0


def clause(platform: str, id: str) -> Json | None:
    """Return a clause as the register has it, or None where it has no such.

    >>> clause("officernd", "officernd:signature.parameters")["level"]
    'must'
    """
    for one in load(platform).clauses:
        if one.id == id:
            return {
                "id": id, "actor": one.actor, "level": one.level, "text": one.text,
                "source": one.source, "heading": one.heading, "grade": one.grade,
            }  # fmt: skip
    for advice in load(platform).advice:
        if advice.id == id:
            return {
                "id": id, "actor": "partner", "level": "advice", "text": advice.text,
                "source": advice.source, "heading": "", "grade": advice.grade,
            }  # fmt: skip
    return None
