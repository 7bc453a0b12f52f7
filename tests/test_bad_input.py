"""Bad input, one test over every route of both sides: a clear refusal, nothing changed, nothing told.

A route is written down once, with an honest request and the parameters that it cannot do without. The
kinds of bad input are made from that request by changing one thing. Until a signature has verified,
every failure of an endpoint looks the same from outside (the rule of uniform answers).
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import pytest

from handshakes.core.messages import Request, Response
from handshakes.officernd import sign_query, sign_webhook
from handshakes.onoffice import api_hmac
from handshakes.onoffice.simulator.faults import URL_FAULTS
from handshakes.retailcrm import registration_token
from handshakes.runtime.browser import Browser
from handshakes.runtime.client import Loopback
from tests.officernd.sides import NOW, Both, sides
from tests.onoffice.sides import ADMIN, FIRST, PLANS
from tests.onoffice.sides import Both as Office
from tests.onoffice.sides import activated as office_activated
from tests.retailcrm.sides import CODE, DEMO
from tests.retailcrm.sides import Both as Crm
from tests.retailcrm.sides import connected as crm_connected

PARTNER, APP = "https://partner.example", "https://app.officernd.com"
IDENTITY = "https://identity.officernd.com"
CONNECT = PARTNER + "/officernd/connect"
RETURN = APP + "/connect/external-integration/return"
FORM = ("content-type", "application/x-www-form-urlencoded")
JSON = ("content-type", "application/json")
ID = "5e0000000000000000000001"
INSTALLATION = f"5b0000000000000000000001/{ID}"
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")

SIGNED = [
    ("slug", "test-slug"),
    ("locations", ""),
    ("organizationId", "5b0000000000000000000001"),
    ("memberId", "5c0000000000000000000001"),
]
GRANT = {"response_type": "code", "client_id": "example-client-id", "redirect_uri": CONNECT}
REMOVAL = {"eventType": "integration.removed", "data": {"object": {"_id": ID}}}
WEBHOOK = {"url": "https://partner.example/hook", "eventTypes": ["integration.removed"]}


def connected() -> Both:
    """Return both sides after every integration was connected."""
    both = sides()
    for id in both.platform.integrations:
        both.network.run(Browser().open(both.platform.connect_url(id)))
    assert both.reports == []
    assert {one.state for one in both.platform.integrations.values()} == {"connected"}
    return both


def installation(both: Both):
    return both.store.get("officernd", INSTALLATION)


def get(origin: str, path: str, pairs: Any = ()) -> Request:
    return Request("GET", origin, path + ("?" + urlencode(pairs) if pairs else ""))


def post(origin: str, path: str, fields: dict[str, str]) -> Request:
    return Request("POST", origin, path, (FORM, ("origin", origin)), urlencode(fields).encode())


def signed(path: str) -> Callable[[Both], Request]:
    value = sign_query(SIGNED, secret="example-integration-secret", timestamp=NOW)
    return lambda both: get(PARTNER, path, [*SIGNED, ("signature", value)])


def connect(both: Both) -> Request:
    integration = both.platform.integrations[ID]
    code = both.platform.issue_code(integration, CONNECT)
    values = {"code": code, "org_slug": "test-slug", "locations": "", "integrationId": ID}
    return get(PARTNER, "/officernd/connect", values)


def settings(both: Both) -> Request:
    """Return the form of the configuration page, as a browser sends it."""
    shown = both.network.exchange("browser", signed("/officernd/configure")(both)).body.decode()
    token = re.search(r'name="token" value="([^"]+)"', shown)
    assert token
    fields = {"installation": INSTALLATION, "token": token[1], "synced": "members"}
    return post(PARTNER, "/officernd/settings", fields)


def removal(both: Both, body: bytes | None = None) -> Request:
    """Return the webhook with a right signature, whatever its body is."""
    body = json.dumps(REMOVAL).encode() if body is None else body
    header = sign_webhook(body, secret=installation(both).credentials["webhook_secret"], timestamp=NOW)
    target = f"/officernd/removed/{INSTALLATION}"
    return Request("POST", PARTNER, target, (JSON, ("officernd-signature", header)), body)


def token(both: Both) -> Request:
    code = both.platform.issue_code(both.platform.integrations[ID], CONNECT)
    client = {"client_id": "example-client-id", "client_secret": "example-client-secret"}
    fields = {**client, "grant_type": "authorization_code", "code": code, "redirect_uri": CONNECT}
    return post(IDENTITY, "/oauth/token", fields)


def api(method: str, rest: str, body: Any = None) -> Callable[[Both], Request]:
    def request(both: Both) -> Request:
        bearer = ("authorization", f"Bearer {installation(both).credentials['access_token']}")
        target = "/api/v1/organizations/test-slug" + rest
        hook = next(iter(both.platform.webhooks))
        sent = b"" if body is None else json.dumps(body).encode()
        headers = (bearer, JSON) if sent else (bearer,)
        return Request(method, APP, target.replace("{hook}", hook), headers, sent)

    return request


@dataclass(frozen=True)
class Route:
    """An honest request, where its parameters stand, and which of them have to be there."""

    honest: Callable[[Both], Request]
    carrier: str = ""
    needs: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("GET",)
    side: str = "officernd"

    @property
    def limit(self) -> int:
        """How long a query or form may be."""
        return 8_192 if self.side == "officernd" and self.carrier != "form" else 65_536


STEPS = ("connect", "healthcheck", "configure", "sync", "remove")
SIGNATURE = ("slug", "organizationId", "memberId", "signature")
ROUTES: dict[str, Route] = {
    "/officernd/start": Route(lambda both: get(PARTNER, "/officernd/start")),
    "/officernd/result": Route(lambda both: get(PARTNER, "/officernd/result")),
    "/officernd/connect": Route(connect, "query", ("code", "org_slug", "integrationId")),
    "/officernd/healthcheck": Route(signed("/officernd/healthcheck"), "query", SIGNATURE),
    "/officernd/configure": Route(signed("/officernd/configure"), "query", SIGNATURE),
    "/officernd/settings": Route(settings, "form", ("installation", "token", "synced"), ("POST",)),
    "/officernd/sync": Route(signed("/officernd/sync"), "query", SIGNATURE),
    "/officernd/removed/": Route(removal, "signed json", ("eventType",), ("POST",)),
    "/oauth/token": Route(
        token, "form", ("client_id", "client_secret", "grant_type", "code", "redirect_uri"), ("POST",)
    ),
    "/oauth/authorize": Route(
        lambda both: get(IDENTITY, "/oauth/authorize", GRANT), "query", tuple(GRANT), ("GET", "POST")
    ),
    "/oauth/authorize by form": Route(
        lambda both: post(IDENTITY, "/oauth/authorize", {**GRANT, "integration": ID, "decision": "allow"}),
        "form",
        (*GRANT, "integration", "decision"),
        ("GET", "POST"),
    ),
    "/connect/external-integration/return": Route(
        lambda both: get(APP, "/connect/external-integration/return")
    ),
    "/simulator": Route(lambda both: get(APP, "/simulator")),
    **{
        f"/simulator/{step}": Route(
            lambda both, step=step: post(APP, f"/simulator/{step}", {"integration": ID, "fault": ""}),
            "form",
            ("integration",),
            ("POST",),
        )
        for step in STEPS
    },
    "/api organisation": Route(api("GET", "")),
    "/api integration": Route(
        api("GET", f"/integrations/{ID}?appClientId=example-client-id"), "query", ("appClientId",)
    ),
    "/api locations": Route(api("GET", "/locations")),
    "/api webhooks": Route(api("GET", "/webhooks"), methods=("GET", "POST")),
    "/api webhook made": Route(
        api("POST", "/webhooks", WEBHOOK), "json", ("url", "eventTypes"), ("GET", "POST")
    ),
    "/api webhook deleted": Route(api("DELETE", "/webhooks/{hook}"), methods=("DELETE",)),
}
MODULE = "https://module.example"
MEMBERS = ("apiKey", "systemUrl", "token")
ACTIVITY = {"active": True, "freeze": False}
CRM_STEPS = ("popup", "connect", "on", "off", "freeze", "visit")


def crm_key(both: Crm) -> str:
    """Return a key that the CRM issued, as it does before it registers."""
    return both.platform.issue_key(
        both.platform.accounts[DEMO], CODE, ("integration_read", "integration_write")
    )


def members_of(both: Crm) -> dict[str, str]:
    key = crm_key(both)
    token = registration_token(key, secret="example-module-secret")
    return {"apiKey": key, "systemUrl": DEMO, "token": token}


def client_id(both: Crm) -> str:
    return both.installation().credentials["client_id"]


def crm_api(method: str, rest: str, fields: Callable[[Crm], dict[str, str]] | None = None):
    def request(both: Crm) -> Request:
        key = ("x-api-key", both.installation().credentials["api_key"])
        if fields is None:
            return Request(method, DEMO, rest, (key,))
        return Request(method, DEMO, rest, (FORM, key), urlencode(fields(both)).encode())

    return request


def described(both: Crm) -> dict[str, str]:
    return both.partner.edit_fields(both.partner.description(both.installation()))


def callback(both: Crm) -> dict[str, str]:
    return {"clientId": client_id(both), "activity": json.dumps(ACTIVITY), "systemUrl": DEMO}


INSTANCE = f"/api/v5/integration-modules/{CODE}"
CRM_ROUTES: dict[str, Route] = {
    "/retailcrm/config": Route(lambda both: get(MODULE, "/retailcrm/config")),
    "/retailcrm/register": Route(
        lambda both: post(MODULE, "/retailcrm/register", {"register": json.dumps(members_of(both))}),
        "form",
        ("register",),
        ("POST",),
    ),
    "/retailcrm/account": Route(
        lambda both: post(MODULE, "/retailcrm/account", {"clientId": client_id(both)}),
        "form",
        ("clientId",),
        ("GET", "POST"),
    ),
    "/retailcrm/activity": Route(
        lambda both: post(MODULE, "/retailcrm/activity", callback(both)),
        "form",
        ("clientId", "activity"),
        ("POST",),
    ),
    "crm /simulator": Route(lambda both: get(DEMO, "/simulator")),
    **{
        f"crm /simulator/{step}": Route(
            lambda both, step=step: post(DEMO, f"/simulator/{step}", {"code": CODE, "fault": ""}),
            "form",
            ("code",),
            ("POST",),
        )
        for step in CRM_STEPS
    },
    "crm /api edit": Route(
        crm_api("POST", INSTANCE + "/edit", described), "form", ("integrationModule",), ("POST",)
    ),
    "crm /api update-scopes": Route(
        crm_api(
            "POST", INSTANCE + "/update-scopes", lambda both: {"requires": '{"scopes":["integration_write"]}'}
        ),
        "form",
        ("requires",),
        ("POST",),
    ),
    "crm /api module": Route(crm_api("GET", INSTANCE)),
    "crm /api credentials": Route(crm_api("GET", "/api/credentials")),
    "crm /api system-info": Route(crm_api("GET", "/api/system-info")),
    "crm /api api-versions": Route(crm_api("GET", "/api/api-versions")),
}
ROUTES |= {name: replace(route, side="retailcrm") for name, route in CRM_ROUTES.items()}
PROVIDER, MARKETPLACE = "https://provider.example", "https://smart.onoffice.de"
OFFICE_API = "https://api.onoffice.de"
ACTIVATION = (
    "apiToken",
    "customerName",
    "customerWebId",
    "userId",
    "parameterCacheId",
    "timestamp",
    "signature",
)
SERVED = ("apiClaim", "customerWebId", "userId", "timestamp", "signature")
OFFICE_FORMS = {
    "open": {"customer": FIRST, "user": ADMIN},
    "confirm": {"popup": "", "terms": "yes", "data_processing": "yes"},
    "rights": {"popup": "", "rights": "all"},
    "message": {"popup": "", "text": "active"},
    "service": {"customer": FIRST, "user": ADMIN, "service": PLANS},
    "block": {"customer": FIRST},
    "secret": {"secret": "Another-Provider-Secret-2!"},
}


def office_popup(both: Office, mask: bool = True):
    """Return a popup of an activation, as another administrator has it open."""
    popup = both.platform.open_popup(FIRST, ADMIN, again=True)
    if mask:
        both.platform.confirm(popup, terms=True, data_processing=True)
    return popup


def office_url(service: str = "") -> Callable[[Office], Request]:
    def request(both: Office) -> Request:
        url = both.platform.service_url(FIRST, ADMIN, service) if service else office_popup(both).url
        return Request("GET", PROVIDER, url.removeprefix(PROVIDER))

    return request


def office_unlock(both: Office) -> Request:
    popup = office_popup(both)
    loaded = both.network.exchange("browser", Request("GET", PROVIDER, popup.url.removeprefix(PROVIDER)))
    ticket = re.search(rb'name="ticket" value="(\w+)"', loaded.body)[1].decode()
    key = both.platform.choose(popup, "all")
    fields = {"ticket": ticket, "secret": key, "privacy": "yes"}
    return post(PROVIDER, "/onoffice/unlock", fields)


def office_form(step: str) -> Callable[[Office], Request]:
    def request(both: Office) -> Request:
        if step == "open":
            both.platform.customers[FIRST].status = "inactive"
        fields = OFFICE_FORMS[step]
        if "popup" in fields:
            fields = {**fields, "popup": office_popup(both, step != "confirm").id}
        return post(MARKETPLACE, f"/simulator/{step}", fields)

    return request


def office_api(both: Office) -> Request:
    """Return a read of the property, with the claim of a service call."""
    user = both.platform.api_users[both.platform.customers[FIRST].token]
    action = {
        "actionid": "urn:onoffice-de-ns:smart:2.5:smartml:action:read", "resourceid": f"{FIRST}1", "resourcetype": "estate",
        "identifier": "", "timestamp": both.clock(), "hmac_version": 2,
        "parameters": {"extendedclaim": both.platform.claim(FIRST, ADMIN)},
    }  # fmt: skip
    action["hmac"] = api_hmac(
        token=user.token,
        api_key=user.key,
        timestamp=both.clock(),
        resource_type="estate",
        action_id=action["actionid"],
    )
    body = json.dumps({"token": user.token, "request": {"actions": [action]}}).encode()
    return Request("POST", OFFICE_API, "/api/stable/api.php", (JSON,), body)


OFFICE_ROUTES: dict[str, Route] = {
    "/onoffice/activate": Route(office_url(), "query", ACTIVATION),
    "/onoffice/activate.js": Route(lambda both: get(PROVIDER, "/onoffice/activate.js")),
    "/onoffice/unlock": Route(office_unlock, "form", ("ticket", "secret", "privacy"), ("POST",)),
    "/onoffice/service": Route(office_url(PLANS), "query", SERVED),
    "/onoffice/webhook": Route(office_url("export"), "query", SERVED),
    "office /simulator": Route(lambda both: get(MARKETPLACE, "/simulator")),
    "office /simulator/popup.js": Route(lambda both: get(MARKETPLACE, "/simulator/popup.js")),
    **{
        f"office /simulator/{step}": Route(
            office_form(step), "form", tuple(n for n in fields if n != "text"), ("POST",)
        )
        for step, fields in OFFICE_FORMS.items()
        if step not in ("open", "block", "secret")
    },
    "office /api": Route(office_api, "office json", ("token", "request"), ("POST",)),
}
ROUTES |= {name: replace(route, side="onoffice") for name, route in OFFICE_ROUTES.items()}
MAKE: dict[str, Callable[[], Any]] = {
    "officernd": connected,
    "retailcrm": crm_connected,
    "onoffice": office_activated,
}
UNIFORM = ("/officernd/healthcheck", "/officernd/configure", "/officernd/sync", "/officernd/removed/")


def test_every_endpoint_of_the_partner_is_a_route():
    both = sides()
    endpoints = both.partner.endpoints()
    assert {path for path in ROUTES if path.startswith("/officernd/")} == set(endpoints)
    assert {path: ROUTES[path].methods for path in endpoints} == {
        path: tuple(steps) for path, steps in endpoints.items()
    }


def test_every_endpoint_of_the_module_is_a_route():
    endpoints = crm_connected().partner.endpoints()
    assert {path for path in ROUTES if path.startswith("/retailcrm/")} == set(endpoints)
    assert {path: ROUTES[path].methods for path in endpoints} == {
        path: tuple(steps) for path, steps in endpoints.items()
    }


def test_every_endpoint_of_the_provider_is_a_route():
    endpoints = office_activated().partner.endpoints()
    assert {path for path in ROUTES if path.startswith("/onoffice/")} == set(endpoints)
    assert {path: ROUTES[path].methods for path in endpoints} == {
        path: tuple(steps) for path, steps in endpoints.items()
    }


@pytest.mark.parametrize("name", ROUTES)
def test_the_honest_request_is_accepted(name):
    """Without it, the refusals below would prove nothing."""
    both = MAKE[ROUTES[name].side]()
    request = ROUTES[name].honest(both)
    response = both.network.exchange("test", request)
    assert response.status < 400, response.body
    assert "error=" not in response.header("location")
    if name != "/simulator/remove":  # after it, the platform sees that its requests are refused
        assert both.reports == []


# --- the kinds ------------------------------------------------------------------------------------

Change = Callable[[Both, Request], Request]


def edit(carrier: str, change: Callable[[str], str]) -> Change:
    """Return the change of a query or form, on its text as it travels."""

    def changed(both: Both, request: Request) -> Request:
        if carrier == "query":
            return replace(request, target=f"{request.path}?{change(request.query)}")
        return replace(request, body=change(request.body.decode()).encode("latin-1"))

    return changed


def without(text: str, name: str) -> str:
    return "&".join(piece for piece in text.split("&") if piece.partition("=")[0] != name)


def pairs_kinds(route: Route) -> Iterator[tuple[str, Change]]:
    """Yield what can be wrong with a query or a form."""
    for name in route.needs:
        yield f"missing {name}", edit(route.carrier, lambda text, n=name: without(text, n))
        yield f"empty {name}", edit(route.carrier, lambda text, n=name: f"{without(text, n)}&{n}=")
        yield f"valueless {name}", edit(route.carrier, lambda text, n=name: f"{without(text, n)}&{n}")
        yield (
            f"doubled {name}",
            edit(
                route.carrier,
                lambda text, n=name: text + "&" + next(p for p in text.split("&") if p.startswith(n + "=")),
            ),
        )
        yield f"doubled {name}, differing", edit(route.carrier, lambda text, n=name: f"{text}&{n}=other")
        long = "x" * (route.limit + 1)
        for what, bytes_ in (("not UTF-8", "%FF"), ("a broken escape", "%4"), ("over-long", long)):
            yield (
                f"{what}: {name}",
                edit(route.carrier, lambda text, n=name, b=bytes_: f"{without(text, n)}&{n}={b}"),
            )
        other = f"{name}%5B%5D"
        yield (
            f"an array: {name}",
            edit(route.carrier, lambda text, n=name, o=other: f"{without(text, n)}&{o}=1"),
        )
    for what, more in (
        ("a name that is not UTF-8", "%FF=1"),
        ("a broken escape in a name", "%=1"),
        ("an over-long name", "x" * (route.limit + 1) + "=1"),
        ("201 parameters", "&".join(f"p{i}=1" for i in range(201))),
    ):
        yield what, edit(route.carrier, lambda text, m=more: f"{text}&{m}")
    yield "nothing at all", edit(route.carrier, lambda text: "")
    if route.carrier == "form":
        yield "raw bytes outside ASCII", lambda both, r: replace(r, body=r.body + b"&x=\xff\xfe")
        yield "wrong content type", lambda both, r: replace(r, headers=(JSON, *r.headers[1:]))
        yield (
            "plain text",
            lambda both, r: replace(r, headers=(("content-type", "text/plain"), *r.headers[1:])),
        )


def bodies(honest: dict[str, Any], needs: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield JSON texts that are wrong in one way."""
    text = json.dumps(honest)
    yield "no body", b""
    yield "truncated", text[:-1].encode()
    yield "truncated in a text", text[: text.index('"', 2)].encode()
    yield "followed by more", (text + "}").encode()
    yield "deeply nested", b'{"a":' * 20_000 + b"1" + b"}" * 20_000
    yield "600 levels", b'{"a":' * 600 + b"1" + b"}" * 600
    yield "deeply nested, without an end", b"[" * 500_000
    yield "not UTF-8", text.encode().replace(b"i", b"\xff", 1)
    yield "UTF-16", text.encode("utf-16")
    yield "a lone surrogate", text.replace("{", r'{"x": "\ud800", ', 1).encode()
    yield "NaN", text.replace("{", '{"x": NaN, ', 1).encode()
    yield "a huge number", text.replace("{", '{"x": ' + "1" * 5_000 + ", ", 1).encode()
    yield "a form", urlencode(dict.fromkeys(needs, "x")).encode()
    for what, value in (("an array", []), ("a text", "x"), ("a number", 1), ("null", None), ("true", True)):
        yield what, json.dumps(value).encode()
    for name in needs:
        rest = {key: value for key, value in honest.items() if key != name}
        yield f"missing {name}", json.dumps(rest).encode()
        first = json.dumps({name: honest[name]})[1:-1]
        yield f"doubled {name}", text.replace("{", "{" + first + ", ", 1).encode()
        yield f"doubled {name}, differing", text.replace("{", f'{{"{name}": "other", ', 1).encode()
        for what, value in (
            ("empty", ""), ("null", None), ("a number", 1), ("an object", {}), ("an array of numbers", [1]),
        ):  # fmt: skip
            yield f"{name} is {what}", json.dumps({**rest, name: value}).encode()


