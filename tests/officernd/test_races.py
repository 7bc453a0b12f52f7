"""Two things at once: connects of one integration, and a refresh that a new connect overtakes."""

from __future__ import annotations

import pytest

from handshakes.core.messages import Pause, Request, Response, split_url
from handshakes.runtime.browser import Browser, Form, Page
from handshakes.runtime.store import Installation, StoreError
from handshakes.runtime.tokens import Tokens
from tests.officernd.sides import Both, sides
from tests.sides import patient


def get(url: str) -> Request:
    return Request("GET", *split_url(url))


def answered(both: Both, request: Request) -> Response:
    return both.network.exchange("partner", request)


def saved(both: Both):
    (installation,) = both.partner.store.find("officernd", "slug", "test-slug")
    return installation


def test_two_connects_in_step_leave_the_webhook_that_is_saved():
    both = sides()
    id = next(iter(both.platform.integrations))
    steps = [both.partner.connect(get(both.platform.connect_url(id))) for _ in range(2)]
    waiting = [(step, next(step)) for step in steps]
    while waiting:
        answers = [(step, answered(both, request)) for step, request in waiting]
        waiting = []
        for step, answer in answers:
            try:
                waiting.append((step, step.send(answer)))
            except StopIteration as stop:
                assert stop.value.status == 302
    assert list(both.platform.webhooks) == [saved(both).details["webhookId"]]


def test_a_late_refresh_does_not_undo_a_new_connect():
    both = sides()
    id = next(iter(both.platform.integrations))
    both.network.run(Browser().open(both.platform.connect_url(id)))
    both.clock.advance(3600)
    step = both.partner.configure(get(both.platform.configuration_url(id)))
    late = answered(both, next(step))
    both.network.run(Browser().open(both.platform.connect_url(id)))
    fresh = saved(both).credentials
    answer = answered(both, step.send(late))
    try:
        step.send(answer)
    except StopIteration as stop:
        assert stop.value.status == 200
    assert saved(both).credentials == fresh


def test_a_webhook_that_another_connect_tidied_away_is_made_again():
    """The other order: one connect saves after the other has deleted its webhook."""
    both = sides()
    id = next(iter(both.platform.integrations))
    late = both.partner.connect(get(both.platform.connect_url(id)))
    request = next(late)
    while not (request.method == "POST" and request.path.endswith("/webhooks")):
        request = late.send(answered(both, request))
    subscribed = answered(both, request)
    both.network.run(Browser().open(both.platform.connect_url(id)))
    assert subscribed.json()[0]["_id"] not in both.platform.webhooks
    request = late.send(subscribed)
    try:
        while True:
            request = late.send(answered(both, request))
    except StopIteration as stop:
        assert stop.value.status == 302
    assert saved(both).details["webhookId"] in both.platform.webhooks
    both.network.run(both.platform.remove(id), "OfficeRnD")
    assert saved(both).state == "removed"


@pytest.mark.parametrize(("status", "told"), [(201, []), (500, [("tidy", "platform-error")])])
def test_the_webhook_in_place_of_a_lost_one_is_asked_for_at_the_installations_own_organisation(status, told):
    """Without a platform, so that the request itself is looked at: the path is that of the official API, version 1."""
    api = "https://app.officernd.com"
    details = {
        "api": api,
        "slug": "own-slug",
        "webhookId": "lost",
        "organizationId": "o",
        "integrationId": "i",
    }
    both = sides()
    one = both.partner.store.save(
        Installation("officernd", "o/i", details, {"secret": "s", "webhook_secret": "w"})
    )
    step = both.partner.subscribe_again(one, Tokens("access", "refresh", 2_000_000_000))
    request = next(step)
    assert (request.method, request.origin, request.target) == (
        "POST", api, "/api/v1/organizations/own-slug/webhooks",
    )  # fmt: skip
    with pytest.raises(StopIteration):
        step.send(Response(status, (), b'[{"_id": "new", "secret": "fresh"}]'))
    kept = both.partner.store.get("officernd", "o/i")
    new = (status == 201) and {"webhookId": "new"}
    assert kept.details == {**details, **(new or {})}
    assert kept.credentials == {"secret": "s", "webhook_secret": "fresh" if new else "w"}
    assert [(where, refused.reason) for where, refused in both.reports] == told


def test_a_store_that_fails_while_a_new_webhook_is_kept_is_told_once_and_asked_again(monkeypatch):
    both = sides()
    id = next(iter(both.platform.integrations))
    both.network.run(Browser().open(both.platform.connect_url(id)))
    step = both.partner.subscribe_again(saved(both), Tokens.of(saved(both).credentials))
    answer = answered(both, next(step))
    change, tries = both.partner.change, []

    def failing(*given):
        tries.append(given)
        if len(tries) < 3:
            raise StoreError("store-locked", "the database is locked")
        return change(*given)

    monkeypatch.setattr(both.partner, "change", failing)
    assert isinstance(step.send(answer), Pause) and isinstance(next(step), Pause)
    with pytest.raises(StopIteration):
        next(step)
    assert len(tries) == 3
    assert [(where, told.reason) for where, told in both.reports] == [("tidy", "store-locked")]
    assert saved(both).details["webhookId"] == answer.json()[0]["_id"]


