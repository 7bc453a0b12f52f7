"""What the marketplace serves of one platform: both roles behind taps, the wire between them, and a clock that can be moved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core.cases import Ciphers
from ..core.refusals import Refused
from ..platforms import Platform
from ..runtime.flow import Role
from ..runtime.story import Press, Shop, Sides, Tools
from .tapping import Tap
from .wire import Wire


class MovedClock:
    """The time of both sides: the machine's, moved forward by what a person asked for.

    >>> clock = MovedClock(lambda: 1648190384)
    >>> clock.forward(360)
    >>> clock() - 1648190384
    360
    """

    MOST = 366 * 86_400

    def __init__(self, now: Callable[[], int]) -> None:
        self._now, self._lock, self.ahead = now, threading.Lock(), 0

    def __call__(self) -> int:
        """Return Unix seconds."""
        return self._now() + self.ahead

    def forward(self, seconds: int) -> None:
        """Let seconds pass; 0 goes back to the machine's time. At most a year in all."""
        with self._lock:
            self.ahead = min(self.ahead + max(seconds, 0), self.MOST) if seconds else 0


@dataclass(eq=False)
class Place:
    """One platform on the marketplace: who plays it, what travels, and which of the two sides we serve."""

    platform: Platform
    tools: Tools
    sides: Sides
    clock: MovedClock
    served: tuple[str, ...]
    addresses: dict[str, str]
    """The origin of each side by `platform` and `partner`; of a foreign side as far as a setting names it."""
    ciphers: Ciphers | None = None
    keep: int = 500
    wire: Wire = field(init=False)
    taps: dict[str, Tap] = field(init=False)
    network: Any = None
    operator: Any = None
    """The role of the operator's page."""

    def __post_init__(self) -> None:
        names = self.sides.platform.secret_names | self.sides.partner.secret_names
        self.wire = Wire(names, self.clock, self.tools.carries, self.keep)
        platform, partner = self.sides.platform, self.sides.partner
        tap = Tap(platform, self.wire, partner.name, lambda: self.shop().presses)
        self.taps = {"platform": tap, "partner": Tap(partner, self.wire, platform.name)}

    @property
    def name(self) -> str:
        """The platform's name on the command line."""
        return self.platform.name

    def shop(self) -> Shop:
        """Return what a person may do now."""
        return self.tools.shop(self.sides)

    def tapped(self, roles: Mapping[str, Role]) -> dict[str, Role]:
        """Return the roles of both sides, by `platform` and `partner`, behind taps."""
        for side, role in roles.items():
            self.taps[side].role = role
        return dict(self.taps)

    def heard(self, endpoint: str, refused: Refused) -> None:
        """Put what the partner's operator is told onto the wire."""
        self.taps["partner"].heard(endpoint, refused)

    def press(self, id: str) -> Press | None:
        """Return what a person may do now, by its name."""
        return next((one for one in self.shop().presses if one.id == id), None)

    def closed(self, press: str) -> None:
        """Note that the window of a press is gone, as its page saw it.

        A foreign partner's page may have cut itself off from the page that opened it, which looks the same: then only
        a page of the simulator's that never said that it was left shows it.
        """
        chapter = self.wire.last(press)
        if chapter and (chapter.shown or self.sides.partner.name in self.served):
            self.wire.closed(chapter)

    def dress(self, theme: str) -> None:
        """Show the windows and the operator's page in a theme."""
        for one in (*self.taps.values(), *filter(None, [self.operator])):
            one.theme = theme

    def called(self, name: str) -> str:
        """Return what a side is called within a sentence."""
        return name if name == self.sides.platform.name else f"the {name}"

    def own(self) -> set[str]:
        """Return the origins of the sides that are served here, traps included."""
        roles = (self.sides.platform, self.sides.partner)
        return {origin for role in roles if role.name in self.served for origin in role.origins}

    def reached(self) -> list[str]:
        """Return the origins to which a form of the page leads, directly or by a redirect."""
        return sorted({*self.own(), *self.addresses.values()} - {""})
