"""The partner's side beyond single requests: interruptions, tokens, several installations, removal."""

from __future__ import annotations

import json
from dataclasses import replace
from html import escape
from urllib.parse import parse_qs, urlsplit

import pytest

from handshakes.core.messages import Request, Response, Unreachable, json_response, split_url
from handshakes.core.refusals import Refused
from handshakes.officernd import sign_query
from handshakes.officernd.partner.api import id_of
from handshakes.officernd.partner.refreshing import PLATFORM
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import drive
from handshakes.runtime.renewing import LEASE
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.store import Conflict, StoreError
from handshakes.runtime.tokens import Tokens
from tests.officernd.sides import NOW, sides
from tests.recorder import recorded

FIRST, SECOND, THIRD = (f"5e000000000000000000000{n}" for n in (1, 2, 3))
ORGANIZATION = "5b0000000000000000000001"


def connect(world, integration=FIRST, fault=""):
    return world.network.run(Browser().open(world.platform.connect_url(integration, fault)))


def health(world, integration=FIRST, fault=""):
    return world.network.run(world.platform.healthcheck(integration, fault), "OfficeRnD").response


def installation(world, integration=FIRST, organization=ORGANIZATION):
    return world.store.get(PLATFORM, f"{organization}/{integration}")


def connect_request(world, integration=FIRST) -> Request:
    return Request("GET", *split_url(world.platform.connect_url(integration)))


# --- nothing is lost ------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["unreachable", "closed", "broken"])
@pytest.mark.parametrize("at", range(4), ids=["token", "organization", "integration", "webhooks"])
def test_an_interrupted_connect_leaves_the_earlier_installation_whole(store, at, how):
    world = sides(store)
    connect(world)
    before = installation(world)
    step = world.partner.handle(connect_request(world))
    request = next(step)
    for _ in range(at):
        request = step.send(drive(world.platform.handle(request), None))
    if how == "unreachable":
        with pytest.raises(StopIteration) as ended:
            step.throw(Unreachable("timeout"))
        assert ended.value.value.status == 302
    elif how == "closed":
        step.close()
    else:
        with pytest.raises(RuntimeError):
            step.throw(RuntimeError("the process ends here"))
    assert installation(world) == before
    assert health(world).json() == {"accountName": "J&J Ltd"}


def test_an_interruption_after_the_last_answer_leaves_the_new_installation_whole(store):
    world = sides(store)
    connect(world)
    before = installation(world)
    step = world.partner.handle(connect_request(world))
    request = next(step)
    while request.method != "DELETE":
        request = step.send(drive(world.platform.handle(request), None))
    step.close()
    after = installation(world)
    assert (after.version, after.credentials["secret"]) == (before.version + 1, before.credentials["secret"])
    assert after.credentials["access_token"] != before.credentials["access_token"]
    assert health(world).ok


def test_the_answer_to_a_connect_is_kept_by_no_cache():
    """RFC 9111, 5.2.2.5: the address held a code, and the answer sets a cookie."""
    world = sides()
    answer = world.network.exchange("browser", connect_request(world))
    assert (answer.status, answer.header("cache-control")) == (302, "no-store")


def test_reconnecting_replaces_the_installation_and_deletes_the_earlier_webhook(store):
    world = sides(store)
    connect(world)
    (first_webhook,) = world.platform.webhooks
    connect(world)
    (second_webhook,) = world.platform.webhooks
    assert first_webhook != second_webhook == installation(world).details["webhookId"]
    assert world.reports == []


def test_a_webhook_that_cannot_be_deleted_does_not_undo_the_connect(store):
    world = sides(store)
    connect(world)
    world.platform.webhooks.clear()  # 404: it is gone already, which is as good
    connect(world)
    assert (world.reports, health(world).status) == ([], 200)
    drive(world.partner.unsubscribe(installation(world), TOKENS, "w"), lambda request: Response(500))
    assert [endpoint for endpoint, _ in world.reports] == ["unsubscribe"]


# --- tokens ---------------------------------------------------------------------------------------


def open_settings(world, integration=FIRST):
    return world.network.run(Browser().open(world.platform.configuration_url(integration)))


