"""The edges of rules and readings, where a limit that is off by one would show."""

from __future__ import annotations

import base64
import tomllib
from pathlib import Path

import pytest

from handshakes.core.origins import is_url
from handshakes.core.refusals import Refused
from handshakes.fortis import readings as fortis
from handshakes.fortis.rules import plain
from handshakes.officernd import readings as officernd
from handshakes.officernd import rules as officernd_rules
from handshakes.onoffice import readings as onoffice
from handshakes.onoffice import rules as onoffice_rules
from handshakes.onoffice import string_to_sign
from handshakes.retailcrm import readings as retailcrm

HEX = "0f" * 32


def test_port_0_is_none_and_port_1_is_one():
    assert [is_url(f"http://a.example:{port}/") for port in (0, 1, 65_535, 65_536)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (lambda digits: officernd_rules.split_signature(f"t={digits},signature={HEX}"), "t"),
        (onoffice_rules.seconds, "timestamp"),
        (plain.timestamp, "timestamp"),
        (lambda digits: onoffice_rules.base(f"https://a.example:{digits}/"), "port"),
    ],
)
def test_of_a_long_number_forty_digits_are_told(read, name):
    with pytest.raises(Refused) as refused:
        read("1" * 45)
    assert refused.value.evidence[name] == "1" * 40


@pytest.mark.parametrize(
    "read",
    [
        retailcrm.READINGS["retailcrm:token.digest=base64"]["digest"],
        onoffice.READINGS["onoffice:url.digest=base64"]["digest"],
    ],
)
def test_base64_of_a_digest_is_read_and_nothing_in_it_is_skipped(read):
    text = base64.b64encode(bytes(32)).decode()
    assert read(text) == bytes(32)
    assert read(HEX) == bytes.fromhex(HEX)
    for spoilt in ("!" + text, text[:-4] + "\n" + text[-4:], base64.b64encode(bytes(31)).decode()):
        with pytest.raises(Refused):
            read(spoilt)


def test_empty_locations_are_added_behind_the_slug_or_in_front():
    added = officernd.READINGS["officernd:signature.absent-locations=added-as-empty"]["signed"]
    assert added((("a", "1"), ("slug", "s"), ("b", "2"), ("c", "3"))) == (
        ("a", "1"), ("slug", "s"), ("locations", ""), ("b", "2"), ("c", "3"),
    )  # fmt: skip
    assert added((("a", "1"), ("b", "2"))) == (("locations", ""), ("a", "1"), ("b", "2"))
    assert added((("b", "2"), ("locations", "l"))) == (("b", "2"), ("locations", "l"))


def test_two_readings_of_what_is_signed_are_applied_one_after_the_other():
    both = officernd.of(
        "officernd:signature.parameters=slug-and-locations", "officernd:signature.order=sorted"
    )
    assert both["signed"]((("slug", "s"), ("x", "1"), ("locations", "l"))) == (
        ("locations", "l"),
        ("slug", "s"),
    )


def test_a_piece_that_php_renames_is_written_under_its_new_name_where_the_others_stay_raw():
    readings = onoffice.of("onoffice:url.encoding=raw", "onoffice:url.names=php-compatible")
    url = "https://provider.example/p?b=%7e&a.b=1"
    assert string_to_sign(url, readings=readings) == "https://provider.example/p?a_b=1&b=%7e"


@pytest.mark.parametrize("module", [officernd, retailcrm, onoffice, fortis])
def test_every_reading_that_can_be_run_is_one_of_the_register(module):
    spec = tomllib.loads((Path(module.__file__).parent / "spec.toml").read_text("utf-8"))
    listed = {reading["id"] for ambiguity in spec["ambiguity"] for reading in ambiguity["reading"]}
    assert len(module.READINGS) > 10
    assert set(module.READINGS) - listed == set()


def test_what_javascript_cannot_decode_is_kept_but_for_the_plus():
    kept = officernd.READINGS["officernd:signature.escapes=kept"]["parameters"]
    assert kept("a=b+%zz+c&signature=x") == ((("a", "b %zz c"),), "x")


@pytest.mark.parametrize("which", ["first", "last"])
def test_a_query_that_cannot_be_read_is_refused_by_its_clause_under_the_readings_of_repeats_too(which):
    with pytest.raises(Refused) as refused:
        fortis.READINGS[f"fortis:launch.repeated={which}"]["parameters"]("a=%")
    assert (refused.value.reason, refused.value.clause) == ("malformed", "fortis:launch.query")


def test_a_body_of_json_may_say_its_character_set():
    read = retailcrm.READINGS["retailcrm:register.encoding=json-body"]["form"]
    assert read(b"{}", "Application/JSON ; charset=utf-8") == b"{}"