def kinds(route: Route) -> Iterator[tuple[str, Change]]:
    """Yield every kind of bad input that applies to a route."""
    for method in METHODS:
        if method not in route.methods:
            yield f"method {method}", lambda both, r, m=method: replace(r, method=m)
    if route.carrier in ("query", "form"):
        yield from pairs_kinds(route)
    if route.needs == ("register",):
        yield from registrations()
    if "activity" in route.needs:
        yield from activities()
    if route.side == "onoffice" and route.needs == SERVED:
        yield from service_values()
    if route.carrier == "office json":
        for what, body in bodies({"token": "token", "request": {"actions": []}}, route.needs):
            yield f"JSON: {what}", lambda both, r, b=body: replace(r, body=b)
        for content_type in ("text/plain", "multipart/form-data; boundary=b", ""):
            yield (
                f"content type {content_type!r}",
                lambda both, r, c=content_type: replace(r, headers=(("content-type", c),)),
            )
    if route.carrier == "json":
        for what, body in bodies(WEBHOOK, route.needs):
            yield f"JSON: {what}", lambda both, r, b=body: replace(r, body=b)
        for content_type in (FORM, ("content-type", "text/plain"), ("x-none", "")):
            yield f"{content_type}", lambda both, r, c=content_type: replace(r, headers=(r.headers[0], c))
    if route.carrier == "signed json":
        for what, body in bodies(REMOVAL, route.needs):
            yield f"signed JSON: {what}", lambda both, r, b=body: removal(both, b)
        for name in ("5e0000000000000000000002", "", 5, [], None.__class__.__name__):
            body = json.dumps({**REMOVAL, "data": {"object": {"_id": name}}}).encode()
            yield f"signed JSON about {name!r}", lambda both, r, b=body: removal(both, b)
        yield from unverified_webhooks()


