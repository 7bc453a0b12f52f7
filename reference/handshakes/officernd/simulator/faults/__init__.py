"""What OfficeRnD does wrong on request: every fault has a name, a clause and an expected end."""

from __future__ import annotations

from typing import TypeAlias

from ..records import ConnectFault
from .connecting import CONNECT_FAULTS
from .pages import PAGE_FAULTS, PageFault
from .webhooks import WEBHOOK_FAULTS, WebhookFault

Fault: TypeAlias = PageFault | ConnectFault | WebhookFault
_ALL: tuple[Fault, ...] = (*PAGE_FAULTS, *CONNECT_FAULTS, *WEBHOOK_FAULTS)
FAULTS: dict[str, Fault] = {fault.name: fault for fault in _ALL}
"""Every fault by name."""
