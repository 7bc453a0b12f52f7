"""Connecting: the OAuth half of the partner's side (page, Steps 1 to 3, 5 and 6).

Connect is unsigned, so nothing in it is believed before the API confirmed it. An installation is
saved once, whole, after the last answer arrived: whatever breaks before that leaves the earlier
installation as it was.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from hmac import compare_digest
from urllib.parse import quote, urlencode

from ...core.messages import Answer, Pause, Request, Step, redirect
from ...core.origins import allowed_origin
from ...core.printing import printable
from ...core.refusals import Refused, absent
from ...core.strict import no_duplicates, query_pairs
from ...runtime.calls import text_of
from ...runtime.oauth import error_name
from ...runtime.renewing import LOOK
from ...runtime.store import Installation, earlier
from ...runtime.tokens import Tokens
from .api import CLAUSE, id_of
from .refreshing import PLATFORM, Refreshing

RESULT = "officernd_connect"
CODE_LIFETIME = 600  # seconds: the most that RFC 6749, 4.1.2, recommends


class Connecting(Refreshing):
    """What a partner does to be connected."""

    def start(self, request: Request) -> Step[Answer]:
        """officernd:connect.start. Send the browser to OfficeRnD to authorise; C4 (b).

        A random `state` binds the callback to this browser (RFC 6749, section 10.12); no page of
        OfficeRnD mentions it, that the platform returns it is assumed.
        """
        yield from ()
        state = self.random(16).hex()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self.configuration.client_id,
                "redirect_uri": self.redirect_uri(),
                "scope": " ".join(self.configuration.scopes),
                "state": state,
            }
        )
        cookie = f"officernd_state={state}; Path=/officernd; Max-Age=600; HttpOnly; Secure; SameSite=Lax"
        url = f"{self.configuration.identity_origin}/oauth/authorize?{query}"
        return redirect(url, headers=(("set-cookie", cookie), ("cache-control", "no-store")))

    def connect(self, request: Request) -> Step[Answer]:
        """officernd:return.redirect, officernd:connect.failure. Connect, then send the browser back; C10.

        A failed connect ends at the same return URL, as in the official example; it shows at the
        next health check, and the operator gets the reason. A cookie lets the page of the result show this
        browser what came of it.
        """
        origin, opened = self.configuration.app_origin, "nothing"
        try:
            if self.configuration.started_by == "partner":
                self.check_state(request)
            connect = self.connect_parameters(request.query)
            opened = _digest(connect["code"])
            if self.first_use(connect["code"]):
                installation = yield from self.establish(connect)
                origin = installation.details["api"]
            else:
                origin = yield from self.repeated(connect["code"])
        except Refused as refused:
            self.report("connect", refused)
        remember = f"{RESULT}={opened}; Path=/officernd; Max-Age={CODE_LIFETIME}; HttpOnly; Secure"
        headers = [("cache-control", "no-store"), ("set-cookie", f"{remember}; SameSite=Lax")]
        if request.header("cookie"):
            headers.append(("set-cookie", "officernd_state=; Path=/officernd; Max-Age=0"))
        return redirect(self.return_url(origin), headers=tuple(headers))

    def connect_parameters(self, query: str) -> dict[str, str]:
        """officernd:connect.capture. Return `code`, `org_slug`, `integrationId`, `locations` of a Connect query.

        An empty `locations` means all of them, so an absent one is not taken for it; E3.

        Raises `Refused`: `missing-parameter`, `empty-parameter`, `duplicate-parameter`, `malformed`,
        `too-large`; `platform-error` when OfficeRnD sent an OAuth error instead.
        """
        clause = CLAUSE + "connect.parameters"
        values = no_duplicates(query_pairs(query, clause), clause)
        if "error" in values:
            raise Refused("platform-error", clause, {"error": error_name(text_of(values, "error", clause))})
        text_of(values, "code", clause)
        for name in ("org_slug", "integrationId"):
            id_of(values, name, clause)
        if "locations" not in values and self.configuration.connect_without_locations != "all":
            raise Refused("missing-parameter", clause, absent("locations", values))
        if values.get("locations") and not location_ids(values["locations"]):  # it would count as all of them
            raise Refused("malformed", clause, {"name": "locations", "found": "separators without an id"})
        return {"locations": "", **values}

    def check_state(self, request: Request) -> None:
        """officernd:advice.state-parameter. Refuse a callback that this browser did not start: `wrong-state`."""
        clause = CLAUSE + "advice.state-parameter"
        sent = dict(query_pairs(request.query, clause)).get("state")
        if not sent or not compare_digest(request.cookie("officernd_state").encode(), sent.encode()):
            raise Refused("wrong-state", clause, {"state": "is not the one that this browser was given"})

    def first_use(self, code: str) -> bool:
        """officernd:connect.repeated. Return whether this code was never seen, and remember it.

        An installation keeps a digest of its code, so that an old URL out of a browser's history is known too:
        a platform that is sent a code again takes back what it gave for it (RFC 6749, 4.1.2).
        """
        if self.store.find(PLATFORM, "code", _digest(code)):
            return False
        now = self.clock()
        return self.store.first_time(PLATFORM, f"code {_digest(code)}", now + CODE_LIFETIME, now)

    def repeated(self, code: str) -> Step[str]:
        """officernd:connect.repeated. Wait for the first use of the code; return the origin to go back to."""
        clause = CLAUSE + "connect.repeated"
        self.report("connect", Refused("replayed", clause, {"code": "is in use already: opened twice"}))
        for _ in range(15):
            for installation in self.store.find(PLATFORM, "code", _digest(code)):
                return installation.details["api"]
            yield Pause(LOOK)
        return self.configuration.app_origin

    def establish(self, connect: dict[str, str]) -> Step[Installation]:
        """officernd:connect.binding. Exchange the code, read what the API says, save it, clean up; C11, W7."""
        tokens = yield from self.api.exchange(self.token_fields(connect["code"]))
        organization = yield from self.api.organization(
            self.configuration.app_origin, connect["org_slug"], tokens
        )
        origin = self.region(organization.get("regionInfo"))
        integration = yield from self.api.integration(origin, self.secret_target(connect), tokens)
        secret = self.integration_secret(integration, connect["integrationId"])
        organization_id = id_of(organization, "_id", CLAUSE + "organization.read")
        identity = f"{organization_id}/{connect['integrationId']}"
        webhook = yield from self.api.subscribe(
            origin, connect["org_slug"], self.subscription(identity), tokens
        )
        details = {
            "organizationId": organization_id,
            "integrationId": connect["integrationId"],
            "slug": connect["org_slug"],
            "locations": connect["locations"],
            "accountName": self.configuration.account_name,
            "api": origin,
            "webhookId": webhook["_id"],
            "code": _digest(connect["code"]),
        }
        credentials = {**tokens.saved(), "secret": secret, "webhook_secret": webhook["secret"]}

        def saved() -> Installation:
            before, version = earlier(self.store, PLATFORM, identity)
            if before and before.state == "active" and "synced" in before.details:
                details["synced"] = before.details["synced"]  # what the customer chose outlives a new connect
            return self.store.save(Installation(PLATFORM, identity, details, credentials, "active", version))

        installation = yield from self.kept("connect", lambda: self.again(saved))
        yield from self.tidy(installation, tokens)
        return installation

    def redirect_uri(self) -> str:
        """officernd:token.redirect-uri. Return the registered redirect URI: the Connect URL; C1, C3."""
        return self.configuration.base_url + "/officernd/connect"

    def token_fields(self, code: str) -> dict[str, str]:
        """officernd:token.code, .client, .grant, .scope. Return the form of the code exchange; C1, C2, C5."""
        return {
            "client_id": self.configuration.client_id,
            "client_secret": self.configuration.client_secret,
            "grant_type": "authorization_code",
            "scope": " ".join(self.configuration.scopes),
            "code": code,
            "redirect_uri": self.redirect_uri(),
        }

    def region(self, info: object) -> str:
        """officernd:organization.region. Return the origin of the region's API, or the main one; C7.

        A region URL that the allow-list does not have is reported and never contacted, since it
        would receive the bearer token.
        """
        url = info.get("regionUrl") if isinstance(info, dict) else None
        if url is None:
            return self.configuration.app_origin
        allowed = (self.configuration.app_origin, *self.configuration.allowed_origins)
        try:
            return allowed_origin(str(url), allowed, CLAUSE + "organization.region")
        except Refused as refused:
            self.report("connect", refused)
            return self.configuration.app_origin

    def secret_target(self, connect: dict[str, str]) -> str:
        """officernd:secret.request. Return the raw target of the integration; v1 wants `appClientId`, v2 does not; C6."""
        version = self.configuration.api_version
        slug, integration = quote(connect["org_slug"], safe=""), quote(connect["integrationId"], safe="")
        target = f"/api/{version}/organizations/{slug}/integrations/{integration}"
        client_id = quote(self.configuration.client_id, safe="")
        return target + (f"?appClientId={client_id}" if version == "v1" else "")

    def integration_secret(self, integration: dict[str, object], integration_id: str) -> str:
        """officernd:secret.answer. Return `settings.secret`, when the answer is about this integration of ours; C11."""
        clause = CLAUSE + "connect.binding"
        settings = integration.get("settings")
        settings = settings if isinstance(settings, dict) else {}
        ours = {"_id": integration_id, "appClientId": self.configuration.client_id}
        for name, expected in ours.items():
            found = (integration if name == "_id" else settings).get(name)
            if found != expected:
                evidence = {"answered": f"{name} {printable(str(found), 100)}", "expected": expected}
                raise Refused("identity-mismatch", clause, evidence)
        return text_of(settings, "secret", CLAUSE + "secret.answer")

    def subscription(self, identity: str) -> dict[str, object]:
        """officernd:webhook.subscribe. Return the body that subscribes to the removal of one installation; W2, W3, W7."""
        return {
            "url": f"{self.configuration.base_url}/officernd/removed/{quote(identity)}",
            "eventTypes": ["integration.removed"],
            "description": "Tells the partner that its integration was removed",
            "enabled" if self.configuration.api_version == "v1" else "isEnabled": True,
        }

    def tidy(self, installation: Installation, tokens: Tokens) -> Step[None]:
        """officernd:advice.webhook-clean-up. Delete this installation's other webhooks: of an earlier connect, or of a lost answer."""
        details = installation.details
        url = self.subscription(installation.identity)["url"]
        try:
            webhooks = yield from self.api.webhooks(details["api"], details["slug"], tokens)
        except Refused as refused:
            self.report("tidy", refused)
            return
        if details["webhookId"] not in [webhook.get("_id") for webhook in webhooks]:
            yield from self.subscribe_again(installation, tokens)
            return
        for webhook in webhooks:
            current = self.store.get(PLATFORM, installation.identity)
            if current is None or current.version != installation.version:
                return  # another connect was faster: what is left is its own to tidy
            if webhook.get("url") == url and webhook.get("_id") != details["webhookId"]:
                yield from self.unsubscribe(installation, tokens, str(webhook.get("_id")))

    def subscribe_again(self, installation: Installation, tokens: Tokens) -> Step[None]:
        """officernd:advice.webhook-clean-up. Replace a webhook that another connect tidied away before it was saved."""
        details = installation.details
        body = self.subscription(installation.identity)
        try:
            webhook = yield from self.api.subscribe(details["api"], details["slug"], body, tokens)
        except Refused as refused:
            self.report("tidy", refused)
            return
        secret = {"webhook_secret": webhook["secret"]}

        def changed(one: Installation) -> Installation:
            more = {**one.details, "webhookId": webhook["_id"]}
            return replace(one, details=more, credentials={**one.credentials, **secret})

        yield from self.kept("tidy", lambda: self.change(installation.identity, changed))

    def unsubscribe(self, installation: Installation, tokens: Tokens, webhook_id: str) -> Step[None]:
        """officernd:webhook.removal. Delete a webhook that is no longer needed; a failure is only reported; W7."""
        details = installation.details
        try:
            yield from self.api.delete_webhook(details["api"], details["slug"], webhook_id, tokens)
        except Refused as refused:
            self.report("unsubscribe", refused)

    def return_url(self, origin: str) -> str:
        """officernd:return.redirect. Return the URL that ends the flow in OfficeRnD; page, Step 6, lost there."""
        return origin + "/connect/external-integration/return"


def location_ids(text: str) -> list[str]:
    """officernd:locations.separator. Return the ids of a list joined by `, ` or `,`; empty means all; S10, S11.

    >>> location_ids("location-id1, location-id2")
    ['location-id1', 'location-id2']
    """
    return [piece.strip() for piece in text.split(",") if piece.strip()]


def _digest(code: str) -> str:
    """Return what is kept of a code: enough to know it again, and nothing that can be exchanged."""
    return sha256(code.encode()).hexdigest()
