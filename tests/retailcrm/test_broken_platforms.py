"""What the module must notice: a platform that breaks one clause is refused by its reason, and nothing is lost by it.

A broken platform is one row: the clause, the one method that is overridden or the one fault that is
played, what the module's operator learns first, and whether the account ends connected. The correct
platform is noticed by nothing. Clauses of the platform that are not here are those that a module cannot
see broken: see `UNSEEN`.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest

from handshakes.core.messages import Dropped, Request, Response, form_body, json_response
from handshakes.core.refusals import Refused
from handshakes.retailcrm.partner.configuration import Configuration
from handshakes.retailcrm.simulator import RetailCRM
from handshakes.retailcrm.simulator.acting import posted
from handshakes.retailcrm.simulator.faults import ACTIVITY_FAULTS, CONFIG_FAULTS, CONNECT_FAULTS, FAULTS
from handshakes.retailcrm.simulator.records import READ, Card
from handshakes.retailcrm.simulator.resources import ApiError
from handshakes.runtime.browser import Browser
from handshakes.runtime.calls import asked
from handshakes.runtime.verdicts import Outcome
from handshakes.spec.register import load
from tests import steps as shared
from tests.retailcrm.sides import CODE, DEMO, Both, sides

REGISTER = load("retailcrm")
ACCOUNT = "https://module.example/retailcrm/account"


def changed(method: str, change: Callable[[Request], Request]) -> dict[str, Any]:
    """Override one step: `change` is applied to every request that it sends."""
    return {method: shared.changed(RetailCRM, method, change)}


def lived(override: dict[str, Any] | str = "") -> tuple[str, str]:
    """Live through one connection until the module notices something: return what that is, and the account's state.

    What it notices is the reason of its report, or of the refusal of its own call, or the status 404.
    """
    fault = override if isinstance(override, str) else ""
    world = sides()
    if isinstance(override, dict):
        (name,) = override
        assert hasattr(RetailCRM, name)
        world.platform.__class__ = type("Broken", (RetailCRM,), override)
    for step in steps(world, FAULTS.get(fault), fault):
        try:
            outcome = step()
        except Refused as refused:
            return refused.reason, state_of(world)
        if world.reports:
            return world.reasons()[0], state_of(world)
        answer = getattr(outcome, "response", None)
        if answer is not None and answer.status == 404:
            return "404", state_of(world)
    return "", state_of(world)


def state_of(world: Both) -> str:
    found = world.installation()
    return found.state if found else ""


def steps(world: Both, kind: Any, fault: str):
    """Yield what is done one after the other, each with the fault if it is one of that step."""

    def at(faults) -> str:
        return fault if kind in faults else ""

    def started():
        """The module is started with the secret of its card."""
        card = Card("another-module", "Another", "https://module.example/retailcrm/config")
        Configuration("another-module", world.platform.add_card(card).secret)

    def opened_later():
        browser = Browser()
        page = world.network.run(browser.open(f"{DEMO}/simulator"))
        return world.network.run(browser.submit(page, page.form(f"account-{CODE}")))

    identity = world.partner.identity(DEMO)
    yield started
    yield lambda: world.popup(DEMO, at(CONFIG_FAULTS))
    yield lambda: world.connect(DEMO, at(CONNECT_FAULTS))
    if state_of(world) == "active":
        yield world.visit
        yield opened_later
        yield lambda: world.activity(DEMO, at(ACTIVITY_FAULTS))
        yield world.work
        yield lambda: world.network.run(
            world.partner.rescope(identity, world.partner.configuration.scopes), "module"
        )


# --- what is overridden ---------------------------------------------------------------------------


def card_as_it_is(self, card):
    self.cards[card.code] = card
    return card


def nothing_sent(self, account_url, code, fault=""):
    yield from ()
    return Outcome(None, ())


def key_not_kept(self, account, code, scopes, digits=False):
    key = RetailCRM.issue_key(self, account, code, scopes, digits)
    account.keys[key].revoked = "register.key-issued"
    return key


def other_scopes(self, account_url, code, fault=""):
    popup = self.popups[account_url, code]
    self.popups[account_url, code] = replace(popup, scopes=(READ,))
    return (yield from RetailCRM.connect(self, account_url, code, fault))


def address_signed_too(request: Request) -> Request:
    members = json.loads(dict(parse_qsl(request.body.decode()))["register"])
    signed = (members["apiKey"] + members["systemUrl"]).encode()
    members["token"] = hmac.digest(b"example-module-secret", signed, "sha256").hex()
    return replace(request, body=form_body({"register": json.dumps(members)}))


def nothing_served_while_it_waits(self, request):
    return Dropped() if self.waiting else RetailCRM.resource(self, request)


def multipart_only(self, request):
    if request.method == "POST" and not request.header("content-type").startswith("multipart/"):
        raise ApiError(400, "Errors in the input parameters")
    return RetailCRM._fields(self, request)


def key_in_the_query_only(self, request, account, fields):
    headers = tuple(pair for pair in request.headers if pair[0] != "x-api-key")
    return RetailCRM._key(self, replace(request, headers=headers), account, {})


def success_not_said(self, account, code, value, key, fields):
    response = RetailCRM._edit(self, account, code, value, key, fields)
    return replace(response, body=response.body.replace(b'"success":true,', b""))


def error_page(self, request):
    return Response(500, (("content-type", "text/html"),), b"<h1>Oops</h1>")


def without(method: str, *names: str):
    """Return a method's answer without some members."""

    def answer(self, *args):
        made = getattr(RetailCRM, method)(self, *args)
        if isinstance(made, Response):
            return json_response({k: v for k, v in made.json().items() if k not in names}, made.status)
        return {name: value for name, value in made.items() if name not in names}

    return {method: answer}


