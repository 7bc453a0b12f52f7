"""Each "must" clause has a module that breaks it, and the platform's checks find exactly that clause.

A broken module is one row: the clause, and the one method that is overridden. The correct module passes
every check.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

import pytest

from handshakes.core.messages import Request, Response, Unreachable, form_body, json_response
from handshakes.core.refusals import Refused
from handshakes.retailcrm import readings, signing
from handshakes.retailcrm.partner import Module
from handshakes.retailcrm.signing import Registration
from handshakes.retailcrm.simulator.examination import examine
from handshakes.spec.register import load
from tests.retailcrm.sides import ANOTHER, CODE, DEMO, sides

REGISTER = load("retailcrm")


def examined(kind: type[Module] = Module):
    world = sides(kind=kind)
    partner = world.partner

    def account() -> str:
        """The module's own name for the first account, wherever it thinks that this is."""
        found = [one for one in world.in_use().values() if one.details["systemUrl"] == DEMO]
        return found[0].identity if found else partner.identity(DEMO)

    step = examine(
        world.platform, CODE, DEMO, ANOTHER,
        work=lambda: partner.work(account()),
        rescope=lambda: partner.rescope(account(), partner.configuration.scopes),
    )  # fmt: skip
    return world.network.run(step, "RetailCRM")


def member(body: bytes, name: str) -> Any:
    return json.loads(parse_qs(body.decode())["register"][0])[name]


# --- what is accepted too -------------------------------------------------------------------------


def or_token(made):
    """Accept what `made(secret, api_key)` makes too."""

    def verify(self, body, content_type, secret):
        try:
            return Module.verify(self, body, content_type, secret)
        except Refused as refused:
            if refused.reason != "signature-mismatch" or member(body, "token") != made(
                secret, member(body, "apiKey")
            ):
                raise
            return believed(body)

    return verify


def believed(body: bytes) -> Registration:
    return Registration(str(member(body, "apiKey")), member(body, "systemUrl"), ())


def mac(key: str, message: str) -> str:
    return hmac.digest(key.encode(), message.encode(), "sha256").hex()


def or_reading(*ids: str):
    def verify(self, body, content_type, secret):
        try:
            return Module.verify(self, body, content_type, secret)
        except Refused:
            return signing.verify_registration(
                body, secret=secret, content_type=content_type, readings=readings.of(*ids)
            )

    return verify


def half_of_the_token(self, body, content_type, secret):
    """Take the registration when the first digits agree."""
    try:
        return Module.verify(self, body, content_type, secret)
    except Refused as refused:
        if refused.reason != "signature-mismatch":
            raise
        right = mac(secret, member(body, "apiKey"))
        if right[:32] != member(body, "token")[:32]:
            raise
        return believed(body)


def urlencoded_only(self, body, content_type, secret):
    if not content_type.startswith("application/x-www-form-urlencoded"):
        raise Refused("wrong-content-type", "retailcrm:register.encoding")
    return Module.verify(self, body, content_type, secret)


def query_too(self, request):
    query = parse_qs(request.query)
    if "register" in query and not request.body:
        request = replace(request, target=request.path, body=form_body({"register": query["register"][0]}))
    return Module.registration(self, request)


def first_of_several(self, body, content_type, secret):
    if body.count(b"register=") > 1:
        body = body.split(b"&")[0]
    return Module.verify(self, body, content_type, secret)


def numbers_as_texts(self, body, content_type, secret):
    try:
        return Module.verify(self, body, content_type, secret)
    except Refused as refused:
        if refused.reason != "wrong-type" or member(body, "token") != mac(
            secret, str(member(body, "apiKey"))
        ):
            raise
        return believed(body)


# --- the address ----------------------------------------------------------------------------------


def wrong_part(url: str) -> str:
    """Return the clause's name for what is wrong with an address that was refused."""
    scheme, _, rest = url.partition("://")
    if scheme != "https":
        return "scheme"
    return "parts" if "@" in rest else "port" if ":" in rest else "path" if "/" in rest else "allowed"


def trusting(clause: str):
    """Take an address that is refused by one clause, as it was written."""

    def system_url(self, registration):
        try:
            return Module.system_url(self, registration)
        except Refused:
            url = registration.system_url
            if wrong_part(url) != clause:
                raise
            if clause == "parts":  # a lenient reader drops what stands before the @
                url = "https://" + url.rpartition("@")[2]
            return "/".join(url.split("/")[:3])

    return system_url


