"""An administrator who activates a provider in onOffice and uses it: what `judge` and the tests of a team drive."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..core.messages import Request, Step
from ..runtime.customers import NOT_TAKEN, Taken, place_of
from ..runtime.verdicts import Fault, Outcome
from .demo import ADMINISTRATOR, FIRST
from .simulator.faults import ACTIVATION_FAULTS, CLAIM_FAULTS, FAULTS, URL_FAULTS, ApiFault, StateFault
from .simulator.platform import OnOffice


class Administrator:
    """The administrator of the first customer."""

    address = "activation_url"
    known: Mapping[str, Fault] = FAULTS
    browsing: Collection[str] = ("activate", "service")
    receives: Collection[str] = ("press", "unlockProvider", "estate")

    def __init__(self, platform: OnOffice, settings: Mapping[str, str]) -> None:
        self.platform = platform
        kinds = ("webhook" if one.webhook else "service" for one in platform.account.services)
        self._services = dict(zip(kinds, platform.account.services, strict=True))
        self._given = [kind for kind in self._services if f"{kind}_url" in settings]

    @property
    def steps(self) -> Mapping[str, Sequence[Fault]]:
        """The popup, each service and the block, with the faults that can act on their addresses."""
        offered, account = self.platform.offered, self.platform.account
        return {
            "activate": offered(ACTIVATION_FAULTS, account.activation_url),
            "service": offered((*URL_FAULTS, *CLAIM_FAULTS), self._services["service"].url),
            "webhook": offered(URL_FAULTS, self._services["webhook"].url),
            "block": (),
        }

    @property
    def handshake(self) -> Sequence[str]:
        """Activate, then use what has an address."""
        return ("activate", *self._given)

    @property
    def credentials(self) -> Mapping[str, str]:
        """The provider secret, and where the API is; tokens and keys come with each activation."""
        settings = self.platform.settings
        return {
            "secret": self.platform.account.secret,
            "api_url": f"{settings.api_origin}/api/stable/api.php",
            "portal_origin": settings.portal_origin,
        }

    @property
    def installation(self) -> Mapping[str, Any]:
        """What the customer sees of the provider."""
        customer = self.platform.customers[FIRST]
        return {"state": customer.status, "rights": customer.rights, "api_calls": self.platform.calls}

    def take(self, step: str, fault: str = "") -> Step[Taken]:
        """Go through the popup, open a service, or block the provider."""
        platform = self.platform
        if step == "activate":
            calls = platform.calls
            outcome = yield from platform.activate(FIRST, ADMINISTRATOR, fault)
            asks = isinstance(FAULTS.get(fault), (ApiFault, StateFault))
            there = not any(one.detail == "no form to activate with" for one in outcome.findings)
            return Taken(outcome, there and (not asks or platform.calls > calls))
        if platform.customers[FIRST].status != "active":
            return NOT_TAKEN
        if step == "block":
            platform.block(FIRST)
            return Taken(Outcome(None, ()))
        name = self._services[step].name
        return Taken((yield from platform.serve(FIRST, ADMINISTRATOR, name, fault)))

    def step_of(self, request: Request) -> str:
        """Return the popup's or the service's step, or the action of an API's call: `unlockProvider`, `estate`."""
        if request.origin in self.platform.origins:
            found = re.search(rb'"resourcetype"\s*:\s*"([A-Za-z]{1,40})"', request.body)
            return found[1].decode() if found and request.path.startswith("/api/") else ""
        urls = {"activate": self.platform.account.activation_url} | {
            kind: service.url for kind, service in self._services.items()
        }
        found_urls = (step for step, url in urls.items() if place_of(url) == (request.origin, request.path))
        if step := next(found_urls, ""):
            return step
        return "press" if request.method == "POST" else ""

    def secrets(self, request: Request) -> list[str]:
        """Return the provider secret, or the key of the API user that a call names."""
        if request.origin not in self.platform.origins:
            return [self.platform.account.secret]
        token = re.search(rb'"token"\s*:\s*"([^"\\]{1,200})"', request.body)
        user = self.platform.api_users.get(token[1].decode("utf-8", "replace")) if token else None
        return [user.key] if user else []


CUSTOMER = Administrator
