"""Text in which different bytes look different."""

from __future__ import annotations

import itertools

import pytest

from handshakes.explain.keys import keys
from handshakes.explain.visible import masked, visible


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain ASCII ~!", "plain ASCII ~!"),
        ("é ü ß 中 кот", "é ü ß 中 к‹U+043E›т"),
        ("a\nb\r\n\tc\0", "a‹LF›b‹CR›‹LF›‹TAB›c‹NUL›"),
        ("\ufeffa\xa0b", "‹BOM›a‹NBSP›b"),
        ("a\u200bb\u200d\u2060", "a‹U+200B›b‹U+200D›‹U+2060›"),
        ("a\u2028b\u2029", "a‹U+2028›b‹U+2029›"),
        ("\u202eabc", "‹U+202E›abc"),
        ("e\u0301", "e‹U+0301›"),
        ("p\u0430yp\u0430l", "p‹U+0430›yp‹U+0430›l"),
        ("\u2013 \u2019", "‹U+2013› ‹U+2019›"),
        ("ﬁ ① Ａ", "‹U+FB01› ‹U+2460› ‹U+FF21›"),
        ("‹LF›", "‹U+2039›LF‹U+203A›"),
        ("\x7f\x1b[31m", "‹U+007F›‹U+001B›[31m"),
        ("\U000e0041", "‹U+E0041›"),
        (b"\xff\xc3\xa9\xc3", "‹byte FF›é‹byte C3›"),
        (b"\xed\xa0\x80", "‹byte ED›‹byte A0›‹byte 80›"),
    ],
)
def test_what_is_not_plain_has_a_name(value, shown):
    assert visible(value if isinstance(value, bytes) else value.encode()) == shown


def test_no_two_inputs_look_alike():
    pieces = ["a", "é", "e\u0301", "\n", "‹", "LF", "›", "\u2028", "\\u2028", "\x1b", "U+001B", "\u0430", "\ufeff", "…", " ", "\xa0"]  # fmt: skip
    texts = {"".join(some) for n in range(4) for some in itertools.product(pieces, repeat=n)}
    assert len({visible(text.encode()) for text in texts}) == len(texts)


def test_a_long_text_is_cut_and_shows_that_it_was():
    assert visible(b"a" * 2_000) == "a" * 2_000
    assert visible(b"a" * 2_001) == "a" * 2_000 + "…"
    assert visible("é".encode() * 3_000, 5) == "ééééé…"
    for some, shown in ((5, ""), (6, "…")):  # four bytes each
        assert visible("🙂".encode() * some, 5) == "🙂" * 5 + shown


def test_a_masked_value_says_its_length_and_the_first_digits_of_its_hash():
    """The digest of abc is a test value of FIPS 180."""
    assert masked(b"abc") == "‹3 bytes, sha256 ba7816…›"


ALIKE = {
    "Cyrillic letters": {
        "a": "\u0430", "c": "\u0441", "e": "\u0435", "o": "\u043e", "p": "\u0440", "x": "\u0445", "y": "\u0443", "i": "\u0456", "j": "\u0458", "s": "\u0455",
        "B": "\u0412", "A": "\u0410", "E": "\u0415", "K": "\u041a", "M": "\u041c", "H": "\u041d", "O": "\u041e", "P": "\u0420", "C": "\u0421", "T": "\u0422",
        "X": "\u0425", "I": "\u0406", "J": "\u0408", "S": "\u0405",
    },
    "Greek letters": {
        "A": "\u0391", "B": "\u0392", "E": "\u0395", "Z": "\u0396", "H": "\u0397", "I": "\u0399", "K": "\u039a", "M": "\u039c", "N": "\u039d", "O": "\u039f",
        "P": "\u03a1", "T": "\u03a4", "Y": "\u03a5", "X": "\u03a7", "o": "\u03bf", "v": "\u03bd",
    },
    "another of O and 0, l, I and 1": {"O": "0", "0": "O", "l": "1", "I": "l", "1": "l"},
    "another of l and I": {"l": "I", "I": "1", "1": "I"},
}  # fmt: skip


@pytest.mark.parametrize("alphabet", ALIKE)
def test_a_letter_may_be_another_that_looks_alike(alphabet):
    """Unicode's charts of Cyrillic and Greek."""
    for letter_, other in ALIKE[alphabet].items():
        made = ("key-look-alikes", f"#{other}#".encode(), f"{alphabet} for {letter_}")
        assert made in keys(f"#{letter_}#", (), 3), (alphabet, letter_)


def test_some_or_one_of_the_letters_may_be_others():
    made = {
        change: key.decode()
        for id, key, change in keys("O0O", (), 3)
        if id == "key-look-alikes" and "0" in key.decode()
    }
    name = "another of O and 0, l, I and 1"
    assert made[f"{name} for O"] == "000"
    assert made[f"{name} for O, 0"] == "0O0"
    assert made[f"{name} for one O, number 1"] == "00O"
    assert made[f"{name} for one O, number 3"] == "O00"
