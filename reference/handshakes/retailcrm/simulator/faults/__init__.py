"""What RetailCRM does wrong on request: every fault has a name, a clause and an expected end.

A fault ends either in a refusal with one reason, or is survived with a stated final state. A fault
changes one thing only; a test shows that the same request without it is accepted.
"""

from __future__ import annotations

from typing import TypeAlias

from ..records import AnswerFault
from .activity import ACTIVITY_FAULTS, ActivityFault
from .answers import ANSWER_FAULTS
from .config import CONFIG_FAULTS, ConfigFault
from .registrations import REGISTER_FAULTS, RegisterFault
from .visits import VISIT_FAULTS, VisitFault

__all__ = [
    "ACTIVITY_FAULTS",
    "ANSWER_FAULTS",
    "CONFIG_FAULTS",
    "CONNECT_FAULTS",
    "FAULTS",
    "REGISTER_FAULTS",
    "VISIT_FAULTS",
    "ActivityFault",
    "AnswerFault",
    "ConfigFault",
    "ConnectFault",
    "Fault",
    "RegisterFault",
    "VisitFault",
]


ConnectFault: TypeAlias = RegisterFault | AnswerFault
CONNECT_FAULTS: tuple[ConnectFault, ...] = (*REGISTER_FAULTS, *ANSWER_FAULTS)
Fault: TypeAlias = RegisterFault | AnswerFault | ConfigFault | ActivityFault | VisitFault
_ALL: tuple[Fault, ...] = (
    *CONNECT_FAULTS, *CONFIG_FAULTS, *ACTIVITY_FAULTS, *VISIT_FAULTS,
)  # fmt: skip
FAULTS: dict[str, Fault] = {fault.name: fault for fault in _ALL}
"""Every fault by name."""
