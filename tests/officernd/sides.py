"""Both sides of OfficeRnD for the tests: a clock that stands still, the same random bytes each time, reports kept."""

from __future__ import annotations

from typing import Any, NamedTuple

from handshakes.core.refusals import Refused
from handshakes.officernd import demo
from handshakes.officernd.partner import PartnerIntegration
from handshakes.officernd.partner.configuration import Configuration
from handshakes.officernd.simulator import OfficeRnD
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import Store
from tests.sides import made

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
    store: Store | None = None, *, kind: type[PartnerIntegration] | None = None, **changes: Any
) -> Both:
    """Return both sides in one process.

    `kind` may be a broken partner. A change is a name of `demo.SETTINGS`, or else a field of the partner's
    `Configuration` or of the platform's `Settings`: `sides(started_by="partner", token_lifetime=60)`.
    """
    return Both(*made(demo, Configuration, NOW, store, kind, changes))
