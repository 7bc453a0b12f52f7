"""What both served sides hold after so many requests and after ten times as many, by kind, with SQLite.

`python tests/benchmarks/memory.py [PLATFORM …] [--few 10000] [--many 100000]`. Each kind has a process of its own,
which serves both sides as `handshakes serve` does and sends itself the requests over loopback.
"""

from __future__ import annotations

import argparse
import gc
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent))

from harness import row

from handshakes.core.messages import Request, form_body, split_url
from handshakes.core.refusals import Refused
from handshakes.fortis import demo as fortis
from handshakes.onoffice import demo as onoffice
from handshakes.onoffice.partner.api import Access
from handshakes.platforms import PLATFORMS
from handshakes.retailcrm import demo as retailcrm
from handshakes.runtime.browser import Browser
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.story import Sides, World
from handshakes.runtime.watching import Kept, Watched

FRESH = 200
"""How many times one request is sent before another is made: a signature holds for some minutes only."""
INTEGRATION = "5e0000000000000000000001"
FORM = ("content-type", "application/x-www-form-urlencoded")


class Served(NamedTuple):
    """Both sides of one platform, served."""

    sides: Sides
    network: Loopback
    store: Any

    def asked(self, step: Any) -> Request:
        """Return the request that a step begins with."""
        return next(step)

    def in_use(self, name: str, platform: str, value: str) -> Any:
        """Return an installation in use, found by a detail."""
        return self.store.find(platform, name, value)[0]


def officernd_kinds(served: Served) -> dict[str, Callable[[], Request]]:
    """Return a maker of each kind of request of OfficeRnD."""
    platform = served.sides.platform
    served.network.run(Browser().open(platform.connect_url(INTEGRATION)))
    kept = served.in_use("integrationId", "officernd", INTEGRATION)
    organization = "/api/v1/organizations/" + kept.details["slug"]
    origin = kept.details["api"]

    def api(token: str) -> Request:
        return Request("GET", origin, organization, (("authorization", f"Bearer {token}"),))

    def health() -> Request:
        return served.asked(platform.healthcheck(INTEGRATION))

    code = {"grant_type": "authorization_code", "code": "x", "client_id": "y", "client_secret": "z"}
    return {
        "partner, health check": health,
        "partner, signature wrong": lambda: replace(health(), target=_other_end(health().target)),
        "platform, API": lambda: api(kept.credentials["access_token"]),
        "platform, unknown token": lambda: api("0" * 40),
        "platform, unknown code": lambda: Request("POST", origin, "/oauth/token", (FORM,), form_body(code)),
    }


def retailcrm_kinds(served: Served) -> dict[str, Callable[[], Request]]:
    """Return a maker of each kind of request of RetailCRM."""
    platform, partner = served.sides.platform, served.sides.partner
    for step in steps_of("retailcrm", platform, once=True):
        served.network.run(step, "RetailCRM")
    url = next(iter(platform.accounts))
    kept = served.store.get("retailcrm", partner.identity(url))
    base = partner.origins[0]
    register = {"register": '{"systemUrl":"' + url + '","apiKey":"k","token":"' + "0" * 64 + '"}'}
    big = {"register": register["register"][:-1] + ',"more":"' + "x" * 60_000 + '"}'}

    def api(key: str) -> Request:
        return Request("GET", url, "/api/credentials", (("x-api-key", key),))

    def posted(fields: dict[str, str]) -> Request:
        return Request("POST", base, "/retailcrm/register", (FORM,), form_body(fields))

    return {
        "partner, configuration": lambda: Request("GET", base, "/retailcrm/config"),
        "partner, token wrong": lambda: posted(register),
        "partner, token wrong, 60 kB": lambda: posted(big),
        "platform, API": lambda: api(kept.credentials["api_key"]),
        "platform, unknown key": lambda: api("0" * 32),
    }


