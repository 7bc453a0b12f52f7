"""Handshakes in process: what a step is sent, what the clock does, and who said what when."""

from __future__ import annotations

import pytest

from handshakes.core.messages import Delayed, Dropped, Pause, Request, Response, Unreachable
from handshakes.runtime.flow import Clock, InProcess, drive

PLATFORM = "https://platform.example"
PARTNER = "https://partner.example"
NOW = 1_648_190_384


def ask(target="/", timeout=10.0, origin=PLATFORM):
    response = yield Request("GET", origin, target, timeout=timeout)
    return response.status


def asked_carefully(target="/", timeout=10.0, origin=PLATFORM):
    """A step that survives a failure and goes on."""
    try:
        return (yield from ask(target, timeout, origin))
    except Unreachable as failure:
        response = yield Request("GET", PLATFORM, "/instead")
        return failure.kind, failure.origin, response.status


# --- drive ------------------------------------------------------------------------------------


def test_a_step_is_sent_each_answer_and_its_result_is_returned():
    def step():
        first = yield Request("GET", PLATFORM, "/1")
        second = yield Request("GET", PLATFORM, f"/{first.status}")
        return first.status, second.status

    targets = []

    def exchange(request):
        targets.append(request.target)
        return Response(200 + len(targets))

    assert drive(step(), exchange) == (201, 202)
    assert targets == ["/1", "/201"]


def test_a_step_without_a_request_just_returns():
    def step():
        return "done"
        yield

    assert drive(step(), lambda request: pytest.fail("nothing was to be sent")) == "done"


def test_unreachable_is_thrown_into_the_step_which_may_recover():
    def exchange(request):
        if request.target == "/":
            raise Unreachable("timeout", request.origin)
        return Response(204)

    assert drive(asked_carefully(), exchange) == ("timeout", PLATFORM, 204)


def test_unreachable_that_the_step_does_not_catch_comes_out():
    def exchange(request):
        raise Unreachable("dropped", request.origin)

    with pytest.raises(Unreachable, match=r"^dropped: https://platform\.example$"):
        drive(ask(), exchange)


