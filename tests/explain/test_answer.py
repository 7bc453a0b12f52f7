"""What `explain` answers: its published form, what it masks, and that it never accepts."""

from __future__ import annotations

import hmac
import json
import subprocess
import sys
from functools import partial
from importlib import resources
from urllib.parse import urlencode

import jsonschema_rs
import pytest

from handshakes import Refused
from handshakes.explain import explain
from handshakes.explain.asking import ask
from handshakes.runtime.ciphers import AesCiphers

from .rows import run

SECRET, NOW = "example-integration-secret", 1_648_190_384
PRIVATE = "sk-nobody-shall-read-this-0815"
SCHEMA = json.loads((resources.files("handshakes.explain") / "answer.schema.json").read_text("utf-8"))
DIGEST = "7fab70b2b7b8363a66720a3afd7fba6b16aff21e27a878f90014a593495312b4"
"""Of {"slug":"test-slug","locations":""}.1648190384 under SECRET; one of the worked values."""


def url(query: str, digest: str) -> str:
    return f"https://p.example/h?{query}&signature=t%3D{NOW}%2Csignature%3D{digest}"


def digest_of(message: str, secret: str = PRIVATE) -> str:
    return hmac.digest(secret.encode(), message.encode(), "sha256").hex()


GENUINE = url("slug=test-slug&locations=", DIGEST)
SPACED = url("slug=s", digest_of(f'{{"slug": "s"}}.{NOW}', SECRET))


@pytest.mark.parametrize(
    "asked",
    [
        {"pasted": GENUINE},
        {"pasted": SPACED},
        {"pasted": "hello"},
        {"pasted": ""},
        {"pasted": b"\xff\xfe\x00"},
        {"pasted": GENUINE.replace("test-slug", "other")},
        {"pasted": GENUINE, "now": NOW + 10_000},
        {"pasted": SPACED, "mine": b'{"slug": "s"}', "mine_digest": DIGEST},
        {"pasted": GENUINE, "mine": f'{{"slug":"test-slug","locations":""}}.{NOW}'.encode()},
        {"pasted": "curl '" + GENUINE.replace("&", "&amp;") + "'", "secret": '"quoted"'},
    ],
)
def test_every_answer_has_the_published_form(asked):
    answer = explain("officernd", **{"secret": SECRET, "now": NOW, **asked}).as_json()
    found = [
        error.message
        for error in jsonschema_rs.Draft202012Validator(SCHEMA).iter_errors(json.loads(json.dumps(answer)))
    ]
    assert found == []


def test_the_published_form_refuses_what_it_does_not_know():
    """Without this, a schema that allows everything would be green for ever."""
    answer = json.loads(json.dumps(explain("officernd", GENUINE, secret=SECRET, now=NOW).as_json()))
    check = jsonschema_rs.Draft202012Validator(SCHEMA)
    assert check.is_valid(answer)
    assert not check.is_valid({**answer, "accepted": True})
    assert not check.is_valid({**answer, "verdict": "likely"})


def test_a_verified_request_shows_its_stages_too():
    answer = explain("officernd", GENUINE, secret=SECRET, now=NOW)
    assert (answer.verdict, answer.signature_fits, answer.explanations) == ("verified", True, ())
    message = answer.stages[-1]
    assert (message.name, message.text, message.length) == (
        "message",
        '{"slug":"test-slug","locations":""}.1648190384',
        46,
    )
    assert message.clause == "officernd:signature.message"


def test_a_slip_explains_and_never_accepts():
    answer = explain("officernd", SPACED, secret=SECRET, now=NOW)
    assert "json-spaced" in [one.id for one in answer.explanations[0]]
    assert (answer.verdict, answer.returns, answer.signature_fits) == ("refused", None, False)


def test_a_request_whose_time_is_over_is_not_searched():
    answer = explain("officernd", GENUINE, secret=SECRET, now=NOW + 301)
    assert (answer.reason, answer.signature_fits, answer.tried) == ("stale", True, 0)


def test_nothing_fits_another_secret_and_the_number_of_tries_is_said():
    answer = explain("officernd", GENUINE, secret="another-integration-secret", now=NOW)
    assert (answer.explanations, answer.ended, answer.tried) == ((), "budget", 3_300)


