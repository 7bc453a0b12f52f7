"""The edges of OfficeRnD's rules, where a limit that is off by one would show."""

from __future__ import annotations

import pytest

from handshakes.officernd.readings import READINGS
from handshakes.officernd.rules import split_signature, unquote_organization

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
