"""What no honest sender makes: other paddings, another cipher mode, flipped bits, a parameter left out. For faults alone."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from ..rules.encrypted import BLOCK, MAGIC, decrypt, derive, unpad

if TYPE_CHECKING:
    from .drafts import Draft


def flipped(raw: bytes, place: int) -> bytes:
    """Return bytes with the lowest bit of one of them turned over.

    >>> flipped(b"ab", -1)
    b'ac'
    """
    changed = bytearray(raw)
    changed[place] ^= 1
    return bytes(changed)


def with_padding(plaintext: bytes, passphrase: bytes, salt: bytes, padding: bytes | None = None) -> str:
    """Return `data` for a plaintext with any padding, PKCS#7 unless given; an empty passphrase works too."""
    size = BLOCK - len(plaintext) % BLOCK
    padded = plaintext + (bytes([size]) * size if padding is None else padding)
    key, iv = derive(passphrase, salt)
    encryptor = Cipher(AES(key), CBC(iv)).encryptor()
    return base64.b64encode(MAGIC + salt + encryptor.update(padded) + encryptor.finalize()).decode()


def padded_as(draft: Draft, kind: str) -> str:
    """Return `data` with a padding that is `loose` (its last byte alone is right), `zeros`, or `long` (24 bytes)."""
    text = draft.text()
    text += " " * ((8 - len(text.encode())) % BLOCK)  # blanks behind an object are JSON; 8 bytes are left
    padding = {"loose": bytes(7) + b"\x08", "zeros": bytes(8), "long": b"\x18" * 24}[kind]
    return with_padding(text.encode(), draft.app.secret.encode(), draft.salt, padding)


def ecb_data(plaintext: bytes, secret: str, salt: bytes) -> str:
    """Return `data` encrypted block by block, without chaining."""
    size = BLOCK - len(plaintext) % BLOCK
    key, _ = derive(secret.encode(), salt)
    encryptor = Cipher(AES(key), ECB()).encryptor()  # noqa: S305  (that is the fault)
    text = encryptor.update(plaintext + bytes([size]) * size) + encryptor.finalize()
    return base64.b64encode(MAGIC + salt + text).decode()


def opened(raw: bytes, secret: str) -> bytes:
    """Return the plaintext of the decoded `data`."""
    return unpad(decrypt(raw[16:], *derive(secret.encode(), raw[8:16])))


def without(url: str, name: str) -> str:
    """Return a URL without one of its parameters.

    >>> without("/?a=1&b=2", "a")
    '/?b=2'
    """
    base, _, query = url.partition("?")
    return f"{base}?" + "&".join(p for p in query.split("&") if not p.startswith(f"{name}="))


def other_end(digits: str) -> str:
    """Return hex digits whose last one is another.

    >>> other_end("0f")
    '00'
    """
    return digits[:-1] + ("1" if digits[-1] == "0" else "0")
