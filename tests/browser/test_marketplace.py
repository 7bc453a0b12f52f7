"""A person connects all four by clicking on the marketplace page: real windows and frames, two sites, with faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.market import Market, choose, marketplace, opened, press, shown, window
from tests.browser.test_officernd import chromium  # noqa: F401  (a fixture)
from tests.browser.test_onoffice import until


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with marketplace() as market:
        yield market


@pytest.fixture
def page(chromium) -> Iterator[Any]:  # noqa: F811
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    page = context.new_page()
    said: list[str] = []
    context.on("weberror", lambda error: said.append(str(error.error)))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert said == []


def test_officernd_is_connected_by_clicking_and_a_changed_request_says_why_it_is_refused(page, market):
    opened(page, market, "officernd")
    back = window(page, "connect")
    back.locator("#back").wait_for()
    assert back.evaluate("window.opener") is None, "what the window shows cannot move the page"
    shown(page, "connect", "held")
    press(page, "healthcheck")
    assert shown(page, "healthcheck", "held") == "2 checks of the marketplace held."
    choose(page, "healthcheck", "parameter-changed")
    press(page, "healthcheck")
    assert shown(page, "healthcheck", "refused") == "Refused as expected: signature-mismatch."
    page.locator("#message .verdict.bad strong", has_text="signature-mismatch").wait_for()
    page.locator("[data-act=why]").click()
    page.locator("#why", has_text="the signature fits without it. (without locations)").wait_for()
    choose(page, "sync", "stale")
    press(page, "sync")
    assert shown(page, "sync", "refused") == "Refused as expected: stale."
    press(page, "remove")
    shown(page, "remove", "held")
    page.locator("[data-tile=officernd] [data-state]", has_text="removed").wait_for()
    hosts = {
        origin.split("//")[1].split(":")[0] for origin in market.hosts["officernd"].place.addresses.values()
    }
    assert hosts == {"127.0.0.1", "localhost"}, "two sites"


def test_retailcrm_is_connected_by_clicking_and_three_faults_end_as_they_must(page, market):
    opened(page, market, "retailcrm")
    popup = window(page, "popup")
    popup.locator("#connect button").click()
    popup.wait_for_url("http://localhost:*/retailcrm/account*")
    assert "connected" in page.locator("[data-tile=retailcrm] [data-state]").inner_text()
    shown(page, "connect", "held")
    press(page, "visit")
    shown(page, "visit", "held")
    press(page, "off")
    shown(page, "off", "held")
    press(page, "on")
    shown(page, "on", "held")
    for fault, reason in (("wrong-token", "signature-mismatch"), ("missing-token", "missing-parameter")):
        choose(page, "connect", fault)
        window(page, "connect").locator("#error").wait_for()
        assert shown(page, "connect", "refused") == f"Refused as expected: {reason}."
        page.locator("#message .verdict.bad strong", has_text=reason).wait_for()
    choose(page, "on", "activity-unknown")
    press(page, "on")
    assert shown(page, "on", "refused") == "Refused as expected: unknown-installation."


def activated(page: Any, fault: str = "") -> Any:
    """Open onOffice's popup and agree to everything; return the popup with the provider's frame in it."""
    if fault:
        choose(page, "open", fault)
    popup = window(page, "open")
    popup.check("input[name=terms]")
    popup.check("input[name=data_processing]")
    popup.click("#confirm button")
    popup.frame_locator("#provider").locator("h1").wait_for()
    return popup


def test_onoffice_is_activated_by_clicking_and_three_faults_end_as_they_must(page, market):
    opened(page, market, "onoffice")
    for fault, reason in (
        ("stale", "stale"),
        ("wrong-secret", "signature-mismatch"),
        ("parameter-added", "signature-mismatch"),
    ):
        popup = activated(page, fault)
        assert popup.frame_locator("#provider").locator("#unlockButton").count() == 0
        popup.close()
        assert shown(page, "open", "refused") == f"Refused as expected: {reason}."
        page.locator("#message .verdict.bad strong", has_text=reason).wait_for()
    page.locator("[data-fault=open]").click()
    page.click("button[value=none]")
    popup = activated(page)
    popup.check("input[value=all]")
    frame = popup.frame_locator("#provider")
    until(lambda: popup.input_value("#api-key") != "", 60)
    frame.locator("#secret").fill(popup.input_value("#api-key"))
    frame.locator("#privacy").check()
    frame.locator("#unlockButton").click()
    shown(page, "open", "held")
    page.locator(".msg b", has_text="postMessage “active”").wait_for()
    window(page, "plans").frame_locator("#provider").locator("#estate").wait_for()
    assert shown(page, "plans", "held").startswith("The provider verified it.")
    press(page, "block")
    page.locator("[data-tile=onoffice] [data-state]", has_text="blocked").wait_for()


def test_fortis_is_registered_and_opened_by_clicking_and_three_faults_end_as_they_must(page, market):
    opened(page, market, "fortis")
    for step in ("location", "user"):
        press(page, step)
        shown(page, step, "held")
    app = window(page, "open")
    app.frame_locator("#app").locator("h1").wait_for()
    assert shown(page, "open", "held").startswith("The app decrypted it.")
    for fault, reason in (
        ("wrong-secret", "decryption-failed"),
        ("no-header", "malformed"),
        ("replayed", "replayed"),
    ):
        choose(page, "open", fault)
        window(page, "open").frame_locator("#app").locator("h1").wait_for()
        assert shown(page, "open", "refused") == f"Refused as expected: {reason}."
    press(page, "user-gone")
    shown(page, "user-gone", "held")
