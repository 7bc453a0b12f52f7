"""OfficeRnD's signing functions: worked values, refusals and what they show, and properties over arbitrary input."""

from __future__ import annotations

import ast
import hashlib
import hmac
import json
from pathlib import Path
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from handshakes.core.keys import PUBLIC_TEST_KEYS
from handshakes.core.refusals import Refused
from handshakes.officernd import readings, sign_query, sign_webhook, signing, verify_query, verify_webhook
from tests.refusals import everything_shown, refusal

SECRET = "example-integration-secret"
T = 1648190384
ORG, MEMBER = "5b" * 12, "6c" * 12
REAL = (("slug", "test-slug"), ("locations", ""), ("organizationId", ORG), ("memberId", MEMBER))
BODY = b'{"eventType":"integration.removed"}'
# Computed with Node and Python from the page's two sample messages and three variations of them.
WORKED = [
    (
        [("slug", "test-slug"), ("locations", "location-id1, location-id2")],
        "d6314a2cd28ab97456e93ad7a8429fff3369c16f7ac9c3b45982bd135d958aa2",
    ),
    (
        [("slug", "test-slug"), ("locations", "")],
        "7fab70b2b7b8363a66720a3afd7fba6b16aff21e27a878f90014a593495312b4",
    ),
    ([("slug", "test-slug")], "dd7f9023134293a968a0cd2aaf2394dda07e26ec2a844cb702afd5dd559fa91e"),
    (
        [("slug", "test-slug"), ("locations", "location-id1,location-id2")],
        "cc31b76421ebd052c81319ed3313e597da1d8bead9a38603f0316c147acb43d4",
    ),
]
ARRAY = "745ebca9e6009b46e813d2c0a242e09169e5b28be6b65399abf432b6e264cf60"

several = settings(max_examples=300, deadline=None, derandomize=True, database=None)
any_text = st.text(st.characters(exclude_categories=()))  # lone surrogates too
valid_text = st.text()
secrets = st.text(min_size=1).map(lambda text: "private-key-" + text)


