"""Fortis' API as far as an app needs it: who am I, locations, contacts, log-in tokens (version 2).

`developer-id` is asked of everybody, beside `access-token` in the header or the query (AUTH page). Errors
have the documented statuses; the body of a 401, 403 or 404 is not documented, so ours is assumed. What
OAuth gave is taken as `Authorization: Bearer`, which is assumed too (A36). Every check of an app's request
leaves a finding on its clause.
"""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import unquote

from ...core.messages import Answer, Request, Response, json_response
from ...core.refusals import Refused
from ...core.strict import json_object, no_duplicates, query_pairs
from .records import Attempt, Contact, Location, Token, User
from .setup import SetUp

JUST_LAUNCHED = 60
"""Seconds for which a launch in a real browser, which we do not see end, may still use its token."""


class ApiError(Exception):
    """An error answer; `clause` is the rule that the app broke, if any."""

    def __init__(self, status: int, body: dict[str, Any], clause: str = "", detail: str = "") -> None:
        super().__init__(detail)
        self.status, self.body, self.clause, self.detail = status, body, clause, detail


class Resources(SetUp):
    """The API in front of what Fortis keeps."""

    # --- log-in tokens ----------------------------------------------------------------------------

    def log_in(self, user_id: str) -> str:
        """fortis:token.life. Return a new log-in token of a user: 16 characters, as in the documents' samples."""
        token = self.random(8).hex()
        self.tokens[token] = Token(user_id, self.clock() + self.settings.token_lifetime)
        return token

    def token_of(self, user_id: str) -> str:
        """Return a token of a user that still holds, made anew if there is none."""
        held = [
            t for t, one in [*self.tokens.items()] if one.user_id == user_id and one.expires_at > self.clock()
        ]
        return held[0] if held else self.log_in(user_id)

    # --- the API ----------------------------------------------------------------------------------

    def resource(self, request: Request) -> Answer:
        """fortis:api.errors. Answer a call of the API."""
        try:
            query = no_duplicates(query_pairs(request.query, ""), "")
        except Refused:
            return json_response({"message": "Bad Request"}, 400)
        try:
            response = json_response(self._answered(request, query))
        except ApiError as error:
            self.found(error.clause, False, error.detail)
            response = json_response(error.body, error.status) if error.body else Response(error.status)
        attempt, token = self._attempt(request, query), self._sent(request, query)
        fault = attempt.fault if attempt else self.disturbed.get(token)
        return fault.answer(response) if fault and request.path == "/v2/users/me" else response

    def _answered(self, request: Request, query: dict[str, str]) -> dict[str, Any]:
        if request.path == "/v2/token" or request.path.startswith("/v2/token/"):
            if request.method == "POST":
                self._developer(request, query)
            return self._token(request)
        kind, _, name = request.path.removeprefix("/v2/").partition("/")
        if kind not in ("users", "locations", "contacts") or not name or "/" in name:
            raise ApiError(404, {"message": "Not Found"})
        if request.method != "GET":
            raise ApiError(405, {"message": "Method Not Allowed"})
        user = self._user(request, query)
        self.calls += 1
        name = unquote(name)
        if kind == "users":
            if name not in ("me", user.id):
                raise ApiError(403, {"message": "Forbidden"})
            return {"user": self._user_record(user)}
        if kind == "locations":
            return {"location": self._location_record(self._location(name, query, user))}
        return {"contact": self._contact_record(self._contact(name, query, user))}

    def _user(self, request: Request, query: dict[str, str]) -> User:
        """fortis:token.header, fortis:token.developer-id. Return the user whose token a call carries."""
        unauthorized = {"message": "Unauthorized"}
        self._developer(request, query)
        bearer = request.header("authorization").removeprefix("Bearer ")
        if access := self.access.get(bearer):
            if access.expires_at <= self.clock():
                raise ApiError(401, unauthorized)
            return self.users[access.user_id]
        sent = request.header("access-token") or query.get("access-token", "")
        if bearer in self.tokens or "access-token" in query:
            self.found("token.header", False, "the token is not in its header")
        held = [token for token in [*self.tokens] if hmac.compare_digest(token.encode(), sent.encode())]
        attempt = self._attempt(request, query)
        if attempt:
            attempt.calls += 1
            attempt.asked += request.path == "/v2/users/me"
            attempt.asked_at = self.clock()
        if not held or self.tokens[held[0]].expires_at <= self.clock():
            raise ApiError(401, unauthorized)
        token = self.tokens[held[0]]
        fresh = self.clock() - self.launched.get(held[0], -JUST_LAUNCHED) < JUST_LAUNCHED
        unseen = None if held[0] in self.launched else False  # a person's browser may open it again
        self.found("token.not-stored", bool(attempt) or fresh or unseen, "only while the app is opened")
        if "access-token" not in query:
            self.found("token.header", True, "in its header")
        self.found("token.developer-id", True, "sent")
        if self.settings.sliding:
            token.expires_at = self.clock() + self.settings.token_lifetime
        return self.users[token.user_id]

    def _developer(self, request: Request, query: dict[str, str]) -> None:
        """fortis:token.developer-id. Ask for the developer id, in header or query: every way to log in needs it, a log-in too."""
        if not (request.header("developer-id") or query.get("developer-id")):
            raise ApiError(401, {"message": "Unauthorized"}, "token.developer-id", "no developer-id")

    def _attempt(self, request: Request, query: dict[str, str]) -> Attempt | None:
        """Return the opening of the app that a call belongs to, by its token."""
        sent = self._sent(request, query)
        return next((one for one in [*self.waiting] if one.token == sent and sent), None)

    def _sent(self, request: Request, query: dict[str, str]) -> str:
        """Return the token of a call, wherever it stands."""
        bearer = request.header("authorization").removeprefix("Bearer ")
        return request.header("access-token") or query.get("access-token", "") or bearer

    def _token(self, request: Request) -> dict[str, Any]:
        """fortis:api.token. Answer a log-in with a token, or end one."""
        token = request.path.removeprefix("/v2/token").removeprefix("/")
        if token:
            if request.method != "DELETE":
                raise ApiError(405, {"message": "Method Not Allowed"})
            known = self.tokens.pop(unquote(token), None)
            if known:
                raise ApiError(204, {}, "token.not-deleted", "DELETE of a user's log-in token")
            raise ApiError(404, {})
        if request.method != "POST":
            raise ApiError(405, {"message": "Method Not Allowed"})
        try:
            sent = json_object(request.body, "")
        except Refused:
            raise ApiError(400, {"message": "Bad Request"}) from None
        lacking = {name: ["is required"] for name in ("username", "password", "domain") if not sent.get(name)}
        if lacking:
            raise ApiError(422, {"errors": lacking})
        for user in [*self.users.values()]:
            if (user.username, user.domain.url) == (sent["username"], sent["domain"]):
                if user.password and user.password == sent["password"]:
                    return {"token": self._token_record(user)}
                raise ApiError(401, {"message": "invalid password"})
        raise ApiError(401, {"message": "invalid user"})

    def _token_record(self, user: User) -> dict[str, Any]:
        return {
            "id": self.random(12).hex(),
            "expire": self.settings.token_lifetime // 60,
            "token": self.log_in(user.id),
            "username": user.username,
            "primary_location_id": user.locations[0],
            "user_type_id": 200,
        }

    def _location(self, name: str, query: dict[str, str], user: User) -> Location:
        """fortis:api.by-own-id. Return a location by its id, or with `api_id=1` by the merchant's own."""
        if query.get("api_id") == "1":
            self._needs_location(query)
            found = next((one for one in [*self.locations.values()] if one.location_api_id == name), None)
        else:
            found = self.locations.get(name)
        if found is None:
            raise ApiError(404, {"message": "Not Found"})
        if found.id not in user.locations:
            raise ApiError(403, {"message": "Forbidden"})
        return found

    def _contact(self, name: str, query: dict[str, str], user: User) -> Contact:
        """fortis:api.by-own-id. Return a contact by its id, or with `api_id=1` by the merchant's own."""
        if query.get("api_id") == "1":
            location = self._needs_location(query)
            own = [one for one in [*self.contacts.values()] if one.location_id == location]
            found = next((one for one in own if one.contact_api_id == name), None)
        else:
            found = self.contacts.get(name)
        if found is None:
            raise ApiError(404, {"message": "Not Found"})
        if found.location_id not in user.locations:
            raise ApiError(403, {"message": "Forbidden"})
        if found.deleted:
            raise ApiError(409, {"message": "Gone"})
        return found

    def _needs_location(self, query: dict[str, str]) -> str:
        if not query.get("location_id"):
            raise ApiError(422, {"errors": {"location_id": ["is required with api_id"]}})
        return query["location_id"]

    def _user_record(self, user: User) -> dict[str, Any]:
        """fortis:api.self. Return a user as the API shows it."""
        return {
            "id": user.id,
            "domain_id": user.domain.id,
            "username": user.username,
            "email": user.email,
            "user_type_id": 200,
            "primary_location_id": user.locations[0],
            "branding_domain_url": user.domain.url,
        }

    def _location_record(self, location: Location) -> dict[str, Any]:
        """fortis:api.records. Return a location as the API shows it; the app's secret is not in it (S11)."""
        return {
            "id": location.id,
            "name": location.name,
            "account_number": location.account_number,
            "location_api_id": location.location_api_id,
        }

    def _contact_record(self, contact: Contact) -> dict[str, Any]:
        """fortis:api.records. Return a contact as the API shows it."""
        return {
            "id": contact.id,
            "location_id": contact.location_id,
            "contact_api_id": contact.contact_api_id,
            "last_name": contact.name,
        }