def registrations() -> Iterator[tuple[str, Change]]:
    """Yield registrations whose JSON is wrong in one way, or whose token proves nothing."""

    def written(place: int) -> Change:
        def changed(both: Crm, request: Request) -> Request:
            body = list(bodies(members_of(both), MEMBERS))[place][1]
            return replace(request, body=urlencode({"register": body}).encode())

        return changed

    def with_members(change: Callable[[dict[str, str]], dict[str, Any]]) -> Change:
        return lambda both, r: replace(
            r, body=urlencode({"register": json.dumps(change(members_of(both)))}).encode()
        )

    honest = {"apiKey": "i", "systemUrl": "s", "token": "t"}
    for place, (what, _) in enumerate(bodies(honest, MEMBERS)):
        yield f"registration: {what}", written(place)
    for what, token in (("zeros", "0" * 64), ("Ü", "Ü" * 64), ("short", "ab"), ("null byte", "\0" * 64)):
        yield f"a token of {what}", with_members(lambda m, t=token: {**m, "token": t})
    yield "a token in upper case", with_members(lambda m: {**m, "token": m["token"].upper()})
    yield "another key", with_members(lambda m: {**m, "apiKey": "another-api-key"})
    yield "in the query too", lambda both, r: replace(r, target=r.target + "?register=%7B%7D")


