"""onOffice's signatures: worked values of the official class, what is refused and why, what readings change."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handshakes.core.keys import PUBLIC_TEST_KEYS
from handshakes.onoffice import SignedUrl, api_hmac, readings, sign_url, signing, string_to_sign, verify_url
from handshakes.onoffice.rules import php_json
from handshakes.onoffice.signing import url_stages
from tests.officernd.test_signing import plain_comparisons
from tests.refusals import refusal

SECRET, NOW = "hier Anbietersecret einsetzen", 1_700_000_000
BASE = "https://provider.example/activate"
OF_THE_PAGES = (
    "UserLanguage=u&addressId=a&apiClaim=c&apiToken=t&customerName=n&customerWebId=w&estateId=e&groupId=g"
    "&imageIds=i&language=l&parameterCacheId=p&timestamp=1&userId=2"
)
"""Every parameter that a page of onOffice lists, in the order of bytes."""
# URL, string to sign, signature: made with the official PHP class (facts 7.1).
WORKED = [
    (
        f"{BASE}?apiClaim=ctguyroHtO7_6XaBpJgwUB_npk8nGUPociZaKzYfAEYRXFR_Cv879mYelDHEEfeB&apiToken="
        "0123456789abcdef0123456789abcdef&customerName=Mustermakler&customerWebId=4711"
        "&parameterCacheId=6802c44a-7ac0-4210-a3d4-e5581e3fa0b6&timestamp=1700000000&userId=17",
        "",
        "61ee8f4a1ac6338b6abdcc4597fc15639579aa1ab6503583dd9c35e4d91fc470",
    ),
    (
        f"{BASE}?userId=17&timestamp=1700000000&parameterCacheId=pc-1&customerWebId=4711"
        "&customerName=M%c3%bcller%20%26%20S%c3%b6hne%20Immobilien%20GmbH&apiToken=tok&apiClaim=wvuYzNla/Qvi66%2BOdP180==",
        f"{BASE}?apiClaim=wvuYzNla%2FQvi66%2BOdP180%3D%3D&apiToken=tok&customerName=M%C3%BCller+%26+S%C3%B6hne+"
        "Immobilien+GmbH&customerWebId=4711&parameterCacheId=pc-1&timestamp=1700000000&userId=17",
        "5b7254c1b40b5b0a2c33a2451ada64a990038d91d367b751f6d41e8d157de28b",
    ),
    (
        f"{BASE}?plan=gold+edition&Zone=eu&apiToken=t&timestamp=1700000000&_x=1",
        f"{BASE}?Zone=eu&_x=1&apiToken=t&plan=gold+edition&timestamp=1700000000",
        "50db418e12629571ef1928472c0f8bc82b624e3fd0ec38879f37263f1756ad72",
    ),
]  # fmt: skip
URL, _, SIGNATURE = WORKED[0]
SIGNED = f"{URL}&signature={SIGNATURE}"


def verify(url: str, *ids: str, now: int = NOW, secret: str = SECRET, **more) -> SignedUrl:
    return verify_url(url, secret=secret, now=now, readings=readings.of(*ids), **more)


@pytest.mark.parametrize(("url", "text", "signature"), WORKED)
def test_worked_values(url, text, signature):
    assert string_to_sign(url) == (text or url)
    assert sign_url(url, secret=SECRET) == f"{url}&signature={signature}"
    assert verify(f"{url}&signature={signature}").timestamp == NOW


def test_what_is_verified_is_what_was_signed():
    url, _, signature = WORKED[1]
    verified = verify(f"{url}&signature={signature}")
    assert verified.parameters[0] == ("userId", "17"), "in the order received"
    assert dict(verified.parameters)["customerName"] == "Müller & Söhne Immobilien GmbH"
    assert verified.value("apiClaim") == "wvuYzNla/Qvi66+OdP180=="
    assert verified.covered == tuple(name for name, _ in verified.parameters)
    assert (verified.not_covered, verified.value("nothing")) == ((), "")
    assert "tok" not in repr(verified)


# Measured with PHP 8.2 (facts 2.2).
@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://127.0.0.1:8080/activate?b=2&a=1", "http://127.0.0.1/activate?a=1&b=2"),
        (BASE + "?n=a%20b", BASE + "?n=a+b"),
        (BASE + "?n=%c3%bc", BASE + "?n=%C3%BC"),
        (BASE + "?n=~&m=%7E&o=*", BASE + "?m=%7E&n=%7E&o=%2A"),
        (BASE + "?flag", BASE + "?flag="),
        (BASE + "?a=1;b=2", BASE + "?a=1%3Bb%3D2"),
        (BASE + "?Signature=1&a=2", BASE + "?Signature=1&a=2"),
        (BASE + "?signature=00", BASE + "?"),
        (BASE, BASE + "?"),
        (BASE + "?", BASE + "?"),
        (BASE + "?a=1&&b=2", BASE + "?a=1&b=2"),
        ("https://user:pass@Provider.example/p?a=1#top", "https://Provider.example/p?a=1"),
        ("https://[::1]:8443/p?a=1", "https://[::1]/p?a=1"),
        (BASE + "/?a=1", BASE + "/?a=1"),
        ("https://provider.example/a%2fb?a=1", "https://provider.example/a%2fb?a=1"),
    ],
)
def test_the_string_to_sign(url, text):
    assert string_to_sign(url) == text


# An edit of a signed URL, and the reason: the strict column of facts 2.3.
@pytest.mark.parametrize(
    ("edited", "reason"),
    [
        (SIGNED.replace("=17", "=18"), "signature-mismatch"),
        (SIGNED + "&x=1", "signature-mismatch"),
        (SIGNED.replace("&userId=17", ""), "signature-mismatch"),
        (SIGNED.replace("provider.example", "Provider.example"), "signature-mismatch"),
        (SIGNED.replace("/activate?", "/activate/?"), "signature-mismatch"),
        (SIGNED.replace("https", "http"), "signature-mismatch"),
        (SIGNED.replace("1700000000", "1700000001"), "signature-mismatch"),
        (SIGNED[:-1] + "1", "signature-mismatch"),
        (SIGNED + "&signature=" + SIGNATURE, "duplicate-parameter"),
        (SIGNED.replace("?", "?customerWebId=4712&"), "duplicate-parameter"),
        (SIGNED + "&customerWebId=4712", "duplicate-parameter"),
        (SIGNED + "&ids[]=5", "malformed"),
        (SIGNED + "&ids%5B0%5D=5", "malformed"),
        (SIGNED + "&my.param=1", "malformed"),
        (SIGNED + "&my+param=1", "malformed"),
        (SIGNED + "&=1", "malformed"),
        (SIGNED + "&a%00b=1", "malformed"),
        (SIGNED + "&9=1", "malformed"),
        (SIGNED + "&-3=1", "malformed"),
        (SIGNED + "&1e1=1", "malformed"),
        (SIGNED + "&x=%zz", "malformed"),
        (SIGNED + "&x=%", "malformed"),
        (SIGNED + "&x=%ff", "malformed"),
        (SIGNED + "&x=ü", "malformed"),
        (SIGNED + "&x=a b", "malformed"),
        (SIGNED.replace(SIGNATURE, SIGNATURE.upper()), "malformed"),
        (SIGNED.replace(SIGNATURE, "Ye6PShrGM4tqvcxFl/wVY5V5qhq2UDWD3Zw16dkfxHA%3D"), "malformed"),
        (SIGNED.replace(SIGNATURE, SIGNATURE + "+"), "malformed"),
        (SIGNED.replace(SIGNATURE, ""), "empty-parameter"),
        (URL, "missing-parameter"),
        (SIGNED.replace("timestamp=", "Timestamp="), "missing-parameter"),
        (SIGNED.replace("&timestamp=", "%C3%97tamp="), "missing-parameter"),
        (SIGNED.replace("timestamp=1700000000", "timestamp="), "empty-parameter"),
        (SIGNED.replace("=1700000000", "=%2B5"), "malformed"),
        (SIGNED.replace("=1700000000", "=-5"), "malformed"),
        (SIGNED.replace("=1700000000", "=1700000000.5"), "malformed"),
        (SIGNED.replace("=1700000000", "=%D9%A1"), "malformed"),
        (SIGNED.replace("=1700000000", "=1700000000000"), "timestamp-in-milliseconds"),
        ("provider.example/activate?a=1", "malformed"),
        ("ftp://provider.example/activate?a=1", "malformed"),
        ("https://provider.example?a=1", "malformed"),
        ("https:///activate?a=1", "malformed"),
        ("", "malformed"),
        (SIGNED + "&x=" + "a" * 8_192, "too-large"),
        (SIGNED + "".join(f"&x{n}=" for n in range(200)), "too-large"),
    ],
)
def test_what_is_refused(edited, reason):
    error = refusal(verify, edited)
    assert error.reason == reason
    assert SIGNATURE not in error.explain() and "0123456789abcdef0123456789abcdef" not in error.explain()


@pytest.mark.parametrize(
    "edited",
    [
        SIGNED.replace("://", "://user@"), SIGNED.replace(".example/", ".example:8443/"), SIGNED + "#top",
        f"{BASE}?signature={SIGNATURE}&" + "&".join(reversed(URL.partition("?")[2].split("&"))),
        SIGNED.replace("Mustermakler", "%4dustermakler"),
    ],
)  # fmt: skip
def test_what_still_verifies_as_with_the_official_class(edited):
    assert verify(edited).timestamp == NOW


@pytest.mark.parametrize(
    ("now", "reason"),
    [(NOW + 300, ""), (NOW + 301, "stale"), (NOW - 120, ""), (NOW - 121, "from-the-future")],
)
def test_both_ends_of_the_window_belong_to_it(now, reason):
    if reason:
        assert refusal(verify, SIGNED, now=now).reason == reason
    else:
        assert verify(SIGNED, now=now).timestamp == NOW


def test_a_stale_url_with_a_wrong_signature_is_wrong_and_not_stale():
    assert refusal(verify, SIGNED[:-1] + "1", now=NOW + 10_000).reason == "signature-mismatch"


def test_a_tolerance_of_ones_own():
    assert verify(SIGNED, now=NOW + 5, tolerance=(5, 0)).timestamp == NOW
    assert refusal(verify, SIGNED, now=NOW + 6, tolerance=(5, 0)).reason == "stale"
    assert refusal(verify, SIGNED, tolerance=5).reason == "wrong-type"


@pytest.mark.parametrize(
    ("secret", "reason"), [("", "empty-secret"), (b"secret", "wrong-type"), (None, "wrong-type"), ("\ud800", "malformed")]
)  # fmt: skip
def test_secrets_that_are_none(secret, reason):
    assert refusal(verify, SIGNED, secret=secret).reason == reason
    assert refusal(sign_url, URL, secret=secret).reason == reason


@pytest.mark.parametrize("url", [None, b"https://provider.example/p", 5])
def test_a_url_is_text(url):
    for call in (string_to_sign, lambda u: sign_url(u, secret=SECRET), verify):
        assert refusal(call, url).reason == "wrong-type"


def test_a_signed_url_is_not_signed_again():
    assert refusal(sign_url, SIGNED, secret=SECRET).reason == "duplicate-parameter"


@pytest.mark.parametrize(
    ("url", "signed"),
    [(BASE, BASE + "?signature="), (BASE + "?", BASE + "?signature="), (BASE + "?a=1&", BASE + "?a=1&signature="),
     (BASE + "?a=1#top", BASE + "?a=1&signature=")],
)  # fmt: skip
def test_the_signature_is_appended_to_the_url_as_given(url, signed):
    made = sign_url(url, secret=SECRET)
    assert made.startswith(signed)
    assert made.endswith("#top") is url.endswith("#top")


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,8}", fullmatch=True).filter(
    lambda n: n not in ("signature", "timestamp")
)
VALUES = st.text(st.characters(codec="utf-8"), max_size=12)
several = settings(deadline=None, derandomize=True, database=None)


@several
@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_whatever_is_signed_verifies(pairs):
    from urllib.parse import quote

    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs.items())
    url = sign_url(f"{BASE}?{query}&timestamp={NOW}", secret=SECRET)
    assert dict(verify(url).parameters) == {**pairs, "timestamp": str(NOW)}
    assert refusal(verify, url, secret="Another-Provider-Secret-2!").reason == "signature-mismatch"


@several
@given(st.text(max_size=40))
def test_no_text_is_a_traceback(text):
    for url in (text, f"{BASE}?{text}", f"{BASE}?signature={'0' * 64}&timestamp={NOW}&{text}"):
        refusal(verify, url)


def test_stages_of_a_url():
    base, query, names, message = url_stages(SIGNED)
    assert (base.value, names.value) == (
        BASE.encode(),
        b"apiClaim apiToken customerName customerWebId parameterCacheId timestamp userId",
    )
    assert message.value == URL.encode()
    assert "sha256" in message.show() and "sha256" in query.show(), "they hold an API token"
    assert "sha256" not in url_stages(f"{BASE}?a=1")[3].show()
    assert url_stages(f"{BASE}/apiClaim?a=1")[0].show().startswith(f"{BASE}/apiClaim"), (
        "a path may be called so"
    )
    assert "secret-claim" not in refusal(verify, f"{SIGNED}".replace("ctguyro", "secret-claim")).explain()


@pytest.mark.parametrize("name", ["apiToken", "apiClaim"])
def test_a_stage_hides_the_value_of_either_credential_without_the_other(name):
    """A service's URL has the claim alone, an activation of before 2022 the token alone (A14)."""
    for stage in (1, 3):
        assert "secret-value" not in url_stages(f"{BASE}?{name}=secret-value")[stage].show()
    for stage in url_stages(f"{BASE}&{name}=secret-value?a=1"):  # its question mark stands elsewhere
        assert "secret-value" not in stage.show()


