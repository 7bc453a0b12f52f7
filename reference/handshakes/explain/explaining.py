"""Explaining a request that was refused, or accepted: it is read, verified, and the mistake in it is searched for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..core.cases import Case, Ciphers, Found, Proof, Slips, called
from ..core.keys import PUBLIC_TEST_KEYS
from ..core.refusals import REASONS, Refused
from ..core.stages import Stage
from ..core.timestamps import Tolerance
from ..platforms import PLATFORMS
from ..spec.register import load
from .afterwards import refused_then
from .answer import Answer, ShownStage
from .budget import Budget
from .departures import Difference, signed_instead
from .differences import Mine, compared
from .doubts import doubt, left_out
from .pasted import read
from .ranking import Explanation, grouped
from .recognising import another
from .recorded import Unreadable
from .search import Hit, Outcome, search
from .visible import masked, visible

TOO_LARGE = "too-large"
"""The reason of what is not read at all: no other way of writing it is its cause."""
RIGHT_SIGNATURE = frozenset({"stale", "from-the-future"})
"""Reasons that come after the signature was found right: there is no mistake to look for."""
NOTHING = re.compile(r"^empty-p.*: name (signature|hmac|token)$|not 64 hex digits \([0-9] characters\)")
"""Said of a signature that is empty, `null` or `undefined`: there is none to explain."""
MILLISECONDS = "timestamp-in-milliseconds"
"""The reason of a time that is refused though the signature is right for it as it stands."""
DEEP = 40
"""How many times the usual budget the long search has."""


def explain(
    platform: str,
    pasted: bytes | str,
    *,
    secret: str,
    now: int,
    header: str = "",
    tolerance: Tolerance | None = None,
    readings: Sequence[str] = (),
    others: Sequence[str] = (),
    origins: Sequence[str] = (),
    mine: bytes | None = None,
    mine_digest: str = "",
    deep: bool = False,
    show_secrets: bool = False,
    ciphers: Ciphers | None = None,
) -> Answer:
    """Return why a request of a platform was refused, or what it proves; `pasted` is whatever a person has.

    `others` are further secrets to try, `origins` addresses that a proxy may have hidden, `mine` the text that
    the person signed, and `mine_digest` the digest that the person got. `ciphers` are needed for Fortis only.
    Raises `Refused` with `unknown-reading` alone.

    >>> answer = explain(
    ...     "officernd", "/h?slug=s&locations=x&signature=t%3D1648190384%2Csignature%3D"
    ...     "5f8d0423977f447e3d5ed3cef433ab11d89de6838e31b04c8f5fdaddf607a35f",
    ...     secret="example-integration-secret", now=1648190384)
    >>> answer.verdict, answer.explanations[0][0].id
    ('refused', 'order-sorted + json-python')
    """
    slips = PLATFORMS[platform].slips()
    doubts = tuple(filter(None, (doubt(secret),)))
    content = pasted.encode("utf-8", "surrogatepass") if isinstance(pasted, str) else pasted
    try:
        found = replace(read(content, slips, header, origins), origins=tuple(origins), others=tuple(others))
    except Unreadable as unreadable:
        says = f"{unreadable} {another(platform, Found(body=content))}".strip()
        return Answer(platform, "", (), "unrecognised", says=says, doubts=doubts)
    asked = _Asked(
        platform, slips, found, secret, now, tolerance, list(readings), tuple(others), show_secrets, ciphers
    )
    return asked.answer(doubts, mine, mine_digest, Budget().times(DEEP if deep else 1), 3 if deep else 2)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that was recognised, and what it is verified with."""

    platform: str
    slips: Slips
    found: Found
    secret: str
    now: int
    tolerance: Tolerance | None
    readings: list[str]
    others: tuple[str, ...]
    show_secrets: bool
    ciphers: Ciphers | None

    def answer(
        self, doubts: tuple[str, ...], mine: bytes | None, mine_digest: str, budget: Budget, depth: int
    ) -> Answer:
        """Verify, and where that fails or the person's own values are given, search."""
        proof: Proof | None = None
        refused: Refused | None = None
        verify = partial(
            self.slips.verify,
            secret=self.secret,
            now=self.now,
            tolerance=self.tolerance,
            readings=self.readings,
        )
        try:
            proof = verify(self.found)
        except Refused as error:
            if error.reason == "unknown-reading":
                raise
            refused = error
        stages = self._stages()
        cases = list(self.slips.cases(self.found, readings=self.readings, ciphers=self.ciphers))
        searched = partial(search, *cases, secret=self.secret, others=self.others, depth=depth)
        tried, complete, fits = 0, True, False
        hits: tuple[Hit, ...] = ()
        explanations: tuple[tuple[Explanation, ...], ...] = ()
        if refused and refused.reason not in RIGHT_SIGNATURE and not NOTHING.search(str(refused)):
            doubts = (*doubts, *filter(None, (case.untried for case in cases)))
            outcome = searched(budget=budget)
            tried, complete = outcome.tried, outcome.complete
            fits = any(not hit.path for hit in outcome.hits)
            given = () if fits or refused.reason == TOO_LARGE else outcome.hits
            hits = tuple(hit for hit in given if self._accepts(hit, verify))
            if beside := next((case.beside for case in cases if case.beside), ""):
                hits = tuple(
                    hit
                    if any("time" in id for id, _ in hit.path)
                    else replace(hit, path=(*hit.path, (beside, "")))
                    for hit in hits
                )
            if fits and refused.reason == MILLISECONDS:
                hits = (Hit((("time-in-milliseconds", ""),), ""),)
            differs = partial(self._differs, stages=stages)
            explanations = grouped(hits, self.platform, self.slips, cases, differs)
        if refused and not hits and not fits and refused.reason not in RIGHT_SIGNATURE:
            guess = self.slips.doubt(self.secret, self.found)
            doubts = (
                *doubts,
                *filter(None, (left_out(self.found), another(self.platform, self.found), guess)),
            )
        own = None
        if mine is not None or mine_digest:
            own = self._own(cases, searched, stages, mine, mine_digest)
        return Answer(
            self.platform,
            self.found.took,
            self.found.undone,
            "verified" if proof else "refused",
            reason=refused.reason if refused else "",
            clause=refused.clause if refused else "",
            says=REASONS[refused.reason].meaning if refused else "",
            hint=refused.hint() if refused else "",
            evidence={
                name: called(value) if name == "name" and not self.show_secrets else value
                for name, value in (refused.evidence if refused else {}).items()
            },
            doubts=() if proof else doubts,
            returns=_returned(proof, self.show_secrets) if proof else None,
            signature_fits=proof is not None or fits or bool(refused and refused.reason in RIGHT_SIGNATURE),
            stages=tuple(self._shown(stage) for stage in stages),
            explanations=explanations,
            then=refused_then(self.found, cases, self.secret, verify, refused.reason) if refused and hits else "",
            tried=tried,
            ended="complete" if complete else "budget",
            mine=own,
        )  # fmt: skip

    def _accepts(self, hit: Hit, verify: Callable[..., object]) -> bool:
        """Return whether a request is accepted under the readings of an explanation that is nothing else; time aside."""
        known = {one.id for one in load(self.platform).readings("signing")}
        ids = [id for id, _ in hit.path]
        if not known.issuperset(ids):
            return True
        try:
            verify(self.found, readings=[*self.readings, *ids])
        except Refused as refused:
            return refused.reason in RIGHT_SIGNATURE
        return True

    def _differs(self, hit: Hit, stages: tuple[Stage, ...]) -> Difference | None:
        """Compare what a mistake signs with the message. Nothing masked is shown, nor a secret that it signs."""
        theirs = hit.state[0] if isinstance(hit.state, tuple) else None
        if not isinstance(theirs, bytes):
            return None
        if self.show_secrets:
            return signed_instead(stages, theirs)
        masked = [stage for stage in stages if stage.credential and not _public(stage.value)]
        secrets = (hit.key, *(one.encode("utf-8", "surrogatepass") for one in (self.secret, *self.others)))
        hidden = any("secret" in id for id, _ in hit.path) or any(
            one and one in theirs and not _public(one) for one in secrets
        )
        return signed_instead(
            stages, theirs, hidden=hidden or stages[-1:] == (*masked[-1:],), masked=bool(masked)
        )

    def _stages(self) -> tuple[Stage, ...]:
        try:
            return self.slips.stages(self.found, secret=self.secret, readings=self.readings)
        except Refused:
            return ()

    def _shown(self, stage: Stage) -> ShownStage:
        clause = self.slips.CLAUSES.get(stage.name, "")
        hidden = stage.credential and not self.show_secrets and not _public(stage.value)
        if hidden:
            return ShownStage(stage.name, len(stage.value), masked(stage.value), "", True, clause)
        try:
            stage.value.decode()
        except UnicodeDecodeError:
            return ShownStage(stage.name, len(stage.value), "", stage.value[:2_000].hex(), False, clause)
        return ShownStage(stage.name, len(stage.value), visible(stage.value), "", False, clause)

    def _own(
        self,
        cases: list[Case],
        searched: Callable[..., Outcome],
        stages: tuple[Stage, ...],
        mine: bytes | None,
        digest: str,
    ) -> Mine:
        """Compare the person's own text, and look for the slip that makes it, or that gives the person's own digest."""
        hidden = not self.show_secrets and any(
            stage.credential and not _public(stage.value) for stage in stages[-1:]
        )
        own = compared(stages, mine, hidden=hidden)
        outcome = Outcome((), 0, True)
        if digest:
            outcome = searched(budget=Budget(), received=digest)
        elif mine is not None and not own.same_as:
            outcome = searched(budget=Budget(), wanted=lambda state: state[0] == mine)
        right = any(not hit.path for hit in outcome.hits)
        differs = partial(self._differs, stages=stages)
        found = () if right else grouped(outcome.hits, self.platform, self.slips, cases, differs)
        return replace(own, digest_fits=bool(digest) and right, explanations=found, tried=outcome.tried)


def _public(value: bytes) -> bool:
    try:
        return value.decode() in PUBLIC_TEST_KEYS
    except UnicodeDecodeError:
        return False


def _returned(proof: Proof, show_secrets: bool) -> dict[str, Any]:
    def value(name: str, text: str) -> str:
        if name in proof.credentials and not show_secrets and text not in PUBLIC_TEST_KEYS:
            return masked(text.encode("utf-8", "surrogatepass"))
        return text

    return {
        "says": proof.says,
        "parameters": [[name, value(name, text)] for name, text in proof.parameters],
        "covered": [*proof.covered],
        "not_covered": [*proof.not_covered],
        "timestamp": proof.timestamp,
    }