def service_values() -> Iterator[tuple[str, Change]]:
    """Yield every URL that is signed wrongly, as the platform's faults make it."""
    for fault in URL_FAULTS:
        if not fault.verified:

            def changed(both: Office, r: Request, fault: Any = fault) -> Request:
                customer = both.platform.customers[FIRST]
                service = next(
                    s for s in both.platform.account.services if s.url.startswith(PROVIDER + r.path)
                )
                url = fault.apply(both.platform.service_draft(service, customer, customer.users[ADMIN]))
                return replace(r, target=url.removeprefix(PROVIDER))

            yield f"fault {fault.name}", changed


def activities() -> Iterator[tuple[str, Change]]:
    """Yield callbacks that say something wrong about an account."""

    def with_field(name: str, value: Any) -> Change:
        return lambda both, r: replace(r, body=urlencode({**callback(both), name: value}).encode())

    for what, body in bodies(ACTIVITY, ()):
        if what != "600 levels":  # an object without a flag says nothing, and nothing changes
            yield f"activity: {what}", with_field("activity", body)
    for value in (0, 1, "true", None, [], {}):
        yield f"active is {value!r}", with_field("activity", json.dumps({"active": value}))
    for url in (
        "https://crm.attacker.example",
        "x",
        "http://demo.simla.com",
        DEMO + "/x",
        DEMO + ":443",
        "é",
    ):
        yield f"moved to {url}", with_field("systemUrl", url)
    for id in ("x", "0" * 40, "é", "\0"):
        yield f"clientId {id!r}", with_field("clientId", id)


