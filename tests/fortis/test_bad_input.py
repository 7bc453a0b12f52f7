"""Bad input on every route of Fortis: a clear refusal, nothing told outside, nothing changed.

The kinds of bad input are those of `test_bad_input.py`; here are Fortis' routes, and what only they can be sent.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest

from handshakes.core.messages import Request, Response, split_url
from handshakes.fortis import encrypt_parameters, launch_hmac
from handshakes.fortis.partner.consent import CALLBACK, START
from handshakes.fortis.simulator import Fortis
from handshakes.fortis.simulator.drafts import postback
from tests.fortis.sides import LOCATION, MODES, OTHER_USER, TITLE, USER, Both, opened
from tests.test_bad_input import Change, Route, get, kinds, post

APP, UI, API = (
    "https://app.example",
    "https://fortispayrbyn9y.sandbox.zeamster.com",
    "https://api.sandbox.zeamster.com",
)
SESSION_ENDS = '<p id="closed">'


def launch(both: Both) -> Request:
    both.clock.advance(1)
    return Request("GET", *split_url(both.platform.launch_url(TITLE, LOCATION, USER)))


def registration(user: str = "", method: str = "POST") -> Callable[[Both], Request]:
    def made(both: Both) -> Request:
        platform, app = both.platform, both.platform.apps[TITLE]
        template = app.user_setup_url if user else app.location_setup_url
        who = platform.users[user] if user else None
        return postback(method, template, platform.settings, platform.locations[LOCATION], who)

    return made


def app_page(both: Both) -> Request:
    _, cookie = both.platform.sessions[LOCATION, USER]
    return Request("GET", APP, "/fortis/app", (("cookie", cookie),))


def begin(both: Both) -> Request:
    shown = both.network.exchange("browser", app_page(both)).body.decode()
    return post(APP, START, {"ticket": re.search('name="ticket" value="([^"]+)"', shown)[1]})


def consenting(both: Both) -> tuple[dict[str, str], str]:
    """Return what the app sends to the consent page, and the cookie that it gives the browser."""
    response = both.network.exchange("browser", begin(both))
    query = dict(parse_qsl(response.header("location").partition("?")[2]))
    return query, response.header("set-cookie").partition(";")[0]


def callback(both: Both) -> Request:
    query, cookie = consenting(both)
    code = both.platform.issue_code(both.platform.apps[TITLE], USER, query["code_challenge"])
    back = {"code": code, "state": query["state"]}
    return replace(get(APP, CALLBACK, back), headers=(("cookie", cookie),))


def authorize(both: Both) -> Request:
    return get(API, "/oauth/authorize", consenting(both)[0])


def token(both: Both) -> Request:
    app = both.platform.apps[TITLE]
    fields = {"grant_type": "authorization_code", "code": both.platform.issue_code(app, USER, "")}
    client = {"client_id": app.client_id, "client_secret": app.client_secret}
    return post(API, "/oauth/token", {**fields, "redirect_uri": app.redirect_uri, **client})


def me(both: Both) -> Request:
    headers = (("access-token", both.platform.token_of(USER)), ("developer-id", "example-developer"))
    return Request("GET", API, "/v2/users/me", headers)


def portal(step: str) -> Callable[[Both], Request]:
    fields = {"app": TITLE, "location": LOCATION, **({"user": USER} if step == "open" else {})}
    return lambda both: post(UI, f"/simulator/{step}", {**fields, "fault": ""})


TOKEN_NEEDS = ("grant_type", "code", "redirect_uri", "client_id", "client_secret")
SIGNED = ("location_id", "timestamp", "hmac")
BOTH_METHODS = ("POST", "DELETE")
ROUTES: dict[str, Route] = {
    "/fortis/launch": Route(launch, "query", ("data",)),
    "/fortis/app": Route(app_page),
    "/fortis/location": Route(registration(), "query", ("location_id", "key"), BOTH_METHODS),
    "/fortis/user": Route(registration(OTHER_USER), "query", ("location_id", "user_id", "key"), BOTH_METHODS),
    START: Route(begin, "form", ("ticket",), ("POST",)),
    CALLBACK: Route(callback, "query", ("code", "state")),
    "api /v2/users/me": Route(me),
    "api /oauth/authorize": Route(
        authorize, "query", ("client_id", "redirect_uri", "response_type"), ("GET", "POST")
    ),
    "api /oauth/token": Route(token, "form", TOKEN_NEEDS, ("POST",)),
    "ui /simulator": Route(lambda both: get(UI, "/simulator")),
    **{
        f"ui /simulator/{step}": Route(portal(step), "form", ("app", "location"), ("POST",))
        for step in ("register", "unregister", "open")
    },
}
ROUTES = {name: replace(route, side="fortis") for name, route in ROUTES.items()}
OF_PLAIN = {"/fortis/launch": replace(ROUTES["/fortis/launch"], needs=SIGNED)}


def routes(mode: str) -> dict[str, Route]:
    """Return the routes of an app of a mode: in plain mode only the launch is another one."""
    return ROUTES if mode == "encrypted" else OF_PLAIN


def made(mode: str) -> Both:
    both = opened(mode=mode)
    both.reports.clear()
    return both


def state(both: Both) -> tuple[Any, ...]:
    """Return everything that bad input must leave as it is."""
    platform: Fortis = both.platform
    kept = (platform.registered, platform.grants, platform.access, set(platform.tokens), platform.apps)
    return both.everything(), copy.deepcopy(kept), platform.trapped


def launch_kinds(mode: str) -> Iterator[tuple[str, Change]]:
    """Yield launches that are well written and prove nothing."""

    def target(text: str) -> Change:
        return lambda both, request: replace(request, target=f"/fortis/launch?{text}")

    def sealed(what: str, values: dict[str, Any], secret: str = "example-app-secret") -> tuple[str, Change]:
        def change(both: Both, request: Request) -> Request:
            own = both.partner.configuration.secret if secret == "example-app-secret" else secret
            data = encrypt_parameters(values, secret=own, salt=bytes(8))
            return replace(request, target=f"/fortis/launch?data={quote(data, safe='')}")

        return what, change

    def signed(what: str, timestamp: Callable[[int], str], **more: str) -> tuple[str, Change]:
        def change(both: Both, request: Request) -> Request:
            time, secret = timestamp(both.clock()), both.partner.configuration.secret
            mac = launch_hmac(LOCATION, time, secret=secret)
            pairs = {"location_id": LOCATION, "timestamp": time, "hmac": mac, **more}
            return replace(request, target=f"/fortis/launch?{urlencode(pairs)}")

        return what, change

    if mode == "encrypted":
        yield "no base64", target("data=%2A%2A%2A")
        yield "not even bytes", target("data=%00")
        yield "zeros", target("data=" + "A" * 64)
        yield sealed("another secret", {"location_id": LOCATION, "user_id": USER}, "another-app-secret")
        yield sealed("no user", {"location_id": LOCATION})
        yield sealed("an unknown location without a token", {"location_id": "0" * 24, "user_id": USER})
        yield sealed("an unknown token", {"location_id": LOCATION, "user_id": USER, "access-token": "x"})
        yield sealed(
            "a token of line ends", {"location_id": LOCATION, "user_id": USER, "access-token": "\r\nx: y"}
        )
        yield sealed("a token outside ASCII", {"location_id": LOCATION, "user_id": USER, "access-token": "é"})
        yield signed("a plain launch", str)
    else:
        yield signed("stale", lambda now: str(now - 301))
        yield signed("from the future", lambda now: str(now + 61))
        yield signed("milliseconds", lambda now: f"{now}000")
        yield signed("no digits", lambda now: "yesterday!")
        yield signed("wide digits", lambda now: "１" * 10)
        yield signed("an unknown token", str, **{"access-token": "x", "user_id": USER})
        yield signed("a token of line ends", str, **{"access-token": "\r\nx: y", "user_id": USER})
        yield signed("a user of line ends", str, **{"access-token": "x", "user_id": "\r\n"})
        yield sealed("an encrypted launch", {"location_id": LOCATION, "user_id": USER})


def every_kind(mode: str, name: str) -> Iterator[tuple[str, Change]]:
    yield from kinds(routes(mode)[name])
    if name == "/fortis/launch":
        yield from launch_kinds(mode)
    if name in ("/fortis/location", "/fortis/user"):
        for text in ("x", "0" * 23, "g" * 24, "%7B%7Blocation.id%7D%7D", "%00", "0" * 24 + "%0A"):
            yield f"location {text}", lambda both, r, t=text: replace(r, target=r.target.replace(LOCATION, t))
        yield "a wrong key", lambda both, r: replace(r, target=re.sub("key=[^&]*", "key=x", r.target))
        yield "a huge body", lambda both, r: replace(r, body=b"x" * 100_000)
    if name == "/fortis/app":
        for cookie in (
            "",
            "x",
            "fortis_session=",
            "fortis_session=e30=.1.x",
            "fortis_session=" + "A" * 9_000,
            "=;;=é",
        ):
            yield f"cookie {cookie[:30]}", lambda both, r, c=cookie: replace(r, headers=(("cookie", c),))
    if name == CALLBACK:
        yield "no cookie", lambda both, r: replace(r, headers=())
        yield "another's cookie", lambda both, r: replace(r, headers=app_page(both).headers)
        yield (
            "an error",
            lambda both, r: replace(r, target=re.sub("code=[^&]*", "error=access_denied", r.target)),
        )
        yield (
            "another state",
            lambda both, r: replace(r, target=r.target[:-1] + ("0" if r.target[-1] != "0" else "1")),
        )
    if name == "api /v2/users/me":
        for headers in (
            (), (("developer-id", "x"),), (("access-token", "x"), ("developer-id", "x")),
            (("authorization", "Bearer x"), ("developer-id", "x")), (("access-token", "é"), ("developer-id", "x")),
        ):  # fmt: skip
            yield f"headers {headers}", lambda both, r, h=headers: replace(r, headers=h)


@pytest.fixture(scope="module")
def kept() -> dict[str, Both]:
    return {}


@contextmanager
def worlds_of(kept: dict[str, Both]) -> Iterator[Callable[[str], Both]]:
    """One pair of each mode for all cases, since each has to leave it as it was; a new one after a case that did not."""
    used: dict[str, Both] = {}

    def world(mode: str) -> Both:
        used[mode] = kept.pop(mode, None) or made(mode)
        used[mode].reports.clear()
        return used[mode]

    yield world
    for mode, both in used.items():
        if both.store.get("fortis", both.partner.identity(LOCATION, USER)).state == "active":
            kept[mode] = both


@pytest.fixture
def world_of(kept: dict[str, Both]) -> Iterator[Callable[[str], Both]]:
    with worlds_of(kept) as worlds:
        yield worlds


def test_every_endpoint_of_the_app_is_a_route():
    endpoints = made("encrypted").partner.endpoints()
    assert {path: ROUTES[path].methods for path in ROUTES if path.startswith("/fortis/")} == {
        path: tuple(steps) for path, steps in endpoints.items()
    }


@pytest.mark.parametrize(("mode", "name"), [(mode, name) for mode in MODES for name in routes(mode)])
def test_the_honest_request_is_accepted(mode, name):
    """Without it, the refusals below would prove nothing."""
    both = made(mode)
    request = routes(mode)[name].honest(both)
    response = both.network.exchange("test", request)
    assert response.status < 400, response.body
    assert "error=" not in response.header("location") and SESSION_ENDS not in response.body.decode()
    assert both.reports == []


@pytest.mark.parametrize(("mode", "name"), [(mode, name) for mode in MODES for name in routes(mode)])
def test_bad_input_is_refused_and_changes_nothing(kept, mode, name):
    wrong, tried = {}, 0
    for kind, change in every_kind(mode, name):
        tried += 1
        try:
            with worlds_of(kept) as worlds:
                is_refused_and_changes_nothing(worlds(mode), mode, name, kind, change)
        except Exception as error:
            wrong[kind] = error
    assert wrong == {}
    assert tried >= 5


def is_refused_and_changes_nothing(both: Both, mode: str, name: str, kind: str, change: Change) -> None:
    honest = routes(mode)[name].honest(both)
    both.reports.clear()
    sent = change(both, honest)
    before = state(both)
    response = both.network.exchange("test", sent)
    assert state(both) == before
    told = response.body.decode() + repr(response.headers)
    assert not re.search(r"Traceback|File \"|\w+Error|\w+Exception|/handshakes/|\bline \d", told)
    right_refusal(both, name, kind, response)


def right_refusal(both: Both, name: str, kind: str, response: Response) -> None:
    reported = [endpoint for endpoint, _ in both.reports]
    if kind.startswith("method "):
        assert response.status == 405
        return
    if name == "/fortis/launch":
        assert (response.status, reported) == (403, ["launch"])
        assert SESSION_ENDS in response.body.decode()
    elif name == "/fortis/app":
        assert (response.status, reported) == (403, [])
    elif name in ("/fortis/location", "/fortis/user"):
        assert response.status in (400, 401, 413) and response.body == b""
        assert reported == [name.removeprefix("/fortis/")], "the operator is told"
    elif name == START and response.status == 415:
        assert reported == []  # a form of another type is none of ours
    elif name in (START, CALLBACK):
        assert (response.status, reported) == (403, ["oauth"])
    elif name == "api /oauth/authorize" and response.status == 302:
        assert "error=" in response.header("location")
    else:
        assert 400 <= response.status < 500
    if name.startswith("ui "):
        assert response.header("content-type").startswith("text/html")
    if name in ("api /oauth/token", "api /v2/users/me"):
        words = response.json()
        assert isinstance(words.get("message", words.get("error")), str)


@pytest.mark.parametrize("mode", MODES)
def test_every_launch_that_does_not_open_is_answered_alike(mode):
    both = made(mode)
    failures = [one for one in every_kind(mode, "/fortis/launch") if not one[0].startswith("method ")]
    honest = routes(mode)["/fortis/launch"].honest(both)
    answers = [both.network.exchange("test", change(both, honest)) for _, change in failures]
    assert len({(answer.status, answer.headers, answer.body) for answer in answers}) == 1
    assert len(both.reports) == len(failures) > 20, "the operator was told each time"
    assert len({refused.reason for _, refused in both.reports}) > 5, "and what was wrong"
    assert both.network.exchange("test", honest).status == 303, "the genuine one opens"


@pytest.mark.parametrize(("origin", "path"), [
    *((APP, path) for path in ("/", "//", "/fortis", "/fortis/", "/fortis/launch/", "/fortis/Launch", "/%66ortis/launch")),
    *((API, path) for path in ("/", "/v2", "/v2/", "/v2/users", "/v2/users/", "/v2/users/me/", "/v2/nothing/1", "/oauth", "/v1/users/me")),
    *((UI, path) for path in ("/", "/simulatorx", "/simulator/", "/simulator/nothing", "/v2/users/me")),
])  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_404(world_of, origin, path, method):
    both = world_of("encrypted")
    before = state(both)
    response = both.network.exchange("test", Request(method, origin, path))
    assert (response.status, state(both)) == (404, before)
