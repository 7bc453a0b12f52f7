"""What `verify` says is true for inputs that nobody reported: of what is not there, of bytes that look alike, of bytes that are no text."""

from __future__ import annotations

import base64
import json
import sys
from urllib.parse import quote

import pytest

from handshakes.cli.command import main
from handshakes.core.refusals import REASONS
from handshakes.explain import explain
from handshakes.explain.answer import Answer, ShownStage
from handshakes.explain.telling import told
from handshakes.explain.visible import visible
from handshakes.runtime.ciphers import AesCiphers

from .rows import run

NOW, LOCATION = 1_700_000_000, "11ea858313aabde4bd2eb0fa"
CALL = {"actionid": "a", "resourceid": "", "resourcetype": "b", "timestamp": NOW, "parameters": {}}
API = {"token": "t" * 32, "request": {"actions": [CALL]}}
HEADER = "officernd-signature: t=1700000000"
EVENT = '{"eventType":"integration.removed"}'


def registration(**members: str) -> str:
    return "register=" + quote(json.dumps({"apiKey": "k", "systemUrl": "https://a.simla.com", **members}))


@pytest.mark.parametrize(
    ("platform", "pasted", "header"),
    [
        ("officernd", "/healthcheck?slug=test-slug&locations=x&t=1700000000", ""),
        ("officernd", "https://p.example/h?slug=a&signature=t%3D1700000000", ""),
        ("officernd", "https://p.example/h?slug=a&signature=", ""),
        ("officernd", "https://p.example/h?slug=a&signature=t%3D1700000000%2Csignature%3D", ""),
        ("officernd", "https://p.example/h?slug=a&signature=undefined", ""),
        ("officernd", EVENT, HEADER),
        ("officernd", EVENT, HEADER + ",signature="),
        ("officernd", EVENT, HEADER + ",signature=null"),
        ("retailcrm", registration(), ""),
        ("retailcrm", registration(token=""), ""),
        ("retailcrm", registration(token="null"), ""),
        ("onoffice", "https://provider.example/a?timestamp=1700000000&apiToken=t", ""),
        ("onoffice", "https://provider.example/a?timestamp=1700000000&signature=", ""),
        ("onoffice", "https://provider.example/a?timestamp=1700000000&signature=undefined", ""),
        ("onoffice", json.dumps(API), ""),
        ("onoffice", json.dumps({**API, "request": {"actions": [{**CALL, "hmac": ""}]}}), ""),
        ("fortis", f"https://app.example/l?location_id={LOCATION}&timestamp=1700000000", ""),
        ("fortis", f"https://app.example/l?location_id={LOCATION}&timestamp=1700000000&hmac=", ""),
        ("fortis", f"https://app.example/l?location_id={LOCATION}&timestamp=1700000000&hmac=%7B%7Bhmac%7D%7D", ""),
        ("fortis", "https://app.example/l?data=", ""),
    ],
)  # fmt: skip
def test_a_signature_that_is_not_there_is_neither_explained_nor_blamed_on_the_secret(
    platform, pasted, header
):
    answer = explain(
        platform, pasted, secret="a-secret-of-24-characters!", now=NOW, header=header, ciphers=AesCiphers()
    )
    assert (answer.verdict, answer.explanations, answer.tried) == ("refused", (), 0)
    assert answer.reason in ("missing-parameter", "empty-parameter", "malformed")
    assert "another secret" not in "\n".join(told(answer, NOW))


ALIKE = [
    ("a b", "a\u00a0b"), ("a b", "a\u2003b"), ("é", "e\u0301"), ("ab", "a\u200bb"), ("a", "а"), ("o", "ο"), ("-", "‐"), ("'", "’"),
    ("a\nb", "a\\nb"), ("a\r\nb", "a\nb"), ("a\tb", "a b"), ("a", "a\u200e"), ("ﬁ", "fi"), ("Å", "\u212b"), ("1", "１"), ("a\0", "a\\0"),
    ("\ufeffa", "a"), ("µ", "μ"), ("ab", "a\u00adb"), ("a", "a\ufe0f"), ("…", "..."), ("a/b", "a∕b"), ("‹LF›", "\n"), ("Ⅳ", "IV"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), ALIKE, ids=[f"{a!a} {b!a}" for a, b in ALIKE])
def test_texts_that_look_alike_are_shown_apart(one, other):
    shown = visible(one.encode()), visible(other.encode())
    assert shown[0] != shown[1]


