"""What PHP makes of a query, as far as the official verifier depends on it: `parse_str`, `ksort`, `parse_url`.

Only the reading `php-compatible` uses this room. It follows PHP 8.2, measured; values are flat text
pairs, with `a[k]` as the name of what lies in an array.
"""

from __future__ import annotations

import functools
import re
from typing import Any, TypeAlias
from urllib.parse import unquote_to_bytes

from ..strict import Pairs

Key: TypeAlias = int | str
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)
_NUMERIC = re.compile(
    r"[ \t\n\r\v\f]*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t\n\r\v\f]*", re.ASCII
)


def parse_str(query: str) -> Pairs:
    """Return the pairs that PHP sees: the last of several, `.` and space in names as `_`, arrays by name.

    >>> parse_str("n=1&my.param=x&n=2&ids[]=5&ids[]=7&=y")
    (('n', '2'), ('my_param', 'x'), ('ids[0]', '5'), ('ids[1]', '7'))
    """
    found: dict[Key, Any] = {}
    for piece in query.split("&"):
        name, _, value = piece.partition("=")
        path = _path(_text(name))
        if not path:
            continue
        place = found
        for step in path[:-1]:
            key = _next(place) if step is None else step
            if not isinstance(place.get(key), dict):
                place[key] = {}
            place = place[key]
        last = path[-1]
        place[_next(place) if last is None else last] = _text(value)
    return tuple(_flat(found, ""))


def _text(raw: str) -> str:
    return unquote_to_bytes(raw.replace("+", " ")).decode("utf-8", "surrogateescape")


def _path(name: str) -> list[Key | None]:
    """Return the keys of a name: the plain one, then those in brackets; None stands for `[]`."""
    name = name.lstrip(" ").partition("\0")[0]
    plain, bracket, rest = name.partition("[")
    plain = plain.replace(" ", "_").replace(".", "_")
    if not plain:
        return []
    path: list[Key | None] = [_key(plain)]
    while bracket:
        inner, closed, rest = rest.partition("]")
        if not closed:
            return [_key(re.sub(r"[ .[]", "_", name))] if len(path) == 1 else path
        path.append(None if inner in ("", " ") else _key(inner))
        bracket, rest = rest[:1] if rest[:1] == "[" else "", rest[1:]
    return path


def _key(name: str) -> Key:
    return int(name) if _INTEGER.fullmatch(name) and -(2**63) <= int(name) < 2**63 else name


def _next(place: dict[Key, Any]) -> int:
    return max((key + 1 for key in place if isinstance(key, int)), default=0)


def _flat(values: dict[Key, Any], prefix: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{prefix}[{key}]" if prefix else str(key)
        pairs += _flat(value, name) if isinstance(value, dict) else [(name, value)]
    return pairs


def ksort(pairs: Pairs) -> Pairs:
    """Return the pairs sorted by the name before any bracket: numbers by value, the rest byte by byte.

    >>> [name for name, _ in ksort((("10", ""), ("_", ""), ("9", ""), ("B", ""), ("a", "")))]
    ['9', '10', 'B', '_', 'a']
    """
    return tuple(sorted(pairs, key=lambda pair: functools.cmp_to_key(_compare)(pair[0].partition("[")[0])))


def _compare(one: str, other: str) -> int:
    if _NUMERIC.fullmatch(one) and _NUMERIC.fullmatch(other):
        return (float(one) > float(other)) - (float(one) < float(other))
    first, second = one.encode("utf-8", "surrogateescape"), other.encode("utf-8", "surrogateescape")
    return (first > second) - (first < second)


def parse_url(url: str) -> tuple[str, str]:
    """Return scheme, host and path as one text, and the query; a URL without a path has an empty one.

    >>> parse_url("https://user@host.example:8443?a=1#top")
    ('https://host.example', 'a=1')
    """
    head, _, query = url.partition("#")[0].partition("?")
    scheme, _, rest = head.partition("://")
    authority, slash, path = rest.partition("/")
    host = re.sub(r":[0-9]*$", "", authority.rpartition("@")[2])
    return f"{scheme}://{host}{slash}{path}", query
