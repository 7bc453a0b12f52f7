"""What else may have been computed of key and message than the documented HMAC."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from itertools import product

from ..core.cases import Mac

_Make = Callable[[bytes, bytes], bytes]
_BETWEEN = (b":", b".", b"|", b"-", b"_", b"&", b"+", b",", b";", b" ", b"\n", b"/", b"&key=", b"&secret=", b"?key=")  # fmt: skip


def _hmac(name: str) -> _Make:
    return lambda key, message: hmac.digest(key, message, name)


def _plain(name: str, text: _Make) -> _Make:
    hashing = getattr(hashlib, name)
    return lambda key, message: hashing(text(key, message), usedforsecurity=False).digest()


def _hashed(name: str, text: bytes) -> bytes:
    return bytes(getattr(hashlib, name)(text, usedforsecurity=False).digest())


def _said(name: str) -> str:
    return name.upper().replace("SHA", "SHA-")


def _swapped(name: str) -> _Make:
    return lambda key, message: hmac.digest(message, key, name)


def _of_text(text: _Make) -> _Make:
    return lambda key, message: hmac.digest(key, text(key, message), "sha256")


def _message(key: bytes, message: bytes) -> bytes:
    return message


def _secret_first(key: bytes, message: bytes) -> bytes:
    return key + message


def _secret_last(key: bytes, message: bytes) -> bytes:
    return message + key


def _separated(between: bytes, first: bool) -> _Make:
    if first:
        return lambda key, message: key + between + message
    return lambda key, message: message + between + key


def _go(name: str, keyed: bool) -> _Make:
    """Return what Go's `Sum(message)` gives: the message, and behind it the digest of nothing."""
    empty = _hashed(name, b"")
    return lambda key, message: message + (hmac.digest(key, b"", name) if keyed else empty)


def _of(outer: _Make, inner: _Make, hexed: bool) -> _Make:
    """Return what makes a value of another value of the same key and message, or of its hex digits."""

    def made(key: bytes, message: bytes) -> bytes:
        first = inner(key, message)
        return outer(key, first.hex().encode() if hexed else first)

    return made


def _all() -> Iterator[tuple[Mac, int]]:
    def one(id: str, make: _Make, change: str = "", cost: int = 1) -> tuple[Mac, int]:
        size = 0 if id == "mac-sum" else len(make(b"key", b"message"))
        return Mac((id,), make, changes=(change,), size=size), cost

    yield one("mac-swapped", _swapped("sha256"))
    yield one("mac-plain-secret-first", _plain("sha256", _secret_first))
    yield one("mac-plain-secret-last", _plain("sha256", _secret_last))
    for name in ("sha1", "md5", "sha512", "sha384", "sha224"):  # the length of the received one tells which
        yield one(f"mac-{name}", _hmac(name))
    for name in ("sha3_256", "sha3_512"):
        yield one("mac-sha3", _hmac(name), "" if name == "sha3_256" else "HMAC-SHA3-512 was used.", 2)
    yield one("mac-no-key", _plain("sha256", _message))
    for name in ("md5", "sha1", "sha512"):
        said = f"The {_said(name)} of the message alone was used: no secret is in it."
        yield one("mac-no-key", _plain(name, _message), said)
        yield one(f"mac-plain-{name}", _plain(name, _secret_first), "the secret first")
        yield one(f"mac-plain-{name}", _plain(name, _secret_last), "the secret last")
    yield one("mac-plain-both-sides", _plain("sha256", lambda key, message: key + message + key), cost=2)
    for between, first in product(_BETWEEN, (True, False)):
        said = f"{between.decode()!r} between them, the secret {'first' if first else 'last'}"
        yield one("mac-plain-separated", _plain("sha256", _separated(between, first)), said, 2)
        for name in ("md5", "sha1") if between in (b":", b".", b"|") else ():
            more = f"{_said(name)}, {said}"
            yield one("mac-plain-separated", _plain(name, _separated(between, first)), more, 2)
    for text, said in ((_secret_first, "in front"), (_secret_last, "behind")):
        yield one("mac-secret-in-text", _of_text(text), said, 2)
    signed, hashed = _hmac("sha256"), _plain("sha256", _message)
    yield one("mac-twice", _of(signed, signed, True), "the hex digits were signed again", 2)
    yield one("mac-twice", _of(signed, signed, False), cost=2)
    yield one("mac-then-hashed", _of(hashed, signed, True), "of its hex digits", 2)
    yield one("mac-then-hashed", _of(hashed, signed, False), "of its bytes", 2)
    yield one("mac-of-hash", _of(signed, hashed, True))
    yield one("mac-of-hash", _of(signed, hashed, False), "of its bytes", 2)
    for name in ("md5", "sha1", "sha512"):
        said = f"The {_said(name)} of the message was signed, not the message."
        yield one("mac-of-hash", _of(signed, _plain(name, _message), True), said, 2)
    yield one("mac-sum", _go("sha256", True), "the HMAC of nothing behind it")
    yield one("mac-sum", _go("sha256", False), "the SHA-256 of nothing behind it", 2)
    yield one(
        "mac-blake2",
        lambda key, message: hashlib.blake2b(message, key=key[:64], digest_size=32).digest(),
        cost=2,
    )
    for name in ("sha1", "md5", "sha512"):
        yield Mac(("mac-swapped", f"mac-{name}"), _swapped(name), size=hashlib.new(name).digest_size), 2


MACS = tuple(_all())
"""Other values that are made of key and message, each with its cost."""
