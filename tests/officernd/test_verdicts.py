"""What the simulator says about a partner: never that it broke what the simulator broke, or what was not seen."""

from __future__ import annotations

import pytest

from handshakes.core.messages import Dropped, Request, Response, json_response
from handshakes.officernd import demo, signing
from handshakes.officernd.partner import PartnerIntegration
from handshakes.officernd.simulator.faults import CONNECT_FAULTS, FAULTS, PAGE_FAULTS, WEBHOOK_FAULTS
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import InProcess
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from handshakes.runtime.verdicts import Refuses
from tests.officernd.sides import Both, sides

FIRST = "5e0000000000000000000001"
PORTAL = "https://app.officernd.com/simulator"
REFUSED = [fault.name for fault in PAGE_FAULTS if isinstance(fault.expected, Refuses)]


def press(both: Both, step: str, fault: str = ""):
    """Press one button of the portal; return the findings that it left."""
    seen, browser = len(both.platform.findings), Browser()
    page = both.network.run(browser.open(PORTAL))
    both.network.run(browser.submit(page, page.form(f"{step}-{FIRST}"), {"fault": fault}))
    return both.platform.findings[seen:]


def of(findings, clause: str) -> list[str]:
    return [finding.state for finding in findings if finding.clause == clause]


def connected(kind: type[PartnerIntegration] = PartnerIntegration, **changes) -> Both:
    both = sides(kind=kind, **changes)
    press(both, "connect")
    assert both.platform.integrations[FIRST].state == "connected"
    return both


def answering(both: Both, answer) -> Both:
    """Put a program in the partner's place that answers every request alike."""

    class Program:
        name, origins, secret_names = "partner", both.partner.origins, frozenset()

        def handle(self, request):
            yield from ()
            return answer

    return both._replace(network=InProcess(both.platform, Program(), clock=both.clock))


# --- every fault ends in a finding ----------------------------------------------------------------


OFFERED = [
    *(("connect", fault.name) for fault in CONNECT_FAULTS),
    *(("healthcheck", fault.name) for fault in PAGE_FAULTS),
    *(("configure", fault.name) for fault in PAGE_FAULTS if fault.name not in ("post", "replay")),
    *(("sync", fault.name) for fault in PAGE_FAULTS),
    *(("remove", fault.name) for fault in WEBHOOK_FAULTS),
]


@pytest.mark.parametrize(
    ("earlier", "step", "fault"),
    [
        (earlier, step, fault)
        for earlier in (True, False)
        for step, fault in OFFERED
        if earlier or step == "connect"  # the others need a connection
    ],
)
def test_every_fault_of_the_portal_ends_in_a_finding_and_none_against_the_correct_partner(
    earlier, step, fault
):
    both = connected() if earlier else sides()
    findings = press(both, step, fault)
    assert [finding for finding in findings if finding.violated] == []
    if step in ("connect", "healthcheck", "remove"):
        assert "held" in of(findings, FAULTS[fault].clause)
    else:
        assert "held" in [finding.state for finding in findings]


def test_the_configuration_page_with_a_fault_is_judged_by_what_it_answers():
    open_to_all = type("Open", (PartnerIntegration,), {"verified": lambda self, request: (saved(self), None)})
    for kind, state in ((PartnerIntegration, "held"), (open_to_all, "violated")):
        both = connected()
        both.partner.__class__ = kind
        assert of(press(both, "configure", "wrong-secret"), "officernd:signature.every-request") == [state]
        assert of(press(both, "configure", "unknown-parameter"), "officernd:configuration.page") == ["held"]


def saved(partner: PartnerIntegration):
    (one,) = partner.store.find("officernd", "integrationId", FIRST)
    return one


# --- a partner that believes a false answer ------------------------------------------------------------


def takes_any_answer(self, integration, integration_id):
    return integration["settings"]["secret"]


class EmptyKeys(PartnerIntegration):
    """It stores what it is given, and its HMAC takes an empty key."""

    def integration_secret(self, integration, integration_id):
        return integration["settings"]["secret"]

    def verify_query(self, target, secret):
        if secret:
            return super().verify_query(target, secret)
        return signing.verify_query(
            target, secret="-", now=self.clock(), readings={"key": lambda *given: b""}
        )


@pytest.mark.parametrize("fault", ["another-integration", "another-client", "secret-empty"])
@pytest.mark.parametrize("earlier", [True, False], ids=["connected before", "not connected before"])
def test_a_partner_that_believes_a_false_answer_is_found_by_the_false_secret(fault, earlier):
    both = connected(EmptyKeys) if earlier else sides(kind=EmptyKeys)
    assert of(press(both, "connect", fault), FAULTS[fault].clause) == ["violated"]


