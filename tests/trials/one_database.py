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
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from cryptography.fernet import Fernet

from handshakes.platforms import PLATFORMS
from handshakes.runtime.sql_store import SqlStore
from tests.apps import Broken, all_at_once, apps, at_steps, killed, restarted
from tests.postgres import running

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


def run(database: str, names: list[str], at_once: int, of_all: int, *, kill: bool) -> None:
    """Do it on one kind of database."""
    key = Fernet.generate_key().decode()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        server = stack.enter_context(running()) if database == "postgresql" else None

        def empty(name: str) -> str:
            return server.empty() if server else f"sqlite:///{Path(folder) / f'{name}.sqlite'}"

        if len(names) > 1:
            print(f"{database}, {together(empty('all'), key, of_all, names)}", flush=True)
        for name in names:
            print(f"{database}, {together(empty(name), key, at_once, [name])}", flush=True)
            ways: dict[str, Broken] = {"killed": killed} if kill else {}
            if server and kill:
                ways["the database restarted"] = partial(restarted, server)
            for done, how in ways.items():  # on a new database: the clocks of the last one went ahead
                url = empty(f"{name} {done}")
                store = SqlStore(url, [key])
                with apps(url, key, MOST, [name]) as served:
                    start = time.monotonic()
                    last = at_steps(served, name, store, how, range(1, MOST))
                said = f"{done} at each of {last} steps, {time.monotonic() - start:.0f} s; nothing lost"
                print(f"{database}, {name}: {said}", flush=True)
                store.close()


def main() -> None:
    """Do it on each kind of database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("databases", nargs="*", choices=["postgresql", "sqlite", []], default=[])
    parser.add_argument("--only", nargs="+", choices=[*PLATFORMS], default=[*PLATFORMS])
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--of-all", type=int, default=32)
    parser.add_argument("--no-kill", action="store_true")
    given = parser.parse_args()
    if min(given.at_once, given.of_all) <= 0:
        parser.error("nothing would be tried")
    for one in given.databases or ["postgresql", "sqlite"]:
        run(one, given.only, given.at_once, given.of_all, kill=not given.no_kill)


if __name__ == "__main__":
    main()
