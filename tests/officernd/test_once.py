"""What may happen once, asked for many times: the exchange of a code, and the refresh of a token."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet

from handshakes.core.messages import Delayed, Pause, Request, Response, Unreachable, split_url
from handshakes.runtime.browser import Browser
from handshakes.runtime.client import Loopback
from handshakes.runtime.sql_store import SqlStore
from handshakes.runtime.store import Conflict
from tests.officernd.sides import Both, sides

FIRST = "5e0000000000000000000001"
IDENTITY = f"5b0000000000000000000001/{FIRST}"
RETURN = "/connect/external-integration/return"


def get(url: str) -> Request:
    return Request("GET", *split_url(url))


def saved(both: Both):
    return both.partner.store.get("officernd", IDENTITY)


def token_requests(network) -> list[str]:
    return [
        event.text
        for event in network.transcript.events
        if event.text.startswith("POST") and "/oauth/token" in event.text
    ]


def connect(both: Both) -> None:
    both.network.run(Browser().open(both.platform.connect_url(FIRST)))
    assert saved(both).state == "active"


def in_turn(both: Both, *steps) -> list[Response]:
    """Advance steps one message each, round by round; a pause lasts one round. Return their answers in order."""
    answers: dict[int, Response] = {}
    waiting = {number: (step, next(step)) for number, step in enumerate(steps)}
    for _ in range(60):
        for number, (step, outgoing) in list(waiting.items()):
            try:
                if isinstance(outgoing, Pause):
                    waiting[number] = (step, next(step))
                else:
                    waiting[number] = (step, step.send(both.network.exchange("partner", outgoing)))
            except StopIteration as stop:
                answers[number] = stop.value
                del waiting[number]
        if not waiting:
            return [answers[number] for number in sorted(answers)]
    raise AssertionError("a step does not end")


# --- a code ---------------------------------------------------------------------------------------


@pytest.mark.clause("officernd:connect.repeated")
def test_a_connect_url_that_is_opened_twice_spends_its_code_once():
    both = sides()
    url = both.platform.connect_url(FIRST)
    for _ in range(2):
        page = both.network.run(Browser().open(url))
        assert page.url == "https://app.officernd.com" + RETURN
    assert len(token_requests(both.network)) == 1
    assert (saved(both).state, both.platform.integrations[FIRST].state) == ("active", "connected")
    assert [(refused.reason, refused.clause) for _, refused in both.reports] == [
        ("replayed", "officernd:connect.repeated")
    ]
    both.network.run(Browser().open(both.platform.configuration_url(FIRST)))
    assert both.network.transcript.events[-1].text.startswith("200"), "the tokens were not taken back"


@pytest.mark.clause("officernd:connect.repeated")
@pytest.mark.parametrize(
    "lead", range(4), ids=["at once", "after token", "after organisation", "after secret"]
)
def test_a_connect_url_that_is_opened_twice_at_the_same_time_spends_its_code_once(lead):
    both = sides()
    request = get(both.platform.connect_url(FIRST))
    first, second = both.partner.connect(request), both.partner.connect(request)

    def ahead():
        outgoing = next(first)
        for _ in range(lead):
            outgoing = first.send(both.network.exchange("partner", outgoing))
        response = yield outgoing
        outgoing = first.send(response)
        while True:
            response = yield outgoing
            try:
                outgoing = first.send(response)
            except StopIteration as stop:
                return stop.value

    answers = in_turn(both, ahead(), second)
    assert [answer.status for answer in answers] == [302, 302]
    assert {answer.header("location") for answer in answers} == {"https://app.officernd.com" + RETURN}
    assert len(token_requests(both.network)) == 1
    assert saved(both).state == "active"


def test_an_old_connect_url_out_of_the_history_does_not_take_the_tokens_back():
    """RFC 6749, 4.1.2: a platform that is sent a code twice takes back what it gave for it."""
    both = sides(code_lifetime=10**9)
    url = both.platform.connect_url(FIRST)
    both.network.run(Browser().open(url))
    both.clock.advance(400 * 86_400)
    before = dict(both.platform.tokens)
    both.network.run(Browser().open(url))
    assert both.platform.tokens == before != {}
    assert len(token_requests(both.network)) == 1


def test_a_repeat_goes_back_to_the_region_that_the_first_found():
    region = "https://eu.officernd.com"
    both = sides(region_url=region)
    request = get(both.platform.connect_url(FIRST))
    answers = in_turn(both, both.partner.connect(request), both.partner.connect(request))
    assert [answer.header("location") for answer in answers] == [region + RETURN] * 2


def test_a_repeat_of_a_connect_that_failed_goes_back_after_three_seconds_without_an_exchange():
    both = sides()
    request = get(both.platform.connect_url(FIRST, "error-organization"))
    assert both.network.exchange("browser", request).status == 302
    began = both.clock()
    answer = both.network.exchange("browser", request)
    assert (answer.status, answer.header("location")) == (302, "https://app.officernd.com" + RETURN)
    assert 2 <= both.clock() - began <= 4
    assert (len(token_requests(both.network)), saved(both)) == (1, None)
    both.network.run(Browser().open(both.platform.connect_url(FIRST)))
    assert saved(both).state == "active", "a new click brings a new code"


def test_the_platform_looks_again_when_the_slower_of_two_browsers_comes_back():
    both = sides()
    step = both.partner.connect(get(both.platform.connect_url(FIRST)))
    outgoing = step.send(both.network.exchange("partner", next(step)))
    both.network.run(Browser().open("https://app.officernd.com" + RETURN))
    assert both.platform.integrations[FIRST].state == "failed"
    with pytest.raises(StopIteration):
        while True:
            outgoing = step.send(both.network.exchange("partner", outgoing))
    both.network.run(Browser().open("https://app.officernd.com" + RETURN))
    assert both.platform.integrations[FIRST].state == "connected"


def test_what_is_kept_of_a_code_cannot_be_exchanged(tmp_path):
    both = sides()
    url = both.platform.connect_url(FIRST)
    both.network.run(Browser().open(url))
    (code,) = both.platform.grants
    assert code in url
    assert code not in repr((saved(both).details, saved(both).credentials))


# --- a refresh ------------------------------------------------------------------------------------


@pytest.mark.clause("officernd:token.one-refresh")
def test_of_twenty_requests_in_step_one_refreshes_and_all_are_answered():
    both = sides()
    connect(both)
    both.clock.advance(4_000)
    request = get(both.platform.configuration_url(FIRST))
    answers = in_turn(both, *(both.partner.configure(request) for _ in range(20)))
    assert [answer.status for answer in answers] == [200] * 20
    assert len(token_requests(both.network)) == 2  # one of the connect
    assert "refreshingUntil" not in saved(both).details


@pytest.mark.clause("officernd:token.one-refresh")
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_of_twenty_requests_at_once_to_two_processes_one_refreshes_and_all_are_answered(
    tmp_path, request, database
):
    """Two partners on one database, as two processes have it; the token endpoint takes 0.3 s."""
    sqlite, keys = f"sqlite:///{tmp_path / 'kept.sqlite'}", [Fernet.generate_key().decode()]
    url = sqlite if database == "sqlite" else request.getfixturevalue("postgres").empty()
    stores = [SqlStore(url, keys) for _ in range(2)]
    both = sides(stores[0])
    connect(both)
    both.clock.advance(4_000)
    own = both.partner
    given = {"clock": own.clock, "random": own.random, "report": own.report}
    other = type(own)(own.configuration, store=stores[1], **given)
    token = both.platform.token
    both.platform.token = lambda request: Delayed(0.3, token(request))
    request = get(both.platform.configuration_url(FIRST))
    with Loopback(both.platform) as network, ThreadPoolExecutor(20) as pool:
        steps = [(own, other)[number % 2].configure(request) for number in range(20)]
        answers = list(pool.map(network.run, steps))
        asked = token_requests(network)
    found = saved(both)
    for store in stores:
        store.close()
    assert [answer.status for answer in answers] == [200] * 20
    assert len(asked) == 1
    assert both.reports == []
    assert "refreshingUntil" not in found.details


def test_a_request_that_is_alone_does_not_wait():
    both = sides()
    connect(both)
    both.clock.advance(4_000)
    began = both.clock()
    assert both.network.exchange("browser", get(both.platform.configuration_url(FIRST))).status == 200
    assert both.clock() == began


def test_a_refresh_that_its_process_did_not_finish_is_made_again_after_a_minute():
    both = sides()
    connect(both)
    both.clock.advance(4_000)
    request = get(both.platform.configuration_url(FIRST))
    dead = both.partner.configure(request)
    next(dead)
    dead.close()
    began = both.clock()
    assert both.network.exchange("browser", request).status == 502
    assert both.clock() - began <= 11
    both.clock.advance(60)
    assert both.network.exchange("browser", get(both.platform.configuration_url(FIRST))).status == 200
    assert "refreshingUntil" not in saved(both).details


def test_after_a_refresh_that_failed_the_next_request_tries_at_once():
    both = sides()
    connect(both)
    both.clock.advance(4_000)
    request = get(both.platform.configuration_url(FIRST))
    step = both.partner.configure(request)
    next(step)
    with pytest.raises(StopIteration) as ended:
        step.throw(Unreachable("timeout"))
    assert ended.value.value.status == 502
    began = both.clock()
    assert both.network.exchange("browser", request).status == 200
    assert both.clock() == began


def test_who_waits_for_a_refresh_is_told_when_the_installation_is_removed():
    both = sides()
    connect(both)
    both.clock.advance(4_000)
    request = get(both.platform.configuration_url(FIRST))
    first, second = both.partner.configure(request), both.partner.configure(request)
    assert isinstance(next(first), Request)
    assert isinstance(next(second), Pause)
    both.partner.forget(saved(both))
    with pytest.raises(StopIteration) as ended:
        next(second)
    assert ended.value.value.status == 502
    assert both.reports[-1][1].reason == "wrong-state"


def test_who_waits_in_vain_is_refused_in_the_end(monkeypatch):
    """Others save again and again, so that this request never has the lease."""
    both = sides()
    connect(both)
    both.clock.advance(4_000)
    monkeypatch.setattr(both.store, "save", lambda one: (_ for _ in ()).throw(Conflict(one.identity)))
    answer = both.network.exchange("browser", get(both.platform.configuration_url(FIRST)))
    assert (answer.status, both.reports[-1][0]) == (502, "configure")
    assert both.reports[-1][1].reason == "unreachable"


def test_tokens_that_were_renewed_are_saved_however_often_others_save_first(monkeypatch):
    """A platform gives them once: a change that gives up after five tries would lose the connection."""
    both = sides()
    connect(both)
    both.clock.advance(4_000)
    save, overtaken = both.store.save, iter(range(12))
    old = saved(both).credentials["access_token"]

    def racing(one):
        if one.credentials["access_token"] != old and next(overtaken, None) is not None:
            raise Conflict(one.identity)
        return save(one)

    monkeypatch.setattr(both.store, "save", racing)
    assert both.network.exchange("browser", get(both.platform.configuration_url(FIRST))).status == 200
    assert list(overtaken) == []
    renewed = saved(both).credentials["access_token"]
    assert renewed != old
    assert both.network.exchange("browser", get(both.platform.configuration_url(FIRST))).status == 200
    assert len(token_requests(both.network)) == 2, "that of the connect, and one refresh"


def test_a_change_that_changes_nothing_is_not_saved():
    both = sides()
    connect(both)
    version = saved(both).version
    assert both.partner.change(IDENTITY, lambda one: replace(one)).version == version
    assert saved(both).version == version


def test_a_lease_that_is_not_ours_is_not_given_back():
    both = sides()
    connect(both)
    both.clock.advance(4_000)
    request = get(both.platform.configuration_url(FIRST))
    step = both.partner.configure(request)
    next(step)
    theirs = str(both.clock() + 999)
    one = saved(both)
    both.store.save(replace(one, details={**one.details, "refreshingUntil": theirs}))
    with pytest.raises(StopIteration):
        step.throw(Unreachable("timeout"))
    assert saved(both).details["refreshingUntil"] == theirs
