"""The small parts of a marketplace and of a report, each with its own values."""

from __future__ import annotations

import importlib
import json
from contextlib import contextmanager
from dataclasses import replace
from hashlib import shake_256
from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from handshakes.judge import trial as trial_module
from handshakes.judge.clock import Clock
from handshakes.judge.given import addressed, checked, meant
from handshakes.judge.judgement import Asked, Judged, _judgement, exit_code, judged, levels
from handshakes.judge.operating import Log
from handshakes.judge.presses import Armed
from handshakes.judge.profile import Profile
from handshakes.judge.report import (
    SCHEMA_FILE,
    Report,
    Row,
    _shown,
    as_json,
    lines_of,
    sorted_rows,
    summary,
    verdict,
)
from handshakes.judge.served import Ended, Observed, last_exchange, partner_origins
from handshakes.judge.sheet import as_html
from handshakes.judge.sites import Site, seeded
from handshakes.judge.trial import Trial
from handshakes.platforms import PLATFORMS
from handshakes.runtime.story import Operator, Setting
from handshakes.runtime.transcript import Event
from handshakes.runtime.verdicts import Fault, Finding, Refuses
from handshakes.spec.register import load


def test_a_clock_goes_forwards_from_where_it_was_set():
    clock = Clock(0)
    assert clock() == clock.now == 0
    clock.advance(0)
    clock.advance(2)
    clock.advance(3)
    assert clock() == 5
    with pytest.raises(ValueError, match=r"^time goes forwards only; a fault signs in the past$"):
        clock.advance(-1)
    assert clock() == 5


def test_a_fault_is_due_as_often_as_it_was_armed_for_and_until_its_context_ends():
    fault = Fault("stale", "shop:time", Refuses("stale"), "an old request")
    assert [Armed(fault, left, "").due for left in (None, 2, 1, 0)] == [True, True, True, False]
    with Armed(fault, None, "visit") as armed:
        assert armed.due and repr(armed) == "<fault stale: fired 0 times>"
    assert (armed.due, armed.left, armed.at, armed.fired) == (False, 0, "visit", 0)


def test_the_bytes_of_a_seed_are_those_of_a_published_function_each_time_others():
    """FIPS 202: SHAKE256 of the seed and the number of the call."""
    random = seeded(7)
    assert [random(4), random(2)] == [shake_256(b"7 0").digest(4), shake_256(b"7 1").digest(2)]


def test_a_simulator_on_this_machine_has_two_addresses_that_nobody_may_contact_and_a_public_one_none():
    sites = [Site(), Site(public="https://shop.example")]
    try:
        assert [len(site.traps) for site in sites] == [2, 0]
        assert len({sites[0].url, *sites[0].traps}) == 3
        assert all(url.startswith("http://127.0.0.1:") for url in (sites[0].url, *sites[0].traps))
        assert sites[1].url == "https://shop.example"
    finally:
        for site in sites:
            for sock in site._sockets:
                sock.close()


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1", "http://127.0.0.1:1/x", "http://localhost:65535?a", "http://[::1]:3000/", "http://localhost/a"],
)  # fmt: skip
def test_an_address_of_this_machine_is_taken(url):
    assert addressed(url, {}, "partner_url") == {"partner_url": url}
    assert checked({"sync_url": Setting("")}, {"sync_url": url}) == {"sync_url": url}


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/", "http://127.0.0.10/", "http://localhost.example/", "http://localhost:123456/",
     "http://127.0.0.1@shop.example/", "http://127x0.0.1/"],
)  # fmt: skip
def test_an_address_elsewhere_is_refused_with_what_it_is(url):
    with pytest.raises(ValueError) as refused:
        addressed(url, {}, "partner_url")
    assert refused.value.args == (f"a partner is at http://127.0.0.1 or localhost, and not {url}",)
    for name in ("sync_url", "redirect_uri"):
        with pytest.raises(ValueError) as refused:
            checked({name: Setting("")}, {name: url})
        assert refused.value.args == (f"{name} is at http://127.0.0.1 or localhost, and not {url}",)
    assert checked({"name": Setting("")}, {"name": url}) == {"name": url}


