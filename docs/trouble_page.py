"""Troubleshooting by symptom: what to look at, a command, and the mistakes, reasons and steps, from the code's own tables."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from docs.text import clause, plain, prose, reason
from handshakes.core.refusals import REASONS
from handshakes.explain.entries import slips
from handshakes.platforms import PLATFORMS

FILE = Path(__file__).parent / "troubleshooting.toml"


@dataclass(frozen=True, slots=True)
class Symptom:
    """What a person sees: what to look at first, a command, and ids of reasons, slips and operations of a recipe."""

    id: str
    title: str
    first: str
    command: str
    reasons: tuple[str, ...]
    slips: tuple[str, ...]
    steps: tuple[str, ...]


def symptoms(path: Path = FILE) -> list[Symptom]:
    """Read the symptoms. An id that the code does not know raises `KeyError`."""
    found = []
    for row in tomllib.loads(path.read_text("utf-8"))["symptom"]:
        lists = {name: tuple(row.pop(name)) for name in ("reasons", "slips", "steps")}
        found.append(Symptom(**row, **lists))
    for one in found:
        unknown = [*(set(one.reasons) - set(REASONS)), *(set(one.slips) - set(slips()))]
        if unknown:
            raise KeyError(f"{one.id}: unknown: {', '.join(sorted(unknown))}")
    return found


def sections() -> str:
    """Write the list of symptoms, then a section for each."""
    found = symptoms()
    parts = ["\n".join(f"- [{one.title}](#{one.id})" for one in found)]
    for one in found:
        parts += [
            f"## {one.title} {{ #{one.id} }}",
            re.sub(r"\[\[([a-z]+:[^\]]+)\]\]", _clause, one.first.strip()),
        ]
        parts.append(f"```sh\n{one.command}\n```")
        if one.slips:
            listed = "\n".join(map(_slip, one.slips))
            parts += [
                "Known causes, and what to do:",
                f"<div data-search-exclude markdown>\n\n{listed}\n\n</div>",
            ]
        see = [f"Reasons: {', '.join(reason(code, '') for code in one.reasons)}"] if one.reasons else []
        see += [f"Recipe: {', '.join(map(_step, one.steps))}"] if one.steps else []
        if see:
            parts.append(" · ".join(see) + "\n{ .facts data-search-exclude }")
    return "\n\n".join(parts)


def _clause(found: re.Match[str]) -> str:
    return clause(found[1], "")


def _slip(id: str) -> str:
    slip = slips()[id]
    page = next((name for name in PLATFORMS if id.startswith(f"{name}-")), "general")
    return f"- {prose(slip.says)} *{prose(slip.cure)}* [{plain(id)}](mistakes/{page}.md#{id})"


def _step(operation: str) -> str:
    platform, _, name = operation.partition(".")
    return f"[{name}](recipes/{platform}.md#{name})"
