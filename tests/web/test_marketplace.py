"""The marketplace page as a local page: who may ask it what, over sockets; and what its routes make of bad input."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from handshakes.web.marketplace import ROUTES
from tests.browser.market import Market, marketplace

FOREIGN = ("http://evil.example", "http://localhost:1", "null", "https://127.0.0.1")
GETS = [path for path, (method, _) in ROUTES.items() if method == "GET"]
POSTS = [path for path, (method, _) in ROUTES.items() if method == "POST"]


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with marketplace("officernd") as market:
        yield market


def own(market: Market, **more: str) -> dict[str, str]:
    return {"origin": market.url, "x-handshakes-token": market.token, **more}


def ask(market: Market, path: str, asked: Any = None, **headers: str) -> requests.Response:
    """Ask a route as the page does, or with other headers; an empty header is left out."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {name: value for name, value in {**own(market), **given}.items() if value}
    if ROUTES[path][0] == "GET":
        return requests.get(
            market.url + path, {"platform": "officernd", **(asked or {})}, headers=sent, timeout=60
        )
    body = json.dumps({"platform": "officernd", **(asked or {})}) if not isinstance(asked, bytes) else asked
    return requests.post(market.url + path, body, headers=sent, timeout=60)


def state(market: Market) -> tuple[object, ...]:
    place = market.hosts["officernd"].place
    integrations = place.sides.platform.integrations.values()
    return (place.clock.ahead, [one.state for one in integrations], place.wire.version)


@pytest.mark.parametrize("path", [*GETS, *POSTS])
@pytest.mark.parametrize("token", ["", "x", "é", "0" * 43])
def test_no_route_answers_without_the_token_of_this_start(market, path, token):
    before = state(market)
    answer = ask(
        market,
        path,
        {"press": "connect", "seconds": 60, "n": "1"},
        x_handshakes_token=token.encode().decode("latin-1"),
    )
    assert answer.status_code == 403
    assert state(market) == before


@pytest.mark.parametrize("path", [*GETS, *POSTS])
@pytest.mark.parametrize("origin", FOREIGN)
def test_no_route_answers_another_origin_even_with_the_token(market, path, origin):
    before = state(market)
    assert ask(market, path, {"press": "connect", "seconds": 60, "n": "1"}, origin=origin).status_code == 403
    assert state(market) == before


@pytest.mark.parametrize("path", [*GETS, *POSTS])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_what_a_browser_marks_as_of_another_site_is_refused(market, path, site):
    assert (
        ask(market, path, {"press": "connect", "seconds": 60, "n": "1"}, sec_fetch_site=site).status_code
        == 403
    )


@pytest.mark.parametrize("path", POSTS)
def test_what_changes_something_needs_an_origin(market, path):
    assert ask(market, path, {"press": "connect", "seconds": 60, "n": "1"}, origin="").status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1", "[::1]", "127.0.0.1.nip.io"])
def test_the_page_answers_to_its_own_host_alone(market, host):
    port = urlsplit(market.url).port
    answer = requests.get(market.url + "/officernd", headers={"host": f"{host}:{port + 1}"}, timeout=60)
    assert answer.status_code == 421
    assert market.token not in answer.text
    if host != "127.0.0.1":
        answer = requests.get(market.url + "/officernd", headers={"host": f"{host}:{port}"}, timeout=60)
        assert (answer.status_code, market.token in answer.text) == (421, False)


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("", {}),
        ("x", {}),
        (None, {"origin": "http://evil.example"}),
        (None, {"sec-fetch-site": "cross-site"}),
    ],
)
def test_the_stream_is_closed_to_others(market, token, headers):
    given = market.token if token is None else token
    answer = requests.get(f"{market.url}/events", {"token": given}, headers=headers, timeout=60, stream=True)
    with closing(answer):
        assert answer.status_code == 403
        assert "officernd" not in answer.text


