"""A customer: who presses a simulator's buttons, so that a program can play one without its pages.

Each platform has a module `customer` that does; whoever drives it sees steps, faults and findings alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..core.messages import Request, Step, split_url
from .verdicts import Fault, Outcome


@dataclass(frozen=True, slots=True)
class Taken:
    """How a step ended, and whether the partner met the fault that it was taken with."""

    outcome: Outcome
    played: bool = True


NOT_TAKEN = Taken(Outcome(None, ()), False)
"""A step that nobody can take now: what it needs is not there."""


def place_of(url: str) -> tuple[str, str]:
    """Return the origin and the path of a URL, by which requests to it are known; nothing of what is none.

    >>> place_of("http://127.0.0.1:3000/connect?a=b"), place_of("/connect")
    (('http://127.0.0.1:3000', '/connect'), ('', ''))
    """
    try:
        origin, target = split_url(url)
    except ValueError:
        return "", ""
    return origin, target.partition("?")[0]


class Customer(Protocol):
    """The customer of one platform: the steps of its handshake, and what the platform believes after them."""

    address: str
    """The setting that holds the partner's own address, the first thing that the platform is told."""
    known: Mapping[str, Fault]
    """Every fault by name."""
    browsing: Collection[str]
    """The steps that the customer's browser takes; the others are the platform's own requests."""
    receives: Collection[str]
    """What else `step_of` may say of a request, as patterns: the calls that a partner makes, and what follows a step."""

    @property
    def handshake(self) -> Sequence[str]:
        """The steps that connect a partner and use it once, in order, as far as its addresses are set."""

    @property
    def steps(self) -> Mapping[str, Sequence[Fault]]:
        """Every step, with the faults that it can be taken with."""

    @property
    def credentials(self) -> Mapping[str, str]:
        """What the partner has to be told; `secret` is the one that signs."""

    @property
    def installation(self) -> Mapping[str, Any]:
        """What the platform believes of the connection."""

    def take(self, step: str, fault: str = "") -> Step[Taken]:
        """Take a step, with a fault by its name."""

    def step_of(self, request: Request) -> str:
        """Return the step that a request belongs to, in either direction; nothing where no step has it."""

    def secrets(self, request: Request) -> list[str]:
        """Return the secrets with which the signature of a request may be made."""
