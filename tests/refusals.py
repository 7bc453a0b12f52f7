"""What the tests of the four platforms share about refusals: catching one, and all that it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from handshakes.core.messages import Request, form_body
from handshakes.core.refusals import Refused
from handshakes.runtime.transcript import Transcript


def refusal(call: Callable[..., object], *args: Any, **kwargs: Any) -> Refused:
    """Return the refusal that a call ends in."""
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    return caught.value


def everything_shown(refused: Refused) -> str:
    """Return all text that a log, a page or a traceback can get out of a refusal."""
    shown = [str(refused), repr(refused), refused.explain(), refused.hint(), repr(refused.args)]
    shown += [repr(refused.evidence), repr(refused.stages), *(stage.show() for stage in refused.stages)]
    return "\n".join(shown)


def told_of(call: Callable[[], object]) -> tuple[str, dict[str, str]]:
    """Return reason and clause of the refusal that a call ends in, and the whole of its evidence."""
    refused = refusal(call)
    return f"{refused.reason} {refused.clause}", dict(refused.evidence)


def endpoints_told(world: Any, method: str, origin: str, target: str) -> list[str]:
    """Return the endpoints of the refusals that the operator is told of, after anybody's request to a partner."""
    world.network.exchange("anybody", Request(method, origin, target))
    return [endpoint for endpoint, _ in world.reports]


def shown_of_a_form(secret_names: frozenset[str], secret: str, plain: str) -> str:
    """Return what a transcript shows of a form with `a-private-value` under one name, and `a-plain-value` under another."""
    transcript = Transcript(secret_names)
    body = form_body({secret: "a-private-value", plain: "a-plain-value"})
    form = (("content-type", "application/x-www-form-urlencoded"),)
    transcript.request("browser", "partner", Request("POST", "https://partner.example", "/x", form, body))
    return transcript.text()
