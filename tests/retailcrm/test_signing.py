"""RetailCRM's signing functions: worked values, refusals and what they show, and properties over arbitrary input."""

from __future__ import annotations

import ast
import hashlib
import hmac
import json
from pathlib import Path
from urllib.parse import quote, unquote_plus, urlsplit

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from handshakes.core.keys import PUBLIC_TEST_KEYS
from handshakes.core.refusals import Refused
from handshakes.retailcrm import (
    Registration,
    canonical_system_url,
    readings,
    registration_token,
    signing,
    verify_registration,
)
from tests.refusals import everything_shown, refusal

SECRET = "example-module-secret"
KEY = "example-api-key"
SYSTEM = "https://newaccount.simla.com"
FIXTURE = "ffqfNWKTDvdaqwcPgQhhHEEutO81Qbff"  # of an official module's tests, as is the secret below
WORKED = {
    (FIXTURE, "secret"): "d8f2d23134a6d5e72f9fec88b7a158c2c2592be9d7007130576c3e24a97d425f",
    ("api_key", "secret"): "016ab397889c59a1f61a07d69857880a0d867aa1b0edb1014971757cf7a25bb1",
}
# What anybody can compute, and official verifiers accept.
UNDER_NOTHING = "7cae2bd14fdeb24dc63d95cba73182efc96040636beae9214fd72d1548952a31"
OVER_NOTHING = "f9e66e179b6747ae54108f82f8ade8b3c25d76fd30afde6c395822c530196169"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"

several = settings(max_examples=300, deadline=None, derandomize=True, database=None)
any_text = st.text(st.characters(exclude_categories=()))  # lone surrogates too
secrets = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1).map(
    "private-key-".__add__
)
keys = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1).map(
    "private-api-key-".__add__
)


def mac(secret: str, message: str) -> str:
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def form(text: str) -> bytes:
    return b"register=" + quote(text, safe="").encode()


def body(key: str = KEY, secret: str = SECRET, url: str = SYSTEM, **more) -> bytes:
    """Return a registration that is made without the package; `more` replaces or adds members."""
    members = {"systemUrl": url, "apiKey": key, "token": mac(secret, key), **more}
    return form(json.dumps({name: value for name, value in members.items() if value is not ...}))


# --- worked values ----------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "secret"), WORKED)
def test_worked_values(key, secret):
    token = WORKED[key, secret]
    assert registration_token(key, secret=secret) == token
    assert verify_registration(body(key, token=token), secret=secret).api_key == key


def test_tokens_that_anybody_can_compute_are_refused():
    assert (
        refusal(verify_registration, body(FIXTURE, token=UNDER_NOTHING), secret="").reason == "empty-secret"
    )
    empty = refusal(verify_registration, body("", "secret", token=OVER_NOTHING), secret="secret")
    assert (empty.reason, empty.evidence) == ("empty-parameter", {"name": "apiKey"})
    missing = refusal(verify_registration, body(apiKey=..., token=OVER_NOTHING), secret="secret")
    assert (missing.reason, missing.evidence) == (
        "missing-parameter",
        {"name": "apiKey", "found": "systemUrl, token"},
    )


def test_under_the_reading_of_the_official_verifiers_an_empty_key_verifies():
    of = readings.of("retailcrm:register.members=empty-key")
    for sent in (body("", "secret"), body(apiKey=..., token=OVER_NOTHING)):
        assert verify_registration(sent, secret="secret", readings=of).api_key == ""
    assert verify_registration(body(), secret=SECRET, readings=of).api_key == KEY


# --- what is returned -------------------------------------------------------------------------


def test_a_registration_says_what_its_token_covers():
    verified = verify_registration(body(), secret=SECRET)
    assert (verified.api_key, verified.system_url) == (KEY, SYSTEM)
    assert verified.parameters == (("systemUrl", SYSTEM), ("apiKey", KEY))
    assert (verified.covered, verified.not_covered) == (("apiKey",), ("systemUrl",))
    with pytest.raises(AttributeError):
        verified.system_url = "https://evil.example"


