"""Both sides of RetailCRM for the tests: a clock that stands still, the same random bytes each time, reports kept."""

from __future__ import annotations

from typing import Any, NamedTuple

from handshakes.core.refusals import Refused
from handshakes.retailcrm import demo
from handshakes.retailcrm.partner import Module
from handshakes.retailcrm.partner.configuration import Configuration
from handshakes.retailcrm.partner.connecting import PLATFORM
from handshakes.retailcrm.simulator import RetailCRM
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import Installation, Store
from handshakes.runtime.verdicts import Outcome
from tests.sides import made

NOW = 1_700_000_000
CODE, DEMO, ANOTHER = demo.CODE, demo.DEMO, demo.ANOTHER


class Both(NamedTuple):
    """The two roles and what surrounds them."""

    platform: RetailCRM
    partner: Module
    clock: Clock
    store: Store
    reports: list[tuple[str, Refused]]
    network: InProcess

    def popup(self, account: str = DEMO, fault: str = "") -> Outcome:
        return self.network.run(self.platform.open_popup(account, CODE, fault), "RetailCRM")

    def connect(self, account: str = DEMO, fault: str = "") -> Outcome:
        """Open the popup, if it was not, and click Connect."""
        if (account, CODE) not in self.platform.popups:
            self.popup(account)
        return self.network.run(self.platform.connect(account, CODE, fault), "RetailCRM")

    def activity(self, account: str = DEMO, fault: str = "", **flags: bool) -> Outcome:
        return self.network.run(self.platform.activity(account, CODE, fault, **flags), "RetailCRM")

    def visit(self, account: str = DEMO, fault: str = "") -> Outcome:
        return self.network.run(self.platform.visit(account, CODE, fault), "browser")

    def work(self, account: str = DEMO) -> Any:
        return self.network.run(self.partner.work(self.partner.identity(account)), "module")

    def installation(self, account: str = DEMO) -> Installation | None:
        return self.store.get(PLATFORM, self.partner.identity(account))

    def in_use(self) -> dict[str, Installation]:
        """Every installation in use: what no failure may change."""
        hosts = [host for account in self.platform.accounts.values() for host in account.origins]
        found = [self.store.find(PLATFORM, "systemUrl", host) for host in hosts]
        return {one.identity: one for some in found for one in some if one.state == "active"}

    def reasons(self) -> list[str]:
        return [refused.reason for _, refused in self.reports]


def sides(store: Store | None = None, *, kind: type[Module] | None = None, **changes: Any) -> Both:
    """Return both sides in one process.

    `kind` may be a broken module. A change is a name of `demo.SETTINGS`, or else a field of the module's
    `Configuration` or of the platform's `Settings`: `sides(rotation="same-key", instance="7")`.
    """
    return Both(*made(demo, Configuration, NOW, store, kind, changes))


def connected(store: Store | None = None, **changes: Any) -> Both:
    """Return both sides after the first account was connected."""
    both = sides(store, **changes)
    outcome = both.connect()
    assert outcome.held, outcome.findings
    assert both.platform.state(DEMO, CODE) == "connected"
    assert both.reports == []
    return both