# --- readings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reading", "url", "text"),
    [
        ("base=query-only", BASE + "?b=1&a=2", "a=2&b=1"),
        ("base=path-and-query", BASE + "?b=1&a=2", "/activate?a=2&b=1"),
        ("port=signed", "https://provider.example:8443/p?a=1", "https://provider.example:8443/p?a=1"),
        ("port=signed", "https://provider.example/p?a=1", "https://provider.example/p?a=1"),
        ("port=signed", "https://[::1]:8443/p?a=1", "https://[::1]:8443/p?a=1"),
        ("host=lower-case", "https://Provider.example/P?a=1", "https://provider.example/P?a=1"),
        ("path=slash-dropped", BASE + "/?a=1", BASE + "?a=1"),
        (
            "names=php-compatible",
            BASE + "?my.p=1&ids[]=5&ids[]=7&=x",
            BASE + "?ids%5B0%5D=5&ids%5B1%5D=7&my_p=1",
        ),
        ("names=php-compatible", BASE + "?10=a&9=b", BASE + "?9=b&10=a"),
        ("names=php-before-8-2", BASE + "?10=a&9=b&c=1&-1=d", BASE + "?-1=d&c=1&9=b&10=a"),
        ("integer-names=as-text", BASE + "?9=b&10=a", BASE + "?10=a&9=b"),
        ("repeated=php-compatible", BASE + "?n=1&n=2", BASE + "?n=2"),
        ("repeated=first-wins", BASE + "?n=1&n=2", BASE + "?n=1"),
        ("own-parameters=left-out", BASE + "?plan=x&userId=17", BASE + "?userId=17"),
        ("own-parameters=left-out", BASE + "?Own=1&" + OF_THE_PAGES + "&own=1", BASE + "?" + OF_THE_PAGES),
        ("empty=dropped", BASE + "?a=&b=1", BASE + "?b=1"),
        ("order=case-insensitive", BASE + "?a=1&B=2", BASE + "?a=1&B=2"),
        ("order=as-received", BASE + "?b=1&a=2", BASE + "?b=1&a=2"),
        ("encoding=rfc3986", BASE + "?a=x+~*", BASE + "?a=x%20~%2A"),
        ("encoding=python", BASE + "?a=x+~*", BASE + "?a=x+~%2A"),
        ("encoding=url-search-params", BASE + "?a=x+~*", BASE + "?a=x+%7E*"),
        ("encoding=encode-uri-component", BASE + "?a=x+~*!'()", BASE + "?a=x%20~*!'()"),
        ("encoding=raw", BASE + "?b=%c3%bc&a=x%20y", BASE + "?a=x%20y&b=%c3%bc"),
        ("encoding=decoded", BASE + "?a=x%20y", BASE + "?a=x y"),
    ],
)
def test_what_a_reading_signs(reading, url, text):
    assert string_to_sign(url, readings=readings.of(f"onoffice:url.{reading}")) == text


