"""The wire of the marketplace: the bytes that went out, each message once, masked, bounded, and what is done with it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
import requests

from handshakes.core.messages import Request, Response
from handshakes.core.refusals import Refused
from handshakes.runtime.browser import Browser
from handshakes.runtime.verdicts import Fault, Refuses
from handshakes.web.resending import changed
from handshakes.web.views import shop
from handshakes.web.wire import Wire
from tests.browser.market import Market, marketplace

FIRST = "5e0000000000000000000001"
LIMIT = 60


@contextmanager
def connected() -> Iterator[Market]:
    """OfficeRnD, connected by a browser that is none: it presses the simulator's own buttons over sockets."""
    with marketplace("officernd") as market:
        host = market.hosts["officernd"]
        browser = Browser()

        def step() -> Any:
            page = yield from browser.open(host.place.addresses["platform"] + "/simulator")
            return (yield from browser.submit(page, page.form(f"connect-{FIRST}")))

        drive(market, step())
        assert host.place.shop().connected
        yield market


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with connected() as market:
        yield market


def drive(market: Market, step: Any, platform: str = "officernd") -> Any:
    """Carry a browser's requests over sockets without recording them, as a browser outside does."""
    client = market.hosts[platform].network.client
    answer = None
    try:
        while True:
            answer = client.send(next(step) if answer is None else step.send(answer))
    except StopIteration as stop:
        return stop.value


def ask(market: Market, method: str, path: str, **asked: Any) -> Any:
    headers = {"origin": market.url, "x-handshakes-token": market.token}
    asked = {"platform": "officernd", **asked}
    sent = {"params": asked} if method == "GET" else {"json": asked}
    answer = requests.request(method, market.url + path, headers=headers, timeout=LIMIT, **sent)
    assert answer.status_code == 200, answer.text
    return answer.json()


class Stream:
    """The page's stream of events."""

    def __init__(self, market: Market, last: str = "") -> None:
        headers = {"last-event-id": last} if last else {}
        self.answer = requests.get(
            f"{market.url}/events", {"token": market.token}, headers=headers, stream=True, timeout=LIMIT
        )
        self._lines = self.answer.iter_lines()
        self.id, self.rows = "", {}

    def close(self) -> None:
        self.answer.close()

    def next(self) -> list[dict[str, Any]]:
        """Return the rows of the next event."""
        for line in self._lines:
            if line.startswith(b"id: "):
                self.id = line[4:].decode()
            if line.startswith(b"data: "):
                rows = json.loads(line[6:])[0]["rows"]
                self.rows |= {row["n"]: row for row in rows if "n" in row}
                return rows
        raise AssertionError("the stream ended")


def rows_of(market: Market) -> dict[int, dict[str, Any]]:
    with closing(Stream(market)) as stream:
        stream.next()
        return stream.rows


def last_signed(market: Market) -> int:
    rows = rows_of(market)
    return max(n for n, row in rows.items() if row["kind"] == "request" and row["verdict"] == "verified")


def test_a_page_that_comes_late_gets_everything_and_one_that_comes_back_only_what_is_new(market):
    with closing(Stream(market)) as stream:
        stream.next()
        assert [row["text"] for row in stream.rows.values() if row["kind"] == "request"][:3] == [
            "GET /officernd/connect",
            "POST /oauth/token",
            "GET /api/v1/organizations/test-slug",
        ]
    with closing(Stream(market, stream.id)) as again:
        assert again.next() == []
        ask(market, "POST", "/press", press="sync")
        new: list[dict[str, Any]] = []
        while not any(row["kind"] == "response" for row in new):
            new += again.next()
        assert {row["text"] for row in new if row["kind"] == "request"} == {"GET /officernd/sync"}


def test_each_message_is_on_the_wire_once_though_both_sides_are_tapped(market):
    rows = rows_of(market)
    health = [row for row in rows.values() if row.get("text") == "GET /officernd/healthcheck"]
    assert len(health) == len({row["answer"] for row in health}) >= 1
    requests_, answers = (
        [row for row in rows.values() if (row["kind"] == "request") is is_] for is_ in (True, False)
    )
    assert {row["n"] for row in requests_} == {row["of"] for row in answers}, "none without its answer"


