"""Run every benchmark and print one table. No time fails here: machines are noisy."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from random import Random
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).parent))

import floors
import specification
from harness import row, written

import fortis
import officernd
import onoffice
import retailcrm

COMMAND = str(Path(sys.executable).with_name("handshakes"))


def timed(command: list[str], runs: int = 5, status: int = 0) -> float:
    """Return the best wall time of a whole command that ends with this status, in seconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        ran = subprocess.run(command, capture_output=True, timeout=120)
        times.append(time.perf_counter() - start)
        if ran.returncode != status:
            raise AssertionError(f"{command} ended with {ran.returncode}: {ran.stderr.decode()}")
    return min(times)


def verify() -> None:
    """Time `handshakes verify` on a refused request of each kind, from its start to the answer."""
    kept = "source compiled each time" if sys.dont_write_bytecode else "byte code kept"
    query = urlencode({"slug": "test-slug", "signature": f"t=1648190384,signature={'0' * 64}"})
    data = urlencode({"data": b64encode(b"Salted__" + Random(1).randbytes(40)).decode()})
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder) / "secret"
        secret.write_text("a-secret-of-nobody")
        for platform, target in ("officernd", f"/healthcheck?{query}"), ("fortis", f"/launch?{data}"):
            words = [COMMAND, "verify", platform, target, "--secret-file", str(secret), "--now", "1648190384"]
            seconds = timed(words, status=1)
            row(f"handshakes verify {platform}, best of 5, {kept}", f"{seconds:.2f} s", "under 0.35 s")


def whole_commands() -> None:
    """Time the import and the tour, start included."""
    nothing = timed([sys.executable, "-c", "pass"])
    imported = timed([sys.executable, "-c", "import handshakes"])
    row(
        "import handshakes, beyond an empty Python, best of 5",
        f"{(imported - nothing) * 1e3:.0f} ms",
        "under 150 ms",
    )
    verify()
    for platform in ("officernd", "retailcrm", "onoffice", "fortis"):
        seconds = timed([COMMAND, "tour", platform], 2)
        row(f"handshakes tour {platform}, best of 2", f"{seconds:.2f} s", "under 3 s")
    row("handshakes tour, all four, best of 2", f"{timed([COMMAND, 'tour'], 2):.2f} s", "under 10 s")
    specification.run(COMMAND)


if __name__ == "__main__":
    floors.run()
    officernd.run()
    retailcrm.run()
    onoffice.run()
    fortis.run()
    whole_commands()
    written()
