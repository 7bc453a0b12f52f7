"""What a partner is built with: everything that it may not reach for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from ..core.messages import Answer, Pause, Response, Step
from ..core.refusals import Refused
from .store import Conflict, Store, StoreError, store_failed

Configuration = TypeVar("Configuration")
Report = Callable[[str, Refused], None]
Saved = TypeVar("Saved")

PATIENCE, AGAIN = 30, 0.5
"""Seconds in which what was given once is saved again where the store fails, and between two tries."""


class Equipped(Generic[Configuration]):
    """A role with its configuration, store, clock (Unix seconds) and random bytes.

    `report` is told the name of an endpoint and the exact refusal; it is the operator's ear, and what
    it is told goes to nobody outside.
    """

    has_store = True
    """A server advances the steps of such a role in threads, since a database may keep them waiting."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        store: Store,
        clock: Callable[[], int],
        random: Callable[[int], bytes],
        report: Report = lambda endpoint, refused: None,
    ) -> None:
        self.configuration = configuration
        self.store = store
        self.clock = clock
        self.random = random
        self.report = report

    def kept(self, endpoint: str, save: Callable[[], Saved]) -> Step[Saved]:
        """Save what a platform has just given, and gives once; where the store fails, try again for half a minute."""
        late, told = self.clock() + PATIENCE, False
        while True:
            try:
                return save()
            except StoreError as error:
                if not store_failed(error) or late <= self.clock():
                    raise
                if not told:
                    self.report(endpoint, error)
                told = True
            yield Pause(AGAIN)

    def again(self, save: Callable[[], Saved]) -> Saved:
        """Return what `save` saves, which looks at the store anew at each try; `store-locked` where others were quicker five times."""
        for _ in range(5):
            try:
                return save()
            except Conflict:
                continue
        raise StoreError("store-locked", "the installation was changed by other requests each time")

    def unless_the_store_fails(self, endpoint: str, step: Step[Answer]) -> Step[Answer]:
        """Return what a step answers, or 503 where the store failed and the step has no answer of its own for that."""
        try:
            return (yield from step)
        except StoreError as error:
            self.report(endpoint, error)
            headers = (("content-type", "text/plain; charset=utf-8"), ("retry-after", "1"))
            return Response(503, headers, b"Please try again in a moment.\n")