def test_a_row_says_who_sent_what_to_whom_and_the_search_finds_its_query(market):
    (row,) = [row for row in rows_of(market).values() if row["n"] == last_signed(market)]
    assert (row["from"], row["to"], row["carries"]) == ("OfficeRnD", "partner", "signed")
    assert "slug=test-slug" in row["search"] and row["sub"].startswith("slug, locations")


def test_the_message_shows_request_and_answer_together_as_the_receiver_got_it(market):
    one = ask(market, "GET", "/message", n=last_signed(market))
    assert one["exact"] is True
    assert one["request"]["line"].endswith(" HTTP/1.1")
    assert dict(one["request"]["headers"])["host"].startswith("localhost:")
    assert one["response"]["line"] == "HTTP/1.1 200"
    assert "".join(text for text, _ in one["request"]["pieces"]) == one["request"]["line"]
    assert [part["id"] for part in one["parts"]] == [id for _, id in one["request"]["pieces"] if id]


def test_what_a_raw_socket_received_is_what_the_page_shows():
    got = bytearray()
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(LIMIT)

        def partner() -> None:
            connection, _ = server.accept()
            with closing(connection):
                while b"\r\n\r\n" not in got:
                    got.extend(connection.recv(65_536))
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

        thread = threading.Thread(target=partner)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/ours"
        with marketplace("officernd", only="platform", settings={"partner_url": url}) as market:
            host = market.hosts["officernd"]
            host.network.run(host.sides.platform.healthcheck(FIRST), "OfficeRnD")
            thread.join(LIMIT)
            (n,) = [n for n, row in rows_of(market).items() if row["kind"] == "request"]
            one = ask(market, "GET", "/message", n=n)
            assert one["verdict"] == "", "whether somebody else's partner verified it is not seen"
            refused = requests.post(
                f"{market.url}/resend", json={"platform": "officernd", "n": n}, timeout=LIMIT,
                headers={"origin": market.url, "x-handshakes-token": market.token},
            )  # fmt: skip
            assert refused.status_code == 409
    head = bytes(got).decode().partition("\r\n\r\n")[0].split("\r\n")
    assert one["request"]["line"] == head[0]
    assert {(name.lower(), value) for name, value in (line.split(": ", 1) for line in head[1:])} >= {
        (name, value) for name, value in one["request"]["headers"]
    }


def test_a_foreign_partners_requests_are_on_the_same_wire():
    with marketplace("officernd", only="platform") as market:
        api = market.hosts["officernd"].place.addresses["platform"]
        assert (
            requests.post(f"{api}/oauth/token", {"grant_type": "nonsense"}, timeout=LIMIT).status_code >= 400
        )
        rows = rows_of(market)
    (asked,) = [row for row in rows.values() if row["kind"] == "request"]
    assert (asked["from"], asked["to"], asked["text"]) == ("partner", "OfficeRnD", "POST /oauth/token")


def test_no_secret_is_in_anything_that_the_page_is_told(market):
    place = market.hosts["officernd"].place
    said = json.dumps(list(rows_of(market).values()))
    for n in list(place.wire.exchanges):
        said += json.dumps(ask(market, "GET", "/message", n=n))
    platform = place.sides.platform
    secrets = [*platform.tokens, *(one.refresh_token for one in platform.tokens.values()), *platform.grants]
    assert len(secrets) >= 3 and all(len(secret) > 20 for secret in secrets)
    assert [secret for secret in secrets if secret in said] == []
    assert said.count("sha256") > 3, "they are masked, in requests and answers"


