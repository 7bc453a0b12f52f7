"""A row that the store cannot open: no request fails in an unknown way, and a new activation replaces it."""

from __future__ import annotations

import sqlite3

import pytest

from handshakes.core.refusals import Refused
from handshakes.onoffice.partner.connecting import PLATFORM
from handshakes.runtime.store import StoreError
from tests.damaged import EVERY, damage, kept_in
from tests.onoffice.sides import ADMIN, BROKER, FIRST, SECOND, activated


@pytest.fixture(params=EVERY)
def damaged(request, tmp_path):
    """Both sides with two customers, of which the first and its users cannot be opened (with a lost key: nobody)."""
    store = kept_in(tmp_path)
    both = activated(store)
    assert both.activate(customer=SECOND).held
    assert both.serve().held
    first, user = both.partner.customer(FIRST), both.partner.user(FIRST, ADMIN)
    damage(request.param, store, tmp_path, PLATFORM, first, user)
    both.reports.clear()
    yield both
    store.close()


@pytest.mark.clause("onoffice:credentials.replaced")
def test_a_new_activation_replaces_a_row_that_cannot_be_opened(damaged):
    outcome = damaged.activate()
    assert outcome.held, outcome.findings
    assert damaged.reports == []
    assert damaged.installation().state == "active"
    assert damaged.serve().held, "the claim is replaced too, by the next service call"
    assert damaged.work() is not None
    assert damaged.serve(user=BROKER).held
    assert damaged.activate().held, "and it is an installation like any other"


@pytest.mark.parametrize(
    "fault", ["claim-outdated", "api-unreachable", "answer-lost", "wrong-key", "empty-key"]
)
def test_an_activation_that_fails_leaves_the_row_as_it_is(damaged, fault):
    """Its key may be found again."""
    with pytest.raises(StoreError) as before:
        damaged.installation()
    damaged.activate(fault)
    assert damaged.reasons() != []
    with pytest.raises(StoreError) as after:
        damaged.installation()
    assert (str(after.value), after.value.version) == (str(before.value), before.value.version)


def test_a_service_call_for_a_row_that_cannot_be_opened_is_refused(damaged):
    outcome = damaged.serve()
    assert outcome.response.status == 502
    assert damaged.reasons()[0] in ("store-damaged", "store-wrong-key")
    with pytest.raises(Refused):
        damaged.work()


def test_a_locked_store_is_told_to_the_user_and_to_the_operator(tmp_path):
    store = kept_in(tmp_path)
    both = activated(store)
    with sqlite3.connect(tmp_path / "kept.sqlite") as other:
        other.execute("BEGIN EXCLUSIVE")
        both.activate()
        both.serve()
    other.close()
    assert set(both.reasons()) == {"store-locked"}
    assert both.installation().state == "active"
    assert both.activate().held
    store.close()
