"""A stranger in a process of its own, and the served platform in front of it."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from handshakes.platforms import PLATFORMS
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from handshakes.runtime.verdicts import Finding
from tests.oracles import tool

FOLDER = Path(__file__).parent


def program(platform: str, port: int) -> list[str]:
    """Return the command that starts a platform's stranger; port 0 is any free one."""
    found = next(FOLDER.glob(f"{platform}.*"))
    if found.suffix == ".mjs":
        return [tool("node"), str(found)]
    return [tool("php"), "-d", "enable_post_data_reading=0", "-S", f"127.0.0.1:{port}", str(found)]


def bugs(platform: str) -> dict[str, set[str]]:
    """Return the mistakes that a stranger can make on purpose, and what each breaks, as its table has them."""
    text = next(FOLDER.glob(f"{platform}.*")).read_text()
    table = re.findall(rf'^ +"([a-z-]+)"(?:: | => )"({platform}:[^"]+)",', text, re.MULTILINE)
    return {bug: set(clauses.split()) for bug, clauses in table}


class Stranger:
    """A stranger's process: it prints its address when it listens, and a line for each refusal."""

    def __init__(self, platform: str, environment: Mapping[str, str], log: Path) -> None:
        self.platform, self.environment, self.log = platform, environment, log
        self.port = 0
        self.start()

    def start(self) -> None:
        """Start the process, on the port that it had before."""
        given = {**os.environ, **self.environment, "PORT": str(self.port)}
        command = program(self.platform, self.port)
        self.process = subprocess.Popen(command, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._listening = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        if not self._listening.wait(60) or not self.port:
            self.stop()
            raise AssertionError(f"it does not listen: {self.log.read_text()}")

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines, self.log.open("ab", buffering=0) as log:
            for line in lines:
                log.write(line)
                found = re.search(rb"http://127\.0\.0\.1:([0-9]+)", line)
                if found and not self._listening.is_set():
                    self.port, self.url = int(found[1]), found[0].decode()
                    self._listening.set()
        self._listening.set()

    def stop(self) -> None:
        """End this process, and no other."""
        self.process.terminate()
        self.process.wait(60)
        self._reader.join(60)

    def restart(self) -> None:
        """Start anew: what is not in its file is forgotten."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def examined(
    platform: str,
    environment: Mapping[str, str],
    settings: Callable[[str], dict[str, str]],
    examine: Callable[[Any, Stranger], Any],
    log: Path,
) -> list[Finding]:
    """Start a stranger and a platform that knows it; return what the platform's examination finds."""
    tools, sock, traps = PLATFORMS[platform].tools(), listen(), [listen(), listen()]
    known = {**environment, "PLATFORM": origin_of(sock), "OTHERS": origin_of(traps[1])}
    with Stranger(platform, known, log) as stranger:
        origins = tuple(map(origin_of, traps))
        clock = lambda: int(time.time())  # noqa: E731
        world = World(clock, os.urandom, MemoryStore(), settings(stranger.url), origin_of(sock), "", origins)
        role = tools.sides(world).platform
        with Loopback(role, sockets={role.name: sock}, traps={role.name: traps}) as network:
            found: list[Finding] = network.run(examine(role, stranger), role.name)
            return found
