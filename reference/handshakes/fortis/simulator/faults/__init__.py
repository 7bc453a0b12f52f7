"""What Fortis does wrong on request: every fault has a name, a clause and an expected end."""

from __future__ import annotations

from typing import TypeAlias

from ..records import AnswerFault, OAuthFault
from .answers import ANSWER_FAULTS, OAUTH_FAULTS
from .encrypted import ENCRYPTED_FAULTS
from .launches import COMMON_FAULTS, LaunchFault
from .plain import PLAIN_FAULTS
from .postbacks import POSTBACK_FAULTS, PostbackFault

LAUNCH_FAULTS: tuple[LaunchFault, ...] = (*ENCRYPTED_FAULTS, *PLAIN_FAULTS, *COMMON_FAULTS)
OpeningFault: TypeAlias = LaunchFault | AnswerFault
Fault: TypeAlias = LaunchFault | AnswerFault | PostbackFault | OAuthFault
OPENING_FAULTS: tuple[OpeningFault, ...] = (*LAUNCH_FAULTS, *ANSWER_FAULTS)
_ALL: tuple[Fault, ...] = (*OPENING_FAULTS, *POSTBACK_FAULTS, *OAUTH_FAULTS)
FAULTS: dict[str, Fault] = {fault.name: fault for fault in _ALL}
"""Every fault by name."""


def opening_faults(mode: str) -> tuple[OpeningFault, ...]:
    """Return the faults of opening an app of this mode."""
    return tuple(one for one in OPENING_FAULTS if isinstance(one, AnswerFault) or one.mode in ("", mode))
