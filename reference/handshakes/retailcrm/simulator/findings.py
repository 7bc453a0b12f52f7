"""What the platform's checks say about a module, clause by clause."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from ...core.messages import Response
from ...runtime.judging import same_as_first, tells
from ...runtime.verdicts import Finding, Refuses, object_in
from .faults import ActivityFault, AnswerFault, ConfigFault, ConnectFault, RegisterFault
from .records import CLAUSE, WRITE, Attempt, Card, Connection, PopUp

UNASKED = "the module did not ask for that answer"
SHORTEST_ID = 22  # characters that can hold 128 bits, in base64


def said_yes(response: Response | None) -> bool:
    """retailcrm:answer.judged. Return whether an answer means success: 2xx and `success:true`; A1, A2."""
    return response is not None and response.ok and object_in(response).get("success") is True


def came(response: Response | None) -> str:
    """retailcrm:answer.judged. Return what was answered, in words: the status alone does not say yes or no."""
    return f"{response.status}, {'' if said_yes(response) else 'no '}success" if response else "no answer"


def error_message(response: Response | None) -> str:
    """retailcrm:answer.judged. Return the text that the user sees when an answer is not a success."""
    answer = object_in(response)
    message = answer.get("errorMsg") if answer.get("success") is False else None
    return message if isinstance(message, str) and message.strip() else "The module is not available."


def absolute(url: Any, plain: Collection[str]) -> bool:
    """Return whether a text is an absolute address with https, or one of the hosts that need none."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
        local = parts.scheme == "http" and parts.hostname in plain
        return bool(parts.hostname) and (parts.scheme == "https" or local) and url.isascii()
    except ValueError:
        return False


def configured(
    response: Response | None, card: Card, plain: Collection[str]
) -> tuple[PopUp, tuple[Finding, ...]]:
    """retailcrm:config.answer. Return what a configuration says, and the findings on it; A3, A12, A14."""
    answer = object_in(response)
    scopes, url = answer.get("scopes"), answer.get("registerUrl")
    listed = isinstance(scopes, list) and all(isinstance(scope, str) for scope in scopes)
    status = response.status if response else "no answer"
    if answer.get("success") is False:
        told = isinstance(answer.get("errorMsg"), str) and bool(answer["errorMsg"].strip())
        held = told and response is not None and response.status == 200
        detail = f"configuration: {status}, not just now"
        return PopUp((), "", error_message(response)), (Finding(CLAUSE + "config.failure", held, detail),)
    if not said_yes(response) or not listed or not isinstance(url, str):
        seen = None if response is None else False
        finding = Finding(CLAUSE + "config.answer", seen, f"configuration: {status}")
        return PopUp((), "", error_message(response)), (finding,)
    names = tuple(str(scope) for scope in scopes or ())
    asked = f"asks for {', '.join(names)[:200] or 'no scope'}"
    checks = {
        "config.answer": (response is not None and response.status == 200, f"configuration: {status}"),
        "config.register-url": (absolute(url, plain), "registerUrl has to be absolute, with https"),
        "config.scopes": (
            set(names) <= set(card.scopes),
            f"{asked}; its card allows {', '.join(card.scopes)}",
        ),
        "config.integration-write": (WRITE in names, f"{asked}; {WRITE} has to be among them"),
    }
    findings = tuple(Finding(CLAUSE + clause, *check) for clause, check in checks.items())
    wrong = next((finding.detail for finding in findings if finding.violated), "")
    return PopUp(names, url, f"The module cannot be connected ({wrong})." if wrong else ""), findings


def unasked(response: Response | None, fault: ConfigFault) -> Finding:
    """Return the finding on a configuration request that the module must not take."""
    held = response.status in (404, 405, 501) if response is not None else None
    return Finding(fault.clause, held, f"{fault.name}: {response.status if response else 'no answer'}")


def refused(response: Response | None, attempt: Attempt, fault: ConnectFault) -> tuple[Finding, ...]:
    """Return the findings on a registration that the module must not take: it says so, and called nobody."""
    detail = f"{fault.name}: {came(response)}"
    quiet = not attempt.trapped and (isinstance(fault, AnswerFault) or not attempt.calls)
    held = None if response is None and quiet else not said_yes(response) and quiet
    unsent = (
        quiet and said_yes(response) and fault.clause == CLAUSE + "system-url.allowed"
    )  # no key went there
    findings = [Finding(CLAUSE + "answer.after-edit" if unsent else fault.clause, held, detail)]
    if response is None or said_yes(response):
        return tuple(findings)
    answer = object_in(response)
    message = answer.get("errorMsg")
    form = response.status == 200 and answer.get("success") is False and isinstance(message, str)
    findings.append(Finding(CLAUSE + "answer.error", form, detail))
    if isinstance(message, str):
        plain = bool(message.strip()) and "<" not in message and "accountUrl" not in answer
        told = isinstance(fault, RegisterFault) or fault.says in message
        findings.append(Finding(CLAUSE + "answer.message", plain and told, detail))
    return tuple(findings)


