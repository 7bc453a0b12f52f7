"""Putting vectors to programs: right and wrong answers, and every way in which a program can break the exchange."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter

import jsonschema
import pytest
from typer.testing import CliRunner

from handshakes.cli import command as cli
from handshakes.platforms import PLATFORMS
from handshakes.spec import exchanges, register
from handshakes.spec.adapters import Adapter, Broken
from handshakes.spec.exchanges import canonical_questions, judged, questions
from handshakes.spec.vectors import load

PREFACE = """
import json, os, sys, time
def tell(answer): print(json.dumps(answer), flush=True)
"""
OURS = """
from handshakes.platforms import PLATFORMS
from handshakes.spec import vectors
for line in sys.stdin:
    q = json.loads(line)
    code = PLATFORMS[q["operation"].partition(".")[0]].code()
    tell({"id": q["id"]} | vectors.outcome(code.operations[q["operation"]], q, q))
"""


@pytest.fixture
def program(tmp_path):
    """Write a program, and return the words that start it."""

    def made(text: str) -> list[str]:
        path = tmp_path / "adapter.py"
        path.write_text(PREFACE + text)
        return [sys.executable, str(path)]

    return made


def run(*words: str):
    return CliRunner().invoke(cli.app, ["vectors", "run", *words])


def asked(*names: str) -> dict:
    return {"id": names[0] if names else "a", "operation": "retailcrm.registration_token"}


def test_the_package_itself_passes_everything(program):
    done = run("--command", " ".join(program(OURS)))
    count = sum(len(list(questions(name))) for name in register.platforms())
    assert done.exit_code == 0
    assert f"{count} asked: {count} passed, 0 failed, 0 wrong reason, 0 unsupported" in done.output


READING = "retailcrm:token.value=swapped"


def test_an_implementation_of_another_reading_passes_when_that_is_expected(program):
    swapped = OURS.replace("q, q)", f"q, q, code.readings['{READING}'])")
    command = " ".join(program(swapped))
    assert run("retailcrm", "--command", command, "--reading", READING).exit_code == 0
    done = run("retailcrm", "--command", command)
    assert done.exit_code == 1
    assert "failed: retailcrm/verify_registration/worked-good: expected accepted" in done.output


def test_what_is_not_supported_is_counted_and_judging_nothing_is_no_success(program):
    nothing = 'for line in sys.stdin: tell({"id": json.loads(line)["id"], "verdict": "unsupported"})'
    done = run("retailcrm", "--command", " ".join(program(nothing)))
    assert done.exit_code == 4
    assert "nothing was judged" in done.output


ONE_OPERATION = OURS.replace(
    "    tell(",
    """    if q["operation"] != "retailcrm.registration_token":
        tell({"id": q["id"], "verdict": "unsupported"})
        continue
    tell(""",
)


@pytest.fixture
def one_operation(program) -> str:
    """Return a command that supports one operation of RetailCRM's three."""
    return " ".join(program(ONE_OPERATION))


def test_what_was_not_judged_is_no_success_and_is_named(one_operation):
    """The table of exit codes: 4 when an operation is unsupported that was asked for, which without a choice are all."""
    done = run("retailcrm", "--command", one_operation)
    all_of_it = Counter(question["operation"] for question, _ in questions("retailcrm"))
    tokens, rest = all_of_it.pop("retailcrm.registration_token"), sum(all_of_it.values())
    assert done.exit_code == 4
    assert (
        f"{tokens + rest} asked: {tokens} passed, 0 failed, 0 wrong reason, {rest} unsupported" in done.output
    )
    for name, count in all_of_it.items():
        assert f"{name} ({count})" in done.output
    assert "--operations retailcrm.registration_token\n" in done.output
    assert f"only {tokens} of {tokens + rest} vectors were judged" in done.output


@pytest.mark.parametrize("separate", [False, True])
def test_only_the_operations_that_are_named_are_asked_for(one_operation, separate):
    done = run("--operations", "retailcrm.registration_token", "--command", one_operation)
    assert done.exit_code == 0, done.output
    assert ", 0 unsupported" in done.output
    names = ["retailcrm.registration_token", "retailcrm.verify_registration"]
    options = [word for name in names for word in ("--operations", name)]
    done = run(*(options if separate else ("--operations", ",".join(names))), "--command", one_operation)
    assert (done.exit_code, "retailcrm.verify_registration (" in done.output) == (4, True)
    assert "retailcrm.canonical_system_url" not in done.output


def test_a_failure_outweighs_what_was_not_judged(program):
    wrong = (
        "for line in sys.stdin:\n"
        "    question = json.loads(line)\n"
        "    verdict = 'accepted' if question['operation'].endswith('token') else 'unsupported'\n"
        "    tell({'id': question['id'], 'verdict': verdict})"
    )
    done = run("retailcrm", "--command", " ".join(program(wrong)))
    assert (done.exit_code, "not supported: retailcrm.canonical_system_url (" in done.output) == (1, True)


def test_a_program_of_another_folder_is_said_not_to_be_there(tmp_path, monkeypatch):
    """The README's command, typed in another folder: the interpreter starts, and finds no file."""
    monkeypatch.chdir(tmp_path)
    done = run("retailcrm", "--command", f"{sys.executable} docs/adapters/adapter.py --fast")
    assert done.exit_code == 3
    assert "There is no file 'docs/adapters/adapter.py' in " in done.output
    assert str(tmp_path) in done.output
    assert "keep to the exchange" not in done.output
    done = run("retailcrm", "--command", "./adapter")
    assert (done.exit_code, "There is no file './adapter' in " in done.output) == (3, True)


def test_a_program_that_is_there_and_dies_is_not_said_to_be_absent(program):
    done = run("retailcrm", "--command", " ".join(program("sys.exit(7)")))
    assert (done.exit_code, "exit code 7" in done.output, "no file" in done.output) == (3, True, False)


def test_refused_for_the_wrong_reason_is_told_apart_from_failed(program):
    stale = (
        'for line in sys.stdin: tell({"id": json.loads(line)["id"], "verdict": "refused", "reason": "stale"})'
    )
    done = run("retailcrm", "--command", " ".join(program(stale)))
    expected = [expect for _, expect in questions("retailcrm")]
    refused = sum(expect["verdict"] == "refused" for expect in expected)
    assert done.exit_code == 1
    assert f"0 passed, {len(expected) - refused} failed, {refused} wrong reason, 0 unsupported" in done.output


ONE = "sys.stdin.readline()\n"
BREAKS = [
    ("hangs", ONE + "time.sleep(60)"),
    ("died", ONE + "sys.exit(7)"),
    ("died", ""),
    ("garbage", ONE + "print('hello', flush=True); time.sleep(60)"),
    ("garbage", ONE + "print('[1]', flush=True); time.sleep(60)"),
    ("garbage", ONE + "sys.stdout.buffer.write(b'\\xff\\n'); sys.stdout.flush(); time.sleep(60)"),
    ("garbage", ONE + "print('[' * 100000, flush=True); time.sleep(60)"),
    ("garbage", ONE + 'print(\'{"id": "b", "id": "a"}\', flush=True); time.sleep(60)'),
    ("garbage", ONE + 'print(\'{"id": "a", "verdict": NaN}\', flush=True); time.sleep(60)'),
    ("garbage", ONE + 'print(\'\\ufeff{"id": "a"}\', flush=True); time.sleep(60)'),
    ("garbage", ONE + "print('{\"id\": \"a\", \"n\": ' + '9' * 6000 + '}', flush=True); time.sleep(60)"),
    ("out-of-order", ONE + "tell({'id': 'another', 'verdict': 'accepted'}); time.sleep(60)"),
    ("floods", "print('ready', flush=True)\nfor line in sys.stdin: time.sleep(60)"),
    ("floods", ONE + "sys.stdout.write('x' * 2_000_000); sys.stdout.flush(); time.sleep(60)"),
    (
        "floods",
        "q = json.loads(sys.stdin.readline())\nsys.stdout.write((json.dumps({'id': q['id']}) + chr(10)) * 9); sys.stdout.flush()\ntime.sleep(60)",
    ),
]


@pytest.mark.parametrize(("kind", "text"), BREAKS, ids=[f"{k}-{i}" for i, (k, _) in enumerate(BREAKS)])
def test_a_program_that_breaks_the_exchange_is_reported_as_such(kind, text, program):
    began = time.monotonic()
    with pytest.raises(Broken) as caught, Adapter(program(text), timeout=1.5) as adapter:
        if "ready" in text:
            time.sleep(0.6)
        adapter.ask(asked())
        time.sleep(0.1)
        adapter.ask(asked("b"))
    assert caught.value.kind == kind
    assert time.monotonic() - began < 50, "it slept for 60 s, unless it was ended"


@pytest.mark.parametrize("seconds", ["inf", "1e300", "nan", "0"])
def test_a_time_that_nobody_can_wait_is_a_mistake_of_usage(seconds, program):
    done = run("retailcrm", "--command", " ".join(program("time.sleep(60)")), "--timeout", seconds)
    assert done.exit_code == 2


def test_a_program_that_does_not_read_hangs(program):
    with pytest.raises(Broken) as caught, Adapter(program("time.sleep(60)"), timeout=0.5) as adapter:
        adapter.ask(asked() | {"input": "x" * 1_000_000})
    assert caught.value.kind == "hangs"


def test_a_program_that_goes_on_after_its_last_answer(program):
    more = 'for line in sys.stdin: tell({"id": json.loads(line)["id"]})\n'
    with pytest.raises(Broken) as caught, Adapter(program(more + "print('more', flush=True)")) as adapter:
        adapter.ask(asked())
        adapter.finish()
    assert caught.value.kind == "floods"
    with pytest.raises(Broken) as caught, Adapter(program(more + "time.sleep(60)"), timeout=1.5) as adapter:
        adapter.ask(asked())
        adapter.finish()
    assert caught.value.kind == "hangs"


def test_the_command_says_how_it_broke_and_stops_what_it_started(program, tmp_path):
    text = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n" + ONE + "time.sleep(60)"
    done = run("retailcrm", "--command", " ".join(program(text)), "--timeout", "1.5")
    assert done.exit_code == 3
    assert "the program did not keep to the exchange (hangs)" in done.output
    pid = (tmp_path / "pid").read_text()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--command", ""], 2, "give the program"),
        (["--command", "'unclosed"], 2, "cannot be read"),
        (["--command", "no-such-program-here"], 3, "cannot be started"),
        (["nowhere", "--command", "cat"], 2, "Unknown platform"),
        (["--command", "cat", "--reading", "retailcrm:no.reading=x"], 2, "Unknown reading"),
        (["--command", "cat", "--operations", "retailcrm.verify_everything"], 2, "Unknown operation"),
        (
            ["officernd", "--command", "cat", "--operations", "retailcrm.registration_token"],
            2,
            "Unknown operation",
        ),
        (["--command", "cat", "--repeat", "0"], 2, "repeat"),
        (["--command", "cat", "--timeout", "0"], 2, "timeout"),
    ],
)
def test_wrong_usage(words, code, said):
    done = run(*words)
    assert (done.exit_code, said in done.output) == (code, True), done.output


