"""What the operator is told beside a reason: each refusal of the module, with the whole of its evidence."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import pytest

from handshakes.core.messages import Request, json_response
from handshakes.retailcrm.partner.api import succeeded
from handshakes.retailcrm.partner.configuration import Configuration
from handshakes.retailcrm.partner.connecting import PLATFORM, client_key
from handshakes.retailcrm.signing import OFFICIAL_ORIGINS
from handshakes.runtime.flow import drive
from handshakes.runtime.store import Installation
from tests.judge.partners import cannot_be_changed
from tests.refusals import endpoints_told, shown_of_a_form, told_of
from tests.retailcrm.sides import DEMO, sides
from tests.retailcrm.test_partner import register

FORM = (("content-type", "application/x-www-form-urlencoded"),)
NOT_TRUE = {"success": "is not true"}


def scopes(partner, found):
    return drive(
        partner.api.scopes(DEMO, "k"), lambda request: json_response({"success": True, "scopes": found})
    )


def post(body: bytes = b"", target: str = "/x") -> Request:
    return Request("POST", "https://module.example", target, FORM, body)


def kept(**credentials: str) -> Installation:
    return Installation(PLATFORM, "x", {}, credentials, "active")


@pytest.mark.parametrize(
    ("call", "told", "evidence"),
    [
        (lambda p: scopes(p, "all"), "unexpected-answer retailcrm:scopes.checked", {"scopes": "str"}),
        (lambda p: scopes(p, [1]), "unexpected-answer retailcrm:scopes.checked", {"scopes": "list"}),
        (lambda p: succeeded(json_response({"success": False, "errorMsg": "no", "errors": ["a"]}, 400), "c"), "platform-error c",
         {"status": "400", **NOT_TRUE, "errorMsg": "no", "errors": "['a']"}),
        (lambda p: succeeded(json_response({"success": 1, "errorMsg": ""}), "c"), "platform-error c", {"status": "200", **NOT_TRUE}),
        (lambda p: succeeded(json_response({"errorMsg": "m" * 101, "errors": "e" * 100}), "c"), "platform-error c",
         {"status": "200", **NOT_TRUE, "errorMsg": "m" * 99 + "…", "errors": "e" * 100}),
        (lambda p: p.fresh(kept(former_keys=f"a {client_key('old')}"), "old"), "replayed retailcrm:connection.repeat",
         {"apiKey": "was replaced by a later one"}),
        (lambda p: p.granted(("integration_read",)), "not-allowed retailcrm:scopes.checked", {"missing": "integration_write"}),
        (lambda p: p.granted(()), "not-allowed retailcrm:scopes.checked", {"missing": "integration_read, integration_write"}),
        (lambda p: p.confirmed(DEMO, ("https://a.simla.com", "https://b.simla.com")), "identity-mismatch retailcrm:system-url.confirmed",
         {"expected": DEMO, "found": "https://a.simla.com, https://b.simla.com"}),
        (lambda p: p.confirmed("a" * 101, ("b" * 201,)), "identity-mismatch retailcrm:system-url.confirmed",
         {"expected": "a" * 99 + "…", "found": "b" * 199 + "…"}),
        (lambda p: p.body_only(post(target="/x?a=b&register%5Btoken%5D=c")), "malformed retailcrm:register.body-only",
         {"register": "is in the query, where logs keep it"}),
        (lambda p: p.client({}, "c"), "missing-parameter c", {"name": "clientId", "found": "none"}),
        (lambda p: p.client({"ClientId": "a"}, "c"), "missing-parameter c", {"name": "clientId", "found": "ClientId"}),
        (lambda p: p.client({"clientId": "a"}, "c"), "unknown-installation c", {}),
        (lambda p: p.activity_fields(post(b"clientId=a")), "missing-parameter retailcrm:activity.form", {"name": "activity", "found": "clientId"}),
        (lambda p: p.activity_fields(post(b"clientId=&activity=b")), "empty-parameter retailcrm:activity.form", {"name": "clientId"}),
        (lambda p: p.flags({"active": True, "freeze": 1}), "wrong-type retailcrm:activity.flags", {"name": "freeze", "found": "int", "expected": "bool"}),
    ],
)  # fmt: skip
def test_a_refusal_is_told_with_what_was_found(call, told, evidence):
    assert told_of(lambda: call(sides().partner)) == (told, evidence)


def test_what_is_right_is_refused_by_none_of_these():
    partner = sides().partner
    assert scopes(partner, ["a", "b"]) == ("a", "b")
    partner.fresh(kept(), "old")
    partner.granted(("integration_write", "integration_read", "order_read"))
    partner.confirmed(DEMO, ("https://a.simla.com", DEMO.upper() + "/"))
    partner.body_only(post(target="/x?a=register"))
    assert partner.activity_fields(post(b"clientId=a&activity=b")) == {"clientId": "a", "activity": "b"}
    assert partner.flags({"freeze": False, "active": True, "other": 1}) == {"active": "yes", "freeze": "no"}


def test_a_registration_while_nobody_can_connect_is_told_to_the_operator():
    world = sides()
    world.partner.configuration = replace(world.partner.configuration, unavailable="Not now.")
    assert register(world).json()["success"] is False
    ((endpoint, refused),) = world.reports
    assert (endpoint, refused.reason, refused.clause) == (
        "register", "wrong-state", "retailcrm:config.failure"
    )  # fmt: skip
    assert refused.evidence == {"module": "takes no connections"}


def test_what_is_not_configured_is_as_documented():
    """Our own names end in .example, which nobody can have (RFC 2606); hosts are the platform's; times are the adopted readings."""
    ours = Configuration("a-code", "a-secret")
    assert [field.name for field in fields(ours) if not field.repr] == ["secret", "previous_secret"]
    assert "a-secret" not in repr(ours) and cannot_be_changed(Configuration)
    found = {field.name: getattr(ours, field.name) for field in fields(ours) if field.repr}
    assert found == {
        "code": "a-code",
        "base_url": "https://module.example",
        "name": "Example module",
        "scopes": ("integration_read", "integration_write"),
        "allowed_origins": OFFICIAL_ORIGINS,
        "instance": "",
        "active": True,
        "check_scopes": True,
        "confirm_address": False,
        "unavailable": "",
        "edit_timeout": 10.0,
        "session_lifetime": 3600,
    }


