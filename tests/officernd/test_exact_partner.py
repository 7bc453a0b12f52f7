"""Small rules of the partner, each where a change of it alone would show: what it sends, keeps, shows and bounds."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from handshakes.core.messages import Request, Response, Unreachable, form_body, json_response
from handshakes.officernd import sign_query
from handshakes.officernd.partner.api import id_of
from handshakes.officernd.partner.connecting import location_ids
from handshakes.officernd.partner.settings import with_details
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import drive
from handshakes.runtime.store import Installation, StoreError
from handshakes.runtime.tokens import Tokens
from tests.officernd.sides import NOW, Both, sides
from tests.refusals import told_of

PARTNER, APP, IDENTITY = (
    "https://partner.example",
    "https://app.officernd.com",
    "https://identity.officernd.com",
)
TOKENS = Tokens("access", "refresh", NOW + 60)
BEARER, JSON = ("authorization", "Bearer access"), ("content-type", "application/json")
FORM = ("content-type", "application/x-www-form-urlencoded")
DETAILS = {
    "organizationId": "org",
    "integrationId": "int",
    "slug": "test-spaces",
    "locations": "",
    "accountName": "J&J Ltd",
    "api": APP,
    "webhookId": "hook",
    "code": hashlib.sha256(b"a-code").hexdigest(),
}
KEPT = Installation(
    "officernd", "org/int", DETAILS, {**TOKENS.saved(), "secret": "a-secret", "webhook_secret": "another"}
)


def with_kept(state: str = "active", world: Both | None = None, **details: str) -> tuple[Both, Installation]:
    """Return both sides, the partner with one installation."""
    world = world or sides()
    return world, world.store.save(replace(KEPT, details={**DETAILS, **details}, state=state))


def asked(world: Both, request: Request) -> Response:
    return world.network.exchange("browser", request)


def get(target: str, *headers: tuple[str, str]) -> Request:
    return Request("GET", PARTNER, target, headers)


def signed(path: str, secret: str = "a-secret", now: int = NOW, **values: str) -> Request:
    pairs = list({"organizationId": "org", **values}.items())
    return get(f"{path}?{urlencode(pairs)}&signature={sign_query(pairs, secret=secret, timestamp=now)}")


def text(response: Response) -> str:
    """Return what a person reads below the heading."""
    said = re.sub("<[^>]+>", " ", response.body.decode().partition("</h1>")[2])
    return re.sub(r"\s+", " ", said).strip()


# --- what is sent ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    ("call", "method", "target", "headers", "body"),
    [
        (lambda api: api.organization(APP, "a b", TOKENS), "GET", "/organizations/a%20b", (BEARER,), b""),
        (lambda api: api.locations(APP, "a b", TOKENS), "GET", "/organizations/a%20b/locations", (BEARER,), b""),
        (lambda api: api.webhooks(APP, "a b", TOKENS), "GET", "/organizations/a%20b/webhooks", (BEARER,), b""),
        (lambda api: api.subscribe(APP, "a b", {"x": [True]}, TOKENS), "POST", "/organizations/a%20b/webhooks", (BEARER, JSON), b'{"x":[true]}'),
        (lambda api: api.delete_webhook(APP, "a b", "c/d", TOKENS), "DELETE", "/organizations/a%20b/webhooks/c%2Fd", (BEARER,), b""),
    ],
)  # fmt: skip
def test_a_call_of_the_api_is_one_request(version, call, method, target, headers, body):
    """Page, Steps 2, 3 and 5: below /api/ and the version, with the access token as a bearer's (RFC 6750, 2.1)."""
    found = []

    def carry(request):
        found.append(request)
        raise Unreachable("timeout")

    told_of(lambda: drive(call(sides(api_version=version).partner.api), carry))
    assert found == [Request(method, APP, f"/api/{version}{target}", headers, body)]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_integration_is_asked_for_at_this_address(version):
    """Page, Step 3: version 1 wants the client id beside it (C6)."""
    partner = sides(api_version=version).partner
    target = partner.secret_target({"org_slug": "a/b", "integrationId": "c d"})
    more = "?appClientId=example-client-id" if version == "v1" else ""
    assert target == f"/api/{version}/organizations/a%2Fb/integrations/c%20d{more}"


