"""Each "must" clause has a partner that breaks it, and the platform's checks find exactly that clause.

A broken partner is one row: the clause, and the one method that is overridden. The correct partner
passes every check.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from handshakes.core.messages import Response, json_response
from handshakes.core.refusals import Refused
from handshakes.officernd import readings, rules, signing
from handshakes.officernd.partner import PartnerIntegration
from handshakes.officernd.simulator.examination import examine
from handshakes.runtime.flow import InProcess
from handshakes.spec.register import load
from tests.officernd.sides import sides

REGISTER = load("officernd")
FIRST, SECOND = "5e0000000000000000000001", "5e0000000000000000000002"


class Process:
    """Where a partner runs: started anew, it knows what it stored and nothing else."""

    def __init__(self, partner: PartnerIntegration) -> None:
        self.partner = partner
        self.name, self.origins, self.secret_names = partner.name, partner.origins, partner.secret_names

    def restart(self) -> None:
        old = self.partner
        given = {"store": old.store, "clock": old.clock, "random": old.random, "report": old.report}
        self.partner = type(old)(old.configuration, **given)

    def handle(self, request):
        return self.partner.handle(request)


def examined(kind: type[PartnerIntegration] = PartnerIntegration):
    world = sides(kind=kind)
    process = Process(world.partner)
    network = InProcess(world.platform, process, clock=world.clock)
    return network.run(examine(world.platform, FIRST, SECOND, restart=process.restart), "OfficeRnD")


def verify_with(change: Callable[..., Any]):
    """A verify_query that tries the right way first, and then what `change` makes of target, secret and settings."""

    def verify_query(self, target, secret):
        settings = {"secret": secret, "now": self.clock(), "tolerance": self.configuration.tolerance}
        try:
            return signing.verify_query(target, **settings)
        except Refused as refused:
            changed = change(self, target, settings, refused)
            if changed is None:
                raise
            return signing.verify_query(**{"target": target, **settings, **changed})

    return verify_query


def in_fixed_order(self, target, secret):
    """Rebuild the query from a model class, as many frameworks do."""
    path, _, query = target.partition("?")
    known = ["slug", "locations", "organizationId", "memberId"]
    pieces = sorted(query.split("&"), key=lambda p: [*known, p.partition("=")[0]].index(p.partition("=")[0]))
    return PartnerIntegration.verify_query(self, f"{path}?{'&'.join(pieces)}", secret)


def empty_locations_added(self, target, secret):
    path, _, query = target.partition("?")
    if "locations=" not in query:
        query = query.replace("&", "&locations=&", 1)
    return PartnerIntegration.verify_query(self, f"{path}?{query}", secret)


def only_known_parameters(self, target, secret):
    if "userId=" in target:
        raise Refused("not-allowed", "officernd:healthcheck.extra-parameters", {"name": "userId"})
    return PartnerIntegration.verify_query(self, target, secret)


def raw_not_understood(self, target, secret):
    if "&signature=t=" in target:
        raise Refused("malformed", "officernd:signature.encoding")
    return PartnerIntegration.verify_query(self, target, secret)


def unescaped_json_only(self, target, secret):
    return signing.verify_query(
        target,
        secret=secret,
        now=self.clock(),
        tolerance=self.configuration.tolerance,
        readings=readings.of("officernd:signature.json=ascii-escaped"),
    )


def eight_digits_compared(self, target, secret):
    """Take the request when the first digits agree."""
    try:
        return PartnerIntegration.verify_query(self, target, secret)
    except Refused as refused:
        if refused.reason != "signature-mismatch":
            raise
        pairs, value = rules.split_query(target.partition("?")[2])
        timestamp, digest = rules.split_signature(value)
        right = signing.sign_query(pairs, secret=secret, timestamp=int(timestamp))
        if right[:-56] != f"t={timestamp},signature={digest}"[:-56]:
            raise
        return signing.SignedQuery(pairs, int(timestamp), tuple(name for name, _ in pairs), ())


def unsigned_accepted(self, target, secret):
    try:
        return PartnerIntegration.verify_query(self, target, secret)
    except Refused as refused:
        if refused.clause != "officernd:signature.missing":
            raise
        return signing.SignedQuery((), self.clock(), (), ())


def milliseconds_accepted(self, target, secret):
    try:
        return PartnerIntegration.verify_query(self, target, secret)
    except Refused as refused:
        if refused.reason != "timestamp-in-milliseconds":
            raise
        milliseconds = readings.of("officernd:signature.timestamp=milliseconds")
        return signing.verify_query(target, secret=secret, now=self.clock(), readings=milliseconds)


def sync_unverified(self, request):
    yield from ()
    return json_response({})


class JsonTokenRequest(PartnerIntegration):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        exchange = self.api.exchange

        def as_json(fields):
            step = exchange(fields)
            request = next(step)
            sent = replace(
                request,
                headers=(("content-type", "application/json"),),
                body=json.dumps(dict(fields)).encode(),
            )
            response = yield sent
            try:
                step.send(response)
            except StopIteration as stop:
                return stop.value

        self.api.exchange = as_json


class GetTokenRequest(PartnerIntegration):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        exchange = self.api.exchange

        def by_get(fields):
            step = exchange(fields)
            request = next(step)
            response = yield replace(
                request, method="GET", target=f"/oauth/token?{request.body.decode()}", body=b""
            )
            try:
                step.send(response)
            except StopIteration as stop:
                return stop.value

        self.api.exchange = by_get


class Forgetful(PartnerIntegration):
    """It keeps the secret in a variable, and in the store only what it is found by."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.secrets = {}

    def integration_secret(self, integration, integration_id):
        self.secrets[integration_id] = super().integration_secret(integration, integration_id)
        return integration_id

    def verify_query(self, target, secret):
        return super().verify_query(target, self.secrets.get(secret, secret))


