"""A question with the options of `handshakes verify`: a program's answer is the command's, and wrong options are named."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from handshakes.core.origins import is_url
from handshakes.explain.asking import MOST_PASTED, Misgiven, ask
from handshakes.spec import vectors

TARGET = (
    "/h?slug=s&locations=x&signature=t%3D1648190384%2Csignature%3D"
    "5f8d0423977f447e3d5ed3cef433ab11d89de6838e31b04c8f5fdaddf607a35f"
)
ASKED = {"secret": "example-integration-secret", "now": 1_648_190_384}
READING = "officernd:signature.order=sorted"


def test_a_question_is_answered_as_the_command_answers_it(tmp_path):
    given = {
        "tolerance": "300,60",
        "reading": [READING],
        "origin": ["https://a.example"],
        "mine": '{"slug":"s"}',
        "mine_digest": "5f8d0423977f447e3d5ed3cef433ab11",
        "deep": True,
        "show_secrets": True,
        "others": ["another-secret"],
    }
    for name, secret in (("one", ASKED["secret"]), ("two", "another-secret")):
        (tmp_path / name).write_text(secret, "utf-8")
    options = (
        *("--now", str(ASKED["now"]), "--tolerance", "300,60", "--reading", READING),
        *("--origin", "https://a.example", "--mine", given["mine"], "--mine-digest", given["mine_digest"]),
        *("--deep", "--show-secrets", "--secret-file", str(tmp_path / "one"), "--secret-file"),
    )
    command = [sys.executable, "-c", "from handshakes.cli.command import main; main()", "verify", "officernd"]
    done = subprocess.run(
        [*command, TARGET, *options, str(tmp_path / "two"), "--format", "json"],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr.decode()
    answer = ask("officernd", TARGET, {**ASKED, **given}).as_json()
    assert json.loads(done.stdout) == json.loads(json.dumps(answer))
    assert answer["mine"]["tried"] and answer["verdict"] == "refused"


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"secret": ""}, "secret"),
        ({"secret": None}, "secret"),
        ({"secret": 7}, "secret"),
        ({"others": [""]}, "secret"),
        ({"others": "another"}, "others"),
        ({"now": None}, "now"),
        ({"now": -1}, "now"),
        ({"now": 1.5}, "now"),
        ({"now": True}, "now"),
        ({"tolerance": "five"}, "tolerance"),
        ({"tolerance": "٣,٣"}, "tolerance"),
        ({"tolerance": "9" * 18 + ",9"}, "tolerance"),
        ({"reading": ["officernd:nothing=at-all"]}, "reading"),
        ({"origin": ["a.example"]}, "origin"),
        ({"origin": [1]}, "origin"),
        ({"mine": ""}, "mine"),
        ({"mine": b"x" * (MOST_PASTED + 1)}, "mine"),
        ({"mine_digest": "zz"}, "mine_digest"),
        ({"deep": "yes"}, "deep"),
        ({"mode": "plain"}, "mode"),
    ],
)
def test_an_option_that_cannot_be_taken_is_named(given, option):
    with pytest.raises(Misgiven) as wrong:
        ask("officernd", TARGET, {**ASKED, **given})
    assert wrong.value.option == option
    assert str(wrong.value) == f"{option} {wrong.value.says}"


def test_a_tolerance_has_nineteen_characters_at_most():
    """Our own limit, written here a second time."""
    assert ask("officernd", TARGET, {**ASKED, "tolerance": "9" * 17 + ",9"}).verdict == "refused"


@pytest.mark.parametrize("lone", ["\udc80", "\ud800"])
def test_half_a_surrogate_pair_is_answered(lone):
    answer = ask("officernd", TARGET + lone, {**ASKED, "mine": lone, "secret": "s" + lone, "header": lone})
    assert answer.verdict == "refused"


def test_a_secret_of_which_no_key_can_be_made_is_answered():
    """The vector's id is `retailcrm/verify_registration/secret-with-nul`: HMAC pads with the byte."""
    group, vector = next(
        (group, vector)
        for group, vector in vectors.rows(vectors.load("retailcrm"))
        if vector["id"] == "retailcrm/verify_registration/secret-with-nul"
    )
    given = {"secret": group["given"]["secret"], "now": 0, "header": vector["input"]["content_type"]}
    answer = ask("retailcrm", vectors.raw(vector["input"]["body"]), given)
    assert (answer.verdict, answer.reason, answer.clause) == ("refused", "malformed", "retailcrm:token.nul")
    assert answer.evidence == {"secret": "holds a NUL"}


