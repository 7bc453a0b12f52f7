"""What the app gives a browser to bring back: values with a time and a MAC, under a key of one installation."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from ...core.refusals import Refused
from ...core.strict import json_object
from ...runtime.store import Installation, StoreError

_json = json.JSONEncoder(separators=(",", ":")).encode
MOST = 3_500
"""Characters of a sealed value; a browser keeps cookies of 4,096 bytes."""


def sealed(values: Mapping[str, str], until: int, key: str) -> str:
    """Return values as text with their end (Unix seconds) and MAC; nothing in it is hidden.

    >>> sealed({"session": "1"}, 1700000000, "example-app-secret").count(".")
    2
    """
    text = base64.urlsafe_b64encode(_json(dict(values)).encode()).decode()
    return f"{text}.{until}.{_mac(f'{text}.{until}', key)}"


def unsealed(
    text: str, now: int, installation_of: Callable[[str], Installation | None]
) -> tuple[Installation, dict[str, str]] | None:
    """Return the installation and the values of a sealed text while it lasts, or None; never a reason.

    Raises `StoreError` where the store cannot be asked.
    """
    body, _, mac = text[:MOST].rpartition(".")
    encoded, _, until = body.partition(".")
    try:
        values: dict[str, Any] = json_object(base64.urlsafe_b64decode(encoded.encode()), "")
        installation = installation_of(str(values.get("session", "")))
        if installation is None or not installation.credentials.get("session_key"):
            return None
        right = hmac.compare_digest(_mac(body, installation.credentials["session_key"]), mac)
        return (installation, values) if right and int(until) >= now else None
    except StoreError:  # says nothing of the text
        raise
    except (Refused, ValueError, TypeError, binascii.Error):
        return None


def _mac(text: str, key: str) -> str:
    return hmac.digest(key.encode(), text.encode(), "sha256").hex()