def test_the_address_is_returned_as_it_came_and_changes_nothing():
    for url in (
        "http://169.254.169.254/",
        "https://newaccount.simla.com//",
        "url",
        " ",
        "https://evil.example",
    ):
        assert verify_registration(body(url=url), secret=SECRET).system_url == url


def test_a_registration_that_is_printed_does_not_show_the_key():
    verified = verify_registration(body("private-api-key"), secret=SECRET)
    assert "private-api-key" not in repr(verified) + str(verified)
    assert SYSTEM in repr(verified)


def test_unknown_members_and_fields_are_ignored():
    assert verify_registration(body(more=[1], errorMsg=None), secret=SECRET).api_key == KEY
    assert verify_registration(body() + b"&lang=en", secret=SECRET).api_key == KEY


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "reason", "clause", "stage", "evidence"),
    [
        (
            body(token=..., Token="x", **{"0123456789abcdef01234567": 1}),
            "missing-parameter",
            "register.members",
            "members",
            {"name": "token", "found": "systemUrl, apiKey, Token, ‹a name of 24 characters›"},
        ),
        (body(systemUrl=""), "empty-parameter", "register.members", "members", {"name": "systemUrl"}),
        (
            body(token=42),
            "wrong-type",
            "register.members",
            "members",
            {"name": "token", "found": "int", "expected": "str"},
        ),
        (
            body(token=mac(SECRET, KEY).upper()),
            "malformed",
            "token.digest",
            "token",
            {"token": "upper-case hex digits"},
        ),
        (
            body(token="0" * 63),
            "malformed",
            "token.digest",
            "token",
            {"token": "not 64 hex digits (63 characters)"},
        ),
        (b"", "missing-parameter", "register.encoding", "form", {"name": "register", "found": "none"}),
        (
            b"Register=secret",
            "missing-parameter",
            "register.encoding",
            "form",
            {"name": "register", "found": "Register"},
        ),
        (b"register=", "empty-parameter", "register.encoding", "form", {"name": "register"}),
        (form("[]"), "wrong-type", "register.json", "", {"JSON": "list", "expected": "an object"}),
    ],
)
def test_a_refusal_names_its_clause_and_its_evidence(sent, reason, clause, stage, evidence):
    refused = refusal(verify_registration, sent, secret=SECRET)
    assert (refused.reason, refused.clause) == (reason, f"retailcrm:{clause}")
    assert (refused.stage, refused.evidence) == (stage, evidence)


def test_the_notation_of_the_page_is_refused_and_says_why():
    sent = f"register%5Btoken%5D={mac(SECRET, KEY)}&register%5BapiKey%5D={KEY}&register%5BsystemUrl%5D=x".encode()
    refused = refusal(verify_registration, sent, secret=SECRET)
    assert (refused.reason, refused.clause) == ("missing-parameter", "retailcrm:register.encoding")
    assert "bracket" in refused.evidence["found"]
    of = readings.of("retailcrm:register.encoding=brackets")
    assert verify_registration(sent, secret=SECRET, readings=of).api_key == KEY


def test_a_mismatch_explains_itself_by_its_stages():
    sent = body(KEY, "another-module-secret")
    refused = refusal(verify_registration, sent, secret=SECRET)
    assert (refused.reason, refused.clause, refused.stage) == (
        "signature-mismatch",
        "retailcrm:token.verify",
        "message",
    )
    assert [stage.name for stage in refused.stages] == ["register", "members", "message"]
    assert refused.stages[0].value == unquote_plus(sent.decode().removeprefix("register=")).encode()
    assert refused.stages[2].value == KEY.encode()
    lines = refused.explain().splitlines()
    assert lines[0].startswith("Refused: signature-mismatch.")
    assert any(line.split(maxsplit=1) == ["message", f"{KEY} ({len(KEY)} bytes)"] for line in lines)
    assert lines[-1] == f"Hint: {refused.hint()}"


