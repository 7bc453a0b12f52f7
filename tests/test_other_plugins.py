"""Our tests hold where pytest-randomly, pytest-xdist and pytest-rerunfailures are installed; none of them has to be."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.matrix import PROPERTY, Matrix

ROOT = Path(__file__).parents[1]
NOTEBOOK = "notebooks/00-start-here.ipynb"
SHUFFLING = """
import pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items):  # as pytest-randomly does, whose seed might leave the order as it is
    items.reverse()
    return (yield)
"""


def run_notebook(*words: str, **environment: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words, NOTEBOOK]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTEST_ADDOPTS": ""} | environment, capture_output=True, text=True, timeout=120
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def conftest() -> ModuleType:
    spec = importlib.util.spec_from_file_location("conftest_of_notebooks", ROOT / "notebooks" / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_cells_keep_their_order_where_tests_are_shuffled(tmp_path):
    (tmp_path / "shuffling.py").write_text(SHUFFLING)
    code, text = run_notebook("-p", "shuffling", PYTHONPATH=str(tmp_path))
    assert (code, " passed" in text) == (0, True), text


def cell(path: str, number: int) -> SimpleNamespace:
    return SimpleNamespace(path=Path(path), cell_num=number)


def test_the_cells_of_a_notebook_stay_together_and_other_tests_stay_where_they_were():
    test, other = SimpleNamespace(path=Path("t.py")), SimpleNamespace(path=Path("u.py"))
    a, b = [cell("a.ipynb", n) for n in range(12)], [cell("b.ipynb", n) for n in range(2)]
    items = [test, a[11], b[1], a[2], other, *a[3:11], b[0], a[1], a[0]]
    conftest().pytest_collection_modifyitems(items)
    assert items == [test, *a, *b, other]


@pytest.mark.parametrize("way", ["load", "worksteal", "loadgroup"])
def test_workers_are_handed_whole_notebooks_and_files_and_large_files_in_pieces(way, monkeypatch):
    tests = [f"tests/test_a.py::test_b[c::{n}]" for n in range(61)]

    class Files:
        small = tuple(f"tests/test_small.py::test_{n}" for n in range(60))
        collection = (*tests, "notebooks/a.ipynb::Cell 3", *small)

        def __init__(self, config, log):
            self.given = config, log

        def _split_scope(self, nodeid):
            return nodeid.partition("::")[0]

    scheduler = ModuleType("xdist.scheduler")
    scheduler.LoadFileScheduling = Files
    monkeypatch.setitem(sys.modules, "xdist", ModuleType("xdist"))
    monkeypatch.setitem(sys.modules, "xdist.scheduler", scheduler)
    config = SimpleNamespace(
        getvalue={"dist": way}.__getitem__, option=SimpleNamespace(loadscopereorder=True)
    )
    made = conftest().pytest_xdist_make_scheduler(config, "log")
    assert made.given == (config, "log")
    assert made._split_scope("notebooks/a.ipynb::Cell 3") == "notebooks/a.ipynb"
    assert made._split_scope("tests/test_small.py::test_7") == "tests/test_small.py"
    pieces = {made._split_scope(test) for test in tests}
    assert pieces == {f"tests/test_a.py {n}" for n in range(4)}
    assert [made._split_scope(test) for test in tests] == [made._split_scope(test) for test in tests]
    assert not config.option.loadscopereorder


def test_there_is_a_worker_more_than_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 5}, raising=False)
    assert conftest().pytest_xdist_auto_num_workers(None) == 3


@pytest.mark.parametrize("way", ["no", "each", "loadfile", "loadscope"])
def test_a_way_that_keeps_files_together_is_left_alone(way):
    config = SimpleNamespace(getvalue={"dist": way}.__getitem__)
    assert conftest().pytest_xdist_make_scheduler(config, None) is None


def test_the_cells_of_a_notebook_share_a_worker():
    pytest.importorskip("xdist")
    code, text = run_notebook("-n", "2")
    assert (code, " passed" in text) == (0, True), text


def test_a_test_that_passes_when_it_is_run_again_is_evidence():
    """pytest-rerunfailures reports `rerun` for each run but the last."""
    matrix, claim = Matrix(SimpleNamespace()), ("tests", "test_it", "officernd:token.code")
    for outcome in ("rerun", "rerun", "passed"):
        matrix.pytest_runtest_logreport(
            SimpleNamespace(when="call", outcome=outcome, user_properties=[(PROPERTY, claim)])
        )
    assert matrix.ends == {claim: "passed"}
