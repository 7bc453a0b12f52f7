"""The journal of a simulator: each request to the partner and from it, with its answer, by step."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..core.messages import Answer, Request, Response, Step, Unreachable
from ..core.printing import duration
from ..runtime.client import Client
from ..runtime.transcript import Transcript
from ..runtime.wrapped import seen

MOST, MOST_BYTES = 1_000, 32_000_000
"""How many exchanges are kept, and how many bytes of bodies; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer: `received` by the simulator, or else sent to the partner.

    `response` is None where none came, and `failure` says why. The representation shows no query and no body.
    """

    number: int
    step: str
    received: bool
    request: Request
    at: int
    response: Response | None = None
    failure: str = ""

    def __repr__(self) -> str:
        ended = self.response.status if self.response else self.failure
        return f"<Exchange {self.number} {self.step or '-'}: {self.request.method} {self.request.path} → {ended}>"


class Journal:
    """The exchanges in the order in which they began, those that have ended alone."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._ended = threading.Condition()
        self._exchanges: dict[int, Exchange] = {}
        self.number = self._bytes = 0

    def began(self, step: str, received: bool, request: Request) -> Exchange:
        """Return a new exchange, which is kept when it has ended."""
        with self._ended:
            self.number += 1
            return Exchange(self.number, step, received, request, self._clock())

    def ended(self, one: Exchange, response: Response | None, failure: str = "") -> None:
        """Keep an exchange with its end, and wake whoever waits for it."""
        with self._ended:
            self._exchanges[one.number] = replace(one, response=response, failure=failure)
            self._bytes += _size(self._exchanges[one.number])
            while len(self._exchanges) > MOST or (self._bytes > MOST_BYTES and len(self._exchanges) > 1):
                self._bytes -= _size(self._exchanges.pop(min(self._exchanges)))
            self._ended.notify_all()

    def all(self, step: str = "") -> list[Exchange]:
        """Return what is kept, or what is kept of one step."""
        with self._ended:
            kept = sorted(self._exchanges.items())
        return [one for _, one in kept if step in ("", one.step)]

    def wait_for(self, step: str, timeout: float, after: int = 0) -> Exchange:
        """Return the first exchange of a step with a number beyond `after`, as soon as it has ended; raises `TimeoutError`."""

        def there() -> list[Exchange]:
            return [one for one in self._exchanges.values() if one.step == step and one.number > after]

        with self._ended:
            self._ended.wait_for(there, timeout)
            found = sorted(there(), key=lambda one: one.number)
        if not found:
            seen = ", ".join(dict.fromkeys(one.step or "-" for one in self.all())) or "nothing"
            raise TimeoutError(f"no {step!r} within {duration(timeout)}; seen so far: {seen}")
        return found[0]


def _size(one: Exchange) -> int:
    return len(one.request.body) + len(one.request.target) + (len(one.response.body) if one.response else 0)


class Seat:
    """Where a platform's role sits: it is served here, can be changed for another, and its journal is kept.

    What our own browser sends to the platform is in the transcript already, since whoever sends records.
    """

    def __init__(self, role: Any, step_of: Callable[[Request], str]) -> None:
        self.name: str = role.name
        self.origins: tuple[str, ...] = role.origins
        self.secret_names: frozenset[str] = role.secret_names
        self._lock = threading.Lock()
        self.clear(role, step_of)

    def clear(self, role: Any, step_of: Callable[[Request], str]) -> None:
        """Seat a role, and begin everything anew."""
        self.transcript = Transcript(self.secret_names, keep=MOST)
        self.journal = Journal(role.clock)
        self.spans: list[tuple[int, int, int]] = []
        """The findings, from one number to another, that a received request led to, and its number."""
        self._own: Counter[tuple[str, str, bytes]] = Counter()
        self.seat(role, step_of)

    def seat(self, role: Any, step_of: Callable[[Request], str]) -> None:
        """Seat another role, and go on."""
        self.role, self.step_of = role, step_of

    def handle(self, request: Request) -> Step[Answer]:
        """Answer as the role does."""
        role, key = self.role, _key(request)
        with self._lock:
            stranger = not self._own[key]
            self._own[key] -= not stranger
        if stranger:
            self.transcript.request("partner", self.name, request)
        one, before = self.journal.began(self.step_of(request), True, request), role.findings.seen
        answer: Answer = yield from role.handle(request)
        self.spans.append((before, role.findings.seen, one.number))
        del self.spans[:-MOST]
        came = seen(answer)
        if stranger:
            self.transcript.answered("partner", self.name, came)
        if isinstance(came, Unreachable):
            self.journal.ended(one, None, came.kind)
        else:
            self.journal.ended(one, came)
        return answer

    def carry(self, client: Client, sender: str, request: Request) -> Response:
        """Carry a request of the customer or the platform; raises `Unreachable`."""
        if request.origin in self.origins:
            with self._lock:
                self._own[_key(request)] += 1
            return client.exchange(sender, request)
        one = self.journal.began(self.step_of(request), False, request)
        try:
            response = client.exchange(sender, request)
        except Unreachable as failure:
            self.journal.ended(one, None, failure.kind)
            raise
        self.journal.ended(one, response)
        return response


def _key(request: Request) -> tuple[str, str, bytes]:
    return request.method, request.target, request.body
