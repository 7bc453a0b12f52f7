"""A dict that forgets: what a simulator remembers of codes, tokens and claims must not grow for as long as it is served."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(dict[K, V]):
    """A dict with the last `most` entries of each owner; what is still `needed` goes last.

    >>> kept = Bounded[str, int](2, owner=lambda value: value % 2, needed=lambda value: value == 1)
    >>> for name, value in zip("abcdefg", (1, 3, 5, 2, 4, 6, 7)):
    ...     kept[name] = value
    >>> dict(kept)
    {'a': 1, 'e': 4, 'f': 6, 'g': 7}
    """

    def __init__(
        self,
        most: int = 500,
        *,
        owner: Callable[[V], Hashable] = lambda value: None,
        needed: Callable[[V], bool] = lambda value: False,
    ) -> None:
        super().__init__()
        self._most, self._owner, self._needed = most, owner, needed

    def __setitem__(self, key: K, value: V) -> None:
        """Remember a value; of its owner's, the oldest goes that is not needed, or else the oldest, where there are too many."""
        super().__setitem__(key, value)
        if len(self) <= self._most:
            return
        whose = self._owner(value)
        same = [(one, kept) for one, kept in [*self.items()] if self._owner(kept) == whose]
        while len(same) > self._most:
            gone = next((pair for pair in same[:-1] if not self._needed(pair[1])), same[0])
            same.remove(gone)
            self.pop(gone[0], None)
