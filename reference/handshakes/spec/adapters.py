"""Adapters: programs in any language that answer vectors, one JSON object a line in, one a line out.

An exchange is one line to the program and one line back. A program that hangs, dies, answers another
id, writes something that is not a JSON object, or writes without being asked has broken the exchange, and is
reported as such (`Broken`): what it would have answered is then unknown, not wrong.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, cast

from ..core.printing import duration
from .code import Data
from .vectors import BadFile, json_value

MOST_LINE = 1_048_576


class Broken(Exception):
    """An adapter did not keep to the exchange; `kind` is one word, the text says what happened."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class Adapter:
    """A program that was started, and is asked line by line. Each answer may take `timeout` seconds."""

    def __init__(self, command: Sequence[str], *, timeout: float = 10.0) -> None:
        self.timeout = timeout
        self._kept = b""
        try:
            self._process = subprocess.Popen(  # noqa: S603  the command is the user's own
                list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise Broken("not-started", f"{command[0]!r} cannot be started: {reason}") from None
        self._in = cast("IO[bytes]", self._process.stdin)
        self._out = cast("IO[bytes]", self._process.stdout)

    def __enter__(self) -> Adapter:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def ask(self, question: Data) -> Data:
        """Send a question and return its answer. Raises `Broken`."""
        self._asked()
        id = str(question["id"])
        self._send(json.dumps(question).encode() + b"\n", id)
        line = self._line(id)
        try:
            answer = json_value(line.decode("utf-8"), "answer")
        except UnicodeDecodeError:
            message = f"after {id} it wrote something that is not UTF-8: {_start(line)}"
            raise Broken("garbage", message) from None
        except BadFile as bad:
            raise Broken("garbage", f"after {id} it wrote {_start(line)}: {bad.reason}") from None
        if not isinstance(answer, dict):
            raise Broken("garbage", f"after {id} it wrote JSON that is not an object: {_start(line)}")
        if answer.get("id") != question["id"]:
            raise Broken("out-of-order", f"asked for {id}, it answered {str(answer.get('id'))[:120]!r}")
        return answer

    def finish(self) -> None:
        """Say that nothing more comes, and wait for the end. Raises `Broken` when it goes on writing or does not end."""
        self._asked()
        with suppress(OSError):
            self._in.close()
        if not self._readable(self.timeout):
            raise Broken("hangs", f"it did not end within {duration(self.timeout)} after its last question")
        if os.read(self._out.fileno(), 1):
            raise Broken("floods", "it went on writing after its last answer")

    def stop(self) -> None:
        """End the program, politely first."""
        for pipe in (self._in, self._out):
            with suppress(OSError):
                pipe.close()
        try:
            self._process.wait(0.2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _readable(self, seconds: float) -> bool:
        return bool(select.select([self._out], [], [], max(0.0, seconds))[0])

    def _asked(self) -> None:
        """Raise `Broken` where it wrote before it was asked; an end of the stream means that it died."""
        if self._kept or self._readable(0):
            if more := self._kept or os.read(self._out.fileno(), 65_536):
                raise Broken("floods", f"it wrote without being asked: {_start(more)}")
            raise Broken("died", f"it ended before the next question, with exit code {self._ended()}")

    def _send(self, line: bytes, id: str) -> None:
        until = time.monotonic() + self.timeout
        descriptor = self._in.fileno()
        os.set_blocking(descriptor, False)
        while line:
            left = until - time.monotonic()
            if left <= 0 or not select.select([], [descriptor], [], left)[1]:
                raise Broken("hangs", f"it did not read {id} within {duration(self.timeout)}")
            try:
                line = line[os.write(descriptor, line) :]
            except OSError:
                raise Broken("died", f"it ended before {id}, with exit code {self._ended()}") from None

    def _line(self, id: str) -> bytes:
        """Return one line of at most `MOST_LINE` bytes; what comes after it is kept."""
        until = time.monotonic() + self.timeout
        found = self._kept
        while b"\n" not in found:
            if len(found) > MOST_LINE:
                message = f"after {id} it wrote more than {MOST_LINE} bytes without an end of line"
                raise Broken("floods", message)
            if not self._readable(until - time.monotonic()):
                raise Broken("hangs", f"it did not answer {id} within {duration(self.timeout)}")
            more = os.read(self._out.fileno(), 65_536)
            if not more:
                raise Broken("died", f"it ended without an answer to {id}, with exit code {self._ended()}")
            found += more
        line, _, self._kept = found.partition(b"\n")
        return line

    def _ended(self) -> str:
        try:
            return str(self._process.wait(0.5))
        except subprocess.TimeoutExpired:
            return "none: it closed its output and runs on"


def _start(text: bytes) -> str:
    return ascii(text[:80].decode("utf-8", "replace"))
