"""The journal of a simulator: what is kept, how an exchange shows itself, and what a wait in vain says."""

from __future__ import annotations

import threading
import time
from dataclasses import FrozenInstanceError
from types import SimpleNamespace

import pytest

from handshakes.core.messages import Dropped, Request, Response, Unreachable
from handshakes.judge import journal
from handshakes.judge.journal import Exchange, Journal, Seat
from handshakes.judge.marketplace import Marketplace


def request(target: str = "/a?secret=1", body: bytes = b"") -> Request:
    return Request("POST", "http://127.0.0.1:1", target, (), body)


def lived(*exchanges: tuple[str, Request, Response | None]) -> Journal:
    found = Journal(lambda: 1_700_000_000)
    for step, sent, answer in exchanges:
        found.ended(found.began(step, True, sent), answer, "" if answer else "timeout")
    return found


def test_an_exchange_does_not_change_takes_little_room_and_says_no_failure_unless_there_was_one():
    one = Exchange(1, "", True, request(), 0)
    assert one.failure == "" and not hasattr(one, "__dict__")
    with pytest.raises(FrozenInstanceError):
        one.step = "edit"  # type: ignore[misc]


def test_an_exchange_shows_its_number_step_path_and_end_and_no_query():
    answered = Exchange(3, "edit", True, request(), 0, Response(201))
    assert repr(answered) == "<Exchange 3 edit: POST /a → 201>"
    assert repr(Exchange(4, "", False, request(), 0, None, "refused")) == "<Exchange 4 -: POST /a → refused>"


def test_of_what_is_kept_the_bodies_and_the_target_count_and_the_oldest_goes_first(monkeypatch):
    """Each exchange here has 2 bytes of a target, 3 of a body and 5 of an answer: 10 in all."""
    monkeypatch.setattr(journal, "MOST_BYTES", 20)
    one = ("edit", request("/a", b"123"), Response(200, (), b"12345"))
    assert [kept.number for kept in lived(one, one).all()] == [1, 2]
    assert [kept.number for kept in lived(one, one, one).all()] == [2, 3]
    assert [kept.number for kept in lived(*[one] * 5).all()] == [4, 5], "what went no longer counts"
    large = ("edit", request("/a", b"1" * 30), Response(200))
    assert [kept.number for kept in lived(one, large).all()] == [2], "the last is always kept"
    silent = ("edit", request("/a", b"123"), None)
    assert [kept.number for kept in lived(*[silent] * 4).all()] == [1, 2, 3, 4]
    monkeypatch.setattr(journal, "MOST", 2)
    assert [kept.number for kept in lived(*[silent] * 4).all()] == [3, 4]


def test_a_thousand_exchanges_are_kept_and_32_megabytes_of_what_they_hold():
    """The limits are our own choice, written here a second time."""
    silent = ("edit", request("/"), None)
    assert [kept.number for kept in lived(*[silent] * 1_001).all()] == [*range(2, 1_002)]
    half = bytes(15_999_999)
    one, more = ("edit", request("/", half), None), ("edit", request("/x", half), None)
    assert [len(lived(one, other).all()) for other in (one, more)] == [2, 1]


def test_an_exchange_has_the_step_the_time_and_the_end_that_it_was_given():
    (one, other) = lived(("edit", request(), Response(201)), ("", request("/b"), None)).all()
    assert (one.number, one.step, one.received, one.at, one.failure) == (1, "edit", True, 1_700_000_000, "")
    assert one.response.status == 201
    assert (other.number, other.response, other.failure) == (2, None, "timeout")
    found = Journal(lambda: 0)
    found.ended(found.began("", False, request()), Response(201))
    assert [(kept.received, kept.failure) for kept in found.all()] == [(False, "")]


