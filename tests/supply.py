"""Run the quick parts of the suite on another Python, and with the oldest versions of what the package needs.

    nice python -m tests.supply [--lowest] [PYTHON…]

Each Python (by default those of `PYTHONS` that are installed) gets the pinned versions in an environment of its own, in
a temporary folder; the oldest gets one more, with the lower bounds of `pyproject.toml`. Left out are the tests that need
Chromium, PostgreSQL or another language, and those of the site.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

UV = "uv==0.13.9"
ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""The oldest that the package supports, and every later one."""
PLATFORMS = ("officernd", "retailcrm", "onoffice", "fortis")
QUICK = [
    *(f"tests/{name}" for name in ("core", "spec", "attacks", "test_bad_input.py", "test_memory.py")),
    *(f"tests/{platform}/test_{name}.py" for platform in PLATFORMS for name in ("signing", "vectors", "partner")),
    *(f"tests/runtime/test_{name}.py" for name in ("flow", "client", "store", "ciphers", "transcript", "server_limits")),
    *(f"tests/{name}" for name in ("cli/test_why.py", "cli/test_cli.py", "explain/test_answer.py", "judge/test_plugin.py")),
]  # fmt: skip
NOT_QUICK = "not oracle and not postgres and not notebook"


def environment(uv: Path, folder: Path, python: str, resolution: list[str]) -> Path | None:
    """Make an environment with the package and its tests; return its Python, or None where there is no such Python."""
    made = subprocess.run(
        [uv, "venv", "-q", "--python", python, "--no-python-downloads", folder], cwd=ROOT, check=False
    )
    if made.returncode:
        return None
    inside = folder / "bin" / "python"
    install = [uv, "pip", "install", "-q", "--python", inside, *resolution, "-e", ".[tests]"]
    subprocess.run(install, cwd=ROOT, check=True)
    return inside


def tried(python: Path, more: list[str]) -> bool:
    """Run the quick parts; say whether all of them hold."""
    subprocess.run([python, "-VV"], check=True)
    command = [
        python,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:nbval",
        "-o",
        "addopts=",
        "-k",
        NOT_QUICK,
        *QUICK,
        *more,
    ]
    known = {name: value for name, value in os.environ.items() if name != "HANDSHAKES_REQUIRE_TOOLS"}
    return subprocess.run(command, cwd=ROOT, env=known, check=False).returncode == 0


def main() -> int:
    """Try each Python, and the oldest versions; return 1 if something does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--lowest", action="store_true", help="the lower bounds, and the Pythons that are named"
    )
    parser.add_argument(
        "pythons", nargs="*", help="such as 3.13; without any, every one and the lower bounds"
    )
    given, more = parser.parse_known_args()
    held: dict[str, bool | None] = {}
    uv = shutil.which("uv")
    with TemporaryDirectory() as folder:
        if uv is None:
            subprocess.run([sys.executable, "-m", "venv", f"{folder}/uv"], check=True)
            subprocess.run([f"{folder}/uv/bin/pip", "install", "-q", UV], check=True)
            uv = f"{folder}/uv/bin/uv"
        pythons = given.pythons or ([] if given.lowest else PYTHONS)
        kinds = [(python, ["-c", "constraints.txt"]) for python in pythons]
        if given.lowest or not given.pythons:
            kinds.append((PYTHONS[0], ["--resolution", "lowest-direct"]))
        for python, resolution in kinds:
            name = f"{python} {resolution[-1]}"
            inside = environment(Path(uv), Path(folder, re.sub("[^0-9a-z]", "-", name)), python, resolution)
            held[name] = tried(inside, more) if inside else None
    for name, good in held.items():
        print(f"{name}: {'not installed' if good is None else 'holds' if good else 'FAILED'}")
    return 1 if False in held.values() else 0


if __name__ == "__main__":
    sys.exit(main())
