"""What the platform says about a provider: every fault ends in a finding, and acts on whatever address was registered."""

from __future__ import annotations

import hmac
from urllib.parse import parse_qsl, urlsplit

import pytest

from handshakes.core.messages import Response
from handshakes.onoffice import demo, readings, signing
from handshakes.onoffice.partner.integration import ACTIVATE, SERVICE, WEBHOOK, Provider
from handshakes.onoffice.script import UNLOCK, press
from handshakes.onoffice.simulator import portal
from handshakes.onoffice.simulator.examination import examine
from handshakes.onoffice.simulator.faults import (
    ACTIVATION_URL_FAULTS,
    API_FAULTS,
    CLAIM_FAULTS,
    STATE_FAULTS,
    URL_FAULTS,
    UrlFault,
)
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import Clock, InProcess
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from handshakes.runtime.verdicts import Refuses
from tests.onoffice.sides import ADMIN, BROKER, EXPORT, FIRST, NOW, PLANS, SECOND, Both, activated, sides

HOST, SECRET = "https://smart.onoffice.de", "Example-Provider-Secret-1!"
PROVIDER = "https://provider.example"
BARE = {
    "activation_url": PROVIDER + ACTIVATE,
    "service_url": PROVIDER + SERVICE,
    "webhook_url": PROVIDER + WEBHOOK,
}
OPENING = (*URL_FAULTS, *ACTIVATION_URL_FAULTS, *STATE_FAULTS, *API_FAULTS)


def named(faults):
    return pytest.mark.parametrize("fault", faults, ids=lambda fault: fault.name)


def lenient(**stages):
    """Return a provider that accepts more than the adopted readings do."""

    def verify(self, url, secret):
        return signing.verify_url(url, secret=secret, now=self.clock(), readings=stages)

    return type("Lenient", (Provider,), {"verify": verify})


def mask(world: Both, browser: Browser, fault: str):
    page = world.network.run(browser.open(HOST + "/simulator"))
    page = world.network.run(browser.submit(page, page.form(f"open-{FIRST}-{ADMIN}"), {"fault": fault}))
    agreed = {"terms": "yes", "data_processing": "yes"}
    return world.network.run(browser.submit(page, page.form("confirm"), agreed))


def by_hand(world: Both, fault: str) -> None:
    """Go through the popup as a person does, with a fault chosen there."""
    browser = Browser()
    popup = mask(world, browser, fault)
    frame = world.network.run(browser.load_frame(popup))
    key = world.network.run(portal.choose(popup, "all"))
    if any(form.id == UNLOCK for form in frame.forms):
        text = world.network.run(press(browser, frame, popup, key))
        world.network.run(portal.receive(popup, frame, text))


# --- B5: every fault of the portal ends in a finding ----------------------------------------------


@named(OPENING)
def test_a_fault_of_an_activation_by_hand_ends_in_a_finding(fault):
    world = sides()
    by_hand(world, fault.name)
    found = [one for one in world.platform.findings if fault.name in one.detail]
    assert [one.held for one in found if one.clause == fault.clause] == [True], found
    assert not [one for one in world.platform.findings if one.held is not True], world.platform.findings


@pytest.mark.parametrize(
    ("fault", "reading"),
    [
        ("stale", "tolerance=unchecked"), ("milliseconds", "timestamp-unit=milliseconds"),
        ("doubled-before", "repeated=php-compatible"), ("tilde-signed", "encoding=python"),
        ("upper-case-signature", "digest=any-case"),
    ],
)  # fmt: skip
def test_a_provider_that_opens_its_page_to_a_fault_is_found_by_hand_too(fault, reading):
    world = sides(kind=lenient(**readings.of(f"onoffice:url.{reading}")))
    mask(world, Browser(), fault)
    clause = next(one.clause for one in URL_FAULTS if one.name == fault)
    assert [one.clause for one in world.platform.findings if one.violated] == [clause]


@pytest.mark.parametrize("fault", ["not-json", "cache-expired", "no-claim", "reordered", "answer-late"])
def test_until_the_popup_is_told_something_a_fault_is_not_seen(fault):
    world = sides()
    mask(world, Browser(), fault)
    (found,) = world.platform.findings
    assert (found.state, fault in found.detail) == ("not seen", True)


def test_a_provider_that_calls_a_failure_active_is_found_by_hand():
    world = sides()
    world.partner.error_text = lambda request, refused: "active"
    by_hand(world, "not-json")
    assert [one.clause for one in world.platform.findings if one.violated] == ["onoffice:unlock.answer"]


@pytest.mark.parametrize(
    ("service", "fault"),
    [(PLANS, one) for one in (*URL_FAULTS, *CLAIM_FAULTS)] + [(EXPORT, one) for one in URL_FAULTS],
    ids=lambda one: getattr(one, "name", one),
)
def test_a_fault_of_a_service_by_hand_ends_in_a_finding(service, fault):
    world, browser = activated(), Browser()
    seen = len(world.platform.findings)
    index = world.network.run(browser.open(HOST + "/simulator"))
    form = index.form(f"{service}-{FIRST}-{ADMIN}")
    shown = world.network.run(browser.submit(index, form, {"fault": fault.name}))
    found = world.platform.findings[seen:]
    assert fault.clause in [one.clause for one in found if fault.name in one.detail]
    assert all(one.held for one in found), found
    assert "held" in shown.response.body.decode()


def test_a_provider_that_does_not_answer_is_not_seen_to_break_anything_of_a_url():
    world = activated()
    world = world._replace(network=InProcess(world.platform, clock=world.clock))
    for outcome in (world.activate("stale"), world.serve("stale")):
        assert {one.held for one in outcome.findings if one.clause == "onoffice:url.tolerance"} == {None}


