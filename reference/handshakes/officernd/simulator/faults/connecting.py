"""Faults of a connect: of the code, and of the answers at each place."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ....core.messages import Answer, Delayed, Dropped, Response, json_response
from ....runtime.verdicts import Refuses, Survives
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


CONNECT_FAULTS: tuple[ConnectFault, ...] = (
    ConnectFault("code-expired", CLAUSE + "token.code", Refuses("platform-error"), "an expired code", grant=_expire),
    ConnectFault("code-reused", CLAUSE + "token.code", Refuses("platform-error"), "a code that was used", grant=_use),
    ConnectFault(
        "wrong-scope", CLAUSE + "token.scope", Refuses("platform-error"), "the application does not have the scopes", grant=_narrow
    ),
    ConnectFault(
        "token-401", CLAUSE + "token.errors", Refuses("platform-error"), "the token endpoint answers 401", place="token",
        answer=_error(401, {"error": "invalid_client"}, ("www-authenticate", 'Basic realm="OfficeRnD"')),
    ),
    ConnectFault(
        "token-429", CLAUSE + "token.errors", Refuses("platform-error"), "the token endpoint answers 429", place="token",
        answer=_error(429, {"message": "Too many requests"}, ("retry-after", "60")),
    ),
    ConnectFault(
        "token-not-json", CLAUSE + "token.answer", Refuses("unexpected-answer"), "the token endpoint answers HTML",
        place="token", answer=lambda r, trap: Response(200, (("content-type", "text/html"),), b"<p>hello</p>"),
    ),
    ConnectFault(
        "region-foreign", CLAUSE + "organization.region", Survives("connected"), "a region URL on a foreign host",
        place="organization", traps=True,
        answer=_edited(lambda v, trap: v.update(regionInfo={"regionUrl": trap})),
    ),
    ConnectFault(
        "another-integration", CLAUSE + "connect.binding", Refuses("identity-mismatch"), "the answer is about another integration",
        place="integration", answer=_edited(_about_another), believed=_ANOTHER_SECRET,
    ),
    ConnectFault(
        "another-client", CLAUSE + "connect.binding", Refuses("identity-mismatch"), "the answer is about another application",
        place="integration",
        answer=_edited(lambda v, trap: v.update(settings={"appClientId": "another", "secret": _ANOTHER_SECRET})),
        believed=_ANOTHER_SECRET,
    ),
    ConnectFault(
        "secret-empty", CLAUSE + "secret.answer", Refuses("empty-parameter"), "an empty secret", place="integration",
        answer=_edited(lambda v, trap: v["settings"].update(secret="")), believed="",
    ),
    *(
        ConnectFault(
            f"slow-{place}", CLAUSE + "connect.failure", Refuses("unreachable"), f"{text} answers after 15 s", place=place,
            answer=lambda response, trap: Delayed(15, response), waits=True,
        )
        for place, text in _PLACES.items()
    ),
    *(
        ConnectFault(
            f"dropped-{place}", CLAUSE + "connect.failure", Refuses("unreachable"), f"{text}: connection closed, no answer",
            place=place, answer=lambda response, trap: Dropped(),
        )
        for place, text in _PLACES.items()
    ),
    *(
        ConnectFault(
            f"error-{place}", CLAUSE + "connect.failure", Refuses("platform-error"), f"{text} answers 500", place=place,
            answer=_error(500, {"message": "Internal server error"}),
        )
        for place, text in _PLACES.items()
    ),
)  # fmt: skip
