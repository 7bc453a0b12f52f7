"""The adopted rules of both kinds of launch: `launch` has what they share, `encrypted` and `plain` the rest.

Each is one answer to a question that the page leaves open; `readings.py` holds the other answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ...core.readings import replaced
from ...core.timestamps import Tolerance
from . import encrypted, launch, plain

Readings = Mapping[str, Callable[..., Any]]


class Rules(NamedTuple):
    """The stages that a reading may replace, with the adopted rules as defaults."""

    key: Callable[[str, str], bytes] = launch.key
    parameters: Callable[[str], dict[str, str]] = launch.parameters
    text: Callable[[str], bytes] = encrypted.text
    envelope: Callable[[bytes], tuple[bytes, bytes]] = encrypted.envelope
    derive: Callable[[bytes, bytes], tuple[bytes, bytes]] = encrypted.derive
    decrypt: Callable[[bytes, bytes, bytes], bytes] = encrypted.decrypt
    unpad: Callable[[bytes], bytes] = encrypted.unpad
    parse: Callable[[bytes], dict[str, Any]] = encrypted.parse
    names: Callable[[dict[str, Any]], dict[str, Any]] = encrypted.names
    present: Callable[[dict[str, Any]], dict[str, Any]] = launch.present
    texts: Callable[[dict[str, Any]], dict[str, str]] = encrypted.texts
    location: Callable[[str], None] = launch.location
    timestamp: Callable[[str], int] = plain.timestamp
    digest: Callable[[str], bytes] = plain.digest
    message: Callable[[str, str], bytes] = plain.message
    mac: Callable[[bytes, bytes], bytes] = plain.mac
    tolerance: Callable[[], Tolerance] = lambda: (300, 60)


ADOPTED = Rules()


def rules(readings: Readings | None) -> Rules:
    """Return the adopted rules with some stages replaced; raises `Refused` with `unknown-reading`."""
    return replaced(ADOPTED, readings, "fortis:launch.mode") if readings else ADOPTED
