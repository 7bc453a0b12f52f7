"""What the operator is told beside a reason: refusals of the provider, with the whole of their evidence."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from handshakes.core.messages import Unreachable, json_response
from handshakes.onoffice import sign_url, verify_url
from handshakes.onoffice.partner.api import Access
from handshakes.onoffice.partner.configuration import Configuration
from handshakes.onoffice.partner.connecting import needed
from handshakes.runtime.flow import drive
from tests.judge.partners import cannot_be_changed
from tests.onoffice.sides import FIRST, NOW, sides
from tests.refusals import endpoints_told, shown_of_a_form, told_of

SECRET = "Example-Provider-Secret-1!"
QUERY = f"customerName=name&userId=&timestamp={NOW}"
URL = verify_url(
    sign_url(f"https://provider.example/x?{QUERY}", secret=SECRET),
    secret=SECRET,
    now=NOW,
    tolerance=(300, 120),
)
ACCESS = Access("t" * 32, "k" * 64)
ENDED = {"elements.success": "is not success"}
MISSING = {"elements.success": "is missing"}


def unlocked(elements):
    return {"data": {"records": [{"elements": elements}]}}


def estate(partner, carry):
    return drive(partner.api.estate(ACCESS, "4711", "a-claim"), carry)


def timeout(request):
    raise Unreachable("timeout")


@pytest.mark.parametrize(
    ("call", "told", "evidence"),
    [
        (lambda p: p.api.unlocked(unlocked({})), "platform-error onoffice:unlock.answer", MISSING),
        (lambda p: p.api.unlocked(unlocked([])), "platform-error onoffice:unlock.answer", MISSING),
        (lambda p: p.api.unlocked(unlocked({"success": True})), "platform-error onoffice:unlock.answer", ENDED),
        (lambda p: estate(p, timeout), "unreachable onoffice:unlock.timeout", {"action": "estate", "network": "timeout"}),
        (lambda p: p.key(" \t"), "empty-parameter onoffice:unlock.key", {"name": "secret"}),
        (lambda p: p.key(" " + "k" * 301), "too-large onoffice:unlock.key", {"characters": "301", "limit": "300"}),
        (lambda p: needed(URL, "customerName", 3), "too-large onoffice:url.signed-values", {"name": "customerName", "characters": "4", "limit": "3"}),
        (lambda p: needed(URL, "userId", 3), "empty-parameter onoffice:url.signed-values", {"name": "userId"}),
        (lambda p: needed(URL, "customerWebId", 3), "missing-parameter onoffice:url.signed-values",
         {"name": "customerWebId", "found": "customerName, userId, timestamp"}),
        (lambda p: needed(URL, "apiToken", 3), "missing-parameter onoffice:unlock.empty-token",
         {"name": "apiToken", "found": "customerName, userId, timestamp"}),
        (lambda p: p.in_use(FIRST), "unknown-installation onoffice:service.activated", {"customer": "has not activated"}),
        (lambda p: p.claim(FIRST, "21"), "unknown-installation onoffice:claim.latest", {"user": "called no service"}),
        (lambda p: p.agreed({"privacy": "on"}), "not-allowed onoffice:page.privacy", {"privacy": "was not agreed to"}),
        (lambda p: drive(p.activate("a", "b"), timeout), "unknown-installation onoffice:unlock.bound",
         {"ticket": "is not one of ours, or its page is too old"}),
    ],
)  # fmt: skip
def test_a_refusal_is_told_with_what_was_found(call, told, evidence):
    assert told_of(lambda: call(sides().partner)) == (told, evidence)


def test_what_is_right_is_refused_by_none_of_these():
    partner = sides().partner
    partner.api.unlocked(unlocked({"success": "success"}))
    assert partner.key(" a-key\n") == "a-key" and partner.key("k" * 300) == "k" * 300
    assert needed(URL, "customerName", 4) == "name"
    partner.agreed({"privacy": "yes"})


@pytest.mark.clause("onoffice:claim.returned")
def test_a_property_is_read_with_the_claim_and_the_two_fields_that_are_shown():
    sent = []

    def carry(request):
        sent.append(json.loads(request.body))
        good = {"code": 200, "errorcode": 0, "message": "OK"}
        records = [{"id": 4711, "type": "estate", "elements": {"objekttitel": "House"}}]
        return json_response(
            {"status": good, "response": {"results": [{"data": {"records": records}, "status": good}]}}
        )

    assert estate(sides().partner, carry) == {"objekttitel": "House"}
    (request,) = sent
    (action,) = request["request"]["actions"]
    assert request["token"] == "t" * 32
    assert action["parameters"] == {"data": ["Id", "objekttitel"], "extendedclaim": "a-claim"}
    assert (action["resourcetype"], action["resourceid"]) == ("estate", "4711")
    assert action["actionid"] == "urn:onoffice-de-ns:smart:2.5:smartml:action:read"


def test_what_is_not_configured_is_as_documented():
    """Our own names end in .example, which nobody can have (RFC 2606); hosts are the platform's; times are the adopted readings."""
    ours = Configuration("a-secret")
    assert [field.name for field in fields(ours) if not field.repr] == ["provider_secret", "previous_secret"]
    assert "a-secret" not in repr(ours) and cannot_be_changed(Configuration)
    found = {field.name: getattr(ours, field.name) for field in fields(ours) if field.repr}
    assert found == {
        "previous_until": 0,
        "base_url": "https://provider.example",
        "hosts": (
            "https://smart.onoffice.de",
            "https://beta.smart.onoffice.de",
            "https://crm-beta.onoffice.de",
        ),
        "api_url": "https://api.onoffice.de/api/stable/api.php",
        "api_timeout": 10.0,
        "tolerance": (300, 120),
        "page_lifetime": 3600,
        "hmac_version": 2,
    }


@pytest.mark.parametrize(
    "name",
    ["apiToken", "apikey", "token", "apiClaim", "extendedclaim", "secret", "ticket", "hmac", "signature"],
)  # fmt: skip
@pytest.mark.parametrize("side", ["partner", "platform"])
def test_what_a_message_carries_in_secret_is_masked_in_a_transcript_of_either_side(side, name):
    """The names are those of the pages, and of our own forms."""
    shown = shown_of_a_form(getattr(sides(), side).secret_names, name, "customerWebId")
    assert "a-private-value" not in shown and "a-plain-value" in shown


@pytest.mark.parametrize(
    ("method", "target", "endpoint"),
    [
        ("GET", "/onoffice/activate", "activate"),
        ("POST", "/onoffice/unlock", "unlock"),
        ("GET", "/onoffice/service", "service"),
        ("GET", "/onoffice/webhook", "webhook"),
    ],
)
def test_what_is_refused_is_told_with_the_endpoint_that_was_asked(method, target, endpoint):
    assert endpoints_told(sides(), method, "https://provider.example", target) == [endpoint]