@pytest.mark.parametrize(("age", "refreshed"), [(3599 - 61, False), (3599 - 60, True), (100_000, True)])
def test_the_token_is_refreshed_60_seconds_early_and_the_rotated_one_is_saved(store, age, refreshed):
    world = sides(store)
    connect(world)
    before = installation(world).credentials
    world.clock.advance(age)
    assert open_settings(world).response.status == 200
    after = installation(world).credentials
    assert (after["access_token"] != before["access_token"]) is refreshed
    assert (after["refresh_token"] != before["refresh_token"]) is refreshed
    if refreshed:
        assert int(after["expires_at"]) == NOW + age + 3599
    assert open_settings(world).response.status == 200


def test_tokens_of_an_integration_that_was_removed_meanwhile_are_refused():
    world = sides()
    connect(world)
    before = installation(world)
    world.network.run(world.platform.remove(FIRST), "OfficeRnD")
    world.clock.advance(4_000)
    with pytest.raises(Refused) as refused:
        drive(world.partner.fresh(before), None)
    assert (refused.value.reason, refused.value.clause) == ("wrong-state", "officernd:token.refresh")


def test_a_refresh_that_fails_keeps_the_installation_and_says_so_to_the_operator():
    world = sides()
    connect(world)
    world.platform.tokens.clear()
    before = installation(world)
    world.clock.advance(4_000)
    page = open_settings(world)
    assert page.response.status == 502
    assert "platform-error" in page.response.json()["message"]
    assert [refused.evidence["error"] for _, refused in world.reports] == ["invalid_grant"]
    after = installation(world)
    known = {**before.details, "accessEnded": "yes"}
    assert (after.state, after.details, after.credentials) == ("active", known, before.credentials)


def test_of_two_refreshes_at_once_the_loser_uses_the_winners_token(store):
    world = sides(store)
    connect(world)
    world.clock.advance(4_000)
    url = world.platform.configuration_url(FIRST)
    slow = world.partner.handle(Request("GET", *split_url(url)))
    refresh = next(slow)
    assert b"grant_type=refresh_token" in refresh.body
    world.clock.advance(LEASE)  # which runs out while the first is still waiting
    assert open_settings(world).response.status == 200  # the other one rotates first
    refused = drive(world.platform.handle(refresh), None)
    assert refused.status == 400
    asked = slow.send(refused)
    assert asked.header("authorization") == f"Bearer {installation(world).credentials['access_token']}"
    with pytest.raises(StopIteration) as ended:
        while True:
            asked = slow.send(drive(world.platform.handle(asked), None))
    assert ended.value.value.status == 200


# --- a Connect without locations -------------------------------------------------------------------


def without_locations(world, integration):
    url = world.platform.connect_url(integration)
    request = Request("GET", *split_url(url.replace(parse_qsl_of(url, "locations"), "")))
    assert "locations" not in request.query
    return request


def parse_qsl_of(url: str, name: str) -> str:
    """Return the piece of a query that holds a parameter, with the ampersand in front."""
    return next("&" + piece for piece in url.split("&") if piece.startswith(name + "="))


@pytest.mark.clause("officernd:connect.capture")
@pytest.mark.parametrize("integration", [FIRST, SECOND])
def test_a_connect_without_locations_is_refused_and_spends_no_code(store, integration):
    """Not taken for all locations, which the administrator may not have chosen."""
    world = sides(store)
    request = without_locations(world, integration)
    without = request.url
    response = world.network.exchange("browser", request)
    assert response.status == 302
    (told,) = world.reports
    assert (told[1].reason, told[1].clause, told[1].evidence) == (
        "missing-parameter",
        "officernd:connect.parameters",
        {"name": "locations", "found": ", ".join(parse_qs(urlsplit(without).query, True))},
    )
    assert (installation(world, integration), world.platform.token_requests) == (None, 0)


@pytest.mark.clause("officernd:connect.capture")
@pytest.mark.parametrize("written", [",", "%2C%20", "+,,"])
def test_locations_that_are_separators_alone_are_refused_and_spend_no_code(store, written):
    """officernd:locations.separator: a list without an id would stand for all locations, as an empty one does."""
    world = sides(store)
    url = world.platform.connect_url(SECOND)
    asked = url.replace(parse_qsl_of(url, "locations"), f"&locations={written}")
    assert asked != url
    assert world.network.exchange("browser", Request("GET", *split_url(asked))).status == 302
    (told,) = world.reports
    assert (told[1].reason, told[1].clause) == ("malformed", "officernd:connect.parameters")
    assert told[1].evidence["name"] == "locations"
    assert (installation(world, SECOND), world.platform.token_requests) == (None, 0)


