"""onOffice's API as the provider calls it: one address, one envelope, an HMAC for each action.

Every call ends in the documented shape or in a `Refused`. Three forms of an error are on record
(A21); what counts as success here is right under all of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from ...core.messages import Request, Response, Step, Unreachable, split_url
from ...core.refusals import Refused
from ...runtime.calls import object_of
from ...runtime.role import Clock
from ..errorcodes import meaning
from ..signing import api_hmac
from .configuration import Configuration

CLAUSE = "onoffice:"
ACTION = "urn:onoffice-de-ns:smart:2.5:smartml:action:"
TOKEN_LENGTH, KEY_LENGTH = 32, 64


class Access(NamedTuple):
    """The two halves of a customer's credentials: the token travels, the key signs."""

    token: str
    api_key: str

    def __repr__(self) -> str:
        return "Access(…)"


class Api:
    """The calls, each a step. `clock` is read once for each call (facts 6, 9)."""

    def __init__(self, configuration: Configuration, clock: Clock) -> None:
        self.configuration = configuration
        self.clock = clock

    def unlock(self, access: Access, parameters: Mapping[str, str]) -> Step[None]:
        """onoffice:unlock.call. Activate the provider for a customer; raises `Refused` unless it succeeded."""
        result = yield from self.call(access, "do", "unlockProvider", parameters)
        self.unlocked(result)

    def unlocked(self, result: Mapping[str, Any]) -> None:
        """onoffice:unlock.answer. Refuse with `platform-error` a result without `elements.success` = `success`; A39."""
        clause = CLAUSE + "unlock.answer"
        elements = first_record(result, clause).get("elements")
        said = elements.get("success") if isinstance(elements, dict) else None
        if said != "success":
            raise Refused(
                "platform-error",
                clause,
                {"elements.success": "is missing" if said is None else "is not success"},
            )

    def estate(self, access: Access, estate_id: str, claim: str) -> Step[dict[str, Any]]:
        """onoffice:claim.returned. Read one property for the user whose claim this is; return its elements."""
        parameters = {"data": ["Id", "objekttitel"], "extendedclaim": claim}
        result = yield from self.call(access, "read", "estate", parameters, estate_id)
        elements = first_record(result, CLAUSE + "api.envelopes").get("elements")
        if not isinstance(elements, dict):
            evidence = {"elements": type(elements).__name__}
            raise Refused("unexpected-answer", CLAUSE + "api.envelopes", evidence)
        return elements

    def call(
        self,
        access: Access,
        action: str,
        resource_type: str,
        parameters: Mapping[str, Any],
        resource_id: str = "",
    ) -> Step[dict[str, Any]]:
        """onoffice:api.address. Send one action and return its result, or refuse with what the API says of it."""
        request = self.request(access, action, resource_type, parameters, resource_id)
        clause = CLAUSE + "api.envelopes"
        try:
            response = yield request
        except Unreachable as failure:
            evidence = {"action": resource_type, "network": failure.kind}
            raise Refused("unreachable", CLAUSE + "unlock.timeout", evidence) from None
        return self.result_of(response, clause, access)

    def request(
        self, access: Access, action: str, resource_type: str, parameters: Mapping[str, Any], resource_id: str
    ) -> Request:
        """onoffice:api.envelope. Return the request of one action; the timestamp is read once and is the one signed.

        Raises `Refused` with `empty-parameter` for an empty token, `empty-secret` for an empty key.
        """
        if not access.token:
            raise Refused("empty-parameter", CLAUSE + "api.token", {"name": "token"})
        now = self.clock()
        value = self.action(now, action, resource_type, parameters, resource_id)
        value |= {"hmac": self.hmac(access, value), "hmac_version": self.configuration.hmac_version}
        if self.configuration.hmac_version == 1:
            del value["hmac_version"]
        body = json.dumps({"token": access.token, "request": {"actions": [value]}}, ensure_ascii=False)
        origin, target = split_url(self.configuration.api_url)
        headers = (("content-type", "application/json"),)
        return Request("POST", origin, target, headers, body.encode(), self.configuration.api_timeout)

    def action(
        self, now: int, action: str, resource_type: str, parameters: Mapping[str, Any], resource_id: str
    ) -> dict[str, Any]:
        """onoffice:api.action. Return one action without its HMAC; parameters are sorted by name."""
        return {
            "actionid": ACTION + action,
            "resourceid": resource_id,
            "resourcetype": resource_type,
            "identifier": "",
            "timestamp": now,
            "parameters": dict(sorted(parameters.items())),
        }

    def hmac(self, access: Access, action: Mapping[str, Any]) -> str:
        """onoffice:api.hmac. Return the HMAC of an action, keyed with the API key."""
        return api_hmac(
            token=access.token,
            api_key=access.api_key,
            timestamp=action["timestamp"],
            resource_type=action["resourcetype"],
            action_id=action["actionid"],
            version=self.configuration.hmac_version,
            identifier=action["identifier"],
            resource_id=action["resourceid"],
            parameters=action["parameters"],
        )

    def result_of(self, response: Response, clause: str, access: Access) -> dict[str, Any]:
        """onoffice:api.envelopes. Return the one result of an answer, or refuse with the code that it holds; A21.

        Success is HTTP 200, errorcode 0 at the top, one result, and errorcode 0 at the action, looked at in
        this order.
        """
        if response.status != 200:
            raise error_of(response, clause, access)
        answer = object_of(response, clause)
        if code_of(answer, clause):
            raise error_of(response, clause, access)
        results = results_of(answer)
        if len(results) != 1:
            raise Refused("unexpected-answer", clause, {"results": len(results), "expected": 1})
        if code_of(results[0], clause):
            raise error_of(response, clause, access)
        return results[0]


