"""The same roles over real sockets: equal transcripts, and every way in which a message gets lost."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError

import pytest
import urllib3

from handshakes.core.messages import (
    Delayed,
    Dropped,
    Pause,
    Request,
    Response,
    Unreachable,
    json_response,
    redirect,
)
from handshakes.runtime.client import Client, Loopback, foreign_urllib3
from handshakes.runtime.flow import InProcess
from handshakes.runtime.server import listen
from tests.sides import patient

PLATFORM = "https://platform.example"
PARTNER = "https://partner.example"
MIB = 1_048_576


def shaking_hands(toy, delay: float = 0.0):
    """Return a platform and a partner: the platform registers at the partner, which calls it back."""

    def platform(request):
        if request.path == "/edit":
            answer = json_response({"known": True}, headers=(("x-edit", "1"), ("x-edit", "2")))
            return Delayed(delay, answer) if delay else answer
        return start(request)

    def start(request):
        registered = yield Request(
            "POST",
            PARTNER,
            "/register?x=%2c&y=,",
            (("Content-Type", "application/json"), ("Authorization", "Bearer a-very-private-token")),
            b'{"apiKey":"another-private-thing"}',
        )
        return redirect(registered.json()["url"], 303, (("set-cookie", "session=private-cookie; Path=/"),))

    def partner(request):
        edited = yield Request("POST", PLATFORM, f"/edit?from={request.query[2:5]}", (), b"a=1")
        return json_response({"url": PARTNER + "/settings", "edited": edited.json()}, 201)

    return toy("platform", PLATFORM, platform, {"apikey"}), toy("partner", PARTNER, partner)


def begin(number: int = 0):
    response = yield Request("GET", PLATFORM, f"/start?n={number}")
    return response


def test_in_process_and_over_sockets_the_transcript_is_the_same(toy):
    inside = InProcess(*shaking_hands(toy))
    there = inside.run(begin())
    with Loopback(*shaking_hands(toy)) as outside:
        here = outside.run(begin())
    assert outside.transcript.events == inside.transcript.events
    assert [event.text for event in outside.transcript.events] == [
        "GET https://platform.example/start?n=0",
        "POST https://partner.example/register?x=%2c&y=,",
        "POST https://platform.example/edit?from=%2c",
        "200",
        "201",
        "303",
    ]
    assert (here.status, here.header("location")) == (there.status, there.header("location"))
    assert "127.0.0.1" not in outside.transcript.text()


def test_sixty_four_at_once_while_the_platform_waits_for_its_own_late_answer(toy):
    """With a pool that both directions share, this stands still: every thread waits for another."""
    platform, partner = shaking_hands(toy, delay=0.4)
    with patient(Loopback(platform, partner)) as net, ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(net.run, map(begin, range(64))))
    assert [answer.status for answer in answers] == [303] * 64
    assert {request.query for request in platform.seen if request.path == "/start"} == {
        f"n={number}" for number in range(64)
    }
    assert len(partner.seen) == 64
    assert len(platform.seen) == 128
    assert len(net.transcript.events) == 64 * 6


# --- what does not come -----------------------------------------------------------------------


def test_a_server_answers_others_while_one_answer_pauses(toy):
    """The two wait for each other, so neither ends if a pause stops the server."""
    arrived = threading.Event()

    def platform(request):
        if request.path == "/second":
            arrived.set()
            return Response(204)
        for _ in range(100):
            if arrived.is_set():
                return Response(200)
            yield Pause(0.05)
        return Response(500)

    def answered(request):
        response = yield request
        return response.status

    with Loopback(toy("platform", PLATFORM, platform)) as network, ThreadPoolExecutor(2) as pool:
        first = pool.submit(network.run, answered(Request("GET", PLATFORM, "/first")))
        second = pool.submit(network.run, answered(Request("GET", PLATFORM, "/second")))
        assert (first.result(20), second.result(20)) == (200, 204)


def kind_of(client: Client, request: Request) -> str:
    with pytest.raises(Unreachable) as failure:
        client.exchange("partner", request)
    assert failure.value.origin == request.origin
    assert client.transcript.events[-1].kind == "failure"
    assert client.transcript.events[-1].text == failure.value.kind
    return failure.value.kind


def asked(target: str = "/", timeout: float = 5.0) -> Request:
    return Request("GET", PLATFORM, target, timeout=timeout)


def test_a_dropped_answer_closes_the_connection(toy):
    with Loopback(toy("platform", PLATFORM, lambda request: Dropped())) as net:
        assert kind_of(net.client, asked()) == "dropped"


def test_a_forwarding_header_does_not_change_what_is_dropped(toy):
    """A header from outside must not make the server mistake one client for another."""
    forwarded = Request("GET", PLATFORM, "/", (("x-forwarded-for", "192.0.2.1"),))
    with Loopback(toy("platform", PLATFORM, lambda request: Dropped())) as net:
        assert kind_of(net.client, forwarded) == "dropped"


def test_a_late_answer_is_a_timeout_and_an_early_one_is_not(toy):
    role = toy("platform", PLATFORM, lambda request: Delayed(float(request.query), Response(204)))
    with Loopback(role) as net:
        assert kind_of(net.client, asked("/?1.0", timeout=0.2)) == "timeout"
        assert net.client.exchange("partner", asked("/?0.05")).status == 204


def test_nobody_listens(toy):
    free = listen()
    url = f"http://127.0.0.1:{free.getsockname()[1]}"
    free.close()
    assert kind_of(Client({PLATFORM: url}), asked()) == "refused"


@pytest.mark.parametrize(
    "origin", ["https://platform.example", "http://192.0.2.1", "https://127.0.0.1.evil.example"]
)
def test_an_unknown_origin_touches_no_network(monkeypatch, origin):
    def never(*args, **kwargs):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "create_connection", never)
    monkeypatch.setattr(socket, "getaddrinfo", never)
    monkeypatch.setattr(socket.socket, "connect", never)
    client = Client({"https://other.example": "http://127.0.0.1:1"})
    assert kind_of(client, Request("GET", origin, "/")) == "no-address"


def test_a_loopback_origin_needs_no_address(raw_server):
    server = raw_server(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert Client().send(Request("GET", server.url, "/x")).status == 204


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 2",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"not HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["nothing", "half a status line", "half a body", "not HTTP", "false gzip", "false chunks"],
)
def test_an_answer_that_breaks_off_or_is_nonsense_is_dropped(raw_server, answer):
    assert kind_of(Client({PLATFORM: raw_server(answer).url}), asked()) == "dropped"


FROM_URLLIB3 = [
    (urllib3.exceptions.InvalidHeader("illegal chunk header"), "dropped"),
    (urllib3.exceptions.HTTPError("something else"), "dropped"),
    (urllib3.exceptions.TimeoutError("slow"), "timeout"),
    (urllib3.exceptions.SSLError("bad certificate"), "tls"),
]


@pytest.mark.parametrize(("raised", "kind"), FROM_URLLIB3)
@pytest.mark.parametrize("place", ["send", "read"])
def test_what_urllib3_raises_and_requests_lets_through_is_unreachable_too(
    monkeypatch, raw_server, place, raised, kind
):
    """Seen with niquests 3.21.2, whose urllib3-future raises InvalidHeader for a chunk's size that is no number."""

    def fail(*args, **kwargs):
        raise raised

    what = "requests.adapters.HTTPAdapter.send" if place == "send" else "requests.Response.iter_content"
    monkeypatch.setattr(what, fail)
    server = raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert kind_of(Client({PLATFORM: server.url}), asked()) == kind


