"""The module: what an integrator writes to be connected from RetailCRM with one click.

Each rule that the page puts on the module is one method, named in its docstring by its clause;
overriding that method breaks that rule and no other, which is how the tests prove the clause. The
class holds no state: installations live in the store, the time and randomness are given.

Only the registration carries a token. Until it has verified, every failure has the same answer and
only the operator (`report`) learns the reason; after that the answer says what the user can do.
"""

from __future__ import annotations

import hmac
from typing import Any

from ...core.keys import first_that_verifies
from ...core.messages import Answer, Headers, Request, Response, Step, json_response, redirect
from ...core.refusals import Refused, absent
from ...core.strict import json_object, query_pairs
from ...runtime.pages import page
from ...runtime.role import Endpoint
from ...runtime.store import Installation
from .. import names, rules, signing
from ..signing import Registration
from .api import CLAUSE
from .connecting import PLATFORM, client_key
from .working import Working

CONFIG, REGISTER = "/retailcrm/config", "/retailcrm/register"
ACCOUNT, ACTIVITY = "/retailcrm/account", "/retailcrm/activity"
NOT_CONNECTED = "The module could not be connected."
COOKIE = "retailcrm_session"


class Module(Working):
    """The module's side, ready to be served."""

    name, home = "module", ACCOUNT
    other_methods = CLAUSE + "config.other-methods"
    secret_names = names.SECRET

    def endpoints(self) -> dict[str, dict[str, Endpoint]]:
        """Return the step of each path and method."""
        return {
            CONFIG: {"GET": self.config},
            REGISTER: {"POST": self.register},
            ACCOUNT: {"GET": self.settings, "POST": self.enter},
            ACTIVITY: {"POST": self.activity},
        }

    def unserved(self, message: str, status: int, headers: Headers = ()) -> Response:
        """retailcrm:config.other-methods. Return the answer to a request that no endpoint takes."""
        return json_response({"success": False, "errorMsg": message}, status, headers)

    # --- configuration (page, Connection data request) --------------------------------------------

    def config(self, request: Request) -> Step[Answer]:
        """retailcrm:config.answer. Say which scopes the module needs and where it is registered."""
        yield from ()
        if self.configuration.unavailable:
            return self.not_now()
        answer = {"success": True, "scopes": list(self.scopes()), "registerUrl": self.register_url()}
        return json_response(answer)

    def not_now(self) -> Response:
        """retailcrm:config.failure. Return why nobody can be connected just now, as a text for the user; status 200."""
        return json_response({"success": False, "errorMsg": self.configuration.unavailable})

    def scopes(self) -> tuple[str, ...]:
        """retailcrm:config.scopes. Return the scopes that the module asks for, all of them on its card."""
        return self.configuration.scopes

    def register_url(self) -> str:
        """retailcrm:config.register-url. Return the absolute address of the registration."""
        return self.configuration.base_url + REGISTER

    # --- registration (page, Module connection request) -------------------------------------------

    def register(self, request: Request) -> Step[Answer]:
        """retailcrm:register.order. Verify, allow the address, connect, answer; in this order."""
        try:
            registration = self.registration(request)
        except Refused as refused:
            return self.unverified(refused)
        try:
            url = self.system_url(registration)
            if self.configuration.unavailable:
                raise Refused("wrong-state", CLAUSE + "config.failure", {"module": "takes no connections"})
            yield from self.connect(url, registration.api_key)
        except Refused as refused:
            return self.failed(refused)
        return self.connected()

    def registration(self, request: Request) -> Registration:
        """retailcrm:token.rotation. Return what the current or the previous secret verifies; A28."""
        self.body_only(request)
        secrets = [("current", self.configuration.secret), ("previous", self.configuration.previous_secret)]
        _, registration = first_that_verifies(
            [(label, secret) for label, secret in secrets if secret],
            lambda secret: self.verify(request.body, request.header("content-type"), secret),
            clause=CLAUSE + "token.rotation",
        )
        return registration

    def body_only(self, request: Request) -> None:
        """retailcrm:register.body-only. Refuse with `malformed` a registration in the query, where logs keep it; A4."""
        clause = CLAUSE + "register.body-only"
        if any(name.startswith("register") for name, _ in query_pairs(request.query, clause)):
            raise Refused("malformed", clause, {"register": "is in the query, where logs keep it"})

    def verify(self, body: bytes, content_type: str, secret: str) -> Registration:
        """retailcrm:token.verify. Return what one secret's token covers, or refuse."""
        return signing.verify_registration(body, secret=secret, content_type=content_type)

    def system_url(self, registration: Registration) -> str:
        """retailcrm:system-url.allowed. Return the account's address, if the allow-list has it; the token does not cover it; S2."""
        return self.allowed_url(registration.system_url)

    def allowed_url(self, url: str) -> str:
        """retailcrm:system-url.canonical. Return an address in its one form, or refuse; A10."""
        return signing.canonical_system_url(url, allowed=self.configuration.allowed_origins)

    def unverified(self, refused: Refused) -> Response:
        """retailcrm:answer.uniform. Return the one answer to whatever did not verify; A1."""
        self.report("register", refused)
        return json_response({"success": False, "errorMsg": NOT_CONNECTED})

    def failed(self, refused: Refused) -> Response:
        """retailcrm:answer.error. Return what went wrong after the token had verified; status 200; A1, A15."""
        self.report("register", refused)
        return json_response({"success": False, "errorMsg": self.message(refused)})

    def message(self, refused: Refused) -> str:
        """retailcrm:answer.message. Return a plain text that the user can act on; A32."""
        said = ": ".join(
            refused.evidence[name] for name in ("errorMsg", "errors") if name in refused.evidence
        )
        if refused.reason == "platform-error":
            return f"RetailCRM did not accept the module. {said or 'It gave no reason.'}"
        if refused.clause == CLAUSE + "config.failure":
            return self.configuration.unavailable
        if refused.reason in ("unreachable", "unexpected-answer"):
            return "RetailCRM did not answer the module as expected. Please try again."
        if refused.clause == CLAUSE + "scopes.checked":
            return f"The module needs rights that its API key lacks: {refused.evidence['missing']}."
        if refused.clause.startswith(CLAUSE + "system-url."):
            return "The module does not connect to this address. Please ask its vendor."
        return f"{NOT_CONNECTED} Please try again."

    def connected(self) -> Response:
        """retailcrm:answer.account-url. Return the answer to a registration that succeeded."""
        return json_response({"success": True, "accountUrl": self.account_url()})

    # --- the user's way to the account (page, Connection scheme) ----------------------------------

    def enter(self, request: Request) -> Step[Answer]:
        """retailcrm:transition.session. Take clientId for a new session, and lead to an address without it; S4, S5.

        No earlier session is asked for: the form comes from another site, without cookies.
        """
        yield from ()
        try:
            installation = self.entering(request)
        except Refused as refused:
            self.refuse("account", refused)
            return self.closed()
        cookie = f"{COOKIE}={self.session(installation)}; Path={ACCOUNT}; HttpOnly; Secure; SameSite=Lax"
        return redirect(self.account_url(), 303, (("set-cookie", cookie), ("cache-control", "no-store")))

    def entering(self, request: Request) -> Installation:
        """retailcrm:transition.body-only. Return the installation of the clientId in the body; raises `Refused`."""
        clause = CLAUSE + "transition.body-only"
        fields = rules.fields(request.body, request.header("content-type"), clause, clause)
        return self.client(fields, CLAUSE + "transition.unknown")

    def client(self, fields: dict[str, str], clause: str) -> Installation:
        """retailcrm:transition.unknown. Return the active installation with a clientId; raises `Refused`."""
        if not (client_id := fields.get("clientId")):
            raise Refused("missing-parameter", clause, absent("clientId", fields))
        found = self.store.find(PLATFORM, "clientKey", client_key(client_id))
        active = [installation for installation in found if installation.state == "active"]
        if not active:
            raise Refused("unknown-installation", clause)
        return active[0]

    def session(self, installation: Installation) -> str:
        """retailcrm:transition.session. Return a new session's value: who, until when, a nonce, and their MAC."""
        until = self.clock() + self.configuration.session_lifetime
        text = f"{installation.details['clientKey']}.{until}.{self.random(16).hex()}"
        return f"{text}.{session_mac(installation, text)}"

    def settings(self, request: Request) -> Step[Answer]:
        """retailcrm:transition.shown. Show the account that a session belongs to; S5."""
        yield from ()
        installation = self.of_session(request)
        if installation is None:
            return self.closed()
        return page(
            "Settings of the module",
            '<p>Connected to <b id="system-url">{{ url }}</b>.</p><p><span id="state" class="state {{ kind }}">{{ state }}</span></p>'
            '<p><a id="back" href="{{ url }}">Back to RetailCRM</a></p>',
            url=installation.details["systemUrl"],
            state="The module works." if self.working(installation) else "The module is switched off.",
            kind="ok" if self.working(installation) else "none",
        )

    def of_session(self, request: Request) -> Installation | None:
        """retailcrm:transition.session. Return the installation of the session in the cookie, while it lasts."""
        text, _, mac = request.cookie(COOKIE).rpartition(".")
        key, _, rest = text.partition(".")
        for installation in self.store.find(PLATFORM, "clientKey", key) if key else ():
            until = rest.partition(".")[0]
            if (
                installation.state == "active"
                and hmac.compare_digest(session_mac(installation, text).encode(), mac.encode())
                and int(until) >= self.clock()
            ):
                return installation
        return None

    def closed(self) -> Response:
        """retailcrm:transition.unknown. Return the page of a user who did not come from RetailCRM."""
        return page("Not open", "<p>Please open the module from its page in RetailCRM.</p>", status=403)

    # --- callbacks --------------------------------------------------------------------------------

    def activity(self, request: Request) -> Step[Answer]:
        """retailcrm:activity.answer. Take what RetailCRM says of an account; nothing in it is signed; A23, S3."""
        try:
            fields = self.activity_fields(request)
            installation = self.client(fields, CLAUSE + "activity.unknown")
            flags = self.flags(json_object(fields["activity"].encode(), CLAUSE + "activity.form"))
            if fields.get("systemUrl"):
                installation = yield from self.followed(installation, fields["systemUrl"])
            self.change(installation.identity, lambda one: self.switched(one, flags))
        except Refused as refused:
            self.report("activity", refused)
            return json_response({"success": False, "errorMsg": "The callback was not accepted."})
        return json_response({"success": True})

    def activity_fields(self, request: Request) -> dict[str, str]:
        """retailcrm:activity.form. Return the callback's fields; clientId and activity have to be there; A23."""
        clause = CLAUSE + "activity.form"
        fields = rules.fields(request.body, request.header("content-type"), clause, clause)
        for name in ("clientId", "activity"):
            if not fields.get(name):
                reason = "empty-parameter" if name in fields else "missing-parameter"
                raise Refused(reason, clause, absent(name, fields))
        return fields

    def flags(self, activity: dict[str, Any]) -> dict[str, str]:
        """retailcrm:activity.flags. Return the details that the callback sets; an absent flag stays as it was; A23."""
        found = {name: activity[name] for name in ("active", "freeze") if name in activity}
        for name, value in found.items():
            if not isinstance(value, bool):
                evidence = {"name": name, "found": type(value).__name__, "expected": "bool"}
                raise Refused("wrong-type", CLAUSE + "activity.flags", evidence)
        return {name: "yes" if value else "no" for name, value in found.items()}

    def followed(self, installation: Installation, url: str) -> Step[Installation]:
        """retailcrm:activity.system-url. Return the installation, moved if its key works at an allowed new address."""
        url = self.allowed_url(url)
        if url == installation.details["systemUrl"]:
            return installation
        return (yield from self.move(installation, url))


def session_mac(installation: Installation, text: str) -> str:
    """Return the MAC of a session's text, under the installation's own key."""
    return hmac.digest(installation.credentials["session_key"].encode(), text.encode(), "sha256").hex()
