"""The list of ids: every id that was ever given to a vector, with a digest of what the vector asks.

It is kept beside a file of vectors and only grows, so that an id means the same for ever.

>>> with_new({"groups": []}, NONE_YET) == NONE_YET
True
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from .code import Data
from .vectors import rows

FILE = "vector-ids.txt"
NONE_YET = """\
# Every id that was ever given to a vector, with a digest of what it asks. Ids are never reused: a vector
# that asks something else gets a new one, and one that goes leaves its id here with the word retired.
"""


def differences(by_id: Mapping[str, tuple[Data, Data]], ids: str) -> Iterator[str]:
    """Say where vectors and the list differ: an id that is new, changed, gone, or back from retirement."""
    known = dict(line.split(" ", 1) for line in ids.splitlines() if line and not line.startswith("#"))
    for id, (group, vector) in by_id.items():
        if id not in known:
            yield f"{id}: is not on the list of ids; `handshakes vectors format` adds it"
        elif known[id] == "retired":
            yield f"{id}: was retired and may not come back"
        elif known[id] != digest(group, vector):
            yield f"{id}: was given out for another input; a changed input needs a new id"
    for id in known:
        if id not in by_id and known[id] != "retired":
            yield f"{id}: was given out and is gone; write 'retired' after it in {FILE}"


def digest(group: Data, vector: Data) -> str:
    """Return what the list of ids remembers of a vector: a digest of what is asked."""
    asked = {"operation": group["operation"], "given": group["given"], "input": vector["input"]}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def with_new(document: Data, ids: str) -> str:
    """Return the list of ids with the new ones at its end; nothing on it is ever changed here."""
    known = {line.partition(" ")[0] for line in ids.splitlines()}
    new = [f"{v['id']} {digest(g, v)}\n" for g, v in rows(document) if v["id"] not in known]
    return ids + "".join(new)


def beside(file: Path) -> str | None:
    """Return the text of the list of ids beside a file of vectors, or None where there is none."""
    path = file.with_name(FILE)
    return path.read_text("ascii") if path.is_file() else None
