"""Every small change of a module that its tests should notice, in a fixed order.

A mutant is one edit of the syntax tree: a comparison, an operator or a condition turned round, a constant changed, a
returned value or a statement left out. Annotations and docstrings are left alone: they change nothing that runs.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult, ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitXor: ast.BitOr, ast.Pow: ast.Mult,
}  # fmt: skip
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
UNREAD = {"annotation", "returns", "type_comment", "ctx"}


class Mutant(NamedTuple):
    """One change: the module's path, the function around it, the code before and after."""

    module: str
    index: int
    scope: str
    """The outermost function whose body holds the change, empty for what runs at the import."""
    line: int
    before: str
    after: str
    nth: int
    """Which of the equal changes within this function it is, counted from 0."""

    @property
    def name(self) -> str:
        """Name it by what it changes: other lines of the module may move."""
        count = f" #{self.nth}" if self.nth else ""
        return f"{self.module} {self.scope or '-'}: {self.before} -> {self.after}{count}"


class Site(NamedTuple):
    """A place in a tree, and how to change it."""

    scope: str
    line: int
    before: str
    after: str
    change: Callable[[], None]


def mutants(source: str, module: str) -> list[Mutant]:
    """Return all mutants of a module.

    >>> [mutant.name for mutant in mutants("def f(a: int) -> int:\\n    return a + 1", "m.py")]
    ['m.py f: return a + 1 -> return None', 'm.py f: a + 1 -> a - 1', 'm.py f: a + 1 -> a + 2']
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    made = []
    for index, site in enumerate(_sites(ast.parse(source))):
        key = site.scope, site.before, site.after
        made.append(Mutant(module, index, site.scope, site.line, site.before, site.after, seen[key]))
        seen[key] += 1
    return made


def mutated(source: str, index: int) -> ast.Module:
    """Return the module's tree with this one of its changes made.

    >>> ast.unparse(mutated("x = 1 < 2", 0))
    'x = 1 <= 2'
    """
    tree = ast.parse(source)
    site = next(site for at, site in enumerate(_sites(tree)) if at == index)
    site.change()
    return ast.fix_missing_locations(tree)


def _sites(tree: ast.Module) -> Iterator[Site]:
    for statement in tree.body:
        if not _is_text_alone(statement) and not _is_alias(statement):
            yield from _within(statement, tree, "", statement, ())


def _within(
    node: ast.AST, parent: ast.AST, scope: str, statement: ast.AST, path: tuple[str, ...]
) -> Iterator[Site]:
    """Go through a node: first its own changes, then those of its children, in the order of the source."""
    yield from _of_node(node, parent, scope, statement)
    for field, value in ast.iter_fields(node):
        if field in UNREAD or (isinstance(node, ast.AnnAssign) and field == "target"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or _is_text_alone(child) or _is_type(child, node):
                continue
            inside, below = scope, path
            if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
                below = (*path, node.name)
                if isinstance(node, FUNCTIONS) and field == "body" and not scope:
                    inside = ".".join(below)
            around = child if isinstance(child, ast.stmt) else statement
            yield from _within(child, node, inside, around, below)


def _is_text_alone(statement: ast.AST) -> bool:
    """Say whether a statement is a text and nothing else, which documents what is above it."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_alias(statement: ast.AST) -> bool:
    """Say whether a statement only names a type for the checker."""
    return isinstance(statement, ast.AnnAssign) and ast.unparse(statement.annotation) == "TypeAlias"


def _is_type(child: ast.AST, parent: ast.AST) -> bool:
    """Say whether a node only names a type for the checker: the first argument of `cast` and `TypeVar`."""
    named = (
        isinstance(parent, ast.Call)
        and isinstance(parent.func, ast.Name)
        and parent.func.id in ("cast", "TypeVar")
    )
    return named and child is not parent.func and child is parent.args[0]


def _of_node(node: ast.AST, parent: ast.AST, scope: str, statement: ast.AST) -> Iterator[Site]:
    for new in _replacements(node, parent):
        shown = node if isinstance(node, ast.stmt) or not isinstance(parent, SHOWN) else parent
        before = _short(shown)
        change = _replacing(parent, node, new)
        change()
        after = _short(shown if shown is not node else new)
        _replacing(parent, new, node)()
        yield Site(scope, getattr(node, "lineno", getattr(statement, "lineno", 0)), before, after, change)


SHOWN = (ast.Compare, ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.Subscript, ast.Call, ast.keyword, ast.JoinedStr, ast.Dict, ast.Tuple, ast.Assign)  # fmt: skip


def _short(node: ast.AST) -> str:
    text = ast.unparse(node).splitlines()[0] if not isinstance(node, ast.Pass) else "pass"
    return text if len(text) <= 160 else text[:120] + " … " + text[-37:]


def _replacing(parent: ast.AST, old: ast.AST, new: ast.AST) -> Callable[[], None]:
    def change() -> None:
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
            elif isinstance(value, list):
                for at, one in enumerate(value):
                    if one is old:
                        value[at] = new

    return change


def _replacements(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """Return what may stand in a node's place."""
    if isinstance(node, ast.Compare):
        for at, operator in enumerate(node.ops):
            ops: list[ast.cmpop] = [*node.ops]
            ops[at] = COMPARISONS[type(operator)]()
            yield _like(node, ast.Compare(node.left, ops, node.comparators))
    elif isinstance(node, ast.BoolOp):
        yield _like(node, ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values))
    elif isinstance(node, ast.BinOp) and not any(map(_is_text, (node.left, node.right))):
        yield _like(node, ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right))
    elif isinstance(node, ast.AugAssign):
        yield _like(node, ast.AugAssign(node.target, OPERATORS[type(node.op)](), node.value))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Constant):
        of_quote = isinstance(parent, ast.keyword) and parent.arg == "safe"  # where a letter changes nothing
        yield from _constants(node, '"/XX' if of_quote else "XX")
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield _like(node, ast.Return(ast.Constant(None)))
    elif isinstance(node, ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        yield _like(node, ast.Pass())
    elif isinstance(node, ast.Break):
        yield _like(node, ast.Continue())
    elif isinstance(node, ast.Continue):
        yield _like(node, ast.Break())
    if _is_condition(node, parent):
        yield _like(node, ast.UnaryOp(ast.Not(), node))


def _is_condition(node: ast.AST, parent: ast.AST) -> bool:
    """Say whether a node is a condition that no other change turns round."""
    if isinstance(node, (ast.Compare, ast.UnaryOp, ast.Constant)):
        return False
    if isinstance(parent, (ast.If, ast.While, ast.IfExp)):
        return node is parent.test
    return isinstance(parent, ast.comprehension) and node in parent.ifs


def _constants(node: ast.Constant, more: str) -> Iterator[ast.AST]:
    value = node.value
    changed: Any
    if value is None or value is ...:
        return
    if isinstance(value, bool):
        changed = not value
    elif isinstance(value, (int, float)):
        changed = value + 1
    elif isinstance(value, str):
        changed = value + more
    else:
        changed = value + more.encode()
    yield _like(node, ast.Constant(changed))


def _is_text(node: ast.AST) -> bool:
    """Say whether a node is text for certain: to subtract it always fails, which would prove nothing."""
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))
    )


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _like(old: ast.AST, new: ast.AST) -> ast.AST:
    return ast.copy_location(new, old)
