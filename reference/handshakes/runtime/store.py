"""Installations and their credentials, behind one small interface.

An *installation* is what a partner keeps of one connection: who connected (searchable details) and
the credentials (secrets). `MemoryStore` is for notebooks and tests; `sql_store.SqlStore` keeps
everything that is served, with the credentials encrypted at rest and bound to their row.

A save replaces an installation whole, in one transaction, or not at all; `save_all` several
at once. It succeeds only for the version that was read, so two steps that run at once cannot undo each other's work.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from ..core.refusals import Refused


class Conflict(Exception):
    """Somebody else saved this installation since it was read."""


class StoreError(Refused):
    """The store cannot be opened, read or written; `reason` says why, `message` what exactly, the hint what to do.

    `version` is that of an installation that is there and cannot be opened, else 0: who has verified a new
    connection saves over that version, as `earlier` finds it.

    >>> print(StoreError("store-locked", "the database is locked"))
    store-locked (store): the database is locked
    """

    def __init__(self, reason: str, message: str, version: int = 0) -> None:
        super().__init__(reason, "store", {"store": message})
        self.message = message
        self.version = version

    def __str__(self) -> str:
        return f"{self.reason} ({self.clause}): {self.message}"


@dataclass(frozen=True, slots=True)
class Installation:
    """One connection. `details` can be searched; `credentials` are secret and not in the representation.

    `state` is `active`, `pending` or `removed`. `version` counts the saves; 0 was never saved.

    >>> Installation("officernd", "org/integration", {"slug": "a"}, {"secret": "s"})
    Installation(platform='officernd', identity='org/integration', details={'slug': 'a'}, state='active', version=0)
    """

    platform: str
    identity: str
    details: Mapping[str, str]
    credentials: Mapping[str, str] = field(repr=False)
    state: str = "active"
    version: int = 0


class Store(Protocol):
    """What a partner needs of a store."""

    def get(self, platform: str, identity: str) -> Installation | None:
        """Return the installation with this identity, or None."""

    def find(self, platform: str, name: str, value: str) -> list[Installation]:
        """Return the installations with this detail, ordered by identity."""

    def listed(
        self, platform: str, most: int, after: str = ""
    ) -> list[tuple[str, Installation | StoreError]]:
        """Return at most `most` of a platform's installations behind an identity, in their order; an error for one that cannot be opened."""

    def save(self, installation: Installation) -> Installation:
        """Save the version that was read; return it with the next number. Raises `Conflict`."""

    def remove_expired(self, platform: str, now: int) -> None:
        """Remove every installation whose detail `expires`, as `expiry` writes it, is a second before `now`."""

    def save_all(self, *installations: Installation) -> list[Installation]:
        """Save several in one transaction: all of them, or none. Raises `Conflict`."""

    def first_time(self, platform: str, nonce: str, until: int, now: int) -> bool:
        """Remember a nonce until a Unix second; return whether it was new."""


def store_failed(refused: Refused) -> bool:
    """Return whether the store itself failed, which passes: not a single row, which a new connection replaces.

    >>> store_failed(StoreError("store-locked", "the database is locked"))
    True
    """
    return isinstance(refused, StoreError) and not refused.version


def earlier(store: Store, platform: str, identity: str) -> tuple[Installation | None, int]:
    """Return the installation that a verified new connection replaces, or None, and the version to save over.

    What the store cannot open (a damaged row, or one under a lost key) is replaced too: the platform has just
    confirmed the new connection, and nobody could use the old one. Raises `StoreError` where there is no row
    to replace: the store itself fails.
    """
    try:
        found = store.get(platform, identity)
    except StoreError as error:
        if not error.version:
            raise
        return None, error.version
    return found, found.version if found else 0


EXPIRES = "expires"


def expiry(seconds: int) -> str:
    """Return Unix seconds as the detail `expires` holds them: of one length, so that texts sort as numbers.

    >>> expiry(1648190384)
    '001648190384'
    """
    return f"{seconds:012d}"


class MemoryStore:
    """A store that lasts as long as the process.

    >>> store = MemoryStore()
    >>> store.save(Installation("officernd", "1", {"slug": "a"}, {})).version
    1
    >>> [found.identity for found in store.find("officernd", "slug", "a")]
    ['1']
    """

    def __init__(self) -> None:
        self._installations: dict[tuple[str, str], Installation] = {}
        self._nonces: dict[tuple[str, str], int] = {}
        self._lock = threading.RLock()

    def get(self, platform: str, identity: str) -> Installation | None:
        """Return the installation with this identity, or None."""
        stored = self._installations.get((platform, identity))
        return _copy(stored) if stored else None

    def find(self, platform: str, name: str, value: str) -> list[Installation]:
        """Return the installations with this detail, ordered by identity."""
        with self._lock:
            known = sorted(self._installations.items())
        return [
            _copy(installation)
            for (kept_for, _), installation in known
            if kept_for == platform and installation.details.get(name) == value
        ]

    def listed(
        self, platform: str, most: int, after: str = ""
    ) -> list[tuple[str, Installation | StoreError]]:
        """Return at most `most` of a platform's installations behind an identity, in their order."""
        with self._lock:
            known = sorted(self._installations.items())
        behind = [(key[1], one) for key, one in known if key[0] == platform and key[1] > after]
        return [(identity, _copy(one)) for identity, one in behind[:most]]

    def save(self, installation: Installation) -> Installation:
        """Save the version that was read; return it with the next number. Raises `Conflict`."""
        return self.save_all(installation)[0]

    def remove_expired(self, platform: str, now: int) -> None:
        """Remove every installation whose detail `expires`, as `expiry` writes it, is a second before `now`."""
        with self._lock:
            self._installations = {
                key: one
                for key, one in self._installations.items()
                if key[0] != platform or one.details.get(EXPIRES, expiry(now)) >= expiry(now)
            }

    def save_all(self, *installations: Installation) -> list[Installation]:
        """Save several in one transaction: all of them, or none. Raises `Conflict`."""
        with self._lock:
            for one in installations:
                stored = self._installations.get((one.platform, one.identity))
                if (stored.version if stored else 0) != one.version:
                    raise Conflict(one.identity)
            saved = [replace(one, version=one.version + 1) for one in installations]
            self._installations |= {(one.platform, one.identity): _copy(one) for one in saved}
            return saved

    def first_time(self, platform: str, nonce: str, until: int, now: int) -> bool:
        """Remember a nonce until a Unix second; return whether it was new."""
        with self._lock:
            self._nonces = {key: end for key, end in self._nonces.items() if end >= now}
            new = (platform, nonce) not in self._nonces
            self._nonces.setdefault((platform, nonce), until)
            return new


def _copy(installation: Installation) -> Installation:
    """Return an installation that does not share its mappings with anybody."""
    return replace(
        installation, details=dict(installation.details), credentials=dict(installation.credentials)
    )
