"""onOffice's API as far as a provider needs it: `unlockProvider`, and reading a property.

An answer is HTTP 200 whatever it says (inferred). An error of the whole request is in the status
at the top; that of an action in its own status, in one of the three envelopes on record (A21).
"""

from __future__ import annotations

import hmac
from typing import Any

from ...core.messages import Answer, Request, json_response
from ...core.printing import printable
from ...core.refusals import Refused
from ...core.strict import URLENCODED, json_object
from ..errorcodes import ACTION_FAILED, UNNAMED, meaning
from ..signing import api_hmac
from .records import CLAUSE, ApiUser
from .setup import SetUp

ACTION = "urn:onoffice-de-ns:smart:2.5:smartml:action:"
PATHS = ("/api/stable/api.php", "/api/latest/api.php")
WINDOW = 120


class ApiError(Exception):
    """An error by its code; `clause` is the rule that the provider broke, if any."""

    def __init__(self, code: int, clause: str = "") -> None:
        super().__init__(meaning(code))
        self.code, self.clause = code, clause


class Resources(SetUp):
    """The API in front of what the platform keeps."""

    # --- one request ------------------------------------------------------------------------------

    def resource(self, request: Request) -> Answer:
        """onoffice:api.content-type. Answer one API request."""
        self.calls += 1
        if request.path not in PATHS:
            self.found("api.address", False, request.path)
            return json_response(top(UNNAMED, 404, "there is no API at this address"), 404)
        if request.method != "POST":
            self.found("api.address", False, f"{printable(request.method)}, and not POST")
            said = top(UNNAMED, 405, "the API takes POST only")
            return json_response(said, 405, (("allow", "POST"),))
        try:
            kind = request.header("content-type").partition(";")[0].strip().lower()
            if kind not in ("application/json", URLENCODED):
                raise ApiError(4, "api.envelope")
            token, actions = self._read(request.body)
            user = self._user(token)
        except ApiError as error:
            self.found(error.clause, False, f"API error {error.code}: {error}")
            return json_response(top(error.code, 400 if error.code == 22 else 500))
        if user.fault and user.fault.instead:
            return user.fault.answer(self, top(0))
        results = [self._result(user, action) for action in actions]
        answer = self.enveloped(results)
        return user.fault.answer(self, answer) if user.fault else json_response(answer)

    def _user(self, token: str) -> ApiUser:
        """onoffice:api.credentials. Return the API user of a token, or refuse it with 22; A22."""
        user = self.api_users.get(token)
        if user is None:
            raise ApiError(22, "unlock.call")
        user.asked_at = self.clock()
        if user.state in ("prepared", "gone"):
            token = self.customers[user.web_id].token if user.web_id in self.customers else ""
            told = any((p.token, p.message) == (token, "active") for p in [*self.popups.values()])
            clause = user.revoked if told or user.revoked != "credentials.replaced" else ""
            user.revoked = "block.noticed" if user.blocked else clause
            raise ApiError(22, clause)
        return user

    def _read(self, body: bytes) -> tuple[str, list[Any]]:
        """onoffice:api.envelope. Return token and actions of a request."""
        if not body:
            raise ApiError(9, "api.envelope")
        try:
            value = json_object(body, CLAUSE + "api.envelope")
        except Refused:
            raise ApiError(4, "api.envelope") from None
        token, request = value.get("token"), value.get("request")
        if not isinstance(token, str) or not token:
            raise ApiError(13, "" if token == "" else "api.token")
        if not isinstance(request, dict):
            raise ApiError(14, "api.envelope")
        actions = request.get("actions")
        if not isinstance(actions, list) or not actions:
            raise ApiError(15, "api.envelope")
        return token, actions

    def enveloped(self, results: list[dict[str, Any]]) -> dict[str, Any]:
        """onoffice:api.errors. Return an answer with its results, in the envelope that is set; A21."""
        code = next((one["status"]["errorcode"] for one in results if one["status"]["errorcode"]), 0)
        shown = {"500-97": ACTION_FAILED, "mirrored": code, "200-0": 0}[self.settings.errors] if code else 0
        return {**top(shown, 500 if shown else 200), "response": {"results": results}}

    def _result(self, user: ApiUser, action: Any) -> dict[str, Any]:
        """onoffice:api.results. Return the one result of an action."""
        value = action if isinstance(action, dict) else {}
        try:
            records = self._acted(user, value)
            status: dict[str, Any] = {"errorcode": 0, "message": "OK"}
        except ApiError as error:
            if error.clause:
                self.found(user.because or error.clause, False, f"API error {error.code}: {error}")
            records, status = [], {"errorcode": error.code, "message": meaning(error.code)}
        return {
            "actionid": value.get("actionid", ""),
            "resourceid": value.get("resourceid", ""),
            "resourcetype": value.get("resourcetype", ""),
            "cacheable": False,
            "identifier": value.get("identifier", ""),
            "data": {"meta": {"cntabsolute": None}, "records": records} if records else [],
            "status": status,
        }

    def _acted(self, user: ApiUser, action: dict[str, Any]) -> list[dict[str, Any]]:
        """Check one action, in the order shape, time, HMAC, claim, and carry it out."""
        self._shaped(action)
        self._authentic(user, action)
        kind, resource_type = action["actionid"].removeprefix(ACTION), action["resourcetype"]
        if user.state == "active" and kind not in ("do", action["actionid"]) and resource_type != "estate":
            self.found("api.action", None, f"{kind} {resource_type}: the simulated API reads estates alone")
            raise ApiError(25 if kind == "read" else 23)
        if kind not in ("do", "read") or not action["actionid"].startswith(ACTION):
            raise ApiError(23, "api.action")
        if (kind, resource_type) == ("do", "unlockProvider"):
            return self._unlock(user, action)
        if (kind, resource_type) != ("read", "estate"):
            raise ApiError(25, "api.action")
        return self._estate(user, action)

    def _shaped(self, action: dict[str, Any]) -> None:
        """onoffice:api.envelope. Refuse an action in which a member is missing."""
        for name, code in (("actionid", 16), ("resourcetype", 19)):
            if not isinstance(action.get(name), str):
                raise ApiError(code, "api.envelope")
        if not action["actionid"]:
            raise ApiError(17, "api.envelope")
        if "resourceid" not in action:
            raise ApiError(18, "api.envelope")
        parameters = action.get("parameters")
        if not isinstance(parameters, dict) and parameters != []:
            raise ApiError(20, "api.envelope")
        if "" in parameters:
            raise ApiError(21, "api.envelope")

    def _authentic(self, user: ApiUser, action: dict[str, Any]) -> None:
        """onoffice:api.order. Check the time, then the HMAC: 136, then 137; A22, A41."""
        time = str(action.get("timestamp", ""))
        if not (time.isascii() and time.isdigit()) or len(time) > 12:
            raise ApiError(136, "api.envelope")
        if abs(self.clock() - int(time)) > WINDOW:
            raise ApiError(136, "api.one-clock")
        version = {"1": 1, "2": 2, "None": 1, "": 1}.get(str(action.get("hmac_version", "")), 0)
        if version not in self.settings.hmac_versions:
            raise ApiError(137, "api.envelope")
        try:
            expected = self._hmac(user, action, int(time), version)
        except Refused as refused:
            raise ApiError(243 if refused.reason == "wrong-type" else 137) from None
        received = action.get("hmac")
        sent = received.encode("utf-8", "surrogatepass") if isinstance(received, str) else b""
        if not hmac.compare_digest(expected.encode(), sent):
            raise ApiError(137, self._why(user, action, int(time), version, sent))

    def _hmac(self, user: ApiUser, action: dict[str, Any], time: int, version: int) -> str:
        return api_hmac(
            token=user.token, api_key=user.key, timestamp=time, resource_type=action["resourcetype"],
            action_id=action["actionid"], version=version, identifier=str(action.get("identifier") or ""),
            resource_id=str(action["resourceid"] or ""), parameters=action["parameters"] or None,
        )  # fmt: skip

    def _why(self, user: ApiUser, action: dict[str, Any], time: int, version: int, sent: bytes) -> str:
        """onoffice:api.one-clock. Return the clause that a wrong HMAC broke: none where the key was pasted wrong."""
        if not user.genuine:
            return ""
        others = (self._hmac(user, action, time + shift, version) for shift in (-2, -1, 1, 2))
        return "api.one-clock" if any(other.encode() == sent for other in others) else "api.hmac"

    # --- the two actions --------------------------------------------------------------------------

    def _unlock(self, user: ApiUser, action: dict[str, Any]) -> list[dict[str, Any]]:
        """onoffice:unlock.once. Activate the provider for the customer of a cache entry; A37."""
        if action["resourceid"] not in ("", None) or action.get("identifier") not in ("", None):
            raise ApiError(24, "api.action")
        parameters = action["parameters"] or {}
        cache_id = parameters.get("parameterCacheId")
        if not isinstance(cache_id, str) or not cache_id:
            raise ApiError(167, "unlock.parameter-cache-id")
        entry = self.cache.get(cache_id)
        if entry is None:
            raise ApiError(177, "unlock.parameter-cache-id")
        if entry.used or entry.until < self.clock():
            raise ApiError(177)
        if entry.web_id != user.web_id:
            raise ApiError(178, "unlock.bound")
        self._claimed(user, parameters, cache_id)
        entry.used = True
        for other in [*self.api_users.values()]:
            if other.web_id == user.web_id and other is not user and other.state == "active":
                other.state, other.revoked = "gone", "credentials.replaced"
        user.state = "active"
        self.customers[user.web_id].status = "active"
        self.customers[user.web_id].token = user.token
        return [{"id": 0, "type": "", "elements": {"success": "success"}}]

    def _estate(self, user: ApiUser, action: dict[str, Any]) -> list[dict[str, Any]]:
        """Return one property of the customer; its field names are those of the API's documentation."""
        parameters = action["parameters"] or {}
        if self.serving and user.web_id != self.serving:
            never = self.customers[self.serving].status == "inactive"
            raise ApiError(248, "service.activated" if never else "credentials.customer")
        self._claimed(user, parameters, "")
        title = self.customers[user.web_id].estates.get(str(action["resourceid"] or ""))
        if title is None:
            raise ApiError(80)
        elements = {"Id": str(action["resourceid"]), "objekttitel": title}
        wanted = parameters.get("data", list(elements))
        if not isinstance(wanted, list) or not all(name in list(elements) for name in wanted):
            raise ApiError(255)
        return [
            {"id": str(action["resourceid"]), "type": "estate", "elements": {n: elements[n] for n in wanted}}
        ]

    def _claimed(self, user: ApiUser, parameters: dict[str, Any], cache_id: str) -> None:
        """onoffice:claim.required, onoffice:claim.outdated. Check extendedclaim: 193, 248, 201; A19, A20."""
        value = parameters.get("extendedclaim")
        unlocking = bool(cache_id)
        if value is None or value == "":
            if not self.settings.claim_required:
                return
            sent = "unlock.claim" if user.claim_sent else ""
            raise ApiError(193, sent if unlocking else "claim.returned")
        claim = self.claims.get(value) if isinstance(value, str) else None
        if claim is None:
            raise ApiError(248, "unlock.claim" if unlocking else "claim.shape")
        fault = claim.fault if claim.cache_id else self.claim_faults.get((claim.web_id, claim.user_id), 0)
        if fault:
            raise ApiError(fault)
        if claim.web_id != user.web_id:
            raise ApiError(248, "credentials.user")
        if claim.cache_id != cache_id:
            raise ApiError(248, "unlock.only" if claim.cache_id else "unlock.claim")
        lifetime = self.settings.claim_lifetime
        if not unlocking and lifetime is not None and self.clock() > claim.made + lifetime:
            raise ApiError(201)
        if not unlocking:
            person = (claim.web_id, claim.user_id)
            held = claim.order >= self.latest.get(person, claim.order)
            seen = not held or claim.order >= self.given.get(person, claim.order)
            self.found("claim.latest", held if seen else None, "it has to be that of the latest call")


def top(code: int, status: int = 0, message: str = "") -> dict[str, Any]:
    """Return an answer's status at the top, with the code's meaning as its message unless there is another.

    >>> top(0)
    {'status': {'code': 200, 'errorcode': 0, 'message': 'OK'}}
    """
    message = message or (meaning(code) if code else "OK")
    return {"status": {"code": status or (500 if code else 200), "errorcode": code, "message": message}}