RAW = {
    "a request": b"GET /x?signature=\xff&data=\xff&hmac=\xff HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "three bytes": b"\xff\xfe\xfd",
    "JSON in Latin-1": b'{"token":"\xe9","apiKey":"\xe9","systemUrl":"x"}',
    "a form in Latin-1": b"register=\xe9&data=\xe9",
    "a URL in Latin-1": b"https://a.example/?data=\xe9&hmac=\xe9&signature=t\xe9&timestamp=1",
    "a surrogate": b"https://a.example/?signature=\xed\xa0\x80",
    "an overlong form": b"https://a.example/?signature=\xc0\xaf&hmac=\xc0\xaf",
    "half a character": "https://a.example/?signature=é".encode()[:-1],
    "NUL": b"\0\1\2\3",
    "a command": b"curl 'https://a.example/?signature=\xe9&hmac=\xe9' -d 'register=\xe9'",
    "a log line": b'1.2.3.4 - - [x] "GET /x?hmac=\xe9&signature=\xe9&timestamp=1 HTTP/1.1" 200 5',
    "half of UTF-16": "\ufeffhttps://a.example/?signature=x".encode("utf-16-le")[:-1],
}


@pytest.mark.parametrize("platform", ["officernd", "retailcrm", "onoffice", "fortis"])
@pytest.mark.parametrize("content", RAW.values(), ids=RAW)
def test_bytes_that_are_no_text_are_no_defect_of_the_tool(
    platform, content, tmp_path, monkeypatch, capfdbinary
):
    (tmp_path / "pasted").write_bytes(content)
    monkeypatch.setenv("HANDSHAKES_SECRET", "a-secret-of-24-characters!")
    monkeypatch.setattr(sys, "argv", ["handshakes", "verify", platform, "--file", str(tmp_path / "pasted")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (1, 4)
    assert any(capfdbinary.readouterr())


UNTRUE = {
    "replayed": ("signed", "very same"),  # also of an OAuth code, a state and a key, which nobody signed
    "wrong-state": ("genuine",),  # also of an OAuth callback, of which nothing is known
    "duplicate-parameter": ("genuine",),  # no genuine sample is public
    "platform-error": ("has the status",),  # an error in a redirect, or in an element, has none
    "not-allowed": ("The allow-list is configuration",),  # a mode, a right or a choice is on no such list
    "decryption-failed": ("gave invalid padding:",),  # or right padding, and no UTF-8
    "unknown-installation": ("secret",),
    "identity-mismatch": ("signature",),
    "unexpected-answer": ("secret",),
    "wrong-key": ("signature",),
}


@pytest.mark.parametrize("reason", UNTRUE)
def test_a_meaning_holds_wherever_its_reason_is_raised(reason):
    text = " ".join(REASONS[reason])
    assert [phrase for phrase in UNTRUE[reason] if phrase in text] == []


def test_one_byte_is_not_said_to_be_several():
    assert "in 1 byte. " in explain("fortis", "x", secret="s", now=0).says
    short = Answer("officernd", "a URL", (), "refused", stages=(ShownStage("message", 1, "a"),))
    assert [*told(short, 1)][-1] == "  message  a (1 byte)"


@pytest.mark.parametrize(
    ("platform", "pasted", "digest", "now", "then"),
    [
        ("officernd", "https://p.example/h?slug=s&locations=x&signature=t%3D1700000000%2Csignature%3D{}", '{"locations": "x", "slug": "s"}.1700000000', NOW + 301, "stale"),
        ("officernd", "https://p.example/h?slug=s&locations=x&signature=t%3D1700000000%2Csignature%3D{}", '{"locations": "x", "slug": "s"}.1700000000', NOW - 61, "from-the-future"),
        ("officernd", "https://p.example/h?slug=s&locations=x&signature=t%3D1700000000%2Csignature%3D{}", '{"locations": "x", "slug": "s"}.1700000000', NOW, ""),
        ("onoffice", "https://p.example/a?timestamp=1700000000&userId=17&signature={}", "https://p.example/a/?timestamp=1700000000&userId=17", NOW + 10_000_000, "stale"),
        ("fortis", f"https://app.example/l?location_id={LOCATION}&timestamp=1700000000&hmac={{}}", f"{LOCATION}:1700000000", NOW + 10_000_000, "stale"),
        ("retailcrm", '{{"apiKey":"example-api-key","systemUrl":"https://demo.simla.com","token":"{}"}}', "example-api-key\n", NOW, ""),
    ],
)  # fmt: skip
def test_what_else_refuses_it_is_said_after_the_mistake_in_its_signature(platform, pasted, digest, now, then):
    made = run("openssl", "dgst", "-sha256", "-hmac", "s-3-c-r-3-t", "-binary", given=digest)
    text = made.hex() if platform == "officernd" else quote(base64.b64encode(made), safe="")
    answer = explain(platform, pasted.format(text), secret="s-3-c-r-3-t", now=now)
    assert (answer.verdict, bool(answer.explanations), answer.then) == ("refused", True, then)
    assert any("refused all the same" in line for line in told(answer, now)) is bool(then)


def signed_by_openssl(key: str, text: str) -> bytes:
    return run("openssl", "dgst", "-sha256", "-hmac", key, "-binary", given=text)


def in_base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


LATER, BASE64_OF = NOW + 10_000_000, "form-base64"
OLD = "https://p.example/h?slug=s&signature=t%3D1700000000%2Csignature%3D"
SLIPS = {"officernd": BASE64_OF, "fortis": BASE64_OF, "retailcrm": "retailcrm:token.digest=base64"}


@pytest.mark.parametrize(
    ("platform", "pasted", "text", "then"),
    [
        ("officernd", OLD + "{quoted}", '{"slug":"s"}.1700000000', "stale"),
        ("officernd", OLD.replace("%3D", "=").replace("%2C", ",") + "{partly}", '{"slug":"s"}.1700000000', "stale"),
        ("officernd", "POST /w HTTP/1.1\r\nofficernd-signature: t=1700000000,signature={plain}\r\n\r\n[]", "[].1700000000", "stale"),
        ("fortis", f"https://app.example/l?location_id={LOCATION}&timestamp=1700000000&hmac={{quoted}}", f"{LOCATION}1700000000", "stale"),
        ("retailcrm", '{{"apiKey":"k-1","systemUrl":"https://crm.example.com","token":"{plain}"}}', "k-1", "not-allowed"),
        ("retailcrm", '{{"apiKey":"k-1","systemUrl":"https:\\/\\/crm.example.com","token":"{slashed}"}}', "k-1", "not-allowed"),
        ("retailcrm", '{{"apiKey":"k-1","systemUrl":"https://demo.simla.com","token":"{plain}"}}', "k-1", ""),
    ],
)  # fmt: skip
def test_what_else_refuses_it_is_said_of_digests_in_base64(platform, pasted, text, then):
    keys = (f"s-3-c-r-3-t-{number}" for number in range(99))
    key, plain = next(
        (key, plain) for key in keys if "/" in (plain := in_base64(signed_by_openssl(key, text)))
    )
    forms = {
        "quoted": quote(plain, safe=""),
        "partly": quote(plain, safe="/="),
        "slashed": plain.replace("/", "\\/"),
    }
    answer = explain(platform, pasted.format(plain=plain, **forms), secret=key, now=LATER)
    assert SLIPS[platform] in [one.id for one in answer.explanations[0]]
    assert answer.then == then


@pytest.mark.parametrize("same", [True, False], ids=["each wrong otherwise", "one of them right"])
@pytest.mark.parametrize("now", [NOW, LATER])
def test_what_else_refuses_it_is_said_of_calls_with_several_slips(same, now):
    kinds = ("estate", "address")
    digests = [signed_by_openssl("k", f"{NOW}{'t' * 32}{kind}read") for kind in kinds]
    hmacs = [digests[0].hex() if same else in_base64(digests[0])]
    hmacs.append(in_base64(signed_by_openssl("k", f"{'t' * 32}{NOW}addressread")))
    actions = [
        {"actionid": "read", "resourceid": "", "resourcetype": kind, "timestamp": NOW, "hmac_version": "2", "hmac": hmac, "parameters": {}}
        for kind, hmac in zip(kinds, hmacs, strict=True)
    ]  # fmt: skip
    call = json.dumps({"token": "t" * 32, "request": {"actions": actions}})
    answer = explain("onoffice", call, secret="k", now=now)
    found = {one.id: one.change for group in answer.explanations for one in group}
    assert found["onoffice-api-order"].endswith("in action 2 of 2")
    assert found.get("onoffice-api-hex") == ("in action 1 of 2" if same else None)
    assert answer.then == ("stale" if now == LATER else "")
    assert [*told(answer, now)].count("Likely cause:") == (2 if same else 1), (
        "one cause for each action, no choice"
    )


def test_what_else_refuses_a_call_of_the_old_version_is_said():
    action = {"actionid": "read", "resourcetype": "estate", "timestamp": NOW, "hmac_version": "1", "parameters": {"a": "b"}}  # fmt: skip
    key, token = "k", "t" * 32
    inner = ",".join(['{"a":"b"}', token, "read", "", "", key, str(NOW), "estate"])
    hexed = run("openssl", "md5", "-r", given=inner).decode().split()[0]
    made = run("openssl", "md5", "-binary", given=key + hexed)
    call = json.dumps({"token": token, **action, "hmac": in_base64(made)})
    answer = explain("onoffice", call, secret=key, now=LATER)
    assert ([one.id for one in answer.explanations[0]], answer.then) == (["onoffice-api-base64"], "stale")