def test_bare_paths_get_the_origin_of_the_partner():
    given = addressed("http://localhost:3000/app?x", {"sync_url": "/sync", "name": "a/b"}, "partner_url")
    assert given == {
        "partner_url": "http://localhost:3000/app?x", "sync_url": "http://localhost:3000/sync", "name": "a/b",
    }  # fmt: skip
    assert addressed("", {"sync_url": "/sync"}, "partner_url") == {"sync_url": "/sync"}
    assert addressed("http://localhost:1", {"partner_url": "/x"}, "partner_url") == {
        "partner_url": "http://localhost:1/x"
    }
    assert checked({"sync_url": Setting("")}, {"sync_url": ""}) == {"sync_url": ""}


def test_an_unknown_name_is_told_with_what_is_like_it_or_with_all():
    assert meant("visti", ["visit", "connect"]) == "'visti'; did you mean visit?"
    assert meant("zzz", ["visit", "connect"]) == "'zzz'; known: visit, connect"
    many = meant("step-0", [f"step-{number}" for number in range(1, 8)])
    assert many.count(" or ") == 4, "five are enough"
    with pytest.raises(ValueError) as refused:
        checked({"name": Setting("")}, {"names": "a"})
    assert refused.value.args == ("unknown setting 'names'; did you mean name?",)


# --- a report in words ------------------------------------------------------------------------------------


def row(judgement: str, clause: str = "a:b", level: str = "must", **more) -> Row:
    return Row(clause, level, judgement, "held", "Says.", "", checks=2, **more)


def report(exit: int, *rows: Row, ended: str = "") -> Report:
    return Report("fortis", 0, exit, 2.04, rows, ended, summary(rows))


@pytest.mark.parametrize(
    ("exit", "judgements", "said"),
    [
        (0, ["pass"], "nothing fails"),
        (1, ["fail"], "1 clause fails"),
        (1, ["fail", "fail"], "2 clauses fail"),
        (1, ["passes again"], "1 clause passes again, write the baseline anew"),
        (1, ["passes again", "fail", "passes again"], "1 clause fails; 2 clauses pass again, write the baseline anew"),
        (3, [], "your program did not answer, or the run was ended early"),
        (4, ["not testable"], "not everything that it must do could be tested"),
    ],
)  # fmt: skip
def test_the_exit_status_is_told_in_words(exit, judgements, said):
    assert verdict(report(exit, *map(row, judgements))) == said


def test_a_report_tells_first_what_somebody_has_to_look_at_and_then_numbers():
    rows = [row("pass"), row("left out", why="--slow"), row("not applicable", why="none"), row("not testable", "a:c", why="no log"),
            row("not testable", "a:d", "should", why="no log"), row("warn", "a:e", "should", why="a should")]  # fmt: skip
    assert [one.judgement for one in sorted_rows(rows)] == [
        "warn", "not testable", "not testable", "left out", "not applicable", "pass",
    ]  # fmt: skip
    counts = (
        "Fortis (Zeamster): 1 warn, 2 not testable (1 of them must), 1 left out, 1 not applicable, 1 pass. "
        "12 checks in 2 s."
    )
    short = ["WARN  a:e (should): a should", "NOT TESTABLE  no log", "  a:c", counts]
    assert [*lines_of(report(0, *rows))] == short
    assert [*lines_of(report(0, *rows), full=True)] == [
        short[0], "LEFT OUT  a:b (must): --slow", "NOT APPLICABLE  a:b (must): none", "PASS  a:b (must)",
        "NOT TESTABLE  no log", "  a:c, a:d", counts,
    ]  # fmt: skip


def test_what_somebody_has_to_look_at_is_open_in_the_page_and_the_rest_is_folded():
    shown = ["fail", "passes again", "undetermined", "warn", "known"]
    folded = ["not testable", "left out", "not applicable", "pass"]
    page = as_html(report(1, *map(row, [*shown, *folded])))
    for name in [*shown, *folded]:
        at = name.replace(" ", "-")
        assert (f'<article class="{at}">' in page, f'<li class="{at}">' in page) == (
            name in shown,
            name in folded,
        )


def test_a_run_that_was_ended_early_and_a_baseline_that_is_old_are_told_last():
    ended = [*lines_of(report(3, row("pass"), ended="nobody listens"))]
    assert ended[1:] == [
        "Not judged in full, your program did not answer, or the run was ended early: nobody listens."
    ]
    assert [*lines_of(report(1, row("fail"), ended="too long"))][-1] == "The run was ended early: too long."
    again = [*lines_of(report(1, row("passes again")))]
    assert (
        again[-1]
        == "Write the baseline anew, with --report json=FILE: what it lists as failing passes again."
    )
    assert again[0] == "PASSES AGAIN  a:b (must)"


