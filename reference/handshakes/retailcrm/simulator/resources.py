"""RetailCRM's API as far as the connection needs it: edit, get, update-scopes, credentials, system-info.

The key travels in the header, in the query or in the form (facts 3.1); a body is urlencoded or
multipart. Errors are `{"success":false,"errorMsg":…}`; which status stands for which is what mocks in
official tests show. Every check of a module's request leaves a finding on its clause.
"""

from __future__ import annotations

import hmac
import re
from typing import Any
from urllib.parse import unquote

from ...core.messages import Answer, Request, Response, json_response
from ...core.refusals import Refused
from ...core.strict import form_pairs, json_object, no_duplicates, query_pairs
from .findings import absolute
from .records import CLAUSE, CODE, WRITE, Account, ApiKey, Connection
from .setup import SetUp

_MODULE = re.compile(r"/api/v5/integration-modules/([^/]+)(?:/(edit|update-scopes))?")
_PLAIN = {
    "/api/credentials": "credentials",
    "/api/v5/credentials": "credentials",
    "/api/system-info": "system-info",
    "/api/api-versions": "api-versions",
}
MOST_CALLS = 10
"""Requests of one key in a second that are answered; more are refused where the settings say so."""
METHODS = {"edit": "POST", "update-scopes": "POST"}


class ApiError(Exception):
    """An error answer; `clause` is the rule that the module broke, if any."""

    def __init__(self, status: int, message: str, clause: str = "", errors: Any = None) -> None:
        super().__init__(message)
        self.status, self.message, self.clause, self.errors = status, message, clause, errors

    def response(self) -> Response:
        """retailcrm:api.errors. Return the error as the API answers it."""
        errors = {} if self.errors is None else {"errors": self.errors}
        return json_response({"success": False, "errorMsg": self.message, **errors}, self.status)


