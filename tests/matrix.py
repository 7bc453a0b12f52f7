"""A plugin of pytest: what the run shows about each clause, as `build/matrix.json`.

What names a clause: a test with the mark `clause`, the vectors that a test is parametrised with, a
notebook cell with `clauses` in its metadata, and a broken partner or platform, which is a row (clause,
override) of a test with the mark `broken`, whose `also` names a second clause that says the same.
In a full run a clause without passing evidence fails the run, of whatever level; a run of some of the tests writes
what it saw, says that it is not complete, and fails for nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from handshakes.spec import evidence, register

NARROWING = (
    "keyword",
    "markexpr",
    "deselect",
    "lf",
    "failedfirst",
    "ignore",
    "ignore_glob",
    "stepwise",
    "maxfail",
    "collectonly",
)
PROPERTY = "proves"
RANK = {"rerun": -1, "skipped": 0, "passed": 1, "failed": 2}


def claims_of(item: pytest.Item) -> Iterator[tuple[str, str, str]]:
    """Return what a test claims to prove: kind of evidence, its name, the clause."""
    for mark in item.iter_markers("clause"):
        yield from (("tests", item.nodeid, clause) for clause in mark.args)
    values = item.callspec.params if hasattr(item, "callspec") else {}
    vector = values.get("vector")
    if isinstance(vector, dict):
        yield from (("vectors", vector["id"], clause) for clause in vector["clauses"])
    if (mark := item.get_closest_marker("broken")) is not None:
        (platform,) = mark.args
        clause = values["clause"]
        for one in (clause, *filter(None, [mark.kwargs.get("also", {}).get(clause)])):
            yield "broken", item.nodeid, one if ":" in one else f"{platform}:{one}"
    if (cell := getattr(item, "cell", None)) is not None:
        yield from (("cells", item.nodeid, clause) for clause in cell.metadata.get("clauses", []))


def holes(known: register.Register, matrix: evidence.Matrix) -> Iterator[str]:
    """Name every clause that has no passing evidence, and every "must" of the partner that no broken partner proves.

    What is owed to a "should" or a "may" is something that shows it; only a "must" needs a partner that breaks it.
    Clauses that the register lists as untestable are left out. Each hole is one line that begins with the id.
    """
    untestable = {entry.clause for entry in known.untestable}
    for clause in known.clauses:
        if clause.id in untestable:
            continue
        if not any(matrix.count(clause.id, kind) for kind in evidence.KINDS):
            yield f"{clause.id}: no passing evidence"
        elif (clause.level, clause.actor) == ("must", "partner") and not matrix.count(clause.id, "broken"):
            yield f"{clause.id}: no broken partner is caught for it"
        if failed := sum(matrix.count(clause.id, kind, "failed") for kind in evidence.KINDS):
            yield f"{clause.id}: {failed} failed"


def is_whole(config: pytest.Config) -> bool:
    """Say whether all tests are to run: nothing was chosen on the command line."""
    chosen = any(config.getoption(name, default=None) for name in NARROWING)
    return (
        not chosen
        and list(config.args) == config.getini("testpaths")
        and config.pluginmanager.hasplugin("nbval")
    )


class Matrix:
    """Collects claims and how they ended."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.ends: dict[tuple[str, str, str], str] = {}
        self.unknown: set[str] = set()
        self.lines: list[str] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            # user_properties travel with the report, also from the workers of pytest-xdist
            item.user_properties += [(PROPERTY, claim) for claim in claims_of(item)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.outcome == "passed":
            return
        for name, claim in report.user_properties:
            if name == PROPERTY:
                before = self.ends.get(tuple(claim), report.outcome)
                self.ends[tuple(claim)] = max(before, report.outcome, key=RANK.__getitem__)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(self.config, "workerinput"):
            return
        clauses: dict[str, dict[str, dict[str, list[str]]]] = {}
        for (kind, name, clause), end in sorted(self.ends.items()):
            clauses.setdefault(clause, {}).setdefault(kind, {}).setdefault(end, []).append(name)
        ran = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        complete = is_whole(self.config) and ran
        path = self.config.rootpath / evidence.FILE
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            json.dumps({"schema": 1, "complete": complete, "clauses": clauses}, indent=1) + "\n", "ascii"
        )
        known = {clause.id for name in register.platforms() for clause in register.load(name).clauses}
        self.lines = [f"{clause}: is in no register" for clause in sorted(set(clauses) - known)]
        if complete:
            found = evidence.read(path)
            for name in register.platforms():
                self.lines += holes(register.load(name), found)
        if self.lines and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        kinds = Counter(kind for kind, _, _ in self.ends)
        told = ", ".join(f"{kinds[kind]} by {kind}" for kind in evidence.KINDS)
        whole = (
            "all tests ran"
            if is_whole(self.config)
            else "not all tests were asked for, so holes are not looked for"
        )
        terminalreporter.write_line(f"clauses: proofs {told}; {whole}")
        for line in self.lines:
            terminalreporter.write_line(f"clause that no test proves: {line}", red=True)
