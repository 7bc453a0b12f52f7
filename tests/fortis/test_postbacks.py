"""Registration postbacks from end to end: what the app is told of a user, and which are sent again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from handshakes.core.messages import Request, Response
from handshakes.runtime.verdicts import Outcome
from tests.fortis.sides import LOCATION, OTHER_USER, TITLE, USER, Both, opened, sides

BOTH = ("", USER)
"""A location, and a user of it."""


def answered(world: Both, method: str, user: str, answers: list[Response]) -> tuple[Outcome, list[Request]]:
    """Register or unregister, with these answers in place of the app; return the outcome and all requests."""
    step = getattr(world.platform, method)(TITLE, LOCATION, user)
    left: Iterator[Response] = iter(answers)
    requests = []
    try:
        requests.append(next(step))
        while True:
            requests.append(step.send(next(left)))
    except StopIteration as stop:
        return stop.value, requests


# --- what the app is told -------------------------------------------------------------------------------


@pytest.mark.clause("fortis:user.placeholders", "fortis:user.domain-host")
def test_the_apps_template_asks_for_email_and_domain_and_the_app_keeps_both():
    """The page's placeholders {{user.email}} and {{user.domain.url}}; the domain is a bare host (SDK, domain.md)."""
    world = sides()
    world.register()
    assert world.register(user=USER).held
    kept = world.kept(user=USER)
    assert kept.state == "pending"
    assert {name: kept.details[name] for name in ("username", "email", "domain")} == {
        "username": "ada",
        "email": "ada@merchant.example",
        "domain": "fortispayrbyn9y.sandbox.zeamster.com",
    }


def test_an_email_with_every_special_character_arrives_as_it_is():
    world = sides()
    user = replace(world.platform.users[USER], email="a+b&c=#d%40@merchant.example")
    world.platform.add_user(user)
    world.register(user=USER)
    assert world.kept(user=USER).details["email"] == user.email


@pytest.mark.clause("fortis:postback.null", "fortis:launch.absent")
def test_an_email_that_there_is_not_is_not_kept():
    world = sides()
    world.register(user=OTHER_USER)
    assert world.platform.users[OTHER_USER].email is None
    assert "email" not in world.kept(user=OTHER_USER).details


def test_no_transcript_shows_an_email():
    world = opened()
    assert "email=‹" in world.network.transcript.text()
    assert "ada@merchant.example" not in world.network.transcript.text()


# --- which are sent again -------------------------------------------------------------------------------


@pytest.mark.clause("fortis:postback.retry")
@pytest.mark.parametrize("user", BOTH)
@pytest.mark.parametrize("method", ["register", "unregister"])
@pytest.mark.parametrize(
    ("statuses", "sent"),
    [((500, 500, 500), 3), ((500, 204), 2), ((404, 302, 200), 3), ((204,), 1), ((201,), 1)],
)
def test_a_postback_that_failed_is_sent_again_as_it_was_as_often_as_that_is_set(user, method, statuses, sent):
    world = sides(attempts="3")
    outcome, requests = answered(world, method, user, [Response(status) for status in statuses])
    assert len(requests) == sent and len(set(requests)) == 1
    assert outcome.held == (statuses[-1] < 300)


class Losing:
    """An app that takes a postback, and whose first answers are lost."""

    def __init__(self, world: Both, times: int) -> None:
        self.world, self.left = world, times

    def __call__(self, request: Request) -> Response:
        response = self.world.network.exchange("Fortis", request)
        self.left -= 1
        return response if self.left < 0 else Response(500)


@pytest.mark.clause("fortis:postback.retry", "fortis:postback.idempotent")
@pytest.mark.parametrize("user", BOTH)
def test_what_is_sent_again_because_the_answer_was_lost_changes_nothing_more(user):
    world = sides(attempts="5")
    app, kept = Losing(world, 4), []
    step = world.platform.register(TITLE, LOCATION, user)
    request = next(step)
    try:
        while True:
            answer = app(request)
            kept.append(world.kept(user=user))
            request = step.send(answer)
    except StopIteration as stop:
        assert stop.value.held
    assert kept == [kept[0]] * 5
