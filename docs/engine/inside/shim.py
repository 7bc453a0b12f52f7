"""Stand-ins in the browser's Python for what is not there: AES of `cryptography`, and PBKDF2 of `hashlib`.

Only what the package and its lessons use is here, with the errors that they rely on. AES is a function that is given:
in the browser it is that of @noble/ciphers, in a test any other.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from types import ModuleType
from typing import Any

Crypt = Callable[[str, bool, bytes, bytes, bytes], bytes]
"""`crypt(mode, encrypting, key, iv, data)`: AES without padding."""
DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
BLOCK = 16


class AES:
    """The algorithm with its key."""

    block_size = 128

    def __init__(self, key: bytes) -> None:
        if len(key) not in (16, 24, 32):
            raise ValueError(f"Invalid key size ({len(key) * 8}) for AES.")
        self.key = bytes(key)


class _Mode:
    name, whole = "", False

    def __init__(self, initialization_vector: bytes = b"") -> None:
        self.iv = bytes(initialization_vector)


class CBC(_Mode):
    """Whole blocks, each mixed with the one before."""

    name, whole = "cbc", True


class ECB(_Mode):
    """Whole blocks, each alone."""

    name, whole = "ecb", True

    def __init__(self) -> None:
        super().__init__()


class CTR(_Mode):
    """A counter as key stream."""

    name = "ctr"


class CFB(_Mode):
    """Feedback by the block."""

    name = "cfb"


class CFB8(_Mode):
    """Feedback by the byte."""

    name = "cfb8"


class OFB(_Mode):
    """Feedback of the key stream."""

    name = "ofb"


class Context:
    """Collects data, and gives all of it at the end."""

    def __init__(self, crypt: Callable[[bytes], bytes], whole: bool) -> None:
        self._crypt, self._whole, self._data = crypt, whole, b""

    def update(self, data: bytes) -> bytes:
        """Take data; what it becomes is returned by `finalize`."""
        self._data += bytes(data)
        return b""

    def finalize(self) -> bytes:
        """Return all of it. Raises `ValueError` where whole blocks are needed and the last is not."""
        if self._whole and len(self._data) % BLOCK:
            raise ValueError("The length of the provided data is not a multiple of the block length.")
        return self._crypt(self._data) if self._data else b""


def cipher_class(crypt: Crypt) -> type:
    """Return the class `Cipher`, whose work a function does."""

    class Cipher:
        """A cipher with its mode."""

        def __init__(self, algorithm: AES, mode: _Mode) -> None:
            if mode.name != "ecb" and len(mode.iv) != BLOCK:
                raise ValueError(f"Invalid IV size ({len(mode.iv)}) for {mode.name.upper()}.")
            self._key, self._mode = algorithm.key, mode

        def __class_getitem__(cls, _: Any) -> type:
            return cls

        def encryptor(self) -> Context:
            """Return what encrypts."""
            return self._context(True)

        def decryptor(self) -> Context:
            """Return what decrypts."""
            return self._context(False)

        def _context(self, encrypting: bool) -> Context:
            mode = self._mode
            return Context(lambda data: crypt(mode.name, encrypting, self._key, mode.iv, data), mode.whole)

    return Cipher


def pbkdf2_hmac(
    hash_name: str, password: bytes, salt: bytes, iterations: int, dklen: int | None = None
) -> bytes:
    """Derive a key from a passphrase, as `hashlib.pbkdf2_hmac` does where Python has OpenSSL.

    >>> pbkdf2_hmac("sha1", b"password", b"salt", 2).hex()
    'ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957'
    """
    if hash_name not in DIGESTS:
        raise ValueError(f"unsupported hash type {hash_name}")
    if iterations < 1 or (dklen is not None and dklen < 1):
        raise ValueError("iteration value and key length must be greater than 0.")
    new = partial(hashlib.new, hash_name, usedforsecurity=False)
    size = new().block_size
    key = (new(password).digest() if len(password) > size else password).ljust(size, b"\0")
    inner, outer = (new(bytes(byte ^ pad for byte in key)).copy for pad in (0x36, 0x5C))
    number, made, length = int.from_bytes, b"", dklen or new().digest_size
    for block in count(1):
        value, mixed = salt + block.to_bytes(4, "big"), 0
        for _ in range(iterations):  # written out: a call more a round costs half as much again
            first, second = inner(), outer()
            first.update(value)
            second.update(first.digest())
            value = second.digest()
            mixed ^= number(value, "big")
        made += mixed.to_bytes(len(value), "big")
        if len(made) >= length:
            break
    return made[:length]


def modules(crypt: Crypt) -> dict[str, ModuleType]:
    """Return the modules of `cryptography` that are used, by name."""
    top = "cryptography"
    ciphers = f"{top}.hazmat.primitives.ciphers"
    contents: dict[str, dict[str, Any]] = {
        top: {},
        f"{top}.utils": {
            "CryptographyDeprecationWarning": type("CryptographyDeprecationWarning", (UserWarning,), {})
        },
        f"{top}.hazmat": {},
        f"{top}.hazmat.primitives": {},
        ciphers: {"Cipher": cipher_class(crypt)},
        f"{ciphers}.algorithms": {"AES": AES},
        f"{ciphers}.modes": {"Mode": _Mode, **{one.__name__: one for one in (CBC, ECB, CTR, CFB, CFB8, OFB)}},
    }
    made = {}
    for name, content in contents.items():
        module = made[name] = ModuleType(name, "A stand-in.")
        module.__dict__.update(content)
        module.__path__ = []
        above, _, own = name.rpartition(".")
        if above:
            setattr(made[above], own, module)
    return made


def install(crypt: Crypt) -> None:
    """Put the stand-ins in place; it comes before the first import of the package."""
    sys.modules.update(modules(crypt))
    if not hasattr(hashlib, "pbkdf2_hmac"):
        hashlib.pbkdf2_hmac = pbkdf2_hmac  # type: ignore[assignment]
