"""What a judgement says: as text, JSON, JUnit XML, or one HTML file."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any
from xml.etree import ElementTree

from ..core.printing import duration, printable
from ..platforms import PLATFORMS
from ..runtime.transcript import Event
from ..spec.register import Register
from .judgement import Judged
from .served import Observed

SCHEMA = 1
SCHEMA_FILE = resources.files(__package__).joinpath("report.schema.json")
RED = ("fail", "passes again")
ORDER = (
    "fail",
    "passes again",
    "undetermined",
    "warn",
    "known",
    "not testable",
    "left out",
    "not applicable",
    "pass",
)
"""The judgements, those that somebody has to look at first."""
MOST = 600
"""Characters of a body or a header that a report shows."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What speaks against a clause: what was sent, what came back, the likely cause, and how to see it again."""

    case: str
    detail: str
    sent: tuple[str, ...]
    came: tuple[str, ...]
    cause: str
    again: str
    curl: str


@dataclass(frozen=True, slots=True)
class Row:
    """One clause of a report; `failures` are the first of each case, `more` how many there are beyond them."""

    clause: str
    level: str
    judgement: str
    observed: str
    says: str
    source: str
    why: str = ""
    reading: str = ""
    checks: int = 0
    failures: tuple[Failure, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """A whole judgement; `ended` says why it ended before its end, or why its exit status is 3 or 4."""

    platform: str
    seed: int
    exit: int
    seconds: float
    rows: tuple[Row, ...]
    ended: str = ""
    summary: dict[str, int] = field(default_factory=dict)


MOST_FAILURES = 3


def row_of(
    one: Judged,
    register: Register,
    cause: Callable[[Observed], str],
    command: Callable[[str], str],
    masked: Callable[[str], str],
) -> Row:
    """Return a clause with its words from the register; `cause` and `command` say why and how to repeat, and `masked` hides secrets."""
    clauses = {known.id: known for known in register.clauses}
    advice = {known.id: known for known in register.advice}
    known: Any = clauses.get(one.clause) or advice.get(one.clause)
    source = ""
    if known is not None:
        titles = {each.id: each.title for each in register.sources}
        source = ", ".join(
            filter(None, (titles.get(known.source, known.source), getattr(known, "heading", "")))
        )
    cases = {observed.case.name if observed.case else "": observed for observed in reversed(one.against)}
    first = [*reversed(cases.items())][:MOST_FAILURES]
    failures = tuple(
        Failure(
            name, _detail(name, masked(observed.finding.detail)), tuple(_shown(observed.sent)), tuple(_shown(observed.came)),
            printable(masked(cause(observed)), MOST), command(name or one.clause), curl(observed.sent),
        )
        for name, observed in first
    )  # fmt: skip
    says = known.text if known is not None else ""
    return Row(
        one.clause, one.level, one.judgement, one.observed, says, source, printable(masked(one.why), MOST), one.reading, one.checks,
        failures, len(cases) - len(failures),
    )  # fmt: skip


def _detail(case: str, text: str) -> str:
    """Return what a finding says, without the name of its case at the front; it may hold a stranger's words."""
    return printable(text.removeprefix(f"{case}: "), MOST)


def _shown(event: Event | None) -> Iterator[str]:
    if event is None:
        return
    yield printable(f"{event.sender} → {event.receiver}: {event.text}", MOST)
    yield from (printable(f"{name}: {value}", MOST) for name, value in event.headers[:12])
    if event.body:
        yield printable(event.body, MOST)


def curl(event: Event | None) -> str:
    """Return the command that sends a request as it was recorded: secrets are placeholders, and times are old.

    >>> curl(Event("request", "shop", "partner", "GET http://127.0.0.1:3000/a?b=c&d=e", (("accept", "*/*"),)))
    "curl -i -H 'accept: */*' 'http://127.0.0.1:3000/a?b=c&d=e'"
    """
    if event is None or event.kind != "request" or event.receiver != "partner":
        return ""
    method, _, url = event.text.partition(" ")
    words = ["curl", "-i", *(["-X", method] if method != "GET" else [])]
    for name, value in event.headers:
        words += ["-H", f"{name}: {value}"]
    if event.body:
        words += ["--data-raw", event.body]
    return printable(shlex.join([*words, url]), 4_000)


def sorted_rows(rows: Sequence[Row]) -> list[Row]:
    """Return rows with those first that somebody has to look at."""
    return sorted(rows, key=lambda row: ORDER.index(row.judgement))


def summary(rows: Sequence[Row]) -> dict[str, int]:
    """Return how many clauses came to each judgement."""
    found = Counter(row.judgement for row in rows)
    return {name: found[name] for name in ORDER if found[name]}


def as_json(report: Report) -> dict[str, Any]:
    """Return a report as JSON values, by `report.schema.json`."""
    return {
        "schema": SCHEMA, "platform": report.platform, "seed": report.seed, "exit": report.exit,
        "seconds": round(report.seconds, 2), "ended": report.ended, "summary": report.summary,
        "clauses": [_row_json(row) for row in report.rows],
    }  # fmt: skip


def _row_json(row: Row) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in Row.__dataclass_fields__ if name != "failures"}
    failures = [{name: getattr(one, name) for name in Failure.__dataclass_fields__} for one in row.failures]
    return json.loads(json.dumps({**plain, "failures": failures}))  # type: ignore[no-any-return]