def mac(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def target(pairs, signature: str, path: str = "/healthcheck") -> str:
    sent = [*pairs, ("signature", signature)]
    return f"{path}?" + "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sent)


def page(pairs=REAL, secret: str = SECRET, timestamp: int = T) -> str:
    """Return a target that is signed without the package."""
    payload = json.dumps(dict(pairs), ensure_ascii=False, separators=(",", ":"))
    digest = mac(secret, f"{payload}.{timestamp}".encode())
    return target(pairs, f"t={timestamp},signature={digest}")


def everything_held(refused: Refused) -> str:
    """Return all that a refusal shows, and the bytes of its stages."""
    return "\n".join([everything_shown(refused), *(str(stage.value) for stage in refused.stages)])


# --- worked values ----------------------------------------------------------------------------


@pytest.mark.parametrize(("pairs", "digest"), WORKED)
def test_worked_values(pairs, digest):
    signature = f"t={T},signature={digest}"
    assert sign_query(pairs, secret=SECRET, timestamp=T) == signature
    verified = verify_query(target(pairs, signature), secret=SECRET, now=T)
    assert verified.parameters == tuple(pairs)
    assert verified.timestamp == T
    assert verified.covered == tuple(name for name, _ in pairs)
    assert verified.not_covered == ()


def test_the_worked_array_verifies_under_its_reading_alone():
    query = "/?slug=test-slug&locations=location-id1&locations=location-id2"
    query += f"&signature=t%3D{T}%2Csignature%3D{ARRAY}"
    assert refusal(verify_query, query, secret=SECRET, now=T).reason == "duplicate-parameter"
    array = readings.of("officernd:signature.repeated=array")
    assert verify_query(query, secret=SECRET, now=T, readings=array).covered == ("slug", "locations")


# --- what is returned -------------------------------------------------------------------------


def test_a_page_request_returns_what_is_covered():
    verified = verify_query(page(), secret=SECRET, now=T)
    assert verified.parameters == REAL
    assert verified.covered == ("slug", "locations", "organizationId", "memberId")
    assert verified.not_covered == ()
    with pytest.raises(AttributeError):
        verified.timestamp = 0


def test_an_empty_member_that_was_not_signed_is_returned_as_not_covered():
    pairs = (*REAL[:3], ("memberId", ""))
    signed = page(REAL[:3]).replace("&signature", "&memberId=&signature")
    verified = verify_query(signed, secret=SECRET, now=T)
    assert (verified.parameters, verified.not_covered) == (pairs, ("memberId",))
    assert verified.covered == ("slug", "locations", "organizationId")


def test_a_quoted_organization_is_returned_without_quotes_whichever_form_was_signed():
    quoted = (*REAL[:2], ("organizationId", f'"{ORG}"'))
    for signed in (page(quoted), page(REAL[:3]).replace(ORG, f"%22{ORG}%22")):
        verified = verify_query(signed, secret=SECRET, now=T)
        assert verified.parameters == REAL[:3]
        assert verified.not_covered == ()


def test_a_webhook_returns_its_raw_body():
    body = b"\xff\xfe not JSON"
    header = f"t={T},signature={mac('example-webhook-secret', body + b'.1648190384')}"
    verified = verify_webhook(body, header, secret=HOOK, now=T)
    assert (verified.body, verified.timestamp, verified.parameters) == (body, T, ())
    assert (verified.covered, verified.not_covered) == (("body",), ())
    assert sign_webhook(body, secret=HOOK, timestamp=T) == header


# --- refusals ---------------------------------------------------------------------------------


def test_a_mismatch_explains_itself_by_its_stages():
    refused = refusal(verify_query, page().replace("test-slug", "best-slug"), secret=SECRET, now=T)
    assert (refused.reason, refused.clause, refused.stage) == (
        "signature-mismatch",
        "officernd:signature.digest",
        "message",
    )
    assert [stage.name for stage in refused.stages] == ["query", "fields", "parameters", "json", "message"]
    lines = refused.explain().splitlines()
    assert lines[0].startswith("Refused: signature-mismatch.")
    assert lines[1].split() == ["clause", "officernd:signature.digest"]
    signed = f'{{"slug":"best-slug","locations":"","organizationId":"{ORG}","memberId":"{MEMBER}"}}.{T}'
    assert any(line.split(maxsplit=1) == ["message", f"{signed} ({len(signed)} bytes)"] for line in lines)
    assert lines[-1] == f"Hint: {refused.hint()}"


@pytest.mark.parametrize(
    ("change", "reason", "clause", "stage", "evidence"),
    [
        (
            ("signature=t", "other=t"),
            "missing-parameter",
            "missing",
            "parameters",
            {"name": "signature", "found": "slug, locations, organizationId, memberId, other"},
        ),
        (
            ("t%3D", "v0%3D"),
            "missing-parameter",
            "syntax",
            "fields",
            {"name": "t", "found": "v0, signature"},
        ),
        (
            ("signature%3D", "v1%3D"),
            "missing-parameter",
            "syntax",
            "fields",
            {"name": "signature", "found": "t, v1"},
        ),
        (("%2C", "%2Ct%3D1%2C"), "duplicate-parameter", "syntax", "fields", {"field": "t"}),
        ((f"{T}", f"{T}000"), "timestamp-in-milliseconds", "timestamp", "fields", {"t": f"{T}000"}),
        ((f"{T}", f"{T}0000"), "malformed", "syntax", "fields", {"t": f"{T}0000"}),
        (("locations", "slug"), "duplicate-parameter", "repeated", "", {"name": "slug"}),
        (
            ("test-slug", "%e9"),
            "malformed",
            "escapes",
            "",
            {"found": "bytes that are not UTF-8 (decoded byte 0)"},
        ),
        (("test-slug", "%e"), "malformed", "escapes", "", {"found": "an incomplete percent escape at 0"}),
        (("test-slug", "x" * 8_192), "too-large", "escapes", "", {"characters": "8386", "limit": "8192"}),
    ],
)
def test_a_refusal_names_its_clause_and_its_evidence(change, reason, clause, stage, evidence):
    changed = page().replace(*change, 1)
    refused = refusal(verify_query, changed, secret=SECRET, now=T)
    assert (refused.reason, refused.clause) == (reason, f"officernd:signature.{clause}")
    assert (refused.stage, refused.evidence) == (stage, evidence)


def test_the_limits_of_time_are_inclusive():
    old, new = T - 300, T + 60
    for time in (old, T, new):
        assert verify_query(page(timestamp=time), secret=SECRET, now=T).timestamp == time
    stale = refusal(verify_query, page(timestamp=old - 1), secret=SECRET, now=T)
    assert (stale.reason, stale.stage) == ("stale", "time")
    assert stale.evidence == {"age": "5 minutes 1 second (301 s)", "allowed": "5 minutes (300 s)"}
    early = refusal(verify_query, page(timestamp=new + 1), secret=SECRET, now=T)
    assert (early.reason, early.stage) == ("from-the-future", "time")
    assert early.evidence == {"ahead": "1 minute 1 second (61 s)", "allowed": "1 minute (60 s)"}
    assert stale.clause == early.clause == "officernd:signature.tolerance"


@several
@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(-(10**6), 10**6))
def test_a_request_is_in_time_exactly_within_its_tolerance(back, ahead, age):
    call = {"secret": SECRET, "now": T + age, "tolerance": (back, ahead)}
    if -ahead <= age <= back:
        assert verify_query(page(), **call).timestamp == T
    else:
        assert refusal(verify_query, page(), **call).reason == ("stale" if age > 0 else "from-the-future")


