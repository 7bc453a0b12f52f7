"""Statements of the seed pages that were half there: addresses that have to be entered, pages of the partner's own,
menus, and webhooks that nobody has to want. One table for each, over all platforms that it concerns.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from handshakes.core.messages import Request, Response, form_body
from handshakes.core.refusals import Refused
from handshakes.officernd.partner import PartnerIntegration
from handshakes.officernd.simulator.examination import examine
from handshakes.onoffice.simulator.records import Account, Service
from handshakes.retailcrm.simulator.records import Card
from handshakes.runtime.browser import Browser, Form
from handshakes.runtime.pages import page
from tests.fortis import sides as fortis
from tests.officernd import sides as officernd
from tests.onoffice import sides as onoffice
from tests.retailcrm import sides as retailcrm

FIRST, SECOND = "5e0000000000000000000001", "5e0000000000000000000002"
NO_ADDRESS = [
    "",
    "/config",
    "module.example/config",
    "https://",
    "https:///config",
    "mailto:me@module.example",
]

# --- addresses that the partner has to enter ------------------------------------------------------


@pytest.mark.parametrize("address", NO_ADDRESS)
def test_a_card_with_the_switch_needs_the_address_of_the_configuration(address):
    """Page, Partner account: the switch and the address; without the switch a card needs none."""
    world = retailcrm.sides()
    with pytest.raises(ValueError, match="URL"):
        world.platform.add_card(Card("bare", "Bare", address))
    assert "bare" not in world.platform.cards
    assert world.platform.add_card(Card("bare", "Bare", address, simple_connection=False)).secret == ""


@pytest.mark.parametrize("name", ["connect_url", "configuration_url", "healthcheck_url", "sync_url"])
@pytest.mark.parametrize("address", NO_ADDRESS)
def test_an_application_needs_its_addresses_and_a_sync_address_only_if_it_has_one(name, address):
    """Page, Requirements you need to send to us: three addresses, and the fourth if applicable."""
    world = officernd.sides()
    known = world.platform.applications["example-client-id"]
    changed = replace(known, client_id="another", **{name: address})
    if name == "sync_url" and not address:
        assert world.platform.add_application(changed) is world.platform.applications["another"]
        return
    with pytest.raises(ValueError, match="URL"):
        world.platform.add_application(changed)
    assert "another" not in world.platform.applications


@pytest.mark.parametrize("address", [*NO_ADDRESS, "https:///", "https://?x=1", "https://a b.example/x"])
def test_onoffices_provider_needs_its_addresses_too(address):
    world = onoffice.sides()
    known = world.platform.account
    for account in (
        Account(known.name, address, known.services, known.secret),
        Account(known.name, known.activation_url, (Service("Plans", address),), known.secret),
    ):
        with pytest.raises(ValueError, match=r"URL|address|host"):
            type(world.platform)(
                world.platform.settings, account, clock=world.clock, random=world.platform.random
            )


@pytest.mark.clause("fortis:setup.iframe-url")
@pytest.mark.parametrize("name", ["iframe_url", "location_setup_url", "user_setup_url"])
@pytest.mark.parametrize("address", NO_ADDRESS)
def test_a_template_of_fortis_is_an_address_or_not_there(name, address):
    world = fortis.sides()
    app = replace(world.platform.apps[fortis.TITLE], title="another", **{name: address})
    if address:
        with pytest.raises(Refused, match="malformed"):
            world.platform.add_app(app)
    assert ("another" in world.platform.apps) is False
    if not address:
        assert world.platform.add_app(app).title == "another"


# --- a page of the partner's own at its Connect URL -----------------------------------------------

SIGN_IN = '<form method="post" action="/officernd/sign-in" id="sign-in"><input name="user"><button>Sign in</button></form>'


class SignsIn(PartnerIntegration):
    """A partner whose Connect URL shows its own log-in page first; page, Requirements, Connect URL."""

    waiting: Request

    def handle(self, request):
        if request.path == "/officernd/connect":
            self.waiting = request
            yield from ()
            return page("Sign in at the partner", SIGN_IN)
        if request.path == "/officernd/sign-in":
            return (yield from PartnerIntegration.handle(self, self.waiting))
        return (yield from PartnerIntegration.handle(self, request))


class Cannot(PartnerIntegration):
    """A partner whose Connect URL shows that it fails."""

    def connect(self, request):
        yield from ()
        return page("Sorry", "<p>Not today.</p>", status=500)


def outcome(world, browser, shown):
    return [one.state for one in world.platform.connect_outcome(FIRST, shown.response).findings]


def test_a_page_of_the_partners_own_waits_for_its_user_and_breaks_nothing():
    world = officernd.sides(kind=SignsIn)
    browser = Browser()
    shown = world.network.run(browser.open(world.platform.connect_url(FIRST)))
    assert outcome(world, browser, shown) == ["not seen"]
    world.clock.advance(200)
    form = shown.form("sign-in")
    end = world.network.run(browser.submit(shown, Form(form.action, form.method, {"user": "ada"})))
    assert outcome(world, browser, end) == ["held"]
    assert world.platform.integrations[FIRST].state == "connected"


def test_the_examination_says_that_such_a_page_has_to_be_used_by_hand():
    world = officernd.sides(kind=SignsIn)
    findings = world.network.run(examine(world.platform, FIRST, SECOND))
    assert [(one.clause, one.state) for one in findings] == [("officernd:return.redirect", "not seen")]
    assert "by hand" in findings[0].detail


def test_an_error_page_at_the_connect_url_is_no_page_that_waits():
    world = officernd.sides(kind=Cannot)
    findings = world.network.run(examine(world.platform, FIRST, SECOND))
    assert ("officernd:return.redirect", "violated") in [(one.clause, one.state) for one in findings]


# --- a webhook that nobody has to want ------------------------------------------------------------


class WantsNoWebhook(PartnerIntegration):
    """A partner that takes the page at its word: it can subscribe, and does not; page, Step 5."""

    def tidy(self, installation, tokens):
        yield from ()


def test_a_partner_without_a_webhook_is_examined_without_a_finding_against_it():
    world = officernd.sides(kind=WantsNoWebhook)

    def subscribe(*_):
        yield from ()
        return {"_id": "none", "secret": "none"}

    world.partner.api.subscribe = subscribe
    findings = world.network.run(examine(world.platform, FIRST, SECOND))
    assert world.platform.webhooks == {}
    assert [one for one in findings if one.state == "violated"] == []
    assert {one.state for one in findings if one.clause == "officernd:webhook.answer"} <= {"not seen"}
    assert len([one for one in findings if one.held]) > 25


# --- onOffice's menus -----------------------------------------------------------------------------


def menu(world) -> str:
    return world.network.run(Browser().open("https://smart.onoffice.de/simulator")).response.body.decode()


@pytest.mark.clause("onoffice:popup.service-menu")
@pytest.mark.parametrize("state", ["inactive", "active", "blocked"])
def test_each_service_is_opened_from_the_menu_by_its_name_once_the_provider_is_active(state):
    """Customer activation process: the menu lists the providers, and their services individually."""
    world = onoffice.sides() if state == "inactive" else onoffice.activated()
    if state == "blocked":
        world.platform.block(onoffice.FIRST)
    shown = menu(world)
    assert world.platform.account.name in shown
    for service in world.platform.account.services:
        for user in (onoffice.ADMIN, onoffice.BROKER):
            assert (f'id="{service.name}-{onoffice.FIRST}-{user}"' in shown) is (state == "active")
    assert (f'id="open-{onoffice.FIRST}-{onoffice.ADMIN}"' in shown) is (state != "active")


WEAK = [
    "",
    "short-Secret-1!",
    "Another-Provider-Secret!",
    "another-provider-secret-2!",
    "ANOTHER-PROVIDER-SECRET-2!",
]


@pytest.mark.clause("onoffice:secret.policy", "onoffice:secret.immediate")
@pytest.mark.parametrize("secret", [*WEAK, "Another-Provider-Secret-2!", "Ähnlich-Geheimes-Wort-Nr-3!"])
def test_the_secret_is_set_in_the_menu_and_signs_from_then_on(secret):
    """Signature: the provider enters and changes it in the menu; 24 characters of four kinds."""
    world = onoffice.activated()
    before = world.platform.account.secret
    headers = (("content-type", "application/x-www-form-urlencoded"),)
    request = Request(
        "POST", "https://smart.onoffice.de", "/simulator/secret", headers, form_body({"secret": secret})
    )
    answer = world.network.exchange("browser", request)
    assert isinstance(answer, Response)
    assert answer.ok is (secret not in WEAK)
    assert world.platform.account.secret == (before if secret in WEAK else secret)
    served = world.network.run(world.platform.serve(onoffice.FIRST, onoffice.ADMIN), "browser")
    assert served.held is (secret in WEAK)  # the provider does not know the new one yet
