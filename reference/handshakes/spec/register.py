"""The register: every clause, ambiguity and reading of a platform, loaded from its `spec.toml`.

Parsing never fails: what is wrong with a file is a line of `register_linting`, so that one run shows all of it.

>>> register = load("officernd")
>>> register.ambiguity("officernd:S2").adopted
'officernd:signature.order=as-received'
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TypeVar

from .tables import read

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Source:
    """One document, program or observation that clauses come from; `headings`, when given, are all that may be cited.

    `date` is that of the document, `checked` the day on which somebody last read it for this register.
    """

    id: str
    title: str
    kind: str
    language: str
    note: str
    revision: str = ""
    date: str = ""
    sha256: str = ""
    checked: str = ""
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clause:
    """One rule: who has to do what, how strictly, where it comes from, and what goes wrong without it."""

    id: str
    actor: str
    level: str
    text: str
    source: str
    grade: str
    heading: str = ""
    violation: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand an unclear clause, with what speaks for and against it and how the code can run it.

    `setting` says which field of the platform's `Settings` or the partner's `Configuration` has to hold what,
    as `Settings.separator = ','`.
    """

    id: str
    rule: str
    for_: str
    against: str
    runs: str
    why: str = ""
    setting: str = ""

    @property
    def clause(self) -> str:
        """The id of the clause that is read: the part before the equals sign."""
        return self.id.partition("=")[0]


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """One question that the documents leave open, its readings, and the one that is adopted."""

    id: str
    question: str
    clauses: tuple[str, ...]
    adopted: str
    reason: str
    status: str
    consequence: str
    settle: str
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class Advice:
    """A measure for safety that goes beyond what the pages ask."""

    id: str
    text: str
    why: str
    source: str
    grade: str


@dataclass(frozen=True, slots=True)
class Untestable:
    """A clause that no test can reach, and why."""

    clause: str
    reason: str


@dataclass(frozen=True, slots=True)
class Register:
    """Everything that one platform's `spec.toml` says; `problems` is what could not be read from it."""

    schema: int
    platform: str
    title: str
    sources: tuple[Source, ...] = ()
    clauses: tuple[Clause, ...] = ()
    ambiguities: tuple[Ambiguity, ...] = ()
    advice: tuple[Advice, ...] = ()
    untestable: tuple[Untestable, ...] = ()
    problems: tuple[str, ...] = ()

    def source(self, id: str) -> Source:
        """Find a source. Returns it, or raises `KeyError`."""
        return _find(self.sources, id)

    def clause(self, id: str) -> Clause:
        """Find a clause. Returns it, or raises `KeyError`."""
        return _find(self.clauses, id)

    def ambiguity(self, id: str) -> Ambiguity:
        """Find an ambiguity. Returns it, or raises `KeyError`."""
        return _find(self.ambiguities, id)

    def reading(self, id: str) -> Reading:
        """Find a reading. Returns it, or raises `KeyError`."""
        return _find(self.readings(), id)

    def readings(self, runs: str | None = None) -> tuple[Reading, ...]:
        """List the readings in the order of the file. Returns all, or those that run in the given way.

        >>> [reading.id for reading in load("officernd").readings(runs="signing")][:1]
        ['officernd:signature.parameters=all-but-signature']
        """
        every = (reading for ambiguity in self.ambiguities for reading in ambiguity.readings)
        return tuple(reading for reading in every if runs in (None, reading.runs))


_Named = TypeVar("_Named", Source, Clause, Reading, Ambiguity)


def _find(entries: Iterable[_Named], id: str) -> _Named:
    for entry in entries:
        if entry.id == id:
            return entry
    raise KeyError(id)


def platforms() -> tuple[str, ...]:
    """Find the platforms, which are the folders with a `spec.toml`. Returns their names, sorted."""
    folders = [folder for folder in resources.files("handshakes").iterdir() if folder.is_dir()]
    return tuple(sorted(folder.name for folder in folders if folder.joinpath("spec.toml").is_file()))


@cache
def load(platform: str) -> Register:
    """Read the spec file of a platform, once. Returns its register; `ValueError` names the known platforms."""
    if platform not in platforms():
        raise ValueError(f"unknown platform {platform!r}; known: {', '.join(platforms())}")
    return parse(resources.files("handshakes").joinpath(platform, "spec.toml").read_text("utf-8"))


def parse(text: str) -> Register:
    """Read the text of a spec file. Returns a register, whose `problems` say what could not be read.

    >>> parse('colour = "red"').problems[-1]
    "spec: unknown key 'colour'"
    """
    try:
        spec = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Register(SCHEMA, "", "", problems=(f"spec: not TOML: {error}",))
    problems: list[str] = []
    return Register(**read(Register, spec, "spec", problems), problems=tuple(problems))
