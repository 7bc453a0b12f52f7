"""Run every benchmark and print one table. No time fails here: machines are noisy."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import specification
from harness import row

import fortis
import officernd
import onoffice
import retailcrm


def timed(command: list[str], runs: int = 5) -> float:
    """Return the best wall time of a whole command, in seconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        times.append(time.perf_counter() - start)
    return min(times)


def whole_commands() -> None:
    """Time the import and the tour, start included."""
    nothing = timed([sys.executable, "-c", "pass"])
    imported = timed([sys.executable, "-c", "import handshakes"])
    row(
        "import handshakes, beyond an empty Python, best of 5",
        f"{(imported - nothing) * 1e3:.0f} ms",
        "under 150 ms",
    )
    tour = Path(sys.executable).with_name("handshakes")
    if tour.exists() or shutil.which("handshakes"):
        for platform in ("officernd", "retailcrm", "onoffice", "fortis"):
            seconds = timed([str(tour), "tour", platform], 3)
            row(f"handshakes tour {platform}, best of 3", f"{seconds:.2f} s", "under 3 s")
        row("handshakes tour, all four, best of 3", f"{timed([str(tour), 'tour'], 3):.2f} s", "under 10 s")
        specification.run(str(tour))


if __name__ == "__main__":
    officernd.run()
    retailcrm.run()
    onoffice.run()
    fortis.run()
    whole_commands()
