"""Fortis: the postbacks' key, the plain launch's HMAC, and whom the API names for an encrypted one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from handshakes.core.messages import Request, Response
from handshakes.fortis import demo
from handshakes.runtime.store import Installation
from tests.machines.adapters.adapter import Adapter, Fact
from tests.machines.adapters.proofs import fields, mac, opened, read, texts
from tests.machines.watching import Asked


class Fortis(Adapter):
    name = "fortis"
    customers = (f"{demo.LOCATION} {demo.USER}", f"{demo.OTHER_LOCATION} {demo.OTHER_USER}")
    whole = ("register-location", "register-user", "open", "consent")
    settings = (("mode", "encrypted"),)
    connecting = "open"
    taken = (("/fortis/launch", 303), ("/fortis/location", 204), ("/fortis/user", 204))
    most_rows = 12
    lasting = ("session_key",)

    def step(self, both: Any, customer: str, step: str, fault: str) -> Any:
        platform = both.platform
        location, user = customer.split()
        verb, _, kind = step.partition("-")
        if verb in ("register", "unregister"):
            who = user if kind == "user" else ""
            more = (fault,) if verb == "register" else ()
            return getattr(platform, verb)(demo.TITLE, location, who, *more)
        if not {(demo.TITLE, location, ""), (demo.TITLE, location, user)} <= platform.registered:
            return None
        both.clock.advance(1)  # two equal plain launches of one second are one
        if step == "consent":
            return platform.consent(demo.TITLE, location, user, fault)
        return platform.launch(demo.TITLE, location, user, fault=fault)

    def facts(self, request: Request, response: Response) -> Iterator[Fact]:
        if request.path == "/v2/users/me" and response.status == 200:
            for text in texts(read(response.body)):
                yield "me", text

    def covers(self, one: Installation) -> bool:
        return one.state == "active" and one.details.get("kind") == "user"

    def justified(self, facts: set[Fact], one: Installation) -> bool:
        return ("me", one.details["userId"]) in facts

    def signed(self, asked: Asked, facts: set[Fact]) -> bool:
        values = fields(asked.request.query)
        if asked.request.path != "/fortis/launch":
            return values.get("key") == "example-postback-key"
        if ("mode", "encrypted") in self.settings:
            return self.answered_for(asked, values.get("data", ""))
        location, when = values.get("location_id", ""), values.get("timestamp", "")
        right = mac("example-app-secret", location + when) == values.get("hmac")
        return right and when.isdigit() and -60 <= asked.now - int(when) <= 300

    def ends(self, asked: Asked, one: Installation) -> bool:
        return asked.request.method == "DELETE"

    def answered_for(self, asked: Asked, data: str) -> bool:
        """Return whether the API said who it is, since nothing is signed; without a token, or where its template was not filled, it is nobody."""
        held = read(opened(data, "example-app-secret"))
        nobody = bool(held) and (held.get("access-token") or "{{")[:2] == "{{"
        asks = any(call.path == "/v2/users/me" and answer.status == 200 for call, answer in asked.calls)
        return asks or nobody


class FortisPlain(Fortis):
    settings = (("mode", "plain"),)
