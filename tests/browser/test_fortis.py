"""A real browser opens the app in the platform's iframe, served on loopback, by pressing the buttons.

The platform is at 127.0.0.1 and the app at localhost, so that the frame is of another site and its cookie
a third party's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from handshakes.fortis import demo
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.story import World
from tests.browser.test_officernd import chromium  # noqa: F401  (a fixture)

USER, OTHER_USER, CONTACT = demo.USER, demo.OTHER_USER, demo.CONTACT


@pytest.fixture(params=["encrypted", "plain"])
def served(request, tmp_path) -> Iterator[Any]:
    """Both sides on loopback, as `handshakes serve fortis` makes them, on two sites."""
    store = open_store(tmp_path, {})
    sockets = {"Fortis": listen(), "app": listen()}
    ports = {name: sock.getsockname()[1] for name, sock in sockets.items()}
    origins = {"Fortis": f"http://127.0.0.1:{ports['Fortis']}", "app": f"http://localhost:{ports['app']}"}
    settings = {"mode": request.param}
    world = World(lambda: int(time.time()), os.urandom, store, settings, origins["Fortis"], origins["app"])
    sides = demo.sides(world)
    with Loopback(sides.platform, sides.partner, sockets=sockets) as network:
        yield sides, network, origins
    store.close()


def press(page, portal: str, form: str, **choices: str):
    page.goto(portal)
    for name, value in choices.items():
        page.select_option(f"#{form} select[name={name}]", value)
    page.click(f"#{form} button")


def registered(page, portal: str, *users: str):
    for form in ("register-location", *(f"register-{user}" for user in users)):
        press(page, portal, form)
        assert "answered 204" in page.inner_text("body")


def frame_of(page, origin: str):
    page.wait_for_selector("#app")
    frame = page.frames[1]
    frame.wait_for_load_state()
    return frame


def test_the_whole_story_by_pressing_buttons(chromium, served):  # noqa: F811
    sides, _, origins = served
    portal, app = origins["Fortis"] + "/simulator", origins["app"] + "/fortis/app"
    context = chromium.new_context()
    page = context.new_page()
    asked = []
    context.on("request", lambda request: asked.append((request.url, request.headers.get("referer", ""))))
    registered(page, portal, USER)
    press(page, portal, f"open-{USER}", contact=CONTACT)
    frame = frame_of(page, origins["app"])
    assert (frame.url, frame.inner_text("#user"), frame.inner_text("#contact")) == (app, USER, CONTACT)
    (cookie,) = context.cookies()
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "None")
    assert cookie["partitionKey"], "kept for this frame on that site alone"
    frame.goto(app)
    assert frame.inner_text("#user") == USER, "the cookie comes back in the frame of another site"

    with context.expect_page() as opening:
        frame.click("#oauth button")
    window = opening.value
    window.wait_for_selector("#allow")
    window.select_option("#allow select", USER)
    window.click("#allow button")
    window.wait_for_selector("#granted")
    window.close()

    press(page, portal, f"open-{USER}", fault="token-of-another")
    frame = frame_of(page, origins["app"])
    assert "open the app in Fortis again" in frame.inner_text("#closed")
    press(page, portal, f"unregister-{USER}")
    press(page, portal, f"open-{USER}")
    assert "Register the location and the user first" in page.inner_text("#closed")
    assert page.context.cookies() and frame.url != app
    context.close()
    asked_twice = [
        "identity-mismatch"
    ] * 2  # the page with the fault asks the app itself, and then its frame does
    assert [refused.reason for _, refused in sides.reports] == asked_twice
    ours = tuple(origin + "/" for origin in origins.values())
    assert [url for url, _ in asked if not url.startswith(ours) and "favicon" not in url] == []
    assert not [referer for _, referer in asked if "data=" in referer or "access-token" in referer]
    tokens = set(sides.platform.tokens)
    assert not [url for url, _ in asked if "/fortis/app" in url and any(token in url for token in tokens)]


def test_only_the_platform_may_frame_the_app(chromium, served):  # noqa: F811
    _, _, origins = served
    context = chromium.new_context()
    page = context.new_page()
    registered(page, origins["Fortis"] + "/simulator", USER)
    press(page, origins["Fortis"] + "/simulator", f"open-{USER}")
    assert frame_of(page, origins["app"]).inner_text("#user") == USER
    other = context.new_page()
    other.set_content(f'<iframe src="{origins["app"]}/fortis/app"></iframe>')
    frame = other.frames[1]
    frame.wait_for_load_state()
    assert "closed" not in frame.content() and "Example app" not in frame.content()
    context.close()


def test_two_users_of_one_location_at_once(chromium, served):  # noqa: F811
    sides, _, origins = served
    contexts = [chromium.new_context() for _ in range(2)]
    for context, user in zip(contexts, (USER, OTHER_USER), strict=True):
        page = context.new_page()
        registered(page, origins["Fortis"] + "/simulator", user)
        press(page, origins["Fortis"] + "/simulator", f"open-{user}")
        assert frame_of(page, origins["app"]).inner_text("#user") == user
        context.close()
    assert sides.reports == []
