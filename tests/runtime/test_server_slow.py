"""Who sends half a request, sends it slowly, in a million pieces, or opens connections only: told so, and closed."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from handshakes.core.messages import Response
from handshakes.runtime.client import Client
from handshakes.runtime.connections import Limits
from handshakes.runtime.server import RoleServer, listen

HOST = b"Host: app.example\r\n"
CLOSE = b"Connection: close\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n"
QUICK = Limits(head_seconds=0.4, body_seconds=0.4, answer_seconds=0.4)


@pytest.fixture
def serving(toy):
    """Start a server with limits; the role's requests are in `seen`."""
    with ExitStack() as stack:

        def start(limits: Limits) -> RoleServer:
            role = toy("partner", "https://app.example", lambda request: Response(200, (), b"hello"))
            server = RoleServer(role, Client().exchange, listen(), limits=limits)
            server.start()
            stack.callback(server.stop)
            return server

        yield start


def connect(server: RoleServer) -> socket.socket:
    parts = urlsplit(server.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=60)


def rest(sock: socket.socket) -> bytes:
    """Return what comes until the other side closes; a socket that stays open is a timeout, which fails the test."""
    answer = b""
    try:
        while piece := sock.recv(65_536):
            answer += piece
    except ConnectionResetError:
        pass
    return answer


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\n", GET[:-2]])
def test_a_head_that_does_not_end_is_408(serving, sent):
    server = serving(QUICK)
    with connect(server) as sock:
        sock.sendall(sent)
        answer = rest(sock)
    assert status(answer) == 408
    assert server.role.seen == []


def test_a_head_of_which_a_byte_comes_now_and_then_is_408(serving):
    server = serving(QUICK)
    with connect(server) as sock:
        sock.settimeout(0.05)
        answer = b""
        for byte in GET * 5:
            try:
                sock.sendall(bytes([byte]))
                answer += sock.recv(1_000)
                break
            except TimeoutError:
                continue
            except OSError:
                break
        sock.settimeout(10)
        answer += rest(sock)
    assert status(answer) == 408
    assert server.role.seen == []


def test_the_second_head_of_a_connection_has_its_time_too(serving):
    server = serving(QUICK)
    first = b"GET /1 HTTP/1.1\r\n" + HOST + b"\r\n"
    with connect(server) as sock:
        sock.sendall(first + b"GET /2 HT")
        answer = rest(sock)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in answer
    assert [request.target for request in server.role.seen] == ["/1"]


def test_between_two_requests_a_connection_may_rest(serving):
    server = serving(QUICK)
    with connect(server) as sock:
        for number in range(2):
            sock.sendall(b"GET /%d HTTP/1.1\r\n" % number + HOST + b"\r\n")
            answer = b""
            while not answer.endswith(b"hello"):
                answer += sock.recv(65_536)
            assert status(answer) == 200
            time.sleep(0.8)
    assert len(server.role.seen) == 2


