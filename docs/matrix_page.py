"""The page on what the tests prove: the matrix of the last complete run, or nothing about it where there was none."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from docs.text import clause, folded, prose
from handshakes.platforms import PLATFORMS
from handshakes.spec import evidence, register


def sections(run: Path) -> str:
    """Write the counts of each platform, and every clause of it; an empty text without a complete run."""
    matrix = evidence.read(run)
    if not matrix.complete:
        return ""
    parts = ["## The last complete run", "\n".join(_counts(name, matrix) for name in PLATFORMS)]
    parts.append("Each clause with what shows it:")
    for name, platform in PLATFORMS.items():
        lines = "\n".join(_clauses(register.load(name), matrix))
        parts.append(folded(platform.title, f"<div data-search-exclude markdown>\n\n{lines}\n\n</div>"))
    return "\n\n".join(parts)


def _counts(name: str, matrix: evidence.Matrix) -> str:
    spec = register.load(name)
    hidden = {entry.clause for entry in spec.untestable}
    shown = [one for one in spec.clauses if any(matrix.count(one.id, kind) for kind in evidence.KINDS)]
    by_kind = ", ".join(
        f"{sum(bool(matrix.count(one.id, kind)) for one in spec.clauses)} by {kind}"
        for kind in evidence.KINDS
    )
    failed = sum(matrix.count(one.id, kind, "failed") for one in spec.clauses for kind in evidence.KINDS)
    return (
        f"- **{PLATFORMS[name].title}**: {len(spec.clauses)} clauses, {len(shown)} shown ({by_kind}), "
        f"{len(hidden)} that no test can reach, {failed} failed."
    )


def _clauses(spec: register.Register, matrix: evidence.Matrix) -> Iterable[str]:
    hidden = {entry.clause: entry.reason for entry in spec.untestable}
    for one in spec.clauses:
        said = f"not testable: {prose(hidden[one.id])}" if one.id in hidden else matrix.shown(one.id)
        yield f"- {clause(one.id, '')} ({one.level}): {said}"
