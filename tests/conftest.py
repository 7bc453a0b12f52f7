"""What the tests of the shared packages have in common: a toy role, and raw sockets on both sides of HTTP."""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from handshakes.core.messages import Answer, Request, Response, Step
from handshakes.runtime.client import Client
from handshakes.runtime.flow import Clock
from handshakes.runtime.server import RoleServer, listen
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.store import MemoryStore, Store
from tests.matrix import Matrix
from tests.postgres import Server, running


class Toy:
    """A role whose answers are one function: it returns an answer, or a step that ends with one."""

    def __init__(self, name: str, origin: str, answer: Callable[[Request], Any], secret_names=()) -> None:
        self.name = name
        self.origins = (origin,)
        self.secret_names = frozenset(secret_names)
        self.seen: list[Request] = []
        self._answer = answer

    def handle(self, request: Request) -> Step[Answer]:
        self.seen.append(request)
        answer = self._answer(request)
        return (yield from answer) if isinstance(answer, Generator) else answer


class RawServer:
    """A server of plain sockets: records the bytes of each request's head, then lets `talk` write."""

    def __init__(self, talk: Callable[[socket.socket], None]) -> None:
        self.heads: list[bytes] = []
        self._talk = talk
        self._sock = listen()
        self._sock.listen()
        self.url = "http://{}:{}".format(*self._sock.getsockname())
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._sock.accept()
            except OSError:
                return
            with connection:
                head = b""
                while b"\r\n\r\n" not in head and (chunk := connection.recv(65_536)):
                    head += chunk
                self.heads.append(head)
                with suppress(OSError):  # the client may have gone, which some tests want
                    self._talk(connection)

    def request_line(self) -> bytes:
        return self.heads[-1].partition(b"\r\n")[0]

    def stop(self) -> None:
        self._sock.shutdown(socket.SHUT_RDWR)  # closing alone would not wake `accept`
        self._thread.join(5)
        self._sock.close()


def _send_raw(url: str, *pieces: bytes, pause: Callable[[], None] = lambda: None) -> bytes:
    """Send bytes to a server and return everything it answers until it closes."""
    parts = urlsplit(url)
    answer = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(ConnectionError):  # refused before all was sent: the refusal can still be read
            for i, piece in enumerate(pieces):
                if i:
                    pause()
                sock.sendall(piece)
        with suppress(ConnectionError):  # what had come until then still counts
            while chunk := sock.recv(65_536):
                answer += chunk
    return answer


@pytest.fixture
def clock() -> Clock:
    return Clock(1_648_190_384)


@pytest.fixture(scope="session")
def toy() -> type[Toy]:
    return Toy


@pytest.fixture(scope="session")
def send_raw() -> Callable[..., bytes]:
    return _send_raw


@pytest.fixture
def raw_server() -> Iterator[Callable[[bytes | Callable[[socket.socket], None]], RawServer]]:
    """Start raw servers: each answers fixed bytes, or whatever a function writes."""
    with ExitStack() as stack:

        def start(answer: bytes | Callable[[socket.socket], None]) -> RawServer:
            talk = answer if callable(answer) else lambda connection: connection.sendall(answer)
            server = RawServer(talk)
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture
def serve() -> Iterator[Callable[[Any], RoleServer]]:
    """Serve roles that call nobody."""
    with ExitStack() as stack:

        def start(role: Any, exchange: Callable[[str, Request], Response] | None = None) -> RoleServer:
            server = RoleServer(role, exchange or Client().exchange, listen())
            server.start()
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Run a PostgreSQL server for all tests of this process; each takes a database of its own."""
    with running() as server:
        yield server


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Keep installations in each of both ways."""
    if request.param == "memory":
        yield MemoryStore()
        return
    opened = open_store(tmp_path, {})
    yield opened
    opened.close()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "clause(*ids): the test proves these clauses of the registers")
    config.addinivalue_line(
        "markers", "broken(platform): each row breaks one clause, and exactly that is noticed"
    )
    config.pluginmanager.register(Matrix(config), "matrix")


def pytest_collection_finish() -> None:
    """Leave the 20,000 collected tests out of every later search for garbage, which would walk through all of them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)  # instead of 700: a test leaves little behind in circles
