"""The judge's texts, tables and limits, each whole: a change of one part of one of them shows."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tomllib
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from handshakes.core.messages import Dropped, Request, Response, Unreachable
from handshakes.judge import apps, doubts, failures, operating, served
from handshakes.judge import trial as trial_module
from handshakes.judge.doubts import excuse
from handshakes.judge.failures import Violation, failure, sections, trouble, unexpected, unfired, violations
from handshakes.judge.given import checked
from handshakes.judge.journal import Exchange, Seat
from handshakes.judge.judgement import Asked, Judged, judged, levels
from handshakes.judge.marketplace import Marketplace
from handshakes.judge.operating import Log, NotStarted
from handshakes.judge.presses import Armed, Press
from handshakes.judge.profile import HOOKS, Profile, parse, template
from handshakes.judge.report import (
    ORDER,
    RED,
    Failure,
    Report,
    Row,
    as_json,
    as_junit,
    curl,
    lines_of,
    row_of,
    sorted_rows,
    summary,
    verdict,
)
from handshakes.judge.served import Ended, Observed, Recorded, Served
from handshakes.judge.sheet import as_html
from handshakes.judge.sites import Site
from handshakes.judge.trial import JUDGED_FAST, Trial
from handshakes.platforms import PLATFORMS
from handshakes.runtime.customers import NOT_TAKEN, Taken
from handshakes.runtime.story import Setting
from handshakes.runtime.transcript import Event, Transcript
from handshakes.runtime.verdicts import Fault, Finding, Outcome, Refuses, Survives
from handshakes.spec.register import load
from tests.judge.sockets import settings_of
from tests.judge.test_run import EXAMPLES

# --- a profile --------------------------------------------------------------------------------------------

NEW = """\
# How `handshakes judge {name}` reaches your {partner} of {title}.

# The simulator listens on this port of 127.0.0.1; your program is configured with that address.
port = 8701

# A command that starts your program, as a list of words; {{platform}} is the simulator's address. Without it,
# start your program yourself, before the judge.
# command = ["node", "server.js", "--platform", "{{platform}}"]
# output = "server.log"  # a file for what it writes

# What your program does not have, or what cannot be seen from outside: a clause, or a pattern as {pattern}
# Without these lines they are reported as not testable, and the exit status is 4.
not_applicable = [
{clauses}
]

[settings]
{settings}
# Further settings: handshakes serve {name} --set help

# [environment]  # of the command
# PLATFORM_URL = "{{platform}}"

# [operator]  # what makes more clauses testable
{hooks}

# [reasons]  # where your program logs why it refused a request, so that the reason is judged too
# log = "server.log"
# pattern = 'refused: ([a-z-]+)'

# [reasons.words]  # your words for the reasons of this guide
# "bad signature" = "signature-mismatch"
"""
CALLED = {
    "officernd": ("partner integration", "OfficeRnD", "officernd:secret.*"),
    "retailcrm": ("module", "RetailCRM (Simla)", "retailcrm:activity.*"),
    "onoffice": ("provider", "onOffice enterprise", "onoffice:credentials.*"),
    "fortis": ("app", "Fortis (Zeamster)", "fortis:oauth.*"),
}
HELP = {
    "officernd": ['restart = ["docker", "restart", "my-app"]'],
    "retailcrm": [
        'work = ["curl", "-s", "http://127.0.0.1:3000/test/work?customer={customer}"]',
        'rescope = ["curl", "-s", "http://127.0.0.1:3000/test/rescope"]',
    ],
    "onoffice": ['work = ["curl", "-s", "http://127.0.0.1:3000/test/work?customer={customer}"]'],
    "fortis": ["signed_in = 'Signed in as ([0-9a-f]+)'", "offers_oauth = 'Allow access'"],
}
"""As docs/judge.md lists them, platform by platform."""


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_new_profile_is_this_text(platform):
    tools = PLATFORMS[platform].tools()
    partner, title, pattern = CALLED[platform]
    made = template(platform, tools.settings, tools.needs)
    assert made == NEW.format(
        name=platform, partner=partner, title=title, pattern=pattern,
        clauses="\n".join(f'    "{clause}",  # {why}' for clause, why in tools.needs.items()),
        settings="\n".join(f'{name} = "{value}"  # {tools.settings[name].text}' for name, value in EXAMPLES[platform].items()),
        hooks="\n".join(f"# {line}" for line in HELP[platform]),
    )  # fmt: skip
    assert HOOKS[platform] == tuple(line.partition(" ")[0] for line in HELP[platform])


EVERYTHING = {
    "settings": {"partner_url": "http://127.0.0.1:3000/x"}, "port": 1, "command": ("a", "b"), "output": "o",
    "environment": {"A": "b"}, "not_applicable": ("shop:*",), "origins": ("http://a.example",), "trusted": "t.pem",
    "timeout_seconds": 2, "patience_seconds": 3, "most_seconds": 4, "restart": ("r",), "work": ("w",), "rescope": ("c",),
    "signed_in": "user (x)", "offers_oauth": "Allow", "log": "l", "pattern": "refused", "words": {"bad": "stale"},
}  # fmt: skip
OF_SECTIONS = {"operator": ("restart", "work", "rescope", "signed_in", "offers_oauth"), "reasons": ("log", "pattern", "words")}  # fmt: skip
SECTION = {name: section for section, names in OF_SECTIONS.items() for name in names}


def toml(value: Any) -> str:
    """Write a value as TOML does, by its specification (toml.io, v1.0.0): texts, numbers and lists as JSON has them."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {toml(one)}" for name, one in value.items()) + "}"
    return json.dumps(value)


@pytest.mark.parametrize("name", EVERYTHING)
def test_each_key_of_a_profile_is_in_its_section_and_told_where_it_belongs_in_another(name):
    line, home = f"{name} = {toml(EVERYTHING[name])}\n", SECTION.get(name, "")
    for section in ("", *OF_SECTIONS):
        text = f"[{section}]\n{line}" if section else line
        if section == home:
            assert parse(text) == replace(Profile(), **{name: EVERYTHING[name]})
            continue
        full, there = f"{section}.{name}" if section else name, f"in [{home}]" if home else "above all tables"
        with pytest.raises(ValueError) as refused_so:
            parse(text)
        assert refused_so.value.args == (f"unknown key {full} (it belongs {there})",)


NUMBERS = {
    "port": (0, 65_535),
    "timeout_seconds": (1, 86_400),
    "patience_seconds": (0, 86_400),
    "most_seconds": (1, 86_400),
}
"""RFC 9293, section 3.1: a port has 16 bits. A day is the most of a time, and nobody answers in no time."""
KINDS = {
    int: ("'1'", "1.5", "true", "[1]"),
    str: ("1", "true", "['a']", "{a = 'b'}", r'"a\u0000"'),
    tuple: ("'a'", "1", "[1]", "['a', 1]", "{a = 'b'}", r'["a\u0000"]'),
    dict: ("'a'", "['a']", "true"),
}
KIND = {str: "a text", tuple: "a list of texts", dict: "a table of texts"}


@pytest.mark.parametrize("name", EVERYTHING)
def test_each_key_of_a_profile_takes_its_kind_and_no_other(name):
    kind, section = type(EVERYTHING[name]), SECTION.get(name, "")
    full, head = (f"{section}.{name}", f"[{section}]\n") if section else (name, "")
    wrong = dict.fromkeys(KINDS[kind], "")
    if kind is int:
        least, most = NUMBERS[name]
        said = f"a whole number from {least} to {most}"
        wrong |= {str(least - 1): "", str(most + 1): ""}
        for right in (least, most):
            assert getattr(parse(f"{name} = {right}\n"), name) == right
    else:
        said = KIND[kind]
    if kind is dict:
        many = ", ".join(f"k{at} = {at}" for at in range(6))
        wrong |= {"{a = 1}": ", and a is none", "{a = 'b', c = 1, d = 2}": ", and c, d is none"}
        wrong |= {f"{{{many}}}": ", and k0, k1, k2, k3, k4 is none", r'{a = "\u0000"}': ", and a is none"}
    for value, more in wrong.items():
        with pytest.raises(ValueError) as refused_so:
            parse(f"{head}{name} = {value}\n")
        assert refused_so.value.args == (f"{full} has to be {said}{more}",)


@pytest.mark.parametrize(("name", "is_one"), [("A", True), ("a b", True), ("A=B", False), ("", False), (r"a\u0000", False)])  # fmt: skip
def test_a_name_of_the_environment_is_one_that_a_system_takes(name, is_one):
    """POSIX, environ: a name has no equals sign; neither has a text that C ends at a NUL one."""
    if is_one:
        assert parse(f'environment = {{"{name}" = "x"}}').environment == {name: "x"}
    else:
        shown = name.replace(r"\u0000", r"\x00")
        with pytest.raises(ValueError) as refused_so:
            parse(f'environment = {{"{name}" = "x"}}')
        assert refused_so.value.args == (f"environment: '{shown}' is not the name of a variable",)
    assert parse(f'settings = {{"{name}" = "x"}}').settings


KNOWN = {
    "": "settings, port, command, output, environment, not_applicable, origins, trusted, timeout_seconds, "
        "patience_seconds, most_seconds, operator, reasons",
    "operator": "restart, work, rescope, signed_in, offers_oauth", "reasons": "log, pattern, words",
}  # fmt: skip


@pytest.mark.parametrize(
    ("section", "key", "said"),
    [
        ("", "prot", "did you mean port?"), ("", "operators", "did you mean operator?"), ("", "XX", ""),
        ("operator", "restarts", "did you mean restart?"), ("operator", "XX", ""), ("reasons", "logs", "did you mean log?"),
        ("reasons", "XX", ""), ("reasons", "reason", ""),
    ],
)  # fmt: skip
def test_an_unknown_key_is_told_with_the_one_that_is_meant_or_with_all(section, key, said):
    with pytest.raises(ValueError) as refused_so:
        parse((f"[{section}]\n" if section else "") + f"{key} = 1\n")
    full = f"{section}.{key}" if section else key
    assert refused_so.value.args == (f"unknown key {full} ({said or 'known: ' + KNOWN[section]})",)


@pytest.mark.parametrize("section", OF_SECTIONS)
def test_what_has_to_be_a_table_is_told_and_the_rest_is_still_read(section):
    (other,) = [name for name in OF_SECTIONS if name != section]
    with pytest.raises(ValueError) as refused_so:
        parse(f"{section} = 1\n[{other}]\nXX = 2\nYY = 3\n")
    told = refused_so.value.args[0].split("; ")
    assert sorted(told) == sorted(
        [f"{section} has to be a table", *(f"unknown key {other}.{key} (known: {KNOWN[other]})" for key in ("XX", "YY"))]
    )  # fmt: skip


