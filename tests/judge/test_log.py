"""What a partner's log says counts for the case in which it was written, and for no other; and whether it listens."""

from __future__ import annotations

import pytest

from handshakes.judge import operating
from handshakes.judge.operating import Log
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
