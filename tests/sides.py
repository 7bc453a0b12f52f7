"""Both sides of a platform for its tests: a clock that stands still, the same random bytes each time, reports kept."""

from __future__ import annotations

from dataclasses import fields, replace
from hashlib import shake_256
from itertools import count
from typing import Any, TypeVar

from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import MemoryStore, Store
from handshakes.runtime.story import World

T = TypeVar("T")


def made(
    demo: Any, configuration: type, now: int, store: Store | None, kind: type | None, changes: dict[str, Any]
) -> tuple[Any, Any, Clock, Store, Any, InProcess]:
    """Return a platform, its partner, their clock and store, the reports, and both in one process.

    `kind` may be a broken partner; without it, it is what `demo` makes. A change is a name of `demo.SETTINGS`, or else a field of the partner's
    `configuration` or of the platform's `Settings`.
    """
    store, clock, numbers = store or MemoryStore(), Clock(now), count()
    chosen = {name: changes.pop(name) for name in list(changes) if name in demo.SETTINGS}
    world = World(clock, lambda n: shake_256(str(next(numbers)).encode()).digest(n), store, chosen)
    both: Any = demo.sides(world)
    platform, partner = both.platform, both.partner
    names = {field.name for field in fields(configuration)}
    ours = {name: changes.pop(name) for name in list(changes) if name in names}
    if ours or kind:
        configured = replace(partner.configuration, **ours)
        partner = (kind or type(partner))(
            configured, store=store, clock=clock, random=world.random, report=partner.report
        )
    platform.settings = replace(platform.settings, **changes)
    return platform, partner, clock, store, both.reports, InProcess(platform, partner, clock=clock)


def patient(network: T, seconds: float = 120) -> T:
    """Give every request of a network or client this long: on a busy machine, dozens at once take longer than one may."""
    client: Any = getattr(network, "client", network)
    send = client.send
    client.send = lambda request: send(replace(request, timeout=seconds))
    return network
