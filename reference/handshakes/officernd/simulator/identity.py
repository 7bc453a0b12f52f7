"""The identity host of OfficeRnD: authorise page and token endpoint (OAuth 2.0, RFC 6749).

The page shows only the happy exchange. The error answers here are RFC 6749's, with bodies shaped
like those of a look-alike library (inferred, facts of the token page). Checks come in the order
syntax, client, grant, scope. Every check of a partner's request leaves a finding on its clause.
"""

from __future__ import annotations

from ...core.messages import Answer, Request, Response, Step, json_response
from ...core.refusals import Refused
from ...core.strict import no_duplicates, query_pairs
from ...runtime.oauth import NO_STORE, OAuthError, back, client_credentials, is_right, token_fields
from ...runtime.pages import page, refused_form
from ...runtime.verdicts import Finding
from .records import CLAUSE, Application, Grant, Integration, Token
from .setup import SetUp


class Identity(SetUp):
    """Codes, tokens and the two endpoints that hand them out."""

    def issue_code(self, integration: Integration, redirect_uri: str, scopes: tuple[str, ...] = ()) -> str:
        """officernd:token.code. Return a new authorization code for one integration; single use; C12."""
        application = self.applications[integration.client_id]
        code = self.new_id(20)
        expires_at = self.clock() + self.settings.code_lifetime
        self.grants[code] = Grant(
            application.client_id, integration.id, redirect_uri, scopes or application.scopes, expires_at
        )
        return code

    # --- token endpoint -------------------------------------------------------------------------

    def token(self, request: Request) -> Answer:
        """officernd:token.endpoint. Answer a token request, or say what is wrong with it."""
        self.token_requests += 1
        try:
            if request.method != "POST":
                raise OAuthError("invalid_request", "only POST", "token.endpoint", 405)
            fields = token_fields(request, "token.form")
            application = self._client(request, fields)
            grants = {"authorization_code": self._exchange, "refresh_token": self._refresh}
            grant_type = fields.get("grant_type", "")
            if not grant_type:
                raise OAuthError("invalid_request", "grant_type is missing", "token.grant")
            if grant_type == "client_credentials":
                raise OAuthError("unauthorized_client", "not for partner applications", "token.grant")
            if grant_type not in grants:
                raise OAuthError("unsupported_grant_type", "unknown grant_type", "token.grant")
            token, access_token = grants[grant_type](application, fields)
        except OAuthError as error:
            self.found(error.clause, False, error.description)
            return error.response("OfficeRnD")
        lifetime = token.expires_at - self.clock()
        answer = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": str(lifetime) if self.settings.expires_in == "text" else lifetime,
            "scope": " ".join(token.scopes),
        }
        if grant_type == "authorization_code" or self.settings.refresh_tokens == "rotated":
            answer["refresh_token"] = token.refresh_token
        response = json_response(answer, 200, NO_STORE)
        return self.disturbed("token", token, response)

    def _client(self, request: Request, fields: dict[str, str]) -> Application:
        """Return the application that the request proves to be; in the body or by HTTP Basic, not both."""
        client_id, client_secret, status = client_credentials(request, fields, "token.client")
        application = self.applications.get(client_id)
        if not is_right(application.client_secret if application else "", client_secret) or not application:
            raise OAuthError("invalid_client", "unknown client or wrong secret", "token.client", status)
        return application

    def _exchange(self, application: Application, fields: dict[str, str]) -> tuple[Token, str]:
        if not fields.get("code"):
            raise OAuthError("invalid_request", "code is missing", "token.code")
        redirect_uri = fields.get("redirect_uri")
        if redirect_uri is None and self.settings.accept_redirect_url:
            redirect_uri = fields.get("redirect_url")
        if redirect_uri is None:
            hint = " (redirect_url, as the page spells it, is not read)" if "redirect_url" in fields else ""
            raise OAuthError("invalid_request", f"redirect_uri is missing{hint}", "token.redirect-uri")
        grant = self.grants.get(fields["code"])
        if grant is None or grant.client_id != application.client_id:
            raise OAuthError("invalid_grant", "unknown code", "token.code")
        ours = grant.fault is None  # then what is wrong is the partner's doing
        if grant.fault and not grant.fault.place:
            self.integrations[grant.integration_id].fault_was_played = True
        if grant.used:
            # RFC 6749, 4.1.2: what a code used twice has given out is taken back
            for given in [key for key, one in [*self.tokens.items()] if one.code == fields["code"]]:
                self.tokens.pop(given, None)
            raise OAuthError("invalid_grant", "the code was used before", "connect.repeated" if ours else "")
        if grant.expires_at < self.clock():
            raise OAuthError("invalid_grant", "the code has expired", "token.code" if ours else "")
        if redirect_uri != grant.redirect_uri:
            raise OAuthError("invalid_grant", "redirect_uri is not the registered one", "token.redirect-uri")
        scopes = _scopes(fields, grant.scopes, ours)
        grant.used = True
        integration = self.integrations[grant.integration_id]
        for clause in ("endpoint", "form", "client", "grant", "code", "redirect-uri", "scope"):
            self.found(f"token.{clause}", True, "accepted in the code exchange")
        return self._issue(application.client_id, integration.organization_id, scopes, fields["code"], grant)

    def _refresh(self, application: Application, fields: dict[str, str]) -> tuple[Token, str]:
        sent = fields.get("refresh_token")
        if not sent:
            raise OAuthError("invalid_request", "refresh_token is missing", "token.refresh")
        found = next((pair for pair in [*self.tokens.items()] if pair[1].refresh_token == sent), None)
        if found is None or found[1].client_id != application.client_id:
            raise OAuthError("invalid_grant", "unknown or rotated refresh token", "token.refresh")
        access_token, token = found
        if token.refresh_expires_at < self.clock():
            raise OAuthError("invalid_grant", "the refresh token has expired", "token.refresh")
        scopes = _scopes(fields, token.granted, True)
        self.tokens.pop(access_token, None)
        self.found("token.refresh", True, f"refreshed; the refresh token is {self.settings.refresh_tokens}")
        again, access_token = self._issue(token.client_id, token.organization_id, scopes, token.code, None)
        again.granted = token.granted  # RFC 6749, 6: narrowing one access token narrows nothing else
        if self.settings.refresh_tokens == "kept":
            again.refresh_token = token.refresh_token
        return again, access_token

    def _issue(
        self, client_id: str, organization_id: str, scopes: tuple[str, ...], code: str, grant: Grant | None
    ) -> tuple[Token, str]:
        now = self.clock()
        access_token = self.new_id(20)
        token = Token(
            client_id,
            organization_id,
            scopes,
            scopes,
            now + self.settings.token_lifetime,
            self.new_id(20),
            now + self.settings.refresh_lifetime,
            code,
            grant.fault if grant else None,
        )
        self.tokens[access_token] = token
        return token, access_token

    def disturbed(self, place: str, token: Token, response: Response) -> Answer:
        """Return the answer, or what the connect's fault makes of it at this place."""
        fault = token.fault
        if not fault or not fault.answer or fault.place != place:
            return response
        if grant := self.grants.get(token.code):
            self.integrations[grant.integration_id].fault_was_played = True
        return fault.answer(response, next(iter(self.settings.traps), ""))

    # --- authorise page (C4, reading b) -----------------------------------------------------------

    def authorize(self, request: Request) -> Step[Answer]:
        """officernd:connect.start. Show the consent page, or take the admin's decision and redirect back."""
        yield from ()
        if request.method == "POST" and (refusal := refused_form(request)):
            return refusal
        try:
            text = request.query if request.method == "GET" else request.body.decode("ascii")
            values = no_duplicates(query_pairs(text, CLAUSE + "connect.start"), CLAUSE + "connect.start")
        except (Refused, UnicodeDecodeError):
            return page("The request cannot be read", "<p>Go back and try again.</p>", status=400)
        application = self.applications.get(values.get("client_id", ""))
        if application is None or values.get("redirect_uri") not in application.redirect_uris:
            # RFC 6749, 4.1.2.1: never redirect to an address that is not registered
            return page("Unknown application", "<p>Client id and redirect URI do not match.</p>", status=400)
        uri = values["redirect_uri"]
        state = {"state": values["state"]} if "state" in values else {}
        if values.get("response_type") != "code":
            error = "unsupported_response_type" if values.get("response_type") else "invalid_request"
            return back(uri, {"error": error, **state})
        scopes = tuple(values.get("scope", "").split())
        if not set(scopes) <= set(application.scopes):
            return back(uri, {"error": "invalid_scope", **state})
        if request.method == "GET":
            return page("Connect an integration", _CONSENT, fields=values, choices=self._choices(application))
        integration = self.integrations.get(values.get("integration", ""))
        if (
            values.get("decision") != "allow"
            or integration is None
            or integration.client_id != application.client_id
        ):
            return back(uri, {"error": "access_denied", **state})
        return back(uri, {**self.connect_parameters(integration, uri, scopes), **state})

    def connect_parameters(
        self, integration: Integration, redirect_uri: str, scopes: tuple[str, ...] = ()
    ) -> dict[str, str]:
        """officernd:connect.parameters. Return the four parameters that the partner's connect URL is given.

        The code stands for `scopes`, where the admin consented to some, else for all of the application's.
        """
        if integration.state == "connecting" and integration.fault:
            name = integration.fault.name
            self.findings.append(
                Finding(integration.fault.clause, None, f"connect, {name}: nobody came back")
            )
        integration.state, integration.fault = "connecting", None
        integration.secret_was_read = integration.came_back_early = integration.fault_was_played = False
        integration.traps_before = self.trap_requests
        integration.token_requests_before = self.token_requests
        return {
            "code": self.issue_code(integration, redirect_uri, scopes),
            "org_slug": self.organizations[integration.organization_id].slug,
            "locations": self.written_locations(integration),
            "integrationId": integration.id,
        }

    def written_locations(self, integration: Integration) -> str:
        """officernd:locations.all, officernd:locations.separator. Return the value of `locations`; S10, S11."""
        if integration.locations:
            return self.settings.separator.join(integration.locations)
        every = self.organizations[integration.organization_id].locations
        written = {"empty": "", "star": "*", "full-list": self.settings.separator.join(every)}
        return written[self.settings.all_locations]

    def _choices(self, application: Application) -> list[tuple[str, str]]:
        return [
            (integration.id, self.organizations[integration.organization_id].name)
            for integration in [*self.integrations.values()]
            if integration.client_id == application.client_id
        ]


_CONSENT = """<p>Which integration may be connected?</p>
<form method="post" action="/oauth/authorize" id="allow">
{% for name, value in fields.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
<select name="integration">{% for id, name in choices %}<option value="{{ id }}">{{ name }} {{ id }}</option>{% endfor %}
</select> <input type="hidden" name="decision" value="allow"><button>Allow</button></form>
<form method="post" action="/oauth/authorize" id="deny">
{% for name, value in fields.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
<input type="hidden" name="decision" value="deny"><button>Deny</button></form>"""


def _scopes(fields: dict[str, str], allowed: tuple[str, ...], ours: bool) -> tuple[str, ...]:
    asked = fields.get("scope", "").split()
    if not set(asked) <= set(allowed):
        raise OAuthError(
            "invalid_scope", "a scope that the application does not have", "token.scope" if ours else ""
        )
    return tuple(asked) or allowed
