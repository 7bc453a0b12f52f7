"""Each "must" clause has a provider that breaks it, and the platform's checks find exactly that clause.

A broken provider is one row: the clause, and the one method that is overridden. The correct provider
passes every check.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import pytest

from handshakes.core.refusals import Refused
from handshakes.onoffice import php, signing, string_to_sign
from handshakes.onoffice.partner.api import Access, Api
from handshakes.onoffice.partner.connecting import PLATFORM, ticket_key
from handshakes.onoffice.partner.integration import Provider, plain
from handshakes.onoffice.readings import of
from handshakes.onoffice.signing import SignedUrl
from handshakes.onoffice.simulator.examination import examine
from handshakes.runtime.transcript import Transcript
from handshakes.spec.register import load
from tests.onoffice.sides import ADMIN, BROKER, FIRST, SECOND, sides

REGISTER = load("onoffice")


class Silent(Transcript):
    """Records nothing: what is said is not asked for here, and masking it takes longest."""

    def request(self, *_: Any) -> None: ...

    def response(self, *_: Any) -> None: ...


def examined(kind: type[Provider] = Provider):
    world = sides(kind=kind)
    world.network.transcript = Silent()
    people = (ADMIN, BROKER)
    step = examine(
        world.platform,
        (FIRST, *people),
        (SECOND, *people),
        work=world.partner.work,
        later=world.clock.advance,
    )
    return world.network.run(step, "browser")


# --- signed URLs: what is accepted too ------------------------------------------------------------


def believed(url: str) -> SignedUrl:
    pairs = tuple(p for p in parse_qsl(url.partition("?")[2], keep_blank_values=True) if p[0] != "signature")
    return SignedUrl(pairs, int(dict(pairs)["timestamp"]), tuple(name for name, _ in pairs))


def or_signed(made: Callable[[str, str], str]):
    """Accept what `made(secret, text)` makes too."""

    def verify(self, url, secret):
        try:
            return Provider.verify(self, url, secret)
        except Refused as refused:
            if refused.reason != "signature-mismatch" or made(secret, string_to_sign(url)) not in url:
                raise
            return believed(url)

    return {"verify": verify}


def mac(secret: str, text: str) -> str:
    return hmac.digest(secret.encode(), text.encode(), "sha256").hex()


def or_text(change: Callable[[str], str]):
    return or_signed(lambda secret, text: mac(secret, change(text)))


def or_stages(stages):
    def verify(self, url, secret):
        try:
            return Provider.verify(self, url, secret)
        except Refused:
            return signing.verify_url(url, secret=secret, now=self.clock(), readings=stages)

    return {"verify": verify}


def or_reading(*ids: str):
    return or_stages(of(*ids))


def changed_host(text: str) -> str:
    pieces = text.split("/")
    return "/".join([*pieces[:2], pieces[2].upper(), *pieces[3:]])


def with_port(text: str) -> str:
    pieces = text.split("/")
    return "/".join([*pieces[:2], pieces[2] + ":443", *pieces[3:]])


def lenient_escapes(self, url, secret):
    return Provider.verify(self, url.replace("%zz", "%25zz"), secret)


def empties_dropped(self, url, secret):
    return signing.verify_url(url, secret=secret, now=self.clock(), readings=of("onoffice:url.empty=dropped"))


def sorted_only(self, url, secret):
    names = [piece.partition("=")[0] for piece in url.partition("?")[2].split("&")]
    names = [name for name in names if name != "signature"]
    if names != sorted(names):
        raise Refused("signature-mismatch", "onoffice:url.verify")
    return Provider.verify(self, url, secret)


def once(self, url, secret):
    signed = Provider.verify(self, url, secret)
    if not self.store.first_time(
        PLATFORM, sha256(url.encode()).hexdigest(), self.clock() + 600, self.clock()
    ):
        raise Refused("replayed", "onoffice:url.reload")
    return signed


def any_case(self, url):
    names = {name.lower(): value for name, value in sorted(url.parameters)}
    pairs = tuple((name, names[name.lower()]) for name, _ in url.parameters)
    return Provider.values_of(self, url._replace(parameters=pairs))


def with_the_reason(self, request, endpoint, refused):
    page = Provider.refused_page(self, request, endpoint, refused)
    return replace(page, body=page.body.replace(b"</html>", f"<p>{refused.reason}</p></html>".encode()))


def more_secrets(*more):
    return {"secrets": lambda self: [*Provider.secrets(self), *more]}


def api_keys_too(self):
    found = [self.store.get(PLATFORM, self.customer(web_id)) for web_id in (FIRST, SECOND)]
    keys = [("key", one.credentials["api_key"]) for one in found if one and one.credentials.get("api_key")]
    return [*Provider.secrets(self), *keys]


# --- the page and the feedback --------------------------------------------------------------------


def template(old: str, new: str):
    def changed(self):
        text = Provider.template(self)
        assert old in text
        return text.replace(old, new)

    return {"template": changed}


def said(old: str, new: str):
    return {"feedback": lambda self, text: plain(new if text == old else text)}


def bad_request(self, text):
    return plain(text, 200 if text == "active" else 400)


def dropped_is_fine(self, request, refused):
    return (
        "active"
        if refused.evidence.get("network") == "dropped"
        else Provider.error_text(self, request, refused)
    )


# --- the call to unlock ---------------------------------------------------------------------------


def without_a_call(self, ticket, pasted):
    stage = self.store.get(PLATFORM, ticket_key(ticket))
    yield from self.committed(stage, self.access(stage, pasted))


def another_call(self, ticket, pasted):
    stage = self.store.get(PLATFORM, ticket_key(ticket))
    done = stage is not None and self.is_done(stage)
    yield from Provider.activate(self, ticket, pasted)
    if not done:
        access = Access(stage.credentials["apiToken"], pasted.strip())
        with suppress(Refused):
            yield from self.api.estate(access, "47111", stage.credentials["apiClaim"])


def from_the_form(self, request):
    fields = self.fields(request)
    if "token" not in fields:
        return (yield from Provider.unlock(self, request))
    parameters = {"parameterCacheId": fields["parameterCacheId"], "extendedclaim": fields["extendedClaim"]}
    yield from self.api.unlock(Access(fields["token"], fields["secret"].strip()), parameters)
    return self.feedback("active")


class WithApi(Provider):
    """A provider whose API has one method of another kind."""

    changed: ClassVar[dict[str, Callable[..., Any]]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = type("BrokenApi", (Api,), self.changed)
        self.__dict__["api"] = kind(self.configuration, self.clock)


def api(**changed: Callable[..., Any]):
    return type("Broken", (WithApi,), {"changed": changed})


def empty_token_allowed(self, url):
    values = dict(url.parameters)
    return {"apiClaim": "", **values} if values["apiToken"] == "" else Provider.values_of(self, url)


def unguarded(self, access, *rest):
    if access.token:
        return Api.request(self, access, *rest)
    made = Api.request(self, Access("x", access.api_key), *rest)
    return replace(made, body=made.body.replace(b'"token": "x"', b'"token": ""'))


class EmptyToken(WithApi):
    changed: ClassVar[dict[str, Callable[..., Any]]] = {"request": unguarded}
    values_of = empty_token_allowed


def kept_before_the_call(self, ticket, pasted):
    stage = self.store.get(PLATFORM, ticket_key(ticket))
    if stage is None or stage.state != "pending":
        return (yield from Provider.activate(self, ticket, pasted))
    access = self.access(stage, self.key(pasted))
    yield from self.committed(stage, access)
    yield from self.api.unlock(access, self.parameters(stage))


class Impatient(Provider):
    """Asks for the click within the URL's window."""

    def staged(self, url):
        ticket = Provider.staged(self, url)
        self.__dict__.setdefault("loaded", {})[ticket] = self.clock()
        return ticket

    def activate(self, ticket, pasted):
        if self.clock() > self.__dict__["loaded"].get(ticket, self.clock()) + 300:
            raise Refused("stale", "onoffice:unlock.later")
        return (yield from Provider.activate(self, ticket, pasted))