def test_a_replay_is_sent_byte_for_byte_and_a_tampered_copy_says_which_part_broke_it(market):
    n = last_signed(market)
    again = ask(market, "POST", "/resend", n=n)["n"]
    before, after = (ask(market, "GET", "/message", n=one)["request"]["line"] for one in (n, again))
    assert before == after
    tampered = ask(market, "POST", "/resend", n=n, changes={"query-1": "elsewhere"})["n"]
    one = ask(market, "GET", "/message", n=tampered)
    assert one["verdict"] == "refused"
    assert one["refusals"][0]["reason"] == "signature-mismatch"
    why = ask(market, "GET", "/why", n=tampered)
    (part,) = why["explanations"][0][0]["parts"]
    assert "put into locations on the way" in part["says"], "it was empty when it was signed"
    assert [one["chapter"] for one in rows_of(market).values() if one["n"] == tampered] == [
        max(market.wire("officernd").chapters)
    ]


@pytest.mark.parametrize(
    ("fault", "reason", "after"),
    [
        ("post", "wrong-method", " So the secret is not the cause."),
        ("wrong-secret", "signature-mismatch", ""),
        ("stale", "stale", ""),
    ],
)
def test_why_says_what_the_operator_was_told_and_asks_the_bytes_only_about_the_same(
    market, fault, reason, after
):
    ask(market, "POST", "/press", press="healthcheck", fault=fault)
    place = market.hosts["officernd"].place
    step = next(one for one in shop(place)["steps"] if one["id"] == "healthcheck")
    one = ask(market, "GET", "/message", n=step["shows"])
    assert [each["reason"] for each in one["refusals"]] == [reason]
    answer = ask(market, "GET", "/why", n=step["shows"])
    assert (answer["verdict"], answer["reason"]) == ("refused", reason)
    assert answer.get("after", "").endswith(after) and ("after" in answer) == bool(after)
    ask(market, "POST", "/press", press="healthcheck")
    step = next(one for one in shop(place)["steps"] if one["id"] == "healthcheck")
    assert (step["state"], step["shows"]) == ("held", 0), "a step without a refusal names no message"


def test_the_message_of_a_step_is_the_one_whose_refusal_it_names(market):
    """Others in the same step are refused for other reasons, later even."""
    place, fault = market.hosts["officernd"].place, Fault("x", "a:b", Refuses("identity-mismatch"), "x")
    wire = market.wire("officernd")
    chapter = wire.begin("healthcheck", "Check health", fault)
    numbers = []
    for reason in ("unknown-installation", "identity-mismatch", "signature-mismatch"):
        one = wire.began("browser", "partner", Request("GET", "http://127.0.0.1", "/x"))
        wire.heard(one, "x", Refused(reason, "a:b"))
        wire.ended(one, Response(403))
        numbers.append(one.number)
    wire.end(chapter)
    step = next(one for one in shop(place)["steps"] if one["id"] == "healthcheck")
    assert (step["state"], step["shows"]) == ("refused", numbers[1])


def test_after_six_minutes_the_same_request_is_stale_and_the_clock_goes_back(market):
    n = last_signed(market)
    assert ask(market, "POST", "/clock", seconds=360)["ahead"] == 360
    try:
        stale = ask(market, "POST", "/resend", n=n)["n"]
        assert ask(market, "GET", "/message", n=stale)["refusals"][0]["reason"] == "stale"
    finally:
        assert ask(market, "POST", "/clock", seconds=0)["ahead"] == 0


def test_another_reading_says_what_would_not_verify_under_it(market):
    n = last_signed(market)
    assert ask(market, "GET", "/why", n=n)["verdict"] == "verified"
    reading = "officernd:signature.parameters=slug-and-locations"
    assert reading in [one["id"] for one in ask(market, "GET", "/message", n=n)["readings"]]
    assert ask(market, "GET", "/why", n=n, reading=reading)["verdict"] == "refused"


def test_what_was_proven_names_the_clauses_and_what_to_try_next(market):
    proven = ask(market, "GET", "/proven")
    states = {one["clause"]: one["state"] for one in proven["checked"]}
    assert states["officernd:token.endpoint"] == "held"
    assert "violated" not in states.values()
    assert proven["verified"]["count"] >= 1
    assert {one["press"] for one in proven["next"]} <= {
        "connect",
        "healthcheck",
        "configure",
        "sync",
        "remove",
    }
    assert proven["next"] and all(one["reason"] for one in proven["next"])
    assert not {one["clause"] for one in proven["unseen"]} & set(states)


