"""The tables of a store, on SQLite and PostgreSQL alike, and the number of their schema.

What one database takes and the other does not is settled here: `searchable` gives every text a form that both can
index, and `whole` refuses the names that neither may change.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ..core.refusals import Refused
from .store import Installation, StoreError
from .store_errors import store_error

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table

SCHEMA = 2
"""Of the tables below. Number 1 kept long values as they are, and had no number in it."""
MOST_KEY = 200
"""Bytes of a detail's value or a nonce that are kept as they are; an index of PostgreSQL takes 2,704 bytes a row."""
MOST = {"platform": 40, "identity": 2_000, "state": 20, "name": 200}
MAKING = 0x68616E64
"""The number of PostgreSQL's advisory lock for whoever makes the tables."""
FOREVER = 2**63 - 1
WAIT = 30_000
"""Milliseconds that a start waits for another one that makes the tables."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables, as SQLAlchemy knows them."""

    installations: Table
    details: Table
    nonces: Table
    schema: Table


def tables() -> Tables:
    """Return the tables; on PostgreSQL texts are ordered by their code points, whatever the database's language."""
    import sqlalchemy as sql

    metadata = sql.MetaData()
    text = sql.Text().with_variant(sql.Text(collation="C"), "postgresql")

    def columns(*names: str) -> list[sql.Column[Any]]:
        return [sql.Column(name, text, primary_key=True) for name in names]

    return Tables(
        sql.Table(
            "installations",
            metadata,
            *columns("platform", "identity"),
            sql.Column("state", text, nullable=False),
            sql.Column("version", sql.BigInteger, nullable=False),
            sql.Column("details", text, nullable=False),
            sql.Column("credentials", sql.LargeBinary, nullable=False),
        ),
        sql.Table(
            "details",
            metadata,
            *(sql.Column(name, text, nullable=False) for name in ("platform", "identity", "name", "value")),
            # begins with the identity: else PostgreSQL, before it has counted, takes this index for a search
            sql.PrimaryKeyConstraint("identity", "platform", "name"),
            sql.Index("by_detail", "platform", "name", "value"),
        ),
        sql.Table(
            "nonces",
            metadata,
            *columns("platform", "nonce"),
            sql.Column("until", sql.BigInteger, nullable=False),
            sql.Index("by_end", "until"),
        ),
        sql.Table("store_schema", metadata, sql.Column("number", sql.Integer, primary_key=True)),
    )


def prepare(engine: Engine, known: Tables) -> None:
    """Make the tables that are missing, also when other processes do so at this moment; check the schema's number.

    Raises `StoreError` where a later version of this program has made the tables.
    """
    with engine.connect() as connection:
        mode = "PRAGMA journal_mode"
        if engine.dialect.name == "sqlite" and connection.exec_driver_sql(mode).scalar() != "wal":
            # a log that SQLite writes ahead: reading waits for nobody, a commit once for the disk
            until_free(connection, f"{mode} = wal", WAIT / 1_000)
        found = _number(connection, known)
    if found is None:
        with engine.connect() as connection, _patient(connection):
            _made(connection, known)
            found = _number(connection, known)
            connection.commit()
    if found != SCHEMA:
        message = f"the database has schema {found}, and this version of handshakes knows {SCHEMA}"
        raise StoreError("store-unavailable", message)


def until_free(connection: Connection, statement: str, seconds: float) -> None:
    """Run a statement when SQLite's file is free. SQLite itself looks ten times a second: of two busy processes one starves."""
    late = time.monotonic() + seconds
    while True:
        try:
            connection.exec_driver_sql(statement)
            return
        except Exception as error:
            if store_error(error).reason != "store-locked" or time.monotonic() > late:
                raise
            time.sleep(0.002)


@contextmanager
def _patient(connection: Connection) -> Iterator[None]:
    """Let a start wait for another one that makes the tables; whoever is later finds them made."""
    if connection.dialect.name == "sqlite":
        until_free(connection, "BEGIN IMMEDIATE", WAIT / 1_000)
        try:
            yield
        finally:
            connection.rollback()  # nothing is left to undo, unless something failed
    else:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {WAIT}")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {WAIT}")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MAKING})")
        yield


def _made(connection: Connection, known: Tables) -> None:
    """Make the tables unless another process was first; bring schema 1 to 2."""
    import sqlalchemy as sql

    if _number(connection, known) is None:
        known.schema.metadata.create_all(connection)
        for index in (*known.details.indexes, *known.nonces.indexes):
            index.create(connection, checkfirst=True)  # the first databases had one index less
        value = known.details.c.value
        for old in connection.execute(sql.select(value).where(sql.func.length(value) > MOST_KEY // 4)).all():
            if (new := searchable(old[0])) != old[0]:
                connection.execute(sql.update(known.details).where(value == old[0]).values(value=new))
        connection.execute(sql.insert(known.schema).values(number=SCHEMA))


def _number(connection: Connection, known: Tables) -> int | None:
    """Return the schema's number in a database, or None where there is none."""
    import sqlalchemy as sql

    if not sql.inspect(connection).has_table(known.schema.name):
        return None
    return connection.execute(sql.select(sql.func.max(known.schema.c.number))).scalar()


def searchable(text: str) -> str:
    """Return a text as it is searched for: itself where every database can index it, else its digest.

    >>> searchable("slug"), searchable("x" * 201)[:20], searchable("a\\0")[:15]
    ('slug', 'sha256:84a0678c90937', 'sha256:ffe9aaea')
    """
    if not text.startswith("sha256:") and len(text) <= MOST_KEY and storable(text, MOST_KEY):
        return text
    return f"sha256:{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def storable(text: str, most: int) -> bool:
    """Return whether every database keeps a text as it is: no NUL, no half of a surrogate pair, not too many bytes."""
    try:
        return "\0" not in text and len(text.encode()) <= most
    except UnicodeEncodeError:
        return False


def whole(installation: Installation) -> None:
    """Raise `Refused` for an installation whose names cannot be kept; details and credentials may hold any text."""
    named = {
        "platform": installation.platform,
        "identity": installation.identity,
        "state": installation.state,
    }
    for what, text in [*named.items(), *(("name", name) for name in installation.details)]:
        if not storable(text, MOST[what]):
            evidence = {what: "holds NUL or half a character, or is too long", "limit": f"{MOST[what]} bytes"}
            raise Refused("malformed", "store", evidence)
