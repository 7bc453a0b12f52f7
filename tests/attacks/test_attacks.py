"""Every attack against a whole partner, served: refused as its operator is told, nothing kept, nobody contacted."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from . import table
from .victim import Attack, Victim, victim

ROOT = Path(__file__).parents[2]

SETTINGS = {"fortis, plain": {"mode": "plain"}}


@pytest.fixture(scope="module")
def victims():
    """Return a function that serves a partner once, when it is first attacked."""
    served: dict[str, Victim] = {}
    with ExitStack() as stack:

        def of(partner: str) -> Victim:
            if partner not in served:
                name = partner.partition(",")[0]
                served[partner] = stack.enter_context(victim(name, **SETTINGS.get(partner, {})))
            return served[partner]

        yield of


def tried(attack: Attack, target: Victim) -> None:
    """Let an attacker try everything, and look at what the partner answers, tells its operator, keeps and contacts."""
    reports, number, refusals = target.world.sides.reports, 0, set()
    secrets, contacts = target.secrets(), target.trap.contacts
    for sent in attack.tries(target):
        before, told = target.rows(), reports.told
        answer = target.ask(sent)
        number += 1
        new = [refused.reason for _, refused in reports.since(told)[1]]
        assert answer.status == attack.status, (sent, answer, new)
        assert set(new) <= attack.reasons and bool(new) == bool(attack.reasons), (sent, new)
        assert target.rows() == before, sent
        assert not [one for one in secrets if one.encode() in answer.body], sent
        if attack.reasons and attack.status not in (302, 303):
            assert answer.header("set-cookie") == "", sent
            shown = tuple(one for one in answer.headers if one[0] not in ("date", "content-length"))
            refusals.add((answer.body, shown))
    assert number
    assert len(refusals) <= 1 or not attack.alike, "every try is answered alike"
    assert target.trap.contacts == contacts


@pytest.mark.parametrize("attack", table.ATTACKS, ids=lambda one: f"{one.partner} {one.source}: {one.what}")
def test_an_attack_is_refused_and_changes_nothing(attack, victims):
    tried(attack, victims(attack.partner))


BROKEN = [
    ("officernd", "6", "tolerance", (10**9, 10**9)),
    ("retailcrm", "A4, A5", "body_only", lambda request: None),
    ("onoffice", "5", "tolerance", (10**9, 10**9)),
    ("fortis, encrypted", "S05, lesson 05, 5", "take_once", lambda key: None),
    ("fortis, plain", "S05", "tolerance", (10**9, 10**9)),
]
"""By partner: an attack, and what a partner that does not stop it does otherwise."""


@pytest.mark.parametrize(("partner", "source", "what", "instead"), BROKEN)
def test_a_partner_that_does_not_stop_it_is_seen(partner, source, what, instead):
    attack = next(one for one in table.ATTACKS if (one.partner, one.source) == (partner, source))
    with victim(partner.partition(",")[0], **SETTINGS.get(partner, {})) as target:
        if what == "tolerance":
            target.partner.configuration = replace(target.partner.configuration, tolerance=instead)
        else:
            setattr(target.partner, what, instead)
        with pytest.raises(AssertionError):
            tried(attack, target)


@pytest.mark.parametrize("row", table.ELSEWHERE, ids=lambda row: f"{row[0]} {row[1]}")
def test_what_is_tried_elsewhere_is_a_test_there(row):
    file, _, name = row[3].partition("::")
    assert f"def {name}(" in (ROOT / file).read_text("utf-8") if name else (ROOT / file).exists()


def test_every_attack_of_the_fact_sheets_is_in_the_table():
    for partner, entries in table.SHEETS.items():
        named = " ".join(
            [one.source for one in table.ATTACKS if one.partner.startswith(partner)]
            + [source for name, source, *_ in (*table.ELSEWHERE, *table.NOT_OURS) if name == partner]
        )
        found = set(re.findall(r"(?<![\w.])S?[0-9]+(?![\w.])", named))
        assert set(entries) <= found, (partner, set(entries) - found)
