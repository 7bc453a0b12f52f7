"""The values that go from hand to hand: frozen, without room for more, and with defaults that say nothing."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass

import pytest

from handshakes.core import cases, messages, stages
from handshakes.core.cases import Case, Found, Layer, Mac, Made, Proof
from handshakes.core.messages import Request, Response, Unreachable, html_response, json_response, redirect
from handshakes.core.stages import Stage
from handshakes.fortis import readings as fortis_readings
from handshakes.officernd import readings as officernd_readings
from handshakes.onoffice import readings as onoffice_readings

PLACES = (cases, messages, stages)
VALUES = {
    one for place in PLACES for one in vars(place).values() if is_dataclass(one) and isinstance(one, type)
}


def defaults(kind: type) -> dict[str, object]:
    """Return what a value is that gives no more than it must."""
    needed = {"start": (), "layers": (), "key": len, "clause": "c", "says": "", "parameters": (), "covered": (), "not_covered": ()}  # fmt: skip
    names = {field.name for field in fields(kind)}
    made = kind(**{name: value for name, value in needed.items() if name in names and kind is not Found})
    return {name: getattr(made, name) for name in names - set(needed)}


@pytest.mark.parametrize("kind", sorted(VALUES, key=lambda kind: kind.__name__))
def test_a_value_is_frozen_and_has_no_room_for_more(kind):
    assert len(VALUES) == 10
    assert kind.__dataclass_params__.frozen
    assert "__dict__" not in dir(kind)


def test_what_a_case_leaves_open_changes_nothing():
    assert defaults(Case) == {
        "keys": {}, "macs": (), "general": True, "fits": None, "digest": False, "forms": {}, "names": (), "clauses": {},
        "part": "", "weak": frozenset(), "three": False, "beside": "", "untried": "",
    }  # fmt: skip
    assert defaults(Found) == {
        "url": "", "method": "", "headers": (), "body": b"", "took": "", "undone": (), "origins": (), "others": (),
    }  # fmt: skip
    assert defaults(Proof) == {"timestamp": None, "credentials": frozenset(), "then": ""}
    layer = Layer("form")
    assert (layer.make((1, "a")), layer.kinds, layer.ways) == ((1, "a"), (), None)
    assert Made("id", ())[2:] == ("", 1)
    mac = Mac((), len)
    assert (mac.weight, mac.changes, mac.cost, mac.rounds, mac.size) == (1, (), 0, None, 0)
    assert Found(headers=(("a", "1"), ("a", "2"))).header("A") == "1"
    assert Found().header("A") == ""


def test_a_message_that_gives_no_more_than_it_must_is_empty_and_waits_ten_seconds():
    request, response = Request("GET", "https://a.example", "/"), Response(204)
    assert (request.headers, request.body, request.timeout, request.note) == ((), b"", 10.0, "")
    assert request == Request("GET", "https://a.example", "/", note="for the transcript")
    assert (response.headers, response.body, response.header("a"), response.header("a", "b")) == (
        (),
        b"",
        "",
        "b",
    )


def test_answers_carry_their_status_their_type_and_the_headers_that_were_given():
    more = (("x-a", "1"),)
    page = "text/html; charset=utf-8"
    assert json_response("ü", 201, more) == Response(
        201, (("content-type", "application/json"), *more), '"ü"'.encode()
    )
    assert html_response("ü", 404, more) == Response(404, (("content-type", page), *more), "ü".encode())
    assert redirect("/b", 303, more) == Response(303, (("location", "/b"), *more))
    assert [answer.status for answer in (json_response(1), html_response(""), redirect("/"))] == [
        200,
        200,
        302,
    ]


def test_unreachable_names_the_origin_where_there_is_one():
    assert (str(Unreachable("tls")), Unreachable("tls").origin) == ("tls", "")
    assert str(Unreachable("tls", "https://a.example")) == "tls: https://a.example"


@pytest.mark.parametrize("module", [officernd_readings, onoffice_readings, fortis_readings])
def test_a_reading_of_the_window_is_the_window_that_it_is_called_by(module):
    windows = {id.partition("=")[2]: stages for id, stages in module.READINGS.items() if "tolerance=" in id}
    assert len(windows) >= 3
    for name, replaced in windows.items():
        if not replaced:  # the adopted one
            continue
        if both := re.fullmatch(r"(\d+)-both-ways", name):
            assert replaced["tolerance"]() == (int(both[1]), int(both[1]))
        elif apart := re.fullmatch(r"(\d+)-back-(\d+)-ahead", name):
            assert replaced["tolerance"]() == (int(apart[1]), int(apart[2]))
        else:
            assert name == "unchecked"
            assert min(replaced["tolerance"]()) > 9_999_999_999  # more than all times of ten digits


def test_a_stage_is_cut_at_two_thousand_characters_and_hides_what_is_secret():
    assert Stage("body", b"a" * 2_000).show() == "a" * 2_000 + " (2000 bytes)"
    assert Stage("body", b"a" * 2_001).show() == "a" * 1_999 + "… (2001 bytes)"
    assert Stage("body", b"\xff\x00").show() == "hex ff 00 (2 bytes)"
    assert Stage("key", b"secret", credential=True).show() == "secret (6 bytes)"  # a public test key
    # sha256sum of the text "a private thing"
    assert Stage("key", b"a private thing", credential=True).show() == "‹sha256 c3b3f6…› (15 bytes)"
