"""What the marketplace page shows, as JSON values: rows of the wire, the steps, what was proven. Nothing here is HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ..core.refusals import REASONS
from ..runtime.browser import PLAYED
from ..runtime.story import Press
from ..runtime.verdicts import Fault, Finding, Refuses, Survives
from ..spec.register import load
from .places import Place
from .portals import PORTAL
from .remarks import carried_on, looked, met, note, probes, survivor
from .wire import Chapter, Exchange

VERDICTS = {"signed": "verified", "encrypted": "decrypted"}
NOTHING_CHECKED = "The marketplace itself checks nothing of it."
NOTHING_SENT = "Nothing was sent: that is the fault, and the wire shows no message."
Json = dict[str, Any]


def verdict(place: Place, one: Exchange) -> str:
    """Return `verified`, `decrypted` or `refused` for what the receiver was seen to do, else nothing.

    Of a receiver that somebody else runs only its answer is seen, and an answer is no verification.
    """
    if one.refused and not carried_on(place, one):
        return "refused"
    response = one.response
    if response is None or not one.carries or one.receiver not in place.served:
        return ""
    if place.tools.refuses(one.request, response):
        return "refused"
    return VERDICTS[one.carries] if response.status < 400 else ""


def rows(place: Place, after: int) -> list[Json]:
    """Return what has changed on the wire since a version: chapters, and messages in both directions."""
    wire = place.wire
    found: list[Json] = []
    with wire._all:
        found += [chapter(one) for one in wire.chapters.values() if one.version > after]
        for one in wire.exchanges.values():
            if one.version > after:
                found += exchange(place, one)
        found += [
            {
                "n": n, "kind": "message", "chapter": number, "from": event.sender, "to": event.receiver,
                "text": f"postMessage “{event.text}”", "sub": "from window to window",
            }
            for n, (number, event, version) in wire.messages.items()
            if version > after
        ]  # fmt: skip
    return found


def exchange(place: Place, one: Exchange) -> list[Json]:
    """Return the rows of a request and of its answer: who, what, of which step."""
    wire, seen = place.wire, verdict(place, one)
    method, _, url = wire.masked(one.shown.text).partition(" ")
    target = re.sub("^https?://[^/?]*", "", url) or "/"
    reason = one.refused[-1][1].reason if one.refused else ""
    path, _, query = target.partition("?")
    request = {
        "n": one.number, "kind": "request", "chapter": one.chapter, "from": sender(one), "to": one.receiver,
        "text": f"{method} {path}", "sub": reason or _names(query, one), "search": target, "carries": one.carries,
        "verdict": seen, "answer": one.answer, "open": one.answered is None,
        "violated": any(finding.violated for finding in one.findings), "note": note(place, one), "expected": expected(place, one),
    }  # fmt: skip
    if one.answered is None:
        return [request]
    back = {"kind": one.answered.kind, "chapter": one.chapter, "from": one.receiver, "to": sender(one)}
    text, sub = one.answered.text, ""
    if one.response is not None:
        location = next((value for name, value in one.answered.headers if name == "location"), "")
        sub = f"to {wire.masked(location)}" if location else _short(wire.masked(one.answered.body))
    return [request, {"n": one.answer, **back, "text": text, "sub": sub, "verdict": seen, "of": one.number}]


def expected(place: Place, one: Exchange) -> bool:
    """Return whether a refusal is one that had to be: a simulator sent it for that, or a fault that a person chose."""
    fault = met(place, one)
    return probes(one) or (fault is not None and isinstance(fault.expected, Refuses))


def sender(one: Exchange) -> str:
    """Return who sent a request: what a platform sends to itself, or with a browser that it plays, a browser sends."""
    return "browser" if one.sender == one.receiver or one.request.note == PLAYED else one.sender


def _names(query: str, one: Exchange) -> str:
    """Return the names of a query's parameters, or of a form's fields, as a row has room for them."""
    text = query or (one.shown.body if "urlencoded" in one.request.header("content-type") else "")
    names = [piece.partition("=")[0] for piece in text.split("&") if piece]
    return _short(", ".join(names) or one.shown.body)


def _short(text: str, most: int = 120) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def chapter(one: Chapter) -> Json:
    """Return a chapter's row."""
    row = {
        "chapter": one.number,
        "kind": "chapter",
        "title": one.title,
        "first": one.first,
        "press": one.press,
    }
    return {**row, "fault": one.fault.name if one.fault else "", "what": what(one.fault) if one.fault else ""}