def test_a_platform_that_is_none_and_a_request_that_is_too_long_are_refused():
    with pytest.raises(Misgiven, match="platform is one of: officernd, "):
        ask("shopify", TARGET, ASKED)
    assert ask("officernd", b"x" * MOST_PASTED, ASKED).verdict == "unrecognised"
    with pytest.raises(Misgiven, match="pasted is over 1048576 bytes"):
        ask("officernd", b"x" * (MOST_PASTED + 1), ASKED)


def test_a_url_with_a_port_of_its_own_is_one():
    assert is_url("http://127.0.0.1:3000/path") and not is_url("http://127.0.0.1:0/path")


@pytest.mark.parametrize(
    ("pasted", "platform"),
    [
        (TARGET, "officernd"),
        (f"{TARGET}&slug=t", "officernd"),
        ("register=%7B%22apiKey%22%3A%22k%22%2C%22systemUrl%22%3A%22https%3A%2F%2Fa.simla.com%22%7D", "retailcrm"),
        (f"https://p.example/?apiToken=a&timestamp=1648190384&userId=1&signature={'0' * 64}", "onoffice"),
        (f"https://p.example/?location_id=a&timestamp=1648190384&hmac={'0' * 64}", "fortis"),
        ("https://p.example/?data=U2FsdGVkX1%2Fj9Je0wTkvYQcdkrp9BNkJNrrAh13TY1c%3D", "fortis"),
        ("hello", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_without_a_platform_it_is_recognised(pasted, platform):
    found = ask("", pasted, ASKED)
    assert (found.platform, found.verdict == "unrecognised") == (platform, not platform)
    assert found.says


def test_a_reading_needs_its_platform():
    with pytest.raises(Misgiven, match="platform is needed beside a reading"):
        ask("", TARGET, {**ASKED, "reading": [READING]})


OWN = "https://p.example/activate?apiToken=a&parameterCacheId=6802c44a&timestamp=1648190384&userId=17"
SIGNED = f"{OWN}&signature={'0' * 64}"
LINE = '127.0.0.1 - - [25/Mar/2022:06:39:44 +0000] "GET /activate?{} HTTP/1.1" 401 52 "-" "-"'


@pytest.mark.parametrize(
    ("pasted", "platform"),
    [
        ('<!doctype html><html lang="en"><a href="/x?y=1">Please register</a></html>', ""),
        (bytes(range(256)) * 4, ""),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff", ""),
        ("https://example.com/?a=b", ""),
        ('{"a": [1]}', ""),
        (SIGNED + "&x=" + "a" * 70_000, "onoffice"),
        (SIGNED + "&y=100%", "onoffice"),
        (OWN, "onoffice"),
        ("https://p.example/?location_id=11ea&timestamp=1648190384", "fortis"),
        ("https://p.example/?slug=a&locations=b", "officernd"),
        ('{"systemUrl":"https://a.simla.com"}', "retailcrm"),
    ],
)
def test_without_a_signature_a_platforms_own_names_decide(pasted, platform):
    found = ask("", pasted, ASKED)
    assert (found.platform, found.verdict == "unrecognised") == (platform, not platform)
    assert platform or "this platform" not in found.says


def test_a_webhook_without_its_header_is_told_which_one_it_needs():
    found = ask("", '{"event":"e","eventType":"integration.removed"}', ASKED)
    assert (found.platform, found.verdict) == ("officernd", "unrecognised")
    assert "officernd-signature" in found.says


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        (f"{SIGNED}\n{SIGNED}&a=1", "of 2 signed URLs the first was read"),
        (f"see {SIGNED} and {SIGNED}&a=1 and {SIGNED}&a=2", "of 3 signed URLs the first was read"),
        (f"curl '{SIGNED}'\ncurl '{SIGNED}&a=1'", "of 2 commands the first was read"),
        (f"{LINE.format('signature=00')}\n{LINE.format('signature=01')}", "of 2 signed log lines the first was read"),
        (f"{SIGNED}\n{SIGNED}", ""),
    ],
)  # fmt: skip
def test_of_several_requests_it_is_said_which_one_was_read(pasted, said):
    assert [one for one in ask("onoffice", pasted, ASKED).undone if " the first " in one] == [said] * bool(
        said
    )