def test_a_name_in_a_table_of_texts_is_cut_and_escaped():
    for length, shown in ((80, "n" * 80), (81, "n" * 79 + "…")):
        with pytest.raises(ValueError) as refused_so:
            parse(f"settings = {{{'n' * length} = 1}}")
        assert refused_so.value.args == (f"settings has to be a table of texts, and {shown} is none",)
        with pytest.raises(ValueError) as refused_so:
            parse(f'environment = {{"{"n" * (length - 1)}=" = "x"}}')
        cut = shown.replace("n" * 80, "n" * 79 + "=")
        assert refused_so.value.args == (f"environment: '{cut}' is not the name of a variable",)


def test_an_unknown_key_is_cut_and_what_is_not_printable_is_escaped():
    with pytest.raises(ValueError) as refused_so:
        parse(f'"Z\\u001b[2J" = 3\n{"Q" * 81} = 4')
    assert refused_so.value.args == (
        f"unknown key Z\\x1b[2J (known: {KNOWN['']}); unknown key {'Q' * 79}… (known: {KNOWN['']})",
    )


@pytest.mark.parametrize("text", ["port =", "[settings", "a = 1\na = 2", "x = " + "[" * 30_000])
def test_what_is_no_toml_is_said_to_be_none(text):
    with pytest.raises((tomllib.TOMLDecodeError, RecursionError)) as said:
        tomllib.loads(text)
    with pytest.raises(ValueError) as refused_so:
        parse(text)
    assert type(refused_so.value) is ValueError
    told = refused_so.value.args[0]
    assert told == f"not TOML: {said.value}" or (
        said.type is RecursionError and told.startswith("not TOML: maximum")
    )


@pytest.mark.parametrize("name", ["signed_in", "offers_oauth", "pattern"])
def test_a_pattern_has_to_be_one_and_only_the_one_that_names_a_user_needs_a_group(name):
    section = SECTION[name]
    with pytest.raises(ValueError, match=f"^{name} is not a pattern: (missing|unterminated)"):
        parse(f"[{section}]\n{name} = '('\n")
    for pattern, groups in (("a", False), ("(a)", True), ("(a)(b)", True)):
        text = f"[{section}]\n{name} = '{pattern}'\n"
        if groups or name != "signed_in":
            assert getattr(parse(text), name) == pattern
            continue
        with pytest.raises(ValueError) as refused:
            parse(text)
        assert refused.value.args == ("operator.signed_in has to have a group, as in 'user ([0-9a-f]+)'",)


# --- a report ---------------------------------------------------------------------------------------------

FIRST = Failure("stale", "it was taken", ("shop → partner: GET /x", "accept: */*"), ("200", "{}"), "an hour was forgotten",
                "--only stale", "curl -i x")  # fmt: skip
PLAIN = Failure("", "no page came", (), (), "nobody knows", "--only a:plain", "")
ROWS = (
    Row("a:good", "must", "pass", "held", "Says good.", "The page", checks=7),
    Row("a:later", "should", "left out", "not seen", "Says later.", "", why="needs --slow"),
    Row("a:none", "must", "not applicable", "not seen", "Says none.", "", why="the profile says so"),
    Row("a:dark", "must", "not testable", "not seen", "Says dark.", "", why="no log"),
    Row("a:dim", "should", "not testable", "not seen", "Says dim.", "", why="no log"),
    Row("a:deep", "must", "not testable", "not seen", "Says deep.", "", why="no work"),
    Row("a:old", "must", "known", "violated", "Says old.", "", why="the baseline lists it", checks=1),
    Row("a:mild", "should", "warn", "violated", "Says mild.", "The page, Part 2", checks=2, failures=(PLAIN,), more=1),
    Row("a:open", "must", "undetermined", "violated", "Says open.", "", why="right by another reading, a:x=y", reading="a:x=y"),
    Row("a:again", "must", "passes again", "held", "Says again.", "", why="the baseline lists it, so write the baseline anew"),
    Row("a:plain", "must", "fail", "violated", "Says plain.", "The page, Part 1", checks=3, failures=(FIRST, PLAIN), more=2),
)  # fmt: skip
INVERTED = Row("a:bare", "must", "fail", "violated", "Says bare.", "")
WHOLE = Report("fortis", 17, 1, 2.046, ROWS, "it took too long", summary(ROWS))
COUNTS = (
    "Fortis (Zeamster): 1 fail, 1 passes again, 1 undetermined, 1 warn, 1 known, 3 not testable (2 of them must), "
    "1 left out, 1 not applicable, 1 pass. 13 checks in 2 s."
)
PARTS = [
    "  case       stale: it was taken", "  sent       shop → partner: GET /x", "             accept: */*",
    "  came back  200", "             {}", "  likely     an hour was forgotten", "  repeat     --only stale", "  curl       curl -i x",
    "  case       the genuine handshake: no page came", "  sent       nothing", "  came back  nothing", "  likely     nobody knows",
    "  repeat     --only a:plain",
]  # fmt: skip
LINES = [
    "FAIL  a:plain (must)", "  says       Says plain. [The page, Part 1]", *PARTS, "  and 2 more cases",
    "PASSES AGAIN  a:again (must): the baseline lists it, so write the baseline anew",
    "UNDETERMINED  a:open (must): right by another reading, a:x=y",
    "WARN  a:mild (should)", "  says       Says mild. [The page, Part 2]", *PARTS[8:], "  and 1 more case",
    "KNOWN  a:old (must): the baseline lists it",
]  # fmt: skip
REST = ["LEFT OUT  a:later (should): needs --slow", "NOT APPLICABLE  a:none (must): the profile says so", "PASS  a:good (must)"]  # fmt: skip
LAST = ["The run was ended early: it took too long.",
        "Write the baseline anew, with --report json=FILE: what it lists as failing passes again."]  # fmt: skip


def test_a_whole_report_is_these_lines():
    short = ["NOT TESTABLE  no log", "  a:dark", "NOT TESTABLE  no work", "  a:deep"]
    assert [*lines_of(WHOLE)] == [*LINES, *short, COUNTS, *LAST]
    whole = ["NOT TESTABLE  no log", "  a:dark, a:dim", "NOT TESTABLE  no work", "  a:deep"]
    assert [*lines_of(WHOLE, full=True)] == [*LINES, *REST, *whole, COUNTS, *LAST]


def test_a_failure_of_a_clause_without_a_source_names_none():
    (_, says, *_) = lines_of(Report("fortis", 0, 1, 0, (replace(INVERTED, failures=(PLAIN,)),)))
    assert says == "  says       Says bare."


@pytest.mark.parametrize(("seconds", "said"), [(0.04, "0 s"), (0.26, "0.3 s"), (2.046, "2 s"), (720.4, "12 minutes (720 s)")])  # fmt: skip
def test_a_report_says_its_time_with_one_digit(seconds, said):
    *_, last = lines_of(Report("fortis", 0, 0, seconds, ()))
    assert last == f"Fortis (Zeamster): nothing. 0 checks in {said}."


def test_rows_stand_in_the_order_in_which_somebody_has_to_look_at_them():
    order = ("fail", "passes again", "undetermined", "warn", "known", "not testable", "left out", "not applicable", "pass")  # fmt: skip
    assert (order, ("fail", "passes again")) == (ORDER, RED)
    rows = [replace(INVERTED, judgement=name) for name in reversed(order)]
    assert tuple(row.judgement for row in sorted_rows(rows)) == tuple(summary(rows)) == order
    assert summary([*rows, rows[-1]]) == dict.fromkeys(order, 1) | {"fail": 2}


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"fail": 2, "passes again": 1}, "2 clauses fail; 1 clause passes again, write the baseline anew"),
        ({"fail": 3}, "3 clauses fail"),
        ({"passes again": 2}, "2 clauses pass again, write the baseline anew"),
        ({"passes again": 3}, "3 clauses pass again, write the baseline anew"),
    ],
)
def test_what_is_red_is_counted_in_words(counts, said):
    assert verdict(Report("fortis", 0, 1, 0, (), "", counts)) == said


def test_a_whole_report_is_this_json():
    found = as_json(WHOLE)
    clauses = found.pop("clauses")
    assert found == {
        "schema": 1, "platform": "fortis", "seed": 17, "exit": 1, "seconds": 2.05, "ended": "it took too long",
        "summary": {
            "fail": 1, "passes again": 1, "undetermined": 1, "warn": 1, "known": 1, "not testable": 3, "left out": 1,
            "not applicable": 1, "pass": 1,
        },
    }  # fmt: skip
    assert [one["clause"] for one in clauses] == [row.clause for row in ROWS], "as the register has them"
    assert clauses[7] == {
        "clause": "a:mild", "level": "should", "judgement": "warn", "observed": "violated", "says": "Says mild.",
        "source": "The page, Part 2", "why": "", "reading": "", "checks": 2, "more": 1,
        "failures": [{"case": "", "detail": "no page came", "sent": [], "came": [], "cause": "nobody knows", "again": "--only a:plain", "curl": ""}],
    }  # fmt: skip
    assert clauses[10]["failures"][0]["sent"] == ["shop → partner: GET /x", "accept: */*"]
    assert clauses[8]["reading"] == "a:x=y" and clauses[8]["failures"] == []


def test_a_whole_report_is_this_junit():
    """The names of elements and attributes are those that the readers of JUnit's format know."""
    text = as_junit(WHOLE)
    assert text.startswith(
        '<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="handshakes judge fortis" tests="12" '
    )
    assert text.endswith("\n</testsuite>\n") and '\n  <testcase classname="handshakes.fortis" name="a:plain">\n    <failure ' in text  # fmt: skip
    suite = ElementTree.fromstring(text.encode())
    assert suite.attrib == {
        "name": "handshakes judge fortis", "tests": "12", "errors": "1", "failures": "2", "skipped": "5", "time": "2.05",
    }  # fmt: skip
    assert {(case.tag, case.get("classname")) for case in suite} == {("testcase", "handshakes.fortis")}
    skipped = "skipped"
    assert [(case.get("name"), one.tag, one.attrib, one.text) for case in suite for one in case] == [
        ("a:plain", "failure", {"message": "it was taken", "type": "fail"}, "\n".join(["Says plain.", *PARTS])),
        ("a:again", "failure", {"message": "the baseline lists it, so write the baseline anew", "type": "passes again"}, "Says again."),
        ("a:open", "system-out", {}, "undetermined: right by another reading, a:x=y\nSays open."),
        ("a:mild", "system-out", {}, "\n".join(["warn: ", "Says mild.", *PARTS[8:]])),
        ("a:old", "system-out", {}, "known: the baseline lists it\nSays old."),
        ("a:dark", skipped, {"message": "not testable: no log"}, None),
        ("a:dim", skipped, {"message": "not testable: no log"}, None),
        ("a:deep", skipped, {"message": "not testable: no work"}, None),
        ("a:later", skipped, {"message": "left out: needs --slow"}, None),
        ("a:none", skipped, {"message": "not applicable: the profile says so"}, None),
        ("the whole run", "error", {"message": "it took too long"}, None),
    ]  # fmt: skip
    assert [case.get("name") for case in suite if not len(case)] == ["a:good"]


