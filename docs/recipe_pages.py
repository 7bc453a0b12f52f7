"""The pages of the recipes: each operation of a platform as a numbered list, with its worked value."""

from __future__ import annotations

import json
from typing import Any

from docs import text as linked
from docs.text import plain, prose
from handshakes.platforms import PLATFORMS
from handshakes.spec import recipe, vectors

INTRODUCTION = """\
This page suffices to write every operation of {title} in any language. Do the steps in order: the first that refuses
decides, so a request with several faults gets the reason of the first. A refusal has one reason, in `this form`; the
[table of reasons](../reasons.md) says what each means. Behind it stand the clause that the step comes from and vectors
that this step refuses. The words in *slanted* letters are names of stages, the bytes between input and signature.
Every limit, and every vector, is held to the reference by a test. The lessons say why: {lessons}.
[For implementers](../implementers.md) says how the vectors ask your program.
"""
LESSONS = {
    "officernd": {
        "the handshake": "01-officernd",
        "the signature": "01b-officernd-signature",
        "after the handshake": "01c-officernd-afterwards",
    },
    "retailcrm": {"the handshake": "02-retailcrm", "the signature": "02b-retailcrm-signature"},
    "onoffice": {"the signature": "03-onoffice", "the handshake": "03b-onoffice-handshake"},
    "fortis": {"the bytes of a launch": "04-fortis", "the handshake": "04b-fortis-handshake"},
}
"""The lessons of each platform, in the order to read them: what each is about, and its notebook."""


def page(platform: str) -> str:
    """Write the recipes of a platform as one page."""
    found = recipe.load(platform)
    title = PLATFORMS[platform].title
    lessons = ", ".join(f"[{about}](../notebooks/{stem}.md)" for about, stem in LESSONS[platform].items())
    parts = [f"# {title}: the recipe", INTRODUCTION.format(title=title, lessons=lessons)]
    parts += ["## Before you begin", found.before.strip()]
    known = {vector["id"]: (group, vector) for group, vector in vectors.rows(vectors.load(platform))}
    for operation in found.operations:
        parts += [f"## {operation.id.partition('.')[2]}", prose(operation.text), f"`{operation.id}`"]
        parts += ["### What it is given", _table(operation.takes)]
        parts += ["### Steps { #steps-" + operation.id.replace(".", "-") + " }", _steps(found, operation.id)]
        parts += ["### What it returns", _table(operation.returns), *_worked(*known[operation.worked])]
    return "\n\n".join(parts) + "\n"


def _table(entries: tuple[recipe.Takes, ...] | tuple[recipe.Returns, ...]) -> str:
    rows = [f"| `{entry.name}` | {prose(entry.text)} |" for entry in entries]
    return "\n".join(["| name | form |", "| --- | --- |", *rows])


def _steps(found: recipe.Recipe, operation: str) -> str:
    lines = []
    for line in recipe.lines(found, operation):
        indent = "    " * line.number.count(".")
        step = f"{operation.partition('.')[2]}/{line.path}"
        text = f'{indent}- **{line.number}**{{ id="{step}" }} {prose(line.text)}'
        if line.stage:
            text += f" *{line.stage}*"
        if line.reason:
            text += f" → {linked.reason(line.reason)} · {linked.clause(line.clause)}"
        if line.vectors:
            text += " · " + ", ".join(map(linked.vector, line.vectors))
        lines.append(text)
    return "\n".join(['<div class="steps" data-search-exclude="yes" markdown>', "", *lines, "", "</div>"])


def _worked(group: dict[str, Any], vector: dict[str, Any]) -> list[str]:
    """Show one accepted vector with all its stages."""
    question = {
        "id": vector["id"],
        "operation": group["operation"],
        "given": group["given"],
        "input": vector["input"],
    }
    parts = [
        f"### Worked: {vector['id'].rpartition('/')[2]} {{ #worked-{vector['id'].replace('/', '-')} data-search-exclude=yes }}"
    ]
    parts += ["The question, as `vectors run` sends it:", _json(question)]
    if vector["stages"]:
        rows = [f"| *{stage['name']}* | {stage['length']} | {_shown(stage)} |" for stage in vector["stages"]]
        parts += ["The stages, with their lengths in bytes:"]
        parts += [
            "\n".join(["| stage | bytes | what it holds (text, or hex) |", "| --- | --- | --- |", *rows])
        ]
    parts += ["The answer:", _json(vector["expect"])]
    return parts


def _shown(stage: dict[str, Any]) -> str:
    text = json.dumps(stage.get("utf8", stage.get("hex")), ensure_ascii=False)[1:-1].replace('\\"', '"')
    return f"<code>{plain(text)}</code>"


def _json(value: Any) -> str:
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```"
