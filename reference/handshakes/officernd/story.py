"""The story of the tour: OfficeRnD's handshake from Connect to removal, with one refusal on the way."""

from __future__ import annotations

from ..core.messages import Request, Step
from ..core.stages import Stage
from ..runtime.browser import Browser
from ..runtime.story import Chapter, Check, Sides, checks_since
from .signing import query_stages
from .simulator.platform import OfficeRnD


def story(sides: Sides, browser: Browser) -> list[Chapter]:
    """Return the handshake from Connect to removal, with one refusal on the way."""
    platform = sides.platform
    assert isinstance(platform, OfficeRnD)  # noqa: S101  (the sides of this module)
    integration = next(iter(platform.integrations.values()))
    portal = f"{platform.settings.app_origin}/simulator"

    def press(button: str) -> Step[list[Check]]:
        """Press a button of the portal, as the admin does."""
        seen = platform.findings.seen
        page = yield from browser.open(portal)
        page = yield from browser.submit(page, page.form(f"{button}-{integration.id}"))
        return [Check("the browser shows a page", page.response.ok), *checks_since(platform, seen)]

    def connect() -> Step[list[Check]]:
        checks = yield from press("connect")
        return [*checks, Check(f"connected to {integration.account_name}", integration.state == "connected")]

    def tampered() -> Step[list[Check]]:
        seen = platform.findings.seen
        yield from platform.healthcheck(integration.id, fault="parameter-changed")
        reasons = [refused.reason for _, refused in sides.reports]
        return [
            *checks_since(platform, seen),
            Check("the partner's operator sees signature-mismatch", reasons == ["signature-mismatch"]),
        ]

    def remove() -> Step[list[Check]]:
        checks = yield from press("remove")
        return [*checks, Check("removed", integration.state == "removed")]

    return [
        Chapter("Connect: code, token, organisation, secret, webhook, return, health check", connect()),
        Chapter("Configure: a signed URL in the admin's browser", press("configure")),
        Chapter("Sync: a signed request from server to server", press("sync")),
        Chapter("A health check that was changed on the way is refused", tampered()),
        Chapter("Remove: a webhook signed over its raw body", remove()),
    ]


def signed(request: Request) -> Stage | None:
    """Return the text that the signature of a request covers, if it is one of the signed URLs."""
    return query_stages(request.target)[-1] if "signature=" in request.target else None
