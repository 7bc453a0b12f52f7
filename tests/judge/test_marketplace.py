"""The marketplace that a program drives: our own partners go through it, and it says what it saw."""

from __future__ import annotations

import inspect
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import FrozenInstanceError
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from handshakes.judge.marketplace import Marketplace
from handshakes.platforms import PLATFORMS
from tests.judge.partners import Partner, partner_of

OWN_TESTS = Path(__file__).parents[2] / "docs" / "own-tests.md"


@pytest.fixture(scope="module", params=PLATFORMS)
def served(request) -> Iterator[tuple[Marketplace, Partner]]:
    with Marketplace(request.param) as market, partner_of(market) as partner:
        yield market, partner


@pytest.fixture
def market(served) -> Marketplace:
    served[0].reset()
    return served[0]


@pytest.fixture
def connected(market, served) -> Marketplace:
    outcome = market.connect(served[1].to, **served[1].settings)
    assert [one for one in outcome.findings if one.held is not True] == []
    return market


STATE = {"officernd": "connected", "retailcrm": "connected", "onoffice": "active", "fortis": "opened"}
ASKS = {"officernd": "token", "retailcrm": "edit", "onoffice": "unlockProvider", "fortis": "users/me"}
REFUSED = {"officernd": "stale", "retailcrm": "wrong-token", "onoffice": "wrong-secret", "fortis": "token-of-another"}  # fmt: skip


def test_the_whole_handshake_is_one_call(connected):
    name = connected.platform.name
    assert connected.installation["state"] == STATE[name]
    assert connected.wait_for(ASKS[name]).response.ok
    assert connected.findings


def test_the_partner_has_its_name_in_the_transcript_by_its_origin(connected):
    (origin,) = [name for name in connected._client.names if connected._client.names[name] == "partner"]
    before = dict(connected._client.names)
    assert any(str(value).startswith(f"{origin}/") for value in connected._settings.values())
    connected._register("", {})
    connected._register("", {name: value for name, value in connected._settings.items() if value})
    assert connected._client.names == before


def test_a_fault_is_played_once_and_the_partner_refuses_it(connected):
    name = connected.platform.name
    seen = len(connected.findings)
    with connected.fault(REFUSED[name]) as fault:
        assert connected.connect().held
    assert fault.fired == 1
    about = [one.state for one in connected.findings[seen:] if one.clause == fault.fault.clause]
    assert "held" in about
    assert connected.connect().held and fault.fired == 1


def test_a_fault_is_played_as_often_as_it_was_armed_and_no_more(connected):
    fault = connected.fault(REFUSED[connected.platform.name], times=2)
    assert all(connected.connect().held for _ in range(3))
    assert (fault.fired, fault.due) == (2, False)


def test_the_next_request_of_a_step_is_waited_for(connected):
    asks = ASKS[connected.platform.name]
    first = connected.wait_for(asks)
    last = connected.requests(asks)[-1]
    with pytest.raises(TimeoutError, match=f"no '{asks}' within 0.01 s; seen so far: "):
        connected.wait_for(asks, 0.01, after=last)
    thread = threading.Thread(target=connected.connect)
    thread.start()
    later = connected.wait_for(asks, 120, after=last)
    thread.join()
    assert first.number <= last.number < later.number and later.step == asks


def test_a_reset_forgets_everything(connected):
    name = connected.platform.name
    connected.fault(REFUSED[name])
    connected.clock.advance(60)
    connected.reset(now=1_648_190_384)
    assert (connected.findings, connected.requests(), connected.faults) == ([], [], [])
    assert connected.transcript.text() == ""
    assert connected.clock.now == 1_648_190_384
    assert connected.installation["state"] != STATE[name]


def test_with_a_seed_and_a_time_everything_is_made_alike(market, served):
    sent = []
    for seed in (1, 1, 2):
        market.reset(seed=seed, now=1_700_000_000)
        outcomes = market.connect("http://127.0.0.1:1/nobody", **away(served[1].settings))
        assert not [one for one in outcomes.findings if one.held]
        market.press(market.steps[0])
        sent.append([(one.request.url, one.request.body) for one in market.requests()])
    assert sent[0] and sent[0] == sent[1]
    assert (sent[0] == sent[2]) is (market.platform.name == "retailcrm")  # where nothing is random yet


def away(settings: dict[str, str]) -> dict[str, str]:
    """Return addresses of a partner, all of them at a port where nobody listens."""
    return {name: "/" + value.partition("://")[2].partition("/")[2] for name, value in settings.items()}


