"""Why a partner may have done what it did: an open reading that excuses it, or the likely cause."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.cases import Ciphers
from ..core.refusals import REASONS, Refused
from ..explain import explain
from ..explain.pasted import read
from ..explain.recorded import Unreadable
from ..explain.telling import sentence
from ..platforms import PLATFORMS
from ..runtime.verdicts import Refuses
from ..runtime.watching import http_of
from ..spec.register import Register
from .served import Observed


def excuse(
    platform: str, register: Register, one: Observed, keys: Sequence[str], ciphers: Ciphers | None
) -> str:
    """Return the reading of an open question under which the request verifies as the partner took it, or nothing."""
    if one.case is None or one.request is None or one.finding.clause != one.case.clause:
        return ""
    open_ones = [a for a in register.ambiguities if a.status == "open" and one.finding.clause in a.clauses]
    tried = [r.id for a in open_ones for r in a.readings if r.runs == "signing" and r.id != a.adopted]
    took = isinstance(one.case.expected, Refuses)
    for reading in tried:
        verdicts = {_verdict(platform, one, key, [reading], ciphers) for key in keys}
        if (("verified" in verdicts) is took) and verdicts != {"unrecognised"}:
            return reading
    return ""


def _verdict(platform: str, one: Observed, key: str, readings: Sequence[str], ciphers: Ciphers | None) -> str:
    assert one.request is not None  # noqa: S101
    slips = PLATFORMS[platform].slips()
    try:
        found = read(http_of(one.request), slips, "", ())
        slips.verify(found, secret=key, now=one.now, tolerance=None, readings=list(readings))
    except Unreadable:
        return "unrecognised"
    except Refused:
        return "refused"
    return "verified"


def cause(platform: str, one: Observed, keys: Sequence[str], ciphers: Ciphers | None) -> str:
    """Return the likely cause of a violation, in words."""
    if one.case is None or one.request is None:
        return one.finding.detail
    if one.finding.clause != one.case.clause and one.case.name not in one.finding.detail:
        return f"This was seen after {one.case.name} ({one.case.what}): {one.finding.detail}"
    what = f"The simulator sent this on purpose: {one.case.what}."
    status = one.came.text[:1] if one.came and one.came.kind == "response" else ""
    answers = [
        explain(platform, http_of(one.request), secret=key, now=one.now, ciphers=ciphers) for key in keys[:3]
    ]
    expected = one.case.expected
    if isinstance(expected, Refuses):
        if status in ("4", "5"):  # some platforms refuse with 200
            return f"{what} It was refused, which is right. What is wrong: {one.finding.detail}"
        reason = REASONS.get(expected.reason)
        said = next((found[0] for answer in answers for found in answer.explanations if found), None)
        if said:
            mistake = " ".join(sentence(part.says, part.change) for part in said.parts)
            return f"{what} Your partner takes what this mistake makes: {mistake}"
        return f"{what} It has to be refused: {reason.meaning if reason else expected.reason}"
    verified = any(answer.verdict == "verified" for answer in answers)
    if verified or any(_verdict(platform, one, key, (), ciphers) == "verified" for key in keys[3:]):
        if status in ("2", "3"):
            return f"{what} The signature is right. What was seen: {one.finding.detail}"
        return (
            f"{what} The signature is right, so it has to be accepted: verify what was received, unchanged."
        )
    return f"{what} What was seen: {one.finding.detail}"