GOOD = {"parameters": [["a", "b"]], "timestamp": 1, "covered": ["a"], "not_covered": []}
ACCEPTED = {"verdict": "accepted", "returns": GOOD}


@pytest.mark.parametrize(
    ("answer", "expect", "worth"),
    [
        (ACCEPTED, ACCEPTED, "passed"),
        ({"verdict": "accepted", "returns": {"parameters": [["a", "b"]], "timestamp": 1}}, ACCEPTED, "passed"),
        ({"verdict": "accepted", "returns": {"parameters": [["a", "b"]]}}, ACCEPTED, "failed"),
        ({"verdict": "accepted", "returns": GOOD | {"timestamp": True}}, ACCEPTED, "failed"),
        ({"verdict": "accepted", "returns": GOOD | {"covered": []}}, ACCEPTED, "failed"),
        ({"verdict": "accepted", "returns": GOOD | {"more": 1}}, ACCEPTED, "failed"),
        ({"verdict": "accepted"}, ACCEPTED, "failed"),
        ({"verdict": "maybe"}, ACCEPTED, "failed"),
        ({}, ACCEPTED, "failed"),
        ({"verdict": "refused", "reason": "stale"}, ACCEPTED, "failed"),
        ({"verdict": "refused", "reason": "stale"}, {"verdict": "refused", "reason": "stale"}, "passed"),
        ({"verdict": "refused"}, {"verdict": "refused", "reason": "stale"}, "wrong reason"),
        (ACCEPTED, {"verdict": "refused", "reason": "stale"}, "failed"),
        ({"verdict": "unsupported"}, ACCEPTED, "unsupported"),
    ],
)  # fmt: skip
def test_what_an_answer_is_worth(answer, expect, worth):
    assert judged(answer, expect)[0] == worth


