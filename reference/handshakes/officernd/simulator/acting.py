"""OfficeRnD acting: what an admin adds and presses, the signed requests and the webhook."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import quote, urlencode

from ...core.messages import Request, Response, Step, Unreachable, split_url
from ...runtime.browser import Browser
from ...runtime.calls import asked
from ...runtime.verdicts import PROBE, Fault, Finding, Outcome, Refuses, Survives, fault_of
from .drafts import Delivery, Draft
from .faults import CONNECT_FAULTS, FAULTS, PAGE_FAULTS, WEBHOOK_FAULTS, PageFault, WebhookFault
from .findings import (
    accepted,
    account_name,
    configured,
    delivered,
    gone,
    judged,
    message_of,
    named_as,
    unheard,
    uniform,
    unknown,
)
from .records import CLAUSE, Integration, Webhook
from .resources import Resources

COOKIE = "simulator_connect"
RETURN = "/connect/external-integration/return"
BACK = "OfficeRnD checks the health of the connection that there is, now that the browser is back."
GONE = PROBE + "OfficeRnD checks the health once more after a removal."
TRIED = (
    PROBE
    + "it is signed with the secret of the false answer. Only a partner that believed that answer would accept it."
)


class Acting(Resources):
    """The platform without its pages: each step is a method that returns its outcome."""

    # --- connecting -------------------------------------------------------------------------------

    def connect_url(self, integration_id: str, fault: str = "") -> str:
        """officernd:connect.parameters. Return what the Connect button opens in the admin's browser."""
        integration = self.integrations[integration_id]
        application = self.applications[integration.client_id]
        parameters = self.connect_parameters(integration, application.redirect_uris[0])
        if chosen := fault_of(fault, CONNECT_FAULTS, self.offers):
            grant = self.grants[parameters["code"]]
            grant.fault = integration.fault = chosen
            if chosen.grant:
                chosen.grant(grant)
        query = urlencode(parameters, quote_via=quote)
        return f"{application.connect_url}{'&' if '?' in application.connect_url else '?'}{query}"

    def offers(self, fault: Fault) -> bool:
        """Return whether a fault can be tried: one that needs a trap only where there is one."""
        return bool(self.settings.traps) or not getattr(fault, "traps", False)

    def _connecting(self, request: Request) -> list[Integration]:
        """Return what this browser was connecting, by its cookie; without one, what got to its secret, or else all."""
        connecting = [
            one
            for one in [*self.integrations.values()]
            if one.state == "connecting" or (one.state == "failed" and one.came_back_early)
        ]
        if browser := request.cookie(COOKIE):
            return [one for one in connecting if one.id == self.browsers.get(browser)]
        read = [one for one in connecting if one.secret_was_read]
        return read or [one for one in connecting if one.state == "connecting"]

    def connect_outcome(self, integration_id: str, shown: Response | None = None) -> Outcome:
        """officernd:return.redirect. Say, after a connect, whether the browser came back.

        officernd:connect.interface. A page that is `shown` before any token is asked for waits for its user.
        """
        integration = self.integrations[integration_id]
        asked = self.token_requests > integration.token_requests_before
        if integration.state == "connecting" and shown is not None and shown.ok and not asked:
            waits = "the partner shows a page of its own first, which has to be used by hand"
            return Outcome(shown, (Finding(CLAUSE + "return.redirect", None, waits),))
        came_back = integration.state != "connecting"
        return Outcome(None, (Finding(CLAUSE + "return.redirect", came_back, "the end of the connect"),))

    # --- signed requests --------------------------------------------------------------------------

    def healthcheck(self, integration_id: str, fault: str = "", clause: str = "") -> Step[Outcome]:
        """officernd:healthcheck.success. Send the signed health check; the integration's state follows it; H1.

        A genuine one speaks for `clause`, where that is given.
        """
        outcome = yield from self._health(self.integrations[integration_id], fault)
        findings = (accepted(clause, outcome.response, integration_id),) if clause else outcome.findings
        return self.outcome(outcome.response, findings)

    def _health(self, integration: Integration, fault: str, note: str = "") -> Step[Outcome]:
        application = self.applications[integration.client_id]
        outcome = yield from self._signed(
            integration, "healthcheck", application.healthcheck_url, fault, note
        )
        account = account_name(outcome.response)
        if integration.known and (not fault or FAULTS[fault].expected == Survives("connected")):
            integration.state = "connected" if account else "failed"
            integration.account_name = account
            integration.message = "" if account else message_of(outcome.response)
        if account and application.account_name:
            named = named_as(account, application.account_name)
            return replace(outcome, findings=(*outcome.findings, named))
        return outcome

    def sync(self, integration_id: str, fault: str = "") -> Step[Outcome]:
        """officernd:sync.method. Send the signed sync request; any status in the 200s is a yes; H7."""
        integration = self.integrations[integration_id]
        url = self.applications[integration.client_id].sync_url
        if not url:
            return Outcome(None, (Finding(CLAUSE + "sync.answer", None, "sync: there is no Sync URL"),))
        outcome = yield from self._signed(integration, "sync", url, fault)
        return self.outcome(outcome.response, outcome.findings)

    def healthcheck_url(self, integration_id: str, fault: str = "") -> str:
        """officernd:healthcheck.success. Return the signed URL that a health check asks for, without asking."""
        application = self.applications[self.integrations[integration_id].client_id]
        return self._signed_url(integration_id, application.healthcheck_url, fault)

    def configuration_url(self, integration_id: str, fault: str = "") -> str:
        """officernd:configuration.page. Return the signed URL that opens the settings in the admin's browser."""
        application = self.applications[self.integrations[integration_id].client_id]
        return self._signed_url(integration_id, application.configuration_url, fault)

    def _signed_url(self, integration_id: str, url: str, fault: str) -> str:
        integration = self.integrations[integration_id]
        chosen = self._page_fault(fault, integration)
        draft = self._draft(integration, url)
        return (chosen.apply(draft) if chosen else draft.request(draft.pairs, draft.sign())).url

    def configure(self, integration_id: str, fault: str = "") -> Step[Outcome]:
        """officernd:configuration.page. Open the settings as a browser does, and judge what it is shown; H8."""
        integration, response = self.integrations[integration_id], None
        url, chosen = self.configuration_url(integration_id, fault), self._page_fault(fault, integration)
        for _ in range(chosen.times if chosen else 1):
            try:
                response = (yield from Browser().open(url)).response
            except (Unreachable, ValueError):  # no answer, or a redirect to what is no URL
                response = None
        found = configured(response, fault)
        return self.outcome(response, found if integration.known else unknown(found))

    def _draft(self, integration: Integration, url: str) -> Draft:
        """officernd:signature.parameters. Return the pairs of the profile, in the observed order; S2."""
        organization = self.organizations[integration.organization_id]
        pairs = [("slug", organization.slug), ("locations", self.written_locations(integration))]
        if self.settings.profile == "observed":
            pairs += [("organizationId", organization.id), ("memberId", organization.member_id)]
        client_secret = self.applications[integration.client_id].client_secret
        return Draft(url, tuple(pairs), integration.secret, client_secret, self.clock())

    def _page_fault(self, name: str, integration: Integration) -> PageFault | None:
        fault = fault_of(name, PAGE_FAULTS, self.offers)
        if fault and fault.renames:
            self.rename(integration.organization_id, fault.renames)
        return fault

    def _signed(
        self, integration: Integration, endpoint: str, url: str, name: str, note: str = ""
    ) -> Step[Outcome]:
        fault = self._page_fault(name, integration)
        draft = self._draft(integration, url)
        request = fault.apply(draft) if fault else draft.request(draft.pairs, draft.sign())
        request = replace(request, headers=(("accept", "application/json"),), note=note)
        for _ in range(fault.times if fault else 1):
            response = yield from asked(request)
        findings = judged(response, fault, endpoint)
        if not integration.known:
            return Outcome(response, unknown(findings))
        return Outcome(response, (*findings, *uniform(response, fault, self.refusals, endpoint)))

    def believing(self, integration: Integration, secret: str) -> Step[Response | None]:
        """Send a health check that is signed with a false secret, which may be empty."""
        application = self.applications[integration.client_id]
        draft = self._draft(integration, application.healthcheck_url)
        signature = draft.sign(readings={"key": lambda *_: secret.encode()})
        return (yield from asked(replace(draft.request(draft.pairs, signature), note=TRIED)))

    # --- removal ----------------------------------------------------------------------------------

    def remove(self, integration_id: str, fault: str = "") -> Step[Outcome]:
        """officernd:webhook.event. Remove an integration and tell every subscribed webhook; W5."""
        integration = self.integrations[integration_id]
        chosen = fault_of(fault, WEBHOOK_FAULTS, self.offers)
        findings: tuple[Finding, ...] = ()
        response, subscribed = None, self._subscribed(integration)
        for webhook in subscribed:
            response = yield from self._deliver(integration, webhook, chosen)
            if webhook.told:
                findings += self.outcome(response, delivered(response, chosen)).findings
        if not findings:
            findings = self.outcome(None, (unheard(chosen),)).findings
        if chosen is None or not isinstance(chosen.expected, Refuses):
            after = yield from self._health(integration, "", GONE)
            integration.state, integration.message = "removed", ""
            if all(finding.held for finding in findings):  # it said that it understood
                findings += self.outcome(after.response, (gone(after.response, chosen),)).findings
        return Outcome(response, findings)

    def _subscribed(self, integration: Integration) -> list[Webhook]:
        return [
            webhook
            for webhook in list(self.webhooks.values())
            if webhook.enabled
            and "integration.removed" in webhook.events
            and (webhook.organization_id, webhook.client_id)
            == (integration.organization_id, integration.client_id)
            and self._is_about(webhook, integration)
        ]

    def _is_about(self, webhook: Webhook, integration: Integration) -> bool:
        """A webhook whose URL names another integration of the same organisation is about that one."""
        others = [id for id in [*self.integrations] if id != integration.id]
        return not any(id in webhook.url for id in others)

    def _deliver(
        self, integration: Integration, webhook: Webhook, fault: WebhookFault | None
    ) -> Step[Response | None]:
        event = {
            "event": self.new_id(),
            "eventType": "integration.removed",
            "data": {"object": self.document(integration, with_secret=False)},
            "createdAt": self.iso_time(),
        }
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        delivery = Delivery(body, webhook.secret, integration.secret, self.clock())
        headers, sent = fault.apply(delivery) if fault else (delivery.headers(delivery.signed()), body)
        origin, target = split_url(webhook.url)
        response: Response | None = None
        for _ in range(fault.times if fault else 1):
            response = yield from asked(Request("POST", origin, target, headers, sent))
        return response
