"""Two real processes of one provider, on one folder: whatever they are asked at once, they say the same."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from handshakes.core.messages import Request, form_body, split_url
from handshakes.onoffice import demo
from handshakes.onoffice.partner.connecting import PLATFORM
from handshakes.runtime.client import Client, Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.story import World
from tests.onoffice.sides import ADMIN, FIRST
from tests.onoffice.test_partner import UNLOCK, URLENCODED, ticket_in

ORIGIN = "http://127.0.0.1:9"
"""What the provider is called; each process listens somewhere else, as behind a balancer of load."""
PROVIDER = """
import os, pathlib, sys, time
from handshakes.onoffice import demo
from handshakes.runtime.client import Client
from handshakes.runtime.server import RoleServer, listen
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.story import World

folder, platform, origin = sys.argv[1:]
world = World(lambda: int(time.time()), os.urandom, open_store(pathlib.Path(folder)), {}, platform, origin)
server = RoleServer(demo.sides(world).partner, Client().exchange, listen())
server.start()
print(server.url, flush=True)
sys.stdin.readline()
server.stop()
"""


@pytest.mark.clause("onoffice:unlock.repeat")
def test_fifty_clicks_of_one_activation_in_two_processes_all_say_active(tmp_path):
    sock = listen()
    served = origin_of(sock)
    store = open_store(tmp_path, {})
    platform = demo.sides(World(lambda: int(time.time()), os.urandom, store, {}, served, ORIGIN)).platform
    environment = {name: value for name, value in os.environ.items() if name != "HANDSHAKES_STORE_KEYS"}
    with ExitStack() as stack, Loopback(platform, sockets={platform.name: sock}):
        addresses = []
        for _ in range(2):
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", PROVIDER, str(tmp_path), served, ORIGIN],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=environment,
                )
            )
            stack.callback(process.kill)
            addresses.append((process, process.stdout.readline().decode().strip()))
        clients = [Client({ORIGIN: address}) for _, address in addresses]
        popup = platform.open_popup(FIRST, ADMIN)
        platform.confirm(popup, terms=True, data_processing=True)
        page = clients[0].send(Request("GET", *split_url(popup.url)))
        key = platform.choose(popup, "all")
        form = form_body({"ticket": ticket_in(page), "secret": key, "privacy": "yes"})
        click = Request("POST", ORIGIN, UNLOCK, (URLENCODED,), form)
        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(lambda n: clients[n % 2].send(click).body, range(50)))
        assert set(answers) == {b"active"}
        assert platform.customers[FIRST].status == "active"
        kept = store.get(PLATFORM, FIRST)
        assert (kept.state, kept.credentials["token"]) == ("active", popup.token)
        told = [process.communicate(b"\n", timeout=60)[1] for process, _ in addresses]
        assert [b"Traceback" in text for text in told] == [False, False]
    store.close()
