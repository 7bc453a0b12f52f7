"""The linter of a register: one line for each fault.

>>> from handshakes.spec.register import load
>>> lint(load("officernd"))
()
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator
from datetime import date
from re import fullmatch

from .register import SCHEMA, Advice, Ambiguity, Clause, Register

CHOICES = {
    "kind": ("page", "code", "help", "reference", "observation", "analysis", "third-party", "rfc"),
    "actor": ("partner", "platform", "customer"),
    "level": ("must", "should", "may"),
    "grade": ("documented", "official-code", "observed", "measured", "third-party", "inferred", "assumed"),
    "status": ("open", "observed", "settled"),
    "runs": ("signing", "setting", "none"),
}
WITHOUT_HEADING = ("observation", "analysis")


def lint(register: Register) -> tuple[str, ...]:
    """Check a register. Returns one line for each fault, which begins with the id it is about; none when clean.

    >>> from handshakes.spec.register import parse
    >>> lint(parse('schema = 1\\nplatform = "p"\\ntitle = "P"\\nuntestable = [{clause = "p:a.b", reason = "r"}]'))
    ("p:a.b: unknown clause 'p:a.b'",)
    """
    return tuple(_lint(register))


def _lint(register: Register) -> Iterator[str]:
    yield from register.problems
    if register.schema not in (0, SCHEMA):
        yield f"spec: unknown schema {register.schema}"
    clauses = {clause.id for clause in register.clauses}
    prefixed: list[Clause | Ambiguity | Advice] = [*register.clauses, *register.ambiguities, *register.advice]
    everything = [*register.sources, *prefixed, *register.readings()]
    yield from twice((entry.id for entry in everything), "duplicate id")
    yield from twice((entry.clause for entry in register.untestable), "untestable twice")
    for entry in everything:
        for key, known in CHOICES.items():
            yield from _unknown(entry.id, key, getattr(entry, key, ""), known)
    for source in register.sources:
        if source.checked and not _is_day(source.checked):
            yield f"{source.id}: checked is no day, as 2026-11-22: {source.checked!r}"
        if source.sha256 and not fullmatch("[0-9a-f]{64}", source.sha256):
            yield f"{source.id}: sha256 is not 64 small hex digits"
    for entry in prefixed:
        if entry.id and register.platform and not entry.id.startswith(register.platform + ":"):
            yield f"{entry.id}: id does not begin with '{register.platform}:'"
        if not isinstance(entry, Ambiguity):
            yield from _origin(entry, register)
    for ambiguity in register.ambiguities:
        yield from _ambiguity(ambiguity, clauses)
    for hidden in register.untestable:
        yield from _unknown(hidden.clause, "clause", hidden.clause, clauses)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _origin(entry: Clause | Advice, register: Register) -> Iterator[str]:
    sources = {source.id: source for source in register.sources}
    yield from _unknown(entry.id, "source", entry.source, sources)
    if isinstance(entry, Clause):
        if entry.level == "must" and not entry.violation:
            yield f"{entry.id}: a must without a violation"
        if source := sources.get(entry.source):
            if not entry.heading and source.kind not in WITHOUT_HEADING:
                yield f"{entry.id}: no heading, which a source of kind {source.kind!r} needs"
            yield from _unknown(entry.id, "heading", entry.heading, source.headings or (entry.heading,))


def _ambiguity(ambiguity: Ambiguity, clauses: Container[str]) -> Iterator[str]:
    for clause in ambiguity.clauses:
        yield from _unknown(ambiguity.id, "clause", clause, clauses)
    if len(ambiguity.readings) < 2:
        yield f"{ambiguity.id}: fewer than two readings"
    if ambiguity.adopted and ambiguity.adopted not in {reading.id for reading in ambiguity.readings}:
        yield f"{ambiguity.id}: adopted reading {ambiguity.adopted!r} is not one of its readings"
    for reading in ambiguity.readings:
        named = reading.id.removeprefix(reading.clause) not in ("", "=")
        if reading.id and ambiguity.clauses and not (named and reading.clause in ambiguity.clauses):
            yield f"{reading.id}: id is not a clause of {ambiguity.id}, '=' and a name"
        if reading.runs == "none" and not reading.why:
            yield f"{reading.id}: runs is 'none' without a why"
        if (reading.runs == "setting") != bool(reading.setting):
            yield f"{reading.id}: 'setting' is for a reading that runs by a setting, and it needs one"


def _unknown(id: str, what: str, value: str, known: Container[str]) -> Iterator[str]:
    if value and value not in known:
        yield f"{id}: unknown {what} {value!r}"


def twice(ids: Iterable[str], message: str) -> Iterator[str]:
    """Say which ids occur more than once."""
    yield from (f"{id}: {message}" for id, times in Counter(ids).items() if id and times > 1)