def test_of_a_message_a_report_shows_twelve_headers_and_600_characters_of_each_part():
    """Our own limits, written here a second time; what is cut ends with a mark."""
    headers = tuple((f"name-{number}", "v" * 700) for number in range(13))
    first, *shown, body = _shown(Event("request", "shop", "partner", "GET /", headers, "b" * 601))
    assert first == "shop → partner: GET /"
    assert [text.partition(":")[0] for text in shown] == [name for name, _ in headers[:12]]
    assert {len(text) for text in shown} == {600}
    assert body == "b" * 599 + "…"
    assert [*_shown(Event("response", "partner", "shop", "200"))] == ["partner → shop: 200"]
    assert [*_shown(None)] == []


@pytest.mark.parametrize(
    ("rows", "options", "code"),
    [
        ([("must", "held", "pass")], {}, 0),
        ([("should", "violated", "warn"), ("must", "held", "pass")], {}, 0),
        ([("must", "held", "pass"), ("must", "violated", "fail")], {}, 1),
        ([("must", "held", "passes again")], {}, 1),
        ([("must", "violated", "fail")], {"complete": False}, 1),
        ([("must", "violated", "fail")], {"answered": False}, 3),
        ([("must", "held", "pass")], {"complete": False}, 3),
        ([("must", "held", "pass"), ("must", "not seen", "not testable")], {}, 4),
        ([("must", "held", "pass"), ("should", "not seen", "not testable")], {}, 0),
        ([("must", "held", "pass"), ("must", "not seen", "not applicable")], {}, 0),
        ([("should", "not seen", "not testable")], {}, 4),
        ([], {}, 4),
    ],
)
def test_the_exit_status_says_what_is_red_what_did_not_answer_and_what_was_not_tested(rows, options, code):
    """As the first lines of the command's module list them; a red comes before a run that was ended early."""
    judged = [Judged("shop:sum", *row) for row in rows]
    assert exit_code(judged, **{"answered": True, "complete": True, **options}) == code


ASKED = Asked(
    not_applicable={"shop:no*": "not sold"},
    needs={"shop:needs": "operator.work"},
    left_out={"shop:left": "--slow"},
    known=("shop:known",),
)


@pytest.mark.parametrize(
    ("clause", "level", "state", "reading", "judgement", "why"),
    [
        ("shop:nothing", "must", "not seen", "", "not applicable", "not sold"),
        ("shop:left", "must", "not seen", "", "left out", "needs --slow"),
        ("shop:needs", "must", "not seen", "", "not testable", "operator.work"),
        ("shop:sum", "must", "not seen", "", "not testable", ""),
        (
            "shop:known",
            "must",
            "held",
            "",
            "passes again",
            "the baseline lists it, so write the baseline anew",
        ),
        ("shop:known", "must", "violated", "", "known", "the baseline lists it"),
        ("shop:sum", "must", "violated", "shop:a=b", "undetermined", "right by another reading, shop:a=b"),
        ("shop:sum", "must", "violated", "", "fail", ""),
        ("shop:sum", "should", "violated", "", "warn", ""),
        ("shop:sum", "advice", "violated", "", "warn", ""),
        ("shop:sum", "must", "held", "", "pass", ""),
        ("shop:sum", "should", "held", "", "pass", ""),
        ("shop:nothing", "advice", "held", "", "pass", ""),
    ],
)
def test_what_a_clause_comes_to(clause, level, state, reading, judgement, why):
    assert _judgement(clause, level, state, reading, ASKED) == (judgement, why)


def test_why_a_clause_was_not_seen_is_said_and_of_one_that_held_nothing():
    held, unseen, needing = "officernd:signature.order", "officernd:signature.json", "officernd:signature.key"
    observed = [Observed(Finding(held, True, "seen"), None, ("/a",))]
    asked = Asked(needs={needing: "operator.work"})
    rows = {one.clause: one for one in judged(load("officernd"), observed, {}, asked)}
    assert (rows[held].observed, rows[held].judgement, rows[held].why) == ("held", "pass", "")
    assert {*rows} >= {one for one, level in levels(load("officernd")).items() if level == "must"} - {
        one.clause for one in load("officernd").untestable
    }
    others = {rows[one].why for one in rows if one not in (held, needing)}
    assert others == {"no step of this run shows it"} and unseen in rows
    assert {one.level for one in rows.values()} == {"must", "should", "advice"}
    assert (rows[needing].judgement, rows[needing].why) == ("not testable", "operator.work")


