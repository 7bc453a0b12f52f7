"""Every reason with its address, its meaning, what to look at first, and the vectors and faults that show it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from docs.faults_pages import faults
from docs.text import prose, vector
from handshakes.core.refusals import REASONS
from handshakes.platforms import PLATFORMS
from handshakes.runtime.verdicts import Refuses
from handshakes.spec import recipe, vectors

TROUBLE = Path(__file__).with_name("troubleshooting.toml")
MOST = 3
"""How many vectors and faults of a platform are named; their pages have all."""


def sections() -> str:
    """Write a section for each reason."""
    shown = {platform: _vectors(platform) for platform in PLATFORMS}
    made = {platform: _faults(platform) for platform in PLATFORMS}
    parts = [", ".join(f"[`{code}`](#{code})" for code in REASONS) + "\n{ data-search-exclude=yes }"]
    for code, reason in REASONS.items():
        parts += [f"## {code} {{ #{code} }}", prose(reason.meaning), f"**Look first:** {prose(reason.hint)}"]
        parts += _steps(code)
        parts += _rows("Vectors refused with it", code, shown, "vectors")
        parts += _rows("Faults that end so", code, made, "faults")
    return "\n\n".join(parts)


def _steps(code: str) -> list[str]:
    """Write which operations refuse so, with a link to their steps and to where symptoms are explained."""
    each = []
    for platform in PLATFORMS:
        for operation in recipe.load(platform).operations:
            if any(line.reason == code for line in recipe.lines(recipe.load(platform), operation.id)):
                name = operation.id.partition(".")[2]
                each.append(f"{PLATFORMS[platform].title} [{name}](recipes/{platform}.md#{name})")
    symptoms = [
        f"[{prose(one['title'])}](troubleshooting.md#{one['id']})"
        for one in tomllib.loads(TROUBLE.read_text("utf-8"))["symptom"]
        if code in one["reasons"]
    ]
    said = [f"The exact form, step by step: {', '.join(each)}." if each else ""]
    said.append(f"If this is what you see: {'; '.join(symptoms)}." if symptoms else "")
    return [f"{text}\n{{ .facts data-search-exclude=yes }}" for text in said if text]


def _rows(title: str, code: str, found: dict[str, dict[str, list[str]]], folder: str) -> list[str]:
    each = []
    for platform, by_reason in found.items():
        if links := by_reason.get(code):
            more = f" and {len(links) - MOST} [more]({folder}/{platform}.md)" if len(links) > MOST else ""
            each.append(f"{PLATFORMS[platform].title} {', '.join(links[:MOST])}{more}")
    return [f"{title}: {'; '.join(each)}.\n{{ .facts data-search-exclude=yes }}"] if each else []


def _vectors(platform: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for _, each in vectors.rows(vectors.load(platform)):
        found.setdefault(each["expect"].get("reason", ""), []).append(vector(each["id"], ""))
    return found


def _faults(platform: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for fault in faults(platform):
        if isinstance(fault.expected, Refuses):
            link = f"[`{fault.name}`](faults/{platform}.md#{fault.name})"
            found.setdefault(fault.expected.reason, []).append(link)
    return found
