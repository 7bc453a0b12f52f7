"""Faults of a connect: of the code, and of the answers at each place."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ....core.messages import Answer, Delayed, Dropped, Response, json_response
from ....runtime.verdicts import Expected, Refuses, Survives
from ..drafts import Pair
from ..records import CLAUSE, ConnectFault, Grant


def _expire(grant: Grant) -> None:
    grant.expires_at -= 86_400


def _use(grant: Grant) -> None:
    grant.used = True


def _narrow(grant: Grant) -> None:
    grant.scopes = ()


def _edited(edit: Callable[[dict[str, Any], str], None]) -> Callable[[Response, str], Answer]:
    """Answer with one thing in the JSON object changed."""

    def answer(response: Response, trap: str) -> Answer:
        value = json.loads(response.body)
        edit(value, trap)
        return json_response(value, response.status)

    return answer


def _error(status: int, body: dict[str, str], *headers: Pair) -> Callable[[Response, str], Answer]:
    return lambda response, trap: json_response(body, status, headers)


_PLACES = {
    "token": "the token endpoint", "organization": "the organisation", "integration": "the integration",
    "webhooks": "the webhook",
}  # fmt: skip
_ANOTHER_SECRET = "false-integration-secret"  # no integration has it


def _about_another(value: dict[str, Any], trap: str) -> None:
    value["_id"] = "ffffffffffffffffffffffff"
    value["settings"]["secret"] = _ANOTHER_SECRET


def _for_another(value: dict[str, Any], trap: str) -> None:
    value["settings"] = {"appClientId": "another", "secret": _ANOTHER_SECRET}


_PLATFORM = Refuses("platform-error")


def _connect(name: str, clause: str, expected: Expected, what: str, **more: Any) -> ConnectFault:
    return ConnectFault(name, CLAUSE + clause, expected, what, **more)


CONNECT_FAULTS: tuple[ConnectFault, ...] = (
    _connect("code-expired", "token.code", _PLATFORM, "an expired code", grant=_expire),
    _connect("code-reused", "token.code", _PLATFORM, "a code that was used", grant=_use),
    _connect("wrong-scope", "token.scope", _PLATFORM, "the application does not have the scopes", grant=_narrow),
    _connect("token-401", "token.errors", _PLATFORM, "the token endpoint answers 401", place="token",
             answer=_error(401, {"error": "invalid_client"}, ("www-authenticate", 'Basic realm="OfficeRnD"'))),
    _connect("token-429", "token.errors", _PLATFORM, "the token endpoint answers 429", place="token",
             answer=_error(429, {"message": "Too many requests"}, ("retry-after", "60"))),
    _connect("token-not-json", "token.answer", Refuses("unexpected-answer"), "the token endpoint answers HTML", place="token",
             answer=lambda r, trap: Response(200, (("content-type", "text/html"),), b"<p>hello</p>")),
    _connect("region-foreign", "organization.region", Survives("connected"), "a region URL on a foreign host", place="organization",
             answer=_edited(lambda v, trap: v.update(regionInfo={"regionUrl": trap})), traps=True),
    _connect("another-integration", "connect.binding", Refuses("identity-mismatch"), "the answer is about another integration",
             place="integration", answer=_edited(_about_another), believed=_ANOTHER_SECRET),
    _connect("another-client", "connect.binding", Refuses("identity-mismatch"), "the answer is about another application",
             place="integration", answer=_edited(_for_another), believed=_ANOTHER_SECRET),
    _connect("secret-empty", "secret.answer", Refuses("empty-parameter"), "an empty secret", place="integration",
             answer=_edited(lambda v, trap: v["settings"].update(secret="")), believed=""),
    *(_connect(f"slow-{place}", "connect.failure", Refuses("unreachable"), f"{text} answers after 15 s", place=place,
               answer=lambda response, trap: Delayed(15, response), waits=True) for place, text in _PLACES.items()),
    *(_connect(f"dropped-{place}", "connect.failure", Refuses("unreachable"), f"{text}: connection closed, no answer", place=place,
               answer=lambda response, trap: Dropped()) for place, text in _PLACES.items()),
    *(_connect(f"error-{place}", "connect.failure", _PLATFORM, f"{text} answers 500", place=place,
               answer=_error(500, {"message": "Internal server error"})) for place, text in _PLACES.items()),
)  # fmt: skip
