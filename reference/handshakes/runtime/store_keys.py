"""The file with the store's keys: made by the first start, read by every other, and its owner's alone."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .store import StoreError

KEYS_VARIABLE = "HANDSHAKES_STORE_KEYS"
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES)


def given_keys(file: Path | None, environment: Mapping[str, str] | None = None) -> list[str]:
    """Return the keys in a file that was named, else those of the environment, which may be none; raises `StoreError`."""
    environment = os.environ if environment is None else environment
    if file is None:
        return environment.get(KEYS_VARIABLE, "").replace(",", " ").split()
    try:
        if not file.exists():
            raise StoreError("store-wrong-key", f"there is no key file {file}")
        return keys_of(file, may_make=False)
    except OSError as error:
        raise StoreError("store-unavailable", f"{file} cannot be read: {error.strerror}") from None


def keys_of(path: Path, *, may_make: bool) -> list[str]:
    """Return the keys in a file, which is made if it may be; raises `StoreError` and `OSError`."""
    from cryptography.fernet import Fernet

    if path.exists():
        if path.stat().st_mode & 0o077:
            message = f"others can read {path}: chmod 600 it, then rotate the keys"
            raise StoreError("store-unavailable", message)
        try:
            keys = path.read_text("ascii").split()
        except UnicodeDecodeError:
            raise StoreError("store-wrong-key", f"{path} holds something other than keys") from None
        if not keys:
            raise StoreError("store-wrong-key", f"{path} holds no key")
        return keys
    if not may_make:
        message = f"{path} is missing, so the credentials in the database cannot be read"
        raise StoreError("store-wrong-key", message)
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
        try:
            os.link(aside, path)  # unlike a renaming, it never replaces the keys of another first start
        except FileExistsError:
            pass
        except OSError as error:  # a file system without hard links, as on a USB stick
            if error.errno not in _NO_LINKS:
                raise
            Path(aside).replace(path)
        _sync_folder(path.parent)
    finally:
        Path(aside).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
