"""A served simulator sends a foreign side nowhere but to itself.

Each platform is served over real sockets, as `handshakes serve` has it, to a toy of a foreign side that
checks no host: it goes wherever a message sends it. Whatever the toy contacts, or is told of, has to be
on this machine, for every fault that the simulator offers.
"""

from __future__ import annotations

import importlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import pytest

from handshakes.core.messages import Answer, Request, Response, Step, Unreachable
from handshakes.fortis import demo as fortis
from handshakes.fortis.partner.integration import App
from handshakes.fortis.simulator.faults import FAULTS as FORTIS_FAULTS
from handshakes.officernd import demo as officernd
from handshakes.officernd.partner import PartnerIntegration
from handshakes.officernd.simulator.faults import FAULTS as OFFICERND_FAULTS
from handshakes.onoffice import demo as onoffice
from handshakes.onoffice.partner import Provider
from handshakes.onoffice.simulator.faults import ACTIVATION_FAULTS, SERVICE_FAULTS
from handshakes.retailcrm import demo as retailcrm
from handshakes.retailcrm.simulator.faults import FAULTS as RETAILCRM_FAULTS
from handshakes.runtime.browser import Browser
from handshakes.runtime.client import Client, Loopback
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import Sides, World

NOW = 1_700_000_000
_URL = re.compile(r"https?:\\?/\\?/[^\s\"'<>&;,)]+")
_NAME = re.compile(r"(?<![@%\w.-])(?:[a-z0-9-]+\.)+(?:com|de|io|net|ru|example)(?![\w.-])")


class Toy:
    """A foreign side that believes everything, and remembers every origin that it was told of or went to."""

    name, secret_names = "toy", frozenset[str]()

    def __init__(self, origin: str, sides: Sides) -> None:
        self.origins = (origin,)
        self.sides = sides
        self.contacted: list[str] = []
        self.told: set[str] = set()

    def handle(self, request: Request) -> Step[Answer]:
        self.hear(request.target, request.body.decode("latin-1"))
        step = self.answer(request)
        try:
            wanted = next(step)
            while True:
                try:
                    response = yield from self.followed(wanted)
                except Unreachable as failure:
                    wanted = step.throw(failure)
                else:
                    wanted = step.send(response)
        except StopIteration as stop:
            answer: Answer = stop.value
            return answer

    def followed(self, request: Request) -> Step[Response]:
        """Send a request, and once more to where the answer leads, whatever host that is."""
        self.contacted.append(at(request.url)[0])
        response = yield replace(request, origin=at(request.url)[0])
        self.hear(*(value for _, value in response.headers), response.body.decode("latin-1"))
        if response.header("location"):
            origin, path = at(response.header("location"))
            self.contacted.append(origin)
            response = yield replace(request, origin=origin, target=path)
        return response

    def hear(self, *texts: str) -> None:
        """Remember the addresses and host names in a text, however it is escaped."""
        for text in texts:
            for one in (text, unquote(text), unquote(unquote(text))):
                self.told.update(found.replace("\\/", "/") for found in _URL.findall(one))
                self.told.update(f"//{found}" for found in _NAME.findall(one))

    def answer(self, request: Request) -> Step[Answer]:
        raise NotImplementedError


