"""What the partner must notice: a platform that breaks one clause is refused by its reason, and nothing is lost by it.

A broken platform is one row: the clause, the one method that is overridden or the one fault that is
played, the reason that the partner's operator sees first, and the state in which the partner's
installation ends. The correct platform is noticed by nothing. Clauses of the platform that are not here
are those that a partner cannot see broken: see `UNSEEN`.
"""

from __future__ import annotations

from typing import Any

import pytest

from handshakes.core.messages import Response, json_response
from handshakes.officernd.simulator import OfficeRnD
from handshakes.officernd.simulator.faults import CONNECT_FAULTS, FAULTS, PAGE_FAULTS
from handshakes.runtime.browser import Browser
from handshakes.spec.register import load
from tests import steps
from tests.officernd.sides import Both, sides

REGISTER = load("officernd")
FIRST, IDENTITY = "5e0000000000000000000001", "5b0000000000000000000001/5e0000000000000000000001"


def changed(method: str, change: Any):
    """Override a method of a role's step: `change` is applied to every request that it sends."""
    return steps.changed(OfficeRnD, method, change)


def state_of(world: Both) -> str:
    found = world.store.get("officernd", IDENTITY)
    return found.state if found else ""


def lived(override: dict[str, Any] | str = "") -> tuple[list[str], list[str]]:
    """Live through one integration: return the reasons that the partner reported, and its states step by step.

    The health check that the platform sends after a removal is left out: that the partner refuses it is
    what the removal is for.
    """
    fault = override if isinstance(override, str) else ""
    world = sides()
    if isinstance(override, dict):
        assert all(hasattr(OfficeRnD, name) for name in override)
        world.platform.__class__ = type("Broken", (OfficeRnD,), override)
    platform, run, kind = world.platform, world.network.run, FAULTS.get(fault)
    at_connect = fault if kind in CONNECT_FAULTS else ""
    at_health = fault if kind in PAGE_FAULTS else ""
    at_removal = fault if fault and not at_connect and not at_health else ""
    states = []
    run(Browser().open(platform.connect_url(FIRST, at_connect)))
    states.append(state_of(world))
    if state_of(world) == "active":
        run(platform.healthcheck(FIRST, at_health), "OfficeRnD")
        run(Browser().open(platform.configuration_url(FIRST, at_health if at_health != "post" else "")))
        run(platform.sync(FIRST, at_health), "OfficeRnD")
        states.append(state_of(world))
        seen = len(world.reports)
        run(platform.remove(FIRST, at_removal), "OfficeRnD")
        del world.reports[seen + (state_of(world) != "removed") :]
        states.append(state_of(world))
    return [refused.reason for _, refused in world.reports], states


def without(*names: str):
    """Return the parameters of a connect without some of them."""

    def connect_parameters(self, integration, redirect_uri, scopes=()):
        made = OfficeRnD.connect_parameters(self, integration, redirect_uri, scopes)
        return {name: value for name, value in made.items() if name not in names}

    return connect_parameters


def another_url(self, integration_id, fault=""):
    application = self.applications[self.integrations[integration_id].client_id]
    return application.healthcheck_url


def only_locations(self, integration, url):
    draft = OfficeRnD._draft(self, integration, url)
    return type(draft)(draft.url, draft.pairs[1:2], draft.secret, draft.client_secret, draft.timestamp)


def without_a_refresh_token(self, request):
    answer = OfficeRnD.token(self, request).json()
    answer.pop("refresh_token", None)
    return json_response(answer)


def secret_at_the_top(self, integration, *, with_secret):
    document = OfficeRnD.document(self, integration, with_secret=with_secret)
    return {**document, "secret": document["settings"].pop("secret", "")}


def in_another_header(request):
    headers = tuple((name.replace("officernd-", "x-"), value) for name, value in request.headers)
    return type(request)(request.method, request.origin, request.target, headers, request.body)


def told_by_name(self, integration, webhook, fault):
    """Deliver a genuine signature over a body without `eventType`."""
    from handshakes.officernd.signing import sign_webhook

    body = b'{"event":"integration.removed"}'
    header = sign_webhook(body, secret=webhook.secret, timestamp=self.clock())

    def change(request):
        headers = (("content-type", "application/json"), ("officernd-signature", header))
        return type(request)(request.method, request.origin, request.target, headers, body)

    return (yield from changed("_deliver", change)(self, integration, webhook, fault))


