"""A merchant of Fortis who registers an app and opens it: what `judge` and the tests of a team drive."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..core.messages import Request, Step
from ..runtime.customers import NOT_TAKEN, Taken, place_of
from ..runtime.verdicts import Fault
from .demo import LOCATION, TITLE, USER
from .simulator.faults import FAULTS, OAUTH_FAULTS, POSTBACK_FAULTS, AnswerFault, opening_faults
from .simulator.findings import UNTOLD, unasked
from .simulator.platform import Fortis
from .simulator.records import App


class Merchant:
    """The first user of the first location."""

    address = "iframe_url"
    known: Mapping[str, Fault] = FAULTS
    browsing: Collection[str] = ("open", "consent")
    receives: Collection[str] = ("authorize", "token", "token*", "users/*", "locations/*", "contacts/*")
    handshake: Sequence[str] = ("register-location", "register-user", "open")

    def __init__(self, platform: Fortis, settings: Mapping[str, str]) -> None:
        self.platform = platform

    @property
    def _app(self) -> App:
        return self.platform.apps[TITLE]

    @property
    def steps(self) -> Mapping[str, Sequence[Fault]]:
        """Every button of the list, with its faults; those of an address that is not here are left out."""
        steps: dict[str, Sequence[Any]] = {
            "register-location": [one for one in POSTBACK_FAULTS if one.kind == "location"],
            "register-user": [one for one in POSTBACK_FAULTS if one.kind == "user"],
            "open": opening_faults(self._app.mode),
            "consent": OAUTH_FAULTS,
            "unregister-user": (),
            "unregister-location": (),
        }
        return {step: [one for one in faults if self.platform.offers(one)] for step, faults in steps.items()}

    @property
    def credentials(self) -> Mapping[str, str]:
        """The app's secret and mode, where the API is, and the client of OAuth."""
        app, settings = self._app, self.platform.settings
        return {
            "secret": app.secret,
            "mode": app.mode,
            "api_url": f"{settings.api_origin}/v2",
            "ui_origin": settings.ui_origin,
            "authorize_url": settings.api_origin + settings.authorize_path,
            "token_url": settings.api_origin + settings.token_path,
            "client_id": app.client_id,
            "client_secret": app.client_secret,
        }

    @property
    def installation(self) -> Mapping[str, Any]:
        """What Fortis believes of the app."""
        there = self.platform.registered
        opened = (LOCATION, USER) in self.platform.sessions
        location, user = (TITLE, LOCATION, "") in there, (TITLE, LOCATION, USER) in there
        state = "opened" if opened and user else "registered" if location and user else "not registered"
        return {"state": state, "location": location, "user": user, "api_calls": self.platform.calls}

    def take(self, step: str, fault: str = "") -> Step[Taken]:
        """Press a button; the app opens to a user who is registered."""
        platform, chosen = self.platform, FAULTS.get(fault)
        verb, _, kind = step.partition("-")
        user = USER if kind == "user" else ""
        if verb == "register":
            outcome = yield from platform.register(TITLE, LOCATION, user, fault)
            return Taken(outcome, not chosen or chosen.unseen(UNTOLD) not in outcome.findings)
        if verb == "unregister":
            return Taken((yield from platform.unregister(TITLE, LOCATION, user)))
        there = {(TITLE, LOCATION, ""), (TITLE, LOCATION, USER)} <= platform.registered
        if not there or not self._app.iframe_url:
            return NOT_TAKEN
        if step == "consent":
            outcome = yield from platform.consent(TITLE, LOCATION, USER, fault)
            return Taken(outcome, unasked(chosen) not in outcome.findings)  # type: ignore[arg-type]
        outcome = yield from platform.launch(TITLE, LOCATION, USER, fault=fault)
        return Taken(outcome, platform.asked_at_last or not isinstance(chosen, AnswerFault))

    def step_of(self, request: Request) -> str:
        """Return `open`, `register-location`, `register-user`, `unregister-…`, or the path of an API's call."""
        settings, path = self.platform.settings, request.path
        if request.origin in self.platform.origins:
            if path in (settings.authorize_path, settings.token_path):
                return "authorize" if path == settings.authorize_path else "token"
            name = path.removeprefix("/v2/")
            return (
                name
                if path != name and name.startswith(("users/", "locations/", "contacts/", "token"))
                else ""
            )
        app = self._app
        if place_of(app.iframe_url) == (request.origin, path):
            return "open"
        verb = "unregister" if request.method == "DELETE" else "register"
        for kind, url in (("location", app.location_setup_url), ("user", app.user_setup_url)):
            if url and place_of(url) == (request.origin, path):
                return f"{verb}-{kind}"
        return ""

    def secrets(self, request: Request) -> list[str]:
        """Return the secret of the app."""
        return [self._app.secret]


CUSTOMER = Merchant
