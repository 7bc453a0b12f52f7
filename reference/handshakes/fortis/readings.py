"""The other ways to read Fortis' page, as replacements for the rules of `rules/`.

Each function is one reading of `spec.toml`, under its id. `of` turns ids into the mapping that
`readings=` takes.

>>> from handshakes.fortis import launch_hmac
>>> launch_hmac("zzzzzzzz", "1234567890", secret="your_secret_key",
...             readings=of("fortis:plain.message=timestamp-location")) == launch_hmac(
...     "zzzzzzzz", "1234567890", secret="your_secret_key")
False
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from hashlib import pbkdf2_hmac, sha256
from typing import Any

from ..core.keys import base64_key_bytes, hex_key_bytes
from ..core.readings import composed
from ..core.refusals import Refused
from ..core.strict import query_pairs
from ..core.timestamps import Tolerance
from .rules import Readings, encrypted, launch, plain
from .rules.encrypted import BLOCK, ENCRYPTED, NAMES
from .rules.launch import LAUNCH, SECRET
from .rules.plain import PLAIN


def _renamed(name_of: Callable[[str], str]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """The listed names are spelled otherwise; what is returned has the listed ones."""
    known = {name_of(name): name for name in NAMES}
    return lambda values: {known[name]: value for name, value in values.items() if name in known}


def _missing_or_null(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _missing_only(values: Mapping[str, Any]) -> dict[str, Any]:
    """Null is not text, so `texts` refuses it."""
    return dict(values)


def _text_alone(values: Mapping[str, Any]) -> dict[str, str]:
    for name, value in values.items():
        if type(value) is not str:
            evidence = {"name": name, "found": type(value).__name__, "expected": "str"}
            raise Refused("wrong-type", ENCRYPTED + "integers", evidence, stage="members")
    return dict(values)


def _decimal_too(location_id: str) -> None:
    if not re.fullmatch("[0-9]{1,20}", location_id):
        launch.location(location_id)


def _any_location(location_id: str) -> None:
    if not 1 <= len(location_id) <= 64:
        launch.location(location_id)


def _trimmed_key(secret: str, clause: str) -> bytes:
    return launch.key(secret.strip() if isinstance(secret, str) else secret, clause)


def _sha256_derivation(passphrase: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """EVP_BytesToKey with the digest that `openssl enc` 3.0.19 has by default (measured; others say since 1.1.0)."""
    first = sha256(passphrase + salt).digest()
    return first, sha256(first + passphrase + salt).digest()[:BLOCK]


def _pbkdf2_derivation(passphrase: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """What `openssl enc -pbkdf2` does."""
    made = pbkdf2_hmac("sha256", passphrase, salt, 10_000, 48)
    return made[:32], made[32:]


def _milliseconds(value: str) -> int:
    if len(value) != 13 or not (value.isascii() and value.isdigit()):
        evidence = {"timestamp": f"{len(value)} characters", "expected": "thirteen digits"}
        raise Refused("malformed", PLAIN + "timestamp", evidence, stage="timestamp")
    return int(value) // 1000


def _either_case(value: str) -> bytes:
    return plain.digest(value.lower() if value.isascii() else value)


def _first(query: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in query_pairs(query, "fortis:launch.query"):
        values.setdefault(name, value)
    return values


def _last(query: str) -> dict[str, str]:
    return dict(query_pairs(query, "fortis:launch.query"))


def _unpadded(data: str) -> bytes:
    return encrypted.text(data + "=" * (-len(data) % 4))


def _urlsafe(data: str) -> bytes:
    return encrypted.text(data.replace("-", "+").replace("_", "/"))


def _blanks_as_plus(data: str) -> bytes:
    return encrypted.text(data.replace(" ", "+"))


def _php(data: str) -> bytes:
    """PHP's `base64_decode`: what is not in the alphabet is skipped, and unused bits are dropped."""
    text = re.sub("[^A-Za-z0-9+/]", "", data)
    text = text[:-1] if len(text) % 4 == 1 else text  # six bits are no byte
    return base64.b64decode(text + "=" * (-len(text) % 4))


def _header_skipped(raw: bytes) -> tuple[bytes, bytes]:
    """The page's snippet drops eight bytes unseen."""
    return encrypted.envelope(encrypted.MAGIC + raw[8:])


