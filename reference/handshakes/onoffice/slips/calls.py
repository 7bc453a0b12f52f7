"""A call of the API as cases: fields, their order, the JSON of version 1, and the form of the value."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

from ...core.cases import Case, Found, Layer, Mac, Made
from ...core.keys import key_bytes
from ...core.printing import duration
from ...core.refusals import Refused
from ..rules import API, php_json
from . import version1
from .api import Action, actions
from .hmacs import fits
from .table import SLIPS
from .version1 import compact, frozen, utf_8

State = tuple[Any, ...]
_DATES = ("%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S")
ACTION = "urn:onoffice-de-ns:smart:2.5:smartml:action:"
_NAMES = ("timestamp", "token", "resource type", "action id")


def cases(found: Found) -> Iterator[Case]:
    """Return each action as two cases: of the version that it says, and of the other one."""
    try:
        every = actions(found.body)
    except Refused:
        return
    for one in every:
        for version in (one.version, 3 - one.version):
            yield _case(one, version, f"action {one.where}" if len(every) > 1 else "")


def _case(one: Action, version: int, part: str) -> Case:
    def undeclared(state: State) -> State:
        raise ValueError("the call says another version")

    fields = (one.time, one.token, one.type, one.action, one.identifier, one.resource)
    start: State = (tuple(map(_frozen_pair, one.parameters.items())), *fields, one.hmac)
    other = Layer(
        "version", undeclared, ways=lambda state: [Made(f"onoffice-api-version-{version}-made", state)]
    )
    layers = (Layer("fields", ways=_fields), *(_version_2() if version == 2 else version1.layers()))
    macs = _macs_2(one) if version == 2 else version1.MACS
    return Case(
        start,
        layers if version == one.version else (other, *layers),
        key_bytes,
        API + "hmac",
        macs=tuple(macs),
        general=version == 2,
        digest=True,
        fits=lambda made, received: fits(version, made, received),
        part=part,
        beside="time-in-milliseconds" if len(one.time) == 13 and one.time.isdecimal() else "",
        clauses={
            **dict.fromkeys(("text", "mac", "key", "message", "api-message"), API + "hmac"),
            **dict.fromkeys(("json", "api-v1"), API + "hmac-v1"),
            "api-form": API + ("hmac" if version == 2 else "hmac-v1"),
            "onoffice-api-two-clocks": API + "one-clock",
            **{slip.id: API + "hmac-version" for slip in SLIPS if "-api-version-" in slip.id},
            "onoffice-api-token-as-key": API + "hmac",
        },
    )


def _frozen_pair(pair: tuple[str, Any]) -> tuple[str, Any]:
    return pair[0], frozen(pair[1])


def _shifted(seconds: int) -> str:
    return f"{duration(abs(seconds))} {'later' if seconds > 0 else 'earlier'}"


def _fields(state: State) -> Iterator[Made]:
    parameters, time, token, kind, action, *rest = state

    def with_time(id: str, other: str, change: str, cost: int = 1) -> Made:
        return Made(id, (parameters, other, token, kind, action, *rest), change, cost)

    if time.isascii() and time.isdigit() and len(time) < 15:
        seconds = int(time)
        for shift in (1, -1, 2, -2):
            yield with_time(
                "onoffice-api-two-clocks", str(seconds + shift), _shifted(shift), 1 if abs(shift) < 2 else 2
            )
        for hours in (1, 2, -1, -2):
            yield with_time("onoffice-api-time-zone", str(seconds + 3600 * hours), _shifted(3600 * hours))
        yield with_time(
            "onoffice-api-time-unit",
            time[:-3] if len(time) > 12 else time + "000",
            "a thousandth or a thousandfold",
        )
        for other, change in (
            *(
                (datetime.fromtimestamp(min(seconds, 2**33), UTC).strftime(form), "as a date")
                for form in _DATES
            ),
            (f"{time}.0", "as a float"),
            (f'"{time}"', "in quotes"),
            (f"{time}\n", "with a line end"),
        ):
            yield with_time("onoffice-api-time-written", other, change)
    elif time[:-2].isdigit() and time.endswith(".0"):
        yield with_time("onoffice-api-time-written", time[:-2], "without .0")
    elif re.fullmatch(r"[0-9]{9,12}\.[0-9]+", time, re.ASCII):
        yield with_time("onoffice-api-time-written", time.partition(".")[0], "without its fraction")
    short = action.rpartition(":")[2]
    for other in dict.fromkeys(
        (short, ACTION + short, re.sub(r":[0-9.]+:", ":2.0:", action), action.lower())
    ):
        if other != action:
            yield Made(
                "onoffice-api-action-name", (parameters, time, token, kind, other, *rest), f"as {other}"
            )
    for other in dict.fromkeys(
        (kind.lower(), kind[:1].upper() + kind[1:], kind[:1].lower() + kind[1:], kind.upper())
    ):
        if other != kind:
            yield Made(
                "onoffice-api-type-case", (parameters, time, token, other, action, *rest), f"as {other}"
            )


def _version_2() -> tuple[Layer, ...]:
    def joined(state: State) -> State:
        _, time, token, kind, action, _, _, received = state
        return utf_8(time + token + kind + action), received

    return (Layer("message", joined, ways=_joined_otherwise), Layer("text", kinds=(("text", 0),)))


def _joined_otherwise(state: State) -> Iterator[Made]:
    parameters, *fields, identifier, resource, received = state

    def one(id: str, parts: Iterable[str], change: str, cost: int = 1, between: str = "") -> Made:
        return Made(f"onoffice-api-{id}", (utf_8(between.join(parts)), received), change, cost)

    for order in permutations(range(4)):
        if order != (0, 1, 2, 3):
            moved = sum(1 for at, place in enumerate(order) if at != place)
            change = ", ".join(_NAMES[place] for place in order)
            yield one("order", [fields[place] for place in order], change, 1 if moved == 2 else 2)
            for between in (",", "|"):
                yield one(
                    "order", [fields[place] for place in order], f"{change}, with {between}", 2, between
                )
    for at, name in enumerate(_NAMES):
        yield one("field-missing", fields[:at] + fields[at + 1 :], f"without {name}")
    for between in (",", ".", "|", ":", "&", " ", "-", "_", ";", "\n", "+"):
        cost = 2 if between in "-_;+" else 1
        yield one("separator", fields, f"{between!r}", cost, between)
    texts = {}
    variants: tuple[tuple[Any, str], ...] = ((parameters, "as sent"), (tuple(sorted(parameters)), "sorted"))
    for order, said in variants:
        texts[f"parameters as PHP writes them, {said}"] = php_json(dict(order))
        texts[f"parameters as JavaScript writes them, {said}"] = compact(order)
        texts[f"parameters as Python writes them, {said}"] = json.dumps(dict(order))
        texts[f"values of the parameters, {said}"] = "".join(str(value) for _, value in order)
    for more, change in (
        *(([text], change) for change, text in texts.items()),
        ([resource], "resource id"),
        ([identifier], "identifier"),
        ([resource, identifier], "resource id and identifier"),
        (["2"], "the version"),
    ):
        if all(more):
            yield one("field-added", [*fields, *more], f"with {change} behind")


def _macs_2(one: Action) -> Iterator[Mac]:
    yield Mac((), lambda key, message: hmac.digest(key, message, "sha256"), size=32)
    token = utf_8(one.token)
    yield Mac(("onoffice-api-token-as-key",), lambda key, message: hmac.digest(token, message, "sha256"))
