"""`handshakes clauses`: the rules, their evidence, their ambiguities and readings."""

from __future__ import annotations

from typing import Annotated

import typer

from ..platforms import PLATFORMS
from ..register import Register, lint, load
from .common import fail, out, platform_named

app = typer.Typer(no_args_is_help=True, help="List, show and check the clauses.")


def _registers(platform: str) -> list[Register]:
    names = [platform_named(platform).name] if platform else list(PLATFORMS)
    return [load(name) for name in names]


@app.command("list")
def list_clauses(
    platform: Annotated[str, typer.Argument(help="One platform; all unless given.")] = "",
) -> None:
    """List every clause: level, actor, id, text."""
    for register in _registers(platform):
        for clause in register.clauses:
            out.print(f"{clause.level:<6} {clause.actor:<8} {clause.id}  {clause.text}", markup=False)


@app.command("show")
def show(
    id: Annotated[
        str, typer.Argument(help="A clause, as officernd:signature.order, or an ambiguity, as officernd:S2.")
    ],
) -> None:
    """Show a clause or an ambiguity, with its source, its evidence and its readings."""
    (register,) = _registers(id.partition(":")[0])
    clause = next((one for one in register.clauses if one.id == id), None)
    found = [one for one in register.ambiguities if one.id == id or id in one.clauses]
    if clause is None and not found:
        fail(f"there is no clause or ambiguity {id!r}; `handshakes clauses list` names them")
    if clause:
        lines = [f"{clause.id}  ({clause.actor}, {clause.level}, {clause.grade})", f"  {clause.text}"]
        lines += [f"  source: {clause.source}, {clause.heading}", f"  if violated: {clause.violation}"]
        out.print("\n".join(lines), markup=False)
    for one in found:
        lines = [f"{one.id}  ({one.status})  {one.question}", f"  adopted because: {one.reason}"]
        for reading in one.readings:
            mark = "*" if reading.id == one.adopted else "-"
            lines += [
                f"  {mark} {reading.id}: {reading.rule}",
                f"      for: {reading.for_}",
                f"      against: {reading.against}",
            ]
        lines += [f"  guessing wrong: {one.consequence}", f"  to settle it: {one.settle}"]
        out.print("\n".join(lines), markup=False)


@app.command("lint")
def check(platform: Annotated[str, typer.Argument(help="One platform; all unless given.")] = "") -> None:
    """Check the registers: every problem is one line; exit code 1 when there is one."""
    problems = [problem for register in _registers(platform) for problem in lint(register)]
    for problem in problems:
        out.print(problem, markup=False)
    if problems:
        raise typer.Exit(1)
    clauses = sum(len(register.clauses) for register in _registers(platform))
    out.print(f"{clauses} clauses, no problem")