@pytest.mark.parametrize("size", [65_536, 65_537])
@pytest.mark.parametrize("kind", [FORM, MULTIPART])
def test_the_limit_of_size_is_inclusive(kind, size):
    text = unquote_plus(body().decode().removeprefix("register="))
    if kind == FORM:
        start, end = form(text) + b"&more=", b""
    else:
        head = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n'
        start = head % b"register" + text.encode() + b"\r\n" + head % b"more"
        end = b"\r\n--b--\r\n"
    sent = start + b"a" * (size - len(start) - len(end)) + end
    assert len(sent) == size
    if size == 65_536:
        assert verify_registration(sent, secret=SECRET, content_type=kind).api_key == KEY
    else:
        refused = refusal(verify_registration, sent, secret=SECRET, content_type=kind)
        assert (refused.reason, refused.clause) == ("too-large", "retailcrm:register.encoding")


def test_json_that_is_nested_too_deeply_is_refused_and_not_a_crash():
    deep = json.dumps({"a": 0})[:-2] + "[" * 20_000
    refused = refusal(verify_registration, form(deep), secret=SECRET)
    assert refused.reason in ("too-large", "malformed")
    for of in every_reading:
        refusal(verify_registration, form(deep), secret=SECRET, readings=of)


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/json", "multipart/form-data", "form"]
)
def test_only_forms_are_read(content_type):
    refused = refusal(verify_registration, body(), secret=SECRET, content_type=content_type)
    assert (refused.reason, refused.clause) == ("wrong-content-type", "retailcrm:register.encoding")


@pytest.mark.parametrize(("name", "refuses"), [
    (" register", True), ("register\0", True), ("register\0x", True), ("register[x]", True),
    ("register[", False), ("\tregister", False), ("register ", False), ("re\0gister", False), ("register]", False),
    ("Xregister\0", False), ("Xregister[x]", False),
])  # fmt: skip
def test_a_part_of_a_multipart_form_that_php_takes_for_register_is_refused(name, refuses):
    """Which ones these are was measured with PHP 8.2's own server."""
    text = unquote_plus(body().decode().removeprefix("register="))
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{one}"\r\n\r\n{text}\r\n' for one in ("register", name)
    )
    sent = f"{parts}--b--\r\n".encode()
    if refuses:
        refused = refusal(verify_registration, sent, secret=SECRET, content_type=MULTIPART)
        assert (refused.reason, refused.clause) == ("duplicate-parameter", "retailcrm:register.once")
    else:
        assert verify_registration(sent, secret=SECRET, content_type=MULTIPART).api_key == KEY


def test_the_token_is_wrong_before_the_address_is_looked_at():
    refused = refusal(verify_registration, body(KEY, "wrong-secret", "http://127.0.0.1/"), secret=SECRET)
    assert refused.reason == "signature-mismatch"


WRONG_TYPES = {
    "body is text": lambda: verify_registration(body().decode(), secret=SECRET),
    "body is None": lambda: verify_registration(None, secret=SECRET),
    "body can change": lambda: verify_registration(bytearray(body()), secret=SECRET),
    "secret is bytes": lambda: verify_registration(body(), secret=SECRET.encode()),
    "secret is None": lambda: verify_registration(body(), secret=None),
    "content type is None": lambda: verify_registration(body(), secret=SECRET, content_type=None),
    "content type is bytes": lambda: verify_registration(body(), secret=SECRET, content_type=FORM.encode()),
    "making, key is bytes": lambda: registration_token(KEY.encode(), secret=SECRET),
    "making, key is None": lambda: registration_token(None, secret=SECRET),
    "making, key is a number": lambda: registration_token(1, secret=SECRET),
    "making, secret is None": lambda: registration_token(KEY, secret=None),
    "making, secret is a number": lambda: registration_token(KEY, secret=1),
    "url is bytes": lambda: canonical_system_url(SYSTEM.encode()),
    "url is None": lambda: canonical_system_url(None),
    "allowed is one text": lambda: canonical_system_url(SYSTEM, allowed=SYSTEM),
}


