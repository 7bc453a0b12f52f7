"""Fortis' API as the app calls it: steps that yield requests.

Every call ends in the documented shape or in a `Refused`, and goes to the configured host alone. The
token travels in the header `access-token` with `developer-id` beside it, never in an address (A32).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ...core.messages import Headers, Request, Step, form_body
from ...core.refusals import Refused
from ...core.strict import URLENCODED
from ...runtime.calls import call, object_of, text_of
from ...runtime.role import Clock
from ...runtime.tokens import Tokens, lifetime
from .configuration import Configuration

CLAUSE = "fortis:"


class Api:
    """The calls, each a step; `headers` are those that `with_token` or `with_access` returns."""

    def __init__(self, configuration: Configuration, clock: Clock) -> None:
        self.configuration = configuration
        self.clock = clock

    def with_token(self, token: str) -> Headers:
        """fortis:token.header, fortis:token.developer-id. Return the headers of a call with the user's log-in token."""
        return (("access-token", sendable(token)), ("developer-id", self.configuration.developer_id))

    def with_access(self, access_token: str) -> Headers:
        """Return the headers of a call with what OAuth gave; that it is a bearer token is assumed (A36)."""
        bearer = f"Bearer {sendable(access_token)}"
        return (("authorization", bearer), ("developer-id", self.configuration.developer_id))

    def me(self, headers: Headers) -> Step[str]:
        """fortis:identity.users-me. Return the id of the user whose token it is."""
        clause = CLAUSE + "identity.users-me"
        user = yield from self.record("/v2/users/me", "user", headers, clause)
        id = user.get("id")
        return text_of({"id": str(id) if type(id) is int else id}, "id", clause)

    def location(self, id: str, headers: Headers) -> Step[dict[str, Any]]:
        """fortis:api.records. Return a location."""
        target = f"/v2/locations/{quote(id, safe='')}"
        return (yield from self.record(target, "location", headers, CLAUSE + "api.records"))

    def contact(self, id: str, headers: Headers) -> Step[dict[str, Any]]:
        """fortis:api.records. Return a contact."""
        target = f"/v2/contacts/{quote(id, safe='')}"
        return (yield from self.record(target, "contact", headers, CLAUSE + "api.records"))

    def record(self, target: str, name: str, headers: Headers, clause: str) -> Step[dict[str, Any]]:
        """Return one record, which stands under its singular name in the answer."""
        request = self.request("GET", self.api_origin(), target, headers)
        answer = object_of((yield from call(request, clause)), clause)
        found = answer.get(name)
        if not isinstance(found, dict):
            raise Refused("unexpected-answer", clause, {name: type(found).__name__, "expected": "an object"})
        return found

    def api_origin(self) -> str:
        """fortis:api.host. Return the one host that is called: the configured one."""
        return self.configuration.api_origin

    def request(self, method: str, origin: str, target: str, headers: Headers) -> Request:
        """Return a request of the API."""
        return Request(method, origin, target, headers)

    # --- OAuth --------------------------------------------------------------------------------------

    def token(self, base: str, fields: Mapping[str, str], kept: str = "") -> Step[Tokens]:
        """fortis:oauth.redirects. Post a form to the token endpoint of a listed address; follow nothing; return the access.

        `kept` is the refresh token that stays when the answer brings none (RFC 6749, section 6).
        """
        clause = CLAUSE + "oauth.endpoints"
        ours = self.configuration
        form = form_body({**fields, "client_id": ours.client_id, "client_secret": ours.client_secret})
        request = Request("POST", base, ours.token_path, (("content-type", URLENCODED),), form)
        answer = object_of((yield from call(request, clause)), clause)
        seconds = lifetime(answer, clause)
        access_token = sendable(text_of(answer, "access_token", clause))
        sent = answer if "refresh_token" in answer else {"refresh_token": kept or None}
        return Tokens(access_token, text_of(sent, "refresh_token", clause), self.clock() + seconds)


def sendable(token: str) -> str:
    """fortis:token.header. Return a token that can stand in a header; refuse another with `malformed`.

    >>> sendable("3pPzNQstYfXDCE5x")
    '3pPzNQstYfXDCE5x'
    """
    if not token or len(token) > 1_024 or not all("!" <= character <= "~" for character in token):
        raise Refused("malformed", CLAUSE + "token.header", {"token": "holds what no header can carry"})
    return token
