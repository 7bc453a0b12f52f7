"""An answer in words, as the command prints it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..core.printing import duration, printable
from ..core.refusals import REASONS
from .answer import Answer
from .differences import Mine
from .ranking import Explanation

MOST_MEMBERS = 4
"""How many explanations of a group are told."""
NOTHING_FITS = (
    "What may remain: another secret (that of another installation, or an old one), bytes that were changed in a "
    "way that is not known here, or values that are not in what was pasted."
)


def told(answer: Answer, now: int) -> Iterator[str]:
    """Yield the lines of an answer.

    >>> from .explaining import explain
    >>> print(*told(explain("officernd", "", secret="s", now=0), 0), sep="\\n")
    Nothing to verify: Nothing was pasted. Give a request as an argument, with --file, or on standard input.
    """
    if answer.verdict == "unrecognised":
        yield f"Nothing to verify: {answer.says}"
        return
    yield from (f"Note: {doubt}" for doubt in answer.doubts)
    if answer.undone or answer.took not in ("a URL", "a request target"):
        yield f"Read as {answer.took}." + (f" Undone: {'; '.join(answer.undone)}." if answer.undone else "")
    yield from _verified(answer, now) if answer.verdict == "verified" else _refused(answer)
    if answer.mine is not None:
        yield from _mine(answer.mine)
    if answer.stages:
        yield "From the request to the signed bytes:"
        width = max(len(stage.name) for stage in answer.stages)
        for stage in answer.stages:
            shown = stage.text if stage.text or not stage.hex else f"hex {stage.hex}"
            yield f"  {stage.name:<{width}}  {shown}" + (
                "" if stage.masked else f" ({stage.length} byte{'s' * (stage.length != 1)})"
            )
    if any(stage.masked for stage in answer.stages):
        yield "  (on your own terminal, --show-secrets shows what is masked)"


def _verified(answer: Answer, now: int) -> Iterator[str]:
    returns = answer.returns or {}
    when = signed_when(returns["timestamp"], now) if returns.get("timestamp") is not None else ""
    yield " ".join(filter(None, (returns["says"] or "Verified.", when)))
    if answer.undone:
        yield "  It verifies after what was undone: a receiver that got it as it was pasted refuses it."
    for name, value in returns["parameters"]:
        yield f"  {printable(name)} = {printable(value, 500)}"
    yield f"  covered: {printable(', '.join(returns['covered']), 500) or 'nothing'}"
    yield f"  not covered: {printable(', '.join(returns['not_covered']), 500)}"


def _refused(answer: Answer) -> Iterator[str]:
    yield f"Refused: {answer.reason} ({answer.clause}). {answer.says}"
    yield from (f"  {name}: {value}" for name, value in answer.evidence.items())
    if answer.explanations:
        yield from _explained(answer.explanations)
        if answer.then:
            yield f"With the right signature it is refused all the same: {answer.then}. {REASONS[answer.then].meaning}"
    elif answer.signature_fits:
        if "signature itself is right" not in answer.says:
            yield "  The signature itself is right."
        yield f"  {answer.hint}"
    else:
        yield f"  {answer.hint}"
        if answer.tried:
            yield f"No known mistake gives the received value: {answer.tried} combinations were tried."
            if answer.ended == "budget":
                yield "The budget ended the search; --deep searches longer."
            yield NOTHING_FITS


def _explained(groups: tuple[tuple[Explanation, ...], ...]) -> Iterator[str]:
    begun = set()
    for group in groups[:3]:
        first, *others = group
        action = re.findall(r"in action \d+ of \d+$", first.change)
        yield "Or:" if str(action) in begun else "Likely cause:"
        begun.add(str(action))
        for part in first.parts:
            yield f"  {sentence(part.says, part.change)}"
            yield f"    What to do: {part.cure}"
            source = f"known from {part.source}; " if part.source else ""
            clause = f"rule {part.clause}; " if part.clause else ""
            yield f"    {source}{clause}more: handshakes explain {part.id}"
        if others:
            yield "  These give the same bytes:"
            for other in others[: MOST_MEMBERS - 1]:
                yield f"    {other.id}: {' '.join(sentence(part.says, part.change) for part in other.parts)}"
            if len(others) >= MOST_MEMBERS:
                yield f"    and {len(others) - MOST_MEMBERS + 1} more"


def sentence(says: str, change: str) -> str:
    """Return what a mistake is, with what it is in this request, in one sentence.

    >>> sentence("Blanks were signed as %20. PHP's form writes +.", "the tilde as it is")
    "Blanks were signed as %20 (the tilde as it is). PHP's form writes +."
    """
    return re.sub(r"\.(?= [A-Z]|$)", lambda end: f" ({change}).", says, count=1) if change else says


def _mine(mine: Mine) -> Iterator[str]:
    if mine.same_as == "message":
        yield "Your text is the signed message, byte for byte: look at the secret and at how the digest is made."
    elif mine.same_as:
        yield f"Your text is the stage {mine.same_as}; what is signed is the stage message."
    elif mine.at is not None:
        yield f"Your text first differs from the signed message at byte {mine.at}: {mine.name}."
        if mine.ours or mine.yours:
            yield f"  ours:  …{mine.ours}"
            yield f"  yours: …{mine.yours}"
    if mine.digest_fits:
        yield "Your digest is right for what was received: compare it with the request's in constant time, as bytes."
    elif mine.explanations:
        yield "How yours is made:"
        yield from _explained(mine.explanations)
    elif mine.tried and not mine.same_as:
        yield f"No known mistake gives yours: {mine.tried} combinations were tried."


def signed_when(timestamp: int, now: int) -> str:
    """Return in words when something was signed, seen from `now`.

    >>> print(signed_when(1648190384, 1648190394), signed_when(1648190384, 1648190204))
    Signed at 1648190384, 10 s before 1648190394. Signed at 1648190384, 3 minutes (180 s) after 1648190204.
    """
    side = "before" if timestamp <= now else "after"
    return f"Signed at {timestamp}, {duration(abs(now - timestamp))} {side} {now}."