class Patient(Provider):
    """Waits an hour for the API."""

    def __init__(self, configuration, **kwargs):
        super().__init__(replace(configuration, api_timeout=3_600), **kwargs)


# --- later ----------------------------------------------------------------------------------------


def nothing_kept(self, found, access):
    return {"token": "", "api_key": ""}


def old_ones_kept(self, found, access):
    in_use = found is not None and found.state == "active"
    return dict(found.credentials) if in_use else Provider.credentials(self, found, access)


def first_claim_kept(self, url):
    try:
        self.claim(url.value("customerWebId"), url.value("userId"))
    except Refused:
        Provider.claimed(self, url)


def plus_becomes_space(self, url):
    changed = tuple((n, v.replace("+", " ") if n == "apiClaim" else v) for n, v in url.parameters)
    Provider.claimed(self, url._replace(parameters=changed))


def without_a_claim(self, access, estate_id, claim):
    result = yield from self.call(access, "read", "estate", {"data": ["Id", "objekttitel"]}, estate_id)
    return result["data"]["records"][0]["elements"]


def fine_for_strangers(self, request):
    response = yield from Provider.service(self, request)
    return replace(response, status=200) if b"nicht aktiv" in response.body else response


def activator_only(self, url):
    if url.value("userId") != ADMIN:
        raise Refused("unknown-installation", "onoffice:service.activated")
    Provider.entered(self, url)


