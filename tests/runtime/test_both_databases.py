"""What one database takes and the other does not: refused or cured alike, on SQLite and on PostgreSQL."""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy
from cryptography.fernet import Fernet
from sqlalchemy import event

from handshakes.core.refusals import Refused
from handshakes.runtime.sql_store import SqlStore
from handshakes.runtime.store import Conflict, Installation, StoreError, earlier, expiry, store_failed
from handshakes.runtime.store_tables import SCHEMA

KEY = Fernet.generate_key().decode()
NOW = 1_700_000_000
ODD = {
    "a NUL": "a\0b",
    "half a surrogate pair": "a\ud83d",
    "2,001 bytes": "x" * 2_001,
    "700 characters of three bytes": "€" * 700,
}
VALUES = ODD | {
    "2,000 signs of four bytes": "\U0001f600" * 2_000,
    "a megabyte": "x" * 2**20,
    "what looks like a digest": "sha256:" + "0" * 64,
    "nothing": "",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'kept.sqlite'}"
    return request.getfixturevalue("postgres").empty()


@pytest.fixture
def store(url):
    opened = SqlStore(url, [KEY])
    yield opened
    opened.close()


def new(identity="1", **details) -> Installation:
    return Installation("toy", identity, details or {"slug": "a"}, {"secret": "s"})


def run(url: str, *statements: str) -> list:
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        results = [connection.exec_driver_sql(one) for one in statements]
        rows = [result.all() if result.returns_rows else [] for result in results]
    engine.dispose()
    return rows


# --- texts ----------------------------------------------------------------------------------------


def test_details_and_credentials_hold_any_text_and_are_found_by_it(store):
    for number, value in enumerate(VALUES.values()):
        one = replace(new(str(number), slug=value), credentials={"secret": value})
        saved = store.save(one)
        assert store.get("toy", str(number)) == saved
        assert store.find("toy", "slug", value) == [saved]
    assert store.find("toy", "slug", "x" * 2_002) == []
    assert store.find("toy", "slug", "a") == []


def test_no_detail_is_found_by_the_digest_that_stands_for_it(store, url):
    store.save(new(slug="x" * 201))
    (((kept,),),) = run(url, "SELECT value FROM details")
    assert kept.startswith("sha256:") and len(kept) == 71
    assert store.find("toy", "slug", kept) == []


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("change", ["identity", "platform", "state", "name"])
def test_a_name_that_cannot_be_kept_is_refused_and_nothing_is_saved(store, odd, change):
    text = ODD[odd]
    bad = new(**{text: "a"}) if change == "name" else replace(new(), **{change: text})
    with pytest.raises(Refused) as refused:
        store.save_all(new("2"), bad)
    assert (refused.value.reason, store_failed(refused.value)) == ("malformed", False)
    assert text not in refused.value.explain()
    assert store.get("toy", "2") is None


@pytest.mark.parametrize("odd", ODD)
def test_what_cannot_be_kept_is_looked_for_and_not_there(store, odd):
    store.save(new())
    assert store.get("toy", ODD[odd]) is None
    assert store.get(ODD[odd], "1") is None
    assert store.find("toy", ODD[odd], "a") == []
    assert store.find(ODD[odd], "slug", "a") == []
    store.remove_expired(ODD[odd], NOW)
    assert store.listed(ODD[odd], 5) == []
    assert len(store.listed("toy", 5, ODD[odd])) == 1, "as from the beginning"


def test_a_long_identity_is_kept_whole(store):
    """The longest that a platform's partner makes: an onOffice user of 60 signs of four bytes, percent-encoded, in a customer of as many."""
    long = "%F0%9F%98%80" * 60
    saved = store.save(new(f"{long}/{long}"))
    assert store.get("toy", f"{long}/{long}") == saved
    assert store.get("toy", f"{long}/{long}"[:1_000]) is None


