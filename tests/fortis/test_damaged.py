"""A row that the store cannot open: no request fails in an unknown way, and a new registration or launch replaces it."""

from __future__ import annotations

import sqlite3

import pytest

from handshakes.core.refusals import Refused
from handshakes.runtime.store import StoreError
from tests.damaged import EVERY, damage, kept_in
from tests.fortis.sides import LOCATION, USER, Both, opened


@pytest.fixture(params=EVERY)
def damaged(request, tmp_path):
    """Return what makes both sides with an open app, whose location and first user then cannot be opened."""
    stores = []

    def make(**changes) -> Both:
        store = kept_in(tmp_path)
        stores.append(store)
        both = opened(store, **changes)
        names = (both.partner.identity(LOCATION), both.partner.identity(LOCATION, USER))
        damage(request.param, store, tmp_path, "fortis", *names)
        return both

    yield make
    for store in stores:
        store.close()


@pytest.mark.clause("fortis:postback.order")
def test_a_launch_that_the_api_confirms_replaces_rows_that_cannot_be_opened(damaged):
    both = damaged(unregistered="claim")
    assert both.revisit().status == 403, "the session was the row's"
    outcome = both.launch()
    assert outcome.held, outcome.findings
    assert both.reports == []
    assert (both.kept().state, both.kept(user=USER).state) == ("active", "active")
    assert both.revisit().status == 200
    assert both.consent().held
    assert both.launch().held, "and they are registrations like any other"


@pytest.mark.clause("fortis:postback.claimed")
def test_where_a_launch_registers_nobody_a_postback_replaces_them_first(damaged):
    both = damaged(unregistered="refuse")
    assert both.launch().response.status == 403
    assert both.reasons()[-1] in ("store-damaged", "store-wrong-key")
    both.reports.clear()
    for user in ("", USER):
        assert both.register(user=user).held
    assert (both.kept().state, both.kept(user=USER).state) == ("pending", "pending")
    assert both.launch().held
    assert (both.reports, both.kept(user=USER).state) == ([], "active")


@pytest.mark.clause("fortis:location.removes-users")
def test_what_is_taken_back_stays_removed_though_it_cannot_be_opened(damaged):
    both = damaged(unregistered="refuse")
    for user in (USER, ""):
        both.unregister(user=user)
    assert (both.kept().state, both.kept(user=USER).state) == ("removed", "removed")
    assert dict(both.kept(user=USER).credentials) == {}
    assert both.reports == []


def test_a_launch_that_fails_leaves_the_rows_as_they_are(damaged):
    both = damaged(unregistered="claim")
    with pytest.raises(StoreError) as before:
        both.kept(user=USER)
    for fault in ("me-401", "me-another", "me-dropped"):
        assert both.launch(fault=fault).response.status == 403
    with pytest.raises(StoreError) as after:
        both.kept(user=USER)
    assert (str(after.value), after.value.version) == (str(before.value), before.value.version)


def test_what_nobody_confirms_is_refused(damaged):
    both = damaged(unregistered="refuse")
    with pytest.raises(Refused):
        both.network.run(both.partner.work(LOCATION, USER), "app")


@pytest.mark.parametrize("mode", ["plain", "encrypted"])
def test_a_locked_store_opens_nothing_and_a_launch_is_answered_as_any_other_failure(tmp_path, mode):
    """A launch that gets another answer while the store is locked would tell how far it came; A41."""
    store = kept_in(tmp_path)
    both = opened(store, mode=mode)
    uniform = both.launch(fault="me-500").response
    both.reports.clear()
    with sqlite3.connect(tmp_path / "kept.sqlite") as other:
        other.execute("BEGIN EXCLUSIVE")
        closed = both.launch().response
        assert (closed.status, closed.headers, closed.body) == (403, uniform.headers, uniform.body)
        assert both.revisit().status == 200, "who is in already is only looked up"
        assert both.unregister().response.status == 503, "the platform may take it back again"
    other.close()
    assert set(both.reasons()) == {"store-locked"}
    both.register()
    both.register(user=USER)
    assert both.launch().held
    store.close()
