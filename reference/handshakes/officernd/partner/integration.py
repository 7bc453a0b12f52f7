"""The partner integration: what an integrator writes to be connected from OfficeRnD.

Each rule that the page puts on the partner is one method, named in its docstring by its clause;
overriding that method breaks that rule and no other, which is how the tests prove the clause. The
class holds no state: installations live in the store, the time and randomness are given.

Health check, configuration and sync are signed queries, the removal webhook is a signed body.
Until a signature has verified, every failure has the same answer, and only the operator (`report`)
learns the reason. `connecting.py` says how a connection is made.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from urllib.parse import unquote

from ...core.keys import first_that_verifies
from ...core.messages import Answer, Headers, Request, Response, Step, json_response
from ...core.printing import printable
from ...core.refusals import Refused
from ...core.strict import Pairs, json_object, query_pairs
from ...runtime.calls import text_of
from ...runtime.role import Endpoint
from ...runtime.store import Installation
from ...runtime.tokens import Tokens
from .. import names, signing
from ..rules import unquote_organization
from ..signing import SignedQuery, SignedWebhook
from .api import CLAUSE
from .connecting import location_ids
from .refreshing import PLATFORM
from .settings import SAVE, Pages, with_details

REMOVED, HOME = "/officernd/removed/", "/officernd/result"
ACCESS_ENDED = "OfficeRnD no longer takes our access. Please connect again."


class PartnerIntegration(Pages):
    """The partner's side, ready to be served."""

    name, home = "partner", HOME
    other_methods = CLAUSE + "requests.method"
    secret_names = names.SECRET

    def endpoints(self) -> dict[str, dict[str, Endpoint]]:
        """officernd:requests.method. Return the one method of each path and its step; `REMOVED` has ids after it."""
        return {
            "/officernd/start": {"GET": self.start},
            "/officernd/connect": {"GET": self.connect},
            HOME: {"GET": self.result},
            "/officernd/healthcheck": {"GET": self.healthcheck},
            "/officernd/configure": {"GET": self.configure},
            SAVE: {"POST": self.save},
            "/officernd/sync": {"GET": self.sync},
            REMOVED: {"POST": self.removed},
        }

    def unserved(self, message: str, status: int, headers: Headers = ()) -> Response:
        """Return the answer to a request that no endpoint takes."""
        return json_response({"message": message}, status, headers)

    # --- signed requests (page, Step 4) ---------------------------------------------------------

    def healthcheck(self, request: Request) -> Step[Answer]:
        """officernd:healthcheck.success. Answer with the name of the account on the partner's side; H1, H2."""
        yield from ()
        try:
            installation, _ = self.verified(request)
        except Refused as refused:
            return self.unverified("healthcheck", refused)
        if installation.details.get("accessEnded"):  # the signature is right: it is OfficeRnD that reads this
            return json_response({"message": ACCESS_ENDED}, 502)
        return json_response(self.healthy(installation))

    def healthy(self, installation: Installation) -> dict[str, str]:
        """officernd:healthcheck.success. Return the JSON of a working connection."""
        return {"accountName": installation.details["accountName"]}

    def unverified(self, endpoint: str, refused: Refused) -> Response:
        """officernd:healthcheck.failure. Return the one answer to whatever did not verify: 401 and a message; S20, H1."""
        self.refuse(endpoint, refused)
        return json_response({"message": "The request could not be verified."}, 401)

    def configure(self, request: Request) -> Step[Answer]:
        """officernd:configuration.page. Show the settings, after asking the API with the stored token; H8."""
        try:
            installation, query = self.verified(request)
            self.first_time("configure", query)
        except Refused as refused:
            return self.unverified("configure", refused)
        try:
            tokens = yield from self.fresh(installation)
            api, slug = installation.details["api"], installation.details["slug"]
            organization = yield from self.api.organization(api, slug, tokens)
            locations = yield from self.locations(installation, tokens)
        except Refused as refused:
            self.refuse("configure", refused)
            if refused.evidence.get("error") == "invalid_grant" or refused.evidence.get("status") == "401":
                self.remember(installation, ended=True)
            return json_response({"message": f"OfficeRnD could not be asked: {refused.reason}."}, 502)
        name = str(organization.get("name", ""))
        self.remember(installation, ended=False, name=printable(name, 200))
        return self.settings_page(installation, name, locations)

    def remember(self, installation: Installation, *, ended: bool, name: str = "") -> None:
        """officernd:healthcheck.failure. Save whether OfficeRnD still takes the tokens, for the next health check; H1.

        With the organisation's name, which the page shows again after it has saved a setting.
        """
        details = installation.details
        new = {"accessEnded": "yes" if ended else "", **({"name": name} if name else {})}
        if any(details.get(one, "") != value for one, value in new.items()):
            self.change(installation.identity, with_details(**new))

    def locations(self, installation: Installation, tokens: Tokens) -> Step[dict[str, str]]:
        """officernd:locations.list. Return the names of the locations by id; none when they cannot be read."""
        try:
            return (
                yield from self.api.locations(
                    installation.details["api"], installation.details["slug"], tokens
                )
            )
        except Refused as refused:
            self.report("locations", refused)
            return {}

    def result(self, request: Request) -> Step[Answer]:
        """officernd:connect.failure. Show a person what came of the connection; the operator alone learns why it failed."""
        yield from ()
        return self.result_page(request)

    def save(self, request: Request) -> Step[Answer]:
        """officernd:configuration.page. Take the form of the settings, which the page carried a token for."""
        yield from ()
        try:
            installation = self.saved_setting(request)
        except Refused as refused:
            return self.unverified("settings", refused)
        name = installation.details.get("name") or installation.details["slug"]
        return self.settings_page(installation, name, {}, saved=True)

    def sync(self, request: Request) -> Step[Answer]:
        """officernd:sync.answer. Start a sync once for each signed request; a repeat starts nothing; H7."""
        yield from ()
        try:
            installation, query = self.verified(request)
            self.first_time("sync", query)
            if query.timestamp > int(installation.details.get("syncedAt", "0")):
                self.change(installation.identity, with_details(syncedAt=str(query.timestamp)))
        except Refused as refused:
            return self.unverified("sync", refused)
        return json_response({})

    def verified(self, request: Request) -> tuple[Installation, SignedQuery]:
        """officernd:signature.secret. Return the installation whose secret verifies the request, and what is signed; S23.

        The request does not say which integration it is about, so every installation of its
        organisation is a candidate, those for the same locations first.
        """
        candidates = self.candidates(query_pairs(request.query, CLAUSE + "signature.escapes"))
        label, query = first_that_verifies(
            [(installation.identity, installation.credentials["secret"]) for installation in candidates],
            lambda secret: self.verify_query(request.target, secret),
            clause=CLAUSE + "signature.secret",
        )
        installation = next(candidate for candidate in candidates if candidate.identity == label)
        slug = dict(query.parameters).get("slug")
        later = query.timestamp >= int(installation.details.get("slugAt", "0"))  # no old name that comes late
        if slug and slug != installation.details["slug"] and "organizationId" in query.covered and later:
            renamed = with_details(slug=slug, slugAt=str(query.timestamp))
            installation = self.change(installation.identity, renamed) or installation
        return installation, query

    def candidates(self, pairs: Pairs) -> list[Installation]:
        """officernd:organization.slug. Return the active installations of the organisation, by id, else by slug; H6."""
        values = dict(unquote_organization(pairs))
        name = "organizationId" if values.get("organizationId") else "slug"
        found = self.store.find(PLATFORM, name, values.get(name, ""))
        active = [installation for installation in found if installation.state == "active"]
        asked = set(location_ids(values.get("locations", "")))
        return sorted(active, key=lambda one: set(location_ids(one.details["locations"])) != asked)

    def verify_query(self, target: str, secret: str) -> SignedQuery:
        """officernd:signature.every-request. Return what one secret's signature covers, or refuse."""
        return signing.verify_query(
            target, secret=secret, now=self.clock(), tolerance=self.configuration.tolerance
        )

    def first_time(self, endpoint: str, query: SignedQuery) -> None:
        """officernd:signature.replay. Refuse a repeat with `replayed`, where the operator asked for it; S21."""
        if not self.configuration.refuse_replays:
            return
        signed = [pair for pair in query.parameters if pair[0] in query.covered]
        nonce = f"{endpoint}:{query.timestamp}:{sha256(repr(signed).encode()).hexdigest()}"
        until = query.timestamp + sum(self.configuration.tolerance)
        if not self.store.first_time(PLATFORM, nonce, until, self.clock()):
            raise Refused("replayed", CLAUSE + "signature.replay", {"timestamp": query.timestamp})

    # --- removal (page, Step 5) -------------------------------------------------------------------

    def removed(self, request: Request) -> Step[Answer]:
        """officernd:webhook.removal. Verify the raw body, forget the installation's secrets; a repeat is fine; W5, W7, W8."""
        identity = unquote(request.path.removeprefix(REMOVED))
        clause = CLAUSE + "webhook.signature"
        try:
            installation = self.store.get(PLATFORM, identity)
            if installation is None:
                raise Refused("unknown-installation", clause)
            headers = request.header_values("officernd-signature")
            if len(headers) > 1:
                raise Refused("duplicate-parameter", clause, {"header": "officernd-signature"})
            secret = installation.credentials["webhook_secret"]
            webhook = self.verify_webhook(request.body, "".join(headers), secret)
        except Refused as refused:
            return self.unverified("removed", refused)
        try:
            if not self.is_our_removal(webhook, installation):
                return json_response({"status": "ignored"})
        except Refused as refused:
            self.report("removed", refused)
            return json_response({"message": f"The webhook was not understood: {refused.reason}."}, 400)
        if installation.state == "active":
            tokens = Tokens.of(installation.credentials)
            try:
                self.forget(installation)
            except Refused as refused:  # the row was damaged meanwhile
                return self.unverified("removed", refused)
            yield from self.unsubscribe(installation, tokens, installation.details["webhookId"])
        return json_response({"status": "received"})

    def verify_webhook(self, body: bytes, header: str, secret: str) -> SignedWebhook:
        """officernd:webhook.body. Return the raw body that the webhook's own secret signs, or refuse; W1."""
        return signing.verify_webhook(
            body, header, secret=secret, now=self.clock(), tolerance=self.configuration.tolerance
        )

    def is_our_removal(self, webhook: SignedWebhook, installation: Installation) -> bool:
        """officernd:webhook.event. Return whether it says that this integration was removed; W2, W5."""
        clause = CLAUSE + "webhook.envelope"
        event = json_object(webhook.body, clause)
        if text_of(event, "eventType", clause).lower() != "integration.removed":
            return False
        data = event.get("data")
        named = data.get("object") if isinstance(data, dict) else None
        named_id = named.get("_id") if isinstance(named, dict) else None
        if named_id is not None and named_id != installation.details["integrationId"]:
            evidence = {"data.object._id": f"names another integration: {printable(str(named_id), 100)}"}
            raise Refused("identity-mismatch", clause, evidence)
        return True

    def forget(self, installation: Installation) -> None:
        """officernd:webhook.removal. Keep only what a repeated webhook needs: its secret."""
        kept = {"webhook_secret": installation.credentials["webhook_secret"]}
        self.change(installation.identity, lambda one: replace(one, state="removed", credentials=kept))
