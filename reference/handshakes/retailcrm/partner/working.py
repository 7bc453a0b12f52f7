"""Being connected already: the module's work for a customer, and what may change later."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...core.messages import Step
from ...core.refusals import Refused
from ...runtime.store import Installation, earlier
from .api import CLAUSE
from .connecting import PLATFORM, Connecting, gone, replaced


class Working(Connecting):
    """What a connected module does, and what is done with it."""

    def move(self, installation: Installation, url: str) -> Step[Installation]:
        """retailcrm:activity.system-url. Move an installation to an allowed address at which its key works; S3.

        The new record is saved and the old one emptied in one transaction: an account is never in two places.
        """
        yield from self.api.scopes(url, installation.credentials["api_key"])
        identity = self.identity(url)

        def save() -> Installation:
            there, version = earlier(self.store, PLATFORM, identity)
            if there is not None and there.state == "active":
                evidence = {"address": "has a connection"}
                raise Refused("identity-mismatch", CLAUSE + "activity.system-url", evidence)
            left = self.in_use(installation.identity)  # as it is now, after the call
            details = {**left.details, "systemUrl": url}
            moved = replace(left, identity=identity, details=details, version=version)
            emptied = replace(left, state="removed", details={}, credentials={})
            return self.store.save_all(moved, emptied)[0]

        return self.again(save)

    def work(self, identity: str) -> Step[dict[str, Any] | None]:
        """retailcrm:activity.effect. Do what a module does for a customer, or nothing while it is switched off.

        It stands for a module's business: here it reads its own description.
        """
        installation = self.in_use(identity)
        if not self.working(installation):
            return None
        url, key = installation.details["systemUrl"], installation.credentials["api_key"]
        try:
            return (yield from self.api.module(url, key, self.code))
        except Refused as refused:
            if refused.evidence.get("status") != "403":
                raise
            self.shut_out(identity, key, refused)
            return None

    def shut_out(self, identity: str, key: str, refused: Refused) -> None:
        """retailcrm:connection.revoked. Take a refused key for a module that was switched off: ask no more until it is on again; A30."""
        self.report("work", refused)
        off = {"active": "no"}
        self.change(
            identity, lambda one: self.switched(one, off) if one.credentials["api_key"] == key else one
        )

    def deactivate(self, identity: str) -> Step[Installation]:
        """retailcrm:connection.deactivate. Switch the module off in its account with edit, and then here.

        There is no counterpart: switching on again costs the customer a fee, so it is left to them.
        """
        installation = self.in_use(identity)
        url, key = installation.details["systemUrl"], installation.credentials["api_key"]
        fields = self.edit_fields({**self.description(installation), "active": False})
        self.accepted((yield from self.api.edit(url, key, self.code, fields)))
        saved = self.change(identity, lambda one: self.switched(one, {"active": "no"}))
        if saved is None:
            raise gone()
        return saved

    def switched(self, installation: Installation, flags: dict[str, str]) -> Installation:
        """retailcrm:activity.data-kept. Return the installation with other flags and all else as it was; A30."""
        return replace(installation, details={**installation.details, **flags})

    def working(self, installation: Installation) -> bool:
        """retailcrm:activity.effect. Return whether the module is switched on and not frozen; A30."""
        return installation.details["active"] == "yes" and installation.details["freeze"] == "no"

    def rescope(self, identity: str, scopes: tuple[str, ...]) -> Step[Installation]:
        """retailcrm:scopes.replaced. Ask for other scopes and save the key that has them, in one save; A27."""
        installation = self.in_use(identity)
        url, key = installation.details["systemUrl"], installation.credentials["api_key"]
        self.change(identity, lambda one: one)  # where nothing can be saved, the old key must not end
        new = yield from self.api.update_scopes(url, key, self.code, scopes)

        def changed(one: Installation) -> Installation:
            return replace(one, credentials=replaced(one.credentials, self.renewed(key, new)))

        saved = yield from self.kept("rescope", lambda: self.change(identity, changed))
        if saved is None:
            raise gone()
        return saved

    def renewed(self, old: str, new: str) -> str:
        """retailcrm:scopes.replaced. Return the key to use from now on: the new one."""
        return new

    def in_use(self, identity: str) -> Installation:
        """Return an active installation; raises `Refused` with `unknown-installation`."""
        installation = self.store.get(PLATFORM, identity)
        if installation is None or installation.state != "active":
            raise gone()
        return installation
