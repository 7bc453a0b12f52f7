"""Running handshakes: one loop that advances a generator, and a network that is a function call.

A *step* gives out a `Request` and gets the `Response` back (or `Unreachable` is thrown into it), or a
`Pause` and goes on later. A *role* answers
requests by a step of its own, so a partner may call the platform back while the platform still
waits. `InProcess` connects roles without sockets, threads or sleeping; `wire` connects the very
same roles over HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

from ..core.messages import Answer, Delayed, Dropped, Pause, Request, Response, Step, Unreachable
from .transcript import Transcript

T = TypeVar("T")


class Role(Protocol):
    """One side of a handshake: the origins that it owns, and how it answers a request.

    `secret_names` are the parameter, header and JSON names whose values a transcript masks.
    """

    @property
    def name(self) -> str:
        """The role's name in transcripts and diagrams."""

    @property
    def origins(self) -> tuple[str, ...]:
        """The logical origins that the role answers for."""

    @property
    def secret_names(self) -> frozenset[str]:
        """Lower-case names of what a transcript must not show."""

    def handle(self, request: Request) -> Step[Answer]:
        """Answer one request; may yield requests of its own before it does."""


class Clock:
    """A clock that stands still until somebody moves it: Unix seconds.

    >>> clock = Clock(1648190384)
    >>> clock.advance(60)
    >>> clock()
    1648190444
    """

    def __init__(self, now: int) -> None:
        self._now: float = now

    def __call__(self) -> int:
        """Return the time in Unix seconds."""
        return int(self._now)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self._now += seconds


def drive(
    step: Step[T], exchange: Callable[[Request], Response], pause: Callable[[float], object] = time.sleep
) -> T:
    """Advance a step to its end, carrying each request with `exchange`; return what it returns.

    `pause` lets the seconds of a `Pause` pass.

    >>> def ask():
    ...     response = yield Request("GET", "https://app.example", "/")
    ...     return response.status
    >>> drive(ask(), lambda request: Response(204))
    204
    """
    try:
        request = next(step)
        while True:
            if isinstance(request, Pause):
                pause(request.seconds)
                request = next(step)
                continue
            try:
                response = exchange(request)
            except Unreachable as failure:
                request = step.throw(failure)
            else:
                request = step.send(response)
    except StopIteration as stop:
        result: T = stop.value
        return result


class InProcess:
    """A network of roles in one process, with a transcript of everything that was said.

    With a `Clock`, a late answer moves it: beyond the request's timeout by the timeout (and the
    sender gets `Unreachable`), otherwise by the delay; a pause moves it too, and without a `Clock`
    takes no time.
    """

    def __init__(self, *roles: Role, clock: Clock | None = None) -> None:
        self._roles = {origin: role for role in roles for origin in role.origins}
        self._clock = clock
        secret_names = frozenset[str]().union(*(role.secret_names for role in roles))
        self.transcript = Transcript(secret_names)

    def run(self, step: Step[T], sender: str = "browser") -> T:
        """Run one step to its end in the name of `sender`; return what it returns."""
        return drive(step, partial(self.exchange, sender), self._pause)

    def _pause(self, seconds: float) -> None:
        if self._clock:
            self._clock.advance(seconds)

    def exchange(self, sender: str, request: Request) -> Response:
        """Carry one request to the role that owns its origin; return the response or raise `Unreachable`."""
        role = self._roles.get(request.origin)
        receiver = role.name if role else request.origin
        self.transcript.request(sender, receiver, request)
        try:
            if role is None:
                raise Unreachable("no-address", request.origin)
            response = self._in_time(request, self._answer(role, request))
        except Unreachable as failure:
            self.transcript.failure(sender, receiver, failure)
            raise
        self.transcript.response(sender, receiver, response)
        return response

    def _answer(self, role: Role, request: Request) -> Answer:
        try:
            return self.run(role.handle(request), role.name)
        except Unreachable as failure:  # the role's own call, not this one
            raise RuntimeError(f"{role.name} did not catch {failure}") from failure

    def _in_time(self, request: Request, answer: Answer) -> Response:
        if isinstance(answer, Dropped):
            raise Unreachable("dropped", request.origin)
        if isinstance(answer, Delayed):
            late = answer.seconds > request.timeout
            if self._clock:
                self._clock.advance(request.timeout if late else answer.seconds)
            if late:
                raise Unreachable("timeout", request.origin)
            return answer.response
        return answer
