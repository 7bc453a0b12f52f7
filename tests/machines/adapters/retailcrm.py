"""RetailCRM: the registration's token, and the `clientId` that `edit` told the CRM alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from handshakes.core.messages import Request, Response
from handshakes.retailcrm import demo
from handshakes.retailcrm.customer import User
from handshakes.runtime.store import Installation
from tests.machines.adapters.adapter import Adapter, Fact
from tests.machines.adapters.proofs import fields, mac, posted, read
from tests.machines.watching import Asked


class RetailCRM(Adapter):
    name = "retailcrm"
    customers = (demo.DEMO, demo.ANOTHER)
    whole = ("popup", "connect", "on", "visit")
    doubtful = ("technical-host",)
    """Of an account in use at its public host: a second row, which may not take the first's place."""
    taken = (("/retailcrm/account", 303), ("/retailcrm/register", 200), ("/retailcrm/activity", 200))
    lasting = ("api_key", "client_id", "session_key")
    most_rows = 6

    def step(self, both: Any, customer: str, step: str, fault: str) -> Any:
        platform = both.platform
        if fault and not platform.offers(self.known[fault], customer):
            return None
        return type("One", (User,), {"_account": platform.accounts[customer]})(platform, {}).take(step, fault)

    def facts(self, request: Request, response: Response) -> Iterator[Fact]:
        done = response.status in (200, 201) and read(response.body).get("success") is True
        if request.path.endswith("/edit") and done:
            module = read(fields(request.body).get("integrationModule", "").encode())
            yield "edited", request.origin, request.header("x-api-key"), str(module.get("clientId"))
            yield "client", str(module.get("clientId"))
        if request.path.endswith("/credentials") and response.status == 200:  # an account that moved
            yield "works", request.origin, request.header("x-api-key")

    def justified(self, facts: set[Fact], one: Installation) -> bool:
        key, client = one.credentials["api_key"], one.credentials["client_id"]
        edited = {fact[1] for fact in facts if fact[0] == "edited" and fact[2:] == (key, client)}
        place = one.details["systemUrl"]
        return place in edited or (bool(edited) and ("works", place, key) in facts)

    def accepted(self, asked: Asked) -> bool:
        """Return whether it was taken: the page with a redirect, a callback with a body that says so."""
        if asked.request.method != "POST" or asked.answer is None or not super().accepted(asked):
            return False
        return asked.answer.status == 303 or read(asked.answer.body).get("success") is True

    def signed(self, asked: Asked, facts: set[Fact]) -> bool:
        form = posted(asked.request)
        if asked.request.path != "/retailcrm/register":  # only the clientId, which edit told the CRM alone
            return ("client", form.get("clientId", "")) in facts
        members = read(form.get("register", "").encode())
        return mac("example-module-secret", str(members.get("apiKey"))) == members.get("token")

    def ends(self, asked: Asked, one: Installation) -> bool:
        """Return whether an account moved: its row is emptied for the one at its new address."""
        return asked.request.path == "/retailcrm/activity" and "systemUrl" in posted(asked.request)
