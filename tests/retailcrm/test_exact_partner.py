"""Small rules of the module, each where a change of it alone would show: what it answers, keeps, finds and bounds."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest

from handshakes.core.messages import Request, Response, Unreachable, json_response
from handshakes.core.refusals import Refused
from handshakes.retailcrm.partner.connecting import PLATFORM, client_key, gone
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
