"""Vectors: inputs of pure operations with the answers that the documents ask for, as data for every language.

A file holds groups, which share what is given (secret, time, tolerance), and each group its vectors.
Whatever is wrong with a file is refused as `BadFile`, with the file, the place and the reason.

>>> document = load("retailcrm")
>>> group, vector = next(rows(document))
>>> vector["id"], vector["expect"]["verdict"]
('retailcrm/verify_registration/worked-good', 'accepted')
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from ..core.readings import Stages
from ..core.refusals import Refused
from .code import Data, Operation

MOST_BYTES = 16 * 1_048_576
FILE = "vectors.json"
SCHEMA_FILE = "vectors.schema.json"


class BadFile(Exception):
    """A file that cannot be used: which one, where in it, and why."""

    def __init__(self, file: str, place: str, reason: str) -> None:
        super().__init__(f"{file}: {place}: {reason}" if place else f"{file}: {reason}")
        self.file, self.place, self.reason = file, place, reason


def raw(data: Mapping[str, str]) -> bytes:
    """Return the bytes that a file gives as text or as hex.

    >>> raw({"utf8": "é"}), raw({"hex": "00ff"})
    (b'\\xc3\\xa9', b'\\x00\\xff')
    """
    return bytes.fromhex(data["hex"]) if "hex" in data else data["utf8"].encode()


def rows(document: Data) -> Iterator[tuple[Data, Data]]:
    """Return every vector with its group, in the order of the file."""
    for group in document["groups"]:
        for vector in group["vectors"]:
            yield group, vector


def outcome(operation: Operation, group: Data, vector: Data, stages: Stages | None = None) -> Data:
    """Return what an operation answers to a vector, in the form of `expect`; `stages` are those of readings."""
    try:
        returns = operation.run(group["given"], vector["input"], stages)
    except Refused as refused:
        answer = {"verdict": "refused", "reason": refused.reason}
        return answer | ({"stage": refused.stage} if refused.stage else {})
    return {"verdict": "accepted", "returns": returns}


def file_of(platform: str) -> Path:
    """Return the path of a platform's vectors."""
    return Path(str(resources.files("handshakes").joinpath(platform, FILE)))


@cache
def load(platform: str) -> Data:
    """Return the vectors of a platform, read once. Raises `BadFile`."""
    return read(file_of(platform))


def read(path: Path) -> Data:
    """Return the vectors of a file. Raises `BadFile` for everything that is not a file of vectors."""
    name = str(path)
    try:
        if not path.is_file() and not path.is_dir() and path.exists():  # a pipe or a device may never end
            raise BadFile(name, "", "is not a regular file")
        if path.stat().st_size > MOST_BYTES:
            raise BadFile(name, "", f"longer than {MOST_BYTES} bytes")
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise BadFile(name, "", f"cannot be read: {error.strerror or type(error).__name__}") from None
    except UnicodeDecodeError as error:
        raise BadFile(name, f"byte {error.start}", "not UTF-8") from None
    return parse(text, name)


def parse(text: str, name: str = "vectors") -> Data:
    """Return the vectors that a text holds; `name` stands for the file. Raises `BadFile`.

    >>> parse('{"schema": 1, "schema": 1}')
    Traceback (most recent call last):
    handshakes.spec.vectors.BadFile: vectors: $: the key 'schema' occurs twice
    """
    value = json_value(text, name)
    try:
        for error in _validator().iter_errors(value):
            raise BadFile(name, _place(value, error.instance_path), error.message)
    except UnicodeEncodeError:  # its message would hold half of a surrogate pair, as a vector may
        keys = ", ".join(sorted(value)) if isinstance(value, dict) else "no object"
        raise BadFile(name, "$", f"not of the schema; its keys are {keys}") from None
    found: Data = value
    return found


def json_value(text: str, name: str) -> Any:
    """Return what a JSON text says. Raises `BadFile`: what is not JSON with line and column, doubled keys by name."""

    def members(pairs: list[tuple[str, Any]]) -> Data:
        made: Data = {}
        for key, value in pairs:
            if key in made:
                raise BadFile(name, str(made.get("id", "$"))[:120], f"the key {key[:80]!r} occurs twice")
            made[key] = value
        return made

    def constant(word: str) -> None:
        raise BadFile(name, "", f"{word} is not JSON")

    try:
        return json.loads(text, object_pairs_hook=members, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise BadFile(name, f"line {error.lineno}, column {error.colno}", f"not JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise BadFile(name, "", f"not JSON: {type(error).__name__}") from None


def _place(value: Any, path: list[str | int]) -> str:
    """Return a path into the file for a person: by the id of the vector or group where there is one."""
    label, rest = "", "$"
    for step in path:
        rest += f".{step}" if isinstance(step, str) else f"[{step}]"
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(value, dict) and isinstance(value.get("id"), str) and step not in ("derived_from",):
            label, rest = value["id"], "$"
    rest = rest.removeprefix("$").removeprefix(".")
    return ": ".join(part for part in (label, rest) if part) or "$"


@cache
def _validator() -> Any:
    import jsonschema_rs  # jsonschema itself takes seconds to import beside Jupyter

    schema = json.loads(resources.files(__package__).joinpath(SCHEMA_FILE).read_text("utf-8"))
    return jsonschema_rs.Draft202012Validator(schema)


def written(value: Any) -> str:
    """Return JSON as it is kept: ASCII, on one line what fits there or holds nothing nested.

    >>> written({"schema": 1})
    '{"schema": 1}\\n'
    """
    return _lines(value, "") + "\n"


def _lines(value: Any, indent: str) -> str:
    line = json.dumps(value)
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if len(indent) + len(line) <= 110 or not any(isinstance(item, dict | list) for item in inside):
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(key)}: {_lines(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + _lines(item, inner) for item in value) + f"\n{indent}]"
