"""A platform's story: what its `demo`, `story` and `briefing` tell the tools, and what they are given for that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core.messages import Request, Response, Step
from ..core.refusals import Refused
from ..core.stages import Stage
from .browser import Browser
from .customers import Customer
from .flow import Role
from .judging import Judging
from .role import Clock, Random
from .store import Store
from .verdicts import Fault, Finding


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a run shows, and whether it held."""

    text: str
    held: bool


def checks_since(platform: Judging, seen: int) -> list[Check]:
    """Return what a platform found after its first `seen` findings as checks: each one held unless it is violated.

    >>> shop = Judging()
    >>> shop.found("shop:sum", None, "no answer came")
    >>> checks_since(shop, 0)
    [Check(text='shop:sum: no answer came', held=True)]
    """
    return [Check(f"{one.clause}: {one.detail}", not one.violated) for one in platform.findings.since(seen)]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One part of a platform's story: a step that ends with its checks, taken by the browser or another role."""

    title: str
    step: Step[list[Check]]
    sender: str = "browser"


class Reports(list[tuple[str, Refused]]):
    """What the partner's operator was told: the endpoint and the refusal, of the last 100 refusals.

    A refusal carries its request, stage by stage, so whoever keeps all of them lets strangers fill the memory.

    >>> reports = Reports()
    >>> for _ in range(250):
    ...     reports.append(("setup", Refused("malformed", "fortis:plain.hmac")))
    >>> len(reports), reports.told, len(reports.since(240)[1])
    (100, 250, 10)
    """

    MOST = 100

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self.heard: Callable[[str, Refused], object] = lambda endpoint, refused: None
        """Who else is told, in the thread in which the refusal came up."""
        self.told = 0
        """How many there were, those included that are no longer kept."""

    def append(self, report: tuple[str, Refused]) -> None:
        """Add a report; the oldest goes when there are more than 100.

        Without its traceback, whose frames hold the whole request, and often the refusal itself: what refers to
        itself stays until the garbage is collected, however large it is.
        """
        one: BaseException | None = report[1]
        while one is not None:
            one.__traceback__ = None
            one = one.__context__
        self.heard(*report)
        with self._lock:
            super().append(report)
            self.told += 1
            del self[: -self.MOST]

    def since(self, told: int) -> tuple[int, list[tuple[str, Refused]]]:
        """Return how many there are now, and those after the first `told` ones that are still kept."""
        with self._lock:
            return self.told, self[max(0, len(self) - (self.told - told)) :]


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of one handshake, and what the partner's operator was told.

    `off` are the faults that the platform does not offer, since it has no such address as they name.
    """

    platform: Role
    partner: Role
    reports: Reports
    off: tuple[str, ...] = ()


PLAIN = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class World:
    """What roles may not reach for themselves: time in Unix seconds, random bytes, a store.

    `settings` are texts by name, from `--set NAME=VALUE`; which names there are is the platform's.
    `traps` are loopback origins whose listeners lead to the platform's role: when one side is served
    to a foreign program, a fault that names a foreign address names one of these, and no other. `plain` are
    the hosts that the other side may name without TLS, and `secret` is what signs in place of the public test key.
    """

    clock: Clock
    random: Random
    store: Store
    settings: Mapping[str, str] = field(default_factory=dict)
    platform_origin: str = ""
    partner_origin: str = ""
    traps: tuple[str, ...] = ()
    plain: tuple[str, ...] = PLAIN
    secret: str = field(default="", repr=False)

    def chosen(self, known: Mapping[str, Setting]) -> dict[str, str]:
        """Return the settings, of each that has choices the first unless another is set."""
        return {name: one.choices[0] for name, one in known.items() if one.choices} | dict(self.settings)

    def served(self, needs: str) -> str:
        """Return where the platform is served, if it is; raises `ValueError` where a partner alone `needs` to be told."""
        origin = self.platform_origin or self.settings.get("platform_url", "").rstrip("/")
        if self.partner_origin and not origin:
            raise ValueError(f"{needs}: --set platform_url=http://127.0.0.1:PORT")
        return origin


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of `serve`: what it is, and the values there are (the first is the default), or any."""

    text: str
    choices: tuple[str, ...] = ()
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class Press:
    """Something that a person may do at a marketplace: a form of the simulator's pages, with the faults that it offers.

    `step` is the form's path, `name` tells two presses of one step apart. With `window` a browser goes on from there.
    `done` says whether it has its effect; None where only its answer shows that.
    """

    step: str
    title: str
    line: str
    fields: Mapping[str, str]
    faults: tuple[Fault, ...] = ()
    window: bool = False
    ready: bool = True
    done: bool | None = None
    name: str = ""

    @property
    def id(self) -> str:
        """What the press is called."""
        return self.name or self.step


@dataclass(frozen=True, slots=True)
class Shop:
    """What a marketplace shows of one platform now: its state in words, and what a person may do, in order."""

    line: str
    state: str
    connected: bool
    presses: tuple[Press, ...]


def unset(name: str) -> str:
    """Return what a briefing says of an address that nobody gave: a side that is not served here is somebody else's."""
    return f"not set: give --set {name}=URL"


@dataclass(frozen=True, slots=True)
class Operator:
    """What a partner's operator can do and tell beyond messages; what is None is not examined.

    `restart` starts the partner anew; `work` lets it do what it does for a customer, `rescope` ask for its rights
    again; `later` lets seconds pass; `signed_in` and `offers_oauth` say what a page of the partner's means.
    """

    restart: Callable[[], object] | None = None
    work: Callable[..., Step[Any]] | None = None
    rescope: Callable[[], Step[Any]] | None = None
    later: Callable[[int], None] | None = None
    signed_in: Callable[[Response], str] | None = None
    offers_oauth: Callable[[Response], bool] | None = None


@dataclass(frozen=True, slots=True)
class Tools:
    """What the tools need of a platform: both sides ready made, the story of the tour, the briefing of `serve`."""

    settings: Mapping[str, Setting]
    sides: Callable[[World], Sides]
    """Return both roles; with origins in the world they speak those instead of the production ones."""
    story: Callable[[Sides, Browser], list[Chapter]]
    """Return the whole handshake, chapter by chapter."""
    signed: Callable[[Request], Stage | None]
    """Return the text that the signature of a request to the partner covers, if this request carries one."""
    briefing: Callable[[Sides, World], str]
    """Return what to open, and what a foreign partner or platform has to be told."""
    secrets: Callable[[Sides, Request], dict[str, str]]
    """Return the secrets with which a side tries a request, the right one first, each with what it is where it is no earlier one, for the operator's page alone."""
    refuses: Callable[[Request, Response], bool]
    """Return whether an answer of the platform says that a request's signature does not match."""
    customer: Callable[[Any, Mapping[str, str]], Customer]
    """Return who presses the buttons of a platform's role that was made with these settings."""
    examine: Callable[[Sides, Operator], Step[list[Finding]]]
    """Return the step in which the platform examines a partner with every fault that is wanted."""
    keys: Callable[[Sides], list[str]]
    """Return the secrets that the platform signs with."""
    faults: Mapping[str, Fault]
    """Every fault of the platform by name."""
    needs: Mapping[str, str]
    """The clauses that cannot be seen without a partner's operator, and why."""
    absent: Callable[[Mapping[str, str]], Mapping[str, str]]
    """Return the patterns of clauses that do not apply with some settings, and why."""
    shop: Callable[[Sides], Shop]
    """Return what the marketplace page shows of the platform now."""
    carries: Callable[[Request], str]
    """Return `signed` or `encrypted` for a request that is, else nothing."""
