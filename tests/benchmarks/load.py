"""All four platforms' both sides under wrk, with 200 slow clients beside: errors, the slowest of a hundred answers, memory.

`python tests/benchmarks/load.py [--seconds 600] [--slow 200]`. One process serves all, as `handshakes serve` does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent))

from harness import row
from memory import KINDS, Served

from handshakes.platforms import PLATFORMS
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.sql_store import open_store
from handshakes.runtime.story import World
from handshakes.runtime.watching import Kept, Watched

ASKED = {
    "officernd": ("partner, health check", "platform, API"),
    "retailcrm": ("partner, configuration", "platform, API"),
    "onoffice": ("partner, activation page", "platform, API"),
    "fortis": ("partner, postback", "platform, users/me"),
}
"""What is sent of `memory.py`'s kinds: one to each side, and each is answered in the 200s."""
FREE = {"retailcrm": {"rate": "0"}}
"""Settings: without RetailCRM's limit of ten requests a second."""
ROUND = 20
"""Seconds after which every request is made anew: a signature holds for some minutes only."""
LUA = "wrk.method = {method}\nwrk.body = {body}\nwrk.path = {path}\n"


def served() -> None:
    """Serve everything; for each line that is read, print one request of each kind, and the memory that this process holds."""
    with ExitStack() as stack:
        makers = {}
        for name, kinds in ASKED.items():
            store = open_store(Path(stack.enter_context(tempfile.TemporaryDirectory())), {})
            stack.callback(store.close)
            sockets = [listen(), listen()]
            clock = lambda: int(time.time())  # noqa: E731
            sides = (
                PLATFORMS[name]
                .tools()
                .sides(World(clock, os.urandom, store, FREE.get(name, {}), *map(origin_of, sockets)))
            )
            kept = Kept(clock)
            roles = Watched(sides.platform, kept), Watched(sides.partner, kept)
            named = {role.name: sock for role, sock in zip(roles, sockets, strict=True)}
            network = stack.enter_context(Loopback(*roles, sockets=named, keep=500))
            all_kinds = KINDS[name](Served(sides, network, store))
            makers |= {f"{name}, {kind}": all_kinds[kind] for kind in kinds}
        for _ in sys.stdin:
            made = {kind: make() for kind, make in makers.items()}
            requests = {
                kind: [one.method, one.origin, one.target, dict(one.headers), one.body.decode()]
                for kind, one in made.items()
            }
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            print(json.dumps([requests, pages * os.sysconf("SC_PAGE_SIZE") / 2**20]), flush=True)


def loaded(request: list[Any], seconds: int, script: Path) -> tuple[int, int, float]:
    """Send a request as often as it goes; return how many answers came, how many errors, and the 99th percentile in ms."""
    method, origin, target, headers, body = request
    quoted = {name: json.dumps(text) for name, text in (("method", method), ("body", body), ("path", target))}
    script.write_text(LUA.format(**quoted))
    more = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = [
        "wrk",
        "-t1",
        "-c4",
        f"-d{seconds}s",
        "--timeout",
        "30s",
        "--latency",
        "-s",
        str(script),
        *more,
        origin,
    ]
    printed = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=seconds + 120
    ).stdout
    number, unit = re.search(r"99%\s+([0-9.]+)(us|ms|s|m)", printed).groups()
    wrong = [
        int(found)
        for found in re.findall(r"(?:connect|read|write|timeout) (\d+)|Non-2xx.*: (\d+)", printed)
        for found in found
        if found
    ]
    scale = {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}[unit]
    return int(re.search(r"(\d+) requests in", printed)[1]), sum(wrong), float(number) * scale


async def slowly(ports: list[int], number: int) -> None:
    """Be so many clients that send a byte of a head each second and begin again when they are cut off; say how each was."""

    async def one(port: int) -> None:
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                for byte in b"GET / HTTP/1.1\r\nX-Slow: " + b"x" * 3_600:
                    writer.write(bytes([byte]))
                    with suppress(TimeoutError):
                        said = await asyncio.wait_for(reader.read(100), 1)
                        print(said[9:12].decode() or "closed", flush=True)
                        break
                writer.close()
            await asyncio.sleep(0.1)

    await asyncio.gather(*(one(ports[at % len(ports)]) for at in range(number)))


def run(seconds: int, slow: int) -> int:
    """Measure; return how many errors there were."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))

        def started(*words: str, out: Any = subprocess.PIPE) -> subprocess.Popen[bytes]:
            process = subprocess.Popen([sys.executable, __file__, *words], stdin=subprocess.PIPE, stdout=out)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        def fresh() -> tuple[dict[str, list[Any]], float]:
            server.stdin.write(b"more\n")
            server.stdin.flush()
            return json.loads(server.stdout.readline())

        server = started("--serve")
        requests, _ = fresh()
        ports = sorted({urlsplit(one[1]).port for one in requests.values()})
        heard = stack.enter_context((folder / "crowd").open("w+"))
        crowd = started("--crowd", str(slow), *map(str, ports), out=heard)
        totals: dict[str, list[tuple[int, int, float]]] = {kind: [] for kind in requests}
        memory, end = [], time.monotonic() + seconds
        with ThreadPoolExecutor(len(requests)) as pool:
            while time.monotonic() < end:
                requests, _ = fresh()
                running = {
                    kind: pool.submit(loaded, one, ROUND, folder / f"{at}.lua")
                    for at, (kind, one) in enumerate(requests.items())
                }
                for kind, answer in running.items():
                    totals[kind].append(answer.result())
                memory.append(fresh()[1])
        assert crowd.poll() is None, "the slow clients were there to the end"
        cut = Counter((folder / "crowd").read_text().split())
        row(
            f"{slow} slow clients, by the answer",
            ", ".join(f"{n} of {status}" for status, n in cut.items()),
            "408",
        )
        errors = 0
        for kind, rounds in totals.items():
            answers, wrong = (sum(one[at] for one in rounds) for at in (0, 1))
            slowest = sorted(one[2] for one in rounds)
            errors += wrong
            said = f"{answers} answers, {wrong} errors, p99 {slowest[len(slowest) // 2]:.0f} ms, at most {slowest[-1]:.0f} ms"
            row(kind, said, "no error")
        said = f"{memory[0]:.0f} MiB after {ROUND} s, {memory[len(memory) // 2]:.0f} in the middle, {memory[-1]:.0f} at the end"
        row(f"memory, with {slow} slow clients, {len(memory) * ROUND} s", said, "bounded")
    return errors


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--slow", type=int, default=200)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--crowd", nargs="+", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        served()
    elif given.crowd:
        asyncio.run(slowly(given.crowd[1:], given.crowd[0]))
    else:
        sys.exit(min(1, run(given.seconds, given.slow)))
