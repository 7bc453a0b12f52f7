"""The store: its cost with a million rows, served requests to a bare handler, and two workers to one, on both databases.

`python tests/benchmarks/store.py [pages|flat|bare|workers …]`. It needs wrk, and PostgreSQL of Debian's package; some minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from urllib.parse import parse_qsl, urlencode

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

import requests
import sqlalchemy
from cryptography.fernet import Fernet
from harness import row, serve, wrk
from marks import median
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.postgres import running

from handshakes import fortis
from handshakes.fortis import demo as fortis_demo
from handshakes.officernd import demo as officernd_demo
from handshakes.runtime.advancing import Steps
from handshakes.runtime.browser import Browser
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.sql_store import SqlStore
from handshakes.runtime.store import Installation, MemoryStore
from handshakes.runtime.story import World
from handshakes.runtime.watching import Kept, Watched
from officernd import baseline

KEY = Fernet.generate_key().decode()
COMMAND = str(Path(sys.executable).with_name("handshakes"))
NOW = 1_700_000_000
ROUNDS = 5


@contextmanager
def databases() -> Iterator[dict[str, Callable[[], str]]]:
    """Give a maker of the URL of an empty database of each kind. PostgreSQL runs with its usual fsync."""
    numbers = count()
    with tempfile.TemporaryDirectory() as folder, running("fsync=on") as server:
        yield {"SQLite": lambda: f"sqlite:///{folder}/{next(numbers)}.sqlite", "PostgreSQL": server.empty}


# --- a million rows -------------------------------------------------------------------------------

EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "
FROM = "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {end}) "
FILL = (
    "INSERT INTO installations SELECT 'toy', 'filled ' || i, 'active', 1, '{{}}', 'x' FROM n",
    "INSERT INTO details SELECT 'toy', 'filled ' || i, 'slug', 'filled ' || i FROM n",
    "INSERT INTO nonces SELECT 'toy', 'filled ' || i, {until} + i FROM n",
)


def asked(store: SqlStore, numbers: Iterator[int]) -> list[tuple[str, Callable[[], object]]]:
    """Return the questions that are measured."""

    def save() -> None:
        store.save(store.get("toy", "one"))

    def mark() -> bool:
        return store.first_time("toy", f"n {next(numbers)}", NOW + 10**6, NOW)

    get, find = partial(store.get, "toy", "one"), partial(store.find, "toy", "slug", "one")
    return [("get", get), ("find", find), ("get and save", save), ("mark", mark)]


def flat(sizes: tuple[int, ...] = (10**3, 10**4, 10**5, 10**6)) -> None:
    """Measure each question with so many installations and used launches.

    On SQLite by processor time, which other programs change less: it works in the process that asks.
    """
    with databases() as makers:
        for name, make in makers.items():
            url, numbers, there = make(), count(), 0
            store = SqlStore(url, [KEY])
            store.save(Installation("toy", "one", {"slug": "one"}, {"secret": "s"}))
            raw = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
            for size in sizes:
                with raw.begin() as connection:
                    for statement in FILL:
                        text = (FROM + statement).format(first=there, end=size, until=NOW + 10**6)
                        connection.exec_driver_sql(text)
                there = size
                clock = time.thread_time if name == "SQLite" else time.perf_counter
                calls = asked(store, numbers)
                times = ", ".join(f"{what} {median(call, clock) * 1e3:.2f}" for what, call in calls)
                row(f"{name}, {size:,} installations and used launches", f"{times} ms", "flat")
            store.close()
            raw.dispose()


def pages(sizes: tuple[int, ...] = (10**3, 10**4, 10**5, 10**6)) -> None:
    """Say how many pages PostgreSQL reads for each statement; unlike a time, that is the same on a busy machine."""
    import psycopg

    with running() as server:
        url, there = server.empty(), 0
        store = SqlStore(url, [KEY])
        store.save(Installation("toy", "one", {"slug": "one"}, {"secret": "s"}))
        given = {
            "platform": "toy",
            "identity": "one",
            "name": "slug",
            "value": "one",
            "now": NOW,
            "param_1": 200,
        }
        mark = f"INSERT INTO nonces VALUES ('toy', 'new', {NOW}) ON CONFLICT (platform, nonce) DO UPDATE SET until = {NOW}"
        wanted = {"get": store._by_identity, "find": store._by_detail, "forget": store._forget}
        texts = {name: str(one.compile(dialect=store._engine.dialect)) for name, one in wanted.items()}
        cast = partial(
            re.sub, r"%\((\w+)\)s::(\w+)", lambda found: f"CAST('{given[found[1]]}' AS {found[2]})"
        )
        statements = {name: cast(text) for name, text in texts.items()} | {"mark": mark}
        with psycopg.connect(url, autocommit=True) as connection:
            for size in sizes:
                for one in FILL:
                    connection.execute((FROM + one).format(first=there, end=size, until=NOW + 10**6))
                there = size
                connection.execute("VACUUM ANALYZE")
                read = {}
                for name, text in statements.items():
                    plans = [connection.execute(EXPLAIN + text).fetchone()[0][0]["Plan"] for _ in range(3)]
                    read[name] = min(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in plans)
                said = ", ".join(f"{name} {number}" for name, number in read.items())
                row(f"PostgreSQL, {size:,} installations and used launches", f"{said} pages", "flat")
        store.close()


# --- a bare handler -------------------------------------------------------------------------------


def served_bare(routes: dict[str, Callable[[Request], Response]]) -> tuple[str, Callable[[], None]]:
    """Serve functions with Starlette, each called in the threads that a role's steps are advanced in; return how to end it."""
    steps = Steps("bare", 256)

    def endpoint(work: Callable[[Request], Response]) -> Callable[[Request], object]:
        async def answer(request: Request) -> Response:
            def once() -> Response:
                raise StopIteration(work(request))

            return (await steps.advance(once))[1]

        return answer

    application = Starlette(routes=[Route(path, endpoint(work)) for path, work in routes.items()])
    url, stop = serve(application)

    def end() -> None:
        stop()
        steps.close()

    return url, end


