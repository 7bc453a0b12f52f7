"""The broken partners of the tests, over sockets: red at their clause and nowhere else.

Each test takes part of a platform's table; with HANDSHAKES_EVERY_ROW=1 all of it, which takes three minutes.
"""

from __future__ import annotations

import os
from importlib import import_module

import pytest

from tests.judge.sockets import facing, judged, operator_of

STEP = {"officernd": 2, "retailcrm": 2, "onoffice": 10, "fortis": 6}
"""Of how many rows one is taken, so that all four take about as long."""
BASE = {"officernd": "PartnerIntegration", "retailcrm": "Module", "onoffice": "Provider", "fortis": "App"}
NOT_HERE = {
    "retailcrm": {"system-url.allowed", "system-url.scheme", "system-url.port", "system-url.parts", "system-url.technical", "transition.unknown"},
    "onoffice": {"url.scheme", "url.host", "unlock.later", "unlock.timeout"},
    "fortis": {"setup.iframe-url", "token.not-deleted", "api.host", "oauth.url", "oauth.redirects"},
}  # fmt: skip
"""Rows whose override names a production host, or that take ten minutes or `--slow`."""
EXCUSED = {
    "retailcrm:register.json": "retailcrm:register.json=last-wins",
    "fortis:launch.repeated": "fortis:launch.repeated=first",
    "fortis:launch.absent": "fortis:launch.absent=missing-only",
}
"""Rows that do what a reading of an open question does."""


def rows(platform: str):
    table = import_module(f"tests.{platform}.test_broken_partners").BROKEN
    kept = [row for row in table if row[0] not in NOT_HERE.get(platform, ())]
    return kept if os.environ.get("HANDSHAKES_EVERY_ROW") else kept[:: STEP[platform]]


def made(platform: str, override):
    base = getattr(import_module(f"tests.{platform}.test_broken_partners"), BASE[platform])
    return type("Broken", (base,), override) if isinstance(override, dict) else override


ROWS = [(platform, row) for platform in STEP for row in rows(platform)]


@pytest.mark.parametrize(("platform", "row"), ROWS, ids=[f"{platform}:{row[0]}" for platform, row in ROWS])
def test_a_broken_partner_is_red_at_its_clause_and_nowhere_else(platform, row):
    kind, mode = made(platform, row[-1]), row[1] if platform == "fortis" else "encrypted"
    clause = f"{platform}:{row[0]}"

    def broken(partner):
        given = {"store": partner.store, "clock": partner.clock, "random": partner.random}
        return kind(partner.configuration, report=partner.report, **given)

    with facing(platform, mode=mode, kind=broken) as (served, process):
        report = judged(platform, served, operator=operator_of(platform, served, process))
    worse = {
        row.clause: row.reading for row in report.rows if row.judgement in ("fail", "warn", "undetermined")
    }
    assert worse == {clause: EXCUSED.get(clause, "")}
    assert (report.exit == 1) is (clause not in EXCUSED)
