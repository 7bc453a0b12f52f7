"""onOffice, the platform: the popup and its steps, signed URLs, the API behind them, blocking.

Roles are played from here, for as many customers as are added. A step returns its outcome: the
provider's response and what it says about each clause that was looked at.
"""

from __future__ import annotations

from functools import cached_property

from ...core.messages import Answer, Request, Step, json_response
from .. import names
from .acting import Acting
from .portal import Portal


class OnOffice(Acting):
    """The platform, ready to be served."""

    name = "onOffice"
    secret_names = names.SECRET

    @cached_property
    def portal(self) -> Portal:
        """The pages under `/simulator`."""
        return Portal(self)

    @property
    def origins(self) -> tuple[str, ...]:
        """The portal's origin and the API's."""
        return tuple(dict.fromkeys([self.settings.portal_origin, self.settings.api_origin]))

    def handle(self, request: Request) -> Step[Answer]:
        """Answer one request, at the host that serves its path."""
        if request.path.startswith("/api/"):
            return self.resource(request)
        if request.path == "/simulator" or request.path.startswith("/simulator/"):
            return (yield from self.portal.handle(request))
        return json_response({"error": "not found"}, 404)
