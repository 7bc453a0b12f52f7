"""The adopted rules of an encrypted launch, one function a stage, in the order in which they apply."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from hashlib import md5
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from ...core.refusals import Refused, absent
from ...core.strict import json_object

ENCRYPTED = "fortis:encrypted."
MAGIC = b"Salted__"
BLOCK = 16
SALT = 8
SHORTEST = len(MAGIC) + SALT + BLOCK
MAX_DATA = 8_192
NAMES = ("location_id", "user_id", "access-token", "contact_id", "contact_api_id", "user_oauth_url")
"""The keys of the encrypted object, exactly as the page spells them: one has a dash."""
_PADDINGS = tuple(bytes([n] * n if 1 <= n <= BLOCK else [n ^ 1]) for n in range(256))
"""What a text ends with whose last byte is n: the padding, or what it cannot end with. Each is one comparison."""
_KNOWN = frozenset(NAMES)
_ENDS = frozenset([*(end + "==" for end in "AQgw"), *(end + "=" for end in "AEIMQUYcgkosw048")])
"""How base64 of one or of two bytes more than threes ends: unused bits are zero (RFC 4648, 3.5)."""


def text(data: str) -> bytes:
    """fortis:encrypted.base64. Return the bytes of canonical base64: the one text that encoding them gives again; A39.

    Raises `Refused`: `malformed`. Source: page, Encrypted URL Params; measured, facts 2.5.

    >>> text("U2FsdGVkX18=")
    b'Salted__'
    """
    try:
        raw = binascii.a2b_base64(data, strict_mode=True)
    except ValueError:  # binascii.Error, or a character outside ASCII
        raw = None
    over = len(raw or b"") % 3  # strict mode leaves open unused bits, and `=` where none belongs
    if raw is None or (data[over - 4 :] not in _ENDS if over else data.endswith("=")):
        found = "a blank where a plus was" if " " in data else "text that is not canonical base64"
        raise Refused("malformed", "fortis:encrypted.base64", {"data": found}, stage="base64")
    return raw


def envelope(raw: bytes) -> tuple[bytes, bytes]:
    """fortis:encrypted.header. Return salt and ciphertext; the magic word is looked at, which the page's snippet does not do.

    Raises `Refused`: `malformed`, for the length with the clause `fortis:encrypted.length`. Source: page,
    Example Decryption Process; crypto-js, OpenSSL formatter.

    >>> envelope(b"Salted__12345678" + bytes(16))[0]
    b'12345678'
    """
    if raw[:8] != MAGIC:
        evidence = {"data": "does not begin with Salted__"}
        raise Refused("malformed", "fortis:encrypted.header", evidence, stage="envelope")
    if len(raw) < SHORTEST or len(raw) % BLOCK:
        evidence = {"bytes": f"{len(raw)}", "expected": "16 and one or more blocks of 16"}
        raise Refused("malformed", "fortis:encrypted.length", evidence, stage="envelope")
    return raw[8:16], raw[16:]


def derive(passphrase: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """fortis:encrypted.derivation. Return key (32 bytes) and IV (16 bytes): EVP_BytesToKey with MD5 and one round; A21.

    Source: page, Example Decryption Process; facts 2.1.

    >>> derive(b"your key", bytes.fromhex("0001020304050607"))[1].hex()
    '3428110ad9454065ab3b4b4a2f86d00f'
    """
    tail = passphrase + salt
    first = md5(tail, usedforsecurity=False).digest()
    second = md5(first + tail, usedforsecurity=False).digest()
    return first + second, md5(second + tail, usedforsecurity=False).digest()


def decrypt(ciphertext: bytes, key: bytes, iv: bytes) -> bytes:
    """fortis:encrypted.cipher. Return the padded text of AES-256-CBC; nothing in it is authenticated (S01).

    Source: page, Example Decryption Process.
    """
    decryptor = Cipher(AES(key), CBC(iv)).decryptor()
    return decryptor.update(ciphertext) + decryptor.finalize()


def unpad(padded: bytes) -> bytes:
    """fortis:encrypted.padding. Return the text without its PKCS#7 padding, each byte of which is looked at.

    Raises `Refused` with `decryption-failed`. Source: measured, facts 2.5.

    >>> unpad(b"{}" + bytes([14]) * 14)
    b'{}'
    """
    size = padded[-1]
    if not padded.endswith(_PADDINGS[size]):
        evidence = {"padding": "is not whole"}
        raise Refused("decryption-failed", "fortis:encrypted.padding", evidence, stage="padding")
    return padded[:-size]


def parse(plaintext: bytes) -> dict[str, Any]:
    """fortis:encrypted.json. Return the one JSON object that the text is; UTF-8, no key twice, no NaN; A40.

    Raises `Refused`: `decryption-failed` for what is not UTF-8, `malformed`, `duplicate-parameter`,
    `wrong-type`. Source: page, Encrypted URL Params; facts 2.5, S03.

    >>> parse(b'{"user_id": 7}')
    {'user_id': 7}
    """
    try:
        plaintext.decode()
    except UnicodeDecodeError:  # CBC makes such bytes of a changed block, and so does nearly every wrong key
        evidence = {"text": "is not UTF-8"}
        raise Refused("decryption-failed", "fortis:encrypted.text", evidence, stage="json") from None
    try:
        return json_object(plaintext, "fortis:encrypted.json")
    except Refused as refused:
        refused.stage = "json"
        if refused.reason == "duplicate-parameter":
            refused.clause = "fortis:encrypted.duplicate-keys"
        raise


def names(values: dict[str, Any]) -> dict[str, Any]:
    """fortis:encrypted.names. Return the members that the page lists, in the order received; others are ignored; A01, A23.

    Names are exact: `access_token` is none of them. Source: page, Encrypted URL Params.

    >>> names({"user_id": 1234567, "access_token": "x"})
    {'user_id': 1234567}
    """
    if _KNOWN.issuperset(values):  # as nearly always
        return values
    return {name: value for name, value in values.items() if name in _KNOWN}


def texts(values: dict[str, Any]) -> dict[str, str]:
    """fortis:encrypted.integers. Return the values as text: a whole number becomes its decimal text; A19.

    Raises `Refused` with `wrong-type` for any other type; true is not a number. Source: page; API description.

    >>> texts({"user_id": 1234567})
    {'user_id': '1234567'}
    """
    found = values
    for name, value in values.items():
        if type(value) is not str:
            if type(value) is not int:
                evidence = {"name": name, "found": type(value).__name__, "expected": "str or int"}
                raise Refused("wrong-type", "fortis:encrypted.integers", evidence, stage="members")
            found = {**found, name: str(value)}
    return found


def required(values: Mapping[str, str]) -> None:
    """fortis:encrypted.required. Refuse with `missing-parameter` a launch without location_id or user_id; A44.

    >>> required({"location_id": "11ea858313aabde4bd2eb0fa", "user_id": "1234567"})
    """
    if "location_id" not in values or "user_id" not in values:
        name = "user_id" if "location_id" in values else "location_id"
        raise Refused("missing-parameter", "fortis:encrypted.required", absent(name, values), stage="members")