@pytest.mark.parametrize("call", WRONG_TYPES.values(), ids=WRONG_TYPES)
def test_a_wrong_type_is_refused(call):
    assert refusal(call).reason == "wrong-type"


@pytest.mark.parametrize("secret", ["", "\ud800", "\0", "secret\0"])
def test_no_function_takes_a_secret_that_is_no_key(secret):
    reason = "malformed" if secret else "empty-secret"
    assert refusal(registration_token, KEY, secret=secret).reason == reason
    for of in (None, *every_reading):
        assert refusal(verify_registration, body(), secret=secret, readings=of).reason == reason


def test_a_key_that_is_no_text_has_no_token():
    assert refusal(registration_token, "", secret=SECRET).reason == "empty-parameter"
    assert refusal(registration_token, "\ud800", secret=SECRET).reason == "malformed"


@pytest.mark.parametrize("wrong", [{"no-such-stage": tuple}, {"form": bytes, "hash": str}, ["form"]])
def test_an_unknown_stage_is_refused(wrong):
    assert refusal(verify_registration, body(), secret=SECRET, readings=wrong).reason == "unknown-reading"
    assert refusal(registration_token, KEY, secret=SECRET, readings=wrong).reason == "unknown-reading"


def test_an_unknown_reading_is_refused():
    assert refusal(readings.of, "retailcrm:token.value=reversed").reason == "unknown-reading"


@pytest.mark.parametrize(
    "ids",
    [
        ("register.encoding=brackets", "register.encoding=json-body"),
        ("register.json=last-wins", "register.json=any-case"),
        ("token.key=hex-decoded", "token.key=base64-decoded"),
    ],
)
def test_of_two_readings_that_replace_one_stage_none_is_dropped_in_silence(ids):
    first, second = (f"retailcrm:{name}" for name in ids)
    assert refusal(readings.of, first, second).reason == "unknown-reading"
    assert readings.of(first) != readings.of(second)


# --- secrets ----------------------------------------------------------------------------------


@several
@given(secrets, keys, st.sampled_from(["wrong", "upper", "missing", "number", "json", "twice", "type"]))
def test_no_refusal_shows_the_secret_the_key_or_the_expected_token(secret, key, kind):
    assert not {secret, key} & PUBLIC_TEST_KEYS
    right, expected = body(key, secret), mac(secret, key)
    more = {"content_type": "text/plain"} if kind == "type" else {}
    sent = {
        "wrong": body(key, "wrong-secret"),
        "upper": body(key, token=expected.upper()),
        "missing": body(key, secret, systemUrl=...),
        "number": body(key, secret, systemUrl=1),
        "json": right[:-3],
        "twice": right + b"&" + right,
        "type": right,
    }[kind]
    assume(kind != "upper" or expected != expected.upper())
    refused = refusal(verify_registration, sent, secret=secret, **more)
    shown = everything_shown(refused)
    for text in (secret, key, expected, repr(secret)[1:-1], repr(key)[1:-1]):
        assert text not in shown
    assert all(expected.encode() not in stage.value for stage in refused.stages)


def test_stages_that_hold_a_key_show_their_length_and_a_digest_unless_the_key_is_public():
    private = signing.registration_stages(body("private-api-key"))
    assert [stage.credential for stage in private] == [True, False, True]
    shown = " ".join(stage.show() for stage in private)
    assert "private-api-key" not in shown
    assert "(15 bytes)" in private[2].show()
    assert signing.registration_stages(body())[2].show() == f"{KEY} ({len(KEY)} bytes)"


# --- addresses --------------------------------------------------------------------------------


