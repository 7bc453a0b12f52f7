"""The edges of OfficeRnD's rules, where a limit that is off by one would show."""

from __future__ import annotations

import pytest

from handshakes.officernd.readings import READINGS
from handshakes.officernd.rules import compact_json, split_signature, unquote_organization
from tests.refusals import refusal

HEX = "0f" * 32


@pytest.mark.parametrize("order", [f"t=999999999999,signature={HEX}", f"signature={HEX},t=999999999999"])
def test_twelve_digits_are_a_time_wherever_the_field_stands(order):
    assert split_signature(order) == ("999999999999", HEX)


@pytest.mark.parametrize(
    ("text", "read"),
    [('"a"', "a"), ('""', '""'), ('"', '"'), ("a", "a"), ('"a', '"a'), ('a"', 'a"'), ("", "")],
)
def test_quotes_around_an_organization_are_no_part_of_it_and_two_quotes_are_no_organization(text, read):
    assert unquote_organization((("x", '"b"'), ("organizationId", text))) == (
        ("x", '"b"'),
        ("organizationId", read),
    )


def test_javascript_lists_array_indices_first_and_4294967295_is_none():
    names = ["b", "4294967295", "4294967294", "10", "9", "0", "01", "a"]
    listed = READINGS["officernd:signature.integer-names=integers-first"]["signed"](
        tuple((n, "") for n in names)
    )
    # Object.keys of an object with these names, in Node 20
    assert [name for name, _ in listed] == ["0", "9", "10", "4294967294", "b", "4294967295", "01", "a"]


@pytest.mark.parametrize("front", ["X", "\t", "\N{NO-BREAK SPACE}"])
def test_only_blanks_around_a_field_are_no_part_of_it_where_they_are_allowed(front):
    read = READINGS["officernd:signature.syntax=spaced-fields"]["fields"]
    assert read(f" t=1 ,  signature={HEX} ") == ("1", HEX)
    assert refusal(read, f"{front}t=1,signature={HEX}").reason in ("missing-parameter", "malformed")
    assert refusal(read, f"t=1,signature={HEX}{front}").reason == "malformed"


def test_of_a_header_in_milliseconds_the_time_alone_is_read_otherwise():
    """What else is wrong with it is told as it was received: `signature=t=` and thirteen digits are 25 characters, behind the field `t`."""
    read = READINGS["officernd:signature.timestamp=milliseconds"]["fields"]
    refused = refusal(read, "t=1648190384000,signature=t=1648190384000")
    assert refused.evidence == {
        "name": "signature",
        "found": "t",
        "piece": "25 characters without name=value",
    }


def test_json_with_a_list_is_that_of_javascript_outside_ascii_too():
    # JSON.stringify({slug: "café", locations: ["Zürich", "Genève"]}) in Node 20
    written = '{"slug":"café","locations":["Zürich","Genève"]}'
    assert compact_json([("slug", "café"), ("locations", ["Zürich", "Genève"])]) == written
