"""RetailCRM acting: the popup, Connect, the way to the account, the activity callback."""

from __future__ import annotations

from collections.abc import Iterable

from ...core.messages import Request, Response, Step, Unreachable, form_body, json_response, split_url
from ...core.strict import URLENCODED
from ...runtime.browser import PLAYED, Browser, Form, Page
from ...runtime.calls import asked
from ...runtime.verdicts import F, Fault, Finding, Outcome, Refuses, fault_of, object_in
from .drafts import Callback, Draft
from .faults import (
    ACTIVITY_FAULTS,
    CONFIG_FAULTS,
    CONNECT_FAULTS,
    VISIT_FAULTS,
    AnswerFault,
    ConnectFault,
    RegisterFault,
)
from .findings import (
    UNASKED,
    absolute,
    called_back,
    configured,
    connected,
    error_message,
    refused,
    said_yes,
    told_apart,
    unasked,
    uniform,
    visited,
)
from .records import Account, Attempt, Connection, PopUp
from .resources import Resources


class Acting(Resources):
    """The platform without its pages: each step is a method that returns its outcome."""

    def trap(self) -> Response:
        """retailcrm:system-url.allowed. Take what no module may send here, and say yes to everything; S2."""
        self.trapped += 1
        for attempt in [*self.waiting]:
            attempt.trapped += 1
        if not self.waiting and not self.calling_back:  # else the step that waits says so
            self.found("system-url.allowed", False, "a foreign host was called, and no step was waiting")
        return json_response(
            {"success": True, "scopes": ["integration_read", "integration_write"], "info": []}
        )

    # --- the popup (page, Connection data request) -----------------------------------------------

    def open_popup(self, account_url: str, code: str, fault: str = "") -> Step[Outcome]:
        """retailcrm:config.moment, retailcrm:card.one-click. A user opens the module's popup: ask for its configuration, remember it."""
        card = self.cards[code]
        chosen = self._fault(fault, account_url, CONFIG_FAULTS)
        if card not in self.shown(account_url) or not card.simple_connection:
            raise ValueError(f"{code} cannot be connected from {account_url} with one click")
        origin, target = split_url(card.config_url)
        findings: tuple[Finding, ...] = ()
        response = None
        for _ in range(chosen.times if chosen else 1):
            response = yield from asked(Request(chosen.method if chosen else "GET", origin, target))
            if chosen and isinstance(chosen.expected, Refuses):
                findings += (unasked(response, chosen),)
            else:
                popup, found = configured(response, card, self.settings.plain)
                self.popups[account_url, code] = popup
                findings += found
        return self.outcome(response, findings)

    # --- Connect (page, Module connection request) ------------------------------------------------

    def connect(self, account_url: str, code: str, fault: str = "") -> Step[Outcome]:
        """retailcrm:register.moment. The user clicks Connect: issue a key, register, judge the answer."""
        chosen = self._fault(fault, account_url, CONNECT_FAULTS)
        popup = self.popups.get((account_url, code), PopUp((), "", "The popup was not opened."))
        if popup.error:  # no key is issued, so nothing is registered; A12, A13
            return Outcome(None, ())
        account = self.accounts[account_url]
        digits = isinstance(chosen, RegisterFault) and chosen.digits
        key = self.issue_key(account, code, popup.scopes, digits)
        account.keys[key].fault = chosen if isinstance(chosen, AnswerFault) else None
        attempt = Attempt(account_url, code, key)
        draft = Draft(
            popup.register_url, key, self.cards[code].secret, self._sent_url(account),
            account.technical_url, self.settings.register_timeout, self.foreign(account_url),
        )  # fmt: skip
        request = chosen.apply(draft) if isinstance(chosen, RegisterFault) else draft.request()
        broken = self.findings.violations
        self.waiting.append(attempt)
        try:
            for _ in range(chosen.times if isinstance(chosen, RegisterFault) else 1):
                response = yield from asked(request)
        finally:
            self.waiting.remove(attempt)
        account.keys[key].fault = None
        asked_for = not isinstance(chosen, AnswerFault) or attempt.played
        refuses = chosen is not None and isinstance(chosen.expected, Refuses) and asked_for
        if chosen and refuses and not self._knew(attempt, response, chosen):
            account.keys[key].revoked = "" if said_yes(response) else "connection.failure"
            findings = (*refused(response, attempt, chosen), *uniform(response, chosen, self.refusals))
            return self.outcome(response, findings)
        known = self.findings.violations > broken and not attempt.edited
        played = chosen if asked_for else None
        findings = () if known else connected(response, attempt, played, self.settings.plain)
        findings += (chosen.unseen(UNASKED),) if chosen and not asked_for else ()
        if attempt.edited and said_yes(response):
            findings += self._made(attempt, response, "technical" if fault == "technical-host" else "public")
        elif response is not None or not attempt.edited:  # a lost answer does not undo a good `edit`
            account.keys[key].revoked = "connection.failure"
        return self.outcome(response, findings)

    def _knew(self, attempt: Attempt, response: Response | None, fault: ConnectFault) -> bool:
        """retailcrm:edit.timeout. Return whether a module said yes once it knew that `edit` was good; A16.

        Its late answer was there, or the module was shown its own description after an answer that was lost.
        """
        late = fault.seconds if isinstance(fault, AnswerFault) else 0
        waited = attempt.edited is not None and self.clock() - attempt.edited_at >= late > 0
        return (waited or attempt.confirmed) and said_yes(response)

    def _sent_url(self, account: Account) -> str:
        """retailcrm:system-url.technical. Return the address that a registration names; A11."""
        return account.technical_url if self.settings.system_url == "technical" else account.system_url

    def _made(self, attempt: Attempt, response: Response | None, host: str) -> tuple[Finding, ...]:
        """retailcrm:connection.repeat. Remember a connection that was made, and look at its clientId; A18, A19."""
        connection = attempt.edited
        assert connection is not None  # noqa: S101  (the caller looked)
        url = object_in(response).get("accountUrl")
        connection.answered_url = str(url) if absolute(url, self.settings.plain) else ""
        place = (attempt.account, attempt.code, host)
        before = self.client_ids.setdefault(place, connection.client_id)
        self.client_ids[place] = connection.client_id
        others = [
            one
            for (account, _), one in [*self.connections.items()]
            if account != attempt.account and one.integration_code == attempt.code
        ]
        return told_apart(connection, before, others)

    def state(self, account_url: str, code: str) -> str:
        """Return `connected`, `off` (switched off or frozen), or nothing."""
        connection = self.connection(account_url, code)
        if connection is None or not connection.answered_url:
            return ""
        return "connected" if connection.active and not connection.freeze else "off"

    def message(self, outcome: Outcome) -> str:
        """retailcrm:answer.escaped. Return what the user is told after a connect that failed."""
        return error_message(outcome.response)

    # --- the user's way to the account (page, Connection scheme) ----------------------------------

    def account_form(self, account_url: str, code: str, later: bool = False) -> tuple[str, dict[str, str]]:
        """retailcrm:transition.post, retailcrm:transition.later. Return where the user's form goes and what it carries; A17."""
        connection = self.connection(account_url, code)
        if connection is None:
            raise ValueError(f"{code} is not connected to {account_url}")
        url = connection.account_url if later else connection.answered_url
        return url, {"clientId": connection.client_id}

    def visit(self, account_url: str, code: str, fault: str = "") -> Step[Outcome]:
        """retailcrm:transition.post. Send a browser to the account, twice afresh and once to the end, and judge it."""
        chosen = self._fault(fault, account_url, VISIT_FAULTS)
        url, fields = self.account_form(account_url, code)
        if not url:  # no answer gave an address, which was found already
            return Outcome(None, ())
        if chosen:
            to, sent = chosen.visit(url, fields["clientId"])
            response = yield from asked(posted(to, sent or {}, account_url))
            closed = response.status >= 400 if response is not None else None
            if response is not None and 300 <= response.status < 400:  # to a log-in page, or to the account?
                genuine = yield from asked(posted(url, fields, account_url))
                opened = genuine.header("location") if genuine is not None else ""
                closed = response.header("location") != opened
            return self.outcome(response, (Finding(chosen.clause, closed, chosen.name),))
        first = yield from asked(posted(url, fields, account_url))
        second = yield from asked(posted(url, fields, account_url))
        entered = first is not None and second is not None and first.status < 400
        page: Response | None = None
        if entered:
            module_page = Page(f"{account_url}/simulator", Response(200))
            try:
                page = (yield from Browser().submit(module_page, Form(url, "POST", fields))).response
            except (Unreachable, ValueError):  # no answer, or a redirect to where nobody may go from here
                page = None
        return self.outcome(page, visited(first, second, page, fields.get("clientId", "")))

    # --- callbacks --------------------------------------------------------------------------------

    def activity(
        self, account_url: str, code: str, fault: str = "", *, active: bool = True, freeze: bool = False
    ) -> Step[Outcome]:
        """retailcrm:activity.moment. Tell a module what became of its connection; A22, A23."""
        chosen = self._fault(fault, account_url, ACTIVITY_FAULTS)
        connection, account = self.connection(account_url, code), self.accounts[account_url]
        if connection is None:
            raise ValueError(f"{code} is not connected to {account_url}")
        callback = Callback(
            connection.client_id, self._sent_url(account), account.technical_url, self.foreign(account_url)
        )
        flags = f'{{"active":{str(active).lower()},"freeze":{str(freeze).lower()}}}'
        fields = dict(chosen.fields(callback)) if chosen else callback.fields(activity=flags)
        if chosen is None:
            self.switch(account, connection, active, freeze)
        request = posted(self.activity_url(connection), fields)
        trapped, elsewhere = self.trapped, self._elsewhere(account_url)
        self.calling_back += 1
        try:
            for _ in range(chosen.times if chosen else 1):
                response = yield from asked(request)
        finally:
            self.calling_back -= 1
        trapped, elsewhere = self.trapped - trapped, self._elsewhere(account_url) - elsewhere
        return self.outcome(response, called_back(response, chosen, trapped, elsewhere))

    def _elsewhere(self, account_url: str) -> int:
        return sum(count for url, count in [*self.calls.items()] if url != account_url)

    def activity_url(self, connection: Connection) -> str:
        """retailcrm:activity.address. Return baseUrl and the action's path with one slash between them; A22."""
        return f"{connection.base_url.rstrip('/')}/{connection.actions.get('activity', '').lstrip('/')}"

    # --- helpers ----------------------------------------------------------------------------------

    def foreign(self, account_url: str) -> dict[str, str]:
        """retailcrm:system-url.allowed. Return the addresses of this simulator that a fault may name, by kind; S2."""
        others = [one.system_url for one in [*self.accounts.values()] if one.system_url != account_url]
        return {**self.settings.traps, **({"another": others[0]} if others else {})}

    def offers(self, fault: Fault, account_url: str) -> bool:
        """Return whether a fault can be tried: whether there is an address of the kind that it names."""
        account = self.accounts[account_url]
        if fault.name == "technical-host" and account.technical_url == account.system_url:
            return False
        return getattr(fault, "foreign", "") in ("", *self.foreign(account_url))

    def _fault(self, name: str, account_url: str, among: Iterable[F]) -> F | None:
        return fault_of(name, among, lambda fault: self.offers(fault, account_url))


def posted(url: str, fields: dict[str, str] | object, origin: str = "") -> Request:
    """Return a form POST; with `origin`, as a browser sends it from a page of that site."""
    to, target = split_url(url)
    headers = (("content-type", URLENCODED), *((("origin", origin),) if origin else ()))
    return Request("POST", to, target, headers, form_body(fields), note=PLAYED if origin else "")  # type: ignore[arg-type]
