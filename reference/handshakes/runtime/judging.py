"""The findings of a platform's checks, as every simulator keeps them."""

from __future__ import annotations

from ..core.messages import Response
from ..core.printing import printable
from .verdicts import Finding, Findings, Outcome

MOST_DETAIL = 300


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

    def __init__(self) -> None:
        self.findings = Findings()

    def found(self, clause: str, held: bool | None, detail: str) -> None:
        """Remember what a check said about a clause, which is given without the prefix; of the detail, its beginning.

        A detail may come from a stranger, and is shown in a page and in a terminal.
        """
        self.findings.append(Finding(self.prefix + clause, held, printable(detail, MOST_DETAIL)))

    def outcome(self, response: Response | None, findings: tuple[Finding, ...]) -> Outcome:
        """Remember the findings on a step, and return them with the response as its outcome."""
        self.findings += findings
        return Outcome(response, findings)

    def violated_since(self, seen: int) -> set[str]:
        """Return the clauses that were found violated after the first `seen` findings."""
        return {finding.clause for finding in self.findings.since(seen) if finding.violated}
