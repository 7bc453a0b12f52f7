"""What a machine sees: who asked the partner what, what the platform's API answered, and what one may lose on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from handshakes.core.messages import Request, Response, Unreachable
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import MemoryStore, StoreError

LOSSES = ("request", "answer", "garbage", "500", "store")


@dataclass
class Asked:
    """One request to the partner, when it came, its answer, and the calls that the partner made before it answered."""

    request: Request
    now: int
    answer: Response | None = None
    calls: list[tuple[Request, Response]] = field(default_factory=list)


class Store(MemoryStore):
    """A store of which one question to come may fail."""

    left = -1

    def _question(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise StoreError("store-locked", "the database is locked")

    def get(self, *given: Any) -> Any:
        self._question()
        return super().get(*given)

    def find(self, *given: Any) -> Any:
        self._question()
        return super().find(*given)

    def save_all(self, *given: Any) -> Any:
        self._question()
        return super().save_all(*given)

    def first_time(self, *given: Any) -> Any:
        self._question()
        return super().first_time(*given)

    def rows(self, platform: str) -> dict[str, Any]:
        """Return everything that is kept, without asking a question."""
        return {identity: one for (known, identity), one in self._installations.items() if known == platform}

    @property
    def nonces(self) -> int:
        return len(self._nonces)


class Network(InProcess):
    """Both sides in one process; keeps what the partner was asked and what it was answered, and loses what it is told to."""

    def __init__(self, platform: Any, partner: Any, clock: Clock) -> None:
        self.asked: list[Asked] = []
        self._open: list[Asked] = []
        self._partner, self._time = partner, clock
        self.loss, self.left = "", 0
        super().__init__(platform, partner, clock=clock)

    def exchange(self, sender: str, request: Request) -> Response:
        if request.origin in self._partner.origins:
            one = Asked(request, self._time())
            self.asked.append(one)
            self._open.append(one)
            try:
                one.answer = super().exchange(sender, request)
            finally:
                self._open.pop()
            return one.answer
        if sender == self._partner.name:
            response = self._lossy(sender, request)
            if self._open:
                self._open[-1].calls.append((request, response))
            return response
        return super().exchange(sender, request)

    def _lossy(self, sender: str, request: Request) -> Response:
        self.left -= 1
        if self.left or not self.loss:
            return super().exchange(sender, request)
        if self.loss == "request":
            raise Unreachable("refused", request.origin)
        super().exchange(sender, request)
        if self.loss == "answer":
            raise Unreachable("timeout", request.origin)
        kept = (("content-type", "text/html"),)
        return Response(500, kept, b"") if self.loss == "500" else Response(200, kept, b"<p>Sorry</p>")
