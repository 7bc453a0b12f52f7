"""What the tests of the four platforms share about refusals: catching one, and all that it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from handshakes.core.refusals import Refused


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
