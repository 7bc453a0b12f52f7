"""The ledger of strangers: whose code was run against which revision, and with which figures."""

from __future__ import annotations

import tomllib
from pathlib import Path

from docs.text import prose


def ledger(path: Path) -> str:
    """List the strangers: whose code was run against which revision, and with which figures."""
    rows = tomllib.loads(path.read_text("utf-8"))["stranger"]
    heads = (
        "what",
        "language",
        "made",
        "date, revision",
        "asked",
        "right verdict",
        "and reason",
        "false accepts",
        "false refusals",
        "note",
    )
    lines = ["| " + " | ".join(heads) + " |", "| --- " * len(heads) + "|"]
    for row in rows:
        of = {key: prose(str(value)) or "not counted" for key, value in row.items()}
        cells = (
            of["name"],
            of["language"],
            of["made"],
            f"{of['date']}, {of['revision']}",
            of["asked"],
            of["verdict"],
        )
        lines.append(
            "| "
            + " | ".join((*cells, of["reason"], of["false_accepts"], of["false_refusals"], of["note"]))
            + " |"
        )
    return "\n".join(lines)