def unverified_webhooks() -> Iterator[tuple[str, Change]]:
    """Yield webhooks that prove nothing."""

    def header(*values: str) -> Change:
        own = tuple(("officernd-signature", value) for value in values)
        return lambda both, r: replace(r, headers=(JSON, *own))

    good = "t=1648190384,signature=" + "00" * 32
    yield "no signature", header()
    yield "an empty signature", header("")
    yield "an over-long signature", header("t=1," + "x" * 8_193)
    yield "a wrong signature", header(good)
    yield "two wrong signatures", header(good, good)
    yield "the right signature twice", lambda both, r: replace(r, headers=(*r.headers, r.headers[1]))
    yield "a signature outside ASCII", header("t=1648190384,signature=" + "é" * 64)
    yield (
        "an upper-case signature",
        lambda both, r: replace(
            r, headers=(JSON, ("officernd-signature", r.headers[1][1].replace("t=", "T=")))
        ),
    )
    yield "another body", lambda both, r: replace(r, body=r.body + b" ")
    yield "no body, signed otherwise", lambda both, r: replace(r, body=b"")
    for id in ("", "x", ID, "%FF", "%00", "..%2F" + INSTALLATION, INSTALLATION + "/", "x" * 8_193):
        yield f"installation {id[:20]!r}", lambda both, r, i=id: replace(r, target=f"/officernd/removed/{i}")
    yield (
        "another's installation",
        lambda both, r: replace(
            r, target=r.target.replace("0001/", "0002/").replace(ID, "5e0000000000000000000003")
        ),
    )


