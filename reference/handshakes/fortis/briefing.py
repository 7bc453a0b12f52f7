"""What `handshakes serve` prints for the other side: the mode, addresses, credentials."""

from __future__ import annotations

from ..core.printing import columns
from ..runtime.story import Sides, World
from .demo import TITLE
from .simulator.platform import Fortis


def briefing(sides: Sides, world: World) -> str:
    """Return what to open, and what an app in any language has to be told."""
    platform = sides.platform
    assert isinstance(platform, Fortis)  # noqa: S101
    app, settings = platform.apps[TITLE], platform.settings
    rows = {
        "open in a browser": f"{settings.ui_origin}/simulator",
        "mode": app.mode,
        "secret (public)": app.secret,
        "API base": f"{settings.api_origin}/v2",
        "developer-id": "any",
        "iframe URL": app.iframe_url,
        "location set-up URL": app.location_setup_url,
        "user set-up URL": app.user_setup_url,
        "authorise page (assumed)": settings.api_origin + settings.authorize_path,
        "token endpoint (assumed)": settings.api_origin + settings.token_path,
        "client id, secret": f"{app.client_id}, {app.client_secret}",
    }
    return columns(rows)