@pytest.mark.parametrize(("version", "flag"), [("v1", "enabled"), ("v2", "isEnabled")])
def test_a_subscription_is_this_object(version, flag):
    """Page, Step 5, and W2, W3."""
    assert sides(api_version=version).partner.subscription("org id/int") == {
        "url": f"{PARTNER}/officernd/removed/org%20id/int",
        "eventTypes": ["integration.removed"],
        "description": "Tells the partner that its integration was removed",
        flag: True,
    }


@pytest.mark.parametrize("refreshed", [False, True])
def test_tokens_are_asked_for_with_this_form_within_three_seconds(refreshed):
    """Page, Step 2; RFC 6749, 4.1.3 and 6."""
    partner = sides().partner
    found = []

    def carry(request):
        found.append(request)
        return json_response({"access_token": "a", "refresh_token": "b", "expires_in": 60})

    step = partner.api.refresh("r") if refreshed else partner.api.exchange(partner.token_fields("c"))
    assert drive(step, carry) == Tokens("a", "b", NOW + 60)
    (request,) = found
    assert (request.method, request.url, request.timeout) == ("POST", f"{IDENTITY}/oauth/token", 3.0)
    assert request.headers == (FORM,)
    ours = {"client_id": "example-client-id", "client_secret": partner.configuration.client_secret}
    wanted = (
        {"grant_type": "refresh_token", **ours, "refresh_token": "r"}
        if refreshed
        else {
            **ours,
            "grant_type": "authorization_code",
            "scope": "officernd.api.read officernd.api.write",
            "code": "c",
            "redirect_uri": f"{PARTNER}/officernd/connect",
        }
    )
    assert list(parse_qsl(request.body.decode())) == list(wanted.items())


def test_the_browser_is_sent_to_authorise_with_a_state_that_a_cookie_keeps():
    """RFC 6749, 4.1.1 and 10.12."""
    response = asked(sides(started_by="partner"), get("/officernd/start"))
    url = urlsplit(response.header("location"))
    query = dict(parse_qsl(url.query))
    state = query.pop("state")
    assert len(state) == 32
    assert (f"{url.scheme}://{url.netloc}", url.path) == (IDENTITY, "/oauth/authorize")
    assert query == {
        "response_type": "code",
        "client_id": "example-client-id",
        "redirect_uri": f"{PARTNER}/officernd/connect",
        "scope": "officernd.api.read officernd.api.write",
    }
    cookie = f"officernd_state={state}; Path=/officernd; Max-Age=600; HttpOnly; Secure; SameSite=Lax"
    assert [*response.header_values("set-cookie")] == [cookie]
    assert (response.status, response.header("cache-control")) == (302, "no-store")


@pytest.mark.parametrize("cookie", [(), (("cookie", "a=b"),)])
@pytest.mark.parametrize(
    ("query", "opened"),
    [("code=a-code&org_slug=a&integrationId=b&locations=", hashlib.sha256(b"a-code").hexdigest()), ("code=a-code&org_slug=a", "nothing"), ("", "nothing")],
)  # fmt: skip
def test_a_connect_ends_in_officernd_with_a_cookie_for_its_result(query, opened, cookie):
    response = asked(sides(), get(f"/officernd/connect?{query}", *cookie))
    assert response.status == 302
    forget = [("set-cookie", "officernd_state=; Path=/officernd; Max-Age=0")] if cookie else []
    result = f"officernd_connect={opened}; Path=/officernd; Max-Age=600; HttpOnly; Secure; SameSite=Lax"
    assert [one for one in response.headers if one[0] in ("cache-control", "set-cookie", "location")] == [
        ("location", f"{APP}/connect/external-integration/return"),
        ("cache-control", "no-store"),
        ("set-cookie", result),
        *forget,
    ]


# --- what is read ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", [".", "..", "a/b", "a\\b", "a?b", "a#b", "a%b", "a\nb", "\u2028"])
def test_an_id_that_would_not_be_one_piece_of_a_path_is_malformed(id):
    evidence = {"name": "slug", "found": f"{len(id)} characters that are no id"}
    assert told_of(lambda: id_of({"slug": id}, "slug", "c")) == ("malformed c", evidence)


