"""Serving a role over HTTP on loopback: Starlette's responses on uvicorn with h11.

A role without a store is advanced on the server's event loop, one with a store off it (`advancing`), since
a database may keep it waiting. Each outward call waits in a thread of the role's own pool: hundreds of
slow calls can wait at once, in both directions, without a lock-up. Sizes, times and the number of
connections are capped before a role sees anything, and what h11 cannot read never reaches it at all.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import re
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.responses import Response as HttpResponse
from starlette.types import Receive, Scope, Send

from ..core.messages import Answer, Delayed, Dropped, Pause, Request, Response, Unreachable
from .advancing import Move, Moved, Steps, moved
from .connections import Limits, protocol
from .flow import Role

log = logging.getLogger("handshakes")

MOST_BODY = 1_048_576
MOST_TARGET = 16_384
MOST_HEADERS = 100
MOST_HEADER_BYTES = 32_768
MOST_HEAD = 65_536
MOST_WAITING = 256
MOST_CONNECTING = 1_024
AT_ONCE = 32
"""Connections that are taken at once: each has a file descriptor before it can be counted."""


class RoleServer:
    """One role behind uvicorn, in a thread of its own, on loopback sockets that are bound already; `url` is the first.

    With a `certificate`, the files of a chain and of its key, it speaks TLS.
    """

    def __init__(
        self,
        role: Role,
        exchange: Callable[[str, Request], Response],
        sock: socket.socket,
        *more: socket.socket,
        limits: Limits = Limits(),  # noqa: B008  (it is frozen)
        certificate: tuple[str, str] | None = None,
    ) -> None:
        self.role = role
        self.limits = limits
        self.url = origin_of(sock, tls=certificate is not None)
        self._exchange = exchange
        self._sockets = [sock, *more]
        self._origins = {urlsplit(origin).netloc.encode(): origin for origin in role.origins}
        self._pool = ThreadPoolExecutor(MOST_WAITING, thread_name_prefix=f"{role.name}-outward")
        self._steps = Steps(f"{role.name}-steps", MOST_WAITING)
        self._waits = getattr(role, "has_store", False)
        self._open: dict[Any, asyncio.Transport] = {}
        self._warned = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        config = uvicorn.Config(
            self._app,
            http=protocol(limits, self._opened, self._closed, MOST_HEAD),
            interface="asgi3",
            proxy_headers=False,
            ws="none",
            lifespan="off",
            log_level="error",
            server_header=False,
            date_header=False,
            timeout_keep_alive=60,
            h11_max_incomplete_event_size=MOST_HEAD,
            backlog=AT_ONCE,
            ssl_certfile=certificate[0] if certificate else None,
            ssl_keyfile=certificate[1] if certificate else None,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name=role.name, daemon=True)

    def start(self) -> None:
        """Start serving; returns when the server answers."""
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise OSError(f"the server of {self.role.name} did not start")
            time.sleep(0.002)
        for sock in self._sockets:
            sock.listen(MOST_CONNECTING)  # asyncio lets no more wait than it takes at once

    async def _run(self) -> None:
        loop = self._loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._failed)
        await self._server.serve(sockets=self._sockets)

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Say in one line, and once in ten seconds, that there are no file descriptors left: asyncio tries again by itself."""
        error = context.get("exception")
        if not isinstance(error, OSError) or error.errno not in (errno.EMFILE, errno.ENFILE):
            loop.default_exception_handler(context)
        elif time.monotonic() - self._warned > 10:
            self._warned = time.monotonic()
            log.warning("%s: no file descriptors left, new connections wait", self.role.name)

    def ask_to_stop(self) -> None:
        """Let the server end by itself; `stop` waits for it."""
        self._server.should_exit = True

    def stop(self) -> None:
        """Stop serving and close the socket."""
        self.ask_to_stop()
        self._thread.join(0.5)
        self._server.force_exit = True  # do not wait for an answer that is still owed
        if self._loop:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._cut)
        self._thread.join(5)
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._steps.close()
        for sock in self._sockets:
            sock.close()

    def _cut(self) -> None:
        """Cut every connection: from Python 3.12.1 on, a server that is closed waits for each of them."""
        for transport in [*self._open.values()]:
            transport.abort()

    @property
    def alive(self) -> bool:
        """Whether the server still runs."""
        return self._thread.is_alive()

    def _opened(self, connection: Any) -> None:
        """Remember a connection, so that it can be closed without an answer."""
        self._open[connection.client] = connection.transport

    def _closed(self, connection: Any) -> None:
        self._open.pop(connection.client, None)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._serve(scope, receive, send)
        except asyncio.CancelledError:  # the server stops while it still owes this answer
            self._abort(scope)

    def _abort(self, scope: Scope) -> None:
        """Close a connection without an answer; uvicorn hears of it in the loop's next turn."""
        if transport := self._open.get(scope["client"]):  # else the other side closed it already
            transport.abort()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self.limits.body_seconds):
                request = await self._request(scope, receive)
        except TimeoutError:
            request = _plain(408, "the body did not come in time")
        if isinstance(request, HttpResponse):
            await self._sent(request, scope, receive, send)
            return
        try:
            answer = await self._answer(request)
            response = None if isinstance(answer, Dropped) else _http(answer)
        except Exception:
            log.exception("%s failed on %s %s", self.role.name, request.method, request.path)
            await self._sent(PlainTextResponse("internal error\n", 500), scope, receive, send)
            return
        if isinstance(answer, Delayed):
            await asyncio.sleep(answer.seconds)
        if response is None:
            self._abort(scope)
            await asyncio.sleep(0)  # else uvicorn takes it for an answer that was forgotten, and says so
            return
        await self._sent(response, scope, receive, send)

    async def _sent(self, response: HttpResponse, scope: Scope, receive: Receive, send: Send) -> None:
        """Send an answer; who does not take it in time is cut off."""
        try:
            async with asyncio.timeout(self.limits.answer_seconds):
                await response(scope, receive, send)
        except TimeoutError:
            self._abort(scope)

    async def _advanced(self, move: Move) -> Moved:
        """Advance a step where it keeps nobody waiting; return whether it has ended, and what it gave out or returned."""
        return await self._steps.advance(move) if self._waits else moved(move)

    async def _answer(self, request: Request) -> Answer:
        loop = asyncio.get_running_loop()
        exchange = partial(self._exchange, self.role.name)
        step = self.role.handle(request)
        ended, outgoing = await self._advanced(partial(next, step))
        while not ended:
            if isinstance(outgoing, Pause):
                await asyncio.sleep(outgoing.seconds)
                move: Move = partial(next, step)
            else:
                try:
                    response = await loop.run_in_executor(self._pool, exchange, outgoing)
                    move = partial(step.send, response)
                except Unreachable as failure:
                    move = partial(step.throw, failure)
            ended, outgoing = await self._advanced(move)
        answer: Answer = outgoing
        return answer

    async def _request(self, scope: Scope, receive: Receive) -> Request | HttpResponse:
        """Return the request with its raw target, or the plain refusal of one that is over a cap."""
        target = scope["raw_path"]
        if scope["query_string"]:
            target += b"?" + scope["query_string"]
        headers = scope["headers"]
        if len(target) > MOST_TARGET:
            return _plain(414, f"the target is over {MOST_TARGET} bytes")
        if len(headers) > MOST_HEADERS or sum(len(n) + len(v) for n, v in headers) > MOST_HEADER_BYTES:
            return _plain(431, f"more than {MOST_HEADERS} headers or {MOST_HEADER_BYTES} bytes of them")
        if not target.startswith(b"/"):
            return _plain(400, "the target is not a path")
        origin = self._origins.get(next((value for name, value in headers if name == b"host"), b"").lower())
        if origin is None:
            return _plain(421, "this host is not served here")
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return _plain(400, "the body was cut")
            body += message.get("body", b"")
            if len(body) > MOST_BODY:
                return _plain(413, f"the body is over {MOST_BODY} bytes")
            more = message.get("more_body", False)
        pairs = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
        return Request(scope["method"], origin, target.decode("ascii"), pairs, bytes(body))


