"""The lifetime that a token endpoint says: RFC 6749, section 5.1, has a number of seconds in `expires_in`."""

from __future__ import annotations

import pytest

from handshakes.core.refusals import Refused
from handshakes.runtime.tokens import lifetime


@pytest.mark.parametrize(
    ("said", "seconds"), [(3600, 3600), ("3599", 3599), (1, 1), ("999999999", 999999999)]
)
def test_seconds_may_come_as_a_number_or_as_text(said, seconds):
    assert lifetime({"expires_in": said}, "shop:token") == seconds


@pytest.mark.parametrize("said", [0, -1, "0", True, None, 1.5, "soon", "", "1e3", "١", "1000000000", []])
def test_anything_else_is_no_number_of_seconds(said):
    with pytest.raises(Refused) as caught:
        lifetime({"expires_in": said}, "shop:token")
    assert (caught.value.reason, caught.value.clause) == ("unexpected-answer", "shop:token")
    assert dict(caught.value.evidence) == {"expires_in": "is not a number of seconds"}


def test_what_is_not_there_is_said_to_be_missing():
    with pytest.raises(Refused) as caught:
        lifetime({"access_token": "a"}, "shop:token")
    assert dict(caught.value.evidence) == {"expires_in": "is missing"}