@pytest.mark.parametrize("id", ["...", "a.b", "X", "a b", "ü", "a&b=c", "." * 3])
def test_any_other_text_is_an_id(id):
    assert id_of({"slug": id}, "slug", "c") == id


@pytest.mark.parametrize(("written", "ids"), [("", []), (" , ,", []), ("a", ["a"]), ("a,b", ["a", "b"]), (" a ,, b c ", ["a", "b c"])])  # fmt: skip
def test_locations_are_joined_by_commas(written, ids):
    assert location_ids(written) == ids


@pytest.mark.parametrize(
    ("info", "origin", "reports"),
    [
        (None, APP, 0), ({}, APP, 0), ({"regionUrl": None}, APP, 0), ("https://eu.officernd.com", APP, 0),
        ({"regionUrl": "https://eu.officernd.com"}, "https://eu.officernd.com", 0),
        ({"regionUrl": "https://attacker.example"}, APP, 1), ({"regionUrl": ""}, APP, 1), ({"regionUrl": 3}, APP, 1),
    ],
)  # fmt: skip
def test_a_region_is_one_of_the_list_or_the_main_address(info, origin, reports):
    world = sides()
    assert world.partner.region(info) == origin
    assert [(name, one.clause) for name, one in world.reports] == [
        ("connect", "officernd:organization.region")
    ] * reports


# --- what is kept ---------------------------------------------------------------------------------------------


def connected():
    world = sides()
    integration = next(iter(world.platform.integrations))
    world.network.run(Browser().open(world.platform.connect_url(integration)))
    (found,) = world.store.find("officernd", "integrationId", integration)
    return world, integration, found


def test_the_row_of_a_connection_is_found_again_by_the_next_version():
    """What is written here a second time is in the databases of those who use the partner."""
    _, integration, row = connected()
    assert row.identity == f"{row.details['organizationId']}/{integration}"
    assert {name: row.details[name] for name in ("slug", "accountName", "api", "locations")} == {
        "slug": "test-slug",
        "accountName": "J&J Ltd",
        "api": APP,
        "locations": "",
    }
    assert {*row.details} == {*DETAILS}
    assert {*row.credentials} == {*KEPT.credentials}
    assert re.fullmatch("[0-9a-f]{64}", row.details["code"])
    assert (row.platform, row.state, row.version) == ("officernd", "active", 1)


def test_details_are_set_beside_those_that_are_there():
    changed = with_details(a="1", slug="new")(KEPT)
    assert changed == replace(KEPT, details={**DETAILS, "a": "1", "slug": "new"})


@pytest.mark.parametrize(("seconds", "new"), [(0, False), (600, False), (601, True)])
def test_a_code_is_remembered_for_ten_minutes(seconds, new):
    """RFC 6749, 4.1.2: the most that a code should last."""
    world = sides()
    assert world.partner.first_use("c")
    world.clock.advance(seconds)
    assert world.partner.first_use("c") == new
    assert world.partner.first_use("d")
    with_kept(world=world)
    world.clock.advance(1_000_000)
    assert world.partner.first_use("a-code") is False, "an installation keeps it for good"


@pytest.mark.parametrize(("seconds", "taken"), [(0, False), (360, False), (361, True)])
@pytest.mark.parametrize("refuse", [True, False])
def test_a_request_is_remembered_as_long_as_its_time_may_be_within_the_tolerance(refuse, seconds, taken):
    """A request may be 300 seconds old and 60 ahead, so 360 seconds lie between its first and its last arrival."""
    world = sides(refuse_replays=refuse)
    query = SimpleNamespace(timestamp=NOW, parameters=(("slug", "a"), ("x", "1")), covered=("slug",))
    world.partner.first_time("sync", query)
    world.clock.advance(seconds)
    again = SimpleNamespace(timestamp=NOW, parameters=(("slug", "a"), ("x", "2")), covered=("slug",))
    for endpoint, other in (
        ("configure", query),
        ("sync", SimpleNamespace(**{**vars(query), "timestamp": NOW + 1})),
    ):
        world.partner.first_time(endpoint, other)
    if refuse and not taken:
        told = told_of(lambda: world.partner.first_time("sync", again))
        assert told == ("replayed officernd:signature.replay", {"timestamp": str(NOW)})
    else:
        world.partner.first_time("sync", again)