# --- steps --------------------------------------------------------------------------------------


def shop(place: Place) -> Json:
    """Return the platform's tile and steps."""
    now = place.shop()
    steps = [step(place, press) for press in now.presses]
    return {
        "name": place.name, "title": place.platform.title, "line": now.line, "state": now.state, "connected": now.connected,
        "lanes": ["browser", place.sides.platform.name, place.sides.partner.name], "origins": place.addresses,
        "steps": steps, "ahead": place.clock.ahead, "now": place.clock(), "proven": counts(place),
    }  # fmt: skip


def step(place: Place, press: Press) -> Json:
    """Return a step: what it does, and how its last try ended."""
    last = place.wire.last(press.id)
    state, said = ended(place, press, last) if last else untried(press)
    if last and last.fault is None and (state, press.done) == ("held", False):
        said += " It was undone since."
    return {
        "id": press.id, "title": press.title, "line": press.line, "window": press.window, "ready": press.ready,
        "state": state, "said": said + wrong(press, last, state), "unchecked": NOTHING_CHECKED in said, "shows": named(place, last, state, said) if last else 0, "fault": last.fault.name if last and last.fault else "", "try": last.number if last else 0, "faults": len(press.faults), "done": press.done is True, "worked": state == "held" or bool(press.done) or place.wire.worked(press.id),
        "action": f"{place.addresses['platform']}{PORTAL}/{press.step}", "fields": dict(press.fields),
    }  # fmt: skip


def wrong(press: Press, last: Chapter | None, state: str) -> str:
    """Return what was wrong with a try that was refused as expected, and whether what was there before stays."""
    if state != "refused" or last is None or last.fault is None:
        return ""
    return f" The fault: {what(last.fault)}." + (" What was there before stays." if press.done else "")


def untried(press: Press) -> tuple[str, str]:
    """Return the state of a step that was not pressed here, and a sentence where it has its effect all the same."""
    if press.ready and press.done:
        return "held", f"Done in another way than by this button. {NOTHING_CHECKED}"
    return "next" if press.ready else "later", ""


def named(place: Place, last: Chapter, state: str, said: str) -> int:
    """Return the number of the message whose refusal a try's sentence names, the newest of them; 0 where it names none.

    Of one that a simulator looked at first, it is that one: it counts. A fault that was survived shows where it was.
    """
    words = set(re.findall("[a-z-]+", said))
    reasons = [one for one in reversed(last.reasons) if one in words or state == "violated"]
    with place.wire._all:
        chapter = [one for one in place.wire.exchanges.values() if one.chapter == last.number]
    if last.settled and not reasons and last.fault and isinstance(last.fault.expected, Survives):
        return survivor(place, last.number)
    shows = max(
        (one for one in chapter if reasons[:1] and reasons[0] in [each.reason for _, each in one.refused]),
        key=lambda one: one.number,
        default=None,
    )
    return (looked(place, shows) or shows.number) if shows else 0


def ended(place: Place, press: Press, last: Chapter) -> tuple[str, str]:
    """Return how a try ended, by its own answers, and a sentence; what has ended well stays so when a later step undoes it.

    It is `running`, `waiting`, `held`, `refused` as expected, `failed` (refused without a fault), `violated` or `unseen`.
    """
    violated = [one for one in last.findings if one.violated]
    if violated:
        return "violated", f"{violated[-1].clause}: {violated[-1].detail}"
    if last.running:
        return "running", "The answer is not there yet."
    reasons, expected = last.reasons, last.fault.expected if last.fault else None
    if isinstance(expected, Refuses):
        right = [one for one in (expected.reason, expected.other) if one and one in reasons]
        if right:
            return "refused", f"Refused as expected: {right[0]}."
        if reasons:
            return "violated", f"Refused as {reasons[-1]}; {expected.reason} was expected."
    held = len({one.clause for one in last.findings if one.held is True})
    verified = _accepted(place, last) if press.window else ""
    accepted = verified if press.done is None else ""
    refused = f"Refused: {reasons[-1]}. {REASONS[reasons[-1]].meaning}" if reasons else ""
    if last.settled or press.done or (press.done is None and held) or accepted:
        last.settled = True
        survived = ""
        if isinstance(expected, Survives) and last.fault:
            survived = f"Survived as expected: {expected.state}. The fault: {what(last.fault)}."
        checks = f"{held} check{'' if held == 1 else 's'} of the marketplace held." if held else ""
        with place.wire._all:
            sent = any(one.chapter == last.number for one in place.wire.exchanges.values())
        nothing = "" if accepted or checks else NOTHING_CHECKED if sent or not survived else NOTHING_SENT
        said = " ".join(filter(None, (verified, checks or nothing)))
        also = (
            f"Also {refused[0].lower()}{refused[1:]}"
            if reasons and not survived
            else _turned_back(place, press, last)
        )
        return "held", " ".join(filter(None, (survived, said, also)))
    if press.window and last.left:
        return "failed" if reasons else "unseen", refused or "The window was closed before its end."
    if press.window:
        again = "Go on in the window that opened. If it is gone, press again."
        return "waiting", f"{refused} {again}".strip()
    return ("failed", refused) if reasons else ("unseen", "Nothing was seen of it.")


