"""The page on frameworks: how clients spell a signed URL that they are given, and whether it still verifies."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from handshakes.core.refusals import Refused
from handshakes.officernd import sign_query, verify_query
from handshakes.onoffice import sign_url, verify_url
from tests.docs.frameworks import PROBES, begin_to_install, environment
from tests.oracles import tool

NOW = 1_700_000_000
SECRET = "example-integration-secret"
TARGET = "/b%c3%bcro/%7ex?low=%2c&high=%2C&tilde=%7E&slash=%2F&letter=%41&digit=%31&empty=&sp=%20a%20&plus=a+b&quote='x'&flag&&raw={|}\"<"
"""Valid but for the characters of `raw`."""
UPPER = {"/b%c3%bcro/%7ex?low=%2c": "/b%C3%BCro/%7Ex?low=%2C"}
DECODED = {
    "/b%c3%bcro/%7ex?low=%2c": "/b%C3%BCro/~x?low=%2C",
    "tilde=%7E": "tilde=~",
    "letter=%41": "letter=A",
    "digit=%31": "digit=1",
}
ESCAPED = {'raw={|}"<': "raw=%7B%7C%7D%22%3C"}
TWO_ESCAPED = {'raw={|}"<': "raw={|}%22%3C"}
CHANGES = {
    "requests": DECODED | ESCAPED,
    "urllib3": UPPER | ESCAPED,
    "httpx": TWO_ESCAPED,
    "aiohttp": DECODED
    | ESCAPED
    | {"/b%c3%bcro/%7ex?low=%2c": "/b%C3%BCro/~x?low=,", "high=%2C": "high=,", "slash=%2F": "slash=/"},
    "curl": {},
    "fetch": {"quote='x'": "quote=%27x%27"} | TWO_ESCAPED,
    "node:http": {"quote='x'": "quote=%27x%27"} | TWO_ESCAPED,
    "go": {},
    "http.client": {},
    "urllib.request": {},
    "aiohttp encoded": {},
}
"""What each client writes otherwise than it was given, piece by piece."""
FOLLOWING = [name for name in CHANGES if name not in ("node:http", "http.client", "aiohttp encoded")]
NODE = {
    "fetch": "const get = (url) => fetch(url).then((response) => response.text());",
    "node:http": "const get = (url) => new Promise((done) => require('node:http').get(url, (r) => r.resume().on('end', done)));",
}
ALL = "(async () => { for (const url of process.argv.slice(1)) await get(url); })()"


@dataclass
class Listener:
    """A server that notes each target as it came, and can redirect."""

    origin: str
    seen: list[str] = field(default_factory=list)
    redirect: str = ""


@pytest.fixture(scope="module")
def listening() -> Iterator[Listener]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Listener(f"http://127.0.0.1:{server.getsockname()[1]}")

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    head = b""
                    while b"\r\n\r\n" not in head and (more := connection.recv(65536)):
                        head += more
                    if not head:
                        continue
                    target = head.split(b" ")[1].decode("latin-1")
                    listener.seen.append(target)
                    answer = "HTTP/1.1 200 OK\r\n"
                    if target == "/go":
                        answer = f"HTTP/1.1 302 Found\r\nLocation: {listener.redirect}\r\n"
                    connection.sendall(f"{answer}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())

        threading.Thread(target=serve, daemon=True).start()
        yield listener
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module", autouse=True)
def installing() -> None:
    begin_to_install()


@pytest.fixture(scope="module")
def go_client(tmp_path_factory) -> str:
    built = tmp_path_factory.mktemp("go-client") / "client"
    command = [tool("go"), "build", "-o", str(built), "."]
    subprocess.run(command, cwd=PROBES / "go-client", check=True, timeout=120)
    return str(built)


Sent = Callable[..., list[str]]


@pytest.fixture(scope="module")
def sent(listening, request) -> Sent:
    """Return a function which lets a client fetch targets, and returns the targets that arrived."""

    def fetch(client: str, *targets: str, options: tuple[str, ...] = ()) -> list[str]:
        if client == "curl":
            command = [tool("curl"), "-sSL", *options]
        elif client in NODE:
            command = [tool("node"), "-e", NODE[client] + ALL]
        elif client == "go":
            command = [request.getfixturevalue("go_client")]
        else:
            command = [str(environment("python")), str(PROBES / "clients.py"), client]
        listening.seen.clear()
        urls = [listening.origin + target for target in targets]
        done = subprocess.run([*command, *urls], capture_output=True, timeout=60)
        assert done.returncode == 0 or client == "curl", done.stderr.decode()
        return list(listening.seen)

    return fetch


PAIRS = [("slug", "test~slug"), ("locations", ""), ("organizationId", "a,b"), ("memberId", " a ")]
ORIGIN = "https://provider.example"


@pytest.fixture(scope="module")
def arrivals(sent) -> Callable[[str], list[str]]:
    """Return what arrives when a client fetches the target above, a health check, and two URLs of onOffice."""
    signature = sign_query(PAIRS, secret=SECRET, timestamp=NOW).replace("=", "%3D").replace(",", "%2c")
    check = f"/h?slug=test%7eslug&locations=&organizationId=a%2cb&memberId=%20a%20&signature={signature}"
    pages = [
        sign_url(f"{ORIGIN}{path}?timestamp={NOW}&note=%7e%2C&userId=17", secret=SECRET)
        for path in ("/buero", "/b%c3%bcro")
    ]
    targets = [TARGET, check, *(page.removeprefix(ORIGIN) for page in pages)]
    found: dict[str, list[str]] = {}

    def of(client: str) -> list[str]:
        if client not in found:
            found[client] = sent(client, *targets, options=("--globoff",))
        return found[client]

    return of


def written_by(client: str) -> str:
    """Return the target as a client writes it."""
    return "&".join(CHANGES[client].get(piece, piece) for piece in TARGET.split("&"))


@pytest.mark.parametrize("client", CHANGES)
def test_a_client_changes_of_a_target_what_the_page_says_and_nothing_else(arrivals, client):
    assert arrivals(client)[0] == written_by(client)


@pytest.mark.parametrize("client", FOLLOWING)
def test_a_client_writes_the_address_of_a_redirect_as_one_that_it_is_given(sent, listening, client):
    listening.redirect = TARGET
    assert sent(client, "/go") == ["/go", written_by(client)]


def test_aiohttp_respells_a_redirect_even_if_the_first_address_was_marked_as_encoded(sent, listening):
    listening.redirect = TARGET
    assert sent("aiohttp encoded", "/go") == ["/go", written_by("aiohttp")]
    assert sent("aiohttp as it comes", "/go") == ["/go", TARGET]


@pytest.mark.parametrize("client", CHANGES)
def test_officernd_verifies_what_any_client_sends_for_its_values_are_signed_decoded(arrivals, client):
    verified = verify_query(arrivals(client)[1], secret=SECRET, now=NOW)
    assert verified.covered == tuple(name for name, _ in PAIRS)


@pytest.mark.parametrize("client", CHANGES)
def test_onoffice_refuses_a_path_that_a_client_respelled(arrivals, client):
    _, _, plain, escaped = arrivals(client)
    assert verify_url(ORIGIN + plain, secret=SECRET, now=NOW).timestamp == NOW
    if client in ("requests", "urllib3", "aiohttp"):
        with pytest.raises(Refused, match="signature-mismatch"):
            verify_url(ORIGIN + escaped, secret=SECRET, now=NOW)
    else:
        assert verify_url(ORIGIN + escaped, secret=SECRET, now=NOW).timestamp == NOW


@pytest.mark.parametrize(
    ("client", "arrived"),
    [
        ("requests with params", "/h?a=1&b=&lang=de"),
        ("aiohttp with params", "/h?a=1&b=&lang=de"),
        ("urllib3 with fields", "/h?a=1&b=?lang=de"),
        ("httpx with params", "/h?lang=de"),
        ("httpx with empty params", "/h"),
    ],
)
def test_parameters_beside_a_url_are_added_or_take_the_place_of_its_query(sent, client, arrived):
    assert sent(client, "/h?a=1&b=") == [arrived]


def test_curl_takes_brackets_and_braces_as_patterns_unless_told_not_to(sent):
    assert sent("curl", "/h?a=[1-2]") == ["/h?a=1", "/h?a=2"]
    assert sent("curl", "/h?a={b,c}") == ["/h?a=b", "/h?a=c"]
    assert sent("curl", "/h?a=[x]") == []
    for target in ("/h?a=[1-2]", "/h?a={b,c}", "/h?a=[x]"):
        assert sent("curl", target, options=("--globoff",)) == [target]


DOTS = "/a/../b/%2e%2e/c?x=1"


@pytest.mark.parametrize(
    ("client", "options", "arrived"),
    [
        ("curl", (), "/b/%2e%2e/c?x=1"),
        ("curl", ("--path-as-is",), DOTS),
        ("httpx", (), "/b/%2e%2e/c?x=1"),
        ("requests", (), "/b/../c?x=1"),
        ("fetch", (), "/c?x=1"),
        ("go", (), DOTS),
    ],
)
def test_dots_in_a_path_are_folded_in_different_ways(sent, client, options, arrived):
    assert sent(client, DOTS, options=options) == [arrived]
