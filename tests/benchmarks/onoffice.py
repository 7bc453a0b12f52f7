"""onOffice: the verifier of signed URLs, and the whole activation in process."""

from __future__ import annotations

import itertools
from hashlib import shake_256

from harness import best, row

from handshakes.core.messages import Response
from handshakes.onoffice import demo
from handshakes.onoffice.script import press
from handshakes.runtime.browser import Browser, Page
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World

SECRET, NOW = "Example-Provider-Secret-1!", 1_700_000_000


def whole_activation() -> None:
    """Time popup, frame, button and unlockProvider in process, with both roles and the transcript."""
    counter, clock = itertools.count(), Clock(NOW)
    window = Page(demo.PORTAL, Response(200))

    def run() -> None:
        world = World(clock, lambda n: shake_256(str(next(counter)).encode()).digest(n), MemoryStore())
        sides, browser = demo.sides(world), Browser()
        network = InProcess(sides.platform, sides.partner, clock=clock)
        popup = sides.platform.open_popup(demo.FIRST, demo.ADMINISTRATOR)
        sides.platform.confirm(popup, terms=True, data_processing=True)
        frame = network.run(browser.open(popup.url))
        key = sides.platform.choose(popup, "all")
        assert network.run(press(browser, frame, window, key)) == "active"
        assert sides.platform.customers[demo.FIRST].status == "active"

    run()
    row("the whole onOffice activation in process, best", f"{best(run, 50) * 1e3:.2f} ms", "under 2 ms")


def run() -> None:
    """Run this platform's benchmarks."""
    whole_activation()


if __name__ == "__main__":
    run()
