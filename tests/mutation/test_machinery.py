"""The machinery of the mutation run works: its mutants are always the same, its controls are red, and what it lists is there."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from tests.mutation.children import INCONCLUSIVE, KILLED, SILENT, Task, Verdict, judged
from tests.mutation.modules import Hook, codes, noted, put_in
from tests.mutation.mutants import mutants, mutated
from tests.mutation.run import PARTS, Plan, all_mutants, drawn, gone, listed, modules_of
from tests.mutation.running import Reach, failed_by

ROOT = Path(__file__).parents[2]

SOURCE = '''"""Not this text."""
LIMIT: int = 3
"""Nor what documents a value."""
Name: TypeAlias = "str"

def allowed(age: int, *names: str) -> bool:
    """Nor this one."""
    if not names or age > LIMIT:
        raise ValueError("too old")
    return "a" in names
'''


def test_a_mutant_changes_one_thing_and_leaves_annotations_and_docstrings_alone():
    assert [(mutant.scope, mutant.before, mutant.after) for mutant in mutants(SOURCE, "m.py")] == [
        ("", "3", "4"),
        ("allowed", "not names or age > LIMIT", "not names and age > LIMIT"),
        ("allowed", "not names or age > LIMIT", "not (not names or age > LIMIT)"),
        ("allowed", "not names or age > LIMIT", "names or age > LIMIT"),
        ("allowed", "not names or age > LIMIT", "not names or age >= LIMIT"),
        ("allowed", "raise ValueError('too old')", "pass"),
        ("allowed", "ValueError('too old')", "ValueError('too oldXX')"),
        ("allowed", "return 'a' in names", "return None"),
        ("allowed", "'a' in names", "'a' not in names"),
        ("allowed", "'a' in names", "'aXX' in names"),
    ]


def test_what_a_quotation_leaves_alone_is_changed_by_a_mark_that_it_would_escape():
    (_, changed) = mutants("def f(text):\n    return quote(text, safe='')", "m.py")
    assert changed.after == """safe='"/XX'"""


def test_each_mutant_is_the_source_with_its_own_change_and_no_other():
    plain = ast.unparse(ast.parse(SOURCE)).splitlines()
    for mutant in mutants(SOURCE, "m.py"):
        lines = ast.unparse(mutated(SOURCE, mutant.index)).splitlines()
        changed = [(old, new) for old, new in zip(plain, lines, strict=True) if old != new]
        assert len(changed) == 1, mutant.name


def test_the_list_of_mutants_and_a_drawn_sample_are_the_same_each_time_and_every_name_is_one_mutant():
    modules = modules_of("read")
    assert len(modules) == len({*modules}) > 20
    modules = modules[:8]
    there = all_mutants(modules)
    assert there == all_mutants(modules)
    assert len({mutant.name for mutant in there}) == len(there) > 400
    assert drawn(there, 20, 7) == drawn(there, 20, 7) != drawn(there, 20, 8)
    fewer = [mutant for mutant in there if mutant.name[-1] != "e"]  # a sample keeps what is still there
    assert {*drawn(there, 40, 7)} & {*fewer} <= {*drawn(fewer, 40, 7)}
    few = mutants(SOURCE, "m.py")
    assert drawn(few, None, 7, ["age >= LIMIT", "-> pass"]) == [few[4], few[5]]


def test_every_mutant_that_is_listed_as_dead_names_a_module_and_says_why():
    there = {module for part in PARTS for module in modules_of(part)}
    wrong = {
        name for name, why in listed().items() if name.partition(" ")[0] not in there or not why.endswith(".")
    }
    assert wrong == set()


def test_a_mutant_that_is_listed_and_is_not_there_any_more_is_reported():
    names = [mutant.name for mutant in mutants(SOURCE, "m.py")]
    assert gone({names[0]: "", "m.py allowed: 1 -> 2": "", "other.py -: 1 -> 2": ""}, ["m.py"], names) == [
        "m.py allowed: 1 -> 2"
    ]


def test_a_changed_function_is_changed_under_every_name_it_was_imported_by():
    space: dict = {}
    exec(compile(ast.parse(SOURCE), "m.py", "exec"), space)
    under_another_name = space["allowed"]
    (at,) = [mutant.index for mutant in mutants(SOURCE, "m.py") if mutant.after == "'a' not in names"]
    assert put_in(mutated(SOURCE, at), Path("m.py"), "allowed", [under_another_name]) == 1
    assert under_another_name(1, "a") is False


def test_each_statement_of_a_function_that_runs_is_noted_with_its_line(tmp_path):
    (file := tmp_path / "m.py").write_text(SOURCE)
    hits: set[int] = set()
    space: dict = {"__hit__": hits.add}
    code = compile(noted(file, 2), str(file), "exec")
    exec(code, space)
    assert hits == set()
    assert space["allowed"](1, "a")
    assert {(hit >> 16, hit & 0xFFFF) for hit in hits} == {(2, 8), (2, 10)}
    assert space["allowed"].__doc__ == "Nor this one."
    assert {one.co_firstlineno for one in codes(code) if one.co_qualname == "allowed"} == {6}


def test_a_package_that_is_read_by_the_hook_still_finds_the_files_beside_it(tmp_path, monkeypatch):
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "beside.txt").write_text("here")
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.setattr(sys, "modules", {**sys.modules})
    Hook(
        {"hooked": tmp_path / "__init__.py"}, lambda file: ast.parse(file.read_text()), lambda _: None
    ).install()
    assert (resources.files("hooked") / "beside.txt").read_text() == "here"


def test_a_module_of_tables_is_tried_with_the_tests_of_its_own_folder():
    tests = {"tests/explain/test_every_slip.py::one": 0.1, "tests/core/test_keys.py::two": 0.1}
    plan = Plan(["explain/slips.py"], Reach(frozenset(), tests, {}, ()))
    assert plan.tests(mutants("A = 1", "explain/slips.py")[0]) == ["tests/explain/test_every_slip.py::one"]


def test_what_reaches_one_module_is_tried_before_what_reaches_many_and_the_quickest_of_each_first():
    tests = {f"tests/explain/test_{name}.py::one": 0.1 for name in ("all", "narrow", "quick")}
    wide, narrow, quick = tests
    tests[narrow] = 1.5
    reach = Reach(frozenset(), tests, {1: (wide, narrow, quick), 1 << 16 | 1: (wide,)}, ())
    plan = Plan(["explain/slips.py", "explain/texts.py"], reach)
    assert plan.tests(mutants("A = 1", "explain/slips.py")[0]) == [quick, narrow, wide]


def test_the_four_ends_of_a_child_are_told_apart():
    def ends() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def raises() -> None:
        raise RuntimeError("not a verdict")

    def spins() -> None:
        while True:
            pass

    tasks = [Task(0, lambda: None, 9), Task(1, lambda: "a test", 9), Task(2, ends, 9), Task(3, raises, 9), Task(4, spins, 1)]  # fmt: skip
    assert dict(judged(tasks, 2)) == {
        0: Verdict(SILENT),
        1: Verdict(KILLED, "a test"),
        2: Verdict(INCONCLUSIVE, "SIGKILL"),
        3: Verdict(INCONCLUSIVE, "RuntimeError: not a verdict"),
        4: Verdict(INCONCLUSIVE, "SIGXCPU"),
    }


def test_a_test_that_waited_for_a_program_in_vain_is_no_verdict():
    def report(text: str) -> pytest.TestReport:
        return pytest.TestReport("t.py::one", ("t.py", 1, "one"), {}, "failed", text, "call")

    assert failed_by(report("AssertionError: assert 1 == 2")) == "t.py::one"
    with pytest.raises(TimeoutError, match="one"):
        failed_by(report("subprocess.TimeoutExpired: Command ['openssl'] timed out after 60 seconds"))


def test_a_program_that_a_test_starts_is_told_nothing_of_the_run():
    """An option of pytest that stood in the environment once ended a run: a suite in a program of its own lost the plugin."""
    code = (
        "import os; from tests.mutation.running import prepared; "
        "before = dict(os.environ); prepared(); print(sorted(before.items() ^ os.environ.items()))"
    )
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    assert ended.stdout == "[]\n"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.mutation.run", *arguments, "--jobs", "1"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)


def test_the_controls_hold_and_a_mutant_that_a_doctest_sees_is_killed_while_one_that_it_does_not_is_silent():
    only = "core/timestamps.py seconds_text"
    ended = run("--only", only, "--tests", "reference/handshakes/core/timestamps.py")
    assert ended.stderr == ""  # silent in a pipe
    assert "controls: held" in ended.stdout
    assert f"silent: {only}: timestamp < 0 -> timestamp < 1" in ended.stdout
    assert "return None" not in ended.stdout.partition("silent:")[2]
    assert ended.returncode == 1
