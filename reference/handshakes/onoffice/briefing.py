"""What `handshakes serve` prints for the other side: addresses and the secret."""

from __future__ import annotations

from ..core.printing import columns
from ..runtime.story import Sides, World, unset
from .simulator.platform import OnOffice


def briefing(sides: Sides, world: World) -> str:
    """Return what to open, and what a provider in any language has to be told."""
    platform = sides.platform
    assert isinstance(platform, OnOffice)  # noqa: S101
    account, settings = platform.account, platform.settings
    urls = {"activation URL": ("activation_url", account.activation_url)}
    for one in account.services:
        kind = "webhook" if one.webhook else "service"
        urls[f"{one.name} ({kind})"] = (f"{kind}_url", one.url)
    here = {"open in a browser": f"{settings.portal_origin}/simulator"}
    rows = {
        **(here if world.platform_origin else {"your platform": settings.portal_origin}),
        "API": f"{settings.api_origin}/api/stable/api.php",
        "provider secret (public)": account.secret,
        **{
            name: url if world.partner_origin or setting in world.settings else unset(setting)
            for name, (setting, url) in urls.items()
        },
        "pages are embedded by": settings.portal_origin,
    }
    return columns(rows)