# --- the test -------------------------------------------------------------------------------------


def state(both: Both) -> tuple[Any, ...]:
    """Return everything that bad input must leave as it is."""
    if isinstance(both, Office):
        platform = both.platform
        gone = {token for token, one in platform.api_users.items() if one.state in ("active", "gone")}
        return both.in_use(), copy.deepcopy(platform.customers), gone, platform.account.secret
    if isinstance(both, Crm):
        keys = {
            key
            for account in both.platform.accounts.values()
            for key, one in account.keys.items()
            if one.revoked
        }
        return both.in_use(), copy.deepcopy(both.platform.connections), keys, both.platform.trapped
    organizations = both.platform.organizations
    stored = [both.store.find("officernd", "organizationId", id) for id in organizations]
    platform = both.platform
    return stored, copy.deepcopy((platform.integrations, platform.webhooks, platform.tokens, platform.grants))


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    return {}


@contextmanager
def worlds_of(kept: dict[str, Any]) -> Iterator[Callable[[str], Any]]:
    """One pair of each side for all cases, since each has to leave it as it was; a new one after a case that did not."""
    used: dict[str, Any] = {}

    def world_of(side: str) -> Any:
        both = kept.pop(side, None) or MAKE[side]()
        used[side] = both, state(both)
        both.reports.clear()
        return both

    yield world_of
    for side, (both, before) in used.items():
        if side == "officernd":
            both.platform.grants.clear()
            both.platform.grants.update(before[1][3])
        if state(both) == before:
            kept[side] = both


@pytest.fixture
def world(kept: dict[str, Any]) -> Iterator[Both]:
    with worlds_of(kept) as worlds:
        yield worlds("officernd")


@pytest.mark.parametrize("name", ROUTES)
def test_bad_input_is_refused_and_changes_nothing(kept, name):
    wrong, tried = {}, 0
    for kind, change in kinds(ROUTES[name]):
        tried += 1
        try:
            with worlds_of(kept) as worlds:
                is_refused_and_changes_nothing(worlds(ROUTES[name].side), name, kind, change)
        except Exception as error:
            wrong[kind] = error
    assert wrong == {}
    assert tried >= len(METHODS) - len(ROUTES[name].methods) > 0


def is_refused_and_changes_nothing(world: Any, name: str, kind: str, change: Change) -> None:
    honest = ROUTES[name].honest(world)
    before = state(world)
    response = world.network.exchange("test", change(world, honest))
    assert state(world) == before
    told = response.body.decode() + repr(response.headers)
    assert not re.search(r"Traceback|File \"|\w+Error|\w+Exception|/handshakes/|\bline \d", told)
    right_refusal(world, name, kind, response)


def right_refusal(both: Both, name: str, kind: str, response: Response) -> None:
    reported = [endpoint for endpoint, _ in both.reports]
    if kind.startswith("method "):
        assert response.status == 405
        return
    if isinstance(both, Crm):
        right_crm_refusal(name, response, reported)
        return
    if isinstance(both, Office):
        right_office_refusal(name, response, reported)
        return
    if name == "/officernd/connect":
        assert (response.status, response.header("location")) == (302, RETURN), "C10"
        assert reported == ["connect"]
        return
    if name.startswith("/officernd/"):
        verified = kind.startswith("signed JSON")
        assert response.status == (400 if verified else 401)
        assert reported == [name.removeprefix("/officernd/").strip("/")], "the operator is told"
    if name.startswith("/oauth/authorize") and response.status == 302:
        assert response.header("location").startswith(CONNECT + "?error=")
        return
    assert 400 <= response.status < 500
    if name.startswith(("/oauth/authorize", "/simulator")):
        assert response.header("content-type").startswith("text/html")
    else:
        words = response.json()
        assert isinstance(words.get("message", words.get("error")), str)


