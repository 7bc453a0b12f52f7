"""What the operator is told beside a reason: refusals of the app, with the whole of their evidence."""

from __future__ import annotations

import pytest

from handshakes.core.messages import Request, json_response
from handshakes.core.refusals import Refused
from tests.fortis.sides import LOCATION, sides

APP = "https://app.example"
ANSWERS = "unexpected-answer fortis:identity.users-me"


def asked(partner, answer):
    step = partner.api.me(partner.api.with_token("token"))
    next(step)
    try:
        step.send(json_response(answer))
    except StopIteration as ended:
        return ended.value
    raise AssertionError("it asks for more")


def taken_twice(partner):
    for _ in range(2):
        partner.take_once("a launch")


@pytest.mark.parametrize(
    ("call", "told", "evidence"),
    [
        (lambda p: asked(p, {}), ANSWERS, {"user": "NoneType", "expected": "an object"}),
        (lambda p: asked(p, {"user": ["a"]}), ANSWERS, {"user": "list", "expected": "an object"}),
        (lambda p: p.body_ignored(Request("POST", APP, "/", (), b"a" * 16_385)), "too-large fortis:postback.body-ignored", {"bytes": "16385", "limit": "16384"}),
        (lambda p: p.check_ids({"location_id": LOCATION, "user_id": "a\n"}, "user"), "malformed fortis:postback.required", {"user_id": "is not an id"}),
        (lambda p: p.check_ids({"location_id": LOCATION, "user_id": "a" * 65}, "user"), "malformed fortis:postback.required", {"user_id": "is not an id"}),
        (lambda p: p.brought("", "oauth", "c"), "wrong-state c", {"oauth cookie": "is missing, used or none of this app's"}),
        (lambda p: p.brought("a.b.c", "ticket", "c"), "wrong-state c", {"ticket cookie": "is missing, used or none of this app's"}),
        (taken_twice, "replayed fortis:launch.once", {"launch": "was taken before"}),
    ],
)  # fmt: skip
def test_a_refusal_is_told_with_what_was_found(call, told, evidence):
    with pytest.raises(Refused) as refused:
        call(sides().partner)
    assert f"{refused.value.reason} {refused.value.clause}" == told
    assert refused.value.evidence == evidence


def test_what_is_right_is_refused_by_none_of_these():
    partner = sides().partner
    assert asked(partner, {"user": {"id": 7}}) == "7" and asked(partner, {"user": {"id": "a"}}) == "a"
    partner.body_ignored(Request("POST", APP, "/", (), b"a" * 16_384))
    partner.check_ids({"location_id": LOCATION, "user_id": "a" * 64}, "user")
    partner.take_once("a launch")
    partner.take_once("another")
