"""Faults of the configuration request."""

from __future__ import annotations

from dataclasses import dataclass

from ....runtime.verdicts import Fault, Refuses, Survives
from ..records import CLAUSE


@dataclass(frozen=True, slots=True)
class ConfigFault(Fault):
    """A fault of the configuration request: sent `times` times, by `method`."""

    method: str = "GET"
    times: int = 1


_WORKS = Survives("connected")

CONFIG_FAULTS: tuple[ConfigFault, ...] = (
    ConfigFault("config-twice", CLAUSE + "config.answer", _WORKS, "the configuration is asked for twice", times=2),
    ConfigFault(
        "config-posted", CLAUSE + "config.other-methods", Refuses("wrong-method"), "the configuration is asked for by PUT",
        method="PUT",
    ),
)  # fmt: skip
