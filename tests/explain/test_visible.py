"""Text in which different bytes look different."""

from __future__ import annotations

import itertools

import pytest

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


def test_a_masked_value_says_its_length_and_the_first_digits_of_its_hash():
    """The digest of abc is a test value of FIPS 180."""
    assert masked(b"abc") == "‹3 bytes, sha256 ba7816…›"
