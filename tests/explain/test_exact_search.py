"""Exact bounds, tables and sentences of the search and of its answers: whatever a small change would move."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import FrozenInstanceError, asdict, replace
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from handshakes.core.cases import Case, Found, Layer, Mac, Made, Proof
from handshakes.core.refusals import REASONS, Refused
from handshakes.core.stages import Stage, first_difference
from handshakes.explain import explain, ranking, recognising
from handshakes.explain import probe as probing_module
from handshakes.explain.afterwards import _right, _written, refused_then
from handshakes.explain.answer import Answer, ShownStage
from handshakes.explain.budget import Budget, Spent
from handshakes.explain.departures import Difference, signed_instead
from handshakes.explain.differences import Mine, compared, named
from handshakes.explain.digests import _bytes, _inside, comparing, loose, lossy, read_digest, sizes
from handshakes.explain.doubts import doubt
from handshakes.explain.entries import described
from handshakes.explain.entries import slips as described_slips
from handshakes.explain.explaining import _Asked, _public, _returned
from handshakes.explain.key_forms import PLACEHOLDERS
from handshakes.explain.levels import Levels, size_of
from handshakes.explain.probe import Probe, Settled, _Probing, _shows
from handshakes.explain.ranking import Explanation, OnePart, _observed, _of_reading, _rank, grouped
from handshakes.explain.recognising import _named, own_names, recognised
from handshakes.explain.recorded import Unreadable
from handshakes.explain.search import Hit, Outcome, _Keys, _macs, _Search, search
from handshakes.explain.slips import GENERAL
from handshakes.explain.telling import sentence, signed_when, told
from handshakes.platforms import PLATFORMS
from handshakes.spec.register import load

# --- doubts -----------------------------------------------------------------------------------------------

AROUND = "has blanks, line ends or a byte order mark around it"
WORD = "is a placeholder or the text of an unset variable"
DOUBTS = {
    **dict.fromkeys((" s3", "s3 ", "s3\n", "s3\r", "\ts3", "s3\t", "\ufeffs3", "s3\ufeff", "\r\ns3 \n"), AROUND),
    **dict.fromkeys(("http://p.example", "https://p.example/x", "HTTPS://P"), "is a URL"),
    **dict.fromkeys(("'s3'", '"s3"', "`s3`"), "is in quotes"),
    **dict.fromkeys(("API_KEY=s3", "export KEY=s3"), "is a whole line NAME=value"),
    **dict.fromkeys(
        ("whsec_s3", "sk_live_s3", "Bearer s3", "0xs3"),
        "begins with a prefix that is usually not part of the key",
    ),
    "-----BEGIN PRIVATE KEY-----": "is a key in PEM form, where a text is shared by both sides",
    "eyJh.eyJi.c2ln": "has the form of a token (JWT)",
    **dict.fromkeys(("****", "••••••", "....", "*•.*"), "is the masked form that a page shows"),
    **dict.fromkeys(("None", "NULL", "null", "NaN", "undefined", "[object Object]", "[object Promise]"), WORD),
    **dict.fromkeys(("Array", "System.Byte[]", "[REDACTED]", "changeme", "CHANGEME", "${SECRET}"), WORD),
}  # fmt: skip


@pytest.mark.parametrize("secret", DOUBTS)
def test_each_doubt_on_a_secret_is_said_in_one_whole_sentence(secret):
    assert doubt(secret) == f"The secret given {DOUBTS[secret]}."


@pytest.mark.parametrize("word", sorted({*PLACEHOLDERS} - {"secret", "key", "test", "0"}))
def test_each_placeholder_that_is_tried_as_a_key_is_doubted_in_any_case(word):
    for written in (word, word.lower(), word.upper()):
        if written in ("secret", "SECRET"):  # the first may be meant
            assert doubt(written) == (f"The secret given {WORD}." if written == "SECRET" else "")
        else:
            assert doubt(written).endswith((f"{WORD}.", "the masked form that a page shows."))


@pytest.mark.parametrize("secret", ["", "s 3", "xhttp://p", "http:/p", "'s3", "s3'", "''", "AB=s3", "KEY=", "whsec_", "a-----BEGIN", "***", "****a", "eyJa.b", "eyJa.b.c.d", "s3cret-key", "secret", "key", "test", "0"])  # fmt: skip
def test_what_looks_like_a_secret_is_not_doubted(secret):
    assert doubt(secret) == ""


# --- differences ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "yours", "name"),
    [
        *((f"a{c}b", f"a&{e};b", "yours is escaped for HTML") for e, c in {"amp": "&", "quot": '"', "lt": "<", "gt": ">", "#39": "'", "#039": "'", "#x27": "'"}.items()),
        ("a+b", "a&b=1", "ours has +, yours has &"),
        ("a%2Fb", "a%252Fb", "yours is percent-encoded once more"),
        ("a/b", "a%252Fb", "yours is percent-encoded once more"),
        ("a%252Fb", "a%25252Fb", "yours is percent-encoded once more"),
        ("a%2525a", "a%2525b", "ours has a, yours has b"),
        ("a%25b", "a%2525b", "yours is percent-encoded once more"),
        ("a%C3%A9b", "a%25C3%25A9b", "yours is percent-encoded once more"),
        ("x%41", "x%2541", "yours is percent-encoded once more"),
        ("x%42", "x%2541", "ours has 4, yours has 2"),
        ("a/b", "a%2Fb", "yours is percent-encoded here (%2F), ours is decoded"),
        ("a/b", "a%2Gb", "ours has /, yours has %"),
        ("a%2Fb", "a/b", "ours is percent-encoded here (%2F), yours is decoded"),
        ("a%2Gb", "a/b", "ours has %, yours has /"),
        ("a%C3%A9b", "aéb", "ours is percent-encoded here (%C3), yours is decoded"),
        ("a+b", "a b", "a plus sign on one side is a blank on the other"),
        ("a b", "a+b", "a plus sign on one side is a blank on the other"),
        ("ab", "a\ufeffb", "yours has a byte order mark in front"),
        ("a/b", "a\\/b", "yours has a backslash before /, as PHP writes JSON"),
        ("a.b", "a\\/b", "yours has a backslash that is not in ours"),
        ("aéb", "a\\u00e9b", "yours has the escape \\u00e9 where ours has the character itself"),
        ("a\\u00e9b", "aéb", "ours has the escape \\u00e9 where yours has the character itself"),
        ("x\\u00e9", "x\\u00E9", "the hex digits of an escape in another case"),
        ("x\\uabcd", "x\\uaBcd", "the hex digits of an escape in another case"),
        ("x\\uabcd", "x\\uABcd", "the hex digits of an escape in another case"),
        ("x%cd", "x%Cd", "the hex digits of an escape in another case"),
        ("x\\u00e9a", "x\\u00e9A", "the same letter in another case"),
        ("xA", "xa", "the same letter in another case"),
        ("x%ab", "x%bb", "ours has a, yours has b"),
        ('{"a"}', "{'a'}", "yours has single quotes where ours has double ones, as Python's repr writes"),
        ("{'a'}", '{"a"}', "ours has ', yours has \""),
        ('{"a"}', "{`a`}", 'ours has ", yours has `'),
        ("a\r\nb", "a\nb", "line ends are LF on one side and CR LF on the other"),
        ("a\tb", "a b", "ours has a tab, yours has a blank"),
        ("a b", "a\nb", "ours has a blank, yours has a line end"),
        ("ab-", "a\tb-+", "a tab stands in yours that is not in ours"),
        ("a\nb", "ab", "a line end of ours is missing in yours"),
        ("a\tb", "ab", "a tab of ours is missing in yours"),
        ("ab", "b", "1 byte of ours is missing in yours"),
        ("abc", "c", "2 bytes of ours are missing in yours"),
        ("xabcyz", "xayz", "2 bytes of ours are missing in yours"),
        ("xyx", "xyyx", "yours has 1 byte more here"),
        ("ab", "aXb", "yours has 1 byte more here"),
        ("ab", "aXYb", "yours has 2 bytes more here"),
        ("abc", "acb", "the same bytes in another order"),
        ("abc", "axd", "ours has b, yours has x"),
        ("a-b", "a‐b", "yours has ‹U+2010›, which only looks like a letter of ASCII"),
        ("a", "a\r", "yours has a carriage return behind it"),
        ("a", "ab", "yours has 1 byte more, b, behind it"),
        ("a", "a" + "0123456789" * 3, "yours has 30 bytes more, 012345678901234567890123, behind it"),
        ("a" + "0123456789" * 3, "a", "yours ends here: 30 bytes of ours are missing, beginning with 012345678901234567890123"),
        ("https://a.example/b", "https://b.example/b", "another scheme, host or port: yours was signed for another address than ours"),
        ("https://a.example/b", "http://a.example/b", "another scheme, host or port: yours was signed for another address than ours"),
        ("https://a.example/b", "https://a.example/x", "ours has b, yours has x"),
        ("https://a.example/b", "/b", "17 bytes of ours are missing in yours"),
        ("/b", "https://a.example/b", "yours has 17 bytes more here"),
    ],
)  # fmt: skip
def test_each_difference_has_its_own_name(ours, yours, name):
    one, two = ours.encode(), yours.encode()
    at = first_difference(one, two)
    assert at is not None and named(one, two, at) == name


def test_bytes_that_are_no_text_differ_by_their_numbers_and_one_letter_that_was_encoded_twice_is_enough():
    assert named(b"a\xff", b"a\xfe", 1) == "ours has ‹byte FF›, yours has ‹byte FE›"
    assert named("éb".encode(), "Ã©x".encode(), 1) == "yours was encoded as UTF-8 twice"


def test_a_hidden_difference_says_how_many_bytes_and_one_is_one():
    def said(ours: bytes, yours: bytes) -> str:
        return compared([Stage("message", ours)], yours, hidden=True).name

    assert said(b"abc", b"axd") == "ours has ‹1 masked byte›, yours has ‹1 masked byte›"
    assert said(b"a", b"abc") == "yours has 2 bytes more, ‹2 masked bytes›, behind it"


@pytest.mark.parametrize(("at", "shown"), [(23, "0" * 23), (24, "0" * 24), (25, "0" * 24), (26, "0" * 24)])
def test_of_both_texts_24_bytes_before_and_from_the_difference_on_are_shown(at, shown):
    found = compared([Stage("message", b"0" * at + b"a" * 30)], b"0" * at + b"b" * 30)
    assert (found.at, found.ours, found.yours) == (at, shown + "a" * 24, shown + "b" * 24)
    other = signed_instead([Stage("message", b"0" * at + b"a" * 70)], b"0" * at + b"b" * 70)
    assert other and (other.at, other.ours, other.theirs) == (at, shown + "a" * 64, shown + "b" * 64)


# --- budget, size -----------------------------------------------------------------------------------------


def test_a_budget_is_used_up_to_its_last_digest_byte_and_round():
    budget = Budget(digests=3, size=10, rounds=5)
    budget.spend(10, 2)
    assert (budget.digests, budget.size, budget.tried) == (1, 0, 1)
    for size, weight in ((1, 1), (0, 2)):
        with pytest.raises(Spent):
            budget.spend(size, weight)
    budget.spend(0)
    assert (budget.digests, budget.size, budget.tried) == (0, 0, 2)
    assert budget.derive(5) and budget.rounds == 0 and budget.complete
    assert not budget.derive(1) and not budget.complete and budget.derive(0)
    budget.build(80)
    with pytest.raises(Spent):
        budget.build(1)


@pytest.mark.parametrize(
    ("value", "size"),
    [("", 0), ("abc", 3), (b"ab", 2), (5, 8), (None, 8), ((), 0), (("abc", b"ab", 5), 13), ((("a", ("bc",)), b"d"), 4), (["abc"], 8)],
)  # fmt: skip
def test_the_size_of_a_state_is_that_of_its_texts_and_eight_for_anything_else(value: Any, size: int):
    assert size_of(value) == size


# --- telling ----------------------------------------------------------------------------------------------


def part(id: str, change: str = "", source: str = "", clause: str = "") -> OnePart:
    return OnePart(id, "slip", f"The {id} was wrong.", change, f"Mend {id}.", source, clause)


def one(*parts: OnePart) -> Explanation:
    change = "; ".join(some.change for some in parts if some.change)
    return Explanation(" + ".join(some.id for some in parts), "slip", "", change, parts)


def lines(**values: Any) -> list[str]:
    answer = Answer("officernd", values.pop("took", "a URL"), values.pop("undone", ()), values.pop("verdict", "refused"), **values)  # fmt: skip
    return [*told(answer, 1_648_190_394)]


REFUSED = {"reason": "signature-mismatch", "clause": "toy:c", "says": "It differs.", "hint": "Look again."}
FIRST = "Refused: signature-mismatch (toy:c). It differs."
REMAINS = "What may remain: another secret (that of another installation, or an old one), bytes that were changed in a way that is not known here, or values that are not in what was pasted."  # fmt: skip


def test_what_is_refused_without_a_cause_is_said_line_by_line():
    tried = "No known mistake gives the received value: 7 combinations were tried."
    assert lines(**REFUSED) == [FIRST, "  Look again."]
    assert lines(**REFUSED, tried=7) == [FIRST, "  Look again.", tried, REMAINS]
    assert lines(**REFUSED, tried=7, ended="budget", evidence={"a": "1", "b": "2"}) == [
        FIRST,
        "  a: 1",
        "  b: 2",
        "  Look again.",
        tried,
        "The budget ended the search; --deep searches longer.",
        REMAINS,
    ]
    assert lines(**REFUSED, signature_fits=True, tried=7) == [FIRST, "  The signature itself is right.", "  Look again."]  # fmt: skip
    right = {**REFUSED, "says": "Old; the signature itself is right."}
    assert lines(**right, signature_fits=True) == [f"Refused: signature-mismatch (toy:c). {right['says']}", "  Look again."]  # fmt: skip


def test_how_it_was_read_is_said_unless_it_is_plain():
    assert lines(**REFUSED, took="a request target")[0] == FIRST
    assert lines(**REFUSED, took="a curl command")[:2] == ["Read as a curl command.", FIRST]
    assert lines(**REFUSED, undone=("quotes", "base64"))[:2] == ["Read as a URL. Undone: quotes; base64.", FIRST]  # fmt: skip
    assert lines(**REFUSED, doubts=("A.", "B."))[:3] == ["Note: A.", "Note: B.", FIRST]
    assert lines(verdict="unrecognised", says="Nothing.", doubts=("A.",)) == ["Nothing to verify: Nothing."]


def test_what_verifies_is_said_with_what_is_covered():
    returns = {"says": "", "timestamp": None, "parameters": [["slug", "a\nb"], ["n", "x" * 501]], "covered": ["slug", "n"], "not_covered": ["path", "host"]}  # fmt: skip
    assert lines(verdict="verified", returns=returns, undone=("quotes",)) == [
        "Read as a URL. Undone: quotes.",
        "Verified.",
        "  It verifies after what was undone: a receiver that got it as it was pasted refuses it.",
        "  slug = a\\nb",
        f"  n = {'x' * 499}…",
        "  covered: slug, n",
        "  not covered: path, host",
    ]
    returns = {"says": "A launch.", "timestamp": 1_648_190_394, "parameters": [], "covered": [], "not_covered": []}  # fmt: skip
    assert lines(verdict="verified", returns=returns) == [
        "A launch. Signed at 1648190394, 0 s before 1648190394.",
        "  covered: nothing",
        "  not covered: ",
    ]
    covered = {**returns, "timestamp": 0, "covered": ["x" * 501], "not_covered": ["y" * 501]}
    first, *more = lines(verdict="verified", returns=covered)
    assert first.startswith("A launch. Signed at 0, 52 years ")
    assert more == [f"  covered: {'x' * 499}…", f"  not covered: {'y' * 499}…"]


def test_a_cause_is_said_with_its_cure_its_source_and_its_rule():
    cause = one(part("a", "the tilde", "PHP", "toy:c"), part("b"))
    assert lines(**REFUSED, explanations=((cause,),), then="stale") == [
        FIRST,
        "Likely cause:",
        "  The a was wrong (the tilde).",
        "    What to do: Mend a.",
        "    known from PHP; rule toy:c; more: handshakes explain a",
        "  The b was wrong.",
        "    What to do: Mend b.",
        "    more: handshakes explain b",
        f"With the right signature it is refused all the same: stale. {REASONS['stale'].meaning}",
    ]


@pytest.mark.parametrize(("count", "shown", "last"), [(1, 1, None), (3, 3, None), (4, 3, 1), (6, 3, 3)])
def test_three_more_causes_of_the_same_bytes_are_told_and_the_others_counted(count, shown, last):
    group = (one(part("a")), *(one(part(f"m{n}", "x"), part("n")) for n in range(count)))
    told_of = lines(**REFUSED, explanations=(group,))
    assert told_of[5:] == [
        "  These give the same bytes:",
        *(f"    m{n} + n: The m{n} was wrong (x). The n was wrong." for n in range(shown)),
        *([f"    and {last} more"] if last else []),
    ]


def test_three_groups_are_told_and_those_of_another_action_begin_anew():
    said = lines(**REFUSED, explanations=tuple((one(part(name)),) for name in "abcd"))
    assert [said.index(some) for some in ("Likely cause:", "Or:")] == [1, 5]
    assert (len(said), said.count("Or:"), said[10]) == (13, 2, "  The c was wrong.")
    changes = ("x, in action 1 of 12", "y, in action 12 of 12", "z, in action 1 of 12")
    said = lines(**REFUSED, explanations=tuple((one(part("a", change)),) for change in changes))
    assert [line for line in said if line.endswith(":")] == ["Likely cause:", "Likely cause:", "Or:"]


def test_stages_are_shown_below_each_other_with_their_lengths():
    shown = (
        ShownStage("text", 1, "a"),
        ShownStage("message", 2, "", "ff00"),
        ShownStage("empty", 0, ""),
        ShownStage("key", 9, "‹9 bytes›", "", True),
    )
    assert lines(**REFUSED, stages=shown[:3])[2:] == [
        "From the request to the signed bytes:",
        "  text     a (1 byte)",
        "  message  hex ff00 (2 bytes)",
        "  empty     (0 bytes)",
    ]
    assert lines(**REFUSED, stages=shown)[-2:] == [
        "  key      ‹9 bytes›",
        "  (on your own terminal, --show-secrets shows what is masked)",
    ]


MINE = {
    Mine(same_as="message"): ["Your text is the signed message, byte for byte: look at the secret and at how the digest is made."],
    Mine(same_as="json", tried=5): ["Your text is the stage json; what is signed is the stage message."],
    Mine(at=0, name="N"): ["Your text first differs from the signed message at byte 0: N."],
    Mine(at=3, ours="a", name="N"): ["Your text first differs from the signed message at byte 3: N.", "  ours:  …a", "  yours: …"],
    Mine(at=3, yours="b", name="N", tried=2): ["Your text first differs from the signed message at byte 3: N.", "  ours:  …", "  yours: …b", "No known mistake gives yours: 2 combinations were tried."],
    Mine(digest_fits=True, tried=5): ["Your digest is right for what was received: compare it with the request's in constant time, as bytes."],
    Mine(explanations=((one(part("a")),),), tried=5): ["How yours is made:", "Likely cause:", "  The a was wrong.", "    What to do: Mend a.", "    more: handshakes explain a"],
    Mine(): [],
}  # fmt: skip


@pytest.mark.parametrize("mine", MINE)
def test_how_a_persons_own_text_or_digest_compares_is_said(mine):
    assert lines(**REFUSED, mine=mine)[2:] == MINE[mine]


def test_a_change_is_said_at_the_end_of_the_first_sentence():
    assert sentence("A was e.g. so.", "x") == "A was e.g. so (x)."
    assert sentence("A 1.0 was. Take B.", "x") == "A 1.0 was (x). Take B."
    assert sentence("A was so.", "") == "A was so."
    assert signed_when(5, 5) == "Signed at 5, 0 s before 5."
    assert signed_when(6, 5) == "Signed at 6, 1 s after 5."


# --- digests ----------------------------------------------------------------------------------------------

D = hashlib.sha256(b"a").digest()
HEX, B64, CAPITAL = D.hex(), base64.b64encode(D).decode(), hashlib.sha256(b"a").hexdigest().upper()
PLUS = b"abc" + b"\xfb\xef\xbe" * 9 + b"de"
"""Bytes whose base64 has plus signs within."""
NAMED = ("hmac-sha256=", "hmac_sha-256=", "HMAC sha1: ", "hmac-signature=", "hmacmd5=", "sha256=", "sha-256:", "sha-1=", "sha1=", "md5=", "sha512=", "sha-512=", "v1=", "v0=", "v9: ", "0x", "hex:", "base64:", "signature=", "hmac=", "digest=", "=", ": ")  # fmt: skip
READ = {
    **{front + HEX: ("form-named",) for front in NAMED},
    **{front + HEX: ("form-tool",) for front in ("SHA2-256(stdin)= ", "HMAC-SHA256(stdin)=", "(stdin)= ", "stdin: ")},
    **{HEX + behind: ("form-tool",) for behind in (" -", "  -", " *-")},
    **dict.fromkeys((f"b'{HEX}'", f'b"{HEX}"'), ("form-literal",)),
    **{f"{mark}{HEX}{mark}": ("form-quoted",) for mark in "\"'"},
    **dict.fromkeys((HEX + "\n", "\t" + HEX), ("form-blank",)),
    **{mark.join(f"{byte:02x}" for byte in D): ("form-separated",) for mark in ":- "},
    HEX.replace("a", "%61"): ("form-percent",),
    CAPITAL: ("form-upper-case",),
    f"%22sha256={CAPITAL}%22%0A": ("form-percent", "form-blank", "form-quoted", "form-named", "form-upper-case"),
    B64: ("form-base64",),
    B64.rstrip("="): ("form-base64", "form-unpadded"),
    base64.urlsafe_b64encode(b"\xff" * 32).decode(): ("form-base64url",),
    base64.urlsafe_b64encode(b"\xff" * 32).decode().rstrip("="): ("form-base64url", "form-unpadded"),
    base64.b64encode(PLUS).decode().replace("+", " "): ("form-base64", "plus-as-blank"),
    base64.urlsafe_b64encode(PLUS).decode(): ("form-base64url",),
    "X" * 64: ("form-base64",),
    str([*D]): ("form-bytes",),
    str((*D,)): ("form-bytes",),
    "{" + ", ".join(map(str, D)) + "}": (),
    " ".join(str(byte - 256 if byte > 127 else byte) for byte in D): ("form-bytes",),
    json.dumps({"type": "Buffer", "data": [*D]}): ("form-bytes",),
    json.dumps({str(place): byte for place, byte in enumerate(D)}): ("form-bytes",),
}  # fmt: skip
OTHER = {
    base64.urlsafe_b64encode(PLUS).decode(): PLUS,
    "X" * 64: base64.b64decode("X" * 64),
    base64.urlsafe_b64encode(b"\xff" * 32).decode(): b"\xff" * 32,
    base64.urlsafe_b64encode(b"\xff" * 32).decode().rstrip("="): b"\xff" * 32,
    base64.b64encode(PLUS).decode().replace("+", " "): PLUS,
}  # fmt: skip
"""Those of another digest than `D`."""


@pytest.mark.parametrize("text", READ)
def test_each_form_of_a_digest_is_read_with_its_slips_and_no_others(text):
    found = read_digest(text)
    if not READ[text]:  # no list of any language
        assert found == []
    else:
        assert found[0] == (READ[text], OTHER.get(text, D))
        assert comparing(text)(OTHER.get(text, D)) == READ[text]
    assert comparing(text)(hashlib.sha256(b"b").digest()) is None


@pytest.mark.parametrize(
    ("text", "slips"),
    [
        (HEX.encode().hex(), ("form-hex-of-hex",)),
        (B64.encode().hex().upper(), ("form-upper-case", "form-hex-of-base64")),
        (B64.encode().hex(), ("form-hex-of-base64",)),
        (base64.b64encode(HEX.encode()).decode(), ("form-base64-of-hex",)),
        (base64.b64encode(B64.encode()).decode(), ("form-base64-twice",)),
    ],
)
def test_a_digest_that_was_written_twice_is_named_by_both_forms(text, slips):
    assert comparing(text)(D) == slips


@pytest.mark.parametrize("size", [*range(6, 36), 40, 47, 48, 49, 63, 64, 65])
def test_what_a_digest_may_be_depends_on_its_size_alone(size):
    """Our own limits, written here a second time: a whole digest, one in another order, and one that was cut."""
    value = bytes(200 + place % 56 for place in range(size))
    found = [slips for slips, _ in read_digest(value.hex()) if not any("base64" in one for one in slips)]
    whole = size in (16, 20, 28, 32, 48, 64) or size > 32
    assert found.count(()) == int(whole)
    assert found.count(("form-reversed",)) == (2 if size in (20, 32, 64) else 0)
    assert found.count(("form-cut",)) == int(8 <= size < 32)
    assert sizes(value.hex()) == ({size} if size in (16, 20, 28, 32, 48, 64) else set())
    if size in (20, 32, 64):
        words = b"".join(value[at : at + 4][::-1] for at in range(0, size, 4))
        turned = [made for slips, made in read_digest(value.hex()) if slips == ("form-reversed",)]
        assert turned == [value[::-1], words]


def test_the_size_of_a_digest_is_known_where_hex_has_lost_nothing_and_it_is_not_read_as_base64_too():
    assert (sizes(B64), sizes(HEX), sizes(HEX[:40]), sizes(HEX[:12])) == (set(), {32}, {20}, set())
    assert sizes(HEX[:33]) == sizes("efbfbd" + HEX[:26]) == set()
    assert sizes("1" * 64) == sizes("ffffff80" * 8) == sizes("efbfbd" * 10) == sizes("-" + HEX) == set()


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        *((str([7] * count), bytes([7] * count) if 16 <= count <= 64 else None) for count in (15, 16, 64, 65)),
        *((str([one] * 16), bytes([one % 256] * 16) if -129 < one < 256 else None) for one in (-129, -128, -1, 0, 255, 256, 1000)),
        (f"[ {', '.join(['1'] * 16)} ]", b"\1" * 16),
        ("{" + ",".join(["1"] * 16) + "}", None),
        ('{"data":' + str([1] * 16) + "}", b"\1" * 16),
        ('{"data":1,"a":' + str([1] * 16) + "}", None),
        ('{"data":' + str([1] * 16), None),
        ("[]", None),
        ("", None),
        ("{" * 20_000, None),
    ],
)  # fmt: skip
def test_a_list_of_16_to_64_bytes_is_a_digest(text, digest):
    assert _bytes(text) == digest


@pytest.mark.parametrize(
    ("made", "received", "slip"),
    [
        ("0a1f00", "a1f0", "form-without-zeros"),
        ("0a1f00", "a1f00", "form-without-zeros"),
        ("0a1f00", "A1F0", "form-without-zeros"),
        ("0a1f00", "a1f", None),
        ("10af", "10a", None),
        ("aabb", "aabb", None),
        ("ff00", "-100", "form-number"),
        ("ff00", "-256", "form-number"),
        ("ff00", "65280", "form-number"),
        ("ff00", "65281", None),
        ("ff00", "-101", None),
        ("4142", "16706", "form-number"),
        *(("01" * size, str(int("01" * size, 16)), slip) for size, slip in ((64, "form-number"), (65, None))),
        ("7f800a10", "7fffffff80a10", "form-sign-extended"),
        ("7f800a10", "7fffffff800a10", "form-sign-extended"),
        ("7f800a10", "7fffffffffffffff80a10", "form-sign-extended"),
        ("7f800a10", "7fffffffffffffff800a10", "form-sign-extended"),
        ("7f800a10", "7Fffffff800a10", "form-sign-extended"),
        ("7f800a10", "ffffff7fffffff800a10", None),
        ("61ff62", "61efbfbd62", "form-as-text"),
        ("61ff62", "Ye+/vWI=", "form-as-text"),
        ("61ff62", "ye+/vWI=", None),
        ("efbfbd", "efbfbd", None),
        ("616263", "YWJj", None),
    ],
)
def test_a_digest_that_lost_something_is_known_by_how_it_was_written(made, received, slip):
    """As Java's Integer.toHexString, BigInteger.toString, C's %02x and a decoder that replaces write these bytes."""
    assert lossy(bytes.fromhex(made), received) == ((slip,) if slip else None)


@pytest.mark.parametrize(
    ("made", "received", "slips"),
    [
        (D, HEX, ()),
        (D, HEX[:62], ("form-cut",)),
        (D, HEX[2:], ("form-cut",)),
        (D, HEX[:63], ("form-cut",)),
        (D, HEX[:16], ("form-cut",)),
        (D, HEX[-16:], ("form-cut",)),
        (D, HEX[:14], None),
        (D, HEX[16:32], None),
        (D + D, HEX, ("form-cut",)),
        (D + b"0" * 32, HEX, ("form-cut",)),
        (b"0" * 32 + D, HEX, None),
        (D + b"0" * 33, HEX, None),
        (b"0" * 32 + D[1:], HEX[2:], ("form-cut",)),
        (D + b"0" * 32, CAPITAL, ("form-upper-case", "form-cut")),
        (D[:16], HEX[:33], None),
        (D + b"0" * 32, HEX.encode().hex(), ("form-hex-of-hex", "form-cut")),
        (D[::-1], HEX, ("form-reversed",)),
        (b"\x0a" + D[1:], "a" + HEX[2:], ("form-without-zeros",)),
        (None, HEX, None),
        (D[:31], HEX, None),
    ],
)
def test_a_digest_is_compared_with_what_was_received_as_a_whole_or_cut(made, received, slips):
    assert comparing(received)(made) == slips


@pytest.mark.parametrize(("length", "inside"), [(31, 0), (32, 16), (33, 16), (64, 32), (128, 64), (129, 0)])
@pytest.mark.parametrize("behind", [b"", b"\n", b"\r\n", b"\r\n\n"])
def test_hex_within_bytes_has_32_to_128_digits_and_a_line_end(length, inside, behind):
    found = _inside(b"1f" * (length // 2) + b"1" * (length % 2) + behind)
    assert [value for id, value in found if id == "hex-of"] == [b"\x1f" * inside] * (
        inside > 0 and len(behind) < 3
    )


@pytest.mark.parametrize(("length", "inside"), [(21, 0), (22, 1), (90, 1), (91, 0)])
@pytest.mark.parametrize("behind", [b"", b"=", b"==", b"==\r\n", b"===", b"\n\n\n"])
def test_base64_within_bytes_has_22_to_90_letters_its_padding_and_a_line_end(length, inside, behind):
    found = _inside(b"z" * length + behind)
    wanted = [("base64-of", base64.b64decode("z" * length + "=="))] if inside and behind not in (b"===", b"\n\n\n") else []  # fmt: skip
    assert found == wanted


def test_loose_base64_takes_either_alphabet_and_nothing_else():
    assert read_digest("v1" + "A" * 13 + "=")[0] == (("form-base64", "form-cut"), b"\xbfP" + bytes(9))
    for cut, forms in ((62, set()), (63, set()), (60, {"form-base64"}), (64, {"form-base64"})):
        assert {form for slips, _ in read_digest(HEX[:cut]) for form in slips if "base64" in form} == forms
    for text in ("_-8", "/+8=", "_+8", "/-8="):
        assert loose(text) == b"\xff\xef"
    assert loose("XXXX") == base64.b64decode("XXXX")
    for text in ("AAAA!!!!", "_-8!", "a", "a b=", "é"):
        with pytest.raises(ValueError):
            loose(text)


# --- the search -------------------------------------------------------------------------------------------


def toy(*macs: Mac, **options: Any) -> Case:
    return Case((b"m", HEX), (), lambda secret, clause: b"k", "toy:key", macs=macs, **{"general": False, **options})  # fmt: skip


def test_derivations_of_more_than_a_thousand_rounds_come_last_and_one_too_long_is_left_out():
    """A thousand is our own choice, written here a second time."""
    made: list[str] = []

    def mac(name: str, rounds: int | None) -> Mac:
        def make(key: bytes, text: bytes) -> bytes:
            made.append(name)
            if name == "broken":
                raise ValueError
            return b"none"

        return Mac((), make, rounds=None if rounds is None else lambda key, text: rounds)

    macs = [mac("late", 1001), mac("later", 5001), mac("soon", 1000), mac("broken", None), mac("plain", None)]
    budget = Budget(rounds=7002)
    outcome = search(toy(*macs), secret="s", budget=budget, depth=2)
    assert made == ["soon", "broken", "plain", "late", "later"]
    assert (outcome.tried, outcome.complete, budget.rounds) == (5, True, 0)
    made.clear()
    outcome = search(toy(mac("long", 900), mac("late", 1001), mac("plain", None)), secret="s", budget=Budget(rounds=899), depth=2)  # fmt: skip
    assert (made, outcome.tried, outcome.complete) == (["plain"], 1, False)


def test_what_only_a_part_can_be_read_under_is_kept_where_it_is_shortest():
    kept = SimpleNamespace(case=toy(weak=frozenset({"w"})), hits=[], weak=[])

    def keep(*ids: str, state: str = "") -> list[tuple[str, ...]]:
        _Search._keep(kept, [tuple((id, "") for id in ids)], (), state)
        return [(*(id for id, _ in hit.path), *filter(None, (hit.state,))) for hit in kept.weak]

    assert keep("w", "a") == [("w", "a")]
    assert keep("w", "a", "b") == [("w", "a")]
    assert keep("b", "w") == [("w", "a"), ("b", "w")]
    assert keep("w") == [("w",)]
    assert keep("w", "a") == [("w",)]
    assert keep("w", state="another") == [("w",), ("w", "another")]
    assert kept.hits == []
    keep("a", "b", "c")
    assert [hit.path for hit in kept.hits] == [(("a", ""), ("b", ""), ("c", ""))] and len(kept.weak) == 2


def test_a_form_says_what_it_changed_and_stands_for_a_reading_too():
    forms = {"plain": "toy:form=plain"}
    one = toy(Mac(("m",), lambda key, text: text), fits=lambda made, received: ("plain", ("cut", "3 of 4")), forms=forms)  # fmt: skip
    outcome = search(one, secret="s", budget=Budget(), depth=2)
    cut = ("cut", "3 of 4")
    assert [hit.path for hit in outcome.hits] == [
        (("m", ""), ("plain", ""), cut),
        (("m", ""), ("toy:form=plain", ""), cut),
    ]
    assert {(hit.key, hit.state) for hit in outcome.hits} == {(b"k", (b"m", HEX))}


@pytest.mark.parametrize(
    ("received", "usable"),
    [
        (HEX, {0: ["any", "32"], 1: ["64"]}),
        (HEX[:40], {0: ["any", "20"], 1: ["32", "64"]}),
        (HEX + HEX, {0: ["any", "64"]}),
        (B64, {0: ["any", "20", "32", "64"]}),
        (5, {0: ["any", "20", "32", "64"]}),
    ],
)
def test_a_mac_of_another_size_is_left_out_and_a_longer_one_costs_a_slip(received, usable):
    sizes_of = {"any": 0, "20": 20, "32": 32, "64": 64}
    macs = [Mac((), lambda key, text: b"", changes=(name,), size=size) for name, size in sizes_of.items()]
    for options, wanted in (
        ({}, usable),
        ({"fits": lambda made, received: (), "digest": True}, usable),
        ({"fits": lambda made, received: ()}, {0: [*sizes_of]}),
    ):
        if received == 5 and not options:  # no text is compared with `fits` alone
            continue
        tries = _Search(toy(*macs, **options), "s", (), Budget(), None, None)
        _, found = tries._fitting(received)
        assert {cost: [mac.changes[0] for mac in some] for cost, some in found.items()} == wanted


def test_another_digest_than_the_received_one_may_be_looked_for_and_nothing_found_is_an_answer_too():
    one = toy(Mac((), lambda key, text: D[::-1]))
    assert search(one, secret="s", budget=Budget(), depth=2, received=D[::-1].hex()).hits == (Hit((), (b"m", HEX), b"k"),)  # fmt: skip
    assert search(one, secret="s", budget=Budget(), depth=2).hits[0].path == (("form-reversed", ""),)
    assert search(toy(), secret="s", budget=Budget(), depth=2) == Outcome((), 0, True)
    budget = Budget()
    assert [search(one, secret="s", budget=budget, depth=2).tried for _ in range(2)] == [1, 1]
    assert search(secret="s", budget=Budget(), depth=2) == Outcome((), 0, True)


def test_the_keys_of_a_reading_count_as_one_slip():
    made = _Keys(toy(keys={"toy:key=x": lambda secret, clause: b"x"}), "s", ())
    assert [made.of(cost) for cost in range(4)] == [[((), b"k")], [((("toy:key=x", ""),), b"x")], [], []]


def test_the_general_macs_are_tried_where_digests_are_compared_and_the_case_is_a_general_one():
    def own(made: object, received: object) -> None: ...

    for options, tried in (({}, True), ({"fits": own}, False), ({"fits": own, "digest": True}, True)):
        for general in (True, False):
            found = _macs(toy(RIGHT, general=general, **options))
            assert found[0] == (RIGHT, 0) and (len(found) > 1) is (general and tried)


@pytest.mark.parametrize(("size", "complete"), [(3, False), (4, True)])
def test_a_message_that_is_looked_for_costs_its_bytes(size, complete):
    layer = Layer("text", ways=lambda state: [Made("text-cut", (b"abc", HEX))])
    case, budget = replace(toy(), layers=(layer,)), Budget(size=size)
    outcome = search(case, secret="s", budget=budget, depth=1, wanted=lambda state: state[0] == b"none")
    assert (outcome.complete, budget.size) == (complete, 0 if complete else 2)


def test_a_part_that_is_right_explains_nothing_and_the_others_go_on():
    right = toy(Mac((), lambda key, text: D), part="call 1")
    wrong = toy(Mac((), lambda key, text: D[::-1]), part="call 2")
    other = toy(Mac((), lambda key, text: b"0" * 32), part="call 3")

    def found(*cases: Case) -> list[object]:
        return [hit.path for hit in search(*cases, secret="s", budget=Budget(), depth=2).hits]

    assert found(right, wrong) == [(("form-reversed", "in call 2"),)]
    assert found(right, other) == found(right) == []
    assert found(replace(right, part="")) == [()]
    weak = frozenset({"form-reversed"})
    assert found(replace(wrong, weak=weak)) == [(("form-reversed", "in call 2"),)]
    sorted_too = toy(Mac(("mac-twice",), lambda key, text: D), part="call 3")
    assert found(replace(wrong, weak=weak), sorted_too) == [(("mac-twice", "in call 3"),)]
    assert found(wrong, sorted_too) == [(("form-reversed", "in call 2"),), (("mac-twice", "in call 3"),)]


def test_three_slips_are_not_tried_where_fewer_explain_it():
    layer = Layer("text", ways=lambda state: [Made("two", (b"two", HEX), "", 3), Made("one", (b"one", HEX))])
    macs = (
        Mac((), lambda key, text: D if text == b"two" else b""),
        Mac(("m",), lambda key, text: D if text == b"one" else b""),
    )
    both = replace(toy(*macs, three=True), layers=(layer,))
    for case, ids in ((both, [("one", "m")]), (replace(both, macs=macs[:1]), [("two",)])):
        hits = search(case, secret="s", budget=Budget(), depth=2).hits
        assert [tuple(id for id, _ in hit.path) for hit in hits] == ids
    assert search(replace(both, macs=macs[:1], three=False), secret="s", budget=Budget(), depth=2).hits == ()


# --- explaining -------------------------------------------------------------------------------------------

SECRET = "s3cret-of-a-toy-0815"
MESSAGE = Stage("message", b"text.17")


class Toy:
    """A platform whose answers are written down here."""

    CLAUSES: ClassVar = {"message": "toy:message"}
    SLIPS: ClassVar = ()

    def __init__(
        self,
        refused: Refused | None = None,
        cases: tuple[Case, ...] = (),
        stages: tuple[Stage, ...] = (MESSAGE,),
    ) -> None:
        self.refused, self.all, self.some = refused, cases, stages

    def verify(self, found: Found, **options: Any) -> Proof:
        if self.refused:
            raise self.refused
        return Proof(
            "Verified.",
            (("a", "b"), ("key", SECRET), ("k", "secret")),
            ("a",),
            ("path",),
            17,
            frozenset({"key", "k"}),
        )

    def stages(self, found: Found, **options: Any) -> tuple[Stage, ...]:
        if not self.some:
            raise Refused("malformed", "toy:c")
        return self.some

    def cases(self, found: Found, **options: Any) -> tuple[Case, ...]:
        return self.all

    def doubt(self, secret: str, found: Found) -> str:
        return "It may be another."


def about(toy: Toy, *, show: bool = False, others: tuple[str, ...] = ()) -> _Asked:
    return _Asked("officernd", toy, Found(took="a toy"), SECRET, 0, None, [], others, show, None)  # type: ignore[arg-type]


def answered(toy: Toy, mine: bytes | None = None, digest: str = "", *, show: bool = False) -> Answer:
    return about(toy, show=show).answer(("Odd.",), mine, digest, Budget(), 2)


def refused(reason: str, **evidence: object) -> Refused:
    return Refused(reason, "toy:c", evidence)


RIGHT = Mac((), lambda key, text: D)
TURNED = Mac((), lambda key, text: D[::-1])


def test_what_verifies_is_answered_with_what_it_returns_and_its_credentials_masked():
    shown = f"‹20 bytes, sha256 {hashlib.sha256(SECRET.encode()).hexdigest()[:6]}…›"
    answer = answered(Toy())
    assert answer.returns == {
        "says": "Verified.",
        "parameters": [["a", "b"], ["key", shown], ["k", "secret"]],
        "covered": ["a"],
        "not_covered": ["path"],
        "timestamp": 17,
    }
    assert answer == Answer(
        "officernd",
        "a toy",
        (),
        "verified",
        returns=answer.returns,
        signature_fits=True,
        stages=(ShownStage("message", 7, "text.17", "", False, "toy:message"),),
    )
    open_answer = answered(Toy(), show=True)
    assert open_answer.returns and open_answer.returns["parameters"][1] == ["key", SECRET]


def test_what_is_refused_is_answered_with_each_of_its_facts():
    long = "v" * 300
    answer = answered(
        Toy(refused("signature-mismatch", name="x" * 24, other="x" * 24, long=long), (toy(RIGHT),))
    )
    told_of = REASONS["signature-mismatch"]
    assert (answer.verdict, answer.reason, answer.clause) == ("refused", "signature-mismatch", "toy:c")
    assert (answer.says, answer.hint, answer.returns) == (told_of.meaning, told_of.hint, None)
    assert answer.evidence == {
        "name": "‹a name of 24 characters›",
        "other": "x" * 24,
        "long": "v" * 199 + "…",
    }
    assert (answer.signature_fits, answer.doubts, answer.tried, answer.ended) == (
        True,
        ("Odd.",),
        1,
        "complete",
    )
    assert answered(Toy(refused("malformed", name="x" * 24)), show=True).evidence == {"name": "x" * 24}
    with pytest.raises(Refused, match="unknown-reading"):
        answered(Toy(refused("unknown-reading")))


@pytest.mark.parametrize(
    ("reason", "macs", "ids", "doubts"),
    [
        ("signature-mismatch", (TURNED,), ["form-reversed + message-time-zone"], ()),
        (
            "signature-mismatch",
            (Mac(("message-time-unit",), lambda key, text: D),),
            ["message-time-unit"],
            (),
        ),
        ("too-large", (TURNED,), [], ("It may be another.",)),
        ("signature-mismatch", (), [], ("It may be another.",)),
        ("stale", (TURNED,), [], ()),
        ("from-the-future", (TURNED,), [], ()),
        ("timestamp-in-milliseconds", (RIGHT,), ["time-in-milliseconds"], ()),
        ("timestamp-in-milliseconds", (TURNED,), ["form-reversed + message-time-zone"], ()),
        ("signature-mismatch", (RIGHT,), [], ()),
    ],
)
def test_a_cause_is_looked_for_unless_the_signature_is_right(reason, macs, ids, doubts):
    cases = (toy(*macs), toy(*macs, beside="message-time-zone", untried="Not all is tried."))
    answer = answered(Toy(refused(reason), cases))
    assert [(one.id, one.change) for group in answer.explanations for one in group] == [
        (id, "") for id in ids
    ]
    searched = reason not in ("stale", "from-the-future")
    assert answer.doubts == ("Odd.", *(["Not all is tried."] * searched), *doubts)
    assert answer.signature_fits is (macs == (RIGHT,) or not searched)
    assert (answer.tried > 0) is (searched and bool(macs))
    assert (answer.then, answer.ended) == ("", "complete")


def test_a_search_that_the_budget_ends_says_so():
    asked = about(Toy(refused("signature-mismatch"), (toy(TURNED),)))
    assert asked.answer((), None, "", Budget(digests=0), 2).ended == "budget"


def test_a_stage_is_shown_as_text_as_hex_or_masked():
    stages = (
        Stage("text", b"a\n"),
        Stage("bytes", b"\xff" * 2001),
        Stage("secret", SECRET.encode(), credential=True),
        Stage("public", b"secret", credential=True),
        Stage("odd", b"\xff\xfe", credential=True),
    )
    masked_as = f"‹20 bytes, sha256 {hashlib.sha256(SECRET.encode()).hexdigest()[:6]}…›"
    odd = f"‹2 bytes, sha256 {hashlib.sha256(bytes([255, 254])).hexdigest()[:6]}…›"
    plain = [ShownStage("text", 2, "a‹LF›"), ShownStage("bytes", 2001, "", "ff" * 2000)]
    shown = [
        ShownStage("secret", 20, masked_as, "", True),
        ShownStage("public", 6, "secret"),
        ShownStage("odd", 2, odd, "", True),
    ]
    assert [*answered(Toy(stages=stages)).stages] == plain + shown
    opened = [
        ShownStage("secret", 20, SECRET),
        ShownStage("public", 6, "secret"),
        ShownStage("odd", 2, "", "fffe"),
    ]
    assert [*answered(Toy(stages=stages), show=True).stages] == plain + opened
    assert answered(Toy(stages=())).stages == ()


OPEN, KEY = Stage("text", b"text"), Stage("key", b"Private-Key", credential=True)


@pytest.mark.parametrize(
    ("theirs", "stages", "hit", "others", "shown"),
    [
        (b"text.18", (MESSAGE,), {}, (), True),
        (b"text.18", (OPEN, MESSAGE), {"id": "mac-secret-in-text"}, (), False),
        (b"text." + SECRET.encode(), (MESSAGE,), {}, (), False),
        (b"text.other-key", (MESSAGE,), {}, ("", "other-key"), False),
        (b"text.other-key", (MESSAGE,), {"key": b"other-key"}, (), False),
        (b"text.secret", (MESSAGE,), {"key": b"secret"}, (), True),
        (b"text.18", (KEY, MESSAGE), {}, (), True),
        (b"text.18 Private-Key", (KEY, MESSAGE), {}, (), False),
        (b"text.18 Private-Key", (Stage("key", b"secret", credential=True), MESSAGE), {}, (), True),
        (b"text.18", (replace(MESSAGE, credential=True),), {}, (), False),
        (b"text.18", (KEY, replace(MESSAGE, credential=True)), {}, (), False),
    ],
)
def test_what_a_mistake_signs_is_shown_unless_a_secret_stands_in_it(theirs, stages, hit, others, shown):
    one = Hit(((hit.get("id", "text-cut"), ""),), (theirs, "r"), hit.get("key", b"no such key"))
    found = about(Toy(), others=others)._differs(one, stages)
    assert found and found.at >= 5
    assert (found.ours, found.theirs) == (("text.17", theirs.decode()) if shown else ("", ""))
    opened = about(Toy(), show=True, others=others)._differs(one, stages)
    assert opened and opened.theirs == theirs.decode()
    assert about(Toy())._differs(replace(one, state=(5, "r")), stages) is None
    assert about(Toy())._differs(replace(one, state="text"), stages) is None


def test_the_persons_own_text_and_digest_are_compared_and_searched_for():
    layer = Layer(
        "text", lambda state: (b"text.17", HEX), ways=lambda state: [Made("text-cut", (b"text", HEX))]
    )
    case = replace(toy(RIGHT), layers=(layer,))
    mine = answered(Toy(None, (case,)), b"text.17").mine
    assert mine == Mine(same_as="message")
    mine = answered(Toy(None, (case,)), b"text").mine
    assert mine and [one.id for group in mine.explanations for one in group] == ["text-cut"]
    assert (mine.at, mine.ours, mine.yours, mine.tried, mine.digest_fits) == (4, "text.17", "text", 2, False)
    mine = answered(Toy(None, (case,)), None, HEX).mine
    assert mine == Mine(digest_fits=True, tried=1)
    mine = answered(Toy(None, (case,)), None, D[::-1].hex()).mine
    assert mine and not mine.digest_fits and mine.explanations[0][0].id == "form-reversed"
    hidden = Toy(None, (case,), (replace(MESSAGE, credential=True),))
    mine, opened = answered(hidden, b"text").mine, answered(hidden, b"text", show=True).mine
    assert mine and opened and (mine.at, mine.ours, mine.yours, opened.ours) == (4, "", "", "text.17")
    public = Toy(None, (case,), (Stage("message", b"secret", credential=True),))
    mine = answered(public, b"secret!").mine
    assert mine and mine.yours == "secret!"
    mine = answered(Toy(None, (case,), (KEY, MESSAGE)), b"text").mine
    assert mine and mine.ours == "text.17"
    assert answered(Toy(None, (case,))).mine is None


def test_what_cannot_be_read_is_unrecognised_and_half_a_surrogate_pair_is_three_bytes():
    answer = explain("officernd", "\ud800", secret="s3", now=1)
    assert answer == Answer("officernd", "", (), "unrecognised", says=answer.says)
    assert answer.says.startswith("This was read as a binary body.")
    secret = replace(about(Toy()), secret="\ud800")
    found = secret._differs(Hit((("text-cut", ""),), (b"text.\xed\xa0\x80", "r")), (MESSAGE,))
    assert found == Difference(5)
    proof = Proof("", (("key", "\ud800"),), (), (), None, frozenset({"key"}))
    assert _returned(proof, False)["parameters"] == [
        ["key", f"‹3 bytes, sha256 {hashlib.sha256(bytes.fromhex('eda080')).hexdigest()[:6]}…›"]
    ]


@pytest.mark.parametrize(
    ("evidence", "looked"),
    [
        *(({"name": name}, False) for name in ("signature", "hmac", "token")),
        *(({"name": name}, True) for name in ("code", "signature2", "x-token")),
        ({"name": "signature", "found": "a"}, True),
        ({"signature": "not 64 hex digits (9 characters)"}, False),
        ({"signature": "not 64 hex digits (10 characters)"}, True),
        ({"signature": "no 64 hex digits (9 characters)"}, True),
    ],
)
def test_of_a_signature_that_is_not_there_no_cause_is_looked_for(evidence, looked):
    answer = answered(Toy(refused("empty-parameter", **evidence), (toy(TURNED),)))
    assert (answer.tried > 0, bool(answer.explanations), answer.signature_fits) == (looked, looked, False)
    assert answered(Toy(refused("malformed", name="token"), (toy(TURNED),))).explanations


@pytest.mark.parametrize(("macs", "then"), [((TURNED,), "stale"), ((), ""), ((RIGHT,), "")])
def test_what_refuses_it_afterwards_is_said_beside_a_cause_alone(macs, then):
    class Twice(Toy):
        def verify(self, found: Found, **options: Any) -> Proof:
            self.refused, error = refused("stale"), self.refused
            assert error
            raise error

    answer = answered(Twice(refused("signature-mismatch"), (toy(*macs),)))
    assert (answer.reason, answer.then) == ("signature-mismatch", then)


@pytest.mark.parametrize(("deep", "digests", "depth"), [(False, 3_300, 2), (True, 132_000, 3)])
def test_the_long_search_has_forty_times_the_budget_and_goes_one_slip_deeper(
    monkeypatch, deep, digests, depth
):
    def answer(
        self: _Asked, doubts: tuple[str, ...], mine: Any, digest: str, budget: Budget, most: int
    ) -> Any:
        return doubts, mine, digest, budget.digests, most, self.found.origins, self.others, self.show_secrets

    monkeypatch.setattr(_Asked, "answer", answer)
    options: dict[str, Any] = {"origins": ["https://p.example"], "others": ["o"], "deep": deep}
    asked = explain(
        "officernd", "/h?slug=s&signature=x", secret="None", now=1, mine=b"m", mine_digest="d", **options
    )
    assert asked == (
        (f"The secret given {WORD}.",),
        b"m",
        "d",
        digests,
        depth,
        ("https://p.example",),
        ("o",),
        False,
    )


@pytest.mark.parametrize(("value", "public"), [(b"secret", True), (b"Private", False), (b"\xff", False)])
def test_a_key_that_everybody_knows_is_public(value, public):
    assert _public(value) is public


def test_a_text_that_differs_is_no_stage_and_all_of_its_facts_are_said():
    assert compared([MESSAGE], b"text.18") == Mine("", 6, "text.17", "text.18", "ours has 7, yours has 8")
    assert compared([MESSAGE], b"text.18", hidden=True) == Mine(
        "", 6, name="ours has ‹1 masked byte›, yours has ‹1 masked byte›"
    )
    assert (
        compared([OPEN, MESSAGE], b"text") == Mine("text")
        and compared([], b"x") == compared([MESSAGE], None) == Mine()
    )


# --- whose request it is ----------------------------------------------------------------------------------

SIGNS: Any = SimpleNamespace(OWN_NAMES=("apiKey", "user_id"), QUERY=("sig", "t"))


@pytest.mark.parametrize(
    ("request_", "count"),
    [
        ({"url": "/h?apiKey=1"}, 2),
        ({"url": "/h?APIKEY=1"}, 2),
        ({"url": "/h?apiKey=1&user_id=2"}, 4),
        ({"url": "/h?apiKey=1&apiKey=2"}, 2),
        ({"url": "/h?apiKey%3D1"}, 2),
        ({"url": "/h?apiKey%253D1"}, 2),
        ({"url": "/h?apiKey%25253D1"}, 2),
        ({"url": "/h?apiKey%2525253D1"}, 0),
        ({"url": "/h?apiKey&#61;1"}, 2),
        *(({"url": f"/h?{before}apiKey=1"}, 0) for before in "xX_-"),
        *(({"url": f"/h?{before}apiKey=1"}, 2) for before in "1.[\"'"),
        *(({"body": b"apiKey" + behind}, 2) for behind in (b"=", b":", b'"', b"'", b"\\", b"]", b" \t\r\n:")),
        *(({"body": b"apiKey" + behind}, 0) for behind in (b"", b".", b"s=", b"\xff=")),
        ({"headers": (("apikey", "x"),)}, 2),
        ({"headers": (("x", "apiKey"),)}, 0),
        *(({"url": url}, 1) for url in ("/h?sig=1", "/h?SIG=1", "/h?a=1&t=2", "/h?a=1;t=2", "/h?sig=1&t=2")),
        *(({"url": url}, 0) for url in ("/h?xsig=1", "/h?sigs=1", "/h?sig", "/sig=1", "/h?a=sig=1", "")),
        ({"body": b"sig=1"}, 0),
        ({"url": "/h?sig=1&apiKey=2"}, 3),
    ],
)  # fmt: skip
def test_a_platforms_own_names_are_counted_wherever_they_stand(request_, count):
    assert _named(Found(**request_), SIGNS) == count


SEES = {
    **dict.fromkeys(("", "stale", "from-the-future"), 0),
    **dict.fromkeys(("signature-mismatch", "decryption-failed"), 1),
    **dict.fromkeys(("malformed", "duplicate-parameter", "not-allowed"), 2),
    "missing-parameter": 3,
    "too-large": 4,
}
"""How little is seen with a reason: the docstring of `recognised` in numbers."""


@pytest.mark.parametrize("first", SEES)
@pytest.mark.parametrize("second", SEES)
def test_who_sees_most_comes_first_and_names_decide_where_nobody_sees_a_signature(monkeypatch, first, second):
    def platform(reason: str, *names: str) -> Any:
        def verify(found: Found, **options: Any) -> None:
            assert options == {"secret": "s", "now": 1, "tolerance": None, "readings": []}
            if reason:
                raise Refused(reason, "toy:c")

        return SimpleNamespace(slips=lambda: SimpleNamespace(OWN_NAMES=names, QUERY=("sig",), verify=verify))

    def read(pasted: bytes, slips: Any, *_: object) -> Found:
        if not slips.OWN_NAMES:
            raise Unreadable("no request")
        return Found(body=pasted)

    toys = {"mute": platform("stale"), "a": platform(first, "aa"), "b": platform(second, "aa"), "unnamed": platform("missing-parameter", "zz"), "more": platform("too-large", "aa", "bb")}  # fmt: skip
    monkeypatch.setattr(recognising, "PLATFORMS", toys)
    monkeypatch.setattr(recognising, "read", read)
    found = recognised(b"aa=1&bb=2", secret="s", now=1)
    least = min(SEES[first], SEES[second])
    if least <= 1:
        assert found == [name for name, reason in (("a", first), ("b", second)) if SEES[reason] == least]
    else:
        assert found == ["more", *(("b", "a") if SEES[second] < SEES[first] else ("a", "b"))]
        assert recognised(b"none", secret="s", now=1) == []
    assert own_names(b"aa=1&bb=2") == "more" and own_names(b"cc=1") == ""


# --- ranking ----------------------------------------------------------------------------------------------

OFFICE = PLATFORMS["officernd"].slips()
CASE = toy(clauses={"key": "toy:key", "key-tab": "toy:tab"})


def test_an_explanation_has_all_that_its_parts_say():
    ((found,),) = grouped([Hit((("key-tab", "x" * 121), ("key-blank", ""), ("json-php", "Z.")), "s")], "officernd", OFFICE, [CASE])  # fmt: skip
    own = {slip.id: slip for slip in GENERAL}
    tab, blank, php = own["key-tab"], own["key-blank"], own["json-php"]
    parts = (
        OnePart("key-tab", "slip", tab.says, "x" * 119 + "…", tab.cure, tab.source, "toy:tab"),
        OnePart("key-blank", "slip", blank.says, "", blank.cure, blank.source, "toy:key"),
        OnePart("json-php", "slip", "Z.", "", php.cure, php.source, ""),
    )
    assert found.parts == parts
    assert found == Explanation("key-tab + key-blank + json-php", "slip", f"{tab.says} {blank.says} Z.", "x" * 119 + "…", parts)  # fmt: skip


@pytest.mark.parametrize(("change", "alone"), [("Two words.", True), ("No sentence", False), ("no sentence.", False), ("x", False), ("1.", False)])  # fmt: skip
def test_a_change_that_is_a_sentence_is_said_instead_of_the_slips(change, alone):
    ((found,),) = grouped([Hit((("key-tab", change),), "s")], "officernd", OFFICE, [CASE])
    says = next(slip.says for slip in GENERAL if slip.id == "key-tab")
    assert (found.says, found.change) == ((change, "") if alone else (says, change))


@pytest.mark.parametrize(
    ("ids", "senders", "unseen"),
    [
        (("officernd:signature.order=slug-first",), 1, 0),
        (("officernd:signature.quoted-organization=unquoted",), 1, 1),
        (("key-tab", "officernd:signature.quoted-organization=unquoted"), 1, 1),
        (("key-tab",), 0, 0),
        (("body-nul",), 0, 0),
        (("json-php",), 1, 0),
        (("key-tab", "json-php", "mac-twice"), 2, 0),
    ],
)
def test_an_explanation_is_ranked_by_its_parts_its_senders_and_its_readings_that_nobody_saw(
    ids, senders, unseen
):
    known = {slip.id: slip for slip in GENERAL}
    path, order = tuple((id, "") for id in ids), {id: place for place, id in enumerate(ids)}
    assert _rank(path, known, order, "officernd") == (len(ids), senders, unseen, tuple(range(len(ids))), path)


def test_a_reading_was_seen_if_its_question_was_observed_or_a_program_was_measured(monkeypatch):
    def question(status: str, *readings: str) -> Any:
        return SimpleNamespace(status=status, readings=[SimpleNamespace(id=f"{status}: {one}", for_=one) for one in readings])  # fmt: skip

    register = SimpleNamespace(
        ambiguities=[
            question("observed", "a", "measured with curl"),
            question("open", "b", "as measured", "thought of"),
        ]
    )
    monkeypatch.setattr(ranking, "load", lambda platform: register)
    assert _observed.__wrapped__("p") == {"observed: a", "observed: measured with curl", "open: as measured"}


def test_a_reading_says_its_rule_and_one_that_the_register_has_not_where_to_look():
    reading = next(one for some in load("officernd").ambiguities for one in some.readings if one.id == "officernd:signature.json=spaced")  # fmt: skip
    hit = Hit(((reading.id, "c"), ("key-tab", "d")), "s")
    ((found,),) = grouped([hit], "officernd", OFFICE, [CASE], lambda hit: Difference(3, "a", "b"))
    assert (found.kind, found.change, found.difference) == (
        "slip and reading",
        "c; d",
        Difference(3, "a", "b"),
    )
    assert found.parts[0] == OnePart(
        reading.id,
        "reading",
        f"It fits under the reading {reading.id}: {reading.rule}",
        "c",
        "A reading is one way to understand what the platform documents. Verify with this one if the platform does so, and report it to this project (officernd:S3); change the sender if it is yours.",
        "",
        "officernd:signature.json",
    )  # fmt: skip
    assert _of_reading("toy:a=b", "officernd") == ("It fits under the reading toy:a=b.", "Look the reading up in the register.")  # fmt: skip


# --- the probe --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stages", "shown"),
    [(None, False), ({}, True), ({"tolerance": 1}, False), ({"json": 1}, True), ({"json": 1, "tolerance": 1}, True)],
)  # fmt: skip
def test_a_request_shows_what_changes_its_signature_and_no_tolerance(stages, shown):
    assert _shows("toy:a=b", {} if stages is None else {"toy:a=b": stages}) is shown


def probing(fits: Callable[[int, frozenset[str]], str], requests: int = 1, questions: int = 5) -> _Probing:
    """Return a probe of toys: each question has an adopted reading and others, and `fits` says why one is refused."""

    def verify(found: int, **options: Any) -> None:
        chosen = tried.pop()
        assert options.pop("readings") == sorted(chosen)
        assert options == {
            "secret": "s",
            "now": 5,
            "tolerance": (1_099_511_627_776, 1_099_511_627_776),  # 2**40 seconds: any time
        }
        if reason := fits(found, frozenset(chosen)):
            raise Refused(reason, "toy:c")

    tried: list[list[str]] = []

    class Listed(_Probing):
        def __init__(self) -> None:
            self.platform, self.secret, self.now, self.found, self.known = (
                "officernd",
                "s",
                5,
                [*range(requests)],
                {},
            )  # type: ignore[list-item]
            self.slips = SimpleNamespace(verify=verify)  # type: ignore[assignment]
            self.ambiguities = [
                (SimpleNamespace(id=f"q{n}", question=f"{n}?", adopted=f"q{n}=0"), [f"q{n}={m}" for m in range(2 + (n == 0))])
                for n in range(questions)
            ]  # type: ignore[misc]  # fmt: skip

        def refused(self, number: int, readings: Iterable[str]) -> str:
            tried[:] = [[*readings]]
            return super().refused(number, readings)

    return Listed()


def test_sets_of_at_most_three_readings_are_tried_the_smallest_first_and_one_of_a_question():
    """Of five questions one has two other readings: 1, then 6, then 4 pairs without it and 2 times 4 with it, and so on."""
    sets = [*probing(lambda *_: "").sets()]
    assert [len([one for one in sets if len(one) == size]) for size in range(5)] == [1, 6, 6 + 8, 4 + 12, 0]
    assert sets == sorted(sets, key=len) and len({*sets}) == len(sets)
    assert not any(name.endswith("=0") for one in sets for name in one)
    assert ("q0=1", "q1=1") in sets and ("q0=2", "q1=1") in sets and ("q0=1", "q0=2") not in sets


def test_the_fewest_readings_that_reproduce_every_request_are_told_with_what_they_leave_open():
    wanted = {0: {"q0=1"}, 1: {"q1=1"}}
    probe = probing(lambda found, chosen: "" if wanted[found] <= chosen else "signature-mismatch", 2).probe()
    assert (probe.sets, probe.unexplained, probe.requests, probe.coherent) == (
        (("q0=1", "q1=1"),),
        (),
        2,
        True,
    )
    told_of = {one.ambiguity: (one.question, one.reproduce, one.ruled_out) for one in probe.ambiguities}
    assert told_of == {
        "q0": ("0?", ("q0=1",), ("q0=0", "q0=2")),
        "q1": ("1?", ("q1=1",), ("q1=0",)),
        **{f"q{n}": (f"{n}?", (f"q{n}=0", f"q{n}=1"), ()) for n in (2, 3, 4)},
    }
    assert probe.record(date="2026-01-02", version="1") == {
        "platform": "officernd",
        "date": "2026-01-02",
        "version": "1",
        "requests": 2,
        "unexplained": 0,
        "sets": [["q0=1", "q1=1"]],
        "ambiguities": {id: {"reproduce": [*fits], "ruled_out": [*out]} for id, (_, fits, out) in told_of.items()},
    }  # fmt: skip


def test_two_sets_of_the_same_size_both_count_and_a_larger_one_does_not():
    either = probing(lambda found, chosen: "" if chosen & {"q0=2", "q4=1"} else "signature-mismatch").probe()
    assert either.sets == (("q0=2",), ("q4=1",))
    assert {one.ambiguity: one.reproduce for one in either.ambiguities}["q0"] == ("q0=0", "q0=1", "q0=2")
    late = probing(lambda found, chosen: "stale" if len(chosen) == 3 else "malformed").probe()
    assert len(late.sets) == 16 and all(len(one) == 3 for one in late.sets)


def test_what_no_set_reproduces_is_told_by_its_number_and_its_reason():
    reasons = ("", "malformed", "from-the-future", "signature-mismatch")
    probe = probing(lambda found, chosen: reasons[found], 4).probe()
    assert probe == Probe("officernd", 4, (), (), ((2, "malformed"), (4, "signature-mismatch")), "", 0)
    assert not probe.coherent and probe.record(date="", version="")["unexplained"] == 2
    apart = probing(lambda found, chosen: "" if chosen == {f"q{found}=1"} else "malformed", 2).probe()
    assert (apart.sets, apart.unexplained) == ((), ())


def test_the_vector_that_rules_most_out_is_named_and_the_first_of_equals(monkeypatch):
    def vector(id: str, **by_reading: str) -> dict[str, Any]:
        return {"id": id, "expect": {"says": "accepted"}, "by_reading": {f"q0={n[1]}": {"says": says} for n, says in by_reading.items()}}  # fmt: skip

    refused_all = {"id": "refused", "expect": {"says": "no"}, "by_reading": {"q0=1": {"says": "nor"}, "q0=2": {"says": "not"}}}  # fmt: skip
    vectors = [vector("same"), refused_all, vector("one", r1="no"), vector("other", r2="no"), vector("two", r1="no", r2="nor"), vector("both", r1="a", r2="b")]  # fmt: skip
    monkeypatch.setattr(probing_module, "rows", lambda _: enumerate(vectors))
    toys = probing(lambda *_: "", questions=1)
    one = Settled("q0", "0?", ("q0=0", "q0=1", "q0=2"), ())
    assert toys.next((one,)) == ("two", 2)
    assert toys.next((replace(one, reproduce=("q0=0", "q0=1")),)) == ("one", 1)
    assert toys.next((replace(one, reproduce=("q0=0", "q0=2")),)) == ("other", 1)
    assert toys.next((replace(one, reproduce=("q0=1",)),)) == toys.next(()) == ("", 0)


# --- afterwards, entries, levels --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("character", "written", "others"),
    [
        ("a", ["a"], ["%61", "b"]),
        ("/", ["/", "\\/", "%2F", "%252F", "\\%2F", "%5C/", "%5C%2F"], ["//", "%25252F", "%2B"]),
        ("+", ["+", "%2B", "%252B"], ["\\+", "++", "%2F"]),
        ("=", ["=", "%3D", "%253D"], ["==", "\\="]),
    ],
)
def test_a_character_of_a_digest_is_found_as_it_may_be_written(character, written, others):
    match = re.compile(_written(character)).fullmatch
    assert all(map(match, written)) and not any(map(match, others))


def test_what_refuses_it_afterwards_is_looked_for_with_the_right_digest_in_its_place():
    seen: list[Found] = []

    def then(reason: str, first: str = "signature-mismatch", *macs: Mac, **options: Any) -> str:
        def verify(found: Found) -> Proof:
            seen.append(found)
            if reason.isupper():
                return Proof("", (), (), (), then=reason)
            raise Refused(reason, "toy:c")

        case = replace(
            toy(*(macs or (RIGHT,)), **options), start=(b"m", (options.get("fits") and B64) or "0f" * 32)
        )
        found = Found(
            f"/{case.start[1]}/{case.start[1]}", "", (("h", case.start[1].upper()),), case.start[1].encode()
        )
        return refused_then(found, [case], "s", verify, first)

    assert then("stale") == "stale" and then("POLICY") == "POLICY"
    assert (seen[0].url, seen[0].headers, seen[0].body) == (
        f"/{HEX}/{'0f' * 32}",
        (("h", HEX),),
        HEX.encode(),
    )
    assert [then(reason, "stale") for reason in ("signature-mismatch", "malformed")] == ["", ""]
    assert (
        then("stale", "stale") == "" == then("too-large", "too-large")
        and then("stale", "too-large") == "stale"
    )
    seen.clear()

    def broken(key: bytes, text: bytes) -> bytes:
        raise KeyError

    for macs in (
        (Mac(("slip",), lambda key, text: D),),
        (Mac((), broken),),
        (Mac((), lambda key, text: None),),
    ):
        assert then("stale", "", *macs) == "stale" and seen.pop().url == f"/{'0f' * 32}/{'0f' * 32}"
    right = {"fits": lambda made, text: () if text == base64.b64encode(made).decode() else None}
    assert then("stale", "", TURNED, **right) == "stale"
    assert seen.pop().body == base64.b64encode(D[::-1])


@pytest.mark.parametrize(("received", "put"), [("0" * 15, False), ("0" * 16, True), ("0" * 300, True), ("0" * 301, False), ("0" * 20 + "é", False)])  # fmt: skip
def test_a_digest_that_is_put_in_again_had_16_to_300_characters_of_ascii(received, put):
    case = replace(toy(RIGHT), start=(b"m", received))
    assert _right(case, "s") == ((received, HEX) if put else ("", ""))
    assert _right(replace(case, macs=()), "s") == ("", "")
    assert _right(replace(case, fits=lambda made, text: None), "s")[1] == ""


def test_of_a_reason_eight_vectors_of_a_platform_are_listed_and_all_are_counted():
    said = [*described("malformed")]
    heads = [place for place, line in enumerate(said) if line.startswith("  Vectors of ")]
    counts = [int(said[place].rpartition(" ")[2]) for place in heads]
    listed = [end - place - 1 for place, end in zip(heads, [*heads[1:], len(said)], strict=True)]
    assert len(heads) == 4 and min(counts) > 8 and listed == [8] * 4
    assert [*described("no-such-id")] == []
    assert said[:2] == [
        f"malformed, a reason: {REASONS['malformed'].meaning}",
        f"  {REASONS['malformed'].hint}",
    ]


def test_a_slip_of_a_platforms_own_stage_says_its_name_and_a_carriers_blames_no_side():
    own = {slip.stage: slip.id for slip in described_slips().values()}
    side = ", at the side that made the signature; a check that does the same refuses genuine requests."
    assert [*described(own["padding"])][1] == f"  It happens in the stage padding{side}"
    assert [*described(own["carrier"])][
        1
    ] == "  It happens between the sender and you, or when it was pasted."
    assert [*described(own["key"])][1] == f"  It happens when the secret was stored, read or copied{side}"


@pytest.mark.parametrize(
    ("kind", "value", "id", "wanted"),
    [
        ("added", (("a", "1"), ("a", "2")), "parameter-doubled", (("a", "2"),)),
        ("changed", (("a", "x "),), "values-trimmed", (("a", "x"),)),
        ("order", (("b", "1"), ("a", "2")), "order-sorted", (("a", "2"), ("b", "1"))),
        ("json", (("a", "1"),), "json-spaced", b'{"a": "1"}'),
        ("text", b"ab", "text-line-end", b"ab\n"),
        ("damage", b"ab\n", "body-line-end", b"ab"),
        ("rewritten", b'{"a": 1}', "json-rewritten", b'{"a":1}'),
    ],
)
def test_each_kind_of_a_layer_changes_its_own_part_of_the_state(kind, value, id, wanted):
    case = replace(toy(), start=("front", value, "behind"), layers=(Layer("layer", kinds=((kind, 1),)),))
    made = [(state, path) for cost in (1, 2) for _, (state, paths) in Levels(case, Budget()).last(cost) for path in paths]  # fmt: skip
    assert ("front", wanted, "behind") in [state for state, path in made if path[0][0] == id]
    assert {(state[0], *state[2:]) for state, _ in made} == {("front", "behind")}


def test_the_ways_of_a_layer_come_before_its_kinds_and_what_breaks_ends_none_of_the_others():
    def ways(state: tuple[Any, ...]) -> Iterator[Made]:
        yield Made("own", (b"own", b"17", "r"))
        raise KeyError("broken")

    layer = Layer("layer", lambda state: state[:1] + state[2:], kinds=(("joined", 0), ("text", 0)), ways=ways)
    case = replace(toy(), start=(b"ab", b"17", "r"), layers=(layer,))
    levels = Levels(case, budget := Budget())
    ids = [path[0][0] for _, (_, paths) in levels.last(1) for path in paths]
    assert ids[0] == "own" and "message-line-end" in ids and "text-line-end" in ids
    assert [state for _, (state, _) in levels.last(0)] == [(b"ab", "r")]
    built = [state[0] for cost in (0, 1) for _, (state, _) in levels.last(cost)]
    assert 16_000_000 - budget.built == sum(map(len, built)), "of each state the bytes of its text count"


# --- what an answer holds ---------------------------------------------------------------------------------

CLASSES = (Answer, Difference, Explanation, Hit, Mine, OnePart, Outcome, Probe, Settled, ShownStage, _Asked)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_nothing_of_an_answer_can_be_changed_or_added(kind):
    one = object.__new__(kind)
    for name in (next(iter(kind.__dataclass_fields__)), "another"):
        with pytest.raises((FrozenInstanceError, TypeError)):  # a slotted class says it by TypeError
            setattr(one, name, 1)
    assert not hasattr(one, "__dict__")


def test_an_answer_says_nothing_that_it_was_not_given():
    assert Answer("p", "t", (), "v").as_json() == {
        "platform": "p",
        "took": "t",
        "undone": (),
        "verdict": "v",
        **dict.fromkeys(("reason", "clause", "says", "hint", "then"), ""),
        "evidence": {},
        **dict.fromkeys(("doubts", "stages", "explanations"), ()),
        **dict.fromkeys(("returns", "mine")),
        "signature_fits": False,
        "tried": 0,
        "ended": "complete",
    }
    empty = {"same_as": "", "at": None, "ours": "", "yours": "", "name": "", "digest_fits": False, "explanations": (), "tried": 0}  # fmt: skip
    assert asdict(Mine()) == empty
    assert asdict(ShownStage("n", 1, "t")) == {"name": "n", "length": 1, "text": "t", "hex": "", "masked": False, "clause": ""}  # fmt: skip
    assert asdict(Difference(1)) == {"at": 1, "ours": "", "theirs": ""}
    assert asdict(Hit((), "s")) == {"path": (), "state": "s", "key": b""}
    assert asdict(Probe("p", 1, (), ())) == {"platform": "p", "requests": 1, "sets": (), "ambiguities": (), "unexplained": (), "next": "", "settles": 0}  # fmt: skip
