"""The clock of a marketplace, which goes with the machine's until somebody moves or stops it."""

from __future__ import annotations

import time


class Clock:
    """The marketplace's time in Unix seconds: the machine's, or what it was set to, and moved by hand.

    >>> clock = Clock(1648190384)
    >>> clock.advance(3600)
    >>> clock.now
    1648193984
    """

    def __init__(self, now: int | None = None) -> None:
        self._fixed, self._ahead = now, 0

    def __call__(self) -> int:
        """Return the time, as a partner in Python may be given it."""
        return (int(time.time()) if self._fixed is None else self._fixed) + self._ahead

    @property
    def now(self) -> int:
        """The time."""
        return self()

    def advance(self, seconds: int) -> None:
        """Let `seconds` pass at once."""
        if seconds < 0:
            raise ValueError("time goes forwards only; a fault signs in the past")
        self._ahead += seconds
