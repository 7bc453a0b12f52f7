"""What the operator is told beside a reason: refusals of the app, with the whole of their evidence."""

from __future__ import annotations

from dataclasses import fields

import pytest

from handshakes.core.messages import Request, json_response
from handshakes.core.refusals import Refused
from handshakes.fortis.partner.configuration import Configuration
from handshakes.runtime.flow import drive
from handshakes.runtime.tokens import Tokens
from tests.fortis.sides import LOCATION, USER, sides
from tests.judge.partners import cannot_be_changed
from tests.refusals import endpoints_told, shown_of_a_form, told_of

APP = "https://app.example"
ANSWERS = "unexpected-answer fortis:identity.users-me"


def asked(partner, answer):
    step = partner.api.me(partner.api.with_token("token"))
    return drive(step, lambda request: json_response(answer))


def taken_twice(partner):
    for _ in range(2):
        partner.take_once("a launch")


@pytest.mark.parametrize(
    ("call", "told", "evidence"),
    [
        (lambda p: asked(p, {}), ANSWERS, {"user": "NoneType", "expected": "an object"}),
        (lambda p: asked(p, {"user": ["a"]}), ANSWERS, {"user": "list", "expected": "an object"}),
        (lambda p: p.body_ignored(Request("POST", APP, "/", (), b"a" * 16_385)), "too-large fortis:postback.body-ignored", {"bytes": "16385", "limit": "16384"}),
        (lambda p: p.check_ids({"location_id": LOCATION, "user_id": "a\n"}, "user"), "malformed fortis:postback.required", {"user_id": "is not an id"}),
        (lambda p: p.check_ids({"location_id": LOCATION, "user_id": "a" * 65}, "user"), "malformed fortis:postback.required", {"user_id": "is not an id"}),
        (lambda p: p.brought("", "oauth", "c"), "wrong-state c", {"oauth cookie": "is missing, used or none of this app's"}),
        (lambda p: p.brought("a.b.c", "ticket", "c"), "wrong-state c", {"ticket cookie": "is missing, used or none of this app's"}),
        (taken_twice, "replayed fortis:launch.once", {"launch": "was taken before"}),
    ],
)  # fmt: skip
def test_a_refusal_is_told_with_what_was_found(call, told, evidence):
    assert told_of(lambda: call(sides().partner)) == (told, evidence)


def test_what_is_right_is_refused_by_none_of_these():
    partner = sides().partner
    assert asked(partner, {"user": {"id": 7}}) == "7" and asked(partner, {"user": {"id": "a"}}) == "a"
    partner.body_ignored(Request("POST", APP, "/", (), b"a" * 16_384))
    partner.check_ids({"location_id": LOCATION, "user_id": "a" * 64}, "user")
    partner.take_once("a launch")
    partner.take_once("another")


def test_a_launch_without_a_token_is_told_with_what_is_missing_at_the_location():
    """fortis:A30: it may be refused, or be good for a location that a launch has confirmed."""

    def told(partner) -> tuple[str, str, dict]:
        with pytest.raises(Refused) as refused:
            partner.location_only(LOCATION)
        return refused.value.reason, refused.value.clause, dict(refused.value.evidence)

    missing = ("missing-parameter", "fortis:identity.without-token", {"name": "access-token"})
    assert told(sides(without_token="refuse").partner) == missing
    world = sides()
    unknown = ("unknown-installation", "fortis:launch.registered", {})
    assert told(world.partner) == unknown
    world.register()
    assert told(world.partner) == ("wrong-state", "fortis:postback.claimed", {"location": "is claimed only"})
    world.partner.confirm(LOCATION, USER)
    assert world.partner.location_only(LOCATION).state == "active"
    world.unregister()
    assert told(world.partner) == unknown


def test_an_access_of_another_user_is_told_with_both():
    partner = sides().partner
    installation = partner.confirm(LOCATION, USER)

    def checked(user_id: str) -> None:
        answer = json_response({"user": {"id": user_id}})
        drive(partner.check_access(Tokens("access", "refresh", 0), installation), lambda request: answer)

    checked(USER)
    with pytest.raises(Refused) as refused:
        checked("another")
    assert (refused.value.reason, refused.value.clause) == ("identity-mismatch", "fortis:identity.mismatch")
    assert refused.value.evidence == {"opened by": USER, "consented by": "another"}


