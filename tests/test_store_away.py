"""While a partner's store is away nobody is let in, and every answer says that it passes, as far as the platform allows."""

from __future__ import annotations

from collections import defaultdict

import pytest

from handshakes.core.messages import Request
from handshakes.judge.sites import seeded
from handshakes.onoffice import demo as onoffice
from handshakes.platforms import PLATFORMS
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import InProcess, drive
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.store import StoreError
from handshakes.runtime.story import Sides, World

ANSWERS = {
    "/officernd/connect": 302,  # officernd:connect.failure: the browser goes back, whatever failed
    "/retailcrm/register": 200,  # retailcrm:answer.error
    "/retailcrm/activity": 200,  # retailcrm:activity.answer
    "/onoffice/unlock": 200,  # onoffice:feedback.answer
    "/fortis/launch": 403,  # fortis:launch.uniform: another status would tell that a launch decrypts
}
"""The paths whose answer is not 503 (RFC 9110, 15.6.4), by the platform's rules."""
ASK_NO_STORE = {
    ("GET", "/officernd/start"),
    ("GET", "/retailcrm/config"),
    ("GET", "/onoffice/activate.js"),
}


class Away:
    """A store that is away."""

    def __getattr__(self, name):
        def fails(*given, **more):
            raise StoreError("store-locked", "the database is away")

        return fails


def beside_the_story(name: str, sides: Sides, browser: Browser):
    """Take the steps to the endpoints that a platform's story does not reach."""
    origin = sides.partner.origins[0]
    if name == "officernd":
        yield from browser.open(f"{origin}/officernd/start")
        yield from browser.open(f"{origin}/officernd/result")
        form = (("content-type", "application/x-www-form-urlencoded"),)
        yield Request("POST", origin, "/officernd/settings", form, b"installation=a&token=b")
    if name == "onoffice":
        yield from sides.platform.serve(onoffice.FIRST, onoffice.ADMINISTRATOR, onoffice.EXPORT)
        yield from browser.open(f"{origin}/onoffice/activate.js")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_while_the_store_is_away_nobody_is_let_in_and_it_is_said_that_this_passes(platform, tmp_path):
    tools, asked = PLATFORMS[platform].tools(), defaultdict(list)
    sides = tools.sides(World(lambda: 1_700_000_000, seeded(7), open_store(tmp_path, {})))
    partner, handle, endpoints = sides.partner, sides.partner.handle, sides.partner.endpoints()

    def heard(request: Request):
        above = (path for path in endpoints if path.endswith("/") and request.path.startswith(path))
        path = next(above, request.path)
        asked[request.method, path].append(request)
        return (yield from handle(request))

    partner.handle = heard
    network = InProcess(sides.platform, partner)
    browser = Browser(network.transcript)
    for chapter in tools.story(sides, browser):
        network.run(chapter.step, chapter.sender)
    network.run(beside_the_story(platform, sides, browser))
    assert set(asked) == {(method, path) for path, steps in endpoints.items() for method in steps}

    partner.store, found, told = Away(), {}, []
    partner.report = lambda endpoint, refused: told.append(refused)

    def carried(request: Request):
        assert request.target == "/v2/users/me", "it would ask for what cannot be kept"
        return network.exchange(partner.name, request)

    for (method, path), request in [(at, one) for at, requests in asked.items() for one in requests]:
        told.clear()
        answer = drive(handle(request), carried)
        # others of the story are refused before, or ask no store
        if told and isinstance(told[-1], StoreError):
            assert len(told) == 1, "the operator is told once"
            assert "session" not in answer.header("set-cookie")
            found[method, path] = answer.status
        if answer.status == 503:
            assert answer.header("retry-after") == "1"
            assert b"Please try again in a moment" in answer.body
    assert found == {at: ANSWERS.get(at[1], 503) for at in asked if at not in ASK_NO_STORE}