def test_a_connect_without_locations_stands_for_all_of_them_where_the_operator_says_so(store):
    world = sides(store, without_locations="all")
    world.network.exchange("browser", without_locations(world, SECOND))
    assert (world.reports, installation(world, SECOND).details["locations"]) == ([], "")


@pytest.mark.parametrize(("integration", "kept"), [(FIRST, ""), (SECOND, "5a0000000000000000000001")])
def test_locations_that_are_there_are_kept_as_they_are(store, integration, kept):
    world = sides(store)
    connect(world, integration)
    assert installation(world, integration).details["locations"] == kept


@pytest.mark.clause("officernd:healthcheck.failure")
@pytest.mark.parametrize("way", ["taken back", "both ended", "refused by the API"])
def test_the_health_check_says_that_the_access_ended_once_that_is_known(store, way):
    """What the register says of H1: it asks nobody; the configuration page does, and what it learned is remembered."""
    world = sides(store)
    connect(world)
    if way == "both ended":
        world.clock.advance(world.platform.settings.refresh_lifetime + 1)
    else:
        if way == "taken back":
            world.clock.advance(world.platform.settings.token_lifetime)
        world.platform.tokens.clear()
    assert health(world).json() == {"accountName": "J&J Ltd"}
    assert open_settings(world).response.status == 502
    answer = health(world)
    assert (answer.status, list(answer.json())) == (502, ["message"])
    assert world.platform.integrations[FIRST].state == "failed"
    assert world.platform.integrations[FIRST].message == answer.json()["message"]
    connect(world)
    assert health(world).json() == {"accountName": "J&J Ltd"}


@pytest.mark.parametrize(
    "failing",
    [Response(503), Response(200), Response(403), Response(429)],
    ids=lambda answer: str(answer.status),
)
def test_a_call_that_failed_otherwise_neither_ends_the_access_nor_brings_it_back(store, failing):
    world = sides(store)
    connect(world)
    kept = dict(world.platform.tokens)

    def broken(request):
        return failing

    whole, world.platform.resource = world.platform.resource, broken
    assert open_settings(world).response.status == 502
    assert health(world).status == 200
    world.platform.resource = whole
    world.platform.tokens.clear()
    assert open_settings(world).response.status == 502
    world.platform.resource = broken
    assert open_settings(world).response.status == 502
    assert health(world).status == 502
    world.platform.resource = whole
    world.platform.tokens.update(kept)
    assert open_settings(world).response.status == 200
    assert health(world).status == 200


# --- which installation ---------------------------------------------------------------------------


def test_several_installations_of_one_organisation_are_told_apart_by_their_secrets(store):
    world = sides(store)
    for integration in (FIRST, SECOND, THIRD):
        assert connect(world, integration).response.status == 200
    assert world.reports == []
    for integration in (FIRST, SECOND, THIRD):
        assert health(world, integration).status == 200
    world.network.run(world.platform.sync(SECOND), "OfficeRnD")
    assert "syncedAt" in installation(world, SECOND).details
    assert "syncedAt" not in installation(world, FIRST).details


def test_locations_only_order_the_candidates(store):
    """The same locations are tried first; a secret that verifies decides (S23)."""
    world = sides(store)
    connect(world, FIRST)
    connect(world, SECOND)
    pairs = (
        ("slug", "test-slug"),
        ("locations", "5a0000000000000000000001"),
        ("organizationId", ORGANIZATION),
    )
    first = [one.details["integrationId"] for one in world.partner.candidates(pairs)]
    assert first == [SECOND, FIRST]
    signature = sign_query(pairs, secret="example-integration-secret", timestamp=NOW)
    query = "&".join(f"{name}={value}" for name, value in (*pairs, ("signature", signature)))
    found, _ = world.partner.verified(
        Request("GET", "https://partner.example", f"/officernd/healthcheck?{query}")
    )
    assert found.details["integrationId"] == FIRST


def test_a_renamed_organisation_is_found_by_its_id_and_its_slug_is_saved(store):
    world = sides(store)
    connect(world)
    world.platform.rename(ORGANIZATION, "new-slug")
    assert health(world).ok
    assert installation(world).details["slug"] == "new-slug"
    assert open_settings(world).response.status == 200


def test_without_an_organisation_id_the_slug_finds_the_installation(store):
    world = sides(store, profile="seed")
    connect(world)
    assert health(world).ok
    world.platform.rename(ORGANIZATION, "new-slug")
    assert health(world).status == 401


