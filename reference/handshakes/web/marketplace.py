"""The marketplace: one page for each platform, and the routes behind its buttons.

`GET /PLATFORM` is the page. What it shows comes from `/events`, `/message`, `/why`, `/faults` and `/proven`; what it
does goes to `/press`, `/resend` and `/clock`. A step that a browser goes on from is a form that the page posts to the
platform itself, in a window of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from ..core import messages
from ..core.messages import Answer, Request, Response, Step, Unreachable, form_body, json_response
from ..core.strict import URLENCODED
from ..runtime.pages import page
from . import safety
from .app.layout import THEMES
from .assets import static, template
from .details import beside_operator, details, why
from .exporting import har_of, pytest_of
from .places import Place
from .portals import PORTAL
from .proof import proven
from .resending import COPY, changed, parts
from .tapping import TOKEN
from .views import faults
from .wire import Exchange

Json = dict[str, Any]
MOST_CHANGES = 60


class Wrong(Exception):
    """What a route was asked cannot be done; the text is for the person, `status` for the answer."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class Marketplace:
    """The role that serves the page; `places` are the platforms on it, `token` is made at each start."""

    name = "marketplace"
    has_store = True
    """It asks the partner's store for secrets, and takes long to explain: a server advances it in threads."""
    secret_names: frozenset[str] = frozenset()

    def __init__(self, places: Mapping[str, Place], origin: str, token: str, started: int) -> None:
        self.places, self.origin, self.started = places, origin, started
        self._token = token
        for place in places.values():
            place.taps["platform"].page, place.taps["platform"].token = origin, token
            if place.operator:
                place.operator.market = f"{origin}/{place.name}"
                place.operator.remark = partial(beside_operator, place)

    @property
    def origins(self) -> tuple[str, ...]:
        """The page's own origin."""
        return (self.origin,)

    def refused(self, request: Request, given: str) -> Response | None:
        """Return the refusal of a request that did not come from our own page, else None."""
        return safety.refused(request, self.origin, self._token, given)

    def handle(self, request: Request) -> Step[Answer]:
        """Answer the page, its parts, or what it asks."""
        yield from ()
        path = request.path
        if path == "/" or path.removeprefix("/") in self.places or path.startswith("/static/"):
            if request.method not in ("GET", "HEAD"):
                return Response(405, (("allow", "GET, HEAD"),))
            if path == "/":
                return messages.redirect("/" + next(iter(self.places)), 303)
            return self._page(path[1:]) if path[1:] in self.places else static(path.removeprefix("/static/"))
        route = ROUTES.get(path)
        if route is None:
            if "text/html" in request.header("accept").lower():
                return page(
                    "There is no such page", "<p><a href='/'>Go to the marketplace.</a></p>", status=404
                )
            return safety.error("There is no such page.", 404)
        method, act = route
        if request.method != method:
            return Response(405, (("allow", method),))
        if refusal := self.refused(request, request.header(safety.HEADER)):
            return refusal
        try:
            asked = (
                _body(request) if method == "POST" else dict(parse_qsl(request.query, keep_blank_values=True))
            )
            return json_response(act(self, asked), 200, safety.NO_STORE)
        except Wrong as wrong:
            return safety.error(str(wrong), wrong.status)

    # --- the page -----------------------------------------------------------------------------

    def _page(self, name: str) -> Response:
        addresses = [one for place in self.places.values() for one in place.reached()]
        chosen, places = self.places[name], list(self.places.values())
        shown = {"places": places, "chosen": chosen, "started": self.started}
        text = template("marketplace.html").render(shown, token=self._token, field=TOKEN)
        headers = (
            ("content-security-policy", safety.policy(addresses)),
            ("cross-origin-opener-policy", "same-origin-allow-popups"),  # it sees when its windows are closed
            ("referrer-policy", "strict-origin"),  # else a form to a platform says `Origin: null`
            *safety.NO_STORE,
        )
        return messages.html_response(text, 200, headers)

    # --- what it asks ---------------------------------------------------------------------------

    def place(self, asked: Json) -> Place:
        """Return the platform that is asked about."""
        found = self.places.get(_text(asked, "platform"))
        if found is None:
            raise Wrong("This platform is not served here.", 404)
        return found

    def exchange(self, asked: Json) -> tuple[Place, Exchange]:
        """Return the message that is asked about."""
        place, number = self.place(asked), str(asked.get("n", ""))
        one = place.wire.get(int(number)) if number.isdecimal() and len(number) < 10 else None
        if one is None:
            raise Wrong("This message is no longer kept.", 404)
        return place, one

    def message(self, asked: Json) -> Json:
        """Return a message in full."""
        return details(*self.exchange(asked))

    def why(self, asked: Json) -> Json:
        """Return why a message was refused, or what its signature covers; under another reading, where one is named."""
        place, one = self.exchange(asked)
        reading = _text(asked, "reading", "")
        return why(place, one, [reading] if reading else [])

    def export(self, asked: Json) -> Json:
        """Return a message as HAR or as a test for pytest; without a number, all that is kept as HAR."""
        form = _text(asked, "form")
        if form == "pytest":
            place, one = self.exchange(asked)
            if one.response is None:
                raise Wrong("A message without an answer makes no test.", 409)
            return {"text": pytest_of(place, one)}
        if form != "har":
            raise Wrong("A message is exported as har or pytest.")
        place = self.place(asked)
        with place.wire._all:
            kept = [self.exchange(asked)[1]] if "n" in asked else list(place.wire.exchanges.values())
        return {"text": har_of(place, kept)}

    def faults(self, asked: Json) -> Json:
        """Return the faults of a step."""
        place = self.place(asked)
        press = place.press(_text(asked, "press"))
        if press is None:
            raise Wrong("There is no such step.", 404)
        return {"press": press.id, "title": press.title, "faults": faults(press)}

    def proven(self, asked: Json) -> Json:
        """Return what was proven so far."""
        return proven(self.place(asked))

    # --- what it does ---------------------------------------------------------------------------

    def press(self, asked: Json) -> Json:
        """Take a step that needs no browser, by posting the simulator's own form; the answer's findings are on the wire."""
        place = self.place(asked)
        press, fault = place.press(_text(asked, "press")), _text(asked, "fault", "")
        if press is None or not press.ready:
            raise Wrong("This step cannot be taken now.", 409)
        if fault and fault not in [one.name for one in press.faults]:
            raise Wrong("This fault is not offered here.")
        body = form_body({**press.fields, **({"fault": fault} if fault else {})})
        url, headers = f"{PORTAL}/{press.step}", (("content-type", URLENCODED),)
        form = Request("POST", place.addresses["platform"], url, headers, body, 60)
        try:
            answer = place.network.client.send(form)
        except Unreachable as failure:
            raise Wrong(f"The simulator did not answer: {failure.kind}.", 502) from None
        if answer.status >= 400:
            raise Wrong(f"The simulator refused this step ({answer.status}).", 409)
        return {"taken": press.id}

    def resend(self, asked: Json) -> Json:
        """Send a message again, as it was or with parts changed, to the side that got it; to nobody else."""
        place, one = self.exchange(asked)
        changes = asked.get("changes", {})
        if (
            not isinstance(changes, dict)
            or len(changes) > MOST_CHANGES
            or not all(isinstance(v, str) for v in changes.values())
        ):
            raise Wrong("The changes are not texts by name.")
        if one.request.origin not in place.own():
            raise Wrong("Only what one of the two sides served here received is sent again.", 409)
        try:
            names = ", ".join(
                part["name"] for part in parts(place.wire, one.request) if part["id"] in changes
            )
            said = f", in which this page changed {names}." if changes else ", with nothing changed."
            request = replace(changed(one.request, changes), note=f"{COPY}{one.number}{said}")
        except ValueError as error:
            raise Wrong(f"This cannot be changed: {error}.") from None
        title = f"{'Tampered copy' if changes else 'Replay'} of message {one.number}"
        chapter = place.wire.begin("", title)
        try:
            place.network.client.exchange(one.sender, request)
        except Unreachable as failure:
            return {"failure": failure.kind, "n": chapter.first}
        finally:
            place.wire.end(chapter)
        return {"n": chapter.first}

    def clock(self, asked: Json) -> Json:
        """Move the clock of both sides forward by seconds, or back to the machine's time with 0."""
        place, seconds = self.place(asked), asked.get("seconds")
        if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds <= 31 * 86_400:
            raise Wrong("The clock goes forward by whole seconds, at most 31 days at once.")
        place.clock.forward(seconds)
        place.wire.changed()
        return {"ahead": place.clock.ahead, "now": place.clock()}

    def closed(self, asked: Json) -> Json:
        """Take that the window of a step is gone; its own last message may have been lost."""
        self.place(asked).closed(_text(asked, "press"))
        return {}

    def theme(self, asked: Json) -> Json:
        """Take the theme that was chosen, or none, for all windows."""
        theme = _text(asked, "theme")
        if theme not in ("", *THEMES):
            raise Wrong("There is no such theme.")
        for place in self.places.values():
            place.dress(theme)
        return {"theme": theme}


ROUTES: dict[str, tuple[str, Callable[[Marketplace, Json], Json]]] = {
    "/message": ("GET", Marketplace.message),
    "/why": ("GET", Marketplace.why),
    "/export": ("GET", Marketplace.export),
    "/faults": ("GET", Marketplace.faults),
    "/proven": ("GET", Marketplace.proven),
    "/press": ("POST", Marketplace.press),
    "/resend": ("POST", Marketplace.resend),
    "/clock": ("POST", Marketplace.clock),
    "/closed": ("POST", Marketplace.closed),
    "/theme": ("POST", Marketplace.theme),
}
"""Every route but the page, its parts and the stream: the method, and what it answers."""


def _text(asked: Json, name: str, otherwise: str | None = None) -> str:
    value = asked.get(name, otherwise)
    if not isinstance(value, str):
        raise Wrong(f"The field {name} is missing.")
    return value


def _body(request: Request) -> Json:
    try:
        value = request.json()
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Wrong("The body is not a JSON object.")
    return value