@pytest.mark.parametrize(
    ("covered", "at", "sent", "kept"),
    [
        (True, NOW - 1, "new", "new"), (True, NOW, "new", "new"), (True, NOW + 1, "new", "test-spaces"), (False, NOW, "new", "test-spaces"),
        (True, NOW, "", "test-spaces"),
    ],
)  # fmt: skip
def test_a_new_name_of_an_organisation_is_kept_where_it_is_signed_with_its_id_and_not_older(
    covered, at, sent, kept
):
    world, before = with_kept(slugAt=str(at))
    pairs = ([("organizationId", "org")] if covered else []) + [("slug", sent if covered else "test-spaces")]
    query = f"{urlencode(pairs)}&signature={sign_query(pairs, secret='a-secret', timestamp=NOW)}"
    installation, _ = world.partner.verified(get(f"/officernd/healthcheck?{query}"))
    (row,) = world.store.find("officernd", "integrationId", "int")
    assert installation == row
    changed = kept == "new"
    assert row.details == {**before.details, "slug": kept, "slugAt": str(NOW if changed else at)}
    assert row.version == before.version + changed


# --- what is answered -----------------------------------------------------------------------------------------


def test_the_health_check_is_answered_with_the_name_of_the_account_alone():
    world, _ = with_kept(accountName="A & B")
    response = asked(world, signed("/officernd/healthcheck"))
    assert (response.status, response.json()) == (200, {"accountName": "A & B"})
    world, _ = with_kept(accessEnded="yes")
    response = asked(world, signed("/officernd/healthcheck"))
    said = "OfficeRnD no longer takes our access. Please connect again."
    assert (response.status, response.json()) == (502, {"message": said})


@pytest.mark.parametrize("path", ["/officernd/healthcheck", "/officernd/configure", "/officernd/sync"])
def test_what_does_not_verify_is_answered_with_one_text(path):
    response = asked(with_kept()[0], signed(path, secret="wrong"))
    assert (response.status, response.json()) == (401, {"message": "The request could not be verified."})


@pytest.mark.parametrize(
    ("before", "after"), [("0", NOW), (str(NOW - 1), NOW), (str(NOW), NOW), (str(NOW + 1), NOW + 1)]
)
def test_a_sync_is_answered_with_an_empty_object_and_its_latest_time_is_kept(before, after):
    world, row = with_kept(syncedAt=before)
    response = asked(world, signed("/officernd/sync"))
    assert (response.status, response.json()) == (200, {})
    found = world.store.get("officernd", "org/int")
    assert found.details["syncedAt"] == str(after)
    assert found.version == row.version + (int(before) < NOW), "what changes nothing is not saved"


def removal(body: bytes, secret: str = "another") -> Request:
    mac = hmac.digest(secret.encode(), body + f".{NOW}".encode(), "sha256").hex()
    headers = (("officernd-signature", f"t={NOW},signature={mac}"),)
    return Request("POST", PARTNER, "/officernd/removed/org/int", headers, body)


@pytest.mark.parametrize(
    ("body", "status", "said", "state"),
    [
        (b'{"eventType":"member.created"}', 200, {"status": "ignored"}, "active"),
        (b'{"eventType":"integration.removed"}', 200, {"status": "received"}, "removed"),
        (b'{"eventType":3}', 400, {"message": "The webhook was not understood: wrong-type."}, "active"),
        (b'{"eventType":"integration.removed","data":{"object":{"_id":"x"}}}', 400,
         {"message": "The webhook was not understood: identity-mismatch."}, "active"),
    ],
)  # fmt: skip
def test_a_webhook_is_answered_with_what_was_made_of_it(body, status, said, state):
    world, _ = with_kept()
    response = asked(world, removal(body))
    assert (response.status, response.json()) == (status, said)
    row = world.store.get("officernd", "org/int")
    assert row.state == state
    assert row.credentials == (KEPT.credentials if state == "active" else {"webhook_secret": "another"})


