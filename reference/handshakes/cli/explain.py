"""`handshakes explain`: one reason, slip, reading or clause, in prose."""

from __future__ import annotations

from typing import Annotated

import typer

from ..core.refusals import REASONS
from ..explain.entries import described, slips
from . import clauses
from .common import out, unknown


def explain_id(
    id: Annotated[
        str,
        typer.Argument(
            help="A reason (signature-mismatch), a slip (json-python), a clause (officernd:signature.order), "
            "a reading (officernd:signature.order=sorted) or an ambiguity (officernd:S2)."
        ),
    ],
) -> None:
    """Say what one reason, slip, reading or clause means, with the vectors that show it."""
    if ":" in id:
        clauses.show(id)
        return
    lines = [*described(id)]
    if not lines:
        unknown("reason, slip or clause", id, [*REASONS, *slips()], "explain --help")
    for line in lines:
        out.print(line, markup=False)