def test_a_wrong_signature_is_wrong_whatever_its_time():
    for time in (0, T, 10**11):
        wrong = page(secret="wrong-secret", timestamp=time)
        assert refusal(verify_query, wrong, secret=SECRET, now=T).reason == "signature-mismatch"


PAIRS = [("slug", "test-slug")]
HOOK = "example-webhook-secret"
HEADER = sign_webhook(BODY, secret=HOOK, timestamp=T)
HEX = readings.of("officernd:signature.key=hex-decoded")


WRONG_TYPES = {
    "target is bytes": lambda: verify_query(page().encode(), secret=SECRET, now=T),
    "target is None": lambda: verify_query(None, secret=SECRET, now=T),
    "secret is bytes": lambda: verify_query(page(), secret=SECRET.encode(), now=T),
    "secret is None": lambda: verify_query(page(), secret=None, now=T),
    "secret is None, hex": lambda: verify_query(page(), secret=None, now=T, readings=HEX),
    "now is None": lambda: verify_query(page(), secret=SECRET, now=None),
    "now is text": lambda: verify_query(page(), secret=SECRET, now=str(T)),
    "now is a fraction": lambda: verify_query(page(), secret=SECRET, now=T + 0.5),
    "tolerance is a number": lambda: verify_query(page(), secret=SECRET, now=T, tolerance=300),
    "tolerance is of texts": lambda: verify_query(page(), secret=SECRET, now=T, tolerance=("300", "60")),
    "signing, secret is bytes": lambda: sign_query(PAIRS, secret=SECRET.encode(), timestamp=T),
    "signing, timestamp is text": lambda: sign_query(PAIRS, secret=SECRET, timestamp=str(T)),
    "signing, timestamp is a float": lambda: sign_query(PAIRS, secret=SECRET, timestamp=float(T)),
    "signing, timestamp is True": lambda: sign_query(PAIRS, secret=SECRET, timestamp=True),
    "signing, timestamp is negative": lambda: sign_query(PAIRS, secret=SECRET, timestamp=-1),
    "signing, pairs is None": lambda: sign_query(None, secret=SECRET, timestamp=T),
    "signing, pairs of one": lambda: sign_query(["slug"], secret=SECRET, timestamp=T),
    "signing, value is a number": lambda: sign_query([("slug", 1)], secret=SECRET, timestamp=T),
    "signing, value is bytes": lambda: sign_query([("slug", b"test-slug")], secret=SECRET, timestamp=T),
    "webhook, signing text": lambda: sign_webhook(BODY.decode(), secret=HOOK, timestamp=T),
    "webhook, signing, secret is a number": lambda: sign_webhook(BODY, secret=1, timestamp=T),
    "webhook, signing, timestamp is None": lambda: sign_webhook(BODY, secret=HOOK, timestamp=None),
    "webhook, body is text": lambda: verify_webhook(BODY.decode(), HEADER, secret=HOOK, now=T),
    "webhook, body can change": lambda: verify_webhook(bytearray(BODY), HEADER, secret=HOOK, now=T),
    "webhook, header is None": lambda: verify_webhook(BODY, None, secret=HOOK, now=T),
    "webhook, header is bytes": lambda: verify_webhook(BODY, HEADER.encode(), secret=HOOK, now=T),
    "webhook, secret is None": lambda: verify_webhook(BODY, HEADER, secret=None, now=T),
    "webhook, now is None": lambda: verify_webhook(BODY, HEADER, secret=HOOK, now=None),
}


