"""Simulators in this process in front of partners in others: what a person does at each platform, and how it ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from handshakes.core.messages import Unreachable
from handshakes.core.refusals import Refused
from handshakes.fortis import demo as fortis
from handshakes.fortis.simulator.records import Domain
from handshakes.fortis.simulator.records import Location as FortisLocation
from handshakes.fortis.simulator.records import User as FortisUser
from handshakes.officernd.simulator.records import Organization
from handshakes.onoffice import demo as onoffice
from handshakes.onoffice.simulator.records import Customer
from handshakes.onoffice.simulator.records import User as OnOfficeUser
from handshakes.platforms import PLATFORMS
from handshakes.retailcrm import demo as retailcrm
from handshakes.retailcrm.simulator.records import Account
from handshakes.runtime.browser import Browser
from handshakes.runtime.client import Client
from handshakes.runtime.server import RoleServer, listen
from handshakes.runtime.sql_store import SqlStore
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from tests.postgres import Server
from tests.sides import patient

Step = Any


class OfficeRnD:
    """Connects an integration with a click and opens its page; a signed health check says whether it works.

    Tokens last for so short a time that the page, which names the locations, renews them.
    """

    def __init__(self, platform: Any, customers: int) -> None:
        self.platform, self.client = platform, next(iter(platform.applications))
        platform.settings = replace(platform.settings, token_lifetime=30)
        self.told: set[int] = set()
        for number in range(customers):
            organization = Organization(
                f"5b{number:022x}", f"slug-{number}", "Spaces", {}, f"5c{number:022x}"
            )
            platform.add_organization(organization)
            platform.add_integration(
                self.client, organization.id, secret=f"secret-{number}", locations=(), id=f"5e1{number:021x}"
            )

    def connect(self, number: int) -> list[Step]:
        self.told.discard(number)
        page = Browser().open(self.platform.connect_url(f"5e1{number:021x}"))
        return [page, self.use(number), self._configured(number)]

    def _configured(self, number: int) -> Step:
        id = f"5e1{number:021x}"
        outcome = yield from self.platform.configure(id)
        if outcome.held and outcome.response and outcome.response.status == 200:
            self.told.add(number)
        return outcome

    def use(self, number: int) -> Step:
        return self.platform.healthcheck(f"5e1{number:021x}")

    def connected(self, number: int) -> bool:
        return self.platform.integrations[f"5e1{number:021x}"].state == "connected" and number in self.told


class RetailCRM:
    """Connects an account with a click; a visit of the module's account page says whether it works."""

    def __init__(self, platform: Any, customers: int) -> None:
        self.platform = platform
        for number in range(customers):
            platform.add_account(
                Account(f"https://shop{number}.retailcrm.ru", f"https://tech{number}.retailcrm.ru", "Shop")
            )

    def connect(self, number: int) -> list[Step]:
        url = f"https://shop{number}.retailcrm.ru"
        return [self.platform.open_popup(url, retailcrm.CODE), self.platform.connect(url, retailcrm.CODE)]

    def use(self, number: int) -> Step:
        return self.platform.visit(f"https://shop{number}.retailcrm.ru", retailcrm.CODE)

    def connected(self, number: int) -> bool:
        return self.platform.state(f"https://shop{number}.retailcrm.ru", retailcrm.CODE) == "connected"


class OnOffice:
    """Activates a provider in its popup; a service's page says whether it works."""

    def __init__(self, platform: Any, customers: int) -> None:
        self.platform, self.told = platform, set()
        people = {onoffice.ADMINISTRATOR: OnOfficeUser(onoffice.ADMINISTRATOR, "Kim", True)}
        for number in range(customers):
            platform.add_customer(Customer(f"9{number}", "Makler", dict(people), {f"9{number}1": "House"}))

    def connect(self, number: int) -> list[Step]:
        self.told.discard(number)
        return [self._activated(number)]

    def _activated(self, number: int) -> Step:
        outcome = yield from self.platform.activate(f"9{number}", onoffice.ADMINISTRATOR)
        if outcome.response and outcome.response.body == b"active":
            self.told.add(number)
        return outcome

    def use(self, number: int) -> Step:
        return self.platform.serve(f"9{number}", onoffice.ADMINISTRATOR, onoffice.PLANS)

    def connected(self, number: int) -> bool:
        return self.platform.customers[f"9{number}"].status == "active" and number in self.told


