"""onOffice: signed URLs; a token is in use once a call with it succeeded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from handshakes.core.messages import Request, Response
from handshakes.onoffice import demo
from handshakes.runtime.store import Installation
from tests.machines.adapters.adapter import Adapter, Fact
from tests.machines.adapters.proofs import fields, mac, read
from tests.machines.watching import Asked


class OnOffice(Adapter):
    name = "onoffice"
    customers = (demo.FIRST, demo.SECOND)
    whole = ("activate", "service", "webhook")
    connecting = "activate"
    taken = (
        ("/onoffice/activate", 200),
        ("/onoffice/service", 200),
        ("/onoffice/service", 502),
        ("/onoffice/webhook", 200),
        ("/onoffice/webhook", 409),
    )
    lasting = ("token", "api_key")
    open = ("parameterCacheId",)
    most_rows = 6

    def step(self, both: Any, customer: str, step: str, fault: str) -> Any:
        platform = both.platform
        if step == "activate":
            return platform.activate(customer, demo.ADMINISTRATOR, fault)
        if platform.customers[customer].status != "active":
            return None
        if step == "block":
            platform.block(customer)
            return None
        service = demo.PLANS if step == "service" else demo.EXPORT
        return platform.serve(customer, demo.ADMINISTRATOR, service, fault)

    def facts(self, request: Request, response: Response) -> Iterator[Fact]:
        """Return the token with which a call succeeded: the API alone knows which key signs for it."""
        answer, call = read(response.body), read(request.body)
        codes = [read(json.dumps(answer.get("status")).encode()).get("errorcode")]
        results = (answer.get("response") or {}).get("results") or [{}] if isinstance(answer.get("response"), dict) else [{}]  # fmt: skip
        codes += [one.get("status", {}).get("errorcode") for one in results if isinstance(one, dict)]
        if codes and all(code == 0 for code in codes) and b"unlockProvider" in request.body:
            yield "unlocked", str(call.get("token"))

    def justified(self, facts: set[Fact], one: Installation) -> bool:
        return ("unlocked", one.credentials["token"]) in facts

    def covers(self, one: Installation) -> bool:
        return one.state == "active" and "token" in one.credentials

    def signed(self, asked: Asked, facts: set[Fact]) -> bool:
        values = fields(asked.request.query)
        right, when = values.pop("signature", ""), values.get("timestamp", "")
        query = urlencode(sorted(values.items())).replace("~", "%7E")  # as PHP's ksort and http_build_query
        message = f"{asked.request.origin}{asked.request.path}?{query}"
        in_time = when.isdigit() and -120 <= asked.now - int(when) <= 300
        return in_time and mac("Example-Provider-Secret-1!", message) == right

    def ends(self, asked: Asked, one: Installation) -> bool:
        """Return whether the API said that it does not know the user any more."""
        return asked.request.path == "/onoffice/service" and any(
            b"errorcode" in answer.body for _, answer in asked.calls
        )
