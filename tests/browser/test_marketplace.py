"""A person connects all four by clicking on the marketplace page: real windows and frames, two sites, with faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.market import Market, choose, marketplace, opened, press, shown, window
from tests.browser.test_officernd import chromium  # noqa: F401  (a fixture)


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
    assert shown(page, "healthcheck", "held") == "Done, and every check held."
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
