"""Each fault ends as it declares, and its refusal comes from that fault alone.

The story of every test: the genuine request is accepted, the same request with one fault ends as the
fault says, the genuine request is accepted again.
"""

from __future__ import annotations

import pytest

from handshakes.retailcrm.simulator.faults import (
    ACTIVITY_FAULTS,
    ANSWER_FAULTS,
    CONFIG_FAULTS,
    CONNECT_FAULTS,
    FAULTS,
    REGISTER_FAULTS,
    VISIT_FAULTS,
)
from handshakes.retailcrm.simulator.findings import said_yes
from handshakes.runtime.verdicts import Refuses, Survives
from handshakes.spec.register import load
from tests.retailcrm.sides import ANOTHER, CODE, DEMO, connected, sides

REGISTER = load("retailcrm")
NAMED_BY_THE_ISSUE = {
    "wrong-token", "upper-case-token", "bracketed", "json-body", "register-in-query", "number-as-token",
    "missing-token", "missing-apikey", "missing-systemurl", "duplicate-json-key", "same-again", "another-account",
    "foreign-host", "private-host", "written-port", "with-path", "trailing-slashes", "user-info", "technical-host",
    "edit-402", "edit-403", "edit-404", "edit-429", "edit-503", "edit-says-false", "edit-slow", "edit-dropped",
    "unreachable", "config-twice", "activity-unknown", "activity-foreign-host", "activity-another-account",
}  # fmt: skip


def named(faults):
    return pytest.mark.parametrize("fault", faults, ids=lambda fault: fault.name)


def without_versions(found):
    """What is stored, without the version that every save counts up."""
    return {id: (one.details, one.credentials, one.state) for id, one in found.items()}


def test_every_fault_of_the_issue_is_there():
    assert set(FAULTS) >= NAMED_BY_THE_ISSUE


def test_names_are_unique():
    tuples = (REGISTER_FAULTS, ANSWER_FAULTS, CONFIG_FAULTS, ACTIVITY_FAULTS, VISIT_FAULTS)
    assert len(FAULTS) == sum(map(len, tuples))


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_names_a_clause_of_the_register(fault):
    assert REGISTER.clause(fault.clause).id == fault.clause


def test_survived_means_a_state():
    states = {fault.expected.state for fault in FAULTS.values() if isinstance(fault.expected, Survives)}
    assert states == {"connected", "off"}


@named(CONNECT_FAULTS)
def test_connect_fault_at_the_first_connect(fault):
    world = sides()
    outcome = world.connect(DEMO, fault.name)
    if isinstance(fault.expected, Refuses):
        assert world.reasons() == [fault.expected.reason]
        assert outcome.response.status == 200
        assert outcome.response.json()["success"] is False
        assert set(outcome.response.json()) == {"success", "errorMsg"}
        assert world.in_use() == {}
        assert world.platform.state(DEMO, CODE) == ""
    else:
        assert world.reasons() == []
        assert outcome.response.json()["success"] is True
        assert world.platform.state(DEMO, CODE) == fault.expected.state
    assert outcome.held, outcome.findings
    world.reports.clear()
    outcome = world.connect()
    assert outcome.held, outcome.findings
    assert (world.platform.state(DEMO, CODE), world.reports) == ("connected", [])


@named(CONNECT_FAULTS)
def test_connect_fault_leaves_what_is_in_use(fault):
    world = connected()
    before = world.in_use()

    outcome = world.connect(DEMO, fault.name)

    assert outcome.held, outcome.findings
    if isinstance(fault.expected, Refuses):
        assert world.reasons() == [fault.expected.reason]
        assert world.in_use() == before
        assert world.platform.state(DEMO, CODE) == "connected"
    else:
        assert world.reasons() == []
        assert said_yes(outcome.response)
        assert world.platform.state(DEMO, CODE) == fault.expected.state
    world.reports.clear()
    assert world.work()["success"] is True
    world.connect()
    assert (world.work()["success"], world.reports) == (True, [])


@named(
    [fault for fault in REGISTER_FAULTS if "system-url" in fault.clause and fault.name != "technical-host"]
)
def test_no_address_that_is_refused_is_contacted(fault):
    world = connected()
    seen = len(world.network.transcript.events)
    world.connect(DEMO, fault.name)
    sent = [event for event in world.network.transcript.events[seen:] if event.kind == "request"]
    called = [event.text for event in sent if event.sender == "module"]
    if isinstance(fault.expected, Refuses):
        assert called == []
        assert world.platform.trapped == 0
    else:
        assert called and all(f" {DEMO}/" in text for text in called)


@named(CONFIG_FAULTS)
def test_config_fault(fault):
    world = connected()
    before = world.in_use()
    outcome = world.popup(DEMO, fault.name)
    assert outcome.held, outcome.findings
    expected = [fault.expected.reason] if isinstance(fault.expected, Refuses) else []
    assert (world.reasons(), world.in_use()) == (expected, before)
    world.reports.clear()
    world.popup()
    assert (world.connect().held, world.reports) == (True, [])


@named(ACTIVITY_FAULTS)
def test_activity_fault(fault):
    world = connected()
    assert world.activity().held and world.reports == []
    before = world.in_use()

    outcome = world.activity(DEMO, fault.name)

    assert outcome.held, outcome.findings
    if isinstance(fault.expected, Refuses):
        assert world.reasons() == [fault.expected.reason]
        assert outcome.response.json()["success"] is False
        assert world.in_use() == before
        assert world.work() is not None
    else:
        assert world.reasons() == []
        assert outcome.response.json() == {"success": True}
        assert (world.work() is not None) == (fault.expected.state == "connected")
    world.reports.clear()
    assert world.activity().held
    assert (world.work() is not None, world.reports) == (True, [])
    assert without_versions(world.in_use()) == without_versions(before)
    assert world.platform.trapped == 0


@named(VISIT_FAULTS)
def test_visit_fault(fault):
    world = connected()
    assert world.visit().held and world.reports == []
    before = world.in_use()
    outcome = world.visit(DEMO, fault.name)
    assert outcome.held, outcome.findings
    assert (outcome.response.status, world.reasons()) == (403, [fault.expected.reason])
    assert outcome.response.header("set-cookie") == ""
    assert world.in_use() == before
    world.reports.clear()
    assert (world.visit().held, world.reports) == (True, [])


def test_the_findings_can_fail():
    """A module that always says yes is caught at every refusal."""
    world = connected()
    world.partner.unverified = world.partner.failed = lambda refused: world.partner.connected()
    for fault in CONNECT_FAULTS:
        outcome = world.connect(DEMO, fault.name)
        assert outcome.held is not isinstance(fault.expected, Refuses), fault.name


def test_a_fault_of_another_step_is_no_fault_of_this_one():
    world = connected()
    for step, name in (
        (world.platform.open_popup, "wrong-token"), (world.platform.connect, "config-twice"),
        (world.platform.activity, "wrong-token"), (world.platform.visit, "activity-off"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=name):
            world.network.run(step(DEMO, CODE, name))


def test_another_accounts_address_never_gets_the_key_into_use():
    world = connected()
    world.connect(ANOTHER)
    before = world.in_use()
    assert len(before) == 2
    assert world.connect(DEMO, "another-account").held
    assert world.in_use() == before