# --- B6: what was registered without parameters ---------------------------------------------------


def rightly_signed(url: str) -> bool:
    """Say whether a URL's signature is right, with `hmac` alone; the names and values here are plain."""
    base, _, query = url.partition("?")
    pieces = query.split("&")
    kept = sorted(
        (one for one in pieces if not one.startswith("signature=")), key=lambda one: one.partition("=")[0]
    )
    text = f"{base}?{'&'.join(kept)}"
    return f"signature={hmac.new(SECRET.encode(), text.encode(), 'sha256').hexdigest()}" in pieces


@named([one for one in URL_FAULTS if one.expected == Refuses("signature-mismatch")])
@pytest.mark.parametrize("customer", [FIRST, SECOND])
def test_a_fault_is_wrong_for_an_address_without_parameters_too(fault, customer):
    world = sides(**BARE)
    popup = world.platform.open_popup(customer, ADMIN)
    world.platform.confirm(popup, terms=True, data_processing=True)
    assert rightly_signed(popup.url)
    assert not rightly_signed(fault.written(world.platform.draft(popup)))


@named(URL_FAULTS)
def test_a_fault_ends_as_it_says_for_an_address_without_parameters(fault):
    for customer in (FIRST, SECOND):
        world = sides(**BARE)
        assert world.activate(fault.name, customer).held
        assert world.reasons() == ([fault.expected.reason] if isinstance(fault.expected, Refuses) else [])


def examined(kind: type[Provider] = Provider, **settings: str):
    world = sides(kind=kind, **settings)
    people = (ADMIN, BROKER)
    step = examine(world.platform, (FIRST, *people), (SECOND, *people), work=world.partner.work,
                   later=world.clock.advance)  # fmt: skip
    return world.network.run(step, "browser")


def test_the_correct_provider_fails_nothing_without_parameters_of_its_own():
    assert [one for one in examined(**BARE) if not one.held] == []


@pytest.mark.parametrize(
    ("clause", "reading"),
    [
        ("encoding", "encoding=python"), ("encoding", "encoding=url-search-params"), ("order", "order=case-insensitive"),
        ("signed-parameters", "own-parameters=left-out"),
    ],
)  # fmt: skip
def test_a_provider_without_parameters_of_its_own_is_found_too(clause, reading):
    def verify(self, url, secret):
        try:
            return Provider.verify(self, url, secret)
        except signing.Refused:
            of = readings.of(f"onoffice:url.{reading}")
            return signing.verify_url(url, secret=secret, now=self.clock(), readings=of)

    kind = type("Lenient", (Provider,), {"verify": verify})
    assert {one.clause for one in examined(kind, **BARE) if one.violated} == {f"onoffice:url.{clause}"}


def on_loopback():
    """Return a platform that is served on loopback, where a host is an address of digits."""
    numbers = iter(range(10_000))
    world = World(
        Clock(NOW),
        lambda n: next(numbers).to_bytes(n),
        MemoryStore(),
        {},
        "http://127.0.0.1:1",
        "http://127.0.0.1:2",
    )
    made = demo.sides(world)
    return made.platform, InProcess(made.platform, made.partner, clock=world.clock)


def test_a_host_of_digits_has_no_upper_case_so_that_fault_is_not_offered():
    platform, network = on_loopback()
    assert platform.offered(URL_FAULTS, PROVIDER + ACTIVATE) == URL_FAULTS
    missing = set(URL_FAULTS) - set(platform.offered(URL_FAULTS, platform.account.activation_url))
    assert {one.name for one in missing} == {"upper-case-host-signed"}
    index: Response = network.run(Browser().open("http://127.0.0.1:1/simulator")).response
    assert b"upper-case-host-signed" not in index.body and b"tilde-signed" in index.body
    with pytest.raises(ValueError, match="changes nothing"):
        network.run(platform.activate(FIRST, ADMIN, "upper-case-host-signed"))


def test_a_fault_that_is_not_offered_is_not_seen_in_an_examination():
    platform, network = on_loopback()
    people = (ADMIN, BROKER)
    found = network.run(examine(platform, (FIRST, *people), (SECOND, *people)))
    assert {(one.clause, one.state) for one in found if not one.held} == {("onoffice:url.host", "not seen")}


def test_parameters_that_a_fault_needs_get_names_that_are_free():
    world = sides(activation_url=f"{PROVIDER}{ACTIVATE}?ref=1&plan=2&plan_=3")
    popup = world.platform.open_popup(FIRST, ADMIN)
    world.platform.confirm(popup, terms=True, data_processing=True)
    fault = next(one for one in URL_FAULTS if isinstance(one, UrlFault) and one.name == "tilde-signed")
    names = [name for name, _ in parse_qsl(urlsplit(fault.written(world.platform.draft(popup))).query)]
    assert len(names) == len(set(names)) and {"ref_", "plan__", "Zone"} <= set(names)


@pytest.mark.parametrize("fault", ["answer-lost", "api-slow"])
@pytest.mark.parametrize("service", [PLANS, EXPORT])
def test_a_provider_that_was_never_told_of_its_activation_is_not_judged_by_a_service(fault, service):
    world = sides()
    world.activate(fault)
    assert (world.status(), world.installation()) == ("active", None)
    (found,) = world.serve(service=service).findings
    assert found.state == "not seen"
    world.activate()
    assert [one.state for one in world.serve(service=service).findings] == ["held"]


@pytest.mark.parametrize("fault", ["answer-lost", "api-slow"])
def test_a_provider_that_never_heard_of_new_credentials_may_use_the_earlier_ones(fault):
    world = activated()
    world.activate(fault)
    seen = world.platform.findings.seen
    world.serve()
    assert [one for one in world.platform.findings.since(seen) if one.violated] == []
