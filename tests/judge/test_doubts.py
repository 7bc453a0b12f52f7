"""What excuses a partner, and what is told as the likely cause, for each way in which a case can end."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from handshakes.core.messages import Request
from handshakes.core.refusals import REASONS
from handshakes.judge.doubts import cause, excuse
from handshakes.judge.served import Observed
from handshakes.officernd import sign_query
from handshakes.runtime.transcript import Event
from handshakes.runtime.verdicts import Expected, Fault, Finding, Refuses, Survives
from handshakes.spec.register import load

NOW, SECRET, OTHERS = 1_700_000_000, "example-integration-secret", ("another", "third", "fourth")
CLAUSE = "officernd:signature.tolerance"
PAIRS = [("slug", "test-slug"), ("organizationId", "5b0000000000000000000001"), ("locations", "a")]
DONE = "The simulator sent this on purpose: an old request."


def seen(
    expected: Expected, came: str = "", *, clause: str = CLAUSE, detail: str = "old: taken", at: int = NOW
) -> Observed:
    query = urlencode([*PAIRS, ("signature", sign_query(PAIRS, secret=SECRET, timestamp=at))])
    request = Request("GET", "https://partner.example", f"/officernd/sync?{query}")
    answer = Event("response", "partner", "OfficeRnD", came) if came else None
    fault = Fault("old", CLAUSE, expected, "an old request")
    return Observed(Finding(clause, False, detail), fault, came=answer, request=request, now=NOW)


def caused(one: Observed, *keys: str) -> str:
    return cause("officernd", one, keys, None)


def test_a_finding_without_a_case_or_a_request_is_its_own_cause():
    finding = Finding(CLAUSE, False, "it was taken")
    assert caused(Observed(finding, None)) == "it was taken"
    assert caused(Observed(finding, Fault("old", CLAUSE, Refuses("stale"), "x"))) == "it was taken"


def test_what_was_seen_of_another_clause_is_told_as_seen_after_the_case():
    other = seen(Refuses("stale"), clause="officernd:sync.answer", detail="no JSON")
    assert caused(other) == "This was seen after old (an old request): no JSON"
    named = seen(Refuses("stale"), clause="officernd:sync.answer", detail="old: no JSON")
    assert caused(named).startswith(DONE), "its case is named in what was found"


@pytest.mark.parametrize("status", ["401 Unauthorized", "500"])
def test_what_was_refused_in_a_wrong_way_is_told_as_refused(status):
    said = f"{DONE} It was refused, which is right. What is wrong: old: taken"
    assert caused(seen(Refuses("stale"), status), SECRET) == said


@pytest.mark.parametrize("came", ["200 OK", ""])
def test_what_has_to_be_refused_is_told_with_the_meaning_of_its_reason(came):
    assert caused(seen(Refuses("stale"), came)) == f"{DONE} It has to be refused: {REASONS['stale'].meaning}"
    assert caused(seen(Refuses("of our own"), came)) == f"{DONE} It has to be refused: of our own"


@pytest.mark.parametrize("keys", [(SECRET,), (*OTHERS[:2], SECRET), (*OTHERS, SECRET)])
def test_what_has_to_be_accepted_is_told_with_what_its_signature_is(keys):
    right = f"{DONE} The signature is right"
    accept = ", so it has to be accepted: verify what was received, unchanged."
    for came in ("401", "", "500"):
        assert caused(seen(Survives("connected"), came), *keys) == right + accept
    for came in ("200", "302"):
        assert caused(seen(Survives("connected"), came), *keys) == f"{right}. What was seen: old: taken"
    for wrong in ((), OTHERS):
        assert caused(seen(Survives("connected"), "401"), *wrong) == f"{DONE} What was seen: old: taken"


def test_the_mistake_behind_a_case_is_told_in_a_sentence_and_searched_with_three_keys_at_the_most():
    """What is signed is in alphabetical order, and the query is not."""
    query = urlencode([*PAIRS, ("signature", sign_query(sorted(PAIRS), secret=SECRET, timestamp=NOW))])
    fault = Fault("sorted", CLAUSE, Refuses("signature-mismatch"), "an old request")
    request = Request("GET", "https://partner.example", f"/officernd/sync?{query}")
    one = Observed(Finding(CLAUSE, False, "taken"), fault, request=request, now=NOW)
    found = (
        f"{DONE} Your partner takes what this mistake makes: "
        "The signature was made for the parameters in sorted order (by name)."
    )
    assert [caused(one, *OTHERS[:count], SECRET) for count in range(3)] == [found] * 3
    both = urlencode([*PAIRS, ("signature", sign_query(sorted(PAIRS), secret=f"{SECRET}\n", timestamp=NOW))])
    two = replace(one, request=replace(request, target=f"/officernd/sync?{both}"))
    assert caused(two, SECRET) == f"{found} The key was the secret with a line end after it."
    meaning = REASONS["signature-mismatch"].meaning
    assert caused(one, *OTHERS, SECRET) == f"{DONE} It has to be refused: {meaning}"


def test_an_open_reading_excuses_a_partner_that_took_or_refused_by_it():
    """officernd:S8: 300 seconds back and 60 ahead here; 60 back, none ahead, or 300 both ways elsewhere."""
    register = load("officernd")

    def excused(one: Observed, *keys: str) -> str:
        return excuse("officernd", register, one, keys or (SECRET,), None).removeprefix(f"{CLAUSE}=")

    assert excused(seen(Survives("connected"), at=NOW - 200)) == "60-back-0-ahead"
    assert excused(seen(Survives("connected"), at=NOW + 30)) == "60-back-0-ahead"
    assert excused(seen(Refuses("stale"), at=NOW + 200)) == "300-both-ways"
    assert excused(seen(Refuses("stale"), at=NOW + 200), "another", SECRET) == "300-both-ways"
    assert excused(seen(Refuses("stale"), at=NOW - 400)) == "", "no reading takes it"
    assert excused(seen(Refuses("stale"), at=NOW + 200), "another") == "", "it is not signed with this"
    assert excused(seen(Survives("connected"), at=NOW)) == "", "every reading takes it"
    assert excused(seen(Survives("connected"), clause="officernd:sync.answer", at=NOW - 200)) == ""
    nothing = Observed(Finding(CLAUSE, False, "x"), Fault("old", CLAUSE, Survives("connected"), "x"))
    assert excused(nothing) == excused(Observed(Finding(CLAUSE, False, "x"), None)) == ""
