#!/usr/bin/env bash
# jupytext loses the line %%python of a cell on the way through a script or Markdown: the cell then runs in the kernel.
#
# Versions: jupytext 1.19.6 with nbclient 0.11.0, ipykernel 7.4.0 and ipython 9.18.1.
# Measured: 2026-11-30, Python 3.11, Linux.
#
# IPython documents that %%python runs a cell in a process of its own. jupytext writes such a cell as one in the
# language python, and where that is the notebook's language too, it reads it back without the line and its options.
# This holds for py:percent, py:light, md and Rmd; py:hydrogen and myst keep the line, as all of them keep %%python3
# and %%bash. Issue 365 of jupytext reported the loss for %%python3, and was fixed; no report was found for %%python.
# `jupytext --test` names the cell. `--sync` writes the loss into a paired notebook as soon as its script is edited.
# A cell that should not touch the kernel, since it sets another secret or exits, then changes what follows it.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install jupytext==1.19.6 nbclient==0.11.0 ipykernel==7.4.0 \
    ipython==9.18.1
export PATH="$folder/env/bin:$PATH" IPYTHONDIR="$folder/ipython" JUPYTER_CONFIG_DIR="$folder/jupyter"

cat >make.py <<'PYTHON'
import nbformat
from nbformat.v4 import new_code_cell, new_notebook

cells = ['secret = "kernel"', '%%python\nsecret = "another process"', "secret"]
kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel})
nbformat.write(notebook, "paired.ipynb")
PYTHON
cat >show.py <<'PYTHON'
import sys

import nbclient
import nbformat

notebook = nbformat.read("paired.ipynb", 4)
first_line = notebook.cells[1].source.splitlines()[0]
nbclient.NotebookClient(notebook, timeout=60).execute()
print(f"{sys.argv[1]}: the second cell begins with {first_line}")
print("    the last cell shows", notebook.cells[2].outputs[0]["data"]["text/plain"])
PYTHON
cat >formats.py <<'PYTHON'
import jupytext
import nbformat

for line in ("%%python", "%%python --bg", "%%python3", "%%bash"):
    notebook = nbformat.read("paired.ipynb", 4)
    notebook.cells[1].source = f"{line}\n1"
    kept = {}
    for form in ("py:percent", "py:light", "md", "Rmd", "py:hydrogen", "md:myst"):
        read = jupytext.reads(jupytext.writes(notebook, form), form)
        kept.setdefault(read.cells[1].source.startswith(line), []).append(form)
    print(line, "is lost in:", *kept.get(False, ["none"]), "| is kept in:", *kept.get(True, ["none"]))
PYTHON

env/bin/python make.py
{
    env/bin/python formats.py
    env/bin/python show.py "as written"
    env/bin/jupytext --quiet --set-formats ipynb,py:percent paired.ipynb
    echo "# an edit" >>paired.py
    env/bin/jupytext --quiet --sync paired.py
    env/bin/python show.py "after an edit of the paired script"
} >seen.txt
cat >expected.txt <<'TEXT'
%%python is lost in: py:percent py:light md Rmd | is kept in: py:hydrogen md:myst
%%python --bg is lost in: py:percent py:light md Rmd | is kept in: py:hydrogen md:myst
%%python3 is lost in: none | is kept in: py:percent py:light md Rmd py:hydrogen md:myst
%%bash is lost in: none | is kept in: py:percent py:light md Rmd py:hydrogen md:myst
as written: the second cell begins with %%python
    the last cell shows 'kernel'
after an edit of the paired script: the second cell begins with secret = "another process"
    the last cell shows 'another process'
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
