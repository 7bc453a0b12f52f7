"""Installations in a database of SQLite or PostgreSQL; and opening one.

The keys come from the environment or from a file beside the database, which the first start writes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .store import EXPIRES, Conflict, Installation, StoreError, expiry
from .store_errors import folder_error, store_error, unopened
from .store_keys import KEYS_VARIABLE, given_keys, keys_of
from .store_rows import NO_VERSION, Rows
from .store_tables import FOREVER, MOST, prepare, searchable, storable, tables, until_free, whole
from .store_urls import database_url, engine_options, is_database_url, shown

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

log = logging.getLogger("handshakes")

AT_ONCE = 200
"""How many expired rows one call removes: what has piled up goes over the next calls, and none of them takes long."""


class SqlStore:
    """A store in a database of SQLite or PostgreSQL, by its SQLAlchemy URL.

    `keys` are Fernet keys: the first encrypts, every one decrypts, so a key is rotated by putting
    the new one in front.
    """

    def __init__(self, url: str, keys: list[str]) -> None:
        import sqlalchemy as sql

        self._rows, self._sql = Rows(keys), sql
        address = None
        try:
            address = database_url(url) if is_database_url(url) else sql.make_url(url)
            if address.get_backend_name() not in ("sqlite", "postgresql"):
                raise StoreError("store-unavailable", "the store is a database of SQLite or PostgreSQL")
            options = {"hide_parameters": True, **engine_options(address)}
            first = self._engine = self._alone = self._reading = sql.create_engine(address, **options)
            if self._engine.dialect.name == "postgresql":  # one round trip instead of three
                self._alone = self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")
            elif "pool_size" not in options:  # one connection that writes, for which threads queue
                one = {"pool_size": 1, "max_overflow": 0, "connect_args": {"timeout": 0}}
                self._engine = self._alone = sql.create_engine(address, **{**options, **one})
            self._wait, known = options["pool_timeout"], tables()
            prepare(first, known)
        except sql.exc.SQLAlchemyError as error:
            raise unopened(error, shown(address) if address is not None else "") from None
        except ImportError as error:
            raise StoreError("store-unavailable", f"the database's driver is missing: {error.name}") from None
        self._installations, self._details, self._nonces = known.installations, known.details, known.nonces
        table, details, nonces = self._installations.c, self._details.c, self._nonces.c
        self._no_version = table.version < 1
        if self._engine.dialect.name == "sqlite":  # where a column may hold anything
            self._no_version |= sql.func.typeof(table.version) != "integer"
        self._by_identity = sql.select(self._installations).where(
            table.platform == sql.bindparam("platform"), table.identity == sql.bindparam("identity")
        )
        leading = sql.select(details.identity).where(
            details.platform == sql.bindparam("platform"),
            details.name == sql.bindparam("name"),
            details.value == sql.bindparam("value"),
        )  # not a join, for which SQLite would read every installation in the order of identity
        self._by_detail = sql.select(self._installations).where(
            table.platform == sql.bindparam("platform"), table.identity.in_(leading)
        )
        self._remember = sql.text(
            "INSERT INTO nonces (platform, nonce, until) VALUES (:platform, :nonce, :until)"
            " ON CONFLICT (platform, nonce) DO UPDATE SET until = excluded.until WHERE nonces.until < :now"
        )
        past = sql.select(nonces.platform, nonces.nonce).where(nonces.until < sql.bindparam("now"))
        past = past.order_by(nonces.until).limit(AT_ONCE).with_for_update(skip_locked=True)
        self._looked: int | None = None
        self._forget = sql.delete(self._nonces).where(sql.tuple_(nonces.platform, nonces.nonce).in_(past))

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        """Give a connection in a transaction; what the database says when it fails is a `StoreError`.

        Of `_reading`, and of `_alone` where that is quicker, every statement is a transaction of its own.
        """
        try:
            with engine.begin() as connection:
                if engine is not self._reading and engine.dialect.name == "sqlite":
                    until_free(connection, "BEGIN IMMEDIATE", self._wait)
                yield connection
        except self._sql.exc.IntegrityError:  # a row is there already: for the caller to judge
            raise
        except self._sql.exc.SQLAlchemyError as error:
            raise store_error(error) from None

    def get(self, platform: str, identity: str) -> Installation | None:
        """Return the installation with this identity, or None. Raises `StoreError`, as every method does."""
        if not storable(identity, MOST["identity"]):
            return None
        wanted = {"platform": searchable(platform), "identity": identity}
        with self._transaction(self._reading) as connection:
            row = connection.execute(self._by_identity, wanted).first()
        return self._rows.opened(row) if row else None

    def find(self, platform: str, name: str, value: str) -> list[Installation]:
        """Return the installations with this detail, ordered by identity."""
        if not storable(name, MOST["name"]):
            return []
        with self._transaction(self._reading) as connection:
            found = {"platform": searchable(platform), "name": name, "value": searchable(value)}
            rows = connection.execute(self._by_detail, found).all()
        installations = []
        for one in map(self._opened, rows):
            if isinstance(one, StoreError):  # one damaged row must not take the others with it
                log.error("%s", one)
            else:
                installations.append(one)
        # the table that is searched is not sealed: what leads to another's installation leads nowhere
        right = (one for one in installations if one.details.get(name) == value)
        return sorted(right, key=lambda one: one.identity)

    def listed(
        self, platform: str, most: int, after: str = ""
    ) -> list[tuple[str, Installation | StoreError]]:
        """Return at most `most` of a platform's installations behind an identity, in their order; an error for one that cannot be opened."""
        table = self._installations
        after = after if storable(after, MOST["identity"]) else ""
        behind = (table.c.platform == searchable(platform), table.c.identity > after)
        wanted = self._sql.select(table).where(*behind).order_by(table.c.identity).limit(most)
        with self._transaction(self._reading) as connection:
            rows = connection.execute(wanted).all()
        return [(row.identity, self._opened(row)) for row in rows]

    def _opened(self, row: Any) -> Installation | StoreError:
        try:
            return self._rows.opened(row)
        except StoreError as error:
            return error

    def save(self, installation: Installation) -> Installation:
        """Save the version that was read; return it with the next number. Raises `Conflict`."""
        return self.save_all(installation)[0]

    def save_all(self, *installations: Installation) -> list[Installation]:
        """Save several in one transaction: all of them, or none. Raises `Conflict`."""
        for installation in installations:
            whole(installation)
        ordered = sorted(installations, key=lambda one: one.identity)  # else two may wait for each other
        with self._transaction(self._engine) as connection:
            saved = {id(one): self._saved(connection, one) for one in ordered}
        return [saved[id(one)] for one in installations]

    def _saved(self, connection: Connection, installation: Installation) -> Installation:
        sql = self._sql
        key = {"platform": installation.platform, "identity": installation.identity}
        saved = replace(installation, version=max(installation.version, 0) + 1)
        row = self._rows.sealed(saved)
        table, details = self._installations, self._details
        this = (table.c.platform == saved.platform, table.c.identity == saved.identity)
        if installation.version:
            known = installation.version != NO_VERSION
            unchanged = table.c.version == installation.version if known else self._no_version
            if connection.execute(sql.update(table).where(*this, unchanged).values(row)).rowcount != 1:
                raise Conflict(saved.identity)
        else:
            try:
                connection.execute(sql.insert(table).values({**key, **row}))
            except sql.exc.IntegrityError:
                raise Conflict(saved.identity) from None
        own = (details.c.platform == saved.platform, details.c.identity == saved.identity)
        connection.execute(sql.delete(details).where(*own))
        if saved.details:
            named = [{"name": name, "value": searchable(value)} for name, value in saved.details.items()]
            connection.execute(sql.insert(details), [{**key, **one} for one in named])
        return saved

    def remove_expired(self, platform: str, now: int) -> None:
        """Remove installations whose detail `expires`, as `expiry` writes it, is a second before `now`: up to 200."""
        sql, table, details = self._sql, self._installations.c, self._details.c
        platform = searchable(platform)
        expired = sql.and_(details.platform == platform, details.name == EXPIRES, details.value < expiry(now))
        this = sql.and_(details.platform == table.platform, details.identity == table.identity)
        found = sql.select(table.identity).join(self._details, this).where(expired).order_by(details.value)
        found = found.limit(AT_ONCE).with_for_update(skip_locked=True, of=self._installations)
        with self._transaction(self._engine) as connection:
            if not (gone := connection.execute(found).scalars().all()):
                return
            still = sql.exists().where(this, expired)  # it may have been saved anew meanwhile
            own = (table.platform == platform, table.identity.in_(gone), still)
            connection.execute(sql.delete(self._installations).where(*own))
            own = (details.platform == platform, details.identity.in_(gone), ~sql.exists().where(this))
            connection.execute(sql.delete(self._details).where(*own))

    def first_time(self, platform: str, nonce: str, until: int, now: int) -> bool:
        """Remember a nonce until a Unix second; return whether it was new. What is over goes, once a second."""
        now, until = min(now, FOREVER), min(until, FOREVER)
        kept = {"platform": searchable(platform), "nonce": searchable(nonce), "until": until, "now": now}
        with self._transaction(self._alone) as connection:
            new = connection.execute(self._remember, kept).rowcount == 1
            if now != self._looked:  # after it: a wait for others holds nothing
                gone = connection.execute(self._forget, {"now": now}).rowcount
                self._looked = now if gone < AT_ONCE else None
        return new

    def unreadable(self, most: int = 200) -> tuple[list[StoreError], int]:
        """Return what is wrong with the first `most` installations, one error each, and how many were looked at."""
        with self._transaction(self._reading) as connection:
            rows = connection.execute(self._sql.select(self._installations).limit(most)).all()
        return [one for one in map(self._opened, rows) if isinstance(one, StoreError)], len(rows)

    def close(self) -> None:
        """Close the database's connections."""
        for engine in (self._reading, self._engine):
            engine.dispose()


