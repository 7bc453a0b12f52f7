"""What OfficeRnD keeps, as far as the handshake needs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ...core.messages import Answer, Response
from ...runtime.verdicts import Fault

CLAUSE = "officernd:"

READ, WRITE = "officernd.api.read", "officernd.api.write"
V2_SCOPES = (
    "flex.settings.organization.read",
    "flex.settings.integrations.read",
    "flex.settings.webhooks.create",
    "flex.settings.webhooks.read",
    "flex.settings.webhooks.delete",
    "flex.space.locations.read",
)


@dataclass(frozen=True, slots=True)
class ConnectFault(Fault):
    """A fault of a connect: of the code that was issued (`grant`), or of the answer at one place (`answer`).

    `answer` is given the genuine answer and a trap's origin. `believed` is the secret that a partner has who
    took the answer for genuine. `traps` says that the fault needs a trap.
    """

    grant: Callable[[Grant], None] | None = None
    place: str = ""
    answer: Callable[[Response, str], Answer] | None = None
    believed: str | None = None
    traps: bool = False


TRAPS = ("https://officernd.com.attacker.example",)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the platform is played. Origins have no path; lifetimes are seconds.

    `traps` are origins that no partner may ever contact; a request to one is remembered.

    `profile` is `observed` (signs four parameters, as seen in real traffic) or `seed` (signs slug and
    locations, as the page's examples). Code lifetime and refresh lifetime are assumed (C12).
    `refresh_tokens` is `rotated`, or `kept` when a refresh brings no new one (E1); `expires_in` is a
    `number` or a `text` (E2).
    """

    identity_origin: str = "https://identity.officernd.com"
    app_origin: str = "https://app.officernd.com"
    profile: str = "observed"
    all_locations: str = "empty"
    separator: str = ", "
    code_lifetime: int = 300
    token_lifetime: int = 3599
    refresh_lifetime: int = 1_209_600
    refresh_tokens: str = "rotated"
    expires_in: str = "number"
    accept_redirect_url: bool = False
    traps: tuple[str, ...] = TRAPS


@dataclass(frozen=True, slots=True)
class Application:
    """officernd:application.details. A developer application and the URLs that the partner sent in.

    With `account_name`, the health check must name this account. Without `multi_location` an organisation
    is connected once, for all its locations.
    """

    client_id: str
    client_secret: str = field(repr=False)
    name: str
    redirect_uris: tuple[str, ...]
    connect_url: str
    configuration_url: str
    healthcheck_url: str
    sync_url: str = ""
    scopes: tuple[str, ...] = (READ, WRITE, *V2_SCOPES)
    multi_location: bool = True
    public: bool = False
    account_name: str = ""


@dataclass(slots=True)
class Organization:
    """A customer: the slug may change (`former` has the earlier ones), the id does not. `locations` maps ids to names."""

    id: str
    slug: str
    name: str
    locations: dict[str, str]
    member_id: str
    region_url: str = ""
    test_account_of: str = ""
    former: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Integration:
    """One instance of an application in an organisation. No locations means all of them.

    `came_back_early` says that a browser was back before the secret was read, so the connect may still go on.
    `fault` is the one of the last connect.
    """

    id: str
    organization_id: str
    client_id: str
    secret: str = field(repr=False)
    locations: tuple[str, ...] = ()
    state: str = "added"
    account_name: str = ""
    message: str = ""
    secret_was_read: bool = False
    came_back_early: bool = False
    fault: ConnectFault | None = None
    fault_was_played: bool = False
    traps_before: int = 0
    token_requests_before: int = 0

    @property
    def known(self) -> bool:
        """Whether the partner may know it: the secret was read, and it was not removed since."""
        read = self.secret_was_read and self.state != "removed"
        return read or self.state in ("connected", "checking")


@dataclass(slots=True)
class Grant:
    """An authorization code and what it stands for."""

    client_id: str
    integration_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    expires_at: int
    used: bool = False
    fault: ConnectFault | None = None


@dataclass(slots=True)
class Token:
    """An access token with its refresh token; `granted` is what a refresh may ask for, `code` where both came from."""

    client_id: str
    organization_id: str
    scopes: tuple[str, ...]
    granted: tuple[str, ...]
    expires_at: int
    refresh_token: str = field(repr=False)
    refresh_expires_at: int
    code: str = field(repr=False)
    fault: ConnectFault | None = None


@dataclass(slots=True)
class Webhook:
    """A subscription of one application in one organisation; unless `told`, a fault kept its secret from the partner."""

    id: str
    organization_id: str
    client_id: str
    url: str
    events: tuple[str, ...]
    secret: str = field(repr=False)
    description: str = ""
    enabled: bool = True
    told: bool = True
