"""`handshakes tour` and `verify` for Fortis, as a person meets them.

Payloads and hmacs are the worked values of the facts on Fortis, or are made here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.cli.test_cli import Ran, command, run, unprintable  # noqa: F401  (run is a fixture)

NOW = 1_700_000_000
SECRET = "3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3"
LOCATION = "11ea858313aabde4bd2eb0fa"
H02 = "f353309af844eec88fdf53e8b584e991c02018ee220dbc374d55e66b35dffeb9"
E01 = "U2FsdGVkX18AAQIDBAUGB+pVm7MdRFF+85lhOePM+nkxTPX/HAe/p4R9lVDIQPzJxBFmekFHdNOV9jGjem/UV60QQ5lQkP43zIKPklvk+x0="
E02 = (
    "U2FsdGVkX1/j9Je0wTkvYQcdkrp9BNkJNrrAh13TY1ffo22WVG0qAWMfOuJYIh481eDj20zbcKT+9kaOihngl1Uqx7BKxuh5mxOVP6ACb3bR"
    "Gg1h3GDdLPp6oxMQKNzcOxPHR7BKHMRTW9FmUPmC9eJkRS9gGwVRoYlkwTcn7muSMYmSUUbXF5wx27EvOJRkKLMel5DgtIHXk5chFthBXvXY"
    "OIN3lNY7fXA6ThkBVXbqjGTxO0/X9xTjrifUaaFVoi35W0d1GZHS+m8NDBoSFNtZ8nHM5cfwbYI6Scg5NsRmCh9QjrJHnnYBr1gt82HhuDjG"
    "w6ATYkx3aJvpZRHdIA=="
)
TOKEN = "3pPzNQstYfXDCE5x"


def plain(mac: str = H02, location: str = LOCATION, time: str = str(NOW), more: str = "&user_id=7") -> str:
    return f"https://yourapp.com/redirection?location_id={location}&timestamp={time}&hmac={mac}{more}"


def made(key: bytes, message: str, name: str = "sha256") -> str:
    return hmac.new(key, message.encode(), name).hexdigest()


def verified(run, request: str, *options: str, secret: str = SECRET, now: int = NOW) -> Ran:  # noqa: F811
    return run("verify", "fortis", request, "--now", str(now), *options, secret=secret)


# --- the tour -----------------------------------------------------------------------------------------


def test_the_tour_shows_every_step_and_no_secret():
    toured = command("tour", "fortis", "--bodies")
    assert (toured.code, toured.err) == (0, "")
    messages = re.findall(r"^ *(\d+) (?:browser|app|Fortis) .+", toured.out, re.MULTILINE)
    assert [int(number) for number in messages] == list(range(1, len(messages) + 1))
    for said in (
        f"POST https://app.example/fortis/location?location_id={LOCATION}&",
        f"POST https://app.example/fortis/user?location_id={LOCATION}&user_id=",
        "GET https://app.example/fortis/launch?data=‹",
        f"GET https://app.example/fortis/launch?location_id={LOCATION}&timestamp=",
        "GET https://api.sandbox.zeamster.com/v2/users/me",
        "POST https://api.sandbox.zeamster.com/oauth/token",
        f"DELETE https://app.example/fortis/user?location_id={LOCATION}&user_id=",
        f"DELETE https://app.example/fortis/location?location_id={LOCATION}&",
    ):
        assert said in toured.out, said
    checks = re.findall(r"^  ([✓✗]) ", toured.out, re.MULTILINE)
    assert set(checks) == {"✓"}
    assert f"{len(messages)} messages, {len(checks)} checks held, 0 failed" in toured.out
    assert re.findall(r"(?<![0-9a-f])[0-9a-f]{32,}(?![0-9a-f])", toured.out) == []
    assert unprintable(toured.out) == []


# --- verify -------------------------------------------------------------------------------------------


def test_a_request_line_of_a_log_is_read_without_what_stands_around_the_target(run):  # noqa: F811
    target = plain().removeprefix("https://yourapp.com")
    ran = verified(run, f"GET {target} HTTP/1.1")
    assert ran.code == 0 and "  user_id = 7\n" in ran.out


def test_an_address_without_a_query_is_no_base64(run):  # noqa: F811
    ran = verified(run, "https://yourapp.com/redirection")
    assert ran.code == 4 and "Nothing to verify" in ran.out and "base64" not in ran.out


def test_a_plain_launch_is_verified_and_what_is_not_covered_is_said(run):  # noqa: F811
    ran = verified(run, plain(more="&user_id=7&access-token=abc&contact_id="))
    assert (ran.code, ran.err) == (0, "")
    assert "  covered: location_id, timestamp\n" in ran.out
    assert "not covered: user_id, access-token, host and path" in ran.out
    assert "user_id = 7" in ran.out and "abc" not in ran.out


@pytest.mark.parametrize(
    "request_of", [lambda d: f"/x?data={quote(d, safe='')}", lambda d: d, lambda d: f"data={quote(d)}"]
)
def test_an_encrypted_launch_is_read_as_url_or_as_the_value_alone(run, request_of):  # noqa: F811
    ran = verified(run, request_of(E02))
    assert (ran.code, ran.err) == (0, "")
    assert "There is no MAC" in ran.out and "  covered: nothing\n" in ran.out
    assert f"location_id = {LOCATION}" in ran.out
    assert re.search(r"^  text +‹\d+ bytes, sha256 [0-9a-f]{6}…›$", ran.out, re.MULTILINE), "it holds a token"


def test_the_time_is_checked_and_tolerance_and_readings_are_options(run):  # noqa: F811
    assert verified(run, plain(), now=NOW + 300).code == 0
    ran = verified(run, plain(), now=NOW + 301)
    assert (ran.code, "stale" in ran.out, "Likely cause" in ran.out) == (1, True, False)
    assert verified(run, plain(), "--tolerance", "301,0", now=NOW + 301).code == 0
    assert (
        verified(run, plain(), "--reading", "fortis:plain.tolerance=900-back-60-ahead", now=NOW + 900).code
        == 0
    )
    assert verified(run, plain(), "--reading", "fortis:no=such").code == 2


BOTH = LOCATION + str(NOW)
KEY = SECRET.encode()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (plain(H02.upper()), "form-upper-case"),
        (plain(made(KEY, str(NOW) + LOCATION)), "the reading fortis:plain.message=timestamp-location"),
        (plain(made(KEY, f"{BOTH}000"), time=f"{NOW}000"), "the reading fortis:plain.timestamp=milliseconds"),
        (plain(made(b"your_secret_key", "zzzzzzzz1234567890"), "zzzzzzzz", "1234567890"), ""),
        (plain(made(KEY + b"\n", BOTH)), "key-line-end"),
        (plain(made(b"", BOTH)), "key-empty"),
        (plain(made(BOTH.encode(), SECRET)), "mac-swapped"),
        (plain(hashlib.sha256(KEY + BOTH.encode()).hexdigest()), "mac-plain-secret-first"),
        (plain(made(KEY, LOCATION)), "Likely cause"),
        (plain(made(KEY, f"{LOCATION}.{NOW}")), "Likely cause"),
        (plain(made(KEY, BOTH + "\n")), "Likely cause"),
        (plain(made(KEY, f"7{NOW}")), "Likely cause"),
        (plain(made(KEY, f"location_id={LOCATION}&timestamp={NOW}&user_id=7")), "Likely cause"),
        (plain(made(KEY, "1" + str(NOW))), ""),
    ],
)  # fmt: skip
def test_a_wrong_hmac_names_the_reading_or_mistake_that_fits(run, url, said):  # noqa: F811
    ran = verified(run, url)
    assert ran.code == 1
    assert said in ran.text if said else "Likely cause" not in ran.text
    assert SECRET not in ran.text and H02 not in ran.out.replace(url, "")


def encrypted(secret: bytes, digest: str = "md5", text: bytes = b"") -> str:
    """Encrypt as `openssl enc -md …` does."""
    text = text or f'{{"location_id":"{LOCATION}","user_id":"7"}}'.encode()
    salt, derived = b"saltsalt", b""
    last = b""
    while len(derived) < 48:
        last = hashlib.new(digest, last + secret + salt).digest()
        derived += last
    size = 16 - len(text) % 16
    encryptor = Cipher(algorithms.AES(derived[:32]), modes.CBC(derived[32:48])).encryptor()
    padded = text + bytes([size]) * size
    return base64.b64encode(b"Salted__" + salt + encryptor.update(padded) + encryptor.finalize()).decode()


SHORT = b'{"location_id":"zzzzzzzz","user_id":"7"}'


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"/x?data={quote(encrypted(KEY, 'sha256'), safe='')}", "the reading fortis:encrypted.derivation=sha256"),
        (f"/x?data={E02}", "plus"),
        (f"/x?data={quote(quote(E02, safe=''), safe='')}", "percent-encoded"),
        (f"/x?data={quote(encrypted(KEY + b' '), safe='')}", "key-blank"),
        (f"/x?data={quote(encrypted(KEY, text=SHORT), safe='')}",
         "the reading fortis:launch.location-id=any"),
        (f"/x?data={quote(E02[:-4], safe='')}", "fortis-data-cut"),
        (f"/x?data={quote(encrypted(b'another secret'), safe='')}", ""),
    ],
)  # fmt: skip
def test_a_wrong_payload_names_the_reading_or_mistake_that_fits(run, url, said):  # noqa: F811
    ran = verified(run, url)
    assert ran.code == 1
    assert said in ran.text if said else "Likely cause" not in ran.text
    assert SECRET not in ran.text and TOKEN not in ran.text


@pytest.mark.parametrize(
    "request_",
    ["?", "x" * 16, "?data=", "?data=%", "?location_id=1", "?hmac=1&data=2", "\x1b[31m?data=x"],
)
def test_what_is_no_launch_is_refused_in_a_few_lines(run, request_):  # noqa: F811
    ran = verified(run, request_)
    assert ran.code in (1, 4) and len(ran.out.splitlines()) < 15
    assert unprintable(ran.out) == []


def test_what_was_received_is_not_shown_when_it_is_refused(run):  # noqa: F811
    ran = verified(run, f"/x?data={quote(E02, safe='')}", secret="another-app-secret")
    assert ran.code == 1 and "decryption-failed" in ran.out
    assert E02[20:60] not in ran.out


def test_a_verified_plain_launch_says_when_it_was_signed(run):  # noqa: F811
    ran = verified(run, plain(), now=NOW + 90)
    assert f"Signed at {NOW}, 1 minute 30 seconds (90 s) before {NOW + 90}." in ran.out