def test_a_slug_that_is_not_signed_changes_nothing(store):
    world = sides(store)
    connect(world)
    url = world.platform.configuration_url(FIRST).replace("slug=test-slug", "slug=stolen")
    assert world.network.run(Browser().open(url)).response.status == 401
    assert installation(world).details["slug"] == "test-slug"


def test_a_connect_with_somebody_elses_code_cannot_touch_another_installation(store):
    """The identity comes from the API's answers, so a foreign code connects the foreign organisation only."""
    world = sides(store)
    connect(world, FIRST)
    before = installation(world)
    foreign = world.platform.connect_url(THIRD)
    code = parse_qs(urlsplit(foreign).query)["code"][0]
    own = world.platform.connect_url(FIRST)
    mixed = own.replace(parse_qs(urlsplit(own).query)["code"][0], code)
    world.network.run(Browser().open(mixed))
    assert [refused.reason for _, refused in world.reports] == ["platform-error", "unknown-installation"]
    assert installation(world) == before


# --- sync and removal -----------------------------------------------------------------------------


def test_a_repeated_sync_starts_nothing_new(store):
    world = sides(store)
    connect(world)
    for _ in range(2):
        outcome = world.network.run(world.platform.sync(FIRST), "OfficeRnD")
        assert outcome.response.json() == {}
    first = installation(world)
    assert first.details["syncedAt"] == str(NOW)
    world.clock.advance(1)
    world.network.run(world.platform.sync(FIRST), "OfficeRnD")
    assert installation(world).details["syncedAt"] == str(NOW + 1)
    assert first.version + 1 == installation(world).version


def test_a_sync_that_arrives_late_does_not_take_back_the_time_of_a_later_one(store):
    world = recorded(sides(store))
    connect(world)
    world.network.run(world.platform.sync(FIRST), "OfficeRnD")
    earlier = world.network.to("https://partner.example", "/officernd/sync")[-1]
    world.clock.advance(1)
    world.network.run(world.platform.sync(FIRST), "OfficeRnD")
    assert world.network.exchange("OfficeRnD", earlier).json() == {}
    assert installation(world).details["syncedAt"] == str(NOW + 1)


@pytest.mark.clause("officernd:sync.method")
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_a_sync_is_started_by_a_verified_get_and_by_no_other_method(store, method):
    """The seed: every request to a partner's URLs is a GET; a HEAD that reached the sync would start it."""
    world = recorded(sides(store))
    connect(world)
    before = installation(world)
    world.network.run(world.platform.sync(FIRST), "OfficeRnD")
    signed = world.network.to("https://partner.example", "/officernd/sync")[-1]
    assert (signed.method, "signature=" in signed.query) == ("GET", True)
    world.store.save(replace(before, version=installation(world).version))  # as it was before the sync
    answer = world.network.exchange("link checker", replace(signed, method=method))
    if method == "GET":
        assert (answer.status, installation(world).details["syncedAt"]) == (200, str(NOW))
    else:
        assert (answer.status, answer.header("allow")) == (405, "GET")
        assert "syncedAt" not in installation(world).details


@pytest.mark.clause("officernd:sync.method")
@pytest.mark.parametrize("query", ["", "slug=nobody", "another signature"])
def test_a_sync_that_does_not_verify_starts_nothing(store, query):
    world = recorded(sides(store))
    connect(world)
    outcome = world.network.run(world.platform.sync(FIRST, "wrong-secret"), "OfficeRnD")
    signed = world.network.to("https://partner.example", "/officernd/sync")[-1]
    sent = signed.target if query == "another signature" else f"{signed.path}?{query}".rstrip("?")
    answer = world.network.exchange("anybody", replace(signed, target=sent))
    assert (outcome.response.status, answer.status) == (401, 401)
    assert "syncedAt" not in installation(world).details


def test_removal_keeps_no_secret_but_the_webhooks_own_and_deletes_the_webhook(store):
    world = sides(store)
    connect(world)
    outcome = world.network.run(world.platform.remove(FIRST), "OfficeRnD")
    assert outcome.response.json() == {"status": "received"}
    gone = installation(world)
    assert (gone.state, set(gone.credentials)) == ("removed", {"webhook_secret"})
    assert world.platform.webhooks == {}
    assert health(world).status == 401