@pytest.mark.parametrize("call", WRONG_TYPES.values(), ids=WRONG_TYPES)
def test_a_wrong_type_is_refused(call):
    assert refusal(call).reason == "wrong-type"


@pytest.mark.parametrize("wrong", [{"no-such-stage": tuple}, {"signed": tuple, "digest": str}, ["signed"]])
def test_an_unknown_stage_is_refused(wrong):
    refused = refusal(verify_query, page(), secret=SECRET, now=T, readings=wrong)
    assert refused.reason == "unknown-reading"


def test_an_unknown_reading_is_refused():
    assert refusal(readings.of, "officernd:signature.order=reversed").reason == "unknown-reading"


@pytest.mark.parametrize(
    "ids",
    [
        ("empty-member=dropped", "quoted-organization=unquoted"),
        ("syntax=positional", "timestamp=milliseconds"),
        ("repeated=array", "escapes=kept"),
    ],
)
def test_of_two_readings_that_replace_one_stage_none_is_dropped_in_silence(ids):
    first, second = (f"officernd:signature.{name}" for name in ids)
    try:
        both = readings.of(first, second)
    except Refused as refused:
        assert refused.reason == "unknown-reading"
    else:
        assert both not in (readings.of(first), readings.of(second))


@pytest.mark.parametrize("secret", ["", "\ud800"])
def test_no_function_takes_a_secret_that_is_no_key(secret):
    reason = "malformed" if secret else "empty-secret"
    assert refusal(sign_query, PAIRS, secret=secret, timestamp=T).reason == reason
    assert refusal(verify_query, page(), secret=secret, now=T).reason == reason
    assert refusal(sign_webhook, BODY, secret=secret, timestamp=T).reason == reason
    assert refusal(verify_webhook, BODY, HEADER, secret=secret, now=T).reason == reason


def test_text_that_is_not_unicode_cannot_be_signed():
    assert refusal(sign_query, [("slug", "\ud800")], secret=SECRET, timestamp=T).reason == "malformed"
    assert refusal(sign_query, [("\udfff", "")], secret=SECRET, timestamp=T).reason == "malformed"


# --- secrets ----------------------------------------------------------------------------------


@several
@given(
    secrets, st.integers(0, 63), st.sampled_from(["wrong", "stale", "from-the-future", "upper", "no-time"])
)
def test_no_refusal_shows_the_secret_or_the_expected_digest(secret, place, kind):
    assert secret not in PUBLIC_TEST_KEYS
    right = page(secret=secret)
    expected = right[-64:]
    call = {"secret": secret, "now": T}
    if kind == "wrong":
        wrong = (
            right[: place - 64]
            + ("0" if right[place - 64] != "0" else "1")
            + right[len(right) + place - 63 :]
        )
        refused = refusal(verify_query, wrong, **call)
    elif kind == "upper":
        assume(expected != expected.upper())
        refused = refusal(verify_query, right[:-64] + expected.upper(), **call)
    elif kind == "no-time":
        refused = refusal(verify_query, right.replace("t%3D", "x%3D"), **call)
    else:
        refused = refusal(verify_query, right, secret=secret, now=T + 301 if kind == "stale" else T - 61)
        assert refused.reason == kind
    shown = everything_held(refused)
    assert secret not in shown
    assert repr(secret)[1:-1] not in shown
    assert expected not in shown


