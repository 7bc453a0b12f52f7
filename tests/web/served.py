"""Both sides of a platform on loopback as `handshakes serve` makes them: the app in front of the partner, the operator's page."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

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


class Served:
    """One platform and its app, each on a network of its own, so that the app can stop and start again at its addresses."""

    def __init__(self, name: str, store, host: str, settings: dict[str, str]) -> None:
        self.name, self.store, self.clock = name, store, Clock()
        self._sockets = [listen(), listen(), listen()]
        self.portal, app, self.operator = map(origin_of, self._sockets)
        self.app = app.replace("127.0.0.1", host)
        self._world = World(self.clock, os.urandom, store, settings, self.portal, self.app)
        self.sides = self._made()
        self._platform = Loopback(
            self.sides.platform, sockets={self.sides.platform.name: self._sockets.pop(0)}
        )
        self._app: Loopback | None = None

    def _made(self) -> Sides:
        return PLATFORMS[self.name].tools().sides(self._world)

    def reasons(self) -> list[str]:
        return [refused.reason for _, refused in self.sides.reports]

    def run(self, step: Any, sender: str = "browser") -> Any:
        """Run a step of a person or of the platform to its end, over HTTP."""
        return self._platform.run(step, sender)

    def start_app(self) -> None:
        """Start the app with what is in the store, and nothing that it remembered."""
        if not self._sockets:
            self._sockets = [listen(urlsplit(url).port or 0) for url in (self.app, self.operator)]
            self.sides = Sides(self.sides.platform, (again := self._made()).partner, again.reports)
        kept = Kept(self.clock)
        watched = Watched(self.sides.partner, kept)
        self.sides.reports.heard = watched.heard
        secrets = partial(PLATFORMS[self.name].tools().secrets, self.sides)
        app = PartnerApp({self.name: watched})
        operator = Operator(
            self.name, kept, secrets, self.operator, reports=self.sides.reports, store=self.store
        )
        names = (app.name, operator.name)
        self._app = Loopback(app, operator, sockets=dict(zip(names, self._sockets, strict=True)))
        self._app.__enter__()
        self._sockets = []

    def stop_app(self) -> None:
        if self._app:
            self._app.__exit__(None, None, None)
        self._app = None


@contextmanager
def served(name: str, store, host: str = "127.0.0.1", **settings: str) -> Iterator[Served]:
    """Serve a platform at 127.0.0.1 and the app at `host`: `localhost` is another site."""
    world = Served(name, store, host, settings)
    with world._platform:
        world.start_app()
        yield world
        world.stop_app()
