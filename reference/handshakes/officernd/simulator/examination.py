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
from ...runtime.verdicts import Finding, Refuses
from .faults import PAGE_FAULTS, WEBHOOK_FAULTS
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
    for fault in PAGE_FAULTS:
        slug = organization.slug
        outcome = yield from platform.healthcheck(first, fault.name)
        if fault.renames and not outcome.held:  # what follows is not about the name
            platform.rename(organization.id, slug)
    for name in ("", "zero-signature"):
        yield from platform.sync(first, name)
        yield from platform.configure(first, name)
    yield from connected(platform, second, again=True)
    for integration in (first, second):
        yield from platform.healthcheck(integration, clause=CLAUSE + "signature.secret")
    for webhook_fault in WEBHOOK_FAULTS:
        yield from platform.remove(second, webhook_fault.name)
        if not isinstance(webhook_fault.expected, Refuses):
            yield from connected(platform, second)
    yield from platform.remove(second)
    if restart:
        restart()
        yield from platform.healthcheck(first, clause=CLAUSE + "secret.kept")
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
