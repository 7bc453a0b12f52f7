"""Fortis' signing functions: what is returned, refusals and what they show, and properties over arbitrary input."""

from __future__ import annotations

import ast
import base64
import hashlib
import hmac
import json
import re
import string
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handshakes import Refused, fortis
from handshakes.fortis import encryption, readings, signing
from handshakes.fortis.encryption import sealed
from handshakes.fortis.rules import encrypted, launch
from tests.refusals import everything_shown, refusal

SECRET = "private-app-secret"
LOCATION, USER = "11ea858313aabde4bd2eb0fa", "11e7a84525008da8960b72e7"
NOW = 1_700_000_000
SALT = bytes(range(8))

several = settings(max_examples=200, deadline=None, derandomize=True, database=None)
any_text = st.text(st.characters(exclude_categories=()))  # lone surrogates too
texts = st.text(st.characters(codec="utf-8"), min_size=1)


def data(secret: str = SECRET, **changed) -> str:
    values = {"location_id": LOCATION, "user_id": USER, **changed}
    return fortis.encrypt_parameters(values, secret=secret, salt=SALT)


def url(location: str = LOCATION, time: str | int = NOW, mac: str = "", more: str = "") -> str:
    mac = mac or hmac.new(SECRET.encode(), f"{location}{time}".encode(), "sha256").hexdigest()
    return f"https://app.example/x?location_id={location}&timestamp={time}&hmac={mac}{more}"


def plain(target: str, **more) -> fortis.Launch:
    return fortis.verify_launch(target, **{"mode": "plain", "secret": SECRET, "now": NOW, **more})


# --- what is returned -------------------------------------------------------------------------


@pytest.mark.clause("fortis:encrypted.coverage")
def test_an_encrypted_launch_covers_nothing():
    found = fortis.decrypt_parameters(data(contact_id=None, contact_api_id=""), secret=SECRET)
    assert found.parameters == (("location_id", LOCATION), ("user_id", USER))
    assert (found.covered, found.not_covered) == ((), ("location_id", "user_id"))
    launch = fortis.verify_launch(f"/x?data={quote(data())}", mode="encrypted", secret=SECRET, now=NOW)
    assert (launch.covered, launch.timestamp, launch.mode) == ((), None, "encrypted")
    with pytest.raises(AttributeError):
        launch.mode = "plain"


@pytest.mark.clause("fortis:plain.coverage")
def test_a_plain_launch_covers_location_and_time_alone():
    launch = plain(url(more="&user_id=7&access-token=t&contact_id=&odd=%7B%7Bx%7D%7D"))
    assert launch.covered == ("location_id", "timestamp")
    assert launch.not_covered == ("user_id", "access-token")
    assert launch.parameters == (
        ("location_id", LOCATION), ("timestamp", str(NOW)), ("user_id", "7"), ("access-token", "t"),
    )  # fmt: skip
    assert (launch.timestamp, launch.value("user_id"), launch.value("contact_id")) == (NOW, "7", "")


def test_a_launch_that_is_printed_shows_no_value():
    token = "a-private-token"
    shown = repr(plain(url(more=f"&access-token={token}"))) + repr(
        fortis.decrypt_parameters(data(**{"access-token": token}), secret=SECRET)
    )
    assert token not in shown and LOCATION not in shown


def test_numbers_become_text_and_null_is_absent():
    found = fortis.decrypt_parameters(data(user_id=1_234_567, contact_id=None), secret=SECRET)
    assert dict(found.parameters)["user_id"] == "1234567"


