"""Each fault ends as it declares, and its refusal comes from that fault alone.

The story of every test: the genuine request is accepted, the same request with one fault ends as the
fault says, the genuine request is accepted again.
"""

from __future__ import annotations

import pytest

from handshakes.onoffice.errorcodes import ERRORS
from handshakes.onoffice.simulator.faults import (
    ACTIVATION_FAULTS,
    ACTIVATION_URL_FAULTS,
    CLAIM_FAULTS,
    FAULTS,
    SERVICE_FAULTS,
    URL_FAULTS,
    ApiFault,
    FormFault,
    UrlFault,
)
from handshakes.runtime.verdicts import Refuses, Survives
from handshakes.spec.register import load
from tests.onoffice.sides import EXPORT, PLANS, activated, sides

REGISTER = load("onoffice")
NAMED_BY_THE_ISSUE = {
    "wrong-secret", "base64-signature", "upper-case-signature", "percent-twenty-signed", "tilde-signed", "star-signed",
    "parameter-added", "parameter-changed", "doubled-before", "doubled-after", "second-signature", "case-insensitive-order",
    "port-signed", "other-scheme-signed", "trailing-slash-signed", "stale", "from-the-future", "milliseconds", "no-claim",
    "empty-token", "times-damage", "secret-changed", "cache-expired", "claim-of-another-call", "claim-outdated",
    "api-user-blocked", "api-slow", "api-silent", "api-unreachable", "not-json", *(f"api-error-{code}" for code in ERRORS if code != 97),
}  # fmt: skip


def named(faults):
    return pytest.mark.parametrize("fault", faults, ids=lambda fault: fault.name)


def refuses(fault) -> bool:
    return isinstance(fault.expected, Refuses)


def without_tickets(found):
    """What is stored, without the ticket and the version, which every activation renews."""
    kept = ("customerWebId", "customerName")
    return {id: ({n: one.details[n] for n in kept}, one.state) for id, one in found.items()}


def test_every_fault_of_the_issue_is_there():
    assert set(FAULTS) >= NAMED_BY_THE_ISSUE


def test_names_are_unique():
    assert len(FAULTS) == len(ACTIVATION_FAULTS) + len(CLAIM_FAULTS)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_names_a_clause_of_the_register(fault):
    assert REGISTER.clause(fault.clause).id == fault.clause


def test_survived_means_a_state():
    assert {fault.expected.state for fault in FAULTS.values() if isinstance(fault.expected, Survives)} == {
        "active"
    }


def carried_out(fault) -> bool:
    """Say whether the platform unlocked although the provider learnt of no success: its answer was lost."""
    return fault.name in ("answer-lost", "api-slow")


@named(ACTIVATION_FAULTS)
def test_fault_at_the_first_activation(fault):
    world = sides()
    outcome = world.activate(fault.name)
    assert outcome.held, outcome.findings
    if refuses(fault):
        assert world.reasons() == [fault.expected.reason]
        assert world.in_use() == {}
        assert world.status() == ("active" if carried_out(fault) else "inactive")
        if isinstance(fault, UrlFault) and fault.name != "no-claim":
            assert outcome.response.status == (400 if fault.name == "empty-token" else 403)
            assert b"<form" not in outcome.response.body
            assert world.platform.calls == 0
        else:
            assert (outcome.response.status, outcome.response.header("content-type")) == (
                200,
                "text/plain; charset=utf-8",
            )
            assert outcome.response.body not in (b"", b"active")
    else:
        assert (world.reasons(), world.status()) == ([], fault.expected.state)
        assert outcome.response.body == b"active"
        assert world.serve().held
    world.reports.clear()
    outcome = world.activate()
    assert outcome.held, outcome.findings
    assert (world.status(), world.reports) == ("active", [])
    assert world.serve().held


@named(ACTIVATION_FAULTS)
def test_fault_at_another_activation_leaves_what_is_in_use(fault):
    world = activated()
    assert world.serve().held
    before = world.in_use()

    outcome = world.activate(fault.name)

    assert outcome.held, outcome.findings
    if refuses(fault):
        assert world.reasons() == [fault.expected.reason]
        assert world.in_use() == before
    else:
        assert world.reasons() == []
        assert world.in_use() != before, "token and key are new"
    world.reports.clear()
    if not carried_out(fault):  # else the platform has other credentials now, and the provider cannot know
        assert world.work()["objekttitel"] == "House 4711"
    assert (world.activate().held, world.serve().held, world.reports) == (True, True, [])
    assert without_tickets(world.in_use()) == without_tickets(before)


@named([fault for fault in ACTIVATION_FAULTS if isinstance(fault, (ApiFault, FormFault))])
@pytest.mark.parametrize("errors", ["mirrored", "200-0"])
def test_a_refusal_does_not_depend_on_the_envelope(fault, errors):
    world = sides(errors=errors)
    assert world.activate(fault.name).held
    assert world.reasons() == ([fault.expected.reason] if refuses(fault) else [])
    assert (world.status() == "active") is (carried_out(fault) or not refuses(fault))


OF_SERVICES = [(PLANS, fault) for fault in SERVICE_FAULTS] + [(EXPORT, fault) for fault in URL_FAULTS]


@pytest.mark.parametrize(
    ("service", "fault"), OF_SERVICES, ids=[f"{service}-{fault.name}" for service, fault in OF_SERVICES]
)
def test_fault_of_a_service_or_webhook(service, fault):
    world = activated()
    assert world.serve(service=service).held and world.reports == []
    before, calls = world.in_use(), world.platform.calls

    outcome = world.serve(fault.name, service=service)

    assert outcome.held, outcome.findings
    if refuses(fault):
        assert world.reasons() == [fault.expected.reason]
        assert outcome.response.status >= 400
        if isinstance(fault, UrlFault):
            assert world.platform.calls == calls
    else:
        assert world.reasons() == []
        assert outcome.response.ok
    assert world.in_use() == before
    world.reports.clear()
    assert (world.serve(service=service).held, world.reports) == (True, [])


def test_no_two_failures_of_a_signature_look_different():
    world = sides()
    pages = {
        (r.status, r.body, r.headers)
        for f in URL_FAULTS if refuses(f) and not f.verified for r in [world.activate(f.name).response]
    }  # fmt: skip
    assert len(pages) == 1


def test_the_findings_can_fail():
    """A provider that always says active is caught at every refusal of the button."""
    world = activated()
    world.partner.error_text = lambda request, refused: "active"
    for fault in ACTIVATION_FAULTS:
        at_the_button = not isinstance(fault, UrlFault) or fault.name == "no-claim"
        assert world.activate(fault.name).held is not (refuses(fault) and at_the_button), fault.name


def test_a_fault_of_another_step_is_no_fault_of_this_one():
    world = activated()
    for step, name in ((world.activate, "service-claim-outdated"), (world.serve, "not-json")):
        with pytest.raises(ValueError, match=name):
            step(name)


def test_the_url_faults_of_an_activation_are_its_own():
    assert {fault.name for fault in ACTIVATION_URL_FAULTS} == {"empty-token", "no-claim"}
