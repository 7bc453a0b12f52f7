"""The adopted rules of both kinds of launch, one function a stage, in the order in which they apply.

Each is one answer to a question that the page leaves open; `readings.py` holds the other answers.
"""

from __future__ import annotations

import binascii
import hmac
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import md5
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from ..core.keys import key_bytes
from ..core.printing import printable
from ..core.readings import replaced
from ..core.refusals import Refused
from ..core.strict import MAX_QUERY, Pairs, json_object, no_duplicates, query_pairs
from ..core.timestamps import Tolerance

Readings = Mapping[str, Callable[..., Any]]

ENCRYPTED = "fortis:encrypted."
PLAIN = "fortis:plain."
LAUNCH = "fortis:launch."
SECRET = "fortis:secret.bytes"
MAGIC = b"Salted__"
BLOCK = 16
MAX_DATA = 8_192
NAMES = ("location_id", "user_id", "access-token", "contact_id", "contact_api_id", "user_oauth_url")
"""The keys of the encrypted object, exactly as the page spells them: one has a dash."""
_PADDINGS = tuple(bytes([n] * n if 1 <= n <= BLOCK else [n ^ 1]) for n in range(256))
"""What a text ends with whose last byte is n: the padding, or what it cannot end with. Each is one comparison."""
_KNOWN = frozenset(NAMES)
_is_id = re.compile(r"[0-9a-fA-F-]{24,36}", re.ASCII).fullmatch


def key(secret: str, clause: str) -> bytes:
    """fortis:secret.bytes. Return the secret's UTF-8 bytes, exactly as typed: nothing is trimmed or decoded.

    In encrypted mode it is a passphrase and no key. Raises `Refused`: `empty-secret`, `wrong-type`,
    `malformed`. Source: page, Example Decryption Process; A20, A21.

    >>> key("your key", "fortis:secret.bytes")
    b'your key'
    """
    return key_bytes(secret, clause if secret else "fortis:secret.empty")


def parameters(query: str) -> dict[str, str]:
    """fortis:launch.repeated. Return the parameters of a launch; no name may stand twice, since parsers disagree; A28.

    Raises `Refused`: `duplicate-parameter`, `malformed`, `too-large`.

    >>> parameters("location_id=1&timestamp=2")
    {'location_id': '1', 'timestamp': '2'}
    """
    return no_duplicates(pairs(query), LAUNCH + "repeated")


def pairs(query: str) -> Pairs:
    """fortis:launch.size. Return a query of at most 8,192 characters as decoded pairs, in the order received.

    >>> pairs("location_id=1&timestamp=2")
    (('location_id', '1'), ('timestamp', '2'))
    """
    if len(query) > MAX_QUERY:
        evidence = {"characters": len(query), "limit": MAX_QUERY}
        raise Refused("too-large", LAUNCH + "size", evidence, stage="parameters")
    return query_pairs(query, LAUNCH + "repeated")


# --- encrypted mode -------------------------------------------------------------------------------


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
    last = (
        len(raw) % 3 or 3 if raw else 0
    )  # strict mode leaves open only the unused bits of the last four characters
    if raw is None or b64encode(raw[-last:]).decode() != data[-4:]:
        found = "a blank where a plus was" if " " in data else "text that is not canonical base64"
        raise Refused("malformed", ENCRYPTED + "base64", {"data": found}, stage="base64")
    return raw


def envelope(raw: bytes) -> tuple[bytes, bytes]:
    """fortis:encrypted.header. Return salt and ciphertext; the magic word is looked at, which the page's snippet does not do.

    Raises `Refused`: `malformed`, for the length with the clause `fortis:encrypted.length`. Source: page,
    Example Decryption Process; crypto-js, OpenSSL formatter.

    >>> envelope(b"Salted__12345678" + bytes(16))[0]
    b'12345678'
    """
    if raw[:8] != MAGIC:
        raise Refused(
            "malformed", ENCRYPTED + "header", {"data": "does not begin with Salted__"}, stage="envelope"
        )
    if len(raw) < 32 or len(raw) % BLOCK:
        evidence = {"bytes": len(raw), "expected": "16 and one or more blocks of 16"}
        raise Refused("malformed", ENCRYPTED + "length", evidence, stage="envelope")
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
        raise Refused(
            "decryption-failed", ENCRYPTED + "padding", {"padding": "is not whole"}, stage="padding"
        )
    return padded[:-size]