def test_a_page_that_is_not_there_is_answered_with_a_message_alone():
    response = asked(sides(), get("/officernd/nothing"))
    assert (response.status, response.json()) == (404, {"message": "There is no such page."})
    response = asked(sides(), get("/officernd/settings"))
    assert (response.status, response.json()) == (405, {"message": "Method not allowed."})
    assert response.header("allow") == "POST"


# --- what a person reads --------------------------------------------------------------------------------------

CONNECTED = "Connected Organisation test-spaces Account J&amp;J Ltd The settings open from OfficeRnD."
REMOVED = "Removed The integration was removed in OfficeRnD. It can be connected there again."
NOT = "Not connected The connection was not made. Nothing was kept of it. Please press Connect in OfficeRnD again."
UNKNOWN = "No connection was made in this browser in the last minutes. It begins in OfficeRnD, with Connect."


@pytest.mark.parametrize(
    ("state", "cookie", "said"),
    [
        ("active", DETAILS["code"], CONNECTED), ("removed", DETAILS["code"], REMOVED), ("active", "nothing", NOT), ("active", "0" * 64, NOT),
        ("active", "", UNKNOWN),
    ],
)  # fmt: skip
def test_the_result_of_a_connection_is_told_in_these_words(state, cookie, said):
    world, _ = with_kept(state)
    headers = (("cookie", f"officernd_connect={cookie}"),) if cookie else ()
    response = asked(world, get("/officernd/result", *headers))
    assert (response.status, text(response)) == (200, said)
    assert "<h1>Your connection to OfficeRnD</h1>" in response.body.decode()


