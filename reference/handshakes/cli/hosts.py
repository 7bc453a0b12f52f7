"""One platform as `serve` has it: its sides, what travels between them, and what the terminal shows of it."""

from __future__ import annotations

import os
import time
from collections import deque
from functools import partial
from pathlib import Path

from ..core.refusals import Refused
from ..platforms import Platform
from ..runtime.client import Loopback
from ..runtime.flow import Role
from ..runtime.server import listen, origin_of
from ..runtime.store import Store
from ..runtime.story import World
from ..runtime.watching import Kept, Watched, http_of
from ..web.app import PartnerApp
from ..web.app.operator import Operator
from ..web.places import MovedClock
from ..web.places import Place as Shopfront
from .common import fail, say
from .places import Place
from .verify import ciphers_for

KEPT = 500
"""How many events and secrets a served transcript keeps at least; it may run for weeks."""


class Bound:
    """The sockets of a platform's sides that are served, bound before anything else, so that processes can share them."""

    def __init__(self, platform: Platform, only: str, site: Place, port: int) -> None:
        self.platform, self.only, self.site = platform, only, site
        self.sockets = site.sockets([only] if only else ["platform", "partner"], port)
        here = "platform" in self.sockets and not site.public
        self.traps = [listen(), listen()] if here else []
        self.origins = {side: site.origin(sock) for side, sock in self.sockets.items()}
        if not only:  # the partner is on another site: in a browser's eyes two ports of one host are one
            self.origins["partner"] = self.origins["partner"].replace("127.0.0.1", "localhost")


class Host:
    """Both sides of a platform, or the one that is served; with the platform's, behind taps that feed the marketplace."""

    def __init__(self, bound: Bound, settings: dict[str, str], store: Store) -> None:
        self.platform, self.tools = bound.platform, bound.platform.tools()
        name, site, origins = self.platform.name, bound.site, bound.origins
        clock = MovedClock(lambda: int(time.time()))
        self.world = World(
            clock, os.urandom, store, settings,
            origins.get("platform", ""), origins.get("partner", ""), tuple(map(site.origin, bound.traps)),
            site.plain(settings),
        )  # fmt: skip
        try:
            self.sides = sides = self.tools.sides(self.world)
        except (ValueError, Refused) as error:  # what a platform does not let anybody register
            fail(f"with these settings it cannot be served: {error}")
        names = {"platform": sides.platform.name, "partner": sides.partner.name}
        kept, ciphers = Kept(clock), ciphers_for(name)
        watched = Watched(sides.partner, kept)
        roles: dict[str, Role] = {
            "platform": Watched(sides.platform, kept, self.tools.refuses),
            "partner": PartnerApp({name: watched}),
        }
        self.place: Shopfront | None = None
        if bound.only != "partner":
            served = tuple(names[side] for side in bound.sockets)
            addresses = {"platform": "", "partner": "", **origins}
            self.place = place = Shopfront(
                self.platform, self.tools, sides, clock, served, addresses, ciphers, KEPT
            )
            roles = place.tapped(roles)

        def heard(endpoint: str, refused: Refused) -> None:
            watched.heard(endpoint, refused)
            if self.place:
                self.place.heard(endpoint, refused)

        sides.reports.heard = heard
        asked = listen()
        self.why = Operator(
            name, kept, partial(self.tools.secrets, sides), origin_of(asked), ciphers,
            reports=sides.reports, store=store,
        )  # fmt: skip
        self.network = Loopback(
            *(roles[side] for side in bound.sockets),
            self.why,
            sockets={self.why.name: asked, **{names[side]: sock for side, sock in bound.sockets.items()}},
            traps={names["platform"]: bound.traps} if bound.traps else {},
            keep=KEPT,
            allowed=site.elsewhere(settings),
            transcript=self.place.wire if self.place else None,
            certificates={names[bound.only]: site.certificate} if site.certificate else None,
        )
        if self.place:
            self.place.network, self.place.operator = self.network, self.why


class Shown:
    """What the terminal has shown of a platform: messages, refusals, and how to ask why."""

    def __init__(self, host: Host, folder: Path) -> None:
        self.host, self.folder = host, folder
        self._shown = self._told = self._asked = 0
        self._files: deque[Path] = deque()

    def print(self) -> None:
        """Print what is new: behind a refused request stands where to ask why, and the command that repeats it."""
        host, transcript = self.host, self.host.network.transcript
        events = transcript.recorded
        if events > self._shown:
            say(transcript.text(bodies=False, start=self._shown, end=events))
            self._shown = events
        before, (self._told, news) = self._told, host.sides.reports.since(self._told)
        if missed := self._told - before - len(news):
            say(f"    partner refused {missed} more requests")
        for endpoint, refused in news:
            say(f"    partner refused {endpoint}: {refused}")
        for one in [one for one in host.why.kept.all() if one.number > self._asked]:
            self._asked = one.number
            folder = self.folder / host.platform.name
            folder.mkdir(exist_ok=True)
            self._files.append(folder / f"refused-{one.number}.http")
            self._files[-1].touch(mode=0o600)  # its owner's alone: no secret of it stands in a log
            self._files[-1].write_bytes(http_of(one.request))
            if len(self._files) > host.why.kept.most:
                self._files.popleft().unlink(missing_ok=True)
            again = f"handshakes verify {host.platform.name} --now {one.now} --file {self._files[-1]}"
            say(f"    why? {host.why.origin}/?n={one.number} or: {again}")
