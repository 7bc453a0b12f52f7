"""Vectors made anew, and the reference itself as the program that answers them through the documented pipe."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from functools import cache
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from handshakes.cli import command as cli
from handshakes.platforms import PLATFORMS
from handshakes.spec import fresh, vectors

PROGRAM = [sys.executable, "-c", "from handshakes.cli.command import main; main()", "vectors", "answer"]
ITSELF = shlex.join(PROGRAM)
SEED = 2026
MADE = fresh.made


@pytest.fixture(scope="module", autouse=True)
def once():
    """Let each generator run once a seed: Fortis' asks OpenSSL five hundred times."""
    with patch.object(fresh, "made", cache(MADE)):
        yield


def asked(*words: str):
    return CliRunner().invoke(cli.app, ["vectors", "run", *words, "--command", ITSELF])


@pytest.mark.parametrize(
    ("extra", "least"), [([], 990), (["--fresh", str(SEED)], 990), (["--canonical", "onoffice"], 90)]
)
def test_the_reference_answers_every_vector_through_the_pipe(extra, least):
    done = asked(*extra)
    assert done.exit_code == 0, done.output
    passed = re.search(r"(\d+) passed, 0 failed, 0 wrong reason, 0 unsupported", done.output)
    assert passed and int(passed[1]) >= least


@pytest.mark.parametrize("platform", PLATFORMS)
def test_another_seed_gives_other_questions_and_the_same_seed_the_same(platform):
    first, other = (list(fresh.questions(platform, seed)) for seed in (SEED, 1))
    with patch.object(fresh, "made", MADE):
        assert first == list(fresh.questions(platform, SEED))
    assert len(first) == len(other) == sum(1 for _ in vectors.rows(vectors.load(platform)))
    kept = {
        json.dumps([g["operation"], g["given"], v["input"]]) for g, v in vectors.rows(vectors.load(platform))
    }
    asked_anew = [json.dumps([q["operation"], q["given"], q["input"]]) for q, _ in first]
    assert sum(question not in kept for question in asked_anew) > len(first) / 2
    assert {question["id"] for question, _ in first}.isdisjoint({question["id"] for question, _ in other})
    shuffled = [question["operation"] for question, _ in first]
    assert shuffled != sorted(shuffled, key=shuffled.index)


def test_a_program_that_knows_the_answers_by_heart_fails(tmp_path):
    """It has read every vector of the file, and answers with what it says; ids and values are others now."""
    script = tmp_path / "parrot.py"
    script.write_text(
        "import json, sys\nfrom handshakes.spec import vectors\n"
        "known = {v['id']: v['expect'] for _, v in vectors.rows(vectors.load('officernd'))}\n"
        "for line in sys.stdin:\n    q = json.loads(line)\n"
        "    print(json.dumps({'id': q['id'], **known.get(q['id'], {'verdict': 'unsupported'})}), flush=True)\n"
    )
    words = ["vectors", "run", "officernd", "--command", f"{shlex.quote(sys.executable)} {script}"]
    assert CliRunner().invoke(cli.app, words).exit_code == 0
    done = CliRunner().invoke(cli.app, [*words, "--fresh", "5"])
    assert done.exit_code == 4
    assert "0 passed" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--fresh", "-1"], "--fresh"),
        (["--fresh", "soon"], "--fresh"),
        (["--fresh", "1", "--canonical"], "leave --reading and --canonical out"),
    ],
)
def test_a_wrong_use_is_said(words, said):
    done = asked(*words)
    assert done.exit_code == 2
    assert said in done.output


def test_without_the_generators_it_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(fresh, "made", MADE)
    monkeypatch.setattr(fresh, "GENERATORS", tmp_path)
    done = asked("officernd", "--fresh", "1")
    assert done.exit_code == 2
    assert "checkout" in done.output


@pytest.mark.parametrize(
    "line", ["", "[]", "{}", '{"id": 1}', "nonsense", '{"id":"a","operation":3,"given":{},"input":{}}']
)
def test_what_is_no_question_ends_the_answering_with_its_line(line):
    done = subprocess.run(
        PROGRAM,
        input=line + "\n",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3
    assert "line 1 is no question" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_operation_is_unsupported():
    line = json.dumps({"id": "a", "operation": "shop.buy", "given": {}, "input": {}}) + "\n"
    done = subprocess.run(
        PROGRAM,
        input=line,
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout) == {"id": "a", "verdict": "unsupported"}