def test_a_partner_that_sends_its_token_to_a_foreign_region_is_found_by_the_trap():
    follows = {"region": lambda self, info: info["regionUrl"]}
    both = sides(kind=type("Follows", (PartnerIntegration,), follows))
    assert "violated" in of(press(both, "connect", "region-foreign"), "officernd:organization.region")
    both = sides()
    assert of(press(both, "connect", "region-foreign"), "officernd:organization.region") == ["held"]


def test_a_foreign_region_is_a_trap_of_the_settings_or_is_not_sent():
    trap = "http://127.0.0.1:9"
    both = sides(traps=(trap,))
    assert both.platform.origins[0] == trap
    press(both, "connect", "region-foreign")
    assert both.reports[0][1].evidence == {"origin": trap}
    assert "region-foreign" in text_of_portal(both)
    both = sides(traps=())
    with pytest.raises(ValueError, match="not offered"):
        both.platform.connect_url(FIRST, "region-foreign")
    assert "region-foreign" not in text_of_portal(both)
    request = Request(
        "POST",
        PORTAL.rpartition("/")[0],
        "/simulator/connect",
        FORM,
        b"fault=region-foreign&integration=" + FIRST.encode(),
    )
    assert both.network.exchange("browser", request).status == 400


def text_of_portal(both: Both) -> str:
    return both.network.run(Browser().open(PORTAL)).response.body.decode()


FORM = (("content-type", "application/x-www-form-urlencoded"), ("origin", "https://app.officernd.com"))


@pytest.mark.parametrize(
    ("partner", "traps", "named"),
    [
        ("", (), ()),
        ("", ("http://127.0.0.1:9",), ("http://127.0.0.1:9",)),
        ("http://127.0.0.1:8", ("http://127.0.0.1:9",), ("http://127.0.0.1:9",)),
    ],
)
def test_a_served_platform_names_no_foreign_host_but_a_trap_on_loopback(partner, traps, named):
    world = World(lambda: 0, bytes, MemoryStore(), {}, "http://127.0.0.1:7", partner, traps)
    assert demo.sides(world).platform.settings.traps == named


# --- what the platform broke is not the partner's ---------------------------------------------------


@pytest.mark.parametrize("fault", [one.name for one in CONNECT_FAULTS if isinstance(one.expected, Refuses)])
def test_a_connect_that_the_platform_broke_violates_no_health_check(fault):
    both = sides()
    findings = press(both, "connect", fault)
    assert both.platform.integrations[FIRST].state == "failed"
    assert of(findings, "officernd:healthcheck.success") == []
    assert [finding for finding in findings if finding.violated] == []


def test_a_connect_without_a_fault_that_ends_unconnected_does_violate_it():
    forgets = {"verified": lambda self, request: saved(self) and 1 / 0}
    both = sides(kind=type("Forgets", (PartnerIntegration,), forgets))
    both.partner.healthcheck = lambda request: iter_of(json_response({"message": "no"}, 401))
    assert of(press(both, "connect"), "officernd:healthcheck.success") == ["violated"]


def iter_of(answer):
    yield from ()
    return answer


def test_a_fault_that_the_partner_never_asked_for_is_not_seen():
    """Without the webhook, which a partner may do without, a fault of the webhook's answer is not played."""
    both = sides()
    both.partner.api.subscribe = lambda *given: iter_of({"_id": "none", "secret": "example-webhook-secret"})
    both.partner.tidy = lambda *given: iter_of(None)
    findings = press(both, "connect", "dropped-webhooks")
    assert of(findings, "officernd:connect.failure") == ["not seen"]
    assert both.platform.integrations[FIRST].state == "connected"


def test_a_fault_after_which_nobody_came_back_is_not_seen_at_the_next_connect():
    both = answering(sides(), Response(500))
    assert press(both, "connect", "another-client") == []
    assert of(press(both, "connect"), "officernd:connect.binding") == ["not seen"]


# --- what is not owed --------------------------------------------------------------------------------


EXPRESS = Response(
    404, (("content-type", "text/html; charset=utf-8"),), b"<pre>Cannot POST /healthcheck</pre>"
)


def test_a_plain_404_to_a_post_is_a_refusal_and_owes_no_message():
    """What Express 4 answers to a POST where only GET has a route."""
    findings = press(answering(connected(), EXPRESS), "healthcheck", "post")
    assert of(findings, "officernd:requests.method") == ["held"]
    assert of(findings, "officernd:healthcheck.failure") == []


