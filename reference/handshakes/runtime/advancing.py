"""Advancing steps off the event loop, where a database may keep them waiting.

A hand-over to a thread and back costs as much as a small answer. So one thread advances all the steps that are
due and hands them back together. Where it is kept waiting, each step that is left gets a thread of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

Move = Callable[[], Any]
Moved = tuple[bool, Any]

PERIOD = 0.01
"""Seconds after which the one thread is looked at, again and again while it has steps to advance."""
FEW = 5
"""A thread that advanced fewer steps in a period was kept waiting."""


@dataclass(slots=True)
class _Run:
    """What one thread advances, and how many steps it has advanced."""

    due: deque[tuple[asyncio.Future[Moved], Move]] = field(default_factory=deque)
    count: int = 0


class Steps:
    """The steps of one server; its event loop calls every method except `_advance`, which runs in threads."""

    def __init__(self, name: str, most: int) -> None:
        self._threads = ThreadPoolExecutor(most, thread_name_prefix=name)
        self._ended: deque[tuple[asyncio.Future[Moved], Moved | BaseException]] = deque()
        self._run = _Run()
        self._watch: asyncio.TimerHandle | None = None

    def advance(self, move: Move) -> asyncio.Future[Moved]:
        """Advance a step in a thread; the future has what `moved` returns."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Moved] = loop.create_future()
        self._run.due.append((future, move))
        if self._watch is None:
            self._start(loop)
        return future

    def close(self) -> None:
        """Start no more threads; a step that still waits is left to its own."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._threads.submit(self._advance, loop, self._run)
        self._watch = loop.call_later(PERIOD, self._look, loop, self._run.count)

    def _advance(self, loop: asyncio.AbstractEventLoop, run: _Run) -> None:
        with suppress(IndexError):  # nothing is left, or the loop gave it to other threads
            while True:
                future, move = run.due.popleft()
                try:
                    self._ended.append((future, moved(move)))
                except BaseException as error:
                    self._ended.append((future, error))
                run.count += 1
        with suppress(RuntimeError):  # the server has stopped, and nobody waits for it
            loop.call_soon_threadsafe(self._hand_back, loop, run)

    def _hand_back(self, loop: asyncio.AbstractEventLoop, run: _Run | None = None) -> None:
        """Hand back what has ended; where a run has, let the next begin if more became due meanwhile."""
        while self._ended:
            future, result = self._ended.popleft()
            if future.done():  # cancelled: the server stops
                continue
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)
        if run is self._run and self._watch:
            self._watch.cancel()
            self._watch = None
            if run.due:
                self._start(loop)

    def _look(self, loop: asyncio.AbstractEventLoop, before: int) -> None:
        """See whether the one thread is kept waiting; if so, the steps behind wait for it no longer."""
        self._hand_back(loop)
        run = self._run
        if run.count - before >= FEW:
            self._watch = loop.call_later(PERIOD, self._look, loop, run.count)
            return
        self._run, self._watch = _Run(), None
        with suppress(IndexError):
            while True:
                self._threads.submit(self._advance, loop, _Run(deque([run.due.popleft()])))


def moved(move: Move) -> Moved:
    """Advance a step; return whether it has ended, since a thread cannot hand on a `StopIteration`.

    >>> step = iter([1])
    >>> moved(lambda: next(step)), moved(lambda: next(step))
    ((False, 1), (True, None))
    """
    try:
        return False, move()
    except StopIteration as stop:
        return True, stop.value
