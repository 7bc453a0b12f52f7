"""A real browser goes through the OfficeRnD handshake, served on loopback, by pressing the buttons."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from handshakes.officernd import demo
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.story import World
from tests.oracles import headless

FIRST = "5e0000000000000000000001"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    program = headless()
    from playwright.sync_api import sync_playwright

    quiet = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=quiet)
        yield browser
        browser.close()


@pytest.fixture
def served(tmp_path) -> Iterator[Any]:
    """Both sides on loopback origins, as `handshakes serve officernd` makes them."""
    store = open_store(tmp_path, {})
    sockets = {"OfficeRnD": listen(), "partner": listen()}
    origins = {name: "http://{}:{}".format(*sock.getsockname()[:2]) for name, sock in sockets.items()}
    world = World(lambda: int(time.time()), os.urandom, store, {}, origins["OfficeRnD"], origins["partner"])
    sides = demo.sides(world)
    with Loopback(sides.platform, sides.partner, sockets=sockets) as network:
        yield sides, network, origins
    store.close()


def connect(page: Any) -> Any:
    """Press Connect; return the window that it opens, when it shows where the handshake ended."""
    with page.expect_popup() as opened:
        page.click(f"#connect-{FIRST} button")
    window = opened.value
    window.wait_for_selector("#back")
    return window


@pytest.mark.clause("officernd:connect.popup", "officernd:connect.start")
def test_the_whole_handshake_by_pressing_buttons(chromium, served):
    sides, _, origins = served
    portal = origins["OfficeRnD"] + "/simulator"
    context = chromium.new_context()
    list_page = context.new_page()
    said, asked = [], []
    context.on("console", lambda message: said.append(message.text))
    context.on("request", lambda request: asked.append(request.url))
    list_page.goto(portal)
    page = connect(list_page)
    assert [one.url for one in context.pages] == [portal, page.url], "the admin's page stays open"
    assert any(url.startswith(origins["partner"] + "/officernd/connect?code=") for url in asked)
    assert page.url == origins["OfficeRnD"] + "/connect/external-integration/return"
    assert "connected J&J Ltd" in page.inner_text(f"#state-{FIRST}")
    page.click("#back")
    page.click(f"#configure-{FIRST} button")
    assert page.url.startswith(origins["partner"] + "/officernd/configure?")
    assert "is connected to J&J Ltd for all locations" in page.inner_text("body")
    page.click("#continue")
    page.goto(portal)
    page.click(f"#sync-{FIRST} button")
    assert "answered 200" in page.inner_text("body")
    page.click("#back")
    page.select_option(f"#healthcheck-{FIRST} select", "parameter-doubled")
    page.click(f"#healthcheck-{FIRST} button")
    assert "answered 401" in page.inner_text("body")
    page.click("#back")
    page.click(f"#remove-{FIRST} button")
    page.click("#back")
    assert page.inner_text(f"#state-{FIRST}") == "removed"
    context.close()
    reasons = [refused.reason for _, refused in sides.reports]
    assert reasons == ["duplicate-parameter", "unknown-installation"]
    assert said == []
    ours = tuple(origin + "/" for origin in origins.values())
    assert [url for url in asked if not url.startswith(ours) and "favicon" not in url] == []


def test_a_page_is_embedded_by_nobody_and_tells_nobody_where_it_was(chromium, served):
    """The signed URL of the settings must not leak by a frame or by a referrer."""
    sides, _, origins = served
    page = chromium.new_page()
    page.goto(origins["OfficeRnD"] + "/simulator")
    connect(page).close()
    url = sides.platform.configuration_url(FIRST)
    page.set_content(f'<iframe src="{url}"></iframe>')
    frame = page.frames[1]
    frame.wait_for_load_state()
    assert "is connected to" not in frame.content()
    referrers = []
    page.on("request", lambda request: referrers.append(request.headers.get("referer")))
    page.goto(url)
    page.click("#continue")
    assert referrers == [None, None]
    page.close()


def test_the_partner_may_start_the_connect_in_a_real_browser(chromium, tmp_path):
    """C4 (b): the state cookie survives the way over the platform's consent page."""
    store = open_store(tmp_path, {})
    sockets = {"OfficeRnD": listen(), "partner": listen()}
    origins = {name: "http://{}:{}".format(*sock.getsockname()[:2]) for name, sock in sockets.items()}
    world = World(
        lambda: int(time.time()),
        os.urandom,
        store,
        {"started_by": "partner"},
        origins["OfficeRnD"],
        origins["partner"],
    )
    sides = demo.sides(world)
    with Loopback(sides.platform, sides.partner, sockets=sockets):
        page = chromium.new_page()
        page.goto(origins["partner"] + "/officernd/start")
        assert page.url.startswith(origins["OfficeRnD"] + "/oauth/authorize?")
        page.click("#allow button")
        assert "connected J&J Ltd" in page.inner_text(f"#state-{FIRST}")
        page.close()
    assert sides.reports == []
    store.close()
