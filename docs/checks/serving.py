"""A server on loopback that gives the site as a host does: compressed, below its path, with its page for what is not there."""

from __future__ import annotations

import gzip
import mimetypes
import threading
import xml.etree.ElementTree as xml
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, BrowserContext

LONGEST = 120_000
"""How long a browser is waited for, in milliseconds: nothing fails because a machine is slow."""
COMPRESSED = ("text/", "application/json", "application/javascript", "application/xml", "image/svg+xml")


def prefix(site: Path) -> str:
    """Return the path below which the site was built to be found, from its sitemap; `/` if it names no address."""
    found = addresses(site)
    homes = [urlsplit(url).path.removesuffix("index.html") for url in found if url.endswith("/index.html")]
    return min(homes, key=len, default="/")


def addresses(site: Path) -> list[str]:
    """Return the addresses that the sitemap lists."""
    path = site / "sitemap.xml"
    tree = xml.parse(path) if path.is_file() else None
    return [each.text or "" for each in tree.iter() if each.tag.endswith("}loc")] if tree else []


@lru_cache(512)
def packed(body: bytes) -> bytes:
    """Return a body compressed, as a host keeps it: the index of the search is asked for with every page."""
    return gzip.compress(body, 6)


class Handler(BaseHTTPRequestHandler):
    """Serves files and says nothing, not even when the browser leaves before the end."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *given: object, site: Path, below: str) -> None:
        self.site, self.below = site, below
        super().__init__(*given)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer with a file, or with the page for what is not there."""
        path = unquote(urlsplit(self.path).path)
        file = (
            self.site / path.removeprefix(self.below)
            if path.startswith(self.below)
            else self.site / "404.html"
        )
        file = file / "index.html" if file.is_dir() else file
        found = file.is_file() and file.name != "404.html" and file.resolve().is_relative_to(self.site)
        file = file if found else self.site / "404.html"
        body = file.read_bytes() if file.is_file() else b""
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        self.send_response(200 if found else 404)
        if kind.startswith(COMPRESSED):
            body = packed(body)
            self.send_header("content-encoding", "gzip")
        self.send_header("content-type", f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        """Answer until the browser leaves."""
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output for findings."""


def context(browser: Browser, **given: Any) -> BrowserContext:
    """Return a context in which nothing is cached, and in which a browser may take its time."""
    made = browser.new_context(**given)
    made.set_default_timeout(LONGEST)
    return made


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve the site on a free loopback port. Yields its address."""
    below = prefix(site)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, site=site, below=below))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{below}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
