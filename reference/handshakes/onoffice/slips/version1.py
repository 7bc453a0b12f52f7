"""The old HMAC of a call, of version 1: order and JSON of the parameters, what is joined, and the doubled MD5."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any

from ...core.cases import Layer, Mac, Made
from ..rules import php_json

State = tuple[Any, ...]


class Frozen(dict[str, Any]):
    """JSON's object as part of a state, which has to be hashable; it is never changed."""

    known: int | None = None

    def __hash__(self) -> int:  # type: ignore[override]
        if self.known is None:
            self.known = hash(tuple(self.items()))
        return self.known


def frozen(value: Any) -> Any:
    """Return JSON as a value that can be hashed."""
    if isinstance(value, dict):
        return Frozen({name: frozen(inner) for name, inner in value.items()})
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def compact(pairs: tuple[tuple[str, Any], ...]) -> str:
    """Return pairs as JavaScript writes them as JSON."""
    return json.dumps(dict(pairs), ensure_ascii=False, separators=(",", ":"))


def utf_8(text: str) -> bytes:
    """Return a text as UTF-8; half a surrogate pair is kept."""
    return text.encode("utf-8", "surrogatepass")


def layers() -> tuple[Layer, ...]:
    """Return the stages from the parameters to what is joined."""

    def ordered(state: State) -> State:
        return tuple(sorted(state[0])), *state[1:]

    def written(state: State) -> State:
        return utf_8(php_json(dict(state[0]))), *state[1:]

    def joined(state: State) -> State:
        text, time, token, kind, action, identifier, resource, received = state
        fields = (token, action, identifier, resource, None, time, kind)
        return (text, *(field if field is None else utf_8(field) for field in fields)), received

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
            return Frozen({name: deep(inner) for name, inner in sorted(value.items())})
        return tuple(map(deep, value)) if isinstance(value, tuple) else value

    yield Made(
        "onoffice-api-v1-unsorted", (tuple(deep(dict(state[0])).items()), *state[1:]), "the inner levels too"
    )


def _written_otherwise(state: State) -> Iterator[Made]:
    pairs, *rest = state
    yield Made("onoffice-api-v1-json", (utf_8(compact(pairs)), *rest))
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


MACS = (
    Mac((), _double("md5")),
    Mac(("onoffice-api-v1-once",), lambda key, parts: _md5(_inner(key, parts))),
    Mac(("onoffice-api-v1-once",), lambda key, parts: _md5(key + _inner(key, parts))),
    Mac(("onoffice-api-v1-secret-outside",), lambda key, parts: _md5(_md5(_inner(key, parts)).hex().encode())),
    Mac(("onoffice-api-v1-secret-outside",), lambda key, parts: _md5(_md5(_inner(key, parts)).hex().encode() + key)),
    Mac(("onoffice-api-v1-raw",), lambda key, parts: _md5(key + _md5(_inner(key, parts)))),
    *(Mac(("onoffice-api-v1-hash",), _double(name)) for name in ("sha256", "sha1")),
    *(Mac(("onoffice-api-v1-hash",), _one_hmac(name)) for name in ("md5", "sha256")),
)  # fmt: skip
