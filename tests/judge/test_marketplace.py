"""The marketplace that a program drives: our own partners go through it, and it says what it saw."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from handshakes.judge.marketplace import Marketplace
from handshakes.platforms import PLATFORMS
from tests.judge.partners import Partner, partner_of


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


def test_a_fault_is_played_once_and_the_partner_refuses_it(connected):
    name = connected.platform.name
    seen = len(connected.findings)
    with connected.fault(REFUSED[name]) as fault:
        assert connected.connect().held
    assert fault.fired == 1
    about = [one.state for one in connected.findings[seen:] if one.clause == fault.fault.clause]
    assert "held" in about
    assert connected.connect().held and fault.fired == 1


def test_a_reset_forgets_everything(connected):
    name = connected.platform.name
    connected.fault(REFUSED[name])
    connected.clock.advance(60)
    connected.reset(now=1_648_190_384)
    assert (connected.findings, connected.requests(), connected.faults) == ([], [], [])
    assert connected.transcript.text() == ""
    assert connected.clock.now == 1_648_190_384
    assert connected.installation["state"] != STATE[name]
