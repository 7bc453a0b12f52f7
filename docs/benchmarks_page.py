"""The page on benchmarks: the numbers of the last run, where there was one."""

from __future__ import annotations

import json
from pathlib import Path

from docs.text import prose


def section(run: Path) -> str:
    """List the measurements of the last run; an empty text where no run can be read."""
    try:
        found = json.loads(run.read_bytes())
        rows = [(row["what"], row["measured"], row["aim"]) for row in found["rows"]]
        head = f"On {found['date']}, with Python {found['python']} on {found['machine']}:"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    lines = [f"- {prose(what)}: **{prose(measured)}** (aim: {prose(aim)})" for what, measured, aim in rows]
    return "\n\n".join(["## The last run", prose(head), "\n".join(lines)])
