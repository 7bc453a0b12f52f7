"""A failure in six parts: the clause, what the page says, what was sent, what came back, the likely cause, how to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from ..core.messages import Unreachable
from ..core.refusals import Refused
from ..explain import explain
from ..explain.telling import told
from ..runtime.ciphers import AesCiphers
from ..runtime.transcript import Transcript
from ..runtime.verdicts import Finding, Refuses
from ..runtime.watching import http_of
from ..spec.register import Register, load
from .journal import Exchange
from .marketplace import Marketplace, Press

MOST_CAUSE = 14
"""How many lines of an explanation are shown."""
MOST = 5
"""How many failures are told in full."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a violation of a clause counts for: `fail`, `warn`, or `undetermined` with the question that is open."""

    verdict: str
    level: str
    says: str
    question: str = ""


def weight(register: Register, clause: str) -> Weight:
    """Return what a violation of a clause counts for.

    >>> register = load("officernd")
    >>> weight(register, "officernd:signature.every-request").verdict
    'fail'
    >>> weight(register, "officernd:advice.no-crash").verdict
    'warn'
    """
    advice = next((one for one in register.advice if one.id == clause), None)
    if advice:
        return Weight("warn", "advice", advice.text)
    found = register.clause(clause)
    doubt = next(
        (one for one in register.ambiguities if clause in one.clauses and one.status == "open"), None
    )
    if doubt:
        return Weight("undetermined", found.level, found.text, f"{doubt.id}: {doubt.question}")
    return Weight("fail" if found.level == "must" else "warn", found.level, found.text)


def violations(market: Marketplace) -> Iterator[tuple[int, Finding, Weight]]:
    """Yield what was found violated, with its number and weight; a clause once for each fault or step."""
    register, seen = load(market.platform.name), set()
    for number, finding in market.numbered():
        if finding.violated and (finding.clause, finding.detail) not in seen:
            seen.add((finding.clause, finding.detail))
            yield number, finding, weight(register, finding.clause)


def failure(market: Marketplace, number: int, finding: Finding, counts: Weight, again: str) -> str:
    """Return a violation in six parts, secrets masked; `again` is the command that repeats it."""
    press, exchange = market.about(number)
    what = f"at {press.step}" + (f", with the fault {press.fault}" if press.fault else "") if press else ""
    parts = [
        ("clause", f"{finding.clause} ({counts.level}), violated {what}: {finding.detail}"),
        ("the page says", counts.says),
        *([("not settled", counts.question)] if counts.question else []),
        ("sent", _sent(market, exchange)),
        ("came back", _came(market, exchange)),
        ("likely cause", "\n".join(_cause(market, press, exchange))),
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


def _sent(market: Marketplace, exchange: Exchange | None) -> str:
    return _shown(market, exchange, 0) if exchange else "nothing that is kept"


def _came(market: Marketplace, exchange: Exchange | None) -> str:
    return _shown(market, exchange, 1) if exchange else "nothing"


def _cause(market: Marketplace, press: Press | None, exchange: Exchange | None) -> list[str]:
    """Return what the simulator did on purpose, or else what `explain` says of the request."""
    received = exchange is not None and exchange.received
    if press and press.fault and not received:
        fault = market.known_fault(press.fault)
        end = fault.expected
        right = f"refuse it ({end.reason})" if isinstance(end, Refuses) else f"carry on ({end.state})"
        return [f"The simulator did this on purpose: {fault.what}. The partner has to {right}."]
    secret, *others = market.secrets(exchange.request) if exchange else [""]
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


def told_of(
    market: Marketplace, again: str, *, allow: frozenset[str] = frozenset(), all_: bool = False
) -> str:
    """Return the violations that fail, with `all_` the others too, each in six parts."""
    wanted = [
        one for one in violations(market) if (all_ or one[2].verdict == "fail") and one[1].clause not in allow
    ]
    texts = [failure(market, *one, again) for one in wanted[:MOST]]
    if len(wanted) > MOST:
        texts.append(f"  and {len(wanted) - MOST} more: {', '.join(one[1].clause for one in wanted[MOST:])}")
    return "\n\n".join(texts)
