"""The OpenSSL command line as an oracle of the `Salted__` format and of HMAC.

OpenSSL 3 writes neither header nor salt after `-S`; `sealed` therefore adds both, and `salted` lets it choose a
salt. For decrypting there is no `-S`: OpenSSL finds the salt behind the header.
"""

from __future__ import annotations

import subprocess
from base64 import b64encode

from . import tool

CIPHER = ("-aes-256-cbc",)
MD5 = ("-md", "md5")


def _run(*arguments: str, given: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([tool("openssl"), *arguments], input=given, capture_output=True, timeout=60)


def bare(text: bytes, secret: str, salt: bytes, derivation: tuple[str, ...] = MD5) -> bytes:
    """Return what `enc -S` writes: the ciphertext alone."""
    done = _run("enc", "-e", *CIPHER, *derivation, "-S", salt.hex(), "-k", secret, given=text)
    assert done.returncode == 0, done.stderr
    return done.stdout


def sealed(text: bytes, secret: str, salt: bytes, derivation: tuple[str, ...] = MD5) -> str:
    """Return the base64 of header, salt and ciphertext; the salt is given."""
    return b64encode(b"Salted__" + salt + bare(text, secret, salt, derivation)).decode()


def salted(text: bytes, secret: str, *more: str, derivation: tuple[str, ...] = MD5) -> str:
    """Return what `enc -base64` writes with a salt of its own; `more` is `-A` for one line."""
    done = _run("enc", "-e", *CIPHER, *derivation, "-base64", *more, "-k", secret, given=text)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def opened(data: str, secret: str, derivation: tuple[str, ...] = MD5) -> bytes | None:
    """Return the text, or None where `enc -d` says no; what it has written until then does not count."""
    done = _run("enc", "-d", *CIPHER, *derivation, "-base64", "-A", "-k", secret, given=data.encode())
    return done.stdout if done.returncode == 0 else None


def hmac(text: str, secret: str) -> str:
    """Return the HMAC-SHA256 in hex."""
    done = _run("dgst", "-sha256", "-hmac", secret, given=text.encode())
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().strip().rpartition("= ")[2]
