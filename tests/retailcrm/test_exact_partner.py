"""Small rules of the module, each where a change of it alone would show: what it answers, keeps, finds and bounds."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from handshakes.core.messages import Pause, Request, Response, Unreachable, json_response
from handshakes.core.refusals import Refused
from handshakes.retailcrm.partner.connecting import PLATFORM, client_key, gone, replaced
from handshakes.runtime.flow import drive
from handshakes.runtime.store import Installation, StoreError
from tests.refusals import told_of
from tests.retailcrm.sides import DEMO, NOW, connected, sides

C = "retailcrm:"
FORM = ("content-type", "application/x-www-form-urlencoded")
GONE = ("unknown-installation retailcrm:connection.identity", {})
ACCEPTED = "RetailCRM did not accept the module. "


def answer(response: Response) -> tuple[int, object]:
    return response.status, response.json()


# --- what the user reads ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (Refused("platform-error", C + "edit.success", {}), ACCEPTED + "It gave no reason."),
        (Refused("platform-error", C + "edit.success", {"errorMsg": "No"}), ACCEPTED + "No"),
        (Refused("platform-error", C + "edit.success", {"errors": "code: bad"}), ACCEPTED + "code: bad"),
        (Refused("platform-error", C + "edit.call", {"errorMsg": "No", "errors": "code: bad"}), ACCEPTED + "No: code: bad"),
        (Refused("wrong-state", C + "config.failure", {}), "Back on Monday."),
        (Refused("unreachable", C + "edit.call", {}), "RetailCRM did not answer the module as expected. Please try again."),
        (Refused("unexpected-answer", C + "scopes.checked", {}), "RetailCRM did not answer the module as expected. Please try again."),
        (Refused("not-allowed", C + "scopes.checked", {"missing": "a, b"}), "The module needs rights that its API key lacks: a, b."),
        (Refused("not-allowed", C + "system-url.allowed", {}), "The module does not connect to this address. Please ask its vendor."),
        (Refused("malformed", C + "system-url.canonical", {}), "The module does not connect to this address. Please ask its vendor."),
        (Refused("replayed", C + "connection.repeat", {}), "The module could not be connected. Please try again."),
    ],
)  # fmt: skip
def test_what_the_user_can_do_is_said_in_these_words(refused, said):
    partner = sides(unavailable="Back on Monday.").partner
    assert partner.message(refused) == said
    assert answer(partner.failed(refused)) == (200, {"success": False, "errorMsg": said})


def test_the_answers_of_the_module_have_these_members_and_no_others():
    partner = sides(unavailable="Back on Monday.").partner
    no = {"success": False, "errorMsg": "Back on Monday."}
    assert answer(partner.not_now()) == (200, no)
    assert answer(partner.unverified(gone())) == (
        200,
        {"success": False, "errorMsg": "The module could not be connected."},
    )
    yes = {"success": True, "accountUrl": "https://module.example/retailcrm/account"}
    assert answer(partner.connected()) == (200, yes)
    unserved = partner.unserved("There is no such page.", 404, (("allow", "GET"),))
    assert answer(unserved) == (404, {"success": False, "errorMsg": "There is no such page."})
    assert unserved.header("allow") == "GET"


def test_a_callback_is_answered_with_success_alone_or_with_one_text():
    world = connected()
    client_id = world.installation().credentials["client_id"]

    def sent(body: bytes) -> tuple[int, object]:
        target = "/retailcrm/activity"
        request = Request("POST", "https://module.example", target, (FORM,), body)
        return answer(world.network.exchange("RetailCRM", request))

    assert sent(f"clientId={client_id}&activity=%7B%7D".encode()) == (200, {"success": True})
    refused = {"success": False, "errorMsg": "The callback was not accepted."}
    assert sent(b"clientId=&activity=%7B%7D") == (200, refused)


# --- what is kept -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("client_id", "digested"), [("a", b"a"), ("ü", b"\xc3\xbc"), ("\ud800", b"\xed\xa0\x80")]
)
def test_a_client_id_is_found_by_its_digest_whatever_a_form_may_hold(client_id, digested):
    """Half a character is written as UTF-8 would write it, were it allowed (three bytes, RFC 3629, 3)."""
    assert client_key(client_id) == hashlib.sha256(digested).hexdigest()


@pytest.mark.parametrize(
    ("states", "state", "changes"),
    [
        (("active",), "active", True),
        (("active",), "pending", False),
        (("active",), "removed", False),
        (("active", "pending"), "pending", True),
        (("active", "pending"), "removed", False),
    ],
)
def test_an_installation_is_changed_in_the_named_states_alone(states, state, changes):
    world = sides()
    assert world.partner.change("nothing", lambda one: one, states) is None
    before = world.store.save(Installation(PLATFORM, "x", {"a": "1"}, {}, state))
    after = world.partner.change("x", lambda one: replace(one, details={"a": "2"}), states)
    assert (after is not None) == changes
    assert world.store.get(PLATFORM, "x") == (after or before)
    assert world.store.get(PLATFORM, "x").details == {"a": "2" if changes else "1"}


def test_a_key_for_what_was_removed_meanwhile_is_refused_and_not_kept():
    world = connected()
    before = world.installation()
    world.store.save(replace(before, state="removed", credentials={}))
    assert told_of(lambda: world.partner.committed(before, "a-new-key")) == GONE
    assert (world.installation().state, world.installation().credentials) == ("removed", {})


@pytest.mark.parametrize("version", [0, 3])
def test_a_change_of_a_row_that_cannot_be_read_needs_something_to_change_instead(version, monkeypatch):
    world = connected()
    error = StoreError("store-locked", "x", version)

    def get(platform, identity):
        raise error

    monkeypatch.setattr(world.store, "get", get)
    with pytest.raises(StoreError) as caught:
        world.partner.change(world.partner.identity(DEMO), lambda one: one)
    assert caught.value is error


def test_the_row_of_a_connection_is_found_again_by_the_next_version():
    """What is written here a second time is in the databases of those who use the module."""
    world = connected()
    row = world.installation()
    assert row.identity == "example-module https://demo.simla.com"
    assert {**row.details, "clientKey": ""} == {
        "systemUrl": "https://demo.simla.com",
        "clientKey": "",
        "active": "yes",
        "freeze": "no",
    }
    assert row.details["clientKey"] == hashlib.sha256(row.credentials["client_id"].encode()).hexdigest()
    lengths = {"client_id": 40, "session_key": 64, "api_key": 32}
    assert {name: len(value) for name, value in row.credentials.items()} == lengths
    assert (row.platform, row.state, row.version) == ("retailcrm", "active", 2)


@pytest.mark.parametrize(
    "address", ["https://crm.example.mx", "https://CRM.example.MX/", "https://crm.example.mx//"]
)
def test_an_account_says_its_address_with_a_slash_or_without_and_in_any_case(address):
    """A host is compared without regard to case (RFC 3986, 3.2.2)."""
    sides().partner.confirmed("https://crm.example.mx", ("https://other.example", address))


@pytest.mark.parametrize(("active", "flag"), [(True, "yes"), (False, "no")])
def test_a_first_connection_is_switched_on_as_edit_says_it(active, flag):
    world = sides(active="yes" if active else "no")
    made = world.partner.prepared(DEMO, "k")
    assert made.details == {
        "systemUrl": DEMO,
        "clientKey": client_key(made.credentials["client_id"]),
        "active": flag,
        "freeze": "no",
    }
    assert (made.state, list(made.credentials), made.version) == ("pending", ["client_id"], 1)
    assert world.partner.prepared(DEMO, "k") == made, "the next attempt gives the same clientId"
    assert world.partner.committed(made, "k").details["active"] == flag


@pytest.mark.parametrize(
    ("active", "before", "after"), [(True, "no", "yes"), (False, "yes", "yes"), (False, "no", "no")]
)
def test_a_new_key_switches_on_what_edit_said_is_on(active, before, after):
    world = sides(active="yes" if active else "no")
    made = world.partner.prepared(DEMO, "k")
    made = world.store.save(replace(made, details={**made.details, "active": before}))
    assert world.partner.committed(made, "k").details["active"] == after


@pytest.mark.parametrize(
    ("call", "clause", "sent"),
    [
        (lambda api: api.edit(DEMO, "k", "code", {"a": "b c"}), "edit.call",
         ("POST", "/api/v5/integration-modules/code/edit", (("x-api-key", "k"), FORM), b"a=b+c", 10.0)),
        (lambda api: api.scopes(DEMO, "k"), "scopes.checked", ("GET", "/api/credentials", (("x-api-key", "k"),), b"", None)),
        (lambda api: api.addresses(DEMO), "system-url.confirmed", ("GET", "/api/system-info", (), b"", None)),
        (lambda api: api.module(DEMO, "k", "code"), "api.get-module",
         ("GET", "/api/v5/integration-modules/code", (("x-api-key", "k"),), b"", None)),
        (lambda api: api.update_scopes(DEMO, "k", "code", ("a", "b")), "scopes.replaced",
         ("POST", "/api/v5/integration-modules/code/update-scopes", (("x-api-key", "k"), FORM),
          b"requires=%7B%22scopes%22%3A%5B%22a%22%2C%22b%22%5D%7D", None)),
    ],
)  # fmt: skip
def test_a_call_is_one_request_and_its_failure_is_told_by_its_clause(call, clause, sent):
    """The paths are those of the page and of the API's reference; the header is X-API-KEY (facts 3.2)."""
    found = []

    def carry(request):
        found.append(request)
        raise Unreachable("timeout")

    told, _ = told_of(lambda: drive(call(sides().partner.api), carry))
    assert told == f"unreachable retailcrm:{clause}"
    (request,) = found
    method, target, headers, body, timeout = sent
    assert (request.method, request.url, request.headers, request.body) == (
        method,
        DEMO + target,
        headers,
        body,
    )
    assert request.timeout == (timeout or Request("GET", DEMO, "/").timeout)


