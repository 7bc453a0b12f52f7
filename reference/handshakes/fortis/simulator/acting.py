"""Fortis acting: launches, and the consent of OAuth."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urljoin

from ...core.messages import Request, Response, Step, Unreachable, json_response, split_url
from ...core.refusals import Refused
from ...runtime.browser import MOST_REDIRECTS, PLAYED, Browser, Page
from ...runtime.calls import asked
from ...runtime.verdicts import Outcome, Survives, fault_of
from .drafts import Draft
from .faults import OAUTH_FAULTS, OPENING_FAULTS, AnswerFault, LaunchFault, OpeningFault
from .findings import consented, is_open, judged, needed, opened, trapped, unasked, uniform, unopened
from .records import CLAUSE, Attempt
from .registering import Registering

REDIRECTS = (301, 302, 303, 307, 308)
PATIENCE = 60
"""Seconds that a browser waits for the iframe at least: longer than an app waits for the API."""


class Acting(Registering):
    """The platform without its pages: each step is a method that returns its outcome."""

    kind_of_draft = Draft

    def trap(self, request: Request) -> Response:
        """fortis:oauth.url. Take what no app may send here, and say yes to everything; S16."""
        self.trapped += 1
        user_id, came = "", ("api.host" if "/v2/" in request.path else "oauth.url", request.origin)
        for attempt in [*self.waiting]:
            attempt.trapped.append(came)
            user_id = attempt.user_id
        if not self.waiting and not self.consenting:  # else the step that waits says so
            self.findings.append(trapped(*came))
        answer = {"user": {"id": user_id}, "access_token": "x", "refresh_token": "y", "expires_in": 3600}
        return json_response(answer)

    # --- the iframe (page, IFrame Request) ------------------------------------------------------------

    def draft(
        self, title: str, location_id: str, user_id: str, contact_id: str = "", token: str | None = None
    ) -> Draft:
        """fortis:launch.server-side. Return an opening of the app, made here and now; A37."""
        others = [one for one in [*self.users.values()] if one.id != user_id]
        return self.kind_of_draft(
            self.apps[title], self.settings, self.locations[location_id], self.users[user_id],
            (others or [self.users[user_id]])[0], token,
            self.contacts[contact_id] if contact_id else None, self.clock(),
            self._second(location_id, user_id), self.random(8),
        )  # fmt: skip

    def _second(self, location_id: str, user_id: str) -> int:
        """Return the newest second at which this user did not open the app yet; now, where an older one would be stale soon."""
        now, most = self.clock(), 240
        made = {second for second in [*self.seconds.get((location_id, user_id), ())] if second > now - most}
        second = next((one for one in range(now, now - most, -1) if one not in made), now)
        self.seconds[location_id, user_id] = made | {second}
        return second

    def launch_url(
        self, title: str, location_id: str, user_id: str, contact_id: str = "", fault: str = ""
    ) -> str:
        """fortis:launch.method. Return the address that the iframe opens, with or without a fault.

        Raises `Refused` as `subscribed` does.
        """
        url, draft = self._opening(title, location_id, user_id, contact_id, fault)
        if draft.token:
            self.launched[draft.token] = self.clock()
        return url

    def launch(
        self,
        title: str,
        location_id: str,
        user_id: str,
        contact_id: str = "",
        fault: str = "",
        cookie: str = "",
    ) -> Step[Outcome]:
        """fortis:launch.method. Open the app in the iframe of a browser that brings `cookie`, and judge what it shows.

        The address is made at once, and opened when the step is taken. Raises `Refused` as `subscribed` does.
        """
        chosen = fault_of(fault, OPENING_FAULTS, self.offers)

        def take() -> Step[Outcome]:
            return self._launched(
                *self._opening(title, location_id, user_id, contact_id, fault), chosen, cookie
            )

        return self.in_time(chosen, take) if chosen and chosen.exact else take()

    def subscribed(self, title: str, location_id: str, user_id: str) -> None:
        """fortis:launch.subscribed. Refuse to open an app for a user who is not of the location, or where one of both is not registered."""
        there = {(title, location_id, ""), (title, location_id, user_id)} <= self.registered
        user = self.users.get(user_id)
        if not there or user is None or location_id not in user.locations:
            evidence = {"location": location_id, "user": user_id, "expected": "both registered with the app"}
            raise Refused("unknown-installation", CLAUSE + "launch.subscribed", evidence)

    def _opening(
        self, title: str, location_id: str, user_id: str, contact_id: str, fault: str
    ) -> tuple[str, Draft]:
        """Return the address that the iframe opens, and the launch that it is made of."""
        chosen = fault_of(fault, OPENING_FAULTS, self.offers)
        self.subscribed(title, location_id, user_id)
        if not self.apps[title].iframe_url:
            raise Refused("missing-parameter", CLAUSE + "setup.iframe-url", {"name": "iframe_url"})
        if contact_id and self.contacts[contact_id].location_id != location_id:
            raise ValueError(f"{contact_id} is not a contact of this location")
        token = self._token_for(chosen, user_id)
        draft = self.draft(title, location_id, user_id, contact_id, token)
        self.disturbed.pop(draft.token or "", None)
        return (chosen.apply(draft) if isinstance(chosen, LaunchFault) else draft.url()), draft

    def _launched(self, url: str, draft: Draft, chosen: OpeningFault | None, cookie: str) -> Step[Outcome]:
        location_id, user_id = draft.location.id, draft.user.id
        if chosen and (lacking := [one for one in needed(chosen) if not draft.app.carries(one)]):
            return self.outcome(None, (chosen.unseen(f"the app's address does not ask for {lacking[0]}"),))
        token = draft.token if draft.app.carries("access-token") else None
        attempt = Attempt(token or "", user_id, chosen if isinstance(chosen, AnswerFault) else None)
        seen = self.findings.seen
        self.waiting.append(attempt)
        try:
            for _ in range(chosen.times if isinstance(chosen, LaunchFault) else 1):
                attempt.calls = attempt.asked = 0
                first, shown, session = yield from framed(url, cookie)
        finally:
            self.waiting.remove(attempt)
        self.asked_at_last = attempt.asked > 0
        if is_open(shown) and session:
            self.sessions[location_id, user_id] = session
        if chosen:
            findings = judged(chosen, shown, attempt, self.clock())
            findings += uniform(chosen, shown, self.refusals)
            return self.outcome(shown, tuple(findings))
        if not is_open(shown):
            known = bool(self.violated_since(seen))  # the API has seen why
            return self.outcome(shown, () if known else unopened(shown, draft.app.mode))
        assert first is not None and shown is not None  # noqa: S101  (it is open)
        values = [str(value) for value in draft.values().values() if value]
        return self.outcome(shown, tuple(opened(first, shown, attempt, values, self.settings.ui_origin)))

    def shown(
        self, title: str, location_id: str, user_id: str, contact_id: str, fault: str
    ) -> Step[tuple[str, Outcome]]:
        """fortis:launch.server-side. Open the app with a fault from here, since nobody but a browser sees what a frame shows.

        Returns the outcome, and the address for the frame: the same one, or where it was to open the app, and is used
        up, one like it. Raises `Refused` as `subscribed` does.
        """
        chosen = fault_of(fault, OPENING_FAULTS, self.offers)
        made: list[tuple[str, Draft]] = []

        def take() -> Step[Outcome]:
            made.append(self._opening(title, location_id, user_id, contact_id, fault))
            return self._launched(*made[-1], chosen, "")

        outcome = yield from self.in_time(chosen, take)
        url, draft = made[-1]
        if chosen and isinstance(chosen.expected, Survives):
            url, draft = self._opening(title, location_id, user_id, contact_id, fault)
        if draft.token:
            self.launched[draft.token] = self.clock()
            if isinstance(chosen, AnswerFault):
                self.disturbed[draft.token] = chosen
        return url, outcome

    def revisit(self, location_id: str, user_id: str) -> Step[Response | None]:
        """Load the app's page again in the session that the last launch opened; None when there was none."""
        if (location_id, user_id) not in self.sessions:
            return None
        url, cookie = self.sessions[location_id, user_id]
        origin, target = split_url(url)
        return (yield from asked(Request("GET", origin, target, (("cookie", cookie),))))

    def _token_for(self, fault: OpeningFault | None, user_id: str) -> str | None:
        """fortis:encrypted.conditional. Return the log-in token that a launch carries; A33."""
        whose = fault.token if isinstance(fault, LaunchFault) else "own"
        if whose == "none":
            return None
        if whose == "unknown":
            return self.random(8).hex()
        if whose == "another":
            return self.token_of(next(one for one in [*self.users] if one != user_id))
        if whose == "expired":
            token = self.log_in(user_id)
            self.tokens[token].expires_at = self.clock()
            return token
        return self.token_of(user_id)

    # --- OAuth ------------------------------------------------------------------------------------------

    def consent(self, title: str, location_id: str, user_id: str, fault: str = "") -> Step[Outcome]:
        """fortis:oauth.offered. Open the app, go to the consent page from there, allow, and judge the end; A36.

        An app whose page asks for no access (no form called `oauth`) is not judged.
        """
        chosen = fault_of(fault, OAUTH_FAULTS, self.offers)
        if chosen and chosen.leads:
            chosen = replace(chosen, answer=chosen.leads(self.settings.traps[chosen.foreign]))
        trapped = self.trapped
        url = self.launch_url(title, location_id, user_id)
        browser = Browser()
        page: Page | None = None
        self.consenting = chosen
        try:
            shown = yield from browser.open(url)
            if not any(form.id == "oauth" for form in shown.forms):
                return self.outcome(shown.response, (unasked(chosen),))
            page = yield from browser.submit(shown, shown.form("oauth"))
            user = user_id
            if chosen and chosen.user == "another":
                user = next(one for one in [*self.users] if one != user_id)
            page = yield from browser.submit(page, page.form("allow"), {"user": user})
            for _ in range(1, chosen.times if chosen else 1):
                page = yield from browser.open(page.url)
        except LookupError:  # the way ended at a page that asks for no consent
            if chosen:
                return self.outcome(page.response if page else None, (unasked(chosen),))
        except Unreachable:
            page = None
        finally:
            self.consenting = None
        return self.outcome(
            page.response if page else None, tuple(consented(chosen, page, self.trapped - trapped))
        )


def framed(
    url: str, cookie: str = ""
) -> Step[tuple[Response | None, Response | None, tuple[str, str] | None]]:
    """Load an iframe as a browser does: the first response, what is shown after its redirects, and address and cookie of the session."""
    first = shown = None
    session = cookie
    for step in range(MOST_REDIRECTS):
        try:
            url = urljoin(url, shown.header("location") if shown else "")
            origin, target = split_url(url)
        except ValueError:  # a redirect to what is no address
            break
        headers = (("cookie", session),) if session else ()
        shown = yield from asked(Request("GET", origin, target, headers, timeout=PATIENCE, note=PLAYED))
        first = shown if step == 0 else first
        if shown is None or shown.status not in REDIRECTS or not shown.header("location"):
            return first, shown, (url, session) if step else None
        cookies = [value.partition(";")[0] for value in shown.header_values("set-cookie")]
        session = "; ".join(cookies) or session
    return first, shown, None
