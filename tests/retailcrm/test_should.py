"""The "should" and "may" clauses: what the module does beyond what it must, and what the CRM may do."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from handshakes.core.messages import Request, form_body, json_response
from handshakes.core.refusals import Refused
from handshakes.core.strict import URLENCODED
from handshakes.retailcrm import demo, registration_token
from handshakes.retailcrm.simulator import RetailCRM
from handshakes.retailcrm.simulator.faults import FAULTS
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import Clock, drive
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from tests.recorder import recorded
from tests.retailcrm.sides import ANOTHER, CODE, DEMO, NOW, connected, sides

MODULE, TECHNICAL = "https://module.example", "https://demo-technical.simla.io"
CONFIG, REGISTER = "/retailcrm/config", "/retailcrm/register"
ACCOUNT, ACTIVITY = "/retailcrm/account", "/retailcrm/activity"
EDIT = f"/api/v5/integration-modules/{CODE}/edit"
BOTH_SCOPES = ("integration_read", "integration_write")


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
    assert [told.evidence for _, told in world.reports] == [{"method": method, "expected": "GET"}]
    assert world.network.exchange("RetailCRM", Request("GET", MODULE, CONFIG)).status == 200


@pytest.mark.clause("retailcrm:config.other-methods")
def test_where_registration_has_the_same_address_a_post_registers_and_another_method_is_405():
    world = sides()
    world.partner.endpoints = lambda: {CONFIG: {"GET": world.partner.config, "POST": world.partner.register}}
    world.partner.register_url = lambda: MODULE + CONFIG
    assert world.connect().held
    answer = world.network.exchange("RetailCRM", Request("PUT", MODULE, CONFIG))
    assert (answer.status, answer.header("allow")) == (405, "GET, POST")


LATER = "The module is being repaired. Please try again at noon."


@pytest.mark.clause("retailcrm:config.failure", "retailcrm:config.unavailable")
def test_a_module_that_takes_no_connections_says_why_with_success_false_and_200():
    world = recorded(sides(unavailable=LATER))
    outcome = world.popup()
    assert outcome.response.status == 200
    assert outcome.response.json() == {"success": False, "errorMsg": LATER}
    assert [(one.clause, one.state) for one in outcome.findings] == [("retailcrm:config.failure", "held")]
    browser = Browser()
    page = world.network.run(browser.open(f"{DEMO}/simulator"))
    page = world.network.run(browser.submit(page, page.form(f"popup-{CODE}")))
    assert f'<p id="error">{LATER}</p>' in page.response.body.decode()
    assert world.connect().response is None, "the popup offers no Connect"
    assert {request.path for request in world.network.to(MODULE)} == {CONFIG}


@pytest.mark.clause("retailcrm:config.failure")
def test_a_click_on_connect_in_a_pop_up_from_before_is_told_the_same():
    world = recorded(sides())
    world.popup()
    world.partner.configuration = replace(world.partner.configuration, unavailable=LATER)
    outcome = world.connect()
    assert (outcome.response.status, outcome.response.json()) == (200, {"success": False, "errorMsg": LATER})
    assert world.reasons() == ["wrong-state"]
    assert world.network.to(DEMO) == [] and world.in_use() == {}


@pytest.mark.clause("retailcrm:config.failure")
@pytest.mark.parametrize(
    "answer",
    [
        json_response({"success": False, "errorMsg": LATER}, 503),
        json_response({"success": False}),
        json_response({"success": False, "errorMsg": " "}),
        json_response({"success": False, "errorMsg": 5}),
    ],
)
def test_a_failure_with_another_status_or_without_a_message_is_found(answer):
    world = sides()
    world.partner.not_now = lambda: answer
    world.partner.configuration = replace(world.partner.configuration, unavailable=LATER)
    outcome = world.popup()
    assert [(one.clause, one.state) for one in outcome.findings] == [("retailcrm:config.failure", "violated")]


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
    "size": ("too-large", "register.encoding"),
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


def answering_system_info(world, **changes):
    known = world.platform._system_info
    world.platform._system_info = lambda account: {**known(account), **changes}


@pytest.mark.clause("retailcrm:system-url.confirmed")
@pytest.mark.parametrize("host", ["public", "technical"])
def test_the_module_can_ask_after_edit_which_account_answers_and_sends_no_key_for_it(host):
    world = recorded(sides(confirm_address="yes", system_url=host))
    assert world.connect().held
    url = {"public": DEMO, "technical": TECHNICAL}[host]
    called = world.network.to(url)
    assert [(one.method, one.target) for one in called[-2:]] == [("POST", EDIT), ("GET", "/api/system-info")]
    assert (called[-1].headers, called[-1].body) == ((), b"")
    assert world.work(url)["success"] is True


@pytest.mark.clause("retailcrm:system-url.confirmed")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"publicUrl": ANOTHER, "technicalUrl": ANOTHER}, "identity-mismatch"),
        ({"success": False}, "platform-error"),
        ({"publicUrl": None}, "missing-parameter"),
    ],
)
def test_another_account_at_the_address_ends_the_connection(changes, reason):
    world = sides(confirm_address="yes")
    answering_system_info(world, **changes)
    outcome = world.connect()
    assert outcome.response.json()["success"] is False
    assert world.reasons() == [reason]
    assert (world.in_use(), world.platform.state(DEMO, CODE)) == ({}, "")


def test_unless_it_is_asked_to_the_module_does_not_look_who_answers():
    world = recorded(sides())
    answering_system_info(world, publicUrl=ANOTHER, technicalUrl=ANOTHER)
    assert world.connect().held
    assert [one for one in world.network.to(DEMO) if one.path == "/api/system-info"] == []


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


def callbacks_after(world, seen: int):
    """Return what each callback says since the `seen` first ones: flags and address."""
    said = [parse_qs(request.body.decode()) for request in world.network.to(MODULE, ACTIVITY)[seen:]]
    return [(json.loads(*one["activity"]), *one["systemUrl"]) for one in said]


@pytest.mark.clause("retailcrm:activity.moment")
def test_each_switch_of_the_account_is_told_once_and_at_once():
    world, browser = recorded(connected()), Browser()
    expected = [
        ("off", {"active": False, "freeze": False}),
        ("on", {"active": True, "freeze": False}),
        ("freeze", {"active": True, "freeze": True}),
    ]
    for number, (button, flags) in enumerate(expected):
        page = world.network.run(browser.open(f"{DEMO}/simulator"))
        assert len(world.network.to(MODULE, ACTIVITY)) == number, "looking at the list tells nobody"
        world.network.run(browser.submit(page, page.form(f"{button}-{CODE}")))
        assert callbacks_after(world, number) == [(flags, DEMO)]


def readdressed(platform: RetailCRM, account_url: str, url: str):
    """Give an account another public address, with what belongs to it, and tell each of its modules."""
    account = platform.accounts.pop(account_url)
    account.system_url = url
    platform.accounts[url] = account
    for kept in (platform.connections, platform.popups):
        for code in [code for at, code in [*kept] if at == account_url]:
            kept[url, code] = kept.pop((account_url, code))
    outcomes = []
    for one in [one for (at, _), one in platform.connections.items() if at == url]:
        told = platform.activity(url, one.integration_code, active=one.active, freeze=one.freeze)
        outcomes.append((yield from told))
    return outcomes


@pytest.mark.clause("retailcrm:activity.moment")
def test_an_account_that_gets_another_address_tells_its_modules_and_no_other_account_does(store):
    moved = "https://renamed.simla.com"
    world = sides(store)
    world.platform.__class__ = type(
        "Renamed", (RetailCRM,), {"origins": property(lambda self: (*RetailCRM.origins.fget(self), moved))}
    )
    world = recorded(world)
    world.connect()
    world.connect(ANOTHER)
    world.activity(freeze=True)
    client_id = world.installation().credentials["client_id"]
    (outcome,) = world.network.run(readdressed(world.platform, DEMO, moved), "RetailCRM")
    assert outcome.held and outcome.response.json() == {"success": True}
    assert callbacks_after(world, 1) == [({"active": True, "freeze": True}, moved)]
    assert world.installation().state == "removed"
    assert world.installation(moved).credentials["client_id"] == client_id
    assert world.network.run(world.platform.activity(moved, CODE), "RetailCRM").held
    assert world.work(moved)["success"] is True
    assert world.platform.state(moved, CODE) == "connected"


# --- the module switches itself off, and is shut out ----------------------------------------------


@pytest.mark.clause("retailcrm:connection.deactivate")
def test_the_module_can_switch_itself_off_with_edit_and_is_switched_on_by_the_account(store):
    world = recorded(connected(store))
    before = world.installation()
    seen = len(world.network.sent)
    world.network.run(world.partner.deactivate(world.partner.identity(DEMO)), "module")
    (edit,) = [one.request for one in world.network.sent[seen:]]
    assert (edit.target, edit.header("x-api-key")) == (EDIT, before.credentials["api_key"])
    document = json.loads(*parse_qs(edit.body.decode())["integrationModule"])
    assert document["active"] is False
    assert document["clientId"] == before.credentials["client_id"]
    assert (world.platform.state(DEMO, CODE), world.work()) == ("off", None)
    assert dict(world.installation().credentials) == dict(before.credentials)
    world.activity()
    assert (world.platform.state(DEMO, CODE), world.work()["success"]) == ("connected", True)


@pytest.mark.clause("retailcrm:connection.deactivate")
@pytest.mark.parametrize("fault", ["edit-403", "edit-says-false"])
def test_a_module_that_the_account_does_not_let_go_stays_on(store, fault):
    world = connected(store)
    before = world.installation()
    (key,) = [key for key in world.platform.accounts[DEMO].keys.values() if not key.revoked]
    key.fault = FAULTS[fault]
    with pytest.raises(Refused) as refused:
        world.network.run(world.partner.deactivate(before.identity), "module")
    assert refused.value.reason == "platform-error"
    assert (world.installation(), world.platform.state(DEMO, CODE)) == (before, "connected")


@pytest.mark.clause("retailcrm:connection.revoked")
@pytest.mark.parametrize("flags", [{"active": False}, {"freeze": True}])
def test_a_module_that_missed_the_callback_takes_403_for_being_switched_off_and_asks_no_more(store, flags):
    world = recorded(connected(store, when_off="key-refused"))
    before = world.installation()
    endpoints = world.partner.endpoints  # the callback does not reach the module
    world.partner.endpoints = lambda: {path: at for path, at in endpoints().items() if path != ACTIVITY}
    world.activity(**flags)
    assert (world.work(), world.reasons()) == (None, ["platform-error"])
    seen = len(world.network.sent)
    assert (world.work(), len(world.network.sent)) == (None, seen)
    assert dict(world.installation().credentials) == dict(before.credentials), "all is kept"
    world.partner.endpoints = endpoints
    world.activity()
    assert world.work()["success"] is True


@pytest.mark.clause("retailcrm:connection.revoked")
def test_a_key_that_was_replaced_meanwhile_does_not_switch_the_module_off(store):
    world = connected(store, when_off="key-refused")
    step = world.partner.work(world.partner.identity(DEMO))
    request = next(step)
    world.connect()
    world.activity(active=False)
    answer = drive(world.platform.handle(request), None)
    world.activity()
    assert answer.status == 403
    with pytest.raises(StopIteration) as ended:
        step.send(answer)
    assert ended.value.value is None
    assert world.work()["success"] is True


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_no_other_status_is_taken_for_being_switched_off(store, status):
    world = connected(store)
    world.platform.resource = lambda request: json_response({"success": False, "errorMsg": "x"}, status)
    before = world.installation()
    with pytest.raises(Refused, match="platform-error"):
        world.work()
    assert world.installation() == before


@pytest.mark.parametrize("when_off", ["key-works", "key-refused"])
def test_whether_a_key_works_while_the_module_is_off_is_a_setting_of_the_simulator(when_off):
    """Nothing says what RetailCRM does (A30); a reconnect's new key works at once."""
    world = connected(when_off=when_off)
    key = world.installation().credentials["api_key"]

    def status(key: str) -> int:
        return world.network.exchange(
            "module", Request("GET", DEMO, "/api/credentials", (("x-api-key", key),))
        ).status

    world.activity(active=False)
    assert status(key) == (200 if when_off == "key-works" else 403)
    world.connect()
    assert status(world.installation().credentials["api_key"]) == 200
    world.activity()
    assert status(key) == 200


