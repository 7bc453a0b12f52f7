"""OfficeRnD: the verifier, the whole handshake in process, and the served health check."""

from __future__ import annotations

import asyncio
import hmac
import itertools
import json
import os
import tempfile
import time
from collections.abc import Callable
from hashlib import shake_256
from pathlib import Path
from urllib.parse import parse_qsl

from harness import best, has_wrk, row, serve, wrk

from handshakes.cli.hosts import KEPT
from handshakes.officernd import demo
from handshakes.runtime.browser import Browser
from handshakes.runtime.client import Loopback
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.server import listen
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.store import MemoryStore, Store
from handshakes.runtime.story import World
from handshakes.runtime.watching import Kept, Watched

SECRET = "example-integration-secret"
NOW = 1648190384


def baseline(target: str, secret: str, now: int) -> tuple[list[tuple[str, str]], int]:
    """Turn the same input into the same values: parse, one digest, one comparison, no strict checks."""
    pairs = parse_qsl(target.partition("?")[2], keep_blank_values=True)
    signed = [pair for pair in pairs if pair[0] != "signature"]
    fields = dict(piece.split("=") for piece in dict(pairs)["signature"].split(","))
    message = json.dumps(dict(signed), separators=(",", ":"), ensure_ascii=False) + "." + fields["t"]
    expected = hmac.digest(secret.encode(), message.encode(), "sha256").hex()
    if not hmac.compare_digest(expected, fields["signature"]):
        raise ValueError("signature")
    timestamp = int(fields["t"])
    if not now - 300 <= timestamp <= now + 60:
        raise ValueError("time")
    return signed, timestamp


def whole_handshake() -> None:
    """Time connect, return and health check in process, with both roles and the transcript."""
    counter = itertools.count()
    clock = Clock(NOW)

    def run() -> None:
        world = World(clock, lambda n: shake_256(str(next(counter)).encode()).digest(n), MemoryStore())
        sides = demo.sides(world)
        network = InProcess(sides.platform, sides.partner, clock=clock)
        integration = next(iter(sides.platform.integrations.values()))
        network.run(Browser().open(sides.platform.connect_url(integration.id)))
        assert integration.state == "connected"

    run()
    row("the whole OfficeRnD handshake in process, best", f"{best(run, 50) * 1e3:.2f} ms", "under 2 ms")


def serve_bare(store: Store) -> tuple[str, Callable[[], None]]:
    """Serve a bare Starlette handler: the same row of the same store, decrypted, the inlined verification."""
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def healthcheck(request: object) -> JSONResponse:
        query = request.url.query
        organization = request.query_params["organizationId"]
        (installation,) = store.find("officernd", "organizationId", organization)
        try:
            baseline("?" + query, installation.credentials["secret"], int(time.time()))
        except ValueError:
            return JSONResponse({"message": "no"}, 401)
        return JSONResponse({"accountName": installation.details["accountName"]})

    application = Starlette(routes=[Route("/officernd/healthcheck", healthcheck)])
    return serve(application)


def served() -> None:
    """Compare the served health check with the bare handler's, for what `handshakes serve` keeps and for memory."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder), {})
        rate("SQLite, as `serve`", store)
        store.close()
    rate("memory", MemoryStore())


def rate(which: str, store: Store) -> None:
    """Compare the rates of two servers with one store, in turns; ours is watched, as `handshakes serve` does it."""
    what = f"served health check, to bare Starlette ({which})"
    if not has_wrk():
        row(what, "not measured: wrk is not installed", "at least 0.80")
        return
    sockets = {"OfficeRnD": listen(), "partner": listen()}
    origins = {name: "http://{}:{}".format(*sock.getsockname()[:2]) for name, sock in sockets.items()}
    world = World(lambda: int(time.time()), os.urandom, store, {}, origins["OfficeRnD"], origins["partner"])
    sides = demo.sides(world)
    integration = next(iter(sides.platform.integrations.values()))
    kept = Kept(world.clock)
    partner = Watched(sides.partner, kept)
    sides.reports.heard = partner.heard
    with Loopback(Watched(sides.platform, kept), partner, sockets=sockets, keep=KEPT) as network:
        network.run(Browser().open(sides.platform.connect_url(integration.id)))
        assert integration.state == "connected"
        url = sides.platform.configuration_url(integration.id).replace("/configure", "/healthcheck")
        bare, end = serve_bare(store)
        bare_url = url.replace(origins["partner"], bare)
        for warm in (url, bare_url):
            wrk(warm, 1)
        pairs = [(wrk(url, 1), wrk(bare_url, 1)) for _ in range(3)]
        end()
    ratios = sorted(ours / theirs for ours, theirs in pairs)
    ours, theirs = (max(rates) for rates in zip(*pairs, strict=True))
    row(
        what,
        f"{ratios[1]:.2f} median, {ratios[0]:.2f} least ({ours:.0f} / {theirs:.0f} a second)",
        "at least 0.80",
    )


def run() -> None:
    """Run this platform's benchmarks."""
    whole_handshake()
    served()


if __name__ == "__main__":
    asyncio.set_event_loop_policy(None)
    run()
