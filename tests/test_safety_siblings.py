"""Inputs of the kinds of section A that nobody reported: other platforms, other routes to the same fault."""

from __future__ import annotations

import errno
import logging
import os
import socket
import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import pytest

from handshakes.core.messages import Delayed, Request, Response, Unreachable, json_response, split_url
from handshakes.runtime.browser import Browser
from handshakes.runtime.client import Client, Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.sql_store import SqlStore, open_store
from handshakes.runtime.store import Installation, MemoryStore, StoreError, expiry
from handshakes.runtime.transcript import Transcript
from handshakes.runtime.watching import Kept
from handshakes.web.app.operator import Operator
from tests.damaged import kept_in
from tests.fortis import sides as fortis
from tests.officernd import sides as officernd
from tests.retailcrm import sides as retailcrm

FIRST = "5e0000000000000000000001"


# --- A1: only this machine is contacted, however an address is written -------------------------------


@pytest.mark.parametrize(
    "url",
    [
        r"http://evil.example\@127.0.0.1/", r"http://evil.example\\@localhost/", "http://evil.example;@127.0.0.1/",
        "http://evil.example@127.0.0.1/", "http://127.0.0.1@evil.example/", "http://127.0.0.1:80@evil.example/",
        "http://[::1]@evil.example/", "http://[::1].evil.example/", "http://localhost.evil.example/",
        "http://127.0.0.1%2eevil.example/", "http://127.0.0.1\t.evil.example/", "http://0x7f.1/", "http://127.1/",
        "http://2130706433/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/", "http://127。0。0。1/",
        "http://localhost./", "ftp://127.0.0.1/", "http://127.0.0.1:/", "http://127.0.0.1:123456/",
    ],
)  # fmt: skip
def test_an_address_that_is_not_plainly_loopback_is_neither_looked_up_nor_contacted(url, monkeypatch):
    """RFC 3986, 3.2: where parsers differ about the authority, one of them goes elsewhere."""
    looked_up = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **named: looked_up.append(host))
    with pytest.raises(Unreachable) as caught:
        Client().send(Request("GET", *split_url(url)))
    assert (caught.value.kind, looked_up) == ("no-address", [])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LocalHost", "[::1]"])
def test_loopback_itself_is_contacted(host):
    port = listen().getsockname()[1]  # nobody accepts there
    with pytest.raises(Unreachable) as caught:
        Client().send(Request("GET", *split_url(f"http://{host}:{port}/"), timeout=0.2))
    assert caught.value.kind in ("timeout", "refused", "dropped")


# --- A3, A4: what is kept of one message is bounded too ------------------------------------------------


def test_a_transcript_keeps_the_beginning_of_long_headers_and_of_many():
    transcript = Transcript(keep=10)
    headers = tuple((f"x-{number}", "v" * 60_000) for number in range(100))
    transcript.response("module", "RetailCRM", Response(200, headers))
    (event,) = transcript.events
    assert sum(len(name) + len(value) for name, value in event.headers) < 60_000
    assert event.headers[0][1].endswith("‹60000 characters›")


def test_an_answer_with_more_than_64_kib_of_headers_is_too_large():
    with closing(listen()) as server:
        many = b"".join(b"x-%d: %s\r\n" % (number, b"v" * 60_000) for number in range(2))

        def answer():
            connection, _ = server.accept()
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n" + many + b"content-length: 0\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(Unreachable) as caught:
            Client().send(Request("GET", origin_of(server), "/"))
        thread.join()
    assert caught.value.kind == "too-large"


# --- A7: what belongs together is saved in one transaction -------------------------------------------


class Killed(BaseException):
    """What a kill -9 looks like from inside: nothing after it is run."""


class Dies(MemoryStore):
    """A store whose process is killed after so many writes."""

    left = 10**9

    def save_all(self, *installations):
        if self.left == 0:
            raise Killed
        self.left -= 1
        return super().save_all(*installations)


@pytest.mark.parametrize("writes", [0, 1, 2, 3])
def test_a_kill_while_a_location_of_fortis_is_removed_leaves_no_user_of_it_signed_in_alone(writes):
    store = Dies()
    world = fortis.opened(store)
    store.left = writes
    with suppress(Killed):
        world.unregister()
    store.left = 10**9
    kept = world.everything().values()
    states = {one.state for one in kept if one.details["locationId"] == fortis.LOCATION}
    assert len(states - {"pending"}) == 1, states


# --- A8: what is searched is checked, too ----------------------------------------------------------------


