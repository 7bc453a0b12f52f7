"""A failure in six parts: the clause, what the page says, what was sent, what came back, the likely cause, how to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..core.messages import Unreachable
from ..core.refusals import Refused
from ..explain import explain
from ..explain.telling import told
from ..runtime.ciphers import AesCiphers
from ..runtime.transcript import Transcript
from ..runtime.verdicts import Finding, Refuses
from ..runtime.watching import http_of
from ..spec.register import load
from .doubts import excuse
from .journal import Exchange
from .judgement import TABLE, levels
from .marketplace import Marketplace
from .presses import Press
from .served import Observed

MOST_CAUSE = 14
"""How many lines of an explanation are shown."""
MOST = 5
"""How many failures are told in full."""
MOST_UNSEEN = 10
"""How many findings a failing test shows that are neither held nor violated."""
MOST_EVENTS = 60
"""How many of the last messages it shows."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A finding by its number, with the step and the exchange that it is about, and what it comes to."""

    finding: Finding
    press: Press | None
    exchange: Exchange | None
    level: str
    says: str
    verdict: str
    """`fail` or `warn`, or `undetermined` where `reading` excuses it."""
    reading: str = ""


def violations(market: Marketplace) -> Iterator[Violation]:
    """Yield what was found violated, a clause once for each detail, and what it comes to by the judge's table."""
    name, register = market.platform.name, load(market.platform.name)
    stated = {one.id: "advice" if one.level == "may" else one.level for one in register.clauses}
    weights = stated | levels(register)
    says = {one.id: one.text for one in register.clauses} | {one.id: one.text for one in register.advice}
    for (clause, _), number in _first(market).items():
        finding, (press, exchange) = dict(market.numbered())[number], market.about(number)
        level = weights.get(clause, "must")
        case = market.known_fault(press.fault) if press and press.fault else None
        request = exchange.request if exchange else None
        observed = Observed(finding, case, request=request, now=exchange.at if exchange else 0)
        keys = market.secrets(request) if request else []
        reading = excuse(name, register, observed, keys, AesCiphers())
        verdict = "undetermined" if reading else TABLE["violated", level]
        yield Violation(finding, press, exchange, level, says.get(clause, ""), verdict, reading)


def _first(market: Marketplace) -> dict[tuple[str, str], int]:
    """Return the number of the first finding for each clause that is violated, and each detail."""
    found: dict[tuple[str, str], int] = {}
    for number, finding in market.numbered():
        if finding.violated:
            found.setdefault((finding.clause, finding.detail), number)
    return found


def failure(market: Marketplace, one: Violation, again: str) -> str:
    """Return a violation in six parts, secrets masked; `again` is the command that repeats it."""
    press = one.press
    place = f" at {press.step}" + (f", with the fault {press.fault}" if press.fault else "") if press else ""
    parts = [
        ("clause", f"{one.finding.clause} ({one.level}), violated{place}: {one.finding.detail}"),
        ("the page says", one.says),
        *([("undetermined", f"it is right by another reading, {one.reading}")] if one.reading else []),
        ("sent", _shown(market, one.exchange, 0) if one.exchange else "nothing that is kept"),
        ("came back", _shown(market, one.exchange, 1) if one.exchange else "nothing"),
        ("likely cause", "\n".join(_cause(market, one.finding, press, one.exchange))),
        ("repeat it", again),
    ]
    return "\n".join(f"  {name + ':':<14} {_indented(text)}" for name, text in parts)


def _indented(text: str) -> str:
    return ("\n" + " " * 17).join(text.splitlines())


def _shown(market: Marketplace, exchange: Exchange, part: int) -> str:
    transcript = Transcript(market.secret_names)
    names = ("partner", market.platform.title) if exchange.received else ("simulator", "partner")
    transcript.request(*names, exchange.request)
    if exchange.response:
        transcript.response(*names, exchange.response)
    else:
        transcript.failure(*names, Unreachable(exchange.failure))
    return market.transcript.masked(transcript.text(start=part, end=part + 1)).strip()


