"""Simulators in this process in front of partners in others: what a person does at each platform, and how it ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
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

Step = Any


class OfficeRnD:
    """Connects an integration with a click; a signed health check says whether it works."""

    def __init__(self, platform: Any, customers: int) -> None:
        self.platform, self.client = platform, next(iter(platform.applications))
        for number in range(customers):
            organization = Organization(
                f"5b{number:022x}", f"slug-{number}", "Spaces", {}, f"5c{number:022x}"
            )
            platform.add_organization(organization)
            platform.add_integration(
                self.client, organization.id, secret=f"secret-{number}", locations=(), id=f"5e1{number:021x}"
            )

    def connect(self, number: int) -> list[Step]:
        return [Browser().open(self.platform.connect_url(f"5e1{number:021x}")), self.use(number)]

    def use(self, number: int) -> Step:
        return self.platform.healthcheck(f"5e1{number:021x}")

    def connected(self, number: int) -> bool:
        return self.platform.integrations[f"5e1{number:021x}"].state == "connected"


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
        self.platform = platform
        people = {onoffice.ADMINISTRATOR: OnOfficeUser(onoffice.ADMINISTRATOR, "Kim", True)}
        for number in range(customers):
            platform.add_customer(Customer(f"9{number}", "Makler", dict(people), {f"9{number}1": "House"}))

    def connect(self, number: int) -> list[Step]:
        return [self.platform.activate(f"9{number}", onoffice.ADMINISTRATOR)]

    def use(self, number: int) -> Step:
        return self.platform.serve(f"9{number}", onoffice.ADMINISTRATOR, onoffice.PLANS)

    def connected(self, number: int) -> bool:
        return self.platform.customers[f"9{number}"].status == "active"


class Fortis:
    """Registers a location and a user and opens the app; opening it again says whether it works."""

    def __init__(self, platform: Any, customers: int) -> None:
        self.platform, self.open = platform, set()
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

    def connect(self, number: int) -> list[Step]:
        self.open.discard(number)
        location, user = f"11ea{number:020x}", f"11e7{number:020x}"
        postbacks = [self.platform.register(fortis.TITLE, location, who) for who in ("", user)]
        return [*postbacks, self._opened(number)]

    def use(self, number: int) -> Step:
        return self._opened(number)

    def connected(self, number: int) -> bool:
        return number in self.open


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
        self.client = Client(self.book)
        self.people, self.platforms, self.servers = {}, {}, []
        partners = {}
        for name in platforms:
            sides = PLATFORMS[name].tools().sides(World(lambda: int(time.time()), os.urandom, MemoryStore()))
            partners[name] = sides.partner.origins
            self.people[name] = PEOPLE[name](sides.platform, customers)
            self.platforms[name] = Watched(sides.platform)
            server = RoleServer(self.platforms[name], self.client.exchange, listen())
            server.start()
            self.servers.append(server)
            self.book.update(dict.fromkeys(sides.platform.origins, server.url))
        given = {"url": url, "keys": [key], "book": self.book, "platforms": [*platforms]}
        command = [sys.executable, str(Path(__file__).with_name("app_host.py")), json.dumps(given)]
        self.host = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for name, address in self.said().items():
            self.book.update(dict.fromkeys(partners[name], address))

    def told(self, *words: object) -> None:
        self.host.stdin.write(" ".join(map(str, words)).encode() + b"\n")
        self.host.stdin.flush()

    def said(self) -> Any:
        line = self.host.stdout.readline()
        assert line, self.host.stderr.read().decode()
        return json.loads(line)

    def begin(self, number: int = 1, *last: int) -> None:
        """Start processes; return when they serve. With a second number, it is one that kills itself at that step."""
        self.told("begin", number, *last)
        assert [self.said() for _ in range(number)] == ["serves"] * number

    def kill(self) -> list[int]:
        """Kill the processes that still run; return how each ended."""
        self.told("kill")
        return self.said()

    def connects(self, name: str, number: int) -> bool:
        """Let a person connect a customer, however that ends; return whether the platform says that it is connected."""
        for step in self.people[name].connect(number):
            with suppress(Unreachable, Refused):
                self.client.run(step)
        return self.people[name].connected(number)

    def works(self, name: str, number: int) -> bool:
        """Return whether a customer that was connected can use it: the partner's answer is 200."""
        try:
            outcome = self.client.run(self.people[name].use(number))
        except (Unreachable, Refused, ValueError):  # where nothing is connected, there is nothing to use
            return False
        return outcome.response is not None and outcome.response.status == 200

    def end(self) -> str:
        """End everything; return what the processes complained of."""
        _, errors = self.host.communicate(timeout=120)
        for server in self.servers:
            server.stop()
        self.client.close()
        return errors.decode()


@contextmanager
def apps(url: str, key: str, customers: int, platforms: Iterable[str] = PLATFORMS) -> Iterator[Apps]:
    """Serve the simulators, and partners in processes that `begin` starts; none of them may have ended in a traceback."""
    served = Apps(url, key, customers, platforms)
    try:
        yield served
    finally:
        errors = served.end()
    assert "Traceback" not in errors, errors


def all_at_once(served: Apps, customers: int) -> list[tuple[str, int]]:
    """Let so many persons at each platform connect at once; return whom this did not connect."""
    work = [(name, number) for number in range(customers) for name in served.people]
    with ThreadPoolExecutor(len(work)) as pool:
        done = list(pool.map(lambda one: served.connects(*one), work))
    return [one for one, connected in zip(work, done, strict=True) if not connected]


def killed_at_steps(served: Apps, name: str, store: SqlStore, steps: Iterable[int]) -> int:
    """Kill the only process at each of these steps of a connect, begin another and connect again; return the last step.

    Customer 0 was connected before, and has to stay so; every row that is kept has to open, and its details to agree.
    """
    served.begin()
    assert served.connects(name, 0)
    for step in steps:
        served.kill()
        served.begin(1, step)
        finished = served.connects(name, step)
        served.kill()
        assert store.unreadable()[0] == []
        served.begin()
        assert served.connects(name, step), f"killed at step {step}"
        if finished:
            break
    assert served.works(name, 0)
    assert all(served.works(name, one) for one in (step, 0))
    for identity, one in store.listed(name, 10_000):
        for detail, value in one.details.items():
            assert identity in [found.identity for found in store.find(name, detail, value)]
    return step