def test_a_fragment_and_a_bare_target_are_read_like_the_url():
    whole = url()
    assert plain(whole + "#top").parameters == plain(whole).parameters
    assert plain("/x?" + whole.partition("?")[2]).parameters == plain(whole).parameters


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["", "Plain", None, 1, b"plain", "either"])
def test_there_is_no_default_mode_and_no_third(mode):
    assert refusal(fortis.verify_launch, url(), mode=mode, secret=SECRET, now=NOW).reason == "wrong-type"
    with pytest.raises(TypeError):
        fortis.verify_launch(url(), secret=SECRET, now=NOW)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: fortis.launch_hmac(LOCATION, NOW, secret=SECRET), "wrong-type"),
        (lambda: fortis.launch_hmac(b"x", "1", secret=SECRET), "wrong-type"),
        (lambda: fortis.launch_hmac("x", "1", secret=b"x"), "wrong-type"),
        (lambda: fortis.launch_hmac("x", "1", secret=""), "empty-secret"),
        (lambda: fortis.launch_hmac("\ud800", "1", secret="x"), "malformed"),
        (lambda: fortis.launch_hmac("x", "1", secret="\ud800"), "malformed"),
        (lambda: fortis.encrypt_parameters({}, secret="", salt=SALT), "empty-secret"),
        (lambda: fortis.encrypt_parameters({}, secret="x", salt="12345678"), "wrong-type"),
        (lambda: fortis.encrypt_parameters({}, secret="x", salt=b"1234567"), "malformed"),
        (lambda: fortis.encrypt_parameters({"a": 1.5}, secret="x", salt=SALT), "wrong-type"),
        (lambda: fortis.encrypt_parameters({"a": True}, secret="x", salt=SALT), "wrong-type"),
        (lambda: fortis.encrypt_parameters({1: "a"}, secret="x", salt=SALT), "wrong-type"),
        (lambda: fortis.encrypt_parameters(7, secret="x", salt=SALT), "wrong-type"),
        (
            lambda: fortis.encrypt_parameters([("a", "1"), ("a", "2")], secret="x", salt=SALT),
            "duplicate-parameter",
        ),
        (lambda: fortis.encrypt_parameters({"a": "\ud800"}, secret="x", salt=SALT), "malformed"),
        (lambda: fortis.decrypt_parameters(b"x", secret="x"), "wrong-type"),
        (lambda: fortis.decrypt_parameters("", secret="x"), "empty-parameter"),
        (lambda: fortis.decrypt_parameters("x" * 8_193, secret="x"), "too-large"),
        (lambda: fortis.decrypt_parameters(data(), secret=""), "empty-secret"),
        (lambda: fortis.verify_launch(b"/x", mode="plain", secret="x", now=NOW), "wrong-type"),
        (lambda: plain(url(), now=1.5), "wrong-type"),
        (lambda: plain(url(), tolerance=300), "wrong-type"),
        (lambda: plain(url(), readings={"no": 1}), "unknown-reading"),
        (lambda: plain(url(), readings="x"), "unknown-reading"),
        (lambda: readings.of("fortis:no=such"), "unknown-reading"),
        (
            lambda: readings.of(*["fortis:encrypted.base64=php", "fortis:encrypted.base64=urlsafe"]),
            "unknown-reading",
        ),
        (lambda: plain("/x?" + "&".join(f"a{i}=1" for i in range(201))), "too-large"),
        (lambda: plain("/x?" + "a" * 8_193), "too-large"),
        (lambda: plain("/x?a=é"), "malformed"),
        (lambda: plain("/x?a=%f"), "malformed"),
        (lambda: plain("/x?a=%ff"), "malformed"),
    ],
)
def test_wrong_arguments_are_refusals(call, reason):
    assert refusal(call).reason == reason


def test_a_mismatch_explains_itself_and_holds_no_expected_value():
    mac = fortis.launch_hmac(LOCATION, str(NOW), secret=SECRET)
    refused = refusal(plain, url(mac="0" * 64, more="&access-token=private-token"))
    assert [stage.name for stage in refused.stages] == ["query", "message"]
    assert refused.stages[1].value == f"{LOCATION}{NOW}".encode()
    shown = everything_shown(refused)
    assert f"{LOCATION}{NOW}" in shown
    assert not [secret for secret in (SECRET, mac, "private-token") if secret in shown]


