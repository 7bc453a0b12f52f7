"""Opening the store that a person named: a folder, or a database of PostgreSQL by its URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from rich.markup import escape

from ..core.printing import printable
from .common import err, fail

if TYPE_CHECKING:
    from ..runtime.sql_store import SqlStore
    from ..runtime.store import StoreError

HELP = "Folder of the partner's store, temporary unless given; or postgresql://USER@HOST:PORT/DATABASE."
KEYS_HELP = "File with the store's keys, which a database needs; else HANDSHAKES_STORE_KEYS holds them."


@contextmanager
def opened_store(place: str, temporary: Path, keys: Path | None = None) -> Iterator[SqlStore]:
    """Open the store that a person named, or else one in a temporary folder, with keys of its own."""
    from ..runtime.sql_store import open_database, open_store
    from ..runtime.store import StoreError
    from ..runtime.store_urls import is_database_url

    if "://" in place and not is_database_url(place):
        fail("--store is a folder, or postgresql://USER@HOST:PORT/DATABASE")
    if keys and not place:
        fail("--keys is for a store that lasts: add --store")
    try:
        if is_database_url(place):
            store = open_database(place, keys)
        else:
            store = open_store(Path(place), keys=keys) if place else open_store(temporary, {})
        warn_of_unreadable(store)
    except StoreError as error:
        _not_opened(error)
    try:
        yield store
    finally:
        store.close()


def _not_opened(error: StoreError) -> NoReturn:
    """Say why, and what to do; end with exit code 2."""
    hints = {
        "no key file": "To make one: (umask 077; openssl rand -base64 32 | tr '+/' '-_' > FILE)",
        "driver": "Install it where handshakes is installed: pip install 'psycopg[binary]'",
        **dict.fromkeys(("the address of the store", "others can read", "cannot be read:"), ""),
        "the database at": "Does it run? Its user's password is read from PGPASSWORD, or the file that PGPASSFILE names.",
    }
    more = next((hint for words, hint in hints.items() if words in error.message), error.hint())
    fail(f"{error.message}. {more}".strip())


def warn_of_unreadable(store: SqlStore) -> None:
    """Say which installations the store cannot open, by reason: a wrong key file must not start without a word."""
    wrong, looked = store.unreadable()
    for reason in sorted({error.reason for error in wrong}):
        same = [error for error in wrong if error.reason == reason]
        text = f"{len(same)} of {looked} installations cannot be opened ({reason}): {same[0].message}"
        err.print(f"[yellow]handshakes:[/] {escape(printable(text, 400))}. {same[0].hint()}")