def test_another_of_several_secrets_is_named_by_its_number():
    answer = explain(
        "officernd", GENUINE, secret=PRIVATE, others=["another-integration-secret", SECRET], now=NOW
    )
    first = answer.explanations[0][0]
    assert (first.id, first.change) == ("key-other", "number 3 of those given")


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ('"example"', "in quotes"),
        ("\ufeffexample", "byte order mark"),
        ("example ", "blanks"),
        ("https://p.example/", "URL"),
        ("whsec_example", "prefix"),
        ("OFFICERND_SECRET=example", "NAME=value"),
        ("undefined", "unset variable"),
        ("••••••••", "masked"),
        ("5e0000000000000000000001", "may be an id of OfficeRnD"),
        ("b3JuXzdjMmYwZTRiOTFkODRhNmZhNw==", ""),
        ("cHJpdmF0ZS1zZWNyZXQtMDgxNQ==", ""),
        ("cHJpdmF0ZXNlY3JldC0wODE=", ""),
        ("cHJpdmF0ZXNlY3JldC0wODE=\n", "line ends"),
        (SECRET, ""),
    ],
)
def test_a_secret_of_the_wrong_kind_is_said_before_the_search(secret, said):
    doubts = " ".join(explain("officernd", GENUINE, secret=secret, now=NOW).doubts)
    assert said in doubts if said else doubts == ""
    assert secret in (SECRET, "undefined") or secret not in doubts


@pytest.mark.parametrize("query", ["slug=s", "slug=s&locations=%C3%A9&fbclid=x"])
@pytest.mark.parametrize("signed", ['{"slug":"s"}', "{}", '{"slug": "s"}'])
def test_no_secret_stands_in_any_answer(query, signed):
    pasted = url(query, digest_of(f"{signed}.{NOW}"))
    for secret in (PRIVATE, f'"{PRIVATE}"', PRIVATE + "\n"):
        said = json.dumps(explain("officernd", pasted, secret=secret, now=NOW, mine=b"x").as_json())
        assert PRIVATE not in said


def test_the_budget_ends_a_search_and_the_answer_says_so():
    pasted = url(f"slug={'a' * 7_000}&locations=x", DIGEST)
    answer = explain("officernd", pasted, secret=SECRET, now=NOW)
    assert answer.ended == "budget"
    bare = json.dumps({"apiKey": "k", "token": DIGEST})
    assert [
        explain("retailcrm", bare, secret="s" * 9, now=NOW, deep=deep).ended for deep in (False, True)
    ] == ["budget", "complete"]


def test_the_same_escape_and_character_are_shown_differently():
    """Both were shown alike; U+2028 is three bytes, its escape six."""
    shown = []
    for body in (b'{"note":"a\\u2028b"}', '{"note":"a\u2028b"}'.encode()):
        header = f"t={NOW},signature={hmac.digest(SECRET.encode(), body + b'.%d' % NOW, 'sha256').hex()}"
        answer = explain("officernd", body, header=header, secret=SECRET, now=NOW)
        assert answer.verdict == "verified"
        shown.append((answer.stages[0].text, answer.stages[0].length))
    assert shown == [('{"note":"a\\u2028b"}', 19), ('{"note":"a‹U+2028›b"}', 16)]


def test_what_was_undone_is_part_of_the_answer():
    answer = explain("officernd", GENUINE.replace("&", "&amp;"), secret=SECRET, now=NOW)
    assert (answer.verdict, answer.undone) == ("verified", ("&amp; stood for &",))


def test_an_access_log_line_is_not_read_as_a_value():
    """It once said that it verified, with `HTTP/1.1" 200 5` in a value."""
    target = GENUINE.removeprefix("https://p.example")
    line = f'127.0.0.1 - - [25/Mar/2022:06:39:44 +0000] "GET {target} HTTP/1.1" 200 5'
    answer = explain("officernd", line, secret=SECRET, now=NOW)
    assert (answer.verdict, answer.took) == ("verified", "an access-log line")
    assert answer.returns is not None
    assert answer.returns["parameters"] == [["slug", "test-slug"], ["locations", ""]]


def test_an_unknown_reading_is_refused():
    with pytest.raises(Refused) as error:
        explain("officernd", GENUINE, secret=SECRET, now=NOW, readings=["officernd:signature.json=none"])
    assert error.value.reason == "unknown-reading"


