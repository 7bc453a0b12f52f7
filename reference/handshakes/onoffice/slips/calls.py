"""A call of the API as cases: fields, their order, the JSON of version 1, and the form of the value."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import permutations
from typing import Any
from urllib.parse import unquote

from ...core.cases import Case, Found, Layer, Mac, Made
from ...core.keys import key_bytes
from ...core.printing import duration
from ...core.refusals import Refused
from ..rules import API, php_json
from .api import Action, actions
from .table import SLIPS

State = tuple[Any, ...]
_DATES = ("%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S")
ACTION = "urn:onoffice-de-ns:smart:2.5:smartml:action:"
_NAMES = ("timestamp", "token", "resource type", "action id")


class _Frozen(dict[str, Any]):
    """JSON's object as part of a state, which has to be hashable; it is never changed."""

    known: int | None = None

    def __hash__(self) -> int:  # type: ignore[override]
        if self.known is None:
            self.known = hash(tuple(self.items()))
        return self.known


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return _Frozen({name: _frozen(inner) for name, inner in value.items()})
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _compact(pairs: tuple[tuple[str, Any], ...]) -> str:
    return json.dumps(dict(pairs), ensure_ascii=False, separators=(",", ":"))


def _utf_8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def cases(found: Found) -> Iterator[Case]:
    """Return each action as two cases: of the version that it says, and of the other one."""
    try:
        every = actions(found.body)
    except Refused:
        return
    for one in every:
        for version in (one.version, 3 - one.version):
            yield _case(one, version, one.where if len(every) > 1 else "")


