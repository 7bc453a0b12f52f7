"""What a refusal has to do with the signature: `explain` is asked for the bytes, the operator's reason is the answer."""

from __future__ import annotations

from dataclasses import replace

from ..core.refusals import Refused
from ..explain import Answer
from .advice import UNTOLD

NOT_THE_SIGNATURE = "No signature decided this."
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
