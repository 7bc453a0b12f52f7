"""What the marketplace page shows of Fortis: the first location and user, and what the merchant may do with the app."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.messages import Request
from ..runtime.story import Press, Shop, Sides
from .simulator.faults import OAUTH_FAULTS, POSTBACK_FAULTS, Fault, opening_faults
from .simulator.platform import Fortis


def shop(sides: Sides) -> Shop:
    """Return the registrations of the first location and user, and the merchant's steps."""
    platform = sides.platform
    assert isinstance(platform, Fortis)  # noqa: S101
    app, location = next(iter([*platform.apps.values()])), next(iter([*platform.locations.values()]))
    user = next(one for one in [*platform.users.values()] if location.id in one.locations)
    both = (app.title, location.id, ""), (app.title, location.id, user.id)
    place, person = (one in platform.registered for one in both)
    left, gone = (one in platform.removed for one in both)
    granted = (app.client_id, user.id) in {
        (one.client_id, one.user_id) for one in [*platform.access.values()]
    }
    here = {"app": app.title, "location": location.id}
    her = here | {"user": user.id}

    def faults(choices: Sequence[Fault], kind: str = "") -> tuple[Fault, ...]:
        return tuple(
            one for one in choices if platform.offers(one) and kind in ("", getattr(one, "kind", ""))
        )

    how = "AES-encrypted" if app.encrypt_url_params else "signed with an HMAC"
    presses = (
        Press("register", "Register the location", "A postback tells the app of the location.",
              here, faults(POSTBACK_FAULTS, "location"), done=place, name="location"),
        Press("register", "Register the user", "A postback tells the app of a user who may open it.",
              her, faults(POSTBACK_FAULTS, "user"), ready=place, done=person, name="user"),
        Press("open", "Open the app", f"The app opens in a frame, with its parameters {how}.",
              her, faults(opening_faults(app.mode)), window=True, ready=person),
        Press("consent", "Consent", "The user lets the app act for her by OAuth. The simulator plays her browser, so no window opens; in the app’s window you can do it yourself.",
              her, faults(OAUTH_FAULTS), ready=person, done=granted or None),
        Press("unregister", "Remove the user", "A postback ends the user's registration.", her, ready=person, done=gone and not person, name="user-gone"),
        Press("unregister", "Remove the location", "A postback ends the location's registration.", here, ready=place, done=left and not place, name="location-gone"),
    )  # fmt: skip
    there = "registered" if person else "location registered" if place else "not registered"
    state = "connected" if person and granted else there
    return Shop("Postbacks, then a launch in a frame", state, person, presses)


def carries(request: Request) -> str:
    """Return what protects a launch: an HMAC, or encryption without one; a postback carries neither."""
    return "signed" if "hmac=" in request.query else "encrypted" if "data=" in request.query else ""
