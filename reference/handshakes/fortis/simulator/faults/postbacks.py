"""Faults of a registration postback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ....core.messages import Request
from ....runtime.verdicts import Fault, Refuses, Survives
from ..records import CLAUSE
from ..tampering import without


@dataclass(frozen=True, slots=True)
class PostbackFault(Fault):
    """A fault of a registration postback: what is sent in place of the one genuine request.

    `kind` is `location` or `user`; `values` replaces some of the record's, put in as they are where `raw`.
    With `before` it is registered already when the fault comes. It changes the parameter `about`, whatever an app calls it.
    """

    kind: str
    apply: Callable[[Request], list[Request]]
    values: Mapping[str, Any] = field(default_factory=dict)
    raw: bool = False
    before: bool = False
    about: str = ""


_MALFORMED = Refuses("malformed")
_MISSING = Refuses("missing-parameter")
_TWICE = Refuses("duplicate-parameter")


def _without_key(request: Request) -> list[Request]:
    return [replace(request, target=without(request.target, "key"))]


def _with_key(key: str) -> Callable[[Request], list[Request]]:
    return lambda r: [replace(r, target=f"{without(r.target, 'key')}&key={key}")]


def _changed(name: str, value: str | None) -> Callable[[Request], list[Request]]:
    def apply(request: Request) -> list[Request]:
        target = without(request.target, name)
        return [replace(request, target=target if value is None else f"{target}&{name}={value}")]

    return apply


def _with_body(request: Request) -> list[Request]:
    """The body that the sibling postbacks have; it names another location."""
    body = (
        b"type=CREATE&resource=location&number_of_attempts=1&location_id=22ea858313aabde4bd2eb0fa&data=%7B%7D"
    )
    return [replace(request, headers=(("content-type", "application/x-www-form-urlencoded"),), body=body)]


def _deleted(request: Request) -> Request:
    return replace(request, method="DELETE")


_CLAIMED = Survives("registered")
_GONE = Survives("unregistered")

POSTBACK_FAULTS: tuple[PostbackFault, ...] = (
    PostbackFault("postback-repeated", CLAUSE + "postback.idempotent", _CLAIMED, "the same POST three times", "location", lambda r: [r] * 3),
    PostbackFault("user-repeated", CLAUSE + "postback.idempotent", _CLAIMED, "the same POST of a user twice", "user", lambda r: [r] * 2),
    PostbackFault("delete-unknown", CLAUSE + "postback.idempotent", _GONE, "a DELETE of what was never registered", "location",
                  lambda r: [_deleted(r)]),
    PostbackFault("delete-repeated", CLAUSE + "postback.idempotent", _GONE, "registered, then DELETE twice", "user",
                  lambda r: [r, _deleted(r), _deleted(r)]),
    PostbackFault("postback-swapped", CLAUSE + "postback.order", _CLAIMED, "DELETE overtakes POST", "location",
                  lambda r: [_deleted(r), r]),
    PostbackFault("postback-lost", CLAUSE + "postback.order", _GONE, "the POST is lost", "location", lambda r: []),
    PostbackFault("postback-with-body", CLAUSE + "postback.body-ignored", _CLAIMED, "a body, as the sibling postbacks have", "location",
                  _with_body),
    PostbackFault("postback-huge-body", CLAUSE + "postback.body-ignored", Refuses("too-large"), "a body of 100 kB", "location",
                  lambda r: [replace(r, body=b"x" * 100_000)]),
    PostbackFault("postback-without-key", CLAUSE + "postback.key", _MISSING, "without the static key", "location", _without_key,
                  about="key"),
    PostbackFault("postback-wrong-key", CLAUSE + "postback.key", Refuses("wrong-key"), "with another static key", "location",
                  _with_key("another-postback-key"), about="key"),
    PostbackFault("delete-without-key", CLAUSE + "postback.key", _MISSING, "a DELETE without the static key", "location",
                  lambda r: _without_key(_deleted(r)), before=True, about="key"),
    PostbackFault("location-missing", CLAUSE + "postback.required", _MISSING, "no location_id", "location", _changed("location_id", None),
                  about="location_id"),
    PostbackFault("location-unfilled", CLAUSE + "postback.required", _MALFORMED, "the placeholder in place of the id", "location",
                  _changed("location_id", "%7B%7Blocation.id%7D%7D"), about="location_id"),
    PostbackFault("location-no-id", CLAUSE + "postback.required", _MALFORMED, "a location id that is not an id", "location",
                  _changed("location_id", "x"), about="location_id"),
    PostbackFault("user-missing", CLAUSE + "postback.required", _MISSING, "no user_id", "user", _changed("user_id", None), about="user_id"),
    PostbackFault("raw-injection", CLAUSE + "postback.once", _TWICE, "a value that is not percent-encoded brings a second location_id along", "location",
                  lambda r: [r], values={"location_api_id": "A&B=1&location_id=22ea858313aabde4bd2eb0fa"}, raw=True, about="location_id"),
    PostbackFault("raw-user-injection", CLAUSE + "postback.once", _TWICE, "a user name that is not percent-encoded brings a second user_id along", "user",
                  lambda r: [r], values={"username": "x&user_id=11e7a84525008da8960b0000"}, raw=True, about="user_id"),
    PostbackFault("raw-fragment", CLAUSE + "postback.key", _MISSING, "a value that is not percent-encoded has a #, which cuts the rest off, the key too", "location",
                  lambda r: [r], values={"location_api_id": "ends in _@#$%"}, raw=True, about="key"),
    PostbackFault("odd-values", CLAUSE + "postback.query", _CLAIMED, "values with every special character, percent-encoded", "user",
                  lambda r: [r], values={"username": "a&b=c#d+e f%25{{user.id}}/?;é"}),
    PostbackFault("postback-put", CLAUSE + "postback.other-methods", Refuses("wrong-method"), "PUT in place of POST", "location",
                  lambda r: [replace(r, method="PUT")]),
)  # fmt: skip
