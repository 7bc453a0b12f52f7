"""Tables of TOML as data classes: what is missing, unknown or of a wrong type is noted, and nothing is raised.

A field that is a tuple of data classes is an array of tables, whose key is the class's name in small letters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, get_args, get_type_hints


def read(kind: type[Any], table: Mapping[str, object], label: str, problems: list[str]) -> dict[str, Any]:
    """Read what a table says. Returns the fields of `kind` by name; adds to `problems`, each with its label.

    >>> from handshakes.spec.register import Untestable
    >>> problems = []
    >>> read(Untestable, {"clause": "shop:a.b"}, "shop:a.b", problems), problems
    ({'clause': 'shop:a.b', 'reason': ''}, ["shop:a.b: missing key 'reason'"])
    """
    values: dict[str, Any] = {}
    keys = []
    types = get_type_hints(kind)
    for field in (field for field in fields(kind) if field.name != "problems"):
        wanted = types[field.name]
        of = next((one for one in get_args(wanted) if is_dataclass(one)), None)
        key = str(getattr(of, "__name__", "")).lower() or field.name.rstrip("_")
        keys.append(key)
        if isinstance(of, type):
            values[field.name] = tuple(_tables(of, table.get(key, []), f"{label} {key}", problems))
        else:
            value, needed = table.get(key), field.default is MISSING
            plain = wanted if wanted in (str, int) else list
            values[field.name] = _value(plain, value, f"{label}:", repr(key), needed, problems)
    problems += [f"{label}: unknown key {key!r}" for key in table if key not in keys]
    return values


def _tables(kind: type[Any], value: object, where: str, problems: list[str]) -> Iterator[Any]:
    for place, table in enumerate(value if isinstance(value, list) else [None], 1):
        if not isinstance(table, dict):
            problems.append(f"{where}: must be an array of tables")
            return
        label = str(table.get("id") or table.get("clause") or f"{where} {place}")
        yield kind(**read(kind, table, label, problems))


def _value(wanted: type[Any], value: Any, label: str, key: str, needed: bool, problems: list[str]) -> Any:
    fits = type(value) is wanted and (wanted is not list or all(isinstance(item, str) for item in value))
    if value is None and needed:
        problems.append(f"{label} missing key {key}")
    elif value is not None and not fits:
        name = {str: "a text", int: "a whole number", list: "a list of texts"}[wanted]
        problems.append(f"{label} {key} must be {name}")
    elif needed and not value:
        problems.append(f"{label} empty {key}")
    found = value if fits else wanted()
    return tuple(found) if wanted is list else found
