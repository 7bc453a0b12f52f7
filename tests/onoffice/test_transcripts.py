"""The handshake is the same in process and over sockets, shows no secret, and many customers do it at once."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor

from handshakes.core.keys import PUBLIC_TEST_KEYS
from handshakes.core.messages import Delayed
from handshakes.onoffice import demo
from handshakes.onoffice.briefing import briefing
from handshakes.onoffice.partner.connecting import PLATFORM
from handshakes.onoffice.simulator.records import Customer, User
from handshakes.onoffice.story import story
from handshakes.runtime.browser import Browser
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.story import World
from tests import steps
from tests.onoffice.sides import ADMIN, FIRST, PLANS, sides
from tests.sides import patient


def told(world, network):
    return steps.told(story, world, network)


class TestTheStory(steps.WholeStory):
    story, sides, least = staticmethod(story), staticmethod(sides), 50
    platform = "onoffice"


def test_the_story_shows_popup_frame_key_unlock_and_message_in_order():
    world = sides()
    transcript = told(world, world.network)
    steps = [f"{event.kind} {event.text}" for event in transcript.events]
    wanted = [
        "request POST https://smart.onoffice.de/simulator/open",
        "request POST https://smart.onoffice.de/simulator/confirm",
        "request GET https://provider.example/onoffice/activate?",
        "request POST https://smart.onoffice.de/simulator/rights",
        "request POST https://provider.example/onoffice/unlock",
        "request POST https://api.onoffice.de/api/stable/api.php",
        "message active",
        "request POST https://smart.onoffice.de/simulator/message",
    ]
    places = [
        next(i for i, step in enumerate(steps) if step.startswith(one))
        for one in wanted
        if one != "message active"
    ]
    assert places == sorted(places)
    message = steps.index("message active")
    assert steps[message + 1].startswith(wanted[-1])


def test_the_transcript_shows_no_secret():
    world = sides()
    transcript = told(world, world.network)
    users = world.platform.api_users.values()
    secrets = {user.token for user in users} | {user.key for user in users} | set(world.platform.claims)
    assert len(secrets) >= 6 and not secrets & PUBLIC_TEST_KEYS
    shown = transcript.text() + transcript.mermaid() + repr(transcript.events)
    assert not [secret for secret in secrets if secret in shown]
    assert not re.search(r"[^0-9a-f][0-9a-f]{32,}[^0-9a-f]", shown), (
        "no token, no key, no ticket, no signature"
    )


class Slow:
    """The platform, whose API answers late."""

    def __init__(self, platform) -> None:
        self.role = platform
        self.name, self.origins, self.secret_names = platform.name, platform.origins, platform.secret_names

    def handle(self, request):
        answer = yield from self.role.handle(request)
        return Delayed(0.3, answer) if request.path.startswith("/api/") else answer


def test_64_activations_at_once_whose_unlock_comes_late_are_all_kept(tmp_path):
    store = open_store(tmp_path, {})
    world = sides(store)
    customers = [f"{5000 + n}" for n in range(64)]
    for web_id in customers:
        world.platform.add_customer(
            Customer(web_id, f"Customer {web_id}", {ADMIN: User(ADMIN, "Kim", True)}, {"1": "House"})
        )
    with patient(Loopback(Slow(world.platform), world.partner)) as network:

        def activate(web_id: str):
            return network.run(world.platform.activate(web_id, ADMIN), "browser")

        with ThreadPoolExecutor(64) as pool:
            texts = [outcome.response.body for outcome in pool.map(activate, customers)]
    assert texts == [b"active"] * 64
    assert world.reports == []
    for web_id in customers:
        installation = store.get(PLATFORM, world.partner.customer(web_id))
        user = world.platform.api_users[installation.credentials["token"]]
        assert (installation.state, user.web_id, user.state) == ("active", web_id, "active")
        assert installation.credentials["api_key"] == user.key
    store.close()


def test_served_on_loopback_a_browser_activates_by_the_buttons(tmp_path):
    """As `handshakes serve onoffice` has it: both sides speak their loopback origins, and nothing else."""
    store = open_store(tmp_path, {})
    sockets = {"onOffice": listen(), "provider": listen()}
    portal, provider = ("http://{}:{}".format(*sock.getsockname()[:2]) for sock in sockets.values())
    reports: list = []
    both = demo.sides(World(lambda: 1_700_000_000, os.urandom, store, {}, portal, provider))
    with Loopback(both.platform, both.partner, sockets=sockets) as network:
        for chapter in story(both, Browser(network.transcript)):
            checks = network.run(chapter.step, chapter.sender)
            assert all(check.held for check in checks), checks
        for fault in ("port-signed", "doubled-before", "not-json", "wrong-key", "reordered"):
            assert network.run(both.platform.activate(FIRST, ADMIN, fault), "browser").held, fault
        assert network.run(both.platform.serve(FIRST, ADMIN, PLANS), "browser").held
    assert [finding for finding in both.platform.findings if not finding.held] == []
    told_to = briefing(both, World(lambda: 0, os.urandom, store, {}, portal, provider))
    assert portal in told_to and provider in told_to and reports == []
    store.close()