def test_a_step_of_another_customer_is_no_try_of_the_steps_on_the_page():
    """With a marketplace of its own: who never connected is asked, and what is found then would stand in the others."""
    with connected() as market:
        wire, platform = market.wire("officernd"), market.hosts["officernd"].place.addresses["platform"]
        ask(market, "POST", "/press", press="healthcheck", fault="")
        tried = wire.last("healthcheck")
        assert tried is not None
        fields = {"integration": "5e0000000000000000000002", "fault": ""}
        assert requests.post(f"{platform}/simulator/healthcheck", fields, timeout=LIMIT).status_code == 200
        last = wire.chapters[max(wire.chapters)]
        assert (last.press, last.title, last.running) == ("", "healthcheck, on the simulator's page", False)
        assert wire.last("healthcheck") is tried


def test_a_wire_that_runs_for_weeks_keeps_a_bounded_number_of_messages_and_bytes():
    wire = Wire(frozenset(), lambda: 0, keep=20, keep_bytes=100_000)
    for number in range(500):
        if number % 10 == 0:
            wire.begin("press", "Press")
        one = wire.began("browser", "partner", Request("POST", "http://a", f"/{number}", (), b"x" * 9_000))
        wire.ended(one, Response(200, (), b"y" * 1_000))
        wire.message("partner", "browser", "text")
    assert len(wire.exchanges) <= 10 and wire._bytes <= 100_000
    assert sum(one.size for one in wire.exchanges.values()) == wire._bytes
    assert len(wire.chapters) <= 20 and len(wire.messages) <= 20


@pytest.mark.parametrize(
    ("changes", "target", "body"),
    [
        ({}, "/p?a=%2c&a=,&b", b"c=+1&d=%C3%A4"),
        ({"query-1": "x y"}, "/p?a=%2c&a=x+y&b", b"c=+1&d=%C3%A4"),
        ({"query-2": ""}, "/p?a=%2c&a=,&b=", b"c=+1&d=%C3%A4"),
        ({"form-0": "ä&="}, "/p?a=%2c&a=,&b", b"c=%C3%A4%26%3D&d=%C3%A4"),
    ],
)
def test_only_what_is_changed_is_written_anew(changes, target, body):
    form = (("content-type", "application/x-www-form-urlencoded"), ("host", "a"), ("content-length", "13"))
    made = changed(Request("POST", "http://a", "/p?a=%2c&a=,&b", form, b"c=+1&d=%C3%A4"), changes)
    assert (made.target, made.body) == (target, body)


@pytest.mark.parametrize(
    "id", ["query-3", "query--1", "query-²", "form-9", "header-host", "header-cookie", "", "body"]
)
def test_a_part_that_is_not_there_cannot_be_changed(id):
    with pytest.raises(ValueError, match="there is no such part"):
        changed(Request("GET", "http://a", "/p?a=1&b=2&c=3"), {id: "x"})


def test_a_signature_made_with_another_secret_that_is_known_here_is_told(market):
    ask(market, "POST", "/press", press="healthcheck", fault="client-secret")
    n = market.wire("officernd").last("healthcheck").first
    answer = ask(market, "GET", "/why", n=n)
    assert [part["id"] for part in answer["explanations"][0][0]["parts"]] == ["key-other"]


def test_a_page_that_the_simulator_opened_itself_says_nothing_of_a_browser_that_was_turned_back(market):
    place = market.hosts["officernd"].place
    fields = {"integration": FIRST, "fault": "outside-ascii"}
    url = f"{place.addresses['platform']}/simulator/configure"
    assert requests.post(url, fields, timeout=LIMIT).status_code == 200
    for _ in range(2):  # its window was opened, and closed
        place.wire.window(place.wire.last("configure").number, "page")
    (step,) = [one for one in shop(place)["steps"] if one["id"] == "configure"]
    assert step["state"] == "held" and "closed" not in step["said"]
