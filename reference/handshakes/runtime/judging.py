"""The findings of a platform's checks, as every simulator keeps them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from ..core.messages import Response, Step
from ..core.printing import printable
from .role import Clock, Random
from .verdicts import F, Fault, Finding, Findings, Outcome

MOST_DETAIL = 300
TRIES = 3
"""How often a step is taken whose fault counts for one second only."""
LONG = 8
"""Characters from which on a value is not found in an address by chance."""
TELLING = ("content-type", "www-authenticate", "set-cookie", "location")


def tells(address: str, value: str) -> bool:
    """Return whether an address has a value behind its host: as a whole piece, or within one where the value is long.

    >>> tells("http://127.0.0.1:13700/app", "137"), tells("/app?contact=137", "137"), tells("/app/1137", "137")
    (False, True, False)
    """
    rest = unquote(re.sub("^[a-z]+://[^/?#]*", "", address, flags=re.IGNORECASE))
    return value in re.split("[/?#&=;]", rest) or (len(value) >= LONG and value in rest)


def same_as_first(
    seen: dict[str, Response], place: str, response: Response, clause: str, name: str, more: str = ""
) -> Finding:
    """Compare an answer to what did not verify with the first one at the same place: what a stranger sees of both.

    That is the status, the body and the headers that tell something; `more` is a header that one platform looks at too.

    >>> seen = {}
    >>> same_as_first(seen, "shop", Response(403, (("date", "1"),)), "shop:uniform", "no sum").held
    True
    >>> same_as_first(seen, "shop", Response(401, (("date", "2"),)), "shop:uniform", "wrong sum").detail
    'wrong sum: another answer than the first to what did not verify'
    """
    kept = tuple(pair for pair in response.headers if pair[0] in (*TELLING, more))
    found = replace(response, headers=kept)
    same = found == seen.setdefault(place, found)
    other = "the same answer as" if same else "another answer than"
    return Finding(clause, same, f"{name}: {other} the first to what did not verify")


class Judging:
    """What the platform's checks said so far; a simulator names the prefix of its clauses.

    >>> class Shop(Judging):
    ...     prefix = "shop:"
    >>> shop = Shop()
    >>> shop.found("sum", False, "13 in place of 12")
    >>> shop.outcome(None, (Finding("shop:answer", None, "no answer"),)).held
    True
    >>> [finding.state for finding in shop.findings]
    ['violated', 'not seen']
    """

    prefix = ""

    def __init__(self, settings: Any = None, *, clock: Clock = int, random: Random = bytes) -> None:
        self.settings, self.clock, self.random = settings, clock, random
        self.findings = Findings()
        self.refusals: dict[str, Response] = {}
        """The first answer to what did not verify, by the place that gave it: the others have to be the same."""
        self.wanted: Callable[[Fault], bool] = lambda fault: True
        """Which faults an examination tries."""
        self.case: Fault | None = None
        """The fault that an examination tries at the moment."""

    def tried(self, faults: Iterable[F]) -> Iterator[F]:
        """Go through the faults that are wanted, each being the case while it is tried."""
        try:
            for fault in filter(self.wanted, faults):
                self.case = fault
                yield fault
        finally:
            self.case = None

    def found(self, clause: str, held: bool | None, detail: str) -> None:
        """Remember what a check said about a clause, if about any, given without the prefix; of the detail, its beginning.

        A detail may come from a stranger, and is shown in a page and in a terminal.
        """
        if clause:
            self.findings.append(Finding(self.prefix + clause, held, printable(detail, MOST_DETAIL)))

    def implied(self, detail: str, *clauses: str) -> None:
        """Remember that something was accepted which is accepted only where these clauses hold."""
        for clause in clauses:
            self.found(clause, True, detail)

    def outcome(self, response: Response | None, findings: tuple[Finding, ...]) -> Outcome:
        """Remember the findings on a step, and return them with the response as its outcome."""
        self.findings += findings
        return Outcome(response, findings)

    def in_time(self, fault: Fault | None, take: Callable[[], Step[Outcome]]) -> Step[Outcome]:
        """Take a step; with a fault that is `exact`, again where its second ended before the answer came.

        What is signed at the very limit of a tolerance is within it, or beyond it, for one second only.
        """
        if fault is None or not fault.exact:
            return (yield from take())
        for _ in range(TRIES):
            made, seen = self.clock(), self.findings.seen
            outcome = yield from take()
            if self.clock() == made:
                return outcome
            self.findings.forget(*self.findings.since(seen))
        late = fault.unseen(f"its second ended before the answer, {TRIES} times")
        return self.outcome(outcome.response, (late,))

    def violated_since(self, seen: int) -> set[str]:
        """Return the clauses that were found violated after the first `seen` findings."""
        return {finding.clause for finding in self.findings.since(seen) if finding.violated}
