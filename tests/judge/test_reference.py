"""The reference partner is judged over sockets: nothing is red, and what is not seen needs its operator."""

from __future__ import annotations

import pytest

from handshakes.platforms import PLATFORMS
from tests.judge.sockets import facing, judged, named, operator_of

CASES = [("officernd", "encrypted"), ("retailcrm", "encrypted"), ("onoffice", "encrypted"), ("fortis", "encrypted"), ("fortis", "plain")]  # fmt: skip


@pytest.mark.parametrize(("platform", "mode"), CASES)
def test_the_reference_partner_breaks_nothing_and_what_is_not_seen_is_known(platform, mode):
    with facing(platform, mode=mode) as (served, _):
        report = judged(platform, served)
    assert named(report, "fail", "warn", "undetermined", "known", "passes again") == {}
    untested = {row.clause for row in report.rows if (row.judgement, row.level) == ("not testable", "must")}
    assert untested == set(PLATFORMS[platform].tools().needs), "the profile that --init writes lists them"
    assert report.summary["pass"] > 45
    assert report.exit == 4, "the profile promises more than can be seen from outside"


def test_a_simulator_with_a_public_address_names_no_other_one_and_tries_no_fault_that_needs_one():
    with facing("officernd", public=True) as (served, process):
        report = judged("officernd", served, operator=operator_of("officernd", served, process))
        said = "\n".join(f"{event.text} {event.headers} {event.body}" for event in served.transcript.events)
    assert served.url.startswith("http://localhost:") and served.world.traps == ()
    assert served.url in said and served.url.replace("localhost", "127.0.0.1") not in said
    assert named(report, "fail", "warn", "undetermined") == {}
    assert "region-foreign" in {row.clause: row.why for row in report.rows}["officernd:organization.region"]
