"""Every slip occurs in a row of a test: what no program can be made to do is no slip."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import pytest

from handshakes.explain.slips import GENERAL
from handshakes.platforms import PLATFORMS
from handshakes.spec.register import load

from .rows import Row


def rows_of(platform: str) -> list[Row]:
    name = f"{__package__}.test_{platform}"
    return getattr(import_module(name), "ROWS", []) if find_spec(name) else []


CAUSES = {
    platform: causes
    for platform in PLATFORMS
    if (causes := {id for row in rows_of(platform) for id in row.cause.split(" + ")})
}
EVERY = set().union(*CAUSES.values())


def test_every_platform_has_rows():
    assert {*CAUSES} == {*PLATFORMS}


@pytest.mark.parametrize("slip", GENERAL, ids=lambda slip: slip.id)
def test_a_general_slip_occurs_in_a_row(slip):
    assert slip.id in EVERY


@pytest.mark.parametrize("platform", CAUSES)
def test_a_slip_of_a_platform_occurs_in_its_rows(platform):
    slips = {slip.id for slip in PLATFORMS[platform].slips().SLIPS}
    assert slips <= CAUSES[platform], sorted(slips - CAUSES[platform])


@pytest.mark.parametrize("platform", CAUSES)
def test_a_row_names_a_slip_or_a_reading(platform):
    slips = {slip.id for slip in (*GENERAL, *PLATFORMS[platform].slips().SLIPS)}
    readings = {reading.id for ambiguity in load(platform).ambiguities for reading in ambiguity.readings}
    assert CAUSES[platform] <= slips | readings


def test_no_id_stands_twice_and_each_slip_says_what_and_how_to_mend_it():
    every = [*GENERAL, *(slip for platform in CAUSES for slip in PLATFORMS[platform].slips().SLIPS)]
    assert len({slip.id for slip in every}) == len(every) >= 90
    for slip in every:
        assert slip.says.endswith(".") and slip.cure and slip.source
        assert slip.id == slip.id.lower()
