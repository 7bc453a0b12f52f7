"""Why something was not accepted: one closed table of reasons, and `Refused`, which explains itself.

A refusal has two readers. The client outside gets a uniform answer that tells an attacker
nothing. The operator inside gets the reason, the clause, the evidence and a hint. Neither ever
gets a secret or the signature that would have been right.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from .printing import printable


class ShownStage(Protocol):
    """What a refusal needs of a stage: its name, and its bytes as they may be shown."""

    @property
    def name(self) -> str:
        """The stage's name."""

    def show(self) -> str:
        """Return the bytes as they may be shown."""


class Reason(NamedTuple):
    """One row of the table: what the code means, and what to look at first."""

    meaning: str
    hint: str


REASONS: dict[str, Reason] = {
    # what the bytes look like
    "malformed": Reason(
        "The input does not have the documented form.",
        "Compare it with a valid example of the same operation, character by character.",
    ),
    "missing-parameter": Reason(
        "A parameter that has to be there is absent.",
        "Was the URL or body cut on the way, or the name written in another case?",
    ),
    "empty-parameter": Reason(
        "A parameter is there, and empty where a value is needed.",
        "Look at the sender's configuration: an empty value is usually an unset one.",
    ),
    "duplicate-parameter": Reason(
        "A parameter or a JSON key occurs more than once, so two readers may see two values.",
        "Look for whoever added one: an edited link, a redirect, an attack. The evidence names it.",
    ),
    "too-large": Reason("The input is over its size limit.", "The evidence says the limit."),
    "wrong-type": Reason(
        "A value has another type than the documented one.",
        "The evidence says which type is expected. Is a number sent as text, or JSON inside a JSON text?",
    ),
    "wrong-method": Reason(
        "The endpoint does not know this HTTP method.", "The evidence says which it knows."
    ),
    "wrong-content-type": Reason(
        "The body is of another content type than the documented one.", "The evidence says which is expected."
    ),
    # whether it is genuine
    "empty-secret": Reason(
        "The secret is empty, and an empty key would let anybody sign.",
        "Load the secret before the first request comes; fail closed without it.",
    ),
    "signature-mismatch": Reason(
        "The signature is not the one that this secret gives for what was received.",
        "Look at the stages: is the signed text the one the sender signed? Is it the right secret?",
    ),
    "decryption-failed": Reason(
        "Decryption gave invalid padding or no text. Mostly the secret is another one, or the data was changed.",
        "Is it the right secret, and MD5 in the key derivation? Try the vectors of the same operation.",
    ),
    "wrong-key": Reason(
        "The shared key in the request is not the configured one.",
        "Compare the key in the other side's configuration with the one here.",
    ),
    "unknown-installation": Reason(
        "No active installation here matches the request.",
        "Was the connection made with this partner and this store? Was it removed?",
    ),
    # when it was made
    "timestamp-in-milliseconds": Reason(
        "The timestamp has thirteen digits: milliseconds where seconds are documented.",
        "Divide by 1000 on the sender's side, before signing.",
    ),
    "stale": Reason(
        "The timestamp is older than the tolerance allows; the signature itself is right.",
        "Is it an old one, copied or out of a log? Then verify it at its own time. If it is new: do both clocks run by NTP?",
    ),
    "from-the-future": Reason(
        "The timestamp is further ahead than the tolerance allows; the signature itself is right.",
        "Do both clocks run by NTP? Is the timestamp really in UTC seconds?",
    ),
    "replayed": Reason(
        "This request, or what it carries, was taken before and counts once.",
        "A repeat is an attack or a retry; this endpoint takes each request once.",
    ),
    # whether we want it
    "not-allowed": Reason(
        "The value is well formed, and not on the list of what is allowed.",
        "The evidence says what it is. Where the list is configuration, extend it only with what you own or the platform owns.",
    ),
    "identity-mismatch": Reason(
        "Two sources name different identities for the same thing.",
        "Compare what the evidence names in the request and in the API's answer; believe the API, never the request.",
    ),
    "wrong-state": Reason(
        "The request does not fit what happened so far.",
        "Was the connection finished, removed, or started in another browser?",
    ),
    # what the other side did
    "unreachable": Reason(
        "The other side did not answer in time, or not at all.",
        "The other side may have acted all the same. Look at its state before you repeat the step.",
    ),
    "platform-error": Reason(
        "The platform's API answered with an error.",
        "The evidence has what it said. A key or token that it does not know may be of another account than the address.",
    ),
    "unexpected-answer": Reason(
        "The platform's API answered with something other than its documented shape.",
        "Compare the answer with the transcript of a run against the simulator.",
    ),
    # what our own store did
    "store-unavailable": Reason(
        "The store of installations cannot be opened or asked.",
        "Does its folder exist, and may this user write there? Does the database run? Nothing was saved.",
    ),
    "store-locked": Reason(
        "Another program holds the database, or other requests changed the same installation at each try.",
        "Nothing was saved: repeat the request. Is a backup or a database shell in the middle of a transaction?",
    ),
    "store-full": Reason(
        "There is no space left for the store.",
        "Nothing was saved: free space on its disk, or raise the limit, and repeat the request.",
    ),
    "store-read-only": Reason(
        "The database can be read and cannot be written.",
        "Look at the permissions of the file and of its folder, and at how the disk is mounted.",
    ),
    "store-damaged": Reason(
        "A row of the store, or the whole database, cannot be read.",
        "Connect again: a verified new connection replaces a damaged row. Restore a damaged database from a backup.",
    ),
    "store-wrong-key": Reason(
        "No key of the store opens what was stored.",
        "Restore the keys that it was written with. If they are lost, connect again: that replaces the row.",
    ),
    "unknown-reading": Reason(
        "The reading or stage is unknown.", "The platform's spec.toml lists its readings."
    ),
}
"""Every reason code there is; the guide's page of reasons is made from this."""


