"""The long run that takes every fault of the marketplace page: two rows of it, one refused and one survived."""

from __future__ import annotations

import pytest

from .marketplace.every import rows


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("hashed-token", ["refused: Refused as expected: signature-mismatch.", "rule (fault): The token is the HMAC", "what was wrong: The token is the plain SHA-256 of the secret and apiKey", "cause: A plain SHA-256 of secret (key) and message was used"]),
        ("trailing-slash", ["held: Survived as expected: connected. The fault: a slash after the address.", "POST /retailcrm/register", "rule (fault): The partner must drop a path that consists of slashes only"]),
    ],
)  # fmt: skip
def test_a_row_has_what_the_steps_card_the_message_and_why_say_of_a_fault(fault, says):
    (row,) = rows("retailcrm", fault)
    assert [one for one in says if one not in row] == []