def bare() -> None:
    """Compare served health checks and launches with a bare handler's, in turns, on both databases and in memory."""
    with databases() as makers:
        for name, make in [*makers.items(), ("memory", None)]:
            for measure in (health, launches):
                store = SqlStore(make(), [KEY]) if make else MemoryStore()
                measure(name, store)
                if make:
                    store.close()


@contextmanager
def both_sides(
    demo: object, store: object, settings: dict[str, str] | None = None
) -> Iterator[tuple[object, Loopback, str]]:
    """Serve both sides as `handshakes serve` does; give the platform, the network and the partner's origin."""
    sockets = [listen(), listen()]
    origins = [origin_of(sock) for sock in sockets]
    sides = demo.sides(World(lambda: int(time.time()), os.urandom, store, settings or {}, *origins))
    kept = Kept(lambda: int(time.time()))
    roles = Watched(sides.platform, kept), Watched(sides.partner, kept)
    sides.reports.heard = roles[1].heard
    named = {role.name: sock for role, sock in zip(roles, sockets, strict=True)}
    with Loopback(*roles, sockets=named, keep=500) as network:
        yield sides.platform, network, origins[1]


def compared(what: str, ours: Callable[[], float], theirs: Callable[[], float], aim: str = "0.90") -> None:
    """Measure both in turns; print the ratio of the rates, and of the processor time of this process for a request.

    On a busy machine the second one tells more: it counts what was done, and not who had to wait for a processor.
    """
    ours(), theirs()
    pairs = [(cost(ours), cost(theirs)) for _ in range(ROUNDS)]
    rates, times = ([(one[at], other[at]) for one, other in pairs] for at in (0, 1))
    ratios = sorted(one / other for one, other in rates)
    best, least = (
        [max(each) for each in zip(*rates, strict=True)],
        [min(each) for each in zip(*times, strict=True)],
    )
    said = f"{ratios[ROUNDS // 2]:.2f} median, {best[0] / best[1]:.2f} of the best ({best[0]:.0f} / {best[1]:.0f} a second)"
    if min(least) > 2e-5:  # else other processes serve
        said += (
            f", {least[1] / least[0]:.2f} by processor time ({least[0] * 1e6:.0f} / {least[1] * 1e6:.0f} µs)"
        )
    row(what, said, aim)


def cost(measure: Callable[[], float]) -> tuple[float, float]:
    """Return a rate, and the processor time that this process took for a request meanwhile."""
    start, used = time.perf_counter(), time.process_time()
    rate = measure()
    return rate, (time.process_time() - used) / (rate * (time.perf_counter() - start))


def health(name: str, store: object) -> None:
    """Compare the health check of OfficeRnD."""

    def check(request: Request) -> Response:
        (found,) = store.find("officernd", "organizationId", request.query_params["organizationId"])
        try:
            baseline("?" + request.url.query, found.credentials["secret"], int(time.time()))
        except ValueError:
            return JSONResponse({"message": "no"}, 401)
        return JSONResponse({"accountName": found.details["accountName"]})

    with both_sides(officernd_demo, store) as (platform, network, origin):
        integration = next(iter(platform.integrations))
        network.run(Browser().open(platform.connect_url(integration)))
        url = platform.healthcheck_url(integration)
        address, end = served_bare({"/officernd/healthcheck": check})
        compared(
            f"{name}: served health check, to a bare handler in the same threads",
            lambda: wrk(url, 2),
            lambda: wrk(url.replace(origin, address), 2),
        )
        end()


LUA = """
local addresses, at = {{}}, {first}
for line in io.lines("{file}") do addresses[#addresses + 1] = line end
request = function()
  at = at + 1
  return wrk.format("GET", addresses[at])
end
done = function(summary) if summary.requests + {first} > #addresses then print("Non-2xx: too few addresses") end end
"""


def plain_baseline(target: str, secret: str, now: int) -> dict[str, str]:
    """Read a plain launch by hand: parse, one digest, one comparison, the window, no strict checks."""
    values = dict(parse_qsl(target.partition("?")[2], keep_blank_values=True))
    message = (values["location_id"] + values["timestamp"]).encode()
    if not hmac.compare_digest(hmac.digest(secret.encode(), message, "sha256").hex(), values.pop("hmac")):
        raise ValueError("hmac")
    if not now - 300 <= int(values["timestamp"]) <= now + 60:
        raise ValueError("timestamp")
    return values


