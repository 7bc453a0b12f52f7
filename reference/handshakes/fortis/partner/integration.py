"""The app: what an integrator writes to be opened in an iframe by Fortis.

Each rule that the page puts on the app is one method, named in its docstring by its clause; overriding
that method breaks that rule and no other, which is how the tests prove the clause. The class holds no
state: registrations live in the store, the time and randomness are given.

Whatever is wrong with a launch, the browser gets one page and only the operator (`report`) learns why. A
launch proves little: in plain mode location and time, in encrypted mode nothing. So who the user is says
the API alone.
"""

from __future__ import annotations

import hmac
from typing import Any

from ...core.messages import Answer, Headers, Request, Response, Step, redirect
from ...core.refusals import Refused
from ...runtime.pages import page
from ...runtime.role import Endpoint
from ...runtime.store import Installation
from .. import names, signing
from ..rules.launch import is_id
from ..signing import Launch
from .api import CLAUSE
from .connecting import PLATFORM
from .consent import CALLBACK, START, Consent
from .sessions import sealed, unsealed

LAUNCH, APP = "/fortis/launch", "/fortis/app"
LOCATION, USER = "/fortis/location", "/fortis/user"
COOKIE = "fortis_session"
MOST_DIGITS = 12
"""Of a user id that is a number; a log-in token has 16 characters."""


