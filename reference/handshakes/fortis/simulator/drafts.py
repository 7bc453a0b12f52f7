"""Launches and postbacks before they are sent: what the platform writes, and what a fault may change of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ...core.messages import Request, split_url
from ..encryption import encrypt_parameters, sealed
from ..rules import Readings
from ..signing import launch_hmac
from .records import App, Contact, Location, Settings, User
from .templates import filled

_AS_BROWSERS_SEND = "!#$%&'()*+,/:;=?@[]~{}|"


@dataclass(frozen=True, slots=True)
class Draft:
    """One opening of the app before its address is written: who, with which token, viewing whom, when.

    `second` is the time that a plain launch carries, `now` that of the clock: two launches of one user in one
    second would be one and the same address (S08), so the second of them is dated back.
    """

    app: App
    settings: Settings
    location: Location
    user: User
    another: User
    token: str | None = field(repr=False)
    contact: Contact | None
    now: int
    second: int
    salt: bytes

    def values(self, **changed: Any) -> dict[str, Any]:
        """fortis:encrypted.members, fortis:encrypted.conditional. Return the documented values, some changed; None is absent."""
        contact = self.contact
        values: dict[str, Any] = {
            "location_id": self.location.id,
            "user_id": self.user.id,
            "access-token": self.token,
            "contact_id": contact.id if contact else None,
            "contact_api_id": contact.contact_api_id if contact else None,
            "user_oauth_url": self.settings.api_origin,
        }
        return values | {name.replace("access_token", "access-token"): v for name, v in changed.items()}

    def url(self, **changed: Any) -> str:
        """Return the address in the app's mode, some values changed."""
        if self.app.encrypt_url_params:
            return self.with_data(self.data(**changed))
        return self.plain(**changed)

    # --- encrypted mode -----------------------------------------------------------------------------

    def data(self, *, secret: str | None = None, readings: Readings | None = None, **changed: Any) -> str:
        """fortis:encrypted.format. Return the value of `data`, some values, the secret or a stage changed."""
        secret = self.app.secret if secret is None else secret
        return encrypt_parameters(self.values(**changed), secret=secret, salt=self.salt, readings=readings)

    def text(self, **changed: Any) -> str:
        """Return the plaintext as the platform writes it; None is written as null here."""
        values = {k: v for k, v in self.values(**changed).items() if v is not None or k in changed}
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    def of_text(self, text: str | bytes) -> str:
        """Return the address whose `data` holds any plaintext."""
        plain = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        return self.with_data(sealed(plain, secret=self.app.secret, salt=self.salt))

    def with_data(self, data: str, *, escaped: bool = True) -> str:
        """fortis:encrypted.data, fortis:encrypted.query. Return the address with a value of `data`, percent-encoded; A38."""
        template = self.app.iframe_url
        if not self.settings.kept_query:
            template = template.partition("?")[0]
        url = filled(template, self.placeholders(self.values()), absent="omitted")
        return f"{url}{'&' if '?' in url else '?'}data={quote(data, safe='') if escaped else data}"

    # --- plain mode ---------------------------------------------------------------------------------

    def plain(
        self, *, timestamp: str = "", hmac: str = "", signed: str = "", secret: str = "", **changed: Any
    ) -> str:
        """fortis:plain.parameters, fortis:plain.names. Return the address in plain mode.

        `signed` is a location id that is signed instead of the one that is sent.
        """
        values = self.values(**changed)
        timestamp = timestamp or str(self.second)
        made = hmac or launch_hmac(
            signed or values["location_id"], timestamp, secret=secret or self.app.secret
        )
        front = f"location_id={values['location_id']}&timestamp={timestamp}&hmac={made}"
        base, _, query = self.app.iframe_url.partition("?")
        rest = filled(
            f"?{query}", self.placeholders(values), raw=self.settings.raw, absent=self.settings.absent
        ).lstrip("?")
        return as_sent(f"{base}?{front}" + (f"&{rest}" if rest else ""))

    def placeholders(self, values: Mapping[str, Any]) -> dict[str, str | None]:
        """fortis:plain.placeholders. Return the values by the names of the iframe's placeholders; A03, A04."""
        names = {name.replace("_", "-"): name for name in values if name != "location_id"}
        return {name: None if values[key] is None else str(values[key]) for name, key in names.items()}


def as_sent(url: str) -> str:
    """Return an address as a browser or client sends it: no line ends, no fragment, nothing outside ASCII.

    >>> as_sent("https://a.example/?x=1 2\\r\\n#&y=3")
    'https://a.example/?x=1%202'
    """
    text = url.replace("\r", "").replace("\n", "").replace("\t", "").partition("#")[0]
    return quote(text, safe=_AS_BROWSERS_SEND)


def postback(
    method: str, template: str, settings: Settings, location: Location, user: User | None = None
) -> Request:
    """fortis:location.register, fortis:user.register. Return a registration postback: the filled template, no body; A07.

    A null value is sent as an empty text (A16, `fortis:postback.null`).
    """
    values: dict[str, str | None] = {
        "location.id": location.id,
        "location.account_number": location.account_number,
        "location.location_api_id": location.location_api_id,
    }
    if user:
        values |= {
            "user.id": user.id,
            "user.username": user.username,
            "user.email": user.email,
            "user.domain.url": user.domain.url,
        }
    origin, target = split_url(as_sent(filled(template, values, raw=settings.raw)))
    body = settings.postback_body.encode()
    headers = (("content-type", "application/x-www-form-urlencoded"),) if body else ()
    return Request(method, origin, target, headers, body)
