"""The story of the tour: an activation by onOffice's popup, two refusals, a service, a block, and the way back."""

from __future__ import annotations

from ..core.messages import Request, Step
from ..core.refusals import Refused
from ..core.stages import Stage
from ..runtime.browser import Browser, Page
from ..runtime.story import Chapter, Check, Sides, checks_since
from .demo import ADMINISTRATOR, BROKER, FIRST, PLANS
from .partner.connecting import PLATFORM
from .partner.integration import Provider
from .script import press
from .signing import url_stages
from .simulator import portal
from .simulator.platform import OnOffice


def story(sides: Sides, browser: Browser) -> list[Chapter]:
    """Return an activation by the popup's buttons, two refusals, a service, a block, and the way back."""
    platform, provider = sides.platform, sides.partner
    assert isinstance(platform, OnOffice) and isinstance(provider, Provider)  # noqa: S101  (of this module)
    origin = platform.settings.portal_origin
    shown: list[Page] = []

    def opened(fault: str = "") -> Step[list[Check]]:
        """Open the popup, confirm both agreements: the mask with the provider's frame."""
        shown.append((yield from browser.open(f"{origin}/simulator")))
        form = shown[-1].form(f"open-{FIRST}-{ADMINISTRATOR}")
        shown.append((yield from browser.submit(shown[-1], form, {"fault": fault})))
        agreed = {"terms": "yes", "data_processing": "yes"}
        shown.append((yield from browser.submit(shown[-1], shown[-1].form("confirm"), agreed)))
        return [Check("the popup has the provider's frame", len(shown[-1].frames) == 1)]

    def activated(
        pasted: str = "", fault: str = "", says: str = "active", status: str = "Active"
    ) -> Step[list[Check]]:
        """Load the frame, choose the right, copy the key, press the button, let the popup hear of it."""
        popup = shown[-1]
        frame = yield from browser.load_frame(popup)
        key = yield from portal.choose(popup, "all")
        text = yield from press(browser, frame, popup, pasted or key)
        seen = yield from portal.receive(popup, frame, text or "")
        return [
            Check(f"the message is {says!r}", text == says),
            Check(f"the status is {status}", seen.get("status") == status),
            Check("the popup warns of nothing", seen.get("warning") == ""),
        ]

    def stale() -> Step[list[Check]]:
        yield from opened("stale")
        frame = yield from browser.load_frame(shown[-1])
        reasons = [refused.reason for _, refused in sides.reports]
        return [
            Check("the frame shows no form", frame.response.status == 403 and not frame.forms),
            Check("the provider's operator sees stale", reasons[-1:] == ["stale"]),
        ]

    def served(user: str, expected: int = 200) -> Step[list[Check]]:
        seen = platform.findings.seen
        outcome = yield from platform.serve(
            FIRST, user, PLANS, because="service.other-users", anyway=expected != 200
        )
        text = outcome.response.body.decode() if outcome.response else ""
        shows = "House 4711" in text
        return [
            *checks_since(platform, seen),
            Check(
                f"the service {'shows' if expected == 200 else 'does not show'} the property",
                shows == (expected == 200),
            ),
        ]

    def blocked() -> Step[list[Check]]:
        shown.append((yield from browser.open(f"{origin}/simulator")))
        told = sides.reports.told
        shown.append((yield from browser.submit(shown[-1], shown[-1].form(f"block-{FIRST}"))))
        return [Check("nobody told the provider", sides.reports.told == told)]

    def noticed() -> Step[list[Check]]:
        code = ""
        try:
            yield from provider.work(FIRST, BROKER, f"{FIRST}1")
        except Refused as refused:
            code = refused.evidence.get("errorcode", "")
        kept = provider.store.get(PLATFORM, provider.customer(FIRST))
        return [
            Check("the provider's next call is answered 22", code == "22"),
            Check("the provider ended the activation", kept is not None and kept.state == "removed"),
        ]

    wrong = "Der API-Key stimmt nicht. Bitte kopieren Sie ihn noch einmal."
    return [
        Chapter("The popup: agreements, then the provider's frame by a signed URL", opened()),
        Chapter(
            "A wrong key: the API answers 137, the user reads why",
            activated("0" * 64, says=wrong, status="Inactive"),
        ),
        Chapter("Copy the key, press the button: unlockProvider, then the message", activated()),
        Chapter("A service for another user of the same customer, with its own claim", served(BROKER)),
        Chapter("The customer blocks the provider, in silence", blocked()),
        Chapter("The provider learns it from its next call", noticed(), "provider"),
        Chapter("An old link is refused, and shows no form", stale()),
        Chapter("The frame is opened again", opened()),
        Chapter("Activated again: a new token, a new key", activated()),
        Chapter("The service works again", served(ADMINISTRATOR)),
    ]


def signed(request: Request) -> Stage | None:
    """Return the text that the signature of a request covers, if it is one of the signed URLs."""
    return url_stages(request.url)[-1] if "signature=" in request.target else None
