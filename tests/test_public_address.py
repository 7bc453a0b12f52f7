"""A simulator for a partner elsewhere names its public URL and nothing else, whatever the fault."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from handshakes.cli.places import LOOPBACK, Place, place_of
from handshakes.core.messages import Request, Response, Unreachable, json_response
from handshakes.fortis import demo as fortis
from handshakes.fortis.simulator.faults import FAULTS as FORTIS_FAULTS
from handshakes.officernd import demo as officernd
from handshakes.officernd.simulator.faults import FAULTS as OFFICERND_FAULTS
from handshakes.onoffice import demo as onoffice
from handshakes.onoffice.simulator.faults import ACTIVATION_FAULTS, SERVICE_FAULTS
from handshakes.retailcrm import demo as retailcrm
from handshakes.retailcrm.simulator.faults import FAULTS as RETAILCRM_FAULTS
from handshakes.runtime.browser import Browser
from handshakes.runtime.client import Loopback
from handshakes.runtime.server import RoleServer, listen, origin_of
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import Sides, World
from tests.test_served_addresses import AnyApp, AnyModule, AnyPartner, AnyProvider, Toy, at, registered

NOW, PUBLIC = 1_700_000_000, "http://simulator.test:8080"
SLOW = ("edit-slow", "edit-late", "me-slow", "me-late", "api-slow", "answer-late")
Made = tuple[Sides, Toy, Loopback]


def served(tools: Any, toy: type[Toy], **settings: str) -> Iterator[Made]:
    """Serve the platform at its public URL, without traps, and the toy at a socket of its own."""
    sock, foreign = listen(), listen()
    chosen = {name: value.format(toy=origin_of(foreign)) for name, value in settings.items()}
    world = World(lambda: NOW, os.urandom, MemoryStore(), chosen, PUBLIC, origin_of(foreign))
    sides = tools.sides(world)
    other = toy(origin_of(foreign), sides)
    sockets = {sides.platform.name: sock, other.name: foreign}
    with Loopback(sides.platform, other, sockets=sockets) as network:
        yield sides, other, network


def retailcrm_tried(made: Made) -> Iterator[Any]:
    sides, _, network = made
    platform = sides.platform
    network.run(platform.open_popup(PUBLIC, retailcrm.CODE), "RetailCRM")
    steps = {
        "ConfigFault": platform.open_popup,
        "ActivityFault": platform.activity,
        "VisitFault": platform.visit,
    }
    for name, fault in RETAILCRM_FAULTS.items():
        kind = type(fault).__name__
        if kind in ("ActivityFault", "VisitFault"):
            network.run(platform.connect(PUBLIC, retailcrm.CODE), "RetailCRM")
        yield name, partial(steps.get(kind, platform.connect), PUBLIC, retailcrm.CODE, name)


def fortis_tried(made: Made) -> Iterator[Any]:
    sides, _, network = made
    platform, where = sides.platform, (fortis.TITLE, fortis.LOCATION)
    registered(sides, network)
    for name, fault in FORTIS_FAULTS.items():
        if getattr(fault, "mode", "") not in ("", "encrypted"):
            continue
        if type(fault).__name__ == "PostbackFault":
            user = fortis.USER if fault.kind == "user" else ""
            yield name, partial(platform.register, *where, user, name)
            registered(sides, network)
        else:
            step = platform.consent if type(fault).__name__ == "OAuthFault" else platform.launch
            yield name, partial(step, *where, fortis.USER, fault=name)


def officernd_tried(made: Made) -> Iterator[Any]:
    platform = made[0].platform
    first = next(iter(platform.integrations))
    made[2].run(Browser().open(platform.connect_url(first)))
    for name, fault in OFFICERND_FAULTS.items():
        kind = type(fault).__name__
        if kind == "ConnectFault":
            yield name, lambda name=name: Browser().open(platform.connect_url(first, name))
        else:
            step = platform.remove if kind == "WebhookFault" else platform.healthcheck
            yield name, partial(step, first, name)


def onoffice_tried(made: Made) -> Iterator[Any]:
    platform, customer = made[0].platform, (onoffice.FIRST, onoffice.ADMINISTRATOR)
    made[2].run(platform.activate(*customer), "browser")
    for one in ACTIVATION_FAULTS:
        yield one.name, partial(platform.activate, *customer, one.name)
    made[2].run(platform.activate(*customer), "browser")
    for one in SERVICE_FAULTS:
        yield one.name, partial(platform.serve, *customer, onoffice.PLANS, one.name)


PLATFORMS = {
    "officernd": (officernd, AnyPartner, officernd_tried, {}),
    "retailcrm": (retailcrm, AnyModule, retailcrm_tried, {"config_url": "{toy}/config"}),
    "onoffice": (onoffice, AnyProvider, onoffice_tried, {}),
    "fortis": (fortis, AnyApp, fortis_tried, {"mode": "encrypted"}),
}
OFF = {
    "officernd": {"region-foreign"},
    "retailcrm": {"foreign-host", "private-host", "another-account", "activity-foreign-host"},
    "onoffice": set(),
    "fortis": {"foreign-oauth-url", "private-oauth-url", "token-redirects"},
}
"""Some of the faults that lead to another host, on each platform: where that host is their whole point."""


@pytest.mark.parametrize("name", PLATFORMS)
def test_whatever_the_fault_only_the_public_url_is_named_and_those_that_lead_elsewhere_are_off(name):
    tools, toy, tried, settings = PLATFORMS[name]
    for made in served(tools, toy, **settings):
        sides, other, network = made
        done, refused = set(), set()
        for fault, step in tried(made):
            if fault in SLOW or fault.startswith("slow-"):
                continue
            try:
                network.run(step(), "browser")
            except ValueError as error:
                if "changes nothing of this address" in str(error):
                    continue  # an IP address has no letters to write in upper case
                assert "not offered" in str(error) or "trap" in str(error)
                refused.add(fault)
            else:
                done.add(fault)
        assert len(done) > 20, "the others are all there"
        assert refused == set(sides.off), "and what is said to be off is what is off"
        assert refused >= OFF[name]
        for path in ("/simulator", "/"):
            with suppress(Unreachable):
                other.hear(network.client.send(Request("GET", PUBLIC, path)).body.decode())
        named = {at(url)[0].rstrip(".") for url in other.told if url.startswith("http")} | {*other.contacted}
        assert named <= {PUBLIC, other.origins[0]}
        assert PUBLIC in named


# --- what a side elsewhere may name and who may be contacted ---------------------------------------


def answering(origin: str, register_url: str):
    class Role:
        name, origins, secret_names = "module", (origin,), frozenset()
        asked = 0

        def handle(self, request):
            yield from ()
            self.asked += 1
            return json_response(
                {
                    "success": True,
                    "scopes": ["integration_read", "integration_write"],
                    "registerUrl": register_url,
                }
            )

    return Role()


@pytest.fixture
def elsewhere():
    """A module on another address of this machine, which stands for a container: 127.0.0.2 is not 127.0.0.1."""
    sock = listen(address="127.0.0.2")
    role = answering(origin_of(sock), f"{origin_of(sock)}/register")
    server = RoleServer(role, lambda sender, request: Response(500), sock)
    server.start()
    yield role
    server.stop()


def popup(place: Place, url: str):
    settings, sock = {"config_url": f"{url}/config"}, listen()
    world = World(
        lambda: NOW,
        os.urandom,
        MemoryStore(),
        settings,
        place.public or origin_of(sock),
        plain=place.plain(settings),
    )
    platform = retailcrm.sides(world).platform
    with Loopback(platform, sockets={platform.name: sock}, allowed=place.elsewhere(settings)) as network:
        return network.run(platform.open_popup(world.platform_origin, retailcrm.CODE), "RetailCRM")


def test_a_partner_elsewhere_is_asked_where_a_public_url_and_a_setting_say_so_and_may_go_without_tls(
    elsewhere,
):
    outcome = popup(Place(public=PUBLIC), elsewhere.origins[0])
    assert outcome.response.status == 200
    assert [one.clause for one in outcome.findings if not one.held] == []
    assert elsewhere.asked == 1


def test_without_a_public_url_nobody_elsewhere_is_asked(elsewhere):
    outcome = popup(Place(), elsewhere.origins[0])
    assert (outcome.response, elsewhere.asked) == (None, 0)


def test_a_host_that_only_the_partner_names_is_not_asked():
    settings = {"config_url": "http://partner.test:3000/config", "code": "http://other.test"}
    place = Place(public=PUBLIC)
    assert place.elsewhere(settings) == ("http://partner.test:3000",)
    assert place.plain(settings) == ("127.0.0.1", "localhost", "partner.test")
    assert (Place().elsewhere(settings), Place().plain(settings)) == ((), ("127.0.0.1", "localhost"))


# --- the two options -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listen_at", "public_url", "only", "place"),
    [
        ("", "", "", Place()),
        ("", "", "platform", Place(LOOPBACK, "")),
        ("127.0.0.2", "", "partner", Place("127.0.0.2", "")),
        ("", "https://Shop.Example", "platform", Place(LOOPBACK, "https://shop.example")),
        ("0.0.0.0", "http://10.0.0.1:80/", "partner", Place("0.0.0.0", "http://10.0.0.1:80")),
    ],
)
def test_a_place_is_named_by_two_options(listen_at, public_url, only, place):
    assert place_of(listen_at, public_url, only) == place


@pytest.mark.parametrize(
    ("listen_at", "public_url", "only", "says"),
    [
        ("0.0.0.0", "", "platform", "--listen needs --public-url"),
        ("172.17.0.1", "", "partner", "--listen needs --public-url"),
        ("0.0.0.0", PUBLIC, "", "for one side"),
        ("", PUBLIC, "", "for one side"),
        ("localhost", PUBLIC, "platform", "an IPv4 address"),
        ("::", PUBLIC, "platform", "an IPv4 address"),
        ("0.0.0.0:80", PUBLIC, "platform", "an IPv4 address"),
        ("", "simulator.test", "platform", "scheme, host and port"),
        ("", "ftp://simulator.test", "platform", "scheme, host and port"),
        ("", "http://simulator.test/path", "platform", "scheme, host and port"),
        ("", "http://user@simulator.test", "platform", "scheme, host and port"),
        ("", "http://simulator.test:x", "platform", "scheme, host and port"),
        ("", "http://simulator.test?x", "platform", "scheme, host and port"),
        ("", "http://[", "platform", "scheme, host and port"),
    ],
)
def test_options_that_do_not_fit_end_with_what_is_wrong(capsys, listen_at, public_url, only, says):
    import typer

    with pytest.raises(typer.Exit) as ended:
        place_of(listen_at, public_url, only)
    assert ended.value.exit_code == 2
    assert says in " ".join(capsys.readouterr().err.split())
