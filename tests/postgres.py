"""A PostgreSQL server for tests: from Debian's package, on a free port, in a folder of its own, as an unprivileged user."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from tests.oracles import tool

numbers = count(1)
WAITS = ("lock", "statement", "idle_in_transaction_session")
LOCKED, PASSWORD = "locked", "correct horse: battery\\staple"
"""A user who needs a password, and the password."""


def programs() -> Path:
    """Return the folder of the newest server's programs, which are not on Debian's PATH; without one, skip or fail."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return (found[-1] if found else Path(tool("postgres")).resolve()).parent


def free_port() -> int:
    """Return a port that nobody listens on, below those that the system gives to outgoing connections."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as sock, suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port


class Server:
    """One server, which can be stopped and started again at the same port. It orders texts as English does, not as C."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self.programs, self.data, self.log = programs(), folder / "data", folder / "log"
        self.port, self.settings = 0, ["max_connections=200", "fsync=off", *settings]
        self.process: subprocess.Popen[bytes] | None = None
        self.user: dict[str, Any] = {"cwd": "/"}
        if os.geteuid() == 0:  # which PostgreSQL refuses
            shutil.chown(folder, "nobody", "nogroup")
            self.user |= {"user": "nobody", "group": "nogroup", "extra_groups": []}
        made = subprocess.run(
            [self.programs / "initdb", "-D", self.data, "-A", "trust", "-U", "handshakes", "-E", "UTF8", "--no-sync",
             "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en"],
            capture_output=True, timeout=300, check=False, **self.user,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr.decode()
        allowed = self.data / "pg_hba.conf"
        locked = f"host all {LOCKED} 127.0.0.1/32 scram-sha-256\n"
        allowed.write_text(locked + allowed.read_text())

    def start(self) -> None:
        """Start the server and wait until it answers; another program may have its port for a while."""
        known = self.port
        for _ in range(60):
            self.port = known or free_port()
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    [self.programs / "postgres", "-D", self.data, "-p", str(self.port), "-h", "127.0.0.1", "-k", "",
                     *(part for setting in self.settings for part in ("-c", setting))],
                    stdout=log, stderr=log, **self.user,
                )  # fmt: skip
            while self.process.poll() is None:
                with suppress(Exception):
                    self.asked(self.url(), "SELECT 1")
                    return
                time.sleep(0.05)
            time.sleep(0.5)
        raise AssertionError(self.log.read_text())

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server as its manual's "fast shutdown" does: it ends its sessions first."""
        if self.process:
            self.process.send_signal(how)
            self.process.wait(120)
            self.process = None

    def url(self) -> str:
        """Return the URL of the database."""
        return f"postgresql://handshakes@127.0.0.1:{self.port}/postgres"

    def empty(self, *, patient: bool = True) -> str:
        """Make an empty name space in the database; return its URL, which ends with its name.

        A database for each would take 7 MB. A patient one waits a minute for a lock, as a busy machine may need.
        """
        space = f"store{next(numbers)}"
        self.asked(self.url(), f"CREATE SCHEMA {space}")
        options = "".join(f"-c{name}_timeout%3D60000%20" for name in WAITS) if patient else ""
        known = "connect_timeout=60&" if patient else ""
        return f"{self.url()}?{known}options={options}-csearch_path%3D{space}"

    def asked(self, url: str, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement; return its rows."""
        import psycopg

        with psycopg.connect(url, autocommit=True, connect_timeout=30) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@contextmanager
def running(*settings: str) -> Iterator[Server]:
    """Run a server until the end of the block; the last setting of a name counts."""
    with tempfile.TemporaryDirectory(prefix="postgres-", dir="/tmp") as name:
        server = Server(Path(name), *settings)
        try:
            server.start()
            yield server
        finally:
            server.stop(signal.SIGQUIT)  # nothing of it is kept
