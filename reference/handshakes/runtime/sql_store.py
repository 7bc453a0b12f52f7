"""Installations in a database, with the credentials encrypted at rest and bound to their row; and opening one.

The keys come from the environment or from a file beside the database, which the first start writes.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .store import EXPIRES, Conflict, Installation, StoreError, expiry
from .store_errors import folder_error, store_error
from .store_keys import keys_of
from .turns import Turn, patience

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet
    from sqlalchemy import Connection

log = logging.getLogger("handshakes")

KEYS_VARIABLE = "HANDSHAKES_STORE_KEYS"
NO_VERSION = -1
"""What a row is replaced under whose version is none."""


class SqlStore:
    """A store in a database: SQLite by default, any other by its SQLAlchemy URL.

    `keys` are Fernet keys: the first encrypts, every one decrypts, so a key is rotated by putting
    the new one in front.
    """

    def __init__(self, url: str, keys: list[str]) -> None:
        import sqlalchemy as sql
        from cryptography.fernet import Fernet, MultiFernet

        try:
            self._fernet: MultiFernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise StoreError(
                "store-wrong-key", "a store key is not a Fernet key (44 URL-safe base64 characters)"
            ) from None
        self._sql = sql
        self._turn = Turn() if url.startswith("sqlite") else nullcontext()
        metadata = sql.MetaData()
        text = sql.String
        whose = [("platform", text(40)), ("identity", text(300))]
        self._installations = sql.Table(
            "installations",
            metadata,
            *(sql.Column(*one, primary_key=True) for one in whose),
            sql.Column("state", text(20), nullable=False),
            sql.Column("version", sql.Integer, nullable=False),
            sql.Column("details", sql.Text, nullable=False),
            sql.Column("credentials", sql.LargeBinary, nullable=False),
        )
        self._details = sql.Table(
            "details",
            metadata,
            *(sql.Column(*one, primary_key=True) for one in [*whose, ("name", text(60))]),
            sql.Column("value", text(2000), nullable=False),
            sql.Index("by_detail", "platform", "name", "value"),
        )
        self._nonces = sql.Table(
            "nonces",
            metadata,
            sql.Column("platform", text(40), primary_key=True),
            sql.Column("nonce", text(200), primary_key=True),
            sql.Column("until", sql.BigInteger, nullable=False),
            sql.Index("by_end", "until"),
        )
        table, details = self._installations.c, self._details.c
        self._no_version = table.version < 1
        if url.startswith("sqlite"):  # where a column may hold anything
            self._no_version |= sql.func.typeof(table.version) != "integer"
        self._by_identity = sql.select(self._installations).where(
            table.platform == sql.bindparam("platform"), table.identity == sql.bindparam("identity")
        )
        self._by_detail = (
            sql.select(self._installations)
            .join(
                self._details,
                sql.and_(details.platform == table.platform, details.identity == table.identity),
            )
            .where(
                details.platform == sql.bindparam("platform"),
                details.name == sql.bindparam("name"),
                details.value == sql.bindparam("value"),
            )
            .order_by(table.identity)
        )
        try:
            self._engine = sql.create_engine(url, hide_parameters=True, **patience(url))
            self._make(metadata)
        except sql.exc.SQLAlchemyError as error:
            raise store_error(error) from None
        except ImportError as error:
            raise StoreError("store-unavailable", f"the database's driver is missing: {error.name}") from None

    def _make(self, metadata: Any) -> None:
        """Make the tables and indexes that are missing, also when another process makes them at this moment."""
        indexes = [index for table in metadata.sorted_tables for index in table.indexes]
        for last in [*[False] * (len(metadata.tables) + len(indexes)), True]:
            try:
                metadata.create_all(self._engine)
                for index in indexes:  # a database made before an index was thought of has the table alone
                    index.create(self._engine, checkfirst=True)
                return
            except self._sql.exc.DBAPIError as error:
                if last or "exists" not in str(error.orig):
                    raise

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Give a connection in a transaction; what the database says when it fails is a `StoreError`."""
        try:
            with self._turn, self._engine.begin() as connection:
                yield connection
        except self._sql.exc.IntegrityError:  # a row is there already: for the caller to judge
            raise
        except self._sql.exc.SQLAlchemyError as error:
            raise store_error(error) from None

    def get(self, platform: str, identity: str) -> Installation | None:
        """Return the installation with this identity, or None. Raises `StoreError`, as every method does."""
        with self._transaction() as connection:
            row = connection.execute(self._by_identity, {"platform": platform, "identity": identity}).first()
        return self._opened(row) if row else None

    def find(self, platform: str, name: str, value: str) -> list[Installation]:
        """Return the installations with this detail, ordered by identity."""
        with self._transaction() as connection:
            found = {"platform": platform, "name": name, "value": value}
            rows = connection.execute(self._by_detail, found).all()
        installations = []
        for row in rows:
            try:
                installations.append(self._opened(row))
            except StoreError as error:  # one damaged row must not take the others with it
                log.error("%s", error)
        # the table that is searched is not sealed: what leads to another's installation leads nowhere
        return [one for one in installations if one.details.get(name) == value]

    def save(self, installation: Installation) -> Installation:
        """Save the version that was read; return it with the next number. Raises `Conflict`."""
        return self.save_all(installation)[0]

    def save_all(self, *installations: Installation) -> list[Installation]:
        """Save several in one transaction: all of them, or none. Raises `Conflict`."""
        with self._transaction() as connection:
            return [self._saved(connection, installation) for installation in installations]

    def _saved(self, connection: Connection, installation: Installation) -> Installation:
        sql = self._sql
        key = {"platform": installation.platform, "identity": installation.identity}
        saved = replace(installation, version=max(installation.version, 0) + 1)
        shown = json.dumps(dict(saved.details), ensure_ascii=False)
        sealed = [saved.platform, saved.identity, dict(saved.credentials), _digest(saved.state, shown)]
        row = {
            "state": saved.state,
            "version": saved.version,
            "details": shown,
            "credentials": self._fernet.encrypt(json.dumps(sealed).encode()),
        }
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
        connection.execute(
            sql.delete(details).where(
                details.c.platform == saved.platform, details.c.identity == saved.identity
            )
        )
        if saved.details:
            values = [{**key, "name": name, "value": value} for name, value in saved.details.items()]
            connection.execute(sql.insert(details), values)
        return saved

    def remove_expired(self, platform: str, now: int) -> None:
        """Remove every installation whose detail `expires`, as `expiry` writes it, is a second before `now`."""
        sql, details = self._sql, self._details.c
        past = (details.platform == platform, details.name == EXPIRES, details.value < expiry(now))
        with self._transaction() as connection:
            found = connection.execute(sql.select(details.identity).where(*past)).scalars().all()
            for table in (self._details, self._installations) if found else ():
                one = (table.c.platform == platform, table.c.identity == sql.bindparam("gone"))
                connection.execute(sql.delete(table).where(*one), [{"gone": identity} for identity in found])

    def first_time(self, platform: str, nonce: str, until: int, now: int) -> bool:
        """Remember a nonce until a Unix second; return whether it was new."""
        sql, table = self._sql, self._nonces
        try:
            with self._transaction() as connection:
                connection.execute(sql.delete(table).where(table.c.until < now))
                connection.execute(sql.insert(table).values(platform=platform, nonce=nonce, until=until))
        except sql.exc.IntegrityError:
            return False
        return True

    def unreadable(self, most: int = 200) -> tuple[list[StoreError], int]:
        """Return what is wrong with the first `most` installations, one error each, and how many were looked at."""
        with self._transaction() as connection:
            rows = connection.execute(self._sql.select(self._installations).limit(most)).all()
        wrong = []
        for row in rows:
            try:
                self._opened(row)
            except StoreError as error:
                wrong.append(error)
        return wrong, len(rows)

    def close(self) -> None:
        """Close the database's connections."""
        self._engine.dispose()

    def _opened(self, row: Any) -> Installation:
        from cryptography.fernet import InvalidToken

        platform, identity, state, version, details, sealed = row
        if not isinstance(version, int) or version < 1:
            raise StoreError("store-damaged", f"the row of {platform} {identity} has no version", NO_VERSION)
        try:
            kept_for, kept_as, credentials, *digest = json.loads(self._fernet.decrypt(sealed))
            searchable = json.loads(details)
            if not isinstance(searchable, dict) or not isinstance(credentials, dict):
                raise ValueError
        except InvalidToken:
            raise StoreError(
                "store-wrong-key", f"no store key opens the credentials of {platform} {identity}", version
            ) from None
        except (TypeError, ValueError):
            raise StoreError(
                "store-damaged", f"the row of {platform} {identity} cannot be read", version
            ) from None
        if (kept_for, kept_as) != (platform, identity):
            raise StoreError(
                "store-damaged", f"the credentials of {platform} {identity} belong to another row", version
            )
        if digest and digest != [_digest(state, details)]:  # a row of before this was sealed has none
            raise StoreError(
                "store-damaged", f"state or details of {platform} {identity} were changed by others", version
            )
        return Installation(platform, identity, searchable, credentials, state, version)