def test_a_marketplace_that_is_closed_keeps_no_connection_to_a_partner_open(market, served, raw_server):
    ended = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.settimeout(3)
        with suppress(TimeoutError):
            while True:
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                if not connection.recv(65_536):
                    return ended.set()

    server = raw_server(talk)
    with Marketplace(market.platform.name) as other:
        other.connect(server.url + "/nobody", **away(served[1].settings))
        assert server.heads and not ended.is_set()
    assert ended.wait(3)


def test_a_step_that_was_taken_is_not_changed_afterwards(connected):
    press = connected.presses[-1]
    with pytest.raises(FrozenInstanceError):
        press.fault = "another"
    assert {*map(hash, connected.presses)}


def test_what_the_page_says_of_how_long_a_request_is_waited_for_is_so(market):
    (documented,) = re.findall(r"`wait_for\(step, timeout=(\d+)\)`", OWN_TESTS.read_text("utf-8"))
    assert inspect.signature(market.wait_for).parameters["timeout"].default == int(documented)


def test_another_address_is_another_partner(connected):
    state = STATE[connected.platform.name]
    found = len(connected.findings)
    connected.connect("http://127.0.0.1:1/nobody")
    assert connected.installation["state"] != state
    assert len(connected.findings) > found, "what was found stays"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda market: market.fault("nothing-like-it"), "unknown fault"),
        (lambda market: market.fault(next(iter(market._customer.known)), at="nowhere"), "unknown step"),
        (lambda market: market.fault(next(iter(market._customer.known)), times=0), "once at least"),
        (lambda market: market.press("nowhere"), "unknown step"),
        (lambda market: market.requests("nowhere"), "unknown step 'nowhere'"),
        (lambda market: market.wait_for("nowhere", 0), "unknown step 'nowhere'"),
        (lambda market: market.connect("https://shop.example/"), "127.0.0.1"),
        (lambda market: market.connect("http://127.0.0.1.attacker.example/"), "127.0.0.1"),
        (lambda market: market.connect("http://127.0.0.1:80@attacker.example/"), "127.0.0.1"),
        (lambda market: market.connect("http://127.0.0.1:1/", colour="red"), "unknown setting"),
        (lambda market: market.reset(secret="x" * 10_000), ""),
        (lambda market: market.clock.advance(-1), "forwards"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(market, wrong, says):
    try:
        wrong(market)
    except ValueError as error:
        assert says in str(error)
    else:
        assert says == ""
    assert market.requests() == []


TYPED = {"officernd": "tokn", "retailcrm": "edti", "onoffice": "unlockProvder", "fortis": "user/me"}
ASKED = {
    "officernd": ("token", "organization", "integration", "webhooks", "return"),
    "retailcrm": ("edit", "credentials", "module", "activity", "api-versions"),
    "onoffice": ("unlockProvider", "estate"),
    "fortis": ("users/me", "token", "token/abc"),
}
"""The calls of a partner's that docs/own-tests.md names, and more that a simulator answers."""


def test_a_typo_is_no_step_of_which_nothing_came(market):
    """Else `assert not requests("tokn")` holds whatever a partner sends."""
    name = market.platform.name
    for read in (market.requests, lambda step: market.wait_for(step, 0)):
        with pytest.raises(ValueError, match=f"^unknown step '{TYPED[name]}'; did you mean "):
            read(TYPED[name])
    for step in (*market.steps, *ASKED[name]):
        assert market.requests(step) == []
        with pytest.raises(TimeoutError):
            market.wait_for(step, 0)


def test_every_step_that_a_handshake_has_can_be_asked_for(connected):
    steps = {one.step for one in connected.requests()}
    known = [*connected.steps, *connected._customer.receives]
    assert [step for step in steps if step and not any(fnmatchcase(step, one) for one in known)] == []
    assert all(connected.requests(step) for step in steps)


@pytest.mark.parametrize("name", ["amazon", "", "Officernd"])
def test_an_unknown_platform_is_refused(name):
    with pytest.raises(ValueError, match=r"known: |did you mean officernd"):
        Marketplace(name)


@pytest.mark.parametrize(
    "elsewhere", ["http://attacker.example/x", "https://127.0.0.1.example", "//attacker.example/"]
)
def test_no_address_elsewhere_is_taken(market, served, elsewhere):
    settings = market._tools.settings.items()
    names = [name for name, one in settings if name.endswith(("_url", "_uri")) and not one.choices]
    assert names
    for name in names:
        with pytest.raises(ValueError, match=r"127\.0\.0\.1"):
            market.connect(**{name: elsewhere})
        with pytest.raises(ValueError, match=r"127\.0\.0\.1"):
            market.reset(**{name: elsewhere})
    assert market.requests() == []
