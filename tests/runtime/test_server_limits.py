"""What the server refuses before a role sees it, spoken from plain sockets.

The caps are the server's own (1 MiB of body, 16 KiB of target, 100 headers of 32 KiB); what is not
HTTP at all is refused by h11, which is why that parser was chosen.
"""

from __future__ import annotations

import socket
import threading
from urllib.parse import urlsplit

import pytest

from handshakes.core.messages import Request, Response, Unreachable
from handshakes.runtime.client import Client
from handshakes.runtime.server import RoleServer, listen

HOST = b"Host: app.example\r\n"
CLOSE = b"Connection: close\r\n"
MIB = 1_048_576


@pytest.fixture(scope="module")
def server(toy):
    role = toy("partner", "https://app.example", lambda request: Response(200, (), b"hello"))
    started = RoleServer(role, Client().exchange, listen())
    started.start()
    yield started
    started.stop()


@pytest.fixture
def ask(server, send_raw):
    """Send raw bytes; return the status, the answer and what the role saw. The server must still serve."""
    server.role.seen.clear()

    def send(*pieces: bytes, pause=lambda: None) -> tuple[int, bytes, list[Request]]:
        answer = send_raw(server.url, *pieces, pause=pause)
        seen = list(server.role.seen)
        alive = send_raw(server.url, b"GET /alive HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")
        assert alive.startswith(b"HTTP/1.1 200 ")
        assert b"Traceback" not in answer
        return int(answer.split(b" ", 2)[1]) if answer else 0, answer, seen

    return send


def test_an_ordinary_request_is_served(ask):
    """Without this, every refusal below would prove nothing."""
    status, answer, seen = ask(b"POST /x?y HTTP/1.1\r\n", HOST, CLOSE, b"Content-Length: 2\r\n\r\nok")
    assert (status, answer.rpartition(b"\r\n")[2]) == (200, b"hello")
    assert [(r.method, r.origin, r.target, r.body) for r in seen] == [
        ("POST", "https://app.example", "/x?y", b"ok")
    ]


# --- over a cap -------------------------------------------------------------------------------


def posted(length: int) -> bytes:
    return b"POST / HTTP/1.1\r\n" + HOST + CLOSE + b"Content-Length: %d\r\n\r\n" % length + b"x" * length


def chunked(length: int) -> bytes:
    head = b"POST / HTTP/1.1\r\n" + HOST + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    return head + chunk * (length // 0x8000) + b"0\r\n\r\n"


@pytest.mark.parametrize("make", [posted, chunked])
def test_a_body_of_ten_megabytes_is_413(ask, make):
    status, _, seen = ask(make(10 * MIB))
    assert (status, seen) == (413, [])


@pytest.mark.parametrize(("length", "expected"), [(MIB, 200), (MIB + 1, 413)])
def test_the_cap_of_a_body_is_inclusive(ask, length, expected):
    status, _, seen = ask(posted(length))
    assert (status, len(seen)) == (expected, int(expected == 200))


def test_our_own_client_is_told_too(server):
    """A sender that has not finished must still be able to read the refusal."""
    server.role.seen.clear()
    client = Client({"https://app.example": server.url})
    assert client.send(Request("POST", "https://app.example", "/", body=b"x" * 10 * MIB)).status == 413
    assert server.role.seen == []


def get(target: bytes = b"/", headers: bytes = b"") -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\n" + HOST + CLOSE + headers + b"\r\n"


@pytest.mark.parametrize(("length", "expected"), [(16_384, 200), (16_385, 414), (30_000, 414)])
def test_the_cap_of_a_target(ask, length, expected):
    status, _, seen = ask(get(b"/?" + b"x" * (length - 2)))
    assert (status, len(seen)) == (expected, int(expected == 200))


@pytest.mark.parametrize(("number", "expected"), [(98, 200), (99, 431), (1000, 431)])
def test_the_cap_of_the_number_of_headers(ask, number, expected):
    """Host and Connection are two of the hundred."""
    status, _, seen = ask(get(headers=b"".join(b"X-%d: 1\r\n" % i for i in range(number))))
    assert (status, len(seen)) == (expected, int(expected == 200))


@pytest.mark.parametrize(("size", "expected"), [(32_000, 200), (33_000, 431)])
def test_the_cap_of_the_size_of_headers(ask, size, expected):
    status, _, seen = ask(get(headers=b"X-A: " + b"a" * size + b"\r\n"))
    assert (status, len(seen)) == (expected, int(expected == 200))


@pytest.mark.parametrize(
    "request_bytes",
    [
        get(b"/?" + b"x" * 16_000, b"X-A: " + b"a" * 1_000 + b"\r\n"),
        get(headers=b"X-A: " + b"a" * 30_000 + b"\r\n"),
    ],
    ids=["target", "header"],
)
def test_what_is_within_the_caps_is_served_even_if_it_comes_in_pieces(ask, request_bytes):
    """How the network cuts a request must not decide whether it is accepted."""
    wait = threading.Event()
    status, _, seen = ask(request_bytes[:-2], request_bytes[-2:], pause=lambda: wait.wait(0.2))
    assert (status, len(seen)) == (200, 1)


@pytest.mark.parametrize("where", [b"/?", b"/ HTTP/1.1\r\nX-A: "], ids=["target", "header"])
def test_five_megabytes_without_an_end_are_refused_by_the_parser(ask, where):
    status, answer, seen = ask(b"GET " + where + b"x" * 5 * MIB)
    assert (status, seen) in [(400, []), (0, [])], "0: closed before the answer could be read"
    assert b"x-a" not in answer.lower()


# --- not HTTP, or not for us ------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n" + HOST + HOST + CLOSE + b"\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"Host: other.example\r\n" + CLOSE + b"\r\n",
        b"GET / HTTP/1.1\r\n" + CLOSE + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(20) + b"\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET / HTTP/2\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X A: 1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X-A : 1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X-A: 1\x00\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nokk",
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n",
    ],
    ids=[
        "the same host twice",
        "two hosts",
        "no host",
        "TLS",
        "a word",
        "another version",
        "a space in a name",
        "a space after a name",
        "a null byte",
        "a negative length",
        "two lengths",
        "an unknown coding",
    ],
)
def test_what_is_not_http_is_a_plain_400(ask, sent):
    status, answer, seen = ask(sent)
    assert (status, seen) == (400, [])
    assert b"content-type: text/plain" in answer.lower()
    assert b"\nBad Request\n" in answer


