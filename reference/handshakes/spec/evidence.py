"""Evidence: what a run of the tests has shown about each clause.

The test run writes it as `build/matrix.json`: for every clause which tests, vectors, notebook cells
and broken partners (or platforms) speak of it, and how they ended. A run of only some of the tests
says that it is not complete; then nothing follows from what is missing in it.

>>> none = Matrix(complete=False, clauses={})
>>> none.shown("retailcrm:token.verify")
'not run'
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

KINDS = ("tests", "vectors", "cells", "broken")
FILE = Path("build") / "matrix.json"
Names = Mapping[str, Mapping[str, list[str]]]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Evidence by clause: kind, then how it ended, then its names. `complete` says that all tests ran."""

    complete: bool
    clauses: Mapping[str, Names]

    def count(self, clause: str, kind: str, end: str = "passed") -> int:
        """Return how many tests, vectors, cells or broken partners of a clause ended so."""
        return len(self.names(clause, kind, end))

    def names(self, clause: str, kind: str, end: str = "passed") -> list[str]:
        """Return which tests, vectors, cells or broken partners of a clause ended so."""
        return self.clauses.get(clause, {}).get(kind, {}).get(end, [])

    def shown(self, clause: str) -> str:
        """Return the evidence of a clause in a few words, `none`, or `not run`."""
        parts = [f"{self.count(clause, kind)} {kind}" for kind in KINDS if self.count(clause, kind)]
        failed = sum(self.count(clause, kind, "failed") for kind in KINDS)
        parts += [f"{failed} failed"] if failed else []
        return ", ".join(parts) or ("none" if self.complete else "not run")


NOT_RUN = Matrix(complete=False, clauses={})


def read(path: Path = FILE) -> Matrix:
    """Return the evidence of the last run, or an empty and incomplete one where there is no file that can be read."""
    try:
        value = json.loads(path.read_bytes())
        found = Matrix(value["complete"] is True, value["clauses"])
        names = [
            by_end[end] for kinds in found.clauses.values() for by_end in kinds.values() for end in by_end
        ]
        whole = all(type(some) is list and all(type(name) is str for name in some) for some in names)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return NOT_RUN
    return found if whole else NOT_RUN
