"""A row that the store cannot open: no request fails in an unknown way, and a new connection replaces it."""

from __future__ import annotations

import sqlite3

import pytest

from handshakes.core.messages import Response
from handshakes.officernd.partner.refreshing import PLATFORM
from handshakes.runtime.browser import Browser
from handshakes.runtime.sql_store import SqlStore, open_store
from handshakes.runtime.store import StoreError
from tests.damaged import DAMAGES, damage, kept_in
from tests.officernd.sides import Both, sides

FIRST, SECOND = "5e0000000000000000000001", "5e0000000000000000000002"
IDENTITY = f"5b0000000000000000000001/{FIRST}"


def connect(both: Both, integration: str = FIRST) -> Response:
    return both.network.run(Browser().open(both.platform.connect_url(integration))).response


def health(both: Both, integration: str = FIRST) -> int:
    return both.network.run(both.platform.healthcheck(integration), "OfficeRnD").response.status


@pytest.fixture(params=DAMAGES)
def damaged(request, tmp_path):
    """Both sides with two connections, of which the first cannot be opened."""
    store = kept_in(tmp_path)
    both = sides(store)
    for id in (FIRST, SECOND):
        connect(both, id)
    damage(request.param, store, tmp_path, PLATFORM, IDENTITY)
    yield both
    store.close()


def replaced(both: Both) -> None:
    """Assert that a new connect works, and works again."""
    for _ in range(2):
        both.reports.clear()
        assert connect(both).status == 200
        assert both.platform.integrations[FIRST].state == "connected"
        assert both.reports == []
    assert (health(both), health(both, SECOND)) == (200, 200)
    assert both.store.get(PLATFORM, IDENTITY).credentials["secret"] == "example-integration-secret"
    assert both.network.run(both.platform.remove(FIRST), "OfficeRnD").response.status == 200
    assert both.store.get(PLATFORM, IDENTITY).state == "removed"


@pytest.mark.clause("officernd:connect.binding")
def test_a_new_connection_replaces_a_damaged_row(damaged):
    replaced(damaged)


def test_a_connect_that_fails_leaves_the_damaged_row_as_it_is(damaged):
    with pytest.raises(StoreError) as before:
        damaged.store.get(PLATFORM, IDENTITY)
    for fault in ("dropped-webhooks", "another-integration", "code-expired"):
        damaged.network.run(Browser().open(damaged.platform.connect_url(FIRST, fault)))
    with pytest.raises(StoreError) as after:
        damaged.store.get(PLATFORM, IDENTITY)
    assert (str(after.value), after.value.version) == (str(before.value), before.value.version)


def test_a_damaged_row_refuses_every_request_and_the_other_connection_works_on(damaged):
    settings = damaged.platform.configuration_url(FIRST)
    assert damaged.network.run(Browser().open(settings)).response.status == 401
    assert damaged.network.run(damaged.platform.sync(FIRST), "OfficeRnD").response.status == 401
    assert (
        damaged.network.run(damaged.platform.remove(FIRST, "webhook-stale"), "OfficeRnD").response.status
        == 401
    )
    assert (health(damaged), health(damaged, SECOND)) == (401, 200)


def test_a_new_connection_replaces_a_row_under_a_lost_key(tmp_path):
    from cryptography.fernet import Fernet

    keys = [Fernet.generate_key().decode() for _ in range(2)]
    url = f"sqlite:///{tmp_path / 'kept.sqlite'}"
    store = SqlStore(url, keys[:1])
    both = sides(store)
    for id in (FIRST, SECOND):
        connect(both, id)
    store.close()
    store = SqlStore(url, keys[1:])
    again = sides(store)
    again.clock.advance(86_400)  # a day later: the codes of the lesson's random numbers are the same ones
    assert health(again) == 401
    connect(again, SECOND)
    replaced(again)
    store.close()


def test_a_row_that_is_damaged_while_a_request_waits_ends_in_a_refusal(tmp_path):
    """The settings wait for OfficeRnD; meanwhile the row is damaged, and the refreshed token cannot be saved."""
    store = open_store(tmp_path, {})
    both = sides(store)
    connect(both)
    both.clock.advance(4_000)
    token = both.platform.token

    def damaging(request):
        with sqlite3.connect(tmp_path / "installations.sqlite") as database:
            database.execute("UPDATE installations SET credentials = x'00'")
        return token(request)

    both.platform.token = damaging
    page = both.network.run(Browser().open(both.platform.configuration_url(FIRST)))
    assert page.response.status == 502
    assert both.reports[-1][1].reason == "store-wrong-key"
    store.close()


def test_a_row_that_is_damaged_after_it_was_found_ends_in_a_refusal(tmp_path, monkeypatch):
    store = open_store(tmp_path, {})
    both = sides(store)
    connect(both)
    form = both.network.run(Browser().open(both.platform.configuration_url(FIRST)))

    def get(platform, identity):
        raise StoreError("store-damaged", "the row cannot be read", 1)

    monkeypatch.setattr(store, "get", get)
    assert both.network.run(both.platform.sync(FIRST), "OfficeRnD").response.status == 401
    saved = both.network.run(Browser().submit(form, form.form("settings")))
    assert saved.response.status == 401
    assert {refused.reason for _, refused in both.reports} == {"store-damaged"}
    store.close()


def test_a_store_that_cannot_be_read_at_all_is_not_replaced(tmp_path, monkeypatch):
    both = sides(open_store(tmp_path, {}))
    monkeypatch.setattr(
        both.store, "get", lambda *given: (_ for _ in ()).throw(StoreError("store-unavailable", "gone"))
    )
    connect(both)
    assert both.reports[0][1].reason == "store-unavailable"
    assert both.store.find(PLATFORM, "integrationId", FIRST) == []
    both.store.close()
