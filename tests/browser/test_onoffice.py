"""A real browser goes through onOffice's popup, served on loopback: two scripts, one frame, one message."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from handshakes.onoffice import demo
from handshakes.onoffice.script import press
from handshakes.onoffice.simulator import portal
from handshakes.runtime.browser import Browser
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.story import World
from tests.browser.test_officernd import chromium  # noqa: F401  (a fixture)

FIRST, ADMIN, BROKER, PLANS = demo.FIRST, demo.ADMINISTRATOR, demo.BROKER, demo.PLANS
SIGNED = ("apiToken", "apiClaim", "parameterCacheId", "signature", "timestamp", "popup", "ticket", "secret")


@pytest.fixture
def served(tmp_path) -> Iterator[Any]:
    """Both sides on loopback origins, as `handshakes serve onoffice` makes them."""
    store = open_store(tmp_path, {})
    sockets = {"onOffice": listen(), "provider": listen()}
    origins = {name: "http://{}:{}".format(*sock.getsockname()[:2]) for name, sock in sockets.items()}
    world = World(lambda: int(time.time()), os.urandom, store, {}, origins["onOffice"], origins["provider"])
    sides = demo.sides(world)
    with Loopback(sides.platform, sides.partner, sockets=sockets) as network:
        yield sides, network, origins
    store.close()


def mask(page, origin: str, fault: str = "") -> Any:
    """Open the popup as the administrator and confirm both agreements; return the provider's frame."""
    page.goto(f"{origin}/simulator")
    if fault:
        page.select_option(f"#open-{FIRST}-{ADMIN} select", fault)
    page.click(f"#open-{FIRST}-{ADMIN} button")
    page.check("input[name=terms]")
    page.check("input[name=data_processing]")
    page.click("#confirm button")
    frame = page.frame_locator("#provider")
    frame.locator("h1").wait_for()
    return frame


