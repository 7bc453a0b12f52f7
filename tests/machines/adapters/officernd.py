"""OfficeRnD: signed requests and the removal webhook; what its API issues is all that may be kept."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from handshakes.officernd.customer import Admin
from handshakes.runtime.store import Installation
from tests.machines.adapters.adapter import Adapter, Fact
from tests.machines.adapters.proofs import mac
from tests.machines.watching import Asked


class OfficeRnD(Adapter):
    name = "officernd"
    customers = tuple(f"5e000000000000000000000{number}" for number in (1, 2, 3))
    whole = ("connect", "healthcheck", "configure", "sync")
    taken = tuple((f"/officernd/{page}", 200) for page in ("healthcheck", "configure", "sync", "removed/"))
    issued = ("secret", "access_token", "webhook_secret")
    lasting = ("secret", "webhook_secret")
    most_rows = 3
    secrets = ("example-integration-secret", "another-integration-secret", "a-third-integration-secret")

    def step(self, both: Any, customer: str, step: str, fault: str) -> Any:
        integration = both.platform.integrations[customer]
        admin = type("One", (Admin,), {"_integration": integration})(both.platform, {})
        admin._connected = integration.state == "connected"
        return admin.take(step, fault) if step == "connect" or admin._connected else None

    def signed(self, asked: Asked, facts: set[Fact]) -> bool:
        request = asked.request
        if request.path.startswith("/officernd/removed/"):
            value = request.header("officernd-signature")
            secrets = [text for _, text in facts if len(text) < 200]
            messages = [request.body]
        else:
            pairs = parse_qsl(request.query, keep_blank_values=True)
            value, secrets = dict(pairs).get("signature", ""), [*self.secrets]
            pairs = [(name, text) for name, text in pairs if name != "signature"]
            bare = [(name, text.strip('"') if name == "organizationId" else text) for name, text in pairs]
            messages = [
                json.dumps(dict(some), separators=(",", ":"), ensure_ascii=False).encode()
                for some in (pairs, bare, [pair for pair in pairs if pair != ("memberId", "")])
            ]
        found = dict(piece.partition("=")[::2] for piece in value.split(","))
        when = found.get("t", "")
        if not when.isdigit() or not -60 <= asked.now - int(when) <= 300:
            return False
        return any(
            mac(secret, message + b"." + when.encode()) == found.get("signature")
            for secret in secrets
            for message in messages
        )

    def ends(self, asked: Asked, one: Installation) -> bool:
        return asked.request.path.startswith("/officernd/removed/")
