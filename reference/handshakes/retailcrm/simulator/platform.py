"""RetailCRM, the platform: popup, Connect, the API, the way to the account, the activity callback.

Roles are played from here, for as many accounts and modules as are added. A step returns its
outcome: the module's response and what it says about each clause that was looked at.
"""

from __future__ import annotations

from functools import cached_property

from ...core.messages import Answer, Request, Step, json_response
from .. import names
from .acting import Acting
from .portal import Portal


class RetailCRM(Acting):
    """The platform, ready to be served."""

    name = "RetailCRM"
    secret_names = names.SECRET

    @cached_property
    def portal(self) -> Portal:
        """The pages under `/simulator`."""
        return Portal(self)

    @property
    def origins(self) -> tuple[str, ...]:
        """The traps, and both hosts of every account."""
        hosts = [origin for account in [*self.accounts.values()] for origin in account.origins]
        return tuple(dict.fromkeys([*self.settings.traps.values(), *hosts]))

    def handle(self, request: Request) -> Step[Answer]:
        """Answer one request, at the host that serves its path."""
        if request.origin in self.settings.traps.values():
            return self.trap()
        if request.path.startswith("/api/"):
            return self.resource(request)
        if request.path in ("/", "/simulator") or request.path.startswith("/simulator/"):
            return (yield from self.portal.handle(request))
        return json_response({"success": False, "errorMsg": "Not found"}, 404)
