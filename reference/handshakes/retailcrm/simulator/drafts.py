"""A registration and an activity callback before they are written, so that a fault can change one thing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...core.messages import Request, form_body, split_url
from ...core.strict import URLENCODED
from ..signing import registration_token


@dataclass(frozen=True, slots=True)
class Draft:
    """A registration before it is written: where it goes, the key, the secret, the account's addresses.

    `foreign` are the addresses that a fault may name, by kind: the traps, and `another` account's.
    """

    register_url: str
    api_key: str
    secret: str
    system_url: str
    technical_url: str
    timeout: float
    foreign: Mapping[str, str] = field(default_factory=dict)

    def token(self, **changed: str) -> str:
        """Return the token, with `api_key` or `secret` changed."""
        settings = {"api_key": self.api_key, "secret": self.secret, **changed}
        return registration_token(settings["api_key"], secret=settings["secret"])

    def members(self, **changed: Any) -> dict[str, Any]:
        """retailcrm:register.contents. Return the three members, some changed; None drops one."""
        members = {"systemUrl": self.system_url, "apiKey": self.api_key, "token": self.token(), **changed}
        return {name: value for name, value in members.items() if value is not None}

    def text(self, **changed: Any) -> str:
        """Return the JSON text of the members, as PHP writes it, slashes unescaped."""
        return json.dumps(self.members(**changed), ensure_ascii=False, separators=(",", ":"))

    def request(self, fields: Any = None, **changed: Any) -> Request:
        """retailcrm:register.encoding. Return the POST of a form, by default with the one field `register`."""
        return self.post(form_body({"register": self.text(**changed)} if fields is None else fields))

    def post(self, body: bytes, content_type: str = URLENCODED, query: str = "") -> Request:
        """Return a POST to the register URL."""
        origin, target = split_url(self.register_url)
        target += (("&" if "?" in target else "?") + query) if query else ""
        return Request("POST", origin, target, (("content-type", content_type),), body, self.timeout)


@dataclass(frozen=True, slots=True)
class Callback:
    """An activity callback before it is written; `foreign` as in a `Draft`."""

    client_id: str
    system_url: str
    technical_url: str
    foreign: Mapping[str, str] = field(default_factory=dict)

    def fields(self, **changed: str | None) -> dict[str, str]:
        """retailcrm:activity.form. Return the fields, some changed; None drops one."""
        fields = {
            "clientId": self.client_id,
            "activity": '{"active":true,"freeze":false}',
            "systemUrl": self.system_url,
            **changed,
        }
        return {name: value for name, value in fields.items() if value is not None}


def multipart(fields: Mapping[str, str], boundary: str = "----------simulated") -> tuple[bytes, str]:
    """Return a multipart body and its content type, as the official PHP client of version 5 writes it."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return "".join([*parts, f"--{boundary}--\r\n"]).encode(), f"multipart/form-data; boundary={boundary}"
