"""A tap on a served role: what arrives there goes onto the wire, and so does what the role finds or refuses meanwhile."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..core.messages import Answer, Request, Response, Step, form_body
from ..core.refusals import Refused
from ..core.strict import form_pairs
from ..runtime.flow import Role
from ..runtime.story import Press
from ..runtime.verdicts import Findings
from ..runtime.wrapped import Move, Outward, Wrapped, advanced, seen
from .app.layout import themed
from .portals import PORTAL, dressed, own
from .wire import Chapter, Exchange, Wire

SAID = f"{PORTAL}/message"
"""Where the popup's script hands over what the frame said to it."""
PARTS = ("style", "script", "image", "font")
"""What a browser loads for a page that it shows already; no message between the two sides."""
TOKEN = "marketplace_token"
"""The field with which the marketplace page shows that a form of its own was posted."""


@dataclass(slots=True)
class Tap(Wrapped):
    """A role whose messages go onto the wire.

    `presses` are what the marketplace offers now; a form of the simulator's pages that is one of them begins a chapter.
    `page` is the marketplace's origin and `token` its secret: with both, a form of that page counts as the simulator's own.
    `theme` is what a person chose there.
    """

    role: Role
    wire: Wire
    partner: str = ""
    presses: Callable[[], tuple[Press, ...]] = tuple
    page: str = ""
    token: str = field(default="", repr=False)
    theme: str = ""
    _now: threading.local = field(default_factory=threading.local)

    def heard(self, endpoint: str, refused: Refused) -> None:
        """Put a refusal on the exchange that is being handled in this thread."""
        one = getattr(self._now, "exchange", None)
        if one is not None:
            self.wire.heard(one, endpoint, refused)

    def handle(self, request: Request) -> Step[Answer]:
        """Answer as the role does."""
        if self.partner and (request.path == PORTAL or request.path.startswith(PORTAL + "/")):
            return own(request, self.wire) or (yield from self._pressed(self._admitted(request)))
        if request.header("sec-fetch-dest") in PARTS:
            return (yield from self.role.handle(request))
        one = self.wire.arrives(self.name, request)
        outside = one is None
        if one is None:
            sender = "browser" if request.header("sec-fetch-mode") else self.partner or "outside"
            one = self.wire.began(sender, self.name, request)
            one.arrived = request
        answer = self._dressed((yield from self._advanced(request, one)), request)
        if outside:
            self.wire.ended(one, seen(answer))
        return answer

    def _pressed(self, request: Request) -> Step[Answer]:
        """Hand a form of the simulator's pages on; it is no message between the two sides, but may begin a chapter."""
        fields = _fields(request) if request.method == "POST" else {}
        chapter = self._begun(request.path.removeprefix(PORTAL + "/"), fields)
        if request.path == SAID and "text" in fields:
            self.wire.message(self.partner, self.name, fields["text"])
        try:
            return self._dressed((yield from self._advanced(request, None)), request, chapter)
        finally:
            if chapter:
                self.wire.end(chapter)

    def _dressed(self, answer: Answer, request: Request, chapter: Chapter | None = None) -> Answer:
        """Return a page of the simulator in the layout; the partner's app has put its own there already."""
        if not isinstance(answer, Response):
            return answer
        if self.partner:
            answer = dressed(answer, request, self.name, chapter)
        return themed(answer, self.theme)

    def _begun(self, step: str, fields: dict[str, str]) -> Chapter | None:
        steps = [press for press in self.presses() if press.step == step] if fields else []
        fitting = [press for press in steps if press.fields.items() <= fields.items()]
        if not steps:
            return None
        if not fitting:  # of another customer, by the simulator's own page
            return self.wire.begin("", f"{step}, on the simulator's page")
        press = max(fitting, key=lambda press: len(press.fields))
        fault = next((one for one in press.faults if one.name == fields.get("fault")), None)
        return self.wire.begin(press.id, press.title, fault)

    def _admitted(self, request: Request) -> Request:
        """Return a form that the marketplace page posted as the simulator's own page would; anything else as it is."""
        if not self.page or request.header_values("origin") != (self.page,):
            return request
        fields = _fields(request)
        token = fields.pop(TOKEN, "")
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode()):
            return request
        headers = tuple(
            (name, request.origin if name == "origin" else value) for name, value in request.headers
        )
        return replace(request, headers=headers, body=form_body(fields))

    def _advanced(self, request: Request, one: Exchange | None) -> Step[Answer]:
        """Advance the role; what it finds after an answer of the other side is about that answer's exchange."""

        def through(move: Move, asked: Outward | None) -> Outward:
            return self._moved(move, one, one if asked is None else self._sent(asked) or one)

        return (yield from advanced(self.role.handle(request), through))

    def _sent(self, outward: Outward) -> Exchange | None:
        """Return the exchange that a request of the role's own has become."""
        with self.wire._all:
            return next(
                (one for one in reversed(self.wire.exchanges.values()) if one.request is outward), None
            )

    def _moved(self, move: Move, one: Exchange | None, about: Exchange | None) -> Outward:
        findings: Findings | None = getattr(self.role, "findings", None)
        before = findings.seen if findings is not None else 0
        self._now.exchange = one or about
        try:
            return move()
        finally:
            self._now.exchange = None
            if findings is not None:
                self.wire.found(about, findings.since(before))


def _fields(request: Request) -> dict[str, str]:
    try:
        return dict(form_pairs(request.body, request.header("content-type"), "advice.form"))
    except Refused:
        return {}
