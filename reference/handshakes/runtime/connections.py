"""What one connection to a server may cost: how long a head and a body may take, in how many pieces, how many at once.

uvicorn's h11 protocol with a clock of its own. Who sends half a head, or a byte a minute, is answered 408 and closed;
who is one too many gets 503. So strangers can neither fill the memory nor use up the file descriptors.
"""

from __future__ import annotations

import asyncio
import http
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS = 512


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server allows; times are in seconds.

    `pieces` are those of one body, as they arrive or as chunks cut it: each costs the parser some microseconds,
    however small it is. `connections` counts those that are open at once; 0 stands for as many as the process has
    file descriptors for.
    """

    head_seconds: float = 10
    body_seconds: float = 30
    answer_seconds: float = 30
    pieces: int = 4_096
    connections: int = 0


def affordable(descriptors: int) -> int:
    """Return how many connections one of two servers in a process may hold, each with calls of its own.

    >>> affordable(1_024), affordable(64), affordable(1_000_000)
    (246, 8, 512)
    """
    return max(8, min(MOST_CONNECTIONS, (descriptors - 40) // 4))


def descriptors() -> int:
    """Return how many files this process may open."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return 4 * MOST_CONNECTIONS + 40
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return soft if soft >= 0 else 4 * MOST_CONNECTIONS + 40


class _Capped(h11.Connection):
    """A parser that gives up on a body in too many pieces."""

    pieces, most = 0, 0

    def next_event(self) -> Any:
        event = super().next_event()
        if isinstance(event, h11.Request):
            self.pieces = 0
        elif isinstance(event, h11.Data):
            self.pieces += 1
            if self.pieces > self.most:
                raise h11.RemoteProtocolError("too many pieces", error_status_hint=413)
        return event


def protocol(
    limits: Limits,
    opened: Callable[[H11Protocol], None],
    closed: Callable[[H11Protocol], None],
    most_head: int,
) -> type[H11Protocol]:
    """Return a protocol that keeps the limits; it says which connections are opened and closed."""
    most = limits.connections or affordable(descriptors())

    class Protocol(H11Protocol):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self.conn = self._capped = _Capped(h11.SERVER, most_head)
            self._capped.most = limits.pieces
            self._late: asyncio.TimerHandle | None = None
            self._surplus = False

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            opened(self)
            self._surplus = len(self.connections) > most
            if len(self.connections) > most + most // 4 + 1:
                transport.abort()
            elif self._surplus:  # answered when it has said something, so that nothing is left unread
                self._late = self.loop.call_later(min(1, limits.head_seconds), self._refuse, 503)
            else:
                self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            self._heard()
            closed(self)
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if self._surplus:
                self._refuse(503)
            else:
                super().data_received(data)

        def handle_events(self) -> None:
            super().handle_events()
            if not self.transport.is_closing():
                self._watch()

        def send_400_response(self, msg: str) -> None:
            self._refuse(413 if self._capped.pieces > limits.pieces else 400)
            if self.cycle is not None:  # what was answered here the application must not answer again
                self.cycle.disconnected = True

        def _watch(self) -> None:
            """Let the time for a head run while one is owed: from the start, and from the first byte of a later one."""
            first = self.cycle is None
            owed = self.conn.their_state is h11.IDLE and (first or bool(self.conn.trailing_data[0]))
            if not owed:
                self._heard()
            elif self._late is None:
                self._late = self.loop.call_later(limits.head_seconds, self._refuse, 408)

        def _heard(self) -> None:
            if self._late is not None:
                self._late.cancel()
                self._late = None

        def _refuse(self, status: int) -> None:
            """Answer without the application, and close."""
            self._heard()
            if self.transport.is_closing():
                return
            state = self.conn.our_state
            if state in (h11.IDLE, h11.SEND_RESPONSE):
                bare = state is h11.SEND_RESPONSE and self.cycle.scope["method"] == "HEAD"
                phrase = http.HTTPStatus(status).phrase
                headers = [("content-type", "text/plain; charset=utf-8"), ("connection", "close")]
                headers += [("retry-after", "1")] if status == 503 else []
                events = [
                    h11.Response(status_code=status, headers=headers, reason=phrase.encode()),
                    *([] if bare else [h11.Data(data=f"{phrase}\n".encode())]),
                    h11.EndOfMessage(),
                ]
                self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
            self.transport.close()

    return Protocol
