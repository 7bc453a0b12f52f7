"""A notebook becomes a page of Markdown: prose, code, and the stored outputs, by a plain module."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from docs import notebook_pages

ROOT = Path(__file__).parents[2]


def written(tmp_path: Path, *cells: dict[str, object], name: str = "01-officernd") -> Path:
    path = tmp_path / f"{name}.ipynb"
    path.write_text(json.dumps({"cells": cells}), "utf-8")
    return path


def markdown(text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "source": [text]}


def code(source: str, *outputs: dict[str, object]) -> dict[str, object]:
    return {"cell_type": "code", "source": [source], "outputs": outputs}


def shown(**data: object) -> dict[str, object]:
    kinds = {kind.replace("_", "/"): value for kind, value in data.items()}
    return {"output_type": "execute_result", "data": kinds}


def test_the_page_keeps_prose_code_and_outputs_in_their_order(tmp_path):
    path = written(
        tmp_path,
        markdown("# Title"),
        code("1 + 1", shown(text_plain="2")),
        code("  \n"),
        code("print('x')", {"output_type": "stream", "text": ["\x1b[31mx\x1b[0m\n"]}),
    )
    places = [
        notebook_pages.page(path).index(part) for part in ("# Title", "1 + 1", "\n2\n", "print(", "\nx\n")
    ]
    assert places == sorted(places)
    assert "\x1b" not in notebook_pages.page(path)


def test_links_to_notebooks_lead_to_their_pages_and_links_into_docs_to_the_site(tmp_path):
    path = written(tmp_path, markdown("[a](04-fortis.ipynb) [b](04-fortis.ipynb#c) [d](../docs/reasons.md)"))
    assert "[a](04-fortis.md) [b](04-fortis.md#c) [d](../reasons.md)" in notebook_pages.page(path)


def test_a_fence_is_longer_than_any_in_the_code(tmp_path):
    page = notebook_pages.page(written(tmp_path, code('"""\n```\nx\n```\n"""')))
    assert page.startswith("```` { .python") and page.count("````") == 2


def test_a_diagram_is_followed_by_the_same_as_text(tmp_path):
    diagram = "```mermaid\nsequenceDiagram\n```"
    path = written(tmp_path, code("transcript", shown(text_markdown=diagram, text_plain="1 a → b")))
    page = notebook_pages.page(path)
    assert page.index(diagram) < page.index('??? note "The same as text"') < page.index("1 a → b")
    assert list(notebook_pages.diagrams(path)) == [diagram]


def test_a_traceback_and_an_output_that_cannot_be_shown_stop_the_build(tmp_path):
    for output, said in (
        ({"output_type": "error", "ename": "KeyError"}, "traceback.*KeyError"),
        (shown(image_png="…"), "image/png cannot be shown"),
    ):
        with pytest.raises(notebook_pages.NotShown, match=said):
            notebook_pages.page(written(tmp_path, code("x", output)))


def test_a_lesson_names_the_recipe_of_its_platform_and_can_be_downloaded(tmp_path):
    path = written(tmp_path, markdown("# Title"), markdown("next"))
    page = notebook_pages.page(path, ("officernd", "fortis"))
    assert page.index("# Title") < page.index("(../recipes/officernd.md)") < page.index("next")
    assert "recipes" not in notebook_pages.page(path, ("fortis",))
    assert "(01-officernd.ipynb)" in page
    second = written(tmp_path, markdown("# Title"), name="01b-officernd-signature")
    assert "(../recipes/officernd.md)" in notebook_pages.page(second, ("officernd", "fortis"))


def test_a_picture_is_followed_by_the_same_as_text(tmp_path):
    path = written(tmp_path, code("x", shown(text_html="<svg></svg>", text_plain="covered  apiKey")))
    page = notebook_pages.page(path)
    assert page.index("<svg>") < page.index('??? note "The same as text"') < page.index("covered  apiKey")


def test_code_and_outputs_are_not_searched(tmp_path):
    page = notebook_pages.page(written(tmp_path, code("x", shown(text_plain="2"))))
    assert page.count("data-search-exclude") == 2


@pytest.mark.parametrize(
    "module",
    [
        "api_pages",
        "clauses_pages",
        "lean",
        "lesson_ids",
        "notebook_pages",
        "recipe_pages",
        "sequences",
        "strangers_page",
    ],
)
def test_what_makes_the_pages_needs_no_mkdocs(module):
    code = f"import sys; from docs import {module}; sys.exit(any(n.split('.')[0] in ('mkdocs', 'properdocs') for n in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_lesson_that_can_be_run_has_a_place_behind_each_cell_that_has_code_and_names_the_script(tmp_path):
    path = written(
        tmp_path, markdown("# Title"), code("1 + 1", shown(text_plain="2")), code(" "), code("x = 1")
    )
    page = notebook_pages.page(path, runs=True)
    assert page.count(notebook_pages.RAN) == page.count("{ .python .cell ") == 2
    assert page.index("\n2\n") < page.index(notebook_pages.RAN) < page.index("x = 1")
    assert page.count("lesson.js") == 1
    still = notebook_pages.page(path)
    assert "lesson.js" not in still and notebook_pages.RAN not in still
