"""`serve --only partner --workers N`: several processes that behave as one, and how they begin and end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from cryptography.fernet import Fernet

from handshakes.cli import workers
from handshakes.fortis import demo
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from tests.cli.test_cli import COMMAND, run, serving  # noqa: F401  (a fixture)

TITLE, LOCATION, USER = demo.TITLE, demo.LOCATION, demo.USER


def until(happened, what: str) -> None:
    """Wait until something has happened; on a busy machine it may take long."""
    end = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def of_parent(process: int) -> list[int]:
    """Return the living children of a process, as the kernel lists them."""
    try:
        with open(f"/proc/{process}/task/{process}/children") as file:  # noqa: PTH123
            return [int(one) for one in file.read().split()]
    except FileNotFoundError:
        return []


def is_alive(process: int) -> bool:
    """Return whether a process runs; one that nobody has waited for is a zombie and does not."""
    try:
        with open(f"/proc/{process}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Apps:
    """The app of Fortis in two workers on one database, in front of a simulator in this process."""

    def __init__(self, stack: ExitStack, url: str, keys: str) -> None:
        sock = listen()
        platform = origin_of(sock)
        options = ("--only", "partner", "--workers", "2", "--store", url, "--set", f"platform_url={platform}")
        self.served = stack.enter_context(
            serving(*options, platform="fortis", start=("env", f"HANDSHAKES_STORE_KEYS={keys}"))
        )
        stack.callback(self.kill)
        until(lambda: "Ctrl-C" in self.served.text and self.served.text.count("worker") >= 2, "two workers")
        self.origin = re.search(r"(http://127\.0\.0\.1:[0-9]+)/fortis", self.served.text)[1]
        world = World(lambda: int(time.time()), os.urandom, MemoryStore(), {}, platform, self.origin)
        self.platform = demo.sides(world).platform
        self.network = stack.enter_context(Loopback(self.platform, sockets={self.platform.name: sock}))

    @property
    def workers(self) -> list[int]:
        return of_parent(self.served.process.pid)

    def kill(self) -> None:
        for process in self.workers:
            os.kill(process, signal.SIGKILL)

    def register(self) -> None:
        for user in ("", USER):
            self.network.run(self.platform.register(TITLE, LOCATION, user), "Fortis")

    def opened(self, url: str) -> requests.Response:
        return requests.get(url, allow_redirects=False, timeout=60)


@pytest.fixture(scope="module")
def apps(postgres):
    with ExitStack() as stack:
        yield Apps(stack, postgres.empty(), Fernet.generate_key().decode())


def test_of_one_launch_that_fifty_open_at_once_in_two_workers_one_is_taken(apps):
    apps.register()
    for _ in range(2):
        url = apps.platform.launch_url(TITLE, LOCATION, USER)
        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(apps.opened, [url] * 50))
        assert Counter(answer.status_code for answer in answers) == {303: 1, 403: 49}
        (taken,) = (answer for answer in answers if answer.status_code == 303)
        cookie = taken.headers["set-cookie"].partition(";")[0]
        for _ in range(8):  # whichever worker answers knows the session
            app = requests.get(apps.origin + "/fortis/app", headers={"cookie": cookie}, timeout=60)
            assert (app.status_code, USER in app.text) == (200, True)


def test_connections_that_come_in_a_burst_are_spread_over_the_workers(apps):
    """The kernel's lottery gives each of two workers at least one of 64, but for one time in 2**63."""
    with ExitStack() as stack:
        address = urlsplit(apps.origin)
        socks = [socket.create_connection((address.hostname, address.port), 60) for _ in range(64)]
        for sock in socks:
            stack.callback(sock.close)
        for worker in apps.workers:
            until(lambda worker=worker: connections(worker) >= 1, "each has one")


def connections(process: int) -> int:
    """Return how many sockets a process has that are connected to a port of its own, as the kernel lists them."""
    inodes = set()
    for name in os.listdir(f"/proc/{process}/fd"):  # noqa: PTH208
        with suppress(OSError):
            inodes.add(os.readlink(f"/proc/{process}/fd/{name}"))  # noqa: PTH115
    table = [line.split() for line in Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]]
    listening = {row[1] for row in table if row[3] == "0A" and f"socket:[{row[9]}]" in inodes}
    return sum(row[1] in listening and row[3] == "01" and f"socket:[{row[9]}]" in inodes for row in table)