def at(url: str) -> tuple[str, str]:
    """Return where a client goes for a URL: user info is no part of that."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].lower()
    return f"{parts.scheme}://{host}", parts.path.rstrip("/")


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def served(tools: Any, toy: type[Toy], **settings: str) -> Iterator[tuple[Sides, Toy, Loopback, World]]:
    """Serve the platform alone, and the toy beside it, each at a socket of its own; `{toy}` is its origin."""
    sock, foreign, traps = listen(), listen(), [listen(), listen()]
    chosen = {name: value.format(toy=origin_of(foreign)) for name, value in settings.items()}
    places = origin_of(sock), origin_of(foreign), tuple(map(origin_of, traps))
    world = World(lambda: NOW, os.urandom, MemoryStore(), chosen, *places)
    sides = tools.sides(world)
    other = toy(origin_of(foreign), sides)
    platform = sides.platform.name
    sockets = {platform: sock, other.name: foreign}
    with Loopback(sides.platform, other, sockets=sockets, traps={platform: traps}) as network:
        yield sides, other, network, world


def foreign_in(toy: Toy) -> list[str]:
    """Return what the toy contacted or was told of that is not on this machine."""
    return sorted(url for url in {*toy.contacted, *toy.told} if not is_loopback(url))


# --- RetailCRM ------------------------------------------------------------------------------------


class AnyModule(Toy):
    """A module that verifies nothing and calls the address of every registration and callback with the key."""

    key = ""

    def answer(self, request: Request) -> Step[Answer]:
        says: dict[str, Any] = {"success": False, "errorMsg": "no"}
        if request.path == "/config":
            says = {"success": True, "scopes": ["integration_read", "integration_write"]}
            says["registerUrl"] = self.origins[0] + "/register"
        fields = {name: values[-1] for name, values in parse_qs(request.body.decode("latin-1")).items()}
        if request.path == "/register" and "register" in fields:
            try:
                members = json.loads(fields["register"])
                self.key = str(members["apiKey"])
                says = yield from self.connect(members["systemUrl"])
            except (ValueError, KeyError):
                pass
        if request.path == "/activity" and "systemUrl" in fields:
            yield from self.call("GET", fields["systemUrl"], "/api/credentials")
            says = {"success": True}
        return Response(200, (("content-type", "application/json"),), json.dumps(says).encode())

    def connect(self, url: str) -> Step[dict[str, Any]]:
        module = {
            "code": retailcrm.CODE, "integrationCode": retailcrm.CODE, "clientId": "toy-client", "active": True,
            "baseUrl": self.origins[0], "accountUrl": self.origins[0] + "/account", "actions": {"activity": "/activity"},
        }  # fmt: skip
        form = {"integrationModule": json.dumps(module)}
        path = f"/api/v5/integration-modules/{retailcrm.CODE}/edit"
        edited = yield from self.call("POST", url, path, form)
        return {"success": bool(edited and edited.ok), "accountUrl": self.origins[0] + "/account"}

    def call(
        self, method: str, url: str, path: str, form: dict[str, str] | None = None
    ) -> Step[Response | None]:
        origin, base = at(url)
        headers = (("x-api-key", self.key), ("content-type", "application/x-www-form-urlencoded"))
        try:
            return (yield Request(method, origin, base + path, headers, urlencode(form or {}).encode()))
        except Unreachable:
            return None


@pytest.fixture
def crm() -> Iterator[tuple[Sides, Toy, Loopback, World]]:
    yield from served(retailcrm, AnyModule, config_url="{toy}/config")


QUICK = [name for name, fault in RETAILCRM_FAULTS.items() if name not in ("edit-slow", "edit-late")]


def test_retailcrm_names_no_address_but_its_own_for_any_fault(crm):
    sides, toy, network, world = crm
    platform, account = sides.platform, world.platform_origin
    network.run(platform.open_popup(account, retailcrm.CODE), "RetailCRM")
    tried = []
    for name in QUICK:
        fault = RETAILCRM_FAULTS[name]
        if not platform.offers(fault, account):
            continue
        kind = type(fault).__name__
        if kind in ("ActivityFault", "VisitFault"):
            network.run(platform.connect(account, retailcrm.CODE), "RetailCRM")
        step = {"ConfigFault": "open_popup", "ActivityFault": "activity", "VisitFault": "visit"}.get(
            kind, "connect"
        )
        network.run(getattr(platform, step)(account, retailcrm.CODE, name), "RetailCRM")
        tried.append(name)
    assert {"foreign-host", "private-host", "written-port", "user-info", "another-account"} <= set(tried)
    assert {"activity-foreign-host", "activity-another-account"} <= set(tried)
    assert len(toy.contacted) > len(tried), "the toy goes wherever it is sent"
    assert foreign_in(toy) == []
    assert {*toy.contacted} <= {account, *world.traps}


@pytest.mark.parametrize("fault", ["foreign-host", "private-host", "written-port", "user-info"])
def test_retailcrm_sees_at_its_trap_that_a_module_takes_any_host(crm, fault):
    sides, _, network, world = crm
    platform, account = sides.platform, world.platform_origin
    network.run(platform.open_popup(account, retailcrm.CODE), "RetailCRM")
    outcome = network.run(platform.connect(account, retailcrm.CODE, fault), "RetailCRM")
    assert platform.trapped == 1
    assert (RETAILCRM_FAULTS[fault].clause, "violated") in [
        (one.clause, one.state) for one in outcome.findings
    ]


@pytest.mark.parametrize("fault", ["look-alike-host", "nested-host", "plain-http", "default-port"])
def test_retailcrm_served_refuses_by_name_a_fault_whose_address_it_cannot_have(crm, fault):
    sides, toy, network, world = crm
    platform, account = sides.platform, world.platform_origin
    network.run(platform.open_popup(account, retailcrm.CODE), "RetailCRM")
    with pytest.raises(ValueError, match=f"^{fault} is not offered"):
        network.run(platform.connect(account, retailcrm.CODE, fault), "RetailCRM")
    sent = Request("POST", account, "/simulator/popup", (("content-type", "application/x-www-form-urlencoded"),),
                   b"code=" + retailcrm.CODE.encode())  # fmt: skip
    offered = network.run(asked(sent)).body.decode()
    assert ">foreign-host:" in offered and f">{fault}:" not in offered
    body = urlencode({"code": retailcrm.CODE, "fault": fault}).encode()
    answer = network.run(asked(Request("POST", account, "/simulator/connect", sent.headers, body)))
    assert answer.status == 400 and fault in answer.body.decode()
    assert toy.contacted == []


def test_retailcrm_without_traps_offers_no_fault_that_names_a_foreign_address():
    world = World(lambda: NOW, os.urandom, MemoryStore(), {}, "http://127.0.0.1:9")
    platform = retailcrm.sides(world).platform
    offered = [f.name for f in RETAILCRM_FAULTS.values() if platform.offers(f, world.platform_origin)]
    assert {"wrong-token", "own-user-info", "with-path", "edit-402"} <= set(offered)
    assert {"foreign-host", "private-host", "another-account", "activity-foreign-host"}.isdisjoint(offered)


def test_what_a_silent_retailcrm_module_would_do_is_not_seen():
    sock, traps = listen(), [listen(), listen()]
    world = World(
        lambda: NOW, os.urandom, MemoryStore(), {}, origin_of(sock), "", tuple(map(origin_of, traps))
    )
    platform, account = (made := retailcrm.sides(world)).platform, origin_of(sock)
    with Loopback(platform, made.partner, sockets={"RetailCRM": sock}, traps={"RetailCRM": traps}) as network:
        network.run(platform.open_popup(account, retailcrm.CODE), "RetailCRM")
    for fault in ("foreign-host", "private-host", "wrong-token"):
        outcome = unanswered(platform.connect(account, retailcrm.CODE, fault))
        assert {one.state for one in outcome.findings} == {"not seen"}, fault


def test_a_call_to_a_retailcrm_trap_after_the_answer_is_found_too(crm):
    sides, _, network, world = crm
    network.run(asked(Request("GET", world.traps[0], "/api/credentials", (("x-api-key", "k"),))))
    found = [(one.clause, one.state) for one in sides.platform.findings]
    assert found == [("retailcrm:system-url.allowed", "violated")]


# --- Fortis ---------------------------------------------------------------------------------------


class Believing(App):
    """The app without its list of addresses: it asks who the user is, and for OAuth, where the launch says."""

    hear: Any = None

    def oauth_url(self, url: str) -> str:
        return self.listed(url)

    def listed(self, url: str) -> str:
        return at(url)[0]

    def identified(self, launch: Any) -> Step[Any]:
        self.hear(*(text for _, text in launch.parameters))
        url, token = launch.value("user_oauth_url"), launch.value("access-token")
        if url:
            with suppress(Unreachable):
                yield Request("GET", at(url)[0], "/v2/users/me", self.api.with_token(token))
        return (yield from App.identified(self, launch))


class AnyApp(Toy):
    """Such an app, behind the toy's record."""

    def __init__(self, origin: str, sides: Sides) -> None:
        super().__init__(origin, sides)
        ours = sides.partner
        self.app = Believing(ours.configuration, store=ours.store, clock=ours.clock, random=ours.random)
        self.app.hear = self.hear

    def answer(self, request: Request) -> Step[Answer]:
        return (yield from self.app.handle(request))


