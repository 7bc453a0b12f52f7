"""Whatever is wrong with a database, it is said with a reason of its own, and what to do; nothing else escapes.

The causes are made in SQLite itself: its documented error codes say which is which.
"""

from __future__ import annotations

import sqlite3
import sys
from types import SimpleNamespace

import pytest
import sqlalchemy
from cryptography.fernet import Fernet

from handshakes.core.refusals import REASONS, Refused
from handshakes.runtime.sql_store import SqlStore, open_store
from handshakes.runtime.store import Conflict, Installation, StoreError, earlier, store_failed
from handshakes.runtime.store_errors import store_error

KEY = Fernet.generate_key().decode()
CALLS = {
    "get": lambda store: store.get("toy", "1"),
    "find": lambda store: store.find("toy", "slug", "a"),
    "save": lambda store: store.save(new("9", "x" * 100_000)),
    "save_all": lambda store: store.save_all(new("8"), new("9", "x" * 100_000)),
    "remove_expired": lambda store: store.remove_expired("toy", 10**9),
    "first_time": lambda store: store.first_time("toy", "n", 10, 0),
    "unreadable": lambda store: store.unreadable(),
}
WRITES = ["save", "save_all", "first_time"]


def new(identity="1", slug="a") -> Installation:
    return Installation("toy", identity, {"slug": slug, "expires": "000000000001"}, {"secret": "s"})


@pytest.fixture
def path(tmp_path):
    store = SqlStore(f"sqlite:///{tmp_path / 'kept.sqlite'}", [KEY])
    store.save(new())
    store.close()
    return tmp_path / "kept.sqlite"


def refused(store: SqlStore, call: str) -> StoreError:
    with pytest.raises(Refused) as caught:
        CALLS[call](store)
    assert isinstance(caught.value, StoreError)
    assert store_failed(caught.value), "the store failed, not one row"
    assert caught.value.explain().count("Hint: ") == 1
    store.close()
    return caught.value


@pytest.mark.parametrize("call", CALLS)
def test_while_another_writes_reading_goes_on_and_writing_is_locked(path, call):
    """In SQLite's write-ahead log, readers and a writer do not block each other."""
    store = SqlStore(f"sqlite:///{path}?timeout=0.1", [KEY])
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    if call in (*WRITES, "remove_expired"):
        assert refused(store, call).reason == "store-locked"
    else:
        assert CALLS[call](store)
        store.close()
    other.close()


@pytest.mark.parametrize("call", WRITES[:2])
def test_a_database_that_may_not_grow_is_full(path, call):
    store = SqlStore(f"sqlite:///{path}", [KEY])
    with store._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    assert refused(store, call).reason == "store-full"


@pytest.mark.parametrize("call", [*WRITES, "remove_expired"])
def test_a_database_that_is_opened_for_reading_is_read_only(path, call):
    store = SqlStore(f"sqlite:///file:{path}?mode=ro&uri=true", [KEY])
    assert store.get("toy", "1") is not None
    assert refused(store, call).reason == "store-read-only"


@pytest.mark.parametrize("call", CALLS)
def test_a_file_that_is_no_database_any_more_is_damaged(path, call):
    store = SqlStore(f"sqlite:///{path}", [KEY])
    path.write_bytes(b"something else" * 1_000)
    assert refused(store, call).reason == "store-damaged"


@pytest.mark.parametrize("call", ["get", "save", "unreadable"])
def test_a_database_with_overwritten_pages_is_damaged(path, call):
    store = SqlStore(f"sqlite:///{path}", [KEY])
    store.close()
    with path.open("r+b") as file:
        file.seek(4_096)
        file.write(b"\xff" * (path.stat().st_size - 4_096))
    assert refused(store, call).reason == "store-damaged"


@pytest.mark.parametrize("call", CALLS)
def test_a_database_whose_tables_are_gone_is_unavailable(path, call):
    store = SqlStore(f"sqlite:///{path}", [KEY])
    with sqlite3.connect(path) as other:
        for table in ("installations", "details", "nonces"):
            other.execute(f"DROP TABLE {table}")
    assert refused(store, call).reason == "store-unavailable"


@pytest.mark.parametrize("call", CALLS)
def test_a_folder_that_is_gone_is_unavailable(path, call):
    store = SqlStore(f"sqlite:///{path}", [KEY])
    store.close()
    path.rename(path.parent / "away")
    path.mkdir()
    assert refused(store, call).reason == "store-unavailable"


