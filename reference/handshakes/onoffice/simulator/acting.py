"""onOffice acting: an activation from the popup to the message, faults of it, services and webhooks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import urljoin

from ...core.messages import Request, Response, Step, Unreachable, form_body, split_url
from ...core.strict import URLENCODED
from ...runtime.browser import PLAYED, Browser, Page
from ...runtime.calls import asked
from ...runtime.verdicts import Finding, Outcome, Refuses, Survives, fault_of
from .faults import ACTIVATION_FAULTS, SERVICE_FAULTS, ApiFault, Fault, FormFault, StateFault, UrlFault
from .findings import (
    Attempt,
    closed,
    judged_page,
    judged_service,
    judged_text,
    pressed_again,
    shows_all,
    uniform,
)
from .frames import key_form
from .popups import Popups
from .records import CLAUSE, Customer, Popup, Service, User


class Acting(Popups):
    """The platform without its pages: each step is a method that returns its outcome."""

    # --- one whole activation, as its user does it ------------------------------------------------

    def disturb(self, popup: Popup, name: str) -> Step[None]:
        """Play a fault of an activation that a person goes through; what it shows is open until the popup is told.

        A URL that has to be refused is opened from here too, since nobody but the browser sees its page.
        """
        chosen = fault_of(name, ACTIVATION_FAULTS)
        if chosen is None:
            return
        user = self.api_users[popup.token]
        if isinstance(chosen, UrlFault):
            popup.url = chosen.written(self.draft(popup))
            user.because = chosen.clause.removeprefix(CLAUSE) if chosen.expected == Survives("active") else ""
        elif isinstance(chosen, StateFault):
            chosen.apply(self, popup)
        elif isinstance(chosen, ApiFault):
            user.fault = chosen
        popup.fault = chosen
        popup.open_finding = chosen.unseen("the popup was told nothing yet")
        self.findings.append(popup.open_finding)
        if isinstance(chosen, UrlFault) and isinstance(chosen.expected, Refuses):
            attempt = Attempt(chosen, False, False, popup, user, self.calls, self.findings.seen)
            made = self.clock()
            page = yield from self._opened(popup.url, chosen.times)
            if chosen.exact and self.clock() != made:  # its second ended: the finding stays open
                return
            if key_form(page) is None or chosen.expected != Refuses("platform-error"):
                self._settled(popup, *self._closed(page, attempt, "activation"))

    def activate(
        self, web_id: str, user_id: str, fault: str = "", *, wait: Callable[[int], None] | None = None
    ) -> Step[Outcome]:
        """onoffice:block.reactivation. Open the popup, load the frame, copy the key, press the button; judge it all.

        With `wait`, ten minutes pass between the load and the click.
        """
        chosen = fault_of(fault, ACTIVATION_FAULTS)
        return (yield from self.in_time(chosen, partial(self._activated, web_id, user_id, chosen, wait)))

    def _activated(
        self, web_id: str, user_id: str, chosen: Fault | None, wait: Callable[[int], None] | None
    ) -> Step[Outcome]:
        customer = self.customers[web_id]
        again = customer.status == "blocked"
        popup = self.open_popup(web_id, user_id, again=True)
        self.confirm(popup, terms=True, data_processing=True)
        user = self.api_users[popup.token]
        attempt = Attempt(chosen, again, wait is not None, popup, user, self.calls, self.findings.seen)
        if isinstance(chosen, UrlFault):
            popup.url = chosen.written(self.draft(popup))
        if isinstance(chosen, UrlFault) and chosen.expected == Survives("active"):
            user.because = chosen.clause.removeprefix(CLAUSE)
        user.claim_sent = "apiClaim=" in popup.url
        page = yield from self._opened(popup.url, chosen.times if isinstance(chosen, UrlFault) else 1)
        form = key_form(page)
        if isinstance(chosen, UrlFault) and isinstance(chosen.expected, Refuses) and form is None:
            return self.outcome(page.response if page else None, self._closed(page, attempt, "activation"))
        findings = judged_page(page, customer, self.settings.portal_origin) if chosen is None else ()
        if findings and page and page.response.status >= 400:
            return self.outcome(page.response, findings)
        if page is None or form is None:
            clause = chosen.clause if chosen else CLAUSE + "page.key-field"
            held = False if page is not None and shows_all(page) else None
            return self.outcome(None, (*findings, Finding(clause, held, "no form to activate with")))
        key = self.choose(popup, "all")
        if isinstance(chosen, StateFault):
            chosen.apply(self, popup)
        if isinstance(chosen, FormFault) and chosen.boxes and not form.boxes:
            return self.outcome(None, (chosen.unseen("the page has no box"),))
        fields = form.filled(
            key, lambda f: chosen.fields(f, self, popup) if isinstance(chosen, FormFault) else f
        )
        if wait:
            wait(600)
        user.fault = chosen if isinstance(chosen, ApiFault) else None
        user.genuine = not isinstance(chosen, FormFault)
        response = yield from self._posted(urljoin(page.url, form.form.action), fields, page.url)
        user.fault, user.because = None, ""
        said = response.body.decode("utf-8", "replace") if response and response.status == 200 else ""
        self.receives(popup, said, origin=split_url(self.account.activation_url)[0])
        attempt.calls_after, attempt.known = self.calls, bool(self.violated_since(attempt.seen))
        attempt.now = self.clock()
        findings += judged_text(response, attempt)
        if chosen is None and said == "active" and user.state == "active":
            repeated = yield from self._posted(urljoin(page.url, form.form.action), fields, page.url)
            findings += (pressed_again(repeated, self.calls == attempt.calls_after),)
        if isinstance(chosen, (FormFault, ApiFault, StateFault)) and isinstance(chosen.expected, Refuses):
            user.state = "gone" if user.state != "active" else user.state
            user.revoked = "unlock.failure"
        return self.outcome(response, findings)

    def _opened(self, url: str, times: int, note: str = PLAYED) -> Step[Page | None]:
        """onoffice:url.method. Load the frame, as a browser does; a webhook is called without one, and so without its note."""
        page = None
        for _ in range(times):
            try:
                page = yield from Browser(note=note).open(url)
            except Unreachable:
                return None
        return page

    def _posted(self, url: str, fields: dict[str, str], page: str) -> Step[Response | None]:
        origin, target = split_url(url)
        headers = (("content-type", f"{URLENCODED};charset=UTF-8"), ("origin", split_url(page)[0]))
        return (yield from asked(Request("POST", origin, target, headers, form_body(fields), 60)))

    def _closed(self, page: Page | None, attempt: Attempt, place: str) -> tuple[Finding, ...]:
        """onoffice:url.refused. Return the findings on a page that must not open, and compare it with the others."""
        attempt.calls_after = self.calls
        response = page.response if page else None
        finding = closed(response, attempt)
        return (finding, *(uniform(response, attempt, self.refusals, place) if finding.held else ()))

    # --- services and webhooks --------------------------------------------------------------------

    def serve(
        self,
        web_id: str,
        user_id: str,
        service: str = "",
        fault: str = "",
        *,
        because: str = "unlock.store",
        anyway: bool = False,
        calls: int = 0,
    ) -> Step[Outcome]:
        """onoffice:url.every-call, onoffice:webhook.get. A user opens a service: call its signed URL, judge the answer.

        `because` is the clause that a genuine call proves; `anyway` calls though the platform would not, and then the provider may ask the API `calls` times.
        """
        chosen = fault_of(fault, SERVICE_FAULTS)
        place = self._service(service or self.account.services[0].name)
        who = self._person(web_id, user_id)
        take = partial(self._served, *who, place, chosen, because, anyway, calls)
        return (yield from self.in_time(chosen, take))

    def _served(
        self, customer: Customer, user: User, place: Service, chosen: Fault | None, because: str, anyway: bool,
        calls: int,
    ) -> Step[Outcome]:  # fmt: skip
        if not anyway:
            self._open_to(customer, user)
        url = self._service_url(place, customer, user, chosen, arrives=not place.webhook)
        in_use = self.api_users.get(customer.token)
        told = (p for p in [*self.popups.values()] if (p.token, p.message) == (customer.token, "active"))
        attempt = Attempt(chosen, False, False, next(told, None), in_use, self.calls, self.findings.seen)
        self.serving = customer.web_id
        note = "" if place.webhook else PLAYED
        page = yield from self._opened(url, chosen.times if isinstance(chosen, UrlFault) else 1, note)
        self.serving = ""
        since = self.findings.since(attempt.seen)
        attempt.calls_after = self.calls
        attempt.known = any(one.violated or one.clause == CLAUSE + "api.action" for one in since)
        if isinstance(chosen, UrlFault) and isinstance(chosen.expected, Refuses):
            return self.outcome(page.response if page else None, self._closed(page, attempt, place.name))
        response, clause = page.response if page else None, CLAUSE + because
        found = judged_service(response, attempt, place, clause, refuses=anyway, calls=calls)
        return self.outcome(response, found)

    def service_url(self, web_id: str, user_id: str, service: str, fault: str = "") -> str:
        """onoffice:block.services. Return the signed URL of a service for a user; raises `ValueError` where it is not open."""
        customer, user = self._person(web_id, user_id)
        found = self._service(service)
        self._open_to(customer, user)
        return self._service_url(found, customer, user, fault_of(fault, SERVICE_FAULTS), arrives=False)

    def _open_to(self, customer: Customer, user: User) -> None:
        """onoffice:popup.administrators-always. Refuse with `ValueError` a user to whom no service is open."""
        if customer.status != "active" or (customer.rights != "all" and not user.administrator):
            raise ValueError("The provider's services are not open to this user.")

    # --- helpers ----------------------------------------------------------------------------------

    def _service(self, name: str) -> Service:
        found = next((one for one in self.account.services if one.name == name), None)
        if found is None:
            raise ValueError("There is no such service.")
        return found