class Trusting(Module):
    """A module whose API does not look at the allow-list again."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        api, request = self.api, self.api.request

        def unguarded(method, origin, target, key, fields=None):
            made = request(method, "https://demo.simla.com", target, key, fields)
            return replace(made, origin=origin)

        api.request = unguarded


def trusting_row(clause: str):
    return type("Broken", (Trusting,), {"system_url": trusting(clause)})


def no_slash_at_the_end(self, registration):
    if registration.system_url.endswith("/"):
        raise Refused("malformed", "retailcrm:system-url.path")
    return Module.system_url(self, registration)


def case_kept(self, registration):
    if registration.system_url != registration.system_url.lower():
        raise Refused("not-allowed", "retailcrm:system-url.allowed")
    return Module.system_url(self, registration)


def public_hosts_only(self, registration):
    url = Module.system_url(self, registration)
    if url.endswith(".io"):
        raise Refused("not-allowed", "retailcrm:system-url.allowed")
    return url


# --- edit -----------------------------------------------------------------------------------------


def described(**changes):
    def description(self, installation):
        return {**Module.description(self, installation), **changes}

    return description


def bracketed(self, description):
    return {f"integrationModule[{name}]": str(value) for name, value in description.items()}


def edit_of_another_path(self, url, api_key, installation):
    fields = self.edit_fields(self.description(installation))
    return (yield from self.api.edit(url, api_key, self.code + "-2", fields))


def no_edit_path(self, url, api_key, installation):
    request = self.api.request("POST", url, f"/api/v5/integration-modules/{self.code}", api_key, {})
    return (yield from self.api.sent(request, "edit.call"))


class StatusIsNotLookedAt(Module):
    """As the official clients let it pass: an answer is an answer."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)

        def sent(request, clause):
            try:
                return (yield request)
            except Unreachable:
                raise Refused("unreachable", "retailcrm:edit.call") from None

        self.api.sent = sent

    def accepted(self, response):
        if b"Insufficient" in response.body or b"entity format" in response.body:
            Module.accepted(self, response)


def only_201(self, response):
    if response.status != 201:
        raise Refused("platform-error", "retailcrm:edit.statuses", {"status": response.status})
    Module.accepted(self, response)


def info_is_an_object(self, response):
    Module.accepted(self, response)
    if not isinstance(response.json()["info"], dict):
        raise Refused("unexpected-answer", "retailcrm:edit.containers")


def counted(self):
    self.number = getattr(self, "number", 0) + 1
    return sha256(b"module").hexdigest()[:30] + f"{self.number:010d}"


def unreachable_is_fine(self, refused):
    if refused.reason == "unreachable":
        return self.connected()
    return Module.failed(self, refused)


# --- installations --------------------------------------------------------------------------------


def one_for_all(self, url):
    return self.code


def new_client_each_time(self, url, api_key):
    found = Module.prepared(self, url, api_key)
    if found.state == "active" and found.credentials["api_key"] != api_key:
        credentials = {**found.credentials, "client_id": self.client_id()}
        details = {**found.details, "clientKey": sha256(credentials["client_id"].encode()).hexdigest()}
        return self.store.save(replace(found, credentials=credentials, details=details))
    return found


def key_saved_at_once(self, url, api_key):
    found = Module.prepared(self, url, api_key)
    if found.state == "active" and found.credentials["api_key"] != api_key:
        self.store.save(replace(found, credentials={**found.credentials, "api_key": api_key}))
        return replace(found, version=found.version + 1)
    return found


# --- answers --------------------------------------------------------------------------------------


def with_the_reason(self, refused):
    self.report("register", refused)
    return json_response({"success": False, "errorMsg": f"Refused: {refused.reason}"})


def client_error(self, refused):
    return replace(Module.failed(self, refused), status=400)


def nowhere(self):
    return json_response({"success": True, "accountUrl": "/retailcrm/account"})


# --- the account page -----------------------------------------------------------------------------


def client_in_the_query_too(self, request):
    found = parse_qs(request.query).get("clientId")
    if found:
        request = replace(request, body=form_body({"clientId": found[0]}))
    return Module.entering(self, request)


def session_first(self, request):
    if not request.header("cookie"):
        return self.closed()
        yield
    return (yield from Module.enter(self, request))


def page_at_once(self, request):
    response = yield from Module.enter(self, request)
    if response.status != 303:
        return response
    cookie = response.header("set-cookie").partition(";")[0]
    return (yield from self.settings(replace(request, method="GET", headers=(("cookie", cookie),))))


def anybody(self, fields, clause):
    try:
        return Module.client(self, fields, clause)
    except Refused:
        if not fields.get("clientId") or not clause.endswith("transition.unknown"):
            raise
        return self.store.find("retailcrm", "systemUrl", DEMO)[0]