def text_of(page: str) -> str:
    """Return what a page shows as text, its tags taken out, blanks made one."""
    body = re.sub(r"(?s)<style>.*?</style>", "", page)
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def test_a_whole_report_is_this_page():
    page = as_html(WHOLE)
    title = "Fortis (Zeamster): 1 clause fails; 1 clause passes again, write the baseline anew"
    plain = ("Case the genuine handshake: no page came Sent nothing Came back nothing "
             "Likely cause nobody knows Repeat --only a:plain")  # fmt: skip
    shown = [
        title, title, "Judged in 2.0 s, 13 checks, seed 17, exit status 1.", "Not judged in full: it took too long.",
        "1 fail 1 passes again 1 undetermined 1 warn 1 known 3 not testable 1 left out 1 not applicable 1 pass",
        "Fail (1) fail a:plain must Says plain. The page, Part 1 Case stale : it was taken Sent shop → partner: GET /x accept: */* "
        "Came back 200 {} Likely cause an hour was forgotten Repeat --only stale curl curl -i x",
        plain, "and 2 more",
        "Passes again (1) passes again a:again must Says again. the baseline lists it, so write the baseline anew",
        "Undetermined (1) undetermined a:open must Says open. right by another reading, a:x=y",
        "Warn (1) warn a:mild should Says mild. The page, Part 2", plain, "and 1 more",
        "Known (1) known a:old must Says old. the baseline lists it",
        "Not testable (3) Show them a:dark must no log a:dim should no log a:deep must no work",
        "Left out (1) Show them a:later should needs --slow", "Not applicable (1) Show them a:none must the profile says so",
        "Pass (1) Show them a:good must, 7 checks",
    ]  # fmt: skip
    assert text_of(page) == " ".join(shown)
    assert "<b>Not judged" not in as_html(replace(WHOLE, ended=""))
    classes = re.findall(r'<(?:article|li) class="([^"]+)"', page)
    assert classes == ["fail", "passes-again", "undetermined", "warn", "known", *["not-testable"] * 3, "left-out", "not-applicable", "pass"]  # fmt: skip
    assert "default-src 'none'; style-src 'unsafe-inline'" in page and "<script" not in page


def test_a_row_of_a_report_is_cut_masked_and_printable_in_each_of_its_parts():
    register = load("officernd")
    clause = "officernd:signature.order"
    fault = Fault("old", clause, Refuses("stale"), "an old request")
    sent = Event("request", "OfficeRnD", "partner", "GET http://127.0.0.1:3000/a", (("a", "b"),), "\x1b")
    came = Event("response", "partner", "OfficeRnD", "200")
    seen = Observed(Finding(clause, False, "old: old: hidden\n" + "d" * 700), fault, sent=sent, came=came)
    one = Judged(
        clause,
        "must",
        "violated",
        "fail",
        "hidden\x1b" + "w" * 700,
        "a:b=c",
        9,
        (seen, replace(seen, sent=None)),
    )
    row = row_of(one, register, lambda seen: f"hidden {seen.case.name}" + "c" * 700, lambda case: f"again {case}",
                 lambda text: text.replace("hidden", "‹›"))  # fmt: skip
    assert (row.clause, row.level, row.judgement, row.observed, row.reading, row.checks) == (
        clause, "must", "fail", "violated", "a:b=c", 9,
    )  # fmt: skip
    (only,) = row.failures
    assert row.more == 0, "both are of one case"
    assert only.detail == "old: ‹›\\n" + "d" * 590 + "…"
    assert (only.case, only.again, only.cause[:7], only.sent, only.came) == (
        "old", "again old", "‹› oldc", ("OfficeRnD → partner: GET http://127.0.0.1:3000/a", "a: b", "\\x1b"), ("partner → OfficeRnD: 200",),
    )  # fmt: skip
    assert only.curl == "curl -i -H 'a: b' --data-raw '\\x1b' http://127.0.0.1:3000/a"
    assert row.why.startswith("‹›\\x1bwww")
    assert {len(text) for text in (only.detail, only.cause, row.why)} == {600}
    assert {text[-1] for text in (only.detail, only.cause, row.why)} == {"…"}


def test_a_piece_of_advice_has_its_words_and_its_source():
    register = load("officernd")
    advice = register.advice[0]
    row = row_of(Judged(advice.id, "advice", "held", "pass"), register, str, str, str)
    titles = {one.id: one.title for one in register.sources}
    assert (row.says, row.source) == (advice.text, titles.get(advice.source, advice.source))


def test_a_command_of_curl_has_4000_characters_at_most():
    """Our own limit, written here a second time."""
    event = Event("request", "shop", "partner", "GET http://a.example/")
    around = len("curl -i --data-raw  http://a.example/")
    assert (
        curl(replace(event, body="b" * (4_000 - around)))
        == f"curl -i --data-raw {'b' * (4_000 - around)} http://a.example/"
    )
    longer = curl(replace(event, body="b" * (4_001 - around)))
    assert (len(longer), longer[-9:]) == (4_000, "a.exampl…")


# --- a failure in six parts -------------------------------------------------------------------------------

STALE = Fault("stale", "officernd:signature.order", Refuses("stale"), "a request of an hour ago")
NO_KEY = "No signature is involved: compare what was sent and what came back with the clause."


def seen_by(**more: Any) -> Any:
    """Return what stands in for a marketplace of OfficeRnD that saw nothing, but for what is given."""
    nothing: dict[str, Any] = {
        "platform": PLATFORMS["officernd"], "secret_names": frozenset({"code"}), "transcript": Transcript(), "faults": [],
        "presses": [], "findings": [], "requests": list, "secrets": lambda request: [], "numbered": list,
        "about": lambda number: (None, None), "places": lambda name: [], "known_fault": {"stale": STALE}.__getitem__,
    }  # fmt: skip
    return SimpleNamespace(**{**nothing, **more})


def asked(
    path: str = "/a", *, received: bool = True, step: str = "", status: int = 0, number: int = 1
) -> Exchange:
    request = Request("POST", "http://127.0.0.1:1", f"{path}?code=hidden", (("accept", "*/*"),), b"x")
    end = (Response(status, (("x-a", "b"),), b"no\nmore"), "") if status else (None, "timeout")
    return Exchange(number, step, received, request, 5, *end)


@pytest.mark.parametrize(
    ("exchange", "sent", "came"),
    [
        (asked(status=403), ["1 partner → OfficeRnD  POST http://127.0.0.1:1/a?code=‹", "      accept: */*", "      x"],
         ["2 OfficeRnD ⇢ partner  403", "      x-a: b", "      no", "      more"]),
        (asked(received=False), ["1 simulator → partner  POST http://127.0.0.1:1/a?code=‹", "      accept: */*", "      x"],
         ["2 partner ✗ simulator  timeout"]),
    ],
)  # fmt: skip
def test_a_failure_is_these_six_parts(exchange, sent, came):
    press = Press("sync", "", (0, 1), range(1))
    one = Violation(Finding("a:b", False, "it was taken"), press, exchange, "must", "Says so.", "fail")
    lines = failure(seen_by(), one, "pytest t.py").splitlines()
    below = " " * 17
    wanted = [
        "  clause:        a:b (must), violated at sync: it was taken", "  the page says: Says so.",
        f"  sent:          {sent[0]}", *(below + line for line in sent[1:]), f"  came back:     {came[0]}",
        *(below + line for line in came[1:]), f"  likely cause:  {NO_KEY}", "  repeat it:     pytest t.py",
    ]  # fmt: skip
    shown = [re.sub(r"code=‹.*", "code=‹", line) for line in lines]
    assert shown == wanted and "hidden" not in "\n".join(lines)


def test_a_failure_names_the_fault_and_the_reading():
    press = Press("sync", "stale", (0, 1), range(1))
    one = Violation(Finding("a:b", False, "x"), press, None, "should", "", "undetermined", "a:b=c")
    assert failure(seen_by(), one, "again").splitlines() == [
        "  clause:        a:b (should), violated at sync, with the fault stale: x", "  the page says: ",
        "  undetermined:  it is right by another reading, a:b=c", "  sent:          nothing that is kept", "  came back:     nothing",
        "  likely cause:  The simulator did this on purpose: a request of an hour ago. The partner has to refuse it (stale), "
        "and to do so as the clause says.",
        "  repeat it:     again",
    ]  # fmt: skip


def test_each_line_of_a_cause_stands_below_the_one_before(monkeypatch):
    monkeypatch.setattr(failures, "_cause", lambda *given: ["one", "two"])
    one = Violation(Finding("a:b", False, "x"), None, None, "must", "first\nsecond", "fail")
    assert failure(seen_by(), one, "again").splitlines()[1:3] == [
        "  the page says: first",
        " " * 17 + "second",
    ]
    assert failure(seen_by(), one, "again").splitlines()[-3:-1] == ["  likely cause:  one", " " * 17 + "two"]


def test_an_explanation_has_fourteen_lines_at_most_with_secrets_masked(monkeypatch):
    """Our own limit, written here a second time."""
    for came, first in (("verified", 1), ("refused", 0)):
        answer = SimpleNamespace(verdict=came, stages=("one",))
        asked_for: list[Any] = []
        monkeypatch.setattr(failures, "explain", lambda *given, answer=answer, to=asked_for, **named: to.append((given[0], named["secret"], named["others"], named["now"])) or answer)  # fmt: skip
        monkeypatch.setattr(failures, "told", lambda answer, now: [f"{now} hidden {number}" for number in range(20)])  # fmt: skip
        transcript = SimpleNamespace(masked=lambda text: text.replace("hidden", "‹›"))
        market = seen_by(transcript=transcript, secrets=lambda request: ["first", "second", "third"])
        lines = failures._cause(market, Finding("a:b", False, ""), None, asked())
        right = "The signature is right: look at what else the clause asks. The bytes that were signed:"
        assert lines == [right][:first] + [f"5 ‹› {number}" for number in range(14 - first)]
        assert asked_for == [("officernd", "first", ["second", "third"], 5)]