class App(Consent):
    """The app's side, ready to be served."""

    name, home = "app", APP
    other_methods = CLAUSE + "postback.other-methods"
    secret_names = names.SECRET

    def endpoints(self) -> dict[str, dict[str, Endpoint]]:
        """Return the step of each path and method."""
        return {
            LAUNCH: {"GET": self.launch},
            APP: {"GET": self.app},
            LOCATION: {"POST": self.location, "DELETE": self.location},
            USER: {"POST": self.user, "DELETE": self.user},
            START: {"POST": self.begin},
            CALLBACK: {"GET": self.callback},
        }

    def unserved(self, message: str, status: int, headers: Headers = ()) -> Response:
        """fortis:postback.other-methods. Return the answer to a request that no endpoint takes."""
        return self.framed(message.rstrip("."), "<p>Open the app in Fortis.</p>", status, headers=headers)

    # --- registrations (page, Registering a Location, Registering a User) -----------------------------

    def location(self, request: Request) -> Step[Answer]:
        """fortis:postback.answer. Take the registration of a location, or its removal."""
        return (yield from self.postback(request, "location"))

    def user(self, request: Request) -> Step[Answer]:
        """fortis:postback.answer, fortis:user.unregister. Take the registration of a user, or that user's removal; A13."""
        return (yield from self.postback(request, "user"))

    def postback(self, request: Request, kind: str) -> Step[Answer]:
        """fortis:postback.answer. Answer 204 to what was taken; without our key all failures are one; A10."""
        yield from ()
        try:
            self.body_ignored(request)
        except Refused as refused:
            self.report(kind, refused)
            return Response(413)
        try:
            values = self.postback_values(request)
            self.check_key(values)
        except Refused as refused:
            self.report(kind, refused)
            return Response(401)
        try:
            self.check_ids(values, kind)
            self.taken(request.method, values, kind)
        except Refused as refused:
            self.refuse(kind, refused)
            return Response(400)
        return Response(204)

    def taken(self, method: str, values: dict[str, str], kind: str) -> None:
        """fortis:postback.order. Keep what came last: POST claims, DELETE takes back."""
        (self.unclaim if method == "DELETE" else self.claim)(values, kind)

    # --- the launch (page, IFrame Request) ------------------------------------------------------------

    def launch(self, request: Request) -> Step[Answer]:
        """fortis:launch.order. Verify, look at the registration, ask who it is, take it once, open; in this order.

        The session that a launch opened may load it again (A26): it is led to the app's page, and nobody is
        asked anything.
        """
        try:
            launch = self.verified(request)
            if self.opened_by(request):
                return self.to_app(())
            known = self.registered(launch)
            user_id = yield from self.identified(launch)
            self.still_registered(launch, user_id)
            self.take_once(taken := self.launch_key(request, user_id, launch))
            cookie = self.opened(taken, launch, user_id, known)
        except Refused as refused:
            self.report("launch", refused)
            return self.closed(refused)
        return self.to_app((("set-cookie", cookie),))

    def verified(self, request: Request) -> Launch:
        """fortis:launch.mode, fortis:secret.rotation. Return what the current or the previous secret reads, in our one mode.

        Each secret is tried whatever was wrong with the one before, so that every failure is the same work.
        """
        configuration = self.configuration
        first: Refused | None = None
        for secret in [configuration.secret, *filter(None, [configuration.previous_secret])]:
            try:
                return self.verify(request.target, secret)
            except Refused as refused:
                first = first or refused
        assert first is not None  # noqa: S101  (at least one was tried)
        raise first

    def verify(self, target: str, secret: str) -> Launch:
        """fortis:plain.verify, fortis:encrypted.format. Return what one secret reads from a launch, or refuse."""
        configuration = self.configuration
        return signing.verify_launch(
            target,
            mode=configuration.mode,
            secret=secret,
            now=self.clock(),
            tolerance=configuration.tolerance,
        )

    def registered(self, launch: Launch) -> Installation | None:
        """fortis:launch.registered. Refuse with `unknown-installation` what our policy does not let a launch register.

        With a token the API will confirm the launch, which may then register what no postback did (`claim`)
        or a lost one should have. Without a token nothing will confirm it: it opens the location that is returned.
        """
        if not launch.value("access-token"):
            return self.location_only(launch.value("location_id"))
        self.still_registered(launch, launch.value("user_id"))
        return None

    def still_registered(self, launch: Launch, user_id: str) -> None:
        """fortis:launch.registered. Look again once the API has said who it is, whom a plain launch need not name.

        While it was asked, a postback may have taken the registration back.
        """
        location = launch.value("location_id")
        if self.configuration.unregistered != "claim":
            for state in (self.state(location), self.state(location, user_id) if user_id else "pending"):
                if state not in ("active", "pending"):
                    raise Refused("unknown-installation", CLAUSE + "launch.registered")

    def location_only(self, location_id: str) -> Installation:
        """fortis:identity.without-token, fortis:postback.claimed. Allow a launch without a token for a confirmed location alone; A30."""
        if self.configuration.without_token != "location-only":
            evidence = {"name": "access-token"}
            raise Refused("missing-parameter", CLAUSE + "identity.without-token", evidence)
        found = self.store.get(PLATFORM, self.identity(location_id))
        if found and found.state == "pending":
            raise Refused("wrong-state", CLAUSE + "postback.claimed", {"location": "is claimed only"})
        if not found or found.state != "active":
            raise Refused("unknown-installation", CLAUSE + "launch.registered")
        return found

    def identified(self, launch: Launch) -> Step[str]:
        """fortis:identity.users-me. Return who the API says it is; nobody without a token; A29, A30."""
        token = launch.value("access-token")
        if not token:
            return ""
        user_id = yield from self.asked(token)
        self.is_the_same(launch.value("user_id"), user_id, token)
        return user_id

    def asked(self, token: str) -> Step[str]:
        """fortis:token.expired, fortis:identity.unavailable. Ask whose token it is; a 401 is nobody, and so is no answer."""
        try:
            return (yield from self.api.me(self.api.with_token(token)))
        except Refused as refused:
            clause = "token.expired" if refused.evidence.get("status") == "401" else "identity.unavailable"
            if refused.reason == "malformed":
                raise
            raise Refused(refused.reason, CLAUSE + clause, refused.evidence) from None

    def is_the_same(self, claimed: str, user_id: str, token: str = "") -> None:
        """fortis:identity.mismatch. Refuse a launch that names another user than the token's; in plain mode it may name none."""
        named = claimed or (user_id if self.configuration.mode == "plain" else "")
        if not hmac.compare_digest(named.encode(), user_id.encode()):
            evidence = {"user_id": self.told(claimed, token), "users/me answers": user_id}
            raise Refused("identity-mismatch", CLAUSE + "identity.mismatch", evidence)

    def told(self, claimed: str, token: str) -> str:
        """Return what the operator is told of a `user_id` that nothing proved: itself where it is an id, and no secret."""
        ours = self.configuration
        secrets = (token, ours.secret, ours.previous_secret, ours.postback_key, ours.client_secret)
        secret = any(hmac.compare_digest(claimed.encode(), one.encode()) for one in secrets)
        if secret or not (is_id(claimed) or (claimed.isdecimal() and len(claimed) <= MOST_DIGITS)):
            return f"{len(claimed)} characters that are no id" if claimed else "none"
        return claimed

    def take_once(self, taken: str) -> None:
        """fortis:launch.once. Refuse with `replayed` a launch that was taken before; A26."""
        if not self.configuration.once:
            return
        now, plain = self.clock(), self.configuration.mode == "plain"
        until = now + (sum(self.configuration.tolerance) if plain else self.configuration.remember)
        if not self.store.first_time(PLATFORM, f"launch {taken}", until, now):
            raise Refused("replayed", CLAUSE + "launch.once", {"launch": "was taken before"})

    def launch_key(self, request: Request, user_id: str, launch: Launch | None = None) -> str:
        """fortis:launch.once. Return what a verified launch of a user that the API confirmed, if any, is remembered by."""
        return signing.launch_key(
            request.target, mode=self.configuration.mode, user_id=user_id, launch=launch
        )

    def opened(self, taken: str, launch: Launch, user_id: str, known: Installation | None) -> str:
        """fortis:launch.cookie. Keep what the API confirmed; return the cookie of a new session, made for a frame on another site."""
        location = launch.value("location_id")
        kept = self.confirm(location, user_id) if user_id else known
        installation = kept or self.keep(location, "", {}, lambda before: before)
        contact = launch.value("contact_id")
        values = {
            "session": installation.details["sessionId"],
            "use": "session",
            "launch": taken,
            "contact": contact if len(contact) <= 36 else "",
            "base": self.oauth_url(launch.value("user_oauth_url")) if user_id else "",
            "nonce": self.random(16).hex(),
        }
        until = self.clock() + self.configuration.session_lifetime
        value = sealed(values, until, installation.credentials["session_key"])
        return f"{COOKIE}={value}; Path=/fortis; HttpOnly; Secure; SameSite=None; Partitioned"

    def of_session(self, request: Request) -> tuple[Installation, dict[str, Any]] | None:
        """fortis:location.removes-users. Return who the browser's session is for, while it lasts and nobody was removed."""
        text = request.cookie(COOKIE)
        found = unsealed(text, self.clock(), self.of_session_id) if text else None
        return found if found and found[1].get("use") == "session" else None

    def opened_by(self, request: Request) -> bool:
        """fortis:launch.once. Return whether this very launch opened the session that the browser brings."""
        found = self.of_session(request)
        if found is None:
            return False
        return found[1].get("launch") == self.launch_key(request, found[0].details.get("userId", ""))

    def to_app(self, headers: Headers) -> Response:
        """fortis:launch.clean-url. Lead the frame to an address without the launch's values."""
        kept = (("cache-control", "no-store"), ("referrer-policy", "no-referrer"))
        return redirect(self.configuration.base_url + APP, 303, (*headers, *kept))

    def closed(self, refused: Refused) -> Response:
        """fortis:launch.uniform. Return the one answer to every launch that opens nothing; A41, S02."""
        return self.framed("Not open", '<p id="closed">Please open the app in Fortis again.</p>', 403)

    def app(self, request: Request) -> Step[Answer]:
        """fortis:launch.embedding. Show the app to whom the session is for."""
        yield from ()
        found = self.of_session(request)
        if found is None:
            return self.framed("Not open", '<p id="closed">Please open the app in Fortis again.</p>', 403)
        installation, values = found
        base = str(values.get("base", ""))
        return self.framed(
            "Example app",
            '<p>Location <b id="location">{{ location }}</b></p>'
            '<p>{% if user %}Signed in as <b id="user">{{ user }}</b>{% else %}Nobody is signed in{% endif %}</p>'
            '{% if contact %}<p>Contact <b id="contact">{{ contact }}</b></p>{% endif %}'
            '{% if ticket %}<form method="post" action="{{ start }}" id="oauth" target="_blank">'
            '<input type="hidden" name="ticket" value="{{ ticket }}"><button>Work for me while I am away</button></form>{% endif %}',
            location=installation.details["locationId"],
            user=installation.details.get("userId", ""),
            contact=str(values.get("contact", "")),
            ticket=self.ticket(installation, base) if base else "",
            start=START,
            more_policy=f"form-action 'self' {base}".rstrip(),
        )

    def framed(self, title: str, body: str, status: int = 200, **values: Any) -> Response:
        """fortis:launch.embedding. Return a page that the platform's hosts alone may frame, and that is stored nowhere; S22."""
        return page(title, body, status=status, frame_ancestors=self.frame_ancestors(), **values)

    def frame_ancestors(self) -> str:
        """fortis:launch.embedding. Return who may frame the app, as the content security policy writes it."""
        return " ".join(self.configuration.platform_origins) or "'none'"
