"""What `handshakes serve` prints for the other side: addresses, codes, secrets."""

from __future__ import annotations

from ..core.printing import columns
from ..runtime.story import Sides, World, unset
from .partner.integration import ACCOUNT, ACTIVITY, CONFIG, REGISTER, Module
from .simulator.platform import RetailCRM


def briefing(sides: Sides, world: World) -> str:
    """Return what to open, and what the other side in any language has to be told."""
    return columns(_of_platform(sides, world) if world.platform_origin else _of_module(sides))


def _of_platform(sides: Sides, world: World) -> dict[str, str]:
    """Return what a module is told: the accounts, its card, and the addresses that it has itself if it is served here."""
    platform = sides.platform
    assert isinstance(platform, RetailCRM)  # noqa: S101
    card, account = next(iter(platform.cards.values())), next(iter(platform.accounts.values()))
    others = [url for url in platform.accounts if url != account.system_url]
    base = world.partner_origin
    known = base or "config_url" in world.settings
    return {
        "open in a browser": f"{account.system_url}/simulator",
        "system URL": account.system_url,
        "API base": f"{account.system_url}/api/v5",
        **({"another account": others[0]} if others else {}),
        "symbol code": card.code,
        "secret (public)": card.secret,
        "scopes of the card": f"{', '.join(card.scopes)} (others with --set card_scopes=A,B)",
        "configuration URL": card.config_url if known else unset("config_url"),
        "register URL": f"{base}{REGISTER}" if base else "as the configuration says",
        "account URL": f"{base}{ACCOUNT}" if base else "as edit and the answer to the registration say",
    }


def _of_module(sides: Sides) -> dict[str, str]:
    """Return what somebody else's CRM is told: how the module's card is to be filled in, and where it takes messages."""
    module = sides.partner
    assert isinstance(module, Module)  # noqa: S101
    ours = module.configuration
    return {
        "your CRM": ours.allowed_origins[0],
        "symbol code": ours.code,
        "secret (public)": ours.secret,
        "scopes of the card": ", ".join(ours.scopes),
        "configuration URL": f"{ours.base_url}{CONFIG}",
        "register URL": module.register_url(),
        "account URL": module.account_url(),
        "activity URL": f"{ours.base_url}{ACTIVITY}",
    }