def found(clause: str, held: bool | None, detail: str = "x") -> Finding:
    return Finding(clause, held, detail)


def test_a_clause_is_violated_once_for_each_detail_and_weighs_what_its_register_says():
    register = load("officernd")
    musts = next(one for one in register.clauses if one.level == "must" and one.actor == "partner")
    should = next(one for one in register.clauses if one.level == "should" and one.actor == "partner")
    may = next(one for one in register.clauses if one.level == "may")
    platforms = next(one for one in register.clauses if one.actor != "partner" and one.level == "should")
    advice = register.advice[0]
    seen = [
        found(musts.id, False), found(musts.id, True), found(musts.id, False), found(musts.id, False, "y"), found(should.id, False),
        found(should.id, None), found(may.id, False), found(platforms.id, False), found(advice.id, False), found("officernd:x.y", False),
    ]  # fmt: skip
    market = seen_by(
        numbered=lambda: [*enumerate(seen, 40)],
        about=lambda number: (Press(f"step {number}", "", (0, 1), range(1)), None),
    )
    assert [(one.finding, one.press.step, one.level, one.verdict, one.says, one.reading) for one in violations(market)] == [
        (seen[0], "step 40", "must", "fail", musts.text, ""), (seen[3], "step 43", "must", "fail", musts.text, ""),
        (seen[4], "step 44", "should", "warn", should.text, ""), (seen[6], "step 46", "advice", "warn", may.text, ""),
        (seen[7], "step 47", "should", "warn", platforms.text, ""), (seen[8], "step 48", "advice", "warn", advice.text, ""),
        (seen[9], "step 49", "must", "fail", "", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("reading", ["", "a:b=c"])
def test_what_excuses_a_violation_is_asked_with_its_request_its_time_and_the_keys_of_it(monkeypatch, reading):
    asked_for: list[Any] = []
    monkeypatch.setattr(failures, "excuse", lambda *given: asked_for.append(given) or reading)
    exchange, press = asked(), Press("sync", "stale", (0, 1), range(1))
    for about in ((press, exchange), (replace(press, fault=""), None), (None, None)):
        market = seen_by(
            numbered=lambda: [(0, found("officernd:signature.order", False))],
            about=lambda number, about=about: about,
            secrets=lambda request: [request.path],
        )
        (one,) = violations(market)
        assert (one.verdict, one.reading) == ("undetermined" if reading else "fail", reading)
        assert (one.press, one.exchange) == about
    given = [(name, one.case, one.request, one.now, keys) for name, _, one, keys, _ in asked_for]
    assert given == [
        ("officernd", STALE, exchange.request, 5, ["/a"]), ("officernd", None, None, 0, []), ("officernd", None, None, 0, []),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("exchange", "told"),
    [
        (asked(status=404), True), (asked(status=404, step="edit"), False), (asked(status=404, received=False), False),
        (asked(status=403), False), (asked(status=405), False), (asked(), False),
    ],
)  # fmt: skip
def test_a_request_that_no_step_has_is_one_that_was_received_and_not_found(exchange, told):
    said = ["The partner sent POST /a, which the simulator does not have."]
    assert unexpected(seen_by(requests=lambda: [exchange])) == (said if told else [])


def test_a_path_that_no_step_has_is_told_with_80_characters():
    """Our own limit, written here a second time."""
    (said,) = unexpected(seen_by(requests=lambda: [asked("/" + "p" * 80, status=404)]))
    assert said == f"The partner sent POST /{'p' * 79}, which the simulator does not have."


@pytest.mark.parametrize(
    ("at", "places", "said"),
    [
        ("", ["on", "off"], "on, off"), ("off", ["on", "off"], "off"), ("off", [], "off"),
        ("", [], "no step, with the addresses that are set"),
    ],
)  # fmt: skip
def test_where_a_fault_that_never_fired_plays_is_told(at, places, said):
    press = Press("on", "", (0, 1), range(1))
    fired = Armed(STALE, 0, "")
    fired.fired = 1
    market = seen_by(
        faults=[fired, Armed(STALE, 1, at)], places=lambda name: places, presses=[press, replace(press, step="off"), press]
    )  # fmt: skip
    told = f"The fault stale was armed and never fired. It plays at: {said}. Steps taken: on, off."
    assert unfired(market) == [told]
    assert unfired(seen_by(faults=[Armed(STALE, 1, "on")]))[0].endswith("at: on. Steps taken: none.")


def test_what_fails_a_test_is_told_and_what_does_not_is_noted(monkeypatch):
    def one(clause: str, verdict: str, reading: str = "") -> Violation:
        return Violation(found(clause, False), None, None, "must", "", verdict, reading)

    seen = [one("a:fail", "fail"), one("a:warn", "warn"), one("a:open", "undetermined", "a:open=b"), one("a:allowed", "fail")]  # fmt: skip
    monkeypatch.setattr(failures, "violations", lambda market: iter(seen))
    market = seen_by(requests=lambda: [asked(status=404)], faults=[Armed(STALE, 1, "sync")])
    told, notes = trouble(market, "t.py::t[a b]", frozenset({"a:allowed"}))
    assert told == [
        "The fault stale was armed and never fired. It plays at: sync. Steps taken: none.",
        "OfficeRnD found that the partner breaks a rule:\n\n"
        + failure(market, seen[0], "pytest 't.py::t[a b]'"),
    ]
    assert notes == [
        "The partner sent POST /a, which the simulator does not have.", "a:warn (must): x",
        "a:open (must): x; it is right by another reading, a:open=b",
    ]  # fmt: skip
    assert trouble(seen_by(), "t", frozenset({one.finding.clause for one in seen[:1] + seen[3:]}))[0] == []


def test_of_the_violations_five_are_told_in_full_and_the_last_sixty_messages_are_shown(monkeypatch):
    """Our own limits, written here a second time."""
    seen = [Violation(found(f"a:{number}", False), None, None, "must", "", "fail") for number in range(8)]
    monkeypatch.setattr(failures, "violations", lambda market: iter(seen))
    market = seen_by(findings=[found(f"b:{number}", None) for number in range(11)])
    for number in range(61):
        market.transcript.message("a", "b", f"message {number}")
    (name, text), (said, transcript) = sections(market, "t")
    assert (name, said) == ("what OfficeRnD found", "what OfficeRnD and the partner said")
    blocks = text.split("\n\n")
    assert blocks[:5] == [failure(market, one, "pytest t") for one in seen[:5]]
    assert blocks[5:] == [
        "  and 3 more: a:5, a:6, a:7", "\n".join(f"  not seen: b:{number}: x" for number in range(10)),
    ]  # fmt: skip
    assert [line.split("message ")[1] for line in transcript.splitlines()] == [
        str(one) for one in range(1, 61)
    ]
    monkeypatch.setattr(failures, "violations", lambda market: iter(()))
    assert sections(seen_by(), "t") == []
    few = seen_by()
    few.transcript.message("a", "b", "the first")
    ((_, shown),) = sections(few, "t")
    assert shown.splitlines() == ["  1 a ✉ b  the first"]


# --- the table --------------------------------------------------------------------------------------------

ORDERED, ACCEPTS = "officernd:signature.order", "officernd:connect.failure"
NO_CONTROL = "at this address everything was refused, or everything accepted, which proves nothing"


def refused(held: bool | None, *paths: str) -> Observed:
    return Observed(found(ORDERED, held, "refused?"), STALE, paths)


def accepted(held: bool | None, *paths: str, case: Fault | None = None) -> Observed:
    return Observed(found(ACCEPTS, held, "accepted?"), case, paths)


LATE = Fault("late", ACCEPTS, Survives("connected"), "a slow answer")
PASS, NOTHING = ("pass", ""), ("not testable", "no step of this run shows it")


@pytest.mark.parametrize(
    ("seen", "refusal", "acceptance"),
    [
        ([refused(True, "/a"), accepted(True, "/a")], PASS, PASS),
        ([refused(True, "/a"), accepted(True, "/a", case=LATE)], PASS, PASS),
        ([refused(True, "/a"), accepted(True, "/b")], ("not testable", NO_CONTROL), PASS),
        ([refused(True, "/a", "/b"), accepted(True, "/a")], ("not testable", NO_CONTROL), PASS),
        ([refused(True, "/a", "/b"), accepted(True, "/b", "/c")], PASS, PASS),
        ([refused(True, "/a"), accepted(False, "/a")], ("not testable", NO_CONTROL), ("warn", "")),
        ([refused(True, "/a"), accepted(None, "/a")], ("not testable", NO_CONTROL), ("not testable", "accepted?")),
        ([refused(False, "/a"), accepted(True, "/a")], ("fail", ""), ("not testable", NO_CONTROL)),
        ([refused(False, "/b", "/a"), accepted(True, "/a", "/c")], ("fail", ""), ("not testable", NO_CONTROL)),
        ([refused(False, "/a", "/b"), accepted(True, "/a")], ("fail", ""), PASS),
        ([refused(False, "/a"), refused(True, "/a"), accepted(True, "/a")], ("fail", ""), PASS),
        ([refused(None, "/a"), accepted(True, "/a")], ("not testable", "refused?"), PASS),
        ([refused(True), accepted(True, "/a")], ("not testable", NO_CONTROL), PASS),
        ([refused(False), accepted(True)], ("fail", ""), PASS),
        ([], NOTHING, NOTHING),
    ],
)  # fmt: skip
def test_what_counts_is_where_the_other_was_seen_too(seen, refusal, acceptance):
    """docs/judge.md: a refusal beside a genuine request that was accepted, an acceptance where not everything was."""
    rows = {row.clause: row for row in judged(load("officernd"), seen, {}, Asked())}
    assert (rows[ORDERED].judgement, rows[ORDERED].why) == refusal
    assert (rows[ACCEPTS].judgement, rows[ACCEPTS].why) == acceptance
    for clause in (ORDERED, ACCEPTS):
        mine = [one for one in seen if one.finding.clause == clause]
        assert rows[clause].checks == len(mine)
        assert rows[clause].against == tuple(one for one in mine if one.finding.held is False)


def test_of_several_readings_that_excuse_a_clause_the_first_is_named():
    seen = [accepted(True, "/a"), refused(False, "/a"), refused(False, "/a"), refused(True, "/a")]
    for readings, came in (
        ({1: "a=b", 2: "a=c"}, ("undetermined", "right by another reading, a=b", "a=b")),
        ({2: "a=c"}, ("fail", "", "")), ({0: "a=c", 3: "a=d"}, ("fail", "", "")),
    ):  # fmt: skip
        (row,) = [one for one in judged(load("officernd"), seen, readings, Asked()) if one.clause == ORDERED]
        assert (row.judgement, row.why, row.reading) == came


@pytest.mark.parametrize(
    ("needs", "came"),
    [
        ("needs operator.restart", ("not seen", "not testable", "needs operator.restart")),
        ("needs ten minutes", ("held", "pass", "")),
    ],
)
def test_what_an_operator_alone_can_show_is_not_seen_in_part(needs, came):
    asked_of = Asked(needs={ACCEPTS: needs})
    (row,) = [
        one
        for one in judged(load("officernd"), [accepted(True, "/a")], {}, asked_of)
        if one.clause == ACCEPTS
    ]
    assert (row.observed, row.judgement, row.why) == came


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_clause_of_a_partner_has_its_level_and_each_piece_of_advice_is_advice(platform):
    register = load(platform)
    mine = {one.id: one.level for one in register.clauses if one.actor == "partner"}
    advice = {one.id for one in register.advice}
    assert {*mine.values()} <= {"must", "should", "may"} and advice
    found_levels = levels(register)
    assert {*found_levels} == {*mine} | advice
    assert {id for id, level in found_levels.items() if level == "advice"} == advice | {id for id, level in mine.items() if level == "may"}  # fmt: skip
    assert all(found_levels[id] == level for id, level in mine.items() if level != "may")
    untestable = {one.clause for one in register.untestable}
    rows = judged(register, [], {}, Asked())
    assert [row.clause for row in rows] == [id for id in found_levels if id not in untestable]
    assert {(row.observed, row.judgement, row.why, row.checks, row.against) for row in rows} == {
        ("not seen", "not testable", "no step of this run shows it", 0, ()),
    }  # fmt: skip


# --- a trial ----------------------------------------------------------------------------------------------


def ran(**more: Any) -> Any:
    """Return what stands in for a simulator after a run."""
    nothing: dict[str, Any] = {
        "tools": SimpleNamespace(absent=lambda settings: {}, needs={}), "world": SimpleNamespace(settings={}), "first": 200,
        "transcript": Transcript(), "answered": 1, "failed": "", "keys": (),
    }  # fmt: skip
    return SimpleNamespace(**{**nothing, **more})


def test_a_trial_is_of_everything_that_does_not_wait_unless_it_is_told_otherwise(tmp_path):
    one = Trial("officernd", Profile(), folder=tmp_path)
    assert (one.seed, one.only, one.slow, one.known, one.ciphers, one.command("stale")) == (
        0, "", False, (), None, "--only stale",
    )  # fmt: skip
    assert JUDGED_FAST == {"rate": "0"}
    for traps, another in (((), ""), (("a",), ""), (("a", "b", "c"), "b")):
        asked_of = SimpleNamespace(url="http://127.0.0.1:1", world=SimpleNamespace(traps=traps))
        assert one.given(asked_of) == {"platform": "http://127.0.0.1:1", "another": another}


def test_a_trial_says_what_the_profile_and_the_settings_leave_out(tmp_path):
    profile = Profile(not_applicable=("officernd:signature.*",))
    tools = SimpleNamespace(absent=lambda settings: {"officernd:sync.*": f"no {settings['a']}"}, needs={"officernd:connect.failure": "needs operator.restart"})  # fmt: skip
    simulator = ran(tools=tools, world=SimpleNamespace(settings={"a": "sync"}))
    made = Trial("officernd", profile, folder=tmp_path, seed=7)._report(simulator, [], "", 1.5)
    said = {row.clause: (row.judgement, row.why) for row in made.rows}
    assert said["officernd:signature.order"] == ("not applicable", "the profile says so")
    assert said["officernd:sync.answer"] == ("not applicable", "no sync")
    assert said["officernd:connect.failure"] == ("not testable", "needs operator.restart")
    assert (made.platform, made.seed, made.exit, made.seconds, made.summary) == ("officernd", 7, 4, 1.5, summary(made.rows))  # fmt: skip


@pytest.mark.parametrize(
    ("answered", "ended", "exit", "said"),
    [
        (0, "", 3, "no request was answered (none was sent); check the address in the profile"),
        (1, "", 1, ""), (2, "", 1, ""), (1, "it took too long", 1, "it took too long"), (0, "nobody listens", 3, "nobody listens"),
    ],
)  # fmt: skip
def test_a_trial_ends_with_this_status_and_says_why(answered, ended, exit, said, tmp_path):
    made = Trial("officernd", Profile(), folder=tmp_path)._report(ran(answered=answered), [refused(False, "/a")], ended, 0)  # fmt: skip
    assert (made.exit, made.ended) == (exit, said)


def test_a_trial_that_reds_nothing_and_was_ended_early_is_not_whole(tmp_path):
    made = Trial("officernd", Profile(), folder=tmp_path)._report(ran(), [], "too long", 0)
    assert (made.exit, made.ended) == (3, "too long")


WRONG_PATH = "The first request of all was answered with 404: check the path of the URL in the profile"


@pytest.mark.parametrize(
    ("first", "came", "wrong"),
    [(404, "404", True), (404, "400", False), (404, None, False), (200, "404", False), (405, "404", False), (405, "405", False)],
)  # fmt: skip
def test_where_all_is_not_found_the_path_of_the_profile_may_be_wrong(
    first, came, wrong, tmp_path, monkeypatch
):
    monkeypatch.setattr(trial_module, "cause", lambda *given: "a cause")
    answer = Event("response", "partner", "OfficeRnD", came) if came else None
    seen = [replace(accepted(False, "/a"), came=answer), replace(refused(False, "/a"), came=answer)]
    made = Trial("officernd", Profile(), folder=tmp_path)._report(ran(first=first), seen, "", 0)
    causes = {row.clause: row.failures[0].cause for row in made.rows if row.failures}
    then = load("officernd").clause(ACCEPTS).violation
    assert then
    assert causes == (
        dict.fromkeys((ORDERED, ACCEPTS), f"a cause. {WRONG_PATH}") if wrong
        else {ORDERED: "a cause", ACCEPTS: f"a cause. What follows: {then}"}
    )  # fmt: skip


def test_five_failures_are_searched_for_the_mistake_behind_them_and_no_sixth(tmp_path, monkeypatch):
    """Our own limit, written here a second time."""
    tried: list[Any] = []
    monkeypatch.setattr(
        trial_module, "cause", lambda platform, one, keys, ciphers: tried.append(keys) or "a cause"
    )
    monkeypatch.setattr(trial_module, "excuse", lambda platform, register, one, keys, ciphers: "a=b" if keys == ("open",) else "")  # fmt: skip
    clauses = [one.id for one in load("officernd").clauses if one.actor == "partner"][:7]
    seen = [Observed(found(clause, False), None, ("/a",), keys=("a", "b")) for clause in clauses]
    seen += [Observed(found(clauses[0], True), None, keys=("open",)), Observed(found("officernd:x.y", False), None, keys=("open",))]  # fmt: skip
    made = Trial("officernd", Profile(), folder=tmp_path)._report(ran(), seen, "", 0)
    assert tried == [("a", "b")] * 5 + [()] * 3
    assert [row.reading for row in made.rows if row.judgement == "undetermined"] == ["a=b"]
    assert {row.clause for row in made.rows if row.judgement in ("fail", "warn")} == {*clauses}
    assert [row.level for row in made.rows if row.clause == "officernd:x.y"] == ["must"], "nobody says less"


# --- a simulator on a socket ------------------------------------------------------------------------------


@pytest.fixture
def simulator():
    with Served(
        "officernd", settings_of("officernd", "http://127.0.0.1:9"), allowed=["http://127.0.0.1:8"]
    ) as one:
        yield one


def get(origin: str, path: str = "/x") -> Request:
    return Request("GET", origin, path)


@pytest.mark.parametrize("answer", [Response(204), Dropped()])
def test_what_the_partner_asks_is_recorded_with_its_answer(answer):
    def handle(request):
        return answer
        yield

    role: Any = SimpleNamespace(name="OfficeRnD", origins=(), clock=int, handle=handle)
    recorded = Recorded(role, Transcript())
    with pytest.raises(StopIteration) as ended:
        next(recorded.handle(get("http://127.0.0.1:1")))
    assert ended.value.value == answer
    told = ("response", "204") if isinstance(answer, Response) else ("failure", "dropped")
    assert [(one.kind, one.sender, one.receiver, one.text) for one in recorded.transcript.events] == [
        ("request", "partner", "OfficeRnD", "GET http://127.0.0.1:1/x"), (told[0], "OfficeRnD", "partner", told[1]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("origin", "is_reached"),
    [("http://127.0.0.1:9", True), ("http://127.0.0.1:8", True), ("http://127.0.0.1:7", False)],
)
def test_a_simulator_goes_to_the_addresses_of_its_settings_and_to_those_that_were_allowed(
    simulator, origin, is_reached, monkeypatch
):
    monkeypatch.setattr(simulator.client, "exchange", lambda sender, request: Response(204))
    simulator._until = float("inf")
    if is_reached:
        assert simulator.exchange("OfficeRnD", get(origin)).status == 204
        return
    with pytest.raises(Unreachable) as refused:
        simulator.exchange("OfficeRnD", get(origin))
    assert (refused.value.kind, simulator.answered, simulator.unanswered) == ("no-address", 0, 0)


def test_a_run_may_take_its_time_to_the_end_and_no_longer(simulator, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(served, "time", SimpleNamespace(monotonic=lambda: now[0], time=lambda: 0))
    monkeypatch.setattr(simulator.client, "exchange", lambda sender, request: Response(204))

    def steps():
        for now[0] in (100.0, 700.0, 700.5):
            done.append((yield get("http://127.0.0.1:9")).status)

    done: list[int] = []
    with pytest.raises(Ended) as ended:
        simulator.run(steps())
    assert (done, ended.value.args) == ([204, 204], ("the whole run took more than 10 minutes (600 s)",))
    with pytest.raises(Unreachable) as late:  # the partner gets its own answer none the less
        simulator._answering("OfficeRnD", get("http://127.0.0.1:9"))
    assert late.value.kind == "no-address"
    now[0] = 0
    assert simulator._answering("OfficeRnD", get("http://127.0.0.1:9")).status == 204


def test_a_run_returns_what_its_steps_return_and_is_sent_by_the_platform(simulator, monkeypatch):
    senders: list[str] = []
    monkeypatch.setattr(
        simulator.client, "exchange", lambda sender, request: senders.append(sender) or Response(204)
    )

    def steps():
        return (yield get("http://127.0.0.1:9")).status

    assert (simulator.run(steps()), senders) == (204, ["OfficeRnD"])


def test_an_answer_that_never_comes_inside_the_judge_is_none_outside(simulator, monkeypatch):
    def handle(request):
        return Dropped()
        yield

    monkeypatch.setattr(simulator.platform, "handle", handle)
    with pytest.raises(Unreachable) as dropped:
        simulator.exchange("browser", get(simulator.platform.origins[0]))
    assert dropped.value.kind == "dropped"
    assert [(one.kind, one.sender, one.receiver) for one in simulator.transcript.events] == [
        ("request", "browser", "OfficeRnD"), ("failure", "OfficeRnD", "browser"),
    ]  # fmt: skip


def test_a_finding_is_kept_with_its_paths_and_a_violation_with_its_evidence(simulator, monkeypatch):
    def exchange(sender, request):
        simulator.transcript.request(sender, "partner", request)
        simulator.transcript.response(sender, "partner", Response(204))
        return Response(204)

    monkeypatch.setattr(simulator.client, "exchange", exchange)
    simulator._until, told = float("inf"), []
    simulator.progress = told.append
    for path, held in (("/a", True), ("/b", None), ("/c", False)):
        simulator.exchange("OfficeRnD", get("http://127.0.0.1:9", path))
        simulator.exchange("OfficeRnD", get("http://127.0.0.1:9", path + "/2?x"))
        simulator.platform.found(ORDERED, held, path)
    simulator.platform.found(ORDERED, True, "again")
    first, second, third, last = simulator.kept()
    assert told == [first, second, third, last] == simulator.observed
    assert [one.paths for one in told] == [("/a", "/a/2"), ("/b", "/b/2"), ("/c", "/c/2"), ("/c", "/c/2")]
    assert [(one.sent, one.came, one.request, one.now, one.keys) for one in (first, second, last)] == [(None, None, None, 0, ())] * 3  # fmt: skip
    assert (third.sent.text, third.came.text) == ("GET http://127.0.0.1:9/c/2?x", "204")
    assert third.request == get("http://127.0.0.1:9", "/c/2?x") and third.now > 1_600_000_000
    assert third.keys == tuple(simulator.tools.keys(simulator.sides)) != ()
    simulator.platform.findings.remove(simulator.platform.findings[1])
    assert simulator.kept() == [first, third, last], "what an examination took back is not kept"


def test_nothing_has_begun_before_the_first_finding(simulator, monkeypatch):
    monkeypatch.setattr(simulator.client, "exchange", lambda sender, request: Response(204))
    simulator._until, began = float("inf"), []
    simulator.began = lambda: began.append(len(simulator.observed))
    for _ in range(2):
        simulator.exchange("OfficeRnD", get("http://127.0.0.1:9"))
    assert began == []
    simulator.platform.found(ORDERED, True, "seen")
    for _ in range(2):
        simulator.exchange("OfficeRnD", get("http://127.0.0.1:9"))
    assert began == [1]


def test_a_simulator_is_made_for_the_partner_of_its_settings_and_keeps_2000_events(simulator):
    """Our own limit, written here a second time."""
    assert simulator.client.names == {"http://127.0.0.1:9": "partner"}
    assert simulator.reach == {"http://127.0.0.1:9", "http://127.0.0.1:8"}
    for number in range(4_000):
        simulator.transcript.message("a", "b", str(number))
    assert [one.text for one in simulator.transcript.events] == [str(one) for one in range(2_000, 4_000)]


def test_a_simulator_is_briefed_and_ends_its_server_and_its_connections(simulator, monkeypatch):
    assert simulator.briefing == simulator.tools.briefing(simulator.sides, simulator.world)
    assert simulator.url in simulator.briefing
    assert (simulator.failed, simulator.first, simulator.answered, simulator.unanswered) == ("", 0, 0, 0)
    ended: list[str] = []
    monkeypatch.setattr(
        simulator.client, "close", lambda close=simulator.client.close: (ended.append("client"), close())
    )
    monkeypatch.setattr(
        simulator.server, "stop", lambda stop=simulator.server.stop: (ended.append("server"), stop())
    )
    simulator.__exit__()
    assert ended == ["server", "client"]
    monkeypatch.undo()


LATE_END = subprocess.TimeoutExpired  # the mutation run takes its full name in a failure for a busy machine


# --- an operator ------------------------------------------------------------------------------------------


def test_the_commands_of_a_profile_are_run_in_its_folder_with_what_they_name_filled_in(monkeypatch, tmp_path):
    started: list[Any] = []
    monkeypatch.setattr(operating.subprocess, "run", lambda *given, **named: started.append((given, named)))
    monkeypatch.setattr(operating, "listens", lambda origin: True)
    profile = Profile(
        restart=("r", "{platform}/{another}"),
        work=("w", "{customer}", "{other}"),
        rescope=("c", "{customer}"),
    )
    operator = operating.operator_of(profile, {"platform": "http://p", "another": "x"}, tmp_path, "http://a")
    assert operator.restart() is None
    for step in (operator.work("A", "B"), operator.work(), operator.rescope()):
        assert [*step] == []
    assert [given for given, _ in started] == [
        (["r", "http://p/x"],), (["w", "A B", "{other}"],), (["w", "", "{other}"],), (["c", "{customer}"],),
    ]  # fmt: skip
    options = {
        "cwd": tmp_path,
        "timeout": 60,
        "check": False,
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.DEVNULL,
    }
    assert [named for _, named in started] == [options] * 4
    assert (operator.signed_in, operator.offers_oauth) == (None, None)


def test_a_command_of_an_operator_may_take_too_long_and_one_that_cannot_be_run_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(operating, "listens", lambda origin: True)
    named = {name: (str(tmp_path / name),) for name in ("restart", "work", "rescope")}
    operator = operating.operator_of(Profile(**named), {}, tmp_path, "")
    for name, step in (
        ("restart", operator.restart), ("work", lambda: [*operator.work()]), ("rescope", lambda: [*operator.rescope()]),
    ):  # fmt: skip
        with pytest.raises(NotStarted) as told:
            step()
        said = f"operator.{name}, {tmp_path / name}, cannot be run: No such file or directory"
        assert told.value.args == (said,)

    def run(*given, **named):
        raise LATE_END("r", 60)

    monkeypatch.setattr(operating.subprocess, "run", run)
    assert operator.restart() is None and [*operator.work()] == [*operator.rescope()] == []


@pytest.mark.parametrize(
    ("patience", "answers", "pauses"),
    [(10, [True], 0), (10, [False, False, True], 2), (1, [False], 20), (0, [False], 0)],
)
def test_a_partner_that_is_started_anew_is_waited_for_as_long_as_the_profile_says(
    patience, answers, pauses, monkeypatch, tmp_path
):
    made: list[float] = []
    given = iter(answers)
    monkeypatch.setattr(operating, "listens", lambda origin: next(given, answers[-1]))
    monkeypatch.setattr(operating.subprocess, "run", lambda *given, **named: None)
    clock = SimpleNamespace(monotonic=lambda: len(made) / 20, sleep=made.append)
    monkeypatch.setattr(operating, "time", clock)
    profile = Profile(restart=("r",), patience_seconds=patience)
    operating.operator_of(profile, {}, tmp_path, "").restart()
    assert made == [0.05] * pauses


def test_a_command_is_started_in_a_group_of_its_own_with_its_environment_and_its_output(
    monkeypatch, tmp_path
):
    started: list[Any] = []

    def popen(*given, **named):
        named["stdout"].write(b"output")
        started.append((given, {**named, "stdout": named["stdout"].name}))

    monkeypatch.setattr(operating.subprocess, "Popen", popen)
    monkeypatch.setenv("KEPT", "as it is")
    profile = Profile(
        command=("node", "{platform}"), environment={"A": "at {platform}", "B": "{other}"}, output="out.log"
    )
    operating._started(profile, {"platform": "http://p"}, tmp_path)
    operating._started(replace(profile, output="", environment={}), {}, tmp_path)
    ((first, named), (second, bare)) = started
    assert (first, second) == ((["node", "http://p"],), (["node", "{platform}"],))
    assert named.pop("env") == {**os.environ, "A": "at http://p", "B": "{other}"}
    assert bare.pop("env") == {**os.environ} and os.environ["KEPT"] == "as it is"
    assert named.pop("stdout") == str(tmp_path / "out.log") and bare.pop("stdout") == os.devnull
    options = {
        "cwd": tmp_path,
        "stdin": subprocess.DEVNULL,
        "stderr": subprocess.STDOUT,
        "start_new_session": True,
    }
    assert named == bare == options
    assert (tmp_path / "out.log").read_bytes() == b"output"


def test_a_command_that_is_not_there_and_an_output_that_cannot_be_are_told_as_the_system_says_it(tmp_path):
    missing = "No such file or directory"
    for profile, said in (
        (Profile(command=("{folder}/none", "x")), f"the command {tmp_path}/none cannot be run: {missing}"),
        (Profile(command=("x",), output="a/b"), f"the output of the command cannot be written to {tmp_path}/a/b: {missing}"),
    ):  # fmt: skip
        with pytest.raises(NotStarted) as told:
            operating._started(profile, {"folder": str(tmp_path)}, tmp_path)
        assert told.value.args == (said,)


@pytest.mark.parametrize(
    ("takes", "sent"),
    [(0, [signal.SIGTERM]), (1, [signal.SIGTERM, signal.SIGKILL]), (9, [signal.SIGTERM, signal.SIGKILL])],
)
def test_a_command_is_asked_to_end_and_then_made_to(takes, sent, monkeypatch):
    signals: list[Any] = []
    waits: list[float] = []

    def wait(seconds):
        waits.append(seconds)
        if len(waits) <= takes:
            raise LATE_END("node", seconds)

    def kill(group, one):
        signals.append((group, one))
        if takes == 9:
            raise ProcessLookupError

    monkeypatch.setattr(operating.os, "killpg", kill)
    process: Any = SimpleNamespace(pid=77, wait=wait)
    operating._ended(process)
    assert (signals, len(waits)) == ([(77, one) for one in sent], len(sent))


@pytest.mark.parametrize("answers", [True, False])
def test_whether_somebody_listens_is_asked_for_two_seconds_at_most_and_the_connection_ended(
    answers, monkeypatch
):
    asked_for: list[Any] = []

    def connect(to, **named):
        asked_for.append((to, named))
        if not answers:
            raise OSError("refused")
        return SimpleNamespace(close=lambda: asked_for.append("closed"))

    monkeypatch.setattr(operating.socket, "create_connection", connect)
    assert operating.listens("http://shop.example:81") is answers
    assert asked_for == [(("shop.example", 81), {"timeout": 2}), *["closed"] * answers]


@pytest.mark.parametrize(("size", "first"), [(200_000, "first"), (200_001, "irst")])
def test_of_a_log_the_last_200_000_bytes_are_read(size, first, tmp_path):
    """Our own limit, written here a second time."""
    log = Log(tmp_path / "log", "[a-z]+", {})
    log.path.write_bytes(b"first".ljust(size - 4, b".") + b"last")
    assert log.reasons() == [first, "last"]


# --- a marketplace ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def market():
    with Marketplace("retailcrm") as one:
        yield one


STEPS = "popup, connect, visit, on, off, freeze"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda market: market.press("zzzz"), "unknown step 'zzzz'; known: "),
        (lambda market: market.press("off"), "off cannot be taken now: "),
        (lambda market: market.fault("zzzz"), "unknown fault 'zzzz'; known: "),
        (lambda market: market.fault("wrong-token", at="zzzz"), "unknown step 'zzzz'; known: "),
        (lambda market: market.fault("wrong-token", times=0), "a fault is armed once at least"),
        (lambda market: market.fault("wrong-token", times=-1), "a fault is armed once at least"),
        (lambda market: market.connect(zzzz="1"), "unknown setting 'zzzz'; known: "),
        (lambda market: Marketplace("zzzz"), "unknown platform 'zzzz'; known: "),
    ],
)
def test_a_wrong_request_to_a_marketplace_is_refused_with_what_there_is(market, wrong, said):
    market.reset()
    known = {
        "step": [*market._customer.steps], "fault": [*market._customer.known], "setting": [*market._tools.settings],
        "platform": ["officernd", "retailcrm", "onoffice", "fortis"], "off": [market.installation["state"]], "a": [""],
    }  # fmt: skip
    words = said.split()
    names = known[words[1]] if words[0] == "unknown" else known[words[0]]
    with pytest.raises(ValueError) as refused_so:
        wrong(market)
    assert refused_so.value.args == (said + ", ".join(names),)
    assert market.faults == [] and market.requests() == []


def test_a_fault_is_armed_once_for_any_step_unless_it_is_told_otherwise(market):
    market.reset()
    for given, armed in (
        ({}, (1, "")), ({"times": 2}, (2, "")), ({"times": None}, (None, "")), ({"at": "visit"}, (1, "visit")),
    ):  # fmt: skip
        one = market.fault("wrong-token", **given)
        assert (one.fault.name, one.left, one.at, one.fired) == ("wrong-token", *armed, 0)
    assert len(market.faults) == 4 and market.faults[-1] is one
    market.reset()
    assert market.faults == []


def test_what_a_partner_has_to_be_told_is_named_and_the_secret_is_in_it(market):
    market.reset(secret="a secret of a test")
    assert market.credentials["secret"] == market.secret == "a secret of a test"
    assert {*market.steps} == {*STEPS.split(", ")}
    assert all(market.places(one.name) for one in market._customer.steps["connect"])
    assert [step for step in market.steps if "wrong-token" in {one.name for one in market._customer.steps[step]}] == market.places("wrong-token") != []  # fmt: skip
    assert market.places("zzzz") == []
    market.reset()
    assert market.secret != "a secret of a test"


OFTEN = Fault("often", "shop:time", Refuses("stale"), "x")
OTHER = replace(OFTEN, name="other")


def taking(*armed: Armed, played: bool = True, taken: Any = None) -> Any:
    """Return what stands in for a marketplace whose customer can take the step `visit`, with a fault or without."""
    one = SimpleNamespace(faults=[*armed], presses=[], asked=[], carried=[])
    findings, journal = SimpleNamespace(seen=7), SimpleNamespace(number=20)
    one._seat = SimpleNamespace(role=SimpleNamespace(findings=findings), journal=journal, name="Shop")

    def take(step, name):
        one.asked.append((step, name))
        yield get("http://127.0.0.1:1")
        findings.seen, journal.number = 9, 23
        return taken or Taken(Outcome(None, ()), played)

    one._carry = lambda sender, request: one.carried.append(sender)
    one._customer = SimpleNamespace(steps={"visit": [OFTEN], "off": []}, browsing={"off"}, take=take)
    return one


def arm(fault: Fault = OFTEN, left: int | None = 1, at: str = "") -> Armed:
    return Armed(fault, left, at)


@pytest.mark.parametrize(
    ("armed", "chosen"),
    [
        ([arm()], 0), ([arm(at="visit")], 0), ([arm(at="off")], None), ([arm(OTHER)], None), ([arm(OTHER), arm()], 1),
        ([arm(left=0)], None), ([arm(left=0), arm(left=None)], 1), ([arm(left=3), arm()], 0), ([], None),
    ],
)  # fmt: skip
def test_a_step_is_taken_with_the_first_fault_that_fits_it(armed, chosen):
    market = taking(*armed)
    before = [one.left for one in armed]
    Marketplace._take(market, "visit")
    assert market.asked == [("visit", "" if chosen is None else "often")]
    assert [one.fired for one in armed] == [int(at == chosen) for at in range(len(armed))]
    assert [one.left for one in armed] == [
        left - 1 if at == chosen and left is not None else left for at, left in enumerate(before)
    ]  # fmt: skip
    assert market.presses == [Press("visit", "" if chosen is None else "often", (7, 9), range(21, 24))]
    assert market.carried == ["Shop"]


def test_a_fault_that_was_not_played_and_a_step_that_was_not_taken_do_not_count():
    for market in (taking(one := arm(), played=False), taking(two := arm(), taken=NOT_TAKEN)):
        Marketplace._take(market, "visit")
    assert (one.fired, one.left, two.fired, two.left) == (0, 1, 0, 1)
    assert market.presses == [], "it could not be taken"
    market = taking()
    Marketplace._take(market, "off")
    assert market.carried == ["browser"]


def test_a_finding_is_about_the_last_request_of_its_step_in_the_press_that_made_it():
    def kept(number: int, step: str, received: bool = False) -> Exchange:
        return asked(number=number, step=step, received=received)

    journal = [kept(1, "visit"), kept(2, "visit"), kept(3, "visit", True), kept(4, "edit"), kept(5, "edit", True), kept(6, "visit")]  # fmt: skip
    first, second, third = (Press(step, "", findings, numbers) for step, findings, numbers in (
        ("visit", (0, 3), range(1, 5)), ("off", (3, 5), range(4, 6)), ("on", (5, 6), range(7, 9)),
    ))  # fmt: skip
    market: Any = SimpleNamespace(
        presses=[first, second, third], requests=lambda: journal, _seat=SimpleNamespace(spans=[])
    )
    about = [Marketplace.about(market, number) for number in range(7)]
    wanted = [*[(first, 2)] * 3, *[(second, 4)] * 2, (third, None), (None, None)]
    assert [(press, one and one.number) for press, one in about] == wanted
    market._seat.spans = [(0, 9, 6), (1, 2, 3), (1, 4, 5), (4, 5, 99)]
    about = [Marketplace.about(market, number) for number in range(6)]
    wanted = [(first, 6), (first, 3), (first, 5), (second, 5), (second, None), (third, 6)]
    assert [(press, one and one.number) for press, one in about] == wanted


@pytest.mark.parametrize(
    ("to", "settings", "served_at", "chosen"),
    [
        ("", {}, "", None),
        ("http://127.0.0.1:5/a", {}, "http://127.0.0.1:5", {"config_url": "http://127.0.0.1:5/a"}),
        ("http://127.0.0.1:5/a", {"b_url": "/b"}, "http://127.0.0.1:5", {"config_url": "http://127.0.0.1:5/a", "b_url": "http://127.0.0.1:5/b"}),
        (print, {"config_url": "/c"}, "http://127.0.0.1:6", {"config_url": "http://127.0.0.1:6/c"}),
        ("", {"b_url": "http://localhost:7/b"}, "", {"b_url": "http://localhost:7/b"}),
        ("http://127.0.0.1:4/old", {}, "http://127.0.0.1:4", None),
    ],
)  # fmt: skip
def test_a_partner_elsewhere_is_another_one_with_the_findings_of_before(to, settings, served_at, chosen):
    made: list[Any] = []
    old = {"config_url": "http://127.0.0.1:4/old"}
    findings = [found("a:b", True)]
    role = SimpleNamespace(findings=[])
    market: Any = SimpleNamespace(
        serve=lambda app: "http://127.0.0.1:6", _customer=SimpleNamespace(address="config_url", step_of=len), _settings=old,
        _tools=SimpleNamespace(settings=dict.fromkeys(("config_url", "b_url"), Setting(""))), _client=SimpleNamespace(names={}),
        _made=lambda settings: made.append(settings) or role,
        _seat=SimpleNamespace(role=SimpleNamespace(findings=findings), seat=lambda *given: made.append(given)),
    )  # fmt: skip
    Marketplace._register(market, to, settings)
    assert market._client.names == ({served_at: "partner"} if served_at else {})
    assert made == ([{**old, **chosen}, (role, len)] if chosen else [])
    assert market._settings == {**old, **(chosen or {})}
    assert role.findings is findings or not chosen


def test_the_sockets_of_a_marketplace_are_its_own_address_and_two_more():
    site = Site()
    try:
        world = site.world(int, bytes, {"a": "b"})
        assert (world.platform_origin, world.partner_origin, world.traps) == (site.url, "", site.traps)
        assert (world.plain, world.secret, dict(world.settings)) == (
            ("127.0.0.1", "localhost"),
            "",
            {"a": "b"},
        )
        assert site.world(int, bytes, {}, secret="s", plain=("a",)).secret == "s"
    finally:
        for sock in site._sockets:
            sock.close()


@pytest.mark.parametrize(
    "other",
    [Request("PUT", "http://127.0.0.1:1", "/x", (), b"y"), Request("POST", "http://127.0.0.1:1", "/z", (), b"y"),
     Request("POST", "http://127.0.0.1:1", "/x", (), b"z")],
)  # fmt: skip
def test_a_request_of_the_partner_is_told_from_what_was_carried_by_method_target_and_body(other):
    def handle(request):
        return Response(204)
        yield

    role: Any = SimpleNamespace(
        name="Shop", origins=("http://127.0.0.1:1",), secret_names=frozenset(), clock=int, handle=handle,
        findings=SimpleNamespace(seen=0),
    )  # fmt: skip
    seat = Seat(role, lambda request: "")
    own = Request("POST", "http://127.0.0.1:1", "/x", (), b"y")

    def exchange(sender: str, request: Request) -> Response:
        for each in (other, request):
            with pytest.raises(StopIteration):
                next(seat.handle(each))
        return Response(204)

    seat.carry(SimpleNamespace(exchange=exchange), "browser", own)
    assert [(one.kind, one.text) for one in seat.transcript.events] == [("request", f"{other.method} {other.url}"), ("response", "204")]  # fmt: skip
    with pytest.raises(StopIteration):
        next(seat.handle(own))
    assert len(seat.transcript.events) == 4, "what was carried was carried once"


def test_a_setting_that_is_given_is_one_of_its_choices_but_for_those_of_which_several_are_given():
    known = {"card_scopes": Setting("", ("a", "b")), "mode": Setting("", ("a", "b")), "free": Setting("")}
    right = {"card_scopes": "a,b", "mode": "b", "free": "z"}
    assert checked(known, right) == right
    for name in ("mode", "card_scope"):
        with pytest.raises(ValueError) as refused_so:
            checked({**known, "card_scope": Setting("", ("a", "b"))}, {name: "a,b"})
        assert refused_so.value.args == (f"{name} is one of: a, b; not 'a,b'",)


# --- an application that is served ------------------------------------------------------------------------


@pytest.fixture
def threads(monkeypatch):
    """Return the threads that are made in place of real ones, each with what it was given; none runs."""
    made: list[Any] = []

    class Thread:
        alive = True

        def __init__(self, **given: Any) -> None:
            self.given, self.joined = given, []
            made.append(self)

        def start(self) -> None:
            self.given["started"] = True

        def is_alive(self) -> bool:
            return self.alive

        def join(self, seconds: float) -> None:
            self.joined.append(seconds)

    monkeypatch.setattr(apps.threading, "Thread", Thread)
    return made


def started_at(monkeypatch, moments: int | None) -> list[Any]:
    """Serve with a stand-in for uvicorn that has started after so many pauses, or never; return its configuration and the pauses."""
    kept: list[Any] = []
    pauses: list[float] = []

    class Server:
        def __init__(self, config: Any) -> None:
            kept.append((config, self))
            self.should_exit = False

        @property
        def started(self) -> bool:
            return moments is not None and len(pauses) >= moments

    monkeypatch.setattr(apps.uvicorn, "Config", lambda *given, **named: (given, named))
    monkeypatch.setattr(apps.uvicorn, "Server", Server)
    clock = SimpleNamespace(monotonic=lambda: 100 + 29.9 * len(pauses), sleep=pauses.append)
    monkeypatch.setattr(apps, "time", clock)
    return [kept, pauses]


async def asgi(scope, receive, send): ...


def test_an_asgi_application_is_served_with_its_lifespan_until_it_is_stopped(monkeypatch, threads):
    kept, pauses = started_at(monkeypatch, 2)
    one = apps.served(asgi)
    (((config, server),), (thread,)) = kept, threads
    assert config == ((asgi,), {"interface": "asgi3", "http": "h11", "ws": "none", "lifespan": "auto", "log_level": "error"})  # fmt: skip
    assert thread.given == {"target": one._serve, "name": "partner-app", "daemon": True, "started": True}
    assert (pauses, thread.joined, server.should_exit) == ([0.002] * 2, [], False)
    assert one.url == f"http://127.0.0.1:{one._sock.getsockname()[1]}"
    one.stop()
    assert (server.should_exit, thread.joined, one._sock.fileno()) == (True, [60], -1)


@pytest.mark.parametrize(("alive", "pauses"), [(True, 3), (False, 0)])
def test_an_asgi_application_that_does_not_start_in_a_minute_or_ends_is_not_waited_for(monkeypatch, threads, alive, pauses):  # fmt: skip
    """The clock goes on by 29.9 seconds with each pause: three of them are longer than a minute, two are not."""
    kept, made = started_at(monkeypatch, None)
    monkeypatch.setattr(apps.threading.Thread, "alive", alive)
    with pytest.raises(RuntimeError, match=r"^the application did not start; its own log says why$"):
        apps.served(asgi)
    assert (len(made), kept[0][1].should_exit, threads[0].joined) == (pauses, True, [60])


def test_a_wsgi_application_is_served_with_a_thread_for_each_request_until_it_is_stopped(
    monkeypatch, threads
):
    made: list[Any] = []
    ended: list[str] = []
    server = SimpleNamespace(
        server_port=1234, serve_forever=lambda: None, shutdown=lambda: ended.append("shut"), server_close=lambda: ended.append("closed")
    )  # fmt: skip
    monkeypatch.setattr(apps, "make_server", lambda *given: made.append(given) or server)

    def wsgi(environ, start):
        return []

    one = apps.served(wsgi)
    assert one.url == "http://127.0.0.1:1234"
    ((host, port, app, kind, handler),) = made
    assert (host, port, app) == ("127.0.0.1", 0, wsgi)
    assert (kind.daemon_threads, kind.request_queue_size, handler.log_message(None, "%s")) == (
        True,
        128,
        None,
    )
    (thread,) = threads
    assert thread.given == {
        "target": server.serve_forever, "args": (0.05,), "name": "partner-app", "daemon": True, "started": True,
    }  # fmt: skip
    one.stop()
    assert (ended, thread.joined) == (["shut", "closed"], [60])


@pytest.mark.parametrize("app", [3, None, "http://127.0.0.1:1"])
def test_what_cannot_be_called_is_no_application(app):
    with pytest.raises(TypeError) as refused_so:
        apps.served(app)
    said = f"neither a URL nor an ASGI or WSGI application: {type(app).__name__}"
    assert refused_so.value.args == (said,)


def test_what_a_platform_lets_nobody_register_is_refused_with_its_reason():
    """A template of postbacks has its placeholders in two braces."""
    names = ("iframe_url", "location_setup_url", "user_setup_url")
    with Marketplace("fortis") as fortis, pytest.raises(ValueError) as refused_so:
        fortis.reset(**dict.fromkeys(names, "http://127.0.0.1:9/x?id={id}"))
    assert refused_so.value.__suppress_context__ and "fortis:location.placeholders" in str(refused_so.value)


@pytest.mark.parametrize(("target", "reading"), [("/sync", ""), ("/sync?slug=a&signature=t%3D1%2Csignature%3D0f", "officernd:signature.tolerance=60-back-0-ahead")])  # fmt: skip
def test_no_reading_excuses_what_holds_no_request_of_the_platform(target, reading):
    """officernd:S8 is open; a partner that refused what it had to accept may have followed another reading of it."""
    clause = "officernd:signature.tolerance"
    fault = Fault("late", clause, Survives("connected"), "a slow request")
    one = Observed(Finding(clause, False, "x"), fault, request=get("https://partner.example", target), now=5)
    assert excuse("officernd", load("officernd"), one, ["a secret"], None) == reading


def reading(id: str, runs: str = "signing") -> Any:
    return SimpleNamespace(id=id, runs=runs)


def ambiguity(*readings: Any, status: str = "open", clauses: tuple[str, ...] = (ORDERED,)) -> Any:
    return SimpleNamespace(status=status, clauses=clauses, readings=readings, adopted="ours")


def test_the_readings_that_are_tried_are_those_of_the_open_questions_of_a_clause_that_run_and_are_not_ours(
    monkeypatch,
):
    tried: list[str] = []
    monkeypatch.setattr(doubts, "_verdict", lambda platform, one, key, readings, ciphers: tried.append(f"{key} {readings}") or "refused")  # fmt: skip
    asked_of = [
        ambiguity(reading("ours"), reading("a"), reading("b", "nothing"), reading("c")),
        ambiguity(reading("d"), status="settled"), ambiguity(reading("e"), clauses=(ACCEPTS,)),
        ambiguity(reading("f"), clauses=(ACCEPTS, ORDERED)),
    ]  # fmt: skip
    one = replace(refused(False, "/a"), request=get("https://partner.example"))
    assert doubts.excuse("officernd", SimpleNamespace(ambiguities=asked_of), one, ["k", "l"], None) == ""  # type: ignore[arg-type]
    assert sorted(tried) == sorted(f"{key} ['{id}']" for id in "acf" for key in "kl")


@pytest.mark.parametrize(
    ("answers", "last"),
    [(("a", "b"), "b"), (("a", None), "a"), ((None, "b"), "b"), ((None, None), None), ((), None)],
)
def test_a_handshake_ends_with_the_last_answer_that_came_and_what_was_found_in_it(answers, last):
    given = {
        f"step {at}": Response(200, (), answer.encode()) if answer else None
        for at, answer in enumerate(answers)
    }
    findings = SimpleNamespace(seen=7, since=lambda seen: [f"since {seen}"])
    registered: list[Any] = []
    market: Any = SimpleNamespace(
        _turn=nullcontext(), _customer=SimpleNamespace(handshake=[*given]), _seat=SimpleNamespace(role=SimpleNamespace(findings=findings)),
        _register=lambda *given: registered.append(given), _take=lambda step: Taken(Outcome(given[step], ())),
    )  # fmt: skip
    outcome = Marketplace.connect(market, "http://127.0.0.1:1", b_url="/b")
    assert (outcome.response.body.decode() if outcome.response else None) == last
    assert (outcome.findings, registered) == (("since 7",), [("http://127.0.0.1:1", {"b_url": "/b"})])


def test_a_marketplace_that_is_closed_stops_its_applications_its_server_and_its_connections():
    ended: list[str] = []
    market: Any = SimpleNamespace(
        _stop_apps=lambda: ended.append("apps"), _server=SimpleNamespace(stop=lambda: ended.append("server")),
        _client=SimpleNamespace(close=lambda: ended.append("client")),
    )  # fmt: skip
    Marketplace.close(market)
    assert sorted(ended) == ["apps", "client", "server"]
    stopped: list[int] = []
    served_there = {at: (None, SimpleNamespace(stop=lambda at=at: stopped.append(at))) for at in (1, 2)}
    market = SimpleNamespace(_apps=served_there)
    Marketplace._stop_apps(market)
    assert (stopped, market._apps) == ([1, 2], {})
