"""What the four generators share: how a file is written, and that each clause has an example that is accepted.

Nothing here, and nothing in the generators, imports the package: the answers come from elsewhere.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

Expect = dict[str, Any]


def refused(reason: str, stage: str = "") -> Expect:
    """Return the expectation of a refusal, with the stage where it broke, if there is one."""
    return {"verdict": "refused", "reason": reason} | ({"stage": stage} if stage else {})


def derived(platform: str, operation: str, source: tuple[str, ...] | None) -> dict[str, Any]:
    """Return where a vector comes from: the parent's name, the change, and the fields when it touches several."""
    if source is None:
        return {}
    fields = {"fields": list(source[2:])} if source[2:] else {}
    return {"derived_from": {"id": f"{platform}/{operation}/{source[0]}", "change": source[1]} | fields}


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


def version(platform: str) -> str:
    """Return the number of a platform's file, from `versions.toml`; vectors that are made anew have one of their own."""
    file = Path(__file__).with_name("versions.toml")
    return str(tomllib.loads(file.read_text("utf-8"))[platform]["version"]) if file.is_file() else "1.0"


def main(platform: str, by: str, keys: str, groups: list[dict[str, Any]]) -> None:
    """Write a platform's file, or print it with `--print`; `by` says what made it, and `keys` what its keys are."""
    text = written(
        {
            "schema": 1,
            "version": version(platform),
            "platform": platform,
            "made_by": f"tests/vectors/make_{platform}.py with {by}",
            "keys": keys,
            "groups": exemplified(groups),
        }
    )
    if sys.argv[1:] == ["--print"]:
        print(text)
    else:
        file = Path(__file__).parents[2] / "reference" / "handshakes" / platform / "vectors.json"
        file.write_text(text + "\n", encoding="ascii")
