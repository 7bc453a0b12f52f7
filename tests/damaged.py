"""Rows that a store cannot open, as the tests of the four platforms make them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, MultiFernet

from handshakes.runtime.sql_store import SqlStore
from handshakes.runtime.store import StoreError

DAMAGES = {
    "one byte": "credentials = x'00'",
    "text": "credentials = 'xx'",
    "nothing": "credentials = x''",
    "another row's": "credentials = (SELECT credentials FROM installations WHERE identity NOT IN ({0}))",
    "details no JSON": "details = '{{'",
    "details a list": "details = '[]'",
    "details without names": "details = '{{}}'",
    "another state": "state = 'x'",
    "no version": "version = 0",
}
LOST_KEY = "a lost key"
"""Then no row can be opened, and not the damaged ones alone."""
EVERY = [*DAMAGES, LOST_KEY]


def kept_in(folder: Path) -> SqlStore:
    """Return a store of its own in a folder, with a key of its own."""
    return SqlStore(f"sqlite:///{folder / 'kept.sqlite'}?timeout=0.1", [Fernet.generate_key().decode()])


def damage(how: str, store: SqlStore, folder: Path, platform: str, *identities: str) -> None:
    """Damage the rows of these identities in the store that is kept in a folder."""
    if how == LOST_KEY:
        store._rows._fernet = MultiFernet([Fernet(Fernet.generate_key())])
    else:
        marks = ", ".join("?" * len(identities))
        others = ", ".join(f"'{identity}'" for identity in identities)
        change = DAMAGES[how].format(others)
        with sqlite3.connect(folder / "kept.sqlite") as database:
            database.execute(f"UPDATE installations SET {change} WHERE identity IN ({marks})", identities)
    for identity in identities:
        with pytest.raises(StoreError):
            store.get(platform, identity)
