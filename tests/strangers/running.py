"""A stranger in a process of its own: how it is started, what it can get wrong, and what it writes."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

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
    """A stranger's process. What it prints goes to a file: its address, and a line for each refusal."""

    def __init__(self, platform: str, environment: Mapping[str, str], log: Path) -> None:
        self.platform, self.environment, self.log = platform, environment, log
        self.port = 0
        self.start()

    def start(self) -> None:
        """Start the process, on the port that it had before; return once it says that it listens."""
        log = self.log.open("ab")
        start = log.tell()
        with log:
            self.process = subprocess.Popen(
                program(self.platform, self.port),
                env={**os.environ, **self.environment, "PORT": str(self.port)},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        until = time.monotonic() + 60
        while not (found := re.search(rb"http://127\.0\.0\.1:([0-9]+)", self.log.read_bytes()[start:])):
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise AssertionError(f"it does not listen: {self.log.read_text()}")
            time.sleep(0.01)
        self.url, self.port = found[0].decode(), int(found[1])

    def stop(self) -> None:
        """End this process, and no other."""
        self.process.terminate()
        self.process.wait(60)

    def restart(self) -> None:
        """Start anew: what is not in its file is forgotten."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
