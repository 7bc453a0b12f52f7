"""OfficeRnD's token endpoint and API as the partner calls them: steps that yield requests.

Every call ends in the documented shape or in a `Refused`: `unreachable` when no answer came,
`platform-error` for a status outside the 200s, `unexpected-answer` for another shape.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ...core.messages import Request, Response, Step, form_body
from ...core.refusals import Refused
from ...runtime.calls import call, object_of, parsed, text_of
from ...runtime.role import Clock
from ...runtime.tokens import Tokens, lifetime
from .configuration import Configuration

CLAUSE = "officernd:"
TOKEN_TIMEOUT = 3.0  # seconds, as in the official example


class Api:
    """The calls, each a step. `origin` is the platform's or the region's, without a path."""

    def __init__(self, configuration: Configuration, clock: Clock) -> None:
        self.configuration = configuration
        self.clock = clock

    def exchange(
        self, fields: Mapping[str, str], clause: str = CLAUSE + "token.answer", kept: str = ""
    ) -> Step[Tokens]:
        """officernd:token.form. Post the form of a code exchange; return the tokens. Source: page, Step 2.

        `kept` is the refresh token that stays when the answer brings none (RFC 6749, section 6; E1). A lifetime
        written as text is read as a number (E2).
        """
        headers = (("content-type", "application/x-www-form-urlencoded"),)
        origin = self.configuration.identity_origin
        request = Request("POST", origin, "/oauth/token", headers, form_body(fields), TOKEN_TIMEOUT)
        answer = object_of((yield from call(request, clause)), clause)
        seconds = lifetime(answer, clause)
        access_token = text_of(answer, "access_token", clause)
        if not all("!" <= character <= "~" for character in access_token):  # RFC 6750, 2.1: for a header
            raise Refused("unexpected-answer", clause, {"access_token": "holds what no header can carry"})
        sent = answer.get("refresh_token") is not None or not kept
        refresh_token = text_of(answer, "refresh_token", clause) if sent else kept
        return Tokens(access_token, refresh_token, self.clock() + seconds)

    def refresh(self, refresh_token: str) -> Step[Tokens]:
        """officernd:token.refresh. Trade a refresh token for new tokens, in the minimal form; C14, E1."""
        fields = {
            "grant_type": "refresh_token",
            "client_id": self.configuration.client_id,
            "client_secret": self.configuration.client_secret,
            "refresh_token": refresh_token,
        }
        return (yield from self.exchange(fields, CLAUSE + "token.refresh", refresh_token))

    def organization(self, origin: str, slug: str, tokens: Tokens) -> Step[dict[str, Any]]:
        """officernd:organization.read. Return the organisation with this slug."""
        request = self._api("GET", origin, f"/organizations/{quote(slug, safe='')}", tokens)
        clause = CLAUSE + "organization.read"
        return object_of((yield from call(request, clause)), clause)

    def locations(self, origin: str, slug: str, tokens: Tokens) -> Step[dict[str, str]]:
        """officernd:locations.list. Return the names of the organisation's locations by id: v1 a list, v2 its first page."""
        clause = CLAUSE + "locations.list"
        request = self._api("GET", origin, f"/organizations/{quote(slug, safe='')}/locations", tokens)
        found = listed((yield from call(request, clause)), clause)
        return {text_of(location, "_id", clause): text_of(location, "name", clause) for location in found}

    def integration(self, origin: str, target: str, tokens: Tokens) -> Step[dict[str, Any]]:
        """officernd:secret.request. Return the integration behind a raw target. Source: page, Step 3."""
        request = Request("GET", origin, target, _bearer(tokens))
        return object_of((yield from call(request, CLAUSE + "secret.request")), CLAUSE + "secret.answer")

    def subscribe(
        self, origin: str, slug: str, body: Mapping[str, Any], tokens: Tokens
    ) -> Step[dict[str, str]]:
        """officernd:webhook.version. Create a webhook; return its `_id` and `secret`, from an array or an object; W4."""
        clause = CLAUSE + "webhook.subscribe"
        sent = json.dumps(body, separators=(",", ":")).encode()
        request = self._api("POST", origin, f"/organizations/{quote(slug, safe='')}/webhooks", tokens, sent)
        answer = parsed((yield from call(request, clause)), clause)
        if isinstance(answer, list) and len(answer) == 1:
            answer = answer[0]
        if not isinstance(answer, dict):
            raise Refused("unexpected-answer", CLAUSE + "webhook.version", {"answer": type(answer).__name__})
        return {name: text_of(answer, name, CLAUSE + "webhook.version") for name in ("_id", "secret")}

    def webhooks(self, origin: str, slug: str, tokens: Tokens) -> Step[list[dict[str, Any]]]:
        """officernd:webhook.version. Return the organisation's webhooks of this application: v1 a list, v2 a page of one."""
        clause = CLAUSE + "webhook.version"
        request = self._api("GET", origin, f"/organizations/{quote(slug, safe='')}/webhooks", tokens)
        return listed((yield from call(request, clause)), clause)

    def delete_webhook(self, origin: str, slug: str, webhook_id: str, tokens: Tokens) -> Step[None]:
        """officernd:webhook.removal. Delete a webhook; one that is gone already is as good."""
        target = f"/organizations/{quote(slug, safe='')}/webhooks/{quote(webhook_id, safe='')}"
        request = self._api("DELETE", origin, target, tokens)
        try:
            yield from call(request, CLAUSE + "webhook.removal")
        except Refused as refused:
            if refused.evidence.get("status") != "404":
                raise

    def _api(self, method: str, origin: str, target: str, tokens: Tokens, body: bytes = b"") -> Request:
        content = (("content-type", "application/json"),) if body else ()
        path = f"/api/{self.configuration.api_version}{target}"
        return Request(method, origin, path, (*_bearer(tokens), *content), body)


def listed(response: Response, clause: str) -> list[dict[str, Any]]:
    """Return the objects of a list, which version 2 puts into a page of it; else refuse with `unexpected-answer`."""
    answer = parsed(response, clause)
    found = answer.get("results") if isinstance(answer, dict) else answer
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Refused("unexpected-answer", clause, {"answer": type(answer).__name__, "expected": "a list"})
    return found


def _bearer(tokens: Tokens) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {tokens.access_token}"),)


def id_of(values: Mapping[str, Any], name: str, clause: str) -> str:
    """Return an id or slug that can stand in a path as one piece; refuses as `text_of`, and with `malformed`.

    >>> id_of({"slug": "test-slug"}, "slug", "officernd:organization.slug")
    'test-slug'
    """
    text = text_of(values, name, clause)
    if text in (".", "..") or not text.isprintable() or any(mark in text for mark in "/\\?#%"):
        raise Refused("malformed", clause, {"name": name, "found": f"{len(text)} characters that are no id"})
    return text
