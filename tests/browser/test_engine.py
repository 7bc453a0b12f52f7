"""The engine in Chromium answers as the package does in CPython: vectors, rows of the slips, lessons."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zlib import crc32

import pytest

from handshakes.explain.asking import ask
from handshakes.explain.telling import told
from handshakes.platforms import PLATFORMS
from handshakes.runtime.ciphers import AesCiphers
from handshakes.spec import vectors

from .engine import answers, engine_page, question

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
CIPHERS = AesCiphers()
EVERY = os.environ.get("HANDSHAKES_ENGINE") == "all"
VERIFIED = {
    "verify_query": lambda given: (given["target"].encode(), ""),
    "verify_url": lambda given: (given["target"].encode(), ""),
    "verify_launch": lambda given: (given["target"].encode(), ""),
    "verify_webhook": lambda given: (vectors.raw(given["body"]), given["header"]),
    "verify_registration": lambda given: (vectors.raw(given["body"]), given["content_type"]),
    "decrypt_parameters": lambda given: (f"/launch?data={quote(given['data'], safe='')}".encode(), ""),
}
"""What a person pastes of a vector's input, and the header that belongs to it."""


OUTCOMES = """
from handshakes.platforms import PLATFORMS
from handshakes.spec.vectors import outcome
code = PLATFORMS["{}"].code()
print(json.dumps([
    outcome(code.operations[group["operation"]], group, vector) for group in groups for vector in group["vectors"]
]))
"""


def chosen(name: str) -> bool:
    """Return whether what has this name is of the quarter that is always compared."""
    return EVERY or crc32(name.encode()) % 4 == 0


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with engine_page(tmp_path_factory.mktemp("site")) as opened:
        yield opened


def of_vectors(platform: str) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Return vectors that verify something, as pasted bytes and options."""
    for group, vector in vectors.rows(vectors.load(platform)):
        pasted = VERIFIED.get(group["operation"].partition(".")[2])
        if pasted is None or not chosen(vector["id"]):
            continue
        content, header = pasted(vector["input"])
        given = group["given"]
        options = {"secret": given["secret"], "now": given.get("now", 0), "header": header}
        if "tolerance" in given:
            options["tolerance"] = ",".join(map(str, given["tolerance"]))
        yield content, options


def of_rows(platform: str) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Return rows of the table of mistakes, as pasted bytes and options."""
    table = import_module(f"tests.explain.test_{platform}")
    for row in (row for row in table.ROWS if chosen(row.name)):
        pasted = row.pasted()
        options = {"secret": table.SECRET, "now": getattr(table, "NOW", 0)}
        for name, value in row.options.items():
            found = value() if callable(value) else value
            options["origin" if name == "origins" else name] = [*found] if isinstance(found, tuple) else found
        yield pasted.encode("utf-8", "surrogatepass") if isinstance(pasted, str) else pasted, options


def by_cpython(platform: str, pasted: bytes, given: dict[str, Any]) -> dict[str, Any]:
    """Return what the command would print, as JSON and as text; or what is wrong with the options."""
    try:
        answer = ask(platform, pasted, given, ciphers=CIPHERS if platform == "fortis" else None)
    except ValueError as wrong:
        return {"ok": False, "error": str(wrong)}
    text = "\n".join(told(answer, given["now"]))
    return {"ok": True, "answer": json.loads(json.dumps(answer.as_json())), "text": text}