def right_crm_refusal(name: str, response: Response, reported: list[str]) -> None:
    """The module's answers are for the user of the CRM: always 200, `success:false` and a text; its page is closed."""
    if name.startswith("crm /simulator") or name == "/retailcrm/account":
        assert 400 <= response.status < 500
        assert response.header("content-type").startswith("text/html")
    elif name.startswith("crm "):
        assert 400 <= response.status < 500
        assert response.json()["success"] is False and response.json()["errorMsg"]
    else:
        assert (response.status, response.json()["success"]) == (200, False)
        assert response.json()["errorMsg"]
    if name.startswith("/retailcrm/"):
        assert reported == [name.removeprefix("/retailcrm/")], "the operator is told"


def right_office_refusal(name: str, response: Response, reported: list[str]) -> None:
    """The button's endpoint answers 200 and a text, signed URLs are answered by one page; the API by a code."""
    if name == "office /api":
        assert (response.status, response.header("content-type")) == (200, "application/json")
        assert response.json()["status"]["errorcode"] > 0
    elif name == "/onoffice/unlock":
        assert (response.status, response.header("content-type")) == (200, "text/plain; charset=utf-8")
        assert response.body not in (b"", b"active")
    else:
        assert 400 <= response.status < 500
    if name.startswith("/onoffice/"):
        assert reported == [name.removeprefix("/onoffice/")], "the operator is told"
        assert b"<form" not in response.body


@pytest.mark.parametrize(
    ("origin", "path"),
    [
        *((PARTNER, path) for path in ("/", "//", "/officernd", "/officernd/", "/officernd/unknown")),
        *((PARTNER, path) for path in ("/officernd/connect/", "/officernd/Connect", "/officernd/%63onnect")),
        *((PARTNER, path) for path in ("/officernd/removed", "/x/../officernd/sync", "/oauth/token", "/%FF")),
        *(
            (IDENTITY, path)
            for path in ("/", "/oauth", "/oauth/", "/oauth/token/", "/oauth/%FF", "/OAuth/token")
        ),
        *(
            (APP, path)
            for path in ("/", "/simulatorx", "/connect", "/oauth/token", "/api", "/api/v1", "/%00")
        ),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_404(world, origin, path, method):
    before = state(world)
    response = world.network.exchange("test", Request(method, origin, path))
    assert (response.status, state(world)) == (404, before)


# --- uniform answers ------------------------------------------------------------------------------


def query_failures(path: str) -> Iterator[tuple[str, Change]]:
    """Yield signed requests that do not verify, beyond what is malformed."""

    def made(pairs: list[tuple[str, str]], **changed: Any) -> Change:
        value = sign_query(pairs, **{"secret": "example-integration-secret", "timestamp": NOW, **changed})
        return lambda both, r: get(PARTNER, path, [*pairs, ("signature", value)])

    yield "another secret", made(SIGNED, secret="wrong-secret")
    yield (
        "another integration's secret",
        made(
            [("slug", "other-slug"), ("organizationId", "5b0000000000000000000002")],
        ),
    )
    yield "an unknown slug", made([("slug", "unknown-slug"), ("locations", "")])
    yield "an unknown organisation", made([*SIGNED[:2], ("organizationId", "5b00000000000000000000ff")])
    yield "no organisation at all", made([("locations", "")])
    yield "stale", made(SIGNED, timestamp=NOW - 301)
    yield "from the future", made(SIGNED, timestamp=NOW + 61)
    yield "milliseconds", made(SIGNED, timestamp=NOW * 1000)
    for value in (
        "t=1",
        "signature=00",
        "t=1648190384,signature=zz",
        "x",
        "t=,signature=",
        "t=１,signature=1",
    ):
        yield f"signature {value}", lambda both, r, v=value: get(PARTNER, path, [*SIGNED, ("signature", v)])


@pytest.mark.parametrize("name", UNIFORM)
def test_until_it_has_verified_every_failure_looks_the_same(name):
    both = connected()
    both.network.run(both.platform.remove("5e0000000000000000000002"))
    route = ROUTES[name]
    failures = list(unverified_webhooks() if name.endswith("removed/") else pairs_kinds(route))
    failures += query_failures(name) if route.carrier == "query" else []
    both.reports.clear()
    answers = {
        kind: both.network.exchange("test", change(both, route.honest(both))) for kind, change in failures
    }
    assert len({(answer.status, answer.headers, answer.body) for answer in answers.values()}) == 1, answers
    answer = next(iter(answers.values()))
    assert (answer.status, list(answer.json())) == (401, ["message"])
    assert len(both.reports) == len(failures) > 15, "the operator was told each time"
    assert len({refused.reason for _, refused in both.reports}) > 4, "and what was wrong"
    accepted = both.network.exchange("test", route.honest(both))
    assert accepted.ok, "the endpoint does accept what is genuine"


def test_until_its_token_has_verified_every_registration_is_answered_alike():
    both = crm_connected()
    route = ROUTES["/retailcrm/register"]
    failures = [*pairs_kinds(route), *registrations()]
    answers = {
        (answer.status, answer.headers, answer.body)
        for answer in (
            both.network.exchange("test", change(both, route.honest(both))) for _, change in failures
        )
    }
    body = b'{"success":false,"errorMsg":"The module could not be connected."}'
    assert answers == {(200, (("content-type", "application/json"),), body)}
    assert len(both.reports) == len(failures) > 60, "the operator was told each time"
    assert len({refused.reason for _, refused in both.reports}) > 6, "and what was wrong"


@pytest.mark.parametrize("name", ["/onoffice/activate", "/onoffice/service", "/onoffice/webhook"])
def test_until_its_signature_has_verified_every_url_of_onoffice_is_answered_alike(name):
    both = office_activated()
    route = ROUTES[name]
    failures = [*pairs_kinds(route), *(service_values() if route.needs == SERVED else ())]
    answers = {
        (answer.status, answer.headers, answer.body)
        for answer in (
            both.network.exchange("test", change(both, route.honest(both))) for _, change in failures
        )
    }
    assert len(answers) == 1
    assert {status for status, _, _ in answers} == {403}
    assert len(both.reports) == len(failures) > 40, "the operator was told each time"
    assert len({refused.reason for _, refused in both.reports}) > 5, "and what was wrong"
    assert both.network.exchange("test", route.honest(both)).ok


def test_a_stranger_cannot_tell_which_organisations_are_connected():
    """The answers before and after a connect, and after a removal, are one."""
    fresh, after = sides(), connected()
    removed = connected()
    for id in removed.platform.integrations:
        removed.network.run(removed.platform.remove(id))
    request = get(PARTNER, "/officernd/healthcheck", [*SIGNED, ("signature", "t=1,signature=" + "00" * 32)])
    answers = {
        (answer.status, answer.headers, answer.body)
        for answer in (both.network.exchange("test", request) for both in (fresh, after, removed))
    }
    assert len(answers) == 1


# --- over real sockets ----------------------------------------------------------------------------


class Counting:
    """A role that counts what reaches it."""

    def __init__(self, role: Any) -> None:
        self.role, self.seen = role, 0
        self.name, self.origins, self.secret_names = role.name, role.origins, role.secret_names

    def handle(self, request: Request) -> Any:
        self.seen += 1
        return (yield from self.role.handle(request))


@contextmanager
def serving(both: Any) -> Iterator[tuple[Any, list[Counting], Loopback]]:
    roles = [Counting(both.platform), Counting(both.partner)]
    with Loopback(*roles) as network:
        yield both, roles, network


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Both, list[Counting], Loopback]]:
    with serving(connected()) as made:
        yield made


