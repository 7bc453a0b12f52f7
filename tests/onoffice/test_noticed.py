"""What the provider must notice: a platform that breaks one clause is refused by its reason, and nothing is lost by it.

A broken platform is one row: the clause, what is overridden or the one fault that is played, the reason
that the provider's operator learns first, and the state in which the activation ends. The correct platform
is noticed by nothing. Clauses of the platform that are not here are those that a provider cannot see
broken: see `UNSEEN`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from handshakes.core.messages import Response
from handshakes.core.refusals import Refused
from handshakes.onoffice import demo
from handshakes.onoffice.simulator import OnOffice
from handshakes.onoffice.simulator.drafts import Draft
from handshakes.onoffice.simulator.faults import FAULTS
from handshakes.onoffice.simulator.resources import ApiError
from handshakes.spec.register import load
from tests.onoffice.sides import EXPORT, FIRST, Both, sides
from tests.onoffice.test_mutants import (
    MUTANTS,
    Override,
    activation,
    block_of_the_status,
    changed,
    hmac_first,
    key_does_not_count,
    lenient_claim,
    no_consent,
    one_cache_id,
    one_user_for_ever,
    only_type,
    own_as_registered,
    popup_for_all,
    posted,
    service,
    written,
)

REGISTER = load("onoffice")


def lived(override: Override | str = "") -> tuple[str, str]:
    """Live through two activations, a new secret and a block: return what the provider notices first, and how it ends.

    What it notices is the reason of its report, or of the refusal of its own call.
    """
    world = sides()
    fault = override if isinstance(override, str) else ""
    if isinstance(override, dict):
        assert all(hasattr(OnOffice, name) for name in override)
        world.platform.__class__ = type("Broken", (OnOffice,), override)
    for step in steps(world, fault):
        try:
            step()
        except Refused as refused:
            return refused.reason, state_of(world)
        if world.reports:
            return world.reasons()[0], state_of(world)
    return "", state_of(world)


def state_of(world: Both) -> str:
    found = world.installation()
    return found.state if found else ""


def steps(world: Both, fault: str):
    """Yield what is done one after the other, the first with the fault."""

    def another_secret():
        world.platform.change_secret("Another-Provider-Secret-2!")
        ours = replace(world.partner.configuration, provider_secret="Another-Provider-Secret-2!")
        world.partner.configuration = ours

    def after_the_block():
        """The user tries, as before; a right platform offers nothing."""
        try:
            world.serve()
        except ValueError:
            return

    yield lambda: world.activate(fault)
    yield world.serve
    yield lambda: world.serve(service=EXPORT)
    yield world.work
    yield another_secret
    yield world.activate
    yield world.serve
    yield lambda: world.platform.block(FIRST)
    yield after_the_block
    yield world.activate
    yield world.serve
    yield world.work


def open_always(self, customer, user):
    return None


def user_removed(self, popup, rights):
    key = OnOffice.choose(self, popup, rights)
    del self.api_users[popup.token]
    return key


def unsigned(draft: Draft, url: str) -> str:
    return url.partition("&signature=")[0]


def webhook_unsigned(self, offered, customer, user):
    drafted = OnOffice.service_draft(self, offered, customer, user)
    if not offered.webhook:
        return drafted
    kind = type("BrokenDraft", (Draft,), {"url": lambda self, pairs=None, signature="": self.unsigned(pairs)})
    return kind(**{field.name: getattr(drafted, field.name) for field in fields(drafted)})


def refusing(code: int, when: Callable[[dict[str, Any]], bool]) -> Override:
    def authentic(self, user, action):
        if when(action):
            raise ApiError(code)
        OnOffice._authentic(self, user, action)

    return {"_authentic": authentic}


def page_for_an_answer(self, request):
    return Response(500, (("content-type", "text/html"),), b"<h1>Oops</h1>")


def two_for_one(self, results):
    return OnOffice.enveloped(self, results * 2)


def none_for_one(self, results):
    return OnOffice.enveloped(self, [])


def other_success(self, user, action):
    (record,) = OnOffice._unlock(self, user, action)
    return [{**record, "elements": {"result": "success"}}]


NOTICED: list[tuple[str, str, Override | str, str, str]] = [
    ("popup.api-user", "there is none", {"choose": user_removed}, "platform-error", ""),
    ("popup.load-order", "the key never counts", {"choose": key_does_not_count}, "platform-error", ""),
    ("url.method", "post", changed("_opened", posted()), "wrong-method", ""),
    *(("url.parameters", f"no {name}", activation(**{name: None}), "missing-parameter", "") for name in ("apiToken", "parameterCacheId")),
    ("url.parameters", "in small letters", written(lambda d, url: d.url(tuple((n.lower(), v) for n, v in d.pairs)) if "apiToken" in url else url),
     "missing-parameter", ""),
    *(("url.identification", f"no {name}", activation(**{name: None}), "missing-parameter", "") for name in ("customerName", "customerWebId", "userId")),
    ("url.identification", "an empty name", activation(customerName=""), "empty-parameter", ""),
    ("url.api-claim", "none", activation(apiClaim=None), "platform-error", ""),
    ("url.own-parameters", "left out when all was signed", written(lambda d, url: url.replace("plan=gold+edition&", "")), "signature-mismatch", ""),
    ("url.own-parameters", "not signed", "own-parameters-unsigned", "signature-mismatch", ""),
    ("url.own-values", "as registered", written(own_as_registered), "signature-mismatch", ""),
    ("url.reserved", "twice", "doubled-before", "duplicate-parameter", ""),
    ("url.absent", "an empty token", activation(apiToken=""), "empty-parameter", ""),
    ("url.absent", "an empty claim", service(apiClaim=""), "empty-parameter", "active"),
    ("url.registered", "a host in capitals", "upper-case-host-signed", "signature-mismatch", ""),
    ("url.every-call", "activation", written(unsigned), "missing-parameter", ""),
    ("url.every-call", "services", written(unsigned, "service_draft"), "missing-parameter", "active"),
    ("url.every-call", "webhooks", {"service_draft": webhook_unsigned}, "missing-parameter", "active"),
    ("url.appended", "under another name", written(lambda d, url: url.replace("&signature=", "&sig=")), "missing-parameter", ""),
    ("url.appended", "in the fragment", written(lambda d, url: url.replace("&signature=", "#signature=")), "missing-parameter", ""),
    ("url.timestamp", "none", "no-timestamp", "missing-parameter", ""),
    ("url.timestamp", "milliseconds", "milliseconds", "timestamp-in-milliseconds", ""),
    ("url.timestamp", "none for services", service(timestamp=None), "missing-parameter", "active"),
    ("url.html", "as it is", "times-damage", "missing-parameter", ""),
    ("secret.immediate", "the old one signs on", {"change_secret": lambda self, secret: None}, "signature-mismatch", "active"),
    ("unlock.result", "another member", {"_unlock": other_success}, "platform-error", ""),
    ("unlock.result", "no record", "no-records", "unexpected-answer", ""),
    ("unlock.result", "the code is a text", "code-as-text", "unexpected-answer", ""),
    ("claim.service", "none", service(apiClaim=None), "missing-parameter", "active"),
    *(("service.parameters", f"no {name}", service(**{name: None}), "missing-parameter", "active") for name in ("customerWebId", "userId")),
    ("webhook.get", "post", changed("serve", posted(demo.WEBHOOK)), "wrong-method", "active"),
    ("block.services", "open", {"_open_to": open_always}, "platform-error", "removed"),
    ("block.reactivation", "the same token and key", {"api_user": one_user_for_ever}, "platform-error", "active"),
    ("api.content-type", "JSON refused", only_type("application/x-www-form-urlencoded"), "platform-error", ""),
    ("api.hmac-version", "version 2 refused", refusing(137, lambda action: action.get("hmac_version") == 2), "platform-error", ""),
    ("api.timestamp", "the right time refused", refusing(136, lambda action: len(str(action["timestamp"])) != 13), "platform-error", ""),
    ("api.credentials", "a right token refused", "not-authenticated", "platform-error", ""),
    ("api.errors", "a page", {"resource": page_for_an_answer}, "platform-error", ""),
    ("api.results", "two for one", {"enveloped": two_for_one}, "unexpected-answer", ""),
    ("api.results", "none", {"enveloped": none_for_one}, "unexpected-answer", ""),
]  # fmt: skip

UNSEEN = {
    "popup.administrator": "nothing tells the provider what the user may do",
    "popup.terms": "what was agreed to is not told to the provider",
    "popup.provider-shown": "the provider does not see the popup",
    "popup.rights-shown": "the provider does not see the popup",
    "popup.service-menu": "the provider does not see the menu",
    "popup.administrators-always": "to whom a service was not opened is not told to the provider",
    "popup.user-right": "for whom services are open is not told to the provider",
    "popup.single-webhook": "the provider does not see the popup",
    "popup.key-shown": "the provider does not see the popup",
    "popup.status": "the status is not told to the provider",
    "popup.state": "the status is not told to the provider",
    "popup.message-origin": "whose messages are heard is not told to the provider",
    "popup.message-text": "how a message is shown is not told to the provider",
    "secret.policy": "the provider takes any secret that is not empty",
    "unlock.once": "the provider uses each cache id once",
    "claim.required": "the provider sends every claim that it has",
    "claim.outdated": "the provider sends the latest claim of its user",
    "service.cache-id": "the provider sends no messages back",
    "block.api-user": "credentials that still work look like any others",
    "block.silent": "the provider has no endpoint that could be told",
    "api.order": "both codes end in the same refusal",
}


@pytest.mark.broken("onoffice")
@pytest.mark.parametrize(
    ("clause", "how", "override", "noticed", "state"), NOTICED, ids=[f"{row[0]}: {row[1]}" for row in NOTICED]
)
def test_a_broken_platform_is_noticed(clause, how, override, noticed, state):
    assert isinstance(override, dict) or override in FAULTS
    assert lived(override) == (noticed, state)


def test_the_correct_platform_is_noticed_by_nothing():
    assert lived() == ("", "active")
    assert lived({"draft": OnOffice.draft}) == ("", "active")


@pytest.mark.parametrize(
    "override",
    [
        {"open_popup": popup_for_all}, {"confirm": no_consent}, lenient_claim(193), lenient_claim(201, 248),
        {"service_draft": one_cache_id}, {"block": block_of_the_status}, {"_authentic": hmac_first},
    ],
    ids=["popup.administrator", "popup.terms", "claim.required", "claim.outdated", "service.cache-id", "block.api-user", "api.order"],
)  # fmt: skip
def test_what_no_provider_sees(override):
    """A reason in `UNSEEN` is true as far as it can be played."""
    noticed, state = lived(override)
    assert (noticed, state) == ("", "active")


def test_every_clause_of_the_platform_has_a_row_or_a_reason_why_no_provider_sees_it():
    untestable = {entry.clause for entry in REGISTER.untestable}
    clauses = {clause.id for clause in REGISTER.clauses if clause.actor == "platform"} - untestable
    rows = {f"onoffice:{clause}" for clause, *_ in NOTICED}
    assert clauses - rows == {f"onoffice:{clause}" for clause in UNSEEN}
    assert rows <= clauses
    assert {f"onoffice:{one.clause}" for one in MUTANTS} >= clauses - rows, (
        "what no provider sees, our tests do"
    )
