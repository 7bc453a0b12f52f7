"""The module beyond single requests: interruptions, repeats, reconnects, secrets, the account page, activity, rights."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from handshakes.core.messages import Request, Response, Unreachable, form_body, json_response
from handshakes.core.refusals import Refused
from handshakes.retailcrm import registration_token
from handshakes.retailcrm.partner.connecting import PLATFORM, replaced
from handshakes.runtime.browser import Browser, Form, Page
from handshakes.runtime.flow import drive
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.store import Conflict
from tests.retailcrm.sides import ANOTHER, CODE, DEMO, connected, sides

MODULE, FORM = "https://module.example", (("content-type", "application/x-www-form-urlencoded"),)
ACCOUNT = f"{MODULE}/retailcrm/account"
TECHNICAL = "https://demo-technical.simla.io"
SECRET = "example-module-secret"


def post(path: str, fields) -> Request:
    return Request("POST", MODULE, path, FORM, form_body(fields))


def registration(world, *, key: str = "", url: str = DEMO, secret: str = SECRET) -> Request:
    """Return a genuine registration, with a key that the CRM issued for it."""
    account = world.platform.accounts[DEMO]
    key = key or world.platform.issue_key(account, CODE, ("integration_read", "integration_write"))
    members = {"apiKey": key, "systemUrl": url, "token": registration_token(key, secret=secret)}
    return post("/retailcrm/register", {"register": json.dumps(members)})


def register(world, **changed) -> Response:
    return world.network.exchange("RetailCRM", registration(world, **changed))


def to_platform(world, request):
    return drive(world.platform.handle(request), None)


# --- nothing is lost ------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["unreachable", "closed", "broken"])
@pytest.mark.parametrize("at", range(2), ids=["credentials", "edit"])
@pytest.mark.parametrize("first", [True, False], ids=["first connect", "reconnect"])
def test_an_interruption_leaves_what_is_in_use(store, at, how, first):
    world = sides(store) if first else connected(store)
    world.popup()
    before = world.in_use()
    step = world.partner.handle(registration(world))
    request = next(step)
    for _ in range(at):
        request = step.send(to_platform(world, request))
    if how == "unreachable":
        with pytest.raises(StopIteration) as ended:
            step.throw(Unreachable("timeout"))
        assert ended.value.value.json()["success"] is False
    elif how == "closed":
        step.close()
    else:
        with pytest.raises(RuntimeError):
            step.throw(RuntimeError("the process ends here"))
    assert world.in_use() == before
    if first and at == 0:
        assert world.store.get(PLATFORM, world.partner.identity(DEMO)) is None
        assert world.connect().held
    elif first:
        pending = world.installation()
        assert (pending.state, set(pending.credentials)) == ("pending", {"client_id"})
        client_id = pending.credentials["client_id"]
        world.reports.clear()
        assert world.connect().held
        assert world.installation().credentials["client_id"] == client_id
    else:
        assert world.work()["success"] is True


def contents(world):
    """Return what is in use, without the number of its saves."""
    return {identity: replace(one, version=0) for identity, one in world.in_use().items()}


@pytest.mark.parametrize("at", range(1), ids=["update-scopes"])
@pytest.mark.parametrize("how", ["unreachable", "closed"])
def test_an_interrupted_change_of_rights_keeps_the_old_key(store, at, how):
    world = connected(store)
    before = contents(world)
    step = world.partner.rescope(world.partner.identity(DEMO), ("integration_write",))
    next(step)
    if how == "unreachable":
        with pytest.raises(Refused):
            step.throw(Unreachable("dropped"))
    else:
        step.close()
    assert contents(world) == before
    assert world.work()["success"] is True


@pytest.mark.parametrize("how", ["unreachable", "closed"])
def test_an_interrupted_move_leaves_the_installation_where_it_is(store, how):
    world = connected(store)
    before = world.in_use()
    client_id = world.installation().credentials["client_id"]
    fields = {"clientId": client_id, "activity": '{"active":false}', "systemUrl": TECHNICAL}
    step = world.partner.handle(post("/retailcrm/activity", fields))
    next(step)
    if how == "unreachable":
        with pytest.raises(StopIteration) as ended:
            step.throw(Unreachable("dropped"))
        assert ended.value.value.json()["success"] is False
    else:
        step.close()
    assert world.in_use() == before


def moving(world):
    """Return a callback that moves the account to its technical host, as far as the API's answer to it."""
    client_id = world.installation().credentials["client_id"]
    fields = {"clientId": client_id, "activity": "{}", "systemUrl": TECHNICAL}
    step = world.partner.handle(post("/retailcrm/activity", fields))
    return step, world.network.exchange("module", next(step))


