"""What the lessons' text tells a reader to type: it can be typed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def prose(notebook: Path) -> str:
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_every_import_in_a_lessons_text_works(notebook):
    for line in re.findall(r"`(from handshakes[^`]*|import handshakes[^`]*)`", prose(notebook)):
        exec(re.sub(r"\s+", " ", line), {})


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_a_report_in_a_lessons_text_is_read_as_the_pair_that_it_is(notebook):
    """A report is an endpoint's name and a refusal; the refusal has the reason."""
    assert not re.findall(r"reports\[-?\d+\]\.\w+", prose(notebook))


def test_there_are_imports_to_look_at():
    assert any("`from handshakes" in prose(notebook) for notebook in NOTEBOOKS)