# --- how often ------------------------------------------------------------------------------------


@pytest.mark.clause("retailcrm:api.rate")
@pytest.mark.parametrize("status", [503, 429])
def test_the_eleventh_request_of_one_key_in_a_second_is_refused(status):
    """Ten a second is what the official Go client keeps to (rate.go); both statuses are in its tests."""
    world = sides(rate=str(status))
    keys = [
        world.platform.issue_key(world.platform.accounts[account], CODE, BOTH_SCOPES)
        for account in (DEMO, DEMO, ANOTHER)
    ]

    def statuses(key: str, number: int, origin: str = DEMO) -> list[int]:
        request = Request("GET", origin, "/api/credentials", (("x-api-key", key),))
        return [world.network.exchange("module", request).status for _ in range(number)]

    for _ in range(2):
        assert statuses(keys[0], 12) == [200] * 10 + [status] * 2
        assert statuses(keys[1], 10) == [200] * 10, "each key is counted alone"
        assert statuses(keys[2], 10, ANOTHER) == [200] * 10
        world.clock.advance(1)
    refused = world.network.exchange(
        "module", Request("GET", DEMO, "/api/credentials", (("x-api-key", keys[0]),))
    )
    assert refused.status == 200
    assert [one for one in world.platform.findings if one.violated] == []


@pytest.mark.clause("retailcrm:api.rate")
def test_served_the_simulator_limits_the_rate_and_a_module_over_it_learns_the_status():
    served = Clock(NOW)
    world = World(served, lambda n: b"\1" * n, MemoryStore(), {}, "http://127.0.0.1:8000", MODULE)
    assert demo.sides(world).platform.settings.rate_status == 503
    both = connected(rate="429")
    key = both.installation().credentials["api_key"]
    both.platform.accounts[DEMO].keys[key].second = both.clock()
    both.platform.accounts[DEMO].keys[key].in_second = 10
    with pytest.raises(Refused) as refused:
        both.work()
    assert (refused.value.reason, refused.value.evidence["status"]) == ("platform-error", "429")
    both.clock.advance(1)
    assert both.work()["success"] is True


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
