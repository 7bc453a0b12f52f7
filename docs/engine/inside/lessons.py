"""Lessons: their cells run one after the other, each lesson with names of its own, and show what a notebook shows."""

from __future__ import annotations

import ast
import io
import json
import linecache
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from types import ModuleType
from typing import Any

MOST_PRINTED = 200_000
"""How many characters of one output are kept; a cell that somebody has changed may print without end."""
KINDS = (("text/html", "html"), ("text/markdown", "markdown"))
NAMESPACES: dict[str, dict[str, Any]] = {}


class Markdown:
    """What `IPython.display.Markdown` is for a lesson: text that is shown as Markdown."""

    def __init__(self, data: str) -> None:
        self.data = data

    def __repr__(self) -> str:
        return "<IPython.core.display.Markdown object>"

    def _repr_markdown_(self) -> str:
        return self.data


def install() -> None:
    """Put the stand-in for IPython's display in place."""
    for name in ("IPython", "IPython.display"):
        module = sys.modules.setdefault(name, ModuleType(name, "A stand-in."))
        module.__dict__.setdefault("__path__", [])
    sys.modules["IPython.display"].Markdown = Markdown  # type: ignore[attr-defined]


def restart(lesson: str) -> None:
    """Forget what the cells of a lesson defined."""
    NAMESPACES.pop(lesson, None)


def run(lesson: str, cell: int, source: str) -> str:
    """Run a cell. Returns JSON: its outputs, each with `kind`, `text`, and `plain` where the text is not what a console shows."""
    names = NAMESPACES.setdefault(lesson, {"__name__": "__main__"})
    printed = Limited()
    outputs: list[dict[str, str]] = []
    failed = value = None
    with redirect_stdout(printed), redirect_stderr(printed):
        try:
            value = evaluated(source, f"cell {cell + 1}", names)
        except BaseException as error:  # whatever a reader's cell raises is its output
            failed = error
    if text := printed.getvalue():
        outputs.append({"kind": "text", "text": text})
    if failed is not None:
        outputs.append({"kind": "error", "text": told(failed)})
    elif value is not None:
        outputs.append(shown(value))
    return json.dumps(outputs)


class Limited(io.StringIO):
    """Takes what is printed, and raises `MemoryError` where that is too much."""

    def write(self, text: str) -> int:
        """Take more text."""
        if self.tell() + len(text) > MOST_PRINTED:
            raise MemoryError(f"a cell may print {MOST_PRINTED} characters")
        return super().write(text)


def evaluated(source: str, name: str, names: dict[str, Any]) -> Any:
    """Run a cell's statements; return the value of its last line, if that is an expression without a semicolon behind."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), names)
    if last is None:
        return None
    assert isinstance(last, ast.Expr)
    value = eval(compile(ast.Expression(last.value), name, "eval"), names)
    return None if source.rstrip().endswith(";") else value


def shown(value: Any) -> dict[str, str]:
    """Return a value as an output: its Markdown or HTML if it has any, and what a console shows."""
    from .pretty import pretty

    data = value._repr_mimebundle_() if hasattr(value, "_repr_mimebundle_") else {}
    plain = data.get("text/plain") or pretty(value)
    for kind, short in KINDS:
        text = data.get(kind) or getattr(value, f"_repr_{short}_", lambda: None)()
        if text:
            return {"kind": short, "text": text, "plain": plain}
    return {"kind": "text", "text": plain}


def told(error: BaseException) -> str:
    """Return a traceback from the cell on, without what ran the cell."""
    step = error.__traceback__
    while step is not None and not step.tb_frame.f_code.co_filename.startswith("cell "):
        step = step.tb_next
    return "".join(traceback.format_exception(type(error), error, step))[-10_000:]
