"""What `serve` prints for the other side: enough to write one, and no address that is not there."""

from __future__ import annotations

import pytest

from handshakes.officernd import demo
from handshakes.officernd.briefing import briefing
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World

PLATFORM, PARTNER = "http://127.0.0.1:7001", "http://127.0.0.1:7002"
FOREIGN = "http://127.0.0.1:7003/mine"
THEIRS = ["redirect URI", "connect URL", "configuration URL", "health check URL", "sync URL"]


def told(platform: str = "", partner: str = "", **settings: str) -> dict[str, str]:
    world = World(lambda: 0, bytes, MemoryStore(), settings, platform, partner)
    lines = briefing(demo.sides(world), world).splitlines()
    return {name.strip(): value for name, _, value in (line.partition("  ") for line in lines)}


def values(rows: dict[str, str]) -> dict[str, str]:
    return {name: value.strip() for name, value in rows.items()}


def test_the_platform_prints_the_secret_that_verify_needs_for_each_integration():
    rows = values(told(PLATFORM, partner_url=FOREIGN))
    assert rows["secret of integration 5e0000000000000000000001 (public)"] == "example-integration-secret"
    assert rows["secret of integration 5e0000000000000000000002 (public)"] == "another-integration-secret"
    assert len([name for name in rows if name.startswith("secret of integration ")]) == 3


def test_the_platform_alone_prints_the_foreign_partners_urls():
    rows = values(told(PLATFORM, partner_url=FOREIGN))
    assert [rows[name] for name in THEIRS] == [
        f"{FOREIGN}/{page}" for page in ("connect", "connect", "configure", "healthcheck", "sync")
    ]


def test_the_platform_alone_makes_up_no_url_of_the_partner():
    rows = values(told(PLATFORM))
    assert [rows[name] for name in THEIRS] == [
        f"not set: give --set {name}=URL"
        for name in ("redirect_uri", "connect_url", "configuration_url", "healthcheck_url", "sync_url")
    ]
    assert not [value for value in rows.values() if "partner.example" in value]


def test_one_url_that_was_given_is_printed_and_the_others_are_not():
    rows = values(told(PLATFORM, connect_url=FOREIGN))
    assert (rows["connect URL"], rows["redirect URI"]) == (FOREIGN, FOREIGN)
    assert [rows[name].split()[0] for name in THEIRS[2:]] == ["not"] * 3


@pytest.mark.parametrize("settings", [{}, {"platform_url": PLATFORM}])
def test_the_partner_alone_prints_its_own_urls_and_where_it_expects_the_platform(settings):
    rows = values(told("", PARTNER, **settings))
    assert rows["your platform"] == settings.get("platform_url", "not set: give --set platform_url=URL")
    assert [rows[name] for name in THEIRS] == [
        f"{PARTNER}/officernd/{page}" for page in ("connect", "connect", "configure", "healthcheck", "sync")
    ]
    assert rows["client secret (public)"] == "example-client-secret"
    assert not [value for value in rows.values() if "officernd.com" in value]
    assert not [name for name in rows if name.startswith("secret of")], "they are the platform's"


def test_both_sides_print_both():
    rows = values(told(PLATFORM, PARTNER))
    assert rows["open in a browser"] == f"{PLATFORM}/simulator"
    assert rows["sync URL"] == f"{PARTNER}/officernd/sync"


def test_an_empty_sync_url_means_that_there_is_none():
    world = World(lambda: 0, bytes, MemoryStore(), {"partner_url": FOREIGN, "sync_url": ""}, PLATFORM, "")
    application = next(iter(demo.sides(world).platform.applications.values()))
    assert (application.sync_url, application.healthcheck_url) == ("", f"{FOREIGN}/healthcheck")
    assert values(told(PLATFORM, partner_url=FOREIGN, sync_url=""))["sync URL"] == "none"


@pytest.mark.parametrize(("given", "expected"), [({}, "/start"), ({"connect_url": FOREIGN}, "")])
def test_a_foreign_partner_that_starts_itself_may_have_a_connect_url_of_its_own(given, expected):
    world = World(
        lambda: 0, bytes, MemoryStore(), {"partner_url": FOREIGN, "started_by": "partner", **given}, PLATFORM
    )
    application = next(iter(demo.sides(world).platform.applications.values()))
    assert application.connect_url == FOREIGN + expected