def test_two_readings_together_are_the_official_verifier():
    both = ("onoffice:url.names=php-compatible", "onoffice:url.repeated=php-compatible")
    url = f"{BASE}?customerWebId=4712&userId=17&timestamp={NOW}&customerWebId=4711"
    genuine = sign_url(f"{BASE}?customerWebId=4711&userId=17&timestamp={NOW}", secret=SECRET)
    signature = genuine.rpartition("=")[2]
    assert dict(verify(f"{url}&signature={signature}", *both).parameters)["customerWebId"] == "4711"
    assert refusal(verify, f"{url}&signature={signature}").reason == "duplicate-parameter"


@pytest.mark.parametrize(
    ("ids", "of"),
    [(["onoffice:url.nothing=x"], "no such"), (["onoffice:url.port=signed", "onoffice:url.host=lower-case"], "both the base")],
)  # fmt: skip
def test_readings_that_are_none(ids, of):
    assert refusal(readings.of, *ids).reason == "unknown-reading", of


def test_stages_that_are_none():
    assert refusal(string_to_sign, BASE, readings={"nothing": str}).reason == "unknown-reading"
    assert refusal(string_to_sign, BASE, readings={"form": "x"}).reason == "unknown-reading"


# --- the API's HMAC -------------------------------------------------------------------------------

