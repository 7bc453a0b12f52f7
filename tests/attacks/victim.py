"""A whole partner, served and connected, and what an attacker sees and does."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.store import MemoryStore
from tests.web.served import Served, served
from tests.web.test_killed import CASES

FORM = ("content-type", "application/x-www-form-urlencoded")


@dataclass(frozen=True)
class Sent:
    """A request of the attacker's, byte for byte."""

    target: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for found, value in self.headers if found == name), "")


def posted(path: str, fields: Any, *more: tuple[str, str]) -> Sent:
    return Sent(path, "POST", (FORM, *more), urlencode(fields).encode())


class Trap:
    """An address of the attacker's: whoever connects to it is counted."""

    def __init__(self) -> None:
        self.sock, self.contacts = listen(), 0
        self.origin = origin_of(self.sock)
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        while True:
            try:
                connection, _ = self.sock.accept()
            except OSError:
                return
            self.contacts += 1
            connection.close()

    def close(self) -> None:
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


class Victim:
    """One partner with one customer connected, as `handshakes serve` serves it."""

    def __init__(self, world: Served, trap: Trap) -> None:
        self.world, self.trap = world, trap
        self.platform, self.partner = world.sides.platform, world.sides.partner

    def ask(self, sent: Sent) -> Answer:
        """Send a request as it is, on a connection of its own."""
        connection = http.client.HTTPConnection(urlsplit(self.world.app).netloc, timeout=60)
        try:
            connection.putrequest(
                sent.method,
                sent.target,
                skip_host=any(name == "host" for name, _ in sent.headers),
                skip_accept_encoding=True,
            )
            for name, value in sent.headers:
                connection.putheader(name, value)
            if sent.body or sent.method == "POST":
                connection.putheader("content-length", str(len(sent.body)))
            connection.endheaders(sent.body or None)
            answer = connection.getresponse()
            headers = tuple(sorted((name.lower(), value) for name, value in answer.getheaders()))
            return Answer(answer.status, headers, answer.read())
        finally:
            connection.close()

    def rows(self) -> dict[str, str]:
        """Return every installation in use, as text; what strangers begin is bounded elsewhere."""
        kept = self.world.store.listed(self.world.name, 1_000)
        return {
            id: json.dumps([one.state, dict(one.details), dict(one.credentials)], sort_keys=True)
            for id, one in kept
            if one.state == "active"
        }

    def row(self, state: str = "active", **details: str) -> Any:
        """Return the one installation with these details."""
        (found,) = [
            one
            for _, one in self.world.store.listed(self.world.name, 1_000)
            if one.state == state and details.items() <= dict(one.details).items()
        ]
        return found

    def target(self, url: str) -> str:
        """Return path and query of an address of the app."""
        assert url.startswith(self.world.app), url
        return url.removeprefix(self.world.app)

    def secrets(self) -> set[str]:
        return {
            value
            for _, one in self.world.store.listed(self.world.name, 1_000)
            for name, value in one.credentials.items()
            if len(value) > 12
        }


@contextmanager
def victim(name: str, **settings: str) -> Iterator[Victim]:
    """Serve a partner and its platform, and connect a customer."""
    trap = Trap()
    try:
        with served(name, MemoryStore(), **settings) as world:
            assert world.run(CASES[name][1](world.sides.platform))
            yield Victim(world, trap)
    finally:
        trap.close()


@dataclass(frozen=True)
class Attack:
    """What an attacker tries, and how the partner has to answer: every try, with nothing kept and nobody contacted."""

    partner: str
    source: str
    """Where it is described: an entry of the platform's fact sheet, a lesson, a row of the second round."""
    what: str
    tries: Callable[[Victim], Iterator[Sent]]
    status: int
    reasons: frozenset[str] = frozenset()
    """What the operator is told, one of these at each try; with none, the try has no effect and is no failure."""
    alike: bool = True
    """Whether every try is answered with the same bytes."""


class Attacks:
    """The attacks on one partner, in the order in which they are written."""

    def __init__(self, partner: str) -> None:
        self.partner, self.all = partner, []

    def __call__(
        self, source: str, what: str, status: int, *reasons: str, alike: bool = True
    ) -> Callable[[Any], Any]:
        def noted(tries: Any) -> Any:
            self.all.append(Attack(self.partner, source, what, tries, status, frozenset(reasons), alike))
            return tries

        return noted
