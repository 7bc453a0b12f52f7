"""What Fortis keeps, as far as an app in its marketplace needs it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ...core.messages import Answer, Response
from ...runtime.verdicts import Fault
from ..signing import BY_DATA, BY_HMAC

CLAUSE = "fortis:"

UI = "https://fortispayrbyn9y.sandbox.zeamster.com"
API = "https://api.sandbox.zeamster.com"
TRAPS = {
    "foreign": "https://api.attacker.example",
    "look-alike": "https://api.sandbox.zeamster.com.attacker.example",
    "plain-http": "http://api.sandbox.zeamster.com",
    "port": "https://api.sandbox.zeamster.com:8443",
    "private": "https://169.254.169.254",
}
"""Origins that the faults name and no app may contact, by what is wrong with each."""


@dataclass(frozen=True, slots=True)
class OAuthFault(Fault):
    """A fault on the way of OAuth: of what comes back with the browser, or of the token endpoint's answer.

    `foreign` is the kind of the foreign address that it names, and `leads` the answer that leads there.
    """

    callback: Callable[[dict[str, str]], dict[str, str]] = dict
    answer: Callable[[Response], Answer] | None = None
    times: int = 1
    user: str = "own"
    foreign: str = ""
    leads: Callable[[str], Callable[[Response], Answer]] | None = None


@dataclass(frozen=True, slots=True)
class AnswerFault(Fault):
    """A fault of the answer to `users/me` while the app is opened.

    An answer that comes after `seconds` is a good one: an app that waits so long may open.
    """

    answer: Callable[[Response], Answer]
    seconds: float = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """How the platform is played. Times are seconds.

    `raw` puts values into templates as they are (A06); `absent` says what a plain launch carries for a
    value that there is not: `empty`, `omitted` or `literal` (A05). `kept_query` keeps the configured
    query beside `data` (A38); `sliding` is for the token (A31); `cascade` sends a DELETE for each user of
    a location that is removed (A14); `attempts` of a postback (A09) and `postback_body` (A07). The paths
    of OAuth are assumed, no page names them (A36). `traps` are origins that no app may ever contact; a
    fault that names an address of a kind that is not among them is not offered.
    """

    ui_origin: str = UI
    api_origin: str = API
    token_lifetime: int = 900
    sliding: bool = True
    raw: bool = False
    absent: str = "empty"
    kept_query: bool = True
    cascade: bool = False
    attempts: int = 1
    postback_body: str = ""
    authorize_path: str = "/oauth/authorize"
    token_path: str = "/oauth/token"
    code_lifetime: int = 600
    access_lifetime: int = 3600
    traps: Mapping[str, str] = field(default_factory=TRAPS.copy)


@dataclass(frozen=True, slots=True)
class App:
    """fortis:setup.mode. An app of the marketplace: one secret, one iframe address, one mode, two postback templates.

    A template may hold the app's static key (A08), so no representation shows it. `client_secret` and
    `redirect_uri` are for OAuth, which the page only mentions (A36).
    """

    title: str
    secret: str = field(repr=False)
    iframe_url: str
    location_setup_url: str = field(default="", repr=False)
    user_setup_url: str = field(default="", repr=False)
    encrypt_url_params: bool = True
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    redirect_uri: str = ""

    @property
    def mode(self) -> str:
        """The one mode: encrypted or plain."""
        return BY_DATA if self.encrypt_url_params else BY_HMAC

    def named(self, placeholder: str) -> str:
        """fortis:plain.names. Return the app's own name of the parameter with a placeholder; empty where it has none."""
        found = re.search(r"[?&]([^?&=]+)=\{\{" + re.escape(placeholder) + r"\}\}", self.iframe_url)
        return found[1] if found else ""

    def carries(self, placeholder: str) -> bool:
        """fortis:plain.names. Return whether the address that the iframe opens says a value."""
        return self.encrypt_url_params or "{{" + placeholder + "}}" in self.iframe_url


@dataclass(frozen=True, slots=True)
class Domain:
    """fortis:user.domain-host. A domain, whose `url` is a bare host name."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class Location:
    """A location of a merchant; account number and the merchant's own id may be null."""

    id: str
    name: str
    account_number: str | None = None
    location_api_id: str | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A user of one or more locations; the e-mail may be null."""

    id: str
    username: str
    email: str | None
    domain: Domain
    locations: tuple[str, ...]
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact of a location, with the merchant's own id."""

    id: str
    location_id: str
    name: str
    contact_api_id: str | None = None
    deleted: bool = False


@dataclass(slots=True)
class Token:
    """fortis:token.life. A log-in token of a user; it ends at `expires_at`."""

    user_id: str
    expires_at: int


@dataclass(slots=True)
class Grant:
    """A consent of OAuth: an authorization code and what it stands for; `challenge` is PKCE's."""

    client_id: str
    user_id: str
    redirect_uri: str
    challenge: str
    expires_at: int
    used: bool = False
    fault: OAuthFault | None = None


@dataclass(slots=True)
class Access:
    """What a code was exchanged for: access without the user's presence."""

    client_id: str
    user_id: str
    expires_at: int
    refresh_token: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(slots=True)
class Attempt:
    """One opening of the app: whose token it carries, and what was seen of it."""

    token: str = field(repr=False)
    user_id: str
    fault: AnswerFault | None = None
    asked: int = 0
    """How often the app asked who the user is."""
    asked_at: int = 0
    calls: int = 0
    trapped: list[tuple[str, str]] = field(default_factory=list)
    """What came to a trap: the rule that it breaks, and the origin."""
