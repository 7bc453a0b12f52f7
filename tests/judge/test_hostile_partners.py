"""Partners that are no partners: whatever they do, they are judged and reported, and nothing looks right."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import pytest

from handshakes.core.messages import Request, Response
from handshakes.judge.report import as_json, as_junit, lines_of
from handshakes.judge.served import Served
from handshakes.judge.sheet import as_html
from handshakes.platforms import PLATFORMS as PLATFORM_LIST
from handshakes.runtime.verdicts import Refuses
from tests.judge.sockets import facing, judged, operator_of, settings_of

PLATFORMS = ("officernd", "retailcrm", "onoffice", "fortis")


class Handler(BaseHTTPRequestHandler):
    """Reads a request, and does what the server was made for."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.asked.append(self.path)
        with suppress(OSError):
            self.server.behave(self)

    do_POST = do_PUT = do_DELETE = do_GET

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        pass


@contextmanager
def behaving(behave: Callable[[Handler], None]) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.behave, server.asked = behave, []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)


def report_on(platform: str, behave: Callable[[Handler], None], only: str = "", **limits: float):
    with behaving(behave) as server:
        origin = f"http://127.0.0.1:{server.server_port}"
        with Served(platform, settings_of(platform, origin), **limits) as served:
            report = judged(platform, served, only=only)
    for text in ("\n".join(lines_of(report)), as_junit(report), as_html(report), str(as_json(report))):
        assert text and "Traceback" not in text
    return report


def closes(handler: Handler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


@pytest.mark.parametrize(
    ("behave", "limits", "said"),
    [
        (closes, {}, "no request was answered (dropped)"),
        (lambda handler: handler.answer(200, b"{}"), {"timeout": 0}, "no request was answered"),
        (lambda handler: handler.answer(200, b"{}"), {}, "not testable"),
    ],
    ids=["closes", "no time", "nothing judged"],
)
def test_every_status_3_or_4_has_its_reason_in_every_report(behave, limits, said):
    report = report_on("officernd", behave, **limits)
    assert report.exit in (3, 4)
    assert said in report.ended == as_json(report)["ended"]
    assert said in "\n".join(lines_of(report)) and said in as_html(report)
    assert 'errors="1"' in as_junit(report) and said in as_junit(report)
    assert "nothing fails" not in as_html(report)


def test_a_wrong_path_is_told_as_such():
    report = report_on("officernd", lambda handler: handler.answer(404, b"{}"))
    assert report.exit == 1
    assert "check the path of the URL in the profile" in "\n".join(lines_of(report))


def test_the_judge_waits_longer_than_a_fault_that_keeps_the_partner_waiting():
    with Served("officernd", settings_of("officernd", "http://127.0.0.1:9")) as served:

        def asking():
            yield Request("GET", "http://127.0.0.1:9", "/")

        given, waiting = [], [one for one in served.tools.faults.values() if one.waits]
        served.client.exchange = lambda sender, request: given.append(request.timeout) or Response(200)
        for case in (None, *waiting):
            served.platform.case = case
            served.run(asking())
    assert given == [10, *[30] * len(waiting)] and waiting


def passed(report) -> set[str]:
    return {row.clause for row in report.rows if row.judgement == "pass"}


def refuses(handler: Handler) -> None:
    handler.answer(401, b'{"message":"no"}', content_type="application/json")


EVERYTHING = b'{"success":true,"accountName":"J&J Ltd","scopes":["integration_read"],"registerUrl":"%s/r","accountUrl":"%s/a"}'


def accepts(handler: Handler) -> None:
    here = f"http://{handler.headers['host']}".encode()
    handler.answer(200, EVERYTHING % (here, here), content_type="application/json")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_partner_that_refuses_everything_passes_nothing(platform):
    report = report_on(platform, refuses)
    assert report.exit == 1
    assert passed(report) == set()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_partner_that_accepts_everything_passes_no_clause_that_asks_for_a_refusal(platform):
    """At OfficeRnD its page may wait for a person, so nothing is judged at all."""
    report = report_on(platform, accepts)
    assert report.exit == (4 if platform == "officernd" else 1)
    told = [row for row in report.rows if row.judgement == "fail"]
    assert all(row.failures[0].sent and row.failures[0].again for row in told)
    faults = PLATFORM_LIST[platform].tools().faults.values()
    refusing = {fault.clause for fault in faults if isinstance(fault.expected, Refuses)}
    assert len(refusing) > 15
    assert passed(report) & refusing == set()


def test_a_case_that_is_not_reached_is_told_by_the_control_that_failed():
    report = report_on("officernd", refuses, only="stale")
    assert [(row.clause, row.judgement) for row in report.rows] == [("officernd:return.redirect", "fail")]
    assert report.exit == 1


def silent(handler: Handler) -> None:
    threading.Event().wait(20)


def drops(handler: Handler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def streams(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65_536)


def drips(handler: Handler) -> None:
    """Send one byte after the other, so that no single read takes long."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x")
        handler.wfile.flush()
        threading.Event().wait(0.05)


def large(handler: Handler) -> None:
    handler.answer(200, b"x" * 50_000_000)


def garbage(handler: Handler) -> None:
    handler.wfile.write(b"\x00\xff\x16\x03garbage\r\n\r\n" * 50)
    handler.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("behave", [silent, drops, streams, drips, large, garbage])
@pytest.mark.parametrize("platform", ["officernd", "retailcrm"])
def test_a_partner_without_an_answer_is_given_up_after_a_few_requests(platform, behave):
    report = report_on(platform, behave, timeout=1)
    assert (report.exit, passed(report)) == (3, set())
    assert report.ended.startswith(("4 requests in a row were not answered", "no request was answered ("))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_redirect_to_somebody_else_is_not_followed(platform):
    with behaving(refuses) as somebody:

        def away(handler: Handler) -> None:
            handler.answer(302, b"", location=f"http://127.0.0.1:{somebody.server_port}/stolen")

        report = report_on(platform, away)
        assert somebody.asked == []
    assert report.exit in (1, 4)
    assert passed(report) == set()


def test_a_run_has_an_end_however_slow_the_partner_is():
    with facing("officernd") as (served, _):
        served.most = 0
        report = judged("officernd", served)
    assert report.ended.startswith("the whole run took more than")
    assert report.exit == 3


@pytest.mark.parametrize("platform", ["officernd", "fortis"])
def test_a_partner_that_restarts_in_the_middle_is_waited_for(platform):
    """Its process ends and nobody listens; a while later it is there again, at the same port, with what it stored."""
    with facing(platform) as (served, process):
        asked, network = count(), process.network

        def restarting(sender, request):
            if next(asked) == 20:
                network.servers[0].stop()
                threading.Thread(target=process.serve_again).start()
            return outside(sender, request)

        outside, served.client.exchange = served.client.exchange, restarting
        report = judged(platform, served, operator=operator_of(platform, served, process))
        assert next(asked) > 100
    assert [row.clause for row in report.rows if row.judgement in ("fail", "warn", "undetermined")] == []
    assert (report.exit, report.ended) == (0, "")
