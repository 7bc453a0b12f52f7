"""Two processes with fifty handshakes at once a platform, 32 of all four at once; then a process killed at every step of a connect,
and PostgreSQL restarted at every step of it.

`python -m tests.trials.one_database [sqlite|postgresql …] [--only PLATFORM …] [--at-once 50] [--of-all 32]` prints what came of it;
it needs some minutes.
The test run does the same with smaller numbers, and at some of the steps (tests/test_one_database.py).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from cryptography.fernet import Fernet

from handshakes.platforms import PLATFORMS
from handshakes.runtime.sql_store import SqlStore
from tests.apps import Apps, all_at_once, apps, killed_at_steps, restarted_at_steps
from tests.postgres import Server, running

MOST = 200


def together(url: str, key: str, at_once: int, names: list[str]) -> str:
    """Let so many persons connect at each of these platforms at once, in two processes; return what came of it."""
    with apps(url, key, at_once, names) as served:
        served.begin(2)
        start = time.monotonic()
        failed = all_at_once(served, at_once)
        seconds = time.monotonic() - start
        again = [one for one in failed if not served.connects(*one)]
        lost = [
            (name, number) for name in names for number in range(at_once) if not served.works(name, number)
        ]
        served.kill()
    return (
        f"{', '.join(names)}: {at_once} at once in two processes, {seconds:.1f} s; failed {len(failed)}, "
        f"failed again alone {len(again)}, not working afterwards {len(lost)}"
    )


def _broken(server: Server | None, store: SqlStore) -> list[tuple[str, Callable[..., int]]]:
    """Return what is broken, and how."""

    def killed(served: Apps, name: str, steps: range) -> int:
        return killed_at_steps(served, name, store, steps)

    def restarted(served: Apps, name: str, steps: range) -> int:
        return restarted_at_steps(served, name, server, store, steps)

    return [("killed", killed), *([("the database restarted", restarted)] if server else [])]


def run(database: str, names: list[str], at_once: int, of_all: int, *, kill: bool) -> None:
    """Do it on one kind of database."""
    key = Fernet.generate_key().decode()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        server = stack.enter_context(running()) if database == "postgresql" else None

        def empty(name: str) -> str:
            return server.empty(patient=False) if server else f"sqlite:///{Path(folder) / f'{name}.sqlite'}"

        if len(names) > 1:
            print(f"{database}, {together(empty('all'), key, of_all, names)}", flush=True)
        for name in names:
            url = empty(name)
            store = SqlStore(url, [key])
            print(f"{database}, {together(url, key, at_once, [name])}", flush=True)
            for done, how in _broken(server, store) if kill else ():
                with apps(url, key, MOST, [name]) as served:
                    start = time.monotonic()
                    last = how(served, name, range(1, MOST))
                said = f"{done} at each of {last} steps, {time.monotonic() - start:.0f} s; nothing lost"
                print(f"{database}, {name}: {said}", flush=True)
            store.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("databases", nargs="*", default=["postgresql", "sqlite"])
    parser.add_argument("--only", nargs="+", choices=[*PLATFORMS], default=[*PLATFORMS])
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--of-all", type=int, default=32)
    parser.add_argument("--no-kill", action="store_true")
    given = parser.parse_args()
    for one in given.databases:
        run(one, given.only, given.at_once, given.of_all, kill=not given.no_kill)