@pytest.mark.parametrize(
    ("loaded", "listed", "said"),
    [
        ("2.8.0", "2.8.0", ""),
        ("2.25.904", "2.8.0", "2.25.904, where urllib3 2.8.0 is listed"),
        ("2.25.904", None, "2.25.904, where urllib3 none is listed"),
    ],
)
def test_a_foreign_urllib3_is_known_by_its_version(monkeypatch, loaded, listed, said):
    """niquests replaces the folder of urllib3; pip goes on listing the urllib3 that was there."""

    def version(name: str) -> str:
        if listed is None:
            raise PackageNotFoundError(name)
        return listed

    monkeypatch.setattr(urllib3, "__version__", loaded)
    monkeypatch.setattr("handshakes.runtime.client.version", version)
    assert foreign_urllib3() == said


def flood(length: bytes):
    def talk(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n" + b"x" * (MIB + 1))

    return talk


@pytest.mark.parametrize("length", [b"", b"Content-Length: 1048577\r\n"], ids=["until closed", "announced"])
def test_an_answer_over_one_mebibyte_is_too_large(raw_server, length):
    server = raw_server(flood(length))
    assert kind_of(Client({PLATFORM: server.url}), asked()) == "too-large"


def test_an_answer_of_exactly_one_mebibyte_is_taken(raw_server):
    server = raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + b"x" * MIB)
    assert len(Client({PLATFORM: server.url}).send(asked()).body) == MIB


