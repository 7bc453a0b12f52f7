"""What onOffice keeps, as far as the activation of a provider and its services need it."""

from __future__ import annotations

import string
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ...core.messages import Answer, split_url
from ...core.refusals import Refused
from ...core.strict import query_pairs
from ...runtime.verdicts import Fault, Finding
from ..rules import integers, names, once

CLAUSE = "onoffice:"

RESERVED = frozenset(
    {
        *("apiToken", "apiClaim", "customerName", "customerWebId", "userId", "parameterCacheId"),
        *("timestamp", "signature", "groupId", "imageIds"),
    }
)
"""Names that the platform uses itself; a registered URL may not bring them (A9)."""


@dataclass(frozen=True, slots=True)
class ApiFault(Fault):
    """A fault of the API's answer. With `instead` the call is not carried out; else only its answer is lost or changed.

    An answer that comes after `seconds` is a good one: a provider that waits so long may say that it is active.
    """

    answer: Callable[[Any, dict[str, Any]], Answer]
    instead: bool = True
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """How the platform is played. Times are seconds; the lifetimes are assumed (A20, A37).

    `errors` is the envelope of an action's error (A21), `claim_required` whether a call needs its claim
    (A19), `claim_lifetime` that of a service's claim, or None for no end (A20), `api_claim` whether the
    activation URL carries one (A14). `hmac_versions` are those that the API takes (A41), and
    `plain` hosts that need no TLS.
    """

    portal_origin: str = "https://smart.onoffice.de"
    api_origin: str = "https://api.onoffice.de"
    errors: str = "500-97"
    claim_required: bool = True
    claim_lifetime: int | None = 86_400
    cache_lifetime: int = 3_600
    api_claim: bool = True
    hmac_versions: tuple[int, ...] = (1, 2)
    plain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """A service of a provider: where it is, which macros it chose, and whether it is a webhook."""

    name: str
    url: str
    webhook: bool = False
    macros: tuple[str, ...] = ("estateId", "UserLanguage")


@dataclass(slots=True)
class Account:
    """The provider's own account: the registered addresses, and the provider secret."""

    name: str
    activation_url: str
    services: tuple[Service, ...]
    secret: str = field(repr=False)
    description: str = "Draws floor plans by hand, a day after they are ordered."
    rights: str = "Reads properties and adds floor plans to them."

    @property
    def single_webhook(self) -> bool:
        """onoffice:popup.single-webhook. Whether the provider offers exactly one service, by webhook."""
        return len(self.services) == 1 and self.services[0].webhook


@dataclass(frozen=True, slots=True)
class User:
    """A user of a customer's version."""

    id: str
    name: str
    administrator: bool = False
    group: str = ""


@dataclass(slots=True)
class Customer:
    """A customer's version: its users, its properties, and what became of the provider in it.

    `status` is `inactive`, `active` or `blocked`; `rights` says for whom, `all` or `administrators`;
    `token` is that of the API user in use.
    """

    web_id: str
    name: str
    users: dict[str, User]
    estates: dict[str, str] = field(default_factory=dict)
    status: str = "inactive"
    rights: str = ""
    token: str = ""


@dataclass(slots=True)
class ApiUser:
    """An API user that an activation made: its token and key. `state` is `prepared`, `shown`, `active` or `gone`.

    `revoked` is the clause that using it would break, if any; `blocked` says that the customer did it.
    `genuine` says that its key was pasted as it is, `claim_sent` that its URL had a claim; `because` is the clause
    to name for whatever goes wrong. `asked_at` is the Unix second of its latest call.
    """

    token: str
    key: str = field(repr=False)
    web_id: str = ""
    state: str = "prepared"
    revoked: str = ""
    blocked: bool = False
    genuine: bool = False
    claim_sent: bool = False
    because: str = ""
    fault: ApiFault | None = None
    asked_at: int = 0


@dataclass(slots=True)
class CacheEntry:
    """An entry of the parameter cache: whose it is, and until when, in Unix seconds."""

    web_id: str
    token: str
    until: int
    used: bool = False


@dataclass(slots=True)
class Claim:
    """A claim: whose it is; `cache_id` is that of its activation, or empty for a service's; `fault` is answered to it.

    `order` says when the URL that carries it was signed, and which one it was among those of the same second.
    """

    web_id: str
    user_id: str
    made: int
    cache_id: str = ""
    fault: int = 0
    order: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class Popup:
    """The popup of one activation, step by step: `terms`, `mask`, `key`; what it shows is text.

    `open_finding` is that on the fault in it, which the frame's message will decide.
    """

    id: str
    web_id: str
    user_id: str
    step: str = "terms"
    url: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    cache_id: str = ""
    message: str = ""
    warning: str = ""
    fault: Fault | None = field(default=None, repr=False)
    open_finding: Finding | None = field(default=None, repr=False)


def registered(url: str, plain: Collection[str] = (), macros: tuple[str, ...] = ()) -> str:
    """onoffice:url.registered. Return a URL that a provider registers, or raise `ValueError`; A6, A9, A35, A44.

    `plain` are hosts that need no TLS; `macros` are those of its service, which the platform writes too. What could not be signed later is
    refused now.

    >>> registered("https://provider.example/activate?plan=gold+edition")
    'https://provider.example/activate?plan=gold+edition'
    >>> registered("https://provider.example/activate?userId=1")
    Traceback (most recent call last):
    ValueError: the name userId belongs to the platform
    """
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in plain
    if parts.scheme != "https" and not local:
        raise ValueError("the address has to begin with https://")
    if parts.port and not local:
        raise ValueError("the address must not have a port")
    if "@" in parts.netloc or "#" in url or not parts.path:
        raise ValueError("the address needs a path and has neither user info nor a fragment")
    if not url.isascii() or parts.netloc != parts.netloc.lower():
        raise ValueError("the host has to be lower-case ASCII")
    if not url.isprintable() or " " in url:
        raise ValueError("the address holds a blank or a control character")
    split_url(url)
    try:
        own = once(integers(names(query_pairs(parts.query, "onoffice:url.reserved"))))
    except Refused as refused:
        raise ValueError(f"the address has parameters that cannot be signed: {refused}") from None
    for name, _ in own:
        if name in RESERVED or name in macros:
            raise ValueError(f"the name {name} belongs to the platform")
    return url


def good_secret(secret: str) -> str:
    """onoffice:secret.policy. Return a provider secret, or raise `ValueError`; English page, Signature; A31.

    >>> good_secret("Example-Provider-Secret-1!")
    'Example-Provider-Secret-1!'
    """
    classes = {
        "an upper-case letter": any(c.isupper() for c in secret),
        "a lower-case letter": any(c.islower() for c in secret),
        "a digit": any(c.isdigit() for c in secret),
        "a special character": any(c in string.punctuation for c in secret),
        "24 characters": len(secret) >= 24,
    }
    if missing := [name for name, there in classes.items() if not there]:
        raise ValueError(f"the secret needs {' and '.join(missing)}")
    return secret
