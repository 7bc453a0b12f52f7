"""Refusals explain themselves, from one closed table of reasons, and never with a secret."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from pathlib import Path

import pytest

import handshakes
from handshakes.core.keys import PUBLIC_TEST_KEYS, first_that_verifies, key_bytes, shown
from handshakes.core.refusals import REASONS, Refused
from handshakes.core.stages import Stage, first_difference

REFERENCE = Path(handshakes.__file__).parent
ROOT = Path(__file__).parents[2]
CLAUSE = "officernd:signature.digest"


def test_an_unknown_reason_is_a_defect_of_ours():
    with pytest.raises(KeyError, match=r"^\"no reason code 'nonsense' in the table\"$"):
        Refused("nonsense", CLAUSE)


def test_a_refusal_carries_what_it_was_given():
    stage = Stage("message", b"x")
    refused = Refused("stale", CLAUSE, {"age": 301}, stage="time", stages=(stage,))
    assert (refused.reason, refused.clause, refused.evidence) == ("stale", CLAUSE, {"age": "301"})
    assert (refused.stage, refused.stages) == ("time", (stage,))
    bare = Refused("stale", CLAUSE)
    assert (bare.evidence, bare.stage, bare.stages) == ({}, "", ())


def test_what_python_shows_of_a_refusal_by_itself_is_its_reason_and_its_clause_alone():
    refused = Refused("stale", CLAUSE, {"age": "301 s"}, stages=(Stage("message", b"x"),))
    assert refused.args == ("stale", CLAUSE)
    assert repr(refused) == f"Refused('stale', {CLAUSE!r})"


def test_str_is_one_line():
    refused = Refused("stale", CLAUSE, {"age": "301 s", "allowed": "300 s"})
    assert str(refused) == "stale (officernd:signature.digest): age 301 s, allowed 300 s"
    assert str(Refused("stale", CLAUSE)) == "stale (officernd:signature.digest)"


def test_explain_says_what_which_why_where_and_what_to_look_at():
    refused = Refused(
        "signature-mismatch",
        CLAUSE,
        {"parameters": 2},
        stage="message",
        stages=(Stage("json", b'{"slug":"a"}'), Stage("message", b'{"slug":"a"}.1\xff')),
    )
    first, *middle, last = refused.explain().splitlines()
    assert first == "Refused: signature-mismatch. " + REASONS["signature-mismatch"].meaning
    assert last == "Hint: " + refused.hint() == "Hint: " + REASONS["signature-mismatch"].hint
    assert [line.split() for line in middle] == [
        ["clause", CLAUSE],
        ["stage", "message"],
        ["parameters:", "2"],
        ["the", "bytes", "that", "the", "secret", "was", "tried", "on,", "stage", "by", "stage:"],
        ["json", '{"slug":"a"}', "(12", "bytes)"],
        ["message", "hex", *b'{"slug":"a"}.1\xff'.hex(" ").split(), "(15", "bytes)"],
    ]


def test_explain_without_evidence_and_stages_is_short():
    assert len(Refused("stale", CLAUSE).explain().splitlines()) == 3


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_has_a_code_a_meaning_and_a_hint(code):
    assert code == code.lower().strip("-")
    assert code.replace("-", "").isalpha()
    for text in REASONS[code]:
        assert text.endswith((".", "?"))
        assert "|" not in text, "it stands in a Markdown table"
    assert REASONS[code].meaning.split(";")[0] in Refused(code, CLAUSE).explain()


def codes_in(source: str) -> list[str]:
    """Return every text that may be the first argument of `Refused(…)`, a choice of two included."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    named = [call for call in calls if getattr(call.func, "id", getattr(call.func, "attr", "")) == "Refused"]
    first = [call.args[0] for call in named if call.args]
    first += [word.value for call in named for word in call.keywords if word.arg == "reason"]
    return [
        node.value
        for argument in first
        for node in ([argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument])
        if isinstance(node, ast.Constant)
    ]