@several
@given(secrets, st.binary())
def test_no_refusal_of_a_webhook_shows_the_secret_or_the_expected_digest(secret, body):
    expected = mac(secret, body + f".{T}".encode())
    for header in (f"t={T},signature={'0' * 64}", "", "t=1", f"t={T}000,signature={expected}"):
        shown = everything_held(refusal(verify_webhook, body, header, secret=secret, now=T))
        assert secret not in shown
        assert expected not in shown
    late = refusal(verify_webhook, body, f"t={T},signature={expected}", secret=secret, now=T + 301)
    assert expected not in everything_held(late)


@pytest.mark.parametrize("value", ["{}", "t={}", "signature={}", "t=1,{}", "t={},signature=" + "0" * 64])
def test_a_secret_that_was_sent_instead_of_a_signature_is_not_shown(value):
    # The page's words on the signature parameter can be read as: put the secret here (S22).
    secret = "a-private-secret-nobody-may-see"
    for refused in (
        refusal(verify_query, target(PAIRS, value.format(secret)), secret=secret, now=T),
        refusal(verify_webhook, BODY, value.format(secret), secret=secret, now=T),
    ):
        assert secret not in everything_held(refused)


# --- properties -------------------------------------------------------------------------------

near_targets = st.one_of(
    any_text,
    any_text.map(lambda text: "/?" + text),
    st.tuples(any_text, any_text).map(lambda two: f"/?{two[0]}&signature={two[1]}"),
    st.tuples(st.text('%=&+aF0 #?é,[]\ud800"'), st.text("t=signature,0123456789abcdef% ")).map(
        lambda two: f"/?slug={two[0]}&signature={two[1]}"
    ),
    st.text("%=&+aF0[]é\ud800").map(lambda text: f"/?{text}&signature=t%3D{T}%2Csignature%3D{'0' * 64}"),
)
every_reading = [readings.of(reading) for reading, stages in readings.READINGS.items() if stages]


@several
@given(near_targets, any_text)
@example(f"/?slug=\ud800&signature=t%3D{T}%2Csignature%3D{'0' * 64}", SECRET)
@example(f"/?slug=a&signature=t%3D{T}%2C\ud800signature%3D{'0' * 64}", SECRET)
def test_refused_is_the_only_exception_for_a_page_request(text, secret):
    for key, of in [(secret, None), (SECRET, None), *((SECRET, of) for of in every_reading)]:
        with pytest.raises(Refused):
            verify_query(text, secret=key, now=T, readings=of)


@several
@given(st.binary(), st.one_of(any_text, st.text("t=signature,0123456789abcdef% ")), any_text)
def test_refused_is_the_only_exception_for_a_webhook(body, header, secret):
    for key, of in [(secret, None), (HOOK, None), *((HOOK, of) for of in every_reading)]:
        with pytest.raises(Refused):
            verify_webhook(body, header, secret=key, now=T, readings=of)


@several
@given(st.lists(st.tuples(any_text, any_text)), any_text, st.integers())
def test_signing_gives_a_signature_or_refuses(pairs, secret, timestamp):
    try:
        signature = sign_query(pairs, secret=secret, timestamp=timestamp)
    except Refused as refused:
        assert refused.reason in {"duplicate-parameter", "empty-secret", "malformed", "wrong-type"}
    else:
        assert signature.startswith(f"t={timestamp},signature=")


names = valid_text.filter(lambda name: name != "signature")


@several
@given(
    st.lists(st.tuples(names, valid_text), unique_by=lambda pair: pair[0], max_size=6),
    secrets,
    st.integers(0, 10**12 - 1),
)
def test_what_was_signed_verifies_and_comes_back(pairs, secret, timestamp):
    assume(not any(name == "organizationId" and value[:1] == '"' for name, value in pairs))
    signed = target(pairs, sign_query(pairs, secret=secret, timestamp=timestamp))
    assume(len(signed) < 8_000)
    verified = verify_query(signed, secret=secret, now=timestamp)
    assert verified.parameters == tuple(pairs)
    assert (verified.timestamp, verified.not_covered) == (timestamp, ())
    assert verified.covered == tuple(name for name, _ in pairs)
    with pytest.raises(Refused, match="signature-mismatch"):
        verify_query(signed, secret=secret + "x", now=timestamp)


