"""What the app was told by Fortis, or chose itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...core.keys import key_bytes
from ...core.timestamps import Tolerance
from ..rules.launch import key

UI = "https://fortispayrbyn9y.sandbox.zeamster.com"
API = "https://api.sandbox.zeamster.com"


@dataclass(frozen=True, slots=True)
class Configuration:
    """What both sides agreed on, and the app's policy. Origins have no path; times are seconds.

    `mode` is `encrypted` or `plain`: one, without a default (A22). `previous_secret` is accepted beside
    the current one while a secret is being changed. `postback_key` is in the postback templates as a
    static parameter (A08). `oauth_urls` are all that a launch may name as `user_oauth_url` (A35);
    `platform_origins` may embed the app. `unregistered` says whether a launch that the API confirmed
    registers what no postback did (`claim`), or is refused (`refuse`); `without_token` whether a launch without a token opens for the
    location only (`location-only`) or not at all (`refuse`, A30). `once` is for A26; a launch in encrypted mode
    has no time, so it is remembered for `remember`. The paths of OAuth are assumed (A36).
    """

    mode: str
    secret: str = field(repr=False)
    postback_key: str = field(repr=False)
    previous_secret: str = field(default="", repr=False)
    developer_id: str = "example-developer"
    base_url: str = "https://app.example"
    api_origin: str = API
    platform_origins: tuple[str, ...] = (UI,)
    oauth_urls: tuple[str, ...] = (API,)
    client_id: str = "example-app"
    client_secret: str = field(default="", repr=False)
    authorize_path: str = "/oauth/authorize"
    token_path: str = "/oauth/token"
    tolerance: Tolerance = (300, 60)
    unregistered: str = "claim"
    without_token: str = "location-only"
    once: bool = True
    remember: int = 31_536_000
    session_lifetime: int = 3_600

    def __post_init__(self) -> None:
        """fortis:secret.empty, fortis:postback.key. Refuse a configuration without its secret or key at once: `empty-secret`."""
        key(self.secret, "fortis:secret.bytes")
        key_bytes(self.postback_key, "fortis:postback.key")