@pytest.mark.parametrize(
    "name",
    ["apiKey", "X-API-KEY", "token", "clientId"],
)  # fmt: skip
@pytest.mark.parametrize("side", ["partner", "platform"])
def test_what_a_message_carries_in_secret_is_masked_in_a_transcript_of_either_side(side, name):
    """The names are those of the pages, and of our own forms."""
    shown = shown_of_a_form(getattr(sides(), side).secret_names, name, "systemUrl")
    assert "a-private-value" not in shown and "a-plain-value" in shown


@pytest.mark.parametrize(
    ("method", "target", "endpoint"),
    [
        ("POST", "/retailcrm/register", "register"),
        ("POST", "/retailcrm/account", "account"),
        ("POST", "/retailcrm/activity", "activity"),
    ],
)
def test_what_is_refused_is_told_with_the_endpoint_that_was_asked(method, target, endpoint):
    assert endpoints_told(sides(), method, "https://module.example", target) == [endpoint]


def test_who_has_no_session_reads_where_the_module_is_opened():
    page = sides().partner.closed()
    shown = page.body.decode().rpartition("</h1>")[2]
    assert page.status == 403
    assert re.sub(r"<[^>]*>", "", shown).strip() == "Please open the module from its page in RetailCRM."


def test_the_package_exports_the_module_and_its_configuration():
    names: dict[str, object] = {}
    exec("from handshakes.retailcrm.partner import *", names)
    assert isinstance(sides().partner, names["Module"]) and names["Configuration"] is Configuration
