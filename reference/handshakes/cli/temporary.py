"""A temporary folder that is gone afterwards, also when the run that made it was killed: the next one sweeps it.

Each folder holds a file that its run keeps locked, with the run's process id. The system takes the lock back
when the process ends, however it ends; so who gets the lock knows that nobody uses the folder any more. Folders of
other users, links, and folders without that file are left alone.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows: nothing is swept there
    fcntl = None  # type: ignore[assignment]

PREFIX = "handshakes-"
OWNER = "owner.pid"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a new folder of this process alone; what killed runs left behind is removed first."""
    sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name, owned(Path(name)):
        yield Path(name)


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder. The file has its name only when it is locked: an unlocked one has lost its owner."""
    aside = folder / f".{OWNER}"
    with aside.open("w") as file:
        file.write(f"{os.getpid()}\n")
        file.flush()
        if locked(file):
            aside.rename(folder / OWNER)
        yield


def locked(file: IO[str]) -> bool:
    """Lock a file if nobody else has; return whether it is locked now."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def sweep(parent: Path) -> list[Path]:
    """Remove the folders that killed runs of this user left in a folder; return them."""
    swept = []
    for folder in sorted(parent.glob(f"{PREFIX}*")):
        with suppress(OSError):  # another run removes it at the same time, or it is no such folder
            if not stat.S_ISDIR(folder.lstat().st_mode) or folder.lstat().st_uid != os.getuid():
                continue
            descriptor = os.open(folder / OWNER, os.O_RDWR | os.O_NOFOLLOW)
            with os.fdopen(descriptor, "r+") as file:
                if locked(file):
                    shutil.rmtree(folder, ignore_errors=True)
                    swept.append(folder)
    return swept
