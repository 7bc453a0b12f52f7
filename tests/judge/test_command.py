"""`handshakes judge` as a person runs it: profiles, cases, baselines, reports, exit codes."""

from __future__ import annotations

import json
import re
import shlex
import socket
import sys
from contextlib import contextmanager
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from handshakes.core.messages import Response
from handshakes.judge.judgement import TABLE, Asked, Judged, exit_code
from handshakes.judge.judgement import judged as judge_all
from handshakes.judge.profile import Profile, parse, template
from handshakes.judge.report import SCHEMA_FILE, as_json, as_junit, lines_of
from handshakes.judge.served import Observed
from handshakes.judge.sheet import as_html
from handshakes.judge.trial import Trial
from handshakes.officernd.partner import PartnerIntegration
from handshakes.officernd.simulator.findings import uniform
from handshakes.platforms import PLATFORMS
from handshakes.runtime.verdicts import Fault, Finding, Refuses, Survives
from handshakes.spec.register import load
from tests.cli.test_cli import run  # noqa: F401
from tests.judge.sockets import facing, judged, named, operator_of
from tests.officernd.test_broken_partners import BROKEN

PROGRAM = Path(__file__).with_name("reference_program.py")


# --- the table ------------------------------------------------------------------------------------------


REGISTER = load("officernd")
MUST, SHOULD, ADVICE = "officernd:signature.order", "officernd:connect.failure", "officernd:advice.no-crash"


def one(clause: str, held: bool | None, *, refuses: bool | None = None, path: str = "/h") -> Observed:
    expected = Refuses("stale") if refuses else Survives("connected")
    case = None if refuses is None else Fault("a-fault", clause, expected, "what it does")
    return Observed(Finding(clause, held, "detail"), case, (path,))


def come_to(*observed: Observed, readings=None, **asked) -> dict[str, str]:
    found = judge_all(REGISTER, observed, readings or {}, Asked(**asked))
    return {row.clause: row.judgement for row in found}


@pytest.mark.parametrize(
    ("clause", "held", "expected"),
    [
        (MUST, True, "pass"), (SHOULD, True, "pass"), (ADVICE, True, "pass"),
        (MUST, False, "fail"), (SHOULD, False, "warn"), (ADVICE, False, "warn"),
        (MUST, None, "not testable"), (SHOULD, None, "not testable"), (ADVICE, None, "not testable"),
    ],
)  # fmt: skip
def test_a_finding_comes_to_what_the_table_says(clause, held, expected):
    assert come_to(one(clause, held))[clause] == expected
    assert come_to(one(clause, held), known=[clause])[clause] == {True: "passes again", False: "known"}.get(
        held, "not testable"
    )
    assert come_to(one(clause, held), not_applicable={"officernd:*": "so"})[clause] == (
        "not applicable" if held is None else expected
    )


def test_a_finding_of_a_clause_that_the_register_does_not_have_weighs_as_a_must():
    (row,) = [
        row for row in judge_all(REGISTER, [one("officernd:x.y", False)], {}, Asked()) if "x.y" in row.clause
    ]
    assert (row.level, row.judgement) == ("must", "fail")


def test_one_violation_outweighs_what_held_and_a_reading_excuses_only_all_of_them():
    rows = [one(MUST, True), one(MUST, False), one(MUST, False)]
    assert come_to(*rows)[MUST] == "fail"
    assert come_to(*rows, readings={1: "a-reading"})[MUST] == "fail"
    assert come_to(*rows, readings={1: "a-reading", 2: "a-reading"})[MUST] == "undetermined"


def test_a_refusal_counts_only_beside_an_acceptance_and_the_other_way_round():
    refused, accepted = one(MUST, True, refuses=True), one(SHOULD, True)
    assert come_to(refused)[MUST] == "not testable"
    assert come_to(refused, accepted) | {MUST: "pass", SHOULD: "pass"} == come_to(refused, accepted)
    elsewhere = one(SHOULD, True, path="/elsewhere")
    assert come_to(refused, elsewhere)[MUST] == "not testable"
    took_it = one(MUST, False, refuses=True)
    assert come_to(took_it, accepted)[SHOULD] == "not testable"