def _digest(state: str, details: str) -> str:
    """Return what is sealed of state and details, which are stored in clear: so that nobody else can change them."""
    return sha256(f"{state} {details}".encode()).hexdigest()


def open_store(directory: Path, environment: Mapping[str, str] | None = None) -> SqlStore:
    """Open the store in a directory, with keys from the environment or from a file beside the database.

    The first start makes the directory and a key file that only its owner can read; of several first
    starts at once one makes the keys, and the others use them. Raises `StoreError` when others can read the key file, or when there is a database without its keys.
    """
    from sqlalchemy import URL

    environment = os.environ if environment is None else environment
    database, key_file = directory / "installations.sqlite", directory / "store.keys"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if environment.get(KEYS_VARIABLE):
            keys = environment[KEYS_VARIABLE].replace(",", " ").split()
        else:
            keys = keys_of(key_file, may_make=not database.exists())
        url = URL.create("sqlite", database=str(database))  # a path may hold `?`, which a URL text may not
        return SqlStore(url.render_as_string(), keys)
    except UnicodeDecodeError:
        raise StoreError("store-wrong-key", f"{key_file} holds something other than keys") from None
    except UnicodeEncodeError:
        message = f"the store in {directory} cannot be opened: its path is not UTF-8"
        raise StoreError("store-unavailable", message) from None
    except OSError as error:
        raise folder_error(directory, error) from None
