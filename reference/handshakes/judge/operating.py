"""What a profile lets the judge do with a partner: start it, start it anew, let it work, read its log."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from ..core.messages import Response, Step
from ..runtime.story import Operator
from ..runtime.verdicts import Fault, Finding, Refuses
from .profile import Profile

MOST_LOG = 200_000
"""Bytes of a log that are read for one case."""


class NotStarted(Exception):
    """The partner does not answer, or its command cannot be run: `args[0]` says so."""


def filled(words: Sequence[str], given: Mapping[str, str]) -> list[str]:
    """Return words with the names in braces filled in, and nothing else changed.

    >>> filled(["node", "{platform}/x", "{other}"], {"platform": "http://127.0.0.1:8701"})
    ['node', 'http://127.0.0.1:8701/x', '{other}']
    """
    return [re.sub(r"\{(\w+)\}", lambda found: given.get(found[1], found[0]), word) for word in words]


def listens(origin: str) -> bool:
    """Return whether somebody takes connections at an origin."""
    parts = urlsplit(origin)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=2).close()
    except OSError:
        return False
    return True


@contextmanager
def running(profile: Profile, given: Mapping[str, str], folder: Path, origin: str) -> Iterator[None]:
    """Run the profile's command, if it has one, until the end; return once somebody listens at the partner's address."""
    if profile.command and listens(origin):
        raise NotStarted(f"another program listens at {origin} already, before the command was started")
    process = _started(profile, given, folder) if profile.command else None
    try:
        until = time.monotonic() + max(profile.patience_seconds, 1)
        while not listens(origin):
            if process and process.poll() is not None:
                raise NotStarted(
                    f"the command ended with status {process.returncode} before {origin} answered"
                )
            if time.monotonic() > until:
                raise NotStarted(f"nobody listens at {origin}")
            time.sleep(0.05)
        yield
    finally:
        if process:
            _ended(process)


def _started(profile: Profile, given: Mapping[str, str], folder: Path) -> subprocess.Popen[bytes]:
    names = list(profile.environment)
    values = filled([*profile.environment.values()], given)
    words, path = filled(profile.command, given), folder / (profile.output or os.devnull)
    try:
        output = path.open("wb")
    except OSError as error:
        raise NotStarted(f"the output of the command cannot be written to {path}: {error.strerror}") from None
    with output:
        try:
            return subprocess.Popen(  # noqa: S603  (the profile's own words, no shell)
                words, cwd=folder, env={**os.environ, **dict(zip(names, values, strict=True))},
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise NotStarted(f"the command {words[0]} cannot be run: {error.strerror}") from None


def _ended(process: subprocess.Popen[bytes]) -> None:
    """End the command and what it started, and nothing else."""
    for one in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, one)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
            return


def operator_of(profile: Profile, given: Mapping[str, str], folder: Path, origin: str) -> Operator:
    """Return what the profile's commands and patterns let the partner's operator do and tell."""

    def run(name: str, words: Sequence[str], **more: str) -> None:
        try:
            subprocess.run(  # noqa: S603  (the profile's own words, no shell)
                filled(words, {**given, **more}), cwd=folder, timeout=60, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            pass
        except OSError as error:  # a partner must not pass by a step that nobody took
            raise NotStarted(f"operator.{name}, {words[0]}, cannot be run: {error.strerror}") from None

    def restart() -> None:
        run("restart", profile.restart)
        until = time.monotonic() + profile.patience_seconds
        while not listens(origin) and time.monotonic() < until:
            time.sleep(0.05)

    def work(*customer: str) -> Step[None]:
        yield from ()
        run("work", profile.work, customer=" ".join(customer))

    def rescope() -> Step[None]:
        yield from ()
        run("rescope", profile.rescope)

    def signed_in(page: Response) -> str:
        found = re.search(profile.signed_in, page.body.decode("utf-8", "replace"))
        return found[1] if found else ""

    def offers_oauth(page: Response) -> bool:
        return re.search(profile.offers_oauth, page.body.decode("utf-8", "replace")) is not None

    return Operator(
        restart=restart if profile.restart else None, work=work if profile.work else None,
        rescope=rescope if profile.rescope else None, signed_in=signed_in if profile.signed_in else None,
        offers_oauth=offers_oauth if profile.offers_oauth else None,
    )  # fmt: skip


class Log:
    """The partner's log, read on from where it was read before: which reason it gave for the last refusal."""

    def __init__(self, path: Path, pattern: str, words: Mapping[str, str]) -> None:
        self.path, self.pattern, self.words = path, re.compile(pattern), words
        self._read = self._size()
        self._case: Fault | None = None
        self._said: list[str] = []

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def begin(self, case: Fault | None) -> None:
        """Leave out what was logged until now, where another case begins."""
        if case is not self._case:
            self._case, self._read, self._said = case, self._size(), []

    def reasons(self) -> list[str]:
        """Return the reasons that were logged since the last time, in this guide's words."""
        size, start = self._size(), self._read
        self._read = size
        if size <= start:
            return []
        with suppress(OSError), self.path.open("rb") as log:
            log.seek(max(start, size - MOST_LOG))
            text = log.read(MOST_LOG).decode("utf-8", "replace")
            found = [one[1] if one.re.groups else one[0] for one in self.pattern.finditer(text)]
            return [self.words.get(one, one) for one in found]
        return []

    def finding(self, case: Fault | None) -> Finding | None:
        """Return what the log says about a case that had to be refused, if it had to."""
        self._said += self.reasons()
        reasons = self._said
        if case is None or not isinstance(case.expected, Refuses):
            return None
        expected, detail = case.expected.reason, f"{case.name}: the log says "
        if not reasons:
            return Finding(case.clause, None, detail + "nothing")
        held = expected in reasons or case.expected.other in reasons
        return Finding(case.clause, held, f"{detail}{reasons[-1]}, and {expected} is expected")