def two_customers(folder) -> SqlStore:
    store = kept_in(folder)
    for name in ("one", "other"):
        store.save(Installation("retailcrm", name, {"clientKey": f"key of {name}"}, {"api_key": name}))
    return store


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE details SET identity = 'x' WHERE identity = 'one'",
        "UPDATE details SET value = 'key of one' WHERE identity = 'other'",
        "UPDATE details SET value = 'key of one'",
        "INSERT INTO details VALUES ('retailcrm', 'other', 'more', 'key of one')",
        "INSERT INTO details VALUES ('retailcrm', 'other', 'api_key', 'key of one')",
        "DELETE FROM details",
    ],
)
def test_whoever_changes_what_is_searched_leads_nobody_to_anothers_installation(tmp_path, change):
    with closing(two_customers(tmp_path)) as store:
        with sqlite3.connect(tmp_path / "kept.sqlite") as database:
            database.execute(change)
        for name in ("clientKey", "more", "api_key"):
            assert {one.identity for one in store.find("retailcrm", name, "key of one")} <= {"one"}
        store.save(store.get("retailcrm", "one"))
        assert [one.identity for one in store.find("retailcrm", "clientKey", "key of one")] == ["one"], (
            "it heals"
        )


# --- A9: no question reads a whole table -----------------------------------------------------------------

ASKED = {
    "get": lambda store: store.get("fortis", "9"),
    "find": lambda store: store.find("fortis", "slug", "9"),
    "a page of the list": lambda store: store.listed("fortis", 3, "4"),
    "a first save": lambda store: store.save(Installation("fortis", "new", {"slug": "n"}, {})),
    "a later save": lambda store: store.save(store.get("fortis", "9")),
    "several saves": lambda store: store.save_all(store.get("fortis", "8"), store.get("fortis", "7")),
    "a save over a damaged row": lambda store: store.save(Installation("fortis", "6", {}, {}, version=1)),
    "what has expired": lambda store: store.remove_expired("fortis", 20),
    "what has not expired": lambda store: store.remove_expired("fortis", 0),
    "a nonce": lambda store: store.first_time("fortis", "n", 9, 1),
    "a nonce again": lambda store: [store.first_time("fortis", "n", 9, 1) for _ in range(2)],
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_every_question_to_the_database_is_answered_from_an_index(tmp_path, asked):
    store = kept_in(tmp_path)
    for number in range(10):
        details = {"slug": str(number), "expires": expiry(number)}
        store.save(Installation("fortis", str(number), details, {}))
    sent = []
    listening = store._sql.event.listen
    for engine in (store._engine, store._reading):
        listening(engine, "before_cursor_execute", lambda *given: sent.append(given[2:4]))
    asked(store)
    listed = list(sent)
    store.close()
    with sqlite3.connect(tmp_path / "kept.sqlite") as database:
        plans = [
            str(row[3])
            for statement, values in listed
            if not statement.startswith(("INSERT", "BEGIN"))
            for row in database.execute(
                f"EXPLAIN QUERY PLAN {statement}", values[0] if isinstance(values, list) else values
            )
        ]
    assert listed and [plan for plan in plans if plan.startswith("SCAN")] == []


# --- A10: the operator's page does not wait for a request that waits --------------------------------------


def test_the_page_of_refused_requests_is_shown_while_an_explanation_waits_for_the_store():
    began, goes_on, kept = threading.Event(), threading.Event(), Kept(lambda: 17)
    kept.add(Request("GET", "https://partner.example", "/x?a=1"), "x")

    def secrets(request):
        began.set()
        goes_on.wait(60)
        return []

    with closing(listen()) as sock:
        why = Operator("officernd", kept, secrets, origin_of(sock))
        with Loopback(why, sockets={why.name: sock}) as network, ThreadPoolExecutor(1) as pool:
            slow = pool.submit(network.client.send, Request("GET", why.origin, "/?n=1", timeout=60))
            assert began.wait(60)
            try:
                assert network.client.send(Request("GET", why.origin, "/", timeout=60)).status == 200
                assert not slow.done()
            finally:
                goes_on.set()
            assert slow.result().status == 200


# --- A11: the latest by the signed time, not by arrival -----------------------------------------------------


@pytest.mark.parametrize(
    ("second", "renamed"), [(-1, True), (0, True), (1, False), (200, False)]
)  # fmt: skip
def test_an_organisation_keeps_the_name_that_was_signed_last(second, renamed):
    """The health check with the new name arrives first; another one, signed so many seconds before it, with the old name."""
    both = officernd.sides()
    both.network.run(Browser().open(both.platform.connect_url(FIRST)))
    old = both.platform.healthcheck_url(FIRST)
    both.clock.advance(second)
    organization = next(iter(both.platform.organizations))
    both.platform.rename(organization, "new-slug")
    new = both.platform.healthcheck_url(FIRST)
    for url in (new, old):
        assert both.network.exchange("OfficeRnD", Request("GET", *split_url(url))).status == 200
    (kept,) = both.partner.store.find("officernd", "integrationId", FIRST)
    assert kept.details["slug"] == ("test-slug" if renamed else "new-slug")


# --- A13, A14: Fortis' access is renewed once, too -----------------------------------------------------------


def granted(store=None, **changes) -> fortis.Both:
    world = fortis.opened(store, **changes)
    assert world.consent().held
    world.clock.advance(3_600)
    return world


def renewals(events) -> int:
    return sum(event.kind == "request" and event.text.endswith("/oauth/token") for event in events)


def test_of_twenty_jobs_at_once_in_two_processes_one_renews_the_access(tmp_path):
    stores = [open_store(tmp_path, {}) for _ in range(2)]
    world = granted(stores[0])
    own = world.partner
    given = {"clock": own.clock, "random": own.random, "report": own.report}
    other = type(own)(own.configuration, store=stores[1], **given)
    endpoint = world.platform.token_endpoint
    world.platform.token_endpoint = lambda request: Delayed(0.3, endpoint(request))
    with Loopback(world.platform) as network, ThreadPoolExecutor(20) as pool:
        jobs = [(own, other)[n % 2].work(fortis.LOCATION, fortis.USER) for n in range(20)]
        done = list(pool.map(network.run, jobs))
        asked = renewals(network.transcript.events)
    kept = world.kept(user=fortis.USER)
    for store in stores:
        store.close()
    assert {one["id"] for one in done} == {fortis.LOCATION}
    assert (asked, "refreshingUntil" in kept.details) == (1, False)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"refresh_token": None}, True), ({"expires_in": "3600"}, False), ({"refresh_token": None, "expires_in": "3600"}, True),
        ({"scope": "all", "token_type": "bearer"}, False),
    ],
)  # fmt: skip
def test_an_answer_to_a_renewal_may_lack_a_refresh_token_or_write_its_lifetime_as_text(change, kept):
    """RFC 6749, section 6: the authorization server may issue a new refresh token."""
    world = granted()
    spent = world.kept(user=fortis.USER).credentials["refresh_token"]
    endpoint = world.platform.token_endpoint

    def changed(request):
        answer = {**endpoint(request).json(), **change}
        return json_response({name: value for name, value in answer.items() if value is not None})

    world.platform.token_endpoint = changed
    assert world.network.run(world.partner.work(fortis.LOCATION, fortis.USER), "app")["id"] == fortis.LOCATION
    now = world.kept(user=fortis.USER).credentials
    assert (now["refresh_token"] == spent) is kept
    assert int(now["expires_at"]) == world.clock() + 3_600


