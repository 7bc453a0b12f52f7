"""Ending a command by a signal as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let TERM and HUP end the command as Ctrl-C does, so that servers and temporary files are cleaned up.

    A signal that is ignored from the start, as HUP is under `nohup`, stays ignored.
    """

    def end(number: int, frame: object) -> NoReturn:
        for one in earlier:
            signal.signal(one, signal.SIG_IGN)  # a second one must not interrupt the cleaning up
        raise KeyboardInterrupt

    names = ("SIGTERM", "SIGHUP") if threading.current_thread() is threading.main_thread() else ()
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]  # Windows has no HUP
    earlier = {one: signal.getsignal(one) for one in known if signal.getsignal(one) is not signal.SIG_IGN}
    for one in earlier:
        signal.signal(one, end)
    try:
        yield
    finally:
        for one, handler in earlier.items():
            signal.signal(one, handler)
