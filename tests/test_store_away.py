"""While a partner's store is away nobody is let in, and every answer says that it passes, as far as the platform allows."""

from __future__ import annotations

from collections import defaultdict

import pytest

from handshakes.core.messages import Request
from handshakes.judge.sites import seeded
from handshakes.platforms import PLATFORMS
from handshakes.runtime.browser import Browser
from handshakes.runtime.flow import InProcess, drive
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.store import StoreError
from handshakes.runtime.story import World

ANSWERS = {
    "/officernd/connect": 302,  # officernd:connect.failure: the browser goes back, whatever failed
    "/retailcrm/register": 200,  # retailcrm:answer.error
    "/retailcrm/activity": 200,  # retailcrm:activity.answer
    "/onoffice/unlock": 200,  # onoffice:feedback.answer
    "/fortis/launch": 403,  # fortis:launch.uniform: another status would tell that a launch decrypts
}
"""The paths whose answer is not 503 (RFC 9110, 15.6.4), by the platform's rules."""
ASK_NO_STORE = ("/retailcrm/config", "/onoffice/activate.js")


class Away:
    """A store that is away."""

    def __getattr__(self, name):
        def fails(*given, **more):
            raise StoreError("store-locked", "the database is away")

        return fails


@pytest.mark.parametrize("platform", PLATFORMS)
def test_while_the_store_is_away_nobody_is_let_in_and_it_is_said_that_this_passes(platform, tmp_path):
    tools, asked = PLATFORMS[platform].tools(), defaultdict(list)
    sides = tools.sides(World(lambda: 1_700_000_000, seeded(7), open_store(tmp_path, {})))
    partner, handle = sides.partner, sides.partner.handle

    def heard(request: Request):
        asked[request.method, request.path].append(request)
        return (yield from handle(request))

    partner.handle = heard
    network = InProcess(sides.platform, partner)
    for chapter in tools.story(sides, Browser(network.transcript)):
        network.run(chapter.step, chapter.sender)
    partner.store, found, told = Away(), {}, []
    partner.report = lambda endpoint, refused: told.append(refused)

    def carried(request: Request):
        assert request.target == "/v2/users/me", "it would ask for what cannot be kept"
        return network.exchange(partner.name, request)

    for request in [one for requests in asked.values() for one in requests]:
        told.clear()
        answer = drive(handle(request), carried)
        # others of the story are refused before, or ask no store
        if told and isinstance(told[-1], StoreError):
            assert "session" not in answer.header("set-cookie")
            found[request.path] = answer.status
    assert found == {path: ANSWERS.get(path, 503) for _, path in asked if path not in ASK_NO_STORE}
