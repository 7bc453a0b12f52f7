"""Each fault ends as it declares, and its refusal comes from that fault alone.

The story of every test: the genuine launch or postback is accepted, the same one with one fault ends as
the fault says, the genuine one is accepted again.
"""

from __future__ import annotations

import re

import pytest

from handshakes.fortis.simulator.faults import (
    ANSWER_FAULTS,
    FAULTS,
    LAUNCH_FAULTS,
    OAUTH_FAULTS,
    POSTBACK_FAULTS,
    LaunchFault,
    opening_faults,
)
from handshakes.runtime.verdicts import Refuses, Survives
from handshakes.spec.register import load
from tests.fortis.sides import LOCATION, MODES, OTHER_LOCATION, OTHER_USER, USER, opened, sides

REGISTER = load("fortis")
NAMED_BY_THE_ISSUE = {
    "wrong-secret", "sha256-derivation", "stale", "future", "milliseconds", "swapped-order", "upper-case-hmac",
    "location-doubled", "shifted", "user-replaced", "foreign-oauth-url", "replayed", "token-expired",
    "token-of-another", "raw-injection", "postback-repeated", "postback-swapped", "postback-lost",
    "postback-with-body", "postback-without-key",
}  # fmt: skip
# The rows N02 to N15 of the damage table, and what else is measured there.
DAMAGE = {
    "wrong-secret", "plus-as-blank", "no-base64-padding", "url-safe-base64", "encoded-twice", "cut-byte", "cut-block",
    "header-alone", "cut-header", "empty-data", "no-header", "wrong-header", "flipped-salt", "flipped-block",
    "line-breaks", "unused-bits", "loose-padding", "zero-padding", "long-padding", "flipped-padding",
    "byte-order-mark", "nul-behind", "nan", "lone-surrogate", "deep-json", "duplicate-json-key", "json-array",
    "query-text", "missing-user", "latin-1",
}  # fmt: skip
OPENING = [(mode, fault) for mode in MODES for fault in opening_faults(mode)]


def named(faults):
    return pytest.mark.parametrize("fault", faults, ids=lambda fault: fault.name)


opening = pytest.mark.parametrize(
    ("mode", "fault"), OPENING, ids=[f"{mode}-{fault.name}" for mode, fault in OPENING]
)


def shown_user(response) -> str:
    """Who the app says is signed in."""
    match = re.search(r'id="user">([^<]*)<', response.body.decode())
    return match[1] if match else ""


def test_every_fault_of_the_issue_is_there():
    assert set(FAULTS) >= NAMED_BY_THE_ISSUE | DAMAGE


def test_names_are_unique():
    assert len(FAULTS) == sum(map(len, (LAUNCH_FAULTS, ANSWER_FAULTS, POSTBACK_FAULTS, OAUTH_FAULTS)))


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_names_a_clause_of_the_register(fault):
    assert REGISTER.clause(fault.clause).id == fault.clause


def test_survived_means_a_state():
    states = {fault.expected.state for fault in FAULTS.values() if isinstance(fault.expected, Survives)}
    assert states == {"opened", "location-only", "registered", "unregistered"}


@opening
def test_opening_fault(mode, fault):
    world = opened(mode=mode)
    before = world.everything()

    outcome = world.launch(fault=fault.name)

    assert outcome.held, outcome.findings
    reports = [refused for _, refused in world.reports]
    if isinstance(fault.expected, Refuses):
        assert world.reasons() == [fault.expected.reason]
        assert outcome.response.status == 403
        assert world.everything() == before
        if fault.expected.reason not in ("signature-mismatch", "decryption-failed", "identity-mismatch"):
            assert reports[0].clause == fault.clause
    else:
        assert [
            refused.clause for refused in reports if not refused.clause.startswith("fortis:oauth.url")
        ] == []
        assert outcome.response.status == 200
        user = USER if fault.expected.state == "opened" else ""
        assert shown_user(outcome.response) == user
    assert world.platform.trapped == 0
    world.reports.clear()
    outcome = world.launch()
    assert (outcome.held, world.reports, shown_user(outcome.response)) == (True, [], USER)


@opening
def test_opening_fault_at_the_first_launch(mode, fault):
    """Nothing that is refused registers a location or makes a claim a fact."""
    world = sides(mode=mode).unheard()
    world.register()
    before = world.everything()
    world.launch(fault=fault.name)
    if isinstance(fault.expected, Refuses) and fault.name != "replayed":
        assert world.everything() == before
        assert world.kept().state == "pending"


