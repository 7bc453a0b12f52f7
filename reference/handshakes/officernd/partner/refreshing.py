"""Tokens that are renewed once, as OfficeRnD renews them."""

from __future__ import annotations

from functools import cached_property

from ...core.messages import Step
from ...runtime.renewing import Renewing
from ...runtime.store import Installation
from ...runtime.tokens import Tokens
from .api import CLAUSE, Api
from .configuration import Configuration

PLATFORM = "officernd"


class Refreshing(Renewing[Configuration]):
    """The API as this partner calls it, with tokens that are fresh."""

    platform = PLATFORM

    @cached_property
    def api(self) -> Api:
        """The API, as this partner calls it."""
        return Api(self.configuration, self.clock)

    def fresh(self, installation: Installation) -> Step[Tokens]:
        """officernd:token.refresh, officernd:token.one-refresh. Return tokens that are good for a minute more; C14, C15."""
        return (yield from self.fresh_tokens(installation, CLAUSE + "token.refresh"))

    def renewed(self, installation: Installation) -> Step[Tokens]:
        """officernd:token.refresh. Trade the refresh token for new tokens; C14."""
        return (yield from self.api.refresh(installation.credentials["refresh_token"]))
