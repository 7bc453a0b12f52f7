"""OfficeRnD, the platform: the admin's side, the API, the signed requests and the webhook.

Roles are played from here, for as many organisations and integrations as are added. A step returns
its outcome: the partner's response and what it says about each clause that was looked at.
"""

from __future__ import annotations

from functools import cached_property

from ...core.messages import Answer, Request, Step, json_response
from .. import names
from .acting import BACK, RETURN, Acting
from .findings import connected
from .portal import Portal
from .resources import not_allowed


class OfficeRnD(Acting):
    """The platform, ready to be served."""

    name = "OfficeRnD"
    secret_names = names.SECRET

    @cached_property
    def portal(self) -> Portal:
        """The pages under `/simulator`."""
        return Portal(self)

    @property
    def origins(self) -> tuple[str, ...]:
        """The traps, the identity host, the main host and the hosts of the regions."""
        settings = self.settings
        regions = [org.region_url for org in [*self.organizations.values()] if org.region_url]
        return tuple(
            dict.fromkeys([*settings.traps, settings.identity_origin, settings.app_origin, *regions])
        )

    def handle(self, request: Request) -> Step[Answer]:
        """Answer one request, at the host that serves its path."""
        path, origin = request.path, request.origin
        if origin in self.settings.traps:
            self.trap_requests += 1
            held = not request.header("authorization")
            self.found("organization.region", held, f"a foreign region was called: {origin}")
            return json_response({"message": "Not found"}, 404)
        if origin == self.settings.identity_origin and path.startswith("/oauth/"):
            if path == "/oauth/token":
                return self.token(request)
            if path == "/oauth/authorize":
                if request.method not in ("GET", "POST"):
                    return not_allowed("GET, POST")
                return (yield from self.authorize(request))
        elif path.startswith("/api/"):
            return self.resource(request)
        elif path == RETURN:
            return (yield from self.returned(request)) if request.method == "GET" else not_allowed("GET")
        elif path.startswith("/simulator"):
            return (yield from self.portal.handle(request))
        return json_response({"message": "Not found"}, 404)

    def returned(self, request: Request) -> Step[Answer]:
        """officernd:return.redirect. The browser came back: check the health of what was being connected."""
        connecting = self._connecting(request)
        for integration in connecting:
            integration.state = "checking"  # before the first yield, so that no other return checks it too
            integration.came_back_early = not integration.secret_was_read
        for integration in connecting:
            self.found("return.redirect", True, "the browser came back to the return URL")
            exchanged = self.token_requests > integration.token_requests_before
            self.found("connect.unsigned", exchanged, "a Connect without a signature led to a token request")
            outcome, believed = (yield from self._health(integration, "", BACK)), None
            if integration.fault and integration.fault.believed is not None and integration.fault_was_played:
                believed = yield from self.believing(integration, integration.fault.believed)
            if self.trap_requests == integration.traps_before:  # else that was found already
                self.findings += connected(integration, outcome, believed)
        return self.portal.return_page(connecting)
