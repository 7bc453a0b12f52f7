"""What the platform's checks say about a provider, clause by clause."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from ...core.messages import Response
from ...runtime.browser import Page
from ...runtime.framing import may_frame
from ...runtime.judging import same_as_first
from ...runtime.verdicts import Fault, Finding, Refuses
from .faults import ApiFault, FormFault, UrlFault
from .frames import key_form
from .records import CLAUSE, ApiUser, Customer, Popup, Service

LONGEST = 200


@dataclass(slots=True)
class Attempt:
    """One attempt to activate or to use a service, and what the API saw of it.

    `calls` and `calls_after` count the API's calls; `known` says that the API has found what is broken,
    after the `seen` findings of before. `now` is the Unix second of the end. `popup` is, of a service, the one that was
    told "active", if any was.
    """

    fault: Fault | None
    again: bool
    late: bool
    popup: Popup | None
    user: ApiUser | None
    calls: int
    seen: int
    calls_after: int = 0
    known: bool = False
    now: int = 0

    @property
    def name(self) -> str:
        """What was done, in short."""
        return self.fault.name if self.fault else "the genuine call"

    @property
    def quiet(self) -> bool:
        """Whether the provider called nobody."""
        return self.calls_after == self.calls


def closed(response: Response | None, attempt: Attempt) -> Finding:
    """Return the finding on a page that must not open: an error, no form, and no call of the API."""
    assert attempt.fault is not None  # noqa: S101  (only faults close pages)
    status = response.status if response else "no answer"
    held = response.status >= 400 and b"<form" not in response.body and attempt.quiet if response else None
    return Finding(attempt.fault.clause, held, f"{attempt.name}: {status}")


def waited_for(fault: Fault | None, user: ApiUser, now: int) -> bool:
    """onoffice:unlock.timeout. Return whether the good answer to a call that was carried out was there by now, late as it is."""
    late = fault.seconds if isinstance(fault, ApiFault) else 0
    return user.state == "active" and now - user.asked_at >= late > 0


def judged_message(fault: Fault, text: str, user: ApiUser, now: int) -> Finding:
    """Return the finding on a fault of an activation that a person went through, by what the popup was told in the end."""
    said, active = text.strip("'\"\n ") == "active", user.state == "active"
    refuses = isinstance(fault.expected, Refuses)
    held = not said or waited_for(fault, user, now) if refuses else active
    heard = "and the popup was told so" if said == active else "the popup was told otherwise"
    return Finding(fault.clause, held, f"{fault.name}: {'active' if active else 'not active'}, {heard}")


def uniform(
    response: Response | None, attempt: Attempt, seen: dict[str, Response], place: str
) -> tuple[Finding, ...]:
    """onoffice:url.refused. Compare the answers to whatever did not verify at one place; `seen` is the first of each."""
    verified = isinstance(attempt.fault, UrlFault) and attempt.fault.verified
    if verified or response is None:
        return ()
    policy = "content-security-policy"
    return (same_as_first(seen, place, response, CLAUSE + "url.refused", attempt.name, policy),)


def pressed_again(response: Response | None, quiet: bool) -> Finding:
    """onoffice:unlock.repeat. Return the finding on a second click; `quiet` says that the provider called nobody."""
    held = quiet and response.body == b"active" if response is not None else None
    return Finding(CLAUSE + "unlock.repeat", held, "a second click")


def judged_page(page: Page | None, customer: Customer, portal: str) -> tuple[Finding, ...]:
    """Return the findings on the activation page: what is on it, and who may embed it."""
    if page is None:
        return ()
    if page.response.status >= 400:
        refused = f"the genuine activation URL: {page.response.status}"
        return (Finding(CLAUSE + "url.verify", False, refused),)
    text = page.response.body.decode("utf-8", "replace")
    raw, escaped = customer.name, html.escape(customer.name, quote=False)
    tags = re.findall("<(?:button|input)[^<>]*>", text)
    button = next((tag for tag in tags if re.search(r"\bid=\"?unlockButton\b", tag)), "")
    pressed = [tag for tag in tags if re.match(r"<button|.*\btype=[\"']?(?:submit|button)\b", tag)]
    missing = False if shows_all(page) else None
    checks = {
        "page.key-field": key_form(page) is not None or missing,
        "page.button": "disabled" in button if button else bool(pressed) or missing,
        "page.escaped": raw == escaped or raw not in text,
        "page.feedback": "<script" in text,
        "url.frameable": may_frame(page.response, portal) and not page.response.header("set-cookie"),
    }
    return tuple(Finding(CLAUSE + clause, held, "the activation page") for clause, held in checks.items())


def shows_all(page: Page) -> bool:
    """Return whether what a page asks for is in its HTML: it has a form, or no script that could make one."""
    return bool(page.forms) or b"<script" not in page.response.body


def told(text: str, user: ApiUser) -> tuple[Finding, ...]:
    """onoffice:feedback.truthful. Return the findings on what a popup was told by hand; none of an activation that is past."""
    if text.strip("'\"\n ") != "active" or user.state == "gone":
        return ()
    detail = "an activation by hand"
    if user.state == "active":
        held = text == "active"
        clause = "feedback.active" if held else "feedback.plain"
        return (Finding(CLAUSE + "unlock.call", True, detail), Finding(CLAUSE + clause, held, detail))
    clause = "feedback.truthful" if user.asked_at else "unlock.call"
    return (Finding(CLAUSE + clause, False, f"{detail}, told to be active, and not activated"),)


def judged_text(response: Response | None, attempt: Attempt) -> tuple[Finding, ...]:
    """Return the findings on the answer to the button."""
    assert attempt.user is not None  # noqa: S101
    if response is None:
        clause = attempt.fault.clause if attempt.fault else CLAUSE + "feedback.answer"
        return (Finding(clause, None, f"{attempt.name}: no answer"),)
    text = response.body.decode("utf-8", "replace")
    said = "active" if text.strip("'\"\n ") == "active" else "another text" if text.strip() else "no text"
    detail = f"{attempt.name}: {response.status}, {said}"
    findings = [Finding(CLAUSE + "feedback.answer", response.status == 200, detail)]
    waited = said == "active" and waited_for(attempt.fault, attempt.user, attempt.now)
    if attempt.fault is not None and isinstance(attempt.fault.expected, Refuses) and not waited:
        return (*findings, *_refused(text, attempt, detail))
    return (*findings, *_activated(text, attempt, detail))


def _refused(text: str, attempt: Attempt, detail: str) -> list[Finding]:
    fault, user, popup = attempt.fault, attempt.user, attempt.popup
    assert fault and user and popup  # noqa: S101
    before = isinstance(fault, FormFault) and fault.expected != Refuses("platform-error")
    before = before or fault.expected == Refuses("empty-parameter")
    held = text.strip("'\"\n ") != "active" and (attempt.quiet or not before)
    findings = [Finding(fault.clause, held, detail)]
    if held:
        secret = [user.token, user.key] if user.key else []
        clean = len(text) <= LONGEST and "<" not in text and not any(one in text for one in secret)
        findings.append(Finding(CLAUSE + "feedback.error", bool(text.strip()), detail))
        findings.append(Finding(CLAUSE + "feedback.text", clean, detail))
    return findings


def _activated(text: str, attempt: Attempt, detail: str) -> list[Finding]:
    user = attempt.user
    assert user is not None  # noqa: S101
    active, said = user.state == "active", text.strip("'\"\n ") == "active"
    if attempt.fault:
        return [] if attempt.known and not active else [Finding(attempt.fault.clause, active, detail)]
    if attempt.known and not active:
        return []
    if not active:
        clause = "feedback.truthful" if said and not attempt.quiet else "unlock.call"
        clause = "block.unlock-again" if attempt.again and attempt.quiet else clause
        clause = "unlock.later" if attempt.late else clause
        return [Finding(CLAUSE + clause, False, f"{detail}, not activated")]
    clause = "feedback.plain" if said and text != "active" else "feedback.active"
    return [
        Finding(CLAUSE + "unlock.call", True, detail),
        Finding(CLAUSE + clause, text == "active", f"{detail}, the text"),
    ]


def judged_service(
    response: Response | None,
    attempt: Attempt,
    service: Service,
    clause: str,
    *,
    refuses: bool,
    calls: int = 0,
) -> tuple[Finding, ...]:
    """Return the findings on the answer to a service or a webhook."""
    detail = f"{attempt.name} of {service.name}: {response.status if response else 'no answer'}"
    if refuses:
        quiet = attempt.calls_after - attempt.calls <= calls
        seen = response is not None or not quiet
        held = quiet and response is not None and response.status >= 400 if seen else None
        return () if attempt.known else (Finding(clause, held, detail),)
    if attempt.known:
        return ()
    if response is None or (attempt.popup is None and not response.ok):  # it never heard that it is active
        return (Finding(attempt.fault.clause if attempt.fault else clause, None, detail),)
    if attempt.fault is not None and isinstance(attempt.fault.expected, Refuses):
        return (Finding(attempt.fault.clause, response.status >= 400, detail),)
    if attempt.fault is not None:
        clause = attempt.fault.clause
    if service.webhook:
        if attempt.fault:
            return (Finding(clause, response.ok, detail),)
        bare = response.ok and not response.header("content-type").lower().startswith("text/html")
        return (Finding(CLAUSE + "webhook.answer", bare and attempt.quiet, detail),)
    # a page without a call shows nothing of the credentials
    shown = None if response.ok and attempt.quiet else response.ok
    return (Finding(clause, shown, detail),)
