"""How a run goes on and ends: who is waited for, when it ends early, what its command and its report say."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from xml.etree import ElementTree

import pytest

from handshakes.core.messages import Request, Response, Unreachable
from handshakes.judge import operating, served
from handshakes.judge.given import checked
from handshakes.judge.judgement import Asked, Judged, levels
from handshakes.judge.judgement import judged as judge_all
from handshakes.judge.operating import NotStarted, running
from handshakes.judge.profile import HOOKS, Profile, parse, template
from handshakes.judge.report import Failure, Report, Row, as_junit, curl, lines_of, row_of, summary
from handshakes.judge.served import UNANSWERED, Ended, Observed, Served
from handshakes.judge.trial import Trial
from handshakes.platforms import PLATFORMS
from handshakes.runtime.server import listen, origin_of
from handshakes.runtime.story import Setting
from handshakes.runtime.transcript import Event
from handshakes.runtime.verdicts import Finding
from handshakes.spec.register import load
from tests.judge.partners import cannot_be_changed
from tests.judge.sockets import settings_of


@pytest.fixture
def away() -> str:
    """Return the origin of a port where nobody listens any more."""
    with listen() as sock:
        return origin_of(sock)


@pytest.fixture
def simulator(away):
    with Served("officernd", settings_of("officernd", away), patience=30) as one:
        yield one


def ask(simulator: Served, origin: str) -> str:
    """Ask a partner that does not listen; return how that ended."""
    simulator._until = float("inf")
    try:
        simulator.exchange("OfficeRnD", Request("GET", origin, "/x"))
    except Unreachable as failure:
        return failure.kind
    except Ended as ended:
        return str(ended)
    return "answered"


def test_what_the_simulator_is_asked_inside_the_judge_stands_in_its_transcript_with_the_answer(simulator):
    url = simulator.platform.origins[0]
    answer = simulator.exchange("browser", Request("GET", url, "/no-such-page"))
    told = [(one.kind, one.sender, one.receiver) for one in simulator.transcript.events]
    assert answer.status == 404
    assert told == [("request", "browser", "OfficeRnD"), ("response", "OfficeRnD", "browser")]


def test_a_partner_that_never_answered_is_not_waited_for_and_the_run_ends_after_four_requests(
    simulator, away, monkeypatch
):
    monkeypatch.setattr(served.time, "sleep", lambda seconds: pytest.fail("it waits"))
    ends = [ask(simulator, away) for _ in range(UNANSWERED)]
    assert ends == ["refused"] * 3 + ["4 requests in a row were not answered (refused)"]


def test_a_partner_that_answered_before_is_waited_for(simulator, away, monkeypatch):
    simulator.answered = 1
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        simulator.answered = len(waited) < 3
        assert len(waited) < 5, "it waits for ever"

    monkeypatch.setattr(served.time, "sleep", sleep)
    assert ask(simulator, away) == "refused"
    assert waited == [0.05] * 3, "it looks again twenty times a second"


def test_an_answer_may_take_as_long_as_the_shorter_limit_and_longer_where_the_fault_keeps_it_waiting(
    simulator, away, monkeypatch
):
    """docs/judge.md, "In a container, or slow"."""
    limits: list[float] = []
    answer = lambda sender, request: limits.append(request.timeout) or Response(204)  # noqa: E731
    monkeypatch.setattr(simulator.client, "exchange", answer)
    stale = PLATFORMS["officernd"].tools().faults["stale"]
    for asked, given in ((5, 10), (20, 10), (20, 40)):
        simulator.timeout, simulator._until = given, float("inf")
        for case in (None, stale, replace(stale, waits=True)):
            simulator.platform.case = case
            simulator.exchange("OfficeRnD", Request("GET", away, "/x", timeout=asked))
    assert limits == [5, 5, 30, 10, 10, 30, 20, 20, 40]


def test_only_requests_in_a_row_count_as_not_answered(simulator, away, monkeypatch):
    ends = iter([None, None, None, Response(204), None, None, None, None])

    def exchange(sender: str, request: Request) -> Response:
        answer = next(ends)
        if answer is None:
            raise Unreachable("timeout")
        return answer

    monkeypatch.setattr(simulator.client, "exchange", exchange)
    found = [ask(simulator, away) for _ in range(8)]
    assert found[:-1] == ["timeout"] * 3 + ["answered"] + ["timeout"] * 3
    assert found[-1] == "4 requests in a row were not answered (timeout)"
    assert (simulator.answered, simulator.first, simulator.failed) == (1, 204, "timeout")


def test_what_is_called_before_the_first_request_after_a_finding_is_called_once(simulator, away):
    began: list[int] = []
    simulator.began = lambda: began.append(len(simulator.observed))
    for number in range(3):
        if number != 1:
            simulator._heard(Finding("officernd:signature.order", True, "seen"))
        ask(simulator, away)
    assert began == [1, 2]


def test_a_setting_with_choices_takes_one_of_them_and_no_other():
    known = {"mode": Setting("", ("encrypted", "plain")), "name": Setting("")}
    assert checked(known, {"mode": "plain", "name": "any"}) == {"mode": "plain", "name": "any"}
    with pytest.raises(ValueError, match=r"^mode is one of: encrypted, plain; not 'both'$"):
        checked(known, {"mode": "both"})


def test_a_command_that_ends_before_it_listens_is_told_with_its_status(away, tmp_path):
    profile = Profile(command=("sh", "-c", "exit 7"), patience_seconds=30)
    with pytest.raises(NotStarted) as ended, running(profile, {}, tmp_path, away):
        pass
    assert ended.value.args == (f"the command ended with status 7 before {away} answered",)
    assert operating.listens(away) is False


def test_the_commands_of_a_profile_are_told_the_platform_and_another_of_its_addresses(simulator):
    given = Trial("officernd", Profile(), folder=Path()).given(simulator)
    assert given["platform"] == simulator.url
    assert given["another"].startswith("http://127.0.0.1:") and given["another"] in simulator.world.traps


def test_what_an_operator_looks_for_is_found_in_a_page_of_any_encoding():
    profile = Profile(signed_in="Hello ([0-9a-f]+)", offers_oauth="Allow")
    operator = operating.operator_of(profile, {}, Path(), "")
    page = Response(200, (), b"\xff Hello 0f")
    assert (operator.signed_in(page), operator.offers_oauth(page)) == ("0f", False)
    page = Response(200, (), b"\xff Allow")
    assert (operator.signed_in(page), operator.offers_oauth(page)) == ("", True)
    assert (operator.restart, operator.work, operator.rescope) == (None, None, None)


KNOWN = (
    "known: settings, port, command, output, environment, not_applicable, origins, trusted, timeout_seconds, "
    "patience_seconds, most_seconds, operator, reasons"
)


def test_everything_that_is_wrong_with_a_profile_is_told_at_once():
    with pytest.raises(ValueError) as refused:
        parse('colour = 1\nport = "1"\nsize = 2\noperator = 3\n[reasons]\nwhy = 4\npattern = "("\n')
    told = str(refused.value).split("; ")
    assert told[:-1] == [
        f"unknown key colour ({KNOWN})", "port has to be a whole number from 0 to 65535", f"unknown key size ({KNOWN})",
        "operator has to be a table", "unknown key reasons.why (known: log, pattern, words)",
    ]  # fmt: skip
    assert told[-1].startswith("pattern is not a pattern: ")


def test_a_profile_may_have_200_000_characters():
    most = "#" * 200_000
    assert parse(most) == Profile()
    given = {name: value for name in Profile.__slots__ if (value := getattr(Profile(), name))}
    assert given == {"timeout_seconds": 10, "patience_seconds": 10, "most_seconds": 600}, "nothing else"
    with pytest.raises(ValueError, match=r"^the file has more than 200000 characters$"):
        parse(most + "#")


EXAMPLES = {
    "officernd": {"partner_url": "http://127.0.0.1:3000/integration", "account_name": "Example Ltd"},
    "retailcrm": {"config_url": "http://127.0.0.1:3000/config"},
    "onoffice": {
        name: f"http://localhost:3000/{path}"
        for name, path in (("activation_url", "activate"), ("service_url", "service"), ("webhook_url", "webhook"))
    },
    "fortis": {
        "mode": "encrypted",
        "iframe_url": "http://127.0.0.1:3000/launch",
        "location_setup_url": "http://127.0.0.1:3000/location?location_id={{location.id}}&key=example-postback-key",
        "user_setup_url": "http://127.0.0.1:3000/user?location_id={{location.id}}&user_id={{user.id}}&key=example-postback-key",
    },
}  # fmt: skip


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_pattern_that_a_new_profile_shows_is_one_of_its_platform(platform):
    tools = PLATFORMS[platform].tools()
    (shown,) = re.findall(r"a pattern as (\S+)\n", template(platform, tools.settings, tools.needs))
    assert [one.id for one in load(platform).clauses if fnmatchcase(one.id, shown)]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_new_profile_has_an_example_of_each_setting_that_is_needed(platform):
    tools = PLATFORMS[platform].tools()
    made = parse(template(platform, tools.settings, tools.needs))
    assert (made.settings, made.port) == (EXAMPLES[platform], 8701)


def test_a_may_clause_that_is_violated_is_weighed_as_advice():
    register = load("officernd")
    clause = next(one.id for one in register.clauses if one.level == "may" and one.id not in levels(register))
    rows = judge_all(register, [Observed(Finding(clause, False, "seen"), None)], {}, Asked())
    assert [(row.level, row.judgement) for row in rows if row.clause == clause] == [("advice", "warn")]


def test_a_violation_of_the_genuine_handshake_is_told_with_what_follows_and_that_of_a_fault_without(
    simulator,
):
    clause = load("officernd").clause("officernd:signature.order")
    fault = PLATFORMS["officernd"].tools().faults["stale"]
    causes = []
    for case in (None, fault):
        found = Observed(Finding(clause.id, False, "it was seen"), case)
        made = Trial("officernd", Profile(), folder=Path())._report(simulator, [found], "", 1.0)
        (row,) = [row for row in made.rows if row.clause == clause.id]
        causes.append(row.failures[0].cause)
    assert clause.violation
    assert causes == [f"it was seen. What follows: {clause.violation}", "it was seen"]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_new_profile_says_beside_each_clause_why_it_is_not_seen_and_keeps_the_documented_patience(platform):
    """docs/judge.md: an answer may take the judge's usual 10 seconds, and so may a program that starts."""
    tools = PLATFORMS[platform].tools()
    text = template(platform, tools.settings, tools.needs)
    beside = dict(re.findall(r'(?m)^    "([^"]+)",  # (.+)$', text))
    assert beside == dict(tools.needs) != {}
    profile = parse(text)
    assert (profile.timeout_seconds, profile.patience_seconds) == (10, 10)
    taken = inspect.signature(Served).parameters
    ten_minutes = 600  # with a profile as without one
    assert profile.most_seconds == taken["most"].default == ten_minutes
    assert (taken["timeout"].default, taken["patience"].default) == (10, 10)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_a_new_profile_offers_in_comments_is_right_as_it_stands(platform, tmp_path):
    """Without the number signs in front of them, its lines are a profile with everything set."""
    tools = PLATFORMS[platform].tools()
    text = template(platform, tools.settings, tools.needs)
    offered = re.sub(r'(?m)^# (?=(?:\w+|"[^"]+") = |\[[a-z.]+\])', "", text)
    set_there = parse(offered)
    assert set_there.command == ("node", "server.js", "--platform", "{platform}")
    assert (set_there.output, set_there.log) == ("server.log", "server.log")
    assert dict(set_there.environment) == {"PLATFORM_URL": "{platform}"}
    assert dict(set_there.words) == {"bad signature": "signature-mismatch"}
    hooks = {
        name
        for name in ("restart", "work", "rescope", "signed_in", "offers_oauth")
        if getattr(set_there, name)
    }
    assert hooks == set(HOOKS[platform]) != set()
    if "restart" in hooks:
        assert set_there.restart == ("docker", "restart", "my-app")
    for name in hooks & {"work", "rescope"}:
        assert getattr(set_there, name)[0] == "curl"
    for name in hooks & {"signed_in", "offers_oauth"}:
        assert re.compile(getattr(set_there, name)).groups == (name == "signed_in")


