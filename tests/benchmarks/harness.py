"""One harness for all benchmarks: a time, a ratio to a baseline of the same run, a rate by wrk."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable

ROUNDS = 9


def best(run: Callable[[], object], number: int) -> float:
    """Return the best time of one call, in seconds, of several rounds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(number):
            run()
        times.append((time.perf_counter() - start) / number)
    return min(times)


def ratio(
    run: Callable[[], object], baseline: Callable[[], object], number: int
) -> tuple[float, float, float]:
    """Return both best times and their ratio; the rounds take turns, so that drift hits both alike."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        for times, call in ((theirs, baseline), (ours, run)):
            start = time.perf_counter()
            for _ in range(number):
                call()
            times.append((time.perf_counter() - start) / number)
    return min(ours), min(theirs), min(ours) / min(theirs)


def wrk(url: str, seconds: int = 3, connections: int = 16) -> float:
    """Return the requests a second that wrk gets from a URL; every answer must be in the 200s."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", url]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    if "Non-2xx" in printed:
        raise AssertionError(f"not every answer was in the 200s:\n{printed}")
    return float(re.search(r"Requests/sec:\s+([0-9.]+)", printed)[1])


def has_wrk() -> bool:
    """Return whether wrk is installed."""
    return shutil.which("wrk") is not None


def row(what: str, measured: str, aim: str) -> None:
    """Print one row of the table."""
    print(f"{what:<58} {measured:<40} aim: {aim}", flush=True)
