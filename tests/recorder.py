"""A network that keeps every message whole: a transcript masks what these tests have to look at."""

from __future__ import annotations

from typing import Any, NamedTuple

from handshakes.core.messages import Request, Response
from handshakes.runtime.flow import InProcess


class Sent(NamedTuple):
    """One request that was carried, in the order in which it was sent."""

    sender: str
    request: Request


class Recorder(InProcess):
    """As `InProcess`; `sent` holds the requests, and `answered` each response with its request, as they came."""

    def __init__(self, *roles: Any, clock: Any = None) -> None:
        super().__init__(*roles, clock=clock)
        self.sent: list[Sent] = []
        self.answered: list[tuple[Request, Response]] = []

    def exchange(self, sender: str, request: Request) -> Response:
        self.sent.append(Sent(sender, request))
        response = super().exchange(sender, request)
        self.answered.append((request, response))
        return response

    def to(self, origin: str, path: str = "") -> list[Request]:
        """Return the requests to an origin, those of one path if it is given."""
        return [one.request for one in self.sent if one.request.origin == origin
                and path in ("", one.request.path)]  # fmt: skip


def recorded(both: Any) -> Any:
    """Return both sides with a network between them that keeps every message."""
    return both._replace(network=Recorder(both.platform, both.partner, clock=both.clock))
