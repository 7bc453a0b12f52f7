"""What the packages offer is there, and what a configuration keeps hidden has no value of its own."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil

import pytest

import handshakes
from handshakes.core.refusals import Refused
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


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_partner_without_a_secret_that_it_needs_does_not_start(platform):
    configuration = importlib.import_module(f"handshakes.{platform}.partner.configuration").Configuration
    needed = [one for one in dataclasses.fields(configuration) if one.default is dataclasses.MISSING]
    hidden = [one.name for one in needed if not one.repr]
    assert hidden
    for name in hidden:
        with pytest.raises(Refused) as refused:
            configuration(**{**{one.name: "plain" for one in needed}, name: ""})
        assert (refused.value.reason, refused.value.clause.partition(":")[0]) == ("empty-secret", platform)
