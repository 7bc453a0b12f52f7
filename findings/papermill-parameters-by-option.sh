#!/usr/bin/env bash
# papermill makes another value of the same parameter with -p than with -y, and both change a number with a leading zero.
#
# Version: papermill 2.7.0.
# Measured: 2026-11-30, Python 3.11, Linux.
#
# `-p` reads what int() and float() of Python read, underscores included. `-y` reads YAML 1.1, where a leading zero is an
# octal number, and yes, no, on and off are booleans. The help says of neither that it changes a value, and that
# `-r` keeps it as text.
# An order or an account `0123` arrives as 123 or as 83, a version 1.10 as 1.1 and a code 1_000 as 1000: another signature.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install papermill==2.7.0

cat >probe.py <<'PYTHON'
from importlib.metadata import version

import nbformat
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_notebook
from papermill.cli import papermill

kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
cells = [new_code_cell("order = ''", metadata={"tags": ["parameters"]})]
nbformat.write(new_notebook(cells=cells, metadata=kernel), "in.ipynb")


def read(*option):
    CliRunner().invoke(papermill, ["in.ipynb", "out.ipynb", "--prepare-only", *option], catch_exceptions=False)
    return nbformat.read("out.ipynb", 4).cells[1].source.splitlines()[1].removeprefix("order = ")


print("papermill", version("papermill"))
for text in ("0123", "1_000", "1.10", "12e3", "true", "no"):
    print(text, "-p", read("-p", "order", text), "-y", read("-y", f"order: {text}"), "-r", read("-r", "order", text))
PYTHON

env/bin/python probe.py >seen.txt 2>log.txt || { cat log.txt; exit 1; }
cat >expected.txt <<'TEXT'
papermill 2.7.0
0123 -p 123 -y 83 -r "0123"
1_000 -p 1000 -y 1000 -r "1_000"
1.10 -p 1.1 -y 1.1 -r "1.10"
12e3 -p 12000.0 -y "12e3" -r "12e3"
true -p "true" -y True -r "true"
no -p "no" -y False -r "no"
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
