"""The story of the tour: Fortis' registration, launches in both modes, refusals, access without the user, removal."""

from __future__ import annotations

from ..core.messages import Request, Step
from ..core.stages import Stage
from ..runtime.browser import Browser, Page
from ..runtime.story import Chapter, Check, Sides, checks_since
from .demo import CONTACT, LOCATION, USER, set_mode
from .partner.integration import App as ExampleApp
from .signing import BY_HMAC, launch_stages
from .simulator.platform import Fortis


def story(sides: Sides, browser: Browser) -> list[Chapter]:
    """Return registration, launches in both modes, a refusal, access without the user, and removal."""
    platform, app = sides.platform, sides.partner
    assert isinstance(platform, Fortis) and isinstance(app, ExampleApp)  # noqa: S101  (of this module)
    ui = platform.settings.ui_origin
    shown: list[Page] = []

    def press(button: str, expected: str, **fields: str) -> Step[list[Check]]:
        """Press a button of the simulator's list, as a merchant does in the UI."""
        seen = platform.findings.seen
        shown.append((yield from browser.open(f"{ui}/simulator")))
        shown.append((yield from browser.submit(shown[-1], shown[-1].form(button), fields)))
        text = shown[-1].text
        return [Check(f"the browser shows: {expected}", expected in text), *checks_since(platform, seen)]

    def opened(user: str, expected: list[str], **fields: str) -> Step[list[Check]]:
        """Open the app in its iframe."""
        checks = yield from press(f"open-{user}", "This is the app as the merchant sees it", **fields)
        seen = platform.findings.seen
        shown.append((yield from browser.load_frame(shown[-1])))
        text = shown[-1].text
        checks += [Check(f"the iframe shows: {one}", one in text) for one in expected]
        return [*checks, *checks_since(platform, seen)]

    def refused(fault: str, reason: str) -> Step[list[Check]]:
        """Open the app by a launch that it has to refuse, and look what its operator is told."""
        told = sides.reports.told
        checks = yield from opened(USER, ["Please open the app in Fortis again"], fault=fault)
        reasons = {refused.reason for _, refused in sides.reports.since(told)[1]}
        return [*checks, Check(f"the app's operator sees {reason}", reasons == {reason})]

    def plain() -> Step[list[Check]]:
        set_mode(sides, BY_HMAC)
        return (yield from opened(USER, ["Signed in as", USER, CONTACT], contact=CONTACT))

    def consented() -> Step[list[Check]]:
        seen = platform.findings.seen
        yield from opened(USER, ["Signed in as"])
        shown.append((yield from browser.submit(shown[-1], shown[-1].form("oauth"))))
        shown.append((yield from browser.submit(shown[-1], shown[-1].form("allow"), {"user": USER})))
        granted = 'id="granted"' in shown[-1].response.body.decode()
        return [Check("the browser shows: Access granted", granted), *checks_since(platform, seen)]

    def works() -> Step[list[Check]]:
        record = yield from app.work(LOCATION, USER)
        return [Check(f"the app reads the location: {record['name']}", record["id"] == LOCATION)]

    def closed() -> Step[list[Check]]:
        page = yield from browser.open(f"{app.configuration.base_url}/fortis/app")
        return [Check("the session of the removed user is over", page.response.status == 403)]

    return [
        Chapter("A location is registered: POST to the app", press("register-location", "answered 204")),
        Chapter("A user is registered: POST to the app", press(f"register-{USER}", "answered 204")),
        Chapter(
            "Encrypted launch: the iframe, users/me, a session",
            opened(USER, ["Signed in as", USER, CONTACT], contact=CONTACT),
        ),
        Chapter("An encrypted launch with a changed bit is refused", refused("flipped-padding", "decryption-failed")),
        Chapter("Plain launch, after both sides switched the mode", plain()),
        Chapter("A plain launch with another user_id is refused", refused("user-replaced", "identity-mismatch")),
        Chapter("Access without the user: OAuth (all of it assumed)", consented()),
        Chapter("The user is away, the app reads the API", works(), "app"),
        Chapter("The user is removed: DELETE to the app", press(f"unregister-{USER}", "answered 204")),
        Chapter("The location is removed: DELETE to the app", press("unregister-location", "answered 204")),
        Chapter("Nobody is signed in any more", closed()),
    ]  # fmt: skip


def signed(request: Request) -> Stage | None:
    """Return the text that the hmac of a request covers, if it is a plain launch; an encrypted one has no signature."""
    if "hmac=" not in request.target:
        return None
    return launch_stages(request.target, mode=BY_HMAC, secret="")[-1]