@pytest.fixture(params=["encrypted", "plain"])
def payments(request) -> Iterator[tuple[Sides, Toy, Loopback, World]]:
    yield from served(fortis, AnyApp, mode=request.param)


def registered(sides: Sides, network: Loopback) -> None:
    for user in ("", fortis.USER):
        network.run(sides.platform.register(fortis.TITLE, fortis.LOCATION, user), "Fortis")


def test_fortis_names_no_address_but_its_own_for_any_fault(payments):
    sides, toy, network, world = payments
    platform, mode = sides.platform, world.settings["mode"]
    registered(sides, network)
    tried = []
    for name, fault in FORTIS_FAULTS.items():
        kind = type(fault).__name__
        slow, other = name in ("me-slow", "me-late"), getattr(fault, "mode", "") not in ("", mode)
        if slow or other or not platform.offers(fault):
            continue
        if kind == "PostbackFault":
            user = fortis.USER if fault.kind == "user" else ""
            network.run(platform.register(fortis.TITLE, fortis.LOCATION, user, name), "Fortis")
            registered(sides, network)
        else:
            step = platform.consent if kind == "OAuthFault" else platform.launch
            network.run(step(fortis.TITLE, fortis.LOCATION, fortis.USER, fault=name), "browser")
        tried.append(name)
    addresses = {"foreign-oauth-url", "private-oauth-url", "port-oauth-url", "token-redirects"}
    assert addresses <= set(tried)
    assert world.traps[0] in toy.contacted, "the toy goes wherever it is sent"
    assert foreign_in(toy) == []
    assert {*toy.contacted} <= {world.platform_origin, *world.traps}