def parse(plaintext: bytes) -> dict[str, Any]:
    """fortis:encrypted.json. Return the one JSON object that the text is; UTF-8, no key twice, no NaN; A40.

    Raises `Refused`: `decryption-failed` for what is not UTF-8, `malformed`, `duplicate-parameter`,
    `wrong-type`, `too-large`. Source: page, Encrypted URL Params; facts 2.5, S03.

    >>> parse(b'{"user_id": 7}')
    {'user_id': 7}
    """
    try:
        return json_object(plaintext, ENCRYPTED + "json")
    except Refused as refused:
        name, reason, evidence = "json", refused.reason, refused.evidence
    try:
        plaintext.decode()
    except UnicodeDecodeError:  # CBC makes such bytes of a changed block
        name, reason, evidence = "text", "decryption-failed", {"text": "is not UTF-8"}
    if reason == "duplicate-parameter":
        name = "duplicate-keys"
    raise Refused(reason, ENCRYPTED + name, evidence, stage="json") from None


def names(values: dict[str, Any]) -> dict[str, Any]:
    """fortis:encrypted.names. Return the members that the page lists, in the order received; others are ignored; A01, A23.

    Names are exact: `access_token` is none of them. Source: page, Encrypted URL Params.

    >>> names({"user_id": 1234567, "access_token": "x"})
    {'user_id': 1234567}
    """
    if values.keys() <= _KNOWN:  # as nearly always
        return values
    return {name: value for name, value in values.items() if name in _KNOWN}


def present(values: dict[str, Any]) -> dict[str, Any]:
    """fortis:launch.absent. Return the values that are not absent: null, an empty text and `{{…` count as absent; A05.

    >>> present({"user_id": 7, "contact_id": None, "hmac": "", "contact_api_id": "{{contact-api-id}}"})
    {'user_id': 7}
    """
    for value in values.values():
        if (not value or value[:2] == "{{") if type(value) is str else value is None:
            break
    else:  # as nearly always
        return values
    return {
        name: value
        for name, value in values.items()
        if (value and value[:2] != "{{" if type(value) is str else value is not None)
    }


def texts(values: Mapping[str, Any]) -> dict[str, str]:
    """fortis:encrypted.integers. Return the values as text: a whole number becomes its decimal text; A19.

    Raises `Refused` with `wrong-type` for any other type; true is no number. Source: page; API description.

    >>> texts({"user_id": 1234567})
    {'user_id': '1234567'}
    """
    found = dict(values)
    for name, value in values.items():
        if type(value) is not str:
            if type(value) is not int:
                evidence = {"name": name, "found": type(value).__name__, "expected": "str or int"}
                raise Refused("wrong-type", ENCRYPTED + "integers", evidence, stage="members")
            found[name] = str(value)
    return found


def required(values: Mapping[str, str]) -> None:
    """fortis:encrypted.required. Refuse with `missing-parameter` a launch without location_id or user_id; A44.

    >>> required({"location_id": "11ea858313aabde4bd2eb0fa", "user_id": "1234567"})
    """
    if "location_id" not in values or "user_id" not in values:
        name = "user_id" if "location_id" in values else "location_id"
        raise Refused("missing-parameter", ENCRYPTED + "required", {"name": name}, stage="members")


def location(location_id: str) -> None:
    """fortis:launch.location-id. Refuse a location id that is not 24 to 36 hex digits and hyphens; A18.

    Raises `Refused` with `malformed`. Source: SDK, the pattern of every id.

    >>> location("11ea858313aabde4bd2eb0fa")
    """
    if not _is_id(location_id):
        evidence = {"location_id": printable(location_id), "expected": "24 to 36 hex digits or hyphens"}
        raise Refused("malformed", LAUNCH + "location-id", evidence, stage="members")