def test_a_move_that_breaks_off_in_the_store_leaves_one_active_installation(tmp_path):
    """As a process that is killed within the transaction: whichever statement was the last, the account is in one place."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    ended = set()
    for most in range(1, 9):
        store = open_store(tmp_path / str(most), {})
        world = connected(store)
        step, answer = moving(world)
        left = [most]

        def interrupted(connection, cursor, statement, *more, left=left):
            if not statement.startswith("SELECT"):
                left[0] -= 1
                if left[0] < 0:
                    raise KeyboardInterrupt

        sqlalchemy.event.listen(store._engine, "before_cursor_execute", interrupted)
        with suppress(KeyboardInterrupt, StopIteration):
            step.send(answer)
        sqlalchemy.event.remove(store._engine, "before_cursor_execute", interrupted)
        (found,) = world.in_use().values()
        ended.add(found.details["systemUrl"])
        store.close()
    assert ended == {DEMO, TECHNICAL}, "broken off before the end, and let through"


def test_a_move_that_another_request_overtakes_looks_again_and_leaves_one_active_installation(store):
    world = connected(store)
    step, answer = moving(world)
    world.store.save(world.installation())  # another callback, between the read and the save
    save_all = store.save_all

    def overtaken(*installations):
        store.save_all = save_all
        store.save(store.get("retailcrm", world.partner.identity(DEMO)))
        return save_all(*installations)

    store.save_all = overtaken
    with pytest.raises(StopIteration) as ended:
        step.send(answer)
    assert (ended.value.value.json()["success"], world.reasons()) == (True, [])
    (found,) = world.in_use().values()
    assert found.details["systemUrl"] == TECHNICAL


def test_what_others_overtake_each_time_is_not_said_to_have_succeeded(store, monkeypatch):
    world = connected(store)
    step, answer = moving(world)

    def overtaken(*installations):
        raise Conflict

    monkeypatch.setattr(store, "save_all", overtaken)
    with pytest.raises(StopIteration) as ended:
        step.send(answer)
    monkeypatch.setattr(store, "save", overtaken)
    fields = {
        "clientId": world.installation().credentials["client_id"],
        "activity": '{"active":false}',
    }
    with pytest.raises(StopIteration) as off:
        next(world.partner.handle(post("/retailcrm/activity", fields)))
    assert [one.value.value.json()["success"] for one in (ended, off)] == [False, False]
    assert world.reasons() == ["store-locked", "store-locked"]
    (found,) = world.in_use().values()
    assert found.details["systemUrl"] == DEMO


def test_the_answer_to_edit_that_was_lost_can_be_repeated_with_the_same_client(store):
    world = sides(store)
    world.connect(DEMO, "edit-lost")
    (lost,) = world.platform.connections.values()
    assert world.in_use() == {}
    world.connect()
    (made,) = world.platform.connections.values()
    assert made.client_id == lost.client_id == world.installation().credentials["client_id"]


# --- repeating and reconnecting -------------------------------------------------------------------


def test_the_same_registration_again_asks_nobody_and_changes_nothing(store):
    world = sides(store)
    request = registration(world)
    first = world.network.exchange("RetailCRM", request)
    before, seen = world.in_use(), len(world.network.transcript.events)
    assert world.network.exchange("RetailCRM", request) == first
    assert world.in_use() == before
    assert len(world.network.transcript.events) == seen + 2


def test_a_replay_does_not_switch_a_module_on_again(store):
    world = sides(store)
    request = registration(world)
    world.network.exchange("RetailCRM", request)
    client_id = world.installation().credentials["client_id"]
    off = {"clientId": client_id, "activity": '{"active":false}'}
    world.network.exchange("RetailCRM", post("/retailcrm/activity", off))
    assert world.network.exchange("stranger", request).json()["success"] is True
    assert world.work() is None


@pytest.mark.clause("retailcrm:connection.repeat")
def test_a_replay_of_an_older_registration_brings_no_replaced_key_back(store):
    """S1: it would undo the newer key, and switch the module on again."""
    world = sides(store)
    old = registration(world)
    for request in (old, registration(world)):
        assert world.network.exchange("RetailCRM", request).json()["success"] is True
    off = {"clientId": world.installation().credentials["client_id"], "activity": '{"active":false}'}
    world.network.exchange("RetailCRM", post("/retailcrm/activity", off))
    before = world.installation()
    assert world.network.exchange("stranger", old).json()["success"] is False
    assert [refused.reason for _, refused in world.reports] == ["replayed"]
    assert world.installation() == before and world.work() is None
    key = json.loads(parse_qs(old.body.decode())["register"][0])["apiKey"]
    assert key not in repr(dict(before.credentials)), "only its digest is kept"


def test_one_captured_registration_leaves_no_record_for_invented_addresses(store):
    """S2: the token does not cover the address, so anybody can write another one beside it."""
    world = sides(store)
    key = world.platform.issue_key(
        world.platform.accounts[DEMO], CODE, ("integration_read", "integration_write")
    )
    for number in range(5):
        invented = f"https://h{number}.simla.com"
        assert register(world, key=key, url=invented).json()["success"] is False
        assert world.store.get(PLATFORM, world.partner.identity(invented)) is None
    assert register(world, key=key).json()["success"] is True


def test_reconnecting_keeps_the_client_and_replaces_the_key_only_after_success(store):
    world = connected(store)
    before = world.installation()
    world.connect(DEMO, "edit-403")
    assert world.installation() == before
    world.connect()
    after = world.installation()
    assert after.credentials["api_key"] != before.credentials["api_key"]
    assert after.credentials["client_id"] == before.credentials["client_id"]
    assert after.credentials["session_key"] == before.credentials["session_key"]
    assert len(world.in_use()) == 1


def test_what_is_random_is_as_long_as_it_has_to_be(store):
    """RFC 2104, section 3: a key as long as the digest, 32 bytes; retailcrm:edit.client-id-random: 160 bits."""
    credentials = connected(store).installation().credentials
    assert re.fullmatch("[0-9a-f]{64}", credentials["session_key"])
    assert re.fullmatch("[0-9a-f]{40}", credentials["client_id"])


@pytest.mark.parametrize("url", [DEMO + "/", DEMO + "//", "HTTPS://Demo.SIMLA.com"])
def test_another_spelling_of_the_address_is_the_same_installation(store, url):
    world = connected(store)
    client_id = world.installation().credentials["client_id"]
    assert register(world, url=url).json()["success"] is True
    (found,) = world.in_use().values()
    assert found.credentials["client_id"] == client_id


def test_the_crm_is_told_the_documented_members_of_a_module_and_no_others():
    """Fact sheet, 1.3 and 3.2: the names of the worked request of edit."""
    world = sides()
    step = world.partner.handle(registration(world))
    request = next(step)
    while "/edit" not in request.target:
        request = step.send(to_platform(world, request))
    document = json.loads(*parse_qs(request.body.decode())["integrationModule"])
    names = "code integrationCode active name logo clientId baseUrl accountUrl actions integrations"
    assert [*document] == names.split()
    assert [*document["actions"]] == ["activity"]
    assert document["logo"] == f"{document['baseUrl']}/logo.svg", "an SVG, by 3.2"


def test_of_two_registrations_at_once_none_is_lost(store):
    """Both keys work, both users are told so, and there is one installation with one client."""
    world = sides(store)
    steps = [world.partner.handle(registration(world)) for _ in range(2)]
    asked = [next(step) for step in steps]
    for _ in range(1):
        asked = [step.send(to_platform(world, request)) for step, request in zip(steps, asked, strict=True)]
    clients = {
        json.loads(parse_qs(request.body.decode())["integrationModule"][0])["clientId"] for request in asked
    }
    answers = []
    for step, request in zip(steps, asked, strict=True):
        with pytest.raises(StopIteration) as ended:
            step.send(to_platform(world, request))
        answers.append(ended.value.value.json()["success"])
    assert (answers, len(clients), len(world.in_use())) == ([True, True], 1, 1)
    assert world.work()["success"] is True


def test_several_connections_of_one_account_are_told_apart_by_their_code(store):
    one = connected(store)
    other = sides(store, instance="2")
    other.popup()
    assert other.connect().held
    codes = {code for _, code in other.platform.connections}
    assert codes == {f"{CODE}-2"}
    assert one.installation().identity != other.installation().identity
    assert len(one.in_use()) == 2


# --- secrets and hosts ----------------------------------------------------------------------------


def test_the_previous_secret_is_accepted_while_the_operator_says_so():
    world = sides(previous_secret="previous-module-secret")
    assert register(world, secret="previous-module-secret").json()["success"] is True
    assert register(world).json()["success"] is True
    without = sides()
    assert register(without, secret="previous-module-secret").json()["success"] is False
    assert without.reasons() == ["signature-mismatch"]


@pytest.mark.parametrize(
    ("secret", "told"),
    [("", "empty-secret retailcrm:token.empty-secret"), (None, "wrong-type retailcrm:token.empty-secret"),
     ("a\0", "malformed retailcrm:token.nul"), (7, "wrong-type retailcrm:token.key")],
)  # fmt: skip
def test_the_module_does_not_start_without_a_secret(secret, told):
    with pytest.raises(Refused) as refused:
        sides(secret=secret)
    assert f"{refused.value.reason} {refused.value.clause}" == told


@pytest.mark.parametrize(
    "url",
    ["https://crm.attacker.example", "https://demo.simla.com.attacker.example", "https://demo.simla.com:443",
     "http://demo.simla.com", "https://simla.com", "https://a.b.simla.com", "https://127.0.0.1", "https://[::1]",
     "https://demo.simla.com/admin", "https://demo.simla.com?x", "https://demo.simla.com#", "https://u@demo.simla.com",
     "https://demo.simla.com\\@crm.attacker.example", "//demo.simla.com", "demo.simla.com", "https://", "https://.simla.com",
     "https://dе.simla.com", "https://demo.simla.com\n", " https://demo.simla.com", "https://demo.simla.com."],
)  # fmt: skip
def test_a_key_goes_to_no_host_that_is_not_listed(url):
    world = sides()
    answer = register(world, url=url).json()
    assert answer == {
        "success": False,
        "errorMsg": "The module does not connect to this address. Please ask its vendor.",
    }
    assert [event for event in world.network.transcript.events if event.sender == "module"][1:] == []
    assert world.reasons()[0] in ("not-allowed", "malformed")
    assert world.installation() is None


def test_the_list_is_asked_again_for_each_call():
    """A host that was taken off the list gets no key, though an installation still names it."""
    world = connected()
    world.partner.configuration = replace(world.partner.configuration, allowed_origins=())
    world.partner.api.configuration = world.partner.configuration
    seen = len(world.network.transcript.events)
    with pytest.raises(Refused) as refused:
        world.work()
    assert refused.value.reason == "not-allowed"
    assert len(world.network.transcript.events) == seen


def test_a_box_is_one_exact_origin():
    world = sides(allowed_origins=("https://crm.box.example:8443",))
    for url, reason in (
        ("https://crm.box.example", "not-allowed"),
        ("https://crm.box.example:8443", "unreachable"),
    ):
        world.reports.clear()
        register(world, url=url)
        assert world.reasons() == [reason]


def test_a_key_without_a_needed_right_is_refused_with_the_rights_that_are_missing():
    world = sides()
    outcome = world.connect(DEMO, "key-without-rights")
    assert outcome.response.json()["errorMsg"].endswith(": integration_write.")


def test_the_user_reads_what_the_crm_said():
    world = sides()
    message = world.connect(DEMO, "edit-402").response.json()["errorMsg"]
    assert "Failed to activate module" in message and "Insufficient funds" in message


# --- the account page -----------------------------------------------------------------------------


def enter(world, account=DEMO, browser=None):
    url, fields = world.platform.account_form(account, CODE)
    page = Page(f"{account}/simulator", Response(200))
    return world.network.run((browser or Browser()).submit(page, Form(url, "POST", fields)))


@pytest.mark.clause("retailcrm:transition.shown")
def test_the_user_sees_which_account_is_open():
    world = connected()
    world.connect(ANOTHER)
    browser = Browser()
    for account in (DEMO, ANOTHER, DEMO):
        page = enter(world, account, browser)
        assert (page.url, page.response.status) == (ACCOUNT, 200)
        assert f">{account}<" in page.response.body.decode()
    assert ("back", DEMO) in page.links
    reloaded = world.network.run(browser.open(ACCOUNT))
    assert f">{DEMO}<" in reloaded.response.body.decode()


def test_a_session_ends_and_cannot_be_made_up():
    world, browser = connected(), Browser()
    enter(world, browser=browser)
    cookie = browser._cookies[MODULE]["retailcrm_session"]
    assert world.installation().credentials["client_id"] not in cookie

    def shown(value: str) -> int:
        request = Request(
            "GET", MODULE, "/retailcrm/account", (("cookie", f"a=b; retailcrm_session={value}"),)
        )
        return world.network.exchange("browser", request).status

    assert shown(cookie) == 200
    key, until, nonce, mac = cookie.split(".")
    assert re.fullmatch("[0-9a-f]{32}", nonce) and int(until) == world.clock() + 3_600
    for other in (
        "", ".", "....", "x", f"{key}.{int(until) + 1}.{nonce}.{mac}", f"{key}.{until}.00.{mac}", f"{key}.{until}.{nonce}.",
        f"{key}.{until}.{nonce}.{mac[:-1]}", f"{key[:-1]}0.{until}.{nonce}.{mac}", cookie + "é", "é" * 8,
    ):  # fmt: skip
        assert shown(other) == 403
    world.clock.advance(3600)
    assert shown(cookie) == 200
    world.clock.advance(1)
    assert shown(cookie) == 403


def test_a_client_opens_nothing_by_get_or_query():
    world = connected()
    client_id = world.installation().credentials["client_id"]
    for request in (
        Request("GET", MODULE, f"/retailcrm/account?clientId={client_id}"),
        Request("POST", MODULE, f"/retailcrm/account?clientId={client_id}", FORM),
    ):
        response = world.network.exchange("browser", request)
        assert (response.status, response.header("set-cookie")) == (403, "")


def test_a_pending_installation_cannot_be_opened():
    world = sides()
    world.connect(DEMO, "edit-403")
    client_id = world.installation().credentials["client_id"]
    response = world.network.exchange("browser", post("/retailcrm/account", {"clientId": client_id}))
    assert response.status == 403


# --- activity -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "works"),
    [
        ({"active": True, "freeze": False}, True),
        ({"active": False, "freeze": False}, False),
        ({"active": True, "freeze": True}, False),
        ({"active": False}, False),
        ({"freeze": True}, False),
        ({}, True),
    ],
)
def test_what_the_crm_says_is_kept_and_taken_back(store, said, works):
    world = connected(store)
    client_id = world.installation().credentials["client_id"]
    before = world.installation()
    fields = {"clientId": client_id, "activity": json.dumps(said)}
    assert world.network.exchange("RetailCRM", post("/retailcrm/activity", fields)).json() == {
        "success": True
    }
    assert (world.work() is not None) == works
    assert world.installation().credentials == before.credentials, "nothing is deleted"
    world.activity()
    assert world.work() is not None


def test_a_module_that_is_inactive_at_first_works_when_it_is_switched_on(store):
    world = sides(store, active="no")
    assert world.connect().held
    assert (world.platform.state(DEMO, CODE), world.work()) == ("off", None)
    world.activity()
    assert world.work() is not None


def test_reconnecting_switches_the_module_on(store):
    world = connected(store)
    world.activity(active=False)
    assert world.work() is None
    world.connect()
    assert world.work() is not None


def test_an_account_that_moves_to_its_other_host_takes_its_installation_with_it(store):
    world = connected(store)
    client_id = world.installation().credentials["client_id"]
    for url in (TECHNICAL, DEMO):
        fields = {"clientId": client_id, "activity": "{}", "systemUrl": url + "/"}
        answer = world.network.exchange("RetailCRM", post("/retailcrm/activity", fields))
        assert answer.json() == {"success": True}
        (found,) = world.in_use().values()
        assert found.details["systemUrl"] == url
        assert found.credentials["client_id"] == client_id
        assert world.work(url)["success"] is True
    assert enter(world).response.status == 200


@pytest.mark.clause("retailcrm:activity.system-url")
def test_an_account_cannot_move_to_where_another_is(store):
    world = connected(store)
    world.connect(ANOTHER)
    key = world.installation().credentials["api_key"]
    world.platform.accounts[ANOTHER].keys[key] = world.platform.accounts[DEMO].keys[key]
    before = world.in_use()
    world.activity(DEMO, "activity-another-account")
    assert (world.in_use(), world.reasons()) == (before, ["identity-mismatch"])


@pytest.mark.parametrize("name", ["clientId\0", " clientId", "clientId[x]", "activity[active]", " systemUrl"])
def test_a_callback_and_a_visit_with_a_field_that_php_takes_for_another_are_refused(name):
    world = connected()
    client_id = world.installation().credentials["client_id"]
    fields = {"clientId": client_id, "activity": '{"active":false}', "systemUrl": DEMO, name: "x"}
    before = world.in_use()
    answer = world.network.exchange("RetailCRM", post("/retailcrm/activity", fields))
    assert answer.json()["success"] is False
    visit = world.network.exchange("browser", post("/retailcrm/account", fields))
    assert visit.status == 403
    assert (world.in_use(), world.reasons()) == (before, ["duplicate-parameter"] * 2)


def test_a_host_that_was_left_is_connected_anew_with_another_client(store):
    world = connected(store)
    client_id = world.installation().credentials["client_id"]
    fields = {"clientId": client_id, "activity": "{}", "systemUrl": TECHNICAL}
    world.network.exchange("RetailCRM", post("/retailcrm/activity", fields))
    assert world.installation().state == "removed"
    assert (dict(world.installation().details), dict(world.installation().credentials)) == ({}, {})
    world.platform.client_ids.clear()
    world.connect()
    assert world.installation().credentials["client_id"] != client_id


# --- rights ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rotation", ["new-key", "same-key"])
def test_other_rights_come_with_a_key_that_replaces_the_old_one(store, rotation):
    world = connected(store, rotation=rotation)
    before = world.installation()
    identity = world.partner.identity(DEMO)
    after = world.network.run(world.partner.rescope(identity, ("integration_write",)), "module")
    assert (after.credentials["api_key"] != before.credentials["api_key"]) == (rotation == "new-key")
    assert after.credentials["client_id"] == before.credentials["client_id"]
    assert world.platform.accounts[DEMO].keys[after.credentials["api_key"]].scopes == ("integration_write",)
    assert world.work()["success"] is True


def test_rights_that_are_not_on_the_card_change_nothing(store):
    world = connected(store)
    before = contents(world)
    with pytest.raises(Refused) as refused:
        world.network.run(world.partner.rescope(world.partner.identity(DEMO), ("order_write",)), "module")
    assert refused.value.reason == "platform-error"
    assert contents(world) == before


@pytest.mark.clause("retailcrm:connection.identity")
def test_who_is_not_connected_has_no_work():
    world = sides()
    for step in (world.partner.work("nobody"), world.partner.rescope("nobody", ())):
        with pytest.raises(Refused) as refused:
            world.network.run(step, "module")
        assert refused.value.reason == "unknown-installation"


# --- what the outside sees ------------------------------------------------------------------------


def test_the_operators_report_and_the_store_hold_no_secret_in_the_clear():
    world = connected()
    secrets = set(world.installation().credentials.values()) | set(world.platform.accounts[DEMO].keys)
    for fault in (
        "wrong-token",
        "edit-403",
        "foreign-host",
        "upper-case-token",
        "register-in-query",
        "number-as-token",
    ):
        world.connect(DEMO, fault)
    secrets |= set(world.platform.accounts[DEMO].keys)
    told = " ".join(f"{refused} {refused.explain()} {refused!r}" for _, refused in world.reports)
    assert len(world.reports) == 6
    assert not [secret for secret in secrets if secret in told]
    (kept,) = world.store.find(PLATFORM, "systemUrl", DEMO)
    assert not [secret for secret in secrets if secret in repr(kept) + repr(dict(kept.details))]


def test_what_a_module_changed_is_returned_as_it_is_kept():
    world = connected()
    identity = world.partner.identity(DEMO)
    kept = []
    for step in (world.partner.rescope(identity, ("integration_write",)), world.partner.deactivate(identity)):
        kept.append(world.network.run(step, "module"))
        assert kept[-1] == world.installation()
    assert [one.details["active"] for one in kept] == ["yes", "no"]


@pytest.mark.parametrize("name", ["rescope", "deactivate"])
def test_what_was_removed_while_the_account_was_asked_is_refused(monkeypatch, name):
    world = connected()
    identity = world.partner.identity(DEMO)
    changes = iter([world.installation()] if name == "rescope" else [])
    monkeypatch.setattr(world.partner, "change", lambda identity, changed: next(changes, None))
    asked = (identity, ("integration_write",)) if name == "rescope" else (identity,)
    with pytest.raises(Refused) as refused:
        world.network.run(getattr(world.partner, name)(*asked), "module")
    assert (refused.value.reason, refused.value.clause) == (
        "unknown-installation",
        "retailcrm:connection.identity",
    )


@pytest.mark.parametrize(
    ("body", "entering", "activity"),
    [
        (b"clientId=a&clientId=b", "duplicate-parameter retailcrm:transition.body-only", "duplicate-parameter retailcrm:activity.form"),
        (b"\xff", "malformed retailcrm:transition.body-only", "malformed retailcrm:activity.form"),
        (b"", "missing-parameter retailcrm:transition.unknown", "missing-parameter retailcrm:activity.form"),
        (b"clientId=a", "unknown-installation retailcrm:transition.unknown", "missing-parameter retailcrm:activity.form"),
    ],
)  # fmt: skip
def test_each_step_refuses_a_form_by_a_clause_of_its_own(body, entering, activity):
    partner = sides().partner
    request = Request("POST", MODULE, "/x", FORM, body)
    told = []
    for step in (partner.entering, partner.activity_fields):
        with pytest.raises(Refused) as refused:
            step(request)
        told.append(f"{refused.value.reason} {refused.value.clause}")
    assert told == [entering, activity]


def test_a_key_that_was_replaced_is_remembered_by_its_digest_with_the_last_ones():
    credentials: dict[str, str] = {"client_id": "c", "api_key": ""}
    for key in [*map(str, range(70)), "69"]:
        credentials = replaced(credentials, key)
    former = [hashlib.sha256(str(key).encode()).hexdigest() for key in range(69)]
    assert credentials == {"client_id": "c", "api_key": "69", "former_keys": " ".join(former[-50:])}


def test_an_activity_that_is_no_json_is_told_by_the_clause_of_its_form():
    world = connected()
    client = world.installation().credentials["client_id"]
    answer = world.network.exchange(
        "RetailCRM", post("/retailcrm/activity", {"clientId": client, "activity": "x"})
    )
    assert answer.json()["success"] is False
    assert [(step, one.reason, one.clause) for step, one in world.reports] == [
        ("activity", "malformed", "retailcrm:activity.form")
    ]
    world.network.exchange("RetailCRM", post("/retailcrm/activity", {"clientId": "nobody", "activity": "{}"}))
    assert (world.reports[-1][1].reason, world.reports[-1][1].clause) == (
        "unknown-installation", "retailcrm:activity.unknown",
    )  # fmt: skip


def test_each_answer_of_the_account_that_says_no_names_its_clause():
    world = connected()
    assert world.connect(ANOTHER).held
    partner, here = world.partner, world.installation()
    scopes = json_response({"success": True, "scopes": ["integration_read", "integration_write"]})
    calls = {
        "platform-error retailcrm:edit.success": lambda: partner.accepted(json_response({"success": False})),
        "platform-error retailcrm:api.get-module": lambda: drive(
            partner.api.module(DEMO, "key", CODE), lambda request: json_response({"success": False})
        ),
        "missing-parameter retailcrm:system-url.confirmed": lambda: drive(
            partner.api.addresses(DEMO), lambda request: json_response({"success": True})
        ),
        "not-allowed retailcrm:system-url.allowed": lambda: partner.api.request(
            "GET", "https://attacker.example", "/x", "key"
        ),
        "missing-parameter retailcrm:scopes.replaced": lambda: drive(
            partner.api.update_scopes(DEMO, "key", CODE, ()), lambda request: json_response({"success": True})
        ),
        "identity-mismatch retailcrm:activity.system-url": lambda: drive(
            partner.move(here, ANOTHER), lambda request: scopes
        ),
    }
    for told, call in calls.items():
        with pytest.raises(Refused) as refused:
            call()
        assert f"{refused.value.reason} {refused.value.clause}" == told


def test_a_method_that_no_step_takes_is_told_by_its_clause():
    world = sides()
    world.network.exchange("anybody", Request("PATCH", MODULE, "/retailcrm/register"))
    assert [(one.reason, one.clause) for _, one in world.reports] == [
        ("wrong-method", "retailcrm:config.other-methods")
    ]
