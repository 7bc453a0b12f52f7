"""What the platform's checks say about an app, clause by clause."""

from __future__ import annotations

import re

from ...core.messages import Response
from ...runtime.browser import Page
from ...runtime.framing import EVERYBODY, ancestors, may_frame
from ...runtime.judging import same_as_first, tells
from ...runtime.verdicts import Finding, Refuses, Survives
from ..signing import BY_DATA
from .faults import AnswerFault, LaunchFault, OAuthFault, OpeningFault, PostbackFault
from .records import CLAUSE, Attempt

BY_THE_API = ("identity.", "token.", "plain.coverage", "encrypted.coverage")
"""Clauses about which an app learns from the API alone."""
LATE = (*BY_THE_API, "launch.once", "launch.registered", "oauth.")
"""Clauses that an app judges after it asked the API, or may."""
LOCATION_ONLY = Survives("location-only")
QUIET = re.compile("no-referrer|same-origin|(strict-)?origin(-when-cross-origin)?")
TELLING = ("no-referrer-when-downgrade", "unsafe-url")
UNTOLD = "the app has no address for it"
UNPROVED = ("signature-mismatch", "stale", "from-the-future")


def is_open(response: Response | None) -> bool:
    """Return whether the iframe shows the app."""
    return response is not None and response.ok


def opened(
    first: Response, shown: Response, attempt: Attempt, launch_values: list[str], ui: str
) -> list[Finding]:
    """Return the findings on a launch that has to open the app, and did: its identity check, address, cookie and frame."""
    checks = {}
    if attempt.token:
        checks["identity.users-me"] = attempt.asked > 0, f"asked {attempt.asked} times"
    location = first.header("location")
    clean = 300 <= first.status < 400 and not any(tells(location, value) for value in launch_values if value)
    checks["launch.clean-url"] = clean, f"{first.status}, it has to be to an address without its values"
    if cookies := [value.lower() for value in first.header_values("set-cookie")]:
        marks = ("secure", "httponly", "samesite=none")
        kept = all(mark in cookie for cookie in cookies for mark in marks)
        checks["launch.cookie"] = kept, "it has to be Secure, HttpOnly, SameSite=None"
    stored = "no-store" in shown.header("cache-control").lower()
    policies = ancestors(shown)
    everybody = any(EVERYBODY.issuperset(one) for one in policies)
    framed = bool(policies) and may_frame(shown, ui) and not everybody
    parts = {"frame-ancestors": framed, "no-store": stored, "Referrer-Policy": quiet(shown)}
    wrong = [name for name, right in parts.items() if not right]
    checks["launch.embedding"] = not wrong, f"{'not right: ' if wrong else ''}{', '.join(wrong or parts)}"
    return [Finding(CLAUSE + clause, *check) for clause, check in checks.items()]


def quiet(shown: Response) -> bool:
    """Return whether a browser tells other sites no more of a page's address than its origin; the last policy that it knows counts."""
    given = [one.strip().lower() for one in ",".join(shown.header_values("referrer-policy")).split(",")]
    known = [one for one in given if one in TELLING or QUIET.fullmatch(one)]
    return known[-1:] != [] and known[-1] not in TELLING


def unopened(shown: Response | None, mode: str) -> tuple[Finding, ...]:
    """Return the finding on a genuine launch that did not open the app."""
    clause = "encrypted.format" if mode == BY_DATA else "plain.verify"
    if shown is None:
        return (Finding(CLAUSE + clause, None, "the genuine launch: no answer"),)
    clause = "setup.iframe-url" if shown.status == 404 else clause
    return (Finding(CLAUSE + clause, False, f"the genuine launch: {shown.status}"),)


def needed(fault: OpeningFault) -> tuple[str, ...]:
    """fortis:plain.names. Return the placeholders without which a fault of a launch shows nothing."""
    rule = fault.clause.removeprefix(CLAUSE)
    compared = rule in ("identity.mismatch", "plain.coverage") or fault.name == "user-doubled"
    asks = rule.startswith(BY_THE_API) or fault.name == "unfilled-token"
    return (("user-id",) if compared else ()) + (("access-token",) if asks else ())


def uniform(fault: OpeningFault, response: Response | None, seen: dict[str, Response]) -> list[Finding]:
    """fortis:launch.uniform. Compare the answers to whatever did not open; beyond the size limit they may differ.

    They may too where the launch is right and the API fails. `seen` has the first of them.
    """
    beyond = not isinstance(fault.expected, Refuses) or fault.expected == Refuses("too-large")
    beyond = beyond or fault.clause == CLAUSE + "identity.unavailable"
    if response is None or is_open(response) or beyond:
        return []
    return [same_as_first(seen, "launch", response, CLAUSE + "launch.uniform", fault.name)]


