"""An admin of OfficeRnD who connects a partner and uses it: what `judge` and the tests of a team drive."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ..core.messages import Request, Response, Step, Unreachable
from ..runtime.browser import Browser
from ..runtime.customers import NOT_TAKEN, Taken, place_of
from ..runtime.verdicts import Fault, Finding, Outcome
from .simulator.acting import RETURN
from .simulator.faults import CONNECT_FAULTS, FAULTS, PAGE_FAULTS, WEBHOOK_FAULTS
from .simulator.platform import OfficeRnD
from .simulator.records import Application, Integration

_PLACES = {"": "organization", "integrations": "integration"}
_API = r"/api/v[12]/organizations/[^/]+(?:/(integrations|webhooks|locations|offices)(?:/[^/]*)?)?"
_ONCE = tuple(fault for fault in PAGE_FAULTS if fault.name not in ("post", "replay"))


class Admin:
    """The admin of the first organisation, with its first integration."""

    address = "partner_url"
    known: Mapping[str, Fault] = FAULTS
    browsing: Collection[str] = ("connect", "configure")
    receives: Collection[str] = (
        "token",
        "authorize",
        "organization",
        "integration",
        "webhooks",
        "locations",
        "offices",
        "return",
    )

    def __init__(self, platform: OfficeRnD, settings: Mapping[str, str]) -> None:
        self.platform = platform
        self._connected = False

    @property
    def _integration(self) -> Integration:
        return next(iter([*self.platform.integrations.values()]))

    @property
    def _application(self) -> Application:
        return self.platform.applications[self._integration.client_id]

    @property
    def steps(self) -> Mapping[str, Sequence[Fault]]:
        """Every button of the list, with its faults."""
        traps = self.platform.settings.traps
        steps: dict[str, Sequence[Fault]] = {
            "connect": [fault for fault in CONNECT_FAULTS if traps or not fault.traps],
            "healthcheck": PAGE_FAULTS,
            "configure": _ONCE,
            "sync": PAGE_FAULTS if self._application.sync_url else (),
            "remove": WEBHOOK_FAULTS,
        }
        return steps

    @property
    def handshake(self) -> Sequence[str]:
        """Connect with the browser's way back, then each signed request once."""
        return ("connect", "healthcheck", "configure", *(("sync",) if self._application.sync_url else ()))

    @property
    def credentials(self) -> Mapping[str, str]:
        """The integration's secret, and the OAuth client of the application."""
        application, integration = self._application, self._integration
        return {
            "secret": integration.secret,
            "client_id": application.client_id,
            "client_secret": application.client_secret,
            "integration_id": integration.id,
            "organization_id": integration.organization_id,
            "org_slug": self.platform.organizations[integration.organization_id].slug,
        }

    @property
    def installation(self) -> Mapping[str, Any]:
        """What the admin sees of the integration."""
        one = self._integration
        return {
            "state": one.state,
            "account_name": one.account_name,
            "message": one.message,
            "secret_was_read": one.secret_was_read,
            "webhooks": [webhook.url for webhook in [*self.platform.webhooks.values()]],
        }

    def take(self, step: str, fault: str = "") -> Step[Taken]:
        """Press a button; what is used, and removed, has to be connected."""
        if step == "connect":
            return (yield from self._connect(fault))
        if not self._connected or (step == "sync" and not self._application.sync_url):
            return NOT_TAKEN
        outcome = yield from getattr(self.platform, step)(self._integration.id, fault)
        self._connected = self._integration.state != "removed"
        return Taken(outcome)

    def _connect(self, fault: str) -> Step[Taken]:
        platform, integration = self.platform, self._integration
        seen, shown = platform.findings.seen, None
        url = platform.connect_url(integration.id, fault)
        with suppress(Unreachable, ValueError):  # no answer, or a redirect to what is no URL
            shown = (yield from Browser().open(url)).response
        played = not fault or integration.fault_was_played
        if fault and integration.state == "connecting":
            platform.findings.append(
                Finding(FAULTS[fault].clause, None, f"connect, {fault}: nobody came back")
            )
        elif not fault:
            self._ended(integration, shown)
        self._connected = integration.state == "connected"
        return Taken(Outcome(shown, tuple(platform.findings.since(seen))), played)

    def _ended(self, integration: Integration, shown: Response | None) -> None:
        platform = self.platform
        if shown is None and integration.state == "connecting":
            platform.found("return.redirect", None, "the end of the connect: no answer")
            return
        platform.findings += platform.connect_outcome(integration.id, shown).findings

    def step_of(self, request: Request) -> str:
        """Return the button, the place of the API, `token`, `return` or `webhook`."""
        path = request.path
        if request.origin in self.platform.origins:
            if path.startswith("/oauth/"):
                return path.removeprefix("/oauth/")
            if place := re.fullmatch(_API, path):
                return _PLACES.get(place[1] or "", place[1])
            return "return" if path == RETURN else ""
        application = self._application
        urls = {
            "connect": application.connect_url,
            "healthcheck": application.healthcheck_url,
            "configure": application.configuration_url,
            "sync": application.sync_url,
            **{f"remove {id}": webhook.url for id, webhook in [*self.platform.webhooks.items()]},
        }
        found = (step for step, url in urls.items() if url and place_of(url) == (request.origin, path))
        return next(found, "").partition(" ")[0]

    def secrets(self, request: Request) -> list[str]:
        """Return the webhook's secret for a webhook, else that of the integration."""
        hooks = [
            one for one in [*self.platform.webhooks.values()] if place_of(one.url) == place_of(request.url)
        ]
        return [one.secret for one in hooks] or [self._integration.secret]


CUSTOMER = Admin