def lines_of(report: Report, *, full: bool = False) -> Iterator[str]:
    """Yield a report as text: what somebody has to look at with its six parts, the rest as numbers."""
    untested: dict[str, list[str]] = {}
    for row in sorted_rows(report.rows):
        quiet = row.judgement in ("pass", "left out", "not applicable")
        if not full and (quiet or (row.judgement == "not testable" and row.level != "must")):
            continue
        if row.judgement == "not testable":
            untested.setdefault(row.why, []).append(row.clause)
            continue
        yield f"{row.judgement.upper()}  {row.clause} ({row.level})" + (f": {row.why}" if row.why else "")
        if row.failures:
            yield f"  says       {row.says}" + (f" [{row.source}]" if row.source else "")
        for failure in row.failures:
            yield from _failure_lines(failure)
        if row.more:
            yield f"  and {row.more} more {'cases' if row.more > 1 else 'case'}"
    for why, clauses in untested.items():
        yield f"NOT TESTABLE  {why}"
        yield f"  {', '.join(clauses)}"
    must = sum(row.level == "must" for row in report.rows if row.judgement == "not testable")
    named = {"not testable": f"not testable ({must} of them must)"}
    counts = (
        ", ".join(f"{count} {named.get(name, name)}" for name, count in report.summary.items()) or "nothing"
    )
    title = PLATFORMS[report.platform].title
    yield f"{title}: {counts}. {sum(row.checks for row in report.rows)} checks in {duration(round(report.seconds, 1))}."
    if report.ended:
        early = "The run was ended early" if report.exit == 1 else f"Not judged in full, {verdict(report)}"
        yield f"{early}: {report.ended}."
    if "passes again" in report.summary:
        yield "Write the baseline anew, with --report json=FILE: what it lists as failing passes again."


def verdict(report: Report) -> str:
    """Return what the exit status says, in a few words.

    >>> verdict(Report("officernd", 0, 3, 0, (), "nobody listens"))
    'your program did not answer, or the run was ended early'
    """
    fail, again = (report.summary.get(name, 0) for name in RED)
    parts = [f"{fail} clause{'s fail' if fail > 1 else ' fails'}"] if fail else []
    if again:
        parts.append(f"{again} clause{'s pass' if again > 1 else ' passes'} again, write the baseline anew")
    return {
        0: "nothing fails", 1: "; ".join(parts), 3: "your program did not answer, or the run was ended early",
        4: "not everything that it must do could be tested",
    }[report.exit]  # fmt: skip


def _failure_lines(one: Failure) -> Iterator[str]:
    yield f"  case       {one.case or 'the genuine handshake'}: {one.detail}"
    for name, lines in (("sent", one.sent), ("came back", one.came)):
        for number, line in enumerate(lines or ("nothing",)):
            yield f"  {name if not number else '':<9}  {line}"
    yield f"  likely     {one.cause}"
    yield f"  repeat     {one.again}"
    if one.curl:
        yield f"  curl       {one.curl}"


def as_junit(report: Report) -> str:
    """Return a report as JUnit XML: a clause is a test case."""
    rows = sorted_rows(report.rows)
    failures = [row for row in rows if row.judgement in RED]
    skipped = [row for row in rows if row.judgement in ("not testable", "not applicable", "left out")]
    suite = ElementTree.Element(
        "testsuite", name=f"handshakes judge {report.platform}", tests=str(len(rows)), errors=str(int(bool(report.ended))),
        failures=str(len(failures)), skipped=str(len(skipped)), time=f"{report.seconds:.2f}",
    )  # fmt: skip
    for row in rows:
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"handshakes.{report.platform}", name=row.clause
        )
        text = "\n".join([row.says, *(line for one in row.failures for line in _failure_lines(one))])
        if row in failures:
            said = row.failures[0].detail if row.failures else row.why
            ElementTree.SubElement(case, "failure", message=said, type=row.judgement).text = text
        elif row in skipped:
            ElementTree.SubElement(case, "skipped", message=f"{row.judgement}: {row.why}")
        elif row.judgement != "pass":
            ElementTree.SubElement(case, "system-out").text = f"{row.judgement}: {row.why}\n{text}"
    if report.ended:
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"handshakes.{report.platform}", name="the whole run"
        )
        ElementTree.SubElement(case, "error", message=report.ended)
        suite.set("tests", str(len(rows) + 1))
    ElementTree.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suite, "unicode") + "\n"