@pytest.fixture(scope="module")
def office_served() -> Iterator[tuple[Office, list[Counting], Loopback]]:
    with serving(office_activated()) as made:
        yield made


@pytest.fixture(scope="module")
def crm_served() -> Iterator[tuple[Crm, list[Counting], Loopback]]:
    with serving(crm_connected()) as made:
        yield made


BOMB = tuple((f"x-{i}", "a" * 400) for i in range(150))


@pytest.mark.parametrize("name", ROUTES)
@pytest.mark.parametrize(
    ("what", "status"), [("body of 10 MB", 413), ("150 headers", 431), ("a header of 40 KB", 431)]
)
def test_over_a_cap_nothing_reaches_the_role(served, crm_served, office_served, name, what, status):
    worlds = {"officernd": served, "retailcrm": crm_served, "onoffice": office_served}
    both, roles, network = worlds[ROUTES[name].side]
    honest = ROUTES[name].honest(both)
    before = state(both), [role.seen for role in roles]
    request = {
        "body of 10 MB": replace(honest, method="POST", body=b"x" * 10_485_760),
        "150 headers": replace(honest, headers=(*honest.headers, *BOMB)),
        "a header of 40 KB": replace(honest, headers=(*honest.headers, ("x-long", "a" * 40_000))),
    }[what]
    assert network.client.send(request).status == status
    assert (state(both), [role.seen for role in roles]) == before


HEAD = b"GET /officernd/healthcheck?slug=a HTTP/1.1\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET /officernd/healthcheck?slug=\xc3\xa9 HTTP/1.1\r\nHost: partner.example\r\n\r\n",
        HEAD + b"Host: partner.example\r\nHost: partner.example\r\n\r\n",
        HEAD + b"Host: partner.example\r\nHost: app.officernd.com\r\n\r\n",
        HEAD + b"Host: partner.example\r\nX-A: 1\x00\r\n\r\n",
        HEAD + b"Host: partner.example\r\nX-A: " + b"a" * 5_242_880,
    ],
    ids=[
        "TLS",
        "a word",
        "outside ASCII",
        "the same host twice",
        "two hosts",
        "a null byte",
        "5 MB of a header",
    ],
)
@pytest.mark.parametrize("side", [0, 1], ids=["platform", "partner"])
def test_what_is_not_http_is_a_plain_400_and_reaches_no_role(served, send_raw, side, sent):
    both, roles, network = served
    before = state(both), [role.seen for role in roles]
    answer = send_raw(network.servers[side].url, sent)
    closed_early = len(sent) > 1_000_000 and not answer
    assert answer.startswith(b"HTTP/1.1 400 ") or closed_early
    assert (state(both), [role.seen for role in roles]) == before