@pytest.mark.parametrize(
    ("call", "clause"),
    [
        (lambda api: api.scopes(DEMO, "k"), "scopes.checked"),
        (lambda api: api.addresses(DEMO), "system-url.confirmed"),
        (lambda api: api.module(DEMO, "k", "code"), "api.get-module"),
        (lambda api: api.update_scopes(DEMO, "k", "code", ()), "scopes.replaced"),
    ],
)
def test_an_answer_without_success_is_told_by_the_clause_of_its_call(call, clause):
    told, _ = told_of(
        lambda: drive(call(sides().partner.api), lambda request: json_response({"success": False}))
    )
    assert told == f"platform-error retailcrm:{clause}"


def test_a_connection_without_a_key_is_not_taken_for_one_with_the_key_XX():
    """Nothing is asked for a key that is in use; a pending connection has none, whatever the new one is."""
    world = sides()
    world.partner.prepared(DEMO, "XX")
    assert next(world.partner.connect(DEMO, "XX")).path == "/api/credentials"


def test_whoever_enters_is_led_on_with_a_cookie_that_is_stored_nowhere_else():
    world = connected()
    client_id = world.installation().credentials["client_id"]
    request = Request(
        "POST", "https://module.example", "/retailcrm/account", (FORM,), f"clientId={client_id}".encode()
    )
    response = world.network.exchange("browser", request)
    (cookie,) = response.header_values("set-cookie")
    value, attributes = cookie.partition("; ")[::2]
    assert attributes == "Path=/retailcrm/account; HttpOnly; Secure; SameSite=Lax"
    key, until, nonce, mac = value.removeprefix("retailcrm_session=").split(".")
    assert (key, until, len(nonce)) == (hashlib.sha256(client_id.encode()).hexdigest(), str(NOW + 3_600), 32)
    signed = f"{key}.{until}.{nonce}".encode()
    session_key = world.installation().credentials["session_key"].encode()
    assert mac == hmac.digest(session_key, signed, "sha256").hex()
    assert (response.status, response.header("cache-control")) == (303, "no-store")
    assert response.header("location") == "https://module.example/retailcrm/account"


