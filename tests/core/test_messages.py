"""Requests, responses and URLs: nothing that a signature may depend on is touched."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from handshakes.core.messages import (
    DEFAULT_TIMEOUT,
    Request,
    Response,
    Unreachable,
    form_body,
    html_response,
    json_response,
    redirect,
    split_url,
)

ORIGIN = "https://app.example"


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/", "/", ""),
        ("/a%2Fb/../c?x=%2c&x=,", "/a%2Fb/../c", "x=%2c&x=,"),
        ("/a?x=?&y=/?", "/a", "x=?&y=/?"),
        ("/a?", "/a", ""),
        ("//x/y?z", "//x/y", "z"),
        ("/a#b?c#d", "/a#b", "c#d"),
    ],
)
def test_a_target_stays_as_it_travelled(target, path, query):
    request = Request("GET", ORIGIN, target)
    assert (request.target, request.path, request.query, request.url) == (
        target,
        path,
        query,
        ORIGIN + target,
    )


def test_header_names_are_lower_case_and_values_untouched():
    request = Request("GET", ORIGIN, "/", (("X-One", " A "), ("x-ONE", "b"), ("Other", "C")))
    assert request.headers == (("x-one", " A "), ("x-one", "b"), ("other", "C"))
    assert request.header_values("X-one") == (" A ", "b")
    assert request.header("X-ONE") == " A "
    assert request.header("absent") == ""
    assert request.header("absent", "none") == "none"
    assert request.header_values("absent") == ()


def test_messages_are_values():
    request = Request("GET", ORIGIN, "/", (("A", "1"),))
    assert request == Request("GET", ORIGIN, "/", (("a", "1"),))
    assert request != Request("GET", ORIGIN, "/", (("a", "1"),), b"x")
    assert len({request, Request("GET", ORIGIN, "/", (("a", "1"),))}) == 1
    assert request.timeout == DEFAULT_TIMEOUT
    for message, name in ((request, "target"), (Response(200), "body")):
        with pytest.raises(FrozenInstanceError):
            setattr(message, name, "other")


def test_a_representation_shows_no_query_header_or_body():
    request = Request("POST", ORIGIN, "/connect?code=private", (("x-key", "private"),), b"private")
    assert repr(request) == "<Request POST https://app.example/connect>"
    assert repr(Response(200, (("set-cookie", "private"),), b"private")) == "<Response 200>"


@pytest.mark.parametrize(
    ("status", "ok"), [(199, False), (200, True), (299, True), (300, False), (401, False)]
)
def test_ok_is_a_status_of_the_two_hundreds(status, ok):
    assert Response(status).ok is ok


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"{} {}"])
def test_a_body_that_is_not_json_is_a_value_error(body):
    with pytest.raises(ValueError):
        Response(200, (), body).json()


def test_json_is_compact_utf8_and_in_order():
    response = json_response({"b": "ü/🔑", "a": [1, None, True]}, 201, (("X-A", "1"),))
    assert response.body == '{"b":"ü/🔑","a":[1,null,true]}'.encode()
    assert response.headers == (("content-type", "application/json"), ("x-a", "1"))
    assert (response.status, response.json()) == (201, {"b": "ü/🔑", "a": [1, None, True]})


def test_pages_and_redirects():
    assert html_response("<p>ü", 403) == Response(
        403, (("content-type", "text/html; charset=utf-8"),), b"<p>\xc3\xbc"
    )
    assert redirect(ORIGIN + "/?x=%2c", 303) == Response(303, (("location", ORIGIN + "/?x=%2c"),))
    assert redirect("/").status == 302


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"b": "1", "a": "2"}, b"b=1&a=2"),
        ([("a", "1"), ("a", "2")], b"a=1&a=2"),
        ({"a b": "c&d=e+f"}, b"a+b=c%26d%3De%2Bf"),
        ({"a": "ü~*"}, b"a=%C3%BC~%2A"),
        ({"a": ""}, b"a="),
        ({}, b""),
    ],
)
def test_form_fields_in_order(fields, body):
    assert form_body(fields) == body
    assert form_body(iter(fields.items() if isinstance(fields, dict) else fields)) == body


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://app.example", (ORIGIN, "/")),
        ("https://app.example/", (ORIGIN, "/")),
        ("HTTPS://App.Example/A?B", (ORIGIN, "/A?B")),
        ("https://app.example?x=/y", (ORIGIN, "/?x=/y")),
        ("https://app.example/a?x=%2c&y=,#top", (ORIGIN, "/a?x=%2c&y=,")),
        ("https://app.example#/a", (ORIGIN, "/")),
        ("https://app.example//x/../y", (ORIGIN, "//x/../y")),
        ("http://127.0.0.1:8000/a", ("http://127.0.0.1:8000", "/a")),
        ("https://app.example/a?u=https://b.example/", (ORIGIN, "/a?u=https://b.example/")),
        # What stands before an @ is not the host, so such an origin must equal no other one.
        ("https://app.example@evil.example/", ("https://app.example@evil.example", "/")),
    ],
)
def test_a_url_is_cut_and_its_target_untouched(url, parts):
    assert split_url(url) == parts


@pytest.mark.parametrize("url", ["", "/a", "app.example/a", "https:/app.example", "://x", "1://x"])
def test_what_is_not_an_absolute_url_is_an_error(url):
    with pytest.raises(ValueError, match=r"^not an absolute URL$"):
        split_url(url)


@pytest.mark.parametrize("url", ["https://", "https:///a", "https://?a", "https://#a"])
def test_a_url_without_a_host_is_an_error(url):
    with pytest.raises(ValueError, match=r"^no host in the URL$"):
        split_url(url)


def test_a_target_that_is_not_ascii_is_an_error():
    with pytest.raises(ValueError, match=r"^a target is ASCII: percent-encode what is not$"):
        Request("GET", ORIGIN, "/ü")


def test_unreachable_says_how_and_whom():
    failure = Unreachable("timeout", ORIGIN)
    assert (failure.kind, failure.origin, str(failure)) == ("timeout", ORIGIN, "timeout: https://app.example")
    assert str(Unreachable("dropped")) == "dropped"