GET = "urn:onoffice-de-ns:smart:2.5:smartml:action:get"
SDK = {"token": "mgjIQkNRnaqggVzy9cZW", "api_key": "yOJobbhGLXdp90XxvxedFhH7073L9U", "timestamp": 123456789,
       "resource_type": "estateCategories", "action_id": GET}  # fmt: skip


def test_version_2_is_that_of_the_official_sdks_test():
    assert api_hmac(**SDK) == "dsvg3r4AFcQXges0MZ+3auzQVfnEB39pLkKSgmm9Wvg="
    assert api_hmac(**{**SDK, "timestamp": "123456789"}) == api_hmac(**SDK)
    assert api_hmac(**SDK, parameters={"a": 1}, resource_id="7", identifier="x") == api_hmac(**SDK), (
        "not covered"
    )


def test_the_inputs_of_the_documentations_sample():
    sample = {**SDK, "token": "dX5hkIIU6W", "api_key": "dhY8h7FeU9"}
    assert api_hmac(**sample) == "F9OXyaJv7p+bLkwGDGV7ZUmfYgjH2E24zpsxY5/nVDk="


def test_version_1_is_that_of_the_testers_test():
    v1 = {"token": "token", "api_key": "secret", "timestamp": 100, "resource_type": "type", "action_id": "action",
          "identifier": "identifier", "resource_id": "1", "version": 1}  # fmt: skip
    assert api_hmac(**v1, parameters={"paramKey": "paramValue"}) == "7e0bb4b6ceb4b3cff609524e416f2ac3"
    assert api_hmac(**v1, parameters={"b": 1, "a": 2}) == api_hmac(**v1, parameters={"a": 2, "b": 1}), (
        "sorted"
    )
    assert api_hmac(**v1) == api_hmac(**v1, parameters={}) != api_hmac(**v1, parameters={"a": 1})
    assert refusal(api_hmac, **v1, parameters={"a": 1.5}).reason == "wrong-type"