@pytest.mark.parametrize("lifetime", [0, -1, "soon", "1e3", True, None, "", "9" * 30])
def test_a_lifetime_that_is_none_is_refused_and_the_lease_is_given_back(lifetime):
    world = granted()
    endpoint = world.platform.token_endpoint
    world.platform.token_endpoint = lambda request: json_response(
        {**endpoint(request).json(), "expires_in": lifetime}
    )
    with pytest.raises(Exception, match="unexpected-answer"):
        world.network.run(world.partner.work(fortis.LOCATION, fortis.USER), "app")
    assert "refreshingUntil" not in world.kept(user=fortis.USER).details


def test_a_callback_that_is_opened_again_does_not_say_that_the_app_has_no_access():
    world = fortis.opened()
    page = world.consent(fault="callback-twice").response
    assert page.status == 403 and b"was not given access" not in page.body
    assert "access_token" in world.kept(user=fortis.USER).credentials


# --- A15: a first start where links cannot be made -------------------------------------------------------------


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK])
def test_a_file_system_without_hard_links_gets_its_keys_all_the_same(tmp_path, monkeypatch, number):
    def refused(*given):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refused)
    for _ in range(2):
        open_store(tmp_path, {}).close()
    keys = tmp_path / "store.keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["installations.sqlite", "store.keys"]