def test_every_reason_that_the_reference_uses_is_in_the_table():
    assert codes_in(
        "raise Refused('a', c)\nrefusals.Refused('b' if x else 'c', d)\nRefused(reason='d')\nf('e')"
    ) == list("abcd")
    used = {
        (path.relative_to(REFERENCE).as_posix(), code)
        for path in REFERENCE.rglob("*.py")
        for code in codes_in(path.read_text("utf-8"))
    }
    assert {"signature-mismatch", "stale", "malformed", "empty-secret"} <= {code for _, code in used}
    assert [(path, code) for path, code in sorted(used) if code not in REASONS] == []


def test_every_reason_of_the_table_is_one_that_a_side_its_store_or_a_fault_of_the_simulator_gives():
    """A reason that nothing gives is explained in vain. What only explains, shows or judges reasons is not asked."""
    told = ("core/refusals.py", "explain/", "judge/", "web/", "cli/")
    sources = {path.relative_to(REFERENCE).as_posix(): path for path in REFERENCE.rglob("*.py")}
    given = {
        node.value
        for name, path in sources.items()
        if not name.startswith(told)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert [code for code in REASONS if code not in given] == []


# --- secrets ----------------------------------------------------------------------------------


def test_a_stage_that_holds_a_credential_shows_length_and_digest_only():
    secret = "a-very-private-key"
    stage = Stage("message", secret.encode(), credential=True)
    digest = hashlib.sha256(secret.encode()).hexdigest()
    assert stage.show() == f"‹sha256 {digest[:6]}…› (18 bytes)"
    refused = Refused("signature-mismatch", CLAUSE, stages=(stage,))
    for text in (
        refused.explain(),
        str(refused),
        repr(refused),
        repr(stage),
        f"{refused.stages}",
        repr(refused.args),
    ):
        assert secret not in text
        assert secret.encode().hex(" ") not in text
        assert digest[:12] not in text


def test_a_credential_that_is_not_text_is_masked_too():
    stage = Stage("key", b"\xff\xfeprivate", credential=True)
    assert "ff fe" not in stage.show()
    assert stage.show().endswith("(9 bytes)")


def test_a_public_test_key_is_shown():
    assert Stage("message", b"example-integration-secret", credential=True).show() == (
        "example-integration-secret (26 bytes)"
    )
    assert shown("example-integration-secret") == "example-integration-secret"
    assert "example-integration-secret" in PUBLIC_TEST_KEYS


def test_an_ordinary_stage_shows_its_bytes():
    assert Stage("json", '{"a":"ü"}'.encode()).show() == '{"a":"ü"} (10 bytes)'
    assert Stage("json", b"").show() == " (0 bytes)"
    assert repr(Stage("raw", b"\x00\xff")) == "<Stage raw: hex 00 ff (2 bytes)>"


@pytest.mark.parametrize("value", [b"a\nHint: all is well", b"a\r\x1b[2Jb", "a\u2028b\u202eb".encode()])
def test_a_stage_stays_on_its_line(value):
    """What came from outside must not write lines of its own into what the operator reads."""
    bare = Refused("signature-mismatch", CLAUSE, stages=(Stage("body", b"a"),)).explain()
    full = Refused("signature-mismatch", CLAUSE, stages=(Stage("body", value),)).explain()
    assert len(full.splitlines()) == len(bare.splitlines())
    assert full.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("one", "other", "index"),
    [
        (b"", b"", None),
        (b"abc", b"abc", None),
        (b"abc", b"abd", 2),
        (b"ab", b"abc", 2),
        (b"", b"a", 0),
        (b"xbc", b"abc", 0),
    ],
)
def test_the_first_byte_that_differs(one, other, index):
    assert first_difference(one, other) == first_difference(other, one) == index