def test_a_removed_integration_can_be_connected_again(store):
    world = sides(store)
    connect(world)
    world.network.run(world.platform.remove(FIRST), "OfficeRnD")
    world.reports.clear()
    connect(world)
    assert (installation(world).state, health(world).status, world.reports) == ("active", 200, [])


def webhook_request(world, body: bytes, integration=FIRST) -> Request:
    from handshakes.officernd import sign_webhook

    secret = installation(world, integration).credentials["webhook_secret"]
    header = sign_webhook(body, secret=secret, timestamp=world.clock())
    return Request(
        "POST",
        "https://partner.example",
        f"/officernd/removed/{ORGANIZATION}/{integration}",
        (("officernd-signature", header),),
        body,
    )


@pytest.mark.parametrize(
    ("event", "answer", "state"),
    [
        ({"eventType": "integration.created", "data": {}}, {"status": "ignored"}, "active"),
        ({"eventType": "INTEGRATION.REMOVED"}, {"status": "received"}, "removed"),
        ({"eventType": "integration.removed", "data": {"object": {"_id": SECOND}}}, "identity-mismatch", "active"),
        ({"eventType": "integration.removed", "data": {"object": None}}, {"status": "received"}, "removed"),
        ({"eventType": 7}, "wrong-type", "active"),
        ({"data": {}}, "missing-parameter", "active"),
        (["integration.removed"], "wrong-type", "active"),
    ],
)  # fmt: skip
def test_a_genuine_webhook_does_only_what_it_says(store, event, answer, state):
    world = sides(store)
    connect(world)
    request = webhook_request(world, json.dumps(event).encode())
    response = world.network.exchange("OfficeRnD", request)
    done = isinstance(answer, dict)
    said = answer if done else {"message": f"The webhook was not understood: {answer}."}
    assert (response.status, response.json(), installation(world).state) == (
        200 if done else 400,
        said,
        state,
    )
    assert [(endpoint, one.reason) for endpoint, one in world.reports] == [("removed", answer)] * (not done)


def test_a_person_is_shown_what_came_of_the_connection_that_this_browser_made():
    world, browser = sides(), Browser()

    def shown() -> str:
        page = world.network.run(browser.open("https://partner.example/officernd/result"))
        return page.response.body.decode()

    assert "No connection was made in this browser" in shown()
    world.network.run(browser.open(world.platform.connect_url(FIRST)))
    connected = shown()
    assert "<title>Your connection to OfficeRnD" in connected and ">Connected</b>" in connected
    for name, member in (("slug", "slug"), ("account", "accountName")):
        assert f'<dd id="{name}">{escape(installation(world).details[member])}</dd>' in connected
    world.network.run(world.platform.remove(FIRST), "OfficeRnD")
    assert ">Removed</b>" in shown()
    unknown = (("cookie", "officernd_connect=" + "0" * 64),)
    page = drive(
        world.partner.handle(Request("GET", "https://partner.example", "/officernd/result", unknown)), None
    )
    assert ">Not connected</b>" in page.body.decode()


def test_one_installations_webhook_secret_does_not_remove_another(store):
    world = sides(store)
    connect(world, FIRST)
    connect(world, SECOND)
    request = webhook_request(world, b'{"eventType":"integration.removed"}', SECOND)
    moved = Request(
        request.method, request.origin, request.target.replace(SECOND, FIRST), request.headers, request.body
    )
    assert world.network.exchange("OfficeRnD", moved).status == 401
    assert installation(world, FIRST).state == "active"


# --- what the outside sees ------------------------------------------------------------------------


@pytest.mark.clause("officernd:secret.kept")
def test_the_secret_outlives_the_process_and_is_not_in_clear_on_the_disk(tmp_path):
    opened = open_store(tmp_path, {})
    world = sides(opened)
    connect(world)
    opened.close()
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert any(b"test-slug" in content for content in files), "the right files were looked at"
    assert not any(b"example-integration-secret" in content for content in files)

    opened = open_store(tmp_path, {})
    again = sides(opened)
    again.platform.integrations.update(world.platform.integrations)
    assert health(again).json() == {"accountName": "J&J Ltd"}
    opened.close()


def test_the_operators_report_holds_no_secret():
    world = sides()
    connect(world)
    secrets = [*installation(world).credentials.values()]
    for fault in ("wrong-secret", "stale", "signature-doubled", "parameter-changed"):
        health(world, fault=fault)
    told = " ".join(f"{refused} {refused.explain()} {refused!r}" for _, refused in world.reports)
    assert len(world.reports) == 4
    assert not [secret for secret in secrets if secret in told and not secret.isdigit()]


