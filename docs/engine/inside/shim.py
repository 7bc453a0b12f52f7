"""Stand-ins in the browser's Python for what is not there: AES of `cryptography`, and PBKDF2 of `hashlib`.

Only what the package and its lessons use is here, with the errors that they rely on. The ciphers are given as two
functions: in the browser they are those of @noble/ciphers and @noble/hashes, in a test any others.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

Crypt = Callable[[str, bool, bytes, bytes, bytes], bytes]
"""`crypt(mode, encrypting, key, iv, data)`: AES without padding."""
Derive = Callable[[str, bytes, bytes, int, int], bytes]
"""`derive(digest, passphrase, salt, rounds, length)`: PBKDF2 with HMAC."""
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


def pbkdf2(derive: Derive) -> Callable[..., bytes]:
    """Return `hashlib.pbkdf2_hmac`, whose work a function does."""

    def pbkdf2_hmac(
        hash_name: str, password: bytes, salt: bytes, iterations: int, dklen: int | None = None
    ) -> bytes:
        """Derive a key from a passphrase."""
        if hash_name not in DIGESTS:
            raise ValueError(f"unsupported hash type {hash_name}")
        if iterations < 1 or (dklen is not None and dklen < 1):
            raise ValueError("iteration value and key length must be greater than 0.")
        length = dklen or hashlib.new(hash_name, usedforsecurity=False).digest_size
        return derive(hash_name, bytes(password), bytes(salt), iterations, length)

    return pbkdf2_hmac


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


def install(crypt: Crypt, derive: Derive) -> None:
    """Put the stand-ins in place; it comes before the first import of the package."""
    sys.modules.update(modules(crypt))
    if not hasattr(hashlib, "pbkdf2_hmac"):
        hashlib.pbkdf2_hmac = pbkdf2(derive)  # type: ignore[assignment]