def test_a_nonce_of_any_text_is_new_once(store):
    for nonce in VALUES.values():
        assert store.first_time("toy", nonce, NOW + 10, NOW)
        assert not store.first_time("toy", nonce, NOW + 10, NOW)
    assert store.first_time("toy", "x" * 2_002, NOW + 10, NOW)


@pytest.mark.parametrize("until", [2**63 - 1, 2**63, 10**30])
def test_a_nonce_for_longer_than_a_database_counts_is_remembered_for_ever(store, until):
    assert store.first_time("toy", "n", until, NOW)
    assert not store.first_time("toy", "n", NOW, 2**62)


def test_the_order_is_that_of_code_points_whatever_the_database_speaks(store):
    """The test server orders texts as English does: a before B before c."""
    for identity in ("b", "C", "a", "B", "é", "_", "10", "9"):
        store.save(new(identity))
    found = [one.identity for one in store.find("toy", "slug", "a")]
    assert found == sorted(found) == ["10", "9", "B", "C", "_", "a", "b", "é"]
    assert [identity for identity, _ in store.listed("toy", 20)] == found
    assert [identity for identity, _ in store.listed("toy", 2, "B")] == ["C", "_"]


# --- what has expired -----------------------------------------------------------------------------


def test_the_expired_go_two_hundred_at_a_time_and_are_new_at_once(store, url):
    rows = ", ".join(f"('toy', 'n{number}', {NOW - 1_000 + number})" for number in range(450))
    run(url, f"INSERT INTO nonces (platform, nonce, until) VALUES {rows}")
    assert store.first_time("toy", "n449", NOW + 1, NOW), "one of the last to go"
    for left in (250, 50, 1):
        assert run(url, "SELECT count(*) FROM nonces") == [[(left,)]]
        assert not store.first_time("toy", "n449", NOW + 1, NOW)


def test_what_is_over_is_looked_for_once_a_second_and_again_at_once_where_more_is_left(store, url):
    asked = []
    event.listen(store._alone, "before_cursor_execute", lambda *given: asked.append(given[2].split()[0]))
    for number in range(3):
        assert store.first_time("toy", f"a{number}", NOW, NOW)
    assert asked.count("DELETE") == 1
    rows = ", ".join(f"('toy', 'n{number}', {NOW - 9})" for number in range(201))
    run(url, f"INSERT INTO nonces (platform, nonce, until) VALUES {rows}")
    for number in range(3):
        assert store.first_time("toy", f"b{number}", NOW + 1, NOW + 1)
    assert asked.count("DELETE") == 3
    assert run(url, "SELECT count(*) FROM nonces") == [[(3,)]]


def test_expired_installations_go_two_hundred_at_a_time_with_their_details(store, url):
    for part in range(9):
        store.save_all(*(new(f"{part}-{n}", expires=expiry(NOW - 1), slug="a") for n in range(50)))
    store.save(new("kept", expires=expiry(NOW), slug="a"))
    for left in (251, 51, 1):
        store.remove_expired("toy", NOW)
        assert run(url, "SELECT count(*) FROM installations", "SELECT count(*) FROM details") == [
            [(left,)],
            [(2 * left,)],
        ]
    assert [one.identity for one in store.find("toy", "slug", "a")] == ["kept"]


FILLED = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO "


def test_what_is_looked_for_is_found_by_an_index_however_much_there_is(store, url):
    """Both databases say themselves how they find rows; PostgreSQL of tables that are worth an index."""
    run(
        url,
        FILLED + "installations SELECT 'toy', 'i' || i, 'active', 1, '{}', 'x' FROM n",
        FILLED + "details SELECT 'toy', 'i' || i, 'slug', 's' || i FROM n",
        FILLED + "nonces SELECT 'toy', 'n' || i, i FROM n",
    )
    explain = "EXPLAIN QUERY PLAN " if url.startswith("sqlite") else "EXPLAIN "
    for statement, index in ((store._forget, "by_end"), (store._by_detail, "by_detail")):
        text = str(statement.compile(dialect=store._engine.dialect))
        text = re.sub(r"%\(\w+\)s::(\w+)", r"CAST('5' AS \1)", text).replace("LIMIT ?", "LIMIT 5")
        (plan,) = run(url, explain + text.replace("?", "'5'"))
        said = " ".join(str(row) for row in plan)
        assert index in said, said
        assert not re.search(r"Seq Scan on (details|nonces)|SCAN (installations|details|nonces)\b", said), (
            said
        )
        assert "installations_1 (platform=?)" not in said, said


