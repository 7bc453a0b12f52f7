"""RetailCRM's API as the module calls it: steps that yield requests.

Every call ends in the documented shape or in a `Refused`. The key travels in the header `X-API-KEY`,
never in a URL, and only to an origin of the allow-list, which is asked again for each call.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...core.messages import Request, Response, Step, form_body
from ...core.origins import allowed_origin
from ...core.printing import printable
from ...core.refusals import Refused
from ...core.strict import URLENCODED
from ...runtime.calls import call, object_of, text_of
from .configuration import Configuration

CLAUSE = "retailcrm:"


class Api:
    """The calls, each a step. `origin` is a CRM account's address, as it was allowed."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration

    def edit(self, origin: str, key: str, code: str, fields: Mapping[str, str]) -> Step[Response]:
        """retailcrm:edit.call. Send the module's description; return the answer, whatever it says."""
        target = f"/api/v5/integration-modules/{code}/edit"
        request = self.request("POST", origin, target, key, fields)
        return (yield from self.sent(replace(request, timeout=self.configuration.edit_timeout), "edit.call"))

    def scopes(self, origin: str, key: str) -> Step[tuple[str, ...]]:
        """retailcrm:scopes.checked. Return what the key may do."""
        clause = CLAUSE + "scopes.checked"
        request = self.request("GET", origin, "/api/credentials", key)
        answer = succeeded((yield from self.sent(request, "scopes.checked")), clause)
        found = answer.get("scopes")
        if not isinstance(found, list) or not all(isinstance(scope, str) for scope in found):
            raise Refused("unexpected-answer", clause, {"scopes": type(found).__name__})
        return tuple(found)

    def addresses(self, origin: str) -> Step[tuple[str, ...]]:
        """retailcrm:system-url.confirmed. Return the addresses that an account says it has; no key is sent for it."""
        clause = CLAUSE + "system-url.confirmed"
        request = replace(self.request("GET", origin, "/api/system-info", ""), headers=())
        answer = succeeded((yield from self.sent(request, "system-url.confirmed")), clause)
        return tuple(text_of(answer, name, clause) for name in ("publicUrl", "technicalUrl"))

    def module(self, origin: str, key: str, code: str) -> Step[dict[str, Any]]:
        """retailcrm:api.get-module. Return the module's description in the account."""
        clause = CLAUSE + "api.get-module"
        request = self.request("GET", origin, f"/api/v5/integration-modules/{code}", key)
        return succeeded((yield from self.sent(request, "api.get-module")), clause)

    def update_scopes(self, origin: str, key: str, code: str, scopes: tuple[str, ...]) -> Step[str]:
        """retailcrm:scopes.replaced. Ask for other scopes; return the API key that has them; A27."""
        clause = CLAUSE + "scopes.replaced"
        fields = {"requires": json.dumps({"scopes": list(scopes)}, separators=(",", ":"))}
        target = f"/api/v5/integration-modules/{code}/update-scopes"
        request = self.request("POST", origin, target, key, fields)
        return text_of(
            succeeded((yield from self.sent(request, "scopes.replaced")), clause), "apiKey", clause
        )

    def request(
        self, method: str, origin: str, target: str, key: str, fields: Mapping[str, str] | None = None
    ) -> Request:
        """retailcrm:system-url.allowed. Return a request that carries the key, to an allowed origin only."""
        origin = allowed_origin(origin, self.configuration.allowed_origins, CLAUSE + "system-url.allowed")
        headers = (("x-api-key", key),)
        if fields is None:
            return Request(method, origin, target, headers)
        return Request(method, origin, target, (*headers, ("content-type", URLENCODED)), form_body(fields))

    def sent(self, request: Request, clause: str) -> Step[Response]:
        """Yield a request; return its response when the status is in the 200s, else refuse with what it says."""
        return (yield from call(request, CLAUSE + clause))


def succeeded(response: Response, clause: str) -> dict[str, Any]:
    """retailcrm:edit.success. Return the object of an answer whose `success` is true; refuse any other.

    The status alone says nothing: 200 with `success:false` is an error too (facts 3.3).
    """
    answer = object_of(response, clause)
    if answer.get("success") is not True:
        said = {
            name: printable(str(answer[name]), 100) for name in ("errorMsg", "errors") if answer.get(name)
        }
        evidence = {"status": str(response.status), "success": "is not true", **said}
        raise Refused("platform-error", clause, evidence)
    return answer
