"""What `serve` says of a store that it cannot open, or only in part, and how it is cured."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

import pytest
import requests
from cryptography.fernet import Fernet

from handshakes.runtime.sql_store import open_store
from tests.cli.test_cli import press, serving, state


@pytest.fixture
def folder(tmp_path):
    """A folder with a store of one connected installation."""
    folder = tmp_path / "store"
    with serving("--store", str(folder)) as served:
        assert state(press(served.briefing()["open in a browser"], "connect")) == "connected"
        assert served.interrupt() == 0
        assert "cannot be opened" not in served.text
    return folder


def test_a_wrong_key_file_is_noticed_at_the_start_and_cured_by_connecting_again(folder):
    (folder / "store.keys").write_text(Fernet.generate_key().decode() + "\n")
    with serving("--store", str(folder)) as served:
        portal = served.briefing()["open in a browser"]
        assert "1 of 1 installations cannot be opened (store-wrong-key)" in served.text
        assert "Restore the keys that it was written with." in " ".join(served.text.split())
        assert state(press(portal, "connect")) == "connected"
        assert served.interrupt() == 0
        assert "Traceback" not in served.text
    with serving("--store", str(folder)) as served:
        served.briefing()
        assert "cannot be opened" not in served.text


def test_a_damaged_row_is_noticed_at_the_start(folder):
    with sqlite3.connect(folder / "installations.sqlite") as database:
        database.execute("UPDATE installations SET details = '{}'")
    with serving("--store", str(folder)) as served:
        served.briefing()
        assert "1 of 1 installations cannot be opened (store-damaged)" in served.text


def test_while_another_process_holds_the_database_the_served_sides_go_on(folder):
    with serving("--store", str(folder)) as served:
        told = served.briefing()
        portal, health = told["open in a browser"], told["health check URL"] + "?slug=test-slug&signature=x"
        with sqlite3.connect(folder / "installations.sqlite") as holding, ThreadPoolExecutor(1) as pool:
            usual = requests.get(health, timeout=60).status_code
            holding.execute("BEGIN EXCLUSIVE")
            waiting = pool.submit(press, portal, "connect")
            missing = urljoin(health, "/officernd/nothing")
            assert requests.get(missing, timeout=60).status_code == 404
            assert requests.get(health, timeout=60).status_code == usual != 503, "it only reads"
            served.wait_for("store-locked")
            holding.rollback()
            waiting.result()
        assert state(press(portal, "connect")) == "connected"
        assert served.interrupt() == 0
        assert "Traceback" not in served.text


def test_a_database_that_is_none_ends_the_start_with_what_to_do(tmp_path):
    open_store(tmp_path, {}).close()
    (tmp_path / "installations.sqlite").write_bytes(b"something else" * 1_000)
    with serving("--store", str(tmp_path)) as served:
        assert served.process.wait(20) == 2
        served.wait_for("Restore a damaged database")
        assert "Traceback" not in served.text
