"""Readers that belong to a role: an endpoint of either side, the partner's calls to the API, the server's parser."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from hashlib import shake_256
from itertools import count, cycle
from typing import Any

from handshakes.core.messages import Request, Response, Unreachable
from handshakes.platforms import PLATFORMS
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.server import RoleServer, listen
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from tests.logged import Log

NOW = 1_700_000_000


def head_and_body(data: bytes) -> tuple[list[str], bytes]:
    """Return the lines of a head, each as a header's text may be, and what follows an empty line."""
    head, _, body = data.partition(b"\n\n")
    return head.decode("latin-1").split("\n"), body


def pairs(lines: list[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines))


def made(name: str) -> tuple[Any, Any, InProcess]:
    """Return the tools of a platform, its two sides and a network of both."""
    numbers, clock, tools = count(), Clock(NOW), PLATFORMS[name].tools()
    world = World(clock, lambda n: shake_256(str(next(numbers)).encode()).digest(n), MemoryStore())
    sides = tools.sides(world)
    return tools, sides, InProcess(sides.platform, sides.partner, clock=clock)


class Connected:
    """Both sides after a handshake, made anew after some hundred requests."""

    def __init__(self, name: str) -> None:
        self.name, self._left = name, 0

    def network(self) -> tuple[Any, InProcess]:
        if not self._left:
            tools, self._sides, self._network = made(self.name)
            customer = tools.customer(self._sides.platform, {})
            for step in customer.handshake:
                self._network.run(customer.take(step), "browser")
            self._left = 300
        self._left -= 1
        return self._sides, self._network


CONNECTED = {name: Connected(name) for name in PLATFORMS}


def asked(name: str, data: bytes) -> None:
    """Send `METHOD target`, headers and a body to every origin of both sides."""
    sides, network = CONNECTED[name].network()
    (line, *headers), body = head_and_body(data)
    method, _, target = line.partition(" ")
    if not target.startswith("/") or not target.isascii() or not method.isidentifier():
        return  # the server hands on nothing else
    for origin in dict.fromkeys([sides.partner.origins[0], *sides.platform.origins[:3]]):
        with suppress(Unreachable):
            network.exchange("stranger", Request(method, origin, target, pairs(headers), body))


class Watched:
    """A role from which no exception may come; one that does is told from those of whoever asked."""

    def __init__(self, role: Any) -> None:
        self.role = role

    def __getattr__(self, name: str) -> Any:
        return getattr(self.role, name)

    def handle(self, request: Request) -> Any:
        try:
            return (yield from self.role.handle(request))
        except Exception as error:
            raise AssertionError(f"{self.role.name} on {request.path}") from error


class Answering:
    """The platform's side, whose answers to the partner are somebody else's from a certain one on."""

    def __init__(self, role: Any, genuine: int, answers: Iterator[Response]) -> None:
        self.role, self.genuine, self.answers = role, genuine, answers

    def __getattr__(self, name: str) -> Any:
        return getattr(self.role, name)

    def handle(self, request: Request) -> Any:
        answer = yield from self.role.handle(request)
        self.genuine -= 1
        return answer if self.genuine >= 0 else next(self.answers)


def answered(name: str, data: bytes) -> None:
    """Play a handshake whose answers of the platform's API are `status`, headers and bodies, parted by a NUL."""
    tools, sides, _ = made(name)
    answers = []
    for piece in data[1:].split(b"\0"):
        (status, *headers), body = head_and_body(piece)
        known = (
            int(status) if status.isascii() and status.isdigit() and 100 <= int(status[:4]) <= 599 else 200
        )
        answers.append(Response(known, pairs(headers), body))
    platform = Answering(sides.platform, (data or b"\0")[0] % 8, cycle(answers))
    network = InProcess(platform, Watched(sides.partner))
    customer = tools.customer(sides.platform, {})
    for step in customer.handshake:
        with suppress(Unreachable, ValueError):  # of the customer's browser: the partner's are another kind
            network.run(customer.take(step), "browser")


def shown(data: bytes) -> None:
    """Open a page with headers and a body in the browser that carries forms, cookies and frames."""
    headers, body = head_and_body(data)
    step = Browser().open("https://one.example/")
    request = next(step)
    with suppress(StopIteration, Unreachable, ValueError):
        for _ in range(5):
            assert isinstance(request, Request)
            request = step.send(Response(302 if data[:1] == b"l" else 200, pairs(headers), body))


class _Transport(asyncio.Transport):
    """A connection to nobody."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.closed = False

    def write(self, data: Any) -> None: ...

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class _Echo:
    name, origins, secret_names = "echo", ("http://a.example",), frozenset[str]()

    def handle(self, request: Request) -> Any:
        yield from ()
        return Response(200, (), request.target.encode() + request.body)


LOG = Log(logging.ERROR)
"""What the server fails at: it may refuse anything, and fail at nothing."""


@cache
def _server() -> tuple[asyncio.AbstractEventLoop, Any, Any]:
    from uvicorn.server import ServerState

    loop = asyncio.new_event_loop()
    sock = listen()
    server = RoleServer(_Echo(), lambda *_: Response(200), sock)
    sock.close()
    config = server._server.config
    config.load()
    LOG.listening("handshakes", "uvicorn.error", "asyncio")
    return loop, config, ServerState


def received(data: bytes) -> None:
    """Hand bytes to a connection of the server, in two pieces, and let it answer."""
    loop, config, state = _server()

    async def connection() -> None:
        transport = _Transport()
        one = config.http_protocol_class(config, state(), {}, loop)
        one.connection_made(transport)
        for piece in (data[: len(data) // 2], data[len(data) // 2 :]):
            if piece and not transport.closed:
                one.data_received(piece)
            for _ in range(8):
                await asyncio.sleep(0)
        one.connection_lost(None)
        for _ in range(8):
            await asyncio.sleep(0)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            await task

    LOG.taken()
    loop.run_until_complete(connection())
    assert LOG.taken() == []
