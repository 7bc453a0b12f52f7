"""The comparison: each of its claims is tried with the package, by changing a genuine request and verifying it again."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import shake_256
from itertools import count
from urllib.parse import quote, unquote, urlencode, urlsplit

import pytest

from docs import comparison_page, diagrams
from handshakes.core.cases import Found
from handshakes.core.refusals import Refused
from handshakes.fortis import encrypt_parameters
from handshakes.fortis.rules import encrypted
from handshakes.fortis.signing import launch_hmac
from handshakes.officernd.signing import sign_query, sign_webhook
from handshakes.onoffice.signing import api_hmac, sign_url
from handshakes.platforms import PLATFORMS
from handshakes.retailcrm.signing import registration_token
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from handshakes.spec import register

SECRET = "Example-Provider-Secret-1!"
NOW, DAY = 1_700_000_000, 86_400
DATA = comparison_page.data()
SCHEMES = {scheme["id"]: scheme for scheme in DATA["scheme"]}
PROPERTIES = [each["id"] for each in DATA["property"]]
LOCATION, OTHER = "11ea858313aabde4bd2eb0fa", "11ea858313aabde4bd2e0000"
TOLERANCES = {
    "officernd-url": (300, 60),
    "officernd-webhook": (300, 60),
    "onoffice-url": (300, 120),
    "onoffice-api": (120, 120),
    "fortis-plain": (300, 60),
}
"""Seconds back and ahead of the schemes that have a time, as the page says them."""
INSIDE = {
    "officernd-url": "slug=test-slug",
    "officernd-webhook": "integration.removed",
    "retailcrm-token": "example-api-key",
    "onoffice-url": "apiToken=example-token",
    "onoffice-api": "example-token",
    "fortis-plain": "access-token=example-token",
    "fortis-encrypted": "example-token",
}
"""What whoever sees the request can read in it, or cannot."""


def call(**changed: object) -> bytes:
    action = {"actionid": "urn:read", "resourcetype": "estate", "resourceid": "1", "identifier": ""}
    made = api_hmac(
        token="example-token", api_key=SECRET, timestamp=NOW, resource_type="estate", action_id="urn:read"
    )
    action |= {"timestamp": NOW, "hmac": made, "hmac_version": 2, "parameters": {"data": ["Id"]}} | changed
    return json.dumps({"token": "example-token", "request": {"actions": [action]}}).encode()


def registration(**changed: str) -> bytes:
    values = {
        "apiKey": "example-api-key",
        "token": registration_token("example-api-key", secret=SECRET),
        "systemUrl": "https://demo.simla.com",
    }
    return urlencode({"register": json.dumps(values | changed)}).encode()


def genuine(scheme: str) -> Found:
    """Return a genuine request of a scheme, made by the package."""
    form = (("content-type", "application/x-www-form-urlencoded"),)
    if scheme == "officernd-url":
        pairs = [("slug", "test-slug"), ("locations", "a, b"), ("organizationId", "5b"), ("memberId", "5c")]
        signed = [*pairs, ("signature", sign_query(pairs, secret=SECRET, timestamp=NOW))]
        return Found(f"https://partner.example/healthcheck?{urlencode(signed, quote_via=quote)}", "GET")
    if scheme == "officernd-webhook":
        body = b'{"eventType": "integration.removed"}'
        header = ("officernd-signature", sign_webhook(body, secret=SECRET, timestamp=NOW))
        return Found("https://partner.example/removed/5b?org=5b", "POST", (header,), body)
    if scheme == "retailcrm-token":
        return Found("https://module.example/register", "POST", form, registration())
    if scheme == "onoffice-url":
        values = {"apiToken": "example-token", "customerWebId": "4711", "timestamp": NOW, "userId": "17"}
        url = sign_url(f"https://provider.example/activate?{urlencode(values)}", secret=SECRET)
        return Found(url, "GET")
    if scheme == "onoffice-api":
        return Found("https://api.onoffice.de/api/stable/api.php", "POST", (), call())
    if scheme == "fortis-plain":
        made = launch_hmac(LOCATION, str(NOW), secret=SECRET)
        values = {"location_id": LOCATION, "timestamp": NOW, "hmac": made, "user_id": "7"}
        query = urlencode(values | {"access-token": "example-token", "contact_id": "8"})
        return Found(f"https://app.example/launch?{query}", "GET")
    values = {"location_id": LOCATION, "user_id": "7", "access-token": "example-token"}
    values |= {"user_oauth_url": "https://api.sandbox.zeamster.com"}
    data = encrypt_parameters(values, secret=SECRET, salt=b"12345678")
    return Found(f"https://app.example/launch?{urlencode({'data': data})}&plan=gold", "GET")


def accepted(scheme: str, found: Found, now: int = NOW) -> bool:
    """Return whether the package takes a request for genuine."""
    try:
        slips = PLATFORMS[SCHEMES[scheme]["platform"]].slips()
        slips.verify(found, secret=SECRET, now=now, tolerance=None, readings=[])
    except Refused:
        return False
    return True


def with_parameter(found: Found, name: str, value: str) -> Found:
    start, _, query = found.url.partition("?")
    pairs = [piece.partition("=")[::2] for piece in query.split("&")]
    changed = "&".join(f"{key}={quote(value) if key == name else text}" for key, text in pairs)
    assert changed != query, name
    return replace(found, url=f"{start}?{changed}")


def changed(scheme: str, id: str) -> Iterator[tuple[str, Found]]:
    """Yield genuine requests with one change each to what a property is about."""
    found = genuine(scheme)
    parts = urlsplit(found.url)
    if id == "path":
        yield "path", replace(found, url=parts._replace(path="/another").geturl())
    elif id == "host":
        yield "host", replace(found, url=parts._replace(netloc="another.example").geturl())
    elif id == "method":
        yield "method", replace(found, method="PUT")
    elif id == "body":
        if scheme == "retailcrm-token":
            yield "systemUrl", replace(found, body=registration(systemUrl="https://other.simla.com"))
            yield "another member", replace(found, body=registration(more="more"))
            yield "apiKey", replace(found, body=registration(apiKey="another-api-key"))
        elif scheme == "onoffice-api":
            yield "parameters", replace(found, body=call(parameters={"data": ["Name"]}))
            yield "actionid", replace(found, body=call(actionid="urn:modify"))
            yield "resourcetype", replace(found, body=call(resourcetype="address"))
            yield "timestamp", replace(found, body=call(timestamp=NOW + 1))
        elif found.body:
            yield "one blank", replace(found, body=found.body.replace(b": ", b":"))
            yield "line end", replace(found, body=found.body + b"\n")
        else:
            yield "a body", replace(found, body=b"slug=another&user_id=another")
    elif scheme == "retailcrm-token":
        yield from changed(scheme, "body")
    elif scheme == "onoffice-api":
        yield "parameters", replace(found, body=call(parameters={"data": ["Name"]}))
        yield "resourceid", replace(found, body=call(resourceid="2"))
        yield "identifier", replace(found, body=call(identifier="x"))
    elif scheme == "fortis-encrypted":
        yield "plan", with_parameter(found, "plan", "silver")
    else:
        for name in [pair.partition("=")[0] for pair in parts.query.split("&")]:
            if name not in ("signature", "hmac"):
                value = {"timestamp": str(NOW + 1), "location_id": OTHER}.get(name, "another")
                yield name, with_parameter(found, name, value)


def tried(scheme: str, id: str) -> str:
    """Return the verdict that trying gives."""
    found = genuine(scheme)
    assert accepted(scheme, found)
    if id == "time":
        return "yes" if not accepted(scheme, found, NOW + DAY) else "no"
    if id == "replay":
        return "no" if accepted(scheme, found) and accepted(scheme, found, NOW + 1) else "yes"
    if id == "secrecy":
        seen = unquote(found.url) + found.body.decode() + str(found.headers)
        return "no" if INSIDE[scheme] in seen else "yes"
    outcomes = {accepted(scheme, one) for _, one in changed(scheme, id)}
    return {frozenset({True}): "no", frozenset({False}): "yes"}.get(frozenset(outcomes), "part")


@pytest.mark.parametrize("id", PROPERTIES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_the_page_says_of_a_scheme_is_what_the_package_does(scheme, id):
    assert SCHEMES[scheme][id]["verdict"] == tried(scheme, id)


def test_a_false_verdict_would_be_seen():
    for scheme, id in (("officernd-url", "path"), ("onoffice-url", "host"), ("retailcrm-token", "time")):
        false = {"yes": "no", "no": "yes"}[SCHEMES[scheme][id]["verdict"]]
        assert tried(scheme, id) != false


@pytest.mark.parametrize(
    ("scheme", "id", "covered"),
    [
        ("retailcrm-token", "parameters", {"apiKey"}),
        ("retailcrm-token", "body", {"apiKey"}),
        ("onoffice-api", "body", {"actionid", "resourcetype", "timestamp"}),
        ("fortis-plain", "parameters", {"location_id", "timestamp"}),
    ],
)
def test_what_is_protected_in_part_is_exactly_what_the_page_names(scheme, id, covered):
    assert SCHEMES[scheme][id]["verdict"] == "part"
    assert {name for name, one in changed(scheme, id) if not accepted(scheme, one)} == covered


def test_every_entry_that_says_in_part_is_tried_by_name():
    parts = {(one, id) for one in SCHEMES for id in PROPERTIES if SCHEMES[one][id]["verdict"] == "part"}
    assert parts == {
        ("retailcrm-token", "parameters"),
        ("retailcrm-token", "body"),
        ("onoffice-api", "body"),
        ("fortis-plain", "parameters"),
    }


@pytest.mark.parametrize("scheme", TOLERANCES)
def test_the_seconds_on_the_page_are_those_of_the_package(scheme):
    back, ahead = TOLERANCES[scheme]
    found, said = genuine(scheme), SCHEMES[scheme]["time"]["text"]
    assert f"{back} s" in said and f"{ahead} s" in said
    assert [accepted(scheme, found, NOW + late) for late in (back, back + 1)] == [True, False]
    assert [accepted(scheme, found, NOW - early) for early in (ahead, ahead + 1)] == [True, False]


def test_a_scheme_without_a_time_holds_for_years():
    for scheme in set(SCHEMES) - set(TOLERANCES):
        assert accepted(scheme, genuine(scheme), NOW + 3_650 * DAY)


def test_a_signed_url_of_officernds_health_check_starts_a_sync():
    sides, network, sent = connected()
    (check,) = [request for request in sent if request.path == "/officernd/healthcheck"]
    sync = replace(check, target=check.target.replace("/healthcheck?", "/sync?"))
    assert network.exchange("browser", sync).status == 200
    assert network.exchange("browser", replace(sync, method="HEAD")).status == 405
    assert not sides.reports or {refused.reason for _, refused in sides.reports} == {"wrong-method"}


def connected():
    """Connect OfficeRnD; return both sides, their network, and the requests that the partner was sent."""
    clock, turn = Clock(NOW), count(1)
    world = World(clock, lambda size: shake_256(b"%d" % next(turn)).digest(size), MemoryStore())
    tools = PLATFORMS["officernd"].tools()
    sides = tools.sides(world)
    partner = diagrams.Heard(sides.partner)
    network = InProcess(sides.platform, partner, clock=clock)
    chapter = tools.story(sides, Browser(network.transcript))[0]
    assert all(check.held for check in network.run(chapter.step, chapter.sender))
    return sides, network, [*partner.requests]


def test_the_order_is_signed_by_officernd_and_not_by_onoffice():
    for scheme, expected in (("officernd-url", False), ("onoffice-url", True)):
        found = genuine(scheme)
        start, _, query = found.url.partition("?")
        turned = replace(found, url=f"{start}?{'&'.join(reversed(query.split('&')))}")
        assert accepted(scheme, turned) is expected
        assert "order" in SCHEMES[scheme]["parameters"]["text"]


def test_officernds_empty_member_and_quotes_may_be_left_out():
    bare = [("slug", "s"), ("organizationId", "5b")]
    for sent in ([*bare, ("memberId", "")], [("slug", "s"), ("organizationId", '"5b"')]):
        signed = [*sent, ("signature", sign_query(bare, secret=SECRET, timestamp=NOW))]
        assert accepted("officernd-url", Found(f"/h?{urlencode(signed, quote_via=quote)}"))


def test_onoffices_port_is_not_signed():
    found = genuine("onoffice-url")
    assert accepted("onoffice-url", replace(found, url=found.url.replace(".example/", ".example:8443/")))


def test_one_changed_bit_of_an_encrypted_launch_still_decrypts_with_right_padding():
    text = json.dumps({"location_id": LOCATION, "user_id": "7", "access-token": "example-token"})
    raw = base64.b64decode(
        encrypt_parameters(json.loads(text), secret=SECRET, salt=b"12345678").encode(), validate=True
    )
    key, iv = encrypted.derive(SECRET.encode(), raw[8:16])
    before = encrypted.decrypt(raw[16:], key, iv)
    after = encrypted.decrypt(bytes([raw[16] ^ 1]) + raw[17:], key, iv)
    assert after[:16] != before[:16] and after[16] == before[16] ^ 1 and after[17:] == before[17:]
    assert after[-1] <= 16 and after.endswith(bytes([after[-1]]) * after[-1])


def test_every_clause_that_an_entry_names_exists_and_says_who_graded_it():
    entries = [(one["platform"], one[id]) for one in SCHEMES.values() for id in PROPERTIES]
    entries += [(one["platform"], one) for one in DATA["unproved"]]
    for platform, entry in entries:
        spec = register.load(platform)
        grades = {one.id.partition(":")[2]: one.grade for one in (*spec.clauses, *spec.advice)}
        assert set(entry["clauses"]) <= set(grades), entry
        found = {grades[id] for id in entry["clauses"]}
        said = {word for word in ("assumed", "inferred") if word in entry["text"]}
        of_clauses = {grades[id] for id in entry["clauses"] if not id.startswith("advice.")}
        assert said <= found and (said or not of_clauses <= {"assumed", "inferred"}), entry


def test_every_entry_that_does_not_protect_says_what_to_do():
    for scheme in SCHEMES.values():
        for id in PROPERTIES:
            assert ("do" in scheme[id]) == (scheme[id]["verdict"] != "yes"), (scheme["id"], id)
    assert all("do" in one for one in DATA["unproved"])


@pytest.mark.parametrize("entry", DATA["unproved"], ids=lambda entry: entry["title"])
def test_what_the_page_calls_unproved_carries_no_signature_in_a_run(entry):
    sent = diagrams.run(entry["platform"]).requests
    for wanted in entry["requests"]:
        found = [one for one in sent if f"{one.method} {one.path}" == wanted]
        assert found, wanted
        for request in found:
            names = request.target + request.body.decode() + " ".join(name for name, _ in request.headers)
            assert not any(name in names for name in ("signature", "hmac", "data=", "token%22"))


def test_everything_that_a_partner_is_sent_in_a_run_is_on_the_page():
    """What is signed is known by its parameters; all else is listed as unproved, or is the partner's own page."""
    own = {
        "GET /retailcrm/account",
        "GET /fortis/app",
        "POST /fortis/oauth/start",
        "GET /fortis/oauth/callback",
    }
    for platform in PLATFORMS:
        listed = {path for one in DATA["unproved"] if one["platform"] == platform for path in one["requests"]}
        for request in diagrams.run(platform).requests:
            signed = any(name in request.target for name in ("signature=", "hmac=", "data="))
            signed |= bool(request.header("officernd-signature")) or b"register=" in request.body
            line = f"{request.method} {request.path}"
            assert signed or line in listed | own, line


def test_the_page_shows_every_entry():
    page = comparison_page.sections()
    for id in PROPERTIES:
        section = page.partition(f"{{ #{id} }}")[2].partition("\n## ")[0]
        lines = [line for line in section.splitlines() if line.startswith("- ")]
        assert len(lines) == len(SCHEMES)
        for line, scheme in zip(lines, SCHEMES.values(), strict=True):
            assert comparison_page.prose(scheme["title"]) in line
            assert f"**: {comparison_page.VERDICTS[scheme[id]['verdict']]}. " in line
    assert page.count("](clauses/") == sum(
        len(entry["clauses"])
        for entry in (*(one[id] for one in SCHEMES.values() for id in PROPERTIES), *DATA["unproved"])
    )


def test_the_first_table_names_the_schemes_that_protect():
    rows = comparison_page.at_a_glance().splitlines()[2:]
    assert len(rows) == len(PROPERTIES)
    for id, row in zip(PROPERTIES, rows, strict=True):
        held = [one["title"] for one in SCHEMES.values() if one[id]["verdict"] != "no"]
        assert [
            one["title"] for one in SCHEMES.values() if comparison_page.prose(one["title"]) in row
        ] == held
