"""What the operator is told beside a reason: each refusal of the partner, with the whole of its evidence."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace

import pytest

from handshakes.core.messages import Request, form_body, json_response
from handshakes.officernd.partner.api import id_of
from handshakes.officernd.partner.configuration import Configuration
from handshakes.officernd.partner.refreshing import PLATFORM
from handshakes.officernd.partner.settings import SAVE
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import drive
from handshakes.runtime.store import Installation
from handshakes.runtime.tokens import Tokens
from tests.judge.partners import cannot_be_changed
from tests.officernd.sides import NOW, sides
from tests.refusals import endpoints_told, shown_of_a_form, told_of

APP, TOKENS = "https://app.officernd.com", Tokens("a", "r", NOW + 60)


def answered(step, answer):
    return drive(step, lambda request: json_response(answer))


def event(body: bytes, integration: str = "mine"):
    return SimpleNamespace(body=body), Installation(
        PLATFORM, "x", {"integrationId": integration}, {}, "active"
    )


LIST = {"expected": "a list"}
TOKEN = {"access_token": "a b", "refresh_token": "r", "expires_in": 60}
NAMED = b'{"eventType":"integration.removed","data":{"object":{"_id":"another"}}}'
SEPARATORS = {"name": "locations", "found": "separators without an id"}
ABSENT = {"name": "locations", "found": "code, org_slug, integrationId"}


@pytest.mark.parametrize(
    ("call", "told", "evidence"),
    [
        (lambda p: answered(p.api.exchange({}), TOKEN), "unexpected-answer officernd:token.answer",
         {"access_token": "holds what no header can carry"}),
        (lambda p: answered(p.api.subscribe(APP, "s", {}, TOKENS), []), "unexpected-answer officernd:webhook.version", {"answer": "list"}),
        (lambda p: answered(p.api.subscribe(APP, "s", {}, TOKENS), "x"), "unexpected-answer officernd:webhook.version", {"answer": "str"}),
        (lambda p: answered(p.api.webhooks(APP, "s", TOKENS), {"results": 3}), "unexpected-answer officernd:webhook.version", {"answer": "dict", **LIST}),
        (lambda p: answered(p.api.locations(APP, "s", TOKENS), [1]), "unexpected-answer officernd:locations.list", {"answer": "list", **LIST}),
        (lambda p: id_of({"slug": "a/b"}, "slug", "c"), "malformed c", {"name": "slug", "found": "3 characters that are no id"}),
        (lambda p: p.connect_parameters("error=access_denied"), "platform-error officernd:connect.parameters", {"error": "access_denied"}),
        (lambda p: p.connect_parameters("code=a&org_slug=b&integrationId=c&locations=,"), "malformed officernd:connect.parameters", SEPARATORS),
        (lambda p: p.connect_parameters("code=a&org_slug=b&integrationId=c"), "missing-parameter officernd:connect.parameters", ABSENT),
        (lambda p: p.check_state(Request("GET", APP, "/?state=a")), "wrong-state officernd:advice.state-parameter",
         {"state": "is not the one that this browser was given"}),
        (lambda p: p.integration_secret({"_id": "other"}, "mine"), "identity-mismatch officernd:connect.binding", {"answered": "_id other", "expected": "mine"}),
        (lambda p: p.integration_secret({"_id": "mine", "settings": {"appClientId": "x"}}, "mine"), "identity-mismatch officernd:connect.binding",
         {"answered": "appClientId x", "expected": "example-client-id"}),
        (lambda p: p.integration_secret({"_id": "mine", "settings": []}, "mine"), "identity-mismatch officernd:connect.binding",
         {"answered": "appClientId None", "expected": "example-client-id"}),
        (lambda p: p.is_our_removal(*event(NAMED)), "identity-mismatch officernd:webhook.envelope", {"data.object._id": "names another integration: another"}),
    ],
)  # fmt: skip
def test_a_refusal_is_told_with_what_was_found(call, told, evidence):
    assert told_of(lambda: call(sides().partner)) == (told, evidence)


@pytest.mark.parametrize(
    ("body", "ours"),
    [
        (NAMED.replace(b"another", b"mine"), True),
        (b'{"eventType":"Integration.Removed"}', True),
        (b'{"eventType":"integration.removed","data":[]}', True),
        (b'{"eventType":"integration.removed","data":{"object":3}}', True),
        (b'{"eventType":"member.removed"}', False),
    ],
)
def test_an_event_that_names_no_other_integration_is_ours(body, ours):
    assert sides().partner.is_our_removal(*event(body)) is ours


def connected():
    world = sides(refuse_replays=True)
    integration = next(iter(world.platform.integrations))
    world.network.run(Browser().open(world.platform.connect_url(integration)))
    (found,) = world.store.find(PLATFORM, "integrationId", integration)
    return world, integration, found


def test_a_replay_is_told_with_its_time():
    world, integration, _ = connected()
    for _ in range(2):
        world.network.run(world.platform.sync(integration), "OfficeRnD")
    ((endpoint, refused),) = world.reports
    assert (endpoint, refused.reason, refused.clause) == ("sync", "replayed", "officernd:signature.replay")
    assert refused.evidence == {"timestamp": str(NOW)}


def test_two_signatures_of_a_webhook_are_told_by_the_name_of_the_header():
    world, _, found = connected()
    headers = (("officernd-signature", "a"), ("officernd-signature", "b"))
    world.network.exchange(
        "OfficeRnD",
        Request("POST", "https://partner.example", f"/officernd/removed/{found.identity}", headers, b"{}"),
    )
    ((endpoint, refused),) = world.reports
    assert (endpoint, refused.reason, refused.clause) == (
        "removed", "duplicate-parameter", "officernd:webhook.signature"
    )  # fmt: skip
    assert refused.evidence == {"header": "officernd-signature"}


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("headers", "more", "reason", "evidence"),
    [
        ({"origin": "https://attacker.example"}, b"", "not-allowed", {"origin": "the form of another site"}),
        ({"content-type": "text/plain"}, b"", "wrong-content-type", {"content type": "text/plain", "expected": "a form"}),
        ({}, b"&a=\xff", "malformed", {"found": "a character outside ASCII that is not percent-encoded"}),
        ({}, b"&synced=all", "not-allowed", {"synced": "is not one of the choices"}),
        ({}, b"", "not-allowed", {"synced": "is not one of the choices"}),
        ({"origin": "https://partner.example", "content-type": f"{FORM.title()} ; charset=utf-8"}, b"&synced=members", "", {}),
    ],
)  # fmt: skip
def test_a_form_of_the_settings_is_refused_with_what_was_found(headers, more, reason, evidence):
    world, _, found = connected()
    token = world.partner.form_token(found, NOW)
    body = form_body({"installation": found.identity, "token": token}) + more
    sent = tuple({"content-type": FORM, **headers}.items())
    world.network.exchange("browser", Request("POST", "https://partner.example", SAVE, sent, body))
    assert [(endpoint, one.reason, one.evidence) for endpoint, one in world.reports] == (
        [("settings", reason, evidence)] if reason else []
    )


def test_what_is_not_configured_is_as_documented():
    """Our own names end in .example, which nobody can have (RFC 2606); hosts are the platform's; times are the adopted readings."""
    ours = Configuration("a-client", "a-secret")
    assert [field.name for field in fields(ours) if not field.repr] == ["client_secret"]
    assert "a-secret" not in repr(ours) and cannot_be_changed(Configuration)
    found = {field.name: getattr(ours, field.name) for field in fields(ours) if field.repr}
    assert found == {
        "client_id": "a-client",
        "base_url": "https://partner.example",
        "identity_origin": "https://identity.officernd.com",
        "app_origin": "https://app.officernd.com",
        "allowed_origins": ("https://*.officernd.com",),
        "api_version": "v1",
        "scopes": ("officernd.api.read", "officernd.api.write"),
        "account_name": "J&J Ltd",
        "tolerance": (300, 60),
        "refuse_replays": False,
        "started_by": "platform",
        "connect_without_locations": "refused",
    }