@several
@given(st.binary(), secrets, st.integers(0, 10**12 - 1))
def test_a_signed_webhook_verifies_and_another_body_does_not(body, secret, timestamp):
    header = sign_webhook(body, secret=secret, timestamp=timestamp)
    assert verify_webhook(body, header, secret=secret, now=timestamp).body == body
    with pytest.raises(Refused, match="signature-mismatch"):
        verify_webhook(body + b" ", header, secret=secret, now=timestamp)


@pytest.mark.parametrize("reading", readings.READINGS)
def test_what_was_signed_under_a_reading_verifies_under_it(reading):
    of = readings.of(reading)
    pairs = [*REAL[:2], ("organizationId", f'"{ORG}"'), ("2", "é/"), ("10", ""), ("memberId", "")]
    milliseconds = 1000 if reading.endswith("timestamp=milliseconds") else 1
    secret = "00ff00ff"
    signed = target(pairs, sign_query(pairs, secret=secret, timestamp=T * milliseconds, readings=of))
    assert verify_query(signed, secret=secret, now=T, readings=of).timestamp == T


@several
@given(st.data())
def test_one_changed_character_is_refused_unless_it_only_encodes_the_same_text_otherwise(data):
    pairs = (("slug", "test slug"), ("locations", "a, b"), ("organizationId", ORG))
    right = page(pairs)
    place = data.draw(st.integers(right.index("?") + 1, len(right) - 1))
    character = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    assume(character != right[place])
    changed = right[:place] + character + right[place + 1 :]
    same = parse_qsl(changed.partition("?")[2], keep_blank_values=True) == parse_qsl(
        right.partition("?")[2], keep_blank_values=True
    )
    if same:
        assert verify_query(changed, secret=SECRET, now=T).parameters == pairs
    else:
        refusal(verify_query, changed, secret=SECRET, now=T)


@pytest.mark.parametrize(
    ("written", "other"), [("%20", "+"), ("%2C", "%2c"), ("%2C", ","), ("%3D", "="), ("slug=", "%73lug=")]
)
def test_the_same_text_encoded_otherwise_verifies(written, other):
    pairs = (("slug", "test slug"), ("locations", "a, b"))
    right = page(pairs)
    assert written in right
    assert verify_query(right.replace(written, other), secret=SECRET, now=T).parameters == pairs


# --- comparison -------------------------------------------------------------------------------


def plain_comparisons(source: str) -> list[str]:
    """Return the places where a digest is compared by anything but hmac.compare_digest."""
    found, constant = [], False
    makes_digest = ("hmac.digest(", "bytes.fromhex(", "received", ".hexdigest(")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and any(part in ast.unparse(node) for part in makes_digest):
            found.append(ast.unparse(node))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "hmac.compare_digest":
            constant |= "hmac.digest(" in ast.unparse(node)
    return found if constant else [*found, "no comparison in constant time"]


def test_digests_are_compared_in_constant_time_alone():
    source = Path(signing.__file__).read_text("utf-8")
    assert plain_comparisons(source) == []
    compared = 'hmac.compare_digest(hmac.digest(key, message, "sha256"), received)'
    assert compared in source
    plain = source.replace(compared, 'hmac.digest(key, message, "sha256") == received')
    assert plain_comparisons(plain) == ["hmac.digest(key, message, 'sha256') == received"]
    assert plain_comparisons("") == ["no comparison in constant time"]


@pytest.mark.parametrize("tolerance", [0, (), [], False])
def test_a_tolerance_that_is_no_pair_is_refused_even_when_it_is_empty(tolerance):
    value = sign_query([("slug", "a")], secret="example-integration-secret", timestamp=1000)
    target = "/?slug=a&signature=" + value
    with pytest.raises(Refused) as caught:
        signing.verify_query(target, secret="example-integration-secret", now=1000, tolerance=tolerance)
    assert caught.value.reason == "wrong-type"