def test_nothing_heavy_is_imported():
    """The same code runs in a reader's browser."""
    code = (
        "import sys; from handshakes.explain import explain\n"
        f"print(explain('officernd', {SPACED!r}, secret={SECRET!r}, now={NOW}).verdict)\n"
        "heavy = {'cryptography', 'requests', 'urllib3', 'sqlalchemy', 'starlette', 'typer', 'rich', 'jinja2'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split("\n")[:2] == ["refused", "[]"]


UUID, HEX_32, HEX_64 = "9d915f4a-0cc9-46f4-896c-f3ea545cba33", "0123456789abcdef" * 2, "0123456789abcdef" * 4
FORMS = [
    ("officernd", "5e0000000000000000000001", "an id of OfficeRnD"),
    ("retailcrm", UUID, "a clientId"),
    ("retailcrm", "demo.simla.com", "the host of an account"),
    ("onoffice", HEX_32, "an API token"),
    ("onoffice", HEX_64, "an API key"),
    ("onoffice", UUID, "a parameterCacheId"),
    ("fortis", "11ea858313aabde4bd2eb0fa", "an id of Fortis"),
    ("fortis", "U2FsdGVkX18wMTIzNDU2Nw", "a value of data"),
]
"""Secrets that have the form of something else, and of what."""


def request(platform: str, secret: str, line_end: str = "") -> str:
    """Return a request that is signed with the secret, and with a line end behind the text where that is wanted."""
    if platform == "officernd":
        return url("slug=s", digest_of(f'{{"slug":"s"}}.{NOW}{line_end}', secret))
    if platform == "retailcrm":
        values = {
            "systemUrl": "https://a.simla.com",
            "apiKey": "k",
            "token": digest_of(f"k{line_end}", secret),
        }
        return urlencode({"register": json.dumps(values)})
    if platform == "onoffice":
        signed = f"https://p.example/a?apiToken=t&timestamp={NOW}"
        return f"{signed}&signature={digest_of(signed + line_end, secret)}"
    signed = f"11ea858313aabde4bd2eb0fa{NOW}"
    return (
        f"https://p.example/a?location_id=11ea858313aabde4bd2eb0fa&timestamp={NOW}"
        f"&hmac={digest_of(signed + line_end, secret)}"
    )


@pytest.mark.parametrize(("platform", "secret", "kind"), FORMS)
def test_what_a_secret_may_be_by_its_form_is_a_possibility_and_said_only_where_nothing_explains(
    platform, secret, kind
):
    """The trial's t107, t172 and t182: the secret was right, and was said to look like something else."""
    ask = partial(explain, platform, secret=secret, now=NOW, ciphers=AesCiphers())
    right, explained, other = (
        ask(request(platform, secret)),
        ask(request(platform, secret, "\n")),
        ask(request(platform, "another-secret-of-nobody")),
    )
    assert (right.verdict, right.doubts) == ("verified", ())
    assert explained.explanations[0][0].id.endswith("-line-end")
    assert explained.doubts == ()
    assert (other.explanations, len(other.doubts)) == ((), 1)
    assert f"may be {kind}" in other.doubts[0]
    assert "If it is, look for " in other.doubts[0]


def test_an_api_key_is_not_doubted_where_it_signs_a_call():
    action = {
        "actionid": "a",
        "resourceid": "",
        "resourcetype": "b",
        "timestamp": NOW,
        "hmac": "A" * 43 + "=",
        "hmac_version": "2",
        "parameters": {},
    }
    call = json.dumps({"token": HEX_32, "request": {"actions": [action]}})
    answer = explain("onoffice", call, secret=HEX_64, now=NOW)
    assert (answer.verdict, answer.doubts) == ("refused", ())


def test_a_digest_that_was_cut_anywhere_is_named():
    """Of 44 digits a reading as base64 was believed, of 33 bytes, and every MAC was left out as too short."""
    made = run("openssl", "dgst", "-sha256", "-hmac", SECRET, given=f'{{"slug":"s","locations":"x"}}.{NOW}')
    digest = made.decode().split()[-1]
    for length in range(16, 64):
        answer = explain("officernd", url("slug=s&locations=x", digest[:length]), secret=SECRET, now=NOW)
        assert {part.id for part in answer.explanations[0][0].parts} == {"form-cut"}, length


@pytest.mark.parametrize(
    ("digest", "searched"), [("null", False), ("undefined", False), ("0123456789", True)]
)
def test_a_word_in_place_of_a_signature_is_not_explained(digest, searched):
    """At most nine characters stand where 64 are expected: a program wrote `null` or `undefined`, and nothing was signed."""
    pasted = url("slug=s", digest).encode()
    answer = ask("officernd", pasted, {"secret": "wrong-secret", "now": NOW})
    assert (answer.reason, answer.tried > 0) == ("malformed", searched)
