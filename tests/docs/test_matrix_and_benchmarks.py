"""The pages on what the tests prove and on benchmarks: the numbers of a run, and nothing where there was none."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from docs import benchmarks_page, clauses_pages, matrix_page
from handshakes.platforms import PLATFORMS
from handshakes.spec import evidence, register
from tests.matrix import holes

ROOT = Path(__file__).parents[2]
CLAUSE, OTHER = "officernd:signature.order", "officernd:signature.json"


@pytest.fixture
def run(tmp_path):
    """Write a matrix of a complete run."""
    path = tmp_path / "matrix.json"

    def write(complete: bool = True) -> Path:
        shown = {
            CLAUSE: {"tests": {"passed": ["a", "b"]}, "broken": {"passed": ["c"]}},
            OTHER: {"vectors": {"passed": ["d"], "failed": ["e"]}},
        }
        path.write_text(json.dumps({"schema": 1, "complete": complete, "clauses": shown}), "utf-8")
        return path

    return write


def test_the_counts_are_those_of_the_run(run):
    page = matrix_page.sections(run())
    spec = register.load("officernd")
    (line,) = [line for line in page.splitlines() if line.startswith("- **OfficeRnD**:")]
    assert line == (
        f"- **OfficeRnD**: {len(spec.clauses)} clauses, 2 shown (1 by tests, 1 by vectors, 0 by cells, 1 by broken), "
        f"{len(spec.untestable)} that no test can reach, 1 failed."
    )
    assert "- [signature.order](clauses/officernd.md#signature.order) (must): 2 tests, 1 broken\n" in page
    assert "(must): 1 vectors, 1 failed\n" in page


def test_every_clause_is_listed_with_its_reason_if_no_test_can_reach_it(run):
    page = matrix_page.sections(run())
    for name in PLATFORMS:
        for one in register.load(name).clauses:
            short = one.id.partition(":")[2]
            assert page.count(f"(clauses/{name}.md#{short})") == 1
    assert page.count("not testable: ") == sum(len(register.load(name).untestable) for name in PLATFORMS)


def test_without_a_complete_run_nothing_is_said(run, tmp_path):
    assert matrix_page.sections(run(complete=False)) == ""
    assert matrix_page.sections(tmp_path / "none.json") == ""


def test_what_the_page_on_the_matrix_says_of_a_run_is_what_is_done():
    text = (ROOT / "docs" / "matrix.md").read_text("utf-8")
    assert [kind for kind in evidence.KINDS if f"**{kind}**" not in text] == []
    shown = evidence.Matrix(True, {CLAUSE: {"tests": {"passed": ["a"]}}})
    found = list(holes(register.load("officernd"), shown))
    assert f"{CLAUSE}: no broken partner is caught for it" in found
    assert f"{OTHER}: no passing evidence" in found


def test_the_benchmarks_of_the_last_run_are_listed(tmp_path, capsys, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "benchmarks"))
    monkeypatch.delitem(sys.modules, "harness", raising=False)
    import harness

    monkeypatch.setattr(harness, "ROWS", [])
    harness.row("a | whole <thing>", "1.5 ms", "under 2 ms")
    harness.written(tmp_path)
    assert capsys.readouterr().out.split() == [
        "a",
        "|",
        "whole",
        "<thing>",
        "1.5",
        "ms",
        "aim:",
        "under",
        "2",
        "ms",
    ]
    page = benchmarks_page.section(tmp_path / harness.FILE)
    assert "- a &#124; whole &#60;thing&#62;: **1.5 ms** (aim: under 2 ms)" in page
    assert re.search(r"^On 20\d\d-\d\d-\d\d, with Python 3\.\d+", page, re.MULTILINE)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"rows": [{}]}', "no JSON"])
def test_without_numbers_that_can_be_read_nothing_is_said(tmp_path, text):
    (tmp_path / "benchmarks.json").write_text(text, "utf-8")
    assert benchmarks_page.section(tmp_path / "benchmarks.json") == ""
    assert benchmarks_page.section(tmp_path / "none.json") == ""


def test_the_programs_that_the_page_on_benchmarks_names_are_there():
    text = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    for path in re.findall(r"tests/benchmarks/\w+\.py", text):
        assert (ROOT / path).is_file()
    for module in re.findall(r"python -m ([\w.]+)", text):
        assert (ROOT / (module.replace(".", "/") + ".py")).is_file()
    run = (ROOT / "tests" / "benchmarks" / "run.py").read_text("utf-8")
    assert run.endswith("    written()\n")
    assert "wrk" in (ROOT / "tests" / "benchmarks" / "harness.py").read_text("utf-8")
    assert "AUC" in (ROOT / "tests" / "benchmarks" / "fortis.py").read_text("utf-8")


def test_a_page_of_clauses_says_nothing_of_the_tests_without_a_complete_run(run, tmp_path):
    spec = register.load("officernd")
    assert clauses_pages.page(spec, run()).count(" · shown by ") > 60
    for path in (run(complete=False), tmp_path / "none.json"):
        page = clauses_pages.page(spec, path)
        assert " · shown by " not in page and "not run" not in page