def _last_byte(padded: bytes) -> bytes:
    """crypto-js: as many bytes are cut off as the last one says."""
    return padded[: max(0, len(padded) - padded[-1])]


def _last_wins(plaintext: bytes) -> dict[str, Any]:
    """PHP, JavaScript and Python, as they come; all that is refused for another reason is refused all the same."""
    try:
        return encrypted.parse(plaintext)
    except Refused as refused:
        if refused.reason != "duplicate-parameter":
            raise
    value: Any = json.loads(plaintext)
    return value if isinstance(value, dict) else encrypted.parse(b"[]")


def _swapped(location_id: str, timestamp: str) -> bytes:
    return plain.message(timestamp, location_id)


def _tolerance(back: int, ahead: int) -> Callable[[], Tolerance]:
    return lambda: (back, ahead)


READINGS: dict[str, Readings] = {
    ENCRYPTED + "names=as-listed": {},
    ENCRYPTED + "names=underscores": {"names": _renamed(lambda name: name.replace("-", "_"))},
    ENCRYPTED + "names=hyphens": {"names": _renamed(lambda name: name.replace("_", "-"))},
    LAUNCH + "absent=all-forms": {},
    LAUNCH + "absent=missing-or-null": {"present": _missing_or_null},
    LAUNCH + "absent=missing-only": {"present": _missing_only},
    LAUNCH + "location-id=hex": {},
    LAUNCH + "location-id=decimal-too": {"location": _decimal_too},
    LAUNCH + "location-id=any": {"location": _any_location},
    ENCRYPTED + "integers=as-text": {},
    ENCRYPTED + "integers=refused": {"texts": _text_alone},
    SECRET + "=text": {},
    SECRET + "=trimmed": {"key": _trimmed_key},
    SECRET + "=hex-decoded": {"key": hex_key_bytes},
    SECRET + "=base64-decoded": {"key": base64_key_bytes},
    ENCRYPTED + "derivation=md5": {},
    ENCRYPTED + "derivation=sha256": {"derive": _sha256_derivation},
    ENCRYPTED + "derivation=pbkdf2": {"derive": _pbkdf2_derivation},
    PLAIN + "timestamp=seconds": {},
    PLAIN + "timestamp=milliseconds": {"timestamp": _milliseconds},
    PLAIN + "tolerance=300-back-60-ahead": {},
    PLAIN + "tolerance=900-back-60-ahead": {"tolerance": _tolerance(900, 60)},
    PLAIN + "tolerance=300-back-0-ahead": {"tolerance": _tolerance(300, 0)},
    PLAIN + "tolerance=300-both-ways": {"tolerance": _tolerance(300, 300)},
    LAUNCH + "repeated=refused": {},
    LAUNCH + "repeated=first": {"parameters": _first},
    LAUNCH + "repeated=last": {"parameters": _last},
    PLAIN + "hmac-case=lower": {},
    PLAIN + "hmac-case=either": {"digest": _either_case},
    ENCRYPTED + "base64=canonical": {},
    ENCRYPTED + "base64=unpadded": {"text": _unpadded},
    ENCRYPTED + "base64=urlsafe": {"text": _urlsafe},
    ENCRYPTED + "base64=blanks-as-plus": {"text": _blanks_as_plus},
    ENCRYPTED + "base64=php": {"text": _php},
    ENCRYPTED + "duplicate-keys=refused": {},
    ENCRYPTED + "duplicate-keys=last-wins": {"parse": _last_wins},
    PLAIN + "message=location-timestamp": {},
    PLAIN + "message=timestamp-location": {"message": _swapped},
    ENCRYPTED + "padding=all-bytes": {},
    ENCRYPTED + "padding=last-byte": {"unpad": _last_byte},
    ENCRYPTED + "header=required": {},
    ENCRYPTED + "header=skipped": {"envelope": _header_skipped},
}
"""Every reading that `signing` can run, by id; an empty mapping is an adopted one."""


def of(*ids: str) -> Readings:
    """Return the stages that the readings with these ids replace, as `readings=` takes them.

    Raises `Refused` with `unknown-reading` for an id that `READINGS` does not hold, and for two that
    replace the same stage.

    >>> of("fortis:encrypted.derivation=md5")
    {}
    """
    return composed(READINGS, ids, LAUNCH + "mode")
