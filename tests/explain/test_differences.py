"""The person's own text against ours: where the first difference is, what stands around it, and its name."""

from __future__ import annotations

import pytest

from handshakes.core.stages import Stage
from handshakes.explain.differences import compared

OURS = '{"slug":"café a/b","n":"J&J"}.1648190384'


@pytest.mark.parametrize(
    ("yours", "at", "name"),
    [
        (OURS.replace("a/b", "a\\/b"), 16, "yours has a backslash before /, as PHP writes JSON"),
        (OURS.replace("é", "\\u00e9"), 12, "yours has the escape \\u00e9 where ours has the character itself"),
        (OURS.replace("&", "\\u0026"), 26, "yours has the escape \\u0026 where ours has the character itself"),
        (OURS.replace("&", "&amp;"), 27, "yours is escaped for HTML"),
        (OURS.replace('"', "&quot;"), 1, "yours is escaped for HTML"),
        (OURS.replace("é", "%C3%A9"), 12, "yours is percent-encoded here (%C3), ours is decoded"),
        (OURS.replace('":"', '": "', 1), 8, "a blank stands in yours that is not in ours"),
        (OURS.replace(" a/b", "a/b"), 14, "a blank of ours is missing in yours"),
        (OURS.replace(" ", "+"), 14, "a plus sign on one side is a blank on the other"),
        (OURS.replace('"', "'"), 1, "yours has single quotes where ours has double ones, as Python's repr writes"),
        (OURS.replace('"', '\\"'), 1, "yours has a backslash that is not in ours"),
        (OURS + "\n", 41, "yours has a line end (LF) behind it"),
        (OURS + "\r\n", 41, "yours has a line end (CR LF) behind it"),
        (OURS + " ", 41, "yours has a blank behind it"),
        (OURS + "abc", 41, "yours has 3 bytes more, abc, behind it"),
        (OURS[:-1], 40, "yours ends here: 1 byte of ours is missing, beginning with 4"),
        (OURS.replace(".1648190384", ""), 30, "yours ends here: 11 bytes of ours are missing, beginning with .1648190384"),
        (OURS.replace(".", ""), 30, "1 byte of ours is missing in yours"),
        ("\ufeff" + OURS, 0, "yours has a byte order mark in front"),
        (OURS.replace("é", "Ã©"), 13, "yours was encoded as UTF-8 twice"),
        (OURS.replace("slug", "Slug"), 2, "the same letter in another case"),
        (OURS.replace("é", "e\u0301"), 12, "the same letters in another Unicode form (NFC and NFD)"),
        (OURS.replace("a/b", "\u0430/b"), 15, "yours has ‹U+0430›, which only looks like a letter of ASCII"),
        (OURS.replace("1648190384", "1648190385"), 40, "ours has 4, yours has 5"),
        (OURS.replace("slug", "gusl"), 2, "the same bytes in another order"),
        ("", 0, "yours ends here: 41 bytes of ours are missing, beginning with {\"slug\":\"café a/b\",\"n\":"),
    ],
)  # fmt: skip
def test_the_first_difference_has_a_place_and_a_name(yours, at, name):
    found = compared([Stage("message", OURS.encode())], yours.encode())
    assert (found.at, found.name) == (at, name)


def test_a_text_alone_says_nothing_of_a_digest_and_nothing_was_tried_for_it():
    found = compared([Stage("message", OURS.encode())], b"another")
    assert (found.digest_fits, found.explanations, found.tried) == (False, (), 0)


def test_percent_signs_of_ours_are_named_too():
    """onOffice signs a text with escapes."""
    ours = Stage("message", b"https://p.example/?name=J%26J&x=%2f")
    for yours, at, name in (
        (b"https://p.example/?name=J&J&x=%2f", 25, "ours is percent-encoded here (%26), yours is decoded"),
        (b"https://p.example/?name=J%2526J&x=%2f", 27, "yours is percent-encoded once more"),
        (b"https://p.example/?name=J%25J&x=%2f", 27, "ours has 6, yours has 5"),
        (b"https://p.example/?name=J%26J&x=%2F", 34, "the hex digits of an escape in another case"),
    ):
        found = compared([ours], yours)
        assert (found.at, found.name) == (at, name)


@pytest.mark.parametrize("letter", ["é", "€", "🙂"])
@pytest.mark.parametrize("before", ["", "a"])
def test_a_letter_whose_utf_8_was_encoded_again_is_named_wherever_it_stands(before, letter):
    ours, yours = f"{before}{letter}b".encode(), f"{before}{letter.encode().decode('latin-1')}b".encode()
    assert compared([Stage("message", ours)], yours).name == "yours was encoded as UTF-8 twice"


def test_line_ends_are_told_apart():
    found = compared([Stage("body", b"a\r\nb")], b"a\nb")
    assert found.name == "line ends are LF on one side and CR LF on the other"


def test_what_stands_around_is_shown_on_both_sides():
    found = compared([Stage("message", b"0123456789" * 6)], b"0123456789" * 3 + b"x" + b"0123456789" * 3)
    assert found.ours == "678901234567890123456789012345678901234567890123"
    assert found.yours == "678901234567890123456789x01234567890123456789012"


def test_a_text_that_equals_an_earlier_stage_is_said_to():
    stages = [Stage("json", b"{}"), Stage("message", b"{}.17")]
    assert compared(stages, b"{}").same_as == "json"
    assert compared(stages, b"{}.17").same_as == "message"
    assert compared(stages, None).name == "" == compared([], b"x").name


@pytest.mark.parametrize("yours", ["", "s3cret", "s3cret-key-of-another", "S3CRET-KEY", "s3cret-kez", "s3cret-key-and-more", "s3cret%2Dkey"])  # fmt: skip
def test_no_byte_of_a_masked_text_is_shown(yours):
    found = compared([Stage("message", b"s3cret-key", credential=True)], yours.encode(), hidden=True)
    assert (found.ours, found.yours) == ("", "")
    for part in ("s3cret", "-key", "kez", "-more", "-of", "%2D", "S3"):
        assert part not in found.name
    assert found.name
