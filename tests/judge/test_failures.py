"""What a team is told of a violation, in this process: a module with one mistake, beside the simulator that sees it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from handshakes.core.messages import Request
from handshakes.core.refusals import Refused
from handshakes.judge import failures
from handshakes.judge.failures import Violation, failure, sections, told_of, trouble, unfired, violations
from handshakes.judge.journal import Exchange
from handshakes.judge.marketplace import Marketplace
from handshakes.judge.presses import Press
from handshakes.platforms import PLATFORMS
from handshakes.runtime.verdicts import Fault, Finding, Refuses, Survives
from tests.judge.partners import cannot_be_changed
from tests.judge.test_plugin import OWN

TEST = "test_shop.py::test_x[a b]"


@pytest.fixture(scope="module")
def served() -> Iterator[Marketplace]:
    with Marketplace("retailcrm") as market:
        yield market


@pytest.fixture
def market(served) -> Marketplace:
    served.reset()
    return served


def connected(market: Marketplace, *mistakes: str, fault: str = "") -> None:
    names: dict = {}
    exec(OWN, names)
    if fault:
        market.fault(fault)
    market.connect(names["module"](market.secret, *mistakes), config_url="/config")


def parts(text: str) -> dict[str, str]:
    """Return the six parts of a violation by their names."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line[2:3].strip():
            name, _, line = line.strip().partition(":")
        found[name] = f"{found.get(name, '')}\n{line.strip()}".strip()
    return found


def test_a_module_without_a_mistake_causes_no_trouble(market):
    connected(market)
    assert trouble(market, TEST, frozenset()) == ([], [])


def test_what_a_fault_was_played_for_is_told_in_six_parts_with_what_was_done_on_purpose(market):
    connected(market, "takes-any-token", fault="wrong-token")
    (told,), notes = trouble(market, TEST, frozenset())
    assert notes == []
    assert told.startswith("RetailCRM (Simla) found that the partner breaks a rule:\n\n")
    told_parts = parts(told.partition("\n\n")[2])
    assert [*told_parts] == ["clause", "the page says", "sent", "came back", "likely cause", "repeat it"]
    assert told_parts["clause"].startswith(
        "retailcrm:token.verify (must), violated at connect, with the fault wrong-token: "
    )
    assert told_parts["sent"].startswith("1 simulator → partner  POST http://127.0.0.1:")
    assert told_parts["came back"].startswith("2 partner ⇢ simulator  200")
    assert "⇢" not in told_parts["sent"] and "→ partner" not in told_parts["came back"]
    played = market.known_fault("wrong-token").what
    assert told_parts["likely cause"].startswith(f"The simulator did this on purpose: {played}. ")
    assert "The partner has to refuse it (signature-mismatch)" in told_parts["likely cause"]
    assert told_parts["repeat it"] == f"pytest '{TEST}'"


def test_a_clause_that_a_test_allows_to_be_violated_is_no_trouble(market):
    connected(market, "takes-any-token", fault="wrong-token")
    assert trouble(market, TEST, frozenset({"retailcrm:token.verify"})) == ([], [])


def test_a_violation_without_a_fault_shows_that_the_signature_was_right(market):
    connected(market, "never-edits")
    found = [*violations(market)]
    assert found and {one.press.fault for one in found} == {""}
    texts = [parts(failure(market, one, "again"))["likely cause"] for one in found]
    assert any(
        text.startswith(
            "The signature is right: look at what else the clause asks. The bytes that were signed:\n"
        )
        for text in texts
    )
    assert not any("on purpose" in text for text in texts)


@pytest.mark.parametrize("secrets", [[], [""]])
def test_where_no_secret_is_known_no_signature_is_looked_at(monkeypatch, secrets):
    """An API call of onOffice may name a token that nobody has: it has no key then. It was an error once."""
    call = Request("POST", "https://api.onoffice.de", "/api", (), b'{"token":"nobody"}')
    market: Any = SimpleNamespace(platform=PLATFORMS["onoffice"], secrets=lambda request: secrets)
    monkeypatch.setattr(failures, "explain", lambda *given, **named: pytest.fail("it was looked at"))
    said = failures._cause(market, Finding("a:b", False, ""), None, Exchange(1, "", True, call, 1))
    assert said == ["No signature is involved: compare what was sent and what came back with the clause."]


