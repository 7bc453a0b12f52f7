"""A stranger in a process of its own, and the served platform in front of it."""

from __future__ import annotations

import os
import re
import subprocess
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


def program(platform: str) -> list[str]:
    """Return the command that starts a platform's stranger."""
    found = next(FOLDER.glob(f"{platform}.*"))
    return [tool("node" if found.suffix == ".mjs" else "php"), str(found)]


def bugs(platform: str) -> dict[str, str]:
    """Return the mistakes that a stranger can make on purpose, and the clause that each breaks, as its table has them."""
    text = next(FOLDER.glob(f"{platform}.*")).read_text()
    return dict(re.findall(rf'^ +"([a-z-]+)" ?(?::|=>) "({platform}:[a-z.-]+)",$', text, re.MULTILINE))


class Stranger:
    """A stranger's process: it prints its address when it listens, and a line for each refusal."""

    def __init__(self, platform: str, environment: Mapping[str, str], log: Path) -> None:
        self.command, self.environment, self.log = program(platform), environment, log
        self.port = 0
        self.start()

    def start(self) -> None:
        """Start the process, on the port that it had before."""
        given = {**os.environ, **self.environment, "PORT": str(self.port)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, env=given, stdout=subprocess.PIPE, stderr=log)
        assert self.process.stdout
        line = self.process.stdout.readline().decode()
        found = re.search(r"listening on (http://127\.0\.0\.1:([0-9]+))", line)
        assert found, (line, self.log.read_text())
        self.url, self.port = found[1], int(found[2])

    def stop(self) -> None:
        """End this process, and no other."""
        self.process.terminate()
        self.process.wait(60)
        assert self.process.stdout
        self.process.stdout.close()

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
    known = {**environment, "PLATFORM": origin_of(sock)}
    with Stranger(platform, known, log) as stranger:
        origins = tuple(map(origin_of, traps))
        clock = lambda: int(time.time())  # noqa: E731
        world = World(clock, os.urandom, MemoryStore(), settings(stranger.url), origin_of(sock), "", origins)
        role = tools.sides(world).platform
        with Loopback(role, sockets={role.name: sock}, traps={role.name: traps}) as network:
            found: list[Finding] = network.run(examine(role, stranger), role.name)
            return found
