"""Partners in several processes on one database: they behave as one, and whatever is killed, nothing is lost or half made.

`tests/trials/one_database.py` does the same with more of everything: every step, fifty at once, both databases.
"""

from __future__ import annotations

import signal

import pytest
from cryptography.fernet import Fernet

from handshakes.platforms import PLATFORMS
from handshakes.runtime.sql_store import SqlStore
from tests.apps import all_at_once, apps, killed_at_steps
from tests.postgres import running

AT_ONCE, EVERY, MOST = 5, 3, 80
KEY = Fernet.generate_key().decode()


@pytest.fixture
def url(request, tmp_path):
    if getattr(request, "param", "") == "sqlite":
        return f"sqlite:///{tmp_path / 'kept.sqlite'}?timeout=60"
    return request.getfixturevalue("postgres").empty()


@pytest.fixture
def store(url):
    opened = SqlStore(url, [KEY])
    yield opened
    opened.close()


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_handshakes_at_once_in_two_processes_all_succeed_and_outlive_both(url, store):
    with apps(url, KEY, AT_ONCE) as served:
        served.begin(2)
        assert all_at_once(served, AT_ONCE) == []
        assert served.kill() == [-signal.SIGKILL] * 2
        assert store.unreadable()[0] == []
        served.begin(2)
        for name in PLATFORMS:
            assert all(served.works(name, number) for number in range(AT_ONCE))


@pytest.mark.parametrize("name", PLATFORMS)
def test_killed_at_a_step_nothing_is_lost_and_the_next_try_works(url, store, name):
    """At each third step, other ones for each platform."""
    with apps(url, KEY, MOST, [name]) as served:
        first = 1 + list(PLATFORMS).index(name)
        assert 8 < killed_at_steps(served, name, store, range(first, MOST, EVERY)) < MOST - EVERY


def test_the_database_restarted_in_the_middle_of_a_connect():
    """It restarts while the platform answers the partner; what that leaves, the next try cures."""
    with running() as server, apps(server.empty(), KEY, 2) as served:
        served.begin(2)
        for name in PLATFORMS:
            assert served.connects(name, 0)
        asked = {}

        def restart(name: str) -> None:
            asked[name] = asked.get(name, 0) + 1
            if asked[name] == 1:
                server.stop()
                server.start()

        for name, platform in served.platforms.items():
            platform.before = lambda name=name: restart(name)
            served.connects(name, 1)
            platform.before = lambda: None
            assert asked[name] >= 1, "the partner asked while the database was away"
            assert served.works(name, 0), "the first question after it finds the database again"
            assert any(served.connects(name, 1) for _ in range(3)), (
                "the first try may meet what is left of it"
            )
            assert served.works(name, 1)


def test_while_the_database_is_away_nobody_is_let_in_and_nothing_breaks():
    with running() as server, apps(server.empty(), KEY, 1) as served:
        served.begin(2)
        for name in PLATFORMS:
            assert served.connects(name, 0)
        server.stop()
        assert [name for name in PLATFORMS if served.works(name, 0)] == []
        server.start()
        assert [name for name in PLATFORMS if not served.works(name, 0)] == []