class Refused(Exception):
    """What was not accepted, and why.

    `reason` is a code of `REASONS`, `clause` the id of the rule, `evidence` short facts by name
    (never a secret, never the expected signature), `stage` the stage where it broke, `stages`
    the bytes on the way, as far as they were built.

    >>> refused = Refused("stale", "officernd:signature.tolerance", {"age": "5 minutes 1 second (301 s)"})
    >>> print(refused)
    stale (officernd:signature.tolerance): age 5 minutes 1 second (301 s)
    """

    def __init__(
        self,
        reason: str,
        clause: str,
        evidence: Mapping[str, object] | None = None,
        *,
        stage: str = "",
        stages: Sequence[ShownStage] = (),
    ) -> None:
        if reason not in REASONS:
            raise KeyError(f"no reason code {reason!r} in the table")
        self.reason = reason
        self.clause = clause
        self.evidence = {name: printable(str(value), 200) for name, value in (evidence or {}).items()}
        self.stage = stage
        self.stages = tuple(stages)
        super().__init__(reason, clause)

    def __str__(self) -> str:
        facts = ", ".join(f"{name} {value}" for name, value in self.evidence.items())
        return f"{self.reason} ({self.clause})" + (f": {facts}" if facts else "")

    def hint(self) -> str:
        """Return what to look at first, in one or two sentences."""
        return REASONS[self.reason].hint

    def explain(self) -> str:
        """Return the refusal in prose: what, which clause, the evidence, the stages, the hint."""
        lines = [f"Refused: {self.reason}. {REASONS[self.reason].meaning}", f"  clause  {self.clause}"]
        if self.stage:
            lines.append(f"  stage   {self.stage}")
        lines += [f"  {name}: {value}" for name, value in self.evidence.items()]
        if self.stages:
            lines.append("  the bytes that the secret was tried on, stage by stage:")
            lines += [f"    {stage.name:<11} {stage.show()}" for stage in self.stages]
        lines.append(f"Hint: {self.hint()}")
        return "\n".join(lines)


def absent(name: str, found: Collection[str]) -> dict[str, str]:
    """Return the evidence of a parameter that is empty, or missing: then with the names that are there.

    Of a name that damage may have put a value into, its length alone is told.

    >>> absent("code", ["Code", "state", "apiToken0123456789abcdef"])
    {'name': 'code', 'found': 'Code, state, ‹a name of 24 characters›'}
    """
    short = re.compile(r"[\w.\[\]-]{1,23}").fullmatch
    there = [one if short(one) else f"‹a name of {len(one)} characters›" for one in found]
    return {"name": name} | ({} if name in found else {"found": ", ".join(there[:9]) or "none"})
