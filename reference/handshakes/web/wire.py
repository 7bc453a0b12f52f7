"""The wire: every message between the two sides, once, in the order in which it travelled.

A role's own requests are recorded where they leave, as in any transcript. What a browser or a foreign program
sends is recorded where it arrives, by `tapping`. Both go into one list; whatever shows them is made from it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from ..core.keys import shown
from ..core.messages import Request, Response, Unreachable
from ..core.refusals import Refused
from ..runtime.masking import Secrets
from ..runtime.transcript import Event, Transcript
from ..runtime.verdicts import PROBE, Fault, Finding

KEPT = 1_000
KEPT_BYTES = 8_000_000
"""How many exchanges are kept at most, and how many bytes of their bodies and targets: `serve` may run for weeks."""
MOST_HEARD = 50
"""How many refusals and findings are kept of one exchange or chapter."""


@dataclass(eq=False, slots=True)
class Exchange:
    """A request and what became of it.

    `arrived` is the request as the receiver got it, where we serve the receiver. `carries` says whether it is
    `signed` or `encrypted`. `number` is that of its request in the list, `answer` that of the response or failure.
    """

    number: int
    chapter: int
    sender: str
    receiver: str
    request: Request
    shown: Event
    now: int
    carries: str = ""
    arrived: Request | None = None
    response: Response | None = None
    answered: Event | None = None
    answer: int = 0
    refused: list[tuple[str, Refused]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    version: int = 0

    @property
    def size(self) -> int:
        """The bytes that it holds, headers left aside since they are capped."""
        return (
            len(self.request.target)
            + len(self.request.body)
            + len(self.response.body if self.response else b"")
        )


@dataclass(eq=False, slots=True)
class Chapter:
    """What a person pressed, or what came by itself (`press` is empty): the messages after it belong to it."""

    number: int
    press: str
    title: str
    fault: Fault | None = None
    first: int = 0
    running: bool = True
    settled: bool = False
    shown: set[str] = field(default_factory=set)
    """The pages of its window that are open."""
    left: bool = False
    """Whether the last page of its window was closed."""
    gone: bool = False
    """Whether the page that opened its window saw that it is gone."""
    reasons: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    version: int = 0


class Wire(Transcript):
    """A transcript that keeps what was sent beside what is shown of it, and says when something changes."""

    def __init__(
        self,
        secret_names: frozenset[str],
        clock: Callable[[], int],
        carries: Callable[[Request], str] = lambda request: "",
        keep: int = KEPT,
        keep_bytes: int = KEPT_BYTES,
    ) -> None:
        super().__init__(secret_names, keep=keep)
        self._secrets = Secrets(keep, level)
        self._clock, self._carries, self._most, self._most_bytes = clock, carries, keep, keep_bytes
        self._all = threading.RLock()
        self._mine = threading.local()
        self._bytes = 0
        self.exchanges: OrderedDict[int, Exchange] = OrderedDict()
        self.messages: OrderedDict[int, tuple[int, Event, int]] = OrderedDict()
        """What one window said to another, by number: its chapter, the event, the version."""
        self.chapters: OrderedDict[int, Chapter] = OrderedDict()
        self.version = 0
        self.changed: Callable[[], object] = lambda: None
        """Called after every change, in whatever thread it came up."""

    # --- recording ----------------------------------------------------------------------------

    def _append(self, event: Event) -> None:
        super()._append(event)
        self._mine.event, self._mine.number = event, self._dropped + len(self.events)

    def request(self, sender: str, receiver: str, request: Request) -> None:
        """Record that `sender` sent a request; its answer is recorded in the same thread."""
        self._mine.exchange = self.began(sender, receiver, request)

    def response(self, sender: str, receiver: str, response: Response) -> None:
        """Record that `sender` got a response from `receiver`."""
        self.ended(self._mine.exchange, response)

    def failure(self, sender: str, receiver: str, failure: Unreachable) -> None:
        """Record that no response came."""
        self.ended(self._mine.exchange, failure)

    def message(self, sender: str, receiver: str, text: str) -> None:
        """Record a message from one window to another (`postMessage`)."""
        with self._all:
            super().message(sender, receiver, text)
            self.messages[self._mine.number] = (self._chapter().number, self._mine.event, self._touch())
            while len(self.messages) > self._most:
                self.messages.popitem(last=False)

    def began(self, sender: str, receiver: str, request: Request) -> Exchange:
        """Record a request, and return the exchange that it begins."""
        with self._all:
            chapter = self._chapter()
            super().request(sender, receiver, request)
            number = self._mine.number
            one = Exchange(number, chapter.number, sender, receiver, request, self._mine.event, self._clock())
            one.carries = self._carries(request)
            chapter.first = chapter.first or number
            self.exchanges[number] = one
            self._bytes += one.size
            one.version = self._touch()
            self._forget()
            return one

    def ended(self, one: Exchange, answer: Response | Unreachable) -> None:
        """Record what became of a request."""
        with self._all:
            if isinstance(answer, Response):
                super().response(one.sender, one.receiver, answer)
                one.response = answer
                self._bytes += len(answer.body) if one.number in self.exchanges else 0
            else:
                super().failure(one.sender, one.receiver, answer)
            one.answered, one.answer = self._mine.event, self._mine.number
            one.version = self._touch()
            self._forget()

    def arrives(self, receiver: str, request: Request) -> Exchange | None:
        """Return the exchange that a request belongs to, if one of our own roles sent it; it has then arrived."""
        same = (request.method, request.origin, request.target, request.body)
        with self._all:
            for one in reversed(self.exchanges.values()):
                sent = one.request
                open_ = one.receiver == receiver and one.answered is None and one.arrived is None
                if open_ and (sent.method, sent.origin, sent.target, sent.body) == same:
                    one.arrived = request
                    one.version = self._touch()
                    return one
        return None

    def heard(self, one: Exchange, endpoint: str, refused: Refused) -> None:
        """Add what the partner's operator was told while it handled a request."""
        with self._all:
            _add(one.refused, [(endpoint, refused)])
            chapter = self.chapters.get(one.chapter)
            if chapter and not one.request.note.startswith(PROBE):
                _add(chapter.reasons, [refused.reason])
                chapter.version = self._touch()
            one.version = self._touch()

    def found(self, one: Exchange | None, findings: list[Finding]) -> None:
        """Add what the platform's checks found, to the exchange that showed it and to its chapter."""
        if not findings:
            return
        with self._all:
            if one is not None:
                _add(one.findings, findings)
                one.version = self._touch()
            chapter = self.chapters.get(one.chapter) if one else self._chapter()
            if chapter:
                _add(chapter.findings, findings)
                chapter.version = self._touch()

    # --- chapters -----------------------------------------------------------------------------

    def begin(self, press: str, title: str, fault: Fault | None = None) -> Chapter:
        """Begin a chapter: what travels from now on belongs to it."""
        with self._all:
            number = next(reversed(self.chapters), 0) + 1
            one = self.chapters[number] = Chapter(number, press, title, fault)
            one.version = self._touch()
            while len(self.chapters) > self._most:
                self.chapters.popitem(last=False)
            return one

    def end(self, chapter: Chapter) -> None:
        """Say that the answer to what began a chapter is there."""
        with self._all:
            chapter.running = False
            chapter.version = self._touch()

    def window(self, number: int, page: str) -> None:
        """Note that a page of a chapter's window was opened, or closed the second time; the two may come in either order."""
        with self._all:
            chapter = self.chapters.get(number)
            if chapter is None or chapter.gone or len(chapter.shown) > MOST_HEARD:
                return
            chapter.shown ^= {page}
            chapter.left = not chapter.shown
            chapter.version = self._touch()

    def closed(self, chapter: Chapter) -> None:
        """Note that a chapter's window is gone, whatever its pages said, or could not say any more."""
        with self._all:
            if not chapter.gone:
                chapter.gone = chapter.left = True
                chapter.version = self._touch()

    def last(self, press: str) -> Chapter | None:
        """Return the last chapter that a press began."""
        with self._all:
            return next((one for one in reversed(self.chapters.values()) if one.press == press), None)

    def worked(self, press: str) -> bool:
        """Return whether any try of a press had its effect."""
        with self._all:
            return any(one.settled for one in self.chapters.values() if one.press == press)

    def _chapter(self) -> Chapter:
        with self._all:
            last = next(reversed(self.chapters.values()), None)
            return last or self.begin("", "From outside")

    # --- keeping ------------------------------------------------------------------------------

    def _touch(self) -> int:
        self.version += 1
        self.changed()
        return self.version

    def _forget(self) -> None:
        while len(self.exchanges) > self._most or (
            self._bytes > self._most_bytes and len(self.exchanges) > 1
        ):
            _, oldest = self.exchanges.popitem(last=False)
            self._bytes -= oldest.size

    def get(self, number: int) -> Exchange | None:
        """Return the exchange whose request or answer has this number, if it is kept."""
        with self._all:
            found = self.exchanges.get(number)
            return found or next((one for one in self.exchanges.values() if one.answer == number), None)


def level(secret: str) -> str:
    """Return a secret as the wire shows it: itself when it is a public test key, else a mask as long as any other.

    >>> len({len(level("x" * length)) for length in range(1, 40)})
    1
    """
    mask = shown(secret)
    return mask if mask == secret else f"‹secret, {mask.partition(', ')[2]}"


def _add(kept: list, more: list) -> None:  # type: ignore[type-arg]
    kept.extend(more)
    del kept[:-MOST_HEARD]
