"""A real browser goes through the RetailCRM handshake, served on loopback, by pressing the buttons."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from handshakes.retailcrm import demo
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.story import World
from tests.browser.test_officernd import chromium  # noqa: F401  (a fixture)

CODE = demo.CODE


@pytest.fixture
def served(tmp_path) -> Iterator[Any]:
    """Both sides on loopback origins, as `handshakes serve retailcrm` makes them."""
    store = open_store(tmp_path, {})
    sockets = {"RetailCRM": listen(), "module": listen()}
    origins = {name: "http://{}:{}".format(*sock.getsockname()[:2]) for name, sock in sockets.items()}
    world = World(lambda: int(time.time()), os.urandom, store, {}, origins["RetailCRM"], origins["module"])
    sides = demo.sides(world)
    with Loopback(sides.platform, sides.partner, sockets=sockets) as network:
        yield sides, network, origins
    store.close()


def connect(page, portal: str) -> None:
    """Open the popup and click Connect."""
    page.goto(portal)
    page.click(f"#popup-{CODE} button")
    assert "asks for: integration_read, integration_write" in page.inner_text("body")
    page.click("#connect button")


@pytest.mark.clause("retailcrm:transition.post", "retailcrm:transition.later")
def test_the_whole_connection_by_pressing_buttons(chromium, served):  # noqa: F811
    sides, _, origins = served
    portal, account = origins["RetailCRM"] + "/simulator", origins["module"] + "/retailcrm/account"
    context = chromium.new_context()
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    connect(page, portal)
    page.wait_for_url(account)  # nobody presses a button for it
    assert page.url == account  # a clean address, and the Secure cookie holds on loopback
    assert page.inner_text("#system-url") == origins["RetailCRM"]
    assert page.inner_text("#state") == "The module works."
    (cookie,) = context.cookies()
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Lax")
    page.reload()
    assert page.inner_text("#state") == "The module works."
    page.click("#back")
    page.goto(portal)
    page.click(f"#freeze-{CODE} button")
    assert "answered 200" in page.inner_text("body")
    page.click("#back")
    assert page.inner_text(f"#state-{CODE}") == "off"
    page.click(f"#account-{CODE} button")  # the way from the module's edit page
    assert (page.url, page.inner_text("#state")) == (account, "The module is switched off.")
    page.goto(portal)
    page.select_option(f"#on-{CODE} select", "activity-unknown")
    page.click(f"#on-{CODE} button")
    page.click("#back")
    page.select_option(f"#visit-{CODE} select", "client-in-query")
    page.click(f"#visit-{CODE} button")
    assert "answered 403" in page.inner_text("body")
    context.close()
    reasons = [refused.reason for _, refused in sides.reports]
    assert reasons == ["unknown-installation", "missing-parameter"]
    assert [text for text in said if "404" not in text] == []  # the CRM's own start page is not simulated
    ours = tuple(origin + "/" for origin in origins.values())
    assert [url for url in asked if not url.startswith(ours) and "favicon" not in url] == []
    (client_id,) = (one.client_id for one in sides.platform.connections.values())
    assert [url for url in asked if client_id in url] == []


def test_without_scripts_the_button_leads_to_the_account(chromium, served):  # noqa: F811
    _, _, origins = served
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    connect(page, origins["RetailCRM"] + "/simulator")
    page.click("#account button")
    assert page.url == origins["module"] + "/retailcrm/account"
    context.close()


def test_a_refused_registration_leaves_the_account_open(chromium, served):  # noqa: F811
    sides, _, origins = served
    portal, account = origins["RetailCRM"] + "/simulator", origins["module"] + "/retailcrm/account"
    context = chromium.new_context()
    page = context.new_page()
    page.goto(account)
    assert "Please open the module from its page in RetailCRM" in page.inner_text("body")
    connect(page, portal)
    page.wait_for_url(account)
    page.goto(portal)
    page.click(f"#popup-{CODE} button")
    page.select_option("#connect select", "wrong-token")
    page.click("#connect button")
    assert page.inner_text("#error") == "The module could not be connected."
    page.click("#back")
    page.click(f"#account-{CODE} button")
    assert page.inner_text("#state") == "The module works."
    context.close()
    assert [refused.reason for _, refused in sides.reports] == ["signature-mismatch"]


def test_the_account_page_is_embedded_by_nobody(chromium, served):  # noqa: F811
    _, _, origins = served
    context = chromium.new_context()
    page = context.new_page()
    connect(page, origins["RetailCRM"] + "/simulator")
    page.wait_for_url(origins["module"] + "/retailcrm/account")
    page.set_content(f'<iframe src="{page.url}"></iframe>')
    frame = page.frames[1]
    frame.wait_for_load_state()
    assert "Connected to" not in frame.content()
    context.close()
