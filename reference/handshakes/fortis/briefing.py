"""What `handshakes serve` prints for the other side: the mode, addresses, credentials."""

from __future__ import annotations

from ..core.printing import columns
from ..runtime.story import Sides, World, unset
from .demo import TITLE
from .partner.integration import App
from .simulator.platform import Fortis

NAMES = {
    "iframe_url": "iframe URL",
    "location_setup_url": "location set-up URL",
    "user_setup_url": "user set-up URL",
    "redirect_uri": "redirect URI (OAuth)",
}
"""How a briefing calls the settings of the app's addresses."""


def briefing(sides: Sides, world: World) -> str:
    """Return what to open, and what the other side in any language has to be told."""
    return columns(_of_platform(sides, world) if world.platform_origin else _of_app(sides))


def _of_platform(sides: Sides, world: World) -> dict[str, str]:
    """Return what an app is told: the platform's addresses, the secrets, and its own addresses as they are set up."""
    platform = sides.platform
    assert isinstance(platform, Fortis)  # noqa: S101
    app, settings = platform.apps[TITLE], platform.settings
    known = {name for name in NAMES if world.partner_origin or name in world.settings}
    return {
        "open in a browser": f"{settings.ui_origin}/simulator",
        "mode": app.mode,
        "secret (public)": app.secret,
        "API base": f"{settings.api_origin}/v2",
        "developer-id": "any",
        **{NAMES[name]: getattr(app, name) or "none" if name in known else unset(name) for name in NAMES},
        "authorise page (assumed)": settings.api_origin + settings.authorize_path,
        "token endpoint (assumed)": settings.api_origin + settings.token_path,
        "client id, secret (public)": f"{app.client_id}, {app.client_secret}",
    }


def _of_app(sides: Sides) -> dict[str, str]:
    """Return what somebody else's platform is told: how this app is to be set up, and what the app expects."""
    app = sides.partner
    assert isinstance(app, App)  # noqa: S101
    ours = app.configuration
    urls = (app.iframe_url(), app.location_setup_url(), app.user_setup_url(), app.redirect_uri())
    return {
        "your platform": ours.platform_origins[0],
        "mode": ours.mode,
        "secret (public)": ours.secret,
        **dict(zip(NAMES.values(), urls, strict=True)),
        "API that is asked": f"{ours.api_origin}/v2",
        "developer-id": ours.developer_id,
        "authorise page (assumed)": ours.oauth_urls[0] + ours.authorize_path,
        "token endpoint (assumed)": ours.oauth_urls[0] + ours.token_path,
        "client id, secret (public)": f"{ours.client_id}, {ours.client_secret}",
    }