def test_a_seat_records_what_the_partner_sends_and_not_what_it_carried_itself():
    def handle(received):
        role.findings.seen += 2
        return answers.pop(0)
        yield

    answers = [Response(201), Response(202), Dropped()]
    role = SimpleNamespace(
        name="Platform",
        origins=("http://127.0.0.1:1",),
        secret_names=frozenset(),
        clock=lambda: 0,
        findings=SimpleNamespace(seen=0),
        handle=handle,
    )
    seat = Seat(role, lambda received: "edit")

    def exchange(sender: str, sent: Request) -> Response:
        with pytest.raises(StopIteration) as ended:
            next(seat.handle(sent))
        return ended.value.value

    exchange("", request())
    assert seat.carry(SimpleNamespace(exchange=exchange), "browser", request()).status == 202
    assert exchange("", request()) == Dropped()
    assert [(one.kind, one.sender, one.receiver, one.text.rpartition(" ")[2]) for one in seat.transcript.events] == [
        ("request", "partner", "Platform", "http://127.0.0.1:1/a?secret=1"),
        ("response", "Platform", "partner", "201"),
        ("request", "partner", "Platform", "http://127.0.0.1:1/a?secret=1"),
        ("failure", "Platform", "partner", "dropped"),
    ]  # fmt: skip
    assert [(one.number, one.step, one.received, one.failure) for one in seat.journal.all()] == [
        (1, "edit", True, ""),
        (2, "edit", True, ""),
        (3, "edit", True, "dropped"),
    ]
    assert seat.spans == [(0, 2, 1), (2, 4, 2), (4, 6, 3)]


def test_what_a_seat_carries_to_others_is_sent_and_not_received_and_its_end_is_kept():
    role = SimpleNamespace(name="", origins=(), secret_names=frozenset(), clock=lambda: 0)
    seat = Seat(role, lambda received: "edit")

    def failing(sender: str, sent: Request) -> Response:
        raise Unreachable("timeout")

    answered = seat.carry(SimpleNamespace(exchange=lambda sender, sent: Response(201)), "Platform", request())
    assert answered.status == 201
    with pytest.raises(Unreachable):
        seat.carry(SimpleNamespace(exchange=failing), "Platform", request())
    kept = [(one.received, one.response and one.response.status, one.failure) for one in seat.journal.all()]
    assert kept == [(False, 201, ""), (False, None, "timeout")]


def test_whoever_waits_is_woken_as_soon_as_the_exchange_has_ended():
    kept = Journal(lambda: 0)
    began, found, woken = threading.Event(), [], threading.Event()

    def waiting() -> None:
        began.set()
        found.append(kept.wait_for("edit", 10))
        woken.set()

    thread = threading.Thread(target=waiting)
    thread.start()
    assert began.wait(60)
    while not kept._ended._waiters:  # until it waits
        time.sleep(0.001)
    kept.ended(kept.began("edit", True, request()), Response(200))
    assert woken.wait(5), "twice as long it would have waited for nothing"
    thread.join()
    assert [one.number for one in found] == [1]


def test_a_marketplace_waits_for_the_first_exchange_or_for_the_one_after_another():
    market = SimpleNamespace(
        _seat=SimpleNamespace(journal=lived(*[("edit", request(), None)] * 2)), _known_step=lambda step: None
    )
    first = Marketplace.wait_for(market, "edit", 0)
    assert (first.number, Marketplace.wait_for(market, "edit", 0, after=first).number) == (1, 2)


def test_what_was_waited_for_in_vain_is_told_with_what_was_seen():
    with pytest.raises(TimeoutError) as ended:
        lived().wait_for("edit", 0)
    assert ended.value.args == ("no 'edit' within 0 s; seen so far: nothing",)
    seen = lived(("config", request(), None), ("", request(), None), ("config", request(), None))
    with pytest.raises(TimeoutError) as ended:
        seen.wait_for("edit", 0)
    assert ended.value.args == ("no 'edit' within 0 s; seen so far: config, -",)


def test_the_first_exchange_of_a_step_beyond_a_number_is_waited_for():
    found = lived(*[(step, request(), None) for step in ("edit", "config", "edit", "edit")])
    assert [found.wait_for("edit", 0, after).number for after in (0, 1, 3)] == [1, 3, 4]
    assert found.wait_for("edit", 0).number == 1
    assert [one.number for one in found.all("edit")] == [1, 3, 4]
