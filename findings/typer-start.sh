#!/usr/bin/env bash
# A command made with Typer imports pydantic before it reads its first argument, and takes about twice as long to start.
#
# Versions: typer 0.29.2 beside 0.28.0.
# Measured: 2026-11-29, Python 3.11, Linux.
#
# Since 0.29 each parameter of a command becomes a pydantic TypeAdapter when the command is built, whatever its type: one
# `str` argument is enough, and `--help` does it too. `import typer` alone does not. 0.28.0 reads the same command
# without pydantic. The CPU time of both is printed, not compared: machines differ.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >bare.py <<'PYTHON'
import sys

import typer

print("import typer: pydantic", "loaded" if "pydantic" in sys.modules else "not loaded")
PYTHON
cat >command.py <<'PYTHON'
import sys
from importlib.metadata import version

import typer


def main(name: str) -> None:
    print("typer", version("typer"), "command: pydantic", "loaded" if "pydantic" in sys.modules else "not loaded")


typer.run(main)
PYTHON
cat >least.py <<'PYTHON'
import subprocess
import sys
from resource import RUSAGE_CHILDREN, getrusage

spent = []
for _ in range(10):
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "command.py", "x"], check=True, capture_output=True)
    after = getrusage(RUSAGE_CHILDREN)
    spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
print(f"CPU time from start to end, least of 10: {min(spent):.2f} s")
PYTHON

for version in 0.28.0 0.29.2; do
    python3 -m venv "env-$version"
    "env-$version/bin/python" -m pip --disable-pip-version-check --quiet install "typer==$version" pydantic==2.14.3 \
        rich==15.0.0
    "env-$version/bin/python" bare.py >>seen.txt
    "env-$version/bin/python" command.py x >>seen.txt
    echo "$version: $("env-$version/bin/python" least.py)"
done
cat >expected.txt <<'TEXT'
import typer: pydantic not loaded
typer 0.28.0 command: pydantic not loaded
import typer: pydantic not loaded
typer 0.29.2 command: pydantic loaded
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
