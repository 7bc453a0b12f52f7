"""The answer for a person whose request was refused, or accepted: what it was, its bytes, and what went wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from .differences import Mine
from .ranking import Explanation


@dataclass(frozen=True, slots=True)
class ShownStage:
    """One stage as it may be shown: where different bytes stand, different text stands."""

    name: str
    length: int
    text: str
    hex: str = ""
    masked: bool = False
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What `explain` answers; `as_json` is the published form.

    `verdict` is `verified`, `refused` or `unrecognised`. `signature_fits` says that a refused request has the
    right signature all the same. `doubts` are sentences on the secret that was given;
    there are none where it verifies, and what its form may mean is said only where nothing explains the request.
    """

    platform: str
    took: str
    undone: tuple[str, ...]
    verdict: str
    reason: str = ""
    clause: str = ""
    says: str = ""
    hint: str = ""
    evidence: dict[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    returns: dict[str, Any] | None = None
    signature_fits: bool = False
    stages: tuple[ShownStage, ...] = ()
    explanations: tuple[tuple[Explanation, ...], ...] = ()
    then: str = ""
    """The reason for which the request is refused all the same once its signature is right."""
    tried: int = 0
    ended: str = "complete"
    mine: Mine | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the answer as JSON values, by the published schema."""
        return asdict(self)