def nothing_known(self, account, key, code):
    raise ApiError(404, "Not found")


def address_with_the_id(self, account_url, code, later=False):
    url, fields = RetailCRM.account_form(self, account_url, code, later)
    return (url, fields) if later else (f"{url}?clientId={quote(fields['clientId'])}", {})


def only_once(self, account_url, code, later=False):
    url, fields = RetailCRM.account_form(self, account_url, code, later)
    return url, ({"clientId": "0" * 40} if later else fields)


def user_first(self, account_url, code, fault=""):
    yield from asked(posted(ACCOUNT, {"clientId": "0" * 40}, account_url))
    return (yield from RetailCRM.connect(self, account_url, code, fault))


def two_slashes(self, connection):
    return f"{connection.base_url}/{connection.actions['activity']}"


Override = dict[str, Any] | str
BROKEN: list[tuple[str, str, Override, str, str]] = [
    ("card.secret", "none is made", {"add_card": card_as_it_is}, "empty-secret", ""),
    ("config.method", "put", "config-posted", "wrong-method", ""),
    ("config.remembered", "other scopes", {"connect": other_scopes}, "not-allowed", ""),
    ("register.moment", "never", {"connect": nothing_sent}, "", ""),
    ("register.key-issued", "not yet", {"issue_key": key_not_kept}, "platform-error", ""),
    ("register.key-issued", "without a scope", "key-without-rights", "not-allowed", ""),
    ("register.method", "put", changed("connect", lambda r: replace(r, method="PUT")), "wrong-method", ""),
    ("register.method", "get", changed("connect", lambda r: replace(r, method="GET")), "wrong-method", ""),
    ("register.contents", "no token", "missing-token", "missing-parameter", ""),
    ("register.contents", "no key", "missing-apikey", "missing-parameter", ""),
    ("register.contents", "no address", "missing-systemurl", "missing-parameter", ""),
    ("register.contents", "a number", "number-as-token", "wrong-type", ""),
    ("token.coverage", "the address too", changed("connect", address_signed_too), "signature-mismatch", ""),
    ("edit.during", "nothing is served", {"resource": nothing_served_while_it_waits}, "unreachable", ""),
    ("edit.encodings", "multipart alone", {"_fields": multipart_only}, "platform-error", "pending"),
    ("edit.answer", "no success", {"_edit": success_not_said}, "platform-error", "pending"),
    (
        "transition.post",
        "id in the address",
        {"account_form": address_with_the_id},
        "missing-parameter",
        "active",
    ),
    ("transition.later", "another id", {"account_form": only_once}, "unknown-installation", "active"),
    ("activity.address", "two slashes", {"activity_url": two_slashes}, "404", "active"),
    ("activity.form", "no id", "activity-without-client", "missing-parameter", "active"),
    ("activity.form", "brackets", "activity-bracketed", "missing-parameter", "active"),
    ("activity.form", "flags as numbers", "activity-numbers", "wrong-type", "active"),
    (
        "activity.form",
        "a JSON body",
        changed("activity", lambda r: replace(r, headers=(("content-type", "application/json"),))),
        "wrong-content-type",
        "active",
    ),
    ("connection.order", "the user first", {"connect": user_first}, "unknown-installation", "active"),
    ("api.key", "in the query alone", {"_key": key_in_the_query_only}, "platform-error", ""),
    (
        "api.https",
        "http",
        {"_sent_url": lambda self, account: account.system_url.replace("https", "http")},
        "not-allowed",
        "",
    ),
    ("api.errors", "a page", {"resource": error_page}, "platform-error", ""),
    ("api.missing-key", "403 to a right key", "credentials-403", "platform-error", ""),
    ("api.credentials", "no scopes", without("_credentials", "scopes"), "unexpected-answer", ""),
    ("api.get-module", "nothing known", {"_get": nothing_known}, "platform-error", "active"),
    ("api.update-scopes", "no key", without("_update_scopes", "apiKey"), "missing-parameter", "active"),
]

