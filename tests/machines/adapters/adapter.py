"""What the one machine needs to know of a platform: its customers and steps, and what proves a request or a credential.

The proofs are computed from the documents, and never by the package: what was signed, and which credentials the
platform's answers, as they travelled, entitle the partner to keep.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

from handshakes.core.messages import Request, Response
from handshakes.platforms import PLATFORMS
from handshakes.runtime.store import Installation
from handshakes.runtime.verdicts import Refuses
from tests.machines.adapters.proofs import texts
from tests.machines.watching import Asked, Store

Fact = tuple[str, ...]


class Adapter:
    """One platform; a subclass says what differs."""

    name = ""
    customers: Sequence[str] = ()
    whole: Sequence[str] = ()
    """The steps that connect a customer and use the connection."""
    settings: Sequence[tuple[str, str]] = ()
    """What is set of both sides."""
    taken: Sequence[tuple[str, int]] = ()
    """How the partner answers when it takes what has to be signed: how the path begins, and the status."""
    connecting = "connect"
    """The step that makes or repairs a connection."""
    doubtful: Sequence[str] = ()
    """Faults after which a later step of the simulator's is no proof, until the customer is connected again."""
    issued: Sequence[str] = ()
    """Credentials that the platform's API issues in an answer."""
    lasting: Sequence[str] = ()
    """Credentials that no failure may take away."""
    open: Sequence[str] = ()
    """Credentials that are no secret by themselves."""
    most_rows = 0
    """How many rows there are at most, those that expire left out."""

    def __init__(self) -> None:
        customer = PLATFORMS[self.name].tools().customer(self.sides(Store(), None).platform, {})
        self.known = customer.known
        """Every fault by name."""
        self.steps = {step: tuple(one.name for one in faults) for step, faults in customer.steps.items()}
        """Each step with the names of its faults."""

    def sides(self, store: Store, kind: type | None) -> Any:
        """Return both sides of the platform's tests."""
        return import_module(f"tests.{self.name}.sides").sides(store, kind=kind, **dict(self.settings))

    def refuses(self, fault: str) -> bool:
        """Return whether a fault ends in a refusal, after which everything is as it was."""
        return bool(fault) and isinstance(self.known[fault].expected, Refuses)

    def step(self, both: Any, customer: str, step: str, fault: str) -> Any:
        """Return the step of the platform, or None where it cannot be taken now."""
        raise NotImplementedError

    def facts(self, request: Request, response: Response) -> Iterator[Fact]:
        """Return what an answer of the platform's API to the partner establishes."""
        if 200 <= response.status < 300:
            with suppress(ValueError):
                yield from (("issued", text) for text in texts(json.loads(response.body)))

    def justified(self, facts: set[Fact], one: Installation) -> bool:
        """Return whether what the platform answered entitles the partner to this active installation."""
        return all(("issued", one.credentials.get(name, "")) in facts for name in self.issued)

    def accepted(self, asked: Asked) -> bool:
        """Return whether the partner took a request that has to be signed."""
        path, answer = asked.request.path, asked.answer
        return answer is not None and any(
            path.startswith(known) and answer.status == status for known, status in self.taken
        )

    def signed(self, asked: Asked, facts: set[Fact]) -> bool:
        """Return whether it was signed, and in time."""
        raise NotImplementedError

    def ends(self, asked: Asked, one: Installation) -> bool:
        """Return whether an exchange may end an installation."""
        return False

    def covers(self, one: Installation) -> bool:
        """Return whether a row is a connection: what its credentials are proved by."""
        return one.state == "active"
