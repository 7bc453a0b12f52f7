"""What the tools need of Fortis: both sides ready made.

Every identifier and secret in here is public and for tests.
"""

from __future__ import annotations

from dataclasses import replace

from ..core.messages import Request
from ..runtime.story import Reports, Setting, Sides, World
from .partner.configuration import Configuration
from .partner.integration import App as ExampleApp
from .signing import BY_DATA
from .simulator.faults import FAULTS
from .simulator.platform import Fortis
from .simulator.records import API, TRAPS, UI, App, Contact, Domain, Location, User
from .simulator.records import Settings as PlatformSettings

TITLE = "Example app"
SECRET = "example-app-secret"
POSTBACK_KEY = "example-postback-key"
CLIENT_SECRET = "example-oauth-secret"
APP = "https://app.example"
LOCATION, OTHER_LOCATION = "11ea858313aabde4bd2eb0fa", "11ea858313aabde4bd2e0000"
USER, OTHER_USER, SHORT_USER = "11e7a84525008da8960b72e7", "11e7a84525008da8960b0000", "1234567"
CONTACT = "11e66c8a943ff4b2bf1b2102"

SETTINGS = {
    "mode": Setting("how the iframe's parameters travel (A22)", ("encrypted", "plain")),
    "absent": Setting("what a plain launch carries for a value that there is not (A05)", ("empty", "omitted", "literal")),
    "values": Setting("how values are put into templates (A06)", ("percent-encoded", "raw")),
    "token_life": Setting("whether each call makes the token good for 15 minutes again (A31)", ("sliding", "absolute")),
    "cascade": Setting("whether removing a location sends a DELETE for each user too (A14)", ("no", "yes")),
    "kept_query": Setting("whether the configured query is kept beside data (A38)", ("yes", "no")),
    "postback_body": Setting("what a postback carries as its body (A07)", ("none", "form")),
    "attempts": Setting("how often a failed postback is sent (A09)", ("1", "2", "3", "4", "5")),
    "without_token": Setting("what the app does with a launch without a token (A30)", ("location-only", "refuse")),
    "unregistered": Setting("whether a launch may register what no postback did", ("claim", "refuse")),
    "once": Setting("whether a launch is taken once only (A26)", ("yes", "no")),
    "iframe_url": Setting("the address of a foreign app's iframe"),
    "location_setup_url": Setting("a foreign app's template of postbacks for locations", may_be_empty=True),
    "user_setup_url": Setting("a foreign app's template of postbacks for users", may_be_empty=True),
    "redirect_uri": Setting("where a foreign app wants the consent of OAuth to lead back"),
    "platform_url": Setting("where a foreign platform is served, for --only partner"),
}  # fmt: skip


def sides(world: World) -> Sides:
    """Return the platform with one app, two locations, three users and a contact, and the app."""
    chosen = world.chosen(SETTINGS)
    served = world.served("an app alone needs the address of the platform that it asks")
    ui, api = served or UI, served or API
    settings = PlatformSettings(
        ui_origin=ui,
        api_origin=api,
        sliding=chosen["token_life"] == "sliding",
        raw=chosen["values"] == "raw",
        absent=chosen["absent"],
        kept_query=chosen["kept_query"] == "yes",
        cascade=chosen["cascade"] == "yes",
        attempts=int(chosen["attempts"]),
        postback_body="type=CREATE&resource=location&number_of_attempts=1&data=%7B%7D"
        if chosen["postback_body"] == "form"
        else "",
        traps=_traps(world.traps) if served else TRAPS,
    )
    reports = Reports()
    app = ExampleApp(
        Configuration(
            chosen["mode"],
            world.secret or SECRET,
            POSTBACK_KEY,
            base_url=world.partner_origin or APP,
            api_origin=api,
            platform_origins=(ui,),
            oauth_urls=(api,),
            client_secret=CLIENT_SECRET,
            unregistered=chosen["unregistered"],
            without_token=chosen["without_token"],
            once=chosen["once"] == "yes",
        ),
        store=world.store,
        clock=world.clock,
        random=world.random,
        report=lambda endpoint, refused: reports.append((endpoint, refused)),
    )
    platform = Fortis(settings, clock=world.clock, random=world.random)
    domain = Domain("11e95f8ec39de8fbdb0a4f1a", ui.partition("://")[2])
    platform.add_location(Location(LOCATION, "Harbour Café", "A-100", "harbour"))
    platform.add_location(Location(OTHER_LOCATION, "Hill Café"))
    platform.add_user(User(USER, "ada", "ada@merchant.example", domain, (LOCATION,), "a password"))
    platform.add_user(User(OTHER_USER, "grace", None, domain, (LOCATION, OTHER_LOCATION), "a password"))
    platform.add_user(User(SHORT_USER, "linus", None, domain, (LOCATION,)))
    platform.add_contact(Contact(CONTACT, LOCATION, "Müller", "137"))
    alone = world.platform_origin and not world.partner_origin  # then nothing goes where nobody asked for it
    platform.add_app(
        App(
            TITLE,
            world.secret or SECRET,
            chosen.get("iframe_url", "" if alone else app.iframe_url()),
            chosen.get("location_setup_url", "" if alone else app.location_setup_url()),
            chosen.get("user_setup_url", "" if alone else app.user_setup_url()),
            encrypt_url_params=chosen["mode"] == BY_DATA,
            client_id=app.configuration.client_id,
            client_secret=CLIENT_SECRET,
            redirect_uri=chosen.get("redirect_uri", "" if alone else app.redirect_uri()),
        )
    )
    off = [name for name, fault in FAULTS.items() if not platform.offers(fault)]
    return Sides(platform, app, reports, tuple(off))


def _traps(origins: tuple[str, ...]) -> dict[str, str]:
    """Return the loopback address used for a foreign host, one that is not public, and one with another port."""
    return {kind: origins[0] for kind in ("foreign", "private", "port") if origins}


def set_mode(sides: Sides, mode: str) -> None:
    """fortis:setup.mode. Switch the app to one mode, on both sides, as its operator and Fortis would."""
    platform, app = sides.platform, sides.partner
    assert isinstance(platform, Fortis) and isinstance(app, ExampleApp)  # noqa: S101  (of this module)
    app.configuration = replace(app.configuration, mode=mode)
    known = platform.apps[TITLE]
    platform.add_app(replace(known, iframe_url=app.iframe_url(), encrypt_url_params=mode == BY_DATA))


def secrets(sides: Sides, request: Request) -> dict[str, str]:
    """Return the secrets with which the app tries a launch."""
    app = sides.partner
    assert isinstance(app, ExampleApp)  # noqa: S101
    configuration = app.configuration
    return dict.fromkeys(filter(None, (configuration.secret, configuration.previous_secret)), "")