def test_the_page_keeps_to_itself(market):
    answer = requests.get(f"{market.url}/officernd", timeout=60)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert (policy["script-src"], policy["style-src"]) == ("'self'", "'self'")
    assert answer.headers["cross-origin-opener-policy"] == "same-origin-allow-popups"
    assert answer.headers["cache-control"] == "no-store"
    assert " style=" not in answer.text and "<style" not in answer.text and " onclick" not in answer.text
    served = market.hosts["officernd"].place.own()
    assert set(policy["form-action"].split()) == {"'self'", *served}


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [
        ("/press", b"", 400),
        ("/press", b"[]", 400),
        ("/press", b"{" * 5_000, 400),
        ("/press", b'{"platform":"nobody","press":"connect"}', 404),
        ("/press", {"press": 7}, 400),
        ("/press", {"press": "sync"}, 409),
        ("/press", {"press": "connect", "fault": "nobody"}, 400),
        ("/clock", {"seconds": -1}, 400),
        ("/clock", {"seconds": True}, 400),
        ("/clock", {"seconds": 10**12}, 400),
        ("/clock", {"seconds": "60"}, 400),
        ("/resend", {"n": 999_999}, 404),
        ("/resend", {"n": "1" * 400}, 404),
        ("/message", {"n": "-1"}, 404),
        ("/message", {"n": "²"}, 404),
        ("/why", {"n": ""}, 404),
        ("/faults", {"press": "nobody"}, 404),
        ("/faults", {}, 400),
    ],
)
def test_bad_input_is_refused_with_a_sentence(market, path, asked, status):
    before = state(market)
    answer = ask(market, path, asked)
    assert (answer.status_code, bool(answer.json()["error"])) == (status, True)
    assert state(market) == before


def test_replay_and_tamper_reach_the_sides_served_and_nobody_else(market):
    from handshakes.core.messages import Request, Response

    wire = market.wire("officernd")
    with closing(socket.create_server(("127.0.0.1", 0))) as stranger:
        stranger.settimeout(1)
        origin = f"http://127.0.0.1:{stranger.getsockname()[1]}"
        one = wire.began("partner", "somebody", Request("GET", origin, "/private"))
        wire.ended(one, Response(200))
        answer = ask(market, "/resend", {"n": one.number})
        assert answer.status_code == 409
        with pytest.raises(TimeoutError):
            stranger.accept()


def test_a_form_of_another_page_presses_no_button_of_the_simulator(market):
    platform = market.hosts["officernd"].place.addresses["platform"]
    fields = {"integration": "5e0000000000000000000001", "marketplace_token": market.token}
    before = state(market)
    for origin, token in (("http://evil.example", market.token), (market.url, "x"), (market.url, "")):
        answer = requests.post(
            f"{platform}/simulator/connect", {**fields, "marketplace_token": token}, headers={"origin": origin},
            timeout=60, allow_redirects=False,
        )  # fmt: skip
        assert answer.status_code == 403
    assert state(market)[:2] == before[:2]
    answer = requests.post(
        f"{platform}/simulator/connect",
        fields,
        headers={"origin": market.url},
        timeout=60,
        allow_redirects=False,
    )
    assert answer.status_code == 303, "the twin: the page's own form"


@pytest.mark.parametrize(
    ("fields", "headers", "status"),
    [
        ({"try": "1", "page": "p"}, {}, 204), ({"try": "999", "page": "p"}, {}, 204), ({"try": "²", "page": "p"}, {}, 400),
        ({"try": "1" * 400, "page": "p"}, {}, 400), ({"try": "1", "page": "p" * 41}, {}, 400), ({"try": "1"}, {}, 400),
        ("try=1&try=2&page=p", {"content-type": "application/x-www-form-urlencoded"}, 400), (b"\xff", {}, 415),
        ({"try": "1", "page": "p"}, {"origin": "http://evil.example"}, 403),
    ],
)  # fmt: skip
def test_only_a_simulators_own_page_says_that_its_window_was_closed(fields, headers, status):
    with marketplace("officernd") as market:
        wire, platform = market.wire("officernd"), market.hosts["officernd"].place.addresses["platform"]
        chapter = wire.begin("connect", "Connect")
        for closed in (False, True):
            answer = requests.post(f"{platform}/simulator/window", fields, headers=headers, timeout=60)
            assert answer.status_code == status
            told = status == 204 and fields["try"] == str(chapter.number)
            assert chapter.left is (closed and told)
        assert not wire.exchanges, "no message between the two sides"


@pytest.mark.parametrize("path", ["/", "/officernd", "/static/marketplace.css", *GETS, *POSTS])
def test_a_wrong_method_is_told_every_right_one(market, path):
    """RFC 9110, 15.5.6: the answer lists what the target takes; so each method is tried."""
    methods = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    answers = {
        one: requests.request(one, market.url + path, allow_redirects=False, timeout=60) for one in methods
    }
    told = {one: answer.headers["allow"] for one, answer in answers.items() if answer.status_code == 405}
    assert told == dict.fromkeys(told, ", ".join(one for one in methods if one not in told))
    assert "PUT" in told