def text(response: Response) -> str:
    """Return what a person reads: the title, and what is below the heading."""
    page = response.body.decode()
    title = page.partition("<title>")[2].partition("</title>")[0]
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", f"{title}: {page.partition('</h1>')[2]}")).strip()


@pytest.mark.parametrize(
    ("flags", "said", "kind"),
    [
        ({"active": "yes", "freeze": "no"}, "The module works.", "ok"),
        ({"active": "no", "freeze": "no"}, "The module is switched off.", "none"),
        ({"active": "yes", "freeze": "yes"}, "The module is switched off.", "none"),
    ],
)
def test_the_account_page_says_where_it_is_connected_and_whether_it_works(flags, said, kind):
    world = connected()
    row = world.installation()
    row = world.store.save(replace(row, details={**row.details, **flags}))
    cookie = (("cookie", f"retailcrm_session={world.partner.session(row)}"),)
    request = Request("GET", "https://module.example", "/retailcrm/account", cookie)
    response = world.network.exchange("browser", request)
    assert (
        text(response).replace(" .", ".")
        == f"Settings of the module: Connected to {DEMO}. {said} Back to RetailCRM"
    )
    page = response.body.decode()
    assert f'<b id="system-url">{DEMO}</b>' in page and f'<a id="back" href="{DEMO}">' in page
    assert f'<span id="state" class="state {kind}">' in page


