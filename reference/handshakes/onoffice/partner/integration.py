"""The provider: what an integrator writes to be activated in a customer's onOffice and to serve its users.

Each rule that the pages put on the provider is one method, named in its docstring by its clause;
overriding that method breaks that rule and no other, which is how the tests prove the clause. The
class holds no state: installations live in the store, the time and randomness are given.

Until a URL's signature has verified, every failure of an endpoint has the same answer, and only the
operator (`report`) learns the reason. The endpoint behind the button is not signed; it always answers
200 with a bare text, as the platform's example script needs it (A36).
"""

from __future__ import annotations

from typing import Any

from ...core.keys import first_that_verifies
from ...core.messages import Answer, Headers, Request, Response, Step
from ...core.printing import printable
from ...core.refusals import Refused, absent
from ...core.strict import form_pairs, no_duplicates
from ...runtime.pages import page, script
from ...runtime.role import Endpoint
from .. import names, signing
from ..errorcodes import ENDED
from ..script import KEY, PRIVACY, SCRIPT
from ..signing import SignedUrl
from .api import CLAUSE, error_code
from .connecting import Connecting
from .texts import BY_CODE, TEXTS, language

ACTIVATE, UNLOCK = "/onoffice/activate", "/onoffice/unlock"
SERVICE, WEBHOOK = "/onoffice/service", "/onoffice/webhook"
SCRIPT_PATH = "/onoffice/activate.js"

_PAGE = """<p>{{ text.customer }}: <b id="customer">{{ name }}</b> ({{ web_id }})</p>
<form method="post" action="{{ action }}" id="unlock" data-done="{{ text.done }}" data-sending="{{ text.sending }}"
data-failed="{{ text.failed }}"><input type="hidden" name="ticket" value="{{ ticket }}">
<p><label class="api-key-label">{{ text.key }} <input class="api-key-input" type="text" name="secret" id="secret"
placeholder="{{ text.paste }}" autocomplete="off"></label></p>
<p><label><input type="checkbox" name="privacy" value="yes" id="privacy"> {{ text.privacy }}</label></p>
<button class="unlock-now-button" id="unlockButton" disabled>{{ text.button }}</button></form>
<p id="result" role="status"></p><script src="{{ script }}"></script>"""

_SERVICE = """<p>{{ text.customer }}: <b id="customer">{{ name }}</b></p>
{% if estate %}<p id="estate">{{ estate }}</p>{% else %}<p id="error">{{ error }}</p>{% endif %}"""