def error_of(response: Response, clause: str, access: Access) -> Refused:
    """onoffice:api.envelopes. Return the refusal of an answer that is an error, with the code that it holds.

    The action's own code says more than the top one, wherever both are. onoffice:api.lengths: with 137 the
    operator is told of a token or a key of another length.
    """
    evidence = {"status": str(response.status)}
    try:
        answer = object_of(response, clause)
    except Refused:
        answer = {}
    code = next(
        (code for one in (*results_of(answer)[:1], answer) if type(code := _code(one)) is int and code), 0
    )
    if answer:
        evidence |= {"errorcode": str(code), "meaning": meaning(code)}
    if code == 137 and (len(access.token), len(access.api_key)) != (TOKEN_LENGTH, KEY_LENGTH):
        evidence["length"] = f"a token has {TOKEN_LENGTH} characters and a key {KEY_LENGTH}; these have not"
    return Refused("platform-error", clause, evidence)


def code_of(value: Mapping[str, Any], clause: str) -> float:
    """Return the errorcode in the status of an answer or a result; raises `Refused` with `unexpected-answer` for no number."""
    code = _code(value)
    if not isinstance(code, (int, float)) or isinstance(code, bool):
        raise Refused("unexpected-answer", clause, {"errorcode": type(code).__name__, "expected": "a number"})
    return code


def _code(value: Mapping[str, Any]) -> Any:
    status = value.get("status")
    return status.get("errorcode") if isinstance(status, dict) else None


def results_of(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the results of an answer; none where one of them is not an object."""
    response = answer.get("response")
    results = response.get("results") if isinstance(response, dict) else None
    objects = isinstance(results, list) and all(isinstance(one, dict) for one in results)
    return results if objects else []  # type: ignore[return-value]


def first_record(result: Mapping[str, Any], clause: str) -> dict[str, Any]:
    """Return the first record of a result; raises `Refused` with `unexpected-answer` where there is none."""
    data = result.get("data")
    records = data.get("records") if isinstance(data, dict) else None
    if not isinstance(records, list) or not records or not isinstance(records[0], dict):
        raise Refused("unexpected-answer", clause, {"records": type(records).__name__})
    return records[0]


def error_code(refused: Refused) -> int:
    """Return the API's code that a refusal holds, or 0.

    >>> error_code(Refused("platform-error", "onoffice:api.envelopes", {"errorcode": "137"}))
    137
    """
    text = refused.evidence.get("errorcode", "")
    return int(text) if text.isdecimal() else 0
