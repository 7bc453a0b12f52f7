"""What `serve` prints for the other side, and one side alone beside the other: no address that is not there."""

from __future__ import annotations

import os

import pytest

from handshakes.retailcrm import demo
from handshakes.retailcrm.briefing import briefing
from handshakes.runtime.browser import Browser
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World

PLATFORM, MODULE = "http://127.0.0.1:7001", "http://127.0.0.1:7002"
FOREIGN = "http://127.0.0.1:7003/mine"


def told(platform: str = "", partner: str = "", **settings: str) -> dict[str, str]:
    world = World(lambda: 0, bytes, MemoryStore(), settings, platform, partner)
    rows = (line.partition("  ") for line in briefing(demo.sides(world), world).splitlines())
    return {name.strip(): value.strip() for name, _, value in rows}


def test_the_platform_alone_makes_up_no_address_of_the_module():
    rows = told(PLATFORM)
    assert rows["open in a browser"] == f"{PLATFORM}/simulator"
    assert rows["configuration URL"] == "not set: give --set config_url=URL"
    assert rows["register URL"] == "as the configuration says"
    assert rows["account URL"] == "as edit and the answer to the registration say"
    assert not [value for value in rows.values() if "module.example" in value or "simla.com" in value]


def test_the_platform_alone_prints_the_foreign_modules_address():
    assert told(PLATFORM, config_url=FOREIGN)["configuration URL"] == FOREIGN


def test_the_module_alone_says_where_the_crm_is_expected_and_sends_nobody_to_a_real_host():
    rows = told("", MODULE, platform_url=PLATFORM)
    assert rows["your CRM"] == PLATFORM
    assert rows["configuration URL"] == f"{MODULE}/retailcrm/config"
    assert rows["register URL"] == f"{MODULE}/retailcrm/register"
    assert "open in a browser" not in rows, "the page is the CRM's"
    assert not [value for value in rows.values() if "simla.com" in value or "retailcrm." in value]


def test_a_module_alone_without_the_crms_address_is_not_served_and_says_which_setting_is_missing():
    with pytest.raises(ValueError, match="--set platform_url="):
        told("", MODULE)


def test_both_sides_print_both():
    rows = told(PLATFORM, MODULE)
    assert rows["configuration URL"] == f"{MODULE}/retailcrm/config"
    assert rows["account URL"] == f"{MODULE}/retailcrm/account"


def test_the_scopes_of_the_card_are_printed_and_can_be_set():
    assert told(PLATFORM)["scopes of the card"].startswith("integration_read, integration_write (others with")
    rows = told(PLATFORM, card_scopes="integration_write,order_read")
    assert rows["scopes of the card"].startswith("integration_write, order_read ")


@pytest.mark.parametrize("card_scopes", ["", "integration_read,integration_write,order_read"])
def test_each_side_alone_connects_to_the_other_alone(card_scopes):
    """As two commands have it: `serve retailcrm --only platform` and `--only partner`, each in its own world."""
    sockets = {"RetailCRM": listen(), "module": listen()}
    traps = [listen(), listen()]
    crm, module = (origin_of(sock) for sock in sockets.values())
    given = {"card_scopes": card_scopes} if card_scopes else {}
    here = World(
        lambda: 1_700_000_000, os.urandom, MemoryStore(),
        {"config_url": f"{module}/retailcrm/config", **given}, crm, "", tuple(map(origin_of, traps)),
    )  # fmt: skip
    there = World(
        lambda: 1_700_000_000, os.urandom, MemoryStore(), {"platform_url": f"{crm}/", **given}, "", module
    )
    platform, partner = demo.sides(here).platform, demo.sides(there).partner
    browser = Browser()
    only_crm = Loopback(platform, sockets={"RetailCRM": sockets["RetailCRM"]}, traps={platform.name: traps})
    with only_crm as network, Loopback(partner, sockets={"module": sockets["module"]}):
        page = network.run(browser.open(f"{crm}/simulator"))
        for button in (f"popup-{demo.CODE}", "connect", "account"):
            page = network.run(browser.submit(page, page.form(button)))
        assert (page.response.status, page.url) == (200, f"{module}/retailcrm/account")
        assert "The module works." in page.text and b'class="state ok"' in page.response.body
        page = network.run(browser.open(f"{crm}/simulator"))
        page = network.run(browser.submit(page, page.form(f"freeze-{demo.CODE}")))
        page = network.run(browser.open(f"{module}/retailcrm/account"))
        assert "The module is switched off." in page.text and b'class="state none"' in page.response.body
    assert platform.state(crm, demo.CODE) == "off"
    assert [one for one in platform.findings if one.violated] == []


@pytest.mark.clause("retailcrm:config.scopes")
def test_a_module_that_asks_for_more_than_its_card_allows_is_told_both_lists():
    world = World(lambda: 0, bytes, MemoryStore(), {"card_scopes": "integration_write"}, PLATFORM, MODULE)
    sides = demo.sides(world)
    sides.partner.scopes = lambda: ("integration_write", "order_read")
    step = sides.platform.open_popup(PLATFORM, demo.CODE)
    request = next(step)
    asked = sides.partner.config(request)
    with pytest.raises(StopIteration) as answered:
        next(asked)
    with pytest.raises(StopIteration) as ended:
        step.send(answered.value.value)
    (violated,) = [one for one in ended.value.value.findings if one.violated]
    assert violated.clause == "retailcrm:config.scopes"
    assert violated.detail == "asks for integration_write, order_read; its card allows integration_write"
    error = sides.platform.popups[PLATFORM, demo.CODE].error
    assert violated.detail in error
