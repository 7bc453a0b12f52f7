"""Notebooks as Markdown: what a page shows are the outputs stored in the notebook; nothing is run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from docs import lesson_ids
from docs.text import fence, folded

QUIET = "{ .text .output .no-copy data-search-exclude }"
RAN = '<div class="ran" hidden></div>'
SCRIPT = '<script src="../assets/lesson.js" defer></script>'
DIAGRAM = re.compile(r"```mermaid\n.*?\n```", re.DOTALL)


class NotShown(ValueError):
    """An output that a page cannot show: which notebook, and why."""


def page(path: Path, recipes: Iterable[str] = (), *, runs: bool = False) -> str:
    """Write a notebook as Markdown, so that its links are checked and it is searched like any page.

    `recipes` are the platforms that have a recipe; a lesson names the one of its platform below its title.
    `runs` says that the site has the engine: then the script is named that runs the cells where they are read.
    Raises `NotShown` for a traceback and for a kind of output that cannot be shown.
    """
    parts = []
    about = lesson_ids.platform_of(path)
    for cell in cells(path):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            about = lesson_ids.platform_from(source) or about
            parts.append(lesson_ids.linked(links(source), about))
        elif cell["cell_type"] == "code" and source.strip():
            parts.append(fence(source, "{ .python .cell data-search-exclude }"))
            parts += [output(each, path.name, about) for each in cell["outputs"]]
            parts += [RAN] * runs
            if clauses := cell.get("metadata", {}).get("clauses"):
                parts.append(lesson_ids.shown(clauses))
    platform = next((name for name in recipes if name in path.stem.split("-")), "")
    if platform:
        first = "Every operation of this platform as a numbered list, to be written in any language:"
        parts.insert(1, f"{first} [the recipe](../recipes/{platform}.md).")
    button = f"[Download this notebook]({path.name}){{ .md-button download={path.name} }}"
    return "\n\n".join([*parts, button, *[SCRIPT] * runs]) + "\n"


def cells(path: Path) -> list[dict[str, Any]]:
    """Return the cells of a notebook."""
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["cells"]
    return found


def diagrams(path: Path) -> Iterator[str]:
    """Yield the diagrams that a notebook's outputs hold, as fenced Mermaid text."""
    for cell in cells(path):
        for each in cell.get("outputs", ()):
            yield from DIAGRAM.findall("".join(each.get("data", {}).get("text/markdown", "")))


def links(markdown: str) -> str:
    """Point links at the pages: notebooks have become Markdown, and docs/ is the site's root."""
    markdown = re.sub(r"(\]\([\w./-]+)\.ipynb(?=[)#])", r"\1.md", markdown)
    return re.sub(r"\]\(\.\./docs/", "](../", markdown)


def output(stored: dict[str, Any], name: str, about: str = "") -> str:
    """Write one stored output, of a lesson about a platform. Raises `NotShown`."""
    if stored["output_type"] == "error":
        raise NotShown(f"{name}: a stored output is a traceback ({stored['ename']})")
    if stored["output_type"] == "stream":
        return _block("".join(stored["text"]))
    data = {
        kind: value if isinstance(value, str) else "".join(value) for kind, value in stored["data"].items()
    }
    text = data.get("text/plain", "")
    if "text/markdown" in data:
        if DIAGRAM.search(data["text/markdown"]):
            return data["text/markdown"] + "\n\n" + folded("The same as text", _block(text))
        made = lesson_ids.linked(links(data["text/markdown"]), about)
        return f"<div data-search-exclude markdown>\n\n{made}\n\n</div>"
    if "text/html" in data:
        drawn = f'<div class="output">{data["text/html"]}</div>'
        return drawn + "\n\n" + folded("The same as text", _block(text)) if text else drawn
    if not text:
        raise NotShown(f"{name}: an output of {', '.join(data)} cannot be shown")
    return _block(text)


def _block(text: str) -> str:
    return fence(re.sub(r"\x1b\[[0-9;]*m", "", text), QUIET)
