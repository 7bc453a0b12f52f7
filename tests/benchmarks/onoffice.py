"""onOffice: the verifier of signed URLs, and the whole activation in process."""

from __future__ import annotations

import hmac
import itertools
from hashlib import shake_256
from urllib.parse import parse_qsl, urlencode

from harness import best, ratio, row

from handshakes import onoffice
from handshakes.core.messages import Response
from handshakes.onoffice import demo
from handshakes.onoffice.script import press
from handshakes.runtime.browser import Browser, Page
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World

SECRET, NOW = "Example-Provider-Secret-1!", 1_700_000_000


def baseline(url: str, secret: str, now: int) -> tuple[list[tuple[str, str]], int]:
    """Turn the same input into the same values: parse, one digest, one comparison, no strict checks.

    `urlencode` stands for PHP's table, which differs only in the tilde.
    """
    base, _, query = url.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [pair for pair in pairs if pair[0] != "signature"]
    values = dict(pairs)
    message = f"{base}?{urlencode(sorted(kept))}"
    expected = hmac.digest(secret.encode(), message.encode(), "sha256").hex()
    if not hmac.compare_digest(expected, values["signature"]):
        raise ValueError("signature")
    timestamp = int(values["timestamp"])
    if not now - 300 <= timestamp <= now + 120:
        raise ValueError("time")
    return kept, timestamp


def verifying() -> None:
    """Compare verify_url with the inlined baseline, on the URL of an activation."""
    pairs = {
        "apiClaim": "ctguyroHtO7_6XaBpJgwUB_npk8nGUPociZaKzYfAEYRXFR_Cv879mYelDHEEfeB",
        "apiToken": "0123456789abcdef0123456789abcdef",
        "customerName": "Müller & Söhne Immobilien GmbH",
        "customerWebId": "4711",
        "parameterCacheId": "6802c44a-7ac0-4210-a3d4-e5581e3fa0b6",
        "timestamp": str(NOW),
        "userId": "17",
    }
    url = onoffice.sign_url("https://provider.example/activate?" + urlencode(pairs), secret=SECRET)
    verified = onoffice.verify_url(url, secret=SECRET, now=NOW)
    assert (list(verified.parameters), verified.timestamp) == baseline(url, SECRET, NOW)
    ours, theirs, factor = ratio(
        lambda: onoffice.verify_url(url, secret=SECRET, now=NOW), lambda: baseline(url, SECRET, NOW), 3_000
    )
    row(
        "onoffice.verify_url, to its inlined baseline",
        f"{factor:.2f} ({ours * 1e6:.1f} / {theirs * 1e6:.1f} µs)",
        "1.5, better 1.25",
    )


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
    verifying()
    whole_activation()


if __name__ == "__main__":
    run()
