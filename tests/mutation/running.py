"""Which tests reach which line, and whether they fail when it changes.

Two ways to try a mutant. *Warm*: pytest has collected the tests once; a forked child puts the changed code into the
functions and runs the tests that reach the line. *Fresh*: for what runs at the import or while tests are collected, a
child that has not imported the package reads the changed module and collects the tests anew.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from multiprocessing import Pipe
from pathlib import Path
from types import FunctionType
from typing import NamedTuple

import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.children import Task, Verdict, judged
from tests.mutation.modules import Hook, noted, put_in
from tests.mutation.mutants import Mutant, mutated

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "reference" / "handshakes"
OPTIONS = [
    "--disable-plugin-autoload",  # else pytest itself reads the package, which has a plugin
    "-q",
    "-x",
    "--assert=plain",
    "-p",
    "no:cacheprovider",
    "-o",
    "addopts=--doctest-modules --strict-markers",
    f"--rootdir={ROOT}",
]
BEFOREHAND = ("requests", "cryptography.fernet", "cryptography.hazmat.primitives.ciphers", "jinja2", "starlette.applications", "uvicorn", "sqlalchemy.orm",
              "typer", "rich.console", "jsonschema_rs", "jsonschema", "hypothesis", "yaml", "doctest", "unittest.mock")  # fmt: skip


class Reach(NamedTuple):
    """What a run without any change showed: for each test its CPU time and the lines that it reached."""

    early: frozenset[int]
    """What ran before the first test."""
    seconds: dict[str, float]
    tests: dict[int, tuple[str, ...]]
    """The tests that reach a line, as number of the module and line in one number."""
    failed: tuple[str, ...]


def prepared() -> None:
    """Import what does not change, and make Hypothesis repeatable."""
    for name in BEFOREHAND:
        with suppress(ImportError):
            importlib.import_module(name)
    import hypothesis

    hypothesis.settings.register_profile(
        "mutation", derandomize=True, database=None, deadline=None, max_examples=25
    )
    hypothesis.settings.load_profile("mutation")
    if any(name.partition(".")[0] == "handshakes" for name in sys.modules):
        raise RuntimeError("the package is imported already, so a change would not be read")


@cache
def source(module: str) -> str:
    """Return a module's text as it was when the run began: it may be edited meanwhile."""
    return (PACKAGE / module).read_text("utf-8")


def dotted(module: str) -> str:
    """Return a module's name for import.

    >>> dotted("fortis/rules/__init__.py")
    'handshakes.fortis.rules'
    """
    return ".".join(["handshakes", *Path(module).with_suffix("").parts]).removesuffix(".__init__")


class Warm:
    """A process that has collected the tests; asked over a pipe, it tries mutants in children of its own."""

    def __init__(self, modules: Sequence[str], tests: Sequence[str], jobs: int) -> None:
        self._modules, self._jobs = list(modules), jobs
        self._pipe, self._far = Pipe()
        sys.stdout.flush()
        self._pid = os.fork()
        if not self._pid:
            self._serve(tests)
        self._far.close()
        self.reach: Reach = self._pipe.recv()

    def tried(self, chosen: Sequence[tuple[Mutant, Sequence[str]]]) -> Iterator[tuple[Mutant, Verdict]]:
        """Return how each mutant ended under these tests."""
        self._pipe.send(chosen)
        for _ in chosen:
            yield self._pipe.recv()

    def close(self) -> None:
        self._pipe.send(None)
        os.waitpid(self._pid, 0)

    def _serve(self, tests: Sequence[str]) -> None:
        self._pipe.close()  # so that this process ends when the one that asks does
        try:
            files = {dotted(module): PACKAGE / module for module in self._modules}
            self._hits: set[int] = set()
            numbers = {file: number for number, file in enumerate(files.values())}
            Hook(files, lambda file: noted(file, numbers[file]), self._hits.add).install()
            silence()
            code = pytest.main([*OPTIONS, *tests], plugins=[self])
            self._far.send(Reach(frozenset(), {}, {}, (f"pytest ended with {code}",)))
        finally:
            os._exit(0)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        early = frozenset(self._hits)
        gc.unfreeze()
        functions = [one for one in gc.get_objects() if isinstance(one, FunctionType)]
        gc.collect()
        gc.freeze()
        self._far.send(self._reached(session.items, early))
        kills: Counter[str] = Counter()
        while (chosen := self._far.recv()) is not None:
            tasks = (Task(m, self._work(m, [items[t] for t in sorted(names, key=lambda t: -kills[t])], functions), 60) for m, names in chosen)  # fmt: skip
            for mutant, verdict in judged(tasks, self._jobs):
                kills[verdict.by] += 1
                self._far.send((mutant, verdict))
        os._exit(0)

    def _reached(self, items: Sequence[pytest.Item], early: frozenset[int]) -> Reach:
        """Run all tests in a child, so that no cache of this process is filled by it."""
        near, far = Pipe()
        if not (pid := os.fork()):
            try:
                seconds, tests, failed = {}, {}, []
                for item, after in zip(items, [*items[1:], None], strict=True):
                    self._hits.clear()
                    began = time.process_time()
                    failed += [item.nodeid] * any(
                        r.failed for r in runtestprotocol(item, log=False, nextitem=after)
                    )
                    seconds[item.nodeid] = time.process_time() - began
                    for hit in self._hits:
                        tests.setdefault(hit, []).append(item.nodeid)
                far.send(
                    Reach(early, seconds, {hit: tuple(names) for hit, names in tests.items()}, tuple(failed))
                )
            finally:
                os._exit(0)
        far.close()
        try:
            return near.recv()
        finally:
            os.waitpid(pid, 0)

    def _work(
        self, mutant: Mutant, items: Sequence[pytest.Item], functions: Sequence[FunctionType]
    ) -> Callable[[], str | None]:
        def work() -> str | None:
            file = PACKAGE / mutant.module
            if mutant.index >= 0:
                tree = mutated(source(mutant.module), mutant.index)
                if not put_in(tree, file, mutant.scope, functions):
                    raise LookupError(f"no function {mutant.scope} to change")
            for item, after in zip(items, [*items[1:], None], strict=True):
                if failures := [
                    one for one in runtestprotocol(item, log=False, nextitem=after) if one.failed
                ]:
                    return failed_by(failures[0])
            return None

        return work


