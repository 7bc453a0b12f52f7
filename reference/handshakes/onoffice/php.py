"""What PHP makes of names, as far as the official verifier depends on it: `parse_str`, `ksort`, `parse_url`.

For the readings `php-compatible`, which follows PHP 8.2 and later, and `php-before-8-2`, which follows
8.0 and 8.1; both were measured. What PHP puts into an array stays a flat pair here, with `ids[0]` as
its name.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from ..core.strict import Pairs

MOST_NESTED = 64
"""PHP's `max_input_nesting_level`: what is in more brackets is dropped."""
Key: TypeAlias = int | str
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)
_BEGINS_AS_NUMBER = re.compile(r"[ \t\n\r\v\f]*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_NUMERIC = re.compile(_BEGINS_AS_NUMBER.pattern + r"[ \t\n\r\v\f]*", re.ASCII)


def parse_str(pairs: Pairs) -> Pairs:
    """Return the pairs under the names that PHP gives them; nameless ones are dropped.

    Of a name that occurs twice, the earlier values come first, in their order.

    >>> parse_str((("my.param", "x"), ("ids[]", "5"), ("ids[]", "7"), ("", "y"), ("n", "1"), ("n", "2")))
    (('n', '1'), ('my_param', 'x'), ('ids[0]', '5'), ('ids[1]', '7'), ('n', '2'))
    """
    found: dict[Key, Any] = {}
    replaced: list[tuple[str, str]] = []
    for name, value in pairs:
        path = _path(name)
        if not path or len(path) > MOST_NESTED + 1:
            continue
        place, flat = found, ""
        for step in path[:-1]:
            key = _next(place) if step is None else step
            flat = _inside(flat, key)
            if not isinstance(place.get(key), dict):
                replaced += [(flat, place[key])] if key in place else []
                place[key] = {}
            place = place[key]
        key = _next(place) if path[-1] is None else path[-1]
        if key in place:
            old = place[key]
            replaced += (
                _flat(old, _inside(flat, key)) if isinstance(old, dict) else [(_inside(flat, key), old)]
            )
        place[key] = value
    flat_pairs = _flat(found, "")
    known = {name for name, _ in flat_pairs}
    roots = {name.partition("[")[0]: name for name, _ in flat_pairs}
    earlier = [(n if n in known else roots[n.partition("[")[0]], value) for n, value in replaced]
    return (*earlier, *flat_pairs)


def is_numeric(name: str) -> bool:
    """Return whether PHP takes a text for a number, and so compares it by its value: blanks around it do not matter.

    >>> [name for name in ("7", " -1.5e3 ", ".5", "7x", "0x1", "") if is_numeric(name)]
    ['7', ' -1.5e3 ', '.5']
    """
    return _NUMERIC.fullmatch(name) is not None


def last_wins(pairs: Pairs) -> Pairs:
    """Return each name once, with its last value, in the place of that value.

    >>> last_wins((("a", "1"), ("b", "2"), ("a", "3")))
    (('b', '2'), ('a', '3'))
    """
    last = {name: place for place, (name, _) in enumerate(pairs)}
    return tuple(pair for place, pair in enumerate(pairs) if last[pair[0]] == place)


def _path(name: str) -> list[Key | None]:
    """Return the keys of a name: the plain one, then those in brackets; None stands for `[]`."""
    name = name.lstrip(" ").partition("\0")[0]
    plain, bracket, rest = name.partition("[")
    plain = plain.replace(" ", "_").replace(".", "_")
    if not plain:
        return []
    path: list[Key | None] = [_key(plain)]
    while bracket and len(path) <= MOST_NESTED + 1:  # what is nested deeper is dropped
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


def _inside(flat: str, key: Key) -> str:
    return f"{flat}[{key}]" if flat else str(key)


def _flat(values: dict[Key, Any], prefix: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in values.items():
        name = _inside(prefix, key)
        pairs += _flat(value, name) if isinstance(value, dict) else [(name, value)]
    return pairs


def ksort(pairs: Pairs) -> Pairs:
    """Return the pairs sorted as by PHP 8.2 and later: by the name before any bracket, two numbers by value, all else byte by byte.

    Numbers among other names have no order but circles; there PHP's result depends on how it sorts.

    >>> [name for name, _ in ksort((("10", ""), ("_", ""), ("9", ""), ("B", ""), ("a", "")))]
    ['9', '10', 'B', '_', 'a']
    """
    return _sorted(pairs, _compare)


def ksort_before_8_2(pairs: Pairs) -> Pairs:
    """Return the pairs sorted as by PHP 8.0 and 8.1, where a name of letters counts as 0 beside one that is an integer.

    >>> [name for name, _ in ksort_before_8_2((("10", ""), ("_", ""), ("9", ""), ("-1", ""), ("a", "")))]
    ['-1', '_', 'a', '9', '10']
    """
    return _sorted(pairs, _compare_before_8_2)


def _sorted(pairs: Pairs, compare: Callable[[str, str], int]) -> Pairs:
    return tuple(sorted(pairs, key=lambda pair: functools.cmp_to_key(compare)(pair[0].partition("[")[0])))


def _compare_before_8_2(one: str, other: str) -> int:
    if isinstance(_key(one), str) and isinstance(_key(other), str):
        return _compare(one, other)
    values = [float(found[0]) if (found := _BEGINS_AS_NUMBER.match(n)) else 0.0 for n in (one, other)]
    return (values[0] > values[1]) - (values[0] < values[1])


def _compare(one: str, other: str) -> int:
    if is_numeric(one) and is_numeric(other):
        return (float(one) > float(other)) - (float(one) < float(other))
    return (one > other) - (one < other)
