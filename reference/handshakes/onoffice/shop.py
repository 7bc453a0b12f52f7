"""What the marketplace page shows of onOffice: the first customer, and what its administrator may do with the provider."""

from __future__ import annotations

from ..core.messages import Request
from ..runtime.story import Press, Shop, Sides
from .simulator.faults import ACTIVATION_URL_FAULTS, API_FAULTS, CLAIM_FAULTS, STATE_FAULTS, URL_FAULTS, Fault
from .simulator.platform import OnOffice

AGAIN = "The provider is active. “Block” ends that; then it can be activated again."
_TITLES = {
    False: ("Open the service", "A signed URL opens the provider's service in a frame, for this estate."),
    True: ("Call the webhook", "A signed URL is called from server to server."),
}


def shop(sides: Sides) -> Shop:
    """Return the provider's state at the first customer and the steps of its administrator."""
    platform = sides.platform
    assert isinstance(platform, OnOffice)  # noqa: S101
    account = platform.account
    customer = next(iter([*platform.customers.values()]))
    user = next(one for one in customer.users.values() if one.administrator)
    active, who = customer.status == "active", {"customer": customer.web_id, "user": user.id}

    opening: tuple[Fault, ...] = (*URL_FAULTS, *ACTIVATION_URL_FAULTS, *STATE_FAULTS, *API_FAULTS)
    presses = [
        Press(
            "open", "Activate", AGAIN if active else "A popup shows the provider's frame at a signed URL. Agree, choose the right, paste the key.",
            who, platform.offered(opening, account.activation_url), window=True, ready=not active, done=active,
        )
    ]  # fmt: skip
    for service in account.services:
        title, line = _TITLES[service.webhook]
        kinds: tuple[Fault, ...] = URL_FAULTS if service.webhook else (*URL_FAULTS, *CLAIM_FAULTS)
        there, offered = who | {"service": service.name}, platform.offered(kinds, service.url)
        opens = not service.webhook
        presses.append(Press("service", title, line, there, offered, opens, active, name=service.name))
    line = "The customer blocks the provider: the key stops working, and nobody tells the provider."
    there = {"customer": customer.web_id}
    presses.append(Press("block", "Block", line, there, ready=active, done=customer.status == "blocked"))
    return Shop("A signed URL in a frame, a key that is pasted", customer.status, active, tuple(presses))


def carries(request: Request) -> str:
    """Return whether a request is a signed URL, or a call of the API with its HMAC."""
    return "signed" if "signature=" in request.query or b'"hmac"' in request.body else ""
