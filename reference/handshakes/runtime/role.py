"""What a partner is built with: everything that it may not reach for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from ..core.messages import Answer, Response, Step
from ..core.refusals import Refused
from .store import Store, StoreError

Configuration = TypeVar("Configuration")
Report = Callable[[str, Refused], None]


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

    def unless_the_store_fails(self, endpoint: str, step: Step[Answer]) -> Step[Answer]:
        """Return what a step answers, or 503 where the store failed and the step has no answer of its own for that."""
        try:
            return (yield from step)
        except StoreError as error:
            self.report(endpoint, error)
            headers = (("content-type", "text/plain; charset=utf-8"), ("retry-after", "1"))
            return Response(503, headers, b"Please try again in a moment.\n")