# --- the schema -----------------------------------------------------------------------------------

OPEN = """
import os, sys
import cryptography.fernet, psycopg, sqlalchemy.dialects.postgresql.psycopg
from handshakes.runtime.sql_store import SqlStore
from handshakes.runtime.store import StoreError
wait, go = os.pipe()
for number in range(6):
    if os.fork() == 0:
        os.close(go)
        os.read(wait, 1)  # until the first process closes its end
        store = SqlStore(sys.argv[1], sys.argv[2:])
        while True:
            try:
                said = f"{store.get('toy', '1')} {store.first_time('toy', 'n', 10**10, 0)}"
                break
            except StoreError as error:  # SQLite's patience is one second, which a busy machine may need
                assert error.reason == "store-locked", error
        os.write(1, said.encode() + b"\\n")
        store.close()
        os._exit(0)
os.close(go)
for number in range(6):
    assert os.wait()[1] == 0
"""


def test_six_processes_that_make_the_tables_at_once_all_work(url):
    command = [sys.executable, "-c", OPEN, url, KEY]
    ran = subprocess.run(command, capture_output=True, timeout=300, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert sorted(ran.stdout.splitlines()) == [b"None False"] * 5 + [b"None True"]
    assert run(url, "SELECT number FROM store_schema") == [[(SCHEMA,)]]


def test_a_database_of_a_later_version_is_refused_and_left_alone(store, url):
    run(url, "UPDATE store_schema SET number = 3")
    with pytest.raises(StoreError, match=r"store-unavailable .*schema 3.*knows 2"):
        SqlStore(url, [KEY])
    assert run(url, "SELECT number FROM store_schema") == [[(3,)]]


def test_a_database_of_the_first_schema_is_brought_to_the_second(store, url):
    """As the first schema kept it: long values whole, and no number."""
    long = "ü" * 300
    saved = store.save(new(slug=long, name="short"))
    store.save(new("2", slug="b"))
    run(url, "DROP TABLE store_schema", f"UPDATE details SET value = '{long}' WHERE value LIKE 'sha256:%%'")
    assert store.find("toy", "slug", long) == [], "the second schema looks for the digest"
    other = SqlStore(url, [KEY])
    assert other.find("toy", "slug", long) == other.find("toy", "name", "short") == [saved]
    assert run(url, "SELECT number FROM store_schema") == [[(SCHEMA,)]]
    other.close()


# --- at once --------------------------------------------------------------------------------------


def test_saves_and_removals_of_the_same_rows_at_once_never_lock_each_other(store):
    """Two directions through two tables: what one holds the other would wait for."""
    keys = [f"i{n}" for n in range(4)]

    def work(number: int) -> None:
        for turn in range(4):
            if number % 2:
                store.remove_expired("toy", NOW)
            else:
                for key in keys:
                    found = store.get("toy", key)
                    try:
                        store.save(
                            replace(
                                found or new(key), details={"expires": expiry(NOW - 1), "turn": str(turn)}
                            )
                        )
                    except Conflict:
                        continue
            store.first_time("toy", f"n{number}", NOW - 1, NOW)

    def patiently(number: int) -> None:
        try:
            work(number)
        except StoreError as error:  # SQLite's patience is one second, which a busy machine may need
            assert error.reason == "store-locked" and "40P01" not in error.message, "which is a deadlock"

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(patiently, range(6)))


# --- what PostgreSQL says when it fails -----------------------------------------------------------

CALLS = {
    "save": lambda store: store.save(replace(new(), version=1)),
    "first_time": lambda store: store.first_time("toy", "n", NOW, NOW),
}


