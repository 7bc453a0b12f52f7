"""Questions of the first week: short answers, each with the clauses it rests on and how each of those is known."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from docs.text import clause, prose
from handshakes.core.refusals import REASONS
from handshakes.platforms import PLATFORMS
from handshakes.spec import register

FILE = Path(__file__).parent / "questions.toml"
PAGE = "questions.md"
SENT_BACK = "any-status"
"""The question that says what the sender of a refused request is told."""


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks, the answer, the full ids it rests on, and the page that says more."""

    id: str
    ask: str
    answer: str
    see: tuple[str, ...]
    page: str = ""


def questions(path: Path = FILE) -> dict[str, list[Question]]:
    """Read the questions, by platform; those of every platform are under `any`."""
    found = {}
    for platform, rows in tomllib.loads(path.read_text("utf-8")).items():
        found[platform] = [
            Question(
                id=f"{platform}-{name}",
                ask=row["ask"],
                answer=row["answer"],
                see=tuple(id if ":" in id else f"{platform}:{id}" for id in row["see"]),
                page=row.get("page", ""),
            )
            for name, row in rows.items()
        ]
    return found


def sections() -> str:
    """Write a section for each platform, and in it one for each question."""
    found = questions()
    parts = []
    for platform, rows in found.items():
        title = PLATFORMS[platform].title if platform in PLATFORMS else "Every platform"
        short = f"{title.split()[0]}: " if platform in PLATFORMS else ""
        parts.append(f"## {title} {{ #{platform} }}")
        for one in rows:
            parts += [f"### {short}{one.ask} {{ #{one.id} }}", prose(one.answer)]
            links = [f"{clause(id, '')} {how_known(id)}" for id in one.see]
            links += [f"[more]({one.page})"] if one.page else []
            if set(re.findall("`([a-z-]+)`", one.answer)) & {*REASONS}:
                links.append(f"reasons are for your log: [what to send back](#{SENT_BACK})")
            parts.append(" · ".join(links) + "\n{ .facts data-search-exclude=yes }")
    return "\n\n".join(parts)


def how_known(id: str) -> str:
    """Say how a clause or a measure is known, and of an ambiguity whether it is open.

    >>> how_known("officernd:token.code"), how_known("officernd:C12"), how_known("fortis:advice.malleable")
    ('inferred', 'open', 'advice, measured')
    """
    spec = register.load(id.partition(":")[0])
    advice = {one.id: f"advice, {one.grade}" for one in spec.advice}
    return (
        {one.id: one.grade for one in spec.clauses}
        | {one.id: one.status for one in spec.ambiguities}
        | advice
    )[id]
