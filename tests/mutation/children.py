"""Work in forked children, some at once: what each found, or how it died."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

KILLED, SILENT, INCONCLUSIVE = "killed", "silent", "inconclusive"
MEMORY = 8 << 30
WAIT = 600
"""After this many seconds a child that only waits ends; CPU time is limited by the task, whatever the machine's load."""


class Verdict(NamedTuple):
    """How a mutant ended: killed by a test, silent (all passed), or inconclusive, with what happened."""

    end: str
    by: str = ""


class Task(NamedTuple):
    """What one child does: it returns which test failed, or None. `seconds` is its limit of CPU time."""

    key: Any
    work: Callable[[], str | None]
    seconds: int


def judged(tasks: Iterable[Task], jobs: int) -> Iterator[tuple[Any, Verdict]]:
    """Run tasks in children, up to `jobs` at once, and return how each ended, as they end."""
    running: dict[int, tuple[Any, int]] = {}
    waiting = iter(tasks)
    task = next(waiting, None)
    while running or task:
        if task and len(running) < jobs:
            pid, reader = _started(task)
            running[pid] = task.key, reader
            task = next(waiting, None)
            continue
        pid, status = os.wait()
        if pid in running:
            key, reader = running.pop(pid)
            with os.fdopen(reader, "rb") as file:
                yield key, _verdict(status, file.read().decode("utf-8", "replace"))


def _started(task: Task) -> tuple[int, int]:
    reader, writer = os.pipe()
    if pid := os.fork():
        os.close(writer)
        return pid, reader
    status = 1
    try:
        os.close(reader)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        resource.setrlimit(resource.RLIMIT_CPU, (task.seconds, task.seconds + 5))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.alarm(WAIT)
        test = task.work()
        os.write(writer, f"{SILENT if test is None else KILLED} {test or ''}".encode()[:4_000])
        status = 0
    except BaseException as error:
        os.write(writer, f"{INCONCLUSIVE} {type(error).__name__}: {error}".encode("utf-8", "replace")[:4_000])
    finally:
        os._exit(status)


def _verdict(status: int, text: str) -> Verdict:
    if os.WIFSIGNALED(status):
        return Verdict(INCONCLUSIVE, signal.Signals(os.WTERMSIG(status)).name)
    end, _, by = text.partition(" ")
    if end not in (KILLED, SILENT, INCONCLUSIVE):
        return Verdict(INCONCLUSIVE, f"exit status {os.WEXITSTATUS(status)}")
    return Verdict(end, by)
