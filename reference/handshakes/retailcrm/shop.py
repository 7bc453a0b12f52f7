"""What the marketplace page shows of RetailCRM: the first account with its module, and what its administrator may do."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.messages import Request
from ..runtime.story import Press, Shop, Sides
from .partner.integration import REGISTER
from .simulator.faults import ACTIVITY_FAULTS, CONFIG_FAULTS, CONNECT_FAULTS, VISIT_FAULTS, Fault
from .simulator.platform import RetailCRM


def shop(sides: Sides) -> Shop:
    """Return the module's state in the first account and the steps of its administrator."""
    platform = sides.platform
    assert isinstance(platform, RetailCRM)  # noqa: S101
    card, url = next(iter([*platform.cards.values()])), next(iter([*platform.accounts]))
    state, popup = platform.state(url, card.code), platform.popups.get((url, card.code))
    there, known = {"code": card.code}, bool(state)

    def faults(choices: Sequence[Fault]) -> tuple[Fault, ...]:
        return tuple(fault for fault in choices if platform.offers(fault, url))

    connection = platform.connection(url, card.code)
    frozen = connection is not None and connection.freeze
    asked = popup is not None and not popup.error
    presses = (
        Press("popup", "Open the module", "The CRM asks the module which rights it wants, and shows them in a popup.",
              there, faults(CONFIG_FAULTS), window=True, ready=card.simple_connection, done=asked or known),
        Press("connect", "Connect", "Here or in the popup. The CRM posts an API key and its HMAC; the module calls back, then the browser goes there.",
              there, faults(CONNECT_FAULTS), window=True, ready=popup is not None, done=known),
        Press("visit", "Examine the account", "The CRM sends a browser to the module's account, and judges what it shows.",
              there, faults(VISIT_FAULTS), ready=known),
        Press("off", "Switch off", "The CRM tells the module that it is switched off.",
              there, ready=state == "connected", done=state == "off" and not frozen),
        Press("on", "Switch on", "The CRM tells the module that it is active again.",
              there, faults(ACTIVITY_FAULTS), ready=known),
        Press("freeze", "Freeze", "The account was not paid: the module is told to stop its work.",
              there, ready=known, done=frozen),
    )  # fmt: skip
    words = {"connected": "connected", "off": "frozen" if frozen else "switched off", "": "not connected"}
    return Shop("A registration with an HMAC, and a call back", words[state], state == "connected", presses)


def carries(request: Request) -> str:
    """Return whether a request carries a token that is an HMAC: the registration alone does."""
    return "signed" if request.method == "POST" and request.path == REGISTER else ""
