"""Keys: which are public, how a secret one is shown, and how several candidates are tried.

Every key in this project is on `PUBLIC_TEST_KEYS`. Anything else is a secret and is
shown as its length and the first digits of its SHA-256, which is enough to see that two are the
same, and not enough to use one.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

from .refusals import Refused

T = TypeVar("T")

PUBLIC_TEST_KEYS: frozenset[str] = frozenset(
    {
        # OfficeRnD: integration secrets, webhook secrets, OAuth client
        "example-integration-secret",
        "another-integration-secret",
        "a-third-integration-secret",
        "false-integration-secret",
        "example-webhook-secret",
        "example-client-secret",
        "wrong-secret",
        "geheimnis-mit-ümlaut",
        "00ff00ff",
        # RetailCRM: secrets of module cards (the first and its spoilt forms are the worked values'), API keys
        "secret",
        "secret\n",
        "secret\x00",
        "example-module-secret",
        "another-module-secret",
        "previous-module-secret",
        "c2VjcmV0LWtleQ==",
        "a-module-secret-that-is-longer-than-the-64-bytes-of-a-block-of-sha256",
        "ffqfNWKTDvdaqwcPgQhhHEEutO81Qbff",
        "api_key",
        "example-api-key",
        "another-api-key",
        "schlüssel-mit-ümlaut",
        # onOffice: provider secrets (the first is the worked values'), API keys of worked HMACs
        "hier Anbietersecret einsetzen",
        "Example-Provider-Secret-1!",
        "Another-Provider-Secret-2!",
        "Previous-Provider-Secret-0!",
        "Geheimnis-mit-Ümlaut-und-Zahl-3!",
        "yOJobbhGLXdp90XxvxedFhH7073L9U",
        "dhY8h7FeU9",
        # Fortis: secrets of apps (two are words of the page), the static key of postbacks, tokens, OAuth client
        "your key",
        "your_secret_key",
        "3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d3",
        "3f0c9a52-7b1e-4d6a-9c88-0e5b2f17a4d4",
        "clé-秘密",
        "your key\n",
        "your_secret_key ",
        "an-app-secret-that-is-longer-than-the-64-bytes-of-a-block-of-sha256-",
        "example-app-secret",
        "another-app-secret",
        "previous-app-secret",
        "example-postback-key",
        "another-postback-key",
        "3pPzNQstYfXDCE5x",
        "example-oauth-secret",
        "example-developer",
    }
)
"""The one list of keys that are public on purpose. They protect nothing, anywhere."""


def shown(secret: str) -> str:
    """Return a secret as it may be shown: itself when it is a public test key, else masked.

    >>> shown("example-integration-secret")
    'example-integration-secret'
    >>> shown("a private thing")
    '‹15 characters, sha256 c3b3f6…›'
    """
    if not secret or secret in PUBLIC_TEST_KEYS:
        return secret
    digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
    return f"‹{len(secret)} characters, sha256 {digest[:6]}…›"


def key_bytes(secret: str, clause: str) -> bytes:
    """Return the secret's UTF-8 bytes, the key of every HMAC here.

    Raises `Refused` with `empty-secret`, or with `wrong-type` for anything but text.

    >>> key_bytes("example-integration-secret", "officernd:signature.key")[:7]
    b'example'
    """
    if not isinstance(secret, str):
        raise Refused("wrong-type", clause, {"secret": type(secret).__name__, "expected": "str"})
    if not secret:
        raise Refused("empty-secret", clause)
    try:
        return secret.encode()
    except UnicodeEncodeError:
        raise Refused("malformed", clause, {"secret": "is not valid Unicode"}) from None


def hex_key_bytes(secret: str, clause: str) -> bytes:
    """Return the bytes that a secret of hex digits stands for; a reading of many pages. Raises `Refused`, also `malformed`.

    >>> hex_key_bytes("00ff00ff", "retailcrm:token.key")
    b'\\x00\\xff\\x00\\xff'
    """
    text = key_bytes(secret, clause)
    try:
        return bytes.fromhex(secret) or text
    except ValueError:
        raise Refused("malformed", clause, {"secret": "is not hex"}) from None


def base64_key_bytes(secret: str, clause: str) -> bytes:
    """Return the bytes that a secret in base64 stands for; a reading of many pages. Raises `Refused`, also `malformed`.

    >>> base64_key_bytes("c2VjcmV0LWtleQ==", "retailcrm:token.key")
    b'secret-key'
    """
    text = key_bytes(secret, clause)
    try:
        return base64.b64decode(text, validate=True) or text
    except ValueError:
        raise Refused("malformed", clause, {"secret": "is not base64"}) from None


def first_that_verifies(
    candidates: Iterable[tuple[str, str]], verify: Callable[[str], T], *, clause: str
) -> tuple[str, T]:
    """Try labelled secrets in order; return the label that verified and what was verified.

    Only `signature-mismatch` leads on to the next candidate. Raises the last mismatch, any other
    refusal at once, and `unknown-installation` when there is no candidate.

    >>> def verify(secret):
    ...     if secret != "another-integration-secret":
    ...         raise Refused("signature-mismatch", "officernd:signature.digest")
    ...     return "verified"
    >>> first_that_verifies(
    ...     [("previous", "wrong-secret"), ("current", "another-integration-secret")],
    ...     verify, clause="officernd:signature.secret")
    ('current', 'verified')
    """
    refused = Refused("unknown-installation", clause)
    for label, secret in candidates:
        try:
            return label, verify(secret)
        except Refused as error:
            if error.reason != "signature-mismatch":
                raise
            refused = error
    raise refused
