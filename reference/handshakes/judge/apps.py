"""A team's own application on a port of 127.0.0.1: ASGI on uvicorn, WSGI on the standard library's server."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from socketserver import ThreadingMixIn
from typing import Any, Protocol
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import uvicorn

from ..runtime.server import listen, origin_of

WAIT = 60
"""Seconds that an application may take to start or to end."""


class Server(Protocol):
    """An application that is served."""

    url: str

    def stop(self) -> None:
        """Stop serving it."""


def served(app: Any) -> Server:
    """Serve an application on a free port; an `async` one is taken for ASGI, any other for WSGI."""
    if not callable(app):
        raise TypeError(f"neither a URL nor an ASGI or WSGI application: {type(app).__name__}")
    calls = app, type(app).__call__  # a function or a partial of one, or an object
    return Asgi(app) if any(map(inspect.iscoroutinefunction, calls)) else Wsgi(app)


class Asgi:
    """An ASGI application, its lifespan included."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self._sock = listen()
        self.url = origin_of(self._sock)
        config = uvicorn.Config(
            app, interface="asgi3", http="h11", ws="none", lifespan="auto", log_level="error"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="partner-app", daemon=True)
        self._thread.start()
        end = time.monotonic() + WAIT
        while not self._server.started and self._thread.is_alive() and time.monotonic() < end:
            time.sleep(0.002)
        if not self._server.started:
            self.stop()
            raise RuntimeError("the application did not start; its own log says why")

    def _serve(self) -> None:
        with suppress(SystemExit):  # how uvicorn ends where the lifespan fails
            asyncio.run(self._server.serve(sockets=[self._sock]))

    def stop(self) -> None:
        """Stop serving it, and wait for its lifespan's end."""
        self._server.should_exit = True
        self._thread.join(WAIT)
        self._sock.close()


class _Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of each request: the journal has them."""


class Wsgi:
    """A WSGI application, a thread for each request."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self._server = make_server("127.0.0.1", 0, app, _Threads, _Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="partner-app", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop serving it."""
        self._server.shutdown()
        self._thread.join(WAIT)
        self._server.server_close()
