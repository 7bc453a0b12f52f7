"""Installations in a database, with the credentials encrypted at rest and bound to their row; and opening one.

The keys come from the environment or from a file beside the database, which the first start writes.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .store import EXPIRES, Conflict, Installation, StoreError, expiry

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet
    from sqlalchemy import Connection

log = logging.getLogger("handshakes")

KEYS_VARIABLE = "HANDSHAKES_STORE_KEYS"


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
            raise StoreError("a store key is not a Fernet key (44 URL-safe base64 characters)") from None
        self._sql = sql
        metadata = sql.MetaData()
        text = sql.String
        self._installations = sql.Table(
            "installations",
            metadata,
            sql.Column("platform", text(40), primary_key=True),
            sql.Column("identity", text(300), primary_key=True),
            sql.Column("state", text(20), nullable=False),
            sql.Column("version", sql.Integer, nullable=False),
            sql.Column("details", sql.Text, nullable=False),
            sql.Column("credentials", sql.LargeBinary, nullable=False),
        )
        self._details = sql.Table(
            "details",
            metadata,
            sql.Column("platform", text(40), primary_key=True),
            sql.Column("identity", text(300), primary_key=True),
            sql.Column("name", text(60), primary_key=True),
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
            self._engine = sql.create_engine(url, hide_parameters=True)
            self._make(metadata)
        except sql.exc.SQLAlchemyError as error:
            raise StoreError(f"the database cannot be opened: {type(error).__name__}") from None

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

    def get(self, platform: str, identity: str) -> Installation | None:
        """Return the installation with this identity, or None."""
        with self._engine.connect() as connection:
            row = connection.execute(self._by_identity, {"platform": platform, "identity": identity}).first()
        return self._opened(row) if row else None

    def find(self, platform: str, name: str, value: str) -> list[Installation]:
        """Return the installations with this detail, ordered by identity."""
        with self._engine.connect() as connection:
            found = {"platform": platform, "name": name, "value": value}
            rows = connection.execute(self._by_detail, found).all()
        installations = []
        for row in rows:
            try:
                installations.append(self._opened(row))
            except StoreError as error:  # one damaged row must not take the others with it
                log.error("%s", error)
        return installations

    def save(self, installation: Installation) -> Installation:
        """Save the version that was read; return it with the next number. Raises `Conflict`."""
        return self.save_all(installation)[0]

    def save_all(self, *installations: Installation) -> list[Installation]:
        """Save several in one transaction: all of them, or none. Raises `Conflict`."""
        with self._engine.begin() as connection:
            return [self._saved(connection, installation) for installation in installations]

    def _saved(self, connection: Connection, installation: Installation) -> Installation:
        sql = self._sql
        key = {"platform": installation.platform, "identity": installation.identity}
        saved = replace(installation, version=installation.version + 1)
        row = {
            "state": saved.state,
            "version": saved.version,
            "details": json.dumps(dict(saved.details), ensure_ascii=False),
            "credentials": self._fernet.encrypt(
                json.dumps([saved.platform, saved.identity, dict(saved.credentials)]).encode()
            ),
        }
        table, details = self._installations, self._details
        this = (table.c.platform == saved.platform, table.c.identity == saved.identity)
        if installation.version:
            unchanged = table.c.version == installation.version
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
        with self._engine.begin() as connection:
            found = connection.execute(sql.select(details.identity).where(*past)).scalars().all()
            for table in (self._details, self._installations) if found else ():
                one = (table.c.platform == platform, table.c.identity == sql.bindparam("gone"))
                connection.execute(sql.delete(table).where(*one), [{"gone": identity} for identity in found])

    def first_time(self, platform: str, nonce: str, until: int, now: int) -> bool:
        """Remember a nonce until a Unix second; return whether it was new."""
        sql, table = self._sql, self._nonces
        try:
            with self._engine.begin() as connection:
                connection.execute(sql.delete(table).where(table.c.until < now))
                connection.execute(sql.insert(table).values(platform=platform, nonce=nonce, until=until))
        except sql.exc.IntegrityError:
            return False
        return True

    def close(self) -> None:
        """Close the database's connections."""
        self._engine.dispose()

    def _opened(self, row: Any) -> Installation:
        from cryptography.fernet import InvalidToken

        platform, identity, state, version, details, sealed = row
        try:
            kept_for, kept_as, credentials = json.loads(self._fernet.decrypt(sealed))
            searchable = json.loads(details)
            if not isinstance(searchable, dict) or not isinstance(credentials, dict):
                raise ValueError
        except InvalidToken:
            raise StoreError(
                f"no store key opens the credentials of {platform} {identity}", version
            ) from None
        except (TypeError, ValueError):
            raise StoreError(f"the row of {platform} {identity} cannot be read", version) from None
        if (kept_for, kept_as) != (platform, identity):
            raise StoreError(f"the credentials of {platform} {identity} belong to another row", version)
        return Installation(platform, identity, searchable, credentials, state, version)


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
            keys = _keys_of(key_file, may_make=not database.exists())
        url = URL.create("sqlite", database=str(database))  # a path may hold `?`, which a URL text may not
        return SqlStore(url.render_as_string(), keys)
    except UnicodeDecodeError:
        raise StoreError(f"{key_file} holds something other than keys") from None
    except UnicodeEncodeError:
        raise StoreError(f"the store in {directory} cannot be opened: its path is not UTF-8") from None
    except OSError as error:
        raise StoreError(f"the store in {directory} cannot be opened: {error.strerror}") from None


def _keys_of(path: Path, *, may_make: bool) -> list[str]:
    from cryptography.fernet import Fernet

    if path.exists():
        if path.stat().st_mode & 0o077:
            raise StoreError(f"others can read {path}: chmod 600 it, then rotate the keys")
        keys = path.read_text().split()
        if not keys:
            raise StoreError(f"{path} holds no key")
        return keys
    if not may_make:
        raise StoreError(f"{path} is missing, so the credentials in the database cannot be read; restore it")
    _written_whole(path, Fernet.generate_key().decode() + "\n")
    return path.read_text().split()  # another process may have been first


def _written_whole(path: Path, text: str) -> None:
    """Give a new file its name only when all of it is on the disk; one that has the name already stays as it is."""
    descriptor, aside = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # its owner's alone: 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(aside, path)  # unlike a renaming, it never replaces the keys of another first start
        _sync_folder(path.parent)
    finally:
        Path(aside).unlink()


def _sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
