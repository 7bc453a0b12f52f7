"""What the marketplace page shows of OfficeRnD: the first integration, and what the organisation's admin may do with it."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.messages import Request
from ..runtime.story import Press, Shop, Sides
from .simulator.faults import CONNECT_FAULTS, PAGE_FAULTS, WEBHOOK_FAULTS, Fault
from .simulator.platform import OfficeRnD


def shop(sides: Sides) -> Shop:
    """Return the integration's state and the admin's five steps."""
    platform = sides.platform
    assert isinstance(platform, OfficeRnD)  # noqa: S101
    one = next(iter([*platform.integrations.values()]))
    connected, there = one.state == "connected", {"integration": one.id}

    def faults(choices: Sequence[Fault]) -> tuple[Fault, ...]:
        return tuple(fault for fault in choices if platform.offers(fault))

    pages = [fault for fault in PAGE_FAULTS if fault.name not in ("post", "replay")]
    presses = [
        Press("connect", "Connect", "A window opens at the partner with a code; the partner exchanges it and fetches its secret.",
              there, faults(CONNECT_FAULTS), window=True, done=connected),
        Press("healthcheck", "Check health", "Does the connection work? A signed GET from server to server.",
              there, faults(PAGE_FAULTS), ready=connected),
        Press("configure", "Configure", "The admin's browser opens the partner's settings at a signed URL.",
              there, faults(pages), window=True, ready=connected),
    ]  # fmt: skip
    if platform.applications[one.client_id].sync_url:
        line = "A signed GET asks the partner to synchronise now."
        presses.append(Press("sync", "Sync", line, there, faults(PAGE_FAULTS), ready=connected))
    line = "A webhook signed over its raw body tells the partner that the integration is gone."
    gone, broken = one.state == "removed", faults(WEBHOOK_FAULTS)
    presses.append(Press("remove", "Remove", line, there, broken, ready=connected, done=gone))
    state = one.state.replace("added", "not connected")
    state = f"{state} to {one.account_name}" if connected else state
    return Shop("Signed URLs: health check, configuration, sync", state, connected, tuple(presses))


def carries(request: Request) -> str:
    """Return whether a request carries a signature: in its query, or a webhook's in its header."""
    return "signed" if "signature=" in request.query or request.header("officernd-signature") else ""
