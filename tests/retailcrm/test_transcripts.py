"""The handshake is the same in process and over sockets, shows no secret, and waits for itself without a lock-up."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from handshakes.core.keys import PUBLIC_TEST_KEYS
from handshakes.core.messages import Delayed
from handshakes.retailcrm import demo
from handshakes.retailcrm.briefing import briefing
from handshakes.retailcrm.partner.connecting import PLATFORM
from handshakes.retailcrm.simulator.records import Account
from handshakes.retailcrm.story import story
from handshakes.runtime.browser import Browser
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.story import World
from tests import steps
from tests.retailcrm.sides import CODE, DEMO, sides
from tests.sides import patient


def told(world, network):
    return steps.told(story, world, network)


class TestTheStory(steps.WholeStory):
    story, sides, least = staticmethod(story), staticmethod(sides), 40
    platform = "retailcrm"


def test_the_transcript_shows_no_secret():
    world = sides()
    transcript = told(world, world.network)
    secrets = {key for account in world.platform.accounts.values() for key in account.keys}
    secrets |= set(world.installation().credentials.values())
    assert len(secrets) >= 4 and not secrets & PUBLIC_TEST_KEYS
    shown = transcript.text() + transcript.mermaid() + repr(transcript.events)
    assert not [secret for secret in secrets if secret in shown]
    assert not re.search(r"[^0-9a-f][0-9a-f]{32,}[^0-9a-f]", shown), "no token, no session, no clientId"


@pytest.mark.parametrize("form", ["multipart", "register-in-query", "bracketed", "json-body"])
def test_no_form_of_a_registration_shows_its_key(form):
    world = sides()
    world.connect(DEMO, form)
    shown = world.network.transcript.text() + repr(world.network.transcript.events)
    assert not [key for key in world.platform.accounts[DEMO].keys if key in shown]


class Slow:
    """The CRM, whose edit comes back late."""

    def __init__(self, platform) -> None:
        self.role = platform
        self.name, self.origins, self.secret_names = platform.name, platform.origins, platform.secret_names

    def handle(self, request):
        answer = yield from self.role.handle(request)
        return Delayed(0.5, answer) if request.path.endswith("/edit") else answer


@pytest.mark.clause("retailcrm:edit.during")
def test_64_registrations_at_once_whose_edit_comes_late_are_all_kept(tmp_path):
    """A module asks the CRM something while it is itself being asked, 64 times at once."""
    store = open_store(tmp_path, {})
    world = sides(store)
    accounts = [f"https://shop-{n}.simla.com" for n in range(64)]
    for n, url in enumerate(accounts):
        world.platform.add_account(Account(url, f"https://technical-{n}.simla.io", f"Shop {n}"))
    with patient(Loopback(Slow(world.platform), world.partner)) as network:

        def connect(url: str):
            network.run(world.platform.open_popup(url, CODE), "RetailCRM")
            return network.run(world.platform.connect(url, CODE), "RetailCRM")

        with ThreadPoolExecutor(64) as pool:
            outcomes = list(pool.map(connect, accounts))
    assert [outcome.findings for outcome in outcomes if not outcome.held] == []
    assert world.reports == []
    for url in accounts:
        (installation,) = store.find(PLATFORM, "systemUrl", url)
        connection = world.platform.connection(url, CODE)
        assert installation.state == "active"
        assert installation.credentials["client_id"] == connection.client_id
        assert installation.credentials["api_key"] in world.platform.accounts[url].keys
    assert len({one.client_id for one in world.platform.connections.values()}) == 64
    store.close()


def test_served_on_loopback_a_browser_connects_by_the_buttons(tmp_path):
    """As `handshakes serve retailcrm` has it: both sides speak their loopback origins, and nothing else."""
    store = open_store(tmp_path, {})
    sockets, traps = {"RetailCRM": listen(), "module": listen()}, [listen(), listen()]
    crm, module = ("http://{}:{}".format(*sock.getsockname()[:2]) for sock in sockets.values())
    world = World(lambda: 1_700_000_000, os.urandom, store, {}, crm, module, tuple(map(origin_of, traps)))
    both = demo.sides(world)
    browser = Browser()
    with Loopback(both.platform, both.partner, sockets=sockets, traps={"RetailCRM": traps}) as network:
        page = network.run(browser.open(f"{crm}/simulator"))
        page = network.run(browser.submit(page, page.form(f"popup-{CODE}")))
        page = network.run(browser.submit(page, page.form("connect")))
        page = network.run(browser.submit(page, page.form("account")))
        assert (page.response.status, page.url) == (200, f"{module}/retailcrm/account")
        for fault in ("trailing-slashes", "foreign-host", "another-account", "edit-402", "same-again"):
            assert network.run(both.platform.connect(crm, CODE, fault), "RetailCRM").held
    assert [finding for finding in both.platform.findings if not finding.held] == []
    assert crm in briefing(both, world) and module in briefing(both, world)
    store.close()
