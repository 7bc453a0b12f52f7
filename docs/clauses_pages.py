"""The registers as pages: every source, clause, ambiguity, reading and measure, each with an address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from docs import faults_pages
from docs.text import escaped, grouped, unsearched
from handshakes.spec import evidence, register

KNOWN = {
    "official-code": "the platform's own code does it",
    "observed": "seen in one genuine message",
    "measured": "we ran it",
    "third-party": "somebody else's code or text",
    "inferred": "our conclusion, no source says it",
    "assumed": "our choice, nothing is known",
}
"""What a grade says of a rule, where its name alone does not."""
STATUS = {
    "open": "No source answers these questions. The adopted reading is our choice.",
    "observed": "One genuine message of the platform answers these questions.",
    "settled": "The sources, or what a published program does, leave one answer to these questions.",
}
"""How a question was answered, said above all that were answered so."""
CONCLUDED = "settled by conclusion: no source says it, and one answer is left"


def page(spec: register.Register, run: Path) -> str:
    """Write a platform's register as a page; `run` is where the last run of the tests left what it showed."""
    unclear: dict[str, list[str]] = {}
    for entry in spec.ambiguities:
        for id in entry.clauses:
            unclear.setdefault(id, []).append(_link(entry.id))
    broken = _faults(spec.platform)
    hidden = {entry.clause: entry.reason for entry in spec.untestable}
    titles = {source.id: source.title for source in spec.sources}
    matrix = evidence.read(run)
    counts = (
        f"{len(spec.clauses)} clauses, {len(spec.ambiguities)} ambiguities with "
        f"{len(spec.readings())} readings, {len(spec.sources)} sources."
    )
    lead = "How to read them: [Clauses](index.md). The [sources](#sources) are at the end."
    parts = [f"# {escaped(spec.title)}", f"{counts} {lead}", "## Clauses"]
    for topic, clauses in grouped(spec.clauses, lambda clause: _short(clause.id).partition(".")[0]):
        parts.append(f"### {topic}")
        for clause in clauses:
            parts.append(_heading(clause.id))
            parts.append(escaped(clause.text))
            facts = [clause.actor, f"**{clause.level}**", known(clause.grade), _cited(clause, titles)]
            if matrix.complete and clause.id not in hidden:  # without a complete run nothing is said of it
                facts.append(f"shown by {matrix.shown(clause.id)}")
            parts.append(" · ".join(facts) + "\n{ .facts data-search-exclude=yes }")
            if clause.violation:
                parts.append(f"When broken: {escaped(clause.violation)}")
            if clause.id in unclear:
                parts.append(
                    unsearched(f"Can be read in more than one way: {', '.join(unclear[clause.id])}.")
                )
            parts += broken.get(clause.id, ())
            if clause.id in hidden:
                parts.append(f"Not testable: {escaped(hidden[clause.id])}")
    if spec.ambiguities:
        grades = {clause.id: clause.grade for clause in spec.clauses}
        parts.append("## Ambiguities and readings")
        for status, says in STATUS.items():
            found = [entry for entry in spec.ambiguities if entry.status == status]
            parts += [f"### {status} {{ data-search-exclude=yes }}", unsearched(says)] if found else []
            parts += [_ambiguity(entry, grades) for entry in found]
    if spec.advice:
        parts += ["## Advice", "Security measures that no page states."]
        for entry in spec.advice:
            parts.append(_heading(entry.id, level=3))
            parts += [f"{escaped(entry.text)} {escaped(entry.why)}", *broken.get(entry.id, ())]
            parts.append(
                f"{known(entry.grade)} · {escaped(titles.get(entry.source, entry.source))}\n{{ .facts data-search-exclude=yes }}"
            )
    if spec.untestable:
        rows = [
            f"| {_link(entry.clause)} | {unsearched(escaped(entry.reason))} |" for entry in spec.untestable
        ]
        parts += [
            "## What no test can reach { data-search-exclude=yes }",
            "\n".join(["| clause | why |", "| --- | --- |", *rows]),
        ]
    parts += ["## Sources { data-search-exclude=yes }", *(_source(source) for source in spec.sources)]
    return "\n\n".join(parts) + "\n"


