"""What a refusal has to do with the signature: `explain` is asked for the bytes, the operator's reason is the answer."""

from __future__ import annotations

from dataclasses import replace

from ..core.refusals import Refused
from ..explain import Answer

UNTOLD = ("signature-mismatch", "decryption-failed")
"""Reasons that leave open which rule was broken: one wrong byte anywhere gives them."""
NOT_THE_SIGNATURE = "No signature decided this."
KNOWN = "On this page it is known: "
"""What begins a sentence that only who chose the fault can say."""
CHANGED = "It was changed on the way"
"""How the sentence begins that says so; the cause of a refusal that has one."""
LOOK = dict.fromkeys(
    UNTOLD, "“Why?” tries the mistakes that are known, and shows what the receiver computed, stage by stage."
) | {"malformed": "“Why?” looks at it character by character, though it may be masked here."}
"""In place of hints to look at what the page shows there alone."""
_ANSWERED = {
    "200": "The status says that it worked, and the body says no: believe the body, and tell the person what it says.",
    "3": "It redirects. Do not follow: credentials would go to another address. Compare the address with the documentation.",
    "400": "The request itself was refused. Compare it with the documentation, with what the answer says in mind.",
    "401": "The key or token is not known there, or has ended. Is it of the account whose address was asked?",
    "402": "The customer has to act in the account. Tell the person what the answer says.",
    "403": "The key or token may not do this. Has it the right? Is it of the account whose address was asked?",
    "404": "What was asked for is not there. Compare path and account with the documentation.",
    "429": "Too many requests. Wait as long as the answer says, then repeat it.",
    "5": "The fault is on the other side. Keep what was there, change nothing, and repeat it later.",
}
"""What to do about an error of an API, by its status or the first digit of it."""
_OF_ANSWERS = {
    "identity-mismatch": "The answer is about something else than was asked for. Keep nothing of it; is the token another one's?",
    "unexpected-answer": "Compare the answer with the documented one, and take nothing from it.",
    "missing-parameter": "The answer is not whole. Take nothing from it: ask again, and compare it with the documentation.",
    "empty-parameter": "The answer is not whole. Take nothing from it: ask again, and compare it with the documentation.",
    "wrong-state": "It was used already: a browser that goes back or reloads sends it again. Begin the step anew.",
    "not-allowed": "The answer says what was granted. Let the person grant what is missing, and try again.",
}
"""What to do where an answer was refused, not the request that it belongs to."""
_SAID = {
    "invalid_grant": "The code was used before, has ended, or is another application's. Begin the step anew to get one.",
    "invalid_scope": "Ask only for what the application was registered with.",
    "access_denied": "The person said no. Nothing has to be mended: offer the step again.",
    "136": "Set the clock that the call is signed with by NTP, and sign Unix seconds.",
    "137": "Is it the key that belongs to this token, whole and as it was shown? Then compare the text that was signed.",
    "errorcode": "The meaning says what the API refused in that call. Compare the call with its documentation; what has ended is made anew by opening the provider again.",
}
"""What to do about an error that has a name or a code of its own."""


def advice(refused: Refused, answered: bool, looks: bool) -> str:
    """Return what to do about a refusal: of an answer (`answered`) or a request, and whether Why? has more to say.

    >>> advice(Refused("platform-error", "a:b", {"status": "503"}), True, False).partition(".")[0]
    'The fault is on the other side'
    >>> advice(Refused("identity-mismatch", "a:b", {"consented by": "x"}), True, False).partition(".")[0]
    'The person who consented was signed in as another user'
    >>> advice(Refused("platform-error", "a:b", {"status": "200", "errorcode": "137"}), True, False).partition(",")[0]
    'Is it the key that belongs to this token'
    """
    facts = {**refused.evidence}
    if looks and refused.reason in LOOK:
        return LOOK[refused.reason]
    if "consented by" in facts:
        return "The person who consented was signed in as another user. Sign in as the one who opened the app, and consent again."
    if refused.reason == "platform-error":
        status = str(facts.get("status", ""))
        code = str(facts.get("errorcode", ""))
        named = _SAID.get(code, _SAID["errorcode"]) if code else _SAID.get(str(facts.get("error")))
        named = _ANSWERED["5"] if status[:1] == "5" else named
        return named or _ANSWERED.get(status) or _ANSWERED.get(status[:1]) or refused.hint()
    told = answered and (refused.reason != "identity-mismatch" or "answered" in facts)
    return (_OF_ANSWERS.get(refused.reason, "") if told else "") or refused.hint()


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
        " What to do: where a URL stands in HTML, write & as &amp; (&times, &reg, &copy and others need no semicolon); compare the address with what was sent, where a sign such as × stands."
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