UNSEEN = {
    "card.unpublished": "it is about what other accounts see",
    "card.one-click": "a module that never is asked sees nothing; one that is asked has a card with the switch",
    "config.moment": "a request for the configuration does not say why it was made",
    "config.bare": "the module answers everybody alike, and looks at nothing else",
    "config.unavailable": "a module that cannot be asked sees nothing",
    "config.tolerant": "the module sends no member that a strict platform would stumble over",
    "register.scopes": "a key that may do more than was asked for looks like any other",
    "register.redirects": "the module redirects nobody",
    "register.timeout": "the module answers in time",
    "edit.funds": "refusing and not refusing are both right",
    "answer.status": "the module answers 200, which every platform takes",
    "answer.judged": "what the user is shown is not told to the module",
    "answer.edit-seen": "what the user is shown is not told to the module",
    "answer.escaped": "what the user is shown is not told to the module",
    "activity.unsigned": "what is sent beside the three fields is not looked at",
    "activity.billing": "the field may be there or not",
    "activity.moment": "a callback that does not come cannot be missed",
    "connection.several": "another account's connection is another connection",
    "api.rate": "the module sends few requests",
    "api.system-info": "the module asks only where its operator wants it",
    "api.versions": "the module does not ask",
}


@pytest.mark.broken("retailcrm")
@pytest.mark.parametrize(
    ("clause", "how", "override", "noticed", "state"), BROKEN, ids=[f"{row[0]}: {row[1]}" for row in BROKEN]
)
def test_a_broken_platform_is_noticed(clause, how, override, noticed, state):
    assert lived(override) == (noticed, state)


def test_the_correct_platform_is_noticed_by_nothing():
    assert lived() == ("", "active")
    assert lived({"state": RetailCRM.state}) == ("", "active")


def test_without_a_readable_error_the_user_learns_no_reason():
    """api.errors: why it failed is what the module cannot say."""
    world = sides()
    world.platform.__class__ = type("Broken", (RetailCRM,), {"resource": error_page})
    assert world.connect().response.json()["errorMsg"].endswith("It gave no reason.")


def test_every_clause_of_the_platform_has_a_row_or_a_reason_why_no_module_sees_it():
    untestable = {entry.clause for entry in REGISTER.untestable}
    clauses = {clause.id for clause in REGISTER.clauses if clause.actor == "platform"} - untestable
    rows = {f"retailcrm:{clause}" for clause, *_ in BROKEN}
    assert clauses - rows == {f"retailcrm:{clause}" for clause in UNSEEN}
    assert rows <= clauses
