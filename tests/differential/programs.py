"""Programs that answer questions line by line, kept running and fed in batches."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, Self

from handshakes.core.refusals import Refused
from handshakes.platforms import PLATFORMS
from handshakes.spec.code import Operation


class Program:
    """A program that runs until it is left; it answers each line of JSON with one."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self._process = subprocess.Popen(list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(60)

    def begin(self, asked: Sequence[bytes]) -> None:
        """Send a batch of lines, and read the answers, so that no pipe is ever full while the package answers."""
        self._asked, self._lines = len(asked), list[bytes]()
        self._busy = [
            threading.Thread(target=self._write, args=(asked,)),
            threading.Thread(target=self._read),
        ]
        for thread in self._busy:
            thread.start()

    def _write(self, asked: Sequence[bytes]) -> None:
        with suppress(BrokenPipeError):  # whoever reads the answers says so
            self._process.stdin.write(b"".join(asked))
            self._process.stdin.flush()

    def _read(self) -> None:
        while len(self._lines) < self._asked and (line := self._process.stdout.readline()):
            self._lines.append(line)

    def answers(self) -> list[Any]:
        """Return the answers to the batch."""
        for thread in self._busy:
            thread.join()
        assert len(self._lines) == self._asked, f"{self.name} ended before its answer"
        return [json.loads(line) for line in self._lines]


def lines(asked: Iterable[Any]) -> list[bytes]:
    """Return questions as the lines that a program reads."""
    return [json.dumps(one).encode() + b"\n" for one in asked]


@cache
def operations(platform: str) -> Mapping[str, Operation]:
    """Return the operations of a platform, looked up once."""
    return PLATFORMS[platform].code().operations


def ours(platform: str, question: dict[str, Any]) -> dict[str, Any]:
    """Return the package's own answer to a question."""
    try:
        operation = operations(platform)[question["operation"]]
        return {"verdict": "accepted", "returns": operation.run(question["given"], question["input"], None)}
    except Refused as refused:
        return {"verdict": "refused", "reason": refused.reason}
