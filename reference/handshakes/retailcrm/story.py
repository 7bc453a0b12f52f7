"""The story of the tour: RetailCRM's three steps by the page's buttons, a refusal, a callback and more rights."""

from __future__ import annotations

from ..core.messages import Request, Step
from ..core.stages import Stage
from ..runtime.browser import Browser, Page
from ..runtime.story import Chapter, Check, Sides, checks_since
from .partner.integration import REGISTER, Module
from .signing import registration_stages
from .simulator.platform import RetailCRM


def story(sides: Sides, browser: Browser) -> list[Chapter]:
    """Return the page's three steps by its buttons, a refusal, a callback and more rights."""
    platform, module = sides.platform, sides.partner
    assert isinstance(platform, RetailCRM) and isinstance(module, Module)  # noqa: S101  (of this module)
    card = next(iter(platform.cards.values()))
    account = next(iter(platform.accounts.values())).system_url
    identity = module.identity(account)
    shown: list[Page] = []

    def press(button: str, expected: str) -> Step[list[Check]]:
        """Press a button of the page that is open, as the user does."""
        seen = platform.findings.seen
        if not shown:
            shown.append((yield from browser.open(f"{account}/simulator")))
        shown.append((yield from browser.submit(shown[-1], shown[-1].form(button))))
        text = shown[-1].text
        return [Check(f"the browser shows: {expected}", expected in text), *checks_since(platform, seen)]

    def refused_token() -> Step[list[Check]]:
        """Click Connect again, with a token that somebody made up."""
        shown.append((yield from browser.open(f"{account}/simulator")))
        yield from press(f"popup-{card.code}", "asks for")
        form = shown[-1].form("connect")
        seen = platform.findings.seen
        shown.append((yield from browser.submit(shown[-1], form, {"fault": "wrong-token"})))
        reasons = [refused.reason for _, refused in sides.reports]
        return [
            *checks_since(platform, seen),
            Check("the module's operator sees signature-mismatch", reasons == ["signature-mismatch"]),
        ]

    def switched(button: str) -> Step[list[Check]]:
        shown.append((yield from browser.open(f"{account}/simulator")))
        return (yield from press(f"{button}-{card.code}", "answered 200"))

    def works(expected: bool) -> Step[list[Check]]:
        worked = (yield from module.work(identity)) is not None
        text = "the module works" if expected else "the module asks for nothing"
        return [Check(text, worked == expected)]

    def rescoped() -> Step[list[Check]]:
        before = module.in_use(identity).credentials["api_key"]
        after = (yield from module.rescope(identity, card.scopes)).credentials["api_key"]
        return [Check("the new key replaces the old one", before != after), *(yield from works(True))]

    return [
        Chapter("Connection data request: the user opens the popup", press(f"popup-{card.code}", "asks for")),
        Chapter(
            "Module connection request: Connect, with edit while the CRM waits",
            press("connect", "is connected"),
        ),
        Chapter(
            "User transition: a form with clientId, then a session", press("account", "The module works")
        ),
        Chapter("A registration with a wrong token is refused", refused_token()),
        Chapter("Activity: the module is switched off", switched("off")),
        Chapter("Switched off, the module does nothing", works(False), "module"),
        Chapter("Activity: the module is switched on again", switched("on")),
        Chapter("More rights: update-scopes gives a new key", rescoped(), "module"),
    ]


def signed(request: Request) -> Stage | None:
    """Return the text that the token of a registration covers: the API key, and nothing else."""
    if request.method != "POST" or request.path != REGISTER:
        return None
    return registration_stages(request.body, content_type=request.header("content-type"))[-1]
