"""What the platform's checks say about a partner, clause by clause."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...core.messages import Response
from ...runtime.judging import same_as_first
from ...runtime.verdicts import Finding, Outcome, Refuses, object_in
from .faults import FAULTS, PageFault, WebhookFault
from .records import CLAUSE, ConnectFault, Integration


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
    verify at all, which is a clause of its own. The form of a refusal is owed at the health check, to a GET.
    """
    name = fault.name if fault else "the genuine request"
    detail = f"{endpoint}, {name}: {response.status if response else 'no answer'}"
    answered = CLAUSE + {"healthcheck": "healthcheck.success", "sync": "sync.answer"}[endpoint]
    refuses = fault is not None and isinstance(fault.expected, Refuses)
    at_health = endpoint == "healthcheck"
    own = fault.clause if fault and at_health else answered
    clause = CLAUSE + "signature.every-request" if refuses and not at_health else own
    if response is None:
        return (Finding(clause, None, detail),)
    if not refuses:
        held = bool(account_name(response)) if at_health and fault is None else response.ok
        return (Finding(clause, held, detail),)
    refused = response.status >= 400
    findings = [Finding(clause, refused, detail)]
    if refused and at_health and clause != CLAUSE + "requests.method":
        message = bool(message_of(response))
        said = "with a message" if message else "without a message"
        findings.append(Finding(CLAUSE + "healthcheck.failure", message, f"{detail} {said}"))
    return (*findings, *crashed(response, detail))


def unknown(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return what is left of findings where no partner can know the integration: there is nothing to check."""
    return tuple(replace(one, held=None, detail=f"{one.detail}: it is not connected") for one in findings)


def uniform(
    response: Response | None, fault: PageFault | None, seen: dict[str, Response], endpoint: str
) -> tuple[Finding, ...]:
    """officernd:advice.uniform-answers. Compare the answers to whatever did not verify; `seen` has the first of each endpoint."""
    reason = fault.expected.reason if fault and isinstance(fault.expected, Refuses) else ""
    verified = reason in ("", "wrong-method", "stale", "from-the-future")
    if verified or response is None or response.ok:
        return ()
    name = f"{endpoint}, {fault.name if fault else ''}"
    return (same_as_first(seen, endpoint, response, CLAUSE + "advice.uniform-answers", name),)


def configured(response: Response | None, fault: str) -> tuple[Finding, ...]:
    """officernd:configuration.page. Return the findings on what the settings' URL led to: a page, or a refusal; H8."""
    refuses = fault and isinstance(FAULTS[fault].expected, Refuses)
    clause = CLAUSE + ("signature.every-request" if refuses else "configuration.page")
    detail = f"configure, {fault or 'the genuine request'}: {response.status if response else 'no answer'}"
    if response is None:
        return (Finding(clause, None, detail),)
    if refuses:
        return (Finding(clause, response.status >= 400, detail), *crashed(response, detail))
    page = response.ok and response.header("content-type").lower().startswith("text/html")
    return (Finding(clause, page, detail),)


def crashed(response: Response, detail: str) -> tuple[Finding, ...]:
    """officernd:advice.no-crash. Return a finding on an answer in the 500s to what should be refused, else none."""
    crash = response.status >= 500 and response.status not in (501, 503)  # which are said without a crash
    return (Finding(CLAUSE + "advice.no-crash", False, detail),) if crash else ()


def connected(integration: Integration, health: Outcome, believed: Response | None) -> tuple[Finding, ...]:
    """Return the findings on a connect whose browser came back, after the health check.

    Under a fault a partner may rightly stay unconnected. What it believed is tried with a health check that
    is signed with the secret of the false answer.
    """
    fault = integration.fault
    if fault is None:  # a connect that broke before the secret was read has its finding already
        return health.findings if integration.secret_was_read else ()
    detail = f"connect, {fault.name}: "
    if not integration.fault_was_played:
        return (Finding(fault.clause, None, detail + "the partner did not ask for that answer"),)
    if fault.believed is None:
        return (Finding(fault.clause, True, f"{detail}the browser came back, {integration.state}"),)
    return _believed(fault, detail, believed)


def stayed(
    integration: Integration, shown: Response | None, believed: Response | None
) -> tuple[Finding, ...]:
    """officernd:connect.failure. Return the findings on a connect under a fault whose browser did not come back.

    What a partner shows instead is its own affair, as long as it shows no success.
    """
    fault = integration.fault
    assert fault is not None  # noqa: S101
    detail = f"connect, {fault.name}: "
    if not integration.fault_was_played or shown is None:
        return (Finding(fault.clause, None, detail + "nobody came back"),)
    home = Finding(
        CLAUSE + "connect.failure", False, f"{detail}{shown.status}, and the browser was not sent back"
    )
    if fault.clause == home.clause:
        return (home,)
    if fault.believed is not None:
        return (*_believed(fault, detail, believed), home)
    refused = True if shown.status >= 400 and isinstance(fault.expected, Refuses) else None
    return (Finding(fault.clause, refused, f"{detail}{shown.status}"), home)


def _believed(fault: ConnectFault, detail: str, believed: Response | None) -> tuple[Finding, ...]:
    """Return the finding on a health check that was signed with a false secret."""
    if believed is None:
        return (Finding(fault.clause, None, detail + "no answer to a health check with the false secret"),)
    said = f"{believed.status} to a health check signed with the false secret"
    return (Finding(fault.clause, not believed.ok, detail + said),)


def accepted(clause: str, response: Response | None, integration_id: str) -> Finding:
    """Return the finding on a genuine health check that speaks for a clause."""
    held = response.ok if response is not None else None
    return Finding(clause, held, f"healthcheck of {integration_id}")


def named_as(account: str, expected: str) -> Finding:
    """officernd:healthcheck.account-name. Return the finding on the account's name, where the partner said which it gives."""
    detail = f"the name has to be {expected!r}, and {account!r} came"
    return Finding(CLAUSE + "healthcheck.account-name", account == expected, detail)


def gone(response: Response | None, fault: WebhookFault | None) -> Finding:
    """officernd:webhook.event. Return the finding on the health check after a removal that the partner understood."""
    held = not account_name(response) if response else None
    detail = f"{fault.name if fault else 'the genuine webhook'}: the health check after the removal, which has to fail"
    return Finding(CLAUSE + "webhook.event", held, detail)


def delivered(response: Response | None, fault: WebhookFault | None) -> tuple[Finding, ...]:
    """Return the findings on a webhook's delivery; W6."""
    clause, name = (fault.clause, fault.name) if fault else (CLAUSE + "webhook.answer", "the genuine webhook")
    detail = f"{name}: {response.status if response else 'no answer'}"
    if response is None:
        return (Finding(clause, None, detail),)
    if fault is None or not isinstance(fault.expected, Refuses):
        return (Finding(clause, response.ok, detail),)
    return (Finding(clause, response.status >= 400, detail), *crashed(response, detail))


def unheard(fault: WebhookFault | None) -> Finding:
    """Return the finding on a removal that no webhook is subscribed to, which a partner may do without."""
    clause, name = (fault.clause, fault.name) if fault else (CLAUSE + "webhook.answer", "the removal")
    return Finding(clause, None, f"{name}: no webhook is subscribed")