def _case(one: Action, version: int, part: str) -> Case:
    def undeclared(state: State) -> State:
        raise ValueError("the call says another version")

    fields = (one.time, one.token, one.type, one.action, one.identifier, one.resource)
    start: State = (tuple(map(_frozen_pair, one.parameters.items())), *fields, one.hmac)
    other = Layer(
        "version",
        undeclared,
        ways=lambda state: [Made(f"onoffice-api-version-{version}-made", state)],
    )
    layers = (Layer("fields", ways=_fields), *(_version_2() if version == 2 else _version_1()))
    macs = _macs_2(one) if version == 2 else _MACS_1
    return Case(
        start,
        layers if version == one.version else (other, *layers),
        key_bytes,
        API + "hmac",
        macs=tuple(macs),
        general=version == 2,
        digest=True,
        fits=lambda made, received: _fits(version, made, received),
        part=part,
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
    return pair[0], _frozen(pair[1])


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


# --- version 2 ------------------------------------------------------------------------------------

_NAMES = ("timestamp", "token", "resource type", "action id")


def _version_2() -> tuple[Layer, ...]:
    def joined(state: State) -> State:
        _, time, token, kind, action, _, _, received = state
        return _utf_8(time + token + kind + action), received

    return (Layer("message", joined, ways=_joined_otherwise), Layer("text", kinds=(("text", 0),)))


def _joined_otherwise(state: State) -> Iterator[Made]:
    parameters, *fields, identifier, resource, received = state

    def one(id: str, parts: Iterable[str], change: str, cost: int = 1, between: str = "") -> Made:
        return Made(f"onoffice-api-{id}", (_utf_8(between.join(parts)), received), change, cost)

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
    for between, cost in (
        (",", 1),
        (".", 1),
        ("|", 1),
        (":", 1),
        ("&", 1),
        (" ", 1),
        ("-", 2),
        ("_", 2),
        (";", 2),
        ("\n", 1),
        ("+", 2),
    ):
        yield one("separator", fields, f"{between!r}", cost, between)
    texts = {}
    variants: tuple[tuple[Any, str], ...] = ((parameters, "as sent"), (tuple(sorted(parameters)), "sorted"))
    for order, said in variants:
        texts[f"parameters as PHP writes them, {said}"] = php_json(dict(order))
        texts[f"parameters as JavaScript writes them, {said}"] = _compact(order)
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
    yield Mac((), lambda key, message: hmac.digest(key, message, "sha256"))
    token = _utf_8(one.token)
    yield Mac(("onoffice-api-token-as-key",), lambda key, message: hmac.digest(token, message, "sha256"))


# --- version 1 ------------------------------------------------------------------------------------


def _version_1() -> tuple[Layer, ...]:
    def ordered(state: State) -> State:
        return tuple(sorted(state[0])), *state[1:]

    def written(state: State) -> State:
        return _utf_8(php_json(dict(state[0]))), *state[1:]

    def joined(state: State) -> State:
        text, time, token, kind, action, identifier, resource, received = state
        fields = (token, action, identifier, resource, None, time, kind)
        return (text, *(field if field is None else _utf_8(field) for field in fields)), received

    return (
        Layer("order", ordered, ways=_unsorted),
        Layer("json", written, (("json", 0),), _written_otherwise),
        Layer("message", joined, ways=_old_joined(joined)),
    )


def _unsorted(state: State) -> Iterator[Made]:
    yield Made("onoffice-api-v1-unsorted", state, "as sent")
    folded = tuple(sorted(state[0], key=lambda pair: pair[0].lower()))
    yield Made("onoffice-api-v1-unsorted", (folded, *state[1:]), "without regard to case")

    def deep(value: Any) -> Any:
        if isinstance(value, dict):
            return _Frozen({name: deep(inner) for name, inner in sorted(value.items())})
        return tuple(map(deep, value)) if isinstance(value, tuple) else value

    yield Made(
        "onoffice-api-v1-unsorted", (tuple(deep(dict(state[0])).items()), *state[1:]), "the inner levels too"
    )


def _written_otherwise(state: State) -> Iterator[Made]:
    pairs, *rest = state
    yield Made("onoffice-api-v1-json", (_utf_8(_compact(pairs)), *rest))
    if not pairs:
        for text in (b"{}", b"null", b"", b"[{}]"):
            yield Made("onoffice-api-v1-empty", (text, *rest), f"as {text.decode() or 'nothing'}")


def _old_joined(joined: Callable[[State], State]) -> Callable[[State], Iterator[Made]]:
    def ways(state: State) -> Iterator[Made]:
        parts, received = joined(state)
        text, token, action, identifier, resource, key, time, kind = parts

        def one(id: str, other: tuple[Any, ...], change: str = "", cost: int = 1) -> Made:
            return Made(f"onoffice-api-{id}", (other, received), change, cost)

        names = ("parameters", "token", "action id", "identifier", "resource id", "key", "time", "type")
        yield one("v1-secret-inside", tuple(part for part in parts if part is not None))
        nulls = tuple(b"null" if at in (3, 4) and part == b"" else part for at, part in enumerate(parts))
        yield one("v1-null", nulls)
        for at, name in enumerate(names):
            if name != "key":
                yield one("field-missing", parts[:at] + parts[at + 1 :], f"without {name}")
        for one_at in range(8):
            for other_at in range(one_at + 1, 8):
                swapped = list(parts)
                swapped[one_at], swapped[other_at] = swapped[other_at], swapped[one_at]
                yield one(
                    "order",
                    tuple(swapped),
                    f"{names[one_at]} and {names[other_at]} exchanged",
                    1 if other_at - one_at == 1 else 2,
                )
        yield one("order", (token, action, identifier, resource, key, time, kind, text), "parameters last")
        for between in (b"", b";", b"|", b".", b", "):
            glued = tuple(part for pair in zip(parts, [between] * 8, strict=True) for part in pair)[:-1]
            yield one("separator", ("joined", *glued), f"{between.decode()!r}")

    return ways


def _md5(value: bytes, name: str = "md5") -> bytes:
    return bytes(hashlib.new(name, value, usedforsecurity=False).digest())


def _inner(key: bytes, parts: tuple[Any, ...]) -> bytes:
    between, rest = (b"", parts[1:]) if parts[0] == "joined" else (b",", parts)
    return between.join(key if part is None else part for part in rest)


def _double(name: str) -> Callable[[bytes, Any], bytes]:
    return lambda key, parts: _md5(key + _md5(_inner(key, parts), name).hex().encode(), name)


def _one_hmac(name: str) -> Callable[[bytes, Any], bytes]:
    return lambda key, parts: hmac.digest(key, _inner(key, parts), name)


_MACS_1 = (
    Mac((), _double("md5")),
    Mac(("onoffice-api-v1-once",), lambda key, parts: _md5(_inner(key, parts))),
    Mac(("onoffice-api-v1-once",), lambda key, parts: _md5(key + _inner(key, parts))),
    Mac(("onoffice-api-v1-secret-outside",), lambda key, parts: _md5(_md5(_inner(key, parts)).hex().encode())),
    Mac(("onoffice-api-v1-secret-outside",), lambda key, parts: _md5(_md5(_inner(key, parts)).hex().encode() + key)),
    Mac(("onoffice-api-v1-raw",), lambda key, parts: _md5(key + _md5(_inner(key, parts)))),
    *(Mac(("onoffice-api-v1-hash",), _double(name)) for name in ("sha256", "sha1")),
    *(Mac(("onoffice-api-v1-hash",), _one_hmac(name)) for name in ("md5", "sha256")),
)  # fmt: skip


# --- the form of the value ------------------------------------------------------------------------


def _fits(version: int, made: Any, received: str) -> tuple[str, ...] | None:
    return next((slips for slips, value in _read(version, received) if value == made), None)


def _read(version: int, received: str) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """Yield what a received HMAC may stand for, with the slips of its form."""
    text, slips = received, list[str]()
    for name, after in (("percent", unquote(text)), ("blank", re.sub(r"\s", "", unquote(text)))):
        if after != text:
            slips.append(f"onoffice-api-{name}")
            text = after
    if re.fullmatch(r"(?:[0-9A-Fa-f]{2}){16,64}", text):
        upper = () if text == text.lower() else ("onoffice-api-upper-case",)
        hexed = ("onoffice-api-hex",) if version == 2 else ()
        yield (*slips, *hexed, *upper), bytes.fromhex(text)
    plain = text.replace("-", "+").replace("_", "/")
    try:
        value = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (ValueError, binascii.Error):
        return
    named = () if version == 2 else ("onoffice-api-base64",)
    url_safe = ("onoffice-api-base64url",) if plain != text else ()
    unpadded = ("onoffice-api-unpadded",) if len(plain) % 4 else ()
    yield (*slips, *named, *url_safe, *unpadded), value
    if re.fullmatch(rb"(?:[0-9A-Fa-f]{2}){16,64}", value):
        yield (*slips, "onoffice-api-base64-of-hex"), bytes.fromhex(value.decode())
    with contextlib.suppress(ValueError, binascii.Error):
        yield (*slips, "onoffice-api-base64-twice"), base64.b64decode(value, validate=True)
