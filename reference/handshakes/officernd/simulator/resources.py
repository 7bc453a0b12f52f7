"""OfficeRnD's API as far as the handshake needs it: organisation, integration, locations, webhooks.

Version 1 answers arrays where version 2 answers objects, and wants `appClientId` for an integration
(W4, C6). Error bodies are `{"message": …}`; which status stands for which error is inferred.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from ...core.messages import Answer, Request, Response, json_response
from ...core.refusals import Refused
from ...core.strict import json_object, no_duplicates, query_pairs
from .identity import Identity
from .records import CLAUSE, READ, WRITE, Integration, Organization, Token, Webhook

_PATH = re.compile(
    r"/api/(v1|v2)/organizations/([^/]+)(?:/(integrations|locations|offices|webhooks)(?:/([^/]+))?)?/?"
)


METHODS: dict[tuple[str, bool], tuple[str, ...]] = {
    ("organization", False): ("GET",),
    ("integrations", True): ("GET",),
    ("locations", False): ("GET",),
    ("offices", False): ("GET",),
    ("webhooks", False): ("GET", "POST"),
    ("webhooks", True): ("DELETE",),
}
"""The methods of each kind of path, without and with an id after it."""


class ApiError(Exception):
    """An error answer; `clause` is the rule that the partner broke, if any."""

    def __init__(self, status: int, message: str, clause: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.clause = status, message, clause


class Resources(Identity):
    """The API behind bearer tokens."""

    def resource(self, request: Request) -> Answer:
        """Answer one API request, or say what is wrong with it."""
        try:
            match = _PATH.fullmatch(request.path)
            if match is None:
                raise ApiError(404, "Not found")
            version, slug, kind, id = match.groups("")
            kind, id = kind or "organization", unquote(id)
            token = self._bearer(request)
            methods = METHODS.get((kind, bool(id)), ())
            if not methods:
                raise ApiError(404, "Not found")
            if request.method not in methods:
                return not_allowed(", ".join(methods))
            self._may(token, version, request.method, kind)
            organization = self._organization(token, unquote(slug))
            place, response = self._answer(request, version, organization, token, kind, id)
            answer = self.disturbed(place, token, response)
            if place == "webhooks" and answer is not response:  # nobody was told its secret, or too late
                [*self.webhooks.values()][-1].told = False
            return answer
        except ApiError as error:
            self.found(error.clause, False, error.message)
            return json_response({"message": error.message}, error.status)

    def _answer(
        self, request: Request, version: str, organization: Organization, token: Token, kind: str, id: str
    ) -> tuple[str, Response]:
        """Return the place, as faults name it, and the answer of a known method on a known path."""
        if kind == "organization":
            return kind, json_response(self._organization_document(version, organization))
        if kind == "integrations":
            return "integration", self._integration(request, version, organization, token, id)
        if kind in ("locations", "offices"):
            self.found("locations.list", True, "the locations were read")
            return "locations", json_response(self._locations(version, organization))
        own = [webhook for webhook in self._own(organization, token) if id in ("", webhook.id)]
        if request.method == "POST":
            return "webhooks", self._create_webhook(request, version, organization, token)
        if request.method == "GET":
            found = [self._webhook_document(webhook) for webhook in own]
            return "webhook-list", json_response(found if version == "v1" else listed(found))
        if not own:
            raise ApiError(404, "Not found")
        self.webhooks.pop(id, None)
        return "webhook-delete", Response(204)

    def _bearer(self, request: Request) -> Token:
        scheme, _, value = request.header("authorization").partition(" ")
        token = self.tokens.get(value) if scheme.lower() == "bearer" else None
        if token is None or token.expires_at <= self.clock():
            raise ApiError(401, "Unauthorized")
        return token

    def _may(self, token: Token, version: str, method: str, kind: str) -> None:
        """officernd:token.scope. Version 1 knows read and write, version 2 a scope for each resource."""
        needed = READ if method == "GET" else WRITE
        if version == "v2":
            action = {"GET": "read", "POST": "create", "DELETE": "delete"}.get(method, "update")
            area = "space" if kind == "locations" else "settings"
            needed = f"flex.{area}.{kind}.{action}"
        if needed not in token.scopes:
            raise ApiError(403, f"Missing scope {needed}", "token.scope")

    def _organization(self, token: Token, slug: str) -> Organization:
        organization = self.organizations[token.organization_id]
        if organization.slug != slug:
            known = slug in organization.former  # who was not asked anything since cannot know the new one
            raise ApiError(404, "Organization not found", "" if known else "connect.capture")
        return organization

    def _organization_document(self, version: str, organization: Organization) -> dict[str, Any]:
        """officernd:organization.read. Version 1 has the region, version 2 has not."""
        document: dict[str, Any] = {
            "_id": organization.id,
            "name": organization.name,
            "slug": organization.slug,
        }
        if version == "v2":
            return {**document, "imageUrl": "", "description": ""}
        region = organization.region_url or self.settings.app_origin
        return {**document, "regionInfo": {"regionUrl": region}}

    def _integration(
        self, request: Request, version: str, organization: Organization, token: Token, id: str
    ) -> Response:
        clause = CLAUSE + "secret.request"
        try:
            query = no_duplicates(query_pairs(request.query, clause), clause)
        except Refused as refused:
            raise ApiError(400, f"The query cannot be read: {refused.reason}", "secret.request") from None
        if version == "v1" and "appClientId" not in query:
            raise ApiError(400, "appClientId is missing", "secret.request")
        integration = self.integrations.get(id)
        if integration is None or integration.organization_id != organization.id:
            raise ApiError(404, "Integration not found", "connect.capture")
        if {integration.client_id, query.get("appClientId", token.client_id)} != {token.client_id}:
            raise ApiError(404, "Integration not found", "secret.request")
        integration.secret_was_read = True
        self.found("connect.capture", True, "the integration of the Connect request was asked for")
        self.found("secret.request", True, f"the integration was read, {version}")
        return json_response(self.document(integration, with_secret=True))

    def document(self, integration: Integration, *, with_secret: bool) -> dict[str, Any]:
        """officernd:secret.answer. Return an integration as the API shows it."""
        secret = {"secret": integration.secret} if with_secret else {}
        organization = self.organizations[integration.organization_id]
        return {
            "_id": integration.id,
            "type": "Custom Integration",
            "user": organization.member_id,
            "settings": {"appClientId": integration.client_id, **secret, "isExternal": True},
            "locations": list(integration.locations or organization.locations),
        }

    def _locations(self, version: str, organization: Organization) -> Any:
        """officernd:locations.list. Return the organisation's locations."""
        found = [{"_id": id, "name": name} for id, name in organization.locations.items()]
        return found if version == "v1" else listed(found)

    def _create_webhook(
        self, request: Request, version: str, organization: Organization, token: Token
    ) -> Response:
        clause = CLAUSE + "webhook.subscribe"
        if request.header("content-type").partition(";")[0].strip().lower() != "application/json":
            raise ApiError(415, "The body is not JSON", "webhook.subscribe")
        try:
            body = json_object(request.body, clause)
        except Refused as refused:
            raise ApiError(400, f"The body cannot be read: {refused.reason}", "webhook.subscribe") from None
        url, events = body.get("url"), body.get("eventTypes")
        form = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+([/?][!-~]*)?")
        if not isinstance(url, str) or len(url) > 2_000 or not form.fullmatch(url):
            raise ApiError(400, "url is not a URL", "webhook.subscribe")
        if not isinstance(events, list) or not events or not all(isinstance(event, str) for event in events):
            raise ApiError(400, "eventTypes is not a list of names", "webhook.subscribe")
        ours, other = ("enabled", "isEnabled") if version == "v1" else ("isEnabled", "enabled")
        self.found("webhook.version", other not in body, f"{version} knows {ours}")
        enabled = body.get(ours, True)
        secret = str(self.random(16).hex())
        webhook = Webhook(
            self.new_id(), organization.id, token.client_id, url, tuple(events), secret,
            str(body.get("description", "")), enabled is True,
        )  # fmt: skip
        self.webhooks[webhook.id] = webhook
        right = enabled is True and "integration.removed" in [event.lower() for event in events]
        self.found("webhook.subscribe", right, f"subscribed to {', '.join(events)[:80]}")
        document = {**self._webhook_document(webhook), "secret": secret}
        return json_response([document] if version == "v1" else document, 201)

    def _own(self, organization: Organization, token: Token) -> list[Webhook]:
        mine = (organization.id, token.client_id)
        return [
            webhook
            for webhook in [*self.webhooks.values()]
            if (webhook.organization_id, webhook.client_id) == mine
        ]

    def _webhook_document(self, webhook: Webhook) -> dict[str, Any]:
        return {
            "_id": webhook.id,
            "url": webhook.url,
            "description": webhook.description,
            "eventTypes": list(webhook.events),
            "isEnabled": webhook.enabled,
        }

    def iso_time(self) -> str:
        """Return the time as ISO 8601 with milliseconds, as JavaScript writes it."""
        return datetime.fromtimestamp(self.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def listed(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a page of version 2 around its results."""
    return {"rangeStart": 1, "rangeEnd": len(found), "cursorNext": None, "cursorPrev": None, "results": found}


def not_allowed(methods: str) -> Response:
    """Return 405 with the methods that are known."""
    return json_response({"message": "Method not allowed"}, 405, (("allow", methods),))