def onoffice_kinds(served: Served) -> dict[str, Callable[[], Request]]:
    """Return a maker of each kind of request of onOffice."""
    platform, provider = served.sides.platform, served.sides.partner
    for step in steps_of("onoffice", platform, once=True):
        served.network.run(step, "browser")
    kept = served.store.get("onoffice", provider.customer(onoffice.FIRST))

    def page() -> Request:
        popup = platform.open_popup(onoffice.SECOND, onoffice.ADMINISTRATOR, again=True)
        platform.confirm(popup, terms=True, data_processing=True)
        return Request("GET", *split_url(popup.url))

    def api(key: str) -> Request:
        claim = provider.claim(onoffice.FIRST, onoffice.ADMINISTRATOR)
        access = Access(kept.credentials["token"], key)
        return served.asked(provider.api.estate(access, f"{onoffice.FIRST}1", claim))

    return {
        "partner, activation page": page,
        "partner, signature wrong": lambda: replace(page(), target=_other_end(page().target)),
        "platform, API": lambda: api(kept.credentials["api_key"]),
        "platform, HMAC wrong": lambda: api("0" * 64),
    }


def fortis_kinds(served: Served) -> dict[str, Callable[[], Request]]:
    """Return a maker of each kind of request of Fortis."""
    platform, app = served.sides.platform, served.sides.partner
    for step in steps_of("fortis", platform, once=True):
        served.network.run(step, "browser")
    token = platform.token_of(fortis.USER)

    def postback() -> Request:
        return served.asked(platform.register(fortis.TITLE, fortis.LOCATION, fortis.USER))

    def launch() -> Request:
        url = platform.launch_url(fortis.TITLE, fortis.LOCATION, fortis.USER)
        return Request("GET", *split_url(_other_end(url)))

    return {
        "partner, postback": postback,
        "partner, launch wrong": launch,
        "platform, users/me": lambda: served.asked(app.api.me(app.api.with_token(token))),
        "platform, unknown token": lambda: served.asked(app.api.me(app.api.with_token("0" * 16))),
    }


def _other_end(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def steps_of(name: str, platform: Any, once: bool = False) -> Iterator[Any]:
    """Give out the steps of whole handshakes, and of one that is refused; with `once`, only those that are not."""
    if name == "officernd":
        yield Browser().open(platform.connect_url(INTEGRATION))
        yield Browser().open(platform.connect_url(INTEGRATION, "code-expired"))
    elif name == "retailcrm":
        account = next(iter(platform.accounts))
        yield platform.open_popup(account, retailcrm.CODE)
        yield platform.connect(account, retailcrm.CODE)
        yield platform.activity(account, retailcrm.CODE)
        if not once:
            yield platform.connect(account, retailcrm.CODE, "wrong-token")
    elif name == "onoffice":
        yield platform.activate(onoffice.FIRST, onoffice.ADMINISTRATOR)
        yield platform.serve(onoffice.FIRST, onoffice.ADMINISTRATOR, onoffice.PLANS)
        if not once:
            yield platform.activate(onoffice.FIRST, onoffice.ADMINISTRATOR, "wrong-key")
    else:
        for user in ("", fortis.USER):
            yield platform.register(fortis.TITLE, fortis.LOCATION, user)
        yield platform.launch(fortis.TITLE, fortis.LOCATION, fortis.USER)
        yield platform.consent(fortis.TITLE, fortis.LOCATION, fortis.USER)
        if not once:
            yield platform.launch(fortis.TITLE, fortis.LOCATION, fortis.USER, fault="me-401")


KINDS: dict[str, Callable[[Served], dict[str, Callable[[], Request]]]] = {
    "officernd": officernd_kinds,
    "retailcrm": retailcrm_kinds,
    "onoffice": onoffice_kinds,
    "fortis": fortis_kinds,
}
NAMES = {
    "officernd": ["partner, health check", "partner, signature wrong", "platform, API", "platform, unknown token",
                  "platform, unknown code"],
    "retailcrm": ["partner, configuration", "partner, token wrong", "partner, token wrong, 60 kB", "platform, API",
                  "platform, unknown key"],
    "onoffice": ["partner, activation page", "partner, signature wrong", "platform, API", "platform, HMAC wrong"],
    "fortis": ["partner, postback", "partner, launch wrong", "platform, users/me", "platform, unknown token"],
}  # fmt: skip
HANDSHAKE = "whole handshakes"


class Wire:
    """One connection that is kept: a request goes out as bytes, and its answer is read by its length."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.address = (str(parts.hostname), parts.port)
        self.sock = socket.create_connection(self.address)

    def send(self, request: Request) -> int:
        """Send a request; return the answer's status."""
        headers = {"host": urlsplit(request.origin).netloc, **dict(request.headers)}
        headers["content-length"] = str(len(request.body))
        lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{n}: {v}" for n, v in headers.items())]
        self.sock.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + request.body)
        got = b""
        while b"\r\n\r\n" not in got:
            piece = self.sock.recv(65_536)
            if not piece:
                raise ConnectionError("closed in the middle of an answer")
            got += piece
        head, _, body = got.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        owed = int(fields.get(b"content-length", b"0")) - len(body)
        while owed > 0:
            owed -= len(self.sock.recv(65_536))
        if fields.get(b"connection") == b"close":
            self.sock.close()
            self.sock = socket.create_connection(self.address)
        return int(head.split(b" ", 2)[1])


