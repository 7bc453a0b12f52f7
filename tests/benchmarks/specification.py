"""The specification as data: linting all of it, and asking a program that answers at once."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import row

AT_ONCE = """
import sys
for line in sys.stdin:
    sys.stdout.write(line[: line.index(",")] + ', "verdict": "unsupported"}\\n')
    sys.stdout.flush()
"""


def linting(command: str) -> None:
    """Time both linters, start included."""
    for what in ("vectors", "clauses"):
        times = []
        for _ in range(2):
            start = time.perf_counter()
            subprocess.run([command, what, "lint"], check=True, capture_output=True)
            times.append(time.perf_counter() - start)
        row(f"handshakes {what} lint, best of 2", f"{min(times):.2f} s", "both together under 2 s")


def asking(command: str, repeat: int) -> None:
    """Put every vector several times to a program that answers at once; say the rate and the memory."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "at_once.py"
        program.write_text(AT_ONCE)
        words = [
            command,
            "vectors",
            "run",
            "--command",
            f"{sys.executable} {program}",
            "--repeat",
            str(repeat),
        ]
        start = time.perf_counter()
        done = subprocess.run(words, capture_output=True, text=True)
        seconds = time.perf_counter() - start
    asked = int(done.stdout.split(" asked")[0].split()[-1])
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    row(
        f"handshakes vectors run, {asked} exchanges",
        f"{asked / seconds:.0f} a second, {peak} MiB at most",
        "1,000 a second",
    )


def run(command: str) -> None:
    """Run the benchmarks of the specification."""
    linting(command)
    asking(command, 10)
