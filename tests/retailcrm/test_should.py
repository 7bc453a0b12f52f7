"""The "should" and "may" clauses: what the module does beyond what it must, and what the CRM may do."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest

from handshakes.core.messages import Request, form_body
from handshakes.core.strict import URLENCODED
from handshakes.retailcrm import registration_token
from handshakes.runtime.flow import drive
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.store import MemoryStore
from tests.recorder import recorded
from tests.retailcrm.sides import ANOTHER, CODE, DEMO, connected, sides

MODULE, TECHNICAL = "https://module.example", "https://demo-technical.simla.io"
CONFIG, REGISTER = "/retailcrm/config", "/retailcrm/register"
ACCOUNT, ACTIVITY = "/retailcrm/account", "/retailcrm/activity"
EDIT = f"/api/v5/integration-modules/{CODE}/edit"
BOTH_SCOPES = ("integration_read", "integration_write")


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path):
    if request.param == "memory":
        yield MemoryStore()
        return
    opened = open_store(tmp_path, {})
    yield opened
    opened.close()


def post(path: str, fields, query: str = "") -> Request:
    return Request("POST", MODULE, path + query, (("content-type", URLENCODED),), form_body(fields))


# --- the configuration ----------------------------------------------------------------------------


@pytest.mark.clause("retailcrm:config.other-methods")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_every_method_but_get_is_answered_with_405_and_says_which_one_is_right(method):
    world = sides()
    answer = world.network.exchange("RetailCRM", Request(method, MODULE, CONFIG))
    assert (answer.status, answer.header("allow")) == (405, "GET")
    assert world.reasons() == ["wrong-method"]
    assert world.network.exchange("RetailCRM", Request("GET", MODULE, CONFIG)).status == 200


@pytest.mark.clause("retailcrm:config.other-methods")
def test_where_registration_has_the_same_address_a_post_registers_and_another_method_is_405():
    world = sides()
    world.partner.endpoints = lambda: {CONFIG: {"GET": world.partner.config, "POST": world.partner.register}}
    world.partner.register_url = lambda: MODULE + CONFIG
    assert world.connect().held
    answer = world.network.exchange("RetailCRM", Request("PUT", MODULE, CONFIG))
    assert (answer.status, answer.header("allow")) == (405, "GET, POST")


# --- the order of the checks ----------------------------------------------------------------------


def wrong_in(*stages: str) -> Request:
    """Return a registration that is wrong in some stages, and right in the others."""
    secret = "another-secret" if "token" in stages else "example-module-secret"
    token = registration_token("example-api-key", secret=secret)
    members = {"token": token, "apiKey": "example-api-key", "systemUrl": DEMO}
    if "address" in stages:
        members["systemUrl"] = "https://crm.attacker.example"
    if "presence" in stages:
        del members["apiKey"]
    text = json.dumps(members)
    text = text.replace("{", "{]", 1) if "json" in stages else text
    body = form_body({"other" if "form" in stages else "register": text})
    body += b"&padding=" + b"x" * 65_536 if "size" in stages else b""
    return Request("POST", MODULE, REGISTER, (("content-type", URLENCODED),), body)


STAGES = {
    "size": ("too-large", "register.size"),
    "form": ("missing-parameter", "register.encoding"),
    "json": ("malformed", "register.json"),
    "presence": ("missing-parameter", "register.members"),
    "token": ("signature-mismatch", "token.verify"),
    "address": ("not-allowed", "system-url.allowed"),
}
"""What is wrong in a registration, in the order in which the register has the module look, and what is said of it."""


@pytest.mark.clause("retailcrm:register.order")
@pytest.mark.parametrize("first", STAGES)
def test_of_several_faults_the_earliest_check_speaks_and_nobody_is_called(first):
    names = list(STAGES)
    for others in ([], names[names.index(first) + 1 :]):
        world = recorded(sides())
        answer = world.network.exchange("RetailCRM", wrong_in(first, *others))
        assert answer.json()["success"] is False
        ((_, refused),) = world.reports
        assert (refused.reason, refused.clause.partition(":")[2]) == STAGES[first]
        assert [one.request.path for one in world.network.sent] == [REGISTER]


@pytest.mark.clause("retailcrm:register.order")
def test_the_state_is_looked_at_last_and_only_then_is_the_platform_called():
    """A key that a later one replaced is refused by the installation's state, if the rest is right."""
    world = recorded(connected())
    old = world.installation().credentials["api_key"]
    world.connect()
    seen = len(world.network.sent)
    for url, reason in (("https://crm.attacker.example", "not-allowed"), (DEMO, "replayed")):
        world.reports.clear()
        members = {
            "token": registration_token(old, secret="example-module-secret"),
            "apiKey": old,
            "systemUrl": url,
        }
        world.network.exchange("RetailCRM", post(REGISTER, {"register": json.dumps(members)}))
        assert world.reasons() == [reason]
    assert [one.request.path for one in world.network.sent[seen:]] == [REGISTER] * 2
    world.connect()
    assert [one.request.path for one in world.network.sent[seen + 2 :]] == [
        REGISTER,
        "/api/credentials",
        EDIT,
    ]