def test_two_that_save_the_same_rows_in_opposite_orders_never_wait_for_each_other(store):
    """Whoever is later finds another version, whichever it named first."""
    rows = [store.save(new(str(number))) for number in range(8)]

    def work(turn: int) -> int:
        read = [store.get("toy", one.identity) for one in rows]
        try:
            return len(store.save_all(*(read if turn % 2 else reversed(read))))
        except Conflict:
            return 0
        except StoreError as error:
            assert error.reason == "store-locked" and "40P01" not in error.message, "which is a deadlock"
            return 0

    with ThreadPoolExecutor(6) as pool:
        saved = list(pool.map(work, range(24)))
    assert set(saved) <= {0, 8} and 8 in saved
    assert {store.get("toy", one.identity).version for one in rows} == {1 + saved.count(8)}


@pytest.fixture
def on_postgres(postgres):
    url = postgres.empty(patient=False)
    opened = SqlStore(url, [KEY])
    opened.save(new())
    opened.first_time("toy", "n", NOW - 1, NOW - 1)
    yield postgres, url, opened
    opened.close()


@pytest.mark.parametrize("call", CALLS)
def test_a_row_that_another_holds_is_locked_and_a_moment_later_it_is_not(on_postgres, call):
    import psycopg

    _, url, store = on_postgres
    with psycopg.connect(url) as other:
        other.execute("SELECT 1 FROM installations FOR UPDATE")
        other.execute("SELECT 1 FROM nonces FOR UPDATE")
        with pytest.raises(StoreError) as refused:
            CALLS[call](store)
    assert refused.value.reason == "store-locked"
    assert CALLS[call](store)


@pytest.mark.parametrize("call", CALLS)
def test_what_postgresql_says_has_the_same_reasons_as_sqlite(on_postgres, call):
    postgres, url, _ = on_postgres
    for change, reason in (("read only", "store-read-only"), ("no tables", "store-unavailable")):
        option = "%20-cdefault_transaction_read_only%3Don" if change == "read only" else ""
        store = SqlStore(url + option, [KEY])
        if change == "no tables":
            postgres.asked(url, "DROP TABLE details, nonces")
        with pytest.raises(StoreError) as refused:
            CALLS[call](store)
        store.close()
        assert refused.value.reason == reason


def test_a_user_whose_transactions_are_strict_is_served_as_any_other(postgres):
    """Serialisable transactions fail where two meet, and would have to be repeated."""
    url = postgres.empty()
    space = url.rpartition("%3D")[2]
    postgres.asked(url, "CREATE ROLE strict LOGIN")
    postgres.asked(url, "ALTER ROLE strict SET default_transaction_isolation = serializable")
    postgres.asked(url, f"GRANT ALL ON SCHEMA {space} TO strict")
    store = SqlStore(url.replace("//handshakes@", "//strict@"), [KEY])
    said = []
    for alone in (store._alone, store._engine):
        with store._transaction(alone) as connection:
            said.append(connection.exec_driver_sql("SHOW transaction_isolation").scalar())
    store.close()
    assert said == ["read committed"] * 2


@pytest.mark.parametrize(
    "change",
    [
        "credentials = 'x'",
        "details = '{'",
        "details = '{}'",
        "state = 'removed'",
        "version = 0",
        "identity = '2'",
    ],
)
def test_a_row_that_somebody_changed_is_not_opened_and_can_be_replaced(on_postgres, change):
    postgres, url, store = on_postgres
    postgres.asked(url, f"UPDATE installations SET {change}")
    identity = "2" if "identity" in change else "1"
    with pytest.raises(StoreError) as refused:
        store.get("toy", identity)
    assert not store_failed(refused.value)
    found, version = earlier(store, "toy", identity)
    assert (found, version) == (None, refused.value.version)
    assert store.save(replace(new(identity), version=version)).version >= 1
    assert store.get("toy", identity).details == {"slug": "a"}
