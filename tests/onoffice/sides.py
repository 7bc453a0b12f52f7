"""Both sides of onOffice for the tests: a clock that stands still, the same random bytes each time, reports kept."""

from __future__ import annotations

from typing import Any, NamedTuple

from handshakes.core.refusals import Refused
from handshakes.onoffice import demo
from handshakes.onoffice.partner import Provider
from handshakes.onoffice.partner.configuration import Configuration
from handshakes.onoffice.partner.connecting import PLATFORM
from handshakes.onoffice.simulator import OnOffice
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import Installation, Store
from handshakes.runtime.verdicts import Outcome
from tests.sides import made

NOW = 1_700_000_000
FIRST, SECOND, ADMIN, BROKER = demo.FIRST, demo.SECOND, demo.ADMINISTRATOR, demo.BROKER
PLANS, EXPORT = demo.PLANS, demo.EXPORT


class Both(NamedTuple):
    """The two roles and what surrounds them."""

    platform: OnOffice
    partner: Provider
    clock: Clock
    store: Store
    reports: list[tuple[str, Refused]]
    network: InProcess

    def activate(self, fault: str = "", customer: str = FIRST, **more: Any) -> Outcome:
        return self.network.run(self.platform.activate(customer, ADMIN, fault, **more), "browser")

    def serve(
        self, fault: str = "", customer: str = FIRST, user: str = ADMIN, service: str = PLANS, **more: Any
    ) -> Outcome:
        return self.network.run(self.platform.serve(customer, user, service, fault, **more), "browser")

    def work(self, customer: str = FIRST, user: str = ADMIN) -> Any:
        return self.network.run(self.partner.work(customer, user, f"{customer}1"), "provider")

    def installation(self, customer: str = FIRST) -> Installation | None:
        return self.store.get(PLATFORM, self.partner.customer(customer))

    def in_use(self) -> dict[str, Installation]:
        """Every installation in use: what no failure may change."""
        found = [self.installation(customer) for customer in self.platform.customers]
        return {one.identity: one for one in found if one and one.state == "active"}

    def status(self, customer: str = FIRST) -> str:
        return self.platform.customers[customer].status

    def reasons(self) -> list[str]:
        return [refused.reason for _, refused in self.reports]


def sides(store: Store | None = None, *, kind: type[Provider] | None = None, **changes: Any) -> Both:
    """Return both sides in one process.

    `kind` may be a broken provider. A change is a name of `demo.SETTINGS`, or else a field of the provider's
    `Configuration` or of the platform's `Settings`: `sides(errors="200-0", hmac_version="1")`.
    """
    return Both(*made(demo, Configuration, NOW, store, kind, changes))


def activated(store: Store | None = None, **changes: Any) -> Both:
    """Return both sides after the first customer activated the provider."""
    both = sides(store, **changes)
    outcome = both.activate()
    assert outcome.held, outcome.findings
    assert both.status() == "active"
    assert both.reports == []
    return both
