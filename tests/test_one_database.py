"""Partners in several processes on one database: they behave as one, and whatever is killed, nothing is lost or half made.

`tests/trials/one_database.py` does the same with more of everything: every step, and fifty at once.
"""

from __future__ import annotations

from functools import partial
from random import Random

import pytest
from cryptography.fernet import Fernet

from handshakes.platforms import PLATFORMS
from handshakes.runtime.sql_store import SqlStore
from tests.apps import all_at_once, apps, at_steps, killed, restarted
from tests.postgres import running

AT_ONCE = 5
STEPS = {"officernd": 50, "retailcrm": 18, "onoffice": 35, "fortis": 78}
"""How many steps a partner takes at least while a person connects."""
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
        served.kill()
        assert store.unreadable()[0] == []
        served.begin(2)
        for name in PLATFORMS:
            assert all(served.works(name, number) for number in range(AT_ONCE))


def some_steps(name: str, seed: str) -> list[int]:
    return sorted(Random(f"{name} {seed}").sample(range(1, STEPS[name] + 1), 2))


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("name", PLATFORMS)
def test_killed_at_a_step_nothing_is_lost_and_the_next_try_works(url, store, name):
    steps = some_steps(name, url[:6])
    with apps(url, KEY, STEPS[name] + 1, [name]) as served:
        assert at_steps(served, name, store, killed, steps) == steps[-1]


def test_the_database_restarted_at_a_step_loses_nothing_and_the_next_try_works():
    with running() as server:
        for name in PLATFORMS:
            url, steps = server.empty(), some_steps(name, "restarted")
            store = SqlStore(url, [KEY])
            with apps(url, KEY, STEPS[name] + 1, [name]) as served:
                assert at_steps(served, name, store, partial(restarted, server), steps) == steps[-1]
            store.close()


def test_while_the_database_is_away_nobody_is_let_in_and_nothing_breaks():
    with running() as server, apps(server.empty(), KEY, 1) as served:
        served.begin(2)
        for name in PLATFORMS:
            assert served.connects(name, 0)
        server.stop()
        assert [name for name in PLATFORMS if served.works(name, 0)] == []
        server.start()
        assert [name for name in PLATFORMS if not served.works(name, 0)] == []