def fields_with(**changes):
    def token_fields(self, code):
        fields = {**PartnerIntegration.token_fields(self, code), **changes}
        return {name: value for name, value in fields.items() if value is not None}

    return token_fields


def signed_connect_wanted(self, query):
    if "signature=" not in query:
        raise Refused("missing-parameter", "officernd:connect.unsigned", {"name": "signature"})
    return PartnerIntegration.connect_parameters(self, query)


def integration_id_ignored(self, query):
    return {**PartnerIntegration.connect_parameters(self, query), "integrationId": "000000000000000000000000"}


def integration_read_without_client_id(self, connect):
    return PartnerIntegration.secret_target(self, connect).partition("?")[0]


def last_connected_only(self, pairs):
    found = PartnerIntegration.candidates(self, pairs)
    return sorted(found, key=lambda one: one.details["integrationId"])[-1:]


def flag_of_the_other_version(self, identity):
    body = PartnerIntegration.subscription(self, identity)
    return {("isEnabled" if name == "enabled" else name): value for name, value in body.items()}


def body_written_again(self, body, header, secret):
    again = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()
    return PartnerIntegration.verify_webhook(self, again, header, secret)


def integration_secret_too(self, body, header, secret):
    try:
        return PartnerIntegration.verify_webhook(self, body, header, secret)
    except Refused:
        return PartnerIntegration.verify_webhook(self, body, header, "another-integration-secret")


def event_as_the_page_writes_it(self, webhook, installation):
    return b'"Integration.removed"' in webhook.body


def stays_at_home(self, request):
    yield from PartnerIntegration.connect(self, request)
    return Response(200, (("content-type", "text/html"),), b"<p>Connected.</p>")


def nothing_shown(self, request):
    step = PartnerIntegration.configure(self, request)
    response = yield from step
    return response if response.status >= 400 else Response(204)


def client_secret_or(secret_of):
    return verify_with(
        lambda self, target, settings, refused: (
            {"secret": secret_of(self)} if refused.reason == "signature-mismatch" else None
        )
    )


def reading_or(*ids):
    """Accept what another reading verifies too."""
    return verify_with(lambda self, target, settings, refused: {"readings": readings.of(*ids)})


