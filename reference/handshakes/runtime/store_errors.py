"""What a database says when it fails, as a `StoreError` with the reason that an operator can act on.

SQLite tells it by the name of its error code, PostgreSQL by the SQLSTATE of the standard. What is neither is
`store-unavailable`, with the name of the error and never its parameters.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

from ..core.printing import printable
from .store import StoreError

REASON_OF = {
    "store-locked": {
        *("SQLITE_BUSY", "SQLITE_LOCKED"),
        *("55P03", "57014", "40001", "40P01"),  # lock, cancelled, serialisation, deadlock
    },
    "store-full": {"SQLITE_FULL", "53100"},
    "store-read-only": {"SQLITE_READONLY", "25006"},
    "store-damaged": {"SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002"},
}
"""The codes of each reason: SQLite's names (of the primary code) and SQLSTATEs."""

_MESSAGES = {
    "store-locked": "the database is locked",
    "store-full": "the database is full",
    "store-read-only": "the database is read-only",
    "store-damaged": "the database is damaged",
    "store-unavailable": "the database cannot be used",
}


def store_error(error: Exception) -> StoreError:
    """Return what an error of SQLAlchemy means.

    >>> import sqlalchemy
    >>> print(store_error(sqlalchemy.exc.TimeoutError()))
    store-locked (store): every connection to the database is in use
    """
    original = getattr(error, "orig", None)
    if original is None and type(error).__name__ == "TimeoutError":  # of the pool
        return StoreError("store-locked", "every connection to the database is in use")
    codes = _codes(original)
    reason = next((name for name, known in REASON_OF.items() if known & codes), "store-unavailable")
    said = ", ".join(sorted(codes)) or type(original or error).__name__
    return StoreError(reason, f"{_MESSAGES[reason]} ({said})")


def unopened(error: Exception, where: str = "") -> StoreError:
    """Return what the error of a first connection means; a server that lets nobody in has said why in one line.

    >>> import sqlalchemy
    >>> from types import SimpleNamespace
    >>> print(unopened(sqlalchemy.exc.OperationalError("", {}, SimpleNamespace(sqlstate="08006"))))
    store-unavailable (store): the database cannot be used (08006)
    """
    found, original = store_error(error), getattr(error, "orig", None)
    if type(original).__module__.partition(".")[0] != "psycopg" or getattr(original, "sqlstate", None):
        return found
    said = [line.strip() for line in str(original).splitlines() if line.strip()][-1:]
    return StoreError(
        found.reason, printable(f"the database at {where} cannot be used: {''.join(said)}", 400)
    )


def folder_error(directory: Path, error: OSError) -> StoreError:
    """Return what an error of the system means for the store in a folder.

    >>> from pathlib import Path
    >>> print(folder_error(Path("data"), OSError(errno.EROFS, "Read-only file system")))
    store-read-only (store): the store in data cannot be opened: Read-only file system
    """
    reasons = dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "store-full")
    reasons[errno.EROFS] = "store-read-only"
    message = f"the store in {directory} cannot be opened: {error.strerror}"
    return StoreError(reasons.get(error.errno or 0, "store-unavailable"), message)


def _codes(original: Any) -> set[str]:
    """Return the codes that a driver's error carries, SQLite's without what makes them extended ones."""
    name = getattr(original, "sqlite_errorname", "")
    return {code for code in ("_".join(name.split("_")[:2]), getattr(original, "sqlstate", "")) if code}