def test_the_account_name_is_written_as_it_is():
    world = sides(account_name="J&J Ltd <Ünion>")
    connect(world)
    assert health(world).body == '{"accountName":"J&J Ltd <Ünion>"}'.encode()
    assert "J&amp;J Ltd &lt;Ünion&gt;" in open_settings(world).response.body.decode()


def test_the_partner_answers_before_any_connect():
    world = sides()
    assert health(world) == Response(
        401, (("content-type", "application/json"),), b'{"message":"The request could not be verified."}'
    )


@pytest.mark.parametrize("token", ["A\r\nX: y", "A\nB", "\u20acuro", "with space", "\x7f"])
def test_an_access_token_that_no_header_can_carry_is_an_unexpected_answer(token):
    both = sides()
    step = both.partner.api.exchange({})
    next(step)
    answer = {"access_token": token, "refresh_token": "R", "expires_in": 3599}
    with pytest.raises(Refused) as caught:
        step.send(json_response(answer))
    assert caught.value.reason == "unexpected-answer"
    assert token not in str(caught.value)


# --- answers of the API that say nothing ----------------------------------------------------------


TOKENS = Tokens("A", "R", NOW + 3599)
APP = "https://app.officernd.com"


def refusal(step, answer) -> Refused:
    with pytest.raises(Refused) as refused:
        drive(step, lambda request: json_response(answer))
    return refused.value


@pytest.mark.parametrize(
    "lifetime",
    [None, True, 0, -1, 1.5, 3600.0, "0", "-1", "1.5", "", " 3600", "3600s", "٣", "1" * 10, [3600]],
)
def test_a_lifetime_that_is_no_number_of_seconds_is_an_unexpected_answer(lifetime):
    refused = refusal(sides().partner.api.exchange({}), {"access_token": "a", "expires_in": lifetime})
    assert (refused.reason, list(refused.evidence)) == ("unexpected-answer", ["expires_in"])


def test_an_access_token_may_have_every_visible_character_of_ascii():
    """RFC 6749, appendix A.12, without the blank that a header of RFC 6750 cannot carry."""
    token = "".join(map(chr, range(0x21, 0x7F)))
    answer = {"access_token": token, "refresh_token": "r", "expires_in": 3600}
    tokens = drive(sides().partner.api.exchange({}), lambda request: json_response(answer))
    assert tokens.access_token == token


@pytest.mark.parametrize("lifetime", [3600, "3600"])
def test_a_lifetime_may_be_written_as_text(lifetime):
    answer = {"access_token": "a", "refresh_token": "r", "expires_in": lifetime}
    tokens = drive(sides().partner.api.exchange({}), lambda request: json_response(answer))
    assert tokens == Tokens("a", "r", NOW + 3600)


@pytest.mark.parametrize("absent", [{}, {"refresh_token": None}], ids=["absent", "null"])
def test_an_answer_to_a_refresh_without_a_refresh_token_leaves_the_old_one(absent):
    """RFC 6749, section 6: the server MAY issue a new refresh token."""
    answer = {"access_token": "a", "expires_in": 3599, **absent}
    tokens = drive(sides().partner.api.refresh("old"), lambda request: json_response(answer))
    assert tokens == Tokens("a", "old", NOW + 3599)


@pytest.mark.parametrize(("sent", "reason"), [("", "empty-parameter"), (7, "wrong-type"), ([], "wrong-type")])
def test_a_refresh_token_that_is_sent_has_to_be_one(sent, reason):
    answer = {"access_token": "a", "expires_in": 3599, "refresh_token": sent}
    assert refusal(sides().partner.api.refresh("old"), answer).reason == reason


def test_the_answer_to_a_code_needs_a_refresh_token():
    refused = refusal(sides().partner.api.exchange({}), {"access_token": "a", "expires_in": 3599})
    assert (refused.reason, refused.clause) == ("missing-parameter", "officernd:token.answer")