@pytest.mark.parametrize("fault", ["foreign-oauth-url", "private-oauth-url", "port-oauth-url"])
def test_fortis_sees_at_its_trap_that_an_app_asks_any_host(payments, fault):
    sides, _, network, _ = payments
    registered(sides, network)
    step = sides.platform.launch(fortis.TITLE, fortis.LOCATION, fortis.USER, fault=fault)
    outcome = network.run(step, "browser")
    assert ("fortis:api.host", "violated") in [(one.clause, one.state) for one in outcome.findings]


def test_fortis_sees_that_an_app_follows_a_redirect_with_its_secret(payments):
    sides, _, network, _ = payments
    registered(sides, network)
    step = sides.platform.consent(fortis.TITLE, fortis.LOCATION, fortis.USER, "token-redirects")
    outcome = network.run(step, "browser")
    assert [(one.clause, one.state) for one in outcome.findings] == [("fortis:oauth.redirects", "violated")]


@pytest.mark.parametrize("fault", ["look-alike-oauth-url", "http-oauth-url"])
def test_fortis_served_refuses_by_name_a_fault_whose_address_it_cannot_have(payments, fault):
    sides, toy, network, world = payments
    registered(sides, network)
    toy.contacted.clear()
    with pytest.raises(ValueError, match=f"^{fault} is not offered"):
        network.run(sides.platform.launch(fortis.TITLE, fortis.LOCATION, fortis.USER, fault=fault))
    portal = network.run(asked(Request("GET", world.platform_origin, "/simulator"))).body.decode()
    assert ">foreign-oauth-url:" in portal and f">{fault}:" not in portal
    form = {"app": fortis.TITLE, "location": fortis.LOCATION, "user": fortis.USER, "fault": fault}
    headers = (("content-type", "application/x-www-form-urlencoded"),)
    sent = Request("POST", world.platform_origin, "/simulator/open", headers, urlencode(form).encode())
    answer = network.run(asked(sent))
    assert answer.status == 400 and fault in answer.body.decode()
    assert toy.contacted == []


def test_a_call_to_a_fortis_trap_from_a_launch_of_the_portal_is_found_too(payments):
    sides, _, network, world = payments
    network.run(asked(Request("GET", world.traps[0], "/v2/users/me")))
    network.run(asked(Request("POST", world.traps[0], "/oauth/token")))
    found = [(one.clause, one.state) for one in sides.platform.findings]
    assert found == [("fortis:api.host", "violated"), ("fortis:oauth.url", "violated")]