def _http(answer: Response | Delayed) -> HttpResponse:
    """Return what is sent; raises `ValueError` for headers that are not HTTP."""
    answer = answer.response if isinstance(answer, Delayed) else answer
    for name, value in answer.headers:
        if not name.isascii() or not name or re.search("[\0\r\n]", name + value):
            raise ValueError(f"not a header: {name!r}")
    response = HttpResponse(answer.body, answer.status)
    own = [(n.encode("ascii"), v.encode("latin-1")) for n, v in answer.headers if n != "content-length"]
    response.raw_headers = own + [pair for pair in response.raw_headers if pair[0] == b"content-length"]
    return response


def _plain(status: int, text: str) -> HttpResponse:
    return PlainTextResponse(text + "\n", status, {"connection": "close"})


def listen(port: int = 0, address: str = "127.0.0.1", *, shared: bool = False) -> socket.socket:
    """Return a socket bound to a port of 127.0.0.1 unless told otherwise, a free one unless given; raises `OSError` when in use.

    A `shared` port is not in use where all its sockets are shared: the kernel spreads the connections over them.
    """
    # asyncio turns Nagle's algorithm off only for a socket that says it is TCP; else each answer costs 40 ms
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        sock.bind((address, port))
        sock.listen(MOST_CONNECTING)
    except OSError:
        sock.close()
        raise
    return sock


def origin_of(sock: socket.socket, *, tls: bool = False) -> str:
    """Return the origin at which a socket that `listen` returned is reached from this machine."""
    address, port = sock.getsockname()[:2]
    return f"{'https' if tls else 'http'}://{'127.0.0.1' if address == '0.0.0.0' else address}:{port}"  # noqa: S104