# --- plain mode -----------------------------------------------------------------------------------


def timestamp(value: str) -> int:
    """fortis:plain.timestamp. Return the Unix seconds that ten digits are; A24.

    Raises `Refused`: `timestamp-in-milliseconds`, `malformed`. Source: page, Plain Text URL Params, the
    sample; HMAC page.

    >>> timestamp("1234567890")
    1234567890
    """
    if len(value) != 10 or not (value.isascii() and value.isdigit()):
        digits = value.isascii() and value.isdigit()
        if digits and len(value) == 13:
            raise Refused(
                "timestamp-in-milliseconds", PLAIN + "timestamp", {"timestamp": value}, stage="timestamp"
            )
        # what is no number may be a secret in the wrong place: only its length is told
        found = value[:40] if digits else f"{len(value)} characters, not digits"
        evidence = {"timestamp": found, "expected": "ten digits"}
        raise Refused("malformed", PLAIN + "timestamp", evidence, stage="timestamp")
    return int(value)


def digest(value: str) -> bytes:
    """fortis:plain.hmac-case. Return the 32 bytes that 64 lower-case hex digits stand for; nothing is trimmed; A27.

    Raises `Refused` with `malformed`. Source: page, Example HMAC Calculation.

    >>> digest("0f" * 32)[:2]
    b'\\x0f\\x0f'
    """
    if len(value) != 64 or value.strip("0123456789abcdef"):
        case = len(value) == 64 and not value.strip("0123456789abcdefABCDEF")
        found = "upper-case hex digits" if case else f"not 64 hex digits ({len(value)} characters)"
        raise Refused("malformed", PLAIN + "hmac-case", {"hmac": found}, stage="hmac")
    return bytes.fromhex(value)


def message(location_id: str, timestamp: str) -> bytes:
    """fortis:plain.message. Return location id and timestamp, as text, joined by nothing.

    Source: page, Example HMAC Calculation.

    >>> message("zzzzzzzz", "1234567890")
    b'zzzzzzzz1234567890'
    """
    return (location_id + timestamp).encode()


def mac(key: bytes, message: bytes) -> bytes:
    """fortis:plain.hmac. Return the HMAC-SHA256 under the app's secret. Source: page, Example HMAC Calculation.

    >>> mac(b"your_secret_key", b"zzzzzzzz1234567890").hex()[:6]
    '983a08'
    """
    return hmac.digest(key, message, "sha256")


class Rules(NamedTuple):
    """The stages that a reading may replace, with the adopted rules as defaults."""

    key: Callable[[str, str], bytes] = key
    parameters: Callable[[str], dict[str, str]] = parameters
    text: Callable[[str], bytes] = text
    envelope: Callable[[bytes], tuple[bytes, bytes]] = envelope
    derive: Callable[[bytes, bytes], tuple[bytes, bytes]] = derive
    decrypt: Callable[[bytes, bytes, bytes], bytes] = decrypt
    unpad: Callable[[bytes], bytes] = unpad
    parse: Callable[[bytes], dict[str, Any]] = parse
    names: Callable[[dict[str, Any]], dict[str, Any]] = names
    present: Callable[[dict[str, Any]], dict[str, Any]] = present
    texts: Callable[[Mapping[str, Any]], dict[str, str]] = texts
    location: Callable[[str], None] = location
    timestamp: Callable[[str], int] = timestamp
    digest: Callable[[str], bytes] = digest
    message: Callable[[str, str], bytes] = message
    mac: Callable[[bytes, bytes], bytes] = mac
    tolerance: Callable[[], Tolerance] = lambda: (300, 60)


ADOPTED = Rules()


def rules(readings: Readings | None) -> Rules:
    """Return the adopted rules with some stages replaced; raises `Refused` with `unknown-reading`."""
    return replaced(ADOPTED, readings, LAUNCH + "mode")
