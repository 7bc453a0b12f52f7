"""One harness for all benchmarks: a time, a ratio to a baseline of the same run, a rate by wrk."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROUNDS = 9
FILE = Path("build") / "benchmarks.json"
ROWS: list[dict[str, str]] = []
"""The rows that were printed so far."""


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
    run: Callable[[], object], baseline: Callable[[], object], number: int, rounds: int = ROUNDS
) -> tuple[float, float, float]:
    """Return both best times and their ratio; the rounds take turns, so that drift hits both alike."""
    ours, theirs = [], []
    for _ in range(rounds):
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


def serve(application: object) -> tuple[str, Callable[[], None]]:
    """Serve an ASGI application as a role is served; return where, and what ends it."""
    import uvicorn

    config = uvicorn.Config(
        application, port=0, http="h11", ws="none", lifespan="off", log_level="error",
        server_header=False, date_header=False, proxy_headers=False, timeout_keep_alive=60,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)

    def end() -> None:
        server.should_exit = True
        thread.join(5)

    return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", end


def has_wrk() -> bool:
    """Return whether wrk is installed."""
    return shutil.which("wrk") is not None


def row(what: str, measured: str, aim: str) -> None:
    """Print one row of the table, and keep it."""
    ROWS.append({"what": what, "measured": measured, "aim": aim})
    print(f"{what:<58} {measured:<40} aim: {aim}", flush=True)


def written(folder: Path = Path()) -> None:
    """Write the rows that were printed to `build/benchmarks.json`, for the page on benchmarks."""
    about = {
        "date": datetime.now(tz=UTC).date().isoformat(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
    }
    path = folder / FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({**about, "rows": ROWS}, indent=1) + "\n", "utf-8")