# --- the report -------------------------------------------------------------------------------------------

FAILED = Failure(
    "stale", "it was taken", ("GET /x",), ("200",), "an hour was forgotten", "--only stale", "curl -i x"
)
ROWS = (
    Row("a:good", "must", "pass", "held", "What the page says.", ""),
    Row("a:bad", "must", "fail", "violated", "What the page says.", "", failures=(FAILED,)),
    Row("a:mild", "should", "warn", "violated", "What the page says.", "", why="it is a should"),
    Row("a:dark", "must", "not testable", "not seen", "What the page says.", "", why="no log is named"),
    Row("a:dim", "must", "not testable", "not seen", "What the page says.", "", why="no log is named"),
)  # fmt: skip


def report(*rows: Row) -> Report:
    return Report("fortis", 0, 1, 1.0, rows, "", summary(rows))


def test_a_report_tells_the_likely_cause_and_lists_what_was_not_testable_under_its_reason():
    lines = [*lines_of(report(*ROWS))]
    assert "  likely     an hour was forgotten" in lines
    at = lines.index("NOT TESTABLE  no log is named")
    assert sorted(lines[at + 1].strip().split(", ")) == ["a:dark", "a:dim"]
    assert lines[at + 1].startswith("  a:")
    (last,) = [line for line in lines if line.startswith("Fortis")]
    assert "not testable (2 of them must)" in last and "1 fail" in last


