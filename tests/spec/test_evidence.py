"""The matrix: what a run of pytest writes about clauses, and how a hole ends a full run. Each case is a run of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from handshakes.cli import command as cli
from handshakes.spec import evidence, register
from handshakes.spec.evidence import NOT_RUN, Matrix
from tests.matrix import holes

HERE = Path(__file__).parents[2]
CONFTEST = """
import pytest
from tests.matrix import Matrix

def pytest_configure(config):
    config.addinivalue_line("markers", "clause(*ids): x")
    config.addinivalue_line("markers", "broken(platform): x")
    config.pluginmanager.register(Matrix(config), "matrix")
"""
TESTS = """
import pytest

@pytest.mark.clause("retailcrm:card.secret", "retailcrm:config.method")
@pytest.mark.parametrize("n", [1, 2])
def test_one(n):
    assert n < LIMIT

@pytest.mark.clause("retailcrm:card.secret")
def test_skipped():
    pytest.skip("no such program")

@pytest.mark.parametrize("vector", [{"id": "a", "clauses": ["retailcrm:token.value"]}])
def test_vector(vector):
    pass

@pytest.mark.broken("retailcrm")
@pytest.mark.parametrize(("clause", "override"), [("token.verify", {})])
def test_broken(clause, override):
    pass
"""


ONES = ["tests/test_it.py::test_one[1]", "tests/test_it.py::test_one[2]"]


def run_tests(folder: Path, *words: str, limit: int = 9, text: str = TESTS) -> tuple[int, str, dict]:
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\ntestpaths = ["tests"]\n')
    (folder / "tests" / "conftest.py").write_text(CONFTEST)
    (folder / "tests" / "test_it.py").write_text(text.replace("LIMIT", str(limit)))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "nbval", *words]
    # to import the other plugins takes a second
    alone = {"PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment = os.environ | alone | {"PYTHONPATH": str(HERE)}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
    path = folder / evidence.FILE
    return done.returncode, done.stdout + done.stderr, json.loads(path.read_text()) if path.exists() else {}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return run_tests(tmp_path_factory.mktemp("whole"))


def test_a_full_run_counts_proofs_and_fails_for_holes(whole):
    code, said, written = whole
    assert written["complete"] is True
    assert written["clauses"] == {
        "retailcrm:card.secret": {"tests": {"passed": ONES, "skipped": ["tests/test_it.py::test_skipped"]}},
        "retailcrm:config.method": {"tests": {"passed": ONES}},
        "retailcrm:token.value": {"vectors": {"passed": ["a"]}},
        "retailcrm:token.verify": {
            "broken": {"passed": ["tests/test_it.py::test_broken[token.verify-override0]"]}
        },
    }
    assert code == 1, "the tests passed, and holes fail a full run"
    assert "clause that no test proves: retailcrm:token.value: no broken partner is caught for it" in said
    assert "clause that no test proves: retailcrm:config.bare: no passing evidence" in said
    assert "clause that no test proves: retailcrm:token.verify" not in said
    assert "clause that no test proves: retailcrm:card.secret:" not in said
    assert "clause that no test proves: retailcrm:connection.fee" not in said, "it is listed as untestable"


@pytest.mark.parametrize("words", [("-k", "one"), ("tests/test_it.py",)])
def test_a_run_of_some_tests_is_not_complete_and_fails_for_nothing(words, tmp_path):
    code, said, written = run_tests(tmp_path, *words)
    assert (code, written["complete"]) == (0, False)
    assert "clause that no test proves" not in said


def test_a_failed_proof_is_none(tmp_path):
    code, said, written = run_tests(tmp_path, limit=2)
    assert code == 1
    assert written["clauses"]["retailcrm:card.secret"]["tests"] == {
        "passed": ONES[:1],
        "failed": ONES[1:],
        "skipped": ["tests/test_it.py::test_skipped"],
    }
    assert "clause that no test proves: retailcrm:card.secret: 1 failed" in said


def test_a_clause_that_no_register_holds_is_told_in_any_run(tmp_path):
    text = 'import pytest\n\n@pytest.mark.clause("retailcrm:no.such")\ndef test_one():\n    pass\n'
    code, said, _ = run_tests(tmp_path, "tests/test_it.py", text=text)
    assert code == 1
    assert "retailcrm:no.such: is in no register" in said


def test_an_interrupted_run_is_not_complete(tmp_path):
    text = "def test_one():\n    raise KeyboardInterrupt\n"
    _, _, written = run_tests(tmp_path, text=text)
    assert written["complete"] is False


def test_every_testable_clause_of_any_level_is_a_hole_before_anything_ran():
    for platform in register.platforms():
        known = register.load(platform)
        hidden = {entry.clause for entry in known.untestable}
        testable = [c for c in known.clauses if c.id not in hidden]
        assert {c.level for c in testable} == {"must", "should", "may"}
        assert [line.partition(": ")[0] for line in holes(known, NOT_RUN)] == [c.id for c in testable]


def test_a_broken_partner_is_owed_to_a_must_of_the_partner_only():
    known = register.load("retailcrm")
    hidden = {entry.clause for entry in known.untestable}
    tested = Matrix(True, {c.id: {"tests": {"passed": ["x"]}} for c in known.clauses})
    owed = [c.id for c in known.clauses if (c.level, c.actor) == ("must", "partner") and c.id not in hidden]
    assert list(holes(known, tested)) == [f"{id}: no broken partner is caught for it" for id in owed]


def test_no_test_says_that_it_proves_what_is_listed_as_untestable():
    platforms = [register.load(platform) for platform in register.platforms()]
    hidden = {entry.clause for known in platforms for entry in known.untestable}
    text = "".join(path.read_text("utf-8") for path in (HERE / "tests").rglob("test_*.py"))
    marks = re.findall(r"mark\.clause\(([^()]*)\)", text)
    assert len(marks) > 100
    assert {id for mark in marks for id in re.findall(r'"([^"]*)"', mark)} & hidden == set()


def test_the_evidence_in_words():
    found = Matrix(
        True, {"a:b": {"tests": {"passed": ["x", "y"], "failed": ["z"]}, "vectors": {"passed": list("abc")}}}
    )
    assert found.shown("a:b") == "2 tests, 3 vectors, 1 failed"
    assert found.shown("a:c") == "none"
    assert NOT_RUN.shown("a:c") == "not run"


@pytest.mark.parametrize(
    "text",
    [
        None, "", "{", "[]", "{}", '{"complete": true}', "[" * 200_000,
        '{"complete": true, "clauses": []}',
        '{"complete": true, "clauses": {"retailcrm:card.secret": []}}',
        '{"complete": true, "clauses": {"retailcrm:card.secret": {"tests": ["passed"]}}}',
        '{"complete": true, "clauses": {"retailcrm:card.secret": {"tests": {"passed": 3}}}}',
        '{"complete": true, "clauses": {"retailcrm:card.secret": {"tests": {"passed": "abc"}}}}',
        '{"complete": true, "clauses": {"retailcrm:card.secret": {"tests": {"passed": [3]}}}}',
    ],
)  # fmt: skip
def test_a_matrix_that_cannot_be_read_is_as_none(text, tmp_path):
    path = tmp_path / "matrix.json"
    if text is not None:
        path.write_text(text)
    assert evidence.read(path) == NOT_RUN


def test_the_command_shows_the_evidence_beside_the_clause(whole, tmp_path, monkeypatch):
    path = tmp_path / "matrix.json"
    path.write_text(json.dumps(whole[2]))
    done = CliRunner().invoke(cli.app, ["clauses", "list", "retailcrm", "--matrix", str(path)])
    assert done.exit_code == 0
    lines = {line.split()[2]: line for line in done.stdout.splitlines()}
    assert lines["retailcrm:card.secret"].endswith("[2 tests]")
    assert lines["retailcrm:config.bare"].endswith("[none]")
    assert "[untestable: " in lines["retailcrm:connection.fee"]
    path.write_text('{"complete": false, "clauses": {}}')
    part = CliRunner().invoke(cli.app, ["clauses", "list", "retailcrm", "--matrix", str(path)])
    assert (part.exit_code, "is not of a full run" in part.output) == (0, True)
    monkeypatch.chdir(tmp_path)  # where no run of the tests has written anything
    none = CliRunner().invoke(cli.app, ["clauses", "list", "retailcrm"])
    assert none.exit_code == 0
    assert "[not run]" in none.output
    assert "is not of a full run" in none.output
