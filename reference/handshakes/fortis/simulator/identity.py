"""Access without the user: an OAuth code grant with state and PKCE (RFC 6749, RFC 7636).

All of it is assumed: the page only says that `user_oauth_url` can be used for OAuth, and the document it
links to is lost (A36). The paths are settings. Every check of an app's request leaves a finding.
"""

from __future__ import annotations

import re

from ...core.messages import Answer, Request, Response, Step, json_response
from ...core.refusals import Refused
from ...core.strict import no_duplicates, query_pairs
from ...runtime.oauth import NO_STORE, OAuthError, back, challenge, client_credentials, is_right, token_fields
from ...runtime.pages import page, refused_form, wrong_method
from .records import CLAUSE, Access, App, Grant, OAuthFault
from .resources import Resources

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class Identity(Resources):
    """The page on which a user consents, and the token endpoint; `consenting` is a fault on the way, if any."""

    def app_of(self, client_id: str) -> App | None:
        """Return the app with a client id."""
        return next(
            (app for app in [*self.apps.values()] if app.client_id and app.client_id == client_id), None
        )

    def authorize(self, request: Request) -> Step[Answer]:
        """fortis:oauth.offered. Show the consent page, or take the user's decision and lead back."""
        yield from ()
        if request.method not in ("GET", "POST"):
            return wrong_method("GET, POST")
        if request.method == "POST" and (refusal := refused_form(request)):
            return refusal
        try:
            text = request.query if request.method == "GET" else request.body.decode("ascii")
            values = no_duplicates(query_pairs(text, CLAUSE + "oauth.state"), CLAUSE + "oauth.state")
        except (Refused, UnicodeDecodeError):
            return page("The request cannot be read", "<p>Go back and try again.</p>", status=400)
        app = self.app_of(values.get("client_id", ""))
        if app is None or not app.redirect_uri or values.get("redirect_uri") != app.redirect_uri:
            # RFC 6749, 4.1.2.1: never redirect to an address that is not registered
            return page("Unknown application", "<p>Client id and redirect URI do not match.</p>", status=400)
        state = {"state": values["state"]} if "state" in values else {}
        self.found("oauth.state", len(values.get("state", "")) >= 16, "it has to carry a state")
        proof = _CHALLENGE.fullmatch(values.get("code_challenge", ""))
        pkce = bool(proof) and values.get("code_challenge_method") == "S256"
        self.found("oauth.pkce", pkce, "it has to carry an S256 challenge")
        if values.get("response_type") != "code":
            error = "unsupported_response_type" if values.get("response_type") else "invalid_request"
            return back(app.redirect_uri, {"error": error, **state})
        if request.method == "GET":
            users = list(self.users.values())
            return page(
                "Give an app access", _CONSENT, app=app, fields=values, users=users, action=request.path
            )
        if values.get("decision") != "allow" or values.get("user") not in self.users:
            return back(app.redirect_uri, {"error": "access_denied", **state})
        code = self.issue_code(app, values["user"], values.get("code_challenge", ""))
        answer = {"code": code, **state}
        return back(app.redirect_uri, self.consenting.callback(answer) if self.consenting else answer)

    def issue_code(self, app: App, user_id: str, code_challenge: str) -> str:
        """Return a new authorization code; it is good for one exchange."""
        code = self.random(20).hex()
        expires_at = self.clock() + self.settings.code_lifetime
        self.grants[code] = Grant(app.client_id, user_id, app.redirect_uri, code_challenge, expires_at)
        self.grants[code].fault = self.consenting
        return code

    def token_endpoint(self, request: Request) -> Answer:
        """fortis:oauth.endpoints. Answer a token request, or say what is wrong with it."""
        try:
            if request.method != "POST":
                raise OAuthError("invalid_request", "only POST", "oauth.endpoints", 405)
            fields = token_fields(request, "oauth.endpoints")
            client_id, secret, status = client_credentials(request, fields, "oauth.endpoints")
            app = self.app_of(client_id)
            if not is_right(app.client_secret if app else "", secret):
                raise OAuthError(
                    "invalid_client", "unknown client or wrong secret", "oauth.endpoints", status
                )
            grants = {"authorization_code": self._exchange, "refresh_token": self._refresh}
            if fields.get("grant_type", "") not in grants:
                raise OAuthError("unsupported_grant_type", "unknown grant_type", "oauth.endpoints")
            response, fault = grants[fields["grant_type"]](client_id, fields)
        except OAuthError as error:
            self.found(error.clause, False, error.description)
            return error.response("Fortis")
        return fault.answer(response) if fault and fault.answer else response

    def _exchange(self, client_id: str, fields: dict[str, str]) -> tuple[Response, OAuthFault | None]:
        grant = self.grants.get(fields.get("code", ""))
        if grant is None or grant.client_id != client_id:
            ours = bool(self.consenting)  # then what is wrong is our own doing
            raise OAuthError("invalid_grant", "unknown code", "" if ours else "oauth.endpoints")
        if grant.used:
            for given in [key for key, one in [*self.access.items()] if one.code == fields["code"]]:
                self.access.pop(given, None)
            raise OAuthError("invalid_grant", "the code was used before", "oauth.state")
        if grant.expires_at < self.clock():
            raise OAuthError("invalid_grant", "the code has expired")
        if fields.get("redirect_uri") != grant.redirect_uri:
            raise OAuthError("invalid_grant", "redirect_uri is not the registered one", "oauth.endpoints")
        if grant.challenge and challenge(fields.get("code_verifier", "")) != grant.challenge:
            raise OAuthError("invalid_grant", "code_verifier does not fit", "oauth.pkce")
        grant.used = True
        self.found("oauth.endpoints", True, "the code came to the token endpoint")
        return self._issue(client_id, grant.user_id, fields["code"]), grant.fault

    def _refresh(self, client_id: str, fields: dict[str, str]) -> tuple[Response, OAuthFault | None]:
        sent = fields.get("refresh_token", "")
        kept = [*self.access.items()]
        found = [k for k, v in kept if is_right(v.refresh_token, sent) and v.client_id == client_id]
        old = self.access.pop(found[0], None) if found else None
        if old is None:
            raise OAuthError("invalid_grant", "unknown or rotated refresh token", "oauth.endpoints")
        return self._issue(client_id, old.user_id, old.code), None

    def _issue(self, client_id: str, user_id: str, code: str) -> Response:
        lifetime = self.settings.access_lifetime
        access_token, refresh_token = self.random(20).hex(), self.random(20).hex()
        self.access[access_token] = Access(client_id, user_id, self.clock() + lifetime, refresh_token, code)
        answer = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": lifetime,
            "refresh_token": refresh_token,
        }
        return json_response(answer, 200, NO_STORE)


_CONSENT = """<p><b>{{ app.title }}</b> asks for access to the API while you are not logged in.</p>
<form method="post" action="{{ action }}" id="allow">
{% for name, value in fields.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
<label>Signed in as <select name="user">{% for user in users %}<option value="{{ user.id }}">{{ user.username }}, {{ user.id }}</option>{% endfor %}</select></label>
<input type="hidden" name="decision" value="allow"><button>Allow</button></form>
<form method="post" action="{{ action }}" id="deny">
{% for name, value in fields.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
<input type="hidden" name="decision" value="deny"><button>Deny</button></form>"""
