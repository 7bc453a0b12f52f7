"""The verifiers to copy: right about every vector, refusing alike outside, without a dependency; in each language."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from handshakes.cli import command as cli
from handshakes.platforms import PLATFORMS as KNOWN
from handshakes.spec import fresh
from handshakes.spec.exchanges import canonical_questions, questions
from tests.oracles import tool

from .languages import FOLDER, LANGUAGES, PLATFORMS, Language, Mutant
from .served import faults, serving

MOST_LINES = 450
ROWS = [(name, platform) for name, language in LANGUAGES.items() for platform in language.ready]
MUTANTS = [
    pytest.param(name, mutant, id=f"{name}-{mutant.what.replace(' ', '-')}")
    for name, language in LANGUAGES.items()
    for mutant in language.mutants
]
SETS = {"kept": [], "fresh": ["--fresh", "11"], "canonical": ["--canonical"]}


@pytest.fixture(scope="session")
def adapters(tmp_path_factory):
    """Return a function that gives the command of a language's adapter, built once."""
    built: dict[str, list[str]] = {}

    def command(name: str) -> list[str]:
        if name not in built:
            built[name] = LANGUAGES[name].command(FOLDER / name, tmp_path_factory.mktemp(name))
        return built[name]

    return command


@pytest.fixture(scope="module", autouse=True)
def made_once():
    """Let each generator of fresh vectors run once, not once a language."""
    with patch.object(fresh, "made", cache(fresh.made)):
        yield


def run(command: list[str], platform: str, *options: str) -> tuple[int, str]:
    """Run the vectors of a platform against an adapter; return the exit status and the output."""
    words = ["vectors", "run", platform, *options, "--command", shlex.join(command)]
    done = CliRunner().invoke(cli.app, words)
    return done.exit_code, done.output


@pytest.mark.parametrize("which", SETS)
@pytest.mark.parametrize(("name", "platform"), ROWS)
def test_every_vector_passes_and_nothing_is_unsupported(adapters, name, platform, which):
    code, output = run(adapters(name), platform, *SETS[which])
    assert code == 0, output
    counted = re.search(r"(\d+) passed, 0 failed, 0 wrong reason, 0 unsupported", output)
    asked = (
        canonical_questions(platform, KNOWN[platform].code().operations)
        if which == "canonical"  # where the last stage, the signed bytes, has to be named
        else questions(platform)
    )
    assert counted and int(counted[1]) == len(list(asked)), output


@pytest.mark.parametrize(("name", "platform"), ROWS)
def test_a_served_handler_answers_a_genuine_request_and_refuses_all_others_alike(
    adapters, name, platform, tmp_path
):
    assert faults(adapters(name), platform, tmp_path / "log") == []


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_served_handler_ends_with_its_input_and_on_a_signal(adapters, name, tmp_path):
    with serving(adapters(name), "officernd", tmp_path / "log") as (base, process):
        assert base.startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    with serving(adapters(name), "officernd", tmp_path / "log") as (_, process):
        process.stdin.close()
        process.wait(60)


def traps() -> list[dict[str, Any]]:
    """Return questions for which work that grows with the square of the length would take minutes."""
    long = 60_000
    form = "application/x-www-form-urlencoded"
    part = '\r\nContent-Disposition: form-data; name="register"'
    bodies = [
        (f"register={'[' * long}", form),
        (f"register={'%22' * (long // 3)}", form),
        (f"register={chr(34)}{chr(92) * long}", form),
        (f"register={'1' * long}", form),
        (f"{'+' * long}register=1", form),
        (f"--b{part}{' ' * long}x\r\n\r\n1\r\n--b--", "multipart/form-data; boundary=b"),
        (f"--b\r\n{chr(9) * long}x", "multipart/form-data; boundary=b"),
        ("", f"{' ' * long}x{' ' * long}x"),
    ]
    questions: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("retailcrm.verify_registration", {"secret": "s"}, {"body": {"utf8": body}, "content_type": kind})
        for body, kind in bodies
    ]
    for url in ("https://" + "a" * long + "!", "https://" + "a." * long, "https://a" + "/" * long + "x"):
        questions.append(("retailcrm.canonical_system_url", {"allowed": []}, {"url": url}))
    for url in (f"https://a/?{'1' * 8000}e", f"https://a/?{'+' * 8000}x", f"https://{'a' * long}!/"):
        questions.append(("onoffice.string_to_sign", {}, {"target": url}))
    for name in (" " * long, "1" * long, "1" + " " * long + "x"):
        action = {
            "token": "",
            "api_key": "k",
            "timestamp": 1,
            "resource_type": "",
            "action_id": "",
            "version": 1,
        }
        questions.append(("onoffice.api_hmac", {}, {**action, "parameters": {name: 1}}))
    return [
        {"id": str(place), "operation": operation, "given": given, "input": asked}
        for place, (operation, given, asked) in enumerate(questions * 10)
    ]


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_work_grows_with_the_length_and_not_with_its_square(adapters, name):
    asked = [question for question in traps() if question["operation"].split(".")[0] in LANGUAGES[name].ready]
    lines = "".join(json.dumps(question) + "\n" for question in asked).encode()
    done = subprocess.run(adapters(name), input=lines, capture_output=True, timeout=60)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [question["id"] for question in asked]
    assert "unsupported" not in {answer["verdict"] for answer in answers}


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_files_are_short_and_import_the_standard_library_alone(name):
    language = LANGUAGES[name]
    files = {path.stem: path.read_text("utf-8") for path in language.files(FOLDER / name)}
    assert set(files) == {"strict", "adapter", *language.ready}
    for stem, text in files.items():
        assert len(text.splitlines()) <= MOST_LINES, stem
        strangers = [found for found in language.imported(text) if not re.fullmatch(language.own, found)]
        assert strangers == [], stem
    assert any(language.imported(text) for text in files.values())


