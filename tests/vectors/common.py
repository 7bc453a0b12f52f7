"""What the four generators share: how a file is written, and that each clause has an example that is accepted.

Nothing here, and nothing in the generators, imports the package: the answers come from elsewhere.
"""

from __future__ import annotations

import json
from typing import Any


def exemplified(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Let the accepted parent of a refused vector name the clause too, where no accepted vector names it yet.

    A refused vector changes one thing of its parent, so the parent is what keeping the clause looks like.
    """
    every = {vector["id"]: vector for group in groups for vector in group["vectors"]}
    accepted = {
        clause
        for one in every.values()
        if one["expect"]["verdict"] == "accepted"
        for clause in one["clauses"]
    }
    for vector in every.values():
        parent = every.get(vector.get("derived_from", {}).get("id", ""))
        if vector["expect"]["verdict"] != "refused" or parent is None:
            continue
        if parent["expect"]["verdict"] == "accepted":
            new = [clause for clause in vector["clauses"] if clause not in accepted]
            parent["clauses"] = [*parent["clauses"], *new]
            accepted |= {*new}
    return groups


def written(value: Any, indent: str = "") -> str:
    """Return JSON that keeps on one line what fits there or holds nothing nested; everything outside ASCII is escaped."""
    line = json.dumps(value)
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if len(indent) + len(line) <= 110 or not any(isinstance(item, (dict, list)) for item in inside):
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(key)}: {written(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + written(item, inner) for item in value) + f"\n{indent}]"