class Resources(SetUp):
    """The API behind the accounts' keys."""

    def issue_key(self, account: Account, code: str, scopes: tuple[str, ...], digits: bool = False) -> str:
        """retailcrm:register.key-issued. Return a new API key of 32 letters and digits, or of digits alone."""
        number = int.from_bytes(self.random(24))
        key = str(10**31 + number % 10**31) if digits else f"{number:048x}"[-32:]
        account.keys[key] = ApiKey(scopes, code)
        return key

    # --- the API ----------------------------------------------------------------------------------

    def resource(self, request: Request) -> Answer:
        """Answer one API request, or say what is wrong with it."""
        account = next((one for one in [*self.accounts.values()] if request.origin in one.origins), None)
        try:
            if account is None:
                raise ApiError(404, "Account does not exist.")
            match = _MODULE.fullmatch(request.path)
            kind = (match[2] or "module") if match else _PLAIN.get(request.path, "")
            code = unquote(match[1]) if match else ""
            if not kind:
                raise ApiError(404, "API method not found")
            if request.method != METHODS.get(kind, "GET"):
                allow = (("allow", METHODS.get(kind, "GET")),)
                return json_response({"success": False, "errorMsg": "Method not allowed"}, 405, allow)
            if kind == "system-info":
                return json_response(self._system_info(account))
            if kind == "api-versions":
                return json_response({"success": True, "versions": ["3.0", "4.0", "5.0"]})
            fields = self._fields(request)
            self._remember_call(account)
            value, key = self._key(request, account, fields)
            answer = self._answer(account, kind, code, value, key, fields)
            disturbed = key.fault is not None and key.fault.place in (kind, "every")
            for attempt in [*self.waiting]:
                if attempt.api_key == value:
                    attempt.played = attempt.played or disturbed
                    attempt.confirmed = attempt.confirmed or (kind == "module" and attempt.edited is not None)
            return key.fault.answer(answer) if key.fault and disturbed else answer
        except ApiError as error:
            self.found(error.clause, False, error.message)
            return error.response()

    def _answer(
        self, account: Account, kind: str, code: str, value: str, key: ApiKey, fields: dict[str, str]
    ) -> Response:
        if kind == "credentials":
            return json_response(self._credentials(key))
        if kind == "module":
            return json_response({"success": True, "integrationModule": self._get(account, key, code)})
        if WRITE not in key.scopes:
            raise ApiError(403, "Access denied.", "config.integration-write")
        if kind == "update-scopes":
            return self._update_scopes(account, code, value, key, fields)
        if key.fault and key.fault.instead and key.fault.place in ("edit", "every"):
            return Response(200)  # the fault's own answer takes its place: nothing is edited
        return self._edit(account, code, value, key, fields)

    def _fields(self, request: Request) -> dict[str, str]:
        """retailcrm:edit.encodings. Return a POST's fields, urlencoded or multipart."""
        if request.method != "POST":
            return {}
        clause = CLAUSE + "edit.encodings"
        try:
            pairs = form_pairs(request.body, request.header("content-type"), clause)
            return no_duplicates(pairs, clause)
        except Refused as refused:
            raise ApiError(400, f"Errors in the input parameters ({refused.reason})", "edit.form") from None

    def _key(self, request: Request, account: Account, fields: dict[str, str]) -> tuple[str, ApiKey]:
        """retailcrm:api.key. Return the key that a request carries, in the header, the query or the form."""
        try:
            query = no_duplicates(query_pairs(request.query, CLAUSE + "api.key"), CLAUSE + "api.key")
        except Refused as refused:
            raise ApiError(400, f"Errors in the input parameters ({refused.reason})") from None
        sent = [*request.header_values("x-api-key"), query.get("apiKey", ""), fields.get("apiKey", "")]
        values = {value for value in sent if value}
        if not values:
            raise ApiError(400, '"apiKey" is missing.')
        if len(values) > 1:
            raise ApiError(400, '"apiKey" is given twice, with different values.')
        (value,) = values
        known = [one for one in account.keys if hmac.compare_digest(one.encode(), value.encode())]
        if not known:
            raise ApiError(403, 'Wrong "apiKey" value.')
        key = account.keys[known[0]]
        self._limit(key)
        if key.paused:
            raise ApiError(403, 'Wrong "apiKey" value.')
        if key.revoked:  # the clause says why
            raise ApiError(403, 'Wrong "apiKey" value.', key.revoked)
        return value, key

    def _limit(self, key: ApiKey) -> None:
        """retailcrm:api.rate. Refuse what one key asks beyond 10 requests in one second of the clock."""
        now = self.clock()
        key.second, key.in_second = (now, key.in_second + 1) if key.second == now else (now, 1)
        if self.settings.rate_status and key.in_second > MOST_CALLS:
            raise ApiError(self.settings.rate_status, "Too many requests")

    def switch(self, account: Account, connection: Connection, active: bool, freeze: bool) -> None:
        """retailcrm:connection.revoked. Switch a connection; whether its keys work while it is off is a setting; A30."""
        connection.active, connection.freeze = active, freeze
        refused = self.settings.when_off == "key-refused" and (freeze or not active)
        for key in account.keys.values():
            if key.code == connection.integration_code:
                key.paused = refused

    def _remember_call(self, account: Account) -> None:
        """Remember, for the attempt that waits, that the module called its account."""
        self.calls[account.system_url] = self.calls.get(account.system_url, 0) + 1
        for attempt in [*self.waiting]:
            attempt.calls += attempt.account == account.system_url

    def _system_info(self, account: Account) -> dict[str, Any]:
        """retailcrm:api.system-info. Return the account's two addresses; no key is needed."""
        return {
            "success": True,
            "systemVersion": "8.1.51",
            "publicUrl": account.system_url,
            "technicalUrl": account.technical_url,
        }

    def _credentials(self, key: ApiKey) -> dict[str, Any]:
        """retailcrm:api.credentials. Return what the key may do."""
        return {
            "success": True,
            "scopes": list(key.scopes),
            "credentials": ["/api/integration-modules/{code}", "/api/integration-modules/{code}/edit"],
            "siteAccess": "access_full",
            "sitesAvailable": [],
        }

    def _get(self, account: Account, key: ApiKey, code: str) -> dict[str, Any]:
        """retailcrm:api.get-module. Return a connection's description, without its clientId."""
        connection = self.connections.get((account.system_url, code))
        if connection is None or connection.integration_code != key.code:
            raise ApiError(404, "Not found")
        shown = {name: value for name, value in connection.document.items() if name != "clientId"}
        return {**shown, "active": connection.active, "freeze": connection.freeze, "native": False}

    def _update_scopes(
        self, account: Account, code: str, value: str, key: ApiKey, fields: dict[str, str]
    ) -> Response:
        """retailcrm:api.update-scopes. Return a key with other scopes; no token comes with it; A27."""
        if (account.system_url, code) not in self.connections:
            raise ApiError(400, "Not enabled simple connection")
        wanted = self._json_field(fields, "requires", "scopes.replaced").get("scopes")
        if not isinstance(wanted, list) or not wanted or not all(isinstance(one, str) for one in wanted):
            raise ApiError(400, "Errors in the input parameters", "scopes.replaced", {"scopes": "not a list"})
        if not set(wanted) <= set(self.cards[key.code].scopes):
            raise ApiError(403, "Access denied.", "card.scopes")
        if self.settings.rotation == "same-key":
            key.scopes = tuple(wanted)
            return json_response({"success": True, "apiKey": value})
        key.revoked = "scopes.replaced"
        return json_response({"success": True, "apiKey": self.issue_key(account, key.code, tuple(wanted))})

    def _edit(self, account: Account, code: str, value: str, key: ApiKey, fields: dict[str, str]) -> Response:
        """retailcrm:edit.answer. Take a module's description; 201 when it is new to the account, else 200."""
        document = self._json_field(fields, "integrationModule", "edit.form")
        connection = self._described(key.code, code, document)
        earlier = self.connections.get((account.system_url, code))
        if earlier is not None:
            connection.freeze, connection.answered_url = earlier.freeze, earlier.answered_url
        if earlier is not None and not self.waiting:  # the module switches itself off, or says something new
            self.switch(account, connection, connection.active, connection.freeze)
        self.connections[account.system_url, code] = connection
        for clause in ("form", "path-code", "code", "integration-code", "members", "client-id", "actions"):
            self.found(f"edit.{clause}", True, f"edit of {code}")
        for attempt in [*self.waiting]:
            if attempt.api_key == value:
                attempt.edited, attempt.edited_at = connection, self.clock()
        info = {"billingInfo": {"price": 0, "priceWithDiscount": 0, "billingType": "fixed"}}
        return json_response({"success": True, "info": info}, 200 if earlier else 201)

    def _json_field(self, fields: dict[str, str], name: str, clause: str) -> dict[str, Any]:
        """retailcrm:edit.form. Return the object that a form field holds as JSON text; A24."""
        if name not in fields:
            raise ApiError(400, f"Parameter '{name}' is missing", clause)
        try:
            return json_object(fields[name].encode(), CLAUSE + clause)
        except Refused as refused:
            raise ApiError(400, f"Errors in the input parameters ({refused.reason})", clause) from None

    def _described(self, card_code: str, path_code: str, document: dict[str, Any]) -> Connection:
        """Return the connection that a description stands for, or say what is wrong with it."""

        def wrong(clause: str, name: str, text: str) -> ApiError:
            return ApiError(400, "Errors in the entity format", f"edit.{clause}", {name: text})

        def text_at(name: str, clause: str = "members") -> str:
            value = document.get(name)
            if not isinstance(value, str) or not value:
                raise wrong(clause, name, "This value should not be blank.")
            return value

        def address_at(name: str) -> str:
            if not absolute(value := text_at(name), self.settings.plain):
                raise wrong("members", name, "This value is not a valid URL.")
            return value

        code, integration_code = text_at("code"), text_at("integrationCode")
        if integration_code != card_code:
            raise wrong("integration-code", "integrationCode", "This is not the code of the module.")
        if not CODE.fullmatch(code) or not code.startswith(integration_code):
            raise wrong("code", "code", "Code prefix must match integrationCode")
        if code != path_code:
            raise wrong("path-code", "code", "This is another code than that of the address.")
        client_id = text_at("clientId", "client-id")
        actions = document.get("actions")
        actions = {} if actions == [] else actions  # PHP's empty object (A25)
        if not isinstance(actions, dict) or not all(isinstance(path, str) for path in actions.values()):
            raise wrong("members", "actions", "This value is not valid.")
        if any("://" in path or path.startswith("//") for path in actions.values()):
            raise wrong("actions", "actions", "An action is a path below baseUrl.")
        return Connection(
            code, integration_code, client_id, address_at("baseUrl"), address_at("accountUrl"), actions,
            document.get("active", True) is True, document,
        )  # fmt: skip
