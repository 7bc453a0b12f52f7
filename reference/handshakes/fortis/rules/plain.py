"""The adopted rules of a plain launch: the timestamp, and the HMAC over it and the location."""

from __future__ import annotations

import hmac

from ...core.refusals import Refused
from ...core.strict import hex_digest

PLAIN = "fortis:plain."
DIGITS, MILLISECONDS = 10, 13


def timestamp(value: str) -> int:
    """fortis:plain.timestamp. Return the Unix seconds that ten digits are; A24.

    Raises `Refused`: `timestamp-in-milliseconds`, `malformed`. Source: page, Plain Text URL Params, the
    sample; HMAC page.

    >>> timestamp("1234567890")
    1234567890
    """
    digits = value.isascii() and value.isdigit()
    if digits and len(value) == MILLISECONDS:
        evidence = {"timestamp": value}
        raise Refused("timestamp-in-milliseconds", "fortis:plain.timestamp", evidence, stage="timestamp")
    if not digits or len(value) != DIGITS:
        # what is no number may be a secret in the wrong place: only its length is told
        found = value[:40] if digits else f"{len(value)} characters, not digits"
        evidence = {"timestamp": found, "expected": "ten digits"}
        raise Refused("malformed", "fortis:plain.timestamp", evidence, stage="timestamp")
    return int(value)


def digest(value: str) -> bytes:
    """fortis:plain.hmac-case. Return the 32 bytes that 64 lower-case hex digits stand for; nothing is trimmed; A27.

    Raises `Refused` with `malformed`. Source: page, Example HMAC Calculation.

    >>> digest("0f" * 32)[:2]
    b'\\x0f\\x0f'
    """
    return hex_digest(value, "fortis:plain.hmac-case", "hmac", "hmac")


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