STAGED = {"verdict": "accepted", "stages": [{"name": "json", "utf8": "{}", "length": 2},
                                            {"name": "message", "hex": "7b7d", "length": 2}]}  # fmt: skip


@pytest.mark.parametrize(
    ("stages", "worth"),
    [
        ({"message": {"utf8": "{}"}}, "passed"),
        ({"message": {"hex": "7b7d"}, "json": {"utf8": "{}"}}, "passed"),
        ({"message": {"utf8": "{}"}, "json": {"utf8": "{ }"}}, "failed"),
        ({"json": {"utf8": "{}"}}, "failed"),
        ({"message": "{}"}, "failed"),
        ({"message": {"hex": "7b7"}}, "failed"),
        (None, "failed"),
    ],
)
def test_what_stages_are_worth(stages, worth):
    assert judged({"verdict": "accepted", "stages": stages}, STAGED)[0] == worth


def test_questions_and_answers_fit_their_schema():
    schema = json.loads(exchanges.SCHEMA.read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    jsonschema.Draft202012Validator.check_schema(schema)
    for platform in register.platforms():
        for question, expect in [
            *questions(platform),
            *canonical_questions(platform, PLATFORMS[platform].code().operations),
        ]:
            assert validator.is_valid(question), question["id"]
            answer = {"id": question["id"]} | expect
            if "stages" in answer:
                answer["stages"] = {
                    s["name"]: {k: s[k] for k in ("utf8", "hex") if k in s} for s in answer["stages"]
                }
            assert validator.is_valid(answer), question["id"]
    assert not validator.is_valid({"id": "a", "verdict": "maybe"})
    assert not validator.is_valid({"verdict": "unsupported"})


def test_another_reading_changes_exactly_the_vectors_that_name_it():
    plain = {q["id"]: e for q, e in questions("retailcrm")}
    other = {q["id"]: e for q, e in questions("retailcrm", reading=READING)}
    named = {v["id"] for g in load("retailcrm")["groups"] for v in g["vectors"] if READING in v["by_reading"]}
    assert {id for id in plain if plain[id] != other[id]} == named
    assert len(named) > 5