def test_who_has_no_session_reads_that_the_page_is_not_open():
    response = sides().partner.closed()
    assert text(response) == "Not open: Please open the module from its page in RetailCRM."
    assert response.status == 403


@pytest.mark.parametrize(("seconds", "opens"), [(0, True), (3_600, True), (3_601, False)])
@pytest.mark.parametrize("state", ["active", "removed"])
def test_a_session_opens_the_account_for_an_hour_while_it_is_connected(seconds, opens, state):
    world = connected()
    row = world.installation()
    cookie = (("cookie", f"retailcrm_session={world.partner.session(row)}"),)
    row = world.store.save(replace(row, state=state))
    world.clock.advance(seconds)
    request = Request("GET", "https://module.example", "/retailcrm/account", cookie)
    assert world.partner.of_session(request) == (row if opens and state == "active" else None)


@pytest.mark.parametrize("damage", ["", ".", "..", "a.b.c.d", "mac", "key", "until"])
def test_a_session_with_another_part_opens_nothing(damage):
    world = connected()
    key, until, nonce, mac = world.partner.session(world.installation()).split(".")
    parts = {
        "mac": (key, until, nonce, mac[:-1] + ("0" if mac[-1] != "0" else "1")),
        "key": ("0" * 64, until, nonce, mac),
        "until": (key, str(int(until) + 1), nonce, mac),
    }
    text = ".".join(parts[damage]) if damage in parts else damage
    request = Request("GET", "https://module.example", "/", (("cookie", f"retailcrm_session={text}"),))
    assert world.partner.of_session(request) is None


@pytest.mark.parametrize(("most", "shown"), [(200, "b" * 200), (201, "b" * 199 + "…")])
def test_of_the_addresses_of_another_account_200_characters_are_told(most, shown):
    _, evidence = told_of(lambda: sides().partner.confirmed("a" * 100, ("b" * most,)))
    assert evidence == {"expected": "a" * 100, "found": shown}
    _, evidence = told_of(lambda: sides().partner.confirmed("a" * 101, ()))
    assert evidence == {"expected": "a" * 99 + "…", "found": ""}


def test_the_module_is_called_by_this_name_and_is_at_home_at_its_account_page():
    partner = sides().partner
    assert (partner.name, partner.home) == ("module", "/retailcrm/account")


def test_a_key_that_is_in_use_asks_nobody_and_returns_what_is_kept():
    world = connected()
    row = world.installation()
    with pytest.raises(StopIteration) as ended:
        next(world.partner.connect(DEMO, row.credentials["api_key"]))
    assert ended.value.value == row


def test_a_new_key_leaves_the_session_key_as_it_was_and_remembers_the_old_one():
    world = connected()
    row = world.installation()
    new = world.partner.committed(row, "new")
    old = row.credentials["api_key"]
    assert new.credentials == {**row.credentials, "api_key": "new", "former_keys": client_key(old)}
    again = world.partner.committed(new, "newer")
    assert again.credentials["former_keys"] == f"{client_key(old)} {client_key('new')}"
    assert "former_keys" not in replaced({"api_key": "a"}, "a")


@pytest.mark.parametrize(("former", "kept"), [(49, 50), (50, 50), (51, 50)])
def test_the_last_fifty_former_keys_are_remembered(former, kept):
    """Our own limit, written here a second time."""
    keys = [str(n) for n in range(former)]
    found = replaced({"api_key": "a", "former_keys": " ".join(keys)}, "b")["former_keys"].split()
    assert found == [*keys, client_key("a")][-kept:]


def test_a_connection_that_cannot_be_saved_at_once_is_told_to_the_operator(monkeypatch):
    world = sides()
    error = StoreError("store-locked", "x")
    committed, tries = world.partner.committed, []

    def failing(*args):
        tries.append(args)
        if len(tries) == 1:
            raise error
        return committed(*args)

    monkeypatch.setattr(world.partner, "committed", failing)
    step = world.partner.connect(DEMO, "k")
    next(step)
    step.send(json_response({"success": True, "scopes": ["integration_read", "integration_write"]}))
    assert step.send(json_response({"success": True})) == Pause(0.5)
    with pytest.raises(StopIteration) as ended:
        next(step)
    assert ended.value.value.credentials["api_key"] == "k"
    assert world.reports == [("register", error)]


