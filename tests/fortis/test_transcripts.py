"""The handshake is the same in process and over sockets, shows no secret, and survives many at once."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from handshakes.core.keys import PUBLIC_TEST_KEYS
from handshakes.core.messages import Delayed
from handshakes.fortis import demo
from handshakes.fortis.briefing import briefing
from handshakes.fortis.simulator.records import User
from handshakes.fortis.story import story
from handshakes.runtime.browser import Browser
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.story import World
from tests import steps
from tests.fortis.sides import LOCATION, MODES, TITLE, USER, opened, sides
from tests.sides import patient


def told(world, network):
    return steps.told(story, world, network)


class TestTheStory(steps.WholeStory):
    story, sides, least = staticmethod(story), staticmethod(sides), 60
    platform = "fortis"


def test_the_transcript_shows_no_secret():
    world = sides()
    transcript = told(world, world.network)
    secrets = set(world.platform.tokens) | set(world.platform.access) | set(world.platform.grants)
    secrets |= {one.refresh_token for one in world.platform.access.values()}
    assert len(secrets) >= 4 and not secrets & PUBLIC_TEST_KEYS
    shown = transcript.text() + transcript.mermaid() + repr(transcript.events)
    assert not [secret for secret in secrets if secret in shown]
    assert not re.search(r"[A-Za-z0-9+/]{60}", shown), "no payload, no session, no ticket"
    assert not re.search(r"[^0-9a-f][0-9a-f]{32,}[^0-9a-f]", shown), "no hmac, no state"


@pytest.mark.parametrize("fault", ["plus-as-blank", "encrypted-launch", "data-twice", "beside-data"])
def test_no_form_of_a_launch_shows_its_token(fault):
    mode = "plain" if fault == "encrypted-launch" else "encrypted"
    world = opened(mode=mode)
    world.launch(fault=fault)
    shown = world.network.transcript.text() + repr(world.network.transcript.events)
    assert not [token for token in world.platform.tokens if token in shown]
    assert not re.search(r"U2FsdGVkX1", shown)


class Slow:
    """The platform, whose users/me comes late."""

    def __init__(self, platform) -> None:
        self.role = platform
        self.name, self.origins, self.secret_names = platform.name, platform.origins, platform.secret_names

    def handle(self, request):
        answer = yield from self.role.handle(request)
        return Delayed(0.5, answer) if request.path == "/v2/users/me" else answer


@pytest.mark.parametrize("mode", MODES)
def test_32_launches_at_once_whose_answer_comes_late_all_open(mode, tmp_path):
    store = open_store(tmp_path, {})
    world = sides(store, mode=mode)
    domain = world.platform.users[USER].domain
    users = [f"11e7a84525008da896{n:06}" for n in range(32)]
    for user in users:
        world.platform.add_user(User(user, user, None, domain, (LOCATION,)))
    with patient(Loopback(Slow(world.platform), world.partner)) as network:
        network.run(world.platform.register(TITLE, LOCATION), "Fortis")
        for user in users:
            network.run(world.platform.register(TITLE, LOCATION, user, "postback-lost"), "Fortis")

        def launch(user: str):
            return network.run(world.platform.launch(TITLE, LOCATION, user), "browser")

        with ThreadPoolExecutor(32) as pool:
            outcomes = list(pool.map(launch, users))
    assert [outcome.findings for outcome in outcomes if not outcome.held] == []
    assert world.reports == []
    assert {world.kept(LOCATION, user).state for user in users} == {"active"}
    store.close()


def test_one_launch_opened_32_times_at_once_opens_once(tmp_path):
    store = open_store(tmp_path, {})
    world = opened(store)
    world.clock.advance(1)
    url = world.platform.launch_url(TITLE, LOCATION, USER)
    with patient(Loopback(world.platform, world.partner)) as network, ThreadPoolExecutor(32) as pool:
        shown = list(pool.map(lambda _: network.run(Browser().open(url)), range(32)))
    assert sorted(page.response.status for page in shown) == [200] + [403] * 31
    assert set(world.reasons()) <= {"replayed", "wrong-state"}
    store.close()


@pytest.mark.parametrize("mode", MODES)
def test_served_on_loopback_a_browser_opens_the_app_by_the_buttons(mode, tmp_path):
    """As `handshakes serve fortis` has it: both sides speak their loopback origins, and nothing else."""
    store = open_store(tmp_path, {})
    sockets, traps = {"Fortis": listen(), "app": listen()}, [listen(), listen()]
    fortis, app = ("http://{}:{}".format(*sock.getsockname()[:2]) for sock in sockets.values())
    world = World(
        lambda: 1_700_000_000, os.urandom, store, {"mode": mode}, fortis, app, tuple(map(origin_of, traps))
    )
    both = demo.sides(world)
    browser = Browser()
    with Loopback(both.platform, both.partner, sockets=sockets, traps={"Fortis": traps}) as network:
        for button in ("register-location", f"register-{USER}", f"open-{USER}"):
            page = network.run(browser.open(f"{fortis}/simulator"))
            page = network.run(browser.submit(page, page.form(button)))
        page = network.run(browser.load_frame(page))
        assert (page.response.status, page.url) == (200, f"{app}/fortis/app")
        page = network.run(browser.submit(page, page.form("oauth")))
        page = network.run(browser.submit(page, page.form("allow"), {"user": USER}))
        assert page.response.ok
        for fault in ("token-expired", "token-of-another", "foreign-oauth-url", "me-500", "replayed"):
            outcome = network.run(both.platform.launch(TITLE, LOCATION, USER, fault=fault), "browser")
            assert outcome.held, outcome.findings
    assert [finding for finding in both.platform.findings if not finding.held] == []
    shown = briefing(both, world)
    assert fortis in shown and app in shown and mode in shown
    store.close()
