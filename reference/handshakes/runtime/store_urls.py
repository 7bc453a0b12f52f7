"""Where a store's database is: its URL, which holds no password, and what a connection to it is given.

PostgreSQL's own client reads the password from PGPASSWORD or from the file that PGPASSFILE names. A URL stands on a
command line, which everybody on a machine can read, so one with a password is refused and not shown.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..core.printing import printable
from .store import StoreError

if TYPE_CHECKING:
    from sqlalchemy import URL

SCHEMES = ("postgresql://", "postgres://", "postgresql+psycopg://")
LOCAL = ("", "localhost", "127.0.0.1", "::1")
PATIENCE = 1.0
"""Seconds that a request waits for a row that another holds in PostgreSQL."""
QUEUE = 10.0
"""Seconds that a request waits for one of the connections to PostgreSQL, or to write after others in SQLite; and a statement for its answer."""
CONNECTIONS = 10
MEMORY = ":memory:"
WATCHED: dict[str, int | str] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""How libpq notices that the machine with the database is gone, which no timeout of that machine can say."""


def is_database_url(text: str) -> bool:
    """Return whether a text names a database of PostgreSQL, and not a folder.

    >>> is_database_url("postgresql://shop@db.example/shop"), is_database_url("data/store")
    (True, False)
    """
    return text.lower().startswith(SCHEMES)


def database_url(text: str) -> URL:
    """Return the address of a database; raises `StoreError` for one with a password in it, or that is none.

    >>> database_url("postgres://shop@db.example/shop").drivername
    'postgresql+psycopg'
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url("postgresql+psycopg://" + text.partition("://")[2])
    except (ArgumentError, ValueError):  # which would show the text
        message = "the address of the store is not postgresql://USER@HOST:PORT/DATABASE"
        raise StoreError("store-unavailable", message) from None
    if url.password is not None or any("password" in name.lower() for name in url.query):
        message = "the address of the store holds a password, which others can read on a command line"
        message += ": give it in PGPASSWORD, or in a file that PGPASSFILE names"
        raise StoreError("store-unavailable", message)
    if not url.database:
        raise StoreError("store-unavailable", "the address of the store names no database")
    return url


def shown(url: URL) -> str:
    """Return where a database is: host, port and name alone."""
    return printable(f"{url.host or 'this machine'}:{url.port or 5432}/{url.database}", 200)


def engine_options(url: URL, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what lets a request give up in a moment, and a connection find out that the server was started anew.

    Beyond this machine PostgreSQL has to show a certificate for its name, unless the URL or PGSSLMODE says otherwise.

    A database of SQLite that is in memory has one connection, with which it ends.

    >>> from sqlalchemy import make_url
    >>> engine_options(make_url("sqlite:///a.sqlite"))["connect_args"], engine_options(make_url("sqlite://"))["pool_size"]
    ({'timeout': 10.0}, 1)
    >>> options = engine_options(make_url("postgresql+psycopg://shop@db.example/shop"), {})
    >>> options["connect_args"]["sslmode"], options["pool_pre_ping"]
    ('verify-full', True)
    """
    from sqlalchemy import QueuePool

    if url.get_backend_name() == "sqlite":
        arguments: dict[str, Any] = {"timeout": (patience := float(str(url.query.get("timeout", QUEUE))))}
        options = {"poolclass": QueuePool, "pool_timeout": patience, "connect_args": arguments}
        if (url.database or MEMORY).endswith(MEMORY) or url.query.get("mode") == "memory":
            arguments["check_same_thread"] = False
            return {**options, "pool_size": 1, "max_overflow": 0}
        return options
    environment = os.environ if environment is None else environment
    limits = {
        "lock_timeout": PATIENCE,
        "statement_timeout": QUEUE,
        "idle_in_transaction_session_timeout": QUEUE,
    }
    given = [f"-c {name}={int(seconds * 1_000)}" for name, seconds in limits.items()]
    own = url.query.get("options", ())
    given += [r"-c default_transaction_isolation=read\ committed", *([own] if isinstance(own, str) else own)]
    arguments = {**WATCHED, "options": " ".join(given)}
    host = url.host or str(url.query.get("host", environment.get("PGHOST", "")))
    if not environment.get("PGSSLMODE") and host not in LOCAL and not host.startswith("/"):
        arguments["sslmode"] = "verify-full"
    return {
        "pool_size": CONNECTIONS // 2,
        "max_overflow": CONNECTIONS // 2,
        "pool_timeout": QUEUE,
        "pool_pre_ping": True,
        "connect_args": {
            name: value for name, value in arguments.items() if name == "options" or name not in url.query
        },
    }