@pytest.mark.parametrize(
    "name",
    ["code", "access_token", "refresh_token", "secret", "token"],
)  # fmt: skip
@pytest.mark.parametrize("side", ["partner", "platform"])
def test_what_a_message_carries_in_secret_is_masked_in_a_transcript_of_either_side(side, name):
    """The names are those of the pages, and of our own forms."""
    shown = shown_of_a_form(getattr(sides(), side).secret_names, name, "slug")
    assert "a-private-value" not in shown and "a-plain-value" in shown


@pytest.mark.parametrize(
    ("method", "target", "endpoint"),
    [
        ("GET", "/officernd/connect", "connect"),
        ("GET", "/officernd/healthcheck", "healthcheck"),
        ("GET", "/officernd/configure", "configure"),
        ("GET", "/officernd/sync", "sync"),
        ("POST", SAVE, "settings"),
        ("POST", "/officernd/removed/a", "removed"),
    ],
)
def test_what_does_not_verify_is_told_with_the_endpoint_that_was_asked(method, target, endpoint):
    assert endpoints_told(sides(), method, "https://partner.example", target) == [endpoint]


def test_a_code_that_comes_again_is_waited_for_three_seconds_and_told():
    """Our own time, written here a second time: then the browser goes back to the usual host."""
    world = sides()
    waited = []
    step = world.partner.repeated("c")
    with pytest.raises(StopIteration) as ended:
        while True:
            waited.append(next(step).seconds)
    assert (len(waited), round(sum(waited), 3), ended.value.value) == (15, 3, APP)
    assert [(name, one.reason, one.clause, one.evidence) for name, one in world.reports] == [
        ("connect", "replayed", "officernd:connect.repeated", {"code": "is in use already: opened twice"})
    ]