def error_page(self, request):
    return Response(502, (("content-type", "text/html"),), b"<h1>Bad gateway</h1>")


STAYS, LEAVES = ["active", "active", "active"], ["active", "active", "removed"]
NEVER = [""]

BROKEN: list[tuple[str, str, dict[str, Any] | str, str, list[str]]] = [
    ("requests.method", "post", "post", "wrong-method", LEAVES),
    ("requests.parameters", "locations alone", {"_draft": only_locations}, "unknown-installation", LEAVES),
    ("connect.start", "another URL", {"connect_url": another_url}, "unknown-installation", NEVER),
    (
        "connect.parameters",
        "no integrationId",
        {"connect_parameters": without("integrationId")},
        "missing-parameter",
        NEVER,
    ),
    (
        "connect.parameters",
        "no locations",
        {"connect_parameters": without("locations")},
        "missing-parameter",
        NEVER,
    ),
    ("connect.parameters", "no code", {"connect_parameters": without("code")}, "missing-parameter", NEVER),
    ("token.code", "over before it was used", "code-expired", "platform-error", NEVER),
    ("token.answer", "no refresh token", {"token": without_a_refresh_token}, "missing-parameter", NEVER),
    ("token.answer", "a page", "token-not-json", "unexpected-answer", NEVER),
    ("token.errors", "a page", {"token": error_page}, "platform-error", NEVER),
    ("secret.answer", "at the top", {"document": secret_at_the_top}, "missing-parameter", NEVER),
    ("secret.answer", "empty", "secret-empty", "empty-parameter", NEVER),
    ("signature.carrier", "nowhere", "signature-missing", "missing-parameter", LEAVES),
    ("signature.carrier", "twice", "signature-doubled", "duplicate-parameter", LEAVES),
    ("signature.value", "v1 as Stripe has it", "signature-unnamed", "missing-parameter", LEAVES),
    ("signature.value", "upper case", "upper-case-hex", "malformed", LEAVES),
    ("signature.value", "another digest", "zero-signature", "signature-mismatch", LEAVES),
    (
        "webhook.signature",
        "another header",
        {"_deliver": changed("_deliver", in_another_header)},
        "missing-parameter",
        STAYS,
    ),
    ("webhook.signature", "another secret", "webhook-wrong-secret", "signature-mismatch", STAYS),
    ("webhook.envelope", "no eventType", {"_deliver": told_by_name}, "missing-parameter", STAYS),
]

UNSEEN = {
    "application.visibility": "it is about what other customers see",
    "connect.popup": "a request does not say in which window it was made",
    "locations.all": "ids are text to the partner: it cannot know that a star stands for all",
    "locations.separator": "the partner also splits at a comma alone (S11)",
    "secret.per-integration": "a partner finds an installation by the secret that fits, also when it fits two",
}


@pytest.mark.broken("officernd")
@pytest.mark.parametrize(
    ("clause", "how", "override", "reason", "states"), BROKEN, ids=[f"{row[0]}: {row[1]}" for row in BROKEN]
)
def test_a_broken_platform_is_noticed(clause, how, override, reason, states):
    reasons, lived_states = lived(override)
    assert reasons[:1] == [reason]
    assert set(reasons) <= {reason, "unknown-installation"}, "what comes after a connect that failed"
    assert lived_states == states


def test_the_correct_platform_is_noticed_by_nothing():
    assert lived() == ([], LEAVES)
    assert lived({}) == ([], LEAVES)


def test_every_clause_of_the_platform_has_a_row_or_a_reason_why_no_partner_sees_it():
    untestable = {entry.clause for entry in REGISTER.untestable}
    clauses = {clause.id for clause in REGISTER.clauses if clause.actor == "platform"} - untestable
    rows = {f"officernd:{clause}" for clause, *_ in BROKEN}
    assert clauses - rows == {f"officernd:{clause}" for clause in UNSEEN}
    assert rows <= clauses
