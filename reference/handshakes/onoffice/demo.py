"""What the tools need of onOffice: both sides ready made, and `verify`.

Every identifier and secret in here is public and for tests.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..core.printing import printable, signed_when
from ..core.refusals import Refused
from ..core.timestamps import Tolerance
from ..runtime.story import NONE_MATCH, Pasted, Reports, Setting, Sides, World
from . import readings as other_readings
from .partner.configuration import HOSTS, Configuration
from .partner.integration import ACTIVATE, SERVICE, WEBHOOK, Provider
from .signing import SignedUrl, verify_url
from .simulator.platform import OnOffice
from .simulator.records import Account, Customer, Service, User
from .simulator.records import Settings as PlatformSettings
from .slips import mistake_in

SECRET = "Example-Provider-Secret-1!"
PORTAL, API, PROVIDER = "https://smart.onoffice.de", "https://api.onoffice.de", "https://provider.example"
OWN = "?plan=gold+edition&Zone=eu&ref=a~b*c"
FIRST, SECOND = "4711", "4712"
ADMINISTRATOR, BROKER = "17", "18"
PLANS, EXPORT = "plans", "export"

SETTINGS = {
    "errors": Setting("the envelope of an action's error (A21)", ("500-97", "mirrored", "200-0")),
    "claim_required": Setting("whether the API asks for extendedclaim (A19)", ("yes", "not-yet")),
    "claim_outdated": Setting("how long a service's claim lasts (A20, assumed)", ("24-hours", "never")),
    "api_claim": Setting("whether the activation URL carries apiClaim (A14)", ("sent", "not-sent")),
    "hmac_version": Setting("the API's HMAC that the provider makes (A41)", ("2", "1")),
    "activation_url": Setting("where a foreign provider's activation page is"),
    "service_url": Setting("where a foreign provider's service is"),
    "webhook_url": Setting("where a foreign provider's webhook is"),
    "base_url": Setting("the provider's public address where a proxy is in front of it; it may have a path"),
    "platform_url": Setting("where a foreign platform is served, for --only partner"),
}


def sides(world: World) -> Sides:
    """Return the platform with two customers and a provider's account with a service and a webhook, and the provider."""
    chosen = world.settings
    served = world.platform_origin or chosen.get("platform_url", "").rstrip("/")
    base = chosen.get("base_url", world.partner_origin or PROVIDER).rstrip("/")
    if world.partner_origin and not served:
        raise ValueError(
            "a provider alone needs the address of the platform that calls it: --set platform_url=http://127.0.0.1:PORT"
        )
    settings = PlatformSettings(
        portal_origin=served or PORTAL,
        api_origin=served or API,
        errors=chosen.get("errors", "500-97"),
        claim_required=chosen.get("claim_required", "yes") == "yes",
        claim_lifetime=86_400 if chosen.get("claim_outdated", "24-hours") == "24-hours" else None,
        api_claim=chosen.get("api_claim", "sent") == "sent",
        plain=world.plain if served else (),
    )
    account = Account(
        "Example provider",
        chosen.get("activation_url", base + ACTIVATE + OWN),
        (
            Service(PLANS, chosen.get("service_url", base + SERVICE + OWN)),
            Service(EXPORT, chosen.get("webhook_url", base + WEBHOOK + OWN), webhook=True),
        ),
        SECRET,
    )
    platform = OnOffice(settings, account, clock=world.clock, random=world.random)
    furnish(platform)
    reports = Reports()
    provider = Provider(
        Configuration(
            SECRET,
            base_url=base,
            hosts=(served,) if served else HOSTS,
            api_url=f"{served or API}/api/stable/api.php",
            hmac_version=int(chosen.get("hmac_version", "2")),
        ),
        store=world.store,
        clock=world.clock,
        random=world.random,
        report=lambda endpoint, refused: reports.append((endpoint, refused)),
    )
    return Sides(platform, provider, reports)


def furnish(platform: OnOffice) -> None:
    """Add the customers of tests and lessons; both have a user 17, which is another person each time (A27)."""
    people = {ADMINISTRATOR: User(ADMINISTRATOR, "Kim", True), BROKER: User(BROKER, "Sascha", group="5")}
    names = {FIRST: "Müller & Söhne <Immobilien> GmbH", SECOND: "Mustermakler"}
    for web_id, name in names.items():
        estates = {f"{web_id}1": f"House {web_id}"}
        platform.add_customer(Customer(web_id, name, dict(people), estates))


def verify(pasted: Pasted, *, secret: str, now: int, tolerance: Tolerance | None, readings: list[str]) -> str:
    """Return what a pasted URL proves; raises `Refused`, which names the readings or the mistake that fit."""
    url = pasted.url or pasted.body.decode("utf-8", "replace").strip()

    def verified_under(*ids: str) -> SignedUrl:
        stages = other_readings.of(*ids)
        return verify_url(url, secret=secret, now=now, tolerance=tolerance, readings=stages)

    try:
        verified = verified_under(*readings)
    except Refused as refused:
        if refused.reason == "unknown-reading" or refused.clause.endswith("url.key"):
            raise
        found = {}
        if fitting := [
            id
            for id in other_readings.READINGS
            if id not in readings and fits(partial(verified_under, *readings, id), refused)
        ]:
            found["alternative readings that match"] = ", ".join(fitting)
        if mistake := mistake_in(url, secret=secret):
            found["mistake"] = mistake
        if refused.reason == "signature-mismatch" and not found:
            found["alternative readings that match"] = NONE_MATCH
        evidence = {**refused.evidence, **found}
        raise Refused(
            refused.reason, refused.clause, evidence, stage=refused.stage, stages=refused.stages
        ) from None
    lines = ["Verified. " + signed_when(verified.timestamp, now)]
    lines += [f"  {printable(name)} = {shown_value(name, value)}" for name, value in verified.parameters]
    lines.append(
        f"  covered by the signature: scheme, host, path, {printable(', '.join(verified.covered), 500)}"
    )
    lines.append("  not covered: port, user info, fragment, method")
    return "\n".join(lines)


def shown_value(name: str, value: str) -> str:
    """Return a parameter as it may be shown: a token or claim is masked."""
    if name in ("apiToken", "apiClaim", "parameterCacheId"):
        return f"‹{len(value)} characters›"
    return printable(value, 500)


def fits(verify_it: Callable[[], object], first: Refused) -> bool:
    """Return whether the signature is right under a reading, whatever its time is."""
    try:
        verify_it()
    except Refused as refused:
        return refused.reason in ("stale", "from-the-future") and first.reason != refused.reason
    return True