def nobody_is_fine(self, request):
    response = yield from Module.activity(self, request)
    told = b"clientId=" + b"0" * 40 in request.body or b"clientId=" not in request.body
    return json_response({"success": True}) if told else response


# --- activity -------------------------------------------------------------------------------------


def nothing_to_say(self, request):
    response = yield from Module.activity(self, request)
    return Response(204) if response.json()["success"] else response


def absent_is_false(self, activity):
    return Module.flags(self, {"active": False, "freeze": False, **activity})


def freeze_ignored(self, installation):
    return installation.details["active"] == "yes"


def followed_anywhere(self, installation, url):
    if url == installation.details["systemUrl"]:
        return installation
        yield
    saved = self.store.save(replace(installation, details={**installation.details, "systemUrl": url}))
    headers = (("x-api-key", saved.credentials["api_key"]),)
    yield Request("GET", url, "/api/credentials", headers)
    return saved


BROKEN: list[tuple[str, dict[str, Any] | type[Module]]] = [
    ("config.answer", {"config": lambda self, request: answered({"scopes": [], "register_url": "x"})}),
    ("config.register-url", {"register_url": lambda self: "/retailcrm/register"}),
    ("config.scopes", {"scopes": lambda self: ("integration_read", "integration_write", "order_write")}),
    ("config.integration-write", {"scopes": lambda self: ("integration_read",)}),
    ("register.encoding", {"verify": urlencoded_only}),
    ("register.body-only", {"registration": query_too, "body_only": lambda self, request: None}),
    ("register.once", {"verify": first_of_several}),
    ("register.json", {"verify": or_reading("retailcrm:register.json=last-wins")}),
    ("register.members", {"verify": numbers_as_texts}),
    ("token.verify", {"verify": half_of_the_token}),
    ("token.value", {"verify": or_token(lambda secret, key: sha256((secret + key).encode()).hexdigest())}),
    ("token.message", {"verify": or_reading("retailcrm:token.value=swapped")}),
    ("token.key", {"verify": or_token(lambda secret, key: mac(secret + "\n", key))}),
    ("token.digest", {"verify": or_reading("retailcrm:token.digest=any-case")}),
    ("token.empty-secret", {"verify": or_token(lambda secret, key: mac("", key))}),
    ("token.secret", {"verify": or_token(lambda secret, key: mac("another-module-secret", key))}),
    ("system-url.allowed", trusting_row("allowed")),
    ("system-url.scheme", trusting_row("scheme")),
    ("system-url.port", trusting_row("port")),
    ("system-url.parts", trusting_row("parts")),
    ("system-url.path", {"system_url": no_slash_at_the_end}),
    ("system-url.canonical", {"system_url": case_kept}),
    ("system-url.technical", {"system_url": public_hosts_only}),
    ("edit.call", {"edit": no_edit_path}),
    ("edit.form", {"edit_fields": bracketed}),
    ("edit.path-code", {"edit": edit_of_another_path}),
    ("edit.code", {"code": property(lambda self: "another-module")}),
    ("edit.integration-code", {"description": described(integrationCode="another-module")}),
    ("edit.members", {"description": described(baseUrl=None)}),
    ("edit.client-id", {"description": described(clientId="")}),
    ("edit.client-id-random", {"client_id": counted}),
    ("edit.actions", {"description": described(actions={"activity": "https://module.example/x"})}),
    ("edit.success", StatusIsNotLookedAt),
    ("edit.statuses", {"accepted": only_201}),
    ("edit.containers", {"accepted": info_is_an_object}),
    ("answer.account-url", {"connected": nowhere}),
    ("answer.after-edit", {"failed": unreachable_is_fine}),
    ("answer.error", {"failed": client_error}),
    ("answer.message", {"message": lambda self, refused: "An error occurred."}),
    ("answer.uniform", {"unverified": with_the_reason}),
    ("transition.body-only", {"entering": client_in_the_query_too}),
    ("transition.no-session", {"enter": session_first}),
    ("transition.session", {"enter": page_at_once}),
    ("transition.unknown", {"client": anybody}),
    ("activity.answer", {"activity": nothing_to_say}),
    ("activity.flags", {"flags": absent_is_false}),
    ("activity.effect", {"working": freeze_ignored}),
    ("activity.unknown", {"activity": nobody_is_fine}),
    ("activity.system-url", {"followed": followed_anywhere}),
    ("connection.identity", {"identity": one_for_all}),
    ("connection.repeat", {"prepared": new_client_each_time}),
    ("connection.failure", {"prepared": key_saved_at_once}),
    ("scopes.replaced", {"renewed": lambda self, old, new: old}),
]