# --- edit -----------------------------------------------------------------------------------------


@pytest.mark.clause("retailcrm:edit.timeout")
@pytest.mark.parametrize("credentials", [0, 9.9])
def test_the_module_gives_up_on_edit_soon_enough_for_its_own_answer_to_arrive(credentials):
    """The platform waits 30 s for the registration; what the module asked before edit takes its part of them."""
    world = sides()
    world.popup()
    key = world.platform.issue_key(world.platform.accounts[DEMO], CODE, BOTH_SCOPES)
    members = {
        "token": registration_token(key, secret="example-module-secret"),
        "apiKey": key,
        "systemUrl": DEMO,
    }
    step = world.partner.handle(post(REGISTER, {"register": json.dumps(members)}))
    waited = 0.0
    request = next(step)
    while request.path != EDIT:
        waited += credentials
        assert credentials < request.timeout
        request = step.send(drive(world.platform.handle(request), None))
    waited += request.timeout
    assert request.timeout == 10
    assert waited < world.platform.settings.register_timeout == 30


@pytest.mark.clause("retailcrm:edit.funds")
def test_without_money_edit_answers_402_and_nothing_is_connected():
    """Status and message as official code expects them (telegram, src/routing.go)."""
    world = recorded(sides())
    outcome = world.connect(DEMO, "edit-402")
    ((_, answer),) = [one for one in world.network.answered if one[0].path == EDIT]
    assert (answer.status, answer.json()["success"]) == (402, False)
    assert answer.json()["errorMsg"] == "Failed to activate module"
    assert isinstance(answer.json()["errors"], list)
    assert (world.platform.connections, world.platform.state(DEMO, CODE), world.in_use()) == ({}, "", {})
    assert "Failed to activate module" in outcome.response.json()["errorMsg"]
    assert world.connect().held, "once there is money"


# --- answers --------------------------------------------------------------------------------------


@pytest.mark.clause("retailcrm:answer.json")
def test_whatever_the_module_answers_to_the_crm_is_json_and_says_so():
    world = recorded(connected())
    world.popup()
    for fault in ("", "wrong-token", "edit-403", "foreign-host", "too-large", "unreachable"):
        world.connect(DEMO, fault)
    for fault in ("", "activity-unknown", "activity-foreign-host", "activity-numbers"):
        world.activity(DEMO, fault)
    world.popup(DEMO, "config-posted")
    world.network.exchange("RetailCRM", Request("GET", MODULE, "/elsewhere"))
    answers = [answer for request, answer in world.network.answered if request.origin == MODULE]
    assert {answer.status for answer in answers} == {200, 404, 405}
    assert len(answers) == 13
    for answer in answers:
        assert answer.header("content-type").partition(";")[0] == "application/json"
        assert isinstance(json.loads(answer.body.decode("utf-8")), dict)


