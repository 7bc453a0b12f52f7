"""Fortis, the platform: registrations by postback, the iframe, the API, OAuth.

Roles are played from here, for as many apps, locations and users as are added. A step returns its outcome:
the app's response and what it says about each clause that was looked at.
"""

from __future__ import annotations

from functools import cached_property

from ...core.messages import Answer, Request, Step, json_response
from .. import names
from .acting import Acting
from .portal import Portal


class Fortis(Acting):
    """The platform, ready to be served."""

    name = "Fortis"
    secret_names = names.SECRET

    @cached_property
    def portal(self) -> Portal:
        """The pages under `/simulator`."""
        return Portal(self)

    @property
    def origins(self) -> tuple[str, ...]:
        """The UI's host, the API's, and the traps."""
        settings = self.settings
        return tuple(dict.fromkeys([*settings.traps.values(), settings.ui_origin, settings.api_origin]))

    def handle(self, request: Request) -> Step[Answer]:
        """Answer one request, at the host that serves its path."""
        settings = self.settings
        if request.origin in settings.traps.values():
            return self.trap(request)
        if request.origin == settings.api_origin:
            if request.path == settings.authorize_path:
                return (yield from self.authorize(request))
            if request.path == settings.token_path:
                return self.token_endpoint(request)
            if request.path.startswith("/v2/"):
                return self.resource(request)
        if request.origin == settings.ui_origin and request.path.partition("/simulator")[0] == "":
            return (yield from self.portal.handle(request))
        if request.origin == settings.api_origin and "oauth" in request.path:
            self.found("oauth.endpoints", False, f"nothing is at {request.path[:40]}")
        return json_response({"message": "Not Found"}, 404)
