"""Partners that were written from the guide's pages alone, in other languages, in front of the served simulators.

The sound one breaks no clause; with one mistake that people make, it is caught at exactly that mistake's clause.
"""

from __future__ import annotations

import pytest

from handshakes.spec.register import load
from tests.strangers.cases import JUDGED, judged
from tests.strangers.running import bugs

CASES = [(platform, bug) for platform in JUDGED for bug in bugs(platform)]


@pytest.mark.parametrize("platform", JUDGED)
def test_a_partner_written_from_the_pages_alone_breaks_no_clause(platform, tmp_path):
    findings = judged(platform, "", tmp_path)
    assert [one for one in findings if one.violated] == []
    assert set().union(*bugs(platform).values()) <= {one.clause for one in findings if one.held}


@pytest.mark.parametrize(("platform", "bug"), CASES, ids=map("-".join, CASES))
def test_a_partner_with_one_mistake_is_caught_at_exactly_its_clause(platform, bug, tmp_path):
    assert {one.clause for one in judged(platform, bug, tmp_path) if one.violated} == bugs(platform)[bug]


@pytest.mark.parametrize("platform", JUDGED)
def test_each_partner_has_mistakes_of_many_kinds_and_of_known_clauses(platform):
    broken = set().union(*bugs(platform).values())
    assert len(broken) >= 8 and broken <= {clause.id for clause in load(platform).clauses}