@pytest.mark.parametrize(
    ("received", "stages", "verdict", "said"),
    [
        (True, ("a stage",), "refused", ["what is told"]),
        (True, (), "refused", ["No signature is involved"]),
        (False, ("a stage",), "refused", ["No signature is involved"]),
        (False, (), "refused", ["No signature is involved"]),
        (False, (), "verified", ["The signature is right", "what is told"]),
        (True, ("a stage",), "verified", ["The signature is right", "what is told"]),
    ],
)
def test_a_refused_signature_is_explained_where_the_partner_made_it(
    market, monkeypatch, received, stages, verdict, said
):
    """What the simulator signed wrongly it did on purpose, and says so by the name of the fault."""
    answer = SimpleNamespace(verdict=verdict, stages=stages)
    monkeypatch.setattr(failures, "explain", lambda *given, **named: answer)
    monkeypatch.setattr(failures, "told", lambda *given: ["what is told"])
    exchange = Exchange(1, "", received, Request("POST", "http://127.0.0.1:1", "/"), 1)
    monkeypatch.setattr(type(market), "secrets", lambda self, request: ["a secret"])
    lines = failures._cause(market, Finding("a:b", False, ""), None, exchange)
    assert [line.partition(":")[0] for line in lines] == said


@pytest.mark.parametrize(
    ("end", "clause", "said"),
    [
        (Refuses("stale"), "shop:time", "refuse it (stale)"),
        (Refuses("stale"), "shop:sum", "refuse it (stale), and to do so as the clause says"),
        (Survives("off"), "shop:time", "carry on (off)"),
    ],
)
def test_what_the_simulator_did_on_purpose_and_what_the_partner_has_to_do_are_said(end, clause, said):
    fault = Fault("old", "shop:time", end, "an old request")
    market: Any = SimpleNamespace(known_fault={"old": fault}.__getitem__)
    press: Any = SimpleNamespace(fault="old")
    assert failures._cause(market, Finding(clause, False, ""), press, None) == [
        f"The simulator did this on purpose: an old request. The partner has to {said}."
    ]


def test_a_finding_is_about_the_shortest_exchange_around_it(market, monkeypatch):
    """Each exchange is noted as from which finding to which other it took, and its number; one lies within another."""
    connected(market)
    outer, *_, inner = market.requests()  # the longer one has the lower number
    monkeypatch.setattr(market._seat, "spans", [(0, 5, outer.number), (1, 3, inner.number)])
    assert [market.about(number)[1] for number in range(5)] == [outer, inner, inner, outer, outer]
    assert market.about(10_000) == (None, None), "no step made a finding of this number"


def test_each_request_that_the_simulator_gets_is_noted_with_what_was_found_in_it(market):
    connected(market)
    received = [one.number for one in market.requests() if one.received]
    assert received
    assert [number for _, _, number in market._seat.spans] == received
    first, last, _ = market._seat.spans[-1]
    assert first < last
    assert market.about(first)[1].number == received[-1]


def test_what_is_found_while_a_request_is_sent_again_does_not_count(market):
    connected(market, "takes-any-token")
    (register,) = [one for one in market.requests() if not one.received and one.request.path == "/register"]
    before = [*market.findings]
    assert market.replay(register).ok
    assert "replay" in {event.sender for event in market.transcript.events}
    assert market.findings == before != []


def test_a_reset_stops_the_applications_that_were_served(market):
    app = lambda environ, start: []  # noqa: E731
    port = int(market.serve(app).rpartition(":")[2])
    assert market.serve(app).endswith(f":{port}"), "the same one is served once"
    market.reset()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5).close()


def test_a_marketplace_shows_itself_by_its_platform_and_its_address(market):
    assert repr(market) == f"<retailcrm_platform at {market.url}>"


def test_what_is_no_must_is_a_note_with_its_level(market):
    connected(market, fault="too-large")
    told, notes = trouble(market, TEST, frozenset())
    assert told == []
    assert [note.partition(": ")[0] for note in notes] == ["retailcrm:register.size (should)"]
    assert notes[0].startswith("retailcrm:register.size (should): too-large: 200")
    assert "another reading" not in notes[0]
    assert trouble(market, TEST, frozenset({"retailcrm:register.size"})) == ([], [])


def test_what_another_reading_of_an_open_question_allows_is_a_note_that_names_it(market):
    """retailcrm:A5: a member that is there twice may be refused, or its last value may count."""
    connected(market, fault="duplicate-json-key")
    told, notes = trouble(market, TEST, frozenset())
    assert told == []
    (note,) = notes
    assert note.startswith("retailcrm:register.json (must): duplicate-json-key: ")
    assert note.endswith("; it is right by another reading, retailcrm:register.json=last-wins")
    (one,) = violations(market)
    assert (one.verdict, one.reading) == ("undetermined", "retailcrm:register.json=last-wins")
    undetermined = parts(failure(market, one, "again"))["undetermined"]
    assert undetermined == "it is right by another reading, retailcrm:register.json=last-wins"


