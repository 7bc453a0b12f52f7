"""Cases: a request as stages with alternatives, so that a search can find how a value that does not match was made.

A platform's `slips.py` describes a request as a `Case`; `handshakes.explain` combines the alternatives and
compares. Nothing here accepts a request: that is the work of `signing.py` alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from .messages import Headers
from .stages import Stage
from .timestamps import Tolerance


class Slip(NamedTuple):
    """A known mistake: the stage where it happens, one sentence for the person, the cure, and who makes it.

    The stages `carrier` and `key` come before those of the sender when explanations are ranked.
    """

    id: str
    stage: str
    says: str
    cure: str
    source: str


def rows(front: str, stage: str, *rows: tuple[str, str, str, str]) -> tuple[Slip, ...]:
    """Return the slips of one stage, whose ids all begin with `front`: a row is id, sentence, cure and source.

    >>> rows("toy-", "key", ("cut", "The key was cut.", "Take all of it.", "columns"))[0].id
    'toy-cut'
    """
    return tuple(Slip(front + id, stage, says, cure, source) for id, says, cure, source in rows)


class Made(NamedTuple):
    """A state that one alternative of a layer makes: by which slip or reading, and what exactly was changed.

    `cost` is how many slips it counts as in the search; one that stands for many tries costs 2. A `change` that is a
    sentence is said instead of the slip's.
    """

    id: str
    state: tuple[Any, ...]
    change: str = ""
    cost: int = 1


Ways = Callable[[tuple[Any, ...]], Iterable[Made]]


@dataclass(frozen=True, slots=True)
class Layer:
    """One stage of a case: what the adopted rules make of a state, and the alternatives.

    `kinds` names general alternatives and the part of the state that each changes; `ways` are the platform's own.
    """

    name: str
    make: Callable[[tuple[Any, ...]], tuple[Any, ...]] = lambda state: state
    kinds: tuple[tuple[str, int], ...] = ()
    ways: Ways | None = None


class Mac(NamedTuple):
    """One way to make a value of key and message; `ids` are its slips and readings, none for the adopted way."""

    ids: tuple[str, ...]
    make: Callable[[bytes, Any], Any]
    weight: int = 1
    """How many digests it counts as."""
    changes: tuple[str, ...] = ()
    """What each of the ids changes, where that needs saying."""
    cost: int = 0
    """How many slips it counts as, where that is not the number of its ids."""
    rounds: Callable[[bytes, Any], int] | None = None
    """How many rounds of a key derivation it takes; none where the derived key is known already."""
    size: int = 0
    """How many bytes it makes, where that is always the same."""


@dataclass(frozen=True, slots=True)
class Case:
    """A request made of layers. The last layer leaves a state (message, received), which `keys` and `macs` are tried on.

    `general` says that the general slips of the key apply, and of the MAC where digests are compared. `fits(made,
    received)` returns None, or the ids of the slips by which the received form differs from the documented one, each
    alone or with what it changed; without it, digests are compared.
    """

    start: tuple[Any, ...]
    layers: tuple[Layer, ...]
    key: Callable[[str, str], bytes]
    clause: str
    keys: Mapping[str, Callable[[str, str], bytes]] = field(default_factory=dict)
    macs: tuple[Mac, ...] = ()
    general: bool = True
    fits: Callable[[Any, Any], tuple[str | tuple[str, str], ...] | None] | None = None
    digest: bool = False
    """Whether `fits` compares digests, so that the general slips of the MAC apply all the same."""
    forms: Mapping[str, str] = field(default_factory=dict)
    """Ids of readings that stand for a general slip of the form, by that slip."""
    names: tuple[str, ...] = ()
    """Names of parameters that the platform is known to send."""
    clauses: Mapping[str, str] = field(default_factory=dict)
    """The clause that a slip breaks, by the slip's stage or by its id."""
    part: str = ""
    """Which one of several parts of a request this is, each with a value of its own; those that are right explain nothing."""
    weak: frozenset[str] = frozenset()
    """Ids of slips under which a part alone can be read: they are listed where nothing explains all of it."""
    three: bool = False
    """Whether three slips are tried where two of them lie before key and MAC, since they are few."""
    beside: str = ""
    """The id of a slip that is plain to see beside whatever explains the value, such as a time in milliseconds."""
    untried: str = ""
    """A sentence on what the search cannot try here, if anything."""


