"""The server of the marketplace page: a role's server that also keeps a stream of events open."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from ..core.messages import Request, Response
from ..runtime.connections import Limits
from ..runtime.server import RoleServer, _http
from .marketplace import Marketplace
from .safety import NO_STORE
from .views import rows, shop

EVENTS = "/events"
MOST_STREAMS = 32
QUIET = 15.0
"""Seconds after which a stream that had nothing to tell says so, so that a page that is gone is noticed."""
GATHER = 0.05
"""Seconds in which changes are gathered before they are told, as a handshake makes many at once."""


class MarketplaceServer(RoleServer):
    """Serves the marketplace; `/events` is a stream of what changes on the wires."""

    def __init__(self, role: Marketplace, sock: socket.socket, limits: Limits = Limits()) -> None:  # noqa: B008
        super().__init__(role, _nobody, sock, limits=limits)
        self._market = role
        self._streams: set[asyncio.Event] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        for place in role.places.values():
            place.wire.changed = self._changed

    def _changed(self) -> None:
        """Wake the streams, from whatever thread something changed in."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for one in self._streams:
            one.set()

    def ask_to_stop(self) -> None:
        """End the streams too: their pages would hold the server open."""
        super().ask_to_stop()
        self._changed()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != EVENTS or scope["method"] != "GET":
            await super()._serve(scope, receive, send)
            return
        request = await self._request(scope, receive)
        if not isinstance(request, Request):
            await self._sent(request, scope, receive, send)
            return
        asked = parse_qs(request.query)
        refusal = self._market.refused(request, asked.get("token", [""])[0])
        if refusal is None and len(self._streams) >= MOST_STREAMS:
            refusal = Response(503, (("retry-after", "1"),))
        if refusal is not None:
            await self._sent(_http(refusal), scope, receive, send)
            return
        headers = {"content-type": "text/event-stream", **dict(NO_STORE)}
        known = request.header("last-event-id") or asked.get("after", [""])[0]
        await StreamingResponse(self._events(known), 200, headers)(scope, receive, send)

    async def _events(self, known: str) -> AsyncIterator[str]:
        self._loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        self._streams.add(woken)
        versions = _versions(known, list(self._market.places))
        try:
            while not self._server.should_exit:
                woken.clear()
                for text in await asyncio.to_thread(self._news, versions):
                    yield text
                try:
                    async with asyncio.timeout(QUIET):
                        await woken.wait()
                except TimeoutError:
                    yield ": quiet\n\n"
                await asyncio.sleep(GATHER)
        finally:
            self._streams.discard(woken)

    def _news(self, versions: dict[str, int]) -> list[str]:
        """Return the events of what changed since these versions, and move them on."""
        found = []
        for name, place in self._market.places.items():
            with place.wire._all:
                now = place.wire.version
                fresh = rows(place, versions[name])
            versions[name] = now
            found.append({"platform": name, "rows": fresh, "shop": shop(place)})
        id = "_".join(str(version) for version in versions.values())
        return [f"id: {id}\ndata: {json.dumps(found, ensure_ascii=False)}\n\n"]


def _versions(known: str, names: list[str]) -> dict[str, int]:
    """Return the versions that a page knows already, in the order of the platforms; from the start where it says nothing.

    >>> _versions("3_0", ["a", "b"]), _versions("x", ["a"])
    ({'a': 3, 'b': 0}, {'a': 0})
    """
    numbers = known.split("_")
    right = len(numbers) == len(names) and all(one.isdecimal() and len(one) < 12 for one in numbers)
    return dict(zip(names, map(int, numbers) if right else [0] * len(names), strict=True))


def _nobody(sender: str, request: Request) -> Response:
    raise AssertionError("the marketplace yields no request")