def test_of_many_cases_that_fail_a_clause_three_are_shown_and_the_others_counted():
    register = load("fortis")
    faults = [*PLATFORMS["fortis"].tools().faults.values()][:5]
    clause = register.clauses[0].id
    against = tuple(Observed(Finding(clause, False, "it was taken"), fault) for fault in faults for _ in "ab")
    one = Judged(clause, "must", "violated", "fail", against=against)
    row = row_of(one, register, lambda seen: "", lambda case: f"--only {case}", str)
    assert [failure.again for failure in row.failures] == [f"--only {fault.name}" for fault in faults[:3]]
    assert row.more == 2
    assert "  and 2 more cases" in [*lines_of(report(row))]
    against = (Observed(Finding(clause, False, "it was taken"), None),)
    row = row_of(replace(one, against=against), register, lambda seen: "", lambda case: f"--only {case}", str)
    assert [(failure.case, failure.again) for failure in row.failures] == [("", f"--only {clause}")]


def test_a_row_has_the_words_and_the_source_of_its_clause_and_none_where_the_register_lacks_it():
    register = load("fortis")
    clause = register.clauses[0]
    (title,) = [source.title for source in register.sources if source.id == clause.source]
    rows = [
        row_of(Judged(id, "must", "held", "pass"), register, lambda seen: "", str, str)
        for id in (clause.id, "fortis:no.such")
    ]
    assert [(row.says, row.source, row.failures) for row in rows] == [
        (clause.text, f"{title}, {clause.heading}" if clause.heading else title, ()),
        ("", "", ()),
    ]