EMPTY = ("user_id", "access-token", "contact_id", "contact_api_id", "user_oauth_url")


def launches(name: str, store: object) -> None:
    """Compare plain launches without a token, each taken once: the location's row, and a mark in the store."""
    secret, now = fortis_demo.SECRET, int(time.time())

    def launch(request: Request) -> Response:
        values = plain_baseline("?" + request.url.query, secret, int(time.time()))
        location, until = values["location_id"], int(time.time()) + 360
        found = store.get("fortis", f"location {location}")
        new = store.first_time("fortis", f"{location} {values['timestamp']}", until, until - 360)
        if found is None or found.state != "active" or not new:
            return JSONResponse({"message": "no"}, 403)
        return Response(
            status_code=303, headers={"location": "/", "set-cookie": found.credentials["session_key"]}
        )

    settings = {"mode": "plain"}
    with (
        both_sides(fortis_demo, store, settings) as (platform, network, origin),
        tempfile.TemporaryDirectory() as folder,
    ):
        for user in ("", fortis_demo.USER):
            network.run(platform.register(fortis_demo.TITLE, fortis_demo.LOCATION, user))
        network.run(platform.launch(fortis_demo.TITLE, fortis_demo.LOCATION, fortis_demo.USER))
        one = store.get("fortis", f"location {fortis_demo.LOCATION}")
        paths = []
        for number in range(400):
            location = f"11ea{number:020x}"
            details = {**one.details, "locationId": location, "sessionId": f"{number:024x}"}
            store.save(replace(one, identity=f"location {location}", details=details, version=0))
            for at in range(now - 150, now):
                query = {"location_id": location, "timestamp": str(at), **dict.fromkeys(EMPTY, "")}
                query["hmac"] = fortis.launch_hmac(location, str(at), secret=secret)
                paths.append("/fortis/launch?" + urlencode(query))
        Random(1).shuffle(paths)
        file, used = Path(folder) / "paths", count()
        file.write_text("\n".join(paths))
        address, end = served_bare({"/fortis/launch": launch})

        def rate(url: str) -> float:
            script = Path(folder) / "script.lua"
            script.write_text(LUA.format(file=file, first=next(used) // 2 * 9_000))
            command = ["wrk", "-t1", "-c16", "-d2s", "-s", script, url]
            printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
            assert "Non-2xx" not in printed, printed
            return float(printed.partition("Requests/sec:")[2].split()[0])

        compared(
            f"{name}: served launch, to a bare handler in the same threads",
            lambda: rate(origin),
            lambda: rate(address),
        )
        end()


# --- workers --------------------------------------------------------------------------------------


def workers() -> None:
    """Compare the health checks that two workers on PostgreSQL answer with those of one, in turns."""
    with ExitStack() as stack:
        url = stack.enter_context(running("fsync=on")).empty()
        sock = listen()
        environment = {**os.environ, "HANDSHAKES_STORE_KEYS": KEY}
        checks = []
        for number in (2, 1):
            with socket_free() as port:
                pass
            process = subprocess.Popen(
                [COMMAND, "serve", "officernd", "--only", "partner", "--workers", str(number), "--store", url,
                 "--port", str(port), "--set", f"platform_url={origin_of(sock)}"],
                env=environment, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            stack.callback(process.wait)
            stack.callback(process.terminate)
            checks.append(f"http://127.0.0.1:{port}")
        world = World(lambda: int(time.time()), os.urandom, MemoryStore(), {}, origin_of(sock), checks[0])
        platform = officernd_demo.sides(world).platform
        network = stack.enter_context(Loopback(platform, sockets={platform.name: sock}))
        integration = next(iter(platform.integrations))
        for origin in checks:  # each serves when it answers
            until = time.monotonic() + 120
            while not answers(origin):
                assert time.monotonic() < until, "it does not begin"
                time.sleep(0.2)
        network.run(Browser().open(platform.connect_url(integration)))
        assert platform.integrations[integration].state == "connected"
        first = platform.healthcheck_url(integration)
        other = first.replace(checks[0], checks[1])
        compared(
            "two workers on PostgreSQL, to one: health checks",
            lambda: wrk(first, 3, 64),
            lambda: wrk(other, 3, 64),
            "1.25",
        )


def answers(origin: str) -> bool:
    """Return whether somebody answers at an origin."""
    try:
        return requests.get(origin + "/officernd/healthcheck", timeout=30).status_code == 401
    except requests.ConnectionError:
        return False


@contextmanager
def socket_free() -> Iterator[int]:
    """Give a port that is free."""
    with listen() as sock:
        yield sock.getsockname()[1]


if __name__ == "__main__":
    asyncio.set_event_loop_policy(None)
    parts = {"pages": pages, "flat": flat, "bare": bare, "workers": workers}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*parts, []], default=[])
    for part in parser.parse_args().parts or parts:
        parts[part]()
