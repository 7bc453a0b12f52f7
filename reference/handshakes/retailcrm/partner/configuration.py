"""What the module was told by RetailCRM, or chose itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import rules
from ..signing import OFFICIAL_ORIGINS

READ, WRITE = "integration_read", "integration_write"


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the module's card says, and what the module chose. Origins have no path; times are seconds.

    `code` is the card's symbol code. `previous_secret` is accepted beside the current one while a
    secret is being changed. `allowed_origins` says to which hosts an API key may go (S2). `instance`
    is added to the code where one account holds several connections (A20); `active` is what edit
    says at registration (A21). With `check_scopes` the module asks what its key may do before edit, and with
    `confirm_address` which account answers at the address after it. `unavailable` is what users are told
    while the module takes no connections; empty when it does.
    """

    code: str
    secret: str = field(repr=False)
    previous_secret: str = field(default="", repr=False)
    base_url: str = "https://module.example"
    name: str = "Example module"
    scopes: tuple[str, ...] = (READ, WRITE)
    allowed_origins: tuple[str, ...] = OFFICIAL_ORIGINS
    instance: str = ""
    active: bool = True
    check_scopes: bool = True
    confirm_address: bool = False
    unavailable: str = ""
    edit_timeout: float = 10.0
    session_lifetime: int = 3600

    def __post_init__(self) -> None:
        """retailcrm:token.key. Refuse a configuration without a usable secret at once: `empty-secret`, `malformed`; A9."""
        rules.key(self.secret, "retailcrm:token.key")
