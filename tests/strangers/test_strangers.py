"""Partners that were written from the guide's pages alone, in other languages, judged by `handshakes judge`.

The sound one breaks no clause; with one mistake that people make, it is caught at exactly that mistake's clause.
"""

from __future__ import annotations

import pytest

from handshakes.spec.register import load
from tests.strangers.cases import PLATFORMS, against, judged
from tests.strangers.running import bugs

SOUND = [*((platform, "") for platform in PLATFORMS), ("fortis", "plain")]
CASES = [(platform, bug) for platform in PLATFORMS for bug in bugs(platform)]


@pytest.mark.parametrize(("platform", "mode"), SOUND)
def test_a_partner_written_from_the_pages_alone_breaks_no_clause(platform, mode, tmp_path):
    report = judged(platform, mode, tmp_path)
    assert against(report) == {} and report.exit in (0, 4)
    passed = {row.clause for row in report.rows if row.judgement == "pass"}
    plain = {clause for clause in passed if clause.startswith("fortis:plain.")}
    broken = {clause for clauses in bugs(platform).values() for clause in clauses}
    assert (
        plain if mode else {clause for clause in broken if not clause.startswith("fortis:plain.")} <= passed
    )


@pytest.mark.parametrize(("platform", "bug"), CASES, ids=map("-".join, CASES))
def test_a_partner_with_one_mistake_is_caught_at_exactly_its_clause(platform, bug, tmp_path):
    assert set(against(judged(platform, bug, tmp_path))) == bugs(platform)[bug]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_partner_has_mistakes_of_many_kinds_and_of_known_clauses(platform):
    broken = {clause for clauses in bugs(platform).values() for clause in clauses}
    register = load(platform)
    assert len(broken) >= 8 and broken <= {one.id for one in (*register.clauses, *register.advice)}
