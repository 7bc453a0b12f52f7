"""Several processes of one served partner: they share its port and its database, and one that dies is replaced.

The first process does nothing but watch the others, so that it can fork at any time: it has no threads. Each worker
has a socket of its own at the port, and the kernel spreads connections over them: from one socket, whoever is awake
takes a whole burst. The first process holds them all, so connections to a dead worker wait for the one that follows.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from typing import NamedTuple

import typer

from .common import err, fail
from .ending import ended_by_signals

MOST_WORKERS = 64
MOST_DEATHS, WITHIN = 5, 60.0
"""So many workers may die in so many seconds; with more there is something wrong that a new one does not cure."""
PATIENCE = 20.0
"""Seconds that workers have to end by themselves."""


class Worker(NamedTuple):
    """Who a process is: its number among the workers, 0 where there are none; the process to end; whether it says what is served."""

    number: int
    leader: int
    first: bool


def forked(number: int, sockets: dict[str, socket.socket]) -> Worker:
    """Return in each of so many new processes, with sockets of its own; the one that calls it stays until they have ended.

    With one alone, it is the process itself. Ends with the exit code of a worker that could not begin.
    """
    leader = os.getpid()
    if number == 1:
        return Worker(0, leader, True)
    if not hasattr(os, "fork") or not hasattr(socket, "SO_REUSEPORT"):
        fail("--workers needs a system that can fork processes and share ports, as Linux does")
    spread = {name: _spread(sock, number) for name, sock in sockets.items()}
    alive, held = os.pipe()  # its writing end is closed when the first process ends, however it ends
    running: dict[int, int] = {}
    deaths: deque[float] = deque(maxlen=MOST_DEATHS)
    code = 0
    with suppress(KeyboardInterrupt), ended_by_signals():
        for place in range(1, number + 1):
            if worker := _begun(place, running, alive, held, first=place == 1):
                sockets.update({name: own[place - 1] for name, own in spread.items()})
                return worker
        while not code:
            process, status = os.wait()
            place, how = running.pop(process), os.waitstatus_to_exitcode(status)
            said = f"signal {-how}" if how < 0 else f"exit code {how}"
            if how == 2 or (len(deaths) == MOST_DEATHS and time.monotonic() - deaths[0] < WITHIN):
                err.print(f"handshakes: worker {place} ended ({said}), and so do the others", markup=False)
                code = how if how > 0 else 1
                break
            deaths.append(time.monotonic())
            err.print(f"handshakes: worker {place} ended ({said}); another one begins", markup=False)
            if worker := _begun(place, running, alive, held):
                sockets.update({name: own[place - 1] for name, own in spread.items()})
                return worker
    _ended(running)
    raise typer.Exit(code)


def _spread(sock: socket.socket, number: int) -> list[socket.socket]:
    """Return so many sockets at the port of one that is closed; that it could be bound alone says that the port was free."""
    from ..runtime.server import listen

    address, port = sock.getsockname()
    sock.close()
    try:
        return [listen(port, address, shared=True) for _ in range(number)]
    except OSError as error:
        fail(f"port {port} cannot be shared: {error.strerror}")


def _begun(
    place: int, running: dict[int, int], alive: int, held: int, *, first: bool = False
) -> Worker | None:
    """Fork a worker and note it; return it in the new process, and None in this one."""
    leader = os.getpid()
    sys.stdout.flush()
    if process := os.fork():
        running[process] = place
        return None
    os.close(held)
    threading.Thread(target=_ends_with, args=(alive,), daemon=True).start()
    return Worker(place, leader, first)


def _ends_with(alive: int) -> None:
    """End this process when the first one has ended: nobody would replace or end it any more."""
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _ended(running: dict[int, int]) -> None:
    """End the workers that still run; those that do not end by themselves are killed."""
    for process in running:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)
    late = time.monotonic() + PATIENCE
    while running:
        process, _ = os.waitpid(-1, os.WNOHANG)
        running.pop(process, None)
        if running and not process:
            time.sleep(0.02)
            if time.monotonic() > late:
                for process in running:
                    os.kill(process, signal.SIGKILL)
                late += PATIENCE
