"""A role around another role: it is called, reached and masked as the inner one, and looks at what goes in and out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..core.messages import Answer, Delayed, Dropped, Pause, Request, Response, Step, Unreachable
from .flow import Role

Outward = Request | Pause
Move = partial[Outward]


class Wrapped:
    """A role around another; whatever it does not say itself, the inner one says.

    >>> class Shop:
    ...     name, origins, secret_names, terms = "shop", ("https://shop.example",), frozenset({"code"}), "fair"
    >>> Wrapped(Shop()).name, Wrapped(Shop()).terms
    ('shop', 'fair')
    """

    def __init__(self, role: Role) -> None:
        self.role = role

    def __getattr__(self, name: str) -> Any:
        return getattr(self.role, name)

    @property
    def name(self) -> str:
        """The role's name."""
        return self.role.name

    @property
    def origins(self) -> tuple[str, ...]:
        """The role's origins."""
        return self.role.origins

    @property
    def secret_names(self) -> frozenset[str]:
        """The role's names of secrets."""
        return self.role.secret_names


def advanced(step: Step[Answer], through: Callable[[Move, Outward | None], Outward]) -> Step[Answer]:
    """Advance a step to its answer. Each move goes through a function, which is told what the step had asked before.

    >>> def asking():
    ...     yield Request("GET", "https://shop.example", "/terms")
    ...     return Response(204)
    >>> asked = []
    >>> step = advanced(asking(), lambda move, before: (asked.append(before and before.target), move())[1])
    >>> _ = next(step)
    >>> try:
    ...     step.send(Response(200))
    ... except StopIteration as stop:
    ...     print(stop.value.status, asked)
    204 [None, '/terms']
    """
    outward: Outward | None = None
    move: Move = partial(next, step)
    try:
        while True:
            outward = through(move, outward)
            try:
                response = yield outward
            except Unreachable as failure:
                move = partial(step.throw, failure)
            else:
                move = partial(step.send, response)
    except StopIteration as stop:
        answer: Answer = stop.value
        return answer


def seen(answer: Answer) -> Response | Unreachable:
    """Return what whoever asked sees of an answer, sooner or later.

    >>> seen(Delayed(9, Response(204))).status, seen(Dropped()).kind
    (204, 'dropped')
    """
    if isinstance(answer, Dropped):
        return Unreachable("dropped")
    return answer.response if isinstance(answer, Delayed) else answer
