"""A user of RetailCRM who connects a module and uses it: what `judge` and the tests of a team drive."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..core.messages import Request, Step
from ..runtime.customers import NOT_TAKEN, Taken, place_of
from ..runtime.verdicts import Fault
from .simulator.faults import ACTIVITY_FAULTS, CONFIG_FAULTS, CONNECT_FAULTS, FAULTS, VISIT_FAULTS
from .simulator.findings import UNASKED
from .simulator.platform import RetailCRM
from .simulator.records import Account, Card, Connection

_MODULE = re.compile(r"/api/v5/integration-modules/[^/]+(?:/([a-z-]+))?")
_PLAIN = ("credentials", "system-info", "api-versions")


class User:
    """A user of the first account."""

    address = "config_url"
    known: Mapping[str, Fault] = FAULTS
    browsing: Collection[str] = ("visit",)
    receives: Collection[str] = ("activity", "edit", "module", "update-scopes", *_PLAIN)
    handshake: Sequence[str] = ("popup", "connect", "visit")

    def __init__(self, platform: RetailCRM, settings: Mapping[str, str]) -> None:
        self.platform = platform

    @property
    def _account(self) -> Account:
        return next(iter([*self.platform.accounts.values()]))

    @property
    def _card(self) -> Card:
        return next(iter([*self.platform.cards.values()]))

    @property
    def _connection(self) -> Connection | None:
        return self.platform.connection(self._account.system_url, self._card.code)

    @property
    def steps(self) -> Mapping[str, Sequence[Fault]]:
        """Every button of the list, with its faults; those of an address that is not here are left out."""
        url = self._account.system_url
        steps: dict[str, Sequence[Any]] = {
            "popup": CONFIG_FAULTS, "connect": CONNECT_FAULTS, "visit": VISIT_FAULTS, "on": ACTIVITY_FAULTS,
            "off": (), "freeze": (),
        }  # fmt: skip
        return {
            step: [fault for fault in faults if self.platform.offers(fault, url)]
            for step, faults in steps.items()
        }

    @property
    def credentials(self) -> Mapping[str, str]:
        """What the card of the module says."""
        return {
            "secret": self._card.secret,
            "code": self._card.code,
            "system_url": self._account.system_url,
            "scopes": ",".join(self._card.scopes),
        }

    @property
    def installation(self) -> Mapping[str, Any]:
        """What the account believes of the module."""
        one, url = self._connection, self._account.system_url
        state = self.platform.state(url, self._card.code) or "not connected"
        if one is None:
            return {"state": state}
        return {
            "state": state,
            "client_id": one.client_id,
            "base_url": one.base_url,
            "account_url": one.answered_url,
            "active": one.active,
            "freeze": one.freeze,
        }

    def take(self, step: str, fault: str = "") -> Step[Taken]:
        """Press a button; what needs a popup, or a connection, waits for one."""
        platform, place = self.platform, (self._account.system_url, self._card.code)
        if step == "popup":
            return Taken((yield from platform.open_popup(*place, fault)))
        if step == "connect":
            if place not in platform.popups or platform.popups[place].error:
                return NOT_TAKEN
            outcome = yield from platform.connect(*place, fault)
            asked = not fault or FAULTS[fault].unseen(UNASKED) not in outcome.findings
            return Taken(outcome, asked)
        if not platform.state(*place):
            return NOT_TAKEN
        if step == "visit":
            return Taken((yield from platform.visit(*place, fault)))
        called = platform.activity(*place, fault, active=step != "off", freeze=step == "freeze")
        return Taken((yield from called))

    def step_of(self, request: Request) -> str:
        """Return the button, the kind of an API's call (`edit`, `module`, `credentials` …), or `activity`."""
        path, place = request.path, (self._account.system_url, self._card.code)
        if request.origin in self.platform.origins:
            if found := _MODULE.fullmatch(path):
                return found[1] or "module"
            kind = path.rpartition("/")[2]
            return kind if path.startswith("/api/") and kind in _PLAIN else ""
        popup, connection = self.platform.popups.get(place), self._connection
        urls = {"popup": self._card.config_url, "connect": popup.register_url if popup else ""}
        if connection:
            urls |= {"activity": self.platform.activity_url(connection), "visit": connection.answered_url}
        found_urls = (step for step, url in urls.items() if url and place_of(url) == (request.origin, path))
        return next(found_urls, "")

    def secrets(self, request: Request) -> list[str]:
        """Return the secret of the card."""
        return [self._card.secret]


CUSTOMER = User
