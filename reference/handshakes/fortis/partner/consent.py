"""Tokens without the user: the app's half of an OAuth code grant with state and PKCE (A36).

The address comes from `user_oauth_url` of a launch, and only when it is on the app's own list (A35). It is
assumed that this is RFC 6749; the paths are settings. The consent page opens in a window of its own, which
does not see the cookies of the iframe; so the app's page hands a ticket to the form that begins.
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from ...core.messages import Answer, Request, Step, redirect
from ...core.origins import allowed_origin
from ...core.refusals import Refused
from ...core.strict import form_pairs, no_duplicates, query_pairs
from ...runtime.calls import text_of
from ...runtime.oauth import challenge, error_name
from ...runtime.pages import page, refused_form
from ...runtime.store import Installation
from ...runtime.tokens import Tokens
from .api import CLAUSE
from .connecting import PLATFORM, Connecting
from .sessions import sealed, unsealed

START, CALLBACK = "/fortis/oauth/start", "/fortis/oauth/callback"
COOKIE = "fortis_oauth"
LIFETIME = 600


class Consent(Connecting):
    """From a ticket to an access token that is kept."""

    def oauth_url(self, url: str) -> str:
        """fortis:oauth.url, fortis:oauth.url-form. Return the listed origin that `user_oauth_url` names; else ignore and note it; A34, A35."""
        if not url:
            return ""
        try:
            return self.listed(url)
        except Refused as refused:
            self.report("launch", refused)
            return ""

    def listed(self, url: str) -> str:
        """fortis:oauth.url-form. Return an address as an origin of the list; raises `Refused`: `malformed`, `not-allowed`."""
        origin = url.rstrip("/").removesuffix("/v2") if url.isascii() else url
        return allowed_origin(origin, self.configuration.oauth_urls, CLAUSE + "oauth.url")

    def redirect_uri(self) -> str:
        """Return the address to which the consent page leads back."""
        return self.configuration.base_url + CALLBACK

    def ticket(self, installation: Installation, base: str) -> str:
        """Return what the app's page hands to the form that begins: who, and at which listed address."""
        values = {"session": installation.details["sessionId"], "use": "ticket", "base": base}
        return sealed(values, self.clock() + LIFETIME, installation.credentials["session_key"])

    def begin(self, request: Request) -> Step[Answer]:
        """fortis:oauth.state, fortis:oauth.pkce. Send the browser to the consent page with a new state and challenge."""
        yield from ()
        if refusal := refused_form(request):
            return refusal
        clause = CLAUSE + "oauth.state"
        try:
            fields = no_duplicates(form_pairs(request.body, request.header("content-type"), clause), clause)
            installation, values = self.brought(fields.get("ticket", ""), "ticket", clause)
            base = self.listed(values["base"])
        except Refused as refused:
            return self.not_granted(refused)
        state, verifier = self.random(16).hex(), self.random(32).hex()
        kept = {"session": installation.details["sessionId"], "use": "oauth", "base": base}
        kept |= {"state": state, "verifier": verifier}
        cookie = sealed(kept, self.clock() + LIFETIME, installation.credentials["session_key"])
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self.configuration.client_id,
                "redirect_uri": self.redirect_uri(),
                "state": state,
                "code_challenge": challenge(verifier),
                "code_challenge_method": "S256",
            }
        )
        attributes = f"Path=/fortis/oauth; Max-Age={LIFETIME}; HttpOnly; Secure; SameSite=Lax"
        headers = (("set-cookie", f"{COOKIE}={cookie}; {attributes}"), ("cache-control", "no-store"))
        return redirect(f"{base}{self.configuration.authorize_path}?{query}", 303, headers)

    def brought(self, text: str, use: str, clause: str) -> tuple[Installation, dict[str, Any]]:
        """Return the user and the values that a browser brought back; raises `Refused` with `wrong-state`."""
        found = unsealed(text, self.clock(), self.of_session_id)
        if found is None or found[1].get("use") != use or found[0].details["kind"] != "user":
            raise Refused("wrong-state", clause, {f"{use} cookie": "is missing, used or none of this app's"})
        return found

    def of_session_id(self, session_id: str) -> Installation | None:
        """Return what is kept under the public id of its sessions, unless it was removed."""
        found = self.store.find(PLATFORM, "sessionId", session_id) if session_id else []
        return next((one for one in found if one.state != "removed"), None)

    def callback(self, request: Request) -> Step[Answer]:
        """fortis:oauth.state. Exchange the code that comes back, if this browser began; keep the access once it is the user's."""
        try:
            installation, values, code = self.answered(request)
            access = yield from self.exchange(values, code)
            yield from self.check_access(access, installation)
            saved = yield from self.kept(
                "oauth", lambda: self.keep_access(installation, access, values["base"])
            )
        except Refused as refused:
            return self.not_granted(refused)
        forget = (("set-cookie", f"{COOKIE}=; Path=/fortis/oauth; Max-Age=0"),)
        return page(
            "Tokens granted",
            '<p id="granted">The app may now read {{ location }} without you. You can close this window.</p>',
            headers=forget,
            location=saved.details["locationId"],
        )

    def answered(self, request: Request) -> tuple[Installation, dict[str, Any], str]:
        """fortis:oauth.state. Return who began, with what, and the code; the state is this browser's and is used once."""
        clause = CLAUSE + "oauth.state"
        sent = no_duplicates(query_pairs(request.query, clause), clause)
        installation, values = self.brought(request.cookie(COOKIE), "oauth", clause)
        self.check_state(sent.get("state", ""), values["state"])
        if "error" in sent:
            raise Refused("platform-error", CLAUSE + "oauth.endpoints", {"error": error_name(sent["error"])})
        return installation, values, text_of(sent, "code", CLAUSE + "oauth.endpoints")

    def check_state(self, sent: str, kept: str) -> None:
        """fortis:oauth.state. Refuse with `wrong-state` another state than this browser's, with `replayed` one used before."""
        clause = CLAUSE + "oauth.state"
        if not hmac.compare_digest(sent.encode(), kept.encode()):
            raise Refused("wrong-state", clause, {"state": "is not this browser's" if sent else "is missing"})
        now = self.clock()
        if not self.store.first_time(PLATFORM, f"oauth {kept}", now + LIFETIME, now):
            raise Refused("replayed", clause, {"state": "was used before"})

    def exchange(self, values: dict[str, Any], code: str) -> Step[Tokens]:
        """fortis:oauth.endpoints. Exchange the code at the listed address that was begun with."""
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri(),
            "code_verifier": values["verifier"],
        }
        return (yield from self.api.token(self.listed(values["base"]), fields))

    def check_access(self, access: Tokens, installation: Installation) -> Step[None]:
        """fortis:identity.mismatch. Refuse an access of another user than the one who began."""
        user_id = yield from self.api.me(self.api.with_access(access.access_token))
        if user_id != installation.details["userId"]:
            evidence = {"opened by": installation.details["userId"], "consented by": user_id}
            raise Refused("identity-mismatch", CLAUSE + "identity.mismatch", evidence)

    def keep_access(self, installation: Installation, access: Tokens, base: str) -> Installation:
        """Save what OAuth gave, encrypted at rest; it ends with the registration, also when another one follows."""
        gone = Refused("unknown-installation", CLAUSE + "oauth.state")

        def changed(one: Installation) -> Installation:
            if one.details["sessionId"] != installation.details["sessionId"]:
                raise gone
            details = {**one.details, "oauthUrl": base}
            return replace(one, details=details, credentials={**one.credentials, **access.saved()})

        saved = self.change(installation.identity, changed)
        if saved is None:
            raise gone
        return saved

    def not_granted(self, refused: Refused) -> Answer:
        """Return the page of a consent that came to nothing; the operator learns why."""
        self.refuse("oauth", refused)
        return page(
            "No access",
            '<p id="error">This step gave the app no access. What it was given before, it still has;'
            " else please try again from the app.</p>",
            status=403,
        )

    def work(self, location_id: str, user_id: str) -> Step[dict[str, Any]]:
        """fortis:oauth.offered. Read a location while its user is away; it stands for an app's business.

        Raises `Refused` with `unknown-installation` where nobody gave access.
        """
        installation = self.store.get(PLATFORM, self.identity(location_id, user_id))
        if installation is None or not installation.credentials.get("access_token"):
            raise Refused("unknown-installation", CLAUSE + "oauth.offered")
        access = yield from self.fresh_tokens(installation, CLAUSE + "oauth.offered")
        return (yield from self.api.location(location_id, self.api.with_access(access.access_token)))

    def renewed(self, installation: Installation) -> Step[Tokens]:
        """fortis:oauth.endpoints. Trade the refresh token for a new access, at the listed address that gave it."""
        refresh_token = installation.credentials["refresh_token"]
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        base = self.listed(installation.details["oauthUrl"])
        return (yield from self.api.token(base, fields, refresh_token))