def webhook_with_a_page(self, request):
    response = yield from Provider.webhook(self, request)
    return self.message_page(request, "closed", 200) if response.status == 200 else response


def active_once_is_active_for_ever(self, ticket, pasted):
    stage = self.store.get(PLATFORM, ticket_key(ticket))
    found = stage and self.store.get(PLATFORM, self.customer(stage.details["customerWebId"]))
    if found is None or found.state != "removed":
        yield from Provider.activate(self, ticket, pasted)


# --- the API --------------------------------------------------------------------------------------


def posted_elsewhere(self, *args):
    return replace(Api.request(self, *args), target="/api/v1/api.php")


def body_changed(change):
    def request(self, *args):
        made = Api.request(self, *args)
        return replace(made, body=json.dumps(change(json.loads(made.body))).encode())

    return request


def flat(value):
    return {"token": value["token"], **value["request"]}


def get_instead(self, now, action, *rest):
    return Api.action(self, now, "get" if action == "do" else action, *rest)


def hex_hmac(self, access, action):
    text = f"{action['timestamp']}{access.token}{action['resourcetype']}{action['actionid']}"
    return mac(access.api_key, text)


def clock_read_twice(self, access, action):
    return Api.hmac(self, access, {**action, "timestamp": action["timestamp"] + 1})


def top_only(self, response, clause, access):
    if not response.body.startswith(b"{"):
        return Api.result_of(self, response, clause, access)
    value = response.json()
    results = value.get("response", {}).get("results", [])
    if value["status"]["errorcode"] == 0 and [one["status"]["errorcode"] for one in results] not in (
        [],
        [0],
        [0, 0],
    ):
        return {"data": {"records": [{"elements": {"success": "success"}}]}}
    return Api.result_of(self, response, clause, access)


