"""What the debugger's page needs of the code, as one JSON file: its examples, and where each id is explained."""

from __future__ import annotations

import json
from typing import Any

from docs.debugger_examples import TIMES, Example, examples
from handshakes.explain.slips import GENERAL
from handshakes.platforms import PLATFORMS
from handshakes.spec import recipe

FILE = "assets/debugger/data.json"
PAGE, TEMPLATE = "debugger.md", "debugger.html"


def data() -> str:
    """Return the file's content."""
    slips = {slip.id: "general" for slip in GENERAL}
    for platform, each in PLATFORMS.items():
        slips |= {slip.id: platform for slip in each.slips().SLIPS}
    found = {"examples": [*map(_shown, examples())], "slips": slips, "steps": steps()}
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def titles() -> list[tuple[str, str]]:
    """Return the platforms by name and title."""
    return [(name, each.title) for name, each in PLATFORMS.items()]


def listed() -> dict[str, list[Example]]:
    """Return the examples of each platform, by its title."""
    made = examples()
    return {each.title: [one for one in made if one.platform == name] for name, each in PLATFORMS.items()}


def context() -> dict[str, Any]:
    """Return what the page's template is given."""
    return {"platforms": titles(), "examples": listed()}


def steps() -> dict[str, dict[str, str]]:
    """Return the first step of a recipe that comes from each clause, or makes its stage: page, anchor, operation, number."""
    found: dict[str, dict[str, str]] = {}
    for platform, each in PLATFORMS.items():
        known, clauses = recipe.load(platform), each.slips().CLAUSES
        for operation in sorted(known.operations, key=lambda one: ".verify_" not in one.id):
            name = operation.id.partition(".")[2]
            for line in recipe.lines(known, operation.id):
                place = {
                    "page": platform,
                    "step": f"{name}/{line.path}",
                    "operation": name,
                    "number": line.number,
                }
                for clause in filter(None, (clauses.get(line.stage), line.clause)):
                    found.setdefault(clause, place)
    return found


def _shown(example: Example) -> dict[str, Any]:
    more = {name: value for name in ("header", "mine") if (value := getattr(example, name))}
    return {
        "id": example.id,
        "platform": example.platform,
        "slip": example.slip,
        "title": example.title,
        "pasted": example.pasted,
        "secret": example.secret,
        "now": TIMES[example.platform],
        **more,
    }