def known(grade: str) -> str:
    """Say how a rule is known, with what the word means.

    >>> [known(grade) for grade in ("documented", "measured")]
    ['documented', 'measured: we ran it']
    """
    return f"{grade}: {KNOWN[grade]}" if grade in KNOWN else grade


def _faults(platform: str) -> dict[str, list[str]]:
    """Return the line that names the faults against a clause, for each that has some."""
    found: dict[str, list[str]] = {}
    for fault in faults_pages.faults(platform):
        found.setdefault(fault.clause, []).append(f"[`{fault.name}`](../faults/{platform}.md#{fault.name})")
    facts = "{ .facts data-search-exclude=yes }"
    return {id: [f"Faults against it: {', '.join(links)}\n{facts}"] for id, links in found.items()}


def _source(source: register.Source) -> str:
    details = [source.kind, source.language, source.date, source.revision[:12]]
    if source.sha256:
        details.append(f"SHA-256 {source.sha256[:12]}…")
    facts = escaped(", ".join(detail for detail in details if detail))
    return f"- **{escaped(source.title)}** (`{source.id}`{{ #source-{source.id} }}; {facts}). {escaped(source.note)}"


def _cited(clause: register.Clause, titles: dict[str, str]) -> str:
    cited = titles.get(clause.source, clause.source)
    return escaped(f"{cited}, {clause.heading}" if clause.heading else cited)


def _ambiguity(entry: register.Ambiguity, grades: Mapping[str, str]) -> str:
    parts = [_heading(entry.id, f": {escaped(entry.question)}")]
    status = entry.status
    if status == "settled" and grades.get(entry.adopted.partition("=")[0]) == "inferred":
        status = CONCLUDED
    about = ", ".join(_link(clause) for clause in entry.clauses)
    parts.append(f"About {about} · {status}\n{{ .facts data-search-exclude=yes }}")
    for reading in entry.readings:
        adopted = "**Adopted.** " if reading.id == entry.adopted else ""
        runs = {
            "signing": "Can be run: in signing.",
            "setting": "Can be run: a setting.",
            "none": f"Cannot be run: {reading.why}",
        }
        lines = [
            f'- {adopted}{escaped(reading.rule)} `{_short(reading.id)}`{{ id="{_short(reading.id)}" }}',
            f"    - {unsearched('For: ' + _named(reading.for_))}",
            f"    - {unsearched('Against: ' + _named(reading.against))}",
            f"    - {unsearched(escaped(runs.get(reading.runs, reading.runs)))}",
        ]
        parts.append("\n".join(lines))
    parts.append(f"Why the default: {escaped(entry.reason)}")
    parts.append(f"If it is wrong: {escaped(entry.consequence)}")
    parts.append(unsearched(f"What would settle it: {escaped(entry.settle)}"))
    return "\n\n".join(parts)


def _named(text: str) -> str:
    """Write evidence, with the vendor's page called so: the register calls it its seed."""
    return escaped(re.sub(r"(?:\b[Tt]he )?\b[Ss]eed\b(?! for)", "the vendor's page", text))


def _heading(id: str, more: str = "", level: int = 4) -> str:
    """Write a heading with an address; the whole id is there for the search, which leads to it."""
    platform, _, short = id.partition(":")
    label = f" data-toc-label={short}" if level == 3 else ""  # the table of contents shows what is hidden
    return f"{'#' * level} <span hidden>{platform}:</span>{short}{more} {{ #{short}{label} }}"


def _short(id: str) -> str:
    return id.partition(":")[2]


def _link(id: str) -> str:
    return f"[{_short(id)}](#{_short(id)})"
