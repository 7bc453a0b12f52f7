"""Partners over real sockets, and the judge in front of them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from handshakes.judge.profile import Profile
from handshakes.judge.report import Report
from handshakes.judge.served import Served
from handshakes.judge.trial import JUDGED_FAST, Trial
from handshakes.onoffice.demo import OWN
from handshakes.onoffice.partner.integration import ACTIVATE, SERVICE, WEBHOOK
from handshakes.platforms import PLATFORMS
from handshakes.retailcrm.partner.integration import CONFIG
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import RoleServer, listen, origin_of
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import Operator, World
from tests.officernd.test_broken_partners import Process as Alone


def settings_of(platform: str, base: str, mode: str = "encrypted") -> dict[str, str]:
    """Return the settings with which a simulator knows the reference partner at an origin."""
    if platform == "officernd":
        return {"partner_url": f"{base}/officernd", "account_name": "J&J Ltd"}
    if platform == "retailcrm":
        return {"config_url": base + CONFIG, **JUDGED_FAST}
    if platform == "onoffice":
        paths = {"activation_url": ACTIVATE, "service_url": SERVICE, "webhook_url": WEBHOOK}
        return {name: base + path + OWN for name, path in paths.items()}
    world = World(int, bytes, MemoryStore(), {"platform_url": base, "mode": mode}, "", base)
    app: Any = PLATFORMS["fortis"].tools().sides(world).partner
    return {
        "mode": mode, "iframe_url": app.iframe_url(), "redirect_uri": app.redirect_uri(),
        "location_setup_url": app.location_setup_url(), "user_setup_url": app.user_setup_url(),
    }  # fmt: skip


class Process(Alone):
    """A partner in a process of its own that is also served, and can be served again at its port."""

    has_store = True

    def __init__(self, partner: Any) -> None:
        super().__init__(partner)
        self.network: Any = None
        self._again: Any = None

    def serve_again(self) -> None:
        """Listen at the port of before, after the server there was stopped."""
        port = urlsplit(self.network.servers[0].url).port
        self._again = RoleServer(self, self.network.client.exchange, listen(port))
        self._again.start()

    def stop(self) -> None:
        """Stop what `serve_again` started."""
        if self._again:
            self._again.stop()


def operator_of(platform: str, served: Served, process: Process) -> Operator:
    """Return an operator who does all that can be done with a partner in this process."""

    def identity() -> str:
        """The module's own name for the first account, wherever it thinks that this is."""
        partner = process.partner
        found = partner.store.find("retailcrm", "systemUrl", served.url)
        return next((one.identity for one in found if one.state == "active"), partner.identity(served.url))

    def text(pattern: str, page: Any) -> str:
        found = re.search(pattern, page.body.decode())
        return found[1] if found else ""

    return {
        "officernd": Operator(restart=process.restart),
        "retailcrm": Operator(
            work=lambda: process.partner.work(identity()),
            rescope=lambda: process.partner.rescope(identity(), process.partner.configuration.scopes),
        ),
        "onoffice": Operator(work=lambda *who: process.partner.work(*who)),
        "fortis": Operator(
            signed_in=lambda page: text('id="user">([^<]*)<', page),
            offers_oauth=lambda page: bool(text('id="(oauth)"', page)),
        ),
    }[platform]


@contextmanager
def facing(
    platform: str,
    *,
    mode: str = "encrypted",
    kind: Callable[[Any], Any] = lambda partner: partner,
    seed: int = 0,
    public: bool = False,
) -> Iterator[tuple[Served, Process]]:
    """Serve the reference partner, or what `kind` makes of it, and a simulator that knows it."""
    sock, theirs = listen(), listen()
    url = origin_of(sock).replace("127.0.0.1", "localhost") if public else ""
    known = settings_of(platform, origin_of(theirs), mode)
    with Served(platform, known, sock=sock, public=url, patience=30, seed=seed) as served:
        settings = {"platform_url": served.url, **({"mode": mode} if platform == "fortis" else {})}
        world = World(
            lambda: int(time.time()), os.urandom, MemoryStore(), settings, "", origin_of(theirs), served.world.traps
        )  # fmt: skip
        process = Process(kind(PLATFORMS[platform].tools().sides(world).partner))
        with Loopback(process, sockets={process.name: theirs}) as process.network:
            yield served, process
            process.stop()


def judged(
    platform: str,
    served: Served,
    profile: Profile | None = None,
    operator: Operator | None = None,
    **asked: Any,
) -> Report:
    """Judge whoever listens there."""
    return Trial(platform, profile or Profile(), folder=Path(), **asked).judge(served, operator=operator)


def named(report: Report, *judgements: str) -> dict[str, str]:
    """Return the clauses that came to one of these judgements, each with its reason."""
    return {row.clause: row.why for row in report.rows if row.judgement in judgements}
