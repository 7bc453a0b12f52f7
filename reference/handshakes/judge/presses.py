"""What a customer pressed, and the faults that are armed for what it presses next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ..runtime.verdicts import Fault


class Armed:
    """A fault that the next fitting step is taken with, `left` more times (None: always); `fired` counts them."""

    def __init__(self, fault: Fault, left: int | None, at: str) -> None:
        self.fault, self.left, self.at = fault, left, at
        self.fired = 0

    @property
    def due(self) -> bool:
        """Whether it still waits for a step."""
        return self.left is None or self.left > 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.left = 0

    def __repr__(self) -> str:
        return f"<fault {self.fault.name}: fired {self.fired} times>"


@dataclass(frozen=True, slots=True)
class Press:
    """A step that was taken: with which fault, the numbers of its findings, and those of its exchanges."""

    step: str
    fault: str
    findings: tuple[int, int]
    exchanges: range
