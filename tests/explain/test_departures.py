"""Where what a mistake signs departs from the message: the first byte, what is around it, and nothing that is masked."""

from __future__ import annotations

import hmac
import json

import pytest

from handshakes.core.stages import Stage
from handshakes.explain import explain
from handshakes.explain.departures import _strange, signed_instead
from handshakes.onoffice.signing import sign_url
from handshakes.retailcrm.signing import registration_token

MESSAGE = b'{"slug":"s","locations":""}.1648190384'
KEY = "Private-Api-Key-0815-of-32-chars"


def test_the_first_byte_and_what_is_around_it_are_shown():
    long = b"a" * 100
    found = signed_instead([Stage("message", long + b"b" + long)], long + b"c" + long)
    assert found and (found.at, found.ours) == (100, "a" * 24 + "b" + "a" * 63)
    assert found.theirs == found.ours.replace("b", "c")


def test_where_the_same_is_signed_or_no_message_is_known_there_is_none():
    assert signed_instead([Stage("message", MESSAGE)], MESSAGE) is None
    assert signed_instead([Stage("text", b"{}")], MESSAGE) is None
    assert signed_instead([], MESSAGE) is None


@pytest.mark.parametrize("options", [{"hidden": True}, {"masked": True}])
def test_what_holds_a_credential_shows_where_it_differs_alone(options):
    found = signed_instead(
        [Stage("message", b"11ea8583.1700")], b"11ea8583.1700.Private-Token-0815", **options
    )
    assert found and (found.at, found.ours, found.theirs) == (13, "", "")


@pytest.mark.parametrize(("strange", "shown"), [(0, True), (6, True), (7, False)])
def test_of_what_is_masked_at_most_six_bytes_that_are_not_in_the_message_are_shown(strange, shown):
    """Our own limit, written here a second time."""
    message = b"11ea8583.1700000"
    found = signed_instead(
        [Stage("message", message)], message[8:] + message[:8] + b"#" * strange, masked=True
    )
    assert found and bool(found.theirs) is shown
    found = signed_instead([Stage("message", message)], b"#" * strange)
    assert found and found.theirs == "#" * strange, "nothing is masked"


@pytest.mark.parametrize("secret", ["example-integration-secret", "Private-Secret-0816"])
def test_an_explanation_says_where_what_it_signs_differs(secret):
    signed = b'{"locations": "x", "slug": "s"}.1648190384'
    digest = hmac.digest(secret.encode(), signed, "sha256").hex()
    target = f"/h?slug=s&locations=x&signature=t%3D1648190384%2Csignature%3D{digest}"
    answer = explain("officernd", target, secret=secret, now=1_648_190_384)
    (first, *_), *_ = answer.as_json()["explanations"]
    assert first["difference"] == {
        "at": 2,
        "ours": '{"slug":"s","locations":"x"}.1648190384',
        "theirs": '{"locations": "x", "slug": "s"}.1648190384',
    }


@pytest.mark.parametrize("shown", [False, True])
def test_a_masked_message_is_shown_only_when_that_is_asked_for(shown):
    token = f"apiToken={KEY}&parameterCacheId=1&timestamp=1700000000&userId=1"
    signature = sign_url(f"http://p.example/?{token}", secret="private-secret").rpartition("=")[2]
    answer = explain(
        "onoffice",
        f"https://p.example/?{token}&signature={signature}",
        secret="private-secret",
        now=1_700_000_000,
        show_secrets=shown,
    )
    first = answer.explanations[0][0]
    assert first.difference and (first.id, first.difference.at) == ("onoffice-scheme", 4)
    assert bool(first.difference.ours) == (KEY in json.dumps(answer.as_json())) == shown


def test_a_secret_that_was_signed_is_not_shown():
    secret = "Private-Secret-0816"
    form = json.dumps(
        {
            "systemUrl": "https://a.simla.com",
            "apiKey": KEY,
            "token": registration_token(secret, secret=secret),
        }
    )
    answer = explain("retailcrm", form, secret=secret, now=0)
    said = json.dumps(answer.as_json())
    assert secret not in said and KEY not in said
    assert answer.explanations


def test_a_text_is_no_stranger_where_its_last_four_bytes_are_the_others():
    """As Python's own `in` finds them: pieces of four, the last of which ends where the text ends."""
    assert _strange(b"0123abcd", b"abcd0123") == 0
    assert _strange(b"0123abcd", b"abcd012") == 3
