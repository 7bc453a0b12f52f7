"""RetailCRM: the verifier, the whole connection in process, and 64 served registrations whose edit comes late."""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import shake_256
from pathlib import Path

from harness import best, row

from handshakes.core.messages import Delayed
from handshakes.retailcrm import demo
from handshakes.retailcrm.simulator.records import Account
from handshakes.runtime.client import Loopback
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World

SECRET, NOW = "example-module-secret", 1_700_000_000
LATE = 0.5


def whole_connection() -> None:
    """Time popup, Connect and the callback to edit in process, with both roles and the transcript."""
    counter, clock = itertools.count(), Clock(NOW)

    def run() -> None:
        world = World(clock, lambda n: shake_256(str(next(counter)).encode()).digest(n), MemoryStore())
        sides = demo.sides(world)
        network = InProcess(sides.platform, sides.partner, clock=clock)
        network.run(sides.platform.open_popup(demo.DEMO, demo.CODE))
        network.run(sides.platform.connect(demo.DEMO, demo.CODE))
        assert sides.platform.state(demo.DEMO, demo.CODE) == "connected"

    run()
    row("the whole RetailCRM connection in process, best", f"{best(run, 50) * 1e3:.2f} ms", "under 2 ms")


class Late:
    """The CRM, whose edit comes back late."""

    def __init__(self, platform: object) -> None:
        self.role = platform
        self.name, self.origins, self.secret_names = platform.name, platform.origins, platform.secret_names

    def handle(self, request: object) -> object:
        answer = yield from self.role.handle(request)
        return Delayed(LATE, answer) if request.path.endswith("/edit") else answer


def served() -> None:
    """Connect 64 accounts at once over sockets; every edit is answered late, and no registration may be lost."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder), {})
        sides = demo.sides(World(lambda: int(time.time()), os.urandom, store))
        platform = sides.platform
        urls = [f"https://shop-{n}.simla.com" for n in range(64)]
        for n, url in enumerate(urls):
            platform.add_account(Account(url, f"https://technical-{n}.simla.io", url))
        with Loopback(Late(platform), sides.partner) as network:
            for url in urls:
                network.run(platform.open_popup(url, demo.CODE))

            def connect(url: str) -> None:
                network.run(platform.connect(url, demo.CODE))

            start = time.perf_counter()
            with ThreadPoolExecutor(64) as pool:
                list(pool.map(connect, urls))
            seconds = time.perf_counter() - start
        kept = sum(len(store.find("retailcrm", "systemUrl", url)) for url in urls)
        made = sum(platform.state(url, demo.CODE) == "connected" for url in urls)
        store.close()
    row(
        f"64 served registrations at once, edit {LATE} s late",
        f"{seconds:.2f} s, {made} connected, {kept} kept",
        "64 connected, 64 kept",
    )


def run() -> None:
    """Run this platform's benchmarks."""
    whole_connection()
    served()


if __name__ == "__main__":
    run()