def test_a_report_of_nothing_says_so():
    (line,) = lines_of(report())
    assert line == "Fortis (Zeamster): nothing. 0 checks in 1 s."


def test_junit_says_beside_a_test_what_was_found_unless_it_passed():
    suite = ElementTree.fromstring(as_junit(report(*ROWS)))
    beside = {case.get("name"): [one.tag for one in case] for case in suite}
    assert beside == {
        "a:good": [], "a:bad": ["failure"], "a:mild": ["system-out"], "a:dark": ["skipped"], "a:dim": ["skipped"],
    }  # fmt: skip
    early = ElementTree.fromstring(as_junit(replace(report(*ROWS), ended="the run took too long")))
    assert [
        (case.get("name"), one.get("message")) for case in early for one in case if one.tag == "error"
    ] == [("the whole run", "the run took too long")]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("5", "1", "2")
    assert (early.get("tests"), suite.get("errors"), early.get("errors")) == ("6", "0", "1")
    assert suite.get("time") == "1.00"
    (said,) = [case.findtext("system-out") for case in suite if case.get("name") == "a:mild"]
    assert said.startswith("warn: it is a should\n")


def test_a_failure_is_shown_line_by_line_and_without_a_command_where_there_is_none():
    shown = [*lines_of(report(ROWS[1]))]
    at = next(place for place, line in enumerate(shown) if line.startswith("  case "))
    assert shown[at : at + 6] == [
        "  case       stale: it was taken", "  sent       GET /x", "  came back  200",
        "  likely     an hour was forgotten", "  repeat     --only stale", "  curl       curl -i x",
    ]  # fmt: skip
    bare = replace(ROWS[1], failures=(replace(FAILED, case="", sent=(), came=(), curl=""),))
    shown = [*lines_of(report(bare))]
    at = next(place for place, line in enumerate(shown) if line.startswith("  case "))
    assert shown[at : at + 3] == [
        "  case       the genuine handshake: it was taken", "  sent       nothing", "  came back  nothing",
    ]  # fmt: skip
    assert not [line for line in shown if line.startswith("  curl")]