# --- activity -------------------------------------------------------------------------------------


@pytest.mark.clause("retailcrm:activity.billing")
def test_a_callback_may_carry_the_price_as_a_json_text_beside_the_three_fields():
    """The names are those of the official PHP client's BillingInfo."""
    world = recorded(connected())
    world.activity(active=False)
    assert world.work() is None
    outcome = world.activity(DEMO, "activity-billing")
    fields = parse_qs(world.network.sent[-1].request.body.decode())
    assert set(fields) == {"clientId", "activity", "systemUrl", "billingInfo"}
    price = json.loads(*fields["billingInfo"])
    assert set(price) == {"price", "priceWithDiscount", "currency", "billingType"}
    assert set(price["currency"]) == {"name", "shortName", "code"}
    assert outcome.response.json() == {"success": True}
    assert world.work() is not None, "the rest of the callback is taken as ever"


@pytest.mark.clause("retailcrm:activity.data-kept")
@pytest.mark.parametrize("flags", [{"active": False}, {"freeze": True}, {"active": False, "freeze": True}])
def test_switching_off_keeps_all_that_the_module_has_of_the_customer(store, flags):
    world = connected(store)
    world.connect(ANOTHER)
    before, other = world.installation(), world.installation(ANOTHER)
    for _ in range(2):
        world.activity(**flags)
    off = world.installation()
    assert off.state == "active" and world.work() is None
    assert dict(off.credentials) == dict(before.credentials)
    kept = {name: text for name, text in off.details.items() if name not in ("active", "freeze")}
    assert kept == {"systemUrl": DEMO, "clientKey": before.details["clientKey"]}
    world.activity()
    back = world.installation()
    assert (dict(back.details), dict(back.credentials)) == (dict(before.details), dict(before.credentials))
    assert world.work()["success"] is True
    assert world.installation(ANOTHER) == other


# --- several connections --------------------------------------------------------------------------


@pytest.mark.clause("retailcrm:connection.several")
def test_an_account_holds_several_connections_of_one_module_side_by_side():
    """Their codes begin with the module's code; each has its own clientId and is described and switched alone."""
    world = sides()
    account = world.platform.accounts[DEMO]
    keys = [world.platform.issue_key(account, CODE, BOTH_SCOPES) for _ in range(2)]
    codes = [f"{CODE}-1", f"{CODE}-2"]

    def send(method: str, key: str, target: str, **members):
        headers = (("x-api-key", key), ("content-type", URLENCODED))
        body = form_body({"integrationModule": json.dumps(members)}) if members else b""
        return world.network.exchange("module", Request(method, DEMO, target, headers, body))

    def described(number: int, **changes):
        code = codes[number]
        members = {
            "code": code, "integrationCode": CODE, "active": True, "clientId": str(number) * 40,
            "baseUrl": f"{MODULE}/{number}", "accountUrl": f"{MODULE}/{number}/account", "actions": {},
        }  # fmt: skip
        target = f"/api/v5/integration-modules/{code}/edit"
        return send("POST", keys[number], target, **{**members, **changes}).status

    def shown(number: int):
        answer = send("GET", keys[number], f"/api/v5/integration-modules/{codes[number]}").json()
        return answer["integrationModule"]

    assert [described(0), described(1), described(0)] == [201, 201, 200]
    assert [shown(number)["baseUrl"] for number in range(2)] == [f"{MODULE}/0", f"{MODULE}/1"]
    ids = {code: one.client_id for (_, code), one in world.platform.connections.items()}
    assert ids == {codes[0]: "0" * 40, codes[1]: "1" * 40}
    assert described(0, active=False) == 200
    assert [shown(number)["active"] for number in range(2)] == [False, True]
