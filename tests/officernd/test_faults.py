"""Each fault ends as it declares, and its refusal comes from that fault alone.

The story of every test: the genuine request is accepted, the same request with one fault ends as the
fault says, the genuine request is accepted again.
"""

from __future__ import annotations

import pytest

from handshakes.officernd.simulator.faults import CONNECT_FAULTS, FAULTS, PAGE_FAULTS, WEBHOOK_FAULTS
from handshakes.runtime.store import Installation
from handshakes.runtime.verdicts import Refuses, Survives
from handshakes.spec.register import load
from tests.officernd.sides import sides

REGISTER = load("officernd")
NAMED_BY_THE_ISSUE = {
    "wrong-secret", "reordered", "parameter-added", "parameter-changed", "parameter-doubled", "parameter-dropped",
    "stale", "from-the-future", "milliseconds", "upper-case-hex", "spaced-json", "quoted-organization",
    "empty-member", "signature-missing", "signature-doubled", "replay", "code-expired", "code-reused",
    "wrong-scope", "token-401", "token-429", "slow-token", "dropped-token", "region-foreign",
    "webhook-pretty-printed", "webhook-wrong-secret", "slug-renamed",
}  # fmt: skip


def connected(**changes):
    """Return sides whose first integration is connected, and that integration's id."""
    world = sides(**changes)
    integration = next(iter(world.platform.integrations.values()))
    world.network.run(connect(world, integration.id))
    assert integration.state == "connected"
    assert world.reports == []
    return world, integration


def connect(world, integration_id, fault=""):
    from handshakes.runtime.browser import Browser

    return Browser().open(world.platform.connect_url(integration_id, fault))


def in_use(store) -> dict[str, Installation]:
    """What is stored, without the version that every save counts up."""
    found = store.find("officernd", "organizationId", "5b0000000000000000000001")
    return {one.identity: one for one in found}


def reasons(world) -> list[str]:
    return [refused.reason for _, refused in world.reports]


def test_every_fault_of_the_issue_is_there():
    assert set(FAULTS) >= NAMED_BY_THE_ISSUE


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_names_a_clause_of_the_register(fault):
    assert REGISTER.clause(fault.clause).id == fault.clause


@pytest.mark.parametrize("endpoint", ["healthcheck", "sync"])
@pytest.mark.parametrize("fault", PAGE_FAULTS, ids=lambda fault: fault.name)
def test_page_fault(fault, endpoint):
    world, integration = connected()
    send = getattr(world.platform, endpoint)
    genuine = world.network.run(send(integration.id), "OfficeRnD")
    assert genuine.response.status == 200 and world.reports == []
    before = in_use(world.store)

    outcome = world.network.run(send(integration.id, fault=fault.name), "OfficeRnD")

    if isinstance(fault.expected, Refuses):
        assert reasons(world) == [fault.expected.reason]
        assert outcome.response.status == (405 if fault.name == "post" else 401)
        assert in_use(world.store) == before
    else:
        assert reasons(world) == []
        assert outcome.response.status == 200
        assert integration.state == fault.expected.state
    assert outcome.held, outcome.findings
    world.reports.clear()
    assert world.network.run(send(integration.id), "OfficeRnD").response.status == 200
    assert world.reports == []


@pytest.mark.parametrize("fault", [f for f in PAGE_FAULTS if f.name != "post"], ids=lambda fault: fault.name)
def test_page_fault_on_the_configuration_page(fault):
    from handshakes.runtime.browser import Browser

    world, integration = connected()
    for _ in range(fault.times):
        page = world.network.run(Browser().open(world.platform.configuration_url(integration.id, fault.name)))
    if isinstance(fault.expected, Refuses):
        assert (page.response.status, reasons(world)) == (401, [fault.expected.reason])
    else:
        assert (page.response.status, reasons(world)) == (200, [])


