"""What RetailCRM does wrong on request: every fault has a name, a clause and an expected end."""

from __future__ import annotations

from typing import TypeAlias

from ..records import AnswerFault
from .answers import ANSWER_FAULTS
from .registrations import REGISTER_FAULTS, RegisterFault
from .requests import ACTIVITY_FAULTS, CONFIG_FAULTS, VISIT_FAULTS, ActivityFault, ConfigFault, VisitFault

ConnectFault: TypeAlias = RegisterFault | AnswerFault
CONNECT_FAULTS: tuple[ConnectFault, ...] = (*REGISTER_FAULTS, *ANSWER_FAULTS)
Fault: TypeAlias = RegisterFault | AnswerFault | ConfigFault | ActivityFault | VisitFault
_ALL: tuple[Fault, ...] = (*CONNECT_FAULTS, *CONFIG_FAULTS, *ACTIVITY_FAULTS, *VISIT_FAULTS)
FAULTS: dict[str, Fault] = {fault.name: fault for fault in _ALL}
"""Every fault by name."""
