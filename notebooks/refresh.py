"""Run the notebooks in a fresh kernel and write their outputs back.

    python notebooks/refresh.py [--check] [NAMES…]

A notebook whose outputs did not change is rewritten byte for byte as it was, so a difference in
Git is a difference in behaviour. One in which a cell raised is never written. `--check` writes
nothing and says which notebooks would change.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

HERE = Path(__file__).resolve().parent
# Without the exact Python version, which would differ from one machine to the next.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def executed(path: Path) -> str:
    """Run one notebook in its own folder. Returns its text as it should stand in the file."""
    notebook = nbformat.read(path, as_version=4)
    # An error that a cell's tag allows would still leave a traceback, which holds paths.
    client = NotebookClient(
        notebook,
        timeout=60,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        force_raise_errors=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    return normalised(notebook)


def normalised(notebook: NotebookNode) -> str:
    """Take out what differs between two runs of the same cells. Returns the notebook's text."""
    notebook.metadata = NotebookNode(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for place, cell in enumerate(notebook.cells):
        cell.id = f"cell-{place:02}"
        cell.metadata.pop("execution", None)
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def notebooks(names: list[str]) -> list[Path]:
    """Find the notebooks, all of them or those named, with or without their ending."""
    if not names:
        return sorted(HERE.glob("*.ipynb"))
    paths = [HERE / f"{Path(name).name.removesuffix('.ipynb')}.ipynb" for name in names]
    if missing := [path.name for path in paths if not path.is_file()]:
        sys.exit(f"no such notebook: {', '.join(missing)}")
    return paths


def main() -> int:
    """Refresh or check. Returns 1 when a notebook raised or, with --check, would change."""
    parser = argparse.ArgumentParser(description="Run the notebooks and write their outputs back.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="notebooks; all when none is named")
    parser.add_argument("--check", action="store_true", help="write nothing, say which would change")
    options = parser.parse_args()
    bad = 0
    for path in notebooks(options.names):
        try:
            text = executed(path)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            print(f"{path.name}: not written, a cell failed\n{error}")
            bad += 1
            continue
        changed = text != path.read_text("utf-8")
        if changed and not options.check:
            path.write_text(text, "utf-8", newline="\n")
        bad += changed and options.check
        verdict = "unchanged" if not changed else "would change" if options.check else "rewritten"
        print(f"{path.name}: {verdict}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
