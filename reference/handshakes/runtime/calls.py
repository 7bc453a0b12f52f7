"""One call to the other side: a request, and its answer read strictly.

Every call ends in the documented shape or in a `Refused`: `unreachable` when no answer came,
`platform-error` for a status outside the 200s, `unexpected-answer` for another shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.messages import Request, Response, Step, Unreachable
from ..core.printing import printable
from ..core.refusals import Refused, absent
from ..core.strict import json_value


def call(request: Request, clause: str) -> Step[Response]:
    """Yield one request; return its response when the status is in the 200s, else refuse."""
    try:
        response = yield request
    except Unreachable as failure:
        evidence = {"request": f"{request.method} {request.path}", "network": failure.kind}
        raise Refused("unreachable", clause, evidence) from None
    if not response.ok:
        evidence = {"request": f"{request.method} {request.path}", "status": str(response.status)}
        evidence |= error_of(response)
        raise Refused("platform-error", clause, evidence)
    return response


def asked(request: Request) -> Step[Response | None]:
    """Yield a request; return its response, or None when none came: no answer is for the caller to judge.

    >>> step = asked(Request("GET", "https://app.example", "/"))
    >>> next(step).method
    'GET'
    """
    try:
        return (yield request)
    except Unreachable:
        return None


def error_of(response: Response) -> dict[str, str]:
    """Return what an error answer says of itself, as far as it is there: an error's name, a message, `Retry-After`."""
    found = {"retry-after": response.header("retry-after")}
    try:
        body = json_value(response.body, "")
    except Refused:
        body = None
    for name in ("error", "error_description", "message", "errorMsg"):
        if isinstance(body, dict) and isinstance(body.get(name), str):
            found[name] = printable(body[name], 100)
    more = body.get("errors") if isinstance(body, dict) else None
    said = [f"{name}: {text}" for name, text in more.items()] if isinstance(more, dict) else more
    found["errors"] = printable(str(said[0]), 100) if isinstance(said, list) and said else ""
    return {name: text for name, text in found.items() if text}


def parsed(response: Response, clause: str) -> Any:
    """Return the answer's JSON, or refuse with `unexpected-answer`."""
    try:
        return json_value(response.body, clause)
    except Refused as refused:
        raise Refused("unexpected-answer", clause, refused.evidence) from None


def object_of(response: Response, clause: str) -> dict[str, Any]:
    """Return the answer's JSON object, or refuse with `unexpected-answer`."""
    value = parsed(response, clause)
    if not isinstance(value, dict):
        raise Refused("unexpected-answer", clause, {"answer": type(value).__name__, "expected": "an object"})
    return value


def text_of(values: Mapping[str, Any], name: str, clause: str) -> str:
    """Return a text that must be there and not be empty; refuses with a reason of its own each.

    >>> text_of({"slug": "a"}, "slug", "officernd:organization.read")
    'a'
    """
    if values.get(name) is None:
        raise Refused("missing-parameter", clause, absent(name, values))
    if not isinstance(values[name], str):
        evidence = {"name": name, "found": type(values[name]).__name__, "expected": "str"}
        raise Refused("wrong-type", clause, evidence)
    if not values[name]:
        raise Refused("empty-parameter", clause, {"name": name})
    return str(values[name])
