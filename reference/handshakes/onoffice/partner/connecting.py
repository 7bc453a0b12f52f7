"""Being activated: what lies between a verified activation URL and the saved credentials, and what ends them.

The URL's values are staged under a ticket that only the page knows. Token and key are saved after the
API has said `success`, in one save; whatever breaks before that leaves credentials in use as they
were (A29).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from ...core.messages import Pause, Step
from ...core.refusals import Refused, absent
from ...runtime.role import Equipped
from ...runtime.store import EXPIRES, Conflict, Installation, StoreError, earlier, expiry
from ..errorcodes import ENDED
from ..signing import SignedUrl
from .api import CLAUSE, Access, Api, error_code
from .configuration import Configuration

PLATFORM = "onoffice"
MOST_ID, MOST_NAME, MOST_CREDENTIAL = 60, 500, 4_000
LOOKS, LOOK_AGAIN = 20, 0.1
"""How often a late click looks whether an earlier one has succeeded, and after how many seconds each time."""


class Connecting(Equipped[Configuration]):
    """What a provider does to be activated for a customer, and to stay it."""

    @cached_property
    def api(self) -> Api:
        """The API, as this provider calls it."""
        return Api(self.configuration, self.clock)

    # --- identities -------------------------------------------------------------------------------

    def customer(self, web_id: str) -> str:
        """onoffice:credentials.customer. Return what a customer's credentials are kept under: its web id; A27."""
        return quote(web_id, safe="")

    def user(self, web_id: str, user_id: str) -> str:
        """onoffice:credentials.user. Return what a user's claim is kept under: the web id and the user's id; A27."""
        return f"{quote(web_id, safe='')}/{quote(user_id, safe='')}"

    # --- the page was loaded ----------------------------------------------------------------------

    def staged(self, url: SignedUrl) -> str:
        """onoffice:unlock.bound. Keep what a verified activation URL says, as long as its page may be used; return its ticket.

        What earlier pages left behind is removed when its time is over. Raises `Refused`: `missing-parameter`, `empty-parameter`, `too-large`.
        """
        values = self.values_of(url)
        ticket, now = self.random(24).hex(), self.clock()
        self.store.remove_expired(PLATFORM, now)
        details = {name: values[name] for name in ("customerWebId", "customerName")}
        self.store.save(
            Installation(
                PLATFORM,
                ticket_key(ticket),
                {**details, EXPIRES: expiry(now + self.configuration.page_lifetime)},
                {name: values[name] for name in ("apiToken", "apiClaim", "parameterCacheId", "userId")},
                "pending",
            )
        )
        return ticket

    def values_of(self, url: SignedUrl) -> dict[str, str]:
        """onoffice:url.signed-values. Return what the signed URL says of customer and call; `apiClaim` may be absent."""
        limits = {"customerWebId": MOST_ID, "userId": MOST_ID, "customerName": MOST_NAME}
        limits |= {"apiToken": MOST_CREDENTIAL, "parameterCacheId": MOST_CREDENTIAL}
        values = {name: needed(url, name, most) for name, most in limits.items()}
        return {**values, "apiClaim": url.value("apiClaim")[:MOST_CREDENTIAL]}

    # --- the button was pressed -------------------------------------------------------------------

    def activate(self, ticket: str, pasted: str) -> Step[None]:
        """onoffice:unlock.store. Call the API with the staged token and the pasted key, then save both.

        A second click after success changes nothing (A17), and one that comes while the first is still
        under way waits a moment for its end. Raises `Refused`: `unknown-installation`,
        `empty-parameter`, `too-large`, and what the API's call raises.
        """
        stage = self.store.get(PLATFORM, ticket_key(ticket))
        if stage is None or stage.details[EXPIRES] < expiry(self.clock()):
            evidence = {"ticket": "is not one of ours, or its page is too old"}
            raise Refused("unknown-installation", CLAUSE + "unlock.bound", evidence)
        if self.is_done(stage):
            return
        if stage.state != "pending":
            evidence = {"ticket": "was used, and its activation ended"}
            raise Refused("wrong-state", CLAUSE + "unlock.repeat", evidence)
        access = self.access(stage, self.key(pasted))
        stage, others = self.asking(stage)
        try:
            yield from self.api.unlock(access, self.parameters(stage))
        except Refused:
            if (yield from self.done_by_another(stage, others)):
                return
            raise
        yield from self.committed(stage, access)

    def asking(self, stage: Installation) -> tuple[Installation, bool]:
        """onoffice:unlock.repeat. Note that a page asks the API now; return its stage and whether another click may be asking still."""
        now, before = self.clock(), int(stage.details.get("askedAt", "0"))
        mine = replace(stage, details={**stage.details, "askedAt": str(now)})
        try:
            return self.store.save(mine), now - before <= self.configuration.api_timeout
        except Conflict:  # another click of this page saved something since this one looked
            return mine, True

    def done_by_another(self, stage: Installation, others: bool) -> Step[bool]:
        """onoffice:unlock.repeat. Return whether another click on the same page activates the customer, at once or in a moment."""
        latest = self.store.get(PLATFORM, stage.identity)
        others = others or (latest is not None and latest.version != stage.version)
        for _ in range(LOOKS if others else 0):
            if self.is_done(stage):
                return True
            yield Pause(LOOK_AGAIN)
        return self.is_done(stage)

    def is_done(self, stage: Installation) -> bool:
        """onoffice:unlock.repeat. Return whether the activation of a page is the customer's present one."""
        found, _ = earlier(self.store, PLATFORM, self.customer(stage.details["customerWebId"]))
        return found is not None and found.state == "active" and found.details["ticket"] == stage.identity

    def key(self, pasted: str) -> str:
        """onoffice:unlock.key. Return the pasted key without white space around it; raises `Refused` where nothing is left."""
        key = pasted.strip()
        if not key:
            raise Refused("empty-parameter", CLAUSE + "unlock.key", {"name": "secret"})
        if len(key) > MOST_ID * 5:
            raise Refused("too-large", CLAUSE + "unlock.key", {"characters": len(key), "limit": MOST_ID * 5})
        return key

    def access(self, stage: Installation, key: str) -> Access:
        """onoffice:unlock.call. Return the credentials to call with: the URL's token and the pasted key."""
        return Access(stage.credentials["apiToken"], key)

    def parameters(self, stage: Installation) -> dict[str, str]:
        """onoffice:unlock.parameter-cache-id. Return the parameters of unlockProvider; without a claim there is no extendedclaim."""
        parameters = {"parameterCacheId": stage.credentials["parameterCacheId"]}
        claim = self.unlock_claim(stage)
        return {**parameters, "extendedclaim": claim} if claim else parameters

    def unlock_claim(self, stage: Installation) -> str:
        """onoffice:unlock.claim. Return the claim of the activation URL, which is good for this call alone; A14, A20."""
        return stage.credentials["apiClaim"]

    def committed(self, stage: Installation, access: Access) -> Step[None]:
        """onoffice:credentials.replaced. Save token and key of a customer in place of earlier ones; empty what was staged; A42."""
        kept = {name: value for name, value in stage.details.items() if name != EXPIRES}
        details = {**kept, "ticket": stage.identity, "agreedAt": str(self.clock())}

        def renewed(found: Installation | None) -> Installation:
            later = found and int(found.details.get("askedAt", "0")) > int(details.get("askedAt", "0"))
            if found and later and found.state == "active":
                return found  # another page asked later, so its API user is the one in use
            return Installation(PLATFORM, identity, details, self.credentials(found, access))

        identity = self.customer(stage.details["customerWebId"])
        yield from self.kept("unlock", lambda: self.change(identity, renewed))
        try:
            self.change(
                stage.identity,
                lambda found: replace(found, credentials={}, state="removed") if found else None,
            )
        except StoreError as error:  # it does not undo what was achieved, and the stage expires
            self.report("unlock", error)

    def credentials(self, found: Installation | None, access: Access) -> dict[str, str]:
        """onoffice:credentials.replaced. Return what is kept from now on: the new token and the new key."""
        return {"token": access.token, "api_key": access.api_key}

    # --- later ------------------------------------------------------------------------------------

    def in_use(self, web_id: str) -> Installation:
        """onoffice:service.activated. Return a customer's active installation; raises `Refused` with `unknown-installation`."""
        installation = self.store.get(PLATFORM, self.customer(web_id))
        if installation is None or installation.state != "active":
            evidence = {"customer": "has not activated"}
            raise Refused("unknown-installation", CLAUSE + "service.activated", evidence)
        return installation

    def claimed(self, url: SignedUrl) -> None:
        """onoffice:claim.latest. Keep the claim of a service call, unless one of a later signed time is kept already.

        Calls can arrive in another order than they were signed in. Of two of the same second the one
        that arrives last counts.
        """
        web_id, user_id, claim = url.value("customerWebId"), url.value("userId"), url.value("apiClaim")
        details = {"customerWebId": web_id, "userId": user_id, "signedAt": str(url.timestamp)}
        identity = self.user(web_id, user_id)

        def latest(found: Installation | None) -> Installation:
            if found and int(found.details.get("signedAt", "0")) > url.timestamp:
                return found
            return Installation(PLATFORM, identity, details, {"claim": claim})

        self.change(identity, latest)

    def claim(self, web_id: str, user_id: str) -> str:
        """onoffice:claim.latest. Return the latest claim of a user; raises `Refused` with `unknown-installation`."""
        found = self.store.get(PLATFORM, self.user(web_id, user_id))
        if found is None or not found.credentials.get("claim"):
            raise Refused("unknown-installation", CLAUSE + "claim.latest", {"user": "called no service"})
        return found.credentials["claim"]

    def work(self, web_id: str, user_id: str, estate_id: str) -> Step[dict[str, Any]]:
        """onoffice:claim.returned. Do what a provider does for a user: here it reads one property.

        It may be called long after the service page was shown; the latest claim is used.
        """
        installation = self.in_use(web_id)
        access = Access(installation.credentials["token"], installation.credentials["api_key"])
        try:
            return (yield from self.api.estate(access, estate_id, self.claim(web_id, user_id)))
        except Refused as refused:
            self.noticed(installation, refused)
            raise

    def noticed(self, installation: Installation, refused: Refused) -> None:
        """onoffice:block.noticed. End an activation whose user the API does not know any more, and forget its credentials."""
        if error_code(refused) not in ENDED:
            return

        def ended(found: Installation | None) -> Installation:
            if found is None or found.details["ticket"] != installation.details["ticket"]:
                raise Refused("wrong-state", CLAUSE + "block.noticed")  # activated again meanwhile
            return replace(found, state="removed", credentials={})

        try:
            self.change(installation.identity, ended)
        except StoreError as error:
            self.report("block", error)
        except Refused:  # what was noticed is past already
            return

    def change(self, identity: str, changed: Callable[[Installation | None], Installation | None]) -> None:
        """Save an installation with a change, if it is one; when somebody else saved first, change theirs.

        A row that cannot be opened is as good as none, and is replaced.
        """

        def save() -> None:
            found, version = earlier(self.store, PLATFORM, identity)
            wanted = changed(found)
            if wanted is not None and wanted is not found:
                self.store.save(replace(wanted, version=version))

        self.again(save)


def needed(url: SignedUrl, name: str, most: int) -> str:
    """Return the value of a parameter that has to be there; raises `Refused` with a reason of its own each."""
    clause = CLAUSE + ("unlock.empty-token" if name == "apiToken" else "url.signed-values")
    if not (value := url.value(name)):
        reason = "empty-parameter" if name in url.covered else "missing-parameter"
        raise Refused(reason, clause, absent(name, url.covered))
    if len(value) > most:
        raise Refused("too-large", clause, {"name": name, "characters": len(value), "limit": most})
    return value


def ticket_key(ticket: str) -> str:
    """Return what a ticket's stage is kept under: a digest, so that the store tells nobody a ticket.

    >>> ticket_key("a")[:13]
    'ticket:ca9781'
    """
    return f"ticket:{sha256(ticket.encode('utf-8', 'surrogatepass')).hexdigest()}"