def test_the_body_of_a_redirect_is_capped_too(raw_server):
    head = b"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 1048577\r\n\r\n"
    server = raw_server(head + b"x" * (MIB + 1))
    assert kind_of(Client({PLATFORM: server.url}), asked()) == "too-large"


def drip(start: bytes, drop: bytes):
    """Return a talk that sends `start`, then a drop every 0.1 s, each well within any timeout of one read."""

    def talk(connection, sent):
        connection.sendall(start)
        for number in range(40):
            threading.Event().wait(0.1)
            connection.sendall(drop)
            sent.append(number)

    return talk


DRIPPED = {
    "body of known length": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n", b"x"),
    "body until closed": drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    "chunks": drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "body of a redirect": drip(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 40\r\n\r\n", b"x"),
    "headers": drip(b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n"),
}


@pytest.mark.parametrize("talk", DRIPPED.values(), ids=DRIPPED.keys())
def test_an_answer_that_drips_is_a_timeout(raw_server, talk):
    """The timeout is for the whole answer: a client that waits for the next byte is held for ever."""
    sent: list[int] = []
    server = raw_server(lambda connection: talk(connection, sent))
    assert kind_of(Client({PLATFORM: server.url}), asked(timeout=0.4)) == "timeout"
    assert len(sent) < 30, "the client waited until the server was done"


# --- what a client must not do by itself ------------------------------------------------------


def test_redirects_are_not_followed(toy):
    role = toy("platform", PLATFORM, lambda request: redirect(PLATFORM + "/elsewhere"))
    with Loopback(role) as net:
        assert net.client.send(asked("/first")).status == 302
    assert [request.target for request in role.seen] == ["/first"]


@pytest.mark.parametrize("location", ["http://[::1", "", "//", "http://x:port/", "https://ü.example/"])
def test_a_broken_location_is_none_of_the_clients_business(raw_server, location):
    head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    assert Client({PLATFORM: raw_server(head).url}).send(asked()).status == 302


def test_cookies_are_not_kept(toy):
    def answer(request):
        return Response(204, (("set-cookie", "session=1; Path=/"),))

    role = toy("platform", PLATFORM, answer)
    with Loopback(role) as net:
        assert net.client.send(asked()).header("set-cookie") == "session=1; Path=/"
        net.client.send(asked())
    assert [request.header_values("cookie") for request in role.seen] == [(), ()]


def test_proxies_of_the_environment_are_ignored(monkeypatch, toy, raw_server):
    proxy = raw_server(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv(name.upper(), proxy.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Loopback(toy("platform", PLATFORM, lambda request: Response(204))) as net:
        assert net.client.send(asked()).status == 204
    assert proxy.heads == []


def test_credentials_of_the_environment_are_not_sent(monkeypatch, tmp_path, raw_server):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = raw_server(b"HTTP/1.1 204 No Content\r\n\r\n")
    Client({PLATFORM: server.url}).send(asked())
    assert b"authorization" not in server.heads[-1].lower()


# --- headers and bodies -----------------------------------------------------------------------


def test_the_host_is_the_logical_one(raw_server):
    server = raw_server(b"HTTP/1.1 204 No Content\r\n\r\n")
    Client({PLATFORM: server.url}).send(asked())
    lines = server.heads[-1].lower().split(b"\r\n")
    assert [line for line in lines if line.startswith(b"host:")] == [b"host: platform.example"]
    assert b"raw-target" not in server.heads[-1].lower()


def test_what_was_sent_arrives_with_its_headers_and_body(toy):
    role = toy("platform", PLATFORM, lambda request: Response(204))
    headers = (("X-One", "1"), ("CONTENT-TYPE", "application/octet-stream"))
    with Loopback(role) as net:
        net.client.send(Request("POST", PLATFORM, "/", headers, bytes(range(256))))
        net.client.send(Request("POST", PLATFORM, "/"))
        net.client.send(Request("DELETE", PLATFORM, "/"))
    posted, empty, deleted = role.seen
    assert posted.body == bytes(range(256))
    assert posted.origin == PLATFORM
    assert posted.header("x-one") == "1"
    assert posted.header("X-ONE") == "1"
    assert posted.header_values("content-type") == ("application/octet-stream",)
    assert posted.header("host") == "platform.example"
    assert (empty.body, empty.header("content-length")) == (b"", "0")
    assert deleted.method == "DELETE"


def test_two_headers_of_one_name_both_arrive(toy):
    role = toy("platform", PLATFORM, lambda request: Response(204))
    with Loopback(role) as net:
        net.client.send(Request("GET", PLATFORM, "/", (("x-a", "1"), ("x-a", "2"))))
    assert role.seen[0].header_values("x-a") in (("1", "2"), ("1, 2",))


def test_what_a_role_answers_arrives_with_its_headers_and_body(toy):
    headers = (("X-One", "1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Type", "text/plain"))
    role = toy("platform", PLATFORM, lambda request: Response(418, headers, b"\x00\xff"))
    with Loopback(role) as net:
        answer = net.client.send(asked())
    assert (answer.status, answer.body) == (418, b"\x00\xff")
    assert answer.header("x-one") == "1"
    assert answer.header_values("set-cookie") == ("a=1", "b=2")
    assert answer.header_values("content-type") == ("text/plain",)
    assert {name for name, _ in answer.headers} == {"x-one", "set-cookie", "content-type", "content-length"}


def test_a_content_length_that_a_role_sets_does_not_stand_twice(toy):
    role = toy("platform", PLATFORM, lambda request: Response(200, (("content-length", "2"),), b"ok"))
    with Loopback(role) as net:
        answer = net.client.send(asked())
    assert (answer.status, answer.body, answer.header_values("content-length")) == (200, b"ok", ("2",))


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_a_body_end_at_once(toy, status):
    with Loopback(toy("platform", PLATFORM, lambda request: Response(status))) as net:
        assert [net.client.send(asked()).status for _ in range(2)] == [status, status]


# --- a role that fails ------------------------------------------------------------------------


def test_a_role_that_raises_is_a_plain_500_and_the_server_goes_on(toy, caplog):
    def answer(request):
        if request.path == "/bad":
            raise RuntimeError("a private detail")
        return Response(204)

    with Loopback(toy("platform", PLATFORM, answer)) as net:
        failed = net.client.send(asked("/bad?code=a-private-code"))
        assert net.client.send(asked("/good")).status == 204
    assert failed.status == 500
    assert failed.body == b"internal error\n"
    assert failed.header("content-type").startswith("text/plain")
    assert "a private detail" in caplog.text, "the operator is told"
    assert "a-private-code" not in caplog.text, "and no query is logged"


@pytest.mark.parametrize(
    "headers", [(("x-a", "1\r\nx-b: 2"),), (("x-a", "€"),)], ids=["line end", "not Latin-1"]
)
def test_an_answer_that_is_not_http_is_a_plain_500_and_the_server_goes_on(toy, headers):
    def answer(request):
        return Response(200, headers if request.path == "/bad" else (), b"")

    with Loopback(toy("platform", PLATFORM, answer)) as net:
        failed = net.client.send(asked("/bad"))
        assert net.client.send(asked("/good")).status == 200
    assert failed.status == 500
    assert failed.header("x-b") == ""
    assert b"Traceback" not in failed.body


def test_a_call_outwards_that_fails_may_be_survived_by_the_role(toy):
    def partner(request):
        try:
            yield Request("GET", "https://nowhere.example", "/")
        except Unreachable as failure:
            return json_response({"kind": failure.kind, "origin": failure.origin})

    roles = [toy("partner", PARTNER, partner) for _ in range(2)]

    def ask():
        response = yield Request("GET", PARTNER, "/")
        return response.json()

    inside = InProcess(roles[0])
    with Loopback(roles[1]) as outside:
        assert outside.run(ask()) == inside.run(ask())
    assert inside.run(ask()) == {"kind": "no-address", "origin": "https://nowhere.example"}


def test_a_call_outwards_that_the_role_does_not_survive_is_its_own_failure(toy):
    """The caller reached the role, so for the caller nobody was unreachable."""

    def partner(request):
        yield Request("GET", "https://nowhere.example", "/")

    def ask():
        try:
            response = yield Request("GET", PARTNER, "/")
        except Unreachable:
            return "unreachable"
        return response.status

    with Loopback(toy("partner", PARTNER, partner)) as outside:
        assert outside.run(ask()) == 500
    try:
        answer = InProcess(toy("partner", PARTNER, partner)).run(ask())
    except Exception:  # a defect of the role may show as itself in process, where it is debugged
        return
    assert answer == 500


# --- starting and stopping --------------------------------------------------------------------


def test_after_the_end_the_ports_are_free_and_nobody_answers(toy):
    with Loopback(toy("platform", PLATFORM, lambda request: Response(204))) as net:
        net.client.send(asked())
        url = net.servers[0].url
    assert kind_of(Client({PLATFORM: url}), asked()) == "refused"
    listen(int(url.rpartition(":")[2])).close()


def test_a_server_stops_while_it_still_owes_an_answer(toy):
    role = toy("platform", PLATFORM, lambda request: Delayed(600.0, Response(204)))
    with Loopback(role) as net, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(net.client.send, asked(timeout=60))
        while not role.seen:
            threading.Event().wait(0.005)
        net.servers[0].stop()
        for thread in threading.enumerate():
            if thread.name == "platform":
                thread.join(60)
                assert not thread.is_alive()
        failure = waiting.exception()
    assert isinstance(failure, Unreachable)
    assert failure.kind == "dropped"


def test_a_role_with_a_loopback_origin_gets_the_socket_of_that_port(toy):
    sock = listen()
    origin = f"http://127.0.0.1:{sock.getsockname()[1]}"
    role = toy("partner", origin, lambda request: Response(204))
    with Loopback(role, sockets={"partner": sock}) as net:
        assert Client().send(Request("GET", origin, "/x?y")).status == 204
    assert net.servers[0].url == origin
    assert [request.url for request in role.seen] == [origin + "/x?y"]


def test_a_port_in_use_is_an_error():
    taken = listen()
    taken.listen()
    with taken, pytest.raises(OSError, match="in use"):
        listen(taken.getsockname()[1])


def test_a_socket_for_nobody_is_a_mistake(toy):
    """Else its port would listen, and no one would ever answer there."""
    sock = listen()
    with pytest.raises(ValueError, match="stranger"):
        Loopback(
            toy("module", "https://module.example", lambda request: Response(204)), sockets={"stranger": sock}
        )
    sock.close()
