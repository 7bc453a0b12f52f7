"""Ids in the lessons become links: clauses, readings, advice and entries of the registers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from docs.text import clause
from handshakes.platforms import PLATFORMS
from handshakes.spec import register

ENTRIES = Path(__file__).parent / "entries.md"

_PARTS = re.compile(r"(^```.*?^```$|\[[^\]]*\]\([^)]*\))", re.MULTILINE | re.DOTALL)
"""What is left as it is: blocks of code, and links."""
_WHOLE = r"`(?P<whole>{platforms}):(?P<id>[a-z0-9]+(?:[.-][a-z0-9]+)*(?:=[a-z0-9-]+)?)`"
_SHORT = r"`(?P<short>[a-z][a-z0-9-]*\.[a-z0-9-]+(?:=[a-z0-9-]+)?)`"
_ENTRY = r"(?<![\w`.:-])(?P<entry>[A-Z]\d{1,2})(?![\w`])"


@cache
def known(platform: str) -> frozenset[str]:
    """Return what a platform's register has an address for: its ids, without the platform."""
    found = register.load(platform)
    ids = [each.id for each in (*found.clauses, *found.advice, *found.ambiguities)]
    ids += [reading.id for entry in found.ambiguities for reading in entry.readings]
    return frozenset(id.partition(":")[2] for id in ids)


@cache
def entries() -> dict[tuple[str, str], str]:
    """Return where each entry is, by platform and code: the list of entries has them all."""
    rows = re.findall(r"^\| \[(\w+)\]\((clauses/(\w+)\.md#[^)]+)\)", ENTRIES.read_text("utf-8"), re.MULTILINE)
    return {(platform, code): target for code, target, platform in rows}


def platform_of(path: Path) -> str:
    """Return the platform that a lesson is about, or nothing."""
    return next((name for name in register.platforms() if name in path.stem.split("-")), "")


def platform_from(markdown: str) -> str:
    """Return the platform that a heading of these lines names, or nothing."""
    headings = " ".join(re.findall(r"^##? .*", markdown, re.MULTILINE))
    return next((name for name, found in PLATFORMS.items() if found.title.split()[0] in headings), "")


def linked(markdown: str, platform: str = "") -> str:
    """Link every id that a register has. An id without its platform is one of the lesson's platform.

    >>> linked("As `fortis:plain.hmac` says (A25).", "fortis")
    'As [plain.hmac](../clauses/fortis.md#plain.hmac) says ([A25](../clauses/fortis.md#A25)).'
    """
    parts = _PARTS.split(markdown)
    return "".join(part if place % 2 else _linked(part, platform) for place, part in enumerate(parts))


def shown(clauses: Iterable[str]) -> str:
    """Write the line that names the clauses which a cell shows."""
    links = " · ".join(clause(id) for id in clauses)
    return f"Shows {links}\n{{ .facts data-search-exclude=yes }}"


def _linked(text: str, platform: str) -> str:
    def link(found: re.Match[str]) -> str:
        owner = found["whole"] or platform
        id = found["id"] or found["short"]
        if target := entries().get((platform, found["entry"])):
            return f"[{found['entry']}](../{target})"
        return clause(f"{owner}:{id}") if owner and id in known(owner) else found[0]

    whole = _WHOLE.format(platforms="|".join(register.platforms()))
    return re.sub(f"{whole}|{_SHORT}|`[^`]*`|{_ENTRY}", link, text)
