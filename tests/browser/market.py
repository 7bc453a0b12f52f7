"""The marketplace as `handshakes serve` has it, in this process, and what a person does on its page."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from handshakes.cli.hosts import Bound, Host
from handshakes.cli.places import Place
from handshakes.platforms import PLATFORMS
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.store import MemoryStore
from handshakes.web.marketplace import Marketplace
from handshakes.web.serving import MarketplaceServer

WAIT = 60_000
"""Milliseconds that the page may take on a busy machine."""


@dataclass
class Market:
    """A served marketplace: the page's address and token, and each platform behind it."""

    url: str
    token: str
    hosts: dict[str, Host]

    def wire(self, platform: str) -> Any:
        return self.hosts[platform].place.wire


@contextmanager
def foreign(answer: Callable[[BaseHTTPRequestHandler], tuple[str, dict[str, str]]]) -> Iterator[int]:
    """Serve another site's pages on this machine; `answer` returns a page and more headers. Yield the port."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text, headers = answer(self)
            self.send_response(200)
            for name, value in {"content-type": "text/html", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join(60)


@contextmanager
def marketplace(*names: str, only: str = "", settings: dict[str, str] | None = None) -> Iterator[Market]:
    """Serve some platforms, all of them unless named, with their partners on another site."""
    with ExitStack() as stack:
        hosts = {
            name: Host(Bound(PLATFORMS[name], only, Place(), 0), settings or {}, MemoryStore())
            for name in names or PLATFORMS
        }
        for host in hosts.values():
            stack.enter_context(host.network)
        sock, token = listen(), secrets.token_urlsafe(32)
        places = {name: host.place for name, host in hosts.items() if host.place}
        server = MarketplaceServer(Marketplace(places, origin_of(sock), token, 0), sock)
        server.start()
        stack.callback(server.stop)
        yield Market(server.url, token, hosts)


def opened(page: Any, market: Market, platform: str) -> Any:
    """Open a platform's page, and wait until the stream has drawn its steps."""
    page.set_default_timeout(WAIT)
    page.goto(f"{market.url}/{platform}")
    page.locator(".step").first.wait_for()
    return page


def press(page: Any, step: str) -> None:
    """Press a step that needs no window, and wait until it has ended."""
    before = tries(page, step)
    page.locator(f"[data-press={step}]").click()
    page.locator(f"[data-step={step}][data-try]:not([data-try='{before}']):not(.running)").wait_for()


def window(page: Any, step: str) -> Any:
    """Press a step that opens a window; return the window."""
    with page.expect_popup() as opening:
        page.locator(f"[data-press={step}]").click()
    opening.value.set_default_timeout(WAIT)
    return opening.value


def tries(page: Any, step: str) -> str:
    return page.locator(f"[data-step={step}]").get_attribute("data-try")


def choose(page: Any, step: str, fault: str) -> None:
    """Choose a fault by searching for its name."""
    page.locator(f"[data-fault={step}]").click()
    page.fill("#find", fault)
    page.locator(f"#choices input[value='{fault}']").check()
    page.click("button[value=use]")


def shown(page: Any, step: str, state: str, says: str = "") -> None:
    """Wait until a step is in a state and says so; it may be in the same state since an earlier try."""
    page.locator(f"[data-step={step}].{state}").wait_for()
    page.locator(f"#said-{step}", has_text=says).wait_for()