@pytest.mark.parametrize("tokens", ["rotated", "kept"])
@pytest.mark.parametrize("expires_in", ["number", "text"])
def test_a_connection_outlives_its_tokens_however_the_token_answer_is_written(store, tokens, expires_in):
    world = sides(store, refresh_tokens=tokens, expires_in=expires_in)
    connect(world)
    kept = {installation(world).credentials["refresh_token"]}
    for _ in range(3):
        world.clock.advance(4_000)
        assert open_settings(world).response.status == 200
        kept.add(installation(world).credentials["refresh_token"])
    assert (len(kept), world.reports) == (4 if tokens == "rotated" else 1, [])


@pytest.mark.parametrize("answer", [{}, {"results": 3}, {"results": [1]}, [1], "text", None])
def test_webhooks_that_are_no_list_are_an_unexpected_answer(answer):
    refused = refusal(sides().partner.api.webhooks("https://app.officernd.com", "slug", TOKENS), answer)
    assert (refused.reason, refused.clause) == ("unexpected-answer", "officernd:webhook.version")


@pytest.mark.parametrize("answer", [[], [{"_id": "a"}, {"_id": "b"}], [3], "text", None])
def test_a_created_webhook_that_is_no_object_is_an_unexpected_answer(answer):
    refused = refusal(sides().partner.api.subscribe("https://app.officernd.com", "slug", {}, TOKENS), answer)
    assert (refused.reason, refused.clause) == ("unexpected-answer", "officernd:webhook.version")


@pytest.mark.parametrize("slug", [".", "..", "a/b", "a\\b", "a?b", "a#b", "%2e", "a\nb"])
def test_a_slug_that_cannot_stand_in_a_path_is_malformed(slug):
    with pytest.raises(Refused) as refused:
        id_of({"slug": slug}, "slug", "officernd:organization.slug")
    assert (refused.value.reason, refused.value.evidence["name"]) == ("malformed", "slug")


@pytest.mark.parametrize(
    ("method", "error", "reason"),
    [
        ("get", StoreError("store-locked", "the database is locked"), "store-locked"),
        ("save", StoreError("store-full", "the database is full"), "store-full"),
        ("save", Conflict(), "store-locked"),
    ],
)
def test_a_store_that_fails_at_the_end_of_a_connect_is_told_to_the_operator(
    monkeypatch, method, error, reason
):
    world = sides()

    def fails(*args):
        raise error

    monkeypatch.setattr(world.store, method, fails)
    response = connect(world)
    assert response is not None
    clauses = [(refused.reason, refused.clause) for _, refused in world.reports]
    assert clauses[0] == (reason, "store")


@pytest.mark.parametrize(
    ("call", "sent"),
    [
        (lambda api, at: api.organization(at, "a/b", TOKENS), "GET /api/v1/organizations/a%2Fb"),
        (lambda api, at: api.locations(at, "a/b", TOKENS), "GET /api/v1/organizations/a%2Fb/locations"),
        (lambda api, at: api.subscribe(at, "a/b", {}, TOKENS), "POST /api/v1/organizations/a%2Fb/webhooks"),
        (lambda api, at: api.webhooks(at, "a/b", TOKENS), "GET /api/v1/organizations/a%2Fb/webhooks"),
        (lambda api, at: api.delete_webhook(at, "a/b", "c/d", TOKENS), "DELETE /api/v1/organizations/a%2Fb/webhooks/c%2Fd"),
    ],
)  # fmt: skip
def test_a_slash_in_a_slug_or_an_id_ends_no_part_of_a_path(call, sent):
    """RFC 3986, 3.3."""
    request = next(call(sides(api_version="v1").partner.api, "https://app.officernd.com"))
    assert f"{request.method} {request.target}" == sent


def test_the_target_of_a_secret_has_its_names_escaped():
    partner = sides(api_version="v1").partner
    partner.configuration = replace(partner.configuration, client_id="c/d")
    target = partner.secret_target({"org_slug": "a/b", "integrationId": "e/f"})
    assert target == "/api/v1/organizations/a%2Fb/integrations/e%2Ff?appClientId=c%2Fd"


