"""Faults that keep a partner waiting are marked, so that they are tried with --slow alone."""

from __future__ import annotations

from importlib import import_module

import pytest

from handshakes.platforms import PLATFORMS
from handshakes.runtime.story import Operator, Sides


def waited(platform: str, wanted) -> int:
    """Return how many seconds go by in an examination with some faults, where a late answer moves the clock."""
    world = import_module(f"tests.{platform}.sides").sides()
    world.platform.wanted = wanted
    before = world.clock()
    step = (
        PLATFORMS[platform].tools().examine(Sides(world.platform, world.partner, world.reports), Operator())
    )
    world.network.run(step, "browser")
    return world.clock() - before


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_other_fault_takes_time(platform):
    assert waited(platform, lambda fault: not fault.waits) == 0


MARKED = [
    (name, fault.name)
    for name, one in PLATFORMS.items()
    for fault in one.tools().faults.values()
    if fault.waits
]


@pytest.mark.parametrize(("platform", "name"), MARKED)
def test_a_marked_fault_takes_time(platform, name):
    assert waited(platform, lambda fault: fault.name == name) >= 2