def test_a_port_that_others_share_is_not_shared_by_mistake():
    """A second `serve --workers` at the same port binds it alone first, and is told that it is in use."""
    mine = listen(shared=True)
    with pytest.raises(OSError):
        listen(mine.getsockname()[1])
    mine.close()


def test_a_worker_that_is_killed_is_replaced_and_the_others_go_on(apps):
    before = apps.workers
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    until(lambda: not is_alive(before[0]), "it is killed")
    for _ in range(5):
        assert apps.opened(apps.origin + "/fortis/app").status_code == 403
    until(
        lambda: (
            "worker 1 ended (signal 9); another one begins" in apps.served.text
            or "worker 2 ended (signal 9)" in apps.served.text
        ),
        "it is said",
    )
    until(lambda: len(apps.workers) == 2 and before[0] not in apps.workers, "another one")
    apps.register()
    assert apps.opened(apps.platform.launch_url(TITLE, LOCATION, USER)).status_code == 303


def test_what_is_served_is_said_once_and_where_to_ask_by_each(apps):
    assert apps.served.text.count("Ctrl-C ends it") == 1
    assert f"`kill {apps.served.process.pid}` does" in apps.served.text
    places = re.findall(
        r"Why a request was refused, worker [12]: (http://127\.0\.0\.1:[0-9]+)/", apps.served.text
    )
    assert len(places) == len(set(places)) >= 2


def test_a_signal_ends_them_all(postgres):
    with ExitStack() as stack:
        apps = Apps(stack, postgres.empty(), Fernet.generate_key().decode())
        before = apps.workers
        assert len(before) == 2
        apps.served.process.send_signal(signal.SIGTERM)
        assert apps.served.process.wait(120) == 0
        assert not any(map(is_alive, before))
        with pytest.raises(requests.ConnectionError):
            apps.opened(apps.origin + "/fortis/app")
        assert "Traceback" not in apps.served.text


def test_workers_end_when_the_first_process_is_killed(postgres):
    with ExitStack() as stack:
        apps = Apps(stack, postgres.empty(), Fernet.generate_key().decode())
        left = apps.workers
        assert len(left) == 2
        apps.served.process.kill()
        until(lambda: not any(map(is_alive, left)), "nobody would end them any more")


DYING = "import os\nfrom handshakes.cli.workers import forked\nif forked(2, {}).number: os._exit(7)"


def test_workers_that_keep_dying_are_given_up():
    ran = subprocess.run([sys.executable, "-c", DYING], capture_output=True, timeout=120, check=False)
    assert ran.stderr.count(b"another one begins") == workers.MOST_DEATHS
    assert b"ended (exit code 7), and so do the others" in ran.stderr
    assert b"Exit" in ran.stderr and ran.returncode == 1, "typer makes an exit code of it"


def test_workers_that_cannot_begin_are_not_begun_again(postgres):
    """The address of the platform is missing, as each of them finds out."""
    environment = {**os.environ, "HANDSHAKES_STORE_KEYS": Fernet.generate_key().decode()}
    options = ["--only", "partner", "--workers", "2", "--store", postgres.empty()]
    ran = subprocess.run(
        [COMMAND, "serve", "fortis", *options], capture_output=True, env=environment, timeout=120, check=False
    )
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert b"another one begins" not in ran.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--workers", "2"),
        ("--workers", "2", "--only", "platform", "--store", "kept"),
        ("--workers", "2", "--only", "partner"),
    ],
)
def test_workers_need_a_partner_and_a_store_that_lasts(run, options):  # noqa: F811
    ran = run("serve", "officernd", *options)
    assert (ran.code, ran.out) == (2, "")
    assert "--workers is for a partner on a store that lasts" in ran.err


@pytest.mark.parametrize("number", ["0", "-1", "65", "two"])
def test_a_number_of_workers_that_is_none_is_2(run, number):  # noqa: F811
    assert run("serve", "officernd", "--workers", number).code == 2
