"""What the platform's checks say about a partner, clause by clause."""

from __future__ import annotations

from ...core.messages import Response
from ...runtime.verdicts import Finding, Refuses, object_in
from .faults import CLAUSE, PageFault, WebhookFault


def account_name(response: Response | None) -> str:
    """officernd:healthcheck.success. Return the account's name of a working connection, else nothing; H1."""
    value = object_in(response) if response is not None and response.ok else {}
    name = value.get("accountName")
    return name if isinstance(name, str) else ""


def message_of(response: Response | None) -> str:
    """officernd:healthcheck.failure. Return what a failed health check says, else nothing."""
    message = object_in(response).get("message") if response is not None else "no answer"
    return message if isinstance(message, str) else ""


def judged(response: Response | None, fault: PageFault | None, endpoint: str) -> tuple[Finding, ...]:
    """Return the findings on a signed request: accepted as it should be, or refused as it should be.

    At the health check a fault speaks for its own clause. At the other endpoints it shows that they
    verify at all, which is a clause of its own.
    """
    name = fault.name if fault else "the genuine request"
    detail = f"{endpoint}, {name}: {response.status if response else 'no answer'}"
    answered = CLAUSE + {"healthcheck": "healthcheck.success", "sync": "sync.answer"}[endpoint]
    accepted = response is not None and response.ok
    if fault is None:
        held = bool(account_name(response)) if endpoint == "healthcheck" else accepted
        return (Finding(answered, held, detail),)
    if not isinstance(fault.expected, Refuses):
        return (Finding(fault.clause if endpoint == "healthcheck" else answered, accepted, detail),)
    refused = response is not None and response.status >= 400
    clause = fault.clause if endpoint == "healthcheck" else CLAUSE + "signature.every-request"
    findings = [Finding(clause, refused, detail)]
    if response is not None and refused:
        well = bool(message_of(response)) and response.status < 500
        findings.append(Finding(CLAUSE + "healthcheck.failure", well, f"{detail} with a message"))
    return tuple(findings)


def delivered(response: Response | None, fault: WebhookFault | None) -> tuple[Finding, ...]:
    """Return the findings on a webhook's delivery; W6."""
    status = "no answer" if response is None else str(response.status)
    accepted = response is not None and response.ok
    if fault is None:
        return (Finding(CLAUSE + "webhook.answer", accepted, f"the genuine webhook: {status}"),)
    refuses = isinstance(fault.expected, Refuses)
    held = accepted if not refuses else response is not None and 400 <= response.status < 500
    return (Finding(fault.clause, held, f"{fault.name}: {status}"),)