def test_a_canonical_address_is_canonical():
    for url in (SYSTEM, SYSTEM + "/", SYSTEM + "//", SYSTEM.upper(), "https://NewAccount.simla.com"):
        assert canonical_system_url(url) == SYSTEM
    assert canonical_system_url(canonical_system_url(SYSTEM + "/")) == SYSTEM


@pytest.mark.parametrize(
    ("url", "reason", "clause"),
    [
        ("http://newaccount.simla.com", "not-allowed", "allowed"),
        ("newaccount.simla.com", "malformed", "parts"),
        (SYSTEM + ":443", "not-allowed", "allowed"),
        (SYSTEM + ":", "malformed", "parts"),
        (SYSTEM + "/admin", "malformed", "parts"),
        (SYSTEM + "/?a=1", "malformed", "parts"),
        ("https://user@newaccount.simla.com", "malformed", "parts"),
        ("https://newaccount.simla.example", "not-allowed", "allowed"),
        ("https://simla.com", "not-allowed", "allowed"),
        ("https://a.newaccount.simla.com", "not-allowed", "allowed"),
    ],
)
def test_a_refused_address_names_its_clause(url, reason, clause):
    refused = refusal(canonical_system_url, url)
    assert (refused.reason, refused.clause) == (reason, f"retailcrm:system-url.{clause}")


def test_without_a_list_the_hosts_of_the_official_validators_own_tests_are_allowed_and_no_others():
    """Go: mg-transport-core, core/validator.go and its tests."""
    domains = ["retailcrm.ru", "retailcrm.pro", "retailcrm.es", "simla.com", "simlachat.com", "ecomlogic.com"]
    for domain in [*domains, "retailcrm.io", "simla.io"]:
        assert canonical_system_url(f"https://demo.{domain}/") == f"https://demo.{domain}"
        for other in (f"https://{domain}", f"https://a.demo.{domain}", f"https://demo.x{domain}"):
            assert refusal(canonical_system_url, other).reason == "not-allowed"


def test_an_allow_list_holds_hosts_below_a_domain_or_exact_origins():
    listed = ["https://*.box.example", "https://crm.own.example:8443"]
    assert canonical_system_url("https://a.box.example/", allowed=listed) == "https://a.box.example"
    assert canonical_system_url("https://crm.own.example:8443/", allowed=listed) == listed[1]
    for url in (
        "https://a.box.example:8443",
        "https://crm.own.example",
        "https://x.crm.own.example:8443",
        SYSTEM,
    ):
        assert refusal(canonical_system_url, url, allowed=listed).reason == "not-allowed"
    assert refusal(canonical_system_url, SYSTEM, allowed=[]).reason == "not-allowed"
    assert canonical_system_url(SYSTEM, allowed=iter([SYSTEM])) == SYSTEM


@several
@given(
    any_text
    | any_text.map(SYSTEM.__add__)
    | st.text("htps:/.simlacoKſ@?#\\%:0123 \t\n").map("https://a".__add__)
)
@example("https://\u212a.simla.com")
@example(SYSTEM + "\n")
def test_an_address_is_one_of_an_allowed_host_or_refused(url):
    try:
        origin = canonical_system_url(url)
    except Refused:
        return
    parts = urlsplit(origin)
    host = parts.hostname or ""
    assert origin == f"https://{host}"
    assert host.partition(".")[2] in {entry.removeprefix("https://*.") for entry in signing.OFFICIAL_ORIGINS}
    assert url.lower().rstrip("/") == origin


# --- properties -------------------------------------------------------------------------------

every_reading = [readings.of(reading) for reading, stages in readings.READINGS.items() if stages]
near_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["token", "apiKey", "systemUrl", "Token", "x"]), inner, max_size=4)
    ),
    max_leaves=6,
).map(json.dumps)
near_bodies = st.one_of(
    st.binary(),
    st.text("register=%&+[]tokenapiKey{}\":,\\u0").map(str.encode),
    near_json.map(form),
    near_json.map(str.encode),
    st.builds(lambda inner: b'--b\r\nContent-Disposition: form-data; name="register"\r\n\r\n' + inner + b"\r\n--b--", st.binary()),
)  # fmt: skip
content_types = st.sampled_from([FORM, MULTIPART, "application/json", ""]) | any_text


