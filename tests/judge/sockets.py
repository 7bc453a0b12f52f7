"""Partners over real sockets, and the judge in front of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from handshakes.fortis.demo import TITLE
from handshakes.judge.profile import Profile
from handshakes.judge.report import Report
from handshakes.judge.served import Served
from handshakes.judge.trial import JUDGED_FAST, Trial
from handshakes.onoffice.demo import OWN
from handshakes.onoffice.partner.integration import ACTIVATE, SERVICE, WEBHOOK
from handshakes.platforms import PLATFORMS
from handshakes.retailcrm.partner.integration import CONFIG
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World


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


@contextmanager
def facing(
    platform: str, *, mode: str = "encrypted", kind: Callable[[Any], Any] = lambda partner: partner
) -> Iterator[tuple[Served, Any]]:
    """Serve the reference partner, or what `kind` makes of it, and a simulator that knows it."""
    sock, theirs = listen(), listen()
    with Served(platform, settings_of(platform, origin_of(theirs), mode), sock=sock, patience=30) as served:
        settings = {"platform_url": served.url, **({"mode": mode} if platform == "fortis" else {})}
        world = World(
            lambda: int(time.time()), os.urandom, MemoryStore(), settings, "", origin_of(theirs), served.world.traps
        )  # fmt: skip
        partner = kind(PLATFORMS[platform].tools().sides(world).partner)
        with Loopback(partner, sockets={partner.name: theirs}):
            yield served, partner


def judged(platform: str, served: Served, profile: Profile | None = None, **asked: Any) -> Report:
    """Judge whoever listens there."""
    return Trial(platform, profile or Profile(), folder=Path(), **asked).judge(served)


def named(report: Report, *judgements: str) -> dict[str, str]:
    """Return the clauses that came to one of these judgements, each with its reason."""
    return {row.clause: row.why for row in report.rows if row.judgement in judgements}


__all__ = ["TITLE", "facing", "judged", "named", "settings_of"]