def test_a_command_of_curl_is_told_for_a_request_to_the_partner_alone():
    text = "POST http://127.0.0.1:3000/a"
    sent = Event("request", "shop", "partner", text, (("accept", "*/*"),), "a=b c")
    assert curl(sent) == "curl -i -X POST -H 'accept: */*' --data-raw 'a=b c' http://127.0.0.1:3000/a"
    others = (None, replace(sent, receiver="shop"), replace(sent, kind="response"))
    assert [curl(other) for other in others] == ["", "", ""]


@pytest.mark.parametrize("kind", [Judged, Asked, Profile, Failure, Row, Report, Observed])
def test_what_was_judged_cannot_be_changed_after_it(kind):
    assert cannot_be_changed(kind)


DAY = 24 * 60 * 60


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("port", 0, 2**16 - 1),
        ("timeout_seconds", 1, DAY),
        ("patience_seconds", 0, DAY),
        ("most_seconds", 1, DAY),
    ],
)
def test_a_profile_may_set_each_of_its_numbers_and_is_told_the_range_of_each(name, least, most):
    """RFC 9293, section 3.1: a port is 16 bits. Nobody answers in 0 seconds; a partner need not be waited for."""
    for right in (least, 17, most):
        assert getattr(parse(f"{name} = {right}\n[settings]\n"), name) == right
    for wrong in (least - 1, most + 1, 10**30, "true", '"17"', "1.0"):
        with pytest.raises(ValueError, match=f"^{name} has to be a whole number from {least} to {most}$"):
            parse(f"{name} = {wrong}\n")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("prot = 8701", "unknown key prot (did you mean port?)"),
        ("[setings]\nmode = 'plain'", "unknown key setings (did you mean settings?)"),
        ("[operater]", "unknown key operater (did you mean operator?)"),
        ("[operator]\nrestrat = ['a']", "unknown key operator.restrat (did you mean restart?)"),
        ("restart = ['a']", "unknown key restart (it belongs in [operator])"),
        ("[reasons]\nport = 1", "unknown key reasons.port (it belongs above all tables)"),
        ("[settings]\naccount_name = 5", "settings has to be a table of texts, and account_name is none"),
        ("[settings]\nurl = 'http://a'\ncode = true\nname = ['a']", "settings has to be a table of texts, and code, name is none"),
        ("[reasons.words]\n\"bad mac\" = 1", "reasons.words has to be a table of texts, and bad mac is none"),
        ("settings = 5", "settings has to be a table of texts"),
        ('command = ["node\\u0000"]', "command has to be a list of texts"),
        ('[operator]\nrestart = ["node\\u0000"]', "operator.restart has to be a list of texts"),
        ('output = "a\\u0000b"', "output has to be a text"),
        ('[environment]\nA = "\\u0000"', "environment has to be a table of texts, and A is none"),
        ("[environment]\n\"A=B\" = '1'", "environment: 'A=B' is not the name of a variable"),
        ("[environment]\n\"\" = '1'", "environment: '' is not the name of a variable"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_profile_is_named(text, told):
    """POSIX, execve: no argument, name or value holds a NUL, and a name no equals sign."""
    with pytest.raises(ValueError) as refused:
        parse(text)
    assert str(refused.value) == told


def test_an_output_and_a_command_that_cannot_be_used_are_told_apart_and_named(away, tmp_path):
    (tmp_path / "data").write_text("no program")
    for profile, told in (
        (Profile(command=("true",), output="none/x.log"), f"the output of the command cannot be written to {tmp_path}/none/x.log: No such file or directory"),
        (Profile(command=("true",), output="."), f"the output of the command cannot be written to {tmp_path}: Is a directory"),
        (Profile(command=("nodde", "server.js")), "the command nodde cannot be run: No such file or directory"),
        (Profile(command=("./data",)), "the command ./data cannot be run: Permission denied"),
    ):  # fmt: skip
        with pytest.raises(NotStarted) as ended, running(profile, {}, tmp_path, away):
            pass
        assert ended.value.args == (told,)


@pytest.mark.parametrize("name", ["restart", "work", "rescope"])
def test_a_step_of_the_operator_that_cannot_be_run_ends_the_judgement(name, tmp_path):
    """Else a partner passes by a restart that never was."""
    operator = operating.operator_of(Profile(**{name: ("dockr", name)}), {}, tmp_path, "")
    with pytest.raises(NotStarted) as ended:
        for _ in getattr(operator, name)() or ():
            pass
    assert ended.value.args == (f"operator.{name}, dockr, cannot be run: No such file or directory",)
