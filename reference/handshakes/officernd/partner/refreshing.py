"""Changing an installation that others may change at once: a saved change, a wait, and the one refresh.

A refresh token works once, so of many requests that find the access token expired, one renews it: it
saves the installation with a lease, which only one of them can. The others look again until its tokens
are there. A lease runs out by itself, for a process that ends in the middle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

from ...core.messages import Pause, Step
from ...core.refusals import Refused
from ...runtime.role import Equipped
from ...runtime.store import Conflict, Installation
from ...runtime.tokens import Tokens
from .api import CLAUSE, Api
from .configuration import Configuration

PLATFORM = "officernd"
EARLY = 60  # seconds before its end in which a token is renewed
LEASE = 5  # seconds, more than a token request may take
LOOK = 0.2  # seconds between two looks
LOOKS = 50

T = TypeVar("T")


class Refreshing(Equipped[Configuration]):
    """The API as this partner calls it, with tokens that are fresh."""

    @cached_property
    def api(self) -> Api:
        """The API, as this partner calls it."""
        return Api(self.configuration, self.clock)

    def fresh_tokens(self, installation: Installation) -> Step[Tokens]:
        """officernd:token.refresh, officernd:token.one-refresh. Return tokens that last `EARLY` s more; C14, C15."""
        clause = CLAUSE + "token.refresh"
        for _ in range(LOOKS):
            tokens = Tokens.of(installation.credentials)
            if tokens.expires_at - EARLY > self.clock():
                return tokens
            if int(installation.details.get("refreshingUntil", "0")) > self.clock():
                yield Pause(LOOK)
            elif leased := self.lease(installation):
                return (yield from self.refresh(leased))
            newer = self.store.get(PLATFORM, installation.identity)
            if newer is None or newer.state != "active":
                raise Refused("wrong-state", clause, {"installation": "was removed meanwhile"})
            installation = newer
        raise Refused("unreachable", clause, {"refresh": "another request has not finished it"})

    def lease(self, installation: Installation) -> Installation | None:
        """officernd:token.one-refresh. Save that this request refreshes; None when another one saved first."""
        until = {"refreshingUntil": str(self.clock() + LEASE)}
        try:
            return self.store.save(replace(installation, details={**installation.details, **until}))
        except Conflict:
            return None

    def refresh(self, leased: Installation) -> Step[Tokens]:
        """officernd:token.refresh. Trade the refresh token for new tokens, and save those; C14."""
        spent = leased.credentials["refresh_token"]
        try:
            tokens = yield from self.api.refresh(spent)
        except Refused:
            newer = self.change(leased.identity, _given_back(leased))
            if newer is None or newer.credentials["refresh_token"] == spent:
                raise
            return Tokens.of(newer.credentials)  # a connect brought tokens, or this lease had run out
        self.change(
            leased.identity,
            lambda one: (
                replace(_given_back(leased)(one), credentials={**one.credentials, **tokens.saved()})
                if one.credentials["refresh_token"] == spent
                else one  # another connect brought tokens of its own meanwhile
            ),
        )
        return tokens

    def change(self, identity: str, changed: Callable[[Installation], Installation]) -> Installation | None:
        """Save an active installation with a change; when somebody else saved first, change theirs."""
        for _ in range(5):
            current = self.store.get(PLATFORM, identity)
            if current is None or current.state != "active":
                return None
            try:
                return self.store.save(changed(current))
            except Conflict:
                continue
        return None


def _given_back(leased: Installation) -> Callable[[Installation], Installation]:
    """Return the change that ends this lease; another's is left as it is."""
    ours = leased.details["refreshingUntil"]

    def change(one: Installation) -> Installation:
        if one.details.get("refreshingUntil") != ours:
            return one
        return replace(
            one, details={name: text for name, text in one.details.items() if name != "refreshingUntil"}
        )

    return change