class Provider(Connecting):
    """The provider's side, ready to be served."""

    name = "provider"
    other_methods = CLAUSE + "url.method"
    secret_names = names.SECRET

    def endpoints(self) -> dict[str, dict[str, Endpoint]]:
        """Return the step of each path and method."""
        return {
            ACTIVATE: {"GET": self.activation},
            SCRIPT_PATH: {"GET": self.script},
            UNLOCK: {"POST": self.unlock},
            SERVICE: {"GET": self.service},
            WEBHOOK: {"GET": self.webhook},
        }

    def unserved(self, message: str, status: int, headers: Headers = ()) -> Response:
        """Return the answer to a request that no endpoint takes."""
        return plain(message, status, headers)

    # --- signed URLs (both pages, Signature and Timestamp) ----------------------------------------

    def verified(self, request: Request) -> SignedUrl:
        """onoffice:url.verify. Return what the signature of a request's URL covers, under the configured address."""
        _, signed = first_that_verifies(
            self.secrets(),
            lambda secret: self.verify(self.url(request), secret),
            clause=CLAUSE + "secret.rotation",
        )
        return signed

    def secrets(self) -> list[tuple[str, str]]:
        """onoffice:secret.rotation. Return the current secret, and the previous one until its configured end; A32."""
        configuration = self.configuration
        secrets = [("current", configuration.provider_secret)]
        if configuration.previous_secret and self.clock() <= configuration.previous_until:
            secrets.append(("previous", configuration.previous_secret))
        return secrets

    def url(self, request: Request) -> str:
        """onoffice:url.scheme. Return the URL to verify: the configured address, its path too, and the target as received; A34."""
        return self.configuration.base_url + request.target

    def verify(self, url: str, secret: str) -> SignedUrl:
        """onoffice:url.tolerance. Return what one secret verifies now, or refuse; A16."""
        return signing.verify_url(
            url, secret=secret, now=self.clock(), tolerance=self.configuration.tolerance
        )

    def refused_page(self, request: Request, endpoint: str, refused: Refused) -> Response:
        """onoffice:url.refused. Return the one page for whatever did not verify; it has no form."""
        self.report(endpoint, refused)
        return self.message_page(request, "closed", 403)

    def message_page(self, request: Request, name: str, status: int) -> Response:
        """Return a page with one text of ours."""
        text = self.texts(request)
        return self.framed(
            text["closed-title"], "<p id='error'>{{ said }}</p>", request, status, said=text[name]
        )

    def framed(self, title: str, body: str, request: Request, status: int = 200, **values: Any) -> Response:
        """onoffice:url.frameable. Return a page that only the platform's hosts may embed; it needs no cookie."""
        return page(
            title,
            body,
            status=status,
            frame_ancestors=self.frame_ancestors(),
            more_policy="script-src 'self'; connect-src 'self'; form-action 'self'",
            lang=language(request.header("accept-language")),
            **values,
        )

    def frame_ancestors(self) -> str:
        """onoffice:url.frameable. Return who may embed the pages, as the content security policy writes it."""
        return " ".join(self.configuration.hosts)

    def texts(self, request: Request) -> dict[str, str]:
        """Return the texts in the language that the browser prefers."""
        return TEXTS[language(request.header("accept-language"))]

    # --- the activation page (German page; English page, Activation requires the following steps) --

    def activation(self, request: Request) -> Step[Answer]:
        """onoffice:page.key-field. Verify the activation URL, keep what it says, show the field for the key."""
        yield from ()
        try:
            url = self.verified(request)
        except Refused as refused:
            return self.refused_page(request, "activate", refused)
        try:
            ticket = self.staged(url)
        except Refused as refused:
            self.refuse("activate", refused)
            return self.message_page(request, "no-token", 400)
        return self.activation_page(request, url, ticket)

    def activation_page(self, request: Request, url: SignedUrl, ticket: str) -> Response:
        """onoffice:page.escaped. Return the page of an activation; a key, a box that enables the button, and the button."""
        base = self.configuration.base_url
        text = self.texts(request)
        return self.framed(
            text["title"],
            self.template(),
            request,
            text=text,
            name=url.value("customerName"),
            web_id=url.value("customerWebId"),
            ticket=ticket,
            action=base + UNLOCK,
            script=base + SCRIPT_PATH,
        )

    def template(self) -> str:
        """onoffice:page.button. Return the template of the activation page."""
        return _PAGE

    def script(self, request: Request) -> Step[Answer]:
        """onoffice:page.feedback. Return the script that posts the form and tells the popup what came of it."""
        yield from ()
        return script(SCRIPT)

    # --- the button (both pages, Activation of the provider) --------------------------------------

    def unlock(self, request: Request) -> Step[Answer]:
        """onoffice:feedback.answer. Activate with the pasted key; answer 200 and a bare text, whatever came of it."""
        try:
            fields = self.fields(request)
            self.agreed(fields)
            yield from self.activate(fields.get("ticket", ""), fields.get(KEY, ""))
        except Refused as refused:
            self.report("unlock", refused)
            return self.feedback(self.error_text(request, refused))
        return self.feedback("active")

    def fields(self, request: Request) -> dict[str, str]:
        """onoffice:unlock.bound. Return the form of our own page, urlencoded or multipart; raises `Refused`."""
        clause = CLAUSE + "unlock.bound"
        origin = request.header("origin", request.origin)
        if origin not in self.origins:
            raise Refused("not-allowed", clause, {"origin": printable(origin), "expected": "our own page"})
        return no_duplicates(form_pairs(request.body, request.header("content-type"), clause), clause)

    def agreed(self, fields: dict[str, str]) -> None:
        """onoffice:page.privacy. Refuse with `not-allowed` a form without the box; its time is kept on success; A24."""
        if fields.get(PRIVACY) != "yes":
            raise Refused("not-allowed", CLAUSE + "page.privacy", {"privacy": "was not agreed to"})

    def feedback(self, text: str) -> Response:
        """onoffice:feedback.plain. Return the text for the popup: status 200, no quotes, no line end; A25, A36."""
        return plain(text)

    def error_text(self, request: Request, refused: Refused) -> str:
        """onoffice:feedback.text. Return what the user can do: one of our texts, never anything that came; A25."""
        name = BY_CODE.get(error_code(refused), "error-other")
        if refused.reason == "unreachable":
            name = "error-unreachable"
        elif refused.clause == CLAUSE + "page.privacy":
            name = "error-privacy"
        elif refused.clause == CLAUSE + "unlock.key":
            name = "error-empty-key" if refused.reason == "empty-parameter" else "error-key"
        elif refused.clause in (CLAUSE + "unlock.bound", CLAUSE + "unlock.repeat"):
            name = "error-page"
        return self.texts(request)[name]

    # --- services (integration page) --------------------------------------------------------------

    def service(self, request: Request) -> Step[Answer]:
        """onoffice:url.every-call. Verify a service's URL, keep its claim, show what its user may see."""
        try:
            url = self.verified(request)
        except Refused as refused:
            return self.refused_page(request, "service", refused)
        text = self.texts(request)
        try:
            self.entered(url)
            estate = yield from self.work(
                url.value("customerWebId"), url.value("userId"), url.value("estateId")
            )
        except Refused as refused:
            self.refuse("service", refused)
            if refused.clause == CLAUSE + "service.activated":
                return self.message_page(request, "not-active", 403)
            name = "ended" if error_code(refused) in ENDED else "service-failed"
            return self.message_page(request, name, 502)
        return self.framed(
            text["service-title"],
            _SERVICE,
            request,
            text=text,
            name=url.value("customerName"),
            estate=printable(str(estate.get("objekttitel", "")), 200),
            error=text["service-failed"],
        )

    def entered(self, url: SignedUrl) -> None:
        """onoffice:service.activated. Refuse a customer without an activation; keep the latest claim of a user."""
        for name in ("customerWebId", "userId", "apiClaim"):
            value = url.value(name)
            if not value:
                reason = "empty-parameter" if name in url.covered else "missing-parameter"
                raise Refused(reason, CLAUSE + "claim.latest", absent(name, url.covered))
        self.in_use(url.value("customerWebId"))
        self.claimed(url)

    def webhook(self, request: Request) -> Step[Answer]:
        """onoffice:webhook.answer. Verify a webhook like a service's URL and answer at once, without a page."""
        yield from ()
        try:
            url = self.verified(request)
        except Refused as refused:
            self.report("webhook", refused)
            return plain("", 403)
        try:
            self.entered(url)
        except Refused as refused:
            self.refuse("webhook", refused)
            return plain("not active", 409)
        return plain("ok")


def plain(text: str, status: int = 200, headers: Headers = ()) -> Response:
    """Return a bare text, not cached."""
    known = (("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store"), *headers)
    return Response(status, known, text.encode())