BROKEN: list[tuple[str, dict[str, Any] | type[PartnerIntegration]]] = [
    ("connect.capture", {"connect_parameters": integration_id_ignored}),
    ("connect.unsigned", {"connect_parameters": signed_connect_wanted}),
    ("connect.repeated", {"first_use": lambda self, code: True}),
    ("token.endpoint", GetTokenRequest),
    ("token.form", JsonTokenRequest),
    ("token.grant", {"token_fields": fields_with(grant_type="client_credentials")}),
    ("token.client", {"token_fields": fields_with(client_secret=None)}),
    (
        "token.redirect-uri",
        {"token_fields": fields_with(redirect_uri=None, redirect_url="https://partner.example")},
    ),
    ("token.scope", {"token_fields": fields_with(scope="officernd.api.read everything")}),
    ("secret.request", {"secret_target": integration_read_without_client_id}),
    ("secret.kept", Forgetful),
    (
        "secret.not-client-secret",
        {"verify_query": client_secret_or(lambda self: self.configuration.client_secret)},
    ),
    ("signature.every-request", {"sync": sync_unverified}),
    ("signature.syntax", {"verify_query": reading_or("officernd:signature.syntax=positional")}),
    ("signature.timestamp", {"verify_query": milliseconds_accepted}),
    (
        "signature.tolerance",
        {"verify_query": verify_with(lambda self, target, settings, refused: {"tolerance": (10**9, 10**9)})},
    ),
    (
        "signature.parameters",
        {
            "verify_query": verify_with(
                lambda self, target, settings, refused: (
                    {"target": target.replace("&extra=1", "")}
                    if "&extra=1" in target
                    else {"target": target.replace("locations=elsewhere", "locations=")}
                )
            )
        },
    ),
    ("signature.order", {"verify_query": in_fixed_order}),
    ("signature.json", {"verify_query": unescaped_json_only}),
    ("signature.message", {"verify_query": reading_or("officernd:signature.message=timestamp-payload")}),
    ("signature.key", {"verify_query": client_secret_or(lambda self: "wrong-secret")}),
    (
        "signature.digest",
        {"verify_query": lambda self, t, s: PartnerIntegration.verify_query(self, lower_case_digest(t), s)},
    ),
    ("signature.comparison", {"verify_query": eight_digits_compared}),
    ("signature.secret", {"candidates": last_connected_only}),
    ("signature.missing", {"verify_query": unsigned_accepted}),
    ("signature.encoding", {"verify_query": raw_not_understood}),
    ("signature.absent-locations", {"verify_query": empty_locations_added}),
    ("healthcheck.success", {"healthy": lambda self, installation: {"name": "J&J Ltd"}}),
    ("healthcheck.failure", {"unverified": lambda self, endpoint, refused: Response(401)}),
    ("healthcheck.account-name", {"healthy": lambda self, installation: {"accountName": "Test Spaces"}}),
    ("healthcheck.extra-parameters", {"verify_query": only_known_parameters}),
    ("configuration.page", {"configure": nothing_shown}),
    ("webhook.version", {"subscription": flag_of_the_other_version}),
    ("webhook.body", {"verify_webhook": body_written_again}),
    ("webhook.key", {"verify_webhook": integration_secret_too}),
    ("webhook.event", {"is_our_removal": event_as_the_page_writes_it}),
    ("return.redirect", {"connect": stays_at_home}),
]

NO_ONE_SEES: dict[str, str] = {}


def lower_case_digest(target: str) -> str:
    head, found, tail = target.rpartition("signature%3D")
    return head + found + tail.lower() if found else target


@cache
def failed_by_the_correct_one() -> frozenset[str]:
    """What a partner breaks without any override: a check that was lost is red at its clause."""
    return frozenset(finding.clause for finding in examined() if finding.violated)


@pytest.mark.broken("officernd")
@pytest.mark.parametrize(("clause", "override"), BROKEN, ids=[clause for clause, _ in BROKEN])
def test_a_broken_partner_fails_exactly_its_clause(clause, override):
    kind = type("Broken", (PartnerIntegration,), override) if isinstance(override, dict) else override
    assert {finding.clause for finding in examined(kind) if finding.violated} == {f"officernd:{clause}"}
    assert f"officernd:{clause}" not in failed_by_the_correct_one(), "the partner itself breaks it"


def test_the_correct_partner_fails_nothing():
    findings = examined()
    assert [finding for finding in findings if not finding.held] == []
    assert len(findings) > 100


def test_every_must_clause_of_the_partner_has_a_row_or_a_reason():
    untestable = {entry.clause for entry in REGISTER.untestable}
    must = {c.id for c in REGISTER.clauses if (c.actor, c.level) == ("partner", "must")} - untestable
    rows = {f"officernd:{clause}" for clause, _ in BROKEN}
    assert must - rows == set(NO_ONE_SEES)


def test_an_override_is_one_seam_of_the_partner():
    for _, override in BROKEN:
        if isinstance(override, dict):
            (name,) = override
            assert hasattr(PartnerIntegration, name)
