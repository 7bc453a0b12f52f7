"""`handshakes serve onoffice` with one side alone: which option is missing, and what the other side is told."""

from __future__ import annotations

import pytest

from handshakes.onoffice import demo
from handshakes.onoffice.briefing import briefing
from handshakes.runtime.flow import Clock
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World
from tests.cli.test_cli import run  # noqa: F401  (a fixture)
from tests.onoffice.sides import NOW

PLATFORM, PARTNER = "http://127.0.0.1:1", "http://127.0.0.1:2"


def told(platform: str = "", partner: str = "", **settings: str) -> dict[str, str]:
    """Return what the briefing says, by name."""
    numbers = iter(range(1_000))
    random = lambda n: next(numbers).to_bytes(n)  # noqa: E731
    world = World(Clock(NOW), random, MemoryStore(), settings, platform, partner)
    lines = briefing(demo.sides(world), world).splitlines()
    return {name.strip(): value for name, _, value in (line.partition("  ") for line in lines)}


def test_a_provider_served_alone_says_which_option_is_missing(run):  # noqa: F811
    ran = run("serve", "onoffice", "--only", "partner")
    assert (ran.code, ran.out) == (2, "")
    assert "--set platform_url=" in ran.err


def test_a_provider_served_alone_tells_its_platform_the_urls_to_register():
    shown = told(partner=PARTNER, platform_url="http://127.0.0.1:9")
    assert shown["your platform"].strip() == "http://127.0.0.1:9"
    assert "open in a browser" not in shown
    assert shown["activation URL"].strip().startswith(f"{PARTNER}/onoffice/activate?")


def test_a_platform_served_alone_makes_up_no_address_of_a_provider():
    shown = told(platform=PLATFORM, service_url="http://127.0.0.1:9/service")
    assert shown["open in a browser"].strip() == f"{PLATFORM}/simulator"
    assert "--set activation_url=URL" in shown["activation URL"]
    assert "--set webhook_url=URL" in shown["export (webhook)"]
    assert shown["plans (service)"].strip() == "http://127.0.0.1:9/service"


@pytest.mark.parametrize("settings", [{}, {"platform_url": "https://smart.onoffice.de"}])
def test_both_sides_served_know_each_other(settings):
    shown = told(PLATFORM, PARTNER, **settings)
    assert shown["activation URL"].strip().startswith(PARTNER) and shown["API"].strip().startswith(PLATFORM)
