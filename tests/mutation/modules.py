"""Modules read through a hook of ours, never from bytecode: with one change, or with a note of each line that runs.

A cache of bytecode is found by the source's size and second: a change of equal length could be missed. Here the
changed tree is compiled in memory, so no file is written and none is read.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec
from importlib.readers import FileReader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType, SimpleNamespace

HIT = "__hit__"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Hook(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds some modules before anything else does, and runs the tree that a function makes of each."""

    def __init__(
        self, files: Mapping[str, Path], tree: Callable[[Path], ast.Module], hit: Callable[[int], None]
    ) -> None:
        self._files, self._tree, self._hit = files, tree, hit

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if (file := self._files.get(name)) is None:
            return None
        inside = [str(file.parent)] if file.stem == "__init__" else None
        return importlib.util.spec_from_file_location(
            name, file, loader=self, submodule_search_locations=inside
        )

    def get_source(self, name: str) -> str:
        """Give doctest and inspect the source as it is."""
        return self._files[name].read_text("utf-8")

    def get_resource_reader(self, name: str) -> FileReader:
        """Give what lies beside a package, as its own loader would."""
        return FileReader(SimpleNamespace(path=str(self._files[name])))

    def exec_module(self, module: ModuleType) -> None:
        file = self._files[module.__name__]
        vars(module)[HIT] = self._hit
        exec(compile(self._tree(file), str(file), "exec"), vars(module))

    def install(self) -> None:
        sys.meta_path.insert(0, self)


def noted(file: Path, number: int) -> ast.Module:
    """Return the tree of a module that calls the hit function before each statement of its functions."""
    tree = ast.parse(file.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            _note(node, number)
    return ast.fix_missing_locations(tree)


def _note(node: ast.AST, number: int) -> None:
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        statements = getattr(node, field, None)
        if not isinstance(statements, list):
            continue
        noted_ones: list[ast.AST] = []
        for one in statements:
            text = isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)
            if isinstance(one, ast.stmt) and not text and not getattr(one, "noted", False):
                call = ast.Call(ast.Name(HIT, ast.Load()), [ast.Constant(number << 16 | one.lineno)], [])
                noted_ones.append(ast.copy_location(ast.Expr(call), one))
                one.noted = True  # type: ignore[attr-defined]
            if not isinstance(one, (*FUNCTIONS, ast.ClassDef)):
                _note(one, number)
            noted_ones.append(one)
        setattr(node, field, noted_ones)


def spans(tree: ast.Module) -> dict[int, int]:
    """Return for each line of a function's statements the line at which its innermost statement begins."""
    found: dict[int, int] = {}
    for node in ast.walk(tree):  # outer statements come first, so inner ones overwrite them
        if isinstance(node, ast.stmt):
            found.update(dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), node.lineno))
    return found


def codes(code: CodeType) -> Iterator[CodeType]:
    """Return a code object and all within it."""
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from codes(one)


def put_in(tree: ast.Module, file: Path, scope: str, functions: Sequence[FunctionType]) -> int:
    """Give the functions of this name the code of a changed tree; returns to how many.

    Every name that a function was imported under, and every class that holds it, sees the change.
    """
    found = {
        (one.co_qualname, one.co_firstlineno): one
        for one in codes(compile(tree, str(file), "exec"))
        if one.co_qualname == scope
    }
    count = 0
    for function in functions:
        old = function.__code__
        if (new := found.get((old.co_qualname, old.co_firstlineno))) is not None and old.co_filename == str(
            file
        ):
            function.__code__ = new
            count += 1
    return count
