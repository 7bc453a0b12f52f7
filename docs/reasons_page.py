"""Every reason with its address, its meaning, what to look at first, and the vectors and faults that show it."""

from __future__ import annotations

from docs.faults_pages import faults
from docs.text import prose, vector
from handshakes.core.refusals import REASONS
from handshakes.platforms import PLATFORMS
from handshakes.runtime.verdicts import Refuses
from handshakes.spec import vectors

MOST = 3
"""How many vectors and faults of a platform are named; their pages have all."""


def sections() -> str:
    """Write a section for each reason."""
    shown = {platform: _vectors(platform) for platform in PLATFORMS}
    made = {platform: _faults(platform) for platform in PLATFORMS}
    parts = []
    for code, reason in REASONS.items():
        parts += [f"## {code} {{ #{code} }}", prose(reason.meaning), f"**Look first:** {prose(reason.hint)}"]
        parts += _rows("Vectors refused with it", code, shown, "vectors")
        parts += _rows("Faults that end so", code, made, "faults")
    return "\n\n".join(parts)


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