def test_what_is_not_configured_is_as_documented():
    """Our own names end in .example, which nobody can have (RFC 2606); hosts are the platform's; times are the adopted readings."""
    ours = Configuration("plain", "a-secret", "a-secret")
    assert [field.name for field in fields(ours) if not field.repr] == [
        "secret",
        "postback_key",
        "previous_secret",
        "client_secret",
    ]
    assert "a-secret" not in repr(ours) and cannot_be_changed(Configuration)
    found = {field.name: getattr(ours, field.name) for field in fields(ours) if field.repr}
    assert found == {
        "mode": "plain",
        "developer_id": "example-developer",
        "base_url": "https://app.example",
        "api_origin": "https://api.sandbox.zeamster.com",
        "platform_origins": ("https://fortispayrbyn9y.sandbox.zeamster.com",),
        "oauth_urls": ("https://api.sandbox.zeamster.com",),
        "client_id": "example-app",
        "authorize_path": "/oauth/authorize",
        "token_path": "/oauth/token",
        "tolerance": (300, 60),
        "unregistered": "claim",
        "without_token": "location-only",
        "once": True,
        "remember": 31536000,
        "session_lifetime": 3600,
    }


@pytest.mark.parametrize(
    "name",
    ["data", "access-token", "hmac", "key", "email", "ticket", "code", "state", "code_verifier", "token", "access_token", "refresh_token", "client_secret", "developer-id"],
)  # fmt: skip
@pytest.mark.parametrize("side", ["partner", "platform"])
def test_what_a_message_carries_in_secret_is_masked_in_a_transcript_of_either_side(side, name):
    """The names are those of the pages, and of our own forms."""
    shown = shown_of_a_form(getattr(sides(), side).secret_names, name, "location_id")
    assert "a-private-value" not in shown and "a-plain-value" in shown


@pytest.mark.parametrize(
    ("kind", "names"), [("user", ("username", "email", "domain")), ("location", ("account_number", "api_id"))]
)
def test_of_a_registration_the_first_128_characters_of_what_names_it_are_kept(kind, names):
    """Our own limit, written here a second time; an empty value and another name are nothing."""
    partner = sides().partner
    ids = {"location_id": LOCATION, "user_id": USER}
    partner.claim({**ids, **dict.fromkeys((*names, "other"), "x" * 129)}, kind)
    identity = partner.identity(LOCATION, USER if kind == "user" else "")
    kept = partner.store.get("fortis", identity)
    assert kept.state == "pending"
    assert {name: text for name, text in kept.details.items() if "x" in text} == dict.fromkeys(
        names, "x" * 128
    )


@pytest.mark.parametrize(
    ("method", "target", "endpoint"),
    [
        ("GET", "/fortis/launch", "launch"),
        ("POST", "/fortis/location", "location"),
        ("DELETE", "/fortis/user", "user"),
        ("GET", "/fortis/oauth/callback", "oauth"),
    ],
)
def test_what_is_refused_is_told_with_the_endpoint_that_was_asked(method, target, endpoint):
    assert endpoints_told(sides(), method, "https://app.example", target) == [endpoint]


@pytest.mark.parametrize(
    ("sent", "kept", "refresh"), [({"refresh_token": "new"}, "old", "new"), ({}, "old", "old")]
)
def test_a_refresh_token_stays_where_the_answer_brings_none(sent, kept, refresh):
    """RFC 6749, section 6."""
    partner = sides().partner
    answer = json_response({"access_token": "a", "expires_in": 60, **sent})
    made = drive(partner.api.token(APP, {}, kept), lambda request: answer)
    assert (made.access_token, made.refresh_token) == ("a", refresh)


@pytest.mark.parametrize("sent", [{}, {"refresh_token": ""}, {"refresh_token": None}])
def test_an_answer_without_a_refresh_token_is_refused_where_none_is_kept(sent):
    answer = json_response({"access_token": "a", "expires_in": 60, **sent})
    told, _ = told_of(lambda: drive(sides().partner.api.token(APP, {}), lambda request: answer))
    assert told.endswith(" fortis:oauth.endpoints")
