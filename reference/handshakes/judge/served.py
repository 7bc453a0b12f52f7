"""A platform's simulator on a socket, which drives a partner that somebody else runs.

1. What the simulator sends to the partner goes over HTTP, to the addresses that the settings name and no other.
2. What the partner sends comes over HTTP. What the browser sends to the simulator is a function call.
3. Every message is recorded once, and every finding with the messages that it is about.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from socket import socket
from typing import Any, Self, TypeVar, cast

from ..core.messages import Answer, Request, Response, Step, Unreachable, split_url
from ..core.printing import duration
from ..platforms import PLATFORMS
from ..runtime.client import Client
from ..runtime.flow import Role, drive
from ..runtime.story import PLAIN
from ..runtime.transcript import Event, Transcript
from ..runtime.verdicts import Fault, Finding, Refuses
from ..runtime.wrapped import Wrapped, seen
from .sites import Site, seeded

T = TypeVar("T")

KEPT = 2_000
"""How many events the transcript keeps at least."""
UNANSWERED = 4
"""After so many requests in a row without an answer, nobody is there."""


SLOW = 30
"""For how many seconds at least a partner may answer where the fault keeps it waiting, which none does for so long."""


class Ended(Exception):
    """The run was ended before its end: `args[0]` says why."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A finding, the fault that was tried, and the paths of the partner's that were asked for it.

    Unless it is held, it comes with the last request in either direction, its answer, and the raw one to the partner.
    """

    finding: Finding
    case: Fault | None
    paths: tuple[str, ...] = ()
    sent: Event | None = None
    came: Event | None = None
    request: Request | None = None
    now: int = 0
    keys: tuple[str, ...] = ()
    """What the simulator signed with at that time."""

    @property
    def refuses(self) -> bool:
        """Whether the partner had to refuse."""
        return self.case is not None and isinstance(self.case.expected, Refuses)


class Recorded(Wrapped):
    """A role whose requests from outside are recorded, with its answers."""

    def __init__(self, role: Role, transcript: Transcript) -> None:
        super().__init__(role)
        self.transcript = transcript

    def handle(self, request: Request) -> Step[Answer]:
        """Answer as the role does."""
        self.transcript.request("partner", self.name, request)
        answer = yield from self.role.handle(request)
        self.transcript.answered("partner", self.name, seen(answer))
        return answer


class Served:
    """The simulator of one platform, to be used in a `with` statement; `run` takes its steps.

    `settings` are those of `handshakes serve`. `patience` is how many seconds a partner may take to come back, `most`
    how many the whole run may take, `timeout` how many one answer may. With a `certificate` the simulator speaks TLS;
    `trusted` are certificates to verify the partner's with.
    """

    def __init__(
        self,
        platform: str,
        settings: Mapping[str, str],
        *,
        sock: socket | None = None,
        public: str = "",
        allowed: Collection[str] = (),
        plain: tuple[str, ...] = PLAIN,
        seed: int = 0,
        timeout: float = 10,
        patience: float = 10,
        most: float = 600,
        certificate: tuple[str, str] | None = None,
        trusted: str = "",
    ) -> None:
        self.tools = PLATFORMS[platform].tools()
        self.timeout, self.patience, self.most = timeout, patience, most
        site = Site(sock, public, certificate)
        self.url = site.url
        self.world = site.world(lambda: int(time.time()), seeded(seed), settings, plain=plain)
        self.sides = self.tools.sides(self.world)
        self.platform = cast(Any, self.sides.platform)  # its findings and cases are no part of a role
        self.transcript = Transcript(self.platform.secret_names, keep=KEPT)
        self.partner = partner_origins(settings)
        names = dict.fromkeys(self.partner, "partner")
        self.reach = frozenset({*self.partner, *allowed})
        self.client = Client(names=names, transcript=self.transcript, allowed=self.reach, trusted=trusted)
        recorded = Recorded(self.sides.platform, self.transcript)
        self.server = site.server(recorded, self._answering)
        self.observed: list[Observed] = []
        self.progress: Callable[[Observed], object] = lambda one: None
        self.began: Callable[[], object] = lambda: None
        """Called before the first request after a finding."""
        self.unanswered = self.answered = 0
        self.failed = ""
        """The kind of the last failure."""
        self.first = 0
        """The status of the first answer."""
        self._request: Request | None = None
        self._paths: list[str] = []
        self._settled = False
        """Whether something was found since the last request, so that the next one is about something else."""
        self._until = 0.0
        self.platform.findings.heard = self._heard

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()
        self.client.close()

    @property
    def briefing(self) -> str:
        """What the partner has to be told: addresses, credentials, URLs."""
        return self.tools.briefing(self.sides, self.world)

    def run(self, step: Step[T]) -> T:
        """Take a step of the platform or of its browser to its end; raises `Ended` where that makes no sense any more."""
        self._until = time.monotonic() + self.most
        return drive(step, partial(self.exchange, self.platform.name))

    def exchange(self, sender: str, request: Request) -> Response:
        """Carry a request to the simulator or to the partner; return the answer or raise `Unreachable`."""
        if request.origin in self.platform.origins:
            return self._inside(sender, request)
        if request.origin not in self.reach:
            raise Unreachable("no-address", request.origin)
        if time.monotonic() > self._until:
            raise Ended(f"the whole run took more than {duration(self.most)}")
        if self._settled:
            self._paths, self._settled = [], False
            self.began()
        self._request = request
        self._paths.append(request.path)
        try:
            response = self._outside(sender, request)
        except Unreachable as failure:
            self.unanswered, self.failed = self.unanswered + 1, failure.kind
            if self.unanswered >= UNANSWERED:
                raise Ended(f"{UNANSWERED} requests in a row were not answered ({failure.kind})") from None
            raise
        self.unanswered = 0
        self.answered += 1
        self.first = self.first or response.status
        return response

    def _answering(self, sender: str, request: Request) -> Response:
        """Carry a request that the simulator makes while it answers the partner, which has to get its answer."""
        try:
            return self.exchange(sender, request)
        except Ended:
            raise Unreachable("no-address", request.origin) from None

    def _outside(self, sender: str, request: Request) -> Response:
        """Send a request; where nobody listens any more, wait for the partner to come back, since it never got it."""
        case = self.platform.case
        timeout = max(self.timeout, SLOW) if case and case.waits else min(request.timeout, self.timeout)
        request = replace(request, timeout=timeout)
        until = time.monotonic() + self.patience
        while True:
            try:
                return self.client.exchange(sender, request)
            except Unreachable as failure:
                if failure.kind != "refused" or not self.answered or time.monotonic() > until:
                    raise
            time.sleep(0.05)

    def _inside(self, sender: str, request: Request) -> Response:
        name = self.platform.name
        self.transcript.request(sender, name, request)
        came = seen(drive(self.platform.handle(request), partial(self.exchange, name)))
        self.transcript.answered(sender, name, came)
        if isinstance(came, Unreachable):
            raise Unreachable(came.kind, request.origin)
        return came

    def _heard(self, finding: Finding) -> None:
        one = Observed(finding, self.platform.case, tuple(self._paths))
        self._settled = True
        if finding.violated:
            sent, came = last_exchange(self.transcript.events[:])
            keys = tuple(self.tools.keys(self.sides))
            one = replace(one, sent=sent, came=came, request=self._request, now=self.world.clock(), keys=keys)
        self.observed.append(one)
        self.progress(one)

    def kept(self) -> list[Observed]:
        """Return what was observed, without findings that the examination took back."""
        there = {id(finding) for finding in [*self.platform.findings]}
        return [one for one in [*self.observed] if id(one.finding) in there]


def partner_origins(settings: Mapping[str, str]) -> list[str]:
    """Return the origins that settings name as the partner's.

    >>> partner_origins({"partner_url": "http://127.0.0.1:3000/x", "code": "a"})
    ['http://127.0.0.1:3000']
    """
    urls = [value for name, value in settings.items() if name.endswith(("_url", "_uri")) and value]
    return list(dict.fromkeys(split_url(url)[0] for url in urls))


def last_exchange(events: list[Event]) -> tuple[Event | None, Event | None]:
    """Return the last request and its answer, or the last request alone where it is being answered."""
    for place in range(len(events) - 1, -1, -1):
        came = events[place]
        if came.kind == "request":
            return came, None
        if came.kind in ("response", "failure"):
            asked = (
                one for one in reversed(events[:place])
                if one.kind == "request" and (one.sender, one.receiver) == (came.receiver, came.sender)
            )  # fmt: skip
            return next(asked, None), came
    return None, None
