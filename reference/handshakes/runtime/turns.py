"""Taking turns at a database that one can write at a time: the threads of a process wait for each other, and not long."""

from __future__ import annotations

import threading
from types import TracebackType

from .store import StoreError


class Turn:
    """A lock for one question to the database at a time.

    SQLite lets whoever finds its file locked sleep and try again, so many threads would starve each other. Here
    they queue instead. Who waited while the one in front was refused a lock by another process is refused
    too: else a hundred would wait for one second each, one after the other.

    >>> with Turn():
    ...     1
    1
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused = 0

    def __enter__(self) -> None:
        refused = self._refused
        self._lock.acquire()
        if self._refused != refused:
            self._lock.release()
            raise StoreError("store-locked", "the database is locked")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if is_refused_lock(error):
            self._refused += 1
        self._lock.release()


def is_refused_lock(error: BaseException | None) -> bool:
    """Return whether an error of SQLAlchemy says that another process holds the database."""
    name = getattr(getattr(error, "orig", None), "sqlite_errorname", "")
    return str(name).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
