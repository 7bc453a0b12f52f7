"""Watching a served role: its refused requests are kept for a while, so that its operator can ask why."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..core.messages import Answer, Request, Response, Step
from ..core.refusals import Refused
from .flow import Role
from .wrapped import Move, Outward, Wrapped, advanced


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A request that a role refused: its number, the time in Unix seconds, the endpoint, and the exact refusal.

    `refused` is None where the role says nothing of it, but its answer does. `call` is what the role asked last
    before it refused, and what it got: a response, or the exception that no response came.
    """

    number: int
    request: Request
    now: int
    endpoint: str
    refused: Refused | None = None
    call: tuple[Outward, object] | None = None


class Kept:
    """The last refused requests, at most `most` of them and `most_bytes` of bodies and targets.

    >>> kept = Kept(clock=lambda: 17, most=2)
    >>> for number in range(3):
    ...     _ = kept.add(Request("GET", "http://127.0.0.1", f"/{number}"), "setup")
    >>> [one.number for one in kept.all()], kept.get(1)
    ([2, 3], None)
    """

    def __init__(self, clock: Callable[[], int], most: int = 100, most_bytes: int = 4_000_000) -> None:
        self.clock, self.most, self.most_bytes = clock, most, most_bytes
        self._lock = threading.Lock()
        self._requests: OrderedDict[int, RefusedRequest] = OrderedDict()
        self._number = self._bytes = 0

    def add(self, request: Request, endpoint: str, *found: Any) -> RefusedRequest:
        """Keep a request with what was found, as `RefusedRequest` has it; the oldest go when there are too many."""
        with self._lock:
            self._number += 1
            one = RefusedRequest(self._number, request, self.clock(), endpoint, *found)
            self._requests[one.number] = one
            self._bytes += _size(one)
            while len(self._requests) > self.most or (
                self._bytes > self.most_bytes and len(self._requests) > 1
            ):
                _, oldest = self._requests.popitem(last=False)
                self._bytes -= _size(oldest)
            return one

    def get(self, number: int) -> RefusedRequest | None:
        """Return the request with this number, if it is still kept."""
        with self._lock:
            return self._requests.get(number)

    def all(self) -> list[RefusedRequest]:
        """Return what is kept, the oldest first."""
        with self._lock:
            return [*self._requests.values()]


def _size(one: RefusedRequest) -> int:
    kept = [each for each in (one.request, *(one.call or ())) if isinstance(each, (Request, Response))]
    heads = sum(len(name) + len(value) for each in kept for name, value in each.headers)
    return heads + sum(len(each.body) for each in kept) + len(one.request.target)


class Watched(Wrapped):
    """A role, with the requests that it refuses kept.

    What the role's operator is told while it answers a request is about that request: `heard` is called by
    whoever is told. `shown` says of an answer alone whether it refuses, for a role that tells nobody.
    """

    def __init__(
        self,
        role: Role,
        kept: Kept,
        shown: Callable[[Request, Response], bool] = lambda request, response: False,
    ) -> None:
        super().__init__(role)
        self.kept, self.shown = kept, shown
        self._now = threading.local()

    def heard(self, endpoint: str, refused: Refused) -> RefusedRequest | None:
        """Keep the request that is being answered in this thread, and return it."""
        request, call = getattr(self._now, "request", None), getattr(self._now, "call", None)
        return self.kept.add(request, endpoint, refused, call) if request is not None else None

    def handle(self, request: Request) -> Step[Answer]:
        """Answer as the role does."""
        answer = yield from advanced(self.role.handle(request), partial(self._moved, request))
        if isinstance(answer, Response) and self.shown(request, answer):
            self.kept.add(request, request.path)
        return answer

    def _moved(self, request: Request, move: Move, asked: Outward | None) -> Outward:
        self._now.request, self._now.call = request, asked and (asked, move.args[-1])
        try:
            return move()
        finally:
            self._now.request = self._now.call = None


def http_of(request: Request) -> bytes:
    """Return a request as it may be pasted into `verify`: the request line with the whole URL, headers, body.

    >>> http_of(Request("GET", "http://127.0.0.1:3000", "/x?a=1", (("accept", "*/*"),)))
    b'GET http://127.0.0.1:3000/x?a=1 HTTP/1.1\\r\\naccept: */*\\r\\n\\r\\n'
    """
    head = f"{request.method} {request.url} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    return head.encode("utf-8", "surrogateescape") + b"\r\n" + request.body