def resident() -> float:
    """Return the memory that this process holds, in MiB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def worker(name: str, kind: str, few: int, many: int) -> None:
    """Serve a platform's sides, send one kind of request; print the memory after `few` and `many`, and the statuses."""
    sockets, traps = [listen(), listen()], [listen(), listen()]
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder), {})
        tools = PLATFORMS[name].tools()
        origins = [origin_of(sock) for sock in sockets]
        world = World(lambda: int(time.time()), os.urandom, store, {}, *origins, tuple(map(origin_of, traps)))
        sides = tools.sides(world)
        kept = Kept(world.clock)
        roles = Watched(sides.platform, kept, tools.refuses), Watched(sides.partner, kept)
        sides.reports.heard = roles[1].heard
        network = Loopback(
            *roles,
            sockets={role.name: sock for role, sock in zip(roles, sockets, strict=True)},
            traps={sides.platform.name: traps},
            keep=500,
        )
        with network:
            send = handshakes(name, sides, network) if kind == HANDSHAKE else requests(
                KINDS[name](Served(sides, network, store))[kind], sockets
            )  # fmt: skip
            done, statuses, found = 0, set(), []
            for until in (few, many):
                while done < until:
                    status, number = next(send)
                    statuses.add(status)
                    done += number
                found.append(resident())
        store.close()
    print(*(f"{size:.1f}" for size in found), ",".join(str(status) for status in sorted(statuses)))


def requests(make: Callable[[], Request], sockets: list[socket.socket]) -> Iterator[tuple[int, int]]:
    """Send a request again and again, made anew from time to time; give out its status, and 1."""
    wires: dict[str, Wire] = {}
    while True:
        request = make()
        wire = wires.setdefault(request.origin, Wire(request.origin))
        for _ in range(FRESH):
            yield wire.send(request), 1


def handshakes(name: str, sides: Sides, network: Loopback) -> Iterator[tuple[int, int]]:
    """Take whole handshakes again and again; give out 0, and how many requests each step took."""
    while True:
        for step in steps_of(name, sides.platform):
            before = network.transcript.recorded
            try:
                network.run(step)
            except Refused as refused:
                raise AssertionError(f"{name}: {refused}") from None
            yield 0, max(1, (network.transcript.recorded - before) // 2)


def run(platforms: list[str], few: int, many: int) -> float:
    """Measure every kind of these platforms; return the largest growth."""
    most = 0.0
    for name in platforms:
        for kind in [*NAMES[name], HANDSHAKE]:
            command = [
                sys.executable,
                __file__,
                "--worker",
                name,
                kind,
                "--few",
                str(few),
                "--many",
                str(many),
            ]
            start = time.perf_counter()
            printed = subprocess.run(command, capture_output=True, text=True, check=False)
            if printed.returncode:
                raise AssertionError(f"{name}, {kind}:\n{printed.stderr[-3_000:]}")
            first, second, statuses = printed.stdout.split()
            growth = float(second) / float(first) - 1
            most = max(most, growth)
            said = "" if statuses == "0" else f", status {statuses}"
            took = f"{time.perf_counter() - start:.0f} s"
            measured = f"{first} to {second} MiB, {growth:+.1%}{said}, {took}"
            row(f"{name}: {kind}, {few:,} to {many:,}", measured, "within 5 %")
    return most


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("platforms", nargs="*", default=list(KINDS))
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--worker", nargs=2, default=[])
    given = parser.parse_args()
    if given.worker:
        worker(*given.worker, given.few, given.many)
    else:
        run(given.platforms, given.few, given.many)