@pytest.mark.parametrize(
    ("original", "reason"),
    [
        ({"sqlstate": "55P03"}, "store-locked"),  # PostgreSQL, appendix A: lock_not_available
        ({"sqlstate": "53100"}, "store-full"),  # disk_full
        ({"sqlstate": "25006"}, "store-read-only"),  # read_only_sql_transaction
        ({"sqlstate": "XX001"}, "store-damaged"),  # data_corrupted
        ({"sqlstate": "08006"}, "store-unavailable"),  # connection_failure
        ({"sqlite_errorname": "SQLITE_BUSY_SNAPSHOT"}, "store-locked"),
        ({"sqlite_errorname": "SQLITE_READONLY_DBMOVED"}, "store-read-only"),
        ({"sqlite_errorname": "SQLITE_IOERR_WRITE"}, "store-unavailable"),
    ],
)
def test_what_other_databases_say_has_the_same_reasons(original, reason):
    error = store_error(sqlalchemy.exc.OperationalError("SELECT", {}, SimpleNamespace(**original)))
    assert (error.reason, error.clause) == (reason, "store")


def test_an_error_tells_no_parameter():
    original = sqlite3.OperationalError("near J&J Ltd")
    text = str(store_error(sqlalchemy.exc.OperationalError("SELECT 'J&J Ltd'", {}, original)))
    assert text == "store-unavailable (store): the database cannot be used (OperationalError)"


def test_a_driver_that_is_not_installed_is_said_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match="driver is missing"):
        SqlStore("postgresql+psycopg://localhost/x", [KEY])


def test_every_reason_of_the_store_says_what_to_do():
    known = [name for name in REASONS if name.startswith("store-")]
    assert len(known) == 6
    assert len({REASONS[name].meaning for name in known}) == len({REASONS[name].hint for name in known}) == 6


# --- rows -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("credentials = x'00'", "store-wrong-key"),
        ("credentials = 7", "store-damaged"),
        ("details = '{'", "store-damaged"),
        ("details = '{}'", "store-damaged"),
        ("state = 'removed'", "store-damaged"),
        ("state = ''", "store-damaged"),
        ("state = x'00'", "store-damaged"),
        ("details = '{\"slug\": 7}'", "store-damaged"),
        ("identity = '2'", "store-damaged"),
    ],
)
def test_a_row_that_somebody_changed_is_not_opened_and_can_be_replaced(path, change, reason):
    with sqlite3.connect(path) as other:
        other.execute(f"UPDATE installations SET {change}")
    store = SqlStore(f"sqlite:///{path}", [KEY])
    identity = "2" if "identity" in change else "1"
    with pytest.raises(StoreError) as caught:
        store.get("toy", identity)
    assert (caught.value.reason, caught.value.version) == (reason, 1)
    assert not store_failed(caught.value)
    found, version = earlier(store, "toy", identity)
    assert (found, version) == (None, 1)
    store.save(Installation("toy", identity, {"slug": "b"}, {}, "active", version))
    assert store.get("toy", identity).details == {"slug": "b"}
    store.close()


@pytest.mark.parametrize("version", ["'x'", "0", "-1", "-7", "1.5", "x'00'"])
def test_a_row_without_a_version_is_damaged_and_can_be_replaced_once(path, version):
    with sqlite3.connect(path) as other:
        other.execute(f"UPDATE installations SET version = {version}")
    store = SqlStore(f"sqlite:///{path}", [KEY])
    with pytest.raises(StoreError, match="store-damaged"):
        store.get("toy", "1")
    found, there = earlier(store, "toy", "1")
    assert found is None and there
    new_one = Installation("toy", "1", {"slug": "b"}, {}, "active", there)
    assert store.save(new_one).version == 1
    assert store.get("toy", "1").details == {"slug": "b"}
    with pytest.raises(Conflict):
        store.save(new_one)
    store.close()


def test_a_row_from_before_the_details_were_sealed_is_read(path):
    """As the store wrote it until the details were sealed too: three parts."""
    sealed = Fernet(KEY).encrypt(b'["toy", "1", {"secret": "old"}]')
    with sqlite3.connect(path) as other:
        other.execute("UPDATE installations SET credentials = ?", (sealed,))
    store = SqlStore(f"sqlite:///{path}", [KEY])
    assert store.get("toy", "1").credentials == {"secret": "old"}
    store.close()


def test_what_cannot_be_opened_is_counted_by_reason(path):
    store = SqlStore(f"sqlite:///{path}", [KEY])
    store.save(new("2"))
    assert store.unreadable() == ([], 2)
    store.close()
    store = SqlStore(f"sqlite:///{path}", [Fernet.generate_key().decode()])
    store.save(new("3"))
    wrong, looked = store.unreadable()
    assert ([error.reason for error in wrong], looked) == (["store-wrong-key"] * 2, 3)
    store.close()


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError) as caught:
        open_store(tmp_path / "file" / "store", {})
    assert caught.value.reason == "store-unavailable"