ONE = Fault("one", "officernd:signature.order", Refuses("stale"), "an old request")
CONTROLS = [
    Observed(Finding("officernd:healthcheck.success", True, "seen"), None, ("/a",)),
    Observed(Finding("officernd:connect.start", False, "no page"), None, ("/a",)),
    Observed(Finding("officernd:sync.answer", False, "no JSON"), replace(ONE, name="two"), ("/a",)),
]


@pytest.mark.parametrize(
    ("only", "seen", "told"),
    [
        ("one", [Observed(Finding(ONE.clause, True, "refused"), ONE, ("/a",))], [(ONE.clause, "pass")]),
        (ONE.clause, [Observed(Finding(ONE.clause, False, "taken"), None, ("/a",))], [(ONE.clause, "fail")]),
        ("one", [], [("officernd:connect.start", "fail"), ("officernd:sync.answer", "warn")]),
    ],
    ids=["a case", "a clause", "never reached"],
)
def test_of_one_case_its_own_findings_are_judged_or_else_the_controls_that_failed(only, seen, told):
    rows = judged(load("officernd"), [*CONTROLS, *seen], {}, Asked(only=only))
    assert [(one.clause, one.judgement) for one in rows] == told
    assert len(judged(load("officernd"), [*CONTROLS, *seen], {}, Asked())) > 20


@pytest.mark.parametrize(
    ("only", "slow", "waits", "tried", "left_out"),
    [
        ("", False, False, True, {}),
        ("", False, True, False, {"shop:time": "--slow"}),
        ("", True, True, True, {}),
        ("stale", False, True, True, {}),
        ("shop:time", False, True, False, {"shop:time": "--slow"}),
        ("shop:time", True, True, True, {}),
        ("other", True, False, False, {}),
        ("other", False, True, False, {}),
    ],
)
def test_a_fault_is_tried_that_was_asked_for_and_one_that_waits_by_name_or_with_slow(
    only, slow, waits, tried, left_out, tmp_path
):
    trial = Trial("officernd", Profile(), folder=tmp_path, only=only, slow=slow)
    assert trial.wanted(Fault("stale", "shop:time", Refuses("stale"), "x", waits=waits)) is tried
    assert trial._left_out == left_out


def test_a_clause_needs_what_this_operator_cannot_do_and_what_no_operator_can(tmp_path):
    trial = Trial("retailcrm", Profile(), folder=tmp_path)
    trial._operator = Operator(work=lambda *customer: iter(()))
    needs = {"a:done": "needs operator.work", "a:both": "needs operator.work and operator.rescope",
             "a:none": "needs operator.restart", "a:never": "needs ten minutes"}  # fmt: skip
    assert trial._needs(needs) == {name: needs[name] for name in ("a:both", "a:none", "a:never")}


class Told(Trial):
    """A trial that gives back what it would report."""

    def _report(self, served, observed, ended, seconds):
        return observed, ended, seconds


def facing(steps):
    """Return what stands in for a simulator that is being served: these findings, each with its case."""
    served = SimpleNamespace(url="http://127.0.0.1:1", world=SimpleNamespace(traps=()), sides=None, platform=SimpleNamespace(case=None),
                             partner=["http://127.0.0.1:2", "http://127.0.0.1:3"], heard=[])  # fmt: skip

    def run(examined):
        for one in steps:
            if isinstance(one, Exception):
                raise one
            served.platform.case = one.case
            served.began()
            served.heard.append(one)
            served.progress(one)

    served.run, served.kept, served.began = run, lambda: served.heard, lambda: None
    served.tools = SimpleNamespace(examine=lambda sides, operator: served.operators.append(operator))
    served.operators = []
    return served


