"""The adopted rules of the registration, one function a stage, in the order in which they apply.

Each is one answer to a question that the page leaves open; `readings.py` holds the other answers.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..core.keys import key_bytes
from ..core.printing import printable
from ..core.readings import replaced
from ..core.refusals import Refused, absent
from ..core.strict import form_pairs, hex_digest, json_object, no_duplicates

Readings = Mapping[str, Callable[..., Any]]

REGISTER = "retailcrm:register."
TOKEN = "retailcrm:token."
NAMES = ("token", "apiKey", "systemUrl")


def php_name(name: str) -> str:
    """Return the field of which PHP makes a form's name: without blanks before it, a NUL and brackets after it.

    >>> php_name("  a"), php_name("a\\0b"), php_name("a[b]"), php_name("a[b")
    ('a', 'a', 'a', 'a[b')
    """
    name = name.lstrip(" ").partition("\0")[0]
    front, _, index = name.partition("[")
    return front if front and "]" in index else name


def fields(body: bytes, content_type: str, clause: str, once: str) -> dict[str, str]:
    """retailcrm:register.once. Return a form's fields; none occurs twice, not for PHP either, where the last counts.

    Raises `Refused`: `wrong-content-type`, `too-large`, `malformed`, `duplicate-parameter`. Source:
    measured in PHP 8.2.

    >>> fields(b"a=b&c=d", "application/x-www-form-urlencoded", "retailcrm:activity.form", "retailcrm:activity.form")
    {'a': 'b', 'c': 'd'}
    """
    values = no_duplicates(form_pairs(body, content_type, clause), once)
    for name in values:
        if not name.isidentifier() and (read := php_name(name)) != name and read in values:
            raise Refused("duplicate-parameter", once, {"name": printable(name), "for PHP": printable(read)})
    return values


def form_field(body: bytes, content_type: str) -> bytes:
    """retailcrm:register.encoding. Return the JSON text that the form field `register` holds.

    The form is urlencoded or multipart, 65,536 bytes at most. Raises `Refused`: `wrong-content-type`,
    `too-large`, `malformed`, `duplicate-parameter`, `missing-parameter`, `empty-parameter`. Source:
    official code on both sides; A4, A33.

    >>> form_field(b"register=%7B%7D", "application/x-www-form-urlencoded")
    b'{}'
    """
    clause = "retailcrm:register.encoding"
    values = fields(body, content_type, clause, "retailcrm:register.once")
    value = values.get("register")
    if not value:
        evidence = absent("register", values)
        if any(name.startswith("register[") for name in values):
            evidence["found"] = "register[…] in brackets; a JSON text in one field is expected"
        reason = "missing-parameter" if value is None else "empty-parameter"
        raise Refused(reason, clause, evidence, stage="form")
    return value.encode()


def members(text: bytes) -> dict[str, Any]:
    """retailcrm:register.json. Return the members of one JSON object; no name may occur twice.

    Raises `Refused`: `malformed`, `wrong-type`, `duplicate-parameter`, `too-large`. Source: official
    code; A5.

    >>> members(b'{"apiKey":"example-api-key"}')
    {'apiKey': 'example-api-key'}
    """
    return json_object(text, "retailcrm:register.json")


def texts(values: Mapping[str, Any]) -> dict[str, str]:
    """retailcrm:register.members. Return token, apiKey and systemUrl, in the order received; others are ignored.

    Names are exact in case, values are text and not empty: a token over an empty key can be computed
    too (A9). Raises `Refused`: `missing-parameter`, `wrong-type`, `empty-parameter`, in this order.
    Source: official code; A5, A9, S9.

    >>> texts({"extra": 1, "apiKey": "a", "token": "b", "systemUrl": "c"})
    {'apiKey': 'a', 'token': 'b', 'systemUrl': 'c'}
    """
    token, key, url = values.get("token"), values.get("apiKey"), values.get("systemUrl")
    usual = token and key and url and type(token) is type(key) is type(url) is str
    if usual and len(values) == len(NAMES):
        return dict(values)
    found = {name: value for name, value in values.items() if name in NAMES}
    if usual:
        return found
    clause = "retailcrm:register.members"
    if missing := [name for name in NAMES if found.get(name) is None]:
        raise Refused("missing-parameter", clause, absent(missing[0], values), stage="members")
    if other := [name for name in NAMES if type(found[name]) is not str]:
        evidence = {"name": other[0], "found": type(found[other[0]]).__name__, "expected": "str"}
        raise Refused("wrong-type", clause, evidence, stage="members")
    empty = next(name for name in NAMES if not found[name])
    raise Refused("empty-parameter", clause, {"name": empty}, stage="members")


def digest(token: str) -> bytes:
    """retailcrm:token.digest. Return the 32 bytes that 64 lower-case hex digits stand for; nothing is trimmed.

    Raises `Refused` with `malformed`. Source: page, Module connection request (PHP's `hash_hmac`);
    measured in the official verifiers; A6.

    >>> digest("0f" * 32)[:2]
    b'\\x0f\\x0f'
    """
    return hex_digest(token, "retailcrm:token.digest", "token", "token")


def key(secret: str, clause: str) -> bytes:
    """retailcrm:token.key. Return the secret's UTF-8 bytes, undecoded; a NUL is refused, for HMAC pads with it.

    Raises `Refused`: `empty-secret`, `wrong-type`, `malformed`. Source: measured in the official
    verifiers; A8, A9.

    >>> key("example-module-secret", "retailcrm:token.key")[:7]
    b'example'
    """
    value = key_bytes(secret, clause if secret else "retailcrm:token.empty-secret")
    if b"\0" in value:
        raise Refused("malformed", "retailcrm:token.nul", {"secret": "holds a NUL"})
    return value


def mac(key: bytes, message: bytes) -> bytes:
    """retailcrm:token.value. Return the HMAC-SHA256 of the API key, keyed with the secret; A7.

    >>> mac(b"secret", b"api_key").hex()[:6]
    '016ab3'
    """
    return hmac.digest(key, message, "sha256")


class Rules(NamedTuple):
    """The stages that a reading may replace, with the adopted rules as defaults."""

    form: Callable[[bytes, str], bytes] = form_field
    members: Callable[[bytes], dict[str, Any]] = members
    texts: Callable[[Mapping[str, Any]], dict[str, str]] = texts
    digest: Callable[[str], bytes] = digest
    key: Callable[[str, str], bytes] = key
    mac: Callable[[bytes, bytes], bytes] = mac


ADOPTED = Rules()


def rules(readings: Readings | None) -> Rules:
    """Return the adopted rules with some stages replaced; raises `Refused` with `unknown-reading`."""
    return replaced(ADOPTED, readings, "retailcrm:token.verify") if readings else ADOPTED
