"""What a partner is built with: everything that it may not reach for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from ..core.refusals import Refused
from .store import Store

Configuration = TypeVar("Configuration")
Report = Callable[[str, Refused], None]


class Equipped(Generic[Configuration]):
    """A role with its configuration, store, clock (Unix seconds) and random bytes.

    `report` is told the name of an endpoint and the exact refusal; it is the operator's ear, and what
    it is told goes to nobody outside.
    """

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
