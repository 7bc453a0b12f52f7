"""Our own partner of each platform, served beside a marketplace as a team would serve its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import FrozenInstanceError, dataclass, fields
from typing import Any

from handshakes.fortis.partner import App
from handshakes.judge.marketplace import Marketplace
from handshakes.onoffice.partner.integration import ACTIVATE, SERVICE, WEBHOOK
from handshakes.platforms import PLATFORMS
from handshakes.retailcrm.partner.integration import CONFIG
from handshakes.runtime.client import Client
from handshakes.runtime.server import RoleServer, listen, origin_of
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World


@dataclass
class Partner:
    """A served partner: what `connect` is told of it, and the role."""

    role: Any
    to: str
    settings: dict[str, str]


@contextmanager
def partner_of(market: Marketplace, secret: str = "") -> Iterator[Partner]:
    name = market.platform.name
    sock = listen()
    origin = origin_of(sock)
    settings = {"platform_url": market.url}
    world = World(market.clock, os.urandom, MemoryStore(), settings, "", origin, secret=secret)
    role: Any = PLATFORMS[name].tools().sides(world).partner
    client = Client()
    server = RoleServer(role, client.exchange, sock)
    server.start()
    try:
        yield Partner(role, *place(name, role, origin))
    finally:
        server.stop()
        client.close()


def place(name: str, role: Any, origin: str) -> tuple[str, dict[str, str]]:
    if name == "officernd":
        return f"{origin}/officernd", {}
    if name == "retailcrm":
        return origin + CONFIG, {}
    if name == "onoffice":
        return origin + ACTIVATE, {"service_url": SERVICE, "webhook_url": WEBHOOK}
    assert isinstance(role, App)
    urls = {"location_setup_url": role.location_setup_url(), "user_setup_url": role.user_setup_url()}
    return role.iframe_url(), {**urls, "redirect_uri": role.redirect_uri()}


def cannot_be_changed(kind: type[Any]) -> bool:
    """Return whether no field of a record can be set after it was made, and no name that it does not have."""
    one, names = object.__new__(kind), tuple(field.name for field in fields(kind))
    try:
        setattr(one, names[0], "another")
    except FrozenInstanceError:
        return getattr(kind, "__slots__", None) == names and not hasattr(one, "__dict__")
    return False
