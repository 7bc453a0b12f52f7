#!/usr/bin/env bash
# nbval fails a notebook that was executed a moment ago, if a cell clears its output or updates a display.
#
# Versions: nbval 0.11.0 with pytest 9.2.0, nbclient 0.11.0, ipykernel 7.4.0.
# Measured: 2026-11-30, Python 3.11, Linux.
#
# nbclient, which JupyterLab's own export and nbconvert execute with, does what the kernel's messages clear_output and
# update_display_data ask for, and stores what is left. nbval reads the same messages, prints "unhandled iopub msg" for
# these two, and compares what was there before. Running the notebook again and saving it does not help.
# A notebook with a progress bar or a counter needs `# NBVAL_IGNORE_OUTPUT` in such cells.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install \
    nbval==0.11.0 pytest==9.2.0 nbclient==0.11.0 ipykernel==7.4.0 ipython==9.18.1

cat >probe.py <<'PYTHON'
import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

notebook = new_notebook(
    cells=[
        new_code_cell("from IPython.display import clear_output, display\nprint('done')"),
        new_code_cell("print('working')\nclear_output()\nprint('done')"),
        new_code_cell("shown = display('working', display_id='k')\nshown.update('done')"),
    ],
    metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}},
)
nbformat.write(NotebookClient(notebook, timeout=120).execute(), "executed.ipynb")
for number, cell in enumerate(notebook.cells):
    print(f"nbclient, cell {number}:", [one.get("text", one.get("data")) for one in cell.outputs])
PYTHON

env/bin/python probe.py >seen.txt 2>log.txt || { cat log.txt; exit 1; }
env/bin/python -m pytest -v --nbval -p no:cacheprovider executed.ipynb >log.txt 2>&1 || true
grep -oE 'Cell [0-9] (PASSED|FAILED)' log.txt | sed 's/^C/nbval, c/' >>seen.txt
grep -o 'unhandled iopub msg: [a-z_]*' log.txt >>seen.txt || true
cat >expected.txt <<'TEXT'
nbclient, cell 0: ['done\n']
nbclient, cell 1: ['done\n']
nbclient, cell 2: [{'text/plain': "'done'"}]
nbval, cell 0 PASSED
nbval, cell 1 FAILED
nbval, cell 2 FAILED
unhandled iopub msg: clear_output
unhandled iopub msg: update_display_data
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