@pytest.mark.parametrize(
    ("judgement", "level", "code"),
    [
        ("pass", "must", 0), ("warn", "should", 0), ("undetermined", "must", 0), ("known", "must", 0), ("fail", "must", 1),
        ("passes again", "must", 1), ("not testable", "must", 4), ("not testable", "should", 0), ("left out", "must", 0),
    ],
)  # fmt: skip
def test_the_exit_status_follows_from_the_judgements(judgement, level, code):
    rows = [Judged("a:b", "must", "held", "pass"), Judged("a:c", level, "held", judgement)]
    assert exit_code(rows, answered=True, complete=True) == code
    assert exit_code(rows, answered=True, complete=False) == (1 if code == 1 else 3)
    assert exit_code(rows, answered=False, complete=True) == 3


def test_nothing_judged_is_a_status_of_its_own():
    assert exit_code([Judged("a:b", "should", "not seen", "not testable")], answered=True, complete=True) == 4
    assert {level for _, level in TABLE} == {"must", "should", "advice"}


# --- profiles -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_profile_that_init_writes_can_be_read_and_names_what_is_not_seen(run, tmp_path, platform):  # noqa: F811
    path = tmp_path / "new.toml"
    assert run("judge", platform, "--init", str(path)).code == 0
    profile = parse(path.read_text())
    tools = PLATFORMS[platform].tools()
    assert set(profile.not_applicable) == set(tools.needs)
    assert set(profile.settings) <= set(tools.settings)
    assert path.read_text() == template(platform, tools.settings, tools.needs)
    path.write_text("patience_seconds = 0\n" + path.read_text().replace(":3000", ":9").replace("8701", "0"))
    assert run("judge", platform, "--profile", str(path)).code == 3, (
        "it is whole: only the program is missing"
    )
    again = run("judge", platform, "--init", str(path))
    assert (again.code, "exists already" in again.err) == (2, True)