@pytest.mark.parametrize(
    "sent",
    [
        b'{"location_id":"private","user_id":"private"}', b"private private", b'"private"', b'{"private',
        b'{"location_id":["private"]}', b"\xffprivate", b'{"user_id":"private"}',
    ],
)  # fmt: skip
def test_a_refused_payload_shows_nothing_of_its_text_but_an_id_and_no_bytes(sent):
    value = sealed(sent, secret=SECRET, salt=SALT)
    refused = refusal(fortis.decrypt_parameters, value, secret=SECRET)
    shown = everything_shown(refused)
    if refused.clause != "fortis:launch.location-id":
        assert "private" not in shown
    assert value not in shown and SECRET not in shown


def test_the_stages_of_data_are_masked_and_stop_where_it_broke():
    stages = encryption.data_stages(data(), secret=SECRET)
    assert [stage.name for stage in stages] == ["bytes", "salt", "derived", "padded", "text"]
    shown = "\n".join(stage.show() for stage in stages)
    assert LOCATION not in shown and "‹sha256" in shown
    for wrong, names in (
        ("!", []),
        ("AAAA", ["bytes"]),
        (data("another-app-secret"), ["bytes", "salt", "derived", "padded"]),
    ):
        assert [stage.name for stage in encryption.data_stages(wrong, secret=SECRET)] == names


@pytest.mark.parametrize("offset", range(0, 64, 7))
def test_a_changed_byte_never_gives_another_launch_silently(offset):
    """CBC garbles a block and flips a bit of the next: whatever comes out is refused, or is a launch of other values."""
    raw = bytearray(encrypted.text(data()))
    raw[16 + offset] ^= 1
    value = encryption.b64encode(bytes(raw)).decode()
    try:
        found = fortis.decrypt_parameters(value, secret=SECRET)
    except Refused:
        return
    assert found.covered == ()


# --- properties ---------------------------------------------------------------------------------


@several
@given(
    st.dictionaries(st.sampled_from(encrypted.NAMES), texts | st.integers(0, 10**12)),
    texts,
    st.binary(min_size=8, max_size=8),
)
def test_what_was_encrypted_is_read(values, secret, salt):
    values |= {"location_id": LOCATION, "user_id": str(values.get("user_id", 7))}
    made = fortis.encrypt_parameters(values, secret=secret, salt=salt)
    read = dict(fortis.decrypt_parameters(made, secret=secret).parameters)
    assert read == {name: str(value) for name, value in values.items() if not str(value).startswith("{{")}


@several
@given(any_text, any_text)
@example("/x?data=", "")
@example("/x?data=%F0%9F", "x")
def test_anything_is_accepted_or_refused_and_nothing_else(target, secret):
    for mode in ("plain", "encrypted"):
        with pytest.raises(Refused):
            fortis.verify_launch(target, mode=mode, secret=secret, now=NOW)
    with pytest.raises(Refused):
        fortis.decrypt_parameters(target, secret=secret)


@several
@given(st.binary(max_size=200))
def test_any_bytes_under_the_right_secret_are_read_or_refused(plaintext):
    try:
        found = fortis.decrypt_parameters(sealed(plaintext, secret=SECRET, salt=SALT), secret=SECRET)
    except Refused as refused:
        assert refused.reason in (
            "malformed",
            "decryption-failed",
            "wrong-type",
            "missing-parameter",
            "duplicate-parameter",
        )
        return
    assert dict(found.parameters)["location_id"] in plaintext.decode()


@several
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(encrypted.NAMES), inner, max_size=4)
        ),
    )
)
def test_any_json_under_the_right_secret_is_read_or_refused(value):
    text = json.dumps(value, ensure_ascii=False).encode()
    try:
        found = fortis.decrypt_parameters(sealed(text, secret=SECRET, salt=SALT), secret=SECRET)
    except Refused:
        return
    assert found.parameters


@several
@given(texts, texts, texts)
def test_the_hmac_is_that_of_the_standard_library(location, time, secret):
    made = hmac.new(secret.encode(), (location + time).encode(), hashlib.sha256).hexdigest()
    assert fortis.launch_hmac(location, time, secret=secret) == made


