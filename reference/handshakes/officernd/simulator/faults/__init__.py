"""What OfficeRnD does wrong on request: every fault has a name, a clause and an expected end.

A fault ends either in a refusal with one reason, or is survived with a stated final state. Some must
be survived, since real traffic has them. A fault changes one thing only; a test shows that the same
request without it is accepted.
"""

from __future__ import annotations

from typing import TypeAlias

from ..records import ConnectFault
from .connecting import CONNECT_FAULTS
from .pages import PAGE_FAULTS, PageFault
from .webhooks import WEBHOOK_FAULTS, WebhookFault

__all__ = [
    "CONNECT_FAULTS",
    "FAULTS",
    "PAGE_FAULTS",
    "WEBHOOK_FAULTS",
    "ConnectFault",
    "Fault",
    "PageFault",
    "WebhookFault",
]


Fault: TypeAlias = PageFault | ConnectFault | WebhookFault
_ALL: tuple[Fault, ...] = (*PAGE_FAULTS, *CONNECT_FAULTS, *WEBHOOK_FAULTS)
FAULTS: dict[str, Fault] = {fault.name: fault for fault in _ALL}
"""Every fault by name."""
