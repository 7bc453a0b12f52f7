"""Changing an installation that others may change at once, and tokens that are renewed once."""

from __future__ import annotations

from collections.abc import Callable
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

    def change(self, identity: str, changed: Callable[[Installation], Installation]) -> Installation | None:
        """Save an active installation with a change; when somebody else saved first, change theirs."""

        def save() -> Installation | None:
            current = self.store.get(PLATFORM, identity)
            if current is None or current.state != "active":
                return None
            wanted = changed(current)
            return current if wanted == current else self.store.save(wanted)

        return self.again(save)
