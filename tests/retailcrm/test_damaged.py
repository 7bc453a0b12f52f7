"""A row that the store cannot open: no request fails in an unknown way, and a new connection replaces it."""

from __future__ import annotations

import sqlite3

import pytest

from handshakes.runtime.store import Installation, StoreError
from handshakes.runtime.verdicts import Outcome
from tests.damaged import EVERY, damage, kept_in
from tests.retailcrm.sides import ANOTHER, DEMO, Both, connected


@pytest.fixture(params=EVERY)
def damaged(request, tmp_path):
    """Both sides with two connections, of which the first cannot be opened (with a lost key: neither)."""
    store = kept_in(tmp_path)
    both = connected(store)
    assert both.connect(ANOTHER).held
    identity = both.partner.identity(DEMO)
    damage(request.param, store, tmp_path, "retailcrm", identity)
    yield both
    store.close()


def again(both: Both, fault: str = "") -> Outcome:
    """Open the popup and connect once more, with another key."""
    both.reports.clear()
    both.popup(DEMO)
    return both.connect(DEMO, fault)


@pytest.mark.clause("retailcrm:connection.repeat")
def test_a_new_connection_replaces_a_row_that_cannot_be_opened(damaged):
    outcome = again(damaged)
    violated = [finding.clause for finding in outcome.findings if finding.violated]
    assert violated == ["retailcrm:connection.repeat"], "the clientId of before is lost with the row"
    assert damaged.reports == []
    kept = damaged.installation()
    assert (kept.state, kept.details["systemUrl"], kept.details["freeze"]) == ("active", DEMO, "no")
    assert damaged.work() is not None, "the key that was saved works"
    assert damaged.visit().held
    assert damaged.activity(DEMO, freeze=True).held
    assert again(damaged).held
    assert damaged.work() is None, "it is an installation like any other: frozen, and so it stays"


@pytest.mark.parametrize("fault", ["edit-403", "edit-dropped", "credentials-403", "key-without-rights"])
def test_a_connection_that_fails_leaves_the_row_as_it_is(damaged, fault):
    """Its key may be found again."""
    with pytest.raises(StoreError) as before:
        damaged.installation()
    assert again(damaged, fault).findings[0].held
    with pytest.raises(StoreError) as after:
        damaged.installation()
    assert (str(after.value), after.value.version) == (str(before.value), before.value.version)


def test_a_row_that_cannot_be_opened_refuses_what_is_asked_of_it(damaged):
    damaged.reports.clear()
    damaged.visit()
    assert b'"success":false' in damaged.activity().response.body
    assert set(damaged.reasons()) == {"unknown-installation"}


def test_a_move_replaces_a_row_that_cannot_be_opened(tmp_path):
    store = kept_in(tmp_path)
    both = connected(store)
    account = both.platform.accounts[DEMO]
    there = both.partner.identity(account.technical_url)
    store.save(Installation("retailcrm", there, {"systemUrl": account.technical_url}, {}, "active"))
    with sqlite3.connect(tmp_path / "kept.sqlite") as database:
        database.execute("UPDATE installations SET credentials = x'00' WHERE identity = ?", (there,))
    here = both.installation()
    step = both.partner.move(here, account.technical_url)
    moved = both.network.run(step, "module")
    assert (moved.identity, moved.state, moved.credentials) == (there, "active", here.credentials)
    assert (both.installation().state, both.installation().credentials) == ("removed", {})
    store.close()


def test_a_store_that_cannot_be_asked_is_no_reason_to_replace_anything(tmp_path):
    store = kept_in(tmp_path)
    both = connected(store)
    with sqlite3.connect(tmp_path / "kept.sqlite") as other:
        other.execute("BEGIN EXCLUSIVE")
        assert b'"success":false' in again(both).response.body
        both.visit()
        assert b'"success":false' in both.activity().response.body
    other.close()
    assert set(both.reasons()) == {"store-locked"}
    assert both.installation().state == "active"
    store.close()