@pytest.mark.parametrize("fault", CONNECT_FAULTS, ids=lambda fault: fault.name)
def test_connect_fault_at_the_first_connect(fault):
    world = sides()
    integration = next(iter(world.platform.integrations.values()))

    page = world.network.run(connect(world, integration.id, fault.name))

    assert page.url.endswith("/connect/external-integration/return")
    if isinstance(fault.expected, Refuses):
        first, *later = reasons(world)
        assert (first, set(later)) == (fault.expected.reason, {"unknown-installation"})
        assert in_use(world.store) == {}
        assert integration.state == "failed"
    else:
        assert integration.state == fault.expected.state
    world.reports.clear()
    world.network.run(connect(world, integration.id))
    assert (integration.state, world.reports) == ("connected", [])


@pytest.mark.parametrize("fault", CONNECT_FAULTS, ids=lambda fault: fault.name)
def test_connect_fault_leaves_the_earlier_installation_whole(fault):
    world, integration = connected()
    before = in_use(world.store)

    world.network.run(connect(world, integration.id, fault.name))

    if isinstance(fault.expected, Refuses):
        assert reasons(world)[0] == fault.expected.reason
        assert in_use(world.store) == before
    assert integration.state == "connected"
    world.reports.clear()
    assert world.network.run(world.platform.healthcheck(integration.id), "OfficeRnD").response.status == 200
    assert world.reports == []


def test_a_foreign_region_is_reported_and_never_contacted():
    world = sides()
    integration = next(iter(world.platform.integrations.values()))
    world.network.run(connect(world, integration.id, "region-foreign"))
    assert reasons(world) == ["not-allowed"]
    assert integration.state == "connected"
    assert "attacker" not in " ".join(event.text for event in world.network.transcript.events)


@pytest.mark.parametrize("fault", WEBHOOK_FAULTS, ids=lambda fault: fault.name)
def test_webhook_fault(fault):
    world, integration = connected()
    before = in_use(world.store)

    outcome = world.network.run(world.platform.remove(integration.id, fault.name), "OfficeRnD")

    assert outcome.held, outcome.findings
    (after,) = in_use(world.store).values()
    if isinstance(fault.expected, Refuses):
        assert reasons(world) == [fault.expected.reason]
        assert outcome.response.status == 401
        assert in_use(world.store) == before
        world.reports.clear()
        world.network.run(world.platform.remove(integration.id), "OfficeRnD")
        (after,) = in_use(world.store).values()
    assert reasons(world) == ["unknown-installation"]  # the platform's health check after the removal
    assert after.state == integration.state == "removed"
    assert set(after.credentials) == {"webhook_secret"}


def test_a_replay_is_refused_where_the_operator_asks_for_it():
    world, integration = connected(refuse_replays=True)
    genuine = world.network.run(world.platform.sync(integration.id), "OfficeRnD")
    assert genuine.response.status == 200
    again = world.network.run(world.platform.sync(integration.id), "OfficeRnD")
    assert (again.response.status, reasons(world)) == (401, ["replayed"])
    world.clock.advance(1)
    assert world.network.run(world.platform.sync(integration.id), "OfficeRnD").response.status == 200


def test_a_replay_cannot_hide_behind_another_spelling():
    """The empty memberId is not signed, so adding it makes another URL of the same signature."""
    world, integration = connected(refuse_replays=True)
    url = world.platform.configuration_url(integration.id, "empty-member")
    from handshakes.runtime.browser import Browser

    assert world.network.run(Browser().open(url)).response.status == 200
    for other in (url.replace("&memberId=", ""), url.replace("%2C", ","), url.replace("slug=", "&slug=")):
        assert other != url
        assert world.network.run(Browser().open(other)).response.status == 401
    assert set(reasons(world)) == {"replayed"}


def test_a_fault_is_told_from_its_absence_by_a_partner_that_checks_nothing():
    """The faults' findings can fail: a partner that always says yes is caught at every refusal."""
    world, integration = connected()
    world.partner.verified = lambda request: (next(iter(in_use(world.store).values())), None)
    for fault in PAGE_FAULTS:
        if isinstance(fault.expected, Refuses) and fault.name != "post":
            outcome = world.network.run(world.platform.healthcheck(integration.id, fault.name), "OfficeRnD")
            assert [f.clause for f in outcome.findings if not f.held] == [fault.clause]


def test_survived_means_a_state():
    assert {fault.expected.state for fault in FAULTS.values() if isinstance(fault.expected, Survives)} == {
        "connected",
        "removed",
    }