class Fortis:
    """Registers a location and a user, opens the app and consents; opening it again says whether it works."""

    def __init__(self, platform: Any, customers: int) -> None:
        self.platform, self.open, self.allowed = platform, set(), set()
        for number in range(customers):
            location = f"11ea{number:020x}"
            platform.add_location(FortisLocation(location, "Café"))
            platform.add_user(
                FortisUser(
                    f"11e7{number:020x}", "ada", None, Domain("11e9", "x.example"), (location,), "a password"
                )
            )

    def _opened(self, number: int) -> Step:
        outcome = yield from self.platform.launch(fortis.TITLE, f"11ea{number:020x}", f"11e7{number:020x}")
        if outcome.held and outcome.response and outcome.response.status == 200:
            self.open.add(number)
        return outcome

    def _allowed(self, number: int) -> Step:
        outcome = yield from self.platform.consent(fortis.TITLE, f"11ea{number:020x}", f"11e7{number:020x}")
        if [finding.held for finding in outcome.findings] == [True]:
            self.allowed.add(number)
        return outcome

    def connect(self, number: int) -> list[Step]:
        self.open.discard(number)
        self.allowed.discard(number)
        location, user = f"11ea{number:020x}", f"11e7{number:020x}"
        postbacks = [self.platform.register(fortis.TITLE, location, who) for who in ("", user)]
        return [*postbacks, self._opened(number), self._allowed(number)]

    def use(self, number: int) -> Step:
        return self._opened(number)

    def connected(self, number: int) -> bool:
        return number in self.open & self.allowed


PEOPLE = {"officernd": OfficeRnD, "retailcrm": RetailCRM, "onoffice": OnOffice, "fortis": Fortis}


class Watched:
    """A role of which something is told before each request that it answers."""

    def __init__(self, role: Any) -> None:
        self.role, self.before = role, lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.role, name)

    def handle(self, request: Any) -> Any:
        self.before()
        return (yield from self.role.handle(request))


class Apps:
    """The partners in processes of their own, and a person at each platform."""

    def __init__(self, url: str, key: str, customers: int, platforms: Iterable[str]) -> None:
        self.book: dict[str, str] = {}
        self.client = patient(Client(self.book))
        self.people, self.platforms, self.servers, self.ahead = {}, {}, [], 0
        partners = {}
        for name in platforms:
            world = World(lambda: int(time.time()) + self.ahead, os.urandom, MemoryStore())
            sides = PLATFORMS[name].tools().sides(world)
            partners[name] = sides.partner.origins
            self.people[name] = PEOPLE[name](sides.platform, customers)
            self.platforms[name] = Watched(sides.platform)
            server = RoleServer(self.platforms[name], self.client.exchange, listen())
            server.start()
            self.servers.append(server)
            self.book.update(dict.fromkeys(sides.platform.origins, server.url))
        given = {"url": url, "keys": [key], "book": self.book, "platforms": [*platforms]}
        command = [sys.executable, str(Path(__file__).with_name("app_host.py")), json.dumps(given)]
        self.complaints = tempfile.TemporaryFile()  # noqa: SIM115  (until `end`; unlike a pipe, it is never full)
        self.host = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.complaints
        )
        for name, address in self.said().items():
            self.book.update(dict.fromkeys(partners[name], address))

    def told(self, *words: object) -> None:
        self.host.stdin.write(" ".join(map(str, words)).encode() + b"\n")
        self.host.stdin.flush()

    def said(self) -> Any:
        line = self.host.stdout.readline()
        assert line, self.complained()
        return json.loads(line)

    def begin(self, number: int = 1, *last: object) -> None:
        """Start processes; return when they serve. `last` is the step at which one ends or waits, and `kill` or a port."""
        self.told("begin", number, self.ahead, *last)
        assert [self.said() for _ in range(number)] == ["serves"] * number

    def kill(self) -> bool:
        """Kill the processes that still run; return whether one had come to its step."""
        self.told("kill")
        said = [self.said()]
        while said[-1] == "here":
            said.append(self.said())
        assert {*said[-1]} == {-signal.SIGKILL}
        return len(said) > 1

    def connects(self, name: str, number: int) -> bool:
        """Let a person connect a customer, however that ends; return whether the platform says that it is connected."""
        for step in self.people[name].connect(number):
            with suppress(Unreachable, Refused):
                self.client.run(step)
        return self.people[name].connected(number)

    def works(self, name: str, number: int) -> bool:
        """Return whether a customer that was connected can use it: the partner's answer is 200."""
        return not self.wrong(name, number)

    def wrong(self, name: str, number: int) -> str:
        """Return why a customer cannot use what was connected, or nothing."""
        try:
            response = self.client.run(self.people[name].use(number)).response
        except (
            Unreachable,
            Refused,
            ValueError,
        ) as error:  # where nothing is connected, there is nothing to use
            return f"{name}, customer {number}: {error!r}"
        return "" if response and response.status == 200 else f"{name}, customer {number}: {response}"

    def end(self) -> str:
        """End everything; return what the processes complained of."""
        self.host.communicate(timeout=120)
        for server in self.servers:
            server.stop()
        self.client.close()
        with self.complaints:
            return self.complained()

    def complained(self) -> str:
        """Return what the processes have complained of so far."""
        self.complaints.seek(0)
        return self.complaints.read().decode()