def open_store(
    directory: Path, environment: Mapping[str, str] | None = None, *, keys: Path | None = None
) -> SqlStore:
    """Open the store in a directory, with keys from a file, from the environment or from a file beside the database.

    The first start makes the directory and a key file that only its owner can read; of several first
    starts at once one makes the keys, and the others use them. Raises `StoreError` when others can read the key file, or when there is a database without its keys.
    """
    from sqlalchemy import URL

    database, beside = directory / "installations.sqlite", directory / "store.keys"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = given_keys(keys, environment) or keys_of(beside, may_make=not database.exists())
        url = URL.create("sqlite", database=str(database))  # a path may hold `?`, which a URL text may not
        return SqlStore(url.render_as_string(), found)
    except UnicodeEncodeError:
        message = f"the store in {directory} cannot be opened: its path is not UTF-8"
        raise StoreError("store-unavailable", message) from None
    except OSError as error:
        raise folder_error(directory, error) from None


def open_database(url: str, keys: Path | None, environment: Mapping[str, str] | None = None) -> SqlStore:
    """Open the store in a database of PostgreSQL; its keys come from a file or from the environment.

    Every process of an app has the same ones, so that none is made here. Raises `StoreError`.
    """
    database_url(url)  # before the keys: it may hold what must not be shown
    found = given_keys(keys, environment)
    if not found:
        raise StoreError("store-wrong-key", f"a database needs a key file, or the keys in {KEYS_VARIABLE}")
    return SqlStore(url, found)