def paste(page, frame, key: str = "") -> None:
    """Choose the right, copy the key by hand, tick the box, press the button."""
    assert page.input_value("#api-key") == ""
    page.check("input[value=all]")
    until(lambda: page.input_value("#api-key") != "")
    frame.locator("#secret").fill(key or page.input_value("#api-key"))
    assert frame.locator("#unlockButton").is_disabled()
    frame.locator("#privacy").check()
    assert frame.locator("#unlockButton").is_enabled()
    frame.locator("#unlockButton").click()
    page.locator("#message:not(:empty)").wait_for()


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something on the page; its content security policy forbids what playwright waits with."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def shape(method: str, url: str, body: str) -> tuple[str, str, tuple[str, ...]]:
    """Return a request without what is random in it: method, path, and names (with values that are not) of query and body."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True) + parse_qsl(body, keep_blank_values=True)
    return method, parts.path, tuple(name if name in SIGNED else f"{name}={value}" for name, value in pairs)


@pytest.mark.clause("onoffice:popup.status", "onoffice:popup.key-shown", "onoffice:page.privacy-noted")
def test_the_whole_activation_by_hand(chromium, served):  # noqa: F811
    sides, _, origins = served
    context = chromium.new_context(locale="de-DE")
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request))
    frame = mask(page, origins["onOffice"])
    assert frame.locator("#customer").inner_text() == "Müller & Söhne <Immobilien> GmbH"
    assert page.inner_text("#status") == "Inactive"
    paste(page, frame)
    assert page.inner_text("#message") == "active"
    assert (page.inner_text("#status"), page.inner_text("#warning")) == ("Active", "")
    assert frame.locator("#result").inner_text() == "Aktiv"
    assert sides.platform.customers[FIRST].status == "active"
    page.click("#back")
    assert page.inner_text(f"#status-{FIRST}") == "Active"
    page.click(f"#{PLANS}-{FIRST}-{BROKER} button")
    assert page.frame_locator("#provider").locator("#estate").inner_text() == "House 4711"
    assert sides.reports == []
    assert said == []
    ours = tuple(origin + "/" for origin in origins.values())
    assert [one.url for one in asked if not one.url.startswith(ours) and "favicon" not in one.url] == []
    assert context.cookies() == []
    context.close()


def test_the_mirrored_scripts_say_the_same_as_chromium(chromium, served):  # noqa: F811
    """The same activation by hand and by `Browser`: the same requests in the same order, the same message."""
    sides, network, origins = served
    origin = origins["onOffice"]
    page = chromium.new_page(locale="de-DE")
    asked, messages = [], []
    page.on("request", lambda one: asked.append(shape(one.method, one.url, one.post_data or "")))
    page.expose_function("heard", lambda text: messages.append(text))
    page.add_init_script("window === top && addEventListener('message', (event) => heard(event.data))")
    frame = mask(page, origin)
    paste(page, frame)
    page.locator("#status", has_text=re.compile("^Active$")).wait_for()
    page.close()
    by_hand = [one for one in asked if not one[1].endswith((".js", ".ico"))]
    sides.platform.block(FIRST)

    browser = Browser(network.transcript)
    seen = len(network.transcript.events)
    sent: list[Any] = []

    def carried(step):
        def noted():
            request = next(step)
            try:
                while True:
                    sent.append(shape(request.method, request.url, request.body.decode()))
                    request = step.send((yield request))
            except StopIteration as stop:
                return stop.value

        return network.run(noted())

    index = carried(browser.open(f"{origin}/simulator"))
    terms = carried(browser.submit(index, index.form(f"open-{FIRST}-{ADMIN}")))
    agreed = {"terms": "yes", "data_processing": "yes"}
    popup = carried(browser.submit(terms, terms.form("confirm"), agreed))
    shown = carried(browser.load_frame(popup))
    key = carried(portal.choose(popup, "all"))
    text = carried(press(browser, shown, popup, key))
    heard = carried(portal.receive(popup, shown, text))
    assert (text, heard["status"]) == ("active", "Active")
    assert by_hand == sent
    mirrored = [event.text for event in network.transcript.events[seen:] if event.kind == "message"]
    assert messages == mirrored == ["active"]


@pytest.mark.parametrize(
    ("locale", "says"), [("de-DE", "Der API-Key stimmt nicht"), ("en-GB", "The API key is not right")]
)
def test_a_wrong_key_is_told_in_the_users_language_and_can_be_pasted_again(chromium, served, locale, says):  # noqa: F811
    sides, _, origins = served
    context = chromium.new_context(locale=locale)
    page = context.new_page()
    frame = mask(page, origins["onOffice"])
    paste(page, frame, "0" * 64)
    assert page.inner_text("#message").startswith(says)
    assert page.inner_text("#status") == "Inactive"
    assert [refused.evidence["errorcode"] for _, refused in sides.reports] == ["137"]
    frame.locator("#secret").fill(page.input_value("#api-key"))
    frame.locator("#unlockButton").click()
    page.locator("#status", has_text=re.compile("^Active$")).wait_for()
    context.close()


def test_a_stale_link_shows_no_form(chromium, served):  # noqa: F811
    sides, _, origins = served
    page = chromium.new_page()
    frame = mask(page, origins["onOffice"], "stale")
    assert frame.locator("form").count() == 0
    assert {refused.reason for _, refused in sides.reports} == {"stale"}
    assert len(sides.reports) == 2, "the portal opens it too, to judge what it leads to"
    page.close()


@pytest.mark.clause("onoffice:popup.message-origin", "onoffice:popup.message-text", "onoffice:popup.state")
def test_the_popup_hears_its_own_frame_only_and_shows_text(chromium, served):  # noqa: F811
    sides, _, origins = served
    page = chromium.new_page()
    frame = mask(page, origins["onOffice"])
    page.evaluate("() => window.postMessage('active', '*')")  # from the popup itself
    page.evaluate("() => document.body.append(document.createElement('iframe'))")
    page.frames[-1].evaluate("() => parent.postMessage('active', '*')")  # from another frame of the popup
    page.wait_for_timeout(300)
    assert page.inner_text("#message") == ""
    frame.locator("body").evaluate("() => parent.postMessage({text: 'active'}, '*')")
    frame.locator("body").evaluate("() => parent.postMessage('<b id=injected>active</b>', '*')")
    page.locator("#message:not(:empty)").wait_for()
    assert page.inner_text("#message") == "<b id=injected>active</b>"
    assert page.locator("#injected").count() == 0
    frame.locator("body").evaluate("() => parent.postMessage('active', '*')")
    until(lambda: page.inner_text("#message") == "active")
    assert page.inner_text("#status") == "Inactive"
    assert page.inner_text("#warning") == "The status of the provider did not change."
    assert sides.platform.customers[FIRST].status == "inactive"
    page.close()


@pytest.mark.clause("onoffice:popup.message-origin")
def test_neither_the_frame_nor_the_origin_alone_is_enough(chromium, served):  # noqa: F811
    _, _, origins = served
    page = chromium.new_page()
    mask(page, origins["onOffice"])
    own = page.frames[1]
    heard = "window.addEventListener('message', (event) => window.heard.push(event.origin))"
    page.evaluate(f"() => {{ window.heard = []; {heard}; }}")
    page.evaluate(
        """(url) => {
      const frame = document.body.appendChild(document.createElement('iframe'));
      return new Promise((done) => { frame.onload = done; frame.src = url; });
    }""",
        origins["provider"] + "/onoffice/activate.js",
    )
    other = page.frames[-1]
    other.evaluate("() => parent.postMessage('the origin, and another frame', '*')")
    page.evaluate("""() => {
      const frame = document.getElementById('provider');
      return new Promise((done) => { frame.onload = done; frame.srcdoc = '<p>not the provider</p>'; });
    }""")
    own.evaluate("() => parent.postMessage('the frame, and another origin', '*')")
    until(lambda: len(page.evaluate("() => window.heard")) == 2)
    page.wait_for_timeout(300)
    assert page.evaluate("() => window.heard") == [origins["provider"], origins["onOffice"]]
    assert page.inner_text("#message") == ""
    page.close()


def test_the_page_is_embedded_by_the_platform_only(chromium, served):  # noqa: F811
    _, _, origins = served
    page = chromium.new_page()
    mask(page, origins["onOffice"])
    url = page.get_attribute("#provider", "src")
    page.goto(origins["provider"] + "/onoffice/activate.js")  # another origin than the platform's
    page.set_content(f'<iframe src="{url.replace("&", "&amp;")}"></iframe>')
    frame = page.frames[1]
    frame.wait_for_load_state()
    assert not re.search("unlockButton|<form", frame.content())
    page.close()