def test_version_1_of_an_action_without_identifier_and_resource_has_empty_texts_in_their_places():
    """Facts 2.7: the five texts stay in place. The value is that of `md5` and `json_encode` of PHP 8.2, and of `md5sum`."""
    action = {"token": "token", "api_key": "secret", "timestamp": 100, "resource_type": "type", "action_id": "action"}  # fmt: skip
    made = api_hmac(**action, version=1, parameters={"paramKey": "paramValue"})
    assert made == "d13dffc1e0d8a8bd8ac68604b7cdae62"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"api_key": ""}, "empty-secret"), ({"api_key": 7}, "wrong-type"), ({"token": None}, "wrong-type"),
        ({"timestamp": True}, "wrong-type"), ({"timestamp": -1}, "malformed"), ({"timestamp": "1.5"}, "malformed"),
        ({"timestamp": 1.5}, "wrong-type"), ({"version": 3}, "not-allowed"), ({"resource_type": "\ud800"}, "malformed"),
        ({"timestamp": 10**5_000}, "malformed"), ({"timestamp": 10**12}, "timestamp-in-milliseconds"),
        *[({"version": 1, "parameters": wrong}, "wrong-type") for wrong in ("x", ["x"], [], 5, {1: 2, "a": 3}, {"a": b""})],
        *[({"version": 1, "parameters": wrong}, "malformed") for wrong in ({"a": ["\ud800"]}, {"a": 1.5, "b": {"0": 1}})],
    ],
)  # fmt: skip
def test_what_the_hmac_refuses(change, reason):
    assert refusal(api_hmac, **{**SDK, **change}).reason == reason


