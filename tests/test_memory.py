"""The benchmark of memory runs, for a few requests of each platform; what it is for is seen in a full run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parent / "benchmarks" / "memory.py"
KINDS = {
    "officernd": "whole handshakes",
    "retailcrm": "partner, token wrong, 60 kB",
    "onoffice": "partner, activation page",
    "fortis": "partner, launch wrong",
}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("name", KINDS)
def test_some_hundred_requests_leave_no_more_than_the_first_hundreds_did(name):
    """A quarter more is allowed here: 500 refusals of 60 kB that stayed would be as much again."""
    command = [sys.executable, str(BENCHMARK), "--worker", name, KINDS[name], "--few", "300", "--many", "800"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    first, second, _ = ran.stdout.split()
    assert float(second) < 1.25 * float(first), ran.stdout