def test_new_rights_that_cannot_be_saved_at_once_are_told_to_the_operator(monkeypatch):
    world = connected()
    error = StoreError("store-locked", "x")
    change, tries = world.partner.change, []

    def failing(*args, **kwargs):
        tries.append(args)
        if len(tries) == 2:
            raise error
        return change(*args, **kwargs)

    monkeypatch.setattr(world.partner, "change", failing)
    step = world.partner.rescope(world.partner.identity(DEMO), ("integration_read",))
    next(step)
    step.send(json_response({"success": True, "apiKey": "new"}))
    with pytest.raises(StopIteration) as ended:
        next(step)
    assert ended.value.value.credentials["api_key"] == "new"
    assert world.reports == [("rescope", error)]


def test_a_key_that_is_refused_with_403_switches_the_module_off_and_nothing_else():
    world = connected()
    row = world.installation()
    refused = Refused("platform-error", C + "api.get-module", {"status": "403"})
    world.partner.shut_out(row.identity, "an-old-key", refused)
    assert world.installation().details == row.details, "the key was replaced since"
    world.partner.shut_out(row.identity, row.credentials["api_key"], refused)
    after = world.installation()
    assert (after.details, after.credentials) == ({**row.details, "active": "no"}, row.credentials)
    assert world.reports == [("work", refused)] * 2


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_only_a_403_is_taken_for_a_key_that_was_switched_off(status):
    world = connected()
    step = world.partner.work(world.partner.identity(DEMO))
    answer = json_response({"success": False}, status)
    if status == 403:
        assert drive(step, lambda request: answer) is None
    else:
        told, _ = told_of(lambda: drive(step, lambda request: answer))
        assert told == "platform-error retailcrm:api.get-module"
    assert world.installation().details["active"] == ("no" if status == 403 else "yes")


def test_to_deactivate_tells_the_account_and_then_keeps_it():
    world = connected()
    row = world.installation()
    found = []

    def carry(request):
        found.append(request)
        return json_response({"success": True})

    after = drive(world.partner.deactivate(row.identity), carry)
    assert after.details == {**row.details, "active": "no"}
    (request,) = found
    (description,) = parse_qs(request.body.decode())["integrationModule"]
    assert json.loads(description) == {
        "code": "example-module",
        "integrationCode": "example-module",
        "active": False,
        "name": "Example module",
        "logo": "https://module.example/logo.svg",
        "clientId": row.credentials["client_id"],
        "baseUrl": "https://module.example",
        "accountUrl": "https://module.example/retailcrm/account",
        "actions": {"activity": "/retailcrm/activity"},
        "integrations": {},
    }
    assert description.startswith('{"code":"example-module","integrationCode":')


@pytest.mark.parametrize("call", ["move", "work", "deactivate", "rescope"])
@pytest.mark.parametrize("state", ["pending", "removed", ""])
def test_what_is_not_in_use_does_no_work(call, state):
    world = sides()
    row = Installation(PLATFORM, "x", {"systemUrl": DEMO}, {"api_key": "k"}, state or "active")
    if state:
        world.store.save(row)
    args = {"move": (row, DEMO), "rescope": ("x", ())}.get(call, ("x",))
    step = getattr(world.partner, call)(*args)
    allowed = {"success": True, "scopes": ["integration_read", "integration_write"]}
    assert told_of(lambda: drive(step, lambda request: json_response(allowed))) == GONE


@pytest.mark.parametrize("call", ["deactivate", "rescope"])
def test_what_is_removed_while_the_account_is_asked_is_refused_and_stays_removed(call):
    world = connected()
    row = world.installation()

    def carry(request):
        world.store.save(replace(world.installation(), state="removed"))
        return json_response({"success": True, "apiKey": "new"})

    args = (row.identity, ()) if call == "rescope" else (row.identity,)
    assert told_of(lambda: drive(getattr(world.partner, call)(*args), carry)) == GONE
    assert world.installation().state == "removed"
    assert world.installation().credentials == row.credentials


@pytest.mark.parametrize(("instance", "code"), [("", "example-module"), ("7", "example-module-7")])
def test_a_connection_is_called_by_the_code_with_its_instance(instance, code):
    """A20."""
    partner = sides(instance=instance).partner
    assert (partner.code, partner.identity("u")) == (code, f"{code} u")


