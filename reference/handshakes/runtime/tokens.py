"""What a partner was given by OAuth, and how an installation keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


def lifetime(value: object) -> int:
    """Return a lifetime in whole seconds, which may come as text; 0 for anything else.

    >>> lifetime(3599), lifetime("3599"), lifetime(True), lifetime("soon")
    (3599, 3599, 0, 0)
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


@dataclass(frozen=True, slots=True)
class Tokens:
    """An access token, the refresh token behind it, and the Unix second at which the first ends.

    >>> Tokens.of(Tokens("a", "r", 1700000000).saved())
    Tokens(expires_at=1700000000)
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: int

    def saved(self) -> dict[str, str]:
        """Return the tokens as credentials of an installation."""
        return {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "expires_at": str(self.expires_at),
        }

    @classmethod
    def of(cls, credentials: Mapping[str, str]) -> Tokens:
        """Return the tokens that `saved` put into credentials."""
        return cls(credentials["access_token"], credentials["refresh_token"], int(credentials["expires_at"]))
