"""OAuth 2.0 (RFC 6749) as a token endpoint reads and answers it: what two of the platforms need alike.

Which grants, scopes and lifetimes there are is each platform's own business.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import quote, unquote_plus, urlencode

from ..core.messages import Request, Response, json_response, redirect
from ..core.refusals import Refused
from ..core.strict import URLENCODED, form_pairs, no_duplicates

NO_STORE = (("cache-control", "no-store"), ("pragma", "no-cache"))


class OAuthError(Exception):
    """An error answer of RFC 6749, section 5.2; `clause` is the rule that the partner broke, if any."""

    def __init__(self, error: str, description: str, clause: str = "", status: int = 400) -> None:
        super().__init__(error)
        self.error, self.description, self.clause, self.status = error, description, clause, status

    def response(self, realm: str) -> Response:
        """Return the error as a token endpoint answers it; `realm` is for a 401."""
        asking = {401: (("www-authenticate", f'Basic realm="{realm}"'),), 405: (("allow", "POST"),)}
        body = {"error": self.error, "error_description": self.description}
        return json_response(body, self.status, (*NO_STORE, *asking.get(self.status, ())))


def error_name(error: str) -> str:
    """Return the error that a browser brings as it may be shown: its name, or its length where it is no such name.

    >>> error_name("access_denied"), error_name("3pPzNQstYfXDCE5x")
    ('access_denied', '16 characters that name no error')
    """
    named = re.fullmatch("[a-z_]{1,40}", error)
    return error if named else f"{len(error)} characters that name no error"


def token_fields(request: Request, clause: str) -> dict[str, str]:
    """Return the fields of a token request's form; an empty one counts as absent (RFC 6749, 3.2).

    Raises `OAuthError` with `invalid_request` for another content type, or for what cannot be read.
    """
    content_type = request.header("content-type").partition(";")[0].strip().lower()
    if content_type != URLENCODED:
        raise OAuthError("invalid_request", "the body is not a urlencoded form", clause)
    try:
        fields = no_duplicates(form_pairs(request.body, content_type, clause), clause)
    except Refused:
        raise OAuthError("invalid_request", "the form cannot be read", clause) from None
    return {name: value for name, value in fields.items() if value}


def client_credentials(request: Request, fields: Mapping[str, str], clause: str) -> tuple[str, str, int]:
    """Return client id, client secret and the status of a refusal: from the body (400) or HTTP Basic (401), not both."""
    client_id, client_secret = fields.get("client_id", ""), fields.get("client_secret", "")
    basic = request.header("authorization")
    if basic:
        if client_secret:
            raise OAuthError("invalid_request", "client credentials twice", clause)
        return *_basic(basic, clause), 401
    if not client_id:
        raise OAuthError("invalid_request", "client_id is missing", clause)
    return client_id, client_secret, 400


def is_right(expected: str, given: str) -> bool:
    """Return whether a secret is the expected one, in constant time; an empty one never is.

    >>> is_right("example-client-secret", "example-client-secret"), is_right("", "")
    (True, False)
    """
    same = hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))
    return bool(expected) and same


def challenge(verifier: str) -> str:
    """Return the S256 code challenge of a verifier (RFC 7636, 4.2).

    >>> challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def back(uri: str, values: Mapping[str, str]) -> Response:
    """Return the redirect that leads the browser back, with values in the query (RFC 6749, 4.1.2)."""
    return redirect(f"{uri}{'&' if '?' in uri else '?'}{urlencode(values, quote_via=quote)}")


def _basic(header: str, clause: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError
        client_id, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        if not colon:
            raise ValueError
    except (ValueError, binascii.Error):
        raise OAuthError("invalid_client", "the Authorization header cannot be read", clause, 401) from None
    return unquote_plus(client_id), unquote_plus(secret)  # RFC 6749, 2.3.1