@pytest.mark.parametrize("reading", [name for name, stages in readings.READINGS.items() if stages])
def test_under_each_reading_anything_is_accepted_or_refused(reading):
    of = readings.of(reading)
    for value in ("", "x", "U2FsdGVkX18=", data(), data()[:-2], "=" * 40, "A" * 64, "é", "!" * 50):
        for secret in (SECRET, " ", "zz", "00ff"):
            try:
                fortis.decrypt_parameters(value, secret=secret, readings=of)
            except Refused:
                continue
    for target in (
        url(),
        url(time=f"{NOW}000"),
        url("zzzzzzzz"),
        url(mac="F" * 64),
        "/x?a=1&a=2",
        "/x?hmac=é",
    ):
        try:
            plain(target, readings=of)
        except Refused:
            continue


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        ("QUJDR", b"ABC"),
        ("QU!JD", b"ABC"),
        ("QUJDRB", b"ABCD"),
        ("QUJDRUY=x", b"ABCEF1"),
        ("QR", b"A"),
        ("QUJD", b"ABC"),
    ],
)
def test_the_reading_of_php_decodes_as_php_8_2_does(text, decoded):
    """What `base64_decode` of PHP 8.2.36 answered: it skips what is not in the alphabet, and drops six bits that are left over."""
    assert readings.of("fortis:encrypted.base64=php")["text"](text) == decoded


@pytest.mark.parametrize("raw", [b"Salted"[:length] for length in range(1, 7)])
def test_base64_has_one_spelling(raw):
    """RFC 4648, 3.2 and 4: as many `=` as fill the last four digits, none where they are full. Python's strict mode lets some in."""
    right = base64.b64encode(raw).decode()
    assert encrypted.text(right) == raw
    digits = right.rstrip("=")
    fill = {digits + "=" * count for count in range(7)}
    last = {
        digits[:-1] + digit + right[len(digits) :] for digit in string.ascii_letters + string.digits + "+/"
    }
    other = {text for text in last if base64.b64encode(base64.b64decode(text)).decode() != text}
    assert len(other) == {0: 0, 1: 60, 2: 48}[len(raw) % 3], "four digits or sixteen leave no bit over"
    for wrong in fill - {right} | other:
        refused = refusal(lambda wrong=wrong: encrypted.text(wrong))
        assert (refused.reason, refused.clause) == ("malformed", "fortis:encrypted.base64"), wrong


@pytest.mark.parametrize("absent", [None, "", "{{contact-id}}", "{{"])
def test_what_is_absent_is_left_out_whether_or_not_anything_else_is_there(absent):
    """Fact sheet, A05: null, an empty text and a template that was not filled."""
    assert launch.present({"contact_id": absent}) == {}
    assert launch.present({"contact_id": absent, "user_id": "1"}) == {"user_id": "1"}
    assert launch.present({"user_id": 0, "contact_id": "{x"}) == {"user_id": 0, "contact_id": "{x"}


@pytest.mark.parametrize("query", ["Xa%20b=1&a_b=2", "a%20b=1&Xa_b=2", "a_=1&a__=2", "a%5Bb=1&ab=2"])
def test_names_that_php_8_2_keeps_apart_are_no_repetition(query):
    """What `parse_str` of PHP 8.2.36 makes of each is two values."""
    assert len(launch.parameters(query)) == 2


def test_the_first_second_of_all_is_a_time_like_any_other():
    assert plain(url(time="0" * 10), now=5, tolerance=(5, 5)).timestamp == 0
    assert refusal(plain, url(time="0" * 10), now=6, tolerance=(5, 5)).reason == "stale"


# --- used once ------------------------------------------------------------------------------------


def test_a_plain_launch_is_remembered_by_what_is_proved_of_it_and_nothing_else():
    """Fact sheet, A26 and S08: two users of one location have the same hmac in the same second."""

    def key(target: str, user: str = USER) -> str:
        return signing.launch_key(target, mode="plain", user_id=user)

    one = key(url())
    same = [
        url(more="&contact_id=7"),
        url() + "#top",
        f"/?timestamp={NOW}&location_id={LOCATION}#?&top",
        url().replace("?", "?contact_id=1&"),
        url().replace("1", "%31"),
    ]
    assert {key(target) for target in same} == {one}
    verified = plain(url(more="&contact_id=7"))
    assert signing.launch_key("", mode="plain", user_id=USER, launch=verified) == one
    assert signing.launch_key(url(), mode="plain") == key(url(), ""), "of no user, where the API named none"
    others = [key(url(LOCATION[::-1])), key(url(time=NOW + 1)), key(url(), ""), key(url(), USER[::-1])]
    assert len({one, *others}) == 5
    assert all(re.fullmatch("[0-9a-f]{64}", text) for text in (one, *others))  # no part of it can be read


