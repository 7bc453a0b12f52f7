"""Every check of the platform on one module, in an order in which one broken rule shows as itself.

The module is connected to two accounts, is sent each fault, and must end as the fault declares. What
the module does by itself cannot be asked for by a message: where its operator gives `work` (do what
you do for the first account) and `rescope` (ask for your scopes again), their effect is judged too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...core.messages import Step
from ...core.refusals import Refused
from ...runtime.verdicts import NO_ADDRESS, Finding, Outcome, Refuses, Survives
from .faults import ACTIVITY_FAULTS, CONFIG_FAULTS, CONNECT_FAULTS, VISIT_FAULTS, ActivityFault
from .findings import said_yes
from .platform import RetailCRM
from .records import CLAUSE

Own = Callable[[], Step[Any]]


def examine(
    platform: RetailCRM,
    code: str,
    first: str,
    second: str,
    *,
    work: Own | None = None,
    rescope: Own | None = None,
) -> Step[list[Finding]]:
    """Examine a module with two accounts; return the findings in order."""
    seen = platform.findings.seen
    yield from platform.open_popup(first, code)
    yield from fresh(platform, first, code)
    if platform.state(first, code) != "connected":
        return platform.findings.since(seen)
    for config_fault in platform.tried(CONFIG_FAULTS):
        yield from platform.open_popup(first, code, config_fault.name)
    for fault in platform.tried(CONNECT_FAULTS):
        if not platform.offers(fault, first):
            platform.findings.append(fault.unseen(NO_ADDRESS))
            continue
        outcome = yield from fresh(platform, first, code, fault.name)
        if said_yes(outcome.response):
            yield from fresh(platform, first, code)
        elif work and isinstance(fault.expected, Refuses):
            yield from worked(platform, first, work, True, CLAUSE + "connection.failure")
    yield from fresh(platform, first, code)
    yield from platform.visit(first, code)
    for visit_fault in platform.tried(VISIT_FAULTS):
        yield from platform.visit(first, code, visit_fault.name)
    yield from callbacks(platform, code, first, work)
    if second:
        yield from platform.open_popup(second, code)
        yield from fresh(platform, second, code)
    if rescope and work:
        yield from quietly(rescope)
        yield from worked(platform, first, work, True, CLAUSE + "scopes.replaced")
    return platform.findings.since(seen)


def callbacks(platform: RetailCRM, code: str, first: str, work: Own | None) -> Step[None]:
    """Send each callback, and look at whether the module works after it."""
    yield from platform.activity(first, code)
    for fault in platform.tried(ACTIVITY_FAULTS):
        if not platform.offers(fault, first):
            platform.findings.append(fault.unseen(NO_ADDRESS))
            continue
        yield from platform.activity(first, code, fault.name)
        if work:
            yield from worked(platform, first, work, should_work(fault), fault.clause)
        yield from platform.activity(first, code)


def should_work(fault: ActivityFault) -> bool:
    """retailcrm:activity.effect. Return whether the module works after a callback that was sent while it did."""
    return fault.expected != Survives("off")


def fresh(platform: RetailCRM, account: str, code: str, fault: str = "") -> Step[Outcome]:
    """Connect as if the account had never had the module, so that only a fault makes edit answer 200."""
    platform.forget(account, code)
    return (yield from platform.connect(account, code, fault))


def worked(platform: RetailCRM, account: str, work: Own, expected: bool, clause: str) -> Step[None]:
    """Let the module do what it does for an account, and look at whether it called with a key that holds."""
    calls, broken = platform.calls.get(account, 0), platform.findings.violations
    yield from quietly(work)
    if platform.findings.violations == broken:
        called = platform.calls.get(account, 0) > calls
        said = f"{'a' if called else 'no'} call of the module's own after it"
        platform.findings.append(Finding(clause, called == expected, said))


def quietly(own: Own) -> Step[None]:
    """Take a step of the module itself; that it may fail is what the findings are about."""
    try:
        yield from own()
    except Refused:
        return
