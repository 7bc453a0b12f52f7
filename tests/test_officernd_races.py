"""Two things at once: connects of one integration, and a refresh that a new connect overtakes."""

from __future__ import annotations

from handshakes.browser import Browser
from handshakes.messages import Request, Response, split_url
from officernd_sides import Both, sides


def get(url: str) -> Request:
    return Request("GET", *split_url(url))


def answered(both: Both, request: Request) -> Response:
    return both.network.exchange("partner", request)


def saved(both: Both):
    (installation,) = both.partner.store.find("officernd", "slug", "test-slug")
    return installation


def test_two_connects_in_step_leave_the_webhook_that_is_saved():
    both = sides()
    id = next(iter(both.platform.integrations))
    steps = [both.partner.connect(get(both.platform.connect_url(id))) for _ in range(2)]
    waiting = [(step, next(step)) for step in steps]
    while waiting:
        answers = [(step, answered(both, request)) for step, request in waiting]
        waiting = []
        for step, answer in answers:
            try:
                waiting.append((step, step.send(answer)))
            except StopIteration as stop:
                assert stop.value.status == 302
    assert list(both.platform.webhooks) == [saved(both).details["webhookId"]]


def test_a_late_refresh_does_not_undo_a_new_connect():
    both = sides()
    id = next(iter(both.platform.integrations))
    both.network.run(Browser().open(both.platform.connect_url(id)))
    both.clock.advance(3600)
    step = both.partner.configure(get(both.platform.configuration_url(id)))
    late = answered(both, next(step))
    both.network.run(Browser().open(both.platform.connect_url(id)))
    fresh = saved(both).credentials
    answer = answered(both, step.send(late))
    try:
        step.send(answer)
    except StopIteration as stop:
        assert stop.value.status == 200
    assert saved(both).credentials == fresh
