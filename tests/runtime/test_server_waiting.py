"""A database that keeps somebody waiting keeps nobody else waiting: what does not ask it is answered meanwhile."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet

from handshakes.core.messages import Request, Response
from handshakes.officernd import demo as officernd
from handshakes.retailcrm import demo as retailcrm
from handshakes.runtime.client import Loopback
from handshakes.runtime.sql_store import SqlStore
from handshakes.runtime.store import Installation, MemoryStore, StoreError
from handshakes.runtime.story import World

HOLDER = (
    "import sqlite3, sys\n"
    "database = sqlite3.connect(sys.argv[1])\n"
    "database.execute('BEGIN EXCLUSIVE')\n"
    "print('held', flush=True)\n"
    "sys.stdin.readline()\n"
)


class Holding:
    """Another process that holds a database's lock until it is let go."""

    def __init__(self, path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout.readline() == b"held\n"

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.process.communicate(b"\n", timeout=60)


@pytest.fixture
def served(tmp_path, request):
    """Two partners with one database, their network, and what the operator was told; a request waits a minute for the lock."""
    path = tmp_path / "kept.sqlite"
    patience = getattr(request, "param", 60)
    store = SqlStore(f"sqlite:///{path}?timeout={patience}", [Fernet.generate_key().decode()])
    world = World(lambda: 1_700_000_000, lambda n: b"\x01" * n, store)
    rooms, module = officernd.sides(world), retailcrm.sides(world)
    with Loopback(rooms.partner, module.partner) as network:
        yield network, rooms.partner, module.partner, path, rooms.reports
    store.close()


def get(network, role, target) -> Response:
    return network.client.send(Request("GET", role.origins[0], target))


SIGNED = (
    "/officernd/healthcheck?organizationId=5b0000000000000000000001&timestamp=1700000000&signature="
    + "0" * 64
)


def connect(code: int) -> str:
    """Return a Connect, which is remembered before anything else."""
    return f"/officernd/connect?code={code}&org_slug=a&integrationId=5e0000000000000000000001&locations="


def test_a_lock_of_another_process_stops_only_what_has_to_write(served):
    network, rooms, module, path, reports = served
    with ThreadPoolExecutor(20) as pool:
        with Holding(path):
            writing = [pool.submit(get, network, rooms, connect(code)) for code in range(20)]
            for _ in range(5):
                assert get(network, rooms, "/officernd/nothing").status == 404
                assert get(network, module, "/retailcrm/config").json()["success"] is True
                assert get(network, rooms, SIGNED).status == 401, "it only reads"
            assert not any(answer.done() for answer in writing), "they wait for the lock meanwhile"
        assert {answer.result().status for answer in writing} == {302}
    assert {refused.reason for _, refused in reports} == {"unreachable", "unknown-installation"}, (
        "none was locked"
    )


@pytest.mark.parametrize("served", [1], indirect=True)
def test_many_that_wait_for_one_lock_are_refused_together(served):
    """One second is waited once, not by each of fifty in a row: the process that holds it is let go by a timer of 30 s."""
    network, rooms, _, path, reports = served
    with Holding(path) as holding, ThreadPoolExecutor(50) as pool:
        late = threading.Timer(30, holding.process.kill)
        late.start()
        list(pool.map(lambda code: get(network, rooms, connect(code)), range(50)))
        assert holding.process.poll() is None
        late.cancel()
    assert [refused.reason for _, refused in reports] == ["store-locked"] * 50


def test_fifty_threads_save_what_is_theirs_and_none_is_starved(tmp_path):
    store = SqlStore(f"sqlite:///{tmp_path / 'kept.sqlite'}", [Fernet.generate_key().decode()])

    def saved(number: int) -> int:
        one = store.save(Installation("toy", str(number), {"slug": "a"}, {}))
        return store.save(one).version

    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(saved, range(200))) == [2] * 200
    store.close()


def test_a_slow_store_of_one_request_leaves_the_others_alone(toy):
    """The server is told by the role that it has a store; a role of its own kind waits in the loop no longer."""
    free = threading.Event()

    def reply(request):
        if request.target == "/slow":
            free.wait(60)
        return Response(200, (), request.target.encode())

    role = toy("partner", "https://app.example", reply)
    role.has_store = True
    with Loopback(role) as network, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(get, network, role, "/slow")
        assert get(network, role, "/fast").body == b"/fast"
        assert not slow.done()
        free.set()
        assert slow.result().body == b"/slow"


def test_the_one_connection_that_writes_is_given_back_after_an_error(tmp_path):
    store = SqlStore(f"sqlite:///{tmp_path / 'kept.sqlite'}", [Fernet.generate_key().decode()])
    with pytest.raises(Exception, match="not JSON serializable"):
        store.save(Installation("toy", "1", {"slug": object()}, {}))
    with pytest.raises(StoreError), store._transaction(store._engine) as connection:
        connection.exec_driver_sql("SELECT nothing")
    assert store.save(Installation("toy", "1", {}, {})).version == 1


def test_memory_too_gives_one_of_many_the_save():
    store = MemoryStore()
    with ThreadPoolExecutor(20) as pool:
        new = list(pool.map(lambda _: store.first_time("toy", "n", 10, 0), range(200)))
    assert new.count(True) == 1