NO_ONE_SEES: dict[str, str] = {}


def answered(value):
    yield from ()
    return json_response(value)


@cache
def failed_by_the_correct_one() -> frozenset[str]:
    """What a module breaks without any override: a check that was lost is red at its clause."""
    return frozenset(finding.clause for finding in examined() if not finding.held)


def moves(**seams):
    """Return a world whose module has these seams, two accounts connected to it."""
    world = sides(kind=type("Moves", (Module,), seams))
    world.connect()
    world.connect(ANOTHER)
    return world


def stays(self, installation, url):
    return installation
    yield


def stored_unasked(self, installation, url):
    return self.store.save(replace(installation, details={**installation.details, "systemUrl": url}))
    yield


FOREIGN, OTHER = "activity-foreign-host", "activity-another-account"


@pytest.mark.parametrize(
    ("followed", "fault", "state"),
    [
        (Module.followed, FOREIGN, "held"), (Module.followed, OTHER, "held"),
        (stays, FOREIGN, "not seen"), (stays, OTHER, "not seen"), (stored_unasked, FOREIGN, "not seen"),
        (followed_anywhere, OTHER, "violated"),
    ],
)  # fmt: skip
def test_a_yes_to_another_address_is_no_move_to_it(followed, fault, state):
    """The clause forbids the move, and S3 has a reading by which a module stays; a call with the key is seen."""
    (finding,) = moves(followed=followed).activity(fault=fault).findings
    assert (finding.clause, finding.state) == ("retailcrm:activity.system-url", state)
    assert ("200, success, and no call to that host" in finding.detail) is (state == "not seen")


@pytest.mark.parametrize(("followed", "found"), [(stays, {True, None}), (stored_unasked, {False, None})])
def test_where_the_next_call_goes_shows_whether_a_module_moved(followed, found):
    kind = type("Moves", (Module,), {"followed": followed})
    clause = "retailcrm:activity.system-url"
    assert {finding.held for finding in examined(kind) if finding.clause == clause} == found


def test_a_yes_to_a_registration_of_a_foreign_host_without_any_call_sends_no_key():
    """retailcrm:system-url.allowed is about where the key is sent; success without edit is another rule's."""

    def yes(self, request):
        yield from ()
        return json_response({"success": True, "accountUrl": "https://module.example/account"})

    (finding,) = sides(kind=type("Yes", (Module,), {"register": yes})).connect(fault="foreign-host").findings
    assert (finding.clause, finding.state) == ("retailcrm:answer.after-edit", "violated")


def test_a_sentence_about_a_client_id_says_which_one_came():
    """What is wrong is never told by what is right."""
    held = {finding.detail for finding in examined() if finding.held}
    for override, said in (
        ({"prepared": new_client_each_time}, "another clientId than before"),
        ({"client_id": lambda self, *_: "x" * 40}, "the clientId of another account"),
    ):
        wrong = {one.detail for one in examined(type("Broken", (Module,), override)) if one.held is False}
        assert said in wrong and said not in held
    assert {"the clientId of before", "another clientId than another account has"} <= held
    broken = examined(StatusIsNotLookedAt)
    assert "edit-says-false: 200, success" in {one.detail for one in broken if one.held is False}
    assert "edit-says-false: 200, no success" in held


@pytest.mark.broken("retailcrm")
@pytest.mark.parametrize(("clause", "override"), BROKEN, ids=[clause for clause, _ in BROKEN])
def test_a_broken_module_fails_exactly_its_clause(clause, override):
    kind = type("Broken", (Module,), override) if isinstance(override, dict) else override
    assert {finding.clause for finding in examined(kind) if not finding.held} == {f"retailcrm:{clause}"}
    assert f"retailcrm:{clause}" not in failed_by_the_correct_one(), "the module itself breaks it"


def test_the_correct_module_fails_nothing():
    findings = examined()
    assert [finding for finding in findings if not finding.held] == []
    assert len(findings) > 400


def test_every_must_clause_of_the_partner_has_a_row_or_a_reason():
    untestable = {entry.clause for entry in REGISTER.untestable}
    must = {c.id for c in REGISTER.clauses if (c.actor, c.level) == ("partner", "must")} - untestable
    rows = {f"retailcrm:{clause}" for clause, _ in BROKEN}
    assert must - rows == set(NO_ONE_SEES)
    assert rows <= must


def test_an_override_is_a_seam_of_the_module():
    for _, override in BROKEN:
        if isinstance(override, dict):
            assert all(hasattr(Module, name) for name in override)
