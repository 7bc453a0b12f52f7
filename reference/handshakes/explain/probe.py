"""Which readings of a platform's page captured genuine requests follow, and what to capture next.

The answers are coherent: several requests are explained by one set of readings, or it is said that none does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from ..core.cases import Found, Slips
from ..core.refusals import Refused
from ..platforms import PLATFORMS
from ..spec.register import Ambiguity, load
from ..spec.vectors import load as vectors_of
from ..spec.vectors import rows
from .explaining import RIGHT_SIGNATURE
from .pasted import read

MOST_READINGS = 3
"""How many readings other than the adopted ones a set may have."""
ANY_TIME = (2**40, 2**40)
UNSIGNED = frozenset({"tolerance"})
"""Stages that no captured request can show, since the signature does not depend on them."""

Set = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """What the requests say about one ambiguity: readings that reproduce them, and readings that are ruled out.

    Several that reproduce them cannot be told apart by these requests.
    """

    ambiguity: str
    question: str
    reproduce: tuple[str, ...]
    ruled_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found out: the fewest readings that reproduce every request, and what that says about each ambiguity.

    `sets` are the coherent sets, each with the readings that are not adopted; an empty one is the adopted readings.
    `unexplained` are the numbers of requests, from 1, that no declared reading reproduces, each with its reason.
    `next` is the id of the vector whose like would settle most, and `settles` how many readings it would rule out.
    """

    platform: str
    requests: int
    sets: tuple[Set, ...]
    ambiguities: tuple[Settled, ...]
    unexplained: tuple[tuple[int, str], ...] = ()
    next: str = ""
    settles: int = 0

    @property
    def coherent(self) -> bool:
        """Return whether one set of readings reproduces every request."""
        return bool(self.sets)

    def record(self, *, date: str, version: str) -> dict[str, Any]:
        """Return what may be kept of it: ids of readings and counts, never a value of a request."""
        return {
            "platform": self.platform,
            "date": date,
            "version": version,
            "requests": self.requests,
            "unexplained": len(self.unexplained),
            "sets": [[*one] for one in self.sets],
            "ambiguities": {
                one.ambiguity: {"reproduce": [*one.reproduce], "ruled_out": [*one.ruled_out]}
                for one in self.ambiguities
            },
        }


def probe(platform: str, captured: Sequence[tuple[bytes, str]], *, secret: str, now: int) -> Probe:
    """Return which readings reproduce captured genuine requests; each is what was pasted, and its header or "".

    Raises `Unreadable` for what holds no request.

    >>> url = ("/healthcheck?slug=test-slug&locations=&signature=t%3D1648190384%2Csignature%3D"
    ...        "7fab70b2b7b8363a66720a3afd7fba6b16aff21e27a878f90014a593495312b4")
    >>> found = probe("officernd", [(url.encode(), "")], secret="example-integration-secret", now=1648190384)
    >>> found.sets, found.unexplained
    (((),), ())
    """
    slips = PLATFORMS[platform].slips()
    found = [read(content, slips, header) for content, header in captured]
    return _Probing(platform, slips, found, secret, now).probe()


class _Probing:
    def __init__(self, platform: str, slips: Slips, found: Sequence[Found], secret: str, now: int) -> None:
        self.platform, self.slips, self.found = platform, slips, found
        self.secret, self.now = secret, now
        stages = PLATFORMS[platform].code().readings
        self.ambiguities = [
            (one, options)
            for one in load(platform).ambiguities
            if len(options := [r.id for r in one.readings if _shows(r.id, stages)]) > 1
        ]
        self.known: dict[tuple[int, Set], str] = {}

    def refused(self, number: int, readings: Iterable[str]) -> str:
        """Return the reason for which a request is not reproduced under a set of readings, or nothing."""
        chosen = tuple(sorted(readings))
        if (number, chosen) not in self.known:
            reason = ""
            try:
                self.slips.verify(
                    self.found[number],
                    secret=self.secret,
                    now=self.now,
                    tolerance=ANY_TIME,
                    readings=[*chosen],
                )
            except Refused as error:
                reason = "" if error.reason in RIGHT_SIGNATURE else error.reason
            self.known[number, chosen] = reason
        return self.known[number, chosen]

    def all(self, readings: Set) -> bool:
        return not any(self.refused(number, readings) for number in range(len(self.found)))

    def sets(self) -> Iterator[Set]:
        """Yield sets of readings that are not adopted, one of an ambiguity at most, the smallest first."""
        others = [[id for id in options if id != one.adopted] for one, options in self.ambiguities]
        for size in range(MOST_READINGS + 1):
            for chosen in combinations(others, size):
                yield from _one_of_each(chosen)

    def probe(self) -> Probe:
        fewest: list[Set] = []
        single = [False] * len(self.found)
        for readings in self.sets():
            if fewest and len(readings) > len(fewest[0]):
                break
            for number in range(len(self.found)):
                single[number] = single[number] or not self.refused(number, readings)
            if self.all(readings):
                fewest.append(readings)
        unexplained = tuple(
            (number + 1, self.refused(number, ())) for number, fits in enumerate(single) if not fits
        )
        if not fewest:
            return Probe(self.platform, len(self.found), (), (), unexplained)
        settled = tuple(self.settled(one, options, fewest) for one, options in self.ambiguities)
        best, settles = self.next(settled)
        return Probe(self.platform, len(self.found), tuple(fewest), settled, unexplained, best, settles)

    def settled(self, ambiguity: Ambiguity, options: list[str], fewest: list[Set]) -> Settled:
        """Replace the ambiguity's reading in each of the smallest sets by every other one."""
        fits: list[str] = []
        out: list[str] = []
        for id in options:
            mine = () if id == ambiguity.adopted else (id,)
            bases = [tuple(one for one in base if one not in options) for base in fewest]
            (fits if any(self.all((*base, *mine)) for base in bases) else out).append(id)
        return Settled(ambiguity.id, ambiguity.question, tuple(fits), tuple(out))

    def next(self, settled: tuple[Settled, ...]) -> tuple[str, int]:
        """Return the vector that separates most of the readings that are still possible, and how many it rules out."""
        best, most = "", 0
        adopted = {one.id: one.adopted for one, _ in self.ambiguities}
        for _, vector in rows(vectors_of(self.platform)):
            count = 0
            for one in settled:
                if len(one.reproduce) > 1:
                    answers = {
                        id: repr(vector["expect"] if id == adopted[one.ambiguity] else vector["by_reading"].get(id, vector["expect"]))
                        for id in one.reproduce
                    }  # fmt: skip
                    accepted = [answer for answer in answers.values() if "'accepted'" in answer]
                    if accepted:
                        count += len(answers) - max(map([*answers.values()].count, accepted))
            if count > most:
                best, most = vector["id"], count
        return best, most


def _shows(reading: str, stages: Mapping[str, Mapping[str, object]]) -> bool:
    """Return whether a captured request can show a reading; an adopted one replaces no stage."""
    return reading in stages and (not stages[reading] or not UNSIGNED.issuperset(stages[reading]))


def _one_of_each(options: tuple[list[str], ...]) -> Iterator[Set]:
    if not options:
        yield ()
        return
    for id in options[0]:
        for rest in _one_of_each(options[1:]):
            yield (id, *rest)
