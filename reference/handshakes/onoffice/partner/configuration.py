"""What the provider was told by onOffice, or chose itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...core.keys import key_bytes
from ...core.printing import printable
from ...core.refusals import Refused
from ..rules import base

HOSTS = ("https://smart.onoffice.de", "https://beta.smart.onoffice.de", "https://crm-beta.onoffice.de")


@dataclass(frozen=True, slots=True)
class Configuration:
    """The provider's own settings. Times are seconds, or Unix seconds for an end.

    `base_url` is the public address with which URLs are verified: it is never taken from a request
    (A34). It may have a path, which a proxy in front cuts off: `https://provider.example/app`. `previous_secret` verifies beside the current one until `previous_until`, and not at all
    unless both are set (A32). `hosts` may embed the pages. `api_url` is where calls go. For
    `page_lifetime` seconds the button of a loaded page works (how long the platform's own entry lasts
    is not documented, A37).
    """

    provider_secret: str = field(repr=False)
    previous_secret: str = field(default="", repr=False)
    previous_until: int = 0
    base_url: str = "https://provider.example"
    hosts: tuple[str, ...] = HOSTS
    api_url: str = "https://api.onoffice.de/api/stable/api.php"
    api_timeout: float = 10.0
    tolerance: tuple[int, int] = (300, 120)
    page_lifetime: int = 3_600
    hmac_version: int = 2

    def __post_init__(self) -> None:
        """onoffice:secret.empty. Refuse a configuration without a provider secret at once: `empty-secret`.

        A base URL that is none, or has user info, a query or a slash at its end, is `malformed`.
        """
        key_bytes(self.provider_secret, "onoffice:secret.empty")
        base(f"{self.base_url}/")
        if set("@?#") & set(self.base_url) or self.base_url.endswith("/"):
            evidence = {"base_url": printable(self.base_url), "expected": "scheme, host and perhaps a path"}
            raise Refused("malformed", "onoffice:url.scheme", evidence)
