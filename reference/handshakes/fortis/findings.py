"""What the platform's checks say about an app, clause by clause."""

from __future__ import annotations

from ..browser import Page
from ..messages import Response
from ..verdicts import Finding, Refuses
from .faults import CLAUSE, LaunchFault, OAuthFault, OpeningFault, PostbackFault
from .records import Attempt

ASKED_FIRST = ("identity.", "token.", "launch.once", "launch.registered", "oauth.")
"""Clauses that an app may only judge after it asked the API."""


def is_open(response: Response | None) -> bool:
    """Return whether the iframe shows the app."""
    return response is not None and response.ok


def opened(
    first: Response, shown: Response, attempt: Attempt, launch_values: list[str], ui: str
) -> list[Finding]:
    """Return the findings on a launch that has to open the app, and did: its identity check, address, cookie and frame."""
    findings = []
    if attempt.token:
        findings.append(
            Finding(CLAUSE + "identity.users-me", attempt.asked > 0, f"asked {attempt.asked} times")
        )
    location = first.header("location")
    clean = 300 <= first.status < 400 and not any(value and value in location for value in launch_values)
    findings.append(
        Finding(CLAUSE + "launch.clean-url", clean, f"{first.status}, to an address without its values")
    )
    cookies = [value.lower() for value in first.header_values("set-cookie")]
    if cookies:
        kept = all(
            all(mark in cookie for mark in ("secure", "httponly", "samesite=none")) for cookie in cookies
        )
        findings.append(Finding(CLAUSE + "launch.cookie", kept, "Secure, HttpOnly, SameSite=None"))
    policy = shown.header("content-security-policy")
    ancestors = next((p.split()[1:] for p in policy.split(";") if p.split()[:1] == ["frame-ancestors"]), [])
    stored = "no-store" in shown.header("cache-control")
    quiet = shown.header("referrer-policy") in ("same-origin", "no-referrer", "strict-origin")
    framed = ui in ancestors and "*" not in ancestors
    findings.append(
        Finding(
            CLAUSE + "launch.embedding", framed and stored and quiet, "frame-ancestors, no-store, referrer"
        )
    )
    return findings


def judged(fault: OpeningFault, shown: Response | None, attempt: Attempt) -> list[Finding]:
    """Return the findings on a launch with a fault: it ends as the fault declares, and nothing else is contacted."""
    detail = f"{fault.name}: {shown.status if shown else 'no answer'}"
    findings = []
    clause = fault.clause
    if isinstance(fault.expected, Refuses):
        held = shown is not None and 400 <= shown.status < 500
        if is_open(shown) and clause.startswith(CLAUSE + "identity.") and attempt.token and not attempt.asked:
            clause = CLAUSE + "identity.users-me"
        findings.append(Finding(clause, held, detail))
        judged_before = (
            not clause.removeprefix(CLAUSE).startswith(ASKED_FIRST) and clause != CLAUSE + "plain.coverage"
        )
        if held and isinstance(fault, LaunchFault) and judged_before:
            findings.append(
                Finding(CLAUSE + "launch.order", not attempt.calls, f"{detail}, {attempt.calls} calls")
            )
    else:
        findings.append(Finding(clause, is_open(shown), detail))
    findings += trapped(attempt)
    return findings


def trapped(attempt: Attempt) -> list[Finding]:
    """fortis:oauth.url, fortis:api.host. Return the findings on what came to a trap while the app was opened."""
    return [
        Finding(CLAUSE + ("api.host" if "/v2/" in what else "oauth.url"), False, f"a foreign host got {what}")
        for what in attempt.trapped
    ]


def posted(fault: PostbackFault | None, responses: list[Response | None]) -> list[Finding]:
    """fortis:postback.answer. Return the findings on the answers to postbacks."""
    statuses = ", ".join(str(one.status) if one else "no answer" for one in responses) or "nothing sent"
    if fault is None:
        held = all(one is not None and one.ok for one in responses)
        return [Finding(CLAUSE + "postback.answer", held, f"the genuine postback: {statuses}")]
    if isinstance(fault.expected, Refuses):
        held = all(one is not None and 400 <= one.status < 500 for one in responses)
    else:
        held = all(one is not None and one.ok for one in responses)
    return [Finding(fault.clause, held, f"{fault.name}: {statuses}")]


def consented(fault: OAuthFault | None, page: Page | None, trapped: int) -> list[Finding]:
    """fortis:oauth.state. Return the findings on the end of a consent."""
    status = page.response.status if page else "no answer"
    if fault is None:
        return [Finding(CLAUSE + "oauth.endpoints", bool(page and page.response.ok), f"consent: {status}")]
    refused = isinstance(fault.expected, Refuses)
    held = page is not None and page.response.ok is not refused and not trapped
    return [Finding(fault.clause, held, f"{fault.name}: {status}")]
