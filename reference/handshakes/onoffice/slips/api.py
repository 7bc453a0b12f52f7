"""An API call as a case: each action has an HMAC of its own, of version 2 or of the old version 1."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...core.cases import Proof
from ...core.refusals import Refused
from ...core.stages import Stage
from ...core.strict import json_object
from ...core.timestamps import Tolerance, check_time
from ..rules import API, php_json
from ..signing import api_hmac

WINDOW = (120, 120)
MOST_ACTIONS = 20


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a call as it is signed; `where` says which one of several."""

    token: str
    action: str
    type: str
    time: str
    version: int
    identifier: str
    resource: str
    parameters: Mapping[str, Any]
    hmac: str
    where: str

    def expected(self, secret: str) -> str:
        """Return the HMAC by the rules of `signing`."""
        return api_hmac(
            token=self.token, api_key=secret, timestamp=self.time, resource_type=self.type,  # type: ignore[arg-type]
            action_id=self.action, version=self.version, identifier=self.identifier,
            resource_id=self.resource, parameters=self.parameters,
        )  # fmt: skip


def actions(body: bytes) -> list[Action]:
    """Return the actions of a call; raises `Refused` for what is none, by `onoffice:api.envelope`."""
    value = json_object(body, API + "envelope")
    request = value.get("request")
    listed = request.get("actions") if isinstance(request, dict) else value.get("actions")
    if listed is None and "hmac" in value:
        listed = [value]  # one action with the token beside it
    if isinstance(listed, dict):
        listed = [listed]
    if not isinstance(listed, list) or not listed or len(listed) > MOST_ACTIONS:
        answer = {"found": "an answer of the API, not a call"} if "response" in value else {}
        raise Refused("missing-parameter", API + "envelope", {"name": "request.actions", **answer})
    if not all(isinstance(one, dict) for one in listed):
        raise Refused("wrong-type", API + "envelope", {"actions": "not objects"})
    if "token" not in value:
        needed = "the whole call: the token is beside request, not in the action"
        raise Refused("missing-parameter", API + "token", {"name": "token", "needed": needed})
    token = _text(value, "token", API + "token")
    return [_action(token, one, f"{at} of {len(listed)}") for at, one in enumerate(listed, 1)]


def _action(token: str, one: Mapping[str, Any], where: str) -> Action:
    version = {"1": 1, "2": 2, "None": 1, "": 1}.get(str(one.get("hmac_version", "")), 0)
    if not version:
        raise Refused(
            "not-allowed", API + "hmac-version", {"version": str(one["hmac_version"]), "expected": "1 or 2"}
        )
    parameters = one.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise Refused("wrong-type", API + "envelope", {"parameters": type(parameters).__name__})
    return Action(
        token,
        _text(one, "actionid"),
        _text(one, "resourcetype"),
        _text(one, "timestamp"),
        version,
        str(one.get("identifier") or ""),
        str(one.get("resourceid") or ""),
        parameters,
        _text(one, "hmac"),
        where,
    )


def _text(values: Mapping[str, Any], name: str, clause: str = API + "envelope") -> str:
    value = values.get(name)
    if value is None or value == "":
        reason = "empty-parameter" if name in values else "missing-parameter"
        raise Refused(reason, clause, {"name": name})
    if isinstance(value, (bool, dict, list)):
        raise Refused("wrong-type", clause, {name: type(value).__name__, "expected": "a text"})
    return str(value)


def verify(body: bytes, *, secret: str, now: int, tolerance: Tolerance | None) -> Proof:
    """Return what a call proves; raises `Refused` for its first action that is wrong, the HMAC before the time."""
    every = actions(body)
    for one in every:
        if not hmac.compare_digest(_bytes(one.expected(secret)), _bytes(one.hmac)):
            raise Refused(
                "signature-mismatch",
                API + "hmac",
                {"action": one.where} if len(every) > 1 else {},
                stage="message",
                stages=_stages(one, secret),
            )
    for one in every:
        check_time(int(one.time), now, WINDOW if tolerance is None else tolerance, API + "timestamp")
    one = every[0]
    names = ("timestamp", "token", "resourcetype", "actionid")
    old = one.version == 1
    return Proof(
        f"The caller knows the API key of this token ({len(every)} action{'s' * (len(every) > 1)}, version {one.version}).",
        (("token", one.token), ("actionid", one.action), ("resourcetype", one.type)),
        (*names, "parameters", "identifier", "resourceid") if old else names,
        ("method and address",) if old else ("parameters, identifier and resourceid", "method and address"),
        int(one.time),
        frozenset({"token"}),
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def stages(body: bytes, secret: str) -> tuple[Stage, ...]:
    """Return the stages of the first action that is wrong, or of the first one."""
    every = actions(body)
    wrong = [one for one in every if one.expected(secret) != one.hmac]
    return _stages((wrong or every)[0], secret)


def _stages(one: Action, secret: str) -> tuple[Stage, ...]:
    if one.version == 2:
        return (
            Stage("timestamp", _bytes(one.time)),
            Stage("token", _bytes(one.token), credential=True),
            Stage("resourcetype", _bytes(one.type)),
            Stage("actionid", _bytes(one.action)),
            Stage("message", _bytes(one.time + one.token + one.type + one.action), credential=True),
        )
    written = _bytes(php_json(dict(sorted(one.parameters.items()))))
    inner = (one.token, one.action, one.identifier, one.resource, secret, one.time, one.type)
    return (
        Stage("parameters", written, credential=b"extendedclaim" in written),
        Stage("inner", b",".join([written, *map(_bytes, inner)]), credential=True),
    )
