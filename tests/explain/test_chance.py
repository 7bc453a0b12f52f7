"""Garbage that decrypts by chance is given no cause: a decryption counts where members or many bytes of JSON show it."""

from __future__ import annotations

import base64
import random
from urllib.parse import quote

import pytest

from handshakes.explain import explain
from handshakes.fortis.rules import ADOPTED
from handshakes.fortis.slips import forms, texts
from handshakes.fortis.slips.opening import Opener, Sealed
from handshakes.runtime.ciphers import AesCiphers

NOW, NOBODY = 1_648_190_384, "a-secret-of-nobody"


def launch(data: bytes) -> str:
    return f"https://app.example/launch?data={quote(base64.b64encode(data).decode(), safe='')}"


@pytest.mark.parametrize("size", [40, 56, 72, 136])
@pytest.mark.parametrize("byte", [b"\0", b"\xff", b"A"])
def test_one_byte_again_and_again_is_given_no_cause(size, byte):
    """Of 40 zeros, a wrong key made 24 times the digit 3 in CFB8, which was taken for an id."""
    answer = explain(
        "fortis", launch(b"Salted__" + byte * size), secret=NOBODY, now=NOW, ciphers=AesCiphers()
    )
    assert (answer.verdict, answer.explanations) == ("refused", ())


def test_two_thousand_random_inputs_are_given_no_cause_under_any_cipher():
    """Every cipher that takes one round, on random bytes of which every second input is short or repeats a block."""
    made = random.Random(4711)
    wrong = []
    for number in range(2_000):
        size = made.choice((16, 32)) if number % 2 else made.choice((48, 64, 160))
        data = made.randbytes(16) * (size // 16) if number % 4 == 1 else made.randbytes(size)
        sealed, key = Sealed(made.randbytes(8), data), made.randbytes(12).hex().encode()
        opener = Opener(ADOPTED, AesCiphers())
        for mac in opener.macs():
            if mac.rounds is not None:
                continue
            try:
                opened = mac.make(key, sealed)
            except ValueError:
                continue
            if opener.fits(opened, None) is not None:
                wrong.append((number, mac.ids, opened.text))
    assert wrong == []


@pytest.mark.parametrize(
    "text", [b"{}", b"3" * 24, b"deadbeef" * 3, b'{"a":"b"}', b"[{}]", b"\xef\xbb\xbf{}"]
)
def test_a_short_text_without_a_member_of_a_launch_is_no_evidence(text):
    assert texts.read(text, ADOPTED) is None


@pytest.mark.parametrize(
    "text", [b'{"user_id":"7"}', b'{"userId":7}', b"11ea858313aabde4bd2eb0fa", b'{"nobody":"knows-this"}']
)
def test_a_member_of_a_launch_or_many_bytes_of_json_are_evidence(text):
    assert texts.read(text, ADOPTED) is not None


TAILS = (
    b"",
    b"{",
    b"\0{",
    b"{\0",
    b"\0",
    b"\xfe{\0",
    b"\xff\0{",
    b"\xbb\xbf{",
    b"\x8b",
    b"\x9c",
    b"'",
    b"[(",
    b"(",
    b":1",
    b"7B",
    b"7b",
    b"B",
    b"y",
    b"a=",
    b'"a":',
    b"=",
    b"&",
    b"\\",
)


def test_no_form_begins_with_a_byte_that_is_passed_over():
    matched, beginnings = set(), set()
    for byte in (bytes([at]) for at in range(256)):
        for place, (_, _, begins, _) in enumerate(forms.FORMS):
            if any(begins.match(byte + tail) for tail in TAILS):
                matched.add(place)
                beginnings.add(byte)
    assert matched == {*range(len(forms.FORMS))}, "each form has begun once"
    assert beginnings <= forms.BEGINNINGS
    assert len(forms.BEGINNINGS) < 80, "most wrong decryptions are passed over"


def test_a_beginning_is_not_passed_over_because_of_its_first_block():
    whole = b'{"location_id":"11ea858313aabde4bd2eb0fa","user_id":"7"'
    for first in (bytes(16), whole[:16]):
        assert texts.may_go_on(first + whole[16:])
    assert texts.partial(whole) == ("fortis-data-cut",)
    assert not texts.may_go_on(whole[:31] + bytes(17))