@pytest.mark.parametrize(
    ("language", "text", "stranger"),
    [
        ("node", 'import express from "express";', "express"),
        ("node", 'await import("express")', "express"),
        ("go", 'import "github.com/gorilla/mux"', "github.com/gorilla/mux"),
        ("go", 'import (\n\t"strings"\n\tm "example.com/mux"\n)', "example.com/mux"),
        ("php", "require __DIR__ . '/vendor/autoload.php';", "__DIR__ . '/vendor/autoload.php'"),
        ("php", "use Symfony\\Component\\Yaml;", "Symfony\\Component\\Yaml"),
        ("php", "return mb_strlen($text);", "mb_strlen"),
    ],
)
def test_a_dependency_would_be_seen(language, text, stranger):
    found = LANGUAGES[language].imported(text)
    assert [name for name in found if not re.fullmatch(LANGUAGES[language].own, name)] == [stranger]


def test_the_go_module_requires_nothing_and_its_files_are_as_gofmt_writes_them():
    assert "require" not in (FOLDER / "go" / "go.mod").read_text("utf-8")
    unlike = subprocess.run(
        [tool("gofmt"), "-l", str(FOLDER / "go")], capture_output=True, text=True, timeout=60
    )
    assert (unlike.returncode, unlike.stdout) == (0, "")


@pytest.mark.parametrize(("name", "mutant"), MUTANTS)
def test_a_mutant_is_caught(name: str, mutant: Mutant, tmp_path: Path):
    language: Language = LANGUAGES[name]
    copy = tmp_path / name
    shutil.copytree(FOLDER / name, copy)
    file = copy / (mutant.file or mutant.platform + language.suffix)
    text = file.read_text("utf-8")
    assert text.count(mutant.before) == 1
    file.write_text(text.replace(mutant.before, mutant.after), "utf-8")
    build = tmp_path / "build"
    build.mkdir()
    command = language.command(copy, build)
    if mutant.caught_by == "vectors":
        code, output = run(command, mutant.platform)
        assert code == 1, output  # it answers, and wrongly; a program that does not run would end with 3
        assert re.search(r"expected refused as .*, got accepted", output)
    else:
        found = faults(command, mutant.platform, tmp_path / "log")
        assert any(": 200, ''" in fault for fault in found), found  # a broken request was let in


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_language_has_five_mutants_of_ready_platforms(name):
    assert len(LANGUAGES[name].mutants) >= 5
    assert {mutant.platform for mutant in LANGUAGES[name].mutants} <= set(PLATFORMS)


def test_the_examples_of_the_documents_pass_as_written(monkeypatch):
    root = FOLDER.parents[1]
    monkeypatch.chdir(root)
    for program in ("node", "php"):
        tool(program)
    texts = [(root / name).read_text("utf-8") for name in ("README.md", "docs/implementers.md")]
    pattern = re.compile("^(?:.venv/bin/)?handshakes (vectors run .*)$", re.MULTILINE)
    examples = [line for text in texts for line in pattern.findall(text) if "docs/verifiers" in line]
    assert len(examples) >= 3
    for line in examples:
        done = CliRunner().invoke(cli.app, shlex.split(line))
        assert done.exit_code == 0, (line, done.output)