def test_a_refusal_without_a_message_violates_the_form_of_the_health_check_only_there():
    plain = answering(connected(), Response(401, (), b"no"))
    assert of(press(plain, "healthcheck", "stale"), "officernd:healthcheck.failure") == ["violated"]
    assert [finding for finding in press(plain, "sync", "stale") if finding.violated] == []


@pytest.mark.parametrize("step", ["healthcheck", "sync", "configure", "remove"])
def test_a_500_refuses_and_is_a_finding_of_its_own(step):
    """The rule that was tried did hold: nothing was accepted."""
    fault = "webhook-wrong-secret" if step == "remove" else "wrong-secret"
    error = json_response({"statusCode": 500, "message": "Internal server error"}, 500)
    findings = press(answering(connected(), error), step, fault)
    assert [f.clause for f in findings if f.violated] == ["officernd:advice.no-crash"]
    assert findings[0].state == "held"


# --- what was not seen ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["", *(fault.name for fault in WEBHOOK_FAULTS)])
def test_a_removal_that_no_webhook_is_subscribed_to_is_not_seen(fault):
    both = connected()
    both.platform.webhooks.clear()
    findings = press(both, "remove", fault)
    assert {finding.state for finding in findings} == {"not seen"}
    assert len(findings) == 1


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ("healthcheck", ""),
        ("healthcheck", "stale"),
        ("healthcheck", "unknown-parameter"),
        ("configure", "stale"),
        ("sync", ""),
        ("sync", "stale"),
        ("remove", ""),
        ("remove", "webhook-stale"),
        ("remove", "webhook-capital"),
    ],
)
def test_no_answer_is_not_seen(step, fault):
    findings = press(answering(connected(), Dropped()), step, fault)
    assert {finding.state for finding in findings} == {"not seen"}


def test_a_sync_without_a_sync_url_is_not_seen():
    from dataclasses import replace

    both = connected()
    application = next(iter(both.platform.applications.values()))
    both.platform.add_application(replace(application, sync_url=""))
    outcome = both.network.run(both.platform.sync(FIRST), "OfficeRnD")
    assert (outcome.response, [finding.state for finding in outcome.findings]) == (None, ["not seen"])


def test_a_request_to_a_trap_without_a_token_gives_nothing_away():
    both = sides()
    both.network.exchange("partner", Request("GET", both.platform.settings.traps[0], "/"))
    assert of(both.platform.findings, "officernd:organization.region") == ["held"]


@pytest.mark.parametrize("fault", ["dropped-webhooks", "error-webhooks", "slow-webhooks"])
@pytest.mark.parametrize("webhook", ["", "webhook-pretty-printed", "webhook-repeated"])
def test_a_webhook_whose_secret_a_fault_kept_is_not_judged(fault, webhook):
    """The partner stays connected by its earlier webhook, and cannot verify what the other one signs."""
    both = connected()
    press(both, "connect", fault)
    assert [one.told for one in both.platform.webhooks.values()] == [True, False]
    findings = press(both, "remove", webhook)
    assert findings and not [one for one in findings if one.violated]
    clause = FAULTS[webhook].clause if webhook else "officernd:webhook.answer"
    assert of(findings, clause) == ["held"]


def test_a_webhook_whose_secret_the_partner_has_is_judged():
    both = connected()
    both.partner.store = MemoryStore()  # so it knows no secret any more
    assert of(press(both, "remove"), "officernd:webhook.answer") == ["violated"]


def test_a_partner_that_was_asked_nothing_since_the_slug_changed_is_not_held_to_the_new_one():
    """Two integrations of one organisation: one request told of the new slug, the other's webhook cannot."""
    world = sides()
    first, second = list(world.platform.integrations)[:2]
    for one in (first, second):
        world.network.run(Browser().open(world.platform.connect_url(one)))
    world.network.run(world.platform.sync(second, "slug-renamed"), "OfficeRnD")
    seen = world.platform.findings.seen
    world.network.run(world.platform.remove(first), "OfficeRnD")
    assert [one for one in world.platform.findings.since(seen) if one.violated] == []
    tokens = {"authorization": f"Bearer {next(iter(world.platform.tokens))}"}
    unknown = Request(
        "GET", "https://app.officernd.com", "/api/v1/organizations/nobody", tuple(tokens.items())
    )
    assert world.network.exchange("partner", unknown).status == 404
    assert (
        world.platform.findings[-1].clause == "officernd:connect.capture"
        and world.platform.findings[-1].violated
    )
