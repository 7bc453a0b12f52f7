"""Programs that answer questions line by line, kept running and fed in batches."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Self

from handshakes.core.refusals import Refused
from handshakes.platforms import PLATFORMS


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

    def begin(self, asked: Sequence[Any]) -> None:
        """Send a batch, while the answers are read elsewhere."""
        self._asked = len(asked)
        lines = "".join(json.dumps(one) + "\n" for one in asked).encode()
        self._writing = threading.Thread(target=self._write, args=(lines,))
        self._writing.start()

    def _write(self, lines: bytes) -> None:
        with suppress(BrokenPipeError):  # whoever reads the answers says so
            self._process.stdin.write(lines)
            self._process.stdin.flush()

    def answers(self) -> list[Any]:
        """Return the answers to the batch."""
        found = []
        for _ in range(self._asked):
            line = self._process.stdout.readline()
            assert line, f"{self.name} ended before its answer"
            found.append(json.loads(line))
        self._writing.join()
        return found


def ours(platform: str, question: dict[str, Any]) -> dict[str, Any]:
    """Return the package's own answer to a question."""
    try:
        operation = PLATFORMS[platform].code().operations[question["operation"]]
        return {"verdict": "accepted", "returns": operation.run(question["given"], question["input"], None)}
    except Refused as refused:
        return {"verdict": "refused", "reason": refused.reason}
