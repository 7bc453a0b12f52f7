"""Every check of the platform on one partner, in an order in which one broken rule shows as itself.

The partner is connected twice, is sent each fault of a signed request and of a webhook, and must end
as the fault declares. A connect that does not get to the secret ends the examination: what was not
reached is not judged. No message makes a partner start anew: where its operator gives `restart`, which
does that, it is judged whether the secret was stored.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from ...core.messages import Step, Unreachable
from ...runtime.browser import Browser
from ...runtime.verdicts import NO_ADDRESS, Finding, Refuses
from .faults import CONNECT_FAULTS, PAGE_FAULTS, WEBHOOK_FAULTS, ConnectFault
from .findings import stayed
from .platform import OfficeRnD
from .records import CLAUSE


def examine(
    platform: OfficeRnD, first: str, second: str, *, restart: Callable[[], object] | None = None
) -> Step[list[Finding]]:
    """Examine a partner with two integrations of one organisation; return the findings in order."""
    seen = platform.findings.seen
    yield from connected(platform, first)
    if not platform.integrations[first].secret_was_read:
        return platform.findings.since(seen)
    yield from platform.healthcheck(first)
    organization = platform.organizations[platform.integrations[first].organization_id]
    for fault in platform.tried(PAGE_FAULTS):
        slug = organization.slug
        outcome = yield from platform.healthcheck(first, fault.name)
        if fault.renames and not outcome.held:  # what follows is not about the name
            platform.rename(organization.id, slug)
    yield from platform.sync(first)
    yield from platform.configure(first)
    for unsigned in platform.tried(one for one in PAGE_FAULTS if one.name == "zero-signature"):
        yield from platform.sync(first, unsigned.name)
        yield from platform.configure(first, unsigned.name)
    yield from connected(platform, second, again=True)
    for integration in (first, second):
        yield from platform.healthcheck(integration, clause=CLAUSE + "signature.secret")
    for webhook_fault in platform.tried(WEBHOOK_FAULTS):
        yield from platform.remove(second, webhook_fault.name)
        if not isinstance(webhook_fault.expected, Refuses):
            yield from connected(platform, second)
    yield from platform.remove(second)
    if restart:
        restart()
        yield from platform.healthcheck(first, clause=CLAUSE + "secret.kept")
    for connect_fault in platform.tried(CONNECT_FAULTS):
        yield from disturbed(platform, second, connect_fault)
    return platform.findings.since(seen)


def connected(platform: OfficeRnD, integration: str, *, again: bool = False) -> Step[None]:
    """Connect one integration by a browser of its own, and judge how it ended; `again`, reload the Connect URL."""
    url, browser = platform.connect_url(integration), Browser()
    try:
        page = yield from browser.open(url)
    except Unreachable:
        platform.found("return.redirect", None, "the end of the connect: no answer")
        return
    platform.findings += platform.connect_outcome(integration, page.response).findings
    if again:
        before = platform.token_requests
        with suppress(Unreachable):
            yield from browser.open(url)
        once = platform.token_requests == before
        platform.found("connect.repeated", once, "the Connect URL was opened a second time")


def disturbed(platform: OfficeRnD, integration_id: str, fault: ConnectFault) -> Step[None]:
    """officernd:connect.failure. Connect while the platform fails, and judge how that ended."""
    if fault.traps and not platform.settings.traps:
        platform.findings.append(fault.unseen(NO_ADDRESS))
        return
    integration, shown, believed = platform.integrations[integration_id], None, None
    with suppress(Unreachable):
        shown = (yield from Browser().open(platform.connect_url(integration_id, fault.name))).response
    if integration.state != "connecting" or platform.trap_requests > integration.traps_before:
        return  # it was judged when the browser came back, or at the trap
    if fault.believed is not None and integration.fault_was_played:
        believed = yield from platform.believing(integration, fault.believed)
    never = any(one.clause == CLAUSE + "return.redirect" and one.violated for one in platform.findings)
    found = stayed(integration, shown, believed)
    platform.findings += [one for one in found if not never or one.clause != CLAUSE + "connect.failure"]