@named([fault for fault in LAUNCH_FAULTS if "oauth-url" in fault.name])
def test_an_oauth_url_is_used_when_it_is_listed_and_ignored_otherwise(fault):
    for mode in MODES:
        world = opened(mode=mode)
        page = world.launch(fault=fault.name).response.body.decode()
        genuine = fault.name in ("slash-oauth-url", "v2-oauth-url")
        assert ('id="oauth"' in page) is genuine
        reasons = world.reasons()
        assert reasons == [] if genuine else reasons[0] in ("not-allowed", "malformed")
        assert world.platform.trapped == 0


@named(POSTBACK_FAULTS)
def test_postback_fault(fault):
    world = sides()
    user = USER if fault.kind == "user" else ""
    if user:
        world.register()
    if fault.before:
        assert world.register(user=user).held
    before = world.everything()

    outcome = world.register(LOCATION, user, fault.name)

    assert outcome.held, outcome.findings
    if isinstance(fault.expected, Refuses):
        assert world.reasons() == [fault.expected.reason]
        assert world.everything() == before
    else:
        assert world.reasons() == []
        kept = world.kept(LOCATION, user)
        state = kept.state if kept else ""
        assert state == ("pending" if fault.expected.state == "registered" else "removed" if state else "")
    assert world.kept("22ea858313aabde4bd2eb0fa") is None
    world.reports.clear()
    assert world.register(user=user).held
    assert world.kept(LOCATION, user).state == "pending"
    assert (world.unheard().launch().held, world.reports) == (True, [])
    assert world.kept(LOCATION, user).state == "active"


def test_what_stood_in_a_template_percent_encoded_arrives_as_it_was():
    world = sides()
    world.register(user=USER, fault="odd-values")
    assert world.kept(LOCATION, USER).details["username"] == FAULTS["odd-values"].values["username"]


@named(OAUTH_FAULTS)
def test_oauth_fault(fault):
    world = opened()

    outcome = world.consent(fault=fault.name)

    assert outcome.held, outcome.findings
    assert world.reasons() == [fault.expected.reason]
    assert outcome.response.status == 403
    assert world.platform.trapped == 0
    kept = world.kept(LOCATION, USER).credentials
    assert ("access_token" in kept) is (fault.name == "callback-twice")
    world.reports.clear()
    assert (world.consent().held, world.reports) == (True, [])
    assert world.network.run(world.partner.work(LOCATION, USER), "app")["id"] == LOCATION


def test_the_findings_can_fail():
    """An app that always opens is caught at every refusal."""
    for mode in MODES:
        world = opened(mode=mode)
        world.partner.closed = lambda refused, world=world: world.partner.framed("Open", "<p>Welcome</p>")
        for fault in opening_faults(mode):
            outcome = world.launch(fault=fault.name)
            assert outcome.held is not isinstance(fault.expected, Refuses), fault.name


def test_a_fault_of_another_step_is_no_fault_of_this_one():
    world = opened()
    for step, name in (
        (lambda: world.launch(fault="postback-lost"), "postback-lost"),
        (lambda: world.register(fault="stale"), "stale"),
        (lambda: world.consent(fault="stale"), "stale"),
    ):
        with pytest.raises(ValueError, match=name):
            step()


def test_every_launch_fault_is_of_one_mode_or_of_both():
    assert {fault.mode for fault in LAUNCH_FAULTS} == {"encrypted", "plain", ""}
    assert all(isinstance(fault, LaunchFault) for fault in LAUNCH_FAULTS)


def test_another_user_of_another_location_is_not_touched():
    world = opened()
    world.register(OTHER_LOCATION)
    world.register(OTHER_LOCATION, OTHER_USER)
    assert world.launch(OTHER_USER, location=OTHER_LOCATION).held
    before = {name: one for name, one in world.everything().items() if OTHER_LOCATION in name}
    world.launch(fault="token-of-another")
    world.unregister()
    after = {name: one for name, one in world.everything().items() if OTHER_LOCATION in name}
    assert len(before) == 2 and after == before


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("location", "user"), [(LOCATION, USER), (LOCATION, OTHER_USER), (OTHER_LOCATION, OTHER_USER)]
)
def test_users_me_answers_another_user_whoever_opens_the_app(mode, location, user):
    world = sides(mode=mode)
    world.register(location)
    world.register(location, user)
    outcome = world.launch(user, location=location, fault="me-another")
    assert (outcome.held, outcome.response.status, world.reasons()) == (True, 403, ["identity-mismatch"])
