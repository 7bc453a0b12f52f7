"""What a partner was given by OAuth, and how an installation keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core.refusals import Refused


def lifetime(answer: Mapping[str, Any], clause: str) -> int:
    """Return the seconds that an answer's `expires_in` says, which may come as text; else refuse with `unexpected-answer`.

    >>> lifetime({"expires_in": 3599}, "shop:token"), lifetime({"expires_in": "3599"}, "shop:token")
    (3599, 3599)
    """
    value = answer.get("expires_in")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        said = "is not a number of seconds" if "expires_in" in answer else "is missing"
        raise Refused("unexpected-answer", clause, {"expires_in": said})
    return value


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
