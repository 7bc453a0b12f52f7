"""Both sides of OfficeRnD for the tests: a clock that stands still, the same random bytes each time, reports kept."""

from __future__ import annotations

from dataclasses import fields, replace
from hashlib import shake_256
from itertools import count
from typing import Any, NamedTuple

from handshakes.core.refusals import Refused
from handshakes.officernd import demo
from handshakes.officernd.partner import PartnerIntegration
from handshakes.officernd.partner.configuration import Configuration
from handshakes.officernd.simulator import OfficeRnD
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import MemoryStore, Store
from handshakes.runtime.story import World

NOW = 1_648_190_384
"""2022-03-25 06:39:44 UTC, the time of the page's example."""


class Both(NamedTuple):
    """The two roles and what surrounds them."""

    platform: OfficeRnD
    partner: PartnerIntegration
    clock: Clock
    store: Store
    reports: list[tuple[str, Refused]]
    network: InProcess


def sides(
    store: Store | None = None, *, kind: type[PartnerIntegration] = PartnerIntegration, **changes: Any
) -> Both:
    """Return both sides in one process.

    `kind` may be a broken partner. A change is a name of `demo.SETTINGS`, or else a field of the partner's
    `Configuration` or of the platform's `Settings`: `sides(started_by="partner", token_lifetime=60)`.
    """
    store, clock, numbers = store or MemoryStore(), Clock(NOW), count()
    chosen = {name: changes.pop(name) for name in list(changes) if name in demo.SETTINGS}
    world = World(clock, lambda n: shake_256(str(next(numbers)).encode()).digest(n), store, chosen)
    made = demo.sides(world)
    platform, partner, reports = made.platform, made.partner, made.reports
    assert isinstance(platform, OfficeRnD)
    assert isinstance(partner, PartnerIntegration)
    ours = {name: changes.pop(name) for name in list(changes) if name in _names(Configuration)}
    if ours or kind is not PartnerIntegration:
        configuration = replace(partner.configuration, **ours)
        partner = kind(configuration, store=store, clock=clock, random=world.random, report=partner.report)
    platform.settings = replace(platform.settings, **changes)
    return Both(platform, partner, clock, store, reports, InProcess(platform, partner, clock=clock))


def _names(kind: Any) -> set[str]:
    return {field.name for field in fields(kind)}
