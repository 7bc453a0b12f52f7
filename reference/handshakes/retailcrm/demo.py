"""What the tools need of RetailCRM: both sides ready made.

Every identifier and secret in here is public and for tests.
"""

from __future__ import annotations

from ..core.messages import Request
from ..runtime.story import Reports, Setting, Sides, World
from .partner.configuration import Configuration
from .partner.integration import CONFIG, Module
from .signing import OFFICIAL_ORIGINS
from .simulator.faults import FAULTS
from .simulator.platform import RetailCRM
from .simulator.records import READ, TRAPS, WRITE, Account, Card
from .simulator.records import Settings as PlatformSettings

CODE = "example-module"
SECRET = "example-module-secret"
DEMO, ANOTHER = "https://demo.simla.com", "https://another.simla.com"
TECHNICAL, OTHER_TECHNICAL = "https://demo-technical.simla.io", "https://another-technical.simla.io"
MODULE = "https://module.example"
AT_A_TRAP = ("foreign", "private", "port")
"""The kinds of foreign addresses that a loopback trap can stand for: of another host or port, and not public."""

SETTINGS = {
    "system_url": Setting("which host of the account a registration names", ("public", "technical")),
    "rotation": Setting("what update-scopes does to the key (A27)", ("new-key", "same-key")),
    "when_off": Setting("whether the key works while the module is off (A30)", ("key-works", "key-refused")),
    "rate": Setting(
        "what answers more than 10 requests a second of one key, 0 for no limit (official client; 503 when served)",
        ("503", "429", "0"),
    ),
    "config_url": Setting("where a foreign module answers the configuration request"),
    "code": Setting("the symbol code of a foreign module's card"),
    "card_scopes": Setting("what the card allows and the module asks for, with commas between"),
    "published": Setting(
        "whether every account sees the module, or the first one alone, as its vendor's", ("yes", "no")
    ),
    "simple_connection": Setting("whether the card has the switch for simple connection", ("yes", "no")),
    "platform_url": Setting("where a foreign CRM is served, for --only partner"),
    "active": Setting("whether the module is active from the registration on (A21)", ("yes", "no")),
    "check_scopes": Setting("whether the module looks at its rights before edit (A12)", ("yes", "no")),
    "confirm_address": Setting("whether the module asks after edit who answers there", ("no", "yes")),
    "unavailable": Setting("what users are told while the module takes no connections"),
}


def sides(world: World) -> Sides:
    """Return the platform with two accounts and one card, and the module.

    With a served origin there is one account, and of `world.traps` the first is a trap, the second another account.
    """
    chosen = world.chosen(SETTINGS)
    crm = world.served("a module alone needs the address of the CRM that it is connected to")
    base = world.partner_origin or MODULE
    code = chosen.get("code", CODE)
    scopes = (
        tuple(filter(None, chosen["card_scopes"].split(","))) if "card_scopes" in chosen else (READ, WRITE)
    )
    settings = PlatformSettings(
        rotation=chosen["rotation"],
        system_url=chosen["system_url"],
        when_off=chosen["when_off"],
        rate_status=int(world.settings.get("rate", "503" if crm else "0")),
        plain=world.plain if crm else (),
        traps=dict.fromkeys(AT_A_TRAP, world.traps[0]) if crm and world.traps else {} if crm else TRAPS,
    )
    platform = RetailCRM(settings, clock=world.clock, random=world.random)
    platform.add_card(
        Card(
            code, "Example module", chosen.get("config_url", base + CONFIG), world.secret or SECRET, scopes, owner=crm or DEMO,
            simple_connection=chosen["simple_connection"] == "yes",
            published=chosen["published"] == "yes",
        )
    )  # fmt: skip
    platform.add_account(Account(crm or DEMO, crm or TECHNICAL, "Demo shop"))
    another = "".join(world.traps[1:2]) if crm else ANOTHER
    if another:
        platform.add_account(Account(another, another if crm else OTHER_TECHNICAL, "Another shop"))
    reports = Reports()
    module = Module(
        Configuration(
            code,
            world.secret or SECRET,
            base_url=base,
            scopes=scopes,
            allowed_origins=(crm, *world.traps[1:2]) if crm else OFFICIAL_ORIGINS,
            active=chosen["active"] == "yes",
            check_scopes=chosen["check_scopes"] == "yes",
            confirm_address=chosen["confirm_address"] == "yes",
            unavailable=chosen.get("unavailable", ""),
        ),
        store=world.store,
        clock=world.clock,
        random=world.random,
        report=lambda endpoint, refused: reports.append((endpoint, refused)),
    )
    off = [
        name
        for name, fault in FAULTS.items()
        if not any(platform.offers(fault, url) for url in platform.accounts)
    ]
    return Sides(platform, module, reports, tuple(off))


def secrets(sides: Sides, request: Request) -> dict[str, str]:
    """Return the secrets with which the module tries a registration."""
    module = sides.partner
    assert isinstance(module, Module)  # noqa: S101
    configuration = module.configuration
    return dict.fromkeys(filter(None, (configuration.secret, configuration.previous_secret)), "")
