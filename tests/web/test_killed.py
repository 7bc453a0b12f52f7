"""`kill -9` of the app in the middle of a handshake, and a new start on the same SQLite store: the person tries again and it works."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from handshakes.core.messages import Answer, Pause, Request, Step, Unreachable
from handshakes.fortis import demo as fortis
from handshakes.onoffice import demo as onoffice
from handshakes.platforms import PLATFORMS
from handshakes.retailcrm import demo as retailcrm
from handshakes.runtime.browser import Browser
from handshakes.runtime.client import Loopback
from handshakes.runtime.flow import Role
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from tests.cli.test_cli import serving

FIRST = "5e0000000000000000000001"
LIMIT = 120


class Holding:
    """A platform that does not answer one kind of request until it is told to go on."""

    def __init__(self, platform: Role, path: str) -> None:
        self.platform, self.path = platform, path
        self.asked, self.goes_on = threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.platform, name)

    def handle(self, request: Request) -> Step[Answer]:
        if self.path in request.path:
            self.asked.set()
            while not self.goes_on.is_set():
                yield Pause(0.05)
        return (yield from self.platform.handle(request))


def officernd_connects(platform: Any) -> Step[bool]:
    yield from Browser().open(platform.connect_url(FIRST))
    return platform.integrations[FIRST].state == "connected"


def officernd_works(platform: Any) -> Step[bool]:
    return (yield from platform.healthcheck(FIRST)).response.status == 200


def retailcrm_connects(platform: Any) -> Step[bool]:
    account = next(iter(platform.accounts))
    yield from platform.open_popup(account, retailcrm.CODE)
    outcome = yield from platform.connect(account, retailcrm.CODE)
    return outcome.held and platform.state(account, retailcrm.CODE) == "connected"


def retailcrm_works(platform: Any) -> Step[bool]:
    outcome = yield from platform.visit(next(iter(platform.accounts)), retailcrm.CODE)
    return outcome.held and b"The module works." in outcome.response.body


def onoffice_connects(platform: Any) -> Step[bool]:
    outcome = yield from platform.activate(onoffice.FIRST, onoffice.ADMINISTRATOR)
    return outcome.held and platform.customers[onoffice.FIRST].status == "active"


def onoffice_works(platform: Any) -> Step[bool]:
    return (yield from platform.serve(onoffice.FIRST, onoffice.BROKER, onoffice.PLANS)).held


def fortis_connects(platform: Any) -> Step[bool]:
    for user in ("", fortis.USER):
        yield from platform.register(fortis.TITLE, fortis.LOCATION, user)
    outcome = yield from platform.launch(fortis.TITLE, fortis.LOCATION, fortis.USER)
    return outcome.held and outcome.response is not None and outcome.response.status == 200


def fortis_works(platform: Any) -> Step[bool]:
    response = yield from platform.revisit(fortis.LOCATION, fortis.USER)
    return response is not None and response.status == 200 and fortis.USER.encode() in response.body


CASES: dict[str, tuple[str, Callable[[Any], Step[bool]], Callable[[Any], Step[bool]]]] = {
    "officernd": ("/oauth/token", officernd_connects, officernd_works),
    "retailcrm": ("/edit", retailcrm_connects, retailcrm_works),
    "onoffice": ("/api.php", onoffice_connects, onoffice_works),
    "fortis": ("/v2/users/me", fortis_connects, fortis_works),
}
"""By platform: where the platform lets the app wait, what a person does, and what the person uses afterwards."""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@pytest.mark.parametrize("name", CASES)
def test_the_app_is_killed_while_it_waits_for_the_platform_and_the_person_tries_again(name, tmp_path):
    path, connects, works = CASES[name]
    sock, port = listen(), free_port()
    portal, app = origin_of(sock), f"http://127.0.0.1:{port}"
    world = World(lambda: int(time.time()), os.urandom, MemoryStore(), {}, portal, app)
    platform = PLATFORMS[name].tools().sides(world).platform
    holding = Holding(platform, path)
    options = (
        "--only",
        "partner",
        "--port",
        str(port),
        "--store",
        str(tmp_path),
        "--set",
        f"platform_url={portal}",
    )

    def start() -> Any:
        return serving(*options, platform=name)

    with Loopback(holding, sockets={platform.name: sock}) as network, ThreadPoolExecutor(1) as pool:

        def tried() -> bool:
            with suppress(Unreachable):
                return network.run(connects(platform))
            return False

        with start() as served:
            served.briefing()
            first = pool.submit(tried)
            while not holding.asked.wait(0.1):
                assert not first.done(), (first.result(), served.text)
            served.process.kill()
            served.process.wait()
            assert (
                first.result(LIMIT) is False
            )  # before the platform goes on: onOffice would then be right to say active
            holding.goes_on.set()
        store = open_store(tmp_path, {})
        assert [one.state for _, one in store.listed(name, 100) if one.state == "active"] == []
        store.close()
        with start() as served:
            served.briefing()
            assert network.run(connects(platform)), "the person tries again, and it works"
            served.process.kill()
        with start() as served:
            served.briefing()
            assert network.run(works(platform)), "what was connected is connected after another kill"
            assert served.interrupt() == 0
            assert "Traceback" not in served.text