def _turned_back(place: Place, press: Press, last: Chapter) -> str:
    """Return that a window was closed before its browser got to the partner, once a signed message had its effect."""
    with place.wire._all:
        chapter = [one for one in place.wire.exchanges.values() if one.chapter == last.number]
    partner = place.sides.partner.name
    there = any(one.sender == "browser" and one.receiver == partner for one in chapter)
    if there or press.done is None or not last.left or not any(one.carries for one in chapter):
        return ""
    return f"The window was closed before its browser got to the {partner}."


def _accepted(place: Place, last: Chapter) -> str:
    """Return who verified a message of a chapter, in a sentence; nothing where nobody was seen to."""
    with place.wire._all:
        chapter = (one for one in place.wire.exchanges.values() if one.chapter == last.number)
        one = next((one for one in chapter if one.carries), None)
        how = verdict(place, one) if one else ""
    if one is None or how not in VERDICTS.values():
        return ""
    return f"{re.sub('^the ', 'The ', place.called(one.receiver))} {how} it."


def faults(press: Press) -> list[Json]:
    """Return the faults of a step in groups, each with a sentence and how it has to end."""
    return [
        {
            "name": one.name, "what": what(one), "clause": one.clause, "group": group(one),
            "ends": f"expected: refused, {one.expected.reason}" if isinstance(one.expected, Refuses) else f"expected: survived, {one.expected.state}",
            "survived": not isinstance(one.expected, Refuses),
        }
        for one in press.faults
    ]  # fmt: skip


def what(fault: Fault) -> str:
    """Return what a fault does in words, without the number of an ambiguity.

    >>> what(Fault("early", "shop:time", Refuses("stale"), "the time is early (A7)"))
    'the time is early'
    """
    return re.sub(r" \(A\d+\)$", "", fault.what)


def group(fault: Fault) -> str:
    """Return the part of the register that a fault tries.

    >>> group(Fault("late", "shop:answer-time.limit", Refuses("stale"), "the answer is late"))
    'Answer time'
    """
    return fault.clause.partition(":")[2].partition(".")[0].replace("-", " ").capitalize()


# --- what was proven ------------------------------------------------------------------------------


def states(findings: Iterable[Finding]) -> dict[str, str]:
    """Return the state of each clause: violated once is violated, and what was held is more than what was not seen."""
    order, found = ("not seen", "held", "violated"), dict[str, str]()
    for one in findings:
        found[one.clause] = max(found.get(one.clause, "not seen"), one.state, key=order.index)
    return found


def counts(place: Place) -> dict[str, int]:
    """Return how many of the partner's clauses are held, violated, not seen, and never shown by a request: always as many in all."""
    found, known = states(list(place.sides.platform.findings)), load(place.name)  # type: ignore[attr-defined]
    hidden = {one.clause for one in known.untestable}
    open_ = {id: "untestable" for id in hidden if found.get(id) not in ("held", "violated")}
    values = [(found | open_).get(one.id, "not seen") for one in known.clauses if one.actor == "partner"]
    names = {"held": "held", "violated": "violated", "unseen": "not seen", "untestable": "untestable"}
    return {key: values.count(state) for key, state in names.items()}