@pytest.mark.parametrize(
    ("number", "reason"), [(errno.EIO, "store-unavailable"), (errno.ENOSPC, "store-full")]
)
def test_another_error_of_a_first_start_leaves_nothing_behind(tmp_path, monkeypatch, number, reason):
    def refused(*given):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refused)
    with pytest.raises(StoreError) as caught:
        open_store(tmp_path, {})
    assert (caught.value.reason, list(tmp_path.iterdir())) == (reason, [])


# --- A16: a log holds no value of a request ---------------------------------------------------------------------

VALUE = "a-private-value-17"


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "https://one.example", f"/x?code={VALUE}"),
        Request("GET", "https://one.example", "/x", (("authorization", f"Bearer {VALUE}"),)),
        Request("GET", "https://one.example", "/x", (("cookie", f"session={VALUE}"),)),
        Request("POST", "https://one.example", "/x", (), f"secret={VALUE}".encode()),
        Request("POST", "https://one.example", f"/x?data={VALUE}", (), json_response({"token": VALUE}).body),
    ],
    ids=["query", "authorization", "cookie", "form", "JSON"],
)
@pytest.mark.parametrize("fails", ["when it reads", "when it answers", "with a header that is none"])
def test_what_a_role_fails_on_is_not_in_the_log(request_, fails, caplog):
    class Failing:
        name, origins, secret_names = "one", ("https://one.example",), frozenset()

        def handle(self, request):
            yield from ()
            if fails == "when it reads":
                return {}[request.path]
            if fails == "with a header that is none":
                return Response(200, (("x", f"{request.target}\r\nx: y"),))
            return request

    caplog.set_level(logging.DEBUG, "handshakes")
    with Loopback(Failing()) as network:
        assert network.client.send(request_).status == 500
    assert "one failed on" in caplog.text and VALUE not in caplog.text


# --- A17: what strangers open leaves no row ---------------------------------------------------------------------


def rows(store: MemoryStore) -> int:
    return len(store._installations)


def fifty(network, request: Request) -> set[int]:
    return {network.exchange("browser", request).status for _ in range(50)}


@pytest.mark.parametrize(
    ("both", "request_"),
    [
        (officernd.sides, Request("GET", "https://partner.example", "/officernd/start")),
        (officernd.sides, Request("GET", "https://partner.example", "/officernd/connect?code=c&org_slug=s&integrationId=i&locations=")),
        (retailcrm.sides, Request("GET", "https://module.example", "/retailcrm/config")),
        (retailcrm.sides, Request("GET", "https://module.example", "/retailcrm/account")),
        (fortis.sides, Request("POST", "https://app.example", "/fortis/location?location_id=11ea858313aabde4bd2eb0fa")),
        (fortis.sides, Request("GET", "https://app.example", "/fortis/launch?data=U2FsdGVkX18")),
        (fortis.sides, Request("GET", "https://app.example", "/fortis/oauth/callback?code=a&state=b")),
    ],
    ids=lambda one: one.target.partition("?")[0] if isinstance(one, Request) else "",
)  # fmt: skip
def test_fifty_requests_of_a_stranger_leave_no_row(both, request_):
    world = both()
    fifty(world.network, request_)
    assert rows(world.store) == 0


def test_fifty_connects_of_an_account_that_refuses_the_module_leave_one_row():
    both = retailcrm.sides(check_scopes="no")
    for _ in range(50):
        assert not both.connect(fault="edit-403").response.json()["success"]
    assert rows(both.store) == 1


def test_the_codes_that_strangers_made_up_are_forgotten_in_ten_minutes():
    both = officernd.sides()
    for number in range(50):
        target = f"/officernd/connect?code=c{number}&org_slug=s&integrationId=i&locations="
        both.network.exchange("browser", Request("GET", "https://partner.example", target))
    assert len(both.store._nonces) == 50
    both.clock.advance(601)
    both.store.first_time("officernd", "another", 0, both.clock())
    assert len(both.store._nonces) == 1


# --- A19: what names no location is not all of them -------------------------------------------------------------


@pytest.mark.parametrize("locations", [",", "%2C", "%20", "+", ",+,", "%2C%20%2C", "%09"])
def test_separators_without_an_id_are_not_all_locations(locations):
    both = officernd.sides()
    url = both.platform.connect_url(FIRST).replace("locations=", f"locations={locations}")
    both.network.run(Browser().open(url))
    assert [refused.reason for _, refused in both.reports][:1] == ["malformed"]
    assert rows(both.store) == 0 and both.platform.token_requests == 0
