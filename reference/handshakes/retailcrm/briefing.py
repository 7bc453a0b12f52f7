"""What `handshakes serve` prints for the other side: addresses, codes, secrets."""

from __future__ import annotations

from ..core.printing import columns
from ..runtime.story import Sides, World
from .demo import MODULE
from .partner.integration import ACCOUNT, REGISTER
from .simulator.platform import RetailCRM


def briefing(sides: Sides, world: World) -> str:
    """Return what to open, and what a module in any language has to be told."""
    platform = sides.platform
    assert isinstance(platform, RetailCRM)  # noqa: S101
    card, account = next(iter(platform.cards.values())), next(iter(platform.accounts.values()))
    base = world.partner_origin or MODULE
    others = [url for url in platform.accounts if url != account.system_url]
    rows = {
        "open in a browser": f"{account.system_url}/simulator",
        "system URL": account.system_url,
        "API base": f"{account.system_url}/api/v5",
        **({"another account": others[0]} if others else {}),
        "symbol code": card.code,
        "secret (public)": card.secret,
        "configuration URL": card.config_url,
        "register URL": f"{base}{REGISTER}",
        "account URL": f"{base}{ACCOUNT}",
    }
    return columns(rows)