# Written by `json_encode` of PHP 8.2.
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"url": "https://x/ü", "f": [], "d": "\x7f \\u007f"}, '{"url":"https:\\/\\/x\\/\\u00fc","f":[],"d":"\x7f \\\\u007f"}'),
        ({}, "[]"), ({"a": {}}, '{"a":[]}'), ({"a": [1, None, True]}, '{"a":[1,null,true]}'), ({"a": "😀"}, '{"a":"\\ud83d\\ude00"}'),
    ],
)  # fmt: skip
def test_json_as_php_writes_it(value, text):
    assert php_json(value) == text


def test_the_keys_here_are_public():
    assert {SECRET, SDK["api_key"], "dhY8h7FeU9", "secret", "Another-Provider-Secret-2!"} <= PUBLIC_TEST_KEYS


def test_digests_are_compared_in_constant_time_alone():
    source = Path(signing.__file__).read_text("utf-8")
    assert plain_comparisons(source) == []
    compared = 'hmac.compare_digest(hmac.digest(key, text.encode(), "sha256"), received)'
    assert source.count(compared) == 1
    plain = source.replace(compared, 'hmac.digest(key, text.encode(), "sha256") == received')
    compares = "hmac.digest(key, text.encode(), 'sha256') == received"
    assert plain_comparisons(plain) == [compares, "no comparison in constant time"]
