"""What the tools need of OfficeRnD: both sides ready made.

Every identifier and secret in here is public and for tests.
"""

from __future__ import annotations

from urllib.parse import unquote

from ..core.messages import Request
from ..core.refusals import Refused
from ..core.strict import query_pairs
from ..runtime.story import Reports, Setting, Sides, World
from .partner.configuration import Configuration
from .partner.integration import REMOVED, PartnerIntegration
from .simulator.faults import FAULTS
from .simulator.platform import OfficeRnD
from .simulator.records import READ, TRAPS, V2_SCOPES, WRITE, Application, Organization
from .simulator.records import Settings as PlatformSettings

PARTNER = "https://partner.example"
CLIENT_ID = "example-client-id"
CLIENT_SECRET = "example-client-secret"
SECRET = "example-integration-secret"
ANOTHER_SECRET = "another-integration-secret"
ACCOUNT = "J&J Ltd"

SETTINGS = {
    "profile": Setting("which parameters the platform signs", ("observed", "seed")),
    "partner_url": Setting("where a foreign partner is served; the URLs below start with it"),
    "connect_url": Setting("the partner's connect URL"),
    "configuration_url": Setting("the partner's configuration URL"),
    "healthcheck_url": Setting("the partner's health check URL"),
    "sync_url": Setting("the partner's sync URL; empty, it has none", may_be_empty=True),
    "redirect_uri": Setting("the registered redirect URI; the connect URL unless set"),
    "account_name": Setting("which account's name a foreign partner's health check gives"),
    "platform_url": Setting("where a foreign platform is served, for --only partner"),
    "client_id": Setting("the partner's client id at a foreign platform"),
    "api_version": Setting("which API the partner uses", ("v1", "v2")),
    "multi_location": Setting("whether an organisation may be connected more than once", ("yes", "no")),
    "joined_by": Setting("how several locations are joined (S11)", ("comma-space", "comma")),
    "every_location": Setting("how all locations are written (S10)", ("empty", "star", "full-list")),
    "takes_redirect_url": Setting("whether the page's spelling of redirect_uri is taken (C1)", ("no", "yes")),
    "region_url": Setting("the organisations' region URL; the platform's own unless set"),
    "code_seconds": Setting("seconds that a code lasts; 300, assumed (C12)"),
    "token_seconds": Setting("seconds that an access token lasts; 3599 (C15)"),
    "refresh_tokens": Setting("what a refresh does to the refresh token (E1)", ("rotated", "kept")),
    "expires_in": Setting("how a token's lifetime is written (E2)", ("number", "text")),
    "without_locations": Setting("what a Connect without locations is (E3)", ("refused", "all")),
    "started_by": Setting("who starts the connect (C4)", ("platform", "partner")),
}
OF_CLIENT = "the OAuth client's, not the integration's"
OF_INTEGRATION = "the integration's, not the webhook's own"


