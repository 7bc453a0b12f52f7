"""What remembering one launch costs, and a whole Fortis launch, with so many launches remembered already in SQLite."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from harness import row

from handshakes.fortis import demo
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.story import World

NOW = 1_700_000_000
TIMES = 300


def median(run: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the median time of many runs, in seconds; by `time.thread_time`, that of the processor alone."""
    times = []
    for _ in range(TIMES):
        start = clock()
        run()
        times.append(clock() - start)
    return sorted(times)[TIMES // 2]


def run(sizes: tuple[int, ...] = (10**3, 10**4, 10**5, 10**6)) -> None:
    """Fill the table of marks up to each size, and measure."""
    with tempfile.TemporaryDirectory() as name:
        store, clock, numbers = open_store(Path(name), {}), Clock(NOW), count()
        sides = demo.sides(World(clock, os.urandom, store))
        network = InProcess(sides.platform, sides.partner, clock=clock)
        for user in ("", demo.USER):
            network.run(sides.platform.register(demo.TITLE, demo.LOCATION, user))
        there = 0
        for size in sizes:
            with sqlite3.connect(Path(name) / "installations.sqlite") as database:
                rows = (
                    ("fortis", f"launch {os.urandom(32).hex()}", NOW + 10**6 + i) for i in range(size - there)
                )
                database.executemany("INSERT INTO nonces (platform, nonce, until) VALUES (?, ?, ?)", rows)
            database.close()
            there = size
            mark = median(lambda: store.first_time("fortis", f"n {next(numbers)}", NOW + 10**6, NOW))
            launch = median(lambda: network.run(sides.platform.launch(demo.TITLE, demo.LOCATION, demo.USER)))
            measured = f"{mark * 1e3:.2f} ms a mark, {launch * 1e3:.2f} ms a launch"
            row(f"Fortis, {size:,} launches remembered", measured, "flat")
        store.close()


if __name__ == "__main__":
    run()
