"""Registrations: what postbacks claim about locations and users, and what a launch confirms.

A postback is proved by nothing but the key in its address (A08), and carries neither an id nor a time
(A11). So what it says is *claimed* (state `pending`) until a launch that the API confirmed makes it
*active*; what came last counts, and such a launch repairs it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property

from ...core.messages import Request
from ...core.refusals import Refused, absent
from ...core.strict import no_duplicates, query_pairs
from ...runtime.renewing import Renewing
from ...runtime.store import Installation, StoreError, earlier
from ..rules import encrypted, launch
from .api import CLAUSE, Api
from .configuration import Configuration

PLATFORM = "fortis"
MAX_BODY = 16_384


class Connecting(Renewing[Configuration]):
    """The registrations that the app keeps."""

    platform = PLATFORM

    @cached_property
    def api(self) -> Api:
        """The API, as this app calls it."""
        return Api(self.configuration, self.clock)

    # --- the addresses that are configured at the platform ------------------------------------------

    def iframe_url(self) -> str:
        """fortis:setup.iframe-url. Return the address of the iframe; in plain mode with a template; A02."""
        base = self.configuration.base_url + "/fortis/launch"
        if self.configuration.mode == "encrypted":
            return base
        names = [name for name in encrypted.NAMES if name != "location_id"]
        return base + "?" + "&".join(f"{name}={{{{{name.replace('_', '-')}}}}}" for name in names)

    def location_setup_url(self) -> str:
        """fortis:setup.postback-urls, fortis:postback.key. Return the template of postbacks for locations, with our key."""
        return (
            f"{self.configuration.base_url}/fortis/location?location_id={{{{location.id}}}}"
            f"&account_number={{{{location.account_number}}}}&api_id={{{{location.location_api_id}}}}"
            f"&key={self.configuration.postback_key}"
        )

    def user_setup_url(self) -> str:
        """fortis:setup.postback-urls, fortis:postback.key. Return the template of postbacks for users, who are persons (S14)."""
        return (
            f"{self.configuration.base_url}/fortis/user?location_id={{{{location.id}}}}"
            f"&user_id={{{{user.id}}}}&username={{{{user.username}}}}&email={{{{user.email}}}}"
            f"&domain={{{{user.domain.url}}}}&key={self.configuration.postback_key}"
        )

    # --- postbacks ----------------------------------------------------------------------------------

    def postback_values(self, request: Request) -> dict[str, str]:
        """fortis:postback.query, fortis:postback.once. Return what the query of POST or DELETE says; nothing is repaired."""
        return no_duplicates(query_pairs(request.query, CLAUSE + "postback.once"), CLAUSE + "postback.once")

    def body_ignored(self, request: Request) -> None:
        """fortis:postback.body-ignored. Look at nothing of a body but its size; A07."""
        if len(request.body) > MAX_BODY:
            evidence = {"bytes": len(request.body), "limit": MAX_BODY}
            raise Refused("too-large", CLAUSE + "postback.body-ignored", evidence)

    def check_key(self, values: Mapping[str, str]) -> None:
        """fortis:postback.key. Refuse a postback without the configured key, compared in constant time; A08.

        Raises `Refused`: `missing-parameter`, `wrong-key`.
        """
        clause, configured = CLAUSE + "postback.key", self.configuration.postback_key
        if not values.get("key"):
            raise Refused("missing-parameter", clause, absent("key", values))
        if not hmac.compare_digest(values["key"].encode(), configured.encode()):
            raise Refused("wrong-key", clause)

    def check_ids(self, values: Mapping[str, str], kind: str) -> None:
        """fortis:postback.required. Refuse a postback without the ids that it is about."""
        for name in ("location_id", "user_id") if kind == "user" else ("location_id",):
            value = values.get(name, "")
            if not value or value.startswith("{{"):
                reason = "missing-parameter" if not value else "malformed"
                evidence = absent(name, values) | (
                    {"found": "a placeholder that nothing filled"} if value else {}
                )
                raise Refused(reason, CLAUSE + "postback.required", evidence)
        try:
            launch.location(values["location_id"])
        except Refused as refused:
            raise Refused(refused.reason, CLAUSE + "postback.required", refused.evidence) from None
        if len(values.get("user_id", "")) > 64 or not values.get("user_id", "").isprintable():
            raise Refused("malformed", CLAUSE + "postback.required", {"user_id": "is not an id"})

    def identity(self, location_id: str, user_id: str = "") -> str:
        """Return what a location, or a user of one, is kept under."""
        return f"user {location_id} {user_id}" if user_id else f"location {location_id}"

    def claim(self, values: Mapping[str, str], kind: str) -> None:
        """fortis:postback.claimed, fortis:postback.idempotent. Keep a registration as claimed; one that is confirmed stays so; A11."""
        user_id = values["user_id"] if kind == "user" else ""
        names = ("username", "email", "domain") if kind == "user" else ("account_number", "api_id")
        details = {name: values[name][:128] for name in names if values.get(name)}
        self.keep(values["location_id"], user_id, details, self.claimed_state)

    def claimed_state(self, before: str) -> str:
        """fortis:postback.claimed. Return the state after a registration: what a launch confirmed stays confirmed."""
        return "active" if before == "active" else "pending"

    def unclaim(self, values: Mapping[str, str], kind: str) -> None:
        """fortis:postback.order, fortis:postback.idempotent. Take a registration back; one that is not there is as good; A09."""
        location_id = values["location_id"]
        if kind == "user":
            self.remove(lambda: [self.identity(location_id, values["user_id"])])
        else:
            self.remove(lambda: [self.identity(location_id), *self.users_of(location_id)])

    def users_of(self, location_id: str) -> list[str]:
        """fortis:location.removes-users. Return who is shut out with a location; the platform may not say so itself; A14."""
        found = self.store.find(PLATFORM, "locationId", location_id)
        return [one.identity for one in found if one.details["kind"] == "user"]

    def remove(self, identities: Callable[[], list[str]]) -> None:
        """Forget what was kept, and with it every session and access, in one transaction; that it was there stays."""
        self.again(lambda: self.store.save_all(*filter(None, map(self.emptied, identities()))))

    def emptied(self, identity: str) -> Installation | None:
        """Return what is left of a registration that is over; None where there is none.

        Of a row that cannot be opened nothing else stays: its key may be found again.
        """
        try:
            found = self.store.get(PLATFORM, identity)
        except StoreError as error:
            if not error.version:
                raise
            return Installation(PLATFORM, identity, {}, {}, "removed", error.version)
        return replace(found, state="removed", credentials={}) if found and found.state != "removed" else None

    def confirm(self, location_id: str, user_id: str) -> Installation:
        """fortis:postback.order. Make location and user active: the API confirmed a launch of theirs; A11. Returns the user's."""
        self.keep(location_id, "", {}, lambda before: "active")
        return self.keep(location_id, user_id, {}, lambda before: "active")

    def keep(
        self, location_id: str, user_id: str, details: Mapping[str, str], state: Callable[[str], str]
    ) -> Installation:
        """Save a location or user with these details; what is as it should be is not saved again.

        A row that cannot be opened is replaced: the platform has just confirmed or registered it anew.
        """
        identity = self.identity(location_id, user_id)
        fixed = {"kind": "user" if user_id else "location", "locationId": location_id}

        def save() -> Installation:
            found, version = earlier(self.store, PLATFORM, identity)
            fresh = found is None or found.state == "removed"
            before = "" if found is None else found.state
            now = dict(found.details) if found and not fresh else {"sessionId": self.random(12).hex()}
            credentials = found.credentials if found and not fresh else {"session_key": self.random(32).hex()}
            more = {"userId": user_id} if user_id else {}
            wanted = Installation(
                PLATFORM, identity, {**now, **fixed, **more, **details}, credentials, state(before), version
            )
            return wanted if found == wanted else self.store.save(wanted)

        return self.again(save)

    def state(self, location_id: str, user_id: str = "") -> str:
        """Return `active`, `pending` (claimed), `removed`, or an empty text for what is unknown."""
        found = self.store.get(PLATFORM, self.identity(location_id, user_id))
        return found.state if found else ""