@several
@given(near_bodies, content_types, any_text)
@example(form('{"apiKey":"\\ud800","token":"' + "0" * 64 + '","systemUrl":"x"}'), FORM, SECRET)
@example(form('{"apiKey":"a","token":"' + "0" * 64 + '","systemUrl":"\\ud800"}'), FORM, SECRET)
@example(form("1" * 5_000), FORM, SECRET)
def test_refused_is_the_only_exception_for_a_registration(sent, content_type, secret):
    for key, of in [(secret, None), (SECRET, None), *((SECRET, of) for of in every_reading)]:
        with pytest.raises(Refused):
            verify_registration(sent, secret=key, content_type=content_type, readings=of)


@several
@given(any_text, any_text)
def test_making_a_token_gives_64_hex_digits_or_refuses(key, secret):
    for of in (None, *every_reading):
        try:
            token = registration_token(key, secret=secret, readings=of)
        except Refused as refused:
            assert refused.reason in {"empty-parameter", "empty-secret", "malformed"}
        else:
            assert len(token) == 64 and not token.strip("0123456789abcdef")


@several
@given(keys, secrets, any_text.filter(lambda url: url.isprintable() and url))
def test_a_made_token_verifies_with_its_key_and_secret_alone(key, secret, url):
    token = registration_token(key, secret=secret)
    assert token == mac(secret, key)
    verified = verify_registration(body(key, url=url, token=token), secret=secret)
    assert verified == Registration(key, url, (("systemUrl", url), ("apiKey", key)))
    for other_key, other_secret in ((key + "x", secret), (key, secret + "x")):
        refused = refusal(verify_registration, body(other_key, token=token), secret=other_secret)
        assert refused.reason == "signature-mismatch"


@pytest.mark.parametrize("reading", readings.READINGS)
def test_what_was_made_under_a_reading_verifies_under_it(reading):
    of = readings.of(reading)
    secret = "00ff00ff"
    token = registration_token(KEY, secret=secret, readings=of)
    kind, sent = FORM, body(token=token)
    if reading.endswith("=brackets"):
        sent = f"register[token]={token}&register[apiKey]={KEY}&register[systemUrl]=x".encode()
    if reading.endswith("=json-body"):
        kind, sent = "application/json", unquote_plus(sent.decode().removeprefix("register=")).encode()
    assert verify_registration(sent, secret=secret, content_type=kind, readings=of).api_key == KEY


@several
@given(st.data())
def test_one_changed_character_of_key_or_token_is_refused(data):
    members = {"systemUrl": SYSTEM, "apiKey": KEY, "token": mac(SECRET, KEY)}
    name = data.draw(st.sampled_from(["apiKey", "token"]))
    place = data.draw(st.integers(0, len(members[name]) - 1))
    character = data.draw(st.characters(codec="utf-8"))
    assume(character != members[name][place])
    members[name] = members[name][:place] + character + members[name][place + 1 :]
    refused = refusal(verify_registration, form(json.dumps(members)), secret=SECRET)
    assert refused.reason in ("signature-mismatch", "malformed")


# --- comparison -------------------------------------------------------------------------------


def test_tokens_are_compared_in_constant_time_alone():
    source = Path(signing.__file__).read_text("utf-8")
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    compared = [ast.unparse(call) for call in calls if ast.unparse(call.func) == "hmac.compare_digest"]
    assert compared == ["hmac.compare_digest(rule.mac(key, message), received)"]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            assert not {"received", "mac", "digest", "token"} & set(
                ast.unparse(node).replace(".", " ").split()
            )
