"""Putting readings together: from ids to the stages that they replace, and from those to rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from .printing import printable
from .refusals import Refused

Stages = Mapping[str, Callable[..., Any]]


Rules = TypeVar("Rules", bound=tuple[Any, ...])  # a named tuple: mypy knows no bound for those


def composed(readings: Mapping[str, Stages], ids: tuple[str, ...], clause: str) -> Stages:
    """Return the stages that the readings with these ids replace, as `readings=` takes them.

    Two readings of the stage `signed`, which chooses what is signed, are applied one after the other.
    Raises `Refused` with `unknown-reading` for an id that `readings` does not hold, and for two that
    replace the same other stage.

    >>> list(composed({"shop:sum=upper": {"digest": str.upper}}, ("shop:sum=upper",), "shop:sum"))
    ['digest']
    """
    stages: dict[str, Callable[..., Any]] = {}
    for reading in ids:
        if reading not in readings:
            raise Refused("unknown-reading", clause, {"reading": reading})
        for stage, replacement in readings[reading].items():
            if stage == "signed" and stage in stages:
                stages[stage] = _chained(stages[stage], replacement)
            elif stage in stages:
                raise Refused("unknown-reading", clause, {"twice replaced": stage})
            else:
                stages[stage] = replacement
    return stages


def replaced(adopted: Rules, readings: Stages, clause: str) -> Rules:
    """Return the adopted rules of a platform with the stages of readings in their place.

    Raises `Refused` with `unknown-reading` for a stage that the rules do not have, and for what is not a function.
    """
    try:
        if not all(map(callable, readings.values())):
            raise TypeError
        changed: Rules = adopted._replace(**readings)  # type: ignore[attr-defined]
        return changed
    except (AttributeError, TypeError, ValueError):
        raise Refused("unknown-reading", clause, {"readings": printable(str(readings))}) from None


def _chained(first: Callable[[Any], Any], second: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: second(first(value))
