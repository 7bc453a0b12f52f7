"""What the partner's side was told by OfficeRnD, or chose itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...core.keys import key_bytes
from ...core.timestamps import Tolerance


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the partner was told by OfficeRnD or chose itself. Origins have no path; times are seconds.

    `allowed_origins` says where a region URL may point (C7). `started_by` is `platform` when Connect
    arrives with a code, `partner` when the partner sends the browser to authorise first (C4).
    `connect_without_locations` is `refused`, or `all` when a Connect request without it stands for all (E3).
    """

    client_id: str
    client_secret: str = field(repr=False)
    base_url: str = "https://partner.example"
    identity_origin: str = "https://identity.officernd.com"
    app_origin: str = "https://app.officernd.com"
    allowed_origins: tuple[str, ...] = ("https://*.officernd.com",)
    api_version: str = "v1"
    scopes: tuple[str, ...] = ("officernd.api.read", "officernd.api.write")
    account_name: str = "J&J Ltd"
    tolerance: Tolerance = (300, 60)
    refuse_replays: bool = False
    started_by: str = "platform"
    connect_without_locations: str = "refused"

    def __post_init__(self) -> None:
        """officernd:token.client. Refuse a configuration without its client secret at once: `empty-secret`."""
        key_bytes(self.client_secret, "officernd:token.client")
