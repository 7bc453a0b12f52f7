"""What the specification needs of a platform's code: its operations, readings, settings and pure modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ..core.readings import Stages
from ..core.stages import Stage

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """A pure operation of a platform, as vectors ask it.

    `run(given, values, readings)` calls it and returns what `returns` of an accepted answer holds, or
    raises `Refused`; `readings` is None or the stages that readings replace. `stages(given, values)`
    returns the bytes on the way to its answer. `has_readings` says whether it takes readings at all;
    `keyed` names the stages that nobody sees without the key.
    """

    run: Callable[[Data, Data, Stages | None], Data]
    stages: Callable[[Data, Data], list[Stage]]
    has_readings: bool = True
    keyed: frozenset[str] = frozenset()


def view(read: Any, **more: object) -> Data:
    """Return what an accepted answer shows of a value that was read: its parameters, and which of them are covered."""
    return {
        "parameters": [list(pair) for pair in read.parameters],
        "covered": list(read.covered),
        "not_covered": list(read.not_covered),
        **more,
    }


@dataclass(frozen=True, slots=True)
class Code:
    """A platform's code as the specification sees it.

    `operations` by full name, such as `officernd.verify_query`; `readings` that the code can run, by id, with the
    stages that each replaces; the defaults of the `settings`, such as `Settings.profile`; the `pure` modules,
    whose refusals must all have vectors.
    """

    operations: Mapping[str, Operation]
    readings: Mapping[str, Stages]
    settings: Mapping[str, object]
    pure: tuple[ModuleType, ...]