def connected(
    response: Response | None, attempt: Attempt, fault: ConnectFault | None, plain: Collection[str]
) -> tuple[Finding, ...]:
    """retailcrm:answer.edit-seen. Return the findings on a registration that the module has to take."""
    name = fault.name if fault else "the genuine registration"
    detail = f"{name}: {came(response)}"
    yes, edited = said_yes(response), attempt.edited is not None
    silent = response is None  # how long the platform waits is assumed
    if fault:
        return (Finding(fault.clause, None if silent else yes, detail),)
    if not edited:
        held = None if silent else False
        return (Finding(CLAUSE + ("answer.after-edit" if yes else "edit.call"), held, f"{detail}, no edit"),)
    url = object_in(response).get("accountUrl")
    return (
        Finding(CLAUSE + "edit.call", True, detail),
        Finding(CLAUSE + "answer.account-url", None if silent else yes and absolute(url, plain), detail),
    )


def uniform(response: Response | None, fault: ConnectFault, seen: dict[str, Response]) -> tuple[Finding, ...]:
    """retailcrm:answer.uniform. Compare the answers to whatever did not verify; `seen` has the first of them."""
    if not isinstance(fault, RegisterFault) or fault.verified or response is None or said_yes(response):
        return ()
    return (same_as_first(seen, "register", response, CLAUSE + "answer.uniform", fault.name),)


def told_apart(connection: Connection, before: str, others: list[Connection]) -> tuple[Finding, ...]:
    """retailcrm:connection.repeat, .identity. Return the findings on a clientId, beside that of before and those of other accounts; S4."""
    same = before == connection.client_id
    said = "the clientId of before" if same else "another clientId than before"
    findings = [Finding(CLAUSE + "connection.repeat", same, said)]
    for other in others:
        same = connection.client_id == other.client_id
        said = "the clientId of another account" if same else "another clientId than another account has"
        findings.append(Finding(CLAUSE + "connection.identity", not same, said))
        if not same:
            one, two = connection.client_id, other.client_id
            start = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), 0)
            random = len(one) - start >= SHORTEST_ID
            findings.append(Finding(CLAUSE + "edit.client-id-random", random, f"{len(one)} characters"))
    return tuple(findings)


def visited(
    first: Response | None, second: Response | None, page: Response | None, client_id: str
) -> tuple[Finding, ...]:
    """retailcrm:transition.session. Return the findings on two visits with the form, and the page that the browser ended at."""
    entered = None if first is None or second is None else first.status < 400
    findings = [Finding(CLAUSE + "transition.no-session", entered, "a form POST without cookies")]
    if first is not None and second is not None and page is not None:
        cookies = first.header("set-cookie"), second.header("set-cookie")
        led = first.status in (302, 303) and not tells(first.header("location"), client_id)
        held = led and all(cookies) and cookies[0] != cookies[1]
        findings.append(Finding(CLAUSE + "transition.session", held, "it has to be new, at a clean address"))
        findings.append(Finding(CLAUSE + "transition.no-session", page.ok, f"the page: {page.status}"))
    return tuple(findings)


def called_back(
    response: Response | None, fault: ActivityFault | None, trapped: int, elsewhere: int
) -> tuple[Finding, ...]:
    """retailcrm:activity.answer, retailcrm:activity.system-url. Return the findings on the answer to a callback; a yes alone moves nothing; S3."""
    name = fault.name if fault else "the genuine callback"
    detail = f"{name}: {came(response)}"
    if fault and isinstance(fault.expected, Refuses):
        held = None if response is None and not trapped else not said_yes(response) and not trapped
        if fault.clause == CLAUSE + "activity.system-url" and held is False and not (trapped or elsewhere):
            held, detail = (
                None,
                f"{detail}, and no call to that host: operator.work shows where the next goes",
            )
        return (Finding(fault.clause, held, detail),)
    ok = said_yes(response) and response.status == 200 if response is not None else None
    return (Finding(CLAUSE + "activity.answer", ok, detail),)
