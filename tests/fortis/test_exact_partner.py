"""Small rules of the app, each where a change of it alone would show: what it sends, keeps, shows and bounds."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from handshakes.core.messages import Pause, Request, Response, Unreachable, form_body, json_response
from handshakes.fortis.partner.api import sendable
from handshakes.fortis.partner.sessions import sealed, unsealed
from handshakes.fortis.signing import Launch
from handshakes.runtime.flow import drive
from handshakes.runtime.store import Installation, StoreError
from handshakes.runtime.tokens import Tokens
from tests.fortis.sides import LOCATION, NOW, OTHER_LOCATION, OTHER_USER, USER, Both, sides
from tests.refusals import told_of

APP, API = "https://app.example", "https://api.sandbox.zeamster.com"
FORM = ("content-type", "application/x-www-form-urlencoded")
TOKENS = Tokens("access", "refresh", NOW + 3_600)
C = "fortis:"


def text(response: Response) -> str:
    """Return what a person reads: the title, and what is below the heading."""
    page = response.body.decode()
    title = page.partition("<title>")[2].partition("</title>")[0]
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", f"{title}: {page.partition('</h1>')[2]}")).strip()


def asked(world: Both, method: str, target: str, *headers: tuple[str, str], body: bytes = b"") -> Response:
    return world.network.exchange("browser", Request(method, APP, target, headers, body))


def by_hand(values: dict[str, str], until: int, key: str) -> str:
    """Return sealed values as sessions.py describes them: JSON in base64, the end, the MAC of both."""
    encoded = base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode()
    body = f"{encoded}.{until}"
    return f"{body}.{hmac.digest(key.encode(), body.encode(), 'sha256').hex()}"


# --- addresses ------------------------------------------------------------------------------------------------


def test_the_addresses_for_the_platform_hold_its_placeholders():
    """Facts 1.5: with dashes for an iframe, with dots for postbacks; location, time and HMAC come by themselves."""
    plain, encrypted = sides(mode="plain").partner, sides(mode="encrypted").partner
    assert encrypted.iframe_url() == f"{APP}/fortis/launch"
    assert plain.iframe_url() == (
        f"{APP}/fortis/launch?user_id={{{{user-id}}}}&access-token={{{{access-token}}}}&contact_id={{{{contact-id}}}}"
        "&contact_api_id={{contact-api-id}}&user_oauth_url={{user-oauth-url}}"
    )
    assert plain.location_setup_url() == (
        f"{APP}/fortis/location?location_id={{{{location.id}}}}&account_number={{{{location.account_number}}}}"
        "&api_id={{location.location_api_id}}&key=example-postback-key"
    )
    assert plain.user_setup_url() == (
        f"{APP}/fortis/user?location_id={{{{location.id}}}}&user_id={{{{user.id}}}}&username={{{{user.username}}}}"
        "&email={{user.email}}&domain={{user.domain.url}}&key=example-postback-key"
    )


@pytest.mark.parametrize(
    "url", [API, f"{API}/", f"{API}//", f"{API}/v2", f"{API}/v2/", API.upper().replace("HTTPS", "https")]
)
def test_an_address_for_oauth_may_end_with_a_slash_or_the_version(url):
    world = sides()
    assert (world.partner.oauth_url(url), world.reports) == (API, [])


@pytest.mark.parametrize(
    ("url", "reason"),
    [(f"{API}/v3", "malformed"), (f"{API}/v2/v2", "malformed"), (f"{API}/v2v2", "malformed"), ("https://ü.example/v2", "malformed"),
     (f"{API}.attacker.example", "not-allowed"), (f"{API}XX", "not-allowed"), (f"{API}/X", "malformed")],
)  # fmt: skip
def test_another_address_for_oauth_is_ignored_and_told(url, reason):
    world = sides()
    assert world.partner.oauth_url(url) == ""
    assert [(name, one.reason, one.clause) for name, one in world.reports] == [
        ("launch", reason, C + "oauth.url")
    ]


# --- the API --------------------------------------------------------------------------------------------------

TOKEN = (("access-token", "t"), ("developer-id", "example-developer"))


@pytest.mark.parametrize(
    ("call", "target", "name", "clause"),
    [
        (lambda api, headers: api.me(headers), "/v2/users/me", "user", "identity.users-me"),
        (lambda api, headers: api.location("a/b", headers), "/v2/locations/a%2Fb", "location", "api.records"),
        (lambda api, headers: api.contact("a b", headers), "/v2/contacts/a%20b", "contact", "api.records"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("bearer", [False, True])
def test_a_record_is_read_with_the_token_in_a_header(call, target, name, clause, bearer):
    """Facts 8.1 and 8.2: developer-id stands beside it."""
    api = sides().partner.api
    headers = api.with_access("t") if bearer else api.with_token("t")
    assert headers == ((("authorization", "Bearer t"), TOKEN[1]) if bearer else TOKEN)
    found = []

    def carry(request):
        found.append(request)
        return json_response({name: {"id": "7"}})

    assert drive(call(api, headers), carry) == ("7" if name == "user" else {"id": "7"})
    assert found == [Request("GET", API, target, headers)]
    answers = ((json_response({"other": {}}), "unexpected-answer"), (Response(401), "platform-error"))
    for answer, reason in answers:
        told, _ = told_of(lambda: drive(call(api, headers), lambda request: answer))  # noqa: B023
        assert told == f"{reason} {C}{clause}"


@pytest.mark.parametrize(("id", "found"), [(7, "7"), ("a", "a"), (0, "0")])
def test_the_id_of_a_user_may_be_a_number(id, found):
    api = sides().partner.api
    assert drive(api.me(TOKEN), lambda request: json_response({"user": {"id": id}})) == found


@pytest.mark.parametrize("id", [True, 1.5, None, "", []])
def test_nothing_else_is_the_id_of_a_user(id):
    api = sides().partner.api
    told, _ = told_of(lambda: drive(api.me(TOKEN), lambda request: json_response({"user": {"id": id}})))
    assert told.endswith(f" {C}identity.users-me")


@pytest.mark.parametrize(
    ("call", "fields"),
    [
        (lambda p, row: p.exchange({"base": API, "verifier": "v"}, "c"),
         {"grant_type": "authorization_code", "code": "c", "redirect_uri": f"{APP}/fortis/oauth/callback", "code_verifier": "v"}),
        (lambda p, row: p.renewed(row), {"grant_type": "refresh_token", "refresh_token": "refresh"}),
    ],
)  # fmt: skip
def test_a_form_asks_for_an_access_at_the_listed_address(call, fields):
    """RFC 6749, 4.1.3 and 6; RFC 7636, 4.5."""
    partner = sides().partner
    row = Installation("fortis", "x", {"oauthUrl": API}, TOKENS.saved())
    found = []

    def carry(request):
        found.append(request)
        return json_response({"access_token": "a", "refresh_token": "r", "expires_in": 60})

    assert drive(call(partner, row), carry) == Tokens("a", "r", NOW + 60)
    (request,) = found
    assert (request.method, request.url, request.headers) == ("POST", f"{API}/oauth/token", (FORM,))
    ours = {"client_id": "example-app", "client_secret": "example-oauth-secret"}
    assert list(parse_qsl(request.body.decode())) == list({**fields, **ours}.items())


@pytest.mark.parametrize("token", ["!", "~", "a" * 1_024, "".join(map(chr, range(0x21, 0x7F)))])
def test_a_token_of_visible_ascii_can_stand_in_a_header(token):
    """RFC 9110, 5.5; our own limit is 1,024 characters."""
    assert sendable(token) == token


@pytest.mark.parametrize("token", ["", "a" * 1_025, " ", "a b", "\x7f", "ü", "a\n", "~ ", "\u0400"])
def test_another_token_is_malformed(token):
    evidence = {"token": "holds what no header can carry"}
    assert told_of(lambda: sendable(token)) == (f"malformed {C}token.header", evidence)


# --- postbacks ------------------------------------------------------------------------------------------------

KEY = "&key=example-postback-key"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    ("path", "query", "body", "status"),
    [
        ("location", f"location_id={LOCATION}{KEY}", b"a" * 16_384, 204),
        ("location", f"location_id={LOCATION}{KEY}", b"a" * 16_385, 413),
        ("user", f"location_id={LOCATION}&user_id={USER}{KEY}", b"", 204),
        ("user", f"location_id={LOCATION}{KEY}", b"", 400), ("location", KEY[1:], b"", 400), ("location", f"location_id={LOCATION}", b"", 401),
        ("location", f"location_id={LOCATION}{KEY}x", b"", 401), ("location", f"location_id={LOCATION}{KEY}{KEY}", b"", 401),
        ("location", f"location_id={'0' * 23}g{KEY}", b"", 400),
    ],
)  # fmt: skip
def test_a_postback_is_answered_with_a_status_alone(method, path, query, body, status):
    world = sides()
    response = asked(world, method, f"/fortis/{path}?{query}", body=body)
    assert (response.status, response.body) == (status, b"")
    assert [name for name, _ in world.reports] == ([] if status == 204 else [path])


@pytest.mark.parametrize("length", [64, 65])
def test_the_id_of_a_user_has_64_characters_at_most(length):
    values = {"location_id": LOCATION, "user_id": "a" * length}
    partner = sides().partner
    if length == 64:
        partner.check_ids(values, "user")
        partner.check_ids({"location_id": LOCATION}, "location")
    else:
        told = told_of(lambda: partner.check_ids(values, "user"))
        assert told == (f"malformed {C}postback.required", {"user_id": "is not an id"})


@pytest.mark.parametrize(
    ("before", "after"),
    [("", "pending"), ("pending", "pending"), ("active", "active"), ("removed", "pending")],
)
def test_what_a_postback_registers_is_claimed_and_what_was_confirmed_stays_so(before, after):
    assert sides().partner.claimed_state(before) == after


def test_the_rows_of_a_location_and_a_user_are_found_again_by_the_next_version():
    """What is written here a second time is in the databases of those who use the app."""
    world = sides()
    values = {
        "location_id": LOCATION,
        "user_id": USER,
        "username": "ada",
        "email": "",
        "account_number": "1",
        "api_id": "2",
    }
    world.partner.claim(values, "location")
    world.partner.claim(values, "user")
    location, user = world.kept(), world.kept(user=USER)
    assert (location.identity, user.identity) == (f"location {LOCATION}", f"user {LOCATION} {USER}")
    assert {**location.details, "sessionId": ""} == {
        "sessionId": "", "kind": "location", "locationId": LOCATION, "account_number": "1", "api_id": "2",
    }  # fmt: skip
    assert {**user.details, "sessionId": ""} == {
        "sessionId": "", "kind": "user", "locationId": LOCATION, "userId": USER, "username": "ada",
    }  # fmt: skip
    for row in (location, user):
        assert (row.platform, row.state, row.version) == ("fortis", "pending", 1)
        assert len(row.details["sessionId"]) == 24
        assert [(name, len(text)) for name, text in row.credentials.items()] == [("session_key", 64)]


def test_what_is_registered_again_has_another_key_and_what_is_there_keeps_its_own():
    world = sides()
    first = world.partner.confirm(LOCATION, USER)
    assert world.partner.confirm(LOCATION, USER) == first, "what is as it should be is not saved again"
    world.partner.unclaim({"location_id": LOCATION, "user_id": USER}, "user")
    removed = world.kept(user=USER)
    assert (removed.state, removed.credentials, removed.details) == ("removed", {}, first.details)
    again = world.partner.confirm(LOCATION, USER)
    assert again.credentials["session_key"] != first.credentials["session_key"]
    assert again.details["sessionId"] != first.details["sessionId"]


def test_with_a_location_its_own_users_are_removed_and_nobody_else():
    world = sides()
    for location, user in ((LOCATION, USER), (LOCATION, OTHER_USER), (OTHER_LOCATION, USER)):
        world.partner.confirm(location, user)
    world.partner.unclaim({"location_id": LOCATION}, "location")
    states = {identity: row.state for identity, row in world.everything().items()}
    assert states == {
        f"location {LOCATION}": "removed",
        f"user {LOCATION} {USER}": "removed",
        f"user {LOCATION} {OTHER_USER}": "removed",
        f"location {OTHER_LOCATION}": "active",
        f"user {OTHER_LOCATION} {USER}": "active",
    }
    before = world.everything()
    world.partner.unclaim({"location_id": LOCATION}, "location")
    world.partner.unclaim({"location_id": LOCATION, "user_id": "nobody"}, "user")
    assert world.everything() == before, "what is not there is as good"


@pytest.mark.parametrize("version", [0, 3])
def test_of_a_row_that_cannot_be_opened_nothing_stays_but_that_it_was_there(version, monkeypatch):
    world = sides()
    error = StoreError("store-locked", "x", version)

    def get(platform, identity):
        raise error

    monkeypatch.setattr(world.store, "get", get)
    if version:
        assert world.partner.emptied("x") == Installation("fortis", "x", {}, {}, "removed", 3)
    else:
        with pytest.raises(StoreError):
            world.partner.emptied("x")


# --- what a browser brings back -------------------------------------------------------------------------------


def of_session(key: str = "k"):
    row = Installation("fortis", "x", {"sessionId": "1"}, {"session_key": key} if key else {})
    return lambda session_id: row if session_id == "1" else None


def test_sealed_values_are_json_an_end_and_a_mac():
    values = {"session": "1", "base": "ü"}
    assert sealed(values, NOW, "k") == by_hand(values, NOW, "k")
    assert unsealed(by_hand(values, NOW, "k"), NOW, of_session())[1] == values


@pytest.mark.parametrize(("now", "lasts"), [(NOW - 1, True), (NOW, True), (NOW + 1, False)])
def test_sealed_values_last_until_their_second(now, lasts):
    assert (unsealed(by_hand({"session": "1"}, NOW, "k"), now, of_session()) is not None) == lasts


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("", "k"), (".", "k"), ("..", "k"), ("a.b.c", "k"), (by_hand({"session": "2"}, NOW, "k"), "k"), (by_hand({"session": "1"}, NOW, "other"), "k"),
        (by_hand({"session": "1"}, NOW, ""), ""), (by_hand({}, NOW, "k"), "k"), (by_hand({"session": "1"}, "x", "k"), "k"),
        ("ü" + by_hand({"session": "1"}, NOW, "k"), "k"), (by_hand([], NOW, "k"), "k"),
    ],
)  # fmt: skip
def test_any_other_text_is_nothing_and_no_reason_is_given(sent, key):
    assert unsealed(sent, NOW, of_session(key)) is None


@pytest.mark.parametrize(("length", "whole"), [(3_500, True), (3_501, False)])
def test_sealed_values_have_3500_characters_at_most(length, whole):
    """A browser keeps cookies of 4,096 bytes (RFC 6265, 6.1); the limit below it is our own."""
    every = ((fill, digits) for fill in range(2_530, 2_560) for digits in range(10, 14))
    sealed_so = (by_hand({"session": "1", "x": "a" * fill}, int("9" * digits), "k") for fill, digits in every)
    sent = next(text for text in sealed_so if len(text) == length)
    assert (unsealed(sent, NOW, of_session()) is not None) == whole


# --- the launch -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "seconds"), [("plain", 360), ("encrypted", 31_536_000)])
def test_a_launch_is_remembered_as_long_as_it_could_be_taken_again(mode, seconds):
    """In plain mode by its tolerance, 300 and 60 seconds; without a time by the configured year."""
    world = sides(mode=mode)
    world.partner.take_once("a")
    world.clock.advance(seconds)
    assert told_of(lambda: world.partner.take_once("a"))[0] == f"replayed {C}launch.once"
    world.clock.advance(1)
    world.partner.take_once("a")


@pytest.mark.parametrize(
    ("claimed", "told"),
    [("", "none"), ("1" * 12, "1" * 12), ("1" * 13, "13 characters that are no id"), (USER, USER), ("x", "1 characters that are no id"),
     ("example-postback-key", "20 characters that are no id"), ("9", "9")],
)  # fmt: skip
def test_of_a_user_that_nothing_proved_an_id_alone_is_told(claimed, told):
    assert sides().partner.told(claimed, "token") == told
    assert sides().partner.told(claimed, claimed) == (
        f"{len(claimed)} characters that are no id" if claimed else "none"
    )


@pytest.mark.parametrize(
    ("mode", "claimed", "user", "same"),
    [
        ("plain", "", "7", True), ("plain", "7", "7", True), ("plain", "8", "7", False), ("encrypted", "", "7", False), ("encrypted", "7", "7", True),
        ("encrypted", "8", "7", False),
    ],
)  # fmt: skip
def test_a_launch_is_of_the_user_that_the_api_names(mode, claimed, user, same):
    partner = sides(mode=mode).partner
    if same:
        partner.is_the_same(claimed, user)
    else:
        evidence = {"user_id": claimed or "none", "users/me answers": user}
        told = told_of(lambda: partner.is_the_same(claimed, user))
        assert told == (f"identity-mismatch {C}identity.mismatch", evidence)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Response(401), "platform-error fortis:token.expired"), (Response(403), "platform-error fortis:identity.unavailable"),
        (Response(500), "platform-error fortis:identity.unavailable"), (None, "unreachable fortis:identity.unavailable"),
        (json_response([]), "unexpected-answer fortis:identity.unavailable"),
    ],
)  # fmt: skip
def test_a_401_alone_says_that_a_token_ended(answer, told):
    def carry(request):
        if answer is None:
            raise Unreachable("timeout")
        return answer

    assert told_of(lambda: drive(sides().partner.asked("token"), carry))[0] == told


@pytest.mark.parametrize(("contact", "kept"), [("", ""), ("c" * 36, "c" * 36), ("c" * 37, "")])
@pytest.mark.parametrize("user", [USER, ""])
def test_a_launch_opens_with_this_cookie(contact, kept, user):
    world = sides()
    known = None if user else world.partner.keep(LOCATION, "", {}, lambda before: "active")
    pairs = (("location_id", LOCATION), ("contact_id", contact), ("user_oauth_url", API))
    launch = Launch("encrypted", pairs, None, (), ())
    cookie = world.partner.opened("taken", launch, user, known)
    name, _, rest = cookie.partition("=")
    value, _, attributes = rest.partition("; ")
    assert (name, attributes) == (
        "fortis_session",
        "Path=/fortis; HttpOnly; Secure; SameSite=None; Partitioned",
    )
    row = world.kept(user=user)
    encoded, until, _ = value.split(".")
    values = json.loads(base64.urlsafe_b64decode(encoded))
    assert len(values["nonce"]) == 32
    assert {**values, "nonce": ""} == {
        "session": row.details["sessionId"], "use": "session", "launch": "taken", "contact": kept, "base": API if user else "", "nonce": "",
    }  # fmt: skip
    assert value == by_hand(values, NOW + 3_600, row.credentials["session_key"])
    assert (row.state, until) == ("active", str(NOW + 3_600))


def test_a_launch_leads_to_a_clean_address_that_is_kept_nowhere():
    response = sides().partner.to_app((("set-cookie", "a=b"),))
    assert (response.status, response.header("location")) == (303, f"{APP}/fortis/app")
    assert [one for one in response.headers if one[0] != "location"] == [
        ("set-cookie", "a=b"), ("cache-control", "no-store"), ("referrer-policy", "no-referrer"),
    ]  # fmt: skip


# --- what a person reads --------------------------------------------------------------------------------------

HOST = "https://fortispayrbyn9y.sandbox.zeamster.com"
POLICY = f"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors {HOST}"
CLOSED = "Not open: Please open the app in Fortis again."


@pytest.mark.parametrize(
    ("method", "target", "status", "said"),
    [
        ("GET", "/fortis/launch", 403, CLOSED), ("GET", "/fortis/app", 403, CLOSED),
        ("GET", "/fortis/nothing", 404, "There is no such page: Open the app in Fortis."),
        ("PUT", "/fortis/location", 405, "Method not allowed: Open the app in Fortis."),
    ],
)  # fmt: skip
def test_what_does_not_open_is_told_in_these_words_within_the_frame(method, target, status, said):
    response = asked(sides(), method, target)
    assert (response.status, text(response)) == (status, said)
    assert response.header("content-security-policy") == POLICY
    assert response.header("allow") == ("POST, DELETE" if status == 405 else "")


@pytest.mark.parametrize(
    ("user", "contact", "base", "said"),
    [
        (USER, "c-1", API, f"Example app: Location {LOCATION} Signed in as {USER} Contact c-1 Work for me while I am away"),
        (USER, "", "", f"Example app: Location {LOCATION} Signed in as {USER}"),
        ("", "", "", f"Example app: Location {LOCATION} Nobody is signed in"),
    ],
)  # fmt: skip
def test_the_app_shows_to_whom_it_is_open(user, contact, base, said):
    world = sides()
    row = (
        world.partner.confirm(LOCATION, user)
        if user
        else world.partner.keep(LOCATION, "", {}, lambda before: "active")
    )
    values = {"session": row.details["sessionId"], "use": "session", "contact": contact, "base": base}
    cookie = by_hand(values, NOW, row.credentials["session_key"])
    response = asked(world, "GET", "/fortis/app", ("cookie", f"fortis_session={cookie}"))
    assert (response.status, text(response)) == (200, said)
    assert (
        response.header("content-security-policy")
        == f"{POLICY}; form-action 'self'{' ' if base else ''}{base}"
    )
    page = response.body.decode()
    assert ('<form method="post" action="/fortis/oauth/start" id="oauth" target="_blank">' in page) == bool(
        base
    )
    if base:
        ticket = {"session": row.details["sessionId"], "use": "ticket", "base": base}
        assert f'name="ticket" value="{by_hand(ticket, NOW + 600, row.credentials["session_key"])}"' in page


def test_a_session_of_an_earlier_version_names_no_contact_and_no_address():
    world = sides()
    row = world.partner.confirm(LOCATION, USER)
    cookie = by_hand(
        {"session": row.details["sessionId"], "use": "session"}, NOW, row.credentials["session_key"]
    )
    response = asked(world, "GET", "/fortis/app", ("cookie", f"fortis_session={cookie}"))
    assert text(response) == f"Example app: Location {LOCATION} Signed in as {USER}"
    assert response.header("content-security-policy") == f"{POLICY}; form-action 'self'"


def test_the_full_stop_of_a_message_is_no_part_of_a_title():
    assert text(sides().partner.unserved("Come from X.", 404)) == "Come from X: Open the app in Fortis."


def test_a_host_may_frame_the_app_only_where_one_is_configured():
    configured = replace(sides().partner.configuration, platform_origins=())
    world = sides()
    world.partner.configuration = configured
    assert world.partner.frame_ancestors() == "'none'"
    world.partner.configuration = replace(
        configured, platform_origins=("https://a.example", "https://b.example")
    )
    assert world.partner.frame_ancestors() == "https://a.example https://b.example"


# --- OAuth ----------------------------------------------------------------------------------------------------

NO_ACCESS = "No access: This step gave the app no access. What it was given before, it still has; else please try again from the app."


def test_a_consent_begins_with_a_state_a_challenge_and_a_cookie():
    """RFC 6749, 4.1.1; RFC 7636, 4.3."""
    world = sides()
    row = world.partner.confirm(LOCATION, USER)
    body = form_body({"ticket": world.partner.ticket(row, API)})
    response = asked(world, "POST", "/fortis/oauth/start", FORM, body=body)
    url = urlsplit(response.header("location"))
    (cookie,) = response.header_values("set-cookie")
    value, _, attributes = cookie.removeprefix("fortis_oauth=").partition("; ")
    assert attributes == "Path=/fortis/oauth; Max-Age=600; HttpOnly; Secure; SameSite=Lax"
    kept = json.loads(base64.urlsafe_b64decode(value.partition(".")[0]))
    assert value == by_hand(kept, NOW + 600, row.credentials["session_key"])
    assert {name: len(text) for name, text in kept.items()} == {
        "session": 24, "use": 5, "base": len(API), "state": 32, "verifier": 64,
    }  # fmt: skip
    assert (kept["use"], kept["base"], kept["session"]) == ("oauth", API, row.details["sessionId"])
    digest = hashlib.sha256(kept["verifier"].encode()).digest()
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{API}/oauth/authorize"
    assert dict(parse_qsl(url.query)) == {
        "response_type": "code",
        "client_id": "example-app",
        "redirect_uri": f"{APP}/fortis/oauth/callback",
        "state": kept["state"],
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    assert (response.status, response.header("cache-control")) == (303, "no-store")


@pytest.mark.parametrize(
    ("method", "target"), [("POST", "/fortis/oauth/start"), ("GET", "/fortis/oauth/callback?code=a&state=b")]
)
def test_a_consent_that_came_to_nothing_is_told_in_these_words(method, target):
    world = sides()
    response = asked(world, method, target, FORM)
    assert (response.status, text(response)) == (403, NO_ACCESS)
    assert [name for name, _ in world.reports] == ["oauth"]


def begun(world: Both, **more: str) -> tuple[str, str]:
    row = world.partner.confirm(LOCATION, USER)
    kept = {
        "session": row.details["sessionId"],
        "use": "oauth",
        "base": API,
        "state": "s",
        "verifier": "v",
        **more,
    }
    return "cookie", f"fortis_oauth={by_hand(kept, NOW, row.credentials['session_key'])}"


def test_an_access_that_was_given_is_kept_and_told_and_its_cookie_is_taken_back():
    world = sides()
    step = world.partner.handle(Request("GET", APP, "/fortis/oauth/callback?code=c&state=s", (begun(world),)))
    next(step)
    step.send(json_response({"access_token": "a", "refresh_token": "r", "expires_in": 60}))
    with pytest.raises(StopIteration) as ended:
        step.send(json_response({"user": {"id": USER}}))
    response = ended.value.value
    assert (
        text(response)
        == f"Tokens granted: The app may now read {LOCATION} without you. You can close this window."
    )
    assert (response.status, [*response.header_values("set-cookie")]) == (
        200,
        ["fortis_oauth=; Path=/fortis/oauth; Max-Age=0"],
    )
    row = world.kept(user=USER)
    assert row.details["oauthUrl"] == API
    assert {name: row.credentials[name] for name in row.credentials if name != "session_key"} == {
        "access_token": "a", "refresh_token": "r", "expires_at": str(NOW + 60),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "told", "evidence"),
    [
        ("code=c", "wrong-state oauth.state", {"state": "is missing"}), ("code=c&state=x", "wrong-state oauth.state", {"state": "is not this browser's"}),
        ("error=access_denied&state=s", "platform-error oauth.endpoints", {"error": "access_denied"}),
        ("state=s", "missing-parameter oauth.endpoints", None), ("state=s&code=", "empty-parameter oauth.endpoints", None),
        ("state=s&code=c&code=d", "duplicate-parameter oauth.state", {"name": "code"}),
    ],
)  # fmt: skip
def test_what_comes_back_without_its_state_or_code_is_told(query, told, evidence):
    world = sides()
    request = Request("GET", APP, f"/fortis/oauth/callback?{query}", (begun(world),))
    found, more = told_of(lambda: world.partner.answered(request))
    assert found == told.replace(" ", f" {C}")
    assert evidence in (None, more)


@pytest.mark.parametrize(("seconds", "new"), [(0, False), (600, False), (601, True)])
def test_a_state_is_remembered_for_ten_minutes(seconds, new):
    """As long as its cookie lasts."""
    world = sides()
    world.partner.check_state("s", "s")
    world.clock.advance(seconds)
    if new:
        world.partner.check_state("s", "s")
    else:
        told = told_of(lambda: world.partner.check_state("s", "s"))
        assert told == (f"replayed {C}oauth.state", {"state": "was used before"})


@pytest.mark.parametrize("kind", ["location", "user"])
@pytest.mark.parametrize("use", ["oauth", "ticket"])
@pytest.mark.parametrize("state", ["active", "pending", "removed"])
def test_a_user_who_was_not_removed_brings_back_what_is_for_this_use(kind, use, state):
    world = sides()
    row = world.partner.keep(LOCATION, USER if kind == "user" else "", {}, lambda before: state)
    values = {"session": row.details["sessionId"], "use": use}
    sent = by_hand(values, NOW, row.credentials["session_key"])
    if (kind, use) == ("user", "oauth") and state != "removed":
        assert world.partner.brought(sent, "oauth", "c") == (row, values)
    else:
        evidence = {"oauth cookie": "is missing, used or none of this app's"}
        assert told_of(lambda: world.partner.brought(sent, "oauth", "c")) == ("wrong-state c", evidence)


@pytest.mark.parametrize("gone", ["removed", "registered again"])
def test_an_access_is_not_kept_for_a_registration_that_ended(gone):
    world = sides()
    row = world.partner.confirm(LOCATION, USER)
    world.partner.unclaim({"location_id": LOCATION, "user_id": USER}, "user")
    if gone == "registered again":
        world.partner.confirm(LOCATION, USER)
    before = world.kept(user=USER)
    told = told_of(lambda: world.partner.keep_access(row, TOKENS, API))
    assert told == (f"unknown-installation {C}oauth.state", {})
    assert world.kept(user=USER) == before


def test_without_an_access_there_is_no_work():
    world = sides()
    row = world.partner.confirm(LOCATION, USER)
    none = (f"unknown-installation {C}oauth.offered", {})
    assert told_of(lambda: next(world.partner.work(LOCATION, USER))) == none
    assert told_of(lambda: next(world.partner.work(LOCATION, OTHER_USER))) == none
    world.partner.keep_access(row, TOKENS, API)
    request = next(world.partner.work(LOCATION, USER))
    assert (request.url, request.header("authorization")) == (
        f"{API}/v2/locations/{LOCATION}",
        "Bearer access",
    )


def test_an_access_that_cannot_be_kept_at_once_is_told_to_the_operator(monkeypatch):
    world = sides()
    error = StoreError("store-locked", "x")
    keep, tries = world.partner.keep_access, []

    def failing(*args):
        tries.append(args)
        if len(tries) == 1:
            raise error
        return keep(*args)

    monkeypatch.setattr(world.partner, "keep_access", failing)
    step = world.partner.handle(Request("GET", APP, "/fortis/oauth/callback?code=c&state=s", (begun(world),)))
    next(step)
    step.send(json_response({"access_token": "a", "refresh_token": "r", "expires_in": 60}))
    assert step.send(json_response({"user": {"id": USER}})) == Pause(0.5)
    with pytest.raises(StopIteration) as ended:
        next(step)
    assert (ended.value.value.status, world.reports) == (200, [("oauth", error)])


@pytest.mark.parametrize("user", ["", USER])
@pytest.mark.parametrize("mode", ["plain", "encrypted"])
def test_a_session_loads_its_own_launch_again_whoever_is_signed_in(mode, user):
    """A plain launch is remembered by location, time and user, an encrypted one by its bytes behind the eight of a header."""
    world = sides(mode=mode)
    row = (
        world.partner.confirm(LOCATION, user)
        if user
        else world.partner.keep(LOCATION, "", {}, lambda before: "active")
    )
    data = b"Salted__" + b"0123456789abcdef"
    query = {
        "plain": {"location_id": LOCATION, "timestamp": str(NOW)},
        "encrypted": {"data": base64.b64encode(data)},
    }
    request = Request("GET", APP, f"/fortis/launch?{urlencode(query[mode])}")
    told = {"plain": repr((LOCATION, str(NOW), user)).encode(), "encrypted": data[8:]}
    taken = hashlib.sha256(told[mode]).hexdigest()
    values = {"session": row.details["sessionId"], "use": "session", "launch": taken}
    cookie = by_hand(values, NOW, row.credentials["session_key"])
    assert world.partner.opened_by(replace(request, headers=(("cookie", f"fortis_session={cookie}"),)))
    assert world.partner.opened_by(request) is False
    other = by_hand({**values, "use": "ticket"}, NOW, row.credentials["session_key"])
    assert not world.partner.opened_by(replace(request, headers=(("cookie", f"fortis_session={other}"),)))


@pytest.mark.parametrize("location", ["", "pending", "active", "removed"])
@pytest.mark.parametrize("user", ["", "pending", "active", "removed", "none"])
@pytest.mark.parametrize("policy", ["refuse", "claim"])
def test_where_the_policy_is_to_refuse_location_and_user_have_to_be_registered(policy, location, user):
    world = sides(unregistered=policy)
    for state, id in ((location, ""), (user, USER)):
        if state not in ("", "none"):
            world.partner.keep(LOCATION, id, {}, lambda before, state=state: state)
    launch = Launch("encrypted", (("location_id", LOCATION),), None, (), ())
    id = "" if user == "none" else USER
    if policy == "claim" or (location in ("pending", "active") and user in ("pending", "active", "none")):
        world.partner.still_registered(launch, id)
    else:
        told = told_of(lambda: world.partner.still_registered(launch, id))
        assert told == (f"unknown-installation {C}launch.registered", {})


def test_a_state_is_made_of_the_one_before():
    world = sides()
    before: list[str] = []

    def state(one: str) -> str:
        before.append(one)
        return "active"

    world.partner.keep(LOCATION, USER, {}, state)
    world.partner.keep(LOCATION, USER, {}, state)
    world.partner.unclaim({"location_id": LOCATION, "user_id": USER}, "user")
    assert (world.partner.state(LOCATION, USER), world.partner.state(LOCATION)) == ("removed", "")
    world.partner.keep(LOCATION, USER, {}, state)
    assert before == ["", "active", "removed"]


def test_a_launch_without_a_token_is_of_nobody_and_is_the_locations():
    world = sides()
    launch = Launch("encrypted", (("location_id", LOCATION), ("user_id", USER)), None, (), ())
    with pytest.raises(StopIteration) as ended:
        next(world.partner.identified(launch))
    assert ended.value.value == ""
    row = world.partner.keep(LOCATION, "", {}, lambda before: "active")
    cookie = world.partner.opened("taken", launch, "", None)
    encoded = cookie.removeprefix("fortis_session=").partition(".")[0]
    assert json.loads(base64.urlsafe_b64decode(encoded))["session"] == row.details["sessionId"]


def test_what_was_used_is_known_to_the_next_version():
    world = sides()
    world.partner.take_once("a")
    world.partner.check_state("s", "s")
    assert not world.store.first_time("fortis", "launch a", NOW, NOW)
    assert not world.store.first_time("fortis", "oauth s", NOW, NOW)


@pytest.mark.parametrize(
    ("values", "session"), [({}, ""), ({"session": ""}, ""), ({"session": "1"}, "1"), ({"session": 1}, "1")]
)
def test_whose_values_they_are_is_asked_for_once_by_their_session(values, session):
    found: list[str] = []
    assert unsealed(by_hand(values, NOW, "k"), NOW, found.append) is None
    assert found == [session]
