"""Parameters one by one: as a debugger prints them, as rows of a table, as members of JSON."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

Pairs = list[tuple[str, str]]

_LINE = re.compile(
    r"[ \t>*+-]*[\"'\[:]?([A-Za-z_][\w.-]*(?:\[\w*\])?)[\"'\]]*[ \t]*(?:=>|==|:=|=|:|\t)[ \t]*(?:(?:string|str)\(\d+\)[ \t]*)?(.*)",
    re.ASCII,
)
_QUOTED = re.compile(
    r"(?<![\w.-])([A-Za-z_][\w.-]*)[\"']?\s*(?:=>|=|:|,)\s*\[?(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)')",
    re.ASCII,
)
_MAPS = (
    (
        re.compile(r"\{((?:[\w.-]+=[^{}]*?)(?:, [\w.-]+=[^{}]*?)+)\}", re.ASCII),
        re.compile(r", (?=[\w.-]+=)", re.ASCII),
        "=",
    ),
    (re.compile(r"map\[([\w.-]+:.*)\](?!\S)", re.ASCII), re.compile(r" (?=[\w.-]+:)", re.ASCII), ":"),
    (
        re.compile(r"\(((?:[\w.-]+=[^()]*?)(?:, [\w.-]+=[^()]*?)+)\)", re.ASCII),
        re.compile(r", (?=[\w.-]+=)", re.ASCII),
        "=",
    ),
)
"""Java's and Kotlin's {a=b, c=d}, Go's map[a:b c:d], a data class."""
_MOST = 60


def parameters(text: str, value: Any, names: Collection[str]) -> Pairs:
    """Return the parameters of a signed query that stand one by one in a text or in JSON, in order; none where none do.

    >>> parameters("Array ( [a] => x y\\n [signature] => t=1,signature=00 )", None, ["signature"])
    [('a', 'x y'), ('signature', 't=1,signature=00')]
    >>> parameters("{a=x, y, signature=00}", None, ["signature"])
    [('a', 'x, y'), ('signature', '00')]
    """
    if value is not None:
        return next((pairs for pairs in _objects(value) if _signed(pairs, names)), [])
    text = re.sub(r"=>\s*(?:string\(\d+\)|str)\s*", "=> ", text)
    readers: tuple[Callable[[str], Iterator[Pairs]], ...] = (_maps, _quoted, _lines, _tables)
    found = [pairs for reader in readers for pairs in reader(text) if _signed(pairs, names)]
    return max(found, key=len, default=[])


def _signed(pairs: Pairs, names: Collection[str]) -> bool:
    known = [name for name, _ in pairs]
    signed = [dict(pairs)[name] for name in names if known.count(name) == 1 and dict(pairs)[name]]
    return bool(signed) and len(pairs) < _MOST and (len(pairs) > 1 or len(signed[0]) > 80)


def _objects(value: Any) -> Iterator[Pairs]:
    """Yield the members of each object that are texts or numbers, and rows of name (or key) and value."""
    if isinstance(value, dict):
        single = {n: v[0] if isinstance(v, list) and len(v) == 1 else v for n, v in value.items()}
        if not any(isinstance(inner, str) and "?" in inner and "://" in inner for inner in single.values()):
            yield [
                (str(n), str(v))
                for n, v in single.items()
                if isinstance(v, (str, int)) and not isinstance(v, bool)
            ]
        for inner in value.values():
            yield from _objects(inner)
    elif isinstance(value, list):
        rows = [
            one
            for one in value
            if isinstance(one, dict) and "value" in one and ("name" in one or "key" in one)
        ]
        yield [(str(one.get("name", one.get("key"))), str(one["value"])) for one in rows]
        pairs = [one for one in value if isinstance(one, list) and len(one) == 2]
        yield [(str(name), str(inner)) for name, inner in pairs]
        for inner in value:
            yield from _objects(inner)


def _maps(text: str) -> Iterator[Pairs]:
    for whole, between, mark in _MAPS:
        for found in whole.finditer(text):
            pieces = [piece.partition(mark) for piece in between.split(found[1])]
            yield [(name.strip(), _bare(value)) for name, _, value in pieces]


def _quoted(text: str) -> Iterator[Pairs]:
    """Yield the pairs of literals: each run of pairs with nothing but punctuation, or a call, between them."""
    pairs: Pairs = []
    end = 0
    for found in _QUOTED.finditer(text):
        if pairs and not re.fullmatch(
            r"[\s,;\])(\[{}:\"']{0,12}(?:[\w.$>-]{0,40}?(?:set|append|add|put|param|queryParam)\(\s*[\"']?)?",
            text[end : found.start()],
        ):
            yield pairs
            pairs = []
        value = found[2] if found[2] is not None else found[3]
        pairs.append((found[1], re.sub(r"\\([\\\"'/])", r"\1", value)))
        end = found.end()
    yield pairs


def _lines(text: str) -> Iterator[Pairs]:
    """Yield the pairs of lines that stand one behind the other; a name and its value may have a line each."""
    pairs: Pairs = []
    rows = [
        re.sub(r"^(?:Array|array:\d+|Params?:|Parameters:)?[ \t]?[(\[{]", "", row.strip())
        for row in text.splitlines()
    ]
    for row in [*rows, ""]:
        found = _LINE.fullmatch(
            re.sub(r"(?<=\S)\s*[)\]}]\s*$", "", row) if row.count("(") < row.count(")") else row
        )
        if found and (found[2] or pairs) and found[2] not in ("{", "[", "(", "array(", "array ("):
            pairs.append((found[1], _bare(found[2])))
        elif pairs and row.strip():
            yield pairs
            pairs = []
    yield pairs
    plain = [row.strip() for row in rows if row.strip()]
    for start in (0, 1):
        names = plain[start::2]
        if names and all(re.fullmatch(r"[A-Za-z_][\w.-]*:?", name, re.ASCII) for name in names):
            yield [
                (name.rstrip(":"), value) for name, value in zip(names, plain[start + 1 :: 2], strict=False)
            ]


def _tables(text: str) -> Iterator[Pairs]:
    """Yield the pairs of a table: its first row has the names, another the values; or each row has a name and a value."""
    lines = text.splitlines()[:_MOST]
    if sum(map(len, lines)) + len(lines) > csv.field_size_limit():  # an open quote makes one cell of all
        return
    for mark in (",", ";", "\t", "|"):
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=mark)]
        rows = [row[1:-1] if mark == "|" and row[:1] == [""] else row for row in rows if len(row) > 1]
        rows = [row for row in rows if not all(re.fullmatch(":?-+:?", cell) for cell in row)]
        for row in rows[1:]:
            if len(row) == len(rows[0]) > 2:
                yield [(name, value) for name, value in zip(rows[0], row, strict=True) if name]
        yield [
            (row[0], row[1]) for row in rows if len(row) == 2 and re.fullmatch(r"[A-Za-z_][\w.-]*", row[0])
        ]


def _bare(value: str) -> str:
    value = value.strip(", \t")
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    if re.fullmatch(r"\[[^\[\]]*\]", value):
        value = value[1:-1]
        return value[1:-1] if value[:1] == value[-1:] == '"' and len(value) > 1 else value
    return value
