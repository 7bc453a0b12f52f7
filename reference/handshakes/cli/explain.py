"""`handshakes explain`: one reason, slip, reading or clause, in prose."""

from __future__ import annotations

from typing import Annotated

import typer

from ..core.refusals import REASONS
from ..explain.entries import described, slips
from . import clauses
from .common import not_a_request, say, unknown


def explain_id(
    id: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="A reason (signature-mismatch), a slip (json-python), a clause (officernd:signature.order), "
            "a reading (officernd:signature.order=sorted) or an ambiguity (officernd:S2). "
            "Without it, all reasons and slips are listed.",
        ),
    ] = "",
) -> None:
    """Say what one reason, slip, reading or clause means, with the vectors that show it.

    A reason is why a request is refused. A slip is a mistake that is known to cause a wrong signature.
    """
    if not id:
        for name, reason in REASONS.items():
            say(f"{name:<28} {reason.meaning}")
        for name, slip in slips().items():
            say(f"{name:<28} {slip.says}")
        return
    if ":" in id:
        clauses.show(id)
        return
    not_a_request(id)
    lines = [*described(id)]
    if not lines:
        unknown("reason, slip or clause", id, [*REASONS, *slips()], "explain")
    say(*lines)