def failed_by(report: pytest.TestReport) -> str:
    """Return the name of a test that failed; a program that it waited for in vain is no verdict, on a busy machine."""
    if "subprocess.TimeoutExpired" in report.longreprtext:
        raise TimeoutError(report.nodeid)
    return report.nodeid


class Chosen:
    """A plugin of pytest: keeps some of the tests, in this order, and remembers which failed."""

    def __init__(self, names: Sequence[str]) -> None:
        self._order = {name: at for at, name in enumerate(names)}
        self.failed: pytest.TestReport | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._order), key=lambda item: self._order[item.nodeid]
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report


def distance(file: str, module: str) -> int:
    """Return how far a file of tests is from a module: 0 for its own, 1 for those of its folder, 2 for all others.

    >>> [distance(f"tests/{name}.py", "core/keys.py") for name in ("core/test_keys", "core/test_edges", "test_guards")]
    [0, 1, 2]
    """
    folder, stem = module.partition("/")[0], Path(module).stem
    if file.endswith((f"handshakes/{module}", f"{folder}/test_{stem}.py")):
        return 0
    return 1 if f"{folder}/test_" in file else 2


def in_rounds(module: str, names: Sequence[str], first: Sequence[str]) -> list[list[str]]:
    """Sort tests into rounds: to read a file of tests costs more than to run most of them.

    >>> in_rounds("core/keys.py", ["tests/a.py::b", "tests/a.py::a", "tests/core/test_keys.py::c"], ["tests/a.py::a"])
    [['tests/a.py::a'], ['tests/core/test_keys.py::c'], ['tests/a.py::b']]
    """
    rounds: dict[int, list[str]] = {-1: [], 0: [], 1: [], 2: []}
    for name in names:
        rounds[-1 if name in first else distance(name.partition("::")[0], module)].append(name)
    return [one for one in rounds.values() if one]


def fresh(mutant: Mutant, names: Sequence[str], first: Sequence[str] = ()) -> Callable[[], str | None]:
    """Return what reads the changed module anew and runs these tests: some first, then those of the nearest files."""
    rounds = in_rounds(mutant.module, names, first)

    def work() -> str | None:
        file = PACKAGE / mutant.module
        if mutant.index >= 0:
            tree = mutated(source(mutant.module), mutant.index)
            Hook({dotted(mutant.module): file}, lambda _: tree, lambda _: None).install()
        for one in rounds:
            chosen = Chosen(one)
            files = dict.fromkeys(str(ROOT / name.partition("::")[0]) for name in one)
            code = pytest.main([*OPTIONS, *files], plugins=[chosen])
            if code == pytest.ExitCode.INTERNAL_ERROR:
                raise RuntimeError("pytest failed inside")
            if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                return failed_by(chosen.failed) if chosen.failed else "the import"
        return None

    return work


def silence() -> None:
    """Send what this process prints to nowhere."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
