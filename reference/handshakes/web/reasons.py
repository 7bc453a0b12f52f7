"""What a refusal has to do with the signature: `explain` is asked for the bytes, the operator's reason is the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..core.cases import Ciphers, called
from ..core.messages import Request
from ..core.refusals import Refused
from ..explain import Answer, explain
from ..platforms import PLATFORMS
from ..runtime.watching import http_of
from ..spec.register import load
from .advice import UNTOLD, cure, readable
from .sides import named

Json = dict[str, Any]

NOT_THE_SIGNATURE = "No signature decided this."
BEFORE = "the one from before it was changed"
CHANGED = "It was changed on the way"
"""How the sentence begins that says so; the cause of a refusal that has one."""


def beside(refused: Refused | None, found: Answer | None) -> str:
    """Return what the bytes say beside a refusal, in a sentence; nothing where `found` explains the refusal itself.

    `refused` is what the operator was told, if anything; `found` is what the bytes say, where a secret is known.

    >>> from ..explain import explain
    >>> found = explain("officernd", "/h?slug=s", secret="s", now=0)
    >>> beside(Refused("wrong-state", "officernd:x.y"), found), beside(Refused(found.reason, found.clause), found)
    ('No signature decided this.', '')
    """
    if found is None:
        return NOT_THE_SIGNATURE if refused else ""
    if found.verdict == "verified" or found.signature_fits:
        if refused is not None and refused.reason == found.reason:
            return ""
        if found.undone:
            return f"{CHANGED}: {'; '.join(found.undone)}. With that undone, it verifies.{_cure(found)}"
        says = (found.returns or {}).get("says") or "The signature is right."
        return f"{says.partition('. ')[0].rstrip('.')}. So the secret is not the cause."
    if refused is None:
        return ""
    same = found.reason == refused.reason and (found.clause == refused.clause or bool(found.explanations))
    return "" if same else NOT_THE_SIGNATURE


def _cure(found: Answer) -> str:
    """Return what to do about an address that was read as HTML."""
    html = any("HTML entity" in one for one in found.undone)
    return (
        " Whoever puts a URL into HTML: write & as &amp; (&times, &reg, &copy and others need no semicolon). Compare the address with what was sent, where a sign such as × stands."
        if html
        else ""
    )


def ruled(refused: Refused | None, found: Answer) -> Answer:
    """Return what the bytes say with one rule: where the check that refused names it, a mistake names none of its own.

    >>> from ..explain import explain
    >>> found = explain("officernd", "/h?slug=s", secret="s", now=0)
    >>> ruled(Refused(found.reason, "officernd:x.y"), found).clause
    'officernd:x.y'
    """
    if refused is None or refused.reason in UNTOLD or refused.reason != found.reason:
        return found
    groups = (
        tuple(replace(one, parts=tuple(replace(part, clause="") for part in one.parts)) for one in group)
        for group in found.explanations
    )
    return replace(found, clause=refused.clause, explanations=tuple(groups))


@dataclass(frozen=True, slots=True)
class Case:
    """A request that was refused, and what its receiver tries it with: each secret with what it is, the right one first."""

    platform: str
    request: Request
    now: int
    secrets: Mapping[str, str] = field(repr=False)
    ciphers: Ciphers | None
    sides: tuple[str, str]
    """What who made it and who received it are called."""

    def found(self, readings: Sequence[str] = ()) -> Answer | None:
        """Return what the bytes say, None where no secret is known."""
        secret, *others = self.secrets or [""]
        if not secret:
            return None
        return explain(
            self.platform, http_of(self.request), secret=secret, others=others, now=self.now, readings=readings, ciphers=self.ciphers
        )  # fmt: skip

    def told(self, found: Answer) -> Json:
        """Return an answer as JSON, each cause with what only the receiver knows of it, and with who does what."""
        answer = found.as_json()
        for part in (part for group in answer["explanations"] for each in group for part in each["parts"]):
            self._told_of(part)
            part["cure"] = named(cure(part), *self.sides)
        return answer

    def _told_of(self, part: Json) -> None:
        """Say which other secret it was, or what a reading leaves unsigned."""
        number = re.match(r"number (\d+) of those given$", part["change"])
        if part["id"] == "key-other" and number:
            which = [*self.secrets.values()][int(number[1]) - 1] or BEFORE
            part["says"], part["change"] = f"Another secret was used: {which}.", ""
        if part["kind"] != "reading":
            return
        unsigned: Sequence[str] = ()
        if PLATFORMS[self.platform].signs_all and (found := self.found([part["id"]])):
            unsigned = (found.returns or {}).get("not_covered", ())
        sent = {piece.partition("=")[0] for piece in self.request.query.split("&")}
        left = [called(name) for name in unsigned if name in sent]
        for question in load(self.platform).ambiguities:
            for reading in question.readings:
                if reading.id == part["id"]:
                    part["says"] = readable(question.question, reading.rule, left)
