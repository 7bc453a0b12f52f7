"""What the platform says about an app that is late, or silent: only what it saw."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handshakes.core.messages import Dropped
from handshakes.core.refusals import Refused
from handshakes.fortis.partner import App
from tests.fortis.sides import MODES, USER, sides


class Patient(App):
    """Waits a minute for the API."""

    def launch(self, request):
        step = App.launch(self, request)
        return (yield from patiently(step))


def patiently(step):
    try:
        wanted = next(step)
        while True:
            wanted = step.send((yield replace(wanted, timeout=60)))
    except StopIteration as stop:
        return stop.value


class OpensAnyway(App):
    """Opens when nobody answers who the user is."""

    def asked(self, token):
        try:
            return (yield from App.asked(self, token))
        except Refused:
            return USER


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("kind", "state"), [(Patient, "held"), (OpensAnyway, "violated"), (App, "held")])
def test_an_app_may_open_once_a_late_answer_is_there_and_not_before(mode, kind, state):
    """How long an app waits for users/me is its own affair: no page names a limit."""
    world = sides(mode=mode, kind=kind)
    world.register()
    world.register(user=USER)
    before = world.clock()
    outcome = world.launch(fault="me-slow")
    assert outcome.response.ok is (kind is not App)
    assert (world.clock() - before >= 15) is (kind is Patient)
    found = [one.state for one in outcome.findings if one.clause == "fortis:identity.unavailable"]
    assert found == [state]


@pytest.mark.parametrize("mode", MODES)
def test_an_app_that_does_not_answer_was_not_seen_to_refuse(mode):
    world = sides(mode=mode)
    world.register()
    world.register(user=USER)

    def gone(request):
        yield from ()
        return Dropped()

    world.partner.handle = gone
    outcome = world.launch(fault="short-location")
    assert [one.state for one in outcome.findings] == ["not seen"]
