"""What a platform gives once is not lost where the store is locked at that moment: it is saved a little later.

Another connection takes SQLite's write lock when the platform has answered. It gives it back after a while, or never.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import shake_256
from itertools import count
from typing import Any

import pytest
from cryptography.fernet import Fernet

from handshakes.core.messages import Pause
from handshakes.core.refusals import Refused
from handshakes.fortis import demo as fortis
from handshakes.platforms import PLATFORMS
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.renewing import LOOK
from handshakes.runtime.sql_store import SqlStore
from handshakes.runtime.story import World
from tests.web import test_killed as people

LATER = 10**5
"""Seconds after which an access token has ended."""


class Both(InProcess):
    """Both sides on a store of SQLite that is locked when the platform has answered a request to `path`."""

    def __init__(self, name: str, folder: Any) -> None:
        numbers, file = count(), folder / "kept.sqlite"
        self.store = SqlStore(f"sqlite:///{file}?timeout=0.01", [Fernet.generate_key().decode()])
        self.clock = Clock(1_700_000_000)
        world = World(self.clock, lambda n: shake_256(str(next(numbers)).encode()).digest(n), self.store)
        sides = PLATFORMS[name].tools().sides(world)
        self.platform, self.partner, self.reports = sides.platform, sides.partner, sides.reports
        self.other = sqlite3.connect(file, isolation_level=None)
        self.path, self.asked, self.pauses, self.locked_for = "none", 0, 0, 0
        self.meanwhile: Any = lambda: None
        super().__init__(self, sides.partner, clock=self.clock)

    @property
    def name(self) -> str:
        return self.platform.name

    @property
    def origins(self) -> Any:
        return self.platform.origins

    @property
    def secret_names(self) -> Any:
        return self.platform.secret_names

    def handle(self, request: Any) -> Any:
        answer = yield from self.platform.handle(request)
        if self.path in request.path:
            self.asked += 1
            if self.asked == 1:
                self.lock()
        return answer

    def lock(self) -> None:
        if not self.other.in_transaction:
            self.other.execute("BEGIN IMMEDIATE")

    def free(self) -> None:
        if self.other.in_transaction:
            self.other.rollback()

    def _pause(self, seconds: float) -> None:
        super()._pause(seconds)
        self.pauses += 1
        if self.pauses == self.locked_for:
            self.free()
            self.meanwhile()

    def tried(self, step: Any) -> bool:
        """Return what a step says came of it; a refusal that it raises is told as an endpoint would tell it."""
        try:
            return bool(self.run(step))
        except Refused as refused:
            self.reports.append(("work", refused))
            return False

    def reasons(self) -> list[str]:
        return [refused.reason for _, refused in self.reports]


def consents(both: Both) -> Any:
    outcome = yield from both.platform.consent(fortis.TITLE, fortis.LOCATION, fortis.USER)
    return [finding.held for finding in outcome.findings] == [True]


def fortis_works(both: Both) -> Any:
    return (yield from both.partner.work(fortis.LOCATION, fortis.USER))


def officernd_renews(both: Both) -> Any:
    (one,) = both.store.find("officernd", "integrationId", people.FIRST)
    return (yield from both.partner.fresh(one))


def rescopes(both: Both) -> Any:
    (identity,) = (identity for identity, _ in both.store.listed("retailcrm", 9))
    return (yield from both.partner.rescope(identity, both.partner.configuration.scopes))


def first(name: str) -> Any:
    return lambda both: people.CASES[name][1](both.platform)


def nothing(both: Both) -> Any:
    yield from ()


def opens(both: Both) -> Any:
    yield from first("fortis")(both)
    yield from consents(both)


CASES = {
    "OfficeRnD: a code is exchanged": ("officernd", nothing, first("officernd"), "/oauth/token", 0),
    "OfficeRnD: a token is renewed": ("officernd", first("officernd"), officernd_renews, "/oauth/token", LATER),
    "RetailCRM: a key comes": ("retailcrm", nothing, first("retailcrm"), "/edit", 0),
    "RetailCRM: a key is replaced": ("retailcrm", first("retailcrm"), rescopes, "/update-scopes", 0),
    "onOffice: a provider is unlocked": ("onoffice", nothing, first("onoffice"), "/api.php", 0),
    "Fortis: a code is exchanged": ("fortis", first("fortis"), consents, "/token", 0),
    "Fortis: a token is renewed": ("fortis", opens, fortis_works, "/token", LATER),
}  # fmt: skip
"""By what is given: the platform, what goes before, what is done, where the platform gives it, how much later."""


@contextmanager
def ready(case: str, folder: Any) -> Iterator[tuple[Both, Any]]:
    name, before, act, path, later = CASES[case]
    both = Both(name, folder)
    both.run(before(both))
    both.clock.advance(later)
    both.reports.clear()
    both.path = path
    yield both, act
    both.other.close()
    both.store.close()


def works(both: Both, case: str) -> bool:
    """Return whether what was given can be used: with the connection, or with the token or key that was renewed."""
    name = CASES[case][0]
    use = people.CASES[name][2](both.platform)
    if name == "fortis":
        use = fortis_works(both)
    elif case.startswith("RetailCRM: a key is replaced"):
        use = both.partner.work(next(identity for identity, _ in both.store.listed("retailcrm", 9)))
    return both.tried(use)


@pytest.mark.parametrize("case", CASES)
def test_what_is_given_while_the_store_is_locked_is_saved_when_it_is_free(case, tmp_path):
    with ready(case, tmp_path) as (both, act):
        both.locked_for = 20
        assert both.tried(act(both)), both.reasons()
        assert both.asked >= 1 and both.pauses >= 20
        assert set(both.reasons()) == {"store-locked"}
        assert works(both, case), both.reasons()


@pytest.mark.parametrize("case", [case for case in CASES if "token is renewed" in case])
def test_nobody_sends_a_spent_token_while_another_waits_for_the_store_to_save_the_new_one(case, tmp_path):
    """A platform that sees one twice may take back everything that it gave (RFC 9700, 4.14.2)."""
    with ready(case, tmp_path) as (both, act):
        both.locked_for, came = 55, []
        both.meanwhile = lambda: came.append(next(act(both)))
        assert both.tried(act(both)), both.reasons()
        assert came == [Pause(LOOK)]
        assert both.asked == 1


@pytest.mark.parametrize("case", CASES)
def test_a_store_that_stays_locked_is_given_up_after_half_a_minute_and_told(case, tmp_path):
    with ready(case, tmp_path) as (both, act):
        before = both.clock()
        assert not both.tried(act(both))
        assert both.clock() - before >= 30
        assert both.reasons()[:2] == ["store-locked"] * 2, "at the first try and at the last"


@pytest.mark.parametrize("case", [case for case in CASES if "renewed" not in case and "replaced" not in case])
def test_after_a_loss_the_person_tries_again_and_it_works(case, tmp_path):
    with ready(case, tmp_path) as (both, act):
        both.tried(act(both))
        both.free()
        assert both.tried(act(both)), both.reasons()
        assert works(both, case)


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_saved_is_not_asked_for(case, tmp_path):
    with ready(case, tmp_path) as (both, act):
        both.lock()
        both.asked = 1  # it is not locked again
        assert not both.tried(act(both))
        assert both.asked == 1
        assert "store-locked" in both.reasons()
        both.free()
        assert both.tried(act(both)), both.reasons()
