"""How else key and IV may have been derived: hashes, rounds, and keys made of the secret alone."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Callable

from ..rules.encrypted import BLOCK

Material = Callable[[bytes, bytes], bytes]
"""What makes key and IV of passphrase and salt, 48 bytes of them."""


def evp(digest: str, passphrase: bytes, salt: bytes, rounds: int = 1) -> bytes:
    """Return the 48 bytes that OpenSSL's EVP_BytesToKey gives; Ruby's pkcs5_keyivgen has many rounds by default.

    >>> evp("md5", b"your key", bytes.fromhex("0001020304050607")).hex()[64:]
    '3428110ad9454065ab3b4b4a2f86d00f'
    """
    made = last = b""
    hashing = getattr(hashlib, digest)
    while len(made) < 48:
        last = last + passphrase + salt
        for _ in range(rounds):
            last = hashing(last, usedforsecurity=False).digest()
        made += last
    return made[:48]


EVP_ROUNDS = (
    ("md5", 2_048), ("sha256", 2_048), ("sha1", 2_048), ("md5", 1_000), ("sha256", 1_000), ("md5", 10_000),
)  # fmt: skip
"""Hashes and rounds of EVP_BytesToKey: 2,048 of MD5 are the default of Ruby's pkcs5_keyivgen."""
PBKDF2 = (
    ("sha1", 1), ("sha1", 1_000), ("sha256", 1_000), ("sha256", 10_000), ("sha512", 999), ("sha512", 1_000),
    ("sha1", 10_000), ("sha512", 10_000), ("sha1", 65_536), ("sha256", 65_536), ("sha1", 100_000),
    ("sha256", 100_000), ("sha512", 100_000), ("sha256", 250_000), ("sha512", 210_000), ("sha256", 310_000),
    ("sha256", 600_000),
)  # fmt: skip
"""Hashes and rounds that samples and defaults have; how many are tried is a question of the budget."""


def hashed(name: str, hexed: bool = False) -> Callable[[bytes], bytes]:
    """Return what makes a hash of the secret, as bytes or as hex digits."""

    def made(passphrase: bytes) -> bytes:
        digest = hashlib.new(name, passphrase, usedforsecurity=False)
        return digest.hexdigest().encode() if hexed else digest.digest()

    return made


def _folded(passphrase: bytes) -> bytes:
    key = bytearray(BLOCK)
    for at, byte in enumerate(passphrase):
        key[at % BLOCK] ^= byte
    return bytes(key)


RAW: tuple[tuple[str, str, Callable[[bytes], bytes], int], ...] = (
    ("fortis-key-raw", "as 32 bytes", lambda p: p, 32),
    ("fortis-key-raw", "as 16 bytes", lambda p: p, 16),
    ("fortis-key-raw", "as 24 bytes", lambda p: p, 24),
    ("fortis-key-raw", "filled up with blanks", lambda p: p.ljust(32), 32),
    ("fortis-key-raw", "filled up with the digit 0", lambda p: p.ljust(32, b"0"), 32),
    ("fortis-key-raw", "repeated", lambda p: p * 32, 32),
    ("fortis-key-raw", "without its dashes", lambda p: p.replace(b"-", b""), 32),
    ("fortis-key-raw", "its hex digits decoded", lambda p: sized(bytes.fromhex(p.replace(b"-", b"").decode())), 0),
    ("fortis-key-raw", "decoded from base64", lambda p: sized(b64decode(p, validate=True)), 0),
    ("fortis-key-raw", "folded to 16 bytes, as MySQL does", _folded, 16),
    ("fortis-key-sha256", "", hashed("sha256"), 32),
    ("fortis-key-sha256", "the first 32 hex digits", hashed("sha256", True), 32),
    ("fortis-key-sha256", "its first 16 bytes", hashed("sha256"), 16),
    ("fortis-key-md5", "32 hex digits", hashed("md5", True), 32),
    ("fortis-key-md5", "16 bytes", hashed("md5"), 16),
    ("fortis-key-md5", "twice", lambda p: hashed("md5")(p) * 2, 32),
    ("fortis-key-hashed", "SHA-1, the first 16 bytes", hashed("sha1"), 16),
    ("fortis-key-hashed", "SHA-1, filled up with NULs", hashed("sha1"), 32),
    ("fortis-key-hashed", "SHA-1, the first 32 hex digits", hashed("sha1", True), 32),
    ("fortis-key-hashed", "SHA-512, the first 32 bytes", hashed("sha512"), 32),
    ("fortis-key-hashed", "SHA-512, the first 32 hex digits", hashed("sha512", True), 32),
    ("fortis-key-hashed", "SHA-384, the first 32 bytes", hashed("sha384"), 32),
)  # fmt: skip
"""Keys that are made of the secret alone: slip, what was changed, how, and the length (cut, or filled up with NULs)."""


def sized(key: bytes) -> bytes:
    """Return a key of a length that AES has; raises `ValueError` for any other."""
    if len(key) not in (16, 24, 32):
        raise ValueError("no key")
    return key
