"""The module's card in the marketplace: the switch for simple connection, and a module that is not published."""

from __future__ import annotations

import pytest

from handshakes.core.messages import Request, form_body
from handshakes.core.strict import URLENCODED
from handshakes.retailcrm import demo
from handshakes.runtime.browser import Browser
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from tests.recorder import recorded
from tests.retailcrm.sides import ANOTHER, CODE, DEMO, sides


def listed(world, account: str):
    return world.network.run(Browser().open(f"{account}/simulator"))


def posted(world, account: str, step: str):
    headers = (("content-type", URLENCODED), ("origin", account))
    request = Request("POST", account, f"/simulator/{step}", headers, form_body({"code": CODE}))
    return world.network.exchange("browser", request)


@pytest.mark.clause("retailcrm:card.unpublished")
def test_a_module_that_is_not_published_is_tested_in_its_vendors_account_and_unknown_in_others():
    world = recorded(sides(published="no"))
    page = listed(world, DEMO)
    assert page.form(f"popup-{CODE}")
    assert "Not published: this account alone sees the module" in page.text
    assert world.connect().held, "tried as a customer would"
    assert world.work()["success"] is True
    assert "Example module" not in listed(world, ANOTHER).text
    before = len(world.network.to("https://module.example"))
    for step in ("popup", "connect", "on", "visit"):
        assert posted(world, ANOTHER, step).status == 400
    assert len(world.network.to("https://module.example")) == before
    assert world.platform.accounts[ANOTHER].keys == {}


@pytest.mark.clause("retailcrm:card.unpublished")
def test_once_it_is_published_every_account_sees_it():
    world = sides()
    for account in (DEMO, ANOTHER):
        page = listed(world, account)
        assert page.form(f"popup-{CODE}")
        assert "Not published" not in page.text


@pytest.mark.clause("retailcrm:card.one-click")
def test_without_the_switch_there_is_no_popup_no_connect_and_no_request():
    world = recorded(sides(simple_connection="no"))
    page = listed(world, DEMO)
    assert page.forms == ()
    assert "The card of this module has no simple connection" in page.text
    for step in ("popup", "connect", "on", "off", "freeze", "visit"):
        assert posted(world, DEMO, step).status == 400
    with pytest.raises(ValueError, match="cannot be connected"):
        world.popup()
    assert world.network.to("https://module.example") == []
    assert world.platform.accounts[DEMO].keys == {}


@pytest.mark.clause("retailcrm:card.one-click")
def test_with_the_switch_there_is_a_popup():
    page = listed(sides(), DEMO)
    assert page.form(f"popup-{CODE}")
    assert "has no simple connection" not in page.text


def test_served_the_vendors_account_is_the_first_one():
    traps = ("http://127.0.0.1:7003", "http://127.0.0.1:7004")
    world = World(lambda: 0, bytes, MemoryStore(), {"published": "no"}, "http://127.0.0.1:7001", "", traps)
    platform = demo.sides(world).platform
    assert [card.code for card in platform.shown("http://127.0.0.1:7001")] == [CODE]
    assert platform.shown("http://127.0.0.1:7004") == []


@pytest.mark.clause("retailcrm:transition.post")
def test_the_page_after_connect_sends_the_browser_on_by_itself():
    """A form POST, since the page says POST and a redirect of a browser is a GET; a button stays where no script runs."""
    world = sides()
    browser = Browser()
    page = listed(world, DEMO)
    for button in (f"popup-{CODE}", "connect"):
        page = world.network.run(browser.submit(page, page.form(button)))
    form = page.form("account")
    assert (form.method, list(form.fields)) == ("POST", ["clientId"])
    assert b'<script src="/simulator/transition.js"></script>' in page.response.body
    assert "script-src 'self'" in page.response.header("content-security-policy")
    script = world.network.exchange("browser", Request("GET", DEMO, "/simulator/transition.js"))
    assert script.header("content-type") == "text/javascript; charset=utf-8"
    assert script.body.decode().splitlines()[-1] == 'document.getElementById("account").submit();'
    posted_script = world.network.exchange("browser", Request("POST", DEMO, "/simulator/transition.js"))
    assert posted_script.status == 405
    refused = world.network.run(browser.submit(page, form, {"clientId": "x"}))
    assert refused.response.status >= 400
    again = listed(world, DEMO)
    popup = world.network.run(browser.submit(again, again.form(f"popup-{CODE}")))
    failed = world.network.run(browser.submit(popup, popup.form("connect"), {"fault": "edit-402"}))
    assert b"<script" not in failed.response.body, "after a failure nobody is sent anywhere"
