"""What the tools need of onOffice: both sides ready made.

Every identifier and secret in here is public and for tests.
"""

from __future__ import annotations

import re

from ..core.messages import Request, Response
from ..runtime.story import Reports, Setting, Sides, World
from .partner.configuration import HOSTS, Configuration
from .partner.integration import ACTIVATE, SERVICE, WEBHOOK, Provider
from .simulator.platform import OnOffice
from .simulator.records import Account, Customer, Service, User
from .simulator.records import Settings as PlatformSettings

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
    chosen = world.chosen(SETTINGS)
    served = world.served("a provider alone needs the address of the platform that calls it")
    base = chosen.get("base_url", world.partner_origin or PROVIDER).rstrip("/")
    settings = PlatformSettings(
        portal_origin=served or PORTAL,
        api_origin=served or API,
        errors=chosen["errors"],
        claim_required=chosen["claim_required"] == "yes",
        claim_lifetime=86_400 if chosen["claim_outdated"] == "24-hours" else None,
        api_claim=chosen["api_claim"] == "sent",
        plain=world.plain if served else (),
    )
    account = Account(
        "Example provider",
        chosen.get("activation_url", base + ACTIVATE + OWN),
        (
            Service(PLANS, chosen.get("service_url", base + SERVICE + OWN)),
            Service(EXPORT, chosen.get("webhook_url", base + WEBHOOK + OWN), webhook=True),
        ),
        world.secret or SECRET,
    )
    platform = OnOffice(settings, account, clock=world.clock, random=world.random)
    furnish(platform)
    reports = Reports()
    provider = Provider(
        Configuration(
            world.secret or SECRET,
            base_url=base,
            hosts=(served,) if served else HOSTS,
            api_url=f"{served or API}/api/stable/api.php",
            hmac_version=int(chosen["hmac_version"]),
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


def secrets(sides: Sides, request: Request) -> dict[str, str]:
    """Return the secrets with which the provider tries a URL, or the key of the API user that a call names."""
    provider, platform = sides.partner, sides.platform
    assert isinstance(provider, Provider)  # noqa: S101
    assert isinstance(platform, OnOffice)  # noqa: S101
    if request.method != "POST" or request.origin not in platform.origins:
        kept = (getattr(one, "credentials", {}) for _, one in provider.store.listed("onoffice", 50))
        keys = filter(None, (one.get("api_key") for one in kept))
        known = dict.fromkeys((secret for _, secret in provider.secrets()), "")
        return known | dict.fromkeys(keys, "the customer's API key, not the provider's secret")
    token = re.search(rb'"token"\s*:\s*"([^"\\]{1,200})"', request.body)
    user = platform.api_users.get(token[1].decode("utf-8", "replace")) if token else None
    return {user.key: ""} if user else {}


def refuses(request: Request, response: Response) -> bool:
    """Return whether an answer of the simulated API says that the HMAC does not match: error code 137."""
    return request.method == "POST" and re.search(rb'"errorcode"\s*:\s*137\b', response.body) is not None