# --- OfficeRnD and onOffice -----------------------------------------------------------------------


class AnyRegion(PartnerIntegration):
    """The partner without its list of regions."""

    def region(self, info: Any) -> str:
        return at(info["regionUrl"])[0] if info else super().region(info)


class AnyPartner(Toy):
    """Such a partner, behind the toy's record."""

    kind: Any = AnyRegion

    def __init__(self, origin: str, sides: Sides) -> None:
        super().__init__(origin, sides)
        ours = sides.partner
        self.partner = self.kind(ours.configuration, store=ours.store, clock=ours.clock, random=ours.random)

    def answer(self, request: Request) -> Step[Answer]:
        return (yield from self.partner.handle(request))

    def followed(self, request: Request) -> Step[Response]:
        if isinstance(request, Request):
            return (yield from super().followed(request))
        return (yield request)  # a pause


class AnyProvider(AnyPartner):
    """The provider of onOffice, behind the toy's record."""

    kind = Provider


def test_officernd_names_no_address_but_its_own_for_any_fault():
    for sides, toy, network, world in served(officernd, AnyPartner):
        platform = sides.platform
        first = next(iter(platform.integrations))
        network.run(Browser().open(platform.connect_url(first)))
        for name, fault in OFFICERND_FAULTS.items():
            if name.startswith("slow-"):
                continue
            if type(fault).__name__ == "ConnectFault":
                network.run(Browser().open(platform.connect_url(first, name)))
            else:
                kind = type(fault).__name__
                step = platform.remove if kind == "WebhookFault" else platform.healthcheck
                network.run(step(first, name), "OfficeRnD")
        assert world.traps[0] in toy.contacted, "the toy goes wherever it is sent"
        assert foreign_in(toy) == []
        assert {*toy.contacted} <= {world.platform_origin, *world.traps}


def test_onoffice_names_no_address_but_its_own_for_any_fault():
    for sides, toy, network, world in served(onoffice, AnyProvider):
        platform, customer = sides.platform, (onoffice.FIRST, onoffice.ADMINISTRATOR)
        network.run(platform.activate(*customer), "browser")
        idle = []
        steps = [(one.name, platform.activate(*customer, one.name)) for one in ACTIVATION_FAULTS]
        steps.append(("", platform.activate(*customer)))
        steps += [(one.name, platform.serve(*customer, onoffice.PLANS, one.name)) for one in SERVICE_FAULTS]
        for name, step in steps:
            if name in ("api-slow", "answer-late"):
                continue
            try:
                network.run(step, "browser")
            except ValueError as error:
                assert str(error) == f"{name} changes nothing of this address"
                idle.append(name)
        assert {*idle} == {"upper-case-host-signed"}, "an IP address has no upper case"
        assert toy.contacted
        assert foreign_in(toy) == []
        assert {*toy.contacted} <= {world.platform_origin}


# --- all ------------------------------------------------------------------------------------------


def asked(request: Request) -> Step[Response]:
    return (yield request)


def unanswered(step: Step[Any]) -> Any:
    """Take a step whose every request stays without an answer."""
    try:
        request = next(step)
        while True:
            request = step.throw(Unreachable("refused", request.origin))
    except StopIteration as stop:
        return stop.value


def test_the_command_opens_traps_that_lead_to_the_platform(monkeypatch):
    command = importlib.import_module("handshakes.cli.serve")
    seen = {}

    def look(hosts: list[Any], *others: Any) -> None:
        role = hosts[0].sides.platform
        (trap,) = set(role.settings.traps.values())
        first, second = role.accounts
        seen["hosts"] = [is_loopback(url) for url in (trap, first, second)]
        seen["places"] = len({trap, first, second})
        client = Client()
        seen["trap"] = client.send(Request("GET", trap, "/api/credentials")).status
        seen["trapped"] = role.trapped
        seen["another"] = client.send(
            Request("GET", second, "/api/credentials", (("x-api-key", "k"),))
        ).status
        client.close()

    monkeypatch.setattr(command, "_shown_until_interrupted", look)
    command.serve("retailcrm", only="platform", port=0, store="", set_=None)
    assert seen == {"hosts": [True] * 3, "places": 3, "trap": 200, "trapped": 1, "another": 403}