@pytest.mark.parametrize(
    "head", [b"Content-Length: 9\r\n\r\nhalf", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhal"]
)
def test_a_body_that_does_not_end_is_408(serving, head):
    server = serving(QUICK)
    with connect(server) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\n" + HOST + head)
        answer = rest(sock)
    assert status(answer) == 408
    assert server.role.seen == []


def test_an_answer_that_nobody_takes_is_cut_off(serving, toy):
    """Loopback holds some megabytes for a reader that never reads; a body of 64 MB does not fit."""
    role = toy("partner", "https://app.example", lambda request: Response(200, (), b"x" * 64 * 1_048_576))
    server = RoleServer(role, Client().exchange, listen(), limits=QUICK)
    server.start()
    with connect(server) as sock:
        for _ in range(2):  # the second answer waits for room
            sock.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        end = time.monotonic() + 60
        while server._open or len(role.seen) < 2:
            assert time.monotonic() < end
            time.sleep(0.02)
    server.stop()


# --- pieces -----------------------------------------------------------------------------------


def chunks(number: int, method: bytes = b"POST") -> bytes:
    head = method + b" / HTTP/1.1\r\n" + HOST + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n"
    return head + b"1\r\nx\r\n" * number + b"0\r\n\r\n"


@pytest.mark.parametrize(("number", "expected"), [(100, 200), (101, 413)])
def test_the_pieces_of_a_body_are_counted(serving, send_raw, number, expected):
    server = serving(Limits(pieces=100))
    assert status(send_raw(server.url, chunks(number))) == expected
    assert len(server.role.seen) == (expected == 200)


def test_an_answer_to_head_has_no_body_when_its_own_has_too_many_pieces(serving, send_raw):
    """RFC 9110, 9.3.2; the parser raises when it is handed one, and nothing would be answered."""
    answer = send_raw(serving(Limits(pieces=100)).url, chunks(101, b"HEAD"))
    assert status(answer) == 413
    assert answer.partition(b"\r\n\r\n")[2] == b""


def test_a_megabyte_in_chunks_of_a_byte_is_refused_early_and_others_are_served(serving, send_raw):
    server = serving(Limits())
    with connect(server) as sock:
        sock.settimeout(20)
        with pytest.raises(OSError):
            for _ in range(200):
                sock.sendall(
                    b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
                    if _ == 0
                    else b"1\r\nx\r\n" * 5_000
                )
                time.sleep(0.001)
    assert server.role.seen == []
    assert status(send_raw(server.url, GET)) == 200


def cpu_of(serving, send_raw, number: int) -> float:
    """Return the CPU seconds that a body of so many chunks of 200 bytes takes this process, least of five."""
    server = serving(Limits(pieces=10**6))
    chunk = b"c8\r\n" + b"x" * 200 + b"\r\n"
    head = b"POST / HTTP/1.1\r\n" + HOST + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n"
    least = []
    for _ in range(5):
        before = time.process_time()
        assert status(send_raw(server.url, head + chunk * number + b"0\r\n\r\n")) == 200
        least.append(time.process_time() - before)
    return min(least)


def test_the_work_of_chunks_is_linear(serving, send_raw):
    assert cpu_of(serving, send_raw, 4_000) < 8 * cpu_of(serving, send_raw, 1_000)


# --- connections ------------------------------------------------------------------------------


def test_one_connection_too_many_is_503_and_the_others_go_on(serving, send_raw):
    server = serving(Limits(connections=3))
    with ExitStack() as stack:
        held = [stack.enter_context(connect(server)) for _ in range(3)]
        time.sleep(0.2)
        answer = send_raw(server.url, GET)
        assert status(answer) == 503
        assert b"retry-after: 1" in answer.lower()
        with connect(server) as silent:
            assert status(rest(silent)) == 503, "also who says nothing"
        held[0].sendall(GET)
        assert status(rest(held[0])) == 200
    end = time.monotonic() + 60
    while server._open:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert status(send_raw(server.url, GET)) == 200


def test_far_too_many_get_no_answer_and_cost_nothing(serving, send_raw):
    server = serving(Limits(connections=4))
    with ExitStack() as stack:
        socks = [stack.enter_context(connect(server)) for _ in range(200)]
        answers = [rest(sock) for sock in socks[10:]]
        assert {answer[:13] for answer in answers} <= {b"", b"HTTP/1.1 503 "}
        assert len(server._open) <= 4 + 2
    end = time.monotonic() + 60
    while server._open:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert status(send_raw(server.url, GET)) == 200


FEW = """
import resource, socket, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
from handshakes.core.messages import Response
from handshakes.runtime.client import Client
from handshakes.runtime.server import RoleServer, listen

class Role:
    name, origins, secret_names = "partner", ("https://app.example",), frozenset()
    def handle(self, request):
        yield from ()
        return Response(200, (), b"hello")

server = RoleServer(Role(), Client().exchange, listen())
server.start()
print(server.url, flush=True)
sys.stdin.readline()
before = time.process_time()
time.sleep(2)
print(time.process_time() - before, flush=True)
"""


@pytest.mark.skipif(resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 400, reason="needs 300 sockets itself")
def test_with_few_file_descriptors_the_server_neither_spins_nor_prints_tracebacks():
    process = subprocess.Popen(
        [sys.executable, "-c", FEW],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ},
        text=True,
    )
    parts = urlsplit(process.stdout.readline().strip())
    with ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(socket.create_connection((parts.hostname, parts.port), timeout=60))
        process.stdin.write("\n")
        process.stdin.flush()
        busy = float(process.stdout.readline())
    _, err = process.communicate(timeout=60)
    assert busy < 0.5, "of two seconds"
    assert "Traceback" not in err
    assert len(err.splitlines()) <= 2
