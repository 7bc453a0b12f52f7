"""Every command of the page on containers is one that `serve` takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from handshakes.cli.places import place_of
from handshakes.cli.serve import settings_of
from handshakes.core.refusals import Refused
from handshakes.platforms import PLATFORMS
from handshakes.runtime.flow import Clock
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.store import MemoryStore
from handshakes.runtime.story import World

PAGE = (Path(__file__).parents[2] / "docs" / "containers.md").read_text("utf-8")
COMMANDS = re.findall(
    r"serve (?:officernd|retailcrm|onoffice|fortis) --only(?:[^\n`]|(?<=\\)\n|\n +--set)*", PAGE
)


def test_the_page_has_a_command_for_each_platform():
    assert {command.split()[1] for command in COMMANDS} == set(PLATFORMS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_can_be_served(command):
    name, *words = shlex.split(command.replace("\\\n", " "))[1:]
    options = list(zip(words[::2], words[1::2], strict=True))
    assert {option for option, _ in options} <= {"--only", "--listen", "--public-url", "--set"}
    given = dict(options)
    tools = PLATFORMS[name].tools()
    settings = settings_of([value for option, value in options if option == "--set"], tools.settings)
    place = place_of(given.get("--listen", ""), given["--public-url"], given["--only"])
    places = {"platform": (place.public, ""), "partner": ("", place.public)}[given["--only"]]
    world = World(Clock(0), lambda n: b"x" * n, MemoryStore(), settings, *places, plain=place.plain(settings))
    try:
        sides = tools.sides(world)
    except (ValueError, Refused) as error:
        pytest.fail(f"{command}: {error}")
    assert place.public in tools.briefing(sides, world)
    assert all(
        settings[key].startswith(place.elsewhere(settings)) for key in settings if key.endswith("_url")
    )


def test_a_side_on_the_address_of_a_bridge_is_called_by_it():
    """127.0.0.2 stands for 172.17.0.1, which a machine without Docker does not have."""
    sock = listen(address="127.0.0.2")
    assert origin_of(sock).startswith("http://127.0.0.2:")
    sock.close()
