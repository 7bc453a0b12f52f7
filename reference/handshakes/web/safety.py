"""What keeps a page on loopback to the person in front of it: one host, one origin, and a token made at each start.

1. The server answers to its own host alone, so a name that was pointed here (DNS rebinding) gets nothing.
2. The page may not be framed, and holds the token; another site can load it, but never read it.
3. Every route that shows or changes anything needs the token. A request that a browser marks as coming from
   another origin or site is refused whatever it carries, and a POST has to be marked as our own.
"""

from __future__ import annotations

import hmac

from ..core.messages import Request, Response, json_response

HEADER = "x-handshakes-token"
NO_STORE = (("cache-control", "no-store"), ("x-content-type-options", "nosniff"))


def refused(request: Request, origin: str, token: str, given: str) -> Response | None:
    """Return the refusal of a request that did not come from our own page, else None.

    >>> refused(Request("POST", "http://127.0.0.1:1", "/press"), "http://127.0.0.1:1", "t", "t").status
    403
    """
    origins = request.header_values("origin")
    foreign = (
        any(one != origin for one in origins)
        or request.header("sec-fetch-site", "same-origin") != "same-origin"
    )
    if foreign or (request.method == "POST" and not origins):
        return error("Another site's request: use the buttons of the marketplace page.", 403)
    if not hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
        return error("The token is missing or old: load the marketplace page again.", 403)
    return None


def error(text: str, status: int) -> Response:
    """Return a refusal as JSON, with a sentence for the person."""
    return json_response({"error": text}, status, NO_STORE)


def policy(addresses: list[str]) -> str:
    """Return the content security policy of the page: nothing inline, nothing from elsewhere, forms to the sides served."""
    forms = " ".join(dict.fromkeys(["'self'", *addresses]))
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        f"form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
    )