@pytest.mark.parametrize("salt", [bytes(8), bytes(range(8))])
def test_an_encrypted_launch_is_remembered_by_its_salt_and_ciphertext(salt):
    """Fact sheet, A26 and S06: whatever the text of the query, the SHA-256 of the bytes after `Salted__`."""
    whole = fortis.encrypt_parameters({"location_id": LOCATION}, secret=SECRET, salt=salt)
    found = {
        signing.launch_key(f"/?{more}data={quote(whole, safe='')}#x", mode="encrypted")
        for more in ("", "a=1&")
    }
    assert found == {hashlib.sha256(base64.b64decode(whole)[8:]).hexdigest()}


# --- how it is written ----------------------------------------------------------------------------


def test_digests_are_compared_in_constant_time():
    """No signature is compared with `==`; the one comparison is `hmac.compare_digest`."""
    tree = ast.parse(Path(signing.__file__).read_text("utf-8"))
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert calls.count("hmac.compare_digest") == 1
    compared = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    assert not [text for text in compared if "received" in text or "mac(" in text]


# --- a launch in the form of the sample is read at one glance, and as all others are ----------

PIECES = st.sampled_from(
    ["user_id=7", "user-id=11e7", "user_id=", "contact_id={{contact_id}}", "hmac=00", "location_id=1", "timestamp=1700000000",
     "data=ab", "a=1", "a=1", "A=1", "a.b=1", "a%20=1", "a=%2B", "a=+", "a=b_c", "a=é", "", "a", "=1", f"a={'x' * 65}", "#a=1"]
)  # fmt: skip


def outcome(target: str, **more) -> object:
    try:
        return plain(target, **more)
    except Refused as refused:
        return refused.reason, refused.clause, refused.evidence, refused.stage, refused.stages


@several
@given(
    st.sampled_from(
        [
            LOCATION,
            LOCATION.upper(),
            LOCATION[:23],
            f"{LOCATION[:8]}-{LOCATION[8:]}",
            "f" * 36,
            "f" * 37,
            "٣" * 24,
        ]
    ),
    st.sampled_from(
        [str(NOW), str(NOW - 301), str(NOW + 61), f"{NOW}000", "170000000", "٣" * 10, f"{NOW}\n"]
    ),
    st.sampled_from(["", "", "0" * 64, "A" * 64, "0" * 63, f"{'0' * 64}\n"]),
    st.lists(PIECES, max_size=30),
    st.booleans(),
)
@example(LOCATION, str(NOW), "", [], False)
@example(LOCATION, str(NOW), "", ["a=1"] * 2, False)
@example(LOCATION, str(NOW), "", [f"a{'_' * n}=1" for n in range(21)], False)
def test_reading_at_one_glance_changes_nothing(location, time, mac, more, first):
    piece = "&".join(more)
    target = url(location, time, mac, more=f"&{piece}" if piece and not first else "")
    if first:
        target = target.replace("?", f"?{piece}&")
    step_by_step = {
        "parameters": launch.parameters
    }  # the adopted rule as a reading, which is never read at a glance
    assert outcome(target) == outcome(target, readings=step_by_step)


def test_the_form_of_the_sample_is_read_at_one_glance_and_others_are_not(monkeypatch):
    read = []
    monkeypatch.setattr(signing, "_read_plain", lambda rule, query: read.append(query) or [][0])
    assert plain(url(more="&user_id=7&contact_id=9")).not_covered == ("user_id", "contact_id")
    assert read == []
    for more in ("&user_id=", "&user_id=7&user_id=7", "&hmac=00", "&user_id=%37", "&user_id=x" * 21):
        with pytest.raises(IndexError):
            plain(url(more=more))
    assert len(read) == 5
