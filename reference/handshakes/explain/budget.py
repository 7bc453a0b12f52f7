"""The budget of a search: how many digests, bytes, and rounds of key derivation."""

from __future__ import annotations


class Spent(Exception):
    """The budget is used up."""


class Budget:
    """What a search may spend. Each combination costs one digest (more where rounds are many) and its bytes.

    >>> budget = Budget(digests=2, size=100)
    >>> budget.spend(10); budget.spend(10); budget.tried
    2
    >>> budget.spend(10)
    Traceback (most recent call last):
    handshakes.explain.budget.Spent
    """

    def __init__(self, digests: int = 3_300, size: int = 2_000_000, rounds: int = 24_000) -> None:
        self.digests, self.size, self.built, self.rounds = digests, size, 8 * size, rounds
        self.tried = 0
        self.complete = True

    def times(self, factor: int) -> Budget:
        """Return a budget so many times as large.

        >>> Budget(digests=2).times(3).digests
        6
        """
        return Budget(self.digests * factor, self.size * factor, self.rounds * factor)

    def spend(self, size: int, weight: int = 1) -> None:
        """Count one combination; raises `Spent` instead of going over the budget."""
        if self.digests < weight or self.size < size:
            raise Spent
        self.digests -= weight
        self.size -= size
        self.tried += 1

    def derive(self, rounds: int) -> bool:
        """Return whether so many rounds of a key derivation are left, and count them; where not, the search goes on.

        >>> budget = Budget(rounds=1_000)
        >>> budget.derive(10_000), budget.complete, budget.derive(1_000)
        (False, False, True)
        """
        if rounds > self.rounds:
            self.complete = False
            return False
        self.rounds -= rounds
        return True

    def build(self, size: int) -> None:
        """Count the bytes of a state that was built on the way."""
        self.built -= size
        if self.built < 0:
            raise Spent