def test_a_name_is_sent_as_it_is_written():
    """A24: one field with a JSON text, in UTF-8 (RFC 8259, 8.1)."""
    assert sides().partner.edit_fields({"name": "Модуль", "active": True}) == {
        "integrationModule": '{"name":"Модуль","active":true}'
    }


@pytest.mark.parametrize("state", ["active", "pending", "removed"])
def test_a_connection_moves_to_an_address_without_one_in_use_alone(state):
    world = connected()
    row = world.installation()
    other = Installation(PLATFORM, world.partner.identity("https://b.simla.com"), {"x": "y"}, {}, state)
    there = world.store.save(other)
    step = world.partner.move(row, "https://b.simla.com")
    answer = json_response({"success": True, "scopes": []})
    if state == "active":
        told = told_of(lambda: drive(step, lambda request: answer))
        assert told == ("identity-mismatch retailcrm:activity.system-url", {"address": "has a connection"})
        assert (world.installation(), world.store.get(PLATFORM, other.identity)) == (row, there)
    else:
        moved = drive(step, lambda request: answer)
        details = {**row.details, "systemUrl": "https://b.simla.com"}
        assert moved == replace(row, identity=other.identity, details=details, version=2)
        left = world.installation()
        assert (left.state, left.details, left.credentials) == ("removed", {}, {})


def test_what_was_removed_is_connected_anew_whatever_its_row_still_holds():
    world = connected()
    row = world.store.save(replace(world.installation(), state="removed"))
    assert next(world.partner.connect(DEMO, row.credentials["api_key"])).path == "/api/credentials"
    made = world.partner.prepared(DEMO, "k")
    assert (made.state, made.version, list(made.credentials)) == ("pending", row.version + 1, ["client_id"])
    assert made.credentials["client_id"] != row.credentials["client_id"]


def test_while_nobody_can_connect_the_configuration_says_why():
    world = sides(unavailable="Back on Monday.")
    request = Request("GET", "https://module.example", "/retailcrm/config")
    no = {"success": False, "errorMsg": "Back on Monday."}
    assert answer(world.network.exchange("RetailCRM", request)) == (200, no)
    world = sides()
    yes = {
        "success": True,
        "scopes": ["integration_read", "integration_write"],
        "registerUrl": "https://module.example/retailcrm/register",
    }
    assert answer(world.network.exchange("RetailCRM", request)) == (200, yes)


@pytest.mark.parametrize(("public", "held"), [(DEMO, True), ("https://other.simla.com", False)])
@pytest.mark.parametrize("asks", [True, False])
def test_where_it_is_configured_the_account_says_its_own_address_after_edit(public, held, asks):
    """A11."""
    world = sides()
    world.partner.configuration = replace(world.partner.configuration, confirm_address=asks)
    found = []

    def carry(request):
        found.append(request.path)
        addresses = {"publicUrl": public, "technicalUrl": "https://technical.simla.io"}
        return json_response(
            {"success": True, "scopes": ["integration_read", "integration_write"], **addresses}
        )

    step = world.partner.connect(DEMO, "k")
    if held or not asks:
        assert drive(step, carry).credentials["api_key"] == "k"
    else:
        told = told_of(lambda: drive(step, carry))[0]
        assert told == "identity-mismatch retailcrm:system-url.confirmed"
        assert world.installation().state == "pending"
    edit = "/api/v5/integration-modules/example-module/edit"
    assert found == ["/api/credentials", edit, *(["/api/system-info"] if asks else [])]


def test_a_registration_in_the_query_is_refused_before_its_token_is_looked_at():
    world = sides()
    request = Request(
        "POST", "https://module.example", "/retailcrm/register?register=x", (FORM,), b"register=y"
    )
    told = told_of(lambda: world.partner.registration(request))
    evidence = {"register": "is in the query, where logs keep it"}
    assert told == ("malformed retailcrm:register.body-only", evidence)


@pytest.mark.parametrize("said", [{"success": False}, {}, {"success": "true"}])
def test_a_key_that_edit_did_not_accept_is_not_kept(said):
    world = sides()

    def carry(request):
        scopes = {"success": True, "scopes": ["integration_read", "integration_write"]}
        return json_response(said if request.path.endswith("/edit") else scopes)

    told = told_of(lambda: drive(world.partner.connect(DEMO, "k"), carry))[0]
    assert told == "platform-error retailcrm:edit.success"
    row = world.installation()
    assert (row.state, list(row.credentials)) == ("pending", ["client_id"])
