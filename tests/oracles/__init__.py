"""Programs in other languages that compute the same values as the package, and how they are found and asked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

REQUIRE = "HANDSHAKES_REQUIRE_TOOLS"


def tool(name: str) -> str:
    """Return the path of a program such as `node`, `php` or `openssl`.

    Where it is missing the test is skipped and says so; with HANDSHAKES_REQUIRE_TOOLS set it fails.
    """
    path = shutil.which(name)
    if path is None:
        reason = f"the program {name} is not installed"
        if os.environ.get(REQUIRE):
            pytest.fail(f"{reason}, and {REQUIRE} is set", pytrace=False)
        pytest.skip(reason)
    return path


def ask(program: str, script: str, cases: Iterable[Any]) -> list[Any]:
    """Send all cases as JSON lines to one process that runs a script of this folder; return its answers."""
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    command = [tool(program), str(Path(__file__).parent / script)]
    done = subprocess.run(command, input=lines.encode(), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]  # of bytes: U+2028 ends no line there
