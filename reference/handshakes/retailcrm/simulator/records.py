"""What RetailCRM keeps, as far as the connection of a module needs it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...core.messages import Answer, Response
from ...runtime.bounded import Bounded
from ...runtime.verdicts import Fault

CLAUSE = "retailcrm:"
CODE = re.compile(r"[A-Za-z0-9_-]{1,255}", re.ASCII)

READ, WRITE = "integration_read", "integration_write"
TRAPS = {
    "foreign": "https://crm.attacker.example",
    "look-alike": "https://demo.simla.com.attacker.example",
    "nested": "https://a.b.simla.com",
    "private": "https://169.254.169.254",
    "private-http": "http://169.254.169.254",
    "plain-http": "http://demo.simla.com",
    "port": "https://demo.simla.com:8443",
    "default-port": "https://demo.simla.com:443",
}
"""Origins that the faults name and no module may contact, by what is wrong with each."""


@dataclass(frozen=True, slots=True)
class AnswerFault(Fault):
    """A fault of one of the API's answers while the registration waits: at `edit` or at `credentials`.

    With `instead` the call is not carried out; else only its answer is lost or changed. `says` is a
    text of the answer that the user has to see. An answer that comes after `seconds` is a good one: how long a
    module waits is its own affair (A16), so one that waited for it may say yes.
    """

    place: str
    answer: Callable[[Response], Answer]
    instead: bool = True
    says: str = ""
    seconds: float = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """How the platform is played. Times are seconds; all of them, and what happens to keys, are assumed.

    `rotation` says whether update-scopes ends the old key (`new-key`) or widens it (`same-key`, A27), and
    `when_off` whether the keys of a module that is off are refused (`key-refused`, A30) or not (`key-works`).
    `rate_status` is what answers more than 10 requests of one key in a second (503 or 429); 0 lets them pass.
    `traps` are origins that no module may ever contact; a request to one is remembered. A fault that names
    an address of a kind that is not among them is not offered. `plain` are hosts that need no TLS.
    """

    register_timeout: float = 30
    rotation: str = "new-key"
    when_off: str = "key-works"
    rate_status: int = 0
    system_url: str = "public"
    plain: tuple[str, ...] = ()
    traps: Mapping[str, str] = field(default_factory=TRAPS.copy)


@dataclass(frozen=True, slots=True)
class Card:
    """retailcrm:card.secret. A module's card in the partner account; without a secret one is made when it is saved."""

    code: str
    name: str
    config_url: str
    secret: str = field(default="", repr=False)
    scopes: tuple[str, ...] = (READ, WRITE)
    simple_connection: bool = True
    published: bool = True
    owner: str = ""


@dataclass(slots=True)
class ApiKey:
    """A key of one account: what it may do, and for which module; `revoked` is the clause that using it would break.

    `paused` is a key that is refused while its module is off; `in_second` counts the requests in the last `second`.
    """

    scopes: tuple[str, ...]
    code: str
    revoked: str = ""
    paused: bool = False
    second: int = 0
    in_second: int = 0
    fault: AnswerFault | None = None


@dataclass(slots=True)
class Account:
    """A customer's CRM account: the public and the technical host, and its keys."""

    system_url: str
    technical_url: str
    name: str
    keys: dict[str, ApiKey] = field(
        default_factory=lambda: Bounded(needed=lambda one: not one.revoked), repr=False
    )

    @property
    def origins(self) -> tuple[str, str]:
        """Both hosts."""
        return self.system_url, self.technical_url


@dataclass(slots=True)
class Connection:
    """One connection of a module, as `edit` described it; `account_url` is edit's, `answered_url` the answer's (A17)."""

    code: str
    integration_code: str
    client_id: str = field(repr=False)
    base_url: str
    account_url: str
    actions: dict[str, str]
    active: bool
    document: dict[str, Any] = field(repr=False)
    freeze: bool = False
    answered_url: str = ""


@dataclass(slots=True)
class PopUp:
    """retailcrm:config.remembered. A configuration, as the popup was opened with it."""

    scopes: tuple[str, ...]
    register_url: str
    error: str = ""


@dataclass(slots=True)
class Attempt:
    """One click on Connect: the key that was issued for it, and what was seen of it."""

    account: str
    code: str
    api_key: str = field(repr=False)
    edited: Connection | None = None
    edited_at: int = 0
    confirmed: bool = False
    """Whether the module was shown its own description after `edit`."""
    played: bool = False
    """Whether the module asked for the answer that the fault is in."""
    calls: int = 0
    trapped: int = 0
