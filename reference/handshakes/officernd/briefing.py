"""What `handshakes serve` prints for the other side: addresses, credentials, URLs."""

from __future__ import annotations

from ..core.printing import columns
from ..runtime.story import Sides, World, unset
from .demo import PARTNER
from .partner.integration import PartnerIntegration
from .simulator.platform import OfficeRnD

NAMES = {
    "redirect_uri": "redirect URI",
    "connect_url": "connect URL",
    "configuration_url": "configuration URL",
    "healthcheck_url": "health check URL",
    "sync_url": "sync URL",
}
"""How a briefing calls the settings of the partner's URLs."""


def briefing(sides: Sides, world: World) -> str:
    """Return what to open, and what the other side in any language has to be told."""
    rows = _of_platform(sides, world) if world.platform_origin else _of_partner(sides, world)
    return columns(rows)


def _of_platform(sides: Sides, world: World) -> dict[str, str]:
    """Return what a partner is told: the platform's addresses, the credentials, and its own URLs as registered."""
    platform = sides.platform
    assert isinstance(platform, OfficeRnD)  # noqa: S101
    settings = platform.settings
    application = next(iter(platform.applications.values()))
    urls = {name: getattr(application, name, "") or "none" for name in NAMES}
    urls["redirect_uri"] = application.redirect_uris[0]
    return {
        "open in a browser": f"{settings.app_origin}/simulator",
        "token URL": f"{settings.identity_origin}/oauth/token",
        "authorise URL": f"{settings.identity_origin}/oauth/authorize",
        "API base": f"{settings.app_origin}/api/v1/organizations/{{slug}}",
        "region URL": world.settings.get("region_url", settings.app_origin),
        "return URL": f"{settings.app_origin}/connect/external-integration/return",
        "client id (public)": application.client_id,
        "client secret (public)": application.client_secret,
        **{f"secret of integration {one.id} (public)": one.secret for one in platform.integrations.values()},
        **{NAMES[name]: url if _is_known(name, world) else unset(name) for name, url in urls.items()},
    }


def _of_partner(sides: Sides, world: World) -> dict[str, str]:
    """Return what somebody else's platform is told: the partner's URLs and credentials, and where it is expected."""
    partner = sides.partner
    assert isinstance(partner, PartnerIntegration)  # noqa: S101
    paths = {"connect_url": "connect", "configuration_url": "configure", "healthcheck_url": "healthcheck"}
    paths |= {"redirect_uri": "connect", "sync_url": "sync"}
    base, configuration = world.partner_origin or PARTNER, partner.configuration
    return {
        "your platform": world.settings.get("platform_url") or unset("platform_url"),
        "client id (public)": configuration.client_id,
        "client secret (public)": configuration.client_secret,
        **{NAMES[name]: f"{base}/officernd/{paths[name]}" for name in NAMES},
        "start URL": f"{base}/officernd/start",
    }


def _is_known(name: str, world: World) -> bool:
    """Return whether a partner's URL is one that is served here, or was given: no other is printed."""
    given = {name, "partner_url", *(["connect_url"] if name == "redirect_uri" else [])}
    return bool(world.partner_origin or given & set(world.settings))
