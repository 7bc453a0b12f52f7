"""One renewal of a token at a time: what two of the platforms' partners need alike.

A refresh token works once, so of many requests that find the access token expired, one renews it: it
saves the installation with a lease, which only one of them can. The others look again until its tokens
are there. A lease runs out by itself, for a process that ends in the middle; not before the tokens are saved, however
long the store fails: a platform that is sent a spent refresh token may take back everything (RFC 9700, 4.14.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..core.messages import Pause, Step
from ..core.refusals import Refused
from .role import PATIENCE, Configuration, Equipped
from .store import Conflict, Installation
from .tokens import Tokens

EARLY = 60  # seconds before its end in which a token is renewed
LOOK = 0.2  # seconds between two looks
LOOKS = 50
LEASE = PATIENCE + 30  # seconds: more than a token request and the last try to save may take besides


class Renewing(Equipped[Configuration]):
    """Tokens that are fresh; a partner says how one is renewed."""

    platform = ""

    def renewed(self, installation: Installation) -> Step[Tokens]:
        """Ask the platform for new tokens; raises `Refused`."""
        raise NotImplementedError

    def change(self, identity: str, changed: Callable[[Installation], Installation]) -> Installation | None:
        """Save an installation that is in use with a change; when somebody else saved first, change theirs. None where it is removed."""

        def save() -> Installation | None:
            current = self.store.get(self.platform, identity)
            if current is None or current.state == "removed":
                return None
            wanted = changed(current)
            return current if wanted == current else self.store.save(wanted)

        return self.again(save)

    def fresh_tokens(self, installation: Installation, clause: str) -> Step[Tokens]:
        """Return tokens that last `EARLY` seconds more; `clause` is named where there are none."""
        for _ in range(LOOKS):
            tokens = Tokens.of(installation.credentials)
            if tokens.expires_at - EARLY > self.clock():
                return tokens
            if int(installation.details.get("refreshingUntil", "0")) > self.clock():
                yield Pause(LOOK)
            elif leased := self.lease(installation):
                return (yield from self.refresh(leased))
            newer = self.store.get(self.platform, installation.identity)
            if newer is None or newer.state == "removed" or "access_token" not in newer.credentials:
                raise Refused("wrong-state", clause, {"installation": "was removed meanwhile"})
            installation = newer
        raise Refused("unreachable", clause, {"refresh": "another request has not finished it"})

    def lease(self, installation: Installation) -> Installation | None:
        """Save that this request renews; None when another one saved first."""
        until = {"refreshingUntil": str(self.clock() + LEASE)}
        try:
            return self.store.save(replace(installation, details={**installation.details, **until}))
        except Conflict:
            return None

    def refresh(self, leased: Installation) -> Step[Tokens]:
        """Trade the refresh token for new tokens, and save those."""
        spent = leased.credentials["refresh_token"]
        try:
            tokens = yield from self.renewed(leased)
        except Refused:
            newer = yield from self.kept("refresh", lambda: self.change(leased.identity, _given_back(leased)))
            if newer is None or newer.credentials.get("refresh_token", spent) == spent:
                raise
            return Tokens.of(newer.credentials)  # a connect brought tokens, or this lease had run out

        def renewed(one: Installation) -> Installation:
            if one.credentials.get("refresh_token") != spent:
                return one  # another connect brought tokens of its own meanwhile
            return replace(_given_back(leased)(one), credentials={**one.credentials, **tokens.saved()})

        yield from self.kept("refresh", lambda: self.change(leased.identity, renewed))
        return tokens


def _given_back(leased: Installation) -> Callable[[Installation], Installation]:
    """Return the change that ends this lease; another's is left as it is."""
    ours = leased.details["refreshingUntil"]

    def change(one: Installation) -> Installation:
        if one.details.get("refreshingUntil") != ours:
            return one
        rest = {name: text for name, text in one.details.items() if name != "refreshingUntil"}
        return replace(one, details=rest)

    return change