def sides(world: World) -> Sides:
    """Return the platform with two organisations and three integrations, and the partner."""
    chosen = world.chosen(SETTINGS)
    app = world.platform_origin or chosen.get("platform_url") or "https://app.officernd.com"
    identity = world.platform_origin or chosen.get("platform_url") or "https://identity.officernd.com"
    base = world.partner_origin or PARTNER
    foreign = chosen.get("partner_url", f"{base}/officernd").rstrip("/")
    connect_url = chosen.get("connect_url", f"{foreign}/connect")
    started_by = chosen["started_by"]
    platform = OfficeRnD(
        PlatformSettings(
            identity,
            app,
            profile=chosen["profile"],
            all_locations=chosen["every_location"],
            separator="," if chosen["joined_by"] == "comma" else ", ",
            code_lifetime=int(chosen.get("code_seconds", "300")),
            token_lifetime=int(chosen.get("token_seconds", "3599")),
            refresh_tokens=chosen["refresh_tokens"],
            expires_in=chosen["expires_in"],
            accept_redirect_url=chosen["takes_redirect_url"] == "yes",
            traps=world.traps if world.platform_origin else TRAPS,
        ),
        clock=world.clock,
        random=world.random,
    )
    platform.add_application(
        Application(
            chosen.get("client_id", CLIENT_ID),
            CLIENT_SECRET,
            "Example partner",
            (chosen.get("redirect_uri", connect_url),),
            connect_url if started_by == "platform" else chosen.get("connect_url", f"{foreign}/start"),
            chosen.get("configuration_url", f"{foreign}/configure"),
            chosen.get("healthcheck_url", f"{foreign}/healthcheck"),
            chosen.get("sync_url", f"{foreign}/sync"),
            public=True,
            multi_location=chosen["multi_location"] != "no",
            account_name=chosen.get(
                "account_name", "" if {"partner_url", "healthcheck_url"} & set(chosen) else ACCOUNT
            ),
        )
    )
    furnish(
        platform,
        chosen.get("client_id", CLIENT_ID),
        multi=chosen["multi_location"] != "no",
        secret=world.secret,
    )
    for organization in platform.organizations.values():
        organization.region_url = chosen.get("region_url", "")
    reports = Reports()
    partner = PartnerIntegration(
        Configuration(
            chosen.get("client_id", CLIENT_ID),
            CLIENT_SECRET,
            base,
            identity,
            app,
            api_version=chosen["api_version"],
            scopes=V2_SCOPES if chosen["api_version"] == "v2" else (READ, WRITE),
            account_name=chosen.get("account_name", ACCOUNT),
            started_by=started_by,
            connect_without_locations=chosen["without_locations"],
        ),
        store=world.store,
        clock=world.clock,
        random=world.random,
        report=lambda endpoint, refused: reports.append((endpoint, refused)),
    )
    off = [name for name, fault in FAULTS.items() if not platform.offers(fault)]
    return Sides(platform, partner, reports, tuple(off))


def furnish(platform: OfficeRnD, client_id: str, *, multi: bool = True, secret: str = "") -> None:
    """Add the organisations and integrations of tests and lessons; without `multi`, one integration for each."""
    one, two, three, four = (f"5a000000000000000000000{number}" for number in (1, 2, 3, 4))
    first = Organization(
        "5b0000000000000000000001",
        "test-slug",
        "Test Spaces",
        {one: "Sofia", two: "London"},
        "5c0000000000000000000001",
    )
    second = Organization(
        "5b0000000000000000000002",
        "other-slug",
        "Other Spaces",
        {three: "Berlin", four: "Vienna"},
        "5c0000000000000000000002",
    )
    platform.add_organization(first)
    platform.add_organization(second)
    for organization, own, locations, id in (
        (first, secret or SECRET, (), "5e0000000000000000000001"),
        (first, ANOTHER_SECRET, (one,), "5e0000000000000000000002"),
        (second, "a-third-integration-secret", (three, four), "5e0000000000000000000003"),
    ):
        if multi or organization.id not in [one.organization_id for one in platform.integrations.values()]:
            chosen = locations if multi else ()
            platform.add_integration(client_id, organization.id, secret=own, locations=chosen, id=id)


def secrets(sides: Sides, request: Request) -> dict[str, str]:
    """Return the secrets of a request: of the organisation, or of the webhook's integration; the client's, which is none."""
    partner = sides.partner
    assert isinstance(partner, PartnerIntegration)  # noqa: S101
    try:
        if request.path.startswith(REMOVED):
            one = partner.store.get("officernd", unquote(request.path.removeprefix(REMOVED)))
            own = one.credentials if one else None
            return {own["webhook_secret"]: "", own["secret"]: OF_INTEGRATION} if own else {}
        found = partner.candidates(query_pairs(request.query, "officernd:signature.escapes"))
    except Refused:
        return {}
    known = dict.fromkeys((one.credentials["secret"] for one in found), "that of another installation")
    return known | {partner.configuration.client_secret: OF_CLIENT} if known else {}
