"""onOffice acting: the popup and its steps, signed URLs, blocking.

A step returns its outcome: the partner's response and what it says about each clause that was looked at.
"""

from __future__ import annotations

from collections.abc import Callable

from ...core.messages import Request, Response, Step, Unreachable, form_body, split_url
from ...core.strict import URLENCODED
from ...runtime.browser import Browser, Page
from ...runtime.verdicts import Finding, Outcome, Refuses, Survives
from ..script import KEY, PRIVACY, UNLOCK
from .addresses import Addresses
from .faults import (
    ACTIVATION_FAULTS,
    SERVICE_FAULTS,
    ApiFault,
    FormFault,
    StateFault,
    UrlFault,
)
from .findings import Attempt, closed, judged_message, judged_page, judged_service, judged_text, same_page
from .records import (
    CLAUSE,
    Account,
    CacheEntry,
    Customer,
    Popup,
    Service,
    Settings,
    User,
    good_secret,
    registered,
)

RIGHTS = ("all", "administrators")


class Acting(Addresses):
    """The platform without its pages: each step is a method that returns its outcome."""

    def __init__(
        self,
        settings: Settings,
        account: Account,
        *,
        clock: Callable[[], int],
        random: Callable[[int], bytes],
    ) -> None:
        super().__init__(settings, account, clock=clock, random=random)
        registered(account.activation_url, settings.loopback)
        for service in account.services:
            registered(service.url, settings.loopback, service.macros)
        good_secret(account.secret)
        self.refusals: dict[str, Response] = {}

    # --- what a provider and its customers set up -------------------------------------------------

    def add_customer(self, customer: Customer) -> Customer:
        """Add a customer's version."""
        self.customers[customer.web_id] = customer
        return customer

    def change_secret(self, secret: str) -> None:
        """onoffice:secret.immediate. Save another provider secret; from now on it signs. Raises `ValueError`; A31, A32."""
        self.account.secret = good_secret(secret)

    # --- the popup (English page, Activation requires the following steps) ------------------------

    def open_popup(self, web_id: str, user_id: str, *, again: bool = False) -> Popup:
        """onoffice:popup.administrator. Open the popup of the inactive provider; raises `ValueError` for another user; A43.

        `again` opens it though the provider is active, as when two administrators had it open at once.
        """
        customer, user = self._person(web_id, user_id)
        if not user.administrator:
            raise ValueError("Only an administrator can activate a provider.")
        if customer.status == "active" and not again:
            raise ValueError("The provider is active.")
        popup = Popup(self.random(12).hex(), web_id, user_id)
        self.popups[popup.id] = popup
        return popup

    def confirm(self, popup: Popup, *, terms: bool, data_processing: bool) -> None:
        """onoffice:popup.terms. Take both consents and open the mask: the frame's URL is made now; A26."""
        if popup.step != "terms":
            raise ValueError("The popup is past this step.")
        if not terms or not data_processing:
            raise ValueError("Please confirm the terms and the agreement on data processing.")
        user = self.api_user(popup.web_id)
        number = self.random(16).hex()
        popup.cache_id = "-".join([number[:8], number[8:12], number[12:16], number[16:20], number[20:]])
        popup.token, popup.step = user.token, "mask"
        self.cache[popup.cache_id] = CacheEntry(
            popup.web_id, user.token, self.clock() + self.settings.cache_lifetime
        )
        popup.url = self.draft(popup).url()
        if self.account.single_webhook:
            self.choose(popup, "all")

    def choose(self, popup: Popup, rights: str) -> str:
        """onoffice:popup.user-right, onoffice:popup.key-shown. Choose who may use it; return the API key, valid from now on."""
        if popup.step == "terms" or rights not in RIGHTS:
            raise ValueError("Choose all users or all administrators, after the terms.")
        if self.account.single_webhook and rights != "all":
            raise ValueError("For one webhook there is no choice.")
        user = self.api_users[popup.token]
        user.state = "shown" if user.state == "prepared" else user.state
        popup.step = "key"
        self.customers[popup.web_id].rights = rights
        return user.key

    def receives(self, popup: Popup, text: object, *, origin: str, own_frame: bool = True) -> bool:
        """onoffice:popup.message-origin. Take a message from the popup's own frame and registered origin, no other; A25.

        What is shown is text; the status stays that of the API (A23).
        """
        expected = split_url(self.account.activation_url)[0]
        if not own_frame or origin != expected or not isinstance(text, str):
            return False
        popup.message = text[:500]
        active = self.customers[popup.web_id].status == "active"
        popup.warning = "" if (text == "active") == active else "The status of the provider did not change."
        if active and text != "active":
            popup.warning = "The provider is active, though it says something else."
        if popup.open_finding is not None and popup.fault is not None:
            self._settled(
                popup, judged_message(popup.fault, text, self.api_users[popup.token].state == "active")
            )
        return True

    def disturb(self, popup: Popup, name: str) -> Step[None]:
        """Play a fault of an activation that a person goes through; what it shows is open until the popup is told.

        A URL that has to be refused is opened from here too, since nobody but the browser sees its page.
        """
        chosen = self._fault(name, ACTIVATION_FAULTS)
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
        popup.open_finding = Finding(chosen.clause, None, f"{name}: the popup was told nothing yet")
        self.findings.append(popup.open_finding)
        if isinstance(chosen, UrlFault) and isinstance(chosen.expected, Refuses):
            attempt = Attempt(chosen, False, False, popup, user, self.calls, len(self.findings))
            page = yield from self._opened(popup.url, chosen.times)
            form = next((one for one in page.forms if one.id == UNLOCK), None) if page else None
            if form is None or chosen.expected != Refuses("platform-error"):
                self._settled(popup, *self._closed(page, attempt, "activation"))

    def _settled(self, popup: Popup, *findings: Finding) -> None:
        """Put findings in the place of the open one of a popup."""
        self.findings[:] = [one for one in self.findings if one is not popup.open_finding]
        self.findings += findings
        popup.open_finding = None

    def block(self, web_id: str) -> None:
        """onoffice:block.services, onoffice:block.api-user. Block the provider: its API user ends, and nobody tells it."""
        customer = self.customers[web_id]
        customer.status = "blocked"
        for user in self.api_users.values():
            if user.web_id == web_id and user.state == "active":
                user.state, user.blocked = "gone", True

    # --- one whole activation, as its user does it ------------------------------------------------

    def activate(
        self, web_id: str, user_id: str, fault: str = "", *, wait: Callable[[int], None] | None = None
    ) -> Step[Outcome]:
        """onoffice:block.reactivation. Open the popup, load the frame, copy the key, press the button; judge it all.

        With `wait`, ten minutes pass between the load and the click.
        """
        customer = self.customers[web_id]
        again = customer.status == "blocked"
        chosen = self._fault(fault, ACTIVATION_FAULTS)
        popup = self.open_popup(web_id, user_id, again=True)
        self.confirm(popup, terms=True, data_processing=True)
        user = self.api_users[popup.token]
        attempt = Attempt(chosen, again, wait is not None, popup, user, self.calls, len(self.findings))
        if isinstance(chosen, UrlFault):
            popup.url = chosen.written(self.draft(popup))
        if isinstance(chosen, UrlFault) and chosen.expected == Survives("active"):
            user.because = chosen.clause.removeprefix(CLAUSE)
        user.claim_sent = "apiClaim=" in popup.url
        page = yield from self._opened(popup.url, chosen.times if isinstance(chosen, UrlFault) else 1)
        form = next((one for one in page.forms if one.id == UNLOCK), None) if page else None
        if isinstance(chosen, UrlFault) and isinstance(chosen.expected, Refuses) and form is None:
            return self._outcome(page.response if page else None, self._closed(page, attempt, "activation"))
        findings = judged_page(page, customer, self.settings.portal_origin) if chosen is None else ()
        if page is None or form is None:
            clause = chosen.clause if chosen else CLAUSE + "page.key-field"
            return self._outcome(None, (*findings, Finding(clause, False, "no form to activate with")))
        key = self.choose(popup, "all")
        fields = {**form.fields, KEY: key, PRIVACY: "yes"}
        if isinstance(chosen, StateFault):
            chosen.apply(self, popup)
        if isinstance(chosen, FormFault):
            fields = chosen.fields(fields, self, popup)
        if wait:
            wait(600)
        user.fault = chosen if isinstance(chosen, ApiFault) else None
        user.genuine = not isinstance(chosen, FormFault)
        response = yield from self._posted(form.action, fields, page.url)
        user.fault, user.because = None, ""
        said = response.body.decode("utf-8", "replace") if response and response.status == 200 else ""
        self.receives(popup, said, origin=split_url(self.account.activation_url)[0])
        attempt.calls_after, attempt.known = self.calls, bool(self.broken_since(attempt.seen))
        findings += judged_text(response, attempt)
        if chosen is None and said == "active" and user.state == "active":
            repeated = yield from self._posted(form.action, fields, page.url)
            quiet = self.calls == attempt.calls_after and repeated is not None and repeated.body == b"active"
            findings += (Finding(CLAUSE + "unlock.repeat", quiet, "a second click"),)
        if isinstance(chosen, (FormFault, ApiFault, StateFault)) and isinstance(chosen.expected, Refuses):
            user.state = "gone" if user.state != "active" else user.state
            user.revoked = "unlock.failure"
        return self._outcome(response, findings)

    def _opened(self, url: str, times: int) -> Step[Page | None]:
        """onoffice:url.method. Load the frame, as a browser does."""
        page = None
        for _ in range(times):
            try:
                page = yield from Browser().open(url)
            except Unreachable:
                return None
        return page

    def _posted(self, url: str, fields: dict[str, str], page: str) -> Step[Response | None]:
        origin, target = split_url(url)
        headers = (("content-type", f"{URLENCODED};charset=UTF-8"), ("origin", split_url(page)[0]))
        try:
            return (yield Request("POST", origin, target, headers, form_body(fields), 60))
        except Unreachable:
            return None

    def _closed(self, page: Page | None, attempt: Attempt, place: str) -> tuple[Finding, ...]:
        """onoffice:url.refused. Return the findings on a page that must not open, and compare it with the others."""
        attempt.calls_after = self.calls
        response = page.response if page else None
        findings: tuple[Finding, ...] = (closed(response, attempt),)
        verified = isinstance(attempt.fault, UrlFault) and attempt.fault.verified
        if findings[0].held and not verified and response is not None:
            first = self.refusals.setdefault(place, response)
            detail = f"{attempt.name}: as any other failure"
            findings += (Finding(CLAUSE + "url.refused", same_page(first, response), detail),)
        return findings

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
        customer, user = self._person(web_id, user_id)
        chosen = self._fault(fault, SERVICE_FAULTS)
        found = self._service(service or self.account.services[0].name)
        if not anyway:
            self._open_to(customer, user)
        url = self._service_url(found, customer, user, chosen)
        in_use = self.api_users.get(customer.token)
        attempt = Attempt(chosen, False, False, None, in_use, self.calls, len(self.findings))
        self.serving = web_id
        page = yield from self._opened(url, chosen.times if isinstance(chosen, UrlFault) else 1)
        self.serving = ""
        attempt.calls_after, attempt.known = self.calls, bool(self.broken_since(attempt.seen))
        if isinstance(chosen, UrlFault) and isinstance(chosen.expected, Refuses):
            return self._outcome(page.response if page else None, self._closed(page, attempt, found.name))
        response = page.response if page else None
        return self._outcome(
            response, judged_service(response, attempt, found, CLAUSE + because, refuses=anyway, calls=calls)
        )

    def service_url(self, web_id: str, user_id: str, service: str, fault: str = "") -> str:
        """onoffice:block.services. Return the signed URL of a service for a user; raises `ValueError` where it is not open."""
        customer, user = self._person(web_id, user_id)
        found = self._service(service)
        self._open_to(customer, user)
        return self._service_url(found, customer, user, self._fault(fault, SERVICE_FAULTS))

    def _open_to(self, customer: Customer, user: User) -> None:
        """onoffice:popup.administrators-always. Refuse with `ValueError` a user to whom no service is open."""
        if customer.status != "active" or (customer.rights != "all" and not user.administrator):
            raise ValueError("The provider's services are not open to this user.")

    # --- helpers ----------------------------------------------------------------------------------

    def _person(self, web_id: str, user_id: str) -> tuple[Customer, User]:
        try:
            customer = self.customers[web_id]
            return customer, customer.users[user_id]
        except KeyError:
            raise ValueError("There is no such user.") from None

    def _service(self, name: str) -> Service:
        found = next((one for one in self.account.services if one.name == name), None)
        if found is None:
            raise ValueError("There is no such service.")
        return found

    def broken_since(self, seen: int) -> set[str]:
        """Return the clauses that were found broken after the first `seen` findings."""
        return {finding.clause for finding in self.findings[seen:] if finding.violated}

    def _outcome(self, response: Response | None, findings: tuple[Finding, ...]) -> Outcome:
        self.findings += findings
        return Outcome(response, findings)