@pytest.mark.parametrize(
    ("call", "asked", "said"),
    [
        (lambda api: api.organization(APP, "s", TOKENS), "organization.read", "organization.read"),
        (lambda api: api.locations(APP, "s", TOKENS), "locations.list", "locations.list"),
        (lambda api: api.integration(APP, "/x", TOKENS), "secret.request", "secret.answer"),
        (lambda api: api.subscribe(APP, "s", {}, TOKENS), "webhook.subscribe", "webhook.version"),
        (lambda api: api.webhooks(APP, "s", TOKENS), "webhook.version", "webhook.version"),
        (lambda api: api.refresh("r"), "token.refresh", "token.refresh"),
        (lambda api: api.exchange({}), "token.answer", "token.answer"),
    ],
)  # fmt: skip
def test_each_call_that_fails_and_each_answer_that_says_nothing_names_its_clause(call, asked, said):
    clauses = []
    for answer in (Response(500), json_response("text")):
        with pytest.raises(Refused) as refused:
            drive(call(sides().partner.api), lambda request, answer=answer: answer)
        clauses.append(refused.value.clause)
    assert clauses == [f"officernd:{asked}", f"officernd:{said}"]


@pytest.mark.parametrize("answer", [{}, {"_id": "a"}, [{"secret": "s"}]])
def test_a_created_webhook_without_its_id_or_its_secret_names_its_clause(answer):
    refused = refusal(sides().partner.api.subscribe(APP, "s", {}, TOKENS), answer)
    assert (refused.reason, refused.clause) == ("missing-parameter", "officernd:webhook.version")


def test_a_webhook_that_cannot_be_deleted_names_its_clause_and_one_that_is_gone_is_as_good():
    api = sides().partner.api
    drive(api.delete_webhook(APP, "s", "w", TOKENS), lambda request: Response(404))
    with pytest.raises(Refused) as refused:
        drive(api.delete_webhook(APP, "s", "w", TOKENS), lambda request: Response(500))
    assert refused.value.clause == "officernd:webhook.removal"


def test_what_does_not_verify_and_an_answer_without_a_secret_name_their_clauses():
    world = sides()
    partner = world.partner
    query = sign_query([("slug", "nobody")], secret="s", timestamp=NOW)
    asked = Request("GET", "https://partner.example", f"/officernd/sync?slug=nobody&signature={query}")
    client = partner.configuration.client_id
    answers = iter(
        [
            {"access_token": "a", "refresh_token": "r", "expires_in": 9},
            {},
            {"_id": FIRST, "settings": {"appClientId": client, "secret": "s"}},
        ]
    )
    connect = {"code": "c", "org_slug": "s", "integrationId": FIRST, "locations": ""}
    calls = {
        "malformed officernd:signature.escapes": lambda: partner.verified(
            replace(asked, target="/officernd/sync?a=%ff")
        ),
        "missing-parameter officernd:organization.read": lambda: drive(
            partner.establish(connect), lambda request: json_response(next(answers))
        ),
        "wrong-content-type officernd:configuration.page": lambda: partner.saved_setting(asked),
        "unknown-installation officernd:signature.secret": lambda: partner.verified(asked),
        "missing-parameter officernd:secret.answer": lambda: partner.integration_secret(
            {"_id": FIRST, "settings": {"appClientId": client}}, FIRST
        ),
    }
    for told, call in calls.items():
        with pytest.raises(Refused) as refused:
            call()
        assert f"{refused.value.reason} {refused.value.clause}" == told
    assert partner.region({"regionUrl": "https://attacker.example"}) == partner.configuration.app_origin
    assert [(step, one.reason, one.clause) for step, one in world.reports] == [
        ("connect", "not-allowed", "officernd:organization.region")
    ]


def test_a_method_that_no_step_takes_is_told_by_its_clause():
    world = sides()
    world.network.exchange("anybody", Request("PATCH", "https://partner.example", "/officernd/sync"))
    assert [(one.reason, one.clause) for _, one in world.reports] == [
        ("wrong-method", "officernd:requests.method")
    ]


@pytest.mark.parametrize("method", ["get", "save"])
def test_a_settings_page_whose_new_tokens_cannot_be_kept_blames_the_store_and_not_officernd(
    monkeypatch, method
):
    """The tokens have run out; 502 would say that OfficeRnD could not be asked, 503 says that it passes (RFC 9110, 15.6.4)."""
    world = sides()
    connect(world)
    world.clock.advance(3599)

    def fails(*args):
        raise StoreError("store-locked", "the database is locked")

    monkeypatch.setattr(world.store, method, fails)
    origin, target = split_url(world.platform.configuration_url(FIRST))
    answer = world.network.exchange("browser", Request("GET", origin, target))
    assert (answer.status, answer.header("retry-after")) == (503, "1")
    assert answer.json() == {"message": "Please try again in a moment."}
    assert [refused.reason for _, refused in world.reports][-1:] == ["store-locked"]