@pytest.mark.parametrize("host", [b"other.example", b"app.example:8443", b"app.example.", b"", b"127.0.0.1"])
def test_another_host_is_421(ask, host):
    status, _, seen = ask(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n" + CLOSE + b"\r\n")
    assert (status, seen) == (421, [])


def test_the_case_of_the_host_does_not_matter(ask):
    status, _, seen = ask(b"GET / HTTP/1.1\r\nHost: APP.Example\r\n" + CLOSE + b"\r\n")
    assert (status, [request.origin for request in seen]) == (200, ["https://app.example"])


@pytest.mark.parametrize(
    "line",
    [
        b"OPTIONS * HTTP/1.1",
        b"GET http://app.example/a HTTP/1.1",
        b"GET https://other.example/a HTTP/1.1",
        b"CONNECT app.example:443 HTTP/1.1",
        b"GET ?x=1 HTTP/1.1",
        b"GET a HTTP/1.1",
    ],
)
def test_a_target_that_is_not_a_path_is_400(ask, line):
    status, _, seen = ask(line + b"\r\n" + HOST + CLOSE + b"\r\n")
    assert (status, seen) == (400, [])


def test_a_body_that_breaks_off_reaches_no_role(server, send_raw):
    server.role.seen.clear()
    parts = urlsplit(server.url)
    for head in (b"Content-Length: 100\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n5\r\n"):
        with socket.create_connection((parts.hostname, parts.port), timeout=60) as sock:
            sock.sendall(b"POST /cut HTTP/1.1\r\n" + HOST + head + b"part")
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65_536):
                pass
    send_raw(server.url, get(b"/alive"))
    assert [request.target for request in server.role.seen] == ["/alive"]


def test_two_requests_sent_at_once_are_answered_in_order(server, send_raw):
    server.role.seen.clear()
    first = b"POST /1 HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\n\r\na"
    answer = send_raw(server.url, first + get(b"/2"))
    assert answer.count(b"HTTP/1.1 200 ") == 2
    assert [(request.target, request.body) for request in server.role.seen] == [("/1", b"a"), ("/2", b"")]


def test_nothing_of_the_server_is_told(ask):
    _, answer, _ = ask(get())
    names = {line.partition(b":")[0].lower() for line in answer.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]}
    assert names == {b"content-length", b"connection"}


def test_a_server_that_is_stopped_takes_no_more(toy):
    role = toy("partner", "https://app.example", lambda request: Response(204))
    server = RoleServer(role, Client().exchange, listen())
    server.start()
    server.stop()
    with pytest.raises(Unreachable, match="refused"):
        Client({"https://app.example": server.url}).send(Request("GET", "https://app.example", "/"))