@pytest.mark.parametrize(
    ("secret", "reason"),
    [("", "empty-secret"), (b"bytes", "wrong-type"), (None, "wrong-type"), ("\ud800", "malformed")],
)
def test_a_secret_that_cannot_be_a_key_is_refused(secret, reason):
    with pytest.raises(Refused) as refused:
        key_bytes(secret, CLAUSE)
    assert (refused.value.reason, refused.value.clause) == (reason, CLAUSE)
    assert "bytes'" not in refused.value.explain()


def test_a_key_is_the_utf8_of_its_text():
    assert key_bytes("geheimnis-mit-ümlaut", CLAUSE) == b"geheimnis-mit-\xc3\xbcmlaut"


@pytest.mark.parametrize(
    ("secret", "raw"),
    [("x", b"x"), ("a-very-private-key", b"a-very-private-key"), ("\ud800", b"\xed\xa0\x80")],
)
def test_a_secret_is_shown_as_its_length_and_a_few_digits(secret, raw):
    assert shown(secret) == f"‹{len(secret)} characters, sha256 {hashlib.sha256(raw).hexdigest()[:6]}…›"


class Tried:
    """A verifier that knows one secret and notes which ones it was asked."""

    def __init__(self, good: str, reason: str = "signature-mismatch") -> None:
        self.good, self.reason, self.secrets = good, reason, []

    def __call__(self, secret: str) -> str:
        self.secrets.append(secret)
        if secret != self.good:
            raise Refused(self.reason, CLAUSE, {"tried": len(self.secrets)})
        return "verified"


def test_candidates_are_tried_in_order_until_one_verifies():
    tried = Tried("b")
    assert first_that_verifies(
        [("previous", "a"), ("current", "b"), ("next", "c")], tried, clause=CLAUSE
    ) == (
        "current",
        "verified",
    )
    assert tried.secrets == ["a", "b"]


def test_no_candidate_verifies():
    with pytest.raises(Refused) as refused:
        first_that_verifies([("one", "a"), ("two", "b")], Tried("z"), clause=CLAUSE)
    assert (refused.value.reason, refused.value.evidence) == ("signature-mismatch", {"tried": "2"})


def test_any_other_refusal_ends_the_search_at_once():
    tried = Tried("b", "stale")
    with pytest.raises(Refused, match="stale"):
        first_that_verifies([("one", "a"), ("two", "b")], tried, clause=CLAUSE)
    assert tried.secrets == ["a"]


def test_no_candidate_at_all():
    with pytest.raises(Refused) as refused:
        first_that_verifies([], Tried("a"), clause=CLAUSE)
    assert (refused.value.reason, refused.value.clause) == ("unknown-installation", CLAUSE)


def test_no_meaning_or_hint_speaks_of_python_or_promises_what_does_not_hold():
    """A person at the command line passes no `str`; after a lost answer the other side may have acted."""
    texts = [text for reason in REASONS.values() for text in reason]
    assert [text for text in texts if re.search(r"\b(str|bytes|dict|int|None)\b|`", text)] == []
    assert [text for text in texts if re.search(r"\bstands? in\b", text)] == []
    assert "can be repeated" not in REASONS["unreachable"].hint
    assert "Nothing was changed" not in REASONS["unreachable"].hint
    assert "secret" not in REASONS["unknown-installation"].meaning


def test_every_meaning_and_every_hint_is_whole_sentences():
    for reason, row in REASONS.items():
        for text in row:
            assert text[0].isupper() and text[-1] in ".?", (reason, text)


def test_every_public_key_is_one_that_a_vector_a_test_or_a_part_of_the_package_uses():
    places = (REFERENCE, "*/vectors.json"), (REFERENCE, "**/*.py"), (ROOT / "tests", "**/*.py")
    files = (path for folder, pattern in places for path in folder.glob(pattern) if path.name != "keys.py")
    texts = "".join(path.read_text("utf-8") for path in files)
    unused = {
        key for key in PUBLIC_TEST_KEYS if not any(form in texts for form in (f'"{key}"', json.dumps(key)))
    }
    assert unused == set()