@dataclass(frozen=True, slots=True)
class Found:
    """The request that was found in what somebody pasted; `raw` is all of it, for what carries no URL."""

    url: str = ""
    method: str = ""
    headers: Headers = ()
    body: bytes = b""
    took: str = ""
    undone: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    """Addresses that the person names, under which a proxy may have taken the request."""
    others: tuple[str, ...] = ()
    """Further secrets that the person names; on RetailCRM, also further API keys."""

    def header(self, name: str) -> str:
        """Return the first value of a header, or an empty text; the name's case does not matter.

        >>> Found(headers=(("content-type", "text/html"),)).header("Content-Type")
        'text/html'
        """
        return next((value for key, value in self.headers if key == name.lower()), "")


@dataclass(frozen=True, slots=True)
class Proof:
    """What a request proves: a sentence, its values as they may be shown, and what is covered."""

    says: str
    parameters: tuple[tuple[str, str], ...]
    covered: tuple[str, ...]
    not_covered: tuple[str, ...]
    timestamp: int | None = None
    credentials: frozenset[str] = frozenset()
    """Names of values that are shown masked."""
    then: str = ""
    """The reason for which a partner's policy refuses it all the same, if any."""


class Ciphers(Protocol):
    """What `explain` is given, since it imports nothing heavy."""

    def aes(self, mode: str, key: bytes, iv: bytes, data: bytes) -> bytes:
        """Return decrypted data; the mode is `cbc`, `ecb`, `ctr`, `cfb`, `cfb8` or `ofb`. Raises `ValueError`."""

    def pbkdf2(self, digest: str, passphrase: bytes, salt: bytes, rounds: int, length: int) -> bytes:
        """Return `length` bytes derived from a passphrase."""


class Slips(Protocol):
    """What a platform's `slips` module offers."""

    SLIPS: tuple[Slip, ...]
    QUERY: tuple[str, ...]
    """Names of parameters by which a signed URL is known."""
    OWN_NAMES: tuple[str, ...]
    """Names of parameters and members that are the platform's own, by which a request without a signature is known."""
    HEADERS: tuple[str, ...]
    """Names of headers that carry a signature. Where the names of parameters are common ones, a module may also have
    `LIKELY`, a pattern of URLs that are surely the platform's, and `unbroken`, which keeps blanks inside a value."""
    BODY: bool | str
    """Whether a body may be what is verified; "json" where only JSON that `bare` finds can be one."""
    CLAUSES: Mapping[str, str]
    """The clause of each stage, by the stage's name."""

    def bare(self, text: str) -> tuple[str, bytes, str] | None:
        """Return URL, body and a name for a text without any of the usual forms, or None."""

    def doubt(self, secret: str, found: Found) -> str:
        """Return what a secret may be instead, by its form, as a possibility, or what the address cannot be, or nothing.

        Secrets may have any form, so that it is said only where nothing explains the request.
        """

    def verify(
        self, found: Found, *, secret: str, now: int, tolerance: Tolerance | None, readings: list[str]
    ) -> Proof:
        """Return what the request proves, by the rules of `signing`; raises `Refused`."""

    def stages(self, found: Found, *, secret: str, readings: list[str]) -> tuple[Stage, ...]:
        """Return the stages of a request; raises `Refused` where it cannot be read."""

    def cases(self, found: Found, *, readings: list[str], ciphers: Ciphers | None) -> Iterable[Case]:
        """Return the request as cases for the search."""


def called(name: str) -> str:
    """Return the name of a parameter as it may be shown: damage may have put a value into it.

    >>> called("userId"), called("apiToken0123456789abcdef")
    ('userId', '‹a name of 24 characters›')
    """
    return name if re.fullmatch(r"[\w.\[\]-]{1,23}", name) else f"‹a name of {len(name)} characters›"


def replacing(
    readings: Mapping[str, Mapping[str, Callable[..., Any]]], stage: str
) -> list[tuple[str, Callable[..., Any]]]:
    """Return the readings that replace one stage and no other, each with its function.

    >>> [id for id, _ in replacing({"shop:sum=a": {}, "shop:sum=b": {"sum": max}}, "sum")]
    ['shop:sum=b']
    """
    return [(id, stages[stage]) for id, stages in readings.items() if [*stages] == [stage]]
