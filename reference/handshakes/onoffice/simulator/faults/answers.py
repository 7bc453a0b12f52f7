"""Faults of the API's answer to `unlockProvider`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ....core.messages import Answer, Delayed, Dropped, Response, json_response
from ....runtime.verdicts import Refuses, Survives
from ...errorcodes import ACTION_FAILED, ERRORS, meaning
from ..records import CLAUSE, ApiFault
from ..resources import Resources, top

_PLATFORM = Refuses("platform-error")
_UNEXPECTED = Refuses("unexpected-answer")
_UNREACHABLE = Refuses("unreachable")
_WORKS = Survives("active")


def failed(code: int) -> dict[str, Any]:
    """Return the result of an action that failed with a code."""
    return {
        "actionid": "urn:onoffice-de-ns:smart:2.5:smartml:action:do", "resourceid": "", "resourcetype": "unlockProvider",
        "cacheable": False, "identifier": "", "data": [], "status": {"errorcode": code, "message": meaning(code)},
    }  # fmt: skip


def _success(**elements: str) -> dict[str, Any]:
    result = failed(0)
    records = [{"id": 0, "type": "", "elements": elements}]
    return {**result, "data": {"meta": {"cntabsolute": None}, "records": records}}


def _in(envelope: str, code: int) -> Callable[[Resources, dict[str, Any]], Answer]:
    shown = {"500-97": ACTION_FAILED, "mirrored": code, "200-0": 0}[envelope]
    return _answer({**top(shown), "response": {"results": [failed(code)]}})


def _answer(value: Any, status: int = 200) -> Callable[[Resources, dict[str, Any]], Answer]:
    return lambda platform, carried: json_response(value, status)


def _with(*results: dict[str, Any]) -> dict[str, Any]:
    return {**top(0), "response": {"results": [*results]}}


def _good(**elements: str) -> dict[str, Any]:
    return _with(_success(**elements))


API_FAULTS: tuple[ApiFault, ...] = (
    *(
        ApiFault(f"api-error-{code}", CLAUSE + "unlock.answer", _PLATFORM, f"the API answers {code}: {text}",
                 lambda platform, carried, code=code: json_response(platform.enveloped([failed(code)])))  # type: ignore[misc]
        for code, text in ERRORS.items() if code != 97
    ),
    *(
        ApiFault(f"envelope-{name}", CLAUSE + "api.envelopes", _PLATFORM, f"an error in the envelope {name} (A21)", _in(name, 137))
        for name in ("500-97", "mirrored", "200-0")
    ),
    ApiFault("error-at-the-top", CLAUSE + "api.envelopes", _PLATFORM, "an error without results", _answer(top(41))),
    ApiFault("not-authenticated", CLAUSE + "api.envelopes", _PLATFORM, "HTTP 400 with 22 at the top", _answer(top(22, 400), 400)),
    ApiFault("http-500", CLAUSE + "api.envelopes", _PLATFORM, "HTTP 500 with a page",
             lambda p, c: Response(500, (("content-type", "text/html"),), b"<p>Error</p>")),
    ApiFault("success-in-http-500", CLAUSE + "api.envelopes", _PLATFORM, "HTTP 500 with a body that says success",
             _answer(_good(success="success"), 500)),
    ApiFault("error-above-success", CLAUSE + "api.envelopes", _PLATFORM, "97 at the top, success below",
             _answer({**_good(success="success"), **top(97)})),
    ApiFault("not-json", CLAUSE + "unlock.answer", _UNEXPECTED, "HTTP 200 with a page",
             lambda p, c: Response(200, (("content-type", "text/html"),), b"<p>active</p>")),
    ApiFault("no-results", CLAUSE + "unlock.answer", _UNEXPECTED, "no results", _answer(_with())),
    ApiFault("no-records", CLAUSE + "unlock.answer", _UNEXPECTED, "a result without records",
             _answer(_with(failed(0)))),
    ApiFault("two-results", CLAUSE + "unlock.answer", _UNEXPECTED, "two results for one action",
             _answer(_with(*[_success(success="success")] * 2))),
    ApiFault("code-as-text", CLAUSE + "unlock.answer", _UNEXPECTED, "the errorcode is a text",
             _answer({**_good(success="success"), "status": {**top(0)["status"], "errorcode": "0"}})),
    ApiFault("not-success", CLAUSE + "unlock.answer", _PLATFORM, "elements.success is not success", _answer(_good(success="failure"))),
    ApiFault("result-not-success", CLAUSE + "unlock.answer", _PLATFORM, "elements.result instead of elements.success",
             _answer(_good(result="success"))),
    ApiFault("api-slow", CLAUSE + "unlock.timeout", _UNREACHABLE, "the call is carried out, and answered after 15 s",
             lambda p, c: Delayed(15, json_response(c)), instead=False, seconds=15, waits=True),
    ApiFault("api-silent", CLAUSE + "unlock.timeout", _UNREACHABLE, "the API does not answer for five minutes",
             lambda p, c: Delayed(300, json_response(_good(success="success"))), waits=True),
    ApiFault("api-unreachable", CLAUSE + "feedback.truthful", _UNREACHABLE, "connection closed, no answer", lambda p, c: Dropped()),
    ApiFault("answer-lost", CLAUSE + "feedback.truthful", _UNREACHABLE, "the call was carried out, and its answer is lost",
             lambda p, c: Dropped(), instead=False),
    ApiFault("answer-late", CLAUSE + "unlock.answer", _WORKS, "the API answers after 2 s",
             lambda p, c: Delayed(2, json_response(c)), instead=False, waits=True),
)  # fmt: skip
