"""Installations and credentials: the same promises from memory and from a database, and what is at rest."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet

from handshakes.runtime.sql_store import KEYS_VARIABLE, SqlStore, open_store
from handshakes.runtime.store import Conflict, Installation, MemoryStore, StoreError, expiry

SECRET = "a-very-private-credential"
NEVER = 2**31 - 1


def new(identity="1", *, platform="toy", **details) -> Installation:
    return Installation(platform, identity, details or {"slug": "a"}, {"secret": SECRET})


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'installations.sqlite'}"
    return request.getfixturevalue("postgres").empty()


@pytest.fixture
def sql_store(url):
    store = SqlStore(url, [Fernet.generate_key().decode()])
    yield store
    store.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request, tmp_path):
    if request.param == "memory":
        yield MemoryStore()
        return
    kept = f"sqlite:///{tmp_path / 'kept.sqlite'}"
    url = request.getfixturevalue("postgres").empty() if request.param == "postgresql" else kept
    opened = SqlStore(url, [Fernet.generate_key().decode()])
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "memory", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:a?mode=memory&uri=true"]
)
def test_a_database_in_memory_is_one_for_all_threads(memory):
    store = SqlStore(memory, [Fernet.generate_key().decode()])
    with ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(lambda number: store.save(new(str(number))), range(40)))
        assert list(pool.map(lambda one: store.get("toy", one.identity), saved)) == saved
        assert sum(pool.map(lambda _: store.first_time("toy", "n", NEVER, 0), range(40))) == 1
    store.close()


# --- both stores ------------------------------------------------------------------------------


def test_installations_are_listed_by_identity_a_page_at_a_time(store):
    for identity in ("b", "é", "a", "C", "a b"):
        store.save(Installation("toy", identity, {}, {}))
    store.save(Installation("another", "a", {}, {}))
    order = ["C", "a", "a b", "b", "é"]
    assert [identity for identity, _ in store.listed("toy", 9)] == order
    assert [identity for identity, _ in store.listed("toy", 2)] == order[:2]
    assert [identity for identity, _ in store.listed("toy", 2, "a")] == order[2:4]
    assert store.listed("toy", 2, "é") == []
    assert store.listed("toy", 1, "a b") == [("b", store.get("toy", "b"))]


def test_what_was_saved_is_found_again(store):
    saved = store.save(new(slug="a", name="Büro 1"))
    assert saved == replace(new(slug="a", name="Büro 1"), version=1)
    assert store.get("toy", "1") == saved
    assert store.find("toy", "slug", "a") == [saved]
    assert store.find("toy", "name", "Büro 1") == [saved]


def test_what_was_never_saved_is_not_found(store):
    store.save(new())
    assert store.get("toy", "2") is None
    assert store.get("other", "1") is None
    assert store.find("toy", "slug", "b") == []
    assert store.find("toy", "name", "a") == []
    assert store.find("other", "slug", "a") == []


def test_a_detail_is_compared_whole_and_as_text(store):
    store.save(new(slug="a"))
    for other in ("A", "a ", "%", "_", "", "a' OR '1'='1"):
        assert store.find("toy", "slug", other) == []


def test_found_in_the_order_of_identity(store):
    for identity in ("b", "10", "a", "2", "B"):
        store.save(new(identity))
    store.save(new("c", slug="other"))
    assert [found.identity for found in store.find("toy", "slug", "a")] == ["10", "2", "B", "a", "b"]


def test_the_same_identity_on_two_platforms_is_two_installations(store):
    store.save(new(platform="one"))
    store.save(replace(new(platform="two"), state="pending"))
    assert (store.get("one", "1").state, store.get("two", "1").state) == ("active", "pending")


def test_a_save_replaces_the_installation_whole(store):
    first = store.save(new(slug="a", old="x"))
    second = store.save(replace(first, details={"slug": "b"}, credentials={"other": "y"}, state="removed"))
    assert second.version == 2
    assert store.get("toy", "1") == Installation("toy", "1", {"slug": "b"}, {"other": "y"}, "removed", 2)
    assert store.find("toy", "slug", "a") == store.find("toy", "old", "x") == []
    assert store.find("toy", "slug", "b") == [second]


def test_an_installation_without_details_and_credentials(store):
    saved = store.save(Installation("toy", "1", {}, {}))
    assert store.get("toy", "1") == saved


@pytest.mark.parametrize("version", [0, 1, 3])
def test_only_the_version_that_was_read_can_be_saved(store, version):
    second = store.save(store.save(new()))
    with pytest.raises(Conflict):
        store.save(replace(second, version=version, details={"slug": "undone"}))
    assert store.get("toy", "1") == second
    assert store.find("toy", "slug", "undone") == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_several_are_saved_together_or_not_at_all(store, order):
    kept = store.save(new("1"))
    store.save(new("2"))
    changed = [replace(kept, details={"slug": "b"}), new("2")]  # the second was never read
    with pytest.raises(Conflict):
        store.save_all(*(changed[place] for place in order))
    assert store.get("toy", "1") == kept
    assert store.find("toy", "slug", "b") == []
    saved = store.save_all(changed[0], replace(new("3"), details={"slug": "b"}))
    assert [one.version for one in saved] == [2, 1]
    assert store.find("toy", "slug", "b") == saved


def test_a_version_of_what_is_not_there_is_a_conflict(store):
    with pytest.raises(Conflict):
        store.save(replace(new(), version=1))
    assert store.get("toy", "1") is None


def test_what_the_caller_changes_afterwards_is_not_in_the_store(store):
    details, credentials = {"slug": "a"}, {"secret": SECRET}
    store.save(Installation("toy", "1", details, credentials))
    details["slug"] = credentials["secret"] = "changed"
    found = store.get("toy", "1")
    assert (found.details, found.credentials) == ({"slug": "a"}, {"secret": SECRET})


def test_a_nonce_is_new_once(store):
    assert store.first_time("toy", "n", until=200, now=100)
    assert not store.first_time("toy", "n", until=200, now=100)
    assert not store.first_time("toy", "n", until=200, now=200), "the last second counts"
    assert store.first_time("toy", "other", until=200, now=100)
    assert store.first_time("other", "n", until=200, now=100)


def test_a_nonce_is_forgotten_after_its_time_and_no_sooner(store):
    assert store.first_time("toy", "n", until=200, now=100)
    assert store.first_time("toy", "n", until=300, now=201)
    assert not store.first_time("toy", "n", until=300, now=250)


def test_a_repeat_does_not_shorten_the_memory(store):
    assert store.first_time("toy", "n", until=300, now=100)
    assert not store.first_time("toy", "n", until=150, now=100)
    assert not store.first_time("toy", "n", until=300, now=200)


def test_what_has_expired_is_removed_and_nothing_else_is(store):
    for identity, until in (("past", 99), ("now", 100), ("later", 101), ("long past", 7)):
        store.save(new(identity, slug="a", expires=expiry(until)))
    store.save(new("for ever", slug="a"))
    store.save(new("past", platform="other", expires=expiry(99)))
    store.remove_expired("toy", 100)
    assert [one.identity for one in store.find("toy", "slug", "a")] == ["for ever", "later", "now"]
    assert store.get("toy", "past") is None and store.get("other", "past") is not None
    assert store.save(new("past", slug="b")).version == 1


def test_a_representation_shows_no_credential(store):
    saved = store.save(new())
    for value in (saved, store.get("toy", "1"), store.find("toy", "slug", "a"), store, vars(saved.__class__)):
        assert SECRET not in repr(value)
    with pytest.raises(Conflict) as conflict:
        store.save(replace(saved, version=7))
    assert SECRET not in repr(conflict.value) + str(conflict.value)


# --- two at once ------------------------------------------------------------------------------


def at_once(number, work):
    """Run `work` in threads that start together; return the results or exceptions."""
    barrier = threading.Barrier(number)

    def one(i):
        barrier.wait()
        try:
            return work(i)
        except Exception as error:
            return error

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


@pytest.mark.parametrize("known", [False, True], ids=["first save", "later save"])
def test_of_saves_of_one_version_exactly_one_wins(sql_store, known):
    read = sql_store.save(new()) if known else new()
    results = at_once(6, lambda i: sql_store.save(replace(read, details={"slug": str(i)})))
    won = [result for result in results if isinstance(result, Installation)]
    assert len(won) == 1
    assert [type(result) for result in results].count(Conflict) == 5
    assert sql_store.get("toy", "1") == won[0]
    assert sql_store.find("toy", "slug", won[0].details["slug"]) == won


def test_two_stores_on_one_database_see_each_others_versions(url):
    keys = [Fernet.generate_key().decode()]
    one, other = SqlStore(url, keys), SqlStore(url, keys)
    one.save(new())
    read = other.get("toy", "1")
    one.save(one.get("toy", "1"))
    with pytest.raises(Conflict):
        other.save(read)
    one.close()
    other.close()


def test_of_equal_nonces_at_once_exactly_one_is_new(sql_store):
    results = at_once(6, lambda i: sql_store.first_time("toy", "n", NEVER, 0))
    assert sorted(results) == [False] * 5 + [True]


@pytest.mark.parametrize("poison", [{"slug": "b", "bad": None}, {"slug": "b", "bad": object()}])
def test_a_save_that_fails_half_way_leaves_the_earlier_row_whole(sql_store, poison):
    """The first poison fails before the last statement of the transaction, the second before the first."""
    saved = sql_store.save(new())
    with pytest.raises(Exception, match=r"NoneType|not JSON serializable"):
        sql_store.save(replace(saved, details=poison, credentials={"secret": "other"}))
    assert sql_store.get("toy", "1") == saved
    assert sql_store.find("toy", "slug", "a") == [saved]
    assert sql_store.find("toy", "slug", "b") == []
    assert sql_store.save(saved).version == 2


def test_a_first_save_that_fails_half_way_leaves_nothing(sql_store):
    with pytest.raises(Exception, match="NoneType"):
        sql_store.save(Installation("toy", "1", {"slug": "b", "bad": None}, {}))
    assert sql_store.get("toy", "1") is None
    assert sql_store.find("toy", "slug", "b") == []


# --- at rest ----------------------------------------------------------------------------------


@pytest.fixture
def closed(tmp_path):
    """A directory with a store of two installations, closed."""
    directory = tmp_path / "data"
    store = open_store(directory, {})
    store.save(new("1"))
    store.save(Installation("toy", "2", {}, {"secret": "of the other"}))
    store.close()
    return directory


def run_sql(directory, *statements):
    connection = sqlite3.connect(directory / "installations.sqlite")
    with connection:
        rows = [connection.execute(*statement).fetchall() for statement in statements]
    connection.close()
    return rows


def test_no_credential_is_in_clear_on_the_disk(closed):
    files = [path for path in closed.rglob("*") if path.is_file()]
    assert len(files) >= 2
    for path in files:
        assert SECRET.encode() not in path.read_bytes()
        assert b"of the other" not in path.read_bytes()
    assert b"slug" in (closed / "installations.sqlite").read_bytes(), "the right file was looked at"


def test_it_opens_again_with_its_own_key(closed):
    store = open_store(closed, {})
    assert store.get("toy", "1").credentials == {"secret": SECRET}
    store.close()


def test_a_credential_moved_to_another_row_is_refused(closed):
    (((stolen,),),) = run_sql(closed, ("SELECT credentials FROM installations WHERE identity = '1'",))
    run_sql(closed, ("UPDATE installations SET credentials = ? WHERE identity = '2'", (stolen,)))
    store = open_store(closed, {})
    with pytest.raises(StoreError, match="another row"):
        store.get("toy", "2")
    assert store.get("toy", "1").credentials == {"secret": SECRET}
    store.close()


def test_a_credential_moved_to_another_platform_is_refused(closed):
    run_sql(closed, ("UPDATE installations SET platform = 'other' WHERE identity = '1'",))
    store = open_store(closed, {})
    with pytest.raises(StoreError, match="another row"):
        store.get("other", "1")
    store.close()


def test_a_changed_ciphertext_is_refused(closed):
    run_sql(closed, ("UPDATE installations SET credentials = substr(credentials, 1, 60) || 'AAAA'",))
    store = open_store(closed, {})
    with pytest.raises(StoreError) as error:
        store.get("toy", "1")
    assert SECRET not in str(error.value)
    store.close()


def test_keys_are_rotated_by_putting_the_new_one_in_front(url):
    old, young = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    store = SqlStore(url, [old])
    saved = store.save(new())
    store.close()
    store = SqlStore(url, [young, old])
    assert store.get("toy", "1") == saved
    saved = store.save(saved)
    store.close()
    store = SqlStore(url, [young])
    assert store.get("toy", "1") == saved, "what was saved since needs the old key no more"
    store.close()
    store = SqlStore(url, [old])
    with pytest.raises(StoreError, match="no store key opens"):
        store.get("toy", "1")
    store.close()


@pytest.mark.parametrize("keys", [["short"], ["x" * 44], [], ["ü" * 44]])
def test_a_key_that_is_none_is_said_so(url, keys):
    with pytest.raises(StoreError, match="Fernet key"):
        SqlStore(url, keys)


# --- the key file -----------------------------------------------------------------------------


def test_the_first_start_makes_a_key_only_its_owner_can_read(tmp_path):
    directory = tmp_path / "a" / "b"
    open_store(directory, {}).close()
    key_file = directory / "store.keys"
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    Fernet(key_file.read_text().strip())


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o610])
def test_a_key_file_that_others_reach_is_refused(closed, mode):
    (closed / "store.keys").chmod(mode)
    with pytest.raises(StoreError, match="chmod 600"):
        open_store(closed, {})


def test_a_database_without_its_key_file_gets_no_new_key(closed):
    (closed / "store.keys").unlink()
    with pytest.raises(StoreError, match="missing"):
        open_store(closed, {})
    assert not (closed / "store.keys").exists()


def test_an_empty_key_file_is_refused(closed):
    (closed / "store.keys").write_text("\n")
    with pytest.raises(StoreError, match="no key"):
        open_store(closed, {})


def test_keys_from_the_environment_need_no_file(tmp_path):
    first, second = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    store = open_store(tmp_path, {KEYS_VARIABLE: first})
    saved = store.save(new())
    store.close()
    assert not (tmp_path / "store.keys").exists()
    for keys in (f"{second},{first}", f"{second} {first}"):
        store = open_store(tmp_path, {KEYS_VARIABLE: keys})
        assert store.get("toy", "1") == saved
        store.close()


def test_the_environment_goes_before_the_file(closed):
    store = open_store(closed, {KEYS_VARIABLE: Fernet.generate_key().decode()})
    with pytest.raises(StoreError, match="no store key opens"):
        store.get("toy", "1")
    store.close()


def test_a_place_that_is_no_directory_and_a_file_that_is_no_database(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError):
        open_store(tmp_path / "file", {})
    (tmp_path / "installations.sqlite").write_text("not a database, whatever its name says" * 50)
    with pytest.raises(StoreError, match="store-damaged"):
        open_store(tmp_path, {KEYS_VARIABLE: Fernet.generate_key().decode()})


def test_an_address_that_is_none_is_said_so():
    with pytest.raises(StoreError):
        SqlStore("not a URL", [Fernet.generate_key().decode()])


def test_a_folder_with_a_question_mark_holds_its_own_database(tmp_path):
    open_store(tmp_path / "a?b", {}).close()
    assert [path.name for path in tmp_path.iterdir()] == ["a?b"]
    assert (tmp_path / "a?b" / "installations.sqlite").exists()


def test_a_key_file_of_other_bytes_is_a_store_error(tmp_path):
    keys = tmp_path / "store.keys"
    keys.write_bytes(b"\xff\xfe")
    keys.chmod(0o600)
    with pytest.raises(StoreError, match="something other than keys"):
        open_store(tmp_path, {})


def test_an_error_of_the_database_hides_its_parameters(sql_store):
    import sqlalchemy

    with sql_store._engine.begin() as connection, pytest.raises(sqlalchemy.exc.SQLAlchemyError) as caught:
        connection.execute(sqlalchemy.text("INSERT INTO nowhere VALUES (:name)"), {"name": "J&J Ltd"})
    assert "J&J Ltd" not in str(caught.value)


def test_a_database_from_before_the_index_gets_it(closed):
    run_sql(closed, ("DROP INDEX by_end",), ("DROP TABLE store_schema",))
    open_store(closed, {}).close()
    (plan,) = run_sql(closed, ("EXPLAIN QUERY PLAN DELETE FROM nonces WHERE until < 5",))
    assert [row[-1] for row in plan] == ["SEARCH nonces USING INDEX by_end (until<?)"]


# --- first starts -----------------------------------------------------------------------------


def test_a_first_start_on_a_full_disk_leaves_nothing_that_fails_the_next_one(tmp_path):
    """A limit on the size of files fails a write as a full disk does (EFBIG for ENOSPC)."""
    code = (
        "import pathlib, resource, sys\n"
        "from handshakes.runtime.sql_store import open_store\n"
        "from handshakes.runtime.store import StoreError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))\n"
        "try:\n    open_store(pathlib.Path(sys.argv[1]), {})\n"
        "except StoreError as error:\n    print(error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "new")], capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("store-full (store): ") and "File too large" in ran.stdout
    assert list((tmp_path / "new").iterdir()) == []
    open_store(tmp_path / "new", {}).close()


def test_first_starts_at_once_on_one_folder_all_work_with_the_same_keys(tmp_path):
    for turn in range(10):
        stores = at_once(6, lambda i, turn=turn: open_store(tmp_path / str(turn), {}))
        assert [store for store in stores if not isinstance(store, SqlStore)] == []
        stores[0].save(new())
        assert {store.get("toy", "1").credentials["secret"] for store in stores} == {SECRET}
        for store in stores:
            store.close()
        names = {path.name for path in (tmp_path / str(turn)).iterdir()}
        assert names == {"store.keys", "installations.sqlite"}
