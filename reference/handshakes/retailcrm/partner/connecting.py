"""Being connected: what happens between a verified registration and its answer (page, Module connection request).

The key is saved only after `edit` succeeded, in one save. Whatever breaks before that leaves an
installation in use as it was; of a first connection a pending record may stay, with its `clientId`
and without a key, so that the next attempt gives RetailCRM the same `clientId` again.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from hashlib import sha256
from typing import Any

from ...core.messages import Response, Step
from ...core.printing import printable
from ...core.refusals import Refused
from ...runtime.role import Equipped
from ...runtime.store import Installation, StoreError, earlier
from .api import CLAUSE, Api, succeeded
from .configuration import Configuration

PLATFORM = "retailcrm"
Change = Callable[[Installation], Installation]
MOST_FORMER = 50


class Connecting(Equipped[Configuration]):
    """What a module does to be connected and to stay it."""

    @cached_property
    def api(self) -> Api:
        """The API, as this partner calls it."""
        return Api(self.configuration)

    @property
    def code(self) -> str:
        """retailcrm:edit.code. The code of this connection: the symbol code, with a suffix where there are several; A20."""
        instance = self.configuration.instance
        return f"{self.configuration.code}-{instance}" if instance else self.configuration.code

    def identity(self, url: str) -> str:
        """retailcrm:connection.identity. Return what an installation is known by: code and canonical address; A19."""
        return f"{self.code} {url}"

    def connect(self, url: str, api_key: str) -> Step[Installation]:
        """retailcrm:connection.repeat. Describe the module to the account at `url`, then save the key; A15, A19.

        The key that is in use already changes nothing and asks nobody: so a replayed registration
        does nothing (S1).
        """
        found, _ = earlier(self.store, PLATFORM, self.identity(url))
        if found is not None and found.state != "removed":
            in_use = found.credentials.get("api_key", "")
            if hmac.compare_digest(in_use.encode(), api_key.encode()):
                return found
            self.fresh(found, api_key)
        if self.configuration.check_scopes:
            self.granted((yield from self.api.scopes(url, api_key)))
        installation = self.prepared(url, api_key)  # only now: an invented address must leave no record
        response = yield from self.edit(url, api_key, installation)
        self.accepted(response)
        if self.configuration.confirm_address:
            self.confirmed(url, (yield from self.api.addresses(url)))
        return (yield from self.kept("register", lambda: self.committed(installation, api_key)))

    def fresh(self, installation: Installation, api_key: str) -> None:
        """retailcrm:connection.repeat. Refuse with `replayed` a key that a later one replaced: only a replay brings it; S1."""
        if client_key(api_key) in installation.credentials.get("former_keys", "").split():
            evidence = {"apiKey": "was replaced by a later one"}
            raise Refused("replayed", CLAUSE + "connection.repeat", evidence)

    def prepared(self, url: str, api_key: str) -> Installation:
        """retailcrm:connection.failure. Return the installation of an address, made as pending and without a key if there is none.

        A row that cannot be opened stays as it is until edit has succeeded: its key may be found again.
        """
        identity = self.identity(url)

        def save() -> Installation:
            found, version = earlier(self.store, PLATFORM, identity)
            if found is not None and found.state != "removed":
                return found
            client_id = self.client_id()
            details = {
                "systemUrl": url,
                "clientKey": client_key(client_id),
                "active": "yes" if self.configuration.active else "no",
                "freeze": "no",
            }
            made = Installation(PLATFORM, identity, details, {"client_id": client_id}, "pending", version)
            return made if version and found is None else self.store.save(made)

        return self.again(save)

    def client_id(self) -> str:
        """retailcrm:edit.client-id-random. Return a new clientId: 160 random bits; it alone opens the account page; S4."""
        return self.random(20).hex()

    def granted(self, scopes: tuple[str, ...]) -> None:
        """retailcrm:scopes.checked. Refuse with `not-allowed` a key that may do less than was asked for; A12."""
        if missing := [scope for scope in self.configuration.scopes if scope not in scopes]:
            raise Refused("not-allowed", CLAUSE + "scopes.checked", {"missing": ", ".join(missing)})

    def edit(self, url: str, api_key: str, installation: Installation) -> Step[Response]:
        """retailcrm:edit.call. Send the description to the account, with the key that came with the registration."""
        fields = self.edit_fields(self.description(installation))
        return (yield from self.api.edit(url, api_key, self.code, fields))

    def edit_fields(self, description: dict[str, Any]) -> dict[str, str]:
        """retailcrm:edit.form. Return the form of edit: one field with a JSON text; A24."""
        return {"integrationModule": json.dumps(description, ensure_ascii=False, separators=(",", ":"))}

    def description(self, installation: Installation) -> dict[str, Any]:
        """retailcrm:edit.members. Return what RetailCRM is told of the module; 3.2, A20, A21, A22."""
        configuration = self.configuration
        return {
            "code": self.code,
            "integrationCode": configuration.code,
            "active": configuration.active,
            "name": configuration.name,
            "logo": f"{configuration.base_url}/logo.svg",
            "clientId": installation.credentials["client_id"],
            "baseUrl": configuration.base_url,
            "accountUrl": self.account_url(),
            "actions": {"activity": "/retailcrm/activity"},
            "integrations": {},
        }

    def account_url(self) -> str:
        """retailcrm:answer.account-url. Return the address that the user is sent to; A17."""
        return f"{self.configuration.base_url}/retailcrm/account"

    def accepted(self, response: Response) -> None:
        """retailcrm:edit.success. Refuse an answer of edit that does not say `success:true`; 200 and 201 are alike; A26."""
        succeeded(response, CLAUSE + "edit.success")

    def confirmed(self, url: str, addresses: tuple[str, ...]) -> None:
        """retailcrm:system-url.confirmed. Refuse with `identity-mismatch` an address at which another account answers; A11."""
        if url not in [address.rstrip("/").lower() for address in addresses]:
            evidence = {"expected": printable(url, 100), "found": ", ".join(addresses)}
            raise Refused("identity-mismatch", CLAUSE + "system-url.confirmed", evidence)

    def committed(self, installation: Installation, api_key: str) -> Installation:
        """retailcrm:connection.repeat. Save the proven key; clientId and session key stay those of the installation."""
        session_key = installation.credentials.get("session_key") or self.random(32).hex()

        def with_key(current: Installation) -> Installation:
            credentials = {"session_key": session_key, **replaced(current.credentials, api_key)}
            active = "yes" if self.configuration.active else current.details["active"]  # as edit said
            details = {**current.details, "active": active}
            return replace(current, state="active", credentials=credentials, details=details)

        saved = self.change(installation.identity, with_key, ("active", "pending"), instead=installation)
        if saved is None:
            raise gone()
        return saved

    def change(
        self,
        identity: str,
        changed: Change,
        states: tuple[str, ...] = ("active",),
        instead: Installation | None = None,
    ) -> Installation | None:
        """Save an installation with a change; when somebody else saved first, change theirs.

        `instead` is what is changed where the store cannot open its row.
        """

        def save() -> Installation | None:
            try:
                current = self.store.get(PLATFORM, identity)
            except StoreError as error:
                if instead is None or not error.version:
                    raise
                current = replace(instead, version=error.version)
            return self.store.save(changed(current)) if current and current.state in states else None

        return self.again(save)


def client_key(client_id: str) -> str:
    """Return what a clientId is found by: its digest, so that a search tells nothing about it.

    >>> client_key("a")[:6]
    'ca9781'
    """
    return sha256(client_id.encode("utf-8", "surrogatepass")).hexdigest()


def replaced(credentials: Mapping[str, str], api_key: str) -> dict[str, str]:
    """Return the credentials with a new key, and the digest of the one that it replaces.

    >>> replaced({"api_key": "a"}, "b")["former_keys"][:6]
    'ca9781'
    """
    old, former = credentials.get("api_key", ""), credentials.get("former_keys", "").split()
    if old and old != api_key:
        former.append(client_key(old))
    kept = {"former_keys": " ".join(former[-MOST_FORMER:])} if former else {}
    return {**credentials, "api_key": api_key, **kept}


def gone() -> Refused:
    """Return the refusal of what needs an installation that is in use."""
    return Refused("unknown-installation", CLAUSE + "connection.identity")
