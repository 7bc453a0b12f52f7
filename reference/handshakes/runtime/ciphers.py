"""The ciphers that `handshakes.explain` is given, made with `cryptography` and `hashlib`.

`explain` itself imports neither, so that it runs where they are not: a reader's browser brings its own.
"""

from __future__ import annotations

import hashlib
import warnings
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.utils import CryptographyDeprecationWarning


class AesCiphers:
    """AES in six modes, and PBKDF2; see `core.cases.Ciphers`.

    >>> AesCiphers().aes("ecb", bytes(16), b"", bytes.fromhex("66e94bd4ef8a2c3b884cfa59ca342b2e")).hex()
    '00000000000000000000000000000000'
    """

    def aes(self, mode: str, key: bytes, iv: bytes, data: bytes) -> bytes:
        """Return decrypted data, padding and all; raises `ValueError` for a key, IV or length that AES does not take."""
        cipher: Cipher[Any] = Cipher(AES(key), _mode(mode, iv))
        decryptor = cipher.decryptor()
        return decryptor.update(data) + decryptor.finalize()

    def pbkdf2(self, digest: str, passphrase: bytes, salt: bytes, rounds: int, length: int) -> bytes:
        """Return `length` bytes derived from a passphrase.

        >>> AesCiphers().pbkdf2("sha1", b"password", b"salt", 1, 20).hex()
        '0c60c80f961f0e71f3a9b524af6012062fe037a6'
        """
        return hashlib.pbkdf2_hmac(digest, passphrase, salt, rounds, length)


def _mode(name: str, iv: bytes) -> modes.Mode:
    match name:
        case "cbc":
            return modes.CBC(iv)
        case "ecb":
            return modes.ECB()  # noqa: S305  (it is what others used)
        case "ctr":
            return modes.CTR(iv)
    with warnings.catch_warnings():  # these three are on their way out of the library
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        match name:
            case "cfb":
                return modes.CFB(iv)
            case "cfb8":
                return modes.CFB8(iv)
            case "ofb":
                return modes.OFB(iv)
    raise ValueError("no such mode")
