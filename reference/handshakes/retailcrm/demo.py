"""What the tools need of RetailCRM: both sides ready made, and `verify`.

Every identifier and secret in here is public and for tests.
"""

from __future__ import annotations

from ..core.printing import printable
from ..core.refusals import Refused
from ..core.strict import URLENCODED
from ..core.timestamps import Tolerance
from ..runtime.story import Pasted, Reports, Setting, Sides, World
from . import readings as other_readings
from .partner.configuration import Configuration
from .partner.integration import CONFIG, Module
from .signing import OFFICIAL_ORIGINS, canonical_system_url, verify_registration
from .simulator.faults import FAULTS
from .simulator.platform import RetailCRM
from .simulator.records import READ, TRAPS, WRITE, Account, Card
from .simulator.records import Settings as PlatformSettings
from .slips import mistake_in

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
    chosen = world.settings
    crm = world.platform_origin or chosen.get("platform_url", "").rstrip("/")
    base = world.partner_origin or MODULE
    if world.partner_origin and not crm:
        raise ValueError(
            "a module alone needs the address of the CRM that it is connected to: --set platform_url=http://127.0.0.1:PORT"
        )
    code = chosen.get("code", CODE)
    scopes = (
        tuple(filter(None, chosen["card_scopes"].split(","))) if "card_scopes" in chosen else (READ, WRITE)
    )
    settings = PlatformSettings(
        rotation=chosen.get("rotation", "new-key"),
        system_url=chosen.get("system_url", "public"),
        when_off=chosen.get("when_off", "key-works"),
        rate_status=int(chosen.get("rate", "503" if crm else "0")),
        plain=world.plain if crm else (),
        traps=dict.fromkeys(AT_A_TRAP, world.traps[0]) if crm and world.traps else {} if crm else TRAPS,
    )
    platform = RetailCRM(settings, clock=world.clock, random=world.random)
    platform.add_card(
        Card(
            code, "Example module", chosen.get("config_url", base + CONFIG), SECRET, scopes, owner=crm or DEMO,
            simple_connection=chosen.get("simple_connection", "yes") == "yes",
            published=chosen.get("published", "yes") == "yes",
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
            SECRET,
            base_url=base,
            scopes=scopes,
            allowed_origins=(crm, *world.traps[1:2]) if crm else OFFICIAL_ORIGINS,
            active=chosen.get("active", "yes") == "yes",
            check_scopes=chosen.get("check_scopes", "yes") == "yes",
            confirm_address=chosen.get("confirm_address", "no") == "yes",
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


def verify(pasted: Pasted, *, secret: str, now: int, tolerance: Tolerance | None, readings: list[str]) -> str:
    """Return what a pasted registration proves; raises `Refused`, with the mistake if one explains the token.

    The body is a form, or the JSON text alone that the field `register` holds.
    """
    stages = other_readings.of(*readings)
    body, content_type = pasted.body or pasted.url.encode(), pasted.header or URLENCODED
    if body.lstrip().startswith(b"{") and not pasted.header:
        stages = {"form": lambda text, kind: text, **stages}
    elif body.startswith(b"--") and not pasted.header:
        boundary = body.partition(b"\r\n")[0][2:].decode("ascii", "replace")
        content_type = f'multipart/form-data; boundary="{boundary}"'
    body = body.strip(b"\r\n") if not body.startswith(b"--") else body
    try:
        verified = verify_registration(body, secret=secret, content_type=content_type, readings=stages)
    except Refused as refused:
        mistake = mistake_in(body, secret=secret, content_type=content_type, readings=stages)
        if not mistake:
            raise
        evidence = {**refused.evidence, "mistake": mistake}
        raise Refused(
            refused.reason, refused.clause, evidence, stage=refused.stage, stages=refused.stages
        ) from None
    try:
        policy = f"on the list of official hosts, as {canonical_system_url(verified.system_url)}"
    except Refused as refused:
        policy = f"NOT on the list of official hosts: {refused}"
    return "\n".join(
        [
            "Verified: the sender knows the secret and this API key. Nothing says when it was made.",
            f"  systemUrl = {printable(verified.system_url, 500)}",
            f"    {policy}",
            f"  covered by the token: {', '.join(verified.covered)}",
            f"  not covered: {', '.join(verified.not_covered)}, time, method, host and path",
        ]
    )
