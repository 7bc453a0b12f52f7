"""A broken reference partner as a program of its own: `reference_program.py PLATFORM_URL CLAUSE PORT`."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from handshakes.officernd.partner import PartnerIntegration
from handshakes.platforms import PLATFORMS
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from tests.officernd.test_broken_partners import BROKEN


def main(platform_url: str, clause: str, port: str) -> None:
    sock = listen(int(port))
    world = World(
        lambda: int(time.time()),
        os.urandom,
        MemoryStore(),
        {"platform_url": platform_url},
        "",
        origin_of(sock),
    )
    made = PLATFORMS["officernd"].tools().sides(world).partner
    kind = type("Broken", (PartnerIntegration,), dict(BROKEN)[clause])
    given = {"store": made.store, "clock": made.clock, "random": made.random, "report": made.report}
    partner = kind(made.configuration, **given)
    with Loopback(partner, sockets={partner.name: sock}):
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
