"""What a partner's log says counts for the case in which it was written, and for no other; and whether it listens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from handshakes.judge import operating
from handshakes.judge.operating import Log, NotStarted
from handshakes.judge.profile import Profile
from handshakes.runtime.verdicts import Fault, Finding, Refuses, Survives

STALE = Fault("stale", "shop:time", Refuses("stale"), "an old request")
EITHER = Fault("in-query", "shop:form", Refuses("malformed", "missing-parameter"), "a form in the query")


@pytest.fixture
def log(tmp_path):
    return Log(tmp_path / "log", "refused: ([a-z-]+)", {})


def wrote(log, reason):
    with log.path.open("a") as file:
        file.write(f"refused: {reason}\n")


def test_a_line_of_the_case_before_says_nothing_of_this_one(log):
    log.begin(EITHER)
    wrote(log, "malformed")
    assert log.finding(EITHER).held is True
    log.begin(STALE)
    assert log.finding(STALE).held is None, "nothing was written since"


def test_a_line_counts_also_where_the_case_has_more_requests_after_it(log):
    log.begin(STALE)
    wrote(log, "stale")
    log.begin(STALE)
    wrote(log, "signature-mismatch")
    assert log.finding(STALE).held is True


@pytest.mark.parametrize(
    ("reason", "held"), [("malformed", True), ("missing-parameter", True), ("stale", False)]
)
def test_either_of_two_right_reasons_is_taken(log, reason, held):
    wrote(log, reason)
    assert log.finding(EITHER).held is held


def test_only_what_was_written_since_is_read_and_once(log):
    wrote(log, "malformed")
    assert log.reasons() == ["malformed"] and log.reasons() == []
    wrote(log, "stale")
    assert log.reasons() == ["stale"]
    wrote(log, "malformed")
    log.begin(STALE)
    wrote(log, "replayed")
    assert log.reasons() == ["replayed"]


def test_a_log_that_is_there_before_says_nothing_of_the_first_case(tmp_path):
    (tmp_path / "log").write_text("refused: malformed\n")
    log = Log(tmp_path / "log", "refused: ([a-z-]+)", {})
    wrote(log, "stale")
    assert log.reasons() == ["stale"]


def test_of_a_long_log_the_end_is_read(log, monkeypatch):
    monkeypatch.setattr(operating, "MOST_LOG", 40)  # two lines of 15 bytes, and a part of the one before
    for reason in ("first", "other", "stale"):
        wrote(log, reason)
    assert log.reasons() == ["other", "stale"]


def test_a_log_that_cannot_be_read_says_nothing(log, monkeypatch):
    assert log.reasons() == [], "it is not there yet"
    monkeypatch.setattr(log, "_size", lambda: 10)
    assert log.reasons() == [], "it was taken away after its size was asked"
    log.path.write_bytes(b"")
    monkeypatch.undo()
    assert log.reasons() == [], "it was begun anew, and is shorter"


def test_the_words_of_a_log_are_told_in_the_words_of_this_guide(tmp_path):
    log = Log(tmp_path / "log", "too old|bad sum", {"too old": "stale"})
    log.path.write_bytes(b"\xff too old, bad sum\n")
    assert log.reasons() == ["stale", "bad sum"], "without a group the whole match counts"


def test_what_a_log_says_is_told_with_the_case_and_the_reason_that_is_expected(log):
    log.begin(STALE)
    assert log.finding(STALE) == Finding("shop:time", None, "stale: the log says nothing")
    wrote(log, "malformed")
    expected = "stale: the log says malformed, and stale is expected"
    assert log.finding(STALE) == Finding("shop:time", False, expected)
    assert log.finding(None) is None
    assert log.finding(Fault("late", "shop:time", Survives("connected"), "a slow answer")) is None


@pytest.mark.parametrize(
    ("origin", "address"),
    [
        ("https://shop.example", ("shop.example", 443)),
        ("http://shop.example", ("shop.example", 80)),
        ("https://shop.example:8443", ("shop.example", 8443)),
        ("http://[::1]:3000", ("::1", 3000)),
    ],
)
def test_an_origin_without_a_port_has_the_one_of_its_scheme(origin, address, monkeypatch):
    """RFC 9110, 4.2.1 and 4.2.2: 80 and 443."""
    asked = []

    class Socket:
        def close(self):
            pass

    def connect(to, timeout):
        asked.append(to)
        return Socket()

    monkeypatch.setattr(operating.socket, "create_connection", connect)
    assert operating.listens(origin) is True
    assert asked == [address]


@pytest.fixture
def started(monkeypatch):
    """Return a list of the processes that a command started, and keep time by the pauses that are made: none is waited for."""
    found, pauses = [], []

    def start(*given):
        found.append(SimpleNamespace(ended=False, poll=lambda: None, returncode=7))
        return found[-1]

    monkeypatch.setattr(operating, "_started", start)
    monkeypatch.setattr(operating, "_ended", lambda process: setattr(process, "ended", True))
    calls = iter(range(10_000))  # a loop that makes no pause, or never ends, fails here

    def now() -> float:
        next(calls)
        return 0.05 * len(pauses)

    monkeypatch.setattr(operating, "time", SimpleNamespace(monotonic=now, sleep=pauses.append))
    return SimpleNamespace(found=found, pauses=pauses)


def listening(monkeypatch, *answers):
    given = iter(answers)
    monkeypatch.setattr(operating, "listens", lambda origin: next(given, answers[-1]))


RUN = Profile(command=("shop",), patience_seconds=0)


@pytest.mark.parametrize(
    ("profile", "answers", "pauses"),
    [(RUN, (False, False, False, True), 2), (RUN, (False, True), 0), (Profile(), (True,), 0), (Profile(), (False, True), 1)],
)  # fmt: skip
def test_a_partner_is_waited_for_until_it_listens(profile, answers, pauses, monkeypatch, started):
    listening(monkeypatch, *answers)
    with operating.running(profile, {}, Path(), "http://127.0.0.1:1"):
        assert not any(process.ended for process in started.found)
    assert started.pauses == [0.05] * pauses
    assert [process.ended for process in started.found] == [True] * len(profile.command)


def test_what_listens_already_is_not_taken_for_the_command(monkeypatch, started):
    listening(monkeypatch, True)
    with pytest.raises(NotStarted) as told, operating.running(RUN, {}, Path(), "http://127.0.0.1:1"):
        pass
    said = "another program listens at http://127.0.0.1:1 already, before the command was started"
    assert (told.value.args, started.found) == ((said,), [])


@pytest.mark.parametrize(("patience", "pauses"), [(0, 21), (1, 21), (2, 41)])
def test_a_partner_is_waited_for_a_second_at_least_and_as_long_as_the_profile_says(
    patience, pauses, monkeypatch, started
):
    listening(monkeypatch, False)
    profile = replace(RUN, patience_seconds=patience)
    with pytest.raises(NotStarted) as told, operating.running(profile, {}, Path(), "http://127.0.0.1:1"):
        pass
    assert told.value.args == ("nobody listens at http://127.0.0.1:1",)
    assert started.pauses == [0.05] * pauses, "the last second is waited for to its end"
    assert [process.ended for process in started.found] == [True]


def test_a_command_that_ended_is_not_waited_for(monkeypatch, started):
    listening(monkeypatch, False)
    start = operating._started
    monkeypatch.setattr(
        operating, "_started", lambda *given: vars(one := start(*given)).update(poll=lambda: 0) or one
    )
    with pytest.raises(NotStarted) as told, operating.running(RUN, {}, Path(), "http://127.0.0.1:1"):
        pass
    assert told.value.args == ("the command ended with status 7 before http://127.0.0.1:1 answered",)
    assert started.pauses == []