def test_any_other_failure_of_the_exchange_is_a_defect_and_not_thrown_in():
    def step():
        try:
            yield Request("GET", PLATFORM, "/")
        except ZeroDivisionError:
            pytest.fail("only Unreachable belongs to the step")

    with pytest.raises(ZeroDivisionError):
        drive(step(), lambda request: 1 // 0)


def test_a_pause_is_waited_for_and_is_no_request():
    def step():
        yield Pause(0.2)
        first = yield Request("GET", PLATFORM, "/")
        yield Pause(3)
        return first.status

    waited = []
    assert drive(step(), lambda request: Response(204), waited.append) == 204
    assert waited == [0.2, 3]


def test_a_pause_moves_the_clock_in_process_and_is_no_event(toy):
    def platform(request):
        yield Pause(1.5)
        return Response(204)

    clock = Clock(NOW)
    network = InProcess(toy("platform", PLATFORM, platform), clock=clock)
    assert network.run(ask()) == 204
    assert clock() == NOW + 1
    assert len(network.transcript.events) == 2
    assert InProcess(toy("platform", PLATFORM, platform)).run(ask()) == 204


# --- the clock and lost answers ---------------------------------------------------------------


def test_a_clock_stands_still_until_it_is_moved():
    clock = Clock(NOW)
    assert clock() == clock() == NOW
    clock.advance(0.4)
    assert clock() == NOW
    clock.advance(0.4)
    clock.advance(0.4)
    assert clock() == NOW + 1
    assert isinstance(clock(), int)


@pytest.mark.parametrize(
    ("seconds", "timeout", "result", "passed"),
    [
        (3.0, 10.0, 204, 3),
        (10.0, 10.0, 204, 10),
        (10.5, 10.0, ("timeout", PLATFORM, 204), 10),
        (3600.0, 10.0, ("timeout", PLATFORM, 204), 10),
        (2.0, 1.0, ("timeout", PLATFORM, 204), 1),
    ],
    ids=["in time", "just in time", "just late", "an hour late", "own timeout"],
)
def test_a_late_answer_moves_the_clock_by_no_more_than_the_timeout(
    toy, clock, seconds, timeout, result, passed
):
    def answer(request):
        return Response(204) if request.path == "/instead" else Delayed(seconds, Response(204))

    net = InProcess(toy("platform", PLATFORM, answer), clock=clock)
    assert net.run(asked_carefully("/", timeout)) == result
    assert clock() == NOW + passed


def test_without_a_clock_a_late_answer_is_still_late(toy):
    net = InProcess(toy("platform", PLATFORM, lambda request: Delayed(2.0, Response(204))))
    assert net.run(ask(timeout=3.0)) == 204
    with pytest.raises(Unreachable, match="timeout"):
        net.run(ask(timeout=1.0))


def test_a_dropped_answer_takes_no_time(toy, clock):
    def answer(request):
        return Response(204) if request.path == "/instead" else Dropped()

    net = InProcess(toy("platform", PLATFORM, answer), clock=clock)
    assert net.run(asked_carefully()) == ("dropped", PLATFORM, 204)
    assert clock() == NOW


def test_an_origin_that_nobody_owns_has_no_address(toy):
    role = toy("platform", PLATFORM, lambda request: Response(204))
    net = InProcess(role)
    nowhere = "https://nowhere.example"
    assert net.run(asked_carefully(origin=nowhere)) == ("no-address", nowhere, 204)
    assert [request.target for request in role.seen] == ["/instead"]
    assert [(event.kind, event.receiver, event.text) for event in net.transcript.events][:2] == [
        ("request", nowhere, "GET https://nowhere.example/"),
        ("failure", "browser", "no-address"),
    ]


def test_a_similar_origin_is_another_one(toy):
    net = InProcess(toy("platform", PLATFORM, lambda request: Response(204)))
    for origin in ("http://platform.example", PLATFORM + ":443", PLATFORM + ".evil.example"):
        with pytest.raises(Unreachable, match="no-address"):
            net.run(ask(origin=origin))


# --- roles that call each other ---------------------------------------------------------------


def calling_back(toy, inner):
    """A platform that asks the partner, which calls the platform before it answers."""

    def platform(request):
        return inner if request.path == "/edit" else start()

    def start():
        response = yield Request("GET", PARTNER, "/register", timeout=5.0)
        return Response(response.status + 1)

    def partner(request):
        try:
            response = yield Request("POST", PLATFORM, "/edit", timeout=5.0)
        except Unreachable:
            return Response(500)
        return Response(response.status + 1)

    return toy("platform", PLATFORM, platform), toy("partner", PARTNER, partner)


def test_calls_within_calls_are_recorded_in_the_order_in_which_they_happened(toy):
    net = InProcess(*calling_back(toy, Response(200)))
    assert net.run(ask("/start")) == 202
    assert [
        (e.kind, e.sender, e.receiver, e.text.removeprefix("GET https://")) for e in net.transcript.events
    ] == [
        ("request", "browser", "platform", "platform.example/start"),
        ("request", "platform", "partner", "partner.example/register"),
        ("request", "partner", "platform", "POST https://platform.example/edit"),
        ("response", "platform", "partner", "200"),
        ("response", "partner", "platform", "201"),
        ("response", "platform", "browser", "202"),
    ]


def test_a_failure_within_a_call_is_the_inner_callers_alone(toy, clock):
    net = InProcess(*calling_back(toy, Delayed(60, Response(200))), clock=clock)
    assert net.run(ask("/start")) == 501
    assert clock() == NOW + 5
    assert [event.kind for event in net.transcript.events] == [
        "request",
        "request",
        "request",
        "failure",
        "response",
        "response",
    ]


def test_the_sender_has_the_name_that_was_given(toy):
    net = InProcess(toy("platform", PLATFORM, lambda request: Response(204)))
    net.run(ask(), sender="portal")
    assert [(event.sender, event.receiver) for event in net.transcript.events] == [
        ("portal", "platform"),
        ("platform", "portal"),
    ]


def test_a_role_may_own_several_origins(toy):
    role = toy("platform", PLATFORM, lambda request: Response(204))
    role.origins = (PLATFORM, "https://api.example")
    net = InProcess(role)
    assert net.run(ask(origin="https://api.example")) == 204
    assert [request.origin for request in role.seen] == ["https://api.example"]


def test_the_names_of_every_role_are_secret_for_all(toy):
    net = InProcess(
        toy("platform", PLATFORM, lambda request: Response(204), {"one"}),
        toy("partner", PARTNER, lambda request: Response(204), {"two"}),
    )
    net.run(ask("/?one=private-a&two=private-b&three=open", origin=PARTNER))
    assert "private" not in net.transcript.text()
    assert "three=open" in net.transcript.text()


def test_what_a_role_raises_comes_out_where_it_can_be_debugged(toy):
    def answer(request):
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        InProcess(toy("platform", PLATFORM, answer)).run(ask())