def judged(fault: OpeningFault, shown: Response | None, attempt: Attempt, now: int) -> list[Finding]:
    """Return the findings on a launch with a fault: it ends as the fault declares, and nothing else is contacted."""
    detail = f"{fault.name}: {shown.status if shown else 'no answer'}"
    findings = []
    clause = fault.clause
    if isinstance(fault.expected, Refuses):
        late = fault.seconds if isinstance(fault, AnswerFault) else 0
        waited = attempt.asked > 0 and now - attempt.asked_at >= late > 0  # then it has a good answer
        held: bool | None = None
        rule = clause.removeprefix(CLAUSE)
        if shown is not None:
            most = 600 if rule == "identity.unavailable" else 500  # what the API fails at may be said so
            held = 400 <= shown.status < most or (waited and is_open(shown))
        if is_open(shown) and rule.startswith(BY_THE_API) and attempt.token and not attempt.asked:
            clause = CLAUSE + "identity.users-me"
        early = isinstance(fault, LaunchFault) and not rule.startswith(LATE)
        if held and early and attempt.calls and fault.expected.reason not in UNPROVED:
            held, detail = False, f"{detail}, after the API was asked about it"  # so it was believed
        findings.append(Finding(clause, held, detail))
        if held and early:
            said = f"{detail}, and nobody may be asked" if attempt.calls else f"{detail}, nobody was asked"
            findings.append(Finding(CLAUSE + "launch.order", not attempt.calls, said))
    else:
        refused = shown is not None and 400 <= shown.status < 500
        shut = fault.expected == LOCATION_ONLY and refused  # or not at all; A30
        findings.append(Finding(clause, None if shown is None else shut or is_open(shown), detail))
    return findings + [trapped(*came) for came in attempt.trapped]


def trapped(rule: str, origin: str) -> Finding:
    """fortis:oauth.url, fortis:api.host. Return the finding on what came to a trap: its path may hold a token, so the origin alone."""
    return Finding(CLAUSE + rule, False, f"a foreign host was called: {origin}")


def posted(fault: PostbackFault | None, responses: list[Response | None], repeated: bool) -> list[Finding]:
    """fortis:postback.answer. Return the findings on the answers to postbacks; a repeat of ours is `repeated`."""
    statuses = ", ".join(str(one.status) if one else "no answer" for one in responses) or "nothing sent"
    if fault is None:
        answers = [one for one in responses if one is not None]
        held = all(one.ok for one in answers) if answers else None
        refused = any(one.status >= 400 for one in answers)
        clause = "postback.idempotent" if repeated and refused else "postback.answer"
        return [Finding(CLAUSE + clause, held, f"the genuine postback: {statuses}")]
    answered = [one.status for one in responses if one is not None]
    if isinstance(fault.expected, Refuses):
        wrong = any(not 400 <= status < 500 and status != 501 for status in answered)
    else:  # which statuses mean yes is a question of the genuine one
        wrong = any(status >= 400 for status in answered)
    seen = bool(responses) and len(answered) == len(responses)
    return [Finding(fault.clause, False if wrong else True if seen else None, f"{fault.name}: {statuses}")]


def unasked(fault: OAuthFault | None) -> Finding:
    """fortis:oauth.offered. Return the finding on a consent that the app's page asks nobody for."""
    name = fault.name if fault else "consent"
    clause = fault.clause if fault else CLAUSE + "oauth.endpoints"
    return Finding(clause, None, f"{name}: the app's page asks for no access")


def consented(fault: OAuthFault | None, page: Page | None, trapped: int) -> list[Finding]:
    """fortis:oauth.state. Return the findings on the end of a consent."""
    name = fault.name if fault else "consent"
    clause = fault.clause if fault else CLAUSE + "oauth.endpoints"
    if page is None:
        return [Finding(clause, False if trapped else None, f"{name}: no answer")]
    refused = fault is not None and isinstance(fault.expected, Refuses)
    held: bool | None = page.response.ok is not refused and not trapped
    if held is False and not trapped and clause == CLAUSE + "oauth.redirects":
        held, name = None, f"{name}, nobody came to the foreign host, and the page may say no"
    return [Finding(clause, held, f"{name}: {page.response.status}")]
