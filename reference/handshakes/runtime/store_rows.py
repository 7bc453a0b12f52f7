"""A row of a store: an installation whose credentials are encrypted, and bound to everything else in it."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from .store import Installation, StoreError

NO_VERSION = -1
"""What a row is replaced under whose version is none."""


class Rows:
    """Makes rows and opens them; the first Fernet key encrypts, every one decrypts."""

    def __init__(self, keys: list[str]) -> None:
        from cryptography.fernet import Fernet, MultiFernet

        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            message = "a store key is not a Fernet key (44 URL-safe base64 characters)"
            raise StoreError("store-wrong-key", message) from None

    def sealed(self, one: Installation) -> dict[str, Any]:
        """Return what is kept of an installation, without what names it."""
        shown = json.dumps(dict(one.details))
        sealed = [one.platform, one.identity, dict(one.credentials), _digest(one.state, shown)]
        credentials = self._fernet.encrypt(json.dumps(sealed).encode())
        return {"state": one.state, "version": one.version, "details": shown, "credentials": credentials}

    def opened(self, row: Any) -> Installation:
        """Return the installation of a row. Raises `StoreError`, with the version that can be saved over."""
        from cryptography.fernet import InvalidToken

        platform, identity, state, version, details, sealed = row
        name = f"{platform} {identity}"
        if not isinstance(version, int) or version < 1:
            raise StoreError("store-damaged", f"the row of {name} has no version", NO_VERSION)
        try:
            kept_for, kept_as, credentials, *digest = json.loads(self._fernet.decrypt(sealed))
            searchable = json.loads(details)
            if not isinstance(searchable, dict) or not isinstance(credentials, dict):
                raise ValueError
        except InvalidToken:
            message = f"no store key opens the credentials of {name}"
            raise StoreError("store-wrong-key", message, version) from None
        except (TypeError, ValueError, RecursionError):
            raise StoreError("store-damaged", f"the row of {name} cannot be read", version) from None
        if (kept_for, kept_as) != (platform, identity):
            raise StoreError("store-damaged", f"the credentials of {name} belong to another row", version)
        if digest and digest != [_digest(state, details)]:  # a row of before this was sealed has none
            raise StoreError("store-damaged", f"state or details of {name} were changed by others", version)
        return Installation(platform, identity, searchable, credentials, state, version)


def _digest(state: str, details: str) -> str:
    """Return what is sealed of state and details, which are stored in clear: so that nobody else can change them."""
    return sha256(f"{state} {details}".encode()).hexdigest()