def _cause(
    market: Marketplace, finding: Finding, press: Press | None, exchange: Exchange | None
) -> list[str]:
    """Return what the simulator did on purpose, or else what `explain` says of the request."""
    received = exchange is not None and exchange.received
    if press and press.fault and not received:
        fault = market.known_fault(press.fault)
        end = fault.expected
        right = f"refuse it ({end.reason})" if isinstance(end, Refuses) else f"carry on ({end.state})"
        how = "" if finding.clause == fault.clause else ", and to do so as the clause says"
        return [f"The simulator did this on purpose: {fault.what}. The partner has to {right}{how}."]
    secret, *others = (exchange and market.secrets(exchange.request)) or [""]
    lines = ["No signature is involved: compare what was sent and what came back with the clause."]
    if exchange is None or not secret:
        return lines
    try:
        answer = explain(
            market.platform.name, http_of(exchange.request), secret=secret, others=others, now=exchange.at,
            ciphers=AesCiphers(),
        )  # fmt: skip
    except Refused as refused:
        return [refused.explain()]
    if answer.verdict != "verified" and not (received and answer.stages):
        return lines
    if answer.verdict == "verified":
        lines = ["The signature is right: look at what else the clause asks. The bytes that were signed:"]
    else:
        lines = []
    return [*lines, *(market.transcript.masked(line) for line in told(answer, exchange.at))][:MOST_CAUSE]


def repeated(test: str) -> str:
    """Return the command that runs one test again.

    >>> print(repeated("test_a.py::test_b[x y]"))
    pytest 'test_a.py::test_b[x y]'
    """
    return f"pytest {shlex.quote(test)}"


def unfired(market: Marketplace) -> list[str]:
    """Return a sentence for each fault that was armed and that the partner never met."""
    taken = ", ".join(dict.fromkeys(press.step for press in market.presses)) or "none"
    lines = []
    for armed in market.faults:
        if not armed.fired:
            places = ", ".join(market.places(armed.fault.name)) or "no step, with the addresses that are set"
            places = armed.at or places
            lines.append(
                f"The fault {armed.fault.name} was armed and never fired. It plays at: {places}. Steps taken: {taken}."
            )
    return lines


def unexpected(market: Marketplace) -> list[str]:
    """Return a sentence for each request to the simulator that no step has."""
    return [
        f"The partner sent {one.request.method} {one.request.path[:80]}, which the simulator does not have."
        for one in market.requests()
        if one.received and not one.step and one.response and one.response.status == 404
    ]


def told_of(market: Marketplace, again: str, found: Sequence[Violation]) -> str:
    """Return violations in six parts each, the first of them in full."""
    texts = [failure(market, one, again) for one in found[:MOST]]
    if len(found) > MOST:
        texts.append(
            f"  and {len(found) - MOST} more: {', '.join(one.finding.clause for one in found[MOST:])}"
        )
    return "\n\n".join(texts)


def trouble(market: Marketplace, test: str, allow: frozenset[str]) -> tuple[list[str], list[str]]:
    """Return why a test must not pass although its assertions hold, and what is to be said beside it.

    `allow` names clauses that may be violated.
    """
    found = [one for one in violations(market) if one.finding.clause not in allow]
    notes = unexpected(market)
    for one in found:
        if one.verdict != "fail":
            right = f"; it is right by another reading, {one.reading}" if one.reading else ""
            notes.append(f"{one.finding.clause} ({one.level}): {one.finding.detail}{right}")
    told = told_of(market, repeated(test), [one for one in found if one.verdict == "fail"])
    heading = f"{market.platform.title} found that the partner breaks a rule:\n\n"
    return [*unfired(market), *([heading + told] if told else [])], notes


def sections(market: Marketplace, test: str) -> list[tuple[str, str]]:
    """Return what a failing test shows of a simulator: what was found, and what was said."""
    found = told_of(market, repeated(test), [*violations(market)])
    unseen = [f"  not seen: {one.clause}: {one.detail}" for one in market.findings if one.held is None]
    parts = [found, "\n".join([*dict.fromkeys(unseen)][:MOST_UNSEEN]), *unfired(market)]
    recorded = market.transcript.recorded
    said = market.transcript.text(bodies=False, start=max(0, recorded - MOST_EVENTS))
    title = market.platform.title
    shown = (
        (f"what {title} found", "\n\n".join(filter(None, parts))),
        (f"what {title} and the partner said", said),
    )
    return [(name, text) for name, text in shown if text]
