"""Every check of the platform on one provider, in an order in which one broken rule shows as itself.

The provider is activated for two customers, is sent each fault, and must end as the fault declares.
What it does by itself cannot be asked for by a message: where its operator gives `work` (do what you do
for this user) and `later` (let seconds pass), their effect is judged too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ...core.messages import Step
from ...core.refusals import Refused
from ...runtime.verdicts import Finding, Refuses
from .faults import ACTIVATION_FAULTS, CLAIM_FAULTS, URL_FAULTS, ApiFault, Fault
from .platform import OnOffice
from .records import CLAUSE

Work = Callable[[str, str, str], Step[Any]]
PAGE = {
    f"{CLAUSE}{name}"
    for name in ("page.key-field", "page.button", "page.escaped", "page.feedback", "url.frameable")
}
"""Clauses that can be broken while everything else still works, and is worth looking at."""

ACTIVATED = (
    *(
        "api.address",
        "api.envelope",
        "api.token",
        "api.action",
        "api.hmac",
        "api.one-clock",
        "feedback.plain",
    ),
    *("unlock.parameter-cache-id", "unlock.only", "unlock.call-de", "unlock.store-de", "page.feedback-de"),
)
"""Clauses without which no activation succeeds; where one is broken at times, it is found then."""
CALLED = ("claim.returned", "claim.shape")


def examine(
    platform: OnOffice,
    first: tuple[str, str, str],
    second: tuple[str, str, str],
    *,
    work: Work | None = None,
    later: Callable[[int], None] | None = None,
) -> Step[list[Finding]]:
    """Examine a provider with two customers (web id, administrator, another user); return the findings in order."""
    seen = platform.findings.seen
    one, administrator, broker = first
    service, webhook = (
        next(s.name for s in platform.account.services if s.webhook == w) for w in (False, True)
    )
    early = yield from platform.serve(one, administrator, service, because="service.activated", anyway=True)
    yield from platform.activate(one, administrator)
    if platform.customers[one].status == "active":
        yield from platform.serve(one, administrator, service)
    if platform.customers[one].status != "active" or platform.violated_since(seen) - PAGE:
        platform.findings.forget(
            *(one for one in early.findings if one.held)
        )  # who refuses all has shown nothing
        return platform.findings.since(seen)
    platform.implied("the first activation", *ACTIVATED)
    platform.implied("the first call of the service", *CALLED)
    yield from platform.serve(one, broker, service, because="service.other-users")
    yield from platform.serve(one, administrator, webhook)
    account = platform.account
    for fault in found_out(platform, ACTIVATION_FAULTS, account.activation_url):
        start = platform.findings.seen
        yield from platform.activate(one, administrator, fault.name)
        lost = (
            isinstance(fault, ApiFault) and not fault.instead
        )  # carried out: the old credentials have ended
        if isinstance(fault.expected, Refuses) and not lost and not platform.violated_since(start):
            yield from platform.serve(one, administrator, service, because="unlock.failure")
        if lost or platform.violated_since(start):
            yield from platform.activate(one, administrator)
    yield from fresh(platform, first, service)
    for place in (service, webhook):
        address = next(s.url for s in account.services if s.name == place)
        for url_fault in found_out(platform, URL_FAULTS, address):
            yield from platform.serve(one, administrator, place, url_fault.name)
    for claim_fault in platform.tried(CLAIM_FAULTS):
        yield from platform.serve(one, administrator, service, claim_fault.name)
    if later:
        yield from platform.activate(one, administrator, wait=later)
    yield from fresh(platform, first, service)
    yield from platform.activate(second[0], second[1])
    yield from platform.serve(second[0], second[1], service)
    yield from platform.serve(one, administrator, service, because="credentials.customer")
    yield from platform.serve(second[0], second[1], service)
    if work:
        yield from worked(platform, first, work)
    yield from blocked(platform, first, service)
    return platform.findings.since(seen)


def found_out(platform: OnOffice, faults: tuple[Fault, ...], url: str) -> Iterator[Fault]:
    """Try the faults that can act on a URL; what the others would show is not seen."""
    offered = platform.offered(faults, url)
    for fault in platform.tried(faults):
        if fault in offered:
            yield fault
            continue
        platform.findings.append(fault.unseen(f"changes nothing of {url.partition('?')[0]}"))


def fresh(platform: OnOffice, customer: tuple[str, str, str], service: str) -> Step[None]:
    """onoffice:credentials.replaced. Activate again, use the service; once more where that showed a broken clause."""
    start = platform.findings.seen
    yield from platform.activate(customer[0], customer[1])
    yield from platform.serve(customer[0], customer[1], service, because="credentials.replaced")
    if platform.violated_since(start):
        yield from platform.activate(customer[0], customer[1])


def worked(platform: OnOffice, customer: tuple[str, str, str], work: Work) -> Step[None]:
    """onoffice:credentials.user. Let the provider work for a user whose id another customer's user has too."""
    web_id, user_id, _ = customer
    start = platform.findings.seen
    platform.serving = web_id
    try:
        yield from work(web_id, user_id, next(iter(platform.customers[web_id].estates)))
        held = True
    except Refused:
        held = False
    platform.serving = ""
    if held or not platform.violated_since(start):
        platform.found("credentials.user", held, "work for one of two users with the same id")


def blocked(platform: OnOffice, customer: tuple[str, str, str], service: str) -> Step[None]:
    """onoffice:block.noticed. Block the provider, see it stop, activate it again."""
    web_id, user_id, _ = customer
    platform.block(web_id)
    yield from platform.serve(web_id, user_id, service, because="block.noticed", anyway=True, calls=1)
    yield from platform.serve(web_id, user_id, service, because="block.noticed", anyway=True)
    yield from platform.activate(web_id, user_id)
    if platform.customers[web_id].status == "active":
        platform.implied("the activation after a block", "block.unlock-again")
        yield from platform.serve(web_id, user_id, service, because="credentials.replaced")