def test_a_return_judges_only_what_its_own_browser_was_connecting():
    both = sides()
    first, second = list(both.platform.integrations)[:2]
    pending = both.partner.connect(get(both.platform.connect_url(second)))
    request = next(pending)
    while "/integrations/" not in request.target:
        request = pending.send(answered(both, request))
    pending.send(answered(both, request))
    assert both.platform.integrations[second].secret_was_read

    def press():
        browser = Browser()
        page = yield from browser.open("https://app.officernd.com/simulator")
        return (yield from browser.submit(page, page.form(f"connect-{first}")))

    both.network.run(press())
    assert both.platform.integrations[first].state == "connected"
    assert both.platform.integrations[second].state == "connecting"
    assert [finding for finding in both.platform.findings if not finding.held] == []


def test_64_connects_at_once_over_sockets_with_a_slow_token_endpoint(tmp_path):
    """Every browser comes back connected; no health check is sent for another one's connect."""
    from concurrent.futures import ThreadPoolExecutor

    from handshakes.officernd.simulator.faults import FAULTS
    from handshakes.officernd.simulator.records import Organization
    from handshakes.runtime.client import Loopback
    from handshakes.runtime.sql_store import open_store

    store = open_store(tmp_path, {})
    both = sides(store)
    ids = []
    for number in range(64):
        organization = Organization(f"5b1{number:021d}", f"slug-{number}", f"Spaces {number}", {}, "5c" * 12)
        both.platform.add_organization(organization)
        ids.append(both.platform.add_integration("example-client-id", organization.id).id)
    assert "slow-token" in FAULTS  # its delay is beyond the partner's timeout, so a shorter one is made here
    token = both.platform.token

    def late(request):
        from handshakes.core.messages import Delayed

        return Delayed(0.5, token(request))

    both.platform.token = late
    with patient(Loopback(both.platform, both.partner)) as network:
        portal = Page("https://app.officernd.com/simulator", Response(200))

        def press(id):
            form = Form("/simulator/connect", "POST", {"integration": id})
            return network.run(Browser().submit(portal, form))

        with ThreadPoolExecutor(64) as pool:
            pages = list(pool.map(press, ids))
        checks = [event for event in network.transcript.events if "/healthcheck?" in event.text]
    store.close()
    assert {page.response.status for page in pages} == {200}
    assert {both.platform.integrations[id].state for id in ids} == {"connected"}
    assert len(checks) == 64
    assert both.reports == []


def test_one_damaged_row_does_not_take_the_others_with_it(tmp_path, caplog):
    import sqlite3

    from handshakes.runtime.sql_store import open_store

    store = open_store(tmp_path, {})
    both = sides(store)
    first, second = list(both.platform.integrations)[:2]
    for id in (first, second):
        both.network.run(Browser().open(both.platform.connect_url(id)))
    with sqlite3.connect(tmp_path / "installations.sqlite") as database:
        database.execute("update installations set credentials = 'xx' where identity like ?", (f"%{first}",))
    assert both.network.run(both.platform.healthcheck(second), "OfficeRnD").response.status == 200
    assert both.network.run(both.platform.healthcheck(first), "OfficeRnD").response.status == 401
    assert first in caplog.text
    assert both.network.run(both.platform.remove(first), "OfficeRnD").response.status == 401
    store.close()


def test_a_replay_within_the_window_is_refused_later_too():
    both = sides(refuse_replays=True)
    id = next(iter(both.platform.integrations))
    both.network.run(Browser().open(both.platform.connect_url(id)))
    url = both.platform.configuration_url(id)
    sync = url.replace("/configure", "/sync")
    assert both.network.exchange("browser", get(url)).status == 200
    assert both.network.exchange("browser", get(sync)).status == 200, "another endpoint is another use"
    for _ in range(3):
        both.clock.advance(100)
        assert both.network.exchange("browser", get(url)).status == 401
    assert {refused.reason for _, refused in both.reports} == {"replayed"}


def test_the_partner_alone_knows_what_a_transcript_must_mask():
    from handshakes.runtime.transcript import Transcript

    both = sides()
    transcript = Transcript(both.partner.secret_names)
    body = (
        b'{"access_token":"a-private-access","refresh_token":"a-private-refresh","secret":"a-private-secret"}'
    )
    transcript.response("partner", "OfficeRnD", Response(200, (("content-type", "application/json"),), body))
    assert "a-private" not in transcript.text()
