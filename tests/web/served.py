"""Both sides of a platform on loopback as `handshakes serve` makes them: the app in front of the partner, the operator's page."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from handshakes.platforms import PLATFORMS
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.story import Sides, World
from handshakes.runtime.watching import Kept, Watched
from handshakes.web.app import PartnerApp
from handshakes.web.app.operator import Operator


@dataclass
class Clock:
    """The real time, and some seconds on it."""

    ahead: int = 0

    def __call__(self) -> int:
        return int(time.time()) + self.ahead


@dataclass
class Served:
    """One platform: its sides, where they are, and the clock that both go by."""

    sides: Sides
    portal: str
    app: str
    operator: str
    kept: Kept
    store: object
    clock: Clock = field(default_factory=Clock)

    def reasons(self) -> list[str]:
        return [refused.reason for _, refused in self.sides.reports]


@contextmanager
def served(name: str, store, host: str = "127.0.0.1", **settings: str) -> Iterator[Served]:
    """Serve a platform at 127.0.0.1 and the app at `host`: `localhost` is another site."""
    tools, clock = PLATFORMS[name].tools(), Clock()
    sockets = [listen(), listen(), listen()]
    portal, app, operator = map(origin_of, sockets)
    app = app.replace("127.0.0.1", host)
    world = World(clock, os.urandom, store, settings, portal, app)
    sides, kept = tools.sides(world), Kept(clock)
    watched = Watched(sides.partner, kept)
    sides.reports.heard = watched.heard
    secrets = partial(tools.secrets, sides)
    roles = (
        sides.platform,
        PartnerApp({name: watched}),
        Operator(name, kept, secrets, operator, reports=sides.reports, store=store),
    )
    names = [role.name for role in roles]
    with Loopback(*roles, sockets=dict(zip(names, sockets, strict=True))):
        yield Served(sides, portal, app, operator, kept, store, clock)
