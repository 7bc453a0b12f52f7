"""What the page says beside a message: why it travelled, which rule it breaks, where the evidence came from."""

from __future__ import annotations

from typing import Any

from ..runtime.browser import PLAYED
from ..runtime.verdicts import PROBE, Fault, Refuses, Survives
from ..spec.register import load
from .advice import UNTOLD
from .cures import cures
from .places import Place
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
    if one.sender == "browser":
        if not (first := looked(place, one)):
            return ""
        asked = place.wire.get(first)
        language = (
            one.request.header("accept-language") and asked and not asked.request.header("accept-language")
        )
        other = (
            " The simulator's browser names no language, so its page may be in another one."
            if language
            else ""
        )
        return f"The simulator asked for this page in message {first} already, and checked that answer: that one counts. Here the window opens it.{other}"
    sent = one.request.target, one.request.body
    before = [each.request for each in chapter_of(place, one) if each.number < one.number]
    return "The same once more." if sent in [(each.target, each.body) for each in before] else ""


def rule(place: Place, one: Exchange) -> Json | None:
    """Return the clause that a refused message breaks, and how that is known: `by` the `fault`, or by the `check`.

    A fault that was pressed says it. Without one the check that refused says it, but for a wrong signature, which may
    have any cause: then `by` is `nobody` and there is no clause. What a simulator sent on purpose breaks none.
    What a step with a fault that has to be survived shows has its rule too.
    """
    refused, fault = one.refused[-1][1] if one.refused else None, met(place, one)
    if fault is not None:
        known = cures(place.name).get(fault.name)
        return {"by": "fault", **(clause(place.name, (known and known.rule) or fault.clause) or {})}
    if refused is None or probes(one):
        return None
    if refused.reason in UNTOLD:
        return {"by": "nobody"}
    return {"by": "check", **(clause(place.name, refused.clause) or {})}


def looked(place: Place, one: Exchange) -> int:
    """Return the number of the message with which a simulator looked at what a window shows, 0 where it did not."""
    before = [each for each in chapter_of(place, one) if each.number < one.number and not one.request.note]
    same = (each for each in before if each.request.note == PLAYED and each.request.path == one.request.path)
    return max((each.number for each in same), default=0)


def met(place: Place, one: Exchange) -> Fault | None:
    """Return the fault that a message was sent with, where it ended as it has to: refused for its reason, or survived."""
    chapter = place.wire.chapters.get(one.chapter)
    fault = chapter.fault if chapter else None
    if chapter is None or fault is None or probes(one):
        return None
    if isinstance(fault.expected, Refuses):
        right = (fault.expected.reason, fault.expected.other)
        return fault if one.refused and one.refused[-1][1].reason in right else None
    here = chapter.settled and one.number == survivor(place, chapter.number)
    return fault if here else None


def carried_on(place: Place, one: Exchange) -> bool:
    """Return whether a step with a fault was survived, and this message answered, whatever the operator was told of it."""
    chapter = place.wire.chapters.get(one.chapter)
    fault = chapter.fault if chapter and chapter.settled else None
    survives = fault is not None and isinstance(fault.expected, Survives)
    return survives and one.response is not None and one.response.status < 400


def survivor(place: Place, chapter: int) -> int:
    """Return the number of the message of a chapter that a fault was in: the first that is signed, or else to the partner."""
    with place.wire._all:
        here = [one for one in place.wire.exchanges.values() if one.chapter == chapter]
    sent = [one for one in here if one.request.note in ("", PLAYED)]
    to = [one for one in sent if one.receiver == place.sides.partner.name] or sent
    return next((one.number for one in (*filter(lambda one: one.carries, to), *to)), 0)


def sources(place: Place, one: Exchange) -> list[Json]:
    """Return the messages of the same step that the evidence of a refusal came from, and where they went.

    `other` is the address of the account on this page, where the request went to another one. Where the evidence
    names none, it is what the receiver asked last before it refused: only what was verified lets it ask.
    """
    refused = one.refused[-1][1] if one.refused else None
    if refused is None:
        return []
    facts = set(map(str, refused.evidence.values()))
    known = one.request.target + one.request.body.decode("utf-8", "replace")
    words = {word for fact in facts for word in fact.split() if len(word) >= SHORTEST and word not in known}
    home, found = place.addresses["platform"], []
    if refused.reason in ("replayed", "wrong-state") and (first := _taken(place, one)):
        return [{"n": first, "asked": first, "taken": True, "lost": False, "to": "", "other": ""}]
    until = one.answer or place.wire.version + 1
    here = [each for each in chapter_of(place, one) if one.number < each.number < until]
    own = [each for each in here if each.sender == one.receiver]
    for each in own:
        body = each.response.body.decode("utf-8", "replace") if each.response else ""
        asked = f"{each.request.method} {each.request.path}" in facts
        if asked or any(word in body for word in words):
            found.append(each)
    return [
        {
            "n": each.answer or each.number, "asked": each.number, "taken": False, "lost": each.response is None, "to": each.request.origin,
            "other": home if each.request.origin != home else "",
        }
        for each in (found or own[-1:])[-3:]
    ]  # fmt: skip


def rejected(place: Place, one: Exchange) -> list[Json]:
    """Return the messages of the same step whose receiver refused the answer to this one, each with the reason."""
    found = []
    for other in chapter_of(place, one) if one.answer else ():
        if other.refused and other.receiver == one.sender and not probes(other):
            named = [each["n"] for each in sources(place, other) if not each["taken"]]
            if one.answer in named[-1:]:
                fault = met(place, other)
                expected = fault is not None and isinstance(fault.expected, Refuses)
                found.append({"n": other.number, "reason": other.refused[-1][1].reason, "expected": expected})
    return found


def like(place: Place, one: Exchange) -> int:
    """Return the number of the newest message before one that was accepted at the same address without a fault, 0 where none is kept."""
    there = one.receiver, one.request.path
    with place.wire._all:
        same = [each for each in place.wire.exchanges.values() if (each.receiver, each.request.path) == there]
        broken = {each.number for each in place.wire.chapters.values() if each.fault}
    good = (
        each for each in same if not each.refused and each.chapter not in broken and each.number < one.number
    )
    return max((each.number for each in good if each.response and each.response.status < 400), default=0)


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
    known = load(platform)
    title = {one.id: one.title for one in known.sources}
    for one in known.clauses:
        if one.id == id:
            return {
                "id": id, "actor": one.actor, "level": one.level, "text": one.text,
                "source": title.get(one.source, one.source), "heading": one.heading, "grade": one.grade,
            }  # fmt: skip
    for advice in known.advice:
        if advice.id == id:
            return {
                "id": id, "actor": "partner", "level": "advice", "text": advice.text,
                "source": title.get(advice.source, advice.source), "heading": "", "grade": advice.grade,
            }  # fmt: skip
    return None