def test_a_trial_tells_each_case_once_hears_the_log_and_ends_early_with_the_reason(monkeypatch, tmp_path):
    started, told = [], []

    @contextmanager
    def running(profile, given, folder, origin):
        started.append(origin)
        yield

    monkeypatch.setattr(trial_module, "running", running)
    monkeypatch.setattr(Log, "finding", lambda log, case: Finding(case.clause, True, f"log of {case.name}"))
    other = Observed(Finding("officernd:sync.answer", True, "seen"), ONE, ("/b",))
    unseen = Observed(Finding(ONE.clause, None, "nothing"), ONE, ("/c",))
    mine = Observed(Finding(ONE.clause, False, "taken"), ONE, ("/d",))
    steps = [CONTROLS[0], other, unseen, mine, CONTROLS[1], Ended("nobody is there")]
    operator = Operator()
    served = facing(steps)
    logged = Profile(log="log", pattern="x")
    observed, ended, seconds = Told("officernd", logged, folder=tmp_path).judge(served, told.append, operator)
    assert observed == [*steps[:-1], Observed(Finding(ONE.clause, True, "log of one"), ONE, ("/d",))]
    assert (ended, told, started) == ("nobody is there", ["one", ""], ["http://127.0.0.1:2"])
    assert served.operators == [operator] and 0 <= seconds < 60
    served = facing([mine])
    observed, ended, _ = Told("officernd", Profile(), folder=tmp_path).judge(served)
    assert (observed, ended) == ([mine], "")
    assert [type(one) for one in served.operators] == [Operator]


def test_what_a_partner_sends_is_text_in_the_page_and_no_markup():
    page = as_html(report(1, row("fail", why="<img src=x onerror=alert(1)>")))
    assert "&lt;img src=x onerror=alert(1)&gt;" in page and "<img" not in page


def test_a_report_as_json_bears_the_number_of_its_schema():
    number = json.loads(SCHEMA_FILE.read_text("utf-8"))["properties"]["schema"]["const"]
    assert as_json(report(0, row("pass")))["schema"] == number == 1


@pytest.mark.parametrize(
    ("code", "failed", "first", "why"),
    [
        (0, "", 200, ""),
        (3, "", None, "no request was answered (none was sent); check the address in the profile"),
        (3, "timeout", None, "no request was answered (timeout); check the address in the profile"),
        (4, "", 200, "not testable, and the profile does not say that it does not apply: shop:sum, shop:tax"),
        (
            4,
            "",
            404,
            "not testable, and the profile does not say that it does not apply: shop:sum, shop:tax. "
            "The first request of all was answered with 404: check the path of the URL in the profile",
        ),
    ],
)
def test_why_a_run_ended_with_3_or_4_is_said(code, failed, first, why):
    rows = [
        SimpleNamespace(clause=clause, level=level, judgement=judgement)
        for clause, level, judgement in (
            ("shop:sum", "must", "not testable"),
            ("shop:a", "should", "not testable"),
            ("shop:b", "must", "pass"),
            ("shop:tax", "must", "not testable"),
        )
    ]
    served = SimpleNamespace(failed=failed, first=first)
    assert Trial._why(SimpleNamespace(), code, served, rows) == why
    assert Trial._why(SimpleNamespace(), 4, served, rows[1:3]) == "nothing was judged"


def test_the_origins_of_a_partner_are_those_of_its_urls_and_uris():
    names = {
        "a_url": "https://a.example/x",
        "b_uri": "https://b.example/y",
        "c": "https://c.example",
        "d_url": "",
    }
    assert partner_origins(names) == ["https://a.example", "https://b.example"]


def test_the_last_exchange_of_a_transcript_is_a_request_with_its_answer_or_alone():
    def event(kind: str, sender: str = "a", receiver: str = "b") -> Event:
        return Event(kind, sender, receiver, "")

    asked, answered, said = event("request"), event("response", "b", "a"), event("message")
    assert last_exchange([]) == last_exchange([said]) == (None, None)
    assert last_exchange([said, asked]) == last_exchange([asked, said]) == (asked, None)
    assert last_exchange([asked, said, answered]) == (asked, answered)
    assert last_exchange([answered]) == (None, answered)


def test_a_row_of_which_nothing_more_is_known_says_nothing_more():
    row = Row("shop:sum", "must", "pass", "held", "", "")
    assert (row.why, row.reading, row.checks, row.failures, row.more) == ("", "", 0, (), 0)
    report = Report("shop", 1, 0, 0.5, ())
    assert (report.ended, report.summary) == ("", {})


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_partner_keeps_what_it_knows_under_its_platforms_name(platform):
    package = importlib.import_module(f"handshakes.{platform}.partner")
    for module in ("connecting", "refreshing"):
        if find_spec(f"{package.__name__}.{module}"):
            assert platform == importlib.import_module(f"{package.__name__}.{module}").PLATFORM
