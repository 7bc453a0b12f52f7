"""Raw targets arrive byte for byte: from our client, at our server, and from one to the other.

Two of the platforms sign what was sent, so a target that is tidied on the way no longer verifies.
Both ends are looked at through plain sockets, so that neither can hide what the other one does.
"""

from __future__ import annotations

import pytest
import requests

from handshakes.core.messages import Request, Response
from handshakes.runtime.client import Client, Loopback

ORIGIN = "https://app.example"
EMPTY = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"

TARGETS = {
    "plain": "/a?x=1&y=2",
    "order": "/a?b=1&a=2&c=3",
    "repeated": "/a?x=1&x=2&x=1",
    "comma": "/a?x=,&y=%2C&z=%2c",
    "space": "/a?x=+&y=%20",
    "unreserved": "/a?x=~&y=%7E&z=%7e&u=*&v=%2A&w=-._",
    "hex case": "/%c3%bc/%C3%BC?x=%c3%BC",
    "empty and absent values": "/a?a=&b&c=1&d",
    "empty pieces": "/a?&&a=1&&b=2&",
    "equals signs": "/a?a==&=b&==&=",
    "question marks": "/a?x=?&y=/?/",
    "UTF-8": "/a?x=%C3%BC%F0%9F%94%91",
    "not UTF-8": "/a?x=%FF%fe&y=%C3",
    "escaped controls": "/a?x=%00%0A%0d%7F",
    "dots": "/a/../b/./c/%2e%2E/d?x=../..",
    "two slashes": "//x/y",
    "many slashes": "/a//b///?x=//",
    "escaped slashes": "/a%2Fb%5cc",
    "lone percent": "/a%?x=%&y=%z&z=100%",
    "percent percent": "/a?x=%25&y=%2525&z=%%",
    "quotes": "/a?x='\"`&y=%27%22",
    "brackets": "/a?x=<>[]{}()&x[]=1&x[0]=2",
    "bars": "/a?x=|^\\&y=$!@:;",
    "hash": "/a#b?x=#1&y=2#",
    "semicolon": "/a;p=1?x=1;y=2",
    "only a query": "/?x=1",
    "root": "/",
    "long": "/a?x=" + "%2C," * 2000,
}

raw_targets = pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())


@raw_targets
def test_our_client_sends_it_as_it_stands(raw_server, target):
    server = raw_server(EMPTY)
    Client({ORIGIN: server.url}).send(Request("GET", ORIGIN, target))
    assert server.request_line() == b"GET " + target.encode("ascii") + b" HTTP/1.1"


@pytest.fixture(scope="module")
def net(toy):
    role = toy("platform", ORIGIN, lambda request: Response(204))
    with Loopback(role) as loopback:
        yield loopback


def get(net, send_raw, target: bytes) -> bytes:
    """Send a bare GET from a plain socket to our server; return its answer."""
    head = b"GET " + target + b" HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n"
    return send_raw(net.servers[0].url, head)


@raw_targets
def test_our_server_hands_it_on_as_it_came(net, send_raw, target):
    net.servers[0].role.seen.clear()
    answer = get(net, send_raw, target.encode("ascii"))
    assert answer.startswith(b"HTTP/1.1 204")
    assert [request.target for request in net.servers[0].role.seen] == [target]


@raw_targets
def test_from_our_client_to_our_server_nothing_changes(net, target):
    net.servers[0].role.seen.clear()
    net.client.send(Request("POST", ORIGIN, target, body=b"x"))
    assert [request.target for request in net.servers[0].role.seen] == [target]


def test_a_bare_question_mark_at_the_end_equals_none(net, send_raw):
    role = net.servers[0].role
    role.seen.clear()
    get(net, send_raw, b"/a?")
    get(net, send_raw, b"/a")
    net.client.send(Request("GET", ORIGIN, "/a?"))
    assert {(request.path, request.query) for request in role.seen} == {("/a", "")}
    assert len(role.seen) == 3


@pytest.mark.parametrize("target", [b"/\xc3\xbc", b"/a?x=\xff", b"/a?\x80=1", "/a?x=ü".encode("latin-1")])
def test_raw_bytes_outside_ascii_are_not_http(net, send_raw, target):
    role = net.servers[0].role
    role.seen.clear()
    answer = get(net, send_raw, target)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"Traceback" not in answer
    assert b"content-type: text/plain" in answer.lower()
    assert role.seen == []


@pytest.mark.parametrize("target", [b"/a b", b"/a\tb", b"/a\x00b", b"/a\x7fb", b""])
def test_raw_controls_and_spaces_are_not_http(net, send_raw, target):
    role = net.servers[0].role
    role.seen.clear()
    assert get(net, send_raw, target).startswith(b"HTTP/1.1 400")
    assert role.seen == []


def test_requests_alone_would_have_changed_several(raw_server):
    """Why the adapter exists: the library by itself sends something else."""
    server = raw_server(EMPTY)
    changed = set()
    for name, target in TARGETS.items():
        with requests.Session() as session:
            session.trust_env = False
            session.get(server.url + target, timeout=60)
        if server.request_line() != b"GET " + target.encode("ascii") + b" HTTP/1.1":
            changed.add(name)
    assert {"unreserved", "dots", "lone percent", "hash"} <= changed