def without_place(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without the place where JSON ends wrongly: from 3.13 on, Python names the comma before it."""
    found: dict[str, Any] = json.loads(re.sub(r"JSON \(at character \d+\)", "JSON", json.dumps(answer)))
    return found


@pytest.mark.parametrize("asked", [of_rows, of_vectors], ids=["rows", "vectors"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_browser_answers_as_the_command_does(engine, platform, asked):
    """A quarter of the rows, always the same; with HANDSHAKES_ENGINE=all each of them, which takes two minutes."""
    page = engine.page
    rows = [*asked(platform)]
    assert len(rows) > (100 if EVERY else 20)
    found = answers(page, [question(platform, *row) for row in rows])
    for row, answer in zip(rows, found, strict=True):
        answer.pop("id")
        assert without_place(answer) == without_place(by_cpython(platform, *row)), row


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_vector_has_its_answer_in_the_browser(engine, platform):
    """The operations themselves, signing included, not what `explain` says about them."""
    groups = vectors.load(platform)["groups"]
    source = (
        f"import json; groups = json.loads({json.dumps(json.dumps(groups))})\n{OUTCOMES.format(platform)}"
    )
    (answer,) = engine.page.evaluate("source => run('vectors', [source])", source)
    expected = [vector["expect"] for group in groups for vector in group["vectors"]]
    assert json.loads(answer["outputs"][0]["text"]) == expected and len(expected) > 100


def test_a_wrong_question_is_answered_with_what_is_wrong_and_the_next_one_as_ever(engine):
    page = engine.page
    right = question("officernd", b"/h?slug=s", {"secret": "s", "now": 0})
    wrong = [
        {**right, "platform": "shopify"},
        {**right, "given": {"secret": "", "now": 0}},
        {**right, "given": {"secret": "s", "now": -1}},
        {**right, "given": {"secret": "s", "now": 0, "mode": "plain"}},
        {**right, "given": None},
        right,
    ]
    *refused, last = answers(page, wrong)
    assert [one["error"].split()[0] for one in refused] == ["platform", "secret", "now", "mode", "secret"]
    assert last["answer"]["reason"] == "missing-parameter"
    unknown = page.evaluate("() => ask({do: 'something'})")
    assert (unknown["ok"], unknown["error"]) == (False, "unknown message: something")


def test_text_is_read_as_its_bytes_and_ones_own_text_may_be_bytes(engine):
    given = {"secret": "s", "now": 0, "mine": "\u00fc"}
    asked = {"do": "explain", "platform": "officernd", "pasted": "/h?slug=\u00fc\u2028\U0001f600&signature=x"}
    for own in (
        "'\u00fc'",
        "new TextEncoder().encode('\u00fc')",
        "new TextEncoder().encode('\u00fc').buffer",
    ):
        answer = engine.page.evaluate(
            f"asked => {{ asked.given.mine = {own}; return ask(asked) }}", {**asked, "given": given}
        )
        answer.pop("id")
        assert answer == by_cpython("officernd", asked["pasted"].encode(), given)


def test_a_cell_that_fails_or_prints_too_much_is_told_and_the_lesson_goes_on(engine):
    page = engine.page
    sources = [
        "x = 1",
        "def f():\n    return 1 / 0\nf()",
        "x",
        "x +",
        "x;",
        "while True: print('y' * 1000)",
        "x",
    ]
    found = [answer["outputs"] for answer in page.evaluate("all => run('wrong', all)", sources)]
    assert [[one["kind"] for one in outputs] for outputs in found] == [
        *([], ["error"], ["text"], ["error"], [], ["text", "error"], ["text"])
    ]
    told = found[1][0]["text"]
    assert (
        "cell 2" in told and "return 1 / 0" in told and told.endswith("ZeroDivisionError: division by zero\n")
    )
    assert "inside" not in told
    assert len(found[5][0]["text"]) <= 200_000
    page.evaluate("() => ask({do: 'restart', lesson: 'wrong'})")
    (again,) = page.evaluate("() => run('wrong', ['x'])")
    assert "NameError" in again["outputs"][0]["text"]


def stored(cell: dict[str, Any]) -> list[dict[str, str]]:
    """Return the outputs of a notebook's cell as the engine gives them."""
    found = []
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            found.append({"kind": "text", "text": "".join(output["text"])})
            continue
        data = {kind: "".join(text) for kind, text in output["data"].items()}
        plain = data.pop("text/plain")
        rich = [
            {"kind": kind.removeprefix("text/"), "text": text, "plain": plain} for kind, text in data.items()
        ]
        found += rich or [{"kind": "text", "text": plain}]
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_lesson_gives_the_stored_outputs(engine, path):
    page = engine.page
    cells = [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    sources = ["".join(cell["source"]) for cell in cells]
    found = page.evaluate("([lesson, sources]) => run(lesson, sources)", [path.stem, sources])
    assert [answer.get("outputs", answer) for answer in found] == [stored(cell) for cell in cells]


def test_what_could_send_something_away_is_gone_once_python_runs(engine):
    """The policy of a page does not hold a worker that has an address of its own."""
    source = "import js; [name for name in ('fetch', 'XMLHttpRequest', 'WebSocket', 'setTimeout') if getattr(js, name)]"
    (answer,) = engine.page.evaluate("source => run('network', [source])", source)
    assert answer["outputs"] == [{"kind": "text", "text": "['setTimeout']"}]


def test_nothing_but_the_engine_itself_was_asked_for_and_the_console_is_silent(engine):
    """The last test of this file: it looks at all that the others made the page ask for."""
    engine.page.evaluate("() => ask({do: 'restart', lesson: 'wrong'})")
    there = {path.relative_to(engine.folder).as_posix() for path in engine.folder.rglob("*")}
    assert "engine/worker.mjs" in engine.asked and {*engine.asked} <= {"", *there}
    assert engine.said == []
