"""A part of `.ci/run` that runs beside others is waited for and shown, and what fails in it fails the run."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

RUN = (Path(__file__).parents[2] / ".ci" / "run").read_text("utf-8")
FUNCTIONS = re.search(r"\npart\(\) \{.*?\ntrap summary EXIT\n", RUN, re.DOTALL)[0]


@pytest.mark.parametrize(
    ("besides", "then", "status", "last"),
    [
        ("true", "true", 0, "all held"),
        ("false", "true", 1, "FAILED in: other"),
        ("true", "false", 1, "FAILED in: one"),
    ],
)
def test_a_part_beside_others_is_shown_and_its_failure_is_the_runs(tmp_path, besides, then, status, last):
    script = f"""set -euo pipefail
mkdir build; declare -A others; ran=(); now=starting
{FUNCTIONS}
other() {{ echo 'said beside'; {besides}; echo 'after it'; }}
beside other other
part one {then}
joined other
"""
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, last in done.stdout.splitlines()[-1]) == (status, True), done.stdout
    assert "said beside" in (tmp_path / "build" / "beside-other.log").read_text()
    assert ("said beside\nafter it" in done.stdout) is (status == 0)
    assert ("held   other" in done.stdout) is (status == 0)


def test_every_part_that_is_begun_beside_others_is_waited_for():
    assert re.findall(r"^beside (\w+) \1$", RUN, re.MULTILINE) == re.findall(
        r"^joined (\w+)$", RUN, re.MULTILINE
    )
