"""What a refusal has to do with the signature: `explain` is asked for the bytes, the operator's reason is the answer."""

from __future__ import annotations

from ..core.refusals import Refused
from ..explain import Answer

NOT_THE_SIGNATURE = "No signature decided this."


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
            return f"It was changed on the way: {'; '.join(found.undone)}. With that undone, it verifies."
        says = (found.returns or {}).get("says") or "The signature is right."
        return f"{says.partition('. ')[0].rstrip('.')}. So the secret is not the cause."
    if refused is None:
        return ""
    same = found.reason == refused.reason and (found.clause == refused.clause or bool(found.explanations))
    return "" if same else NOT_THE_SIGNATURE
