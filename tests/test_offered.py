"""What the packages offer is there, and what a configuration keeps hidden has no value of its own."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil

import pytest

import handshakes
from handshakes.platforms import PLATFORMS


def test_what_a_package_offers_is_there():
    names = [one.name for one in pkgutil.walk_packages(handshakes.__path__, "handshakes.") if one.ispkg]
    offering = [module for module in map(importlib.import_module, names) if hasattr(module, "__all__")]
    assert len(offering) > 10
    assert {
        f"{module.__name__}.{each}"
        for module in offering
        for each in module.__all__
        if not hasattr(module, each)
    } == set()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_secret_is_set_by_itself(platform):
    configuration = importlib.import_module(f"handshakes.{platform}.partner.configuration").Configuration
    hidden = {one.name: one.default for one in dataclasses.fields(configuration) if not one.repr}
    assert hidden and {*hidden.values()} <= {"", dataclasses.MISSING}
