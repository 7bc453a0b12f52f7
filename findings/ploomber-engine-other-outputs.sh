#!/usr/bin/env bash
# ploomber-engine, "drop-in" for papermill, leaves `_` empty, shows what `;` hides, and stops where a tag allows an error.
#
# Versions: ploomber-engine 0.0.33, papermill 2.7.0, nbclient 0.11.0, ipykernel 7.4.0, ipython 9.18.1.
# Measured: 2026-11-30, Python 3.11, Linux.
#
# The documentation of its `execute_notebook` says that it takes the place of papermill's. It runs the cells without a
# kernel. `_` and `Out` stay empty. A semicolon at the end does not hide a value. Text that was printed before and after a
# display becomes one piece in front of it. There is no running event loop, so that asyncio.create_task raises an error.
# With the tag raises-exception, nbclient and Jupyter go on after an error. ploomber-engine stops; papermill goes on as
# well, and raises an error when all is done.
# A notebook that is a test or a report passes with one of them, and fails or differs with another.
#
# Needs python3 with venv, and a package registry. Uses a temporary folder, and no code of this project.
# Exits with status 0 and the word "same" if this is still so, and with 1 and a comparison if not.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip --disable-pip-version-check --quiet install \
    ploomber-engine==0.0.33 papermill==2.7.0 nbclient==0.11.0 ipykernel==7.4.0 ipython==9.18.1

cat >probe.py <<'PYTHON'
import nbformat
import papermill
import ploomber_engine
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

CELLS = {
    "history 1": "41 + 1",
    "history 2": "print(_, Out)",
    "semicolon": "43;",
    "order": "print(1)\ndisplay(2)\nprint(3)",
    "loop": "import asyncio\ntry:\n    asyncio.get_running_loop()\nexcept RuntimeError:\n    print('no loop')",
    "tagged": "1 / 0",
    "after": "print('after')",
}
ENGINES = {
    "nbclient": lambda: nbformat.write(NotebookClient(nbformat.read("in.ipynb", 4)).execute(), "out.ipynb"),
    "papermill": lambda: papermill.execute_notebook("in.ipynb", "out.ipynb", progress_bar=False),
    "ploomber-engine": lambda: ploomber_engine.execute_notebook("in.ipynb", "out.ipynb", progress_bar=False),
}


def short(output):
    if output.output_type == "stream":
        return output.text
    return output.ename if output.output_type == "error" else output.data["text/plain"]


notebook = new_notebook(
    cells=[
        new_code_cell(text, metadata={"tags": ["raises-exception"] if name == "tagged" else []})
        for name, text in CELLS.items()
    ],
    metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}},
)
nbformat.write(notebook, "in.ipynb")
seen = {}
for engine, run in ENGINES.items():
    ending = "ends"
    try:
        run()
    except Exception as error:
        ending = f"raises {type(error).__name__}"
    cells = [one for one in nbformat.read("out.ipynb", 4).cells if one.cell_type == "code"]
    seen[engine] = [*([short(output) for output in one.outputs] for one in cells), ending]
with open("seen.txt", "w") as file:
    for number, name in enumerate([*CELLS, "the run"]):
        print(f"{name}:", *(f"{engine} {found[number]}" for engine, found in seen.items()), file=file)
PYTHON

PLOOMBER_STATS_ENABLED=false env/bin/python probe.py >log.txt 2>&1 || { cat log.txt; exit 1; }
cat >expected.txt <<'TEXT'
history 1: nbclient ['42'] papermill ['42'] ploomber-engine ['42']
history 2: nbclient ['42 {1: 42}\n'] papermill ['42 {1: 42}\n'] ploomber-engine [' {}\n']
semicolon: nbclient [] papermill [] ploomber-engine ['43']
order: nbclient ['1\n', '2', '3\n'] papermill ['1\n', '2', '3\n'] ploomber-engine ['1\n3\n', '2']
loop: nbclient [] papermill [] ploomber-engine ['no loop\n']
tagged: nbclient ['ZeroDivisionError'] papermill ['ZeroDivisionError'] ploomber-engine ['ZeroDivisionError']
after: nbclient ['after\n'] papermill ['after\n'] ploomber-engine []
the run: nbclient ends papermill raises PapermillExecutionError ploomber-engine raises ZeroDivisionError
TEXT
cat seen.txt
if diff -u expected.txt seen.txt; then echo same; else echo "changed: see the lines with - and +"; exit 1; fi