@pytest.mark.parametrize(
    ("locations", "names", "said"),
    [
        ("", {}, "all locations"), ("", {"a": "A", "b": "B"}, "all locations: A, B"), ("b,c", {"a": "A", "b": "B"}, "B, c"),
        ("a", {}, "a"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("saved", [False, True])
def test_the_settings_say_what_is_connected(locations, names, said, saved):
    world, row = with_kept(locations=locations)
    page = world.partner.settings_page(row, "Test Spaces", names, saved=saved)
    done = "Saved. " if saved else ""
    wanted = f"Test Spaces is connected to J&amp;J Ltd for {said}. {done}A sync brings members members and bookings Save Continue"
    assert text(page).replace(" .", ".") == wanted
    assert "<h1>Settings of the integration</h1>" in page.body.decode()


@pytest.mark.parametrize(
    ("kept", "options"),
    [
        ({}, '<option value="members" selected>members</option>\n<option value="members-and-bookings">members and bookings</option>'),
        ({"synced": "members-and-bookings"},
         '<option value="members">members</option>\n<option value="members-and-bookings" selected>members and bookings</option>'),
    ],
)  # fmt: skip
def test_the_form_of_the_settings_has_what_was_chosen_and_a_token_for_an_hour(kept, options):
    world, row = with_kept(**kept)
    shown = world.partner.settings_page(row, "", {}).body.decode()
    mac = hmac.digest(b"a-secret", f"settings org/int {NOW + 3_600}".encode(), "sha256").hex()
    assert f'<input type="hidden" name="token" value="{NOW + 3_600}.{mac}">' in shown
    assert '<input type="hidden" name="installation" value="org/int">' in shown
    assert '<form method="post" action="/officernd/settings" id="settings">' in shown
    assert f'<a id="continue" href="{APP}/connect/external-integration/return">' in shown
    assert options in shown


@pytest.mark.parametrize(
    ("until", "reason"),
    [(str(NOW), ""), (str(NOW - 1), "stale"), ("9" * 12, ""), ("9" * 13, "signature-mismatch"), ("٣", "signature-mismatch"), ("", "signature-mismatch")],
)  # fmt: skip
def test_a_token_of_the_form_is_good_until_its_second_of_twelve_digits(until, reason):
    world, _ = with_kept()
    mac = hmac.digest(b"a-secret", f"settings org/int {until}".encode(), "sha256").hex()
    fields = {"installation": "org/int", "token": f"{until}.{mac}", "synced": "members"}
    request = Request("POST", PARTNER, "/officernd/settings", (FORM,), form_body(fields))
    response = asked(world, request)
    assert [one.reason for _, one in world.reports] == ([reason] if reason else [])
    assert response.status == (401 if reason else 200)
    found = world.store.get("officernd", "org/int").details.get("synced")
    assert found == (None if reason else "members")


@pytest.mark.parametrize("named", ["organization", "slug"])
def test_the_candidates_are_the_active_ones_and_those_for_the_same_locations_first(named):
    world = sides()
    for id, locations, state in (
        ("1", "a", "active"),
        ("2", "b, a", "active"),
        ("3", "", "active"),
        ("4", "a,b", "removed"),
        ("5", "a,b", "active"),
    ):
        details = {**DETAILS, "integrationId": id, "locations": locations}
        world.store.save(replace(KEPT, identity=f"org/{id}", details=details, state=state))
    world.store.save(
        replace(KEPT, identity="other/1", details={**DETAILS, "organizationId": "other", "slug": "other"})
    )
    own = (
        (("organizationId", "org"), ("slug", "unknown"))
        if named == "organization"
        else (("organizationId", ""), ("slug", "test-spaces"))
    )

    def order(*pairs: tuple[str, str]) -> list[str]:
        return [one.identity.partition("/")[2] for one in world.partner.candidates((*own, *pairs))]

    assert order(("locations", "a,b")) == ["2", "5", "1", "3"]
    assert order(("locations", "")) == order() == ["3", "1", "2", "5"]
    assert order(("locations", "c")) == ["1", "2", "3", "5"]


@pytest.mark.parametrize(("name", "said"), [("Test Spaces", "Test Spaces"), ("", "test-spaces")])
def test_after_saving_an_organisation_without_a_name_is_called_by_its_slug(name, said):
    world, row = with_kept(name=name)
    fields = {"installation": "org/int", "token": world.partner.form_token(row, NOW), "synced": "members"}
    response = asked(world, Request("POST", PARTNER, "/officernd/settings", (FORM,), form_body(fields)))
    assert text(response).startswith(f"{said} is connected to")


@pytest.mark.parametrize(
    ("webhooks", "deleted"),
    [
        ([("hook", "ours")], []),
        ([("old", "ours"), ("hook", "ours"), ("3", "theirs"), ("older", "ours")], ["old", "older"]),
    ],
)
def test_the_other_webhooks_of_an_installation_are_deleted_and_nobody_elses(webhooks, deleted):
    world, row = with_kept()
    urls = {"ours": f"{PARTNER}/officernd/removed/org/int", "theirs": f"{PARTNER}/officernd/removed/org/int2"}
    found = []

    def carry(request):
        found.append((request.method, request.path))
        return json_response([{"_id": id, "url": urls[url]} for id, url in webhooks])

    drive(world.partner.tidy(row, TOKENS), carry)
    base = "/api/v1/organizations/test-spaces/webhooks"
    assert found == [("GET", base), *(("DELETE", f"{base}/{id}") for id in deleted)]


def test_a_webhook_that_another_connect_deleted_is_made_again_and_kept():
    world, row = with_kept()

    def carry(request):
        return json_response({"_id": "new", "secret": "s"} if request.method == "POST" else [])

    drive(world.partner.tidy(row, TOKENS), carry)
    after = world.store.get("officernd", "org/int")
    assert after.details == {**row.details, "webhookId": "new"}
    assert after.credentials == {**row.credentials, "webhook_secret": "s"}


def broken(method: str):
    return lambda request: Response(500) if request.method == method else json_response([])


@pytest.mark.parametrize(("method", "clause"), [("GET", "webhook.version"), ("POST", "webhook.subscribe")])
def test_what_cannot_be_tidied_is_told_and_ends_nothing(method, clause):
    world, row = with_kept()
    drive(world.partner.tidy(row, TOKENS), broken(method))
    assert [(name, one.clause) for name, one in world.reports] == [("tidy", f"officernd:{clause}")]
    assert world.store.get("officernd", "org/int") == row


def test_a_webhook_that_cannot_be_deleted_is_told_and_ends_nothing():
    world, row = with_kept()
    drive(world.partner.unsubscribe(row, TOKENS, "hook"), broken("DELETE"))
    assert [(name, one.clause) for name, one in world.reports] == [
        ("unsubscribe", "officernd:webhook.removal")
    ]


def test_a_row_that_cannot_be_read_any_more_is_not_forgotten_and_the_webhook_is_not_verified(monkeypatch):
    world, row = with_kept()
    error = StoreError("store-locked", "x", 1)

    def change(identity, changed):
        raise error

    monkeypatch.setattr(world.partner, "change", change)
    response = asked(world, removal(b'{"eventType":"integration.removed"}'))
    assert (response.status, response.json()) == (401, {"message": "The request could not be verified."})
    assert world.reports == [("removed", error)]
    assert world.store.get("officernd", "org/int") == row


@pytest.mark.parametrize(("length", "shown"), [(100, "x" * 100), (101, "x" * 99 + "…")])
def test_of_the_id_that_an_answer_names_100_characters_are_told(length, shown):
    """Our own limit, written here a second time."""
    partner = sides().partner
    told = told_of(lambda: partner.integration_secret({"_id": "x" * length}, "mine"))
    evidence = {"answered": f"_id {shown}", "expected": "mine"}
    assert told == ("identity-mismatch officernd:connect.binding", evidence)
    named = b'{"eventType":"integration.removed","data":{"object":{"_id":"%s"}}}' % (b"x" * length)
    told = told_of(lambda: partner.is_our_removal(SimpleNamespace(body=named), KEPT))
    evidence = {"data.object._id": f"names another integration: {shown}"}
    assert told == ("identity-mismatch officernd:webhook.envelope", evidence)


@pytest.mark.parametrize("path", ["configure", "sync"])
def test_a_repeat_is_refused_at_each_endpoint_where_the_operator_asked_for_it(path):
    world, _ = with_kept(world=sides(refuse_replays=True))
    request = signed(f"/officernd/{path}")
    reports = []
    for _ in range(2):
        drive(world.partner.handle(request), lambda request: json_response({"name": "n"}))
        reports.append([one.reason for _, one in world.reports])
    assert "replayed" not in reports[0] and reports[1][-1] == "replayed"


def test_what_is_remembered_of_a_request_is_known_to_the_next_version():
    world = sides(refuse_replays=True)
    query = SimpleNamespace(timestamp=NOW, parameters=(("slug", "a"), ("x", "1")), covered=("slug",))
    world.partner.first_time("sync", query)
    nonce = f"sync:{NOW}:{hashlib.sha256(repr([('slug', 'a')]).encode()).hexdigest()}"
    assert not world.store.first_time("officernd", nonce, NOW, NOW)
    world.partner.first_use("c")
    nonce = f"code {hashlib.sha256(b'c').hexdigest()}"
    assert not world.store.first_time("officernd", nonce, NOW, NOW)


@pytest.mark.parametrize(
    ("answer", "said", "kept"),
    [({}, "", ""), ({"name": "A"}, "A ", "A"), ({"name": "n" * 201}, "n" * 201 + " ", "n" * 199 + "…")],
)
def test_the_settings_call_an_organisation_as_the_api_does(answer, said, kept):
    tokens = Tokens("access", "refresh", NOW + 3_600)
    world, row = with_kept()
    world.store.save(replace(row, credentials={**row.credentials, **tokens.saved()}))

    def carry(request):
        return json_response([] if request.path.endswith("/locations") else answer)

    response = drive(world.partner.handle(signed("/officernd/configure")), carry)
    assert response.status == 200
    assert text(response).startswith(f"{said}is connected to J&amp;J Ltd")
    after = world.store.get("officernd", "org/int")
    assert after.details.get("name", "") == kept
    assert after.version == (3 if kept else 2), "what is known already is not saved"


@pytest.mark.parametrize(
    ("answer", "said", "ended"),
    [
        (Response(500), "platform-error", False), (Response(401), "platform-error", True), (json_response([]), "unexpected-answer", False),
        (json_response({"error": "invalid_grant"}, 400), "platform-error", True), (json_response({"error": "x"}, 400), "platform-error", False),
    ],
)  # fmt: skip
def test_settings_without_the_api_say_so_and_the_end_of_the_access_is_kept(answer, said, ended):
    tokens = Tokens("access", "refresh", NOW + 3_600)
    world, row = with_kept()
    world.store.save(replace(row, credentials={**row.credentials, **tokens.saved()}))
    response = drive(world.partner.handle(signed("/officernd/configure")), lambda request: answer)
    message = {"message": f"OfficeRnD could not be asked: {said}."}
    assert (response.status, response.json()) == (502, message)
    assert [name for name, _ in world.reports] == ["configure"]
    kept = world.store.get("officernd", "org/int").details.get("accessEnded")
    assert kept == ("yes" if ended else None)


@pytest.mark.parametrize("endpoint", ["connect", "tidy"])
def test_what_cannot_be_saved_at_once_is_told_to_the_operator(endpoint, monkeypatch):
    world, row = with_kept()
    error = StoreError("store-locked", "x")
    save, tries = world.store.save, []

    def failing(installation):
        tries.append(installation)
        if len(tries) == 1:
            raise error
        return save(installation)

    monkeypatch.setattr(world.store, "save", failing)
    answers = {
        "POST /oauth/token": {"access_token": "a", "refresh_token": "r", "expires_in": 60},
        "GET /api/v1/organizations/test-spaces": {"_id": "org"},
        "GET /api/v1/organizations/test-spaces/integrations/int": {
            "_id": "int", "settings": {"appClientId": "example-client-id", "secret": "s"},
        },
        "POST /api/v1/organizations/test-spaces/webhooks": {"_id": "new", "secret": "w"},
        "GET /api/v1/organizations/test-spaces/webhooks": [{"_id": "new"}] if endpoint == "connect" else [],
    }  # fmt: skip

    def carry(request):
        return json_response(answers[f"{request.method} {request.path}"])

    connect = {"code": "c", "org_slug": "test-spaces", "integrationId": "int", "locations": "a"}
    step = world.partner.establish(connect) if endpoint == "connect" else world.partner.tidy(row, TOKENS)
    drive(step, carry)
    assert world.reports == [(endpoint, error)]
    assert world.store.get("officernd", "org/int").details["webhookId"] == "new"


def test_two_requests_of_one_second_that_say_something_else_are_no_repeat():
    world = sides(refuse_replays=True)
    for slug in ("a", "b"):
        query = SimpleNamespace(timestamp=NOW, parameters=(("slug", slug),), covered=("slug",))
        world.partner.first_time("sync", query)
    assert (
        told_of(lambda: world.partner.first_time("sync", query))[0] == "replayed officernd:signature.replay"
    )


@pytest.mark.parametrize(
    "pairs", [(), (("slug", ""),), (("organizationId", ""),), (("organizationId", "XX"),)]
)
def test_a_request_that_names_no_organisation_has_no_candidates(pairs):
    world, _ = with_kept(slug="XX")
    assert world.partner.candidates(pairs) == []


@pytest.mark.parametrize("path", ["configure", "sync"])
def test_a_request_is_remembered_with_its_endpoint(path):
    world, _ = with_kept(world=sides(refuse_replays=True))
    drive(world.partner.handle(signed(f"/officernd/{path}")), lambda request: json_response({"name": "n"}))
    nonce = f"{path}:{NOW}:{hashlib.sha256(repr([('organizationId', 'org')]).encode()).hexdigest()}"
    assert not world.store.first_time("officernd", nonce, NOW, NOW)


def test_where_another_connect_was_faster_what_is_left_is_its_own_to_tidy():
    world, row = with_kept()
    world.store.save(row)
    webhooks = [{"_id": id, "url": f"{PARTNER}/officernd/removed/org/int"} for id in ("hook", "old")]
    found = []

    def carry(request):
        found.append(request.method)
        return json_response(webhooks)

    drive(world.partner.tidy(row, TOKENS), carry)
    assert found == ["GET"]
    drive(world.partner.tidy(replace(row, identity="not/there"), TOKENS), carry)
    assert found == ["GET", "GET"]
