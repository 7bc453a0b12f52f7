"""A store by URL: what `serve` takes, what it refuses and says, and that no password is shown."""

from __future__ import annotations

import sys
from urllib.parse import quote

import pytest
import typer
from cryptography.fernet import Fernet

from handshakes.cli.stores import opened_store
from handshakes.runtime.store import Installation
from handshakes.runtime.store_keys import KEYS_VARIABLE
from tests.cli.test_cli import press, serving, state
from tests.postgres import LOCKED, PASSWORD


@pytest.fixture
def keys(tmp_path):
    file = tmp_path / "keys"
    file.write_text(Fernet.generate_key().decode() + "\n")
    file.chmod(0o600)
    return file


@pytest.fixture(autouse=True)
def without(monkeypatch):
    for name in (KEYS_VARIABLE, "PGPASSWORD", "PGPASSFILE", "PGHOST", "PGUSER", "PGSSLMODE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def locked(postgres):
    """The URL of a database whose user needs a password."""
    escaped = PASSWORD.replace("'", "''")
    postgres.asked(postgres.url(), f"CREATE ROLE {LOCKED} LOGIN PASSWORD '{escaped}'")
    url = postgres.empty()
    space = url.rpartition("%3D")[2]
    postgres.asked(url, f"GRANT ALL ON SCHEMA {space} TO {LOCKED}")
    return url.replace("//handshakes@", f"//{LOCKED}@")


def refused(capsys, tmp_path, place, keys=None) -> str:
    """Return what is said of a store that is not opened."""
    with pytest.raises(typer.Exit) as ended, opened_store(place, tmp_path / "unused", keys):
        pass
    assert ended.value.exit_code == 2
    said = capsys.readouterr()
    assert said.out == ""
    return " ".join(said.err.split())


def opened(place, keys, tmp_path) -> None:
    with opened_store(place, tmp_path / "unused", keys) as store:
        store.save(Installation("toy", Fernet.generate_key().decode(), {}, {}))


def test_both_sides_are_served_on_a_database_and_find_the_connection_again(postgres, keys):
    url = postgres.empty()
    with serving("--store", url, "--keys", str(keys)) as served:
        assert state(press(served.briefing()["open in a browser"], "connect")) == "connected"
        assert served.interrupt() == 0
        assert "Traceback" not in served.text
    assert postgres.asked(url, "SELECT platform, state FROM installations") == [("officernd", "active")]


@pytest.mark.parametrize(
    "written",
    [
        "postgresql://shop:geheim@127.0.0.1:1/shop",
        "postgresql://shop:@127.0.0.1:1/shop",
        "POSTGRES://shop:geheim@127.0.0.1:1/shop",
        "postgresql+psycopg://shop@127.0.0.1:1/shop?password=geheim",
        "postgresql://shop@127.0.0.1:1/shop?sslpassword=geheim",
    ],
)
def test_a_password_on_the_command_line_is_refused_and_not_shown(capsys, tmp_path, keys, written):
    said = refused(capsys, tmp_path, written, keys)
    assert "PGPASSWORD" in said and "PGPASSFILE" in said
    assert "geheim" not in said


@pytest.mark.parametrize(
    "written",
    ["postgresql://shop:geheim@h:x/shop", "mysql://shop:geheim@h/shop", "sqlite:///geheim"],
)  # fmt: skip
def test_what_is_no_address_is_said_so_and_not_shown(capsys, tmp_path, keys, written):
    said = refused(capsys, tmp_path, written, keys)
    assert "postgresql://USER@HOST:PORT/DATABASE" in said
    assert "geheim" not in said


def test_a_database_needs_keys_and_makes_none(capsys, tmp_path, postgres, keys, monkeypatch):
    url = postgres.empty()
    assert f"a database needs a key file, or the keys in {KEYS_VARIABLE}" in refused(capsys, tmp_path, url)
    missing = tmp_path / "missing"
    said = refused(capsys, tmp_path, url, missing)
    assert f"there is no key file {missing}" in said and "openssl rand" in said
    assert not missing.exists()
    keys.chmod(0o644)
    assert "chmod 600" in refused(capsys, tmp_path, url, keys)
    keys.chmod(0o600)
    opened(url, keys, tmp_path)
    monkeypatch.setenv(KEYS_VARIABLE, keys.read_text())
    opened(url, None, tmp_path)
    assert capsys.readouterr().err == "", "both were opened with the same keys"


def test_a_named_key_file_goes_before_the_variable(capsys, tmp_path, postgres, keys, monkeypatch):
    url = postgres.empty()
    monkeypatch.setenv(KEYS_VARIABLE, Fernet.generate_key().decode())
    opened(url, keys, tmp_path)
    opened(url, None, tmp_path)
    assert "1 of 1 installations cannot be opened (store-wrong-key)" in capsys.readouterr().err


def test_a_folder_takes_a_key_file_too_and_a_temporary_store_none(capsys, tmp_path, keys):
    opened(str(tmp_path / "store"), keys, tmp_path)
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["installations.sqlite"]
    assert "add --store" in refused(capsys, tmp_path, "", keys)


def test_a_password_comes_from_the_environment_or_from_a_file(capsys, tmp_path, locked, keys, monkeypatch):
    said = refused(capsys, tmp_path, locked, keys)
    assert "no password supplied" in said and "PGPASSFILE" in said
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    opened(locked, keys, tmp_path)
    monkeypatch.setenv("PGPASSWORD", "wrong horse")
    said = refused(capsys, tmp_path, locked, keys)
    assert "password authentication failed" in said and "horse" not in said
    monkeypatch.delenv("PGPASSWORD")
    file = tmp_path / "pgpass"
    quoted = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    file.write_text(f"127.0.0.1:*:*:{LOCKED}:{quoted}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    opened(locked, keys, tmp_path)
    assert capsys.readouterr().err == ""


def test_a_user_who_may_not_make_tables_is_told_so(capsys, tmp_path, locked, postgres, keys, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    url = postgres.empty().replace("//handshakes@", f"//{LOCKED}@")
    assert "store-" not in (said := refused(capsys, tmp_path, url, keys))
    assert "42501" in said or "3F000" in said, "PostgreSQL, appendix A: insufficient_privilege"


def test_what_the_server_says_of_a_database_that_is_not_there_is_shown(capsys, tmp_path, postgres, keys):
    url = postgres.url().replace("/postgres", "/nowhere")
    said = refused(capsys, tmp_path, url, keys)
    assert f"the database at 127.0.0.1:{postgres.port}/nowhere cannot be used" in said
    assert 'database "nowhere" does not exist' in said


def test_a_name_beyond_this_machine_has_to_prove_itself(capsys, tmp_path, postgres, keys, monkeypatch):
    """The test server has no certificate; `localhost.` is a name for it that is not the machine's own."""
    url = postgres.empty()
    named = url.replace("@127.0.0.1", "@" + quote("127.0.0.1.", safe=""))
    assert "sslmode" not in url
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    said = refused(capsys, tmp_path, named, keys)
    assert "SSL" in said or "certificate" in said
    monkeypatch.setenv("PGSSLMODE", "disable")
    opened(named, keys, tmp_path)
    monkeypatch.delenv("PGSSLMODE")
    opened(named + "&sslmode=disable", keys, tmp_path)


def test_without_its_driver_it_says_how_to_install_it(capsys, tmp_path, postgres, keys, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    said = refused(capsys, tmp_path, postgres.url(), keys)
    assert "driver is missing: psycopg" in said and "pip install 'psycopg[binary]'" in said