def test_a_finding_about_a_request_without_a_signature_says_so(market):
    """The first request of a connection asks for the module's configuration, and carries nothing that is signed."""
    connected(market)
    unsigned = next(one for one in market.requests() if one.request.path == "/config")
    for exchange in (None, unsigned):
        one = Violation(Finding("retailcrm:config.json", False, "x"), None, exchange, "must", "", "fail")
        told = parts(failure(market, one, "again"))
        assert told["likely cause"] == (
            "No signature is involved: compare what was sent and what came back with the clause."
        )
    assert (told["clause"], told["repeat it"]) == ("retailcrm:config.json (must), violated: x", "again")
    nothing = parts(failure(market, replace(one, exchange=None), "again"))
    assert (nothing["sent"], nothing["came back"]) == ("nothing that is kept", "nothing")


def test_where_the_explanation_itself_is_refused_its_reason_is_the_cause(market, monkeypatch):
    connected(market)
    (register,) = [one for one in market.requests() if not one.received and one.request.path == "/register"]
    refused = Refused("too-large", "retailcrm:register.size", {"bytes": 70_000})

    def explain(*_: object, **__: object) -> None:
        raise refused

    monkeypatch.setattr(failures, "explain", explain)
    one = Violation(Finding("retailcrm:register.size", False, "x"), None, register, "must", "", "fail")
    cause = parts(failure(market, one, "again"))["likely cause"].splitlines()
    assert cause == [line.strip() for line in refused.explain().splitlines()]


def test_a_step_that_is_pressed_returns_its_answer_and_what_was_found_in_it(market):
    connected(market)
    seen = len(market.findings)
    outcome = market.press("connect")
    assert outcome.response.status == 200
    assert outcome.findings and {*outcome.findings} <= {*market.findings[seen:]}


def test_a_failing_test_shows_what_was_not_seen_once_each_and_ten_of_it(market):
    found = [Finding(f"shop:{number}", None, "nothing came") for number in range(12)]
    market._seat.role.findings += [*found, *found]
    assert sections(market, TEST) == [
        (
            "what RetailCRM (Simla) found",
            "\n".join(f"  not seen: shop:{number}: nothing came" for number in range(10)),
        )
    ]


def test_a_failing_test_shows_its_parts_apart_and_what_was_said_without_bodies(market):
    connected(market, "takes-any-token", fault="wrong-token")
    market.fault("activity-off")
    market._seat.role.findings.append(Finding("shop:a", None, "nothing came"))
    (found, text), (said, transcript) = sections(market, TEST)
    assert found == "what RetailCRM (Simla) found" and said == "what RetailCRM (Simla) and the partner said"
    *violated, unseen, never = text.split("\n\n")
    assert violated == told_of(market, f"pytest '{TEST}'", [*violations(market)]).split("\n\n")
    assert unseen.splitlines()[-1] == "  not seen: shop:a: nothing came"
    assert never.startswith("The fault activity-off was armed and never fired.")
    assert transcript == market.transcript.text(bodies=False)


def test_a_fault_that_never_fired_is_told_with_where_it_plays_and_what_was_taken(market):
    connected(market)
    market.fault("activity-off")
    market.fault("wrong-token", at="visit")
    assert unfired(market) == [
        "The fault activity-off was armed and never fired. It plays at: on. Steps taken: popup, connect, visit.",
        "The fault wrong-token was armed and never fired. It plays at: visit. Steps taken: popup, connect, visit.",
    ]
    market.reset()
    market.fault("activity-off")
    assert unfired(market)[0].endswith(" Steps taken: none.")


def test_a_request_that_no_step_has_is_told_with_80_characters_of_its_path(market):
    connected(market, "asks-for-nothing-there-is")
    said = "The partner sent GET /api/v9/orders, which the simulator does not have."
    assert trouble(market, TEST, frozenset()) == ([], [said])


def test_of_many_violations_five_are_told_in_full_and_the_others_by_their_clauses(market):
    found = [
        Violation(Finding(f"shop:{number}", False, "x"), None, None, "must", "", "fail")
        for number in range(7)
    ]
    texts = told_of(market, "again", found).split("\n\n")
    assert texts[:5] == [failure(market, one, "again") for one in found[:5]]
    assert texts[5:] == ["  and 2 more: shop:5, shop:6"]
    assert told_of(market, "again", found[:5]).split("\n\n") == texts[:5]
    assert told_of(market, "again", []) == ""


@pytest.mark.parametrize("kind", [Violation, Exchange, Press])
def test_what_was_seen_cannot_be_changed_after_it(kind):
    assert cannot_be_changed(kind)
