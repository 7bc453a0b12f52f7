"""One judgement from beginning to end: start, control, examine, judge."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Mapping
from itertools import count
from pathlib import Path

from ..core.cases import Ciphers
from ..runtime.story import Operator
from ..runtime.verdicts import Fault
from ..spec.register import load
from .doubts import cause, excuse
from .judgement import Asked, exit_code, judged
from .operating import Log, NotStarted, operator_of, running
from .profile import Profile
from .report import Report, Row, row_of, summary
from .served import Ended, Observed, Served

MOST_EXPLAINED = 5
"""How many failures are searched for the mistake behind them; where there are more, something simpler is wrong."""
WRONG_PATH = "The first request of all was answered with 404: check the path of the URL in the profile"
JUDGED_FAST = {"rate": "0"}
"""Settings that the judge needs unless a profile says otherwise: it sends more in a second than any customer."""


class Trial:
    """What a judgement is asked for: one case or all, the faults that wait, and what is known to fail."""

    def __init__(
        self,
        platform: str,
        profile: Profile,
        *,
        folder: Path,
        seed: int = 0,
        only: str = "",
        slow: bool = False,
        known: Collection[str] = (),
        ciphers: Ciphers | None = None,
        command: Callable[[str], str] = lambda case: f"--only {case}",
    ) -> None:
        self.platform, self.profile, self.folder, self.seed = platform, profile, folder, seed
        self.only, self.slow, self.known, self.ciphers, self.command = only, slow, known, ciphers, command
        self.register = load(platform)
        self._left_out: dict[str, str] = {}
        self._operator = Operator()

    def given(self, served: Served) -> dict[str, str]:
        """Return what the names in braces stand for, in a command of the profile."""
        return {"platform": served.url, "another": "".join(served.world.traps[1:2])}

    def wanted(self, fault: Fault) -> bool:
        """Return whether a fault is tried, and remember why where it is not."""
        if self.only and self.only not in (fault.name, fault.clause):
            return False
        if fault.waits and not self.slow and self.only != fault.name:
            self._left_out[fault.clause] = "--slow"
            return False
        return True

    def judge(
        self,
        served: Served,
        progress: Callable[[str], object] = lambda case: None,
        operator: Operator | None = None,
    ) -> Report:
        """Judge the partner that a simulator, which is being served, knows by its settings.

        `operator` stands in for what the profile says of one.
        """
        began, ended = time.monotonic(), ""
        served.platform.wanted = self.wanted
        given = self.given(served)
        origin = served.partner[0]
        log = (
            Log(self.folder / self.profile.log, self.profile.pattern, self.profile.words)
            if self.profile.log
            else None
        )
        case: list[Fault | None] = [None]

        def heard(one: Observed) -> None:
            if one.case is not case[0]:
                case[0] = one.case
                progress(one.case.name if one.case else "")
            if not log or not one.case or one.finding.clause != one.case.clause or one.finding.held is None:
                return
            if said := log.finding(one.case):
                log_findings.append(Observed(said, one.case, one.paths))

        log_findings: list[Observed] = []
        served.progress = heard
        if log:
            served.began = lambda: log.begin(served.platform.case)
        self._operator = operator or operator_of(self.profile, given, self.folder, origin)
        try:
            with running(self.profile, given, self.folder, origin):
                served.run(served.tools.examine(served.sides, self._operator))
        except (Ended, NotStarted) as error:
            ended = str(error.args[0])
        observed = [*served.kept(), *log_findings]
        return self._report(served, observed, ended, time.monotonic() - began)

    def _needs(self, needs: Mapping[str, str]) -> dict[str, str]:
        """Return what clauses need that this run has not got."""
        missing = {clause: re.findall(r"operator\.(\w+)", why) for clause, why in needs.items()}
        return {
            clause: needs[clause] for clause, names in missing.items()
            if not names or any(getattr(self._operator, name) is None for name in names)
        }  # fmt: skip

    def _why(self, code: int, served: Served, rows: tuple[Row, ...]) -> str:
        """Return why the exit status of a run that came to its end is 3 or 4."""
        if code == 3:
            return f"no request was answered ({served.failed or 'none was sent'}); check the address in the profile"
        missing = [one.clause for one in rows if one.judgement == "not testable" and one.level == "must"]
        if code == 4 and missing:
            path = f". {WRONG_PATH}" if served.first == 404 else ""
            return f"not testable, and the profile does not say that it does not apply: {', '.join(missing)}{path}"
        return "nothing was judged" if code == 4 else ""

    def _report(self, served: Served, observed: list[Observed], ended: str, seconds: float) -> Report:
        excused: dict[int, str] = {}
        for place, one in enumerate(observed):
            if one.finding.violated and (
                reading := excuse(self.platform, self.register, one, one.keys, self.ciphers)
            ):
                excused[place] = reading
        absent = dict.fromkeys(self.profile.not_applicable, "the profile says so")
        absent |= served.tools.absent(served.world.settings)
        asked = Asked(absent, self._needs(served.tools.needs), self._left_out, self.known, self.only)
        judgements = judged(self.register, observed, excused, asked)
        explained = count()
        leads_to = {one.id: one.violation for one in self.register.clauses}

        def why(seen: Observed) -> str:
            tried = seen.keys if next(explained) < MOST_EXPLAINED else ()
            found, then = cause(self.platform, seen, tried, self.ciphers), leads_to.get(seen.finding.clause)
            if served.first == 404 and seen.came and seen.came.text == "404":
                return f"{found}. {WRONG_PATH}"
            return f"{found}. What follows: {then}" if then and not seen.case else found

        masked = served.transcript.masked
        rows = tuple(row_of(one, self.register, why, self.command, masked) for one in judgements)
        code = exit_code(judgements, answered=served.answered > 0, complete=not ended)
        ended = ended or self._why(code, served, rows)
        return Report(self.platform, self.seed, code, seconds, rows, ended, summary(rows))