BROKEN: list[tuple[str, dict[str, Any] | type[Provider]]] = [
    ("url.verify", or_signed(lambda secret, text: mac(secret, text)[:60])),
    ("url.signed-values", {"values_of": any_case}),
    ("url.mac", or_signed(lambda secret, text: sha256((secret + text).encode()).hexdigest())),
    ("url.base", or_reading("onoffice:url.base=query-only")),
    ("url.scheme", or_text(lambda text: text.replace("https://", "http://", 1))),
    ("url.port", or_text(with_port)),
    ("url.host", or_text(changed_host)),
    ("url.path", or_text(lambda text: text.replace("?", "/?", 1))),
    ("url.signed-parameters", or_reading("onoffice:url.own-parameters=left-out")),
    ("url.order", or_reading("onoffice:url.order=case-insensitive")),
    ("url.encoding", or_reading("onoffice:url.encoding=rfc3986")),
    ("url.escapes", {"verify": lenient_escapes}),
    ("url.empty", {"verify": empties_dropped}),
    ("url.repeated", or_reading("onoffice:url.repeated=php-compatible")),
    ("url.names", or_stages({"names": php.parse_str, "order": php.ksort})),
    ("url.integer-names", or_reading("onoffice:url.integer-names=as-text")),
    ("url.key", or_signed(lambda secret, text: mac(secret + "\n", text))),
    ("url.digest", or_reading("onoffice:url.digest=any-case")),
    ("url.any-order", {"verify": sorted_only}),
    ("url.timestamp-unit", or_reading("onoffice:url.timestamp-unit=milliseconds")),
    ("url.tolerance", or_reading("onoffice:url.tolerance=unchecked")),
    ("url.reload", {"verify": once}),
    ("url.frameable", {"frame_ancestors": lambda self: "'none'"}),
    ("url.refused", {"refused_page": with_the_reason}),
    ("secret.rotation", more_secrets(("previous", "Previous-Provider-Secret-0!"))),
    ("secret.two", {"secrets": api_keys_too}),
    ("secret.empty", or_signed(lambda secret, text: mac("", text))),
    ("page.key-field", template('type="text" name="secret"', 'type="hidden" name="secret"')),
    ("page.privacy", {"agreed": lambda self, fields: None}),
    ("page.button", template('id="unlockButton" disabled', 'id="unlockButton"')),
    ("page.escaped", template("{{ name }}", "{{ name | safe }}")),
    ("page.feedback", template('<script src="{{ script }}"></script>', "")),
    ("feedback.active", said("active", "ok")),
    ("feedback.error", {"error_text": lambda self, request, refused: ""}),
    ("feedback.plain", said("active", '"active"')),
    ("feedback.answer", {"feedback": bad_request}),
    ("feedback.text", {"error_text": lambda self, request, refused: f"<b>{refused.reason}</b>"}),
    ("feedback.truthful", {"error_text": dropped_is_fine}),
    ("unlock.call", {"activate": without_a_call}),
    ("unlock.parameter-cache-id", {"parameters": lambda self, stage: {
        **Provider.parameters(self, stage), "parameterCacheId": stage.credentials["parameterCacheId"].upper()}}),
    ("unlock.claim", {"unlock_claim": lambda self, stage: ""}),
    ("unlock.only", {"activate": another_call}),
    ("unlock.bound", {"unlock": from_the_form}),
    ("unlock.empty-token", EmptyToken),
    ("unlock.key", {"key": lambda self, pasted: pasted}),
    ("unlock.answer", api(unlocked=lambda self, result: None)),
    ("unlock.store", {"credentials": nothing_kept}),
    ("unlock.failure", {"activate": kept_before_the_call}),
    ("unlock.later", Impatient),
    ("unlock.repeat", {"is_done": lambda self, stage: False}),
    ("unlock.timeout", Patient),
    ("credentials.customer", {"customer": lambda self, web_id: "customer"}),
    ("credentials.user", {"user": lambda self, web_id, user_id: f"user/{user_id}"}),
    ("credentials.replaced", {"credentials": old_ones_kept}),
    ("claim.returned", api(estate=without_a_claim)),
    ("claim.latest", {"claimed": first_claim_kept}),
    ("claim.shape", {"claimed": plus_becomes_space}),
    ("service.activated", {"service": fine_for_strangers}),
    ("service.other-users", {"entered": activator_only}),
    ("webhook.answer", {"webhook": webhook_with_a_page}),
    ("block.noticed", {"noticed": lambda self, installation, refused: None}),
    ("block.unlock-again", {"activate": active_once_is_active_for_ever}),
    ("api.address", api(request=posted_elsewhere)),
    ("api.envelope", api(request=body_changed(flat))),
    ("api.token", api(request=body_changed(lambda value: {"request": value["request"]}))),
    ("api.action", api(action=get_instead)),
    ("api.hmac", api(hmac=hex_hmac)),
    ("api.one-clock", api(hmac=clock_read_twice)),
    ("api.envelopes", api(result_of=top_only)),
]  # fmt: skip

# What the German document says of the same: the row proves both.
IN_GERMAN = {
    "page.feedback": "page.feedback-de",
    "unlock.call": "unlock.call-de",
    "unlock.store": "unlock.store-de",
}


@cache
def failed_by_the_correct_one() -> frozenset[str]:
    """What a provider breaks without any override: a check that was lost is red at its clause."""
    return frozenset(finding.clause for finding in examined() if finding.violated)


@pytest.mark.broken("onoffice", also=IN_GERMAN)
@pytest.mark.parametrize(("clause", "override"), BROKEN, ids=[clause for clause, _ in BROKEN])
def test_a_broken_provider_fails_exactly_its_clause(clause, override):
    kind = type("Broken", (Provider,), override) if isinstance(override, dict) else override
    assert {finding.clause for finding in examined(kind) if finding.violated} == {f"onoffice:{clause}"}
    assert f"onoffice:{clause}" not in failed_by_the_correct_one(), "the provider itself breaks it"


def test_the_correct_provider_fails_nothing():
    findings = examined()
    assert [finding for finding in findings if not finding.held] == []
    assert len(findings) > 700


def test_every_must_clause_of_the_partner_has_a_row_or_a_reason():
    untestable = {entry.clause for entry in REGISTER.untestable}
    must = {c.id for c in REGISTER.clauses if (c.actor, c.level) == ("partner", "must")} - untestable
    rows = {f"onoffice:{clause}" for clause, _ in BROKEN}
    assert must - rows == {f"onoffice:{clause}" for clause in IN_GERMAN.values()}
    assert rows <= must


def test_an_override_is_a_seam_of_the_provider():
    for _, override in BROKEN:
        if isinstance(override, dict):
            assert all(hasattr(Provider, name) for name in override)
        elif issubclass(override, WithApi):
            assert all(hasattr(Api, name) for name in override.changed)