WRONG = {
    "colour = 1": "unknown key colour",
    "port = 'x'": "port has to be a whole number from 0 to 65535",
    "port = 70000": "port has to be a whole number from 0 to 65535",
    "timeout_seconds = 0": "timeout_seconds has to be a whole number from 1 to 86400",
    "command = 'node'": "command has to be a list of texts",
    "[settings]\npartner_url = 3": "settings has to be a table of texts",
    "[settings]\nparter_url = 'http://a'": "parter_url",
    "[settings]\npartner_url = 'nowhere'": "partner_url",
    "port = 8701": "needs partner_url",
    "[operator]\nsigned_in = 'no group'": "has to have a group",
    "[reasons]\npattern = '('": "is not a pattern",
    "[settings": "not TOML",
    f"trusted = '{'x' * 300}'\n[settings]\npartner_url = 'http://127.0.0.1:9/x'": "cannot be read: File name too long",
    "trusted = 'none.pem'\n[settings]\npartner_url = 'http://127.0.0.1:9/x'": "there is no file",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_profile_is_refused_with_what_is_wrong(run, tmp_path, text):  # noqa: F811
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    ran = run("judge", "officernd", "--profile", str(path))
    assert ran.code == 2
    assert WRONG[text] in " ".join(ran.err.split())


def test_what_a_platform_does_not_let_anybody_register_is_wrong_usage(run, tmp_path):  # noqa: F811
    """Fortis' templates of postbacks have placeholders in two braces."""
    path = tmp_path / "wrong.toml"
    urls = ("iframe_url", "location_setup_url", "user_setup_url")
    path.write_text("[settings]\n" + "".join(f'{name} = "http://127.0.0.1:9/x?id={{id}}"\n' for name in urls))
    ran = run("judge", "fortis", "--profile", str(path))
    assert (ran.code, "cannot be served" in " ".join(ran.err.split())) == (2, True)
    setting = "location_setup_url=http://127.0.0.1:9/x?id={id}"
    ran = run("serve", "fortis", "--only", "platform", "--set", setting)
    assert (ran.code, "cannot be served" in " ".join(ran.err.split())) == (2, True)


def test_what_is_no_profile_no_report_and_no_case_is_wrong_usage(run, tmp_path):  # noqa: F811
    path, lone = tmp_path / "p.toml", tmp_path / "b.json"
    path.write_text("[settings]\npartner_url = 'http://127.0.0.1:9/x'\n")
    lone.write_text("[]")
    for arguments in (
        [], ["--profile", str(tmp_path)], ["--profile", "/none"], ["--profile", str(path), "--report", "pdf=x"],
        ["--profile", str(path), "--only", "stal"], ["--profile", str(path), "--baseline", str(lone)],
    ):  # fmt: skip
        assert run("judge", "officernd", *arguments).code == 2, arguments
    assert "stale" in run("judge", "officernd", "--profile", str(path), "--only", "stal").err
    unheard = run("judge", "officernd", "--profile", str(path), "--only", "xyzzy").err
    assert "webhook-capital" in unheard, "the cases are named"
    assert unheard.rstrip().endswith("`handshakes clauses list officernd` lists the clauses")


def test_what_would_be_found_after_the_run_is_found_before_it(run, tmp_path):  # noqa: F811
    """Nobody listens at the address, so that a run would be status 3."""
    path, other, report = tmp_path / "p.toml", tmp_path / "b.json", tmp_path / "r"
    settings = "patience_seconds = 0\n{}[settings]\npartner_url = 'http://127.0.0.1:9/x'\n{}"
    path.write_text(settings.format("", ""))
    other.write_text('{"platform": "fortis", "clauses": []}')
    for arguments, said in (
        (["--only", ""], "Unknown case ''"),
        (["--baseline", str(other)], "is a report of fortis, not of officernd"),
        (["--report", f"json={report}", "--report", f"html={tmp_path}/./r"], "is named twice"),
        (["--report", f"json={path}"], "or is the profile"),
        (["--report", f"json={tmp_path}/none/r"], "there is no folder"),
        (["--report", f"json={tmp_path}"], "is a folder"),
        (["--report", f"json={'x' * 300}"], "cannot be written: File name too long"),
        (["--baseline", "x" * 300], "cannot be read: File name too long"),
        (["--init", "x" * 300], "cannot be written: File name too long"),
    ):
        ran = run("judge", "officernd", "--profile", str(path), *arguments)
        assert (ran.code, said in " ".join(ran.err.split())) == (2, True), arguments
    for top, below, said in (
        ("not_applicable = ['officernd:secret.kep']\n", "", "Did you mean officernd:secret.kept?"),
        ("not_applicable = ['officernd:snc.*']\n", "", "Unknown clause 'officernd:snc.*' in not_applicable"),
        ("", "acount_name = 'A'\n", "there is no setting 'acount_name'. Did you mean account_name?"),
    ):
        path.write_text(settings.format(top, below))
        ran = run("judge", "officernd", "--profile", str(path))
        assert (ran.code, said in " ".join(ran.err.split())) == (2, True), said


def test_a_partner_that_is_not_there_is_status_3(run, tmp_path):  # noqa: F811
    path = tmp_path / "p.toml"
    path.write_text("patience_seconds = 0\n[settings]\npartner_url = 'http://127.0.0.1:9/x'\n")
    ran = run("judge", "officernd", "--profile", str(path))
    assert (ran.code, "nobody listens at http://127.0.0.1:9" in ran.out) == (3, True)
    path.write_text(f"command = {json.dumps([sys.executable, '-c', 'exit(7)'])}\n" + path.read_text())
    ran = run("judge", "officernd", "--profile", str(path))
    assert (ran.code, "ended with status 7" in ran.text) == (3, True)


def test_another_program_at_the_partners_address_is_not_judged_in_its_place():
    with facing("officernd") as (served, _):
        report = judged("officernd", served, Profile(command=(sys.executable, "-c", "pass")))
    assert (report.exit, served.answered) == (3, 0)
    assert report.ended.startswith("another program listens at http://127.0.0.1:")


def red_of(clause: str, **asked):
    """Return the rows that a broken partner of OfficeRnD's is red at."""

    def broken(partner):
        kind = type("Wrong", (PartnerIntegration,), dict(BROKEN)[clause])
        given = {"store": partner.store, "clock": partner.clock, "random": partner.random}
        return kind(partner.configuration, report=partner.report, **given)

    with facing("officernd", kind=broken) as (served, process):
        report = judged("officernd", served, operator=operator_of("officernd", served, process), **asked)
    return [row for row in report.rows if row.judgement in ("fail", "warn")]


def test_the_evidence_is_the_exchange_that_the_finding_is_about():
    """A health check follows a webhook, and a finding on each."""
    (row,) = red_of("webhook.body", only="officernd:webhook.body")
    (one,) = row.failures
    assert one.detail == "401"
    assert one.came[0].endswith(": 401") and "POST http" in one.sent[0] and "-X POST" in one.curl
    assert "it has to be accepted" in one.cause
    (row,) = red_of("webhook.event", only="officernd:webhook.event")
    assert all(one.came[0].endswith(": 200") and "/healthcheck?" in one.sent[0] for one in row.failures)
    assert not any("to be accepted" in one.cause for one in row.failures)
    assert all("which has to fail" in one.detail for one in row.failures)


def test_two_names_that_differ_are_both_told():
    (row,) = red_of("healthcheck.account-name", only="officernd:healthcheck.account-name")
    assert {one.detail for one in row.failures} == {"the name has to be 'J&J Ltd', and 'Test Spaces' came"}
    assert not any("be accepted" in one.cause for one in row.failures)


def test_what_was_refused_is_not_asked_to_be_refused():
    (row,) = red_of("healthcheck.failure", only="wrong-secret")
    for one in row.failures:
        assert "It was refused, which is right" in one.cause and "has to be refused" not in one.cause


@pytest.mark.parametrize(
    ("status", "said"), [(403, "another answer than the first"), (401, "the same answer as")]
)
def test_answers_that_are_not_alike_are_told_as_such(status, said):
    fault = PLATFORMS["officernd"].tools().faults["wrong-secret"]
    (found,) = uniform(Response(status), fault, {"healthcheck": Response(401)}, "healthcheck")
    assert said in found.detail and found.violated is (status == 403)


# --- one whole run --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reports():
    """Return the report on a partner that takes whatever was ever signed, and on one without that mistake."""

    def lenient(partner):
        kind = type("Lenient", (PartnerIntegration,), dict(BROKEN)["signature.tolerance"])
        given = {"store": partner.store, "clock": partner.clock, "random": partner.random}
        return kind(partner.configuration, report=partner.report, **given)

    with facing("officernd", kind=lenient) as (served, process):
        red = judged("officernd", served, operator=operator_of("officernd", served, process), seed=7)
    with facing("officernd") as (served, process):
        green = judged("officernd", served, operator=operator_of("officernd", served, process))
    return red, green


def test_a_failure_has_its_six_parts(reports):
    (row,) = [row for row in reports[0].rows if row.judgement == "fail"]
    assert (row.clause, row.level) == ("officernd:signature.tolerance", "must")
    assert row.says == load("officernd").clause(row.clause).text
    failure = row.failures[0]
    assert failure.case == "stale"
    assert failure.sent[0].startswith("OfficeRnD → partner: GET http://127.0.0.1:")
    assert failure.came[0] == "partner → OfficeRnD: 200"
    assert "signed an hour ago" in failure.cause
    assert failure.again == "--only stale"
    assert failure.curl.startswith("curl -i ")


def test_every_form_of_the_report_says_the_same(reports):
    schema = json.loads(SCHEMA_FILE.read_text())
    for report in reports:
        value = json.loads(json.dumps(as_json(report)))
        jsonschema.validate(value, schema)
        suite = ElementTree.fromstring(as_junit(report))
        fails = [row.clause for row in report.rows if row.judgement == "fail"]
        assert [case.get("name") for case in suite if case.find("failure") is not None] == fails
        assert int(suite.get("failures")) == len(fails) == value["summary"].get("fail", 0)
        assert int(suite.get("tests")) == len(suite) == len(value["clauses"])
        assert all(clause in as_html(report) for clause in fails)
        said = {row.clause: row for row in report.rows}
        for case in suite.findall("testcase[failure]"):
            first, *rest = case.find("failure").text.split("\n")
            assert first == said[case.get("name")].says
            assert rest and all(line.startswith("  ") for line in rest)
        for row in report.rows:
            source = f"  says       {row.says} [{row.source}]"
            assert not (row.failures and row.source) or source in list(lines_of(report))
    assert (reports[0].exit, reports[1].exit) == (1, 0)


def test_the_guide_shows_what_a_run_in_which_all_holds_prints(reports):
    page = (Path(__file__).parents[2] / "docs" / "judge.md").read_text("utf-8")
    (line,) = lines_of(reports[1])
    assert re.sub(r"in [\d.]+ s", "in 0.5 s", line) in page.splitlines()


class Loads(HTMLParser):
    """Collects what a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "img", "link", "iframe"):
            self.found.append(tag)
        self.found += [
            f"{name}={value}" for name, value in attrs if name in ("src", "href") or name.startswith("on")
        ]


def test_the_html_loads_nothing_and_escapes_what_a_stranger_answered():
    class Scripted(PartnerIntegration):
        def healthy(self, installation):
            return {"name": "<script>alert(1)</script>"}

    def scripted(partner):
        given = {"store": partner.store, "clock": partner.clock, "random": partner.random}
        return Scripted(partner.configuration, report=partner.report, **given)

    with facing("officernd", kind=scripted) as (served, _):
        report = judged("officernd", served, only="officernd:healthcheck.success")
    text, clause = as_html(report), load("officernd").clause("officernd:healthcheck.success")
    assert report.rows[0].failures[0].cause.endswith(f"What follows: {clause.violation}")
    assert "&lt;script&gt;alert(1)" in text and "<script" not in text
    page = Loads()
    page.feed(text)
    assert page.found == []


def test_what_a_stranger_answered_steers_no_terminal():
    class Steering(PartnerIntegration):
        def healthy(self, installation):
            return {"accountName": "\x1b]0;owned\x07\x1b[2J\u202e"}

    def steering(partner):
        given = {"store": partner.store, "clock": partner.clock, "random": partner.random}
        return Steering(partner.configuration, report=partner.report, **given)

    with facing("officernd", kind=steering) as (served, _):
        report = judged("officernd", served, only="officernd:healthcheck.account-name")
    texts = ["\n".join(lines_of(report)), as_junit(report), as_html(report), json.dumps(as_json(report))]
    assert "owned" in texts[0] and report.exit == 1
    assert not [text for text in texts for character in "\x1b\x07\u202e" if character in text]


def test_a_secret_that_a_partner_leaks_stands_in_no_report():
    class Leaking(PartnerIntegration):
        def healthy(self, installation):
            leaked = " ".join(installation.credentials.values())
            return {"accountName": leaked, "name": leaked}

    def leaking(partner):
        given = {"store": partner.store, "clock": partner.clock, "random": partner.random}
        return Leaking(partner.configuration, report=partner.report, **given)

    with facing("officernd", kind=leaking) as (served, _):
        report = judged("officernd", served, only="officernd:healthcheck.account-name")
        secrets = [*served.platform.tokens, *(one.refresh_token for one in served.platform.tokens.values())]
    texts = [
        "\n".join(lines_of(report, full=True)),
        as_junit(report),
        as_html(report),
        json.dumps(as_json(report)),
    ]
    assert report.exit == 1 and len(secrets) > 1
    assert "characters, sha256" in texts[0], "they are there, masked"
    assert not [secret for secret in secrets for text in texts if secret in text]


def test_what_is_known_is_no_failure_until_it_passes_again():
    clause = "officernd:healthcheck.account-name"

    class Misnamed(PartnerIntegration):
        def healthy(self, installation):
            return {"accountName": "Somebody"}

    def misnamed(partner):
        given = {"store": partner.store, "clock": partner.clock, "random": partner.random}
        return Misnamed(partner.configuration, report=partner.report, **given)

    for kind, judgement, code in ((misnamed, "known", 0), (lambda partner: partner, "passes again", 1)):
        with facing("officernd", kind=kind) as (served, process):
            report = judged(
                "officernd", served, operator=operator_of("officernd", served, process), known=[clause]
            )
        (why,) = named(report, judgement).values()
        assert why.startswith("the baseline lists it")
        assert report.exit == code
    assert "write the baseline anew" in why
    assert "1 clause passes again, write the baseline anew</h1>" in as_html(report)
    assert "Write the baseline anew" in "\n".join(lines_of(report))


def test_one_case_is_tried_alone_after_its_control():
    with facing("officernd") as (served, _):
        report = judged("officernd", served, only="reordered")
        assert 0 < served.answered < 20
    assert {row.clause for row in report.rows} >= {"officernd:signature.order"}
    assert len(report.rows) < 4
    assert report.exit == 0


def test_the_same_seed_makes_the_same_codes():
    def sent(seed: int) -> list[str]:
        with facing("officernd", seed=seed) as (served, _):
            judged("officernd", served, only="reordered")
            texts = [event.text for event in served.transcript.events if "code=" in event.text]
        return [text.partition("code=")[2].partition("&")[0] for text in texts]

    assert sent(1) == sent(1) != sent(2)


# --- the reason, as the partner's log has it ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "failing"),
    [({}, {"officernd:signature.tolerance"}), ({"too old": "stale", "too new": "from-the-future"}, set())],
)
def test_a_wrong_reason_in_the_log_fails_and_words_translate_it(tmp_path, words, failing):
    log = tmp_path / "partner.log"
    log.touch()
    said = {"stale": "too old", "from-the-future": "too new"}

    def logging(partner):
        told = partner.report

        def report(endpoint, refused):
            with log.open("a") as file:
                file.write(f"refused: {said.get(refused.reason, refused.reason)}\n")
            told(endpoint, refused)

        partner.report = report
        return partner

    profile = Profile(log=str(log), pattern="refused: (.+)", words=words)
    with facing("officernd", kind=logging) as (served, _):
        report = judged("officernd", served, profile, only="officernd:signature.tolerance")
    assert {row.clause for row in report.rows if row.judgement == "fail"} == failing
    assert all("the log says too" in one.detail for row in report.rows for one in row.failures)


# --- as a new user runs it ---------------------------------------------------------------------------------


@contextmanager
def reserved():
    """Give a port that this process holds, without listening there, so that nobody else is given it."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_a_profile_with_a_command_is_judged_from_end_to_end(run, tmp_path):  # noqa: F811
    """The partner is a program of its own, which the judge starts and ends; the printed command repeats its failure."""
    profile, out = tmp_path / "partner.toml", tmp_path / "report.json"
    command = [sys.executable, str(PROGRAM), "{platform}", "signature.tolerance"]
    with reserved() as port:
        profile.write_text(
            f"command = {json.dumps([*command, str(port)])}\npatience_seconds = 60\n"
            f"not_applicable = ['officernd:secret.kept', 'officernd:healthcheck.account-name']\n"
            f"[settings]\npartner_url = 'http://127.0.0.1:{port}/officernd'\n"
        )
        ran = run("judge", "officernd", "--profile", str(profile), "--report", f"json={out}")
        assert (ran.code, ran.err) == (1, "")
        assert "Running: " in ran.out
        (row,) = [row for row in json.loads(out.read_text())["clauses"] if row["judgement"] == "fail"]
        assert row["clause"] == "officernd:signature.tolerance"
        again = run(*shlex.split(row["failures"][0]["again"])[1:])
        assert again.code == 1
        assert "FAIL  officernd:signature.tolerance (must)" in again.out


@pytest.mark.parametrize(
    ("only", "cases"), [("stale", ["stale"]), ("officernd:signature.message", ["timestamp-first"])]
)
def test_a_case_that_begins_is_told_by_its_name_and_no_other(only, cases, tmp_path):
    told: list[str] = []
    with facing("officernd") as (served, _):
        Trial("officernd", Profile(), folder=tmp_path, only=only).judge(served, progress=told.append)
    assert [name for name in told if name] == cases
    assert all(one != other for one, other in pairwise(["", *told]))
