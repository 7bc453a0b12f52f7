"""The other ways to read RetailCRM's page, as replacements for the rules of `rules.py`.

Each function is one reading of `spec.toml`, under its id. `of` turns ids into the mapping that
`readings=` takes.

>>> from handshakes.retailcrm import registration_token
>>> registration_token("api_key", secret="secret", readings=of("retailcrm:token.value=swapped"))[:6]
'a6323d'
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from ..core.keys import base64_key_bytes, hex_key_bytes
from ..core.readings import composed
from ..core.refusals import Refused
from ..core.strict import form_pairs, no_duplicates
from . import rules
from .rules import NAMES, REGISTER, TOKEN, Readings


def _brackets(body: bytes, content_type: str) -> bytes:
    """`register[token]=…&register[apiKey]=…`, the page's own notation taken at its word."""
    values = no_duplicates(form_pairs(body, content_type, REGISTER + "encoding"), REGISTER + "encoding")
    found = {name[9:-1]: text for name, text in values.items() if name[:9] + name[-1:] == "register[]"}
    if not found:
        raise Refused("missing-parameter", REGISTER + "encoding", {"name": "register[…]"}, stage="form")
    return json.dumps(found, ensure_ascii=False).encode()


def _json_body(body: bytes, content_type: str) -> bytes:
    """The body itself is the JSON object."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        evidence = {"content type": content_type[:40], "expected": "application/json"}
        raise Refused("wrong-content-type", REGISTER + "encoding", evidence)
    return body


def _any_json(text: bytes, pairs_hook: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> dict[str, Any]:
    """Read JSON as PHP and Go do: of a key that occurs twice the last value counts; a NaN or a byte order mark is none."""

    def constant(name: str) -> NoReturn:
        raise ValueError(name)

    try:
        value = json.loads(text.decode(), object_pairs_hook=pairs_hook, parse_constant=constant)
    except (ValueError, RecursionError):
        return rules.members(text)  # which says what is wrong
    if not isinstance(value, dict):
        return rules.members(text)
    return value


def _last_wins(text: bytes) -> dict[str, Any]:
    return _any_json(text, dict)


def _any_case(text: bytes) -> dict[str, Any]:
    """The official Go code: names in any case, and the last one wins."""
    known = {name.lower(): name for name in NAMES}
    return _any_json(text, lambda pairs: {known.get(name.lower(), name): value for name, value in pairs})


def _empty_key(values: Mapping[str, Any]) -> dict[str, str]:
    """The official verifiers: a missing or empty API key verifies with a token over nothing."""
    if values.get("apiKey"):
        return rules.texts(values)
    return {**rules.texts({**values, "apiKey": "-"}), "apiKey": ""}


def _any_digest_case(token: str) -> bytes:
    return rules.digest(token.lower() if token.isascii() else token)


def _base64_digest(token: str) -> bytes:
    try:
        value = base64.b64decode(token, validate=True)
    except (ValueError, binascii.Error):
        value = b""
    return value if len(value) == 32 else rules.digest(token)


def _swapped(key: bytes, message: bytes) -> bytes:
    return hmac.digest(message, key, "sha256")


READINGS: dict[str, Readings] = {
    REGISTER + "encoding=json-in-form": {},
    REGISTER + "encoding=brackets": {"form": _brackets},
    REGISTER + "encoding=json-body": {"form": _json_body},
    REGISTER + "json=exact": {},
    REGISTER + "json=last-wins": {"members": _last_wins},
    REGISTER + "json=any-case": {"members": _any_case},
    REGISTER + "members=all-three": {},
    REGISTER + "members=empty-key": {"texts": _empty_key},
    TOKEN + "digest=lower-case": {},
    TOKEN + "digest=any-case": {"digest": _any_digest_case},
    TOKEN + "digest=base64": {"digest": _base64_digest},
    TOKEN + "value=keyed-with-secret": {},
    TOKEN + "value=swapped": {"mac": _swapped},
    TOKEN + "key=text": {},
    TOKEN + "key=hex-decoded": {"key": hex_key_bytes},
    TOKEN + "key=base64-decoded": {"key": base64_key_bytes},
}
"""Every reading that `signing` can run, by id; an empty mapping is an adopted one."""


def of(*ids: str) -> Readings:
    """Return the stages that the readings with these ids replace, as `readings=` takes them.

    Raises `Refused` with `unknown-reading` for an id that `READINGS` does not hold, and for two that
    replace the same stage.

    >>> of("retailcrm:token.value=keyed-with-secret")
    {}
    """
    return composed(READINGS, ids, TOKEN + "verify")
