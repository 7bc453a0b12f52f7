"""The encrypted parameter `data`, pure: parameters in, base64 text out, and back again.

The value is base64 of `Salted__`, eight bytes of salt and AES-256-CBC of a JSON object; key and IV come
from the app's secret and the salt by three rounds of MD5 (page, Example Decryption Process).

>>> data = encrypt_parameters({"location_id": "11ea858313aabde4bd2eb0fa", "user_id": "1234567"},
...                           secret="your key", salt=bytes(range(8)))
>>> data[:28]
'U2FsdGVkX18AAQIDBAUGB+pVm7Md'
>>> decrypt_parameters(data, secret="your key").parameters
(('location_id', '11ea858313aabde4bd2eb0fa'), ('user_id', '1234567'))

There is no MAC, no time and no nonce in it (S01, S05). So nothing is covered, and whoever lets others see
why a text was refused decrypts for them (S02), and so does whoever lets them see how long it took. Up to the
size limit every failure therefore does the same operations: its own on the text, and those of every other
failure on garbage of the same length, which ends in the same place. Their order cannot be the same, so a tenth
of a microsecond is left between two failures; it drowns in up to 60 more, as many as key and text together choose.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from hashlib import pbkdf2_hmac, sha256
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from ..core.refusals import Refused
from ..core.stages import Stage
from ..core.strict import Pairs, no_duplicates, of_type
from .rules import Readings, Rules, rules
from .rules.encrypted import BLOCK, MAGIC, MAX_DATA, SALT, required
from .rules.launch import SECRET


class EncryptedLaunch(NamedTuple):
    """What `data` held: the documented values that are present, as text, in the order of the object.

    Nothing is covered: the ciphertext is not authenticated. The representation shows no value.
    """

    parameters: Pairs
    covered: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "EncryptedLaunch()"

    @property
    def not_covered(self) -> tuple[str, ...]:
        """The names of all values that are there."""
        return tuple([name for name, _ in self.parameters])


def encrypt_parameters(
    parameters: Mapping[str, Any] | Iterable[tuple[str, Any]],
    *,
    secret: str,
    salt: bytes,
    readings: Readings | None = None,
) -> str:
    """fortis:encrypted.format. Return the value of `data`, base64 that is not yet percent-encoded.

    Values are text or whole numbers; one that is None is absent and left out (A05). `salt` is eight
    bytes, new for each launch. Raises `Refused`: `empty-secret`, `duplicate-parameter`, `wrong-type`,
    `malformed`. Source: page, Encrypted URL Params; crypto-js.

    >>> encrypt_parameters({"user_id": "7"}, secret="your key", salt=b"12345678")[:20]
    'U2FsdGVkX18xMjM0NTY3'
    """
    rules(readings).key(secret, SECRET)
    try:
        pairs = tuple(parameters.items() if isinstance(parameters, Mapping) else parameters)
        values = no_duplicates(pairs, "fortis:encrypted.duplicate-keys")
    except (TypeError, ValueError):
        raise Refused("wrong-type", "fortis:encrypted.names", {"expected": "pairs, or a mapping"}) from None
    for name, value in values.items():
        of_type(name, str, "fortis:encrypted.names", "name")
        if value is not None and type(value) not in (str, int):
            evidence = {"name": name, "found": type(value).__name__, "expected": "str or int"}
            raise Refused("wrong-type", "fortis:encrypted.integers", evidence)
    written = {name: value for name, value in values.items() if value is not None}
    text = json.dumps(written, ensure_ascii=False, separators=(",", ":"))
    try:
        return sealed(text.encode(), secret=secret, salt=salt, readings=readings)
    except UnicodeEncodeError:
        raise Refused("malformed", "fortis:encrypted.text", {"parameters": "are not valid Unicode"}) from None


def sealed(plaintext: bytes, *, secret: str, salt: bytes, readings: Readings | None = None) -> str:
    """fortis:encrypted.format. Return the base64 text for any plaintext; `encrypt_parameters` and the faults use it.

    >>> sealed(b"{}", secret="your key", salt=b"12345678")[:20]
    'U2FsdGVkX18xMjM0NTY3'
    """
    rule = rules(readings)
    of_type(salt, bytes, "fortis:encrypted.salt", "salt")
    if len(salt) != SALT:
        evidence = {"salt": f"{len(salt)} bytes", "expected": f"{SALT} bytes"}
        raise Refused("malformed", "fortis:encrypted.salt", evidence)
    key, iv = rule.derive(rule.key(secret, SECRET), salt)
    size = BLOCK - len(plaintext) % BLOCK
    encryptor = Cipher(AES(key), CBC(iv)).encryptor()
    ciphertext = encryptor.update(plaintext + bytes([size]) * size) + encryptor.finalize()
    return b64encode(MAGIC + salt + ciphertext).decode()


def decrypt_parameters(data: str, *, secret: str, readings: Readings | None = None) -> EncryptedLaunch:
    """fortis:encrypted.format. Return what a value of `data`, percent-decoded already, holds.

    Checks in order: size, base64, header, length, padding, UTF-8, JSON, names and types, the forms of the
    ids. Raises `Refused`: `empty-secret`, `wrong-type`, `too-large`, `empty-parameter`, `malformed`,
    `decryption-failed`, `duplicate-parameter`, `missing-parameter`. Whoever is outside must not learn
    which (A41). Source: page, Example Decryption Process; facts 2.6.

    >>> decrypt_parameters("U2FsdGVkX18AAQIDBAUGB+pVm7MdRFF+85lhOePM+nkxTPX/HAe/p4R9lVDIQPzJxBFmekFHdNOV9jGj"
    ...                    "em/UV60QQ5lQkP43zIKPklvk+x0=", secret="your key").not_covered
    ('location_id', 'user_id')
    """
    rule = rules(readings)
    passphrase = rule.key(secret, SECRET)
    of_type(data, str, "fortis:encrypted.base64", "data")
    if len(data) > MAX_DATA:
        evidence = {"characters": len(data), "limit": MAX_DATA}
        raise Refused("too-large", "fortis:launch.size", evidence, stage="base64")
    try:
        if not data:
            raise Refused("empty-parameter", "fortis:encrypted.data", {"name": "data"}, stage="base64")
        salt, ciphertext = rule.envelope(rule.text(data))
    except Refused:
        spend(rule, passphrase, len(data))
        raise
    key, iv = rule.derive(passphrase, salt)
    padded = rule.decrypt(ciphertext, key, iv)
    try:
        return EncryptedLaunch(tuple(_members(rule, rule.parse(rule.unpad(padded))).items()))
    except Refused as refused:
        failed = refused.with_traceback(None)
        failed.__context__ = None
    try:  # out here no exception is at hand, nor kept with its frames: as none was the first time
        _fail_elsewhere(rule, _garbage(key, ciphertext), failed)
        raise failed
    finally:
        del failed  # else it and this frame hold each other


def _members(rule: Rules, found: dict[str, Any]) -> dict[str, str]:
    """Return the documented members of the object, as text."""
    values = rule.texts(rule.present(rule.names(found)))
    required(values)
    rule.location(values["location_id"])
    return values


def spend(rule: Rules, passphrase: bytes, characters: int) -> None:
    """fortis:launch.same-work. Do for nothing what a text of so many characters takes that cannot be decrypted; A41, S02."""
    size = max(BLOCK, (characters * 3 // 4 - BLOCK) // BLOCK * BLOCK)
    key, iv = rule.derive(passphrase, bytes(8))
    _fail_elsewhere(rule, _garbage(key, rule.decrypt(bytes(size), key, iv)), None)


def _garbage(key: bytes, ciphertext: bytes) -> bytes:
    """Return bytes of the same length that nobody without the key foresees."""
    return (sha256(key + ciphertext).digest() * (len(ciphertext) // 32 + 1))[: len(ciphertext)]


_DONE = {
    "fortis:encrypted.padding": frozenset({"not padded"}),
    "fortis:encrypted.text": frozenset({"padded", "no text"}),
    "fortis:encrypted.json": frozenset({"padded", "no object"}),
    "fortis:encrypted.duplicate-keys": frozenset({"padded", "no object"}),
}
"""What a failure did by itself, by its clause; where an object was found, which takes the secret, it is `_AT_LAST`."""
_AT_LAST = frozenset({"padded", "object", "no members"})


def _fail_elsewhere(rule: Rules, garbage: bytes, refused: Refused | None) -> None:
    """fortis:launch.same-work. Do what a failure did not, each on `garbage` that fails there."""
    done = _DONE.get(refused.clause, _AT_LAST) if refused else frozenset()
    operations: tuple[tuple[str, Callable[[Any], object], Any], ...] = (
        ("padded", rule.unpad, garbage[:-1] + b"\1"),
        ("not padded", rule.unpad, garbage[:-1] + bytes([garbage[-1] | BLOCK * 2])),
        ("object", rule.parse, b'{"":"' + b" " * (len(garbage) - 9) + b'"}'),
        ("no text", rule.parse, garbage[:-2] + b"\xff"),
        ("no object", rule.parse, b64encode(garbage)[: len(garbage) - 1]),
        ("no members", partial(_members, rule), {}),
    )
    for name, operation, garbled in operations:
        if name in done:
            continue
        try:
            operation(garbled)
        except Refused:
            continue
    pbkdf2_hmac("sha256", garbage, b"", 1 + garbage[0])  # a time that nobody without the key foresees


def data_stages(data: str, *, secret: str, readings: Readings | None = None) -> tuple[Stage, ...]:
    """Return the stages of `data` as far as it can be read: bytes, salt, derived (key and IV), padded, text.

    All but the salt hold credentials and are shown as lengths and digests.

    >>> [stage.name for stage in data_stages("U2FsdGVkX18xMjM0NTY3OAAAAAAAAAAAAAAAAAAAAAA=", secret="your key")]
    ['bytes', 'salt', 'derived', 'padded']
    """
    rule = rules(readings)
    stages = []
    try:
        raw = rule.text(data)
        stages.append(Stage("bytes", raw, credential=True))
        salt, ciphertext = rule.envelope(raw)
        stages.append(Stage("salt", salt))
        key, iv = rule.derive(rule.key(secret, SECRET), salt)
        stages.append(Stage("derived", key + iv, credential=True))
        padded = rule.decrypt(ciphertext, key, iv)
        stages.append(Stage("padded", padded, credential=True))
        stages.append(Stage("text", rule.unpad(padded), credential=True))
    except Refused:
        pass
    return tuple(stages)