@contextmanager
def apps(url: str, key: str, customers: int, platforms: Iterable[str] = PLATFORMS) -> Iterator[Apps]:
    """Serve the simulators, and partners in processes that `begin` starts; none of them may have ended in a traceback."""
    served = Apps(url, key, customers, platforms)
    try:
        yield served
    except BaseException as error:
        error.add_note(served.end()[-4_000:])
        raise
    errors = served.end()
    assert "Traceback" not in errors, errors


def all_at_once(served: Apps, customers: int) -> list[tuple[str, int]]:
    """Let so many persons at each platform connect at once; return whom this did not connect."""
    work = [(name, number) for number in range(customers) for name in served.people]
    with ThreadPoolExecutor(len(work)) as pool:
        done = list(pool.map(lambda one: served.connects(*one), work))
    return [one for one, connected in zip(work, done, strict=True) if not connected]


LEASE = 61
"""Seconds after which a renewal is begun again that a process began which was killed."""


Broken = Callable[[Any, str, int], tuple[bool, bool]]
"""How a connect is broken at a step: whether the person was connected all the same, and whether it came to the step.

Afterwards one process runs.
"""


def at_steps(served: Apps, name: str, store: SqlStore, broken: Broken, steps: Iterable[int]) -> int:
    """Break a connect at each of these steps, and let the person try again if need be; return the last step that it came to.

    Then it works, and nothing is lost or half made: customer 0 was connected before, and has to stay so. The steps end
    where two connects in a row do not come to theirs: one that fails by itself, as on a busy machine, may have fewer.
    """
    last = missed = 0
    served.begin()
    assert served.connects(name, 0)
    for step in steps:
        served.kill()
        finished, reached = broken(served, name, step)
        assert finished or reached, f"{name} failed, and never came to step {step}"
        assert finished or served.connects(name, step), f"{name}: broken at step {step}, the next try failed"
        assert store.unreadable()[0] == []
        assert (wrong := [*filter(None, (served.wrong(name, one) for one in (0, step)))]) == [], wrong
        last, missed = (step, 0) if reached else (last, missed + 1)
        if missed == 2:
            break
    assert_found(store, name)
    return last


def killed(served: Apps, name: str, step: int) -> tuple[bool, bool]:
    """Kill the only process at a step, and begin another."""
    served.begin(1, step, "kill")
    finished = served.connects(name, step)
    ended = served.kill()
    served.ahead += LEASE
    served.begin()
    return finished, ended


def restarted(server: Server, served: Apps, name: str, step: int) -> tuple[bool, bool]:
    """Restart the database at a step while the process goes on; if that was in vain, begin another."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        listener.settimeout(0.1)
        served.begin(1, step, listener.getsockname()[1])
        connecting = pool.submit(served.connects, name, step)
        reached = False
        while not reached and not connecting.done():
            with suppress(TimeoutError):
                held, _ = listener.accept()
                reached = True
                server.stop()
                server.start()
                held.close()
        finished = connecting.result()
    if not finished or not reached:
        served.kill()
        served.ahead += LEASE
        served.begin()
    return finished, reached


def assert_found(store: SqlStore, name: str) -> None:
    """What is kept is found by each of its details."""
    for identity, one in store.listed(name, 10_000):
        for detail, value in one.details.items():
            assert identity in [found.identity for found in store.find(name, detail, value)]
