"""Take one check out of the package's code, for as long as a test needs it: a `raise` becomes a `pass`.

`place(refused)` says where a refusal was raised; `without(place)` runs the code without that statement. Only the
function that holds it is compiled anew, from the module's source, so no copy of the package is needed.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType, TracebackType
from typing import Any, NamedTuple

import handshakes
from handshakes.core.refusals import Refused

ROOT = Path(handshakes.__file__).parent
NOT_CODE = ("operations.py", "spec")


class Place(NamedTuple):
    """Where a refusal comes from: its reason, the lines that led there, and the module and line of the `raise`."""

    reason: str
    way: tuple[tuple[str, int], ...]
    module: str
    line: int


@contextmanager
def noted() -> Iterator[None]:
    """Note of every refusal that is made inside where it was made: some are freed of their traceback on purpose."""
    init = Refused.__init__

    def noting(self: Refused, *given: Any, **more: Any) -> None:
        init(self, *given, **more)
        way, cause = _stack(), sys.exc_info()[1]
        while cause is not None and type(cause).__module__.startswith("handshakes"):
            way, cause = (*way, *_ours(cause.__traceback__)), cause.__context__
        self.way = way  # type: ignore[attr-defined]

    Refused.__init__ = noting  # type: ignore[method-assign]
    try:
        yield
    finally:
        Refused.__init__ = init  # type: ignore[method-assign]


def place(refused: Refused) -> Place:
    """Return where a refusal was decided: its own `raise`, or that of what it was made from, if that is ours too."""
    way: tuple[tuple[str, int], ...] = refused.way  # type: ignore[attr-defined]
    return Place(refused.reason, way, *way[-1])


def _stack() -> tuple[tuple[str, int], ...]:
    """Return the package's lines that led to the `raise` that is being made; what only makes the refusal is left out."""
    found, frame = [], sys._getframe(2)
    while frame is not None:
        found += _line(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    while not _raises(*found[0]):
        found.pop(0)
    return tuple(reversed(found))


def _ours(step: TracebackType | None) -> tuple[tuple[str, int], ...]:
    found = []
    while step is not None:
        found += _line(step.tb_frame.f_code.co_filename, step.tb_lineno)
        step = step.tb_next
    return tuple(found)


def _line(file: str, line: int) -> list[tuple[str, int]]:
    path = Path(file)
    if not path.is_relative_to(ROOT):
        return []
    parts = path.relative_to(ROOT).with_suffix("").parts
    if path.name in NOT_CODE or parts[0] in NOT_CODE:
        return []
    return [(".".join(("handshakes", *parts)).removesuffix(".__init__"), line)]


@cache
def _raises(module: str, line: int) -> bool:
    """Return whether a `raise` stands on a line."""
    return any(first <= line <= last for first, last in _all_raises(module))


@cache
def _all_raises(module: str) -> list[tuple[int, int]]:
    """Return the first and the last line of each `raise`."""
    nodes = ast.walk(ast.parse(_source(module)))
    return [(node.lineno, node.end_lineno or node.lineno) for node in nodes if isinstance(node, ast.Raise)]


class _Passing(ast.NodeTransformer):
    def __init__(self, line: int) -> None:
        self.line, self.found = line, 0

    def visit_Raise(self, node: ast.Raise) -> ast.stmt:
        if not node.lineno <= self.line <= (node.end_lineno or node.lineno):
            return node
        self.found += 1
        return ast.copy_location(ast.Pass(), node)


@cache
def _source(module: str) -> str:
    return Path(str(sys.modules[module].__file__)).read_text("utf-8")


def _codes(code: CodeType) -> Iterator[CodeType]:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const
            yield from _codes(const)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    for value in vars(module).values():
        for one in vars(value).values() if isinstance(value, type) else (value,):
            one = getattr(one, "__wrapped__", one)
            if isinstance(one, FunctionType) and one.__module__ == module.__name__:
                yield one


@cache
def _changed(module: str, line: int) -> dict[tuple[str, int], CodeType]:
    """Return the code of a module's functions without the `raise` on a line, by name and first line."""
    passing = _Passing(line)
    tree = ast.fix_missing_locations(passing.visit(ast.parse(_source(module))))
    assert passing.found == 1, f"{module}, line {line}: no single raise there"
    codes = _codes(compile(tree, str(sys.modules[module].__file__), "exec"))
    return {(code.co_qualname, code.co_firstlineno): code for code in codes}


@contextmanager
def without(at: Place) -> Iterator[None]:
    """Run what is inside without the statement at a place."""
    module, changed = sys.modules[at.module], _changed(at.module, at.line)
    before = []
    for function in _functions(module):
        own = function.__code__
        if own.co_firstlineno <= at.line <= max((line or 0 for *_, line in own.co_lines()), default=0) + 20:
            new = changed.get((own.co_qualname, own.co_firstlineno))
            if new is not None and new.co_freevars == own.co_freevars:
                before.append((function, own))
                function.__code__ = new
    assert before, f"{at.module}, line {at.line}: no function to change"
    try:
        yield
    finally:
        for function, own in before:
            function.__code__ = own
