"""RetailCRM's one signature, pure: a registration in, a verified view out.

The CRM posts one form field `register` that holds a JSON text with an API key, a token and the CRM's
URL. The token is the HMAC-SHA256 of the API key alone, keyed with the secret of the module card, in
lower-case hex (page, Module connection request):

>>> registration_token("example-api-key", secret="example-module-secret")[:8]
'1d1586a2'

So the token says that the sender knows the secret and this key, and nothing else. The URL is not
covered, nor is there a time: a captured registration holds as long as the key (S1), and the same
token fits any URL (S2). That is why `canonical_system_url` with its list of allowed hosts belongs to
verifying. Checks come in the order syntax, authenticity; the URL is policy and comes last.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import NamedTuple

from ..core.origins import allowed_origin
from ..core.refusals import Refused
from ..core.stages import Stage
from ..core.strict import URLENCODED, Pairs, of_type
from .rules import Readings, rules

OFFICIAL_ORIGINS = tuple(
    f"https://*.{domain}"
    for domain in (
        "retailcrm.ru", "retailcrm.pro", "retailcrm.es", "retailcrm.io",
        "simla.com", "simla.io", "simlachat.com", "ecomlogic.com",
    )
)  # fmt: skip
"""The hosts of hosted accounts, one label below an official domain (S2). Own boxes are configuration."""


class Registration(NamedTuple):
    """A verified registration. Only the API key is covered by the token; the system URL is whatever was sent.

    `parameters` are the API key and the system URL in the order received. Members that no document
    knows are ignored. The representation shows no key.
    """

    api_key: str
    system_url: str
    parameters: Pairs
    covered: tuple[str, ...] = ("apiKey",)
    not_covered: tuple[str, ...] = ("systemUrl",)

    def __repr__(self) -> str:
        known = f"covered={self.covered}, not_covered={self.not_covered}"
        return f"Registration(system_url={self.system_url!r}, {known})"


def registration_token(api_key: str, *, secret: str, readings: Readings | None = None) -> str:
    """retailcrm:token.value. Return the token of an API key: 64 lower-case hex digits.

    Raises `Refused`: `empty-secret`, `empty-parameter`, `wrong-type`, `malformed`. Source: page,
    Module connection request; api-client-php, TokenCreator.

    >>> registration_token("api_key", secret="secret")[-6:]
    'a25bb1'
    """
    rule = rules(readings)
    of_type(api_key, str, "retailcrm:token.message", "apiKey")
    key = rule.key(secret, "retailcrm:token.key")
    if not api_key:
        raise Refused("empty-parameter", "retailcrm:token.message", {"name": "apiKey"})
    return rule.mac(key, _message(api_key)).hex()


def verify_registration(
    body: bytes, *, secret: str, content_type: str = URLENCODED, readings: Readings | None = None
) -> Registration:
    """retailcrm:token.verify. Return what a registration's raw body says, and which of it the token covers.

    `body` is at most 65,536 bytes of form. Raises `Refused`: the reasons of syntax, then
    `signature-mismatch`. Source: page, Module connection request; official code.

    >>> verify_registration(
    ...     b"register=%7B%22apiKey%22%3A%22api_key%22%2C%22systemUrl%22%3A%22https%3A%2F%2Fdemo.simla.com"
    ...     b"%22%2C%22token%22%3A%22016ab397889c59a1f61a07d69857880a0d867aa1b0edb1014971757cf7a25bb1%22%7D",
    ...     secret="secret")
    Registration(system_url='https://demo.simla.com', covered=('apiKey',), not_covered=('systemUrl',))
    """
    rule = rules(readings)
    of_type(body, bytes, "retailcrm:register.encoding", "body")
    of_type(content_type, str, "retailcrm:register.encoding", "content_type")
    key = rule.key(secret, "retailcrm:token.key")
    values = rule.texts(rule.members(rule.form(body, content_type)))
    received = rule.digest(values["token"])
    message = _message(values["apiKey"])
    if not hmac.compare_digest(rule.mac(key, message), received):
        stages = registration_stages(body, content_type=content_type, readings=readings)
        raise Refused("signature-mismatch", "retailcrm:token.verify", stage="message", stages=stages)
    del values["token"]
    return Registration(values["apiKey"], values["systemUrl"], tuple(values.items()))


def canonical_system_url(url: str, *, allowed: Iterable[str] = OFFICIAL_ORIGINS) -> str:
    """retailcrm:system-url.canonical. Return the origin of a CRM account that is on the list.

    The host is lower case, slashes at the end are dropped. Any other path, a query, a fragment, user
    info is refused, and so is any written port, the default one too, unless `allowed` holds exactly
    that origin. Raises `Refused`: `malformed`, `not-allowed`, `wrong-type`. Source: mg-transport-core,
    validator.go; A10, S2.

    >>> canonical_system_url("https://Demo.simla.com//")
    'https://demo.simla.com'
    """
    of_type(url, str, "retailcrm:system-url.canonical", "url")
    if isinstance(allowed, str):  # its letters would be the entries
        evidence = {"allowed": "str", "expected": "several origins"}
        raise Refused("wrong-type", "retailcrm:system-url.allowed", evidence)
    return allowed_origin(url, allowed, "retailcrm:system-url.allowed", "retailcrm:system-url.parts")


def registration_stages(
    body: bytes, *, content_type: str = URLENCODED, readings: Readings | None = None
) -> tuple[Stage, ...]:
    """Return the stages of a registration: register, members, message; both hold the API key, a credential.

    >>> registration_stages(
    ...     b'register={"apiKey":"example-api-key","token":"0","systemUrl":"https://demo.simla.com"}')[-1]
    <Stage message: example-api-key (15 bytes)>
    """
    rule = rules(readings)
    text = rule.form(body, content_type)
    values = rule.texts(rule.members(text))
    return (
        Stage("register", text, credential=True),
        Stage("members", " ".join(values).encode()),
        Stage("message", _message(values["apiKey"]), credential=True),
    )


def _message(api_key: str) -> bytes:
    """retailcrm:token.message. Return the API key's UTF-8 bytes, which are the whole message; no NUL (A8)."""
    if "\0" in api_key:
        raise Refused("malformed", "retailcrm:token.nul", {"apiKey": "holds a NUL"})
    try:
        return api_key.encode()
    except UnicodeEncodeError:
        raise Refused("malformed", "retailcrm:token.message", {"apiKey": "is not valid Unicode"}) from None
